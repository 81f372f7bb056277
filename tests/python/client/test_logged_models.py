"""Models that MLflow 3 keeps beside runs. MLflow 2 knows no such: see conftest.py."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .models import doubles, log_pyfunc


def test_logged_models_of_mlflow_3(experiment: str, client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        info = log_pyfunc("kept")
        mlflow.log_metric("rmspe", 0.09, model_id=info.model_id)
    logged = mlflow.get_logged_model(info.model_id)
    assert str(logged.status) in ("READY", "LoggedModelStatus.READY")
    assert [(metric.key, metric.value) for metric in logged.metrics] == [("rmspe", 0.09)]
    found = mlflow.search_logged_models(
        [experiment], filter_string="metrics.rmspe < 0.1", output_format="list"
    )
    assert [model.model_id for model in found] == [info.model_id]
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [info.model_id]

    registered = mlflow.register_model(f"models:/{info.model_id}", "kept")
    assert doubles(f"models:/kept/{registered.version}")
    mlflow.set_logged_model_tags(info.model_id, {"reviewed": "yes"})
    assert mlflow.get_logged_model(info.model_id).tags["reviewed"] == "yes"
    mlflow.delete_logged_model_tag(info.model_id, "reviewed")
    client.delete_logged_model(info.model_id)
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_logged_model(info.model_id)


def test_a_model_without_a_run(experiment: str) -> None:
    info = log_pyfunc("alone")
    assert doubles(info.model_uri)
