"""The registered model: three boosters, their weights, and the past sales that a forecast looks back on.

MLflow keeps this file as the model's code ("models from code"), together with a copy of the package, so that the
model loads anywhere its requirements are installed, and nothing is unpickled.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

from store_sales import features
from store_sales.boosters import BOOSTERS, Booster
from store_sales.data import HORIZON_DAYS

OPTIONAL_COLUMNS = {"Open": 1, "StateHoliday": "0", "SchoolHoliday": 0}
"""What a request row may leave out, and what then holds."""


def blend(members: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """The weighted mean of the members' log sales; both mappings go by the booster's name."""
    return sum(weights[name] * log_sales for name, log_sales in members.items())


class StoreSalesEnsemble(mlflow.pyfunc.PythonModel):
    """Forecasts the sales of known stores for the six weeks after the history it was trained on."""

    @staticmethod
    def save(
        folder: Path, boosters: list[Booster], settings: dict, history: pd.DataFrame, stores: pd.DataFrame
    ) -> None:
        """Write the parts into `folder`. `settings` holds weights, lags and windows; `history` ends before the
        forecast begins and is cut to the days that a feature can look back on."""
        for booster in boosters:
            booster.save(folder)
        reach = max(*settings["lags"], HORIZON_DAYS + max(settings["windows"]), HORIZON_DAYS + features.WEEKDAY_REACH)
        recent = history[(history["Sales"] > 0) & (history["Date"] > history["Date"].max() - pd.Timedelta(days=reach))]
        recent[["Store", "Date", "Sales", "Promo"]].to_parquet(folder / "history.parquet", index=False)
        stores.to_parquet(folder / "stores.parquet", index=False)
        content = {**settings, "last_day": str(history["Date"].max().date())}
        (folder / "settings.json").write_text(json.dumps(content, indent=2), encoding="utf-8")

    def load_context(self, context) -> None:
        """Read the parts that `save` wrote; MLflow calls it once."""
        folder = Path(context.artifacts["parts"])
        self.boosters = [booster.load(folder) for booster in BOOSTERS]
        self.history = pd.read_parquet(folder / "history.parquet")
        self.stores = pd.read_parquet(folder / "stores.parquet")
        self.settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        self.last_day = pd.Timestamp(self.settings["last_day"])

    def predict(self, context, model_input: pd.DataFrame, params: dict | None = None) -> np.ndarray:
        """Sales for each row of Store, Date (YYYY-MM-DD), Promo and, if given, Open, StateHoliday, SchoolHoliday.

        A closed store sells nothing. Raises ValueError for an unknown store and for a day beyond the six weeks.
        """
        return self.predict_members(model_input)["ensemble"].to_numpy()

    def predict_members(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Sales by each booster and by the ensemble: one column each, one row per row of the input."""
        rows = self._complete(model_input)
        table = features.build(rows, self.history, self.stores, self.settings["lags"], self.settings["windows"])
        members = {booster.name: booster.predict_log(table) for booster in self.boosters}
        members["ensemble"] = blend(members, self.settings["weights"])
        sales = np.exp(pd.DataFrame(members, index=model_input.index))
        return sales.where(rows["Open"] == 1, 0.0)

    def _complete(self, model_input: pd.DataFrame) -> pd.DataFrame:
        rows = model_input.copy()
        rows["Date"] = pd.to_datetime(rows["Date"])
        first, last = self.last_day + pd.Timedelta(days=1), self.last_day + pd.Timedelta(days=HORIZON_DAYS)
        outside = rows.loc[~rows["Date"].between(first, last), "Date"]
        if len(outside):
            raise ValueError(f"this model forecasts {first.date()} to {last.date()}; got {outside.iloc[0].date()}")
        for column, default in OPTIONAL_COLUMNS.items():
            rows[column] = rows[column].fillna(default) if column in rows else default
        return rows


mlflow.models.set_model(StoreSalesEnsemble())
