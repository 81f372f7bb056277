"""Step `generate`: make a chain's sales history with the columns of the retail competition.

Log sales are a sum of effects that a forecaster can learn (level and trend of the store, week, year, promotions,
competition, holidays) and of noise that nobody can. `data.noise` therefore bounds every honest score from below, and a
score under it means that the future leaked into the features.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dateutil.easter import easter

from store_sales import params
from store_sales.data import RAW, SALES_CSV, STORES_CSV

LAST_DAY = pd.Timestamp("2015-07-31")
"""The end of the history is fixed, whatever its length, so that example requests stay within the forecast horizon."""
PROMO_INTERVALS = ["Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec"]
SCHOOL_BREAKS = [("01-01", "01-06"), ("03-25", "04-08"), ("07-10", "08-22"), ("10-08", "10-20"), ("12-22", "12-31")]
WEEKDAY_EFFECT = np.log([1.14, 1.00, 0.96, 0.95, 1.02, 0.86, 0.55])
PROMO_WEEKDAY_EFFECT = np.array([1.35, 1.05, 0.95, 0.85, 0.80, 0.0, 0.0])


def generate(seed: int, stores: int, years: float, noise: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (train, store), the two tables of the competition; the same arguments give the same tables.

    `train` has one row per store and day, newest day first as in the competition; `store` one row per store.
    `noise` is the standard deviation of log sales around their expectation.
    """
    rng = np.random.default_rng(seed)
    days = pd.date_range(end=LAST_DAY, periods=round(years * 365.25), freq="D")
    store = _store_table(rng, stores, days)
    calendar = _calendar(days)
    is_open = _opening_days(rng, store, calendar)
    school = _school_holidays(rng, stores, days)
    promo = ((calendar["week"] % 2 == 1) & (calendar["weekday"] < 5)).to_numpy()

    expected = (
        _level(rng, store, len(days))
        + _seasons(rng, store, calendar)
        + _promotions(rng, store, calendar, promo)
        + _competition(store, days)
        + 0.03 * rng.uniform(0.3, 1.7, (stores, 1)) * school
    )
    log_sales = expected + rng.normal(0, noise, expected.shape)
    sales = np.where(is_open, np.rint(np.exp(log_sales)), 0).astype(int)
    basket = rng.normal(9.2, 0.9, (stores, 1)) * np.exp(rng.normal(0, 0.04, sales.shape))

    grid = {
        "Store": np.repeat(store["Store"].to_numpy(), len(days)),
        "DayOfWeek": np.tile(calendar["weekday"] + 1, stores),
        "Date": np.tile(days.strftime("%Y-%m-%d"), stores),
        "Sales": sales.ravel(),
        "Customers": np.rint(sales / basket).astype(int).ravel(),
        "Open": is_open.astype(int).ravel(),
        "Promo": np.tile(promo.astype(int), stores),
        "StateHoliday": np.tile(calendar["holiday"], stores),
        "SchoolHoliday": school.astype(int).ravel(),
    }
    train = pd.DataFrame(grid).sort_values(["Date", "Store"], ascending=[False, True], ignore_index=True)
    return train, store


def _store_table(rng: np.random.Generator, stores: int, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Draw the stores. Some competitors open, and some continuous promotions start, within the history."""
    opened = pd.Series(rng.choice(pd.date_range("2003-01-01", days[-1], freq="MS"), stores))
    recent = rng.random(stores) < 0.3
    opened[recent] = rng.choice(pd.date_range(days[0], days[-1], freq="MS"), recent.sum())
    opening_unknown = rng.random(stores) < 0.25
    distance = np.maximum(rng.lognormal(7.6, 1.1, stores) // 10 * 10, 20)
    distance[rng.random(stores) < 0.01] = np.nan

    promo2 = rng.random(stores) < 0.5
    promo2_since = pd.Series(rng.choice(pd.date_range("2010-01-04", days[-1], freq="W-MON"), stores)).dt.isocalendar()
    interval = np.array(PROMO_INTERVALS, dtype=object)[rng.integers(0, len(PROMO_INTERVALS), stores)]
    return pd.DataFrame(
        {
            "Store": np.arange(1, stores + 1),
            "StoreType": rng.choice(list("abcd"), stores, p=[0.54, 0.03, 0.13, 0.30]),
            "Assortment": rng.choice(list("abc"), stores, p=[0.53, 0.01, 0.46]),
            "CompetitionDistance": distance,
            "CompetitionOpenSinceMonth": opened.dt.month.where(~opening_unknown).astype("Int64"),
            "CompetitionOpenSinceYear": opened.dt.year.where(~opening_unknown).astype("Int64"),
            "Promo2": promo2.astype(int),
            "Promo2SinceWeek": promo2_since["week"].where(promo2).astype("Int64"),
            "Promo2SinceYear": promo2_since["year"].where(promo2).astype("Int64"),
            "PromoInterval": pd.Series(interval, dtype=object).where(promo2),
        }
    )


def _calendar(days: pd.DatetimeIndex) -> pd.DataFrame:
    """One row per day: weekday (0 = Monday), running week, public holiday code (0, a, b, c), day before a holiday."""
    fixed = {(1, 1): "a", (5, 1): "a", (10, 3): "a", (12, 25): "c", (12, 26): "c"}
    holidays = {pd.Timestamp(year, month, day): code for year in {*days.year} for (month, day), code in fixed.items()}
    for year in sorted({*days.year}):
        for offset, code in {-2: "b", 1: "b", 39: "a", 50: "a"}.items():
            holidays[pd.Timestamp(easter(year)) + pd.Timedelta(days=offset)] = code
    return pd.DataFrame(
        {
            "day": days,
            "weekday": days.weekday,
            "week": (days - pd.Timestamp("2012-01-02")).days // 7,
            "holiday": [holidays.get(day, "0") for day in days],
            "eve": [day + pd.Timedelta(days=1) in holidays for day in days],
        }
    )


def _opening_days(rng: np.random.Generator, store: pd.DataFrame, calendar: pd.DataFrame) -> np.ndarray:
    """Which store is open on which day: closed on Sundays and holidays, but for type b; one in ten is refurbished."""
    always = (store["StoreType"] == "b").to_numpy()[:, None]
    closed = ((calendar["weekday"] == 6) | (calendar["holiday"] != "0")).to_numpy()[None, :]
    is_open = always | ~closed
    for index in np.flatnonzero(rng.random(len(store)) < 0.1):
        begin = rng.integers(0, len(calendar))
        is_open[index, begin : begin + rng.integers(7, 42)] = False
    return is_open


def _school_holidays(rng: np.random.Generator, stores: int, days: pd.DatetimeIndex) -> np.ndarray:
    """School breaks on working days; the stores lie in states whose breaks differ by up to two weeks."""
    state_shift = rng.integers(-7, 8, stores)
    key = np.array([(days + pd.Timedelta(days=int(shift))).strftime("%m-%d") for shift in range(-7, 8)])
    in_break = np.any([(key >= begin) & (key <= end) for begin, end in SCHOOL_BREAKS], axis=0)
    return in_break[state_shift + 7] & (days.weekday < 5)


def _level(rng: np.random.Generator, store: pd.DataFrame, days: int) -> np.ndarray:
    """The store's size, its growth per year, and a slow wander around both."""
    size = rng.normal(8.6, 0.35, (len(store), 1)) + 0.5 * (store["StoreType"] == "b").to_numpy()[:, None]
    growth = rng.normal(0.02, 0.05, (len(store), 1)) * np.arange(days) / 365.25
    wander = np.cumsum(rng.normal(0, 0.002, (len(store), days)), axis=1)
    return size + growth + wander


def _seasons(rng: np.random.Generator, store: pd.DataFrame, calendar: pd.DataFrame) -> np.ndarray:
    """Weekday, time of year (a peak before Christmas, a dip in late summer) and the eve of a holiday."""
    weekday = (WEEKDAY_EFFECT + rng.normal(0, 0.04, (len(store), 7)))[:, calendar["weekday"]]
    day_of_year = calendar["day"].dt.dayofyear.to_numpy()
    christmas = 0.35 * np.exp(-(((day_of_year - 354) / 11.0) ** 2))
    summer = -0.05 * np.exp(-(((day_of_year - 235) / 30.0) ** 2))
    wave = 0.04 * np.sin(2 * np.pi * (day_of_year - 60) / 365.25)
    strength = rng.normal(1, 0.2, (len(store), 1)) * np.where(store["StoreType"] == "c", 1.3, 1.0)[:, None]
    eve = 0.12 * calendar["eve"].to_numpy()
    return weekday + strength * (christmas + summer + wave) + eve


def _promotions(rng: np.random.Generator, store: pd.DataFrame, calendar: pd.DataFrame, promo: np.ndarray) -> np.ndarray:
    """The chain's promotion, strongest on its Monday, and Promo2 in the months of the store's interval."""
    response = rng.normal(0.26, 0.07, (len(store), 1))
    chain = response * PROMO_WEEKDAY_EFFECT[calendar["weekday"]] * promo
    month = calendar["day"].dt.month.to_numpy()
    interval = store["PromoInterval"].map({text: index for index, text in enumerate(PROMO_INTERVALS)})
    in_interval = (month - 1) % 3 == interval.to_numpy(dtype=float)[:, None]
    iso = calendar["day"].dt.isocalendar()
    this_week = (iso["year"] * 100 + iso["week"]).to_numpy(dtype=float)
    since = (store["Promo2SinceYear"] * 100 + store["Promo2SinceWeek"]).to_numpy(dtype=float, na_value=np.inf)
    started = this_week >= since[:, None]
    return chain + 0.05 * (in_interval & started)


def _competition(store: pd.DataFrame, days: pd.DatetimeIndex) -> np.ndarray:
    """A competitor takes a share that falls with its distance, growing over its first two months."""
    known = store["CompetitionOpenSinceYear"].notna()
    opening = pd.to_datetime(
        {
            "year": store["CompetitionOpenSinceYear"].where(known, 2000),
            "month": store["CompetitionOpenSinceMonth"].where(known, 1),
            "day": 1,
        }
    )
    age = (days.to_numpy()[None, :] - opening.to_numpy()[:, None]) / np.timedelta64(1, "D")
    share = 0.18 * np.exp(-store["CompetitionDistance"].fillna(50_000).to_numpy() / 3000)
    return -share[:, None] * np.clip(age / 60, 0, 1)


def fingerprint(data_params: dict[str, Any]) -> str:
    """Name what the tables follow from: the parameters and this generator's code."""
    content = json.dumps(data_params, sort_keys=True).encode() + Path(__file__).read_bytes()
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Write `data/raw/{train,store}.csv` unless they are there already."""
    data_params = params.load()["data"]
    mark, wanted = RAW / "fingerprint.txt", fingerprint(data_params)
    if SALES_CSV.exists() and STORES_CSV.exists():
        if not mark.exists():
            print(f"{RAW} holds tables that were put there by hand: nothing to generate")
            return
        if mark.read_text(encoding="utf-8") == wanted:
            print(f"{RAW} is up to date with {data_params}: nothing to generate")
            return
    RAW.mkdir(parents=True, exist_ok=True)
    mark.write_text("incomplete", encoding="utf-8")
    train, store = generate(**data_params)
    train.to_csv(SALES_CSV, index=False, lineterminator="\n")
    store.to_csv(STORES_CSV, index=False, lineterminator="\n")
    mark.write_text(wanted, encoding="utf-8")
    print(f"generated {len(train):,} days of sales for {len(store):,} stores in {RAW}")


if __name__ == "__main__":
    main()
