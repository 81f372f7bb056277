"""Each library as people use it with MLflow: trained under autologging, registered, and loaded back by every name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import catboost
import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pytest
import xgboost
from mlflow import MlflowClient
from sklearn.linear_model import Ridge

Table = tuple[pd.DataFrame, pd.Series]


class Flavour(NamedTuple):
    """How a library is trained, and what its autologging tells of it."""

    train: Callable[[pd.DataFrame, pd.Series], Any]
    module: Any
    param: tuple[str, str]
    metric: str


FLAVOURS = {
    "lightgbm": Flavour(
        lambda x, y: lightgbm.train(
            {"objective": "l2", "num_leaves": 4, "verbose": -1, "num_threads": 1},
            lightgbm.Dataset(x, y),
            num_boost_round=5,
            valid_sets=[lightgbm.Dataset(x, y)],
        ),
        mlflow.lightgbm,
        ("num_leaves", "4"),
        "valid_0-l2",
    ),
    "xgboost": Flavour(
        lambda x, y: xgboost.train(
            {"max_depth": 2, "nthread": 1},
            xgboost.DMatrix(x, y),
            num_boost_round=5,
            evals=[(xgboost.DMatrix(x, y), "valid")],
        ),
        mlflow.xgboost,
        ("max_depth", "2"),
        "valid-rmse",
    ),
    "sklearn": Flavour(
        lambda x, y: Ridge(alpha=0.5).fit(x, y),
        mlflow.sklearn,
        ("alpha", "0.5"),
        "training_r2_score",
    ),
}


def loads_by_every_name(client: MlflowClient, name: str, table: Table) -> bool:
    """Whether the first version of a model predicts the same by its number, its stage and an alias."""
    client.transition_model_version_stage(name, "1", "Production")
    client.set_registered_model_alias(name, "champion", "1")
    predictions = [
        mlflow.pyfunc.load_model(f"models:/{name}{which}").predict(table[0])
        for which in ("/1", "/Production", "@champion")
    ]
    return all(np.allclose(each, predictions[0]) for each in predictions)


@pytest.mark.parametrize("library", FLAVOURS)
def test_autologging(library: str, experiment: str, client: MlflowClient, table: Table) -> None:
    flavour = FLAVOURS[library]
    flavour.module.autolog(registered_model_name=f"auto-{library}", silent=True)
    try:
        flavour.train(*table)
    finally:
        flavour.module.autolog(disable=True, silent=True)

    frame = mlflow.search_runs([experiment])
    assert list(frame["status"]) == ["FINISHED"]
    param, value = flavour.param
    assert frame.at[0, f"params.{param}"] == value
    assert np.isfinite(frame.at[0, f"metrics.{flavour.metric}"])
    run = client.get_run(frame.at[0, "run_id"])
    assert run.inputs.dataset_inputs, "the data set is known"
    (model,) = mlflow.search_logged_models([experiment], output_format="list")
    assert [output.model_id for output in run.outputs.model_outputs] == [model.model_id]
    version = client.get_model_version(f"auto-{library}", "1")
    assert version.run_id == run.info.run_id
    assert loads_by_every_name(client, f"auto-{library}", table)


def test_metrics_of_each_iteration_are_a_history(experiment: str, client: MlflowClient, table: Table) -> None:
    mlflow.lightgbm.autolog(log_models=False, silent=True)
    try:
        with mlflow.start_run() as run:
            FLAVOURS["lightgbm"].train(*table)
    finally:
        mlflow.lightgbm.autolog(disable=True, silent=True)
    history = client.get_metric_history(run.info.run_id, "valid_0-l2")
    assert sorted({point.step for point in history}) == [0, 1, 2, 3, 4]
    assert history[0].value > history[-1].value


def test_catboost_which_has_no_autologging(experiment: str, client: MlflowClient, table: Table) -> None:
    model = catboost.CatBoostRegressor(iterations=5, depth=2, thread_count=1, verbose=False, allow_writing_files=False)
    model.fit(*table)
    with mlflow.start_run() as run:
        mlflow.log_params(model.get_params())
        info = mlflow.catboost.log_model(model, name="cat", input_example=table[0].head(2))
    mlflow.register_model(info.model_uri, "cat")
    assert client.get_model_version("cat", "1").run_id == run.info.run_id
    loaded = mlflow.catboost.load_model("models:/cat/1")
    assert np.allclose(loaded.predict(table[0]), model.predict(table[0]))
    assert loads_by_every_name(client, "cat", table)


def test_runs_as_a_data_frame(experiment: str) -> None:
    for depth in (1, 2, 3):
        with mlflow.start_run(run_name=f"depth {depth}"):
            mlflow.log_param("depth", depth)
            mlflow.log_metrics({"loss": 1 / depth, "diverged": float("nan")})
    frame = mlflow.search_runs(
        [experiment], "params.depth != '1' AND metrics.loss < 0.9", order_by=["metrics.loss ASC"]
    )
    assert list(frame["tags.mlflow.runName"]) == ["depth 3", "depth 2"]
    assert list(frame["metrics.loss"]) == [1 / 3, 1 / 2]
    assert frame["metrics.diverged"].isna().all()
    assert str(frame["start_time"].dtype).startswith("datetime64")
    by_name = mlflow.search_runs(experiment_names=["test_runs_as_a_data_frame"], max_results=2)
    assert len(by_name) == 2
