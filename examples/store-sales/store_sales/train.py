"""Step `train`: fit the three boosters with their tuned hyperparameters and log the ensemble as one model."""

import json
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from store_sales import data, ensemble, params
from store_sales.boosters import BOOSTERS, Booster, Fold
from store_sales.features import ID_COLUMNS
from store_sales.metric import rmspe
from store_sales.round_log import RoundLog

SAMPLE_ROWS = 500
SIGNATURE = ModelSignature(
    inputs=Schema(
        [
            ColSpec("long", "Store"),
            ColSpec("string", "Date"),
            ColSpec("long", "Promo"),
            ColSpec("long", "Open", required=False),
            ColSpec("string", "StateHoliday", required=False),
            ColSpec("long", "SchoolHoliday", required=False),
        ]
    ),
    outputs=Schema([ColSpec("double")]),
)


def folds(table: pd.DataFrame) -> tuple[Fold, Fold]:
    """Split the feature table by time: (the days to learn from, the holdout of the last six weeks)."""
    columns = table.columns.drop(ID_COLUMNS)
    is_holdout = table["Date"] >= data.holdout_start(table["Date"])
    learn, holdout = table[~is_holdout], table[is_holdout]
    return Fold(learn[columns], learn["Sales"].to_numpy()), Fold(holdout[columns], holdout["Sales"].to_numpy())


def fit(learn: Fold, watch: Fold, hyperparameters: dict, rounds: int | None, seed: int, log: RoundLog) -> list[Booster]:
    """Fit every booster, for its tuned number of rounds or for `rounds`.

    The curve on `watch` is for the reader: rounds and settings come from the tuning, so nothing is chosen by it.
    """
    boosters = []
    for booster in BOOSTERS:
        tuned = hyperparameters[booster.name]

        def on_round(step: int, value: float, key: str = f"{booster.name}/rmspe") -> None:
            log.add(key, step, value)

        boosters.append(booster.fit(tuned["settings"], rounds or tuned["rounds"], seed, learn, watch, on_round))
    return boosters


def importance_plot(booster: Booster) -> Figure:
    """A bar chart of the share that each feature has in what the booster learnt."""
    shares = booster.importance().sort_values()
    shares = shares / shares.sum()
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.subplots()
    axes.barh(shares.index, shares)
    axes.set(title=f"Feature importance: {booster.name}", xlabel="share of the total")
    return figure


def log_model(boosters: list[Booster], settings: dict) -> str:
    """Log the ensemble with what it needs to forecast; returns its MLflow model id."""
    sales = data.read_sales()
    known = sales[sales["Date"] < data.holdout_start(sales["Date"])]
    with tempfile.TemporaryDirectory() as folder:
        parts = Path(folder) / "parts"
        parts.mkdir()
        ensemble.StoreSalesEnsemble.save(parts, boosters, settings, known, data.read_stores())
        logged = mlflow.pyfunc.log_model(
            name=data.MODEL_NAME,
            python_model="store_sales/ensemble.py",
            code_paths=["store_sales"],
            artifacts={"parts": str(parts)},
            signature=SIGNATURE,
            input_example=data.read_request(Path("rows.json")),
            pip_requirements="requirements.txt",
        )
    return logged.model_id


def main() -> None:
    """Train, log everything to one MLflow run, and note the model's id in `reports/model.json` for `evaluate`."""
    effective = params.load()
    chosen = effective["train"]
    hyperparameters = json.loads(data.HYPERPARAMETERS.read_text(encoding="utf-8"))
    table = pd.read_parquet(data.FEATURES)
    learn, holdout = folds(table)

    with mlflow.start_run(run_name="train") as run:
        for name, tuned in hyperparameters.items():
            mlflow.log_params({f"{name}.{key}": value for key, value in tuned["settings"].items()})
            mlflow.log_param(f"{name}.rounds", chosen["rounds"] or tuned["rounds"])
            mlflow.log_param(f"{name}.weight", chosen["weights"][name])
        mlflow.log_params({"seed": chosen["seed"], "rows": len(learn.sales), "stores": table["Store"].nunique()})

        with RoundLog(mlflow.MlflowClient(), run.info.run_id) as log:
            boosters = fit(learn, holdout, hyperparameters, chosen["rounds"], chosen["seed"], log)

        members = {booster.name: booster.predict_log(holdout.features) for booster in boosters}
        forecast = np.exp(ensemble.blend(members, chosen["weights"]))
        score = rmspe(holdout.sales, forecast)
        mlflow.log_metric("rmspe", score)

        for booster in boosters:
            mlflow.log_figure(importance_plot(booster), f"importance/{booster.name}.png")
        sample = table.loc[holdout.features.index, ID_COLUMNS].assign(Forecast=forecast.round(1))
        sample = sample.sample(min(SAMPLE_ROWS, len(sample)), random_state=chosen["seed"]).sort_index()
        mlflow.log_text(sample.to_csv(index=False), "predictions_sample.csv")

        settings = {"weights": chosen["weights"], **effective["features"]}
        model_id = log_model(boosters, settings)

    data.REPORTS.mkdir(exist_ok=True)
    data.TRAINED_MODEL.write_text(json.dumps({"model_id": model_id, "run_id": run.info.run_id}), encoding="utf-8")
    print(f"trained on {len(learn.sales):,} days of sales; holdout RMSPE {score:.4f}")


if __name__ == "__main__":
    main()
