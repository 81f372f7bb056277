"""Step `evaluate`: judge the logged model on the last six weeks, the way it will be served."""

import json

import mlflow
import pandas as pd

from store_sales import data
from store_sales.metric import rmspe


def naive_forecast(sales: pd.DataFrame, holdout: pd.DataFrame) -> pd.Series:
    """For each holdout row, the store's sales 42 days before, or its latest known ones on the weekdays before that.

    This is what a planner without a model would write down: the newest week that is known six weeks ahead.
    """
    by_day = sales[sales["Sales"] > 0].set_index(["Store", "Date"])["Sales"]
    forecast = pd.Series(float("nan"), index=holdout.index)
    for weeks in range(data.HORIZON_DAYS // 7, 52):
        before = holdout["Date"] - pd.Timedelta(weeks=weeks)
        earlier = by_day.reindex(pd.MultiIndex.from_arrays([holdout["Store"], before]))
        forecast = forecast.fillna(pd.Series(earlier.to_numpy(), index=holdout.index))
    return forecast


def main() -> None:
    """Log the holdout RMSPE of baseline, boosters and ensemble, and write it to `reports/metrics.json`."""
    sales = data.read_sales()
    holdout = sales[(sales["Date"] >= data.holdout_start(sales["Date"])) & (sales["Sales"] > 0)]
    model_id = json.loads(data.TRAINED_MODEL.read_text(encoding="utf-8"))["model_id"]

    with mlflow.start_run(run_name="evaluate"):
        model = mlflow.pyfunc.load_model(f"models:/{model_id}").unwrap_python_model()
        forecasts = model.predict_members(holdout.drop(columns=["Sales", "Customers"]))
        metrics = {"rmspe": rmspe(holdout["Sales"], forecasts.pop("ensemble"))}
        metrics["naive_rmspe"] = rmspe(holdout["Sales"], naive_forecast(sales, holdout))
        metrics |= {f"{name}_rmspe": rmspe(holdout["Sales"], forecast) for name, forecast in forecasts.items()}
        mlflow.log_metrics(metrics, model_id=model_id)

    (data.REPORTS / "metrics.json").write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    for name, value in metrics.items():
        print(f"{name:16} {value:.4f}")


if __name__ == "__main__":
    main()
