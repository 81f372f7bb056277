"""Step `validate_raw`: check the raw tables before anything is learnt from them."""

import json
import sys
from typing import Any

import pandas as pd

from store_sales import data

CHECKS_REPORT = data.REPORTS / "raw_checks.json"
SALES_COLUMNS = [
    "Store", "DayOfWeek", "Date", "Sales", "Customers", "Open", "Promo", "StateHoliday", "SchoolHoliday",
]  # fmt: skip
STORE_COLUMNS = [
    "Store", "StoreType", "Assortment", "CompetitionDistance", "CompetitionOpenSinceMonth", "CompetitionOpenSinceYear",
    "Promo2", "Promo2SinceWeek", "Promo2SinceYear", "PromoInterval",
]  # fmt: skip
NUMBER_COLUMNS = ["Store", "DayOfWeek", "Sales", "Customers", "Open", "Promo", "SchoolHoliday"]
FLAG_COLUMNS = ["Open", "Promo", "SchoolHoliday"]
LEAST_DAYS = 4 * data.HORIZON_DAYS
"""One horizon to judge on, one that the lags skip, and two to learn from."""


def check(name: str, observed: Any, expected: Any, passed: bool | None = None) -> dict[str, Any]:
    """One result, passed when `observed` equals `expected` unless `passed` says otherwise."""
    return {"name": name, "passed": observed == expected if passed is None else passed,
            "observed": observed, "expected": expected}  # fmt: skip


def check_columns(sales: pd.DataFrame, stores: pd.DataFrame) -> list[dict[str, Any]]:
    """Whether both tables have every column; the other checks need that."""
    return [
        check("train.csv lacks no column", [c for c in SALES_COLUMNS if c not in sales], []),
        check("store.csv lacks no column", [c for c in STORE_COLUMNS if c not in stores], []),
    ]


def check_values(sales: pd.DataFrame, stores: pd.DataFrame) -> list[dict[str, Any]]:
    """What must hold for the values of complete tables. Counts are of rows that break the rule."""
    date = pd.to_datetime(sales["Date"], format="%Y-%m-%d", errors="coerce")
    number = sales[NUMBER_COLUMNS].apply(pd.to_numeric, errors="coerce")
    distance = stores["CompetitionDistance"]
    counts = {
        "every Date is a date": date.isna(),
        "every number is known": number.isna().any(axis=1),
        "one row per store and day": sales.duplicated(["Store", "Date"]),
        "every store is in store.csv": ~number["Store"].isin(stores["Store"]),
        "DayOfWeek agrees with Date": number["DayOfWeek"] != date.dt.dayofweek + 1,
        "Open, Promo and SchoolHoliday are 0 or 1": ~number[FLAG_COLUMNS].isin([0, 1]).all(axis=1),
        "StateHoliday is 0, a, b or c": ~sales["StateHoliday"].isin(list("0abc")),
        "sales are not negative": number["Sales"] < 0,
        "a closed store sells nothing": (number["Open"] == 0) & (number["Sales"] != 0),
        "one row per store in store.csv": stores["Store"].duplicated(),
        "StoreType is a, b, c or d": ~stores["StoreType"].isin(list("abcd")),
        "Assortment is a, b or c": ~stores["Assortment"].isin(list("abc")),
        "CompetitionDistance is positive where known": ~(pd.to_numeric(distance, errors="coerce") > 0)
        & distance.notna(),
    }
    results = [check(name, int(broken.sum()), 0) for name, broken in counts.items()]
    days = int(date.nunique())
    results.append(check("the history is long enough", days, f">= {LEAST_DAYS} days", days >= LEAST_DAYS))
    return results


def validate(sales: pd.DataFrame, stores: pd.DataFrame) -> list[dict[str, Any]]:
    """All checks of the two raw tables as read without conversions; when columns are missing, only what says so."""
    columns = check_columns(sales, stores)
    if not all(result["passed"] for result in columns):
        return columns
    return columns + check_values(sales, stores)


def main() -> int:
    """Write `reports/raw_checks.json`; exit code 1 if a check failed."""
    results = validate(pd.read_csv(data.SALES_CSV, dtype=str), pd.read_csv(data.STORES_CSV))
    data.REPORTS.mkdir(exist_ok=True)
    CHECKS_REPORT.write_text(json.dumps(results, indent=2), encoding="utf-8")
    failed = [result for result in results if not result["passed"]]
    for result in failed:
        print(f"failed: {result['name']}: expected {result['expected']}, found {result['observed']}", file=sys.stderr)
    print(f"{len(results) - len(failed)} of {len(results)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
