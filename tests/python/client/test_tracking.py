"""Runs, metrics, params, tags, data sets and artifacts."""

import getpass
import math
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, ViewType
from mlflow.exceptions import MlflowException


def test_set_experiment_makes_it_once(client: MlflowClient) -> None:
    first = mlflow.set_experiment("made once")
    assert mlflow.set_experiment("made once").experiment_id == first.experiment_id
    assert client.get_experiment(first.experiment_id).artifact_location == (
        f"mlflow-artifacts:/{first.experiment_id}"
    )
    assert client.get_experiment_by_name("never made") is None


def test_a_deleted_experiment_is_refused_and_restored(client: MlflowClient) -> None:
    experiment_id = client.create_experiment("short-lived", tags={"team": "sales"})
    with mlflow.start_run(experiment_id=experiment_id) as run:
        pass
    client.delete_experiment(experiment_id)
    with pytest.raises(MlflowException, match="deleted experiment"):
        mlflow.set_experiment("short-lived")
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_experiment(experiment_id)
    client.rename_experiment(experiment_id, "long-lived")
    client.set_experiment_tag(experiment_id, "team", "ops")
    found = client.search_experiments(filter_string="name LIKE 'long%' AND tags.team = 'ops'")
    assert [each.experiment_id for each in found] == [experiment_id]


def test_start_run_without_an_experiment(client: MlflowClient) -> None:
    run = client.create_run("0")
    assert client.get_run(run.info.run_id).info.experiment_id == "0"
    client.set_terminated(run.info.run_id)


def test_what_is_logged_is_read_back(experiment: str, client: MlflowClient) -> None:
    with mlflow.start_run(run_name="parent", description="a note") as parent:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 6, "empty": ""})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"a": 1.0, "b": -2.5}, step=3)
        mlflow.log_metric("nan", math.nan)
        mlflow.log_metric("inf", math.inf)
        mlflow.set_tag("team", "sales")
        mlflow.set_tags({"x": "1", "unicode": "Größe"})
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("loss", 0.5)

    run = client.get_run(parent.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "parent"
    assert run.data.params == {"lr": "0.1", "depth": "6", "empty": ""}
    assert math.isnan(run.data.metrics.pop("nan"))
    assert run.data.metrics.pop("inf") > 1e308
    assert run.data.metrics == {"loss": 0.2, "a": 1.0, "b": -2.5}
    assert run.data.tags["unicode"] == "Größe"
    assert run.data.tags["mlflow.note.content"] == "a note"
    assert run.data.tags["mlflow.user"] == getpass.getuser()
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    history = client.get_metric_history(parent.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(n, 1 / (n + 1)) for n in range(5)]


def test_large_batches_are_split_by_the_client(experiment: str, client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.log_metrics({f"m{n}": float(n) for n in range(1500)})
        mlflow.log_params({f"p{n}": n for n in range(250)})
        client.log_batch(
            run.info.run_id, metrics=[Metric("series", float(n), n, n) for n in range(1000)]
        )
    data = client.get_run(run.info.run_id).data
    assert len(data.metrics) == 1501
    assert len(data.params) == 250
    assert len(client.get_metric_history(run.info.run_id, "series")) == 1000


def test_asynchronous_logging(experiment: str, client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        for step in range(20):
            mlflow.log_metric("loss", float(step), step=step, synchronous=False)
        mlflow.flush_async_logging()
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 20


def test_a_failed_run_is_failed_and_can_be_resumed(experiment: str, client: MlflowClient) -> None:
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        _ = 1 / 0
    assert client.get_run(run.info.run_id).info.status == "FAILED"
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_param("again", True)
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


def test_params_do_not_change(experiment: str) -> None:
    with mlflow.start_run():
        mlflow.log_param("lr", 1)
        mlflow.log_param("lr", 1)
        with pytest.raises(MlflowException, match="Changing param values is not allowed"):
            mlflow.log_param("lr", 2)


def test_runs_are_searched_deleted_and_restored(experiment: str, client: MlflowClient) -> None:
    for n in range(4):
        with mlflow.start_run(run_name=f"r{n}"):
            mlflow.log_metric("loss", n)
            mlflow.log_param("kind", "even" if n % 2 == 0 else "odd")

    def names(filter_string: str = "", **more: object) -> list[str]:
        runs = client.search_runs([experiment], filter_string, **more)
        return [run.info.run_name for run in runs]

    assert names(order_by=["metrics.loss ASC"]) == ["r0", "r1", "r2", "r3"]
    assert names("metrics.loss >= 2", order_by=["metrics.loss DESC"]) == ["r3", "r2"]
    assert names("params.kind = 'even' and metrics.loss > 0") == ["r2"]
    assert names("params.kind ILIKE 'EV%'", order_by=["metrics.loss"]) == ["r0", "r2"]
    assert names("attributes.run_name LIKE 'r%' and tags.`mlflow.runName` != 'r0'", max_results=2)
    first = client.search_runs([experiment], max_results=3)
    assert len(first) == 3 and first.token
    assert len(client.search_runs([experiment], max_results=3, page_token=first.token)) == 1

    run_id = first[0].info.run_id
    client.delete_run(run_id)
    assert len(names()) == 3
    assert len(names(run_view_type=ViewType.DELETED_ONLY)) == 1
    client.restore_run(run_id)
    frame = mlflow.search_runs([experiment])
    assert sorted(frame["metrics.loss"]) == [0, 1, 2, 3]


def test_a_data_set_is_an_input(experiment: str, client: MlflowClient) -> None:
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), name="sales")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
    (logged,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert logged.dataset.name == "sales"
    assert [(tag.key, tag.value) for tag in logged.tags] == [("mlflow.data.context", "training")]


def test_artifacts(experiment: str, client: MlflowClient, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "2 é ü 世界.txt").write_text("hello", encoding="utf-8")
    (folder / "empty.bin").write_bytes(b"")
    (folder / "large.bin").write_bytes(bytes(3_000_000))
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "results")
        mlflow.log_artifact(str(folder / "empty.bin"))
        mlflow.log_text("text", "notes/a+b & c=d%.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")
        mlflow.log_table({"x": [1, 2]}, "table.json")
        mlflow.log_table({"x": [3]}, "table.json")
    run_id = run.info.run_id

    def listed(path: str | None = None) -> list[tuple[str, bool, int | None]]:
        return [(each.path, each.is_dir, each.file_size) for each in client.list_artifacts(run_id, path)]

    assert [(path, is_dir) for path, is_dir, _ in listed()] == [
        ("config.json", False),
        ("empty.bin", False),
        ("notes", True),
        ("results", True),
        ("table.json", False),
    ]
    assert listed("results/deep") == [("results/deep/2 é ü 世界.txt", False, 5)]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/a+b & c=d%.txt") == "text"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"a": [1, 2]}
    assert list(mlflow.load_table("table.json", run_ids=[run_id])["x"]) == [1, 2, 3]
    local = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="results"))
    assert sorted(each.relative_to(local).as_posix() for each in local.rglob("*.*")) == [
        "deep/2 é ü 世界.txt",
        "empty.bin",
        "large.bin",
    ]
    assert len((local / "large.bin").read_bytes()) == 3_000_000
