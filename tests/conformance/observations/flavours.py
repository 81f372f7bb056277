"""Models logged, registered and loaded by the fluent API, and what it makes of runs."""

import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from recorder import observe

CODE = """
import mlflow


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


mlflow.models.set_model(Doubler())
"""

VERSION_3 = mlflow.__version__.startswith("3.")


def run(client: MlflowClient) -> None:
    fluent(client)
    with tempfile.TemporaryDirectory() as scratch:
        models(client, Path(scratch))


def fluent(client: MlflowClient) -> None:
    observe("fluent.set_experiment", lambda: mlflow.set_experiment("fluent").name)
    observe("fluent.set_experiment.again", lambda: mlflow.set_experiment("fluent").name)
    with mlflow.start_run(run_name="parent", description="note", tags={"a": "1"}) as parent:
        mlflow.log_params({"lr": 0.1, "deep": {"a": 1}})
        mlflow.log_metrics({"a": 1, "b": 2}, step=1, timestamp=1000)
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("a", 3, step=2, timestamp=2000)
    tags = ["mlflow.runName", "mlflow.note.content", "mlflow.parentRunId", "mlflow.source.type", "a"]

    def read(run_id: str) -> dict:
        found = client.get_run(run_id)
        return {
            "status": found.info.status,
            "metrics": found.data.metrics,
            "params": found.data.params,
            "tags": {tag: found.data.tags.get(tag) for tag in tags},
        }

    observe("fluent.parent", lambda: read(parent.info.run_id))
    observe("fluent.child", lambda: read(child.info.run_id))
    try:
        with mlflow.start_run() as failed:
            raise ZeroDivisionError
    except ZeroDivisionError:
        observe("fluent.failed", lambda: client.get_run(failed.info.run_id).info.status)
    with mlflow.start_run(run_id=failed.info.run_id):
        observe("fluent.resumed", lambda: client.get_run(failed.info.run_id).info.status)
    observe("fluent.resumed.end", lambda: client.get_run(failed.info.run_id).info.status)
    observe("fluent.search", lambda: sorted(mlflow.search_runs(output_format="pandas").columns))
    observe(
        "fluent.last_active_run", lambda: mlflow.last_active_run().info.run_id == failed.info.run_id
    )
    deleted = client.create_experiment("deleted fluently")
    client.delete_experiment(deleted)
    observe("fluent.set_experiment.deleted", lambda: mlflow.set_experiment("deleted fluently"))
    observe("fluent.set_experiment.unknown id", lambda: mlflow.set_experiment(experiment_id="987654"))


def models(client: MlflowClient, scratch: Path) -> None:
    code = scratch / "doubler.py"
    code.write_text(CODE)
    where = {"name": "model"} if VERSION_3 else {"artifact_path": "model"}
    mlflow.set_experiment("flavours")
    data = pd.DataFrame({"x": [1, 2]})
    with mlflow.start_run() as run:
        logged = mlflow.pyfunc.log_model(
            python_model=str(code), registered_model_name="doubler", pip_requirements=[], **where
        )
    run_id = run.info.run_id
    observe("flavours.version", lambda: client.get_model_version("doubler", "1"))
    observe("flavours.version.again", lambda: mlflow.register_model(logged.model_uri, "doubler").version)
    observe("flavours.version.of the run", lambda: mlflow.register_model(f"runs:/{run_id}/model", "doubler").version)
    observe("flavours.version.unknown run", lambda: mlflow.register_model(f"runs:/{'0' * 32}/model", "doubler"))
    observe("flavours.download_uri", lambda: client.get_model_version_download_uri("doubler", "1"))
    client.transition_model_version_stage("doubler", "1", "Production")
    client.set_registered_model_alias("doubler", "champion", "1")

    def predicted(uri: str) -> list[int]:
        return mlflow.pyfunc.load_model(uri).predict(data)["x"].tolist()

    for uri in [
        "models:/doubler/1",
        "models:/doubler/Production",
        "models:/doubler/latest",
        "models:/doubler@champion",
        "models:/doubler/99",
        "models:/doubler/Staging",
        "models:/doubler@nobody",
        "models:/nobody/1",
    ]:
        observe(f"flavours.load {uri}", lambda uri=uri: predicted(uri))
    observe("flavours.load.runs", lambda: predicted(f"runs:/{run_id}/model"))
    observe("flavours.load.logged", lambda: predicted(logged.model_uri))
    observe("flavours.list", lambda: sorted(each.path for each in client.list_artifacts(run_id, "model")))
    observe("flavours.outputs", lambda: getattr(client.get_run(run_id), "outputs", None))
    observe("flavours.tags", lambda: sorted(client.get_run(run_id).data.tags))
    if VERSION_3:
        observe("flavours.logged model", lambda: _shown(mlflow.get_logged_model(logged.model_id)))
        observe("flavours.last", lambda: mlflow.last_logged_model().model_id == logged.model_id)


def _shown(model) -> dict:
    return {"name": model.name, "status": model.status, "tags": sorted(model.tags), "params": model.params}
