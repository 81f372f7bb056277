"""What people do with MLflow's client, one flow after the other: `record.ts` writes down what the client sends for it.

Runs in an empty folder, with `MLFLOW_TRACKING_URI` at the recorder, which is told where each flow begins.
"""

import logging
import os
import urllib.parse
import urllib.request
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

VERSION_3 = mlflow.__version__.startswith("3.")
CODE = """
import mlflow


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


mlflow.models.set_model(Doubler())
"""

client = MlflowClient()
data = pd.DataFrame({"x": [1, 2]})


def flow(name: str) -> Callable[[Callable[[], None]], None]:
    """Runs the function as the flow of this name."""

    def record(work: Callable[[], None]) -> None:
        marker = f"{os.environ['MLFLOW_TRACKING_URI']}/flow?{urllib.parse.urlencode({'name': name})}"
        urllib.request.urlopen(marker).close()
        work()

    return record


@flow("set_experiment: a new name, then a known one")
def _() -> None:
    mlflow.set_experiment("sales é")
    mlflow.set_experiment("sales é")


@flow("a run: params, metrics, tags one by one, then in batches")
def _() -> None:
    with mlflow.start_run(run_name="first", description="a note"):
        mlflow.log_param("lr", 0.1)
        mlflow.log_metric("loss", 0.5, step=1, timestamp=1000)
        mlflow.log_metric("loss", float("nan"), step=2, timestamp=2000)
        mlflow.log_metric("loss", float("inf"), step=3, timestamp=3000)
        mlflow.set_tag("team", "sales")
        mlflow.log_params({"depth": 6, "empty": ""})
        mlflow.log_metrics({"a": 1, "b": 2}, step=1, timestamp=1000)
        mlflow.set_tags({"x": "1", "y": "2"})


@flow("a nested run, one that fails, and one that is resumed")
def _() -> None:
    with mlflow.start_run(run_name="parent"), mlflow.start_run(run_name="child", nested=True):
        pass
    with suppress(ZeroDivisionError), mlflow.start_run(run_name="failed") as run:
        raise ZeroDivisionError
    with mlflow.start_run(run_id=run.info.run_id):
        pass


@flow("artifacts: logged, listed, downloaded")
def _() -> None:
    folder = Path("out")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a b é.txt").write_text("hello", encoding="utf-8")
    with mlflow.start_run(run_name="files") as run:
        mlflow.log_artifact("out/deep/a b é.txt", "single")
        mlflow.log_artifacts("out", "all")
        mlflow.log_text("text", "notes.txt")
        mlflow.log_dict({"a": 1}, "config.json")
        mlflow.log_table({"x": [1]}, "table.json")
        mlflow.log_table({"x": [2]}, "table.json")
    client.list_artifacts(run.info.run_id)
    mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="all")
    mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt")


@flow("log_input")
def _() -> None:
    with mlflow.start_run(run_name="data"):
        mlflow.log_input(mlflow.data.from_pandas(data, name="sales"), context="training")


@flow("search_runs, histories and searches of experiments")
def _() -> None:
    frame = mlflow.search_runs(filter_string="params.lr = '0.1'", order_by=["metrics.loss DESC"])
    client.get_metric_history(frame["run_id"][0], "loss")
    mlflow.search_experiments(filter_string="name LIKE 'sales%'", order_by=["name"])


@flow("asynchronous logging")
def _() -> None:
    with mlflow.start_run(run_name="async"):
        mlflow.log_metric("loss", 1.0, step=1, timestamp=1000, synchronous=False)
        mlflow.flush_async_logging()


def log_doubler(**more: object):
    where = {"name": "model"} if VERSION_3 else {"artifact_path": "model"}
    return mlflow.pyfunc.log_model(
        python_model="doubler.py", pip_requirements=[], **where, **more
    )


@flow("pyfunc.log_model with registered_model_name, then register_model")
def _() -> None:
    Path("doubler.py").write_text(CODE)
    with mlflow.start_run(run_name="model") as run:
        logged = log_doubler(registered_model_name="doubler")
    mlflow.register_model(logged.model_uri, "doubler")
    mlflow.register_model(f"runs:/{run.info.run_id}/model", "doubler")


@flow("stages, aliases, tags and descriptions of versions")
def _() -> None:
    client.transition_model_version_stage("doubler", "1", "Production", archive_existing_versions=True)
    client.set_registered_model_alias("doubler", "champion", "1")
    client.update_registered_model("doubler", "doubles")
    client.set_registered_model_tag("doubler", "team", "sales")
    client.update_model_version("doubler", "1", "the first")
    client.set_model_version_tag("doubler", "1", "checked", "yes")
    client.delete_model_version_tag("doubler", "1", "checked")
    client.get_latest_versions("doubler")
    client.search_registered_models("name LIKE 'doub%'")
    client.search_model_versions("name = 'doubler'", order_by=["version_number ASC"])
    client.copy_model_version("models:/doubler/1", "copied")
    client.get_model_version_by_alias("doubler", "champion")


@flow("load_model by number, stage, latest, alias and run")
def _() -> None:
    run_id = client.get_model_version("doubler", "1").run_id
    for uri in ["doubler/1", "doubler/Production", "doubler/latest", "doubler@champion"]:
        mlflow.pyfunc.load_model(f"models:/{uri}").predict(data)
    mlflow.pyfunc.load_model(f"runs:/{run_id}/model").predict(data)


@flow("autologging of scikit-learn")
def _() -> None:
    from sklearn.linear_model import LinearRegression

    mlflow.sklearn.autolog()
    LinearRegression().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    mlflow.sklearn.autolog(disable=True)


@flow("deletions and restorations")
def _() -> None:
    client.delete_registered_model_alias("doubler", "champion")
    client.delete_registered_model_tag("doubler", "team")
    client.delete_model_version("copied", "1")
    client.delete_registered_model("copied")
    client.rename_registered_model("doubler", "doubled")
    run_id = client.search_runs([client.get_experiment_by_name("sales é").experiment_id], "run_name = 'first'")[0].info.run_id
    client.delete_tag(run_id, "team")
    client.delete_run(run_id)
    client.restore_run(run_id)
    experiment = client.create_experiment("short-lived", tags={"a": "1"})
    client.set_experiment_tag(experiment, "b", "2")
    client.rename_experiment(experiment, "renamed")
    client.delete_experiment(experiment)
    client.restore_experiment(experiment)


@flow("what is refused")
def _() -> None:
    unknown = "0" * 32
    for refused in [
        lambda: client.get_run(unknown),
        lambda: client.create_experiment("sales é"),
        lambda: client.get_experiment("987654"),
        lambda: client.create_registered_model("doubled"),
        lambda: client.get_registered_model("nobody"),
        lambda: client.get_model_version("doubled", "99"),
        lambda: client.get_model_version_by_alias("doubled", "nobody"),
        lambda: client.search_runs(["0"], "bogus"),
        lambda: client.log_metric(unknown, "a", 1.0),
    ]:
        with suppress(MlflowException):
            refused()
