"""Step `features`: what is known about a store's day six weeks ahead.

`build` is used twice: here, for the rows that the models learn from, and inside the registered model, for the rows of
a request. One function for both leaves no room for a difference between training and serving.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from dateutil.easter import easter

from store_sales import data, params
from store_sales.data import HORIZON_DAYS

ID_COLUMNS = ["Store", "Date", "Sales"]
WEEKDAY_REACH = 56
"""Days before the horizon whose same weekdays are averaged."""
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"]


def build(
    rows: pd.DataFrame, history: pd.DataFrame, stores: pd.DataFrame, lags: Sequence[int], windows: Sequence[int]
) -> pd.DataFrame:
    """Return the feature table of `rows`, one float row each, in their order and with their index.

    `rows` needs Store, Date, Promo, StateHoliday and SchoolHoliday; `history` needs Store, Date, Sales and Promo and
    may reach past the rows' dates: for a day, nothing younger than six weeks is looked at. `stores` is `store.csv`.
    `lags` and `windows` are in days. Features that the history is too short for are NaN.
    Raises ValueError for a lag shorter than the horizon and for a store that is not in `stores`.
    """
    short = [lag for lag in lags if lag < HORIZON_DAYS]
    if short:
        raise ValueError(f"lags must be at least the horizon of {HORIZON_DAYS} days; got {short}")
    unknown = sorted(set(rows["Store"]) - set(stores["Store"]))
    if unknown:
        raise ValueError(f"unknown stores {unknown}; the store table has {len(stores)} stores")
    store_rows = stores.set_index("Store").loc[rows["Store"]].set_axis(rows.index)
    parts = [_calendar(rows), _store(rows, store_rows), _competition(rows, store_rows), _promo2(rows, store_rows)]
    parts.append(_past_sales(rows, history, lags, windows))
    return pd.concat(parts, axis=1).astype(float)


def _calendar(rows: pd.DataFrame) -> pd.DataFrame:
    date = rows["Date"].dt
    easter_day = date.year.map({year: pd.Timestamp(easter(year)) for year in set(date.year)})
    return pd.DataFrame(
        {
            "day_of_week": date.dayofweek,
            "day_of_month": date.day,
            "day_of_year": date.dayofyear,
            "month": date.month,
            "days_since_easter": (rows["Date"] - easter_day).dt.days.clip(-30, 60),
            "promo": rows["Promo"],
            "state_holiday": rows["StateHoliday"].map({"0": 0, "a": 1, "b": 2, "c": 3}),
            "school_holiday": rows["SchoolHoliday"],
        }
    )


def _store(rows: pd.DataFrame, store_rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "store": rows["Store"],
            "store_type": store_rows["StoreType"].map({"a": 0, "b": 1, "c": 2, "d": 3}),
            "assortment": store_rows["Assortment"].map({"a": 0, "b": 1, "c": 2}),
        }
    )


def _competition(rows: pd.DataFrame, store_rows: pd.DataFrame) -> pd.DataFrame:
    year, month = store_rows["CompetitionOpenSinceYear"], store_rows["CompetitionOpenSinceMonth"]
    months_open = (rows["Date"].dt.year - year) * 12 + rows["Date"].dt.month - month
    return pd.DataFrame(
        {
            "competition_distance": store_rows["CompetitionDistance"],
            "competition_months": months_open.clip(-6, 24),
        }
    )


def _promo2(rows: pd.DataFrame, store_rows: pd.DataFrame) -> pd.DataFrame:
    """Whether the store's continuous promotion has begun, and whether this month is one of its months."""
    iso = rows["Date"].dt.isocalendar()
    since = store_rows["Promo2SinceYear"] * 100 + store_rows["Promo2SinceWeek"]
    begun = (store_rows["Promo2"] == 1) & ((iso["year"] * 100 + iso["week"]).astype(float) >= since)
    first_months = store_rows["PromoInterval"].map(_first_month)
    in_month = (rows["Date"].dt.month - 1) % 3 == first_months
    return pd.DataFrame({"promo2": begun, "promo2_month": begun & in_month})


def _first_month(interval: object) -> float:
    """The position (0 to 2) within a quarter at which an interval such as `Feb,May,Aug,Nov` begins; NaN for none."""
    return MONTHS.index(interval.split(",")[0]) % 3 if isinstance(interval, str) else np.nan


def _past_sales(rows: pd.DataFrame, history: pd.DataFrame, lags: Sequence[int], windows: Sequence[int]) -> pd.DataFrame:
    """Lags and rolling means of log sales, on a dense grid of stores by days in which days without sales are NaN."""
    store_ids = np.unique(rows["Store"])
    history = history[history["Store"].isin(store_ids)]
    first_day = min(history["Date"].min(), rows["Date"].min())
    days = (rows["Date"].max() - first_day).days + 1
    log_sales = np.full((len(store_ids), days), np.nan)
    promo = np.zeros((len(store_ids), days), dtype=bool)

    known = history[(history["Sales"] > 0) & (history["Date"] <= rows["Date"].max())]
    at = np.searchsorted(store_ids, known["Store"]), (known["Date"] - first_day).dt.days
    log_sales[at] = np.log(known["Sales"])
    promo[at] = known["Promo"] == 1

    grids = {f"sales_lag_{lag}": _shift(log_sales, lag) for lag in lags}
    for window in windows:
        grids[f"sales_mean_{window}"] = _rolling_mean(log_sales, window)
    longest = max(windows)
    grids["sales_promo_mean"] = _rolling_mean(np.where(promo, log_sales, np.nan), longest)
    grids["sales_plain_mean"] = _rolling_mean(np.where(promo, np.nan, log_sales), longest)
    same_weekday = [_shift(log_sales, HORIZON_DAYS + back) for back in range(0, WEEKDAY_REACH, 7)]
    grids["sales_weekday_mean"] = _known_mean(np.stack(same_weekday))

    where = np.searchsorted(store_ids, rows["Store"]), (rows["Date"] - first_day).dt.days
    return pd.DataFrame({name: grid[where] for name, grid in grids.items()}, index=rows.index)


def _shift(grid: np.ndarray, days: int) -> np.ndarray:
    """The grid as it was `days` days earlier."""
    shifted = np.full_like(grid, np.nan)
    shifted[:, days:] = grid[:, : max(grid.shape[1] - days, 0)]
    return shifted


def _rolling_mean(grid: np.ndarray, window: int) -> np.ndarray:
    """For each day, the mean of the known values in the `window` days that end six weeks before it."""
    known = ~np.isnan(grid)
    total = np.cumsum(np.where(known, grid, 0), axis=1)
    count = np.cumsum(known, axis=1)
    total[:, window:] -= total[:, :-window].copy()
    count[:, window:] -= count[:, :-window].copy()
    mean = np.divide(total, count, out=np.full_like(grid, np.nan), where=count > 0)
    return _shift(mean, HORIZON_DAYS)


def _known_mean(grids: np.ndarray) -> np.ndarray:
    """Mean over the first axis of the known values; NaN where none is known."""
    known = ~np.isnan(grids)
    count = known.sum(axis=0)
    total = np.where(known, grids, 0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def main() -> None:
    """Write `data/features.parquet`: identity, sales and features of every open day whose recent past is known."""
    settings = params.load()["features"]
    sales = data.read_sales()
    features = build(sales, sales, data.read_stores(), settings["lags"], settings["windows"])
    usable = (sales["Sales"] > 0) & features["sales_weekday_mean"].notna()
    table = pd.concat([sales[ID_COLUMNS], features], axis=1)[usable].sort_values(["Date", "Store"])
    data.FEATURES.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(data.FEATURES, index=False)
    print(f"wrote {len(table):,} rows of {features.shape[1]} features to {data.FEATURES}")


if __name__ == "__main__":
    main()
