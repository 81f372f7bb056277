"""Models: logged, registered, moved through stages, and loaded back."""

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression

from .models import FRAME, doubles, log_pyfunc, path_of

def test_a_pyfunc_model_is_registered_and_loaded_by_every_name(
    experiment: str, client: MlflowClient
) -> None:
    with mlflow.start_run() as run:
        info = log_pyfunc(registered_model_name="doubler")
    version = client.get_model_version("doubler", "1")
    assert (version.status, version.current_stage, version.run_id) == ("READY", "None", run.info.run_id)

    client.transition_model_version_stage("doubler", "1", "Staging")
    client.set_registered_model_alias("doubler", "champion", "1")
    uris = [
        info.model_uri,
        f"runs:/{run.info.run_id}/model",
        "models:/doubler/1",
        "models:/doubler/Staging",
        "models:/doubler/latest",
        "models:/doubler@champion",
    ]
    assert [uri for uri in uris if not doubles(uri)] == []
    with pytest.raises(MlflowException):
        mlflow.pyfunc.load_model("models:/doubler/Production")


def test_a_sklearn_model_with_signature_and_example(experiment: str, client: MlflowClient) -> None:
    model = LinearRegression().fit(FRAME, [2.0, 4.0, 6.0])
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            model, input_example=FRAME, serialization_format="cloudpickle", **path_of("linear")
        )
    registered = mlflow.register_model(f"runs:/{run.info.run_id}/linear", "linear")
    assert registered.version in ("1", 1)
    again = mlflow.register_model(f"runs:/{run.info.run_id}/linear", "linear")
    assert str(again.version) == "2"
    loaded = mlflow.sklearn.load_model("models:/linear/2")
    assert np.allclose(loaded.predict(FRAME), [2.0, 4.0, 6.0])
    assert len(client.search_model_versions(f"run_id = '{run.info.run_id}'")) == 2


def test_the_registry(experiment: str, client: MlflowClient) -> None:
    with mlflow.start_run():
        log_pyfunc(registered_model_name="managed")
    client.update_registered_model("managed", "what it is for")
    client.set_registered_model_tag("managed", "team", "sales")
    client.update_model_version("managed", "1", "the first")
    client.set_model_version_tag("managed", "1", "checked", "yes")
    copied = client.copy_model_version("models:/managed/1", "managed")
    assert str(copied.version) == "2"
    assert doubles("models:/managed/2")

    client.transition_model_version_stage("managed", "1", "Production")
    client.transition_model_version_stage("managed", "2", "Production", archive_existing_versions=True)
    assert client.get_model_version("managed", "1").current_stage == "Archived"
    latest = client.get_latest_versions("managed", ["Production"])
    assert [str(version.version) for version in latest] == ["2"]

    model = client.get_registered_model("managed")
    assert (model.description, model.tags["team"]) == ("what it is for", "sales")
    assert client.get_model_version("managed", "1").description == "the first"
    found = client.search_registered_models("name LIKE 'manag%' AND tags.team = 'sales'")
    assert [each.name for each in found] == ["managed"]

    client.rename_registered_model("managed", "renamed")
    assert doubles("models:/renamed/2")
    client.set_registered_model_alias("renamed", "best", "1")
    assert str(client.get_model_version_by_alias("renamed", "best").version) == "1"
    client.delete_registered_model_alias("renamed", "best")
    client.delete_model_version_tag("renamed", "1", "checked")
    client.delete_registered_model_tag("renamed", "team")
    client.delete_model_version("renamed", "2")
    with pytest.raises(MlflowException, match="not found"):
        client.get_model_version("renamed", "2")
    client.delete_registered_model("renamed")
    with pytest.raises(MlflowException, match="not found"):
        client.get_registered_model("renamed")
