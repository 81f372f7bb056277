"""Where the project keeps its files, how the raw tables are read, and where the holdout begins."""

import json
from pathlib import Path

import pandas as pd

RAW = Path("data/raw")
SALES_CSV = RAW / "train.csv"
STORES_CSV = RAW / "store.csv"
FEATURES = Path("data/features.parquet")
HYPERPARAMETERS = Path("config/best_hyperparameters.json")
REPORTS = Path("reports")
TRAINED_MODEL = REPORTS / "model.json"

MODEL_NAME = "store-sales-ensemble"
HORIZON_DAYS = 42
"""A forecast covers six weeks: sales younger than this are unknown for the last predicted day."""


def read_sales() -> pd.DataFrame:
    """One row per store and day, as in the competition's `train.csv`; `Date` parsed, `StateHoliday` as text."""
    return pd.read_csv(SALES_CSV, parse_dates=["Date"], dtype={"StateHoliday": str})


def read_stores() -> pd.DataFrame:
    """One row per store, as in the competition's `store.csv`."""
    return pd.read_csv(STORES_CSV)


def holdout_start(dates: pd.Series) -> pd.Timestamp:
    """The first of the last six weeks' days: the models learn from the days before it and are judged from it on."""
    return dates.max() - pd.Timedelta(days=HORIZON_DAYS - 1)


def read_request(path: Path) -> pd.DataFrame:
    """The rows of a scoring request such as `rows.json`: the records below its `dataframe_records`."""
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["dataframe_records"])
