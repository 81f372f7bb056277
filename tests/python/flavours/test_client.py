"""Every method of `MlflowClient` that is about what the daemon keeps, called at least once."""

import io
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import matplotlib.figure
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
)
from mlflow.exceptions import MlflowException

NOT_KEPT = [
    *("*_trace", "*_traces", "*_trace_tag", "*_span", "*_traces_to_run", "*_to_trace", "unlink_traces_*"),
    *("*_webhook", "*_webhooks", "*_workspace", "*_workspaces", "get_workspace_store_uri", "*mcp_*"),
    # Data sets for the evaluation of language models.
    *("*_dataset", "search_datasets", "*_dataset_tag", "set_dataset_tags", "*dataset_to_experiments"),
    "*dataset_from_experiments",
]
"""Methods about what the daemon does not keep."""


class Recorder:
    """A client that knows which of its methods were called."""

    def __init__(self) -> None:
        self._client = MlflowClient()
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self._client, name)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder


@pytest.fixture
def run_id(recorder: Recorder, experiment: str) -> str:
    return recorder.create_run(experiment, run_name="one", tags={"team": "sales"}).info.run_id


def refused(call: Callable[[], object], match: str = "not found") -> None:
    with pytest.raises(MlflowException, match=match):
        call()


def test_experiments(recorder: Recorder) -> None:
    c = recorder
    assert c.tracking_uri.startswith("http://")
    one = c.create_experiment("client experiments", tags={"a": "b"})
    assert c.get_experiment(one).tags == {"a": "b"}
    c.set_experiment_tag(one, "a", "c")
    assert c.get_experiment_by_name("client experiments").tags == {"a": "c"}
    c.delete_experiment_tag(one, "a")
    c.rename_experiment(one, "client experiments, renamed")
    assert [each.experiment_id for each in c.search_experiments(filter_string="name LIKE '%, renamed'")] == [one]
    c.delete_experiment(one)
    assert c.get_experiment(one).lifecycle_stage == "deleted"
    c.restore_experiment(one)
    assert c.get_experiment(one).lifecycle_stage == "active"


def test_runs(recorder: Recorder, experiment: str, run_id: str) -> None:
    c = recorder
    c.log_metric(run_id, "loss", 0.5, step=1)
    c.log_param(run_id, "lr", 0.1)
    c.set_tag(run_id, "note", "x")
    c.log_batch(run_id, [Metric("loss", 0.25, 1, 2)], [Param("depth", "3")], [RunTag("kind", "test")])
    run = c.get_run(run_id)
    assert run.data.metrics == {"loss": 0.25}
    assert run.data.params == {"lr": "0.1", "depth": "3"}
    assert [(point.step, point.value) for point in c.get_metric_history(run_id, "loss")] == [(2, 0.25), (1, 0.5)]
    c.delete_tag(run_id, "note")
    assert "note" not in c.get_run(run_id).data.tags
    dataset = Dataset("sales", "d1", "local", "{}", None, None)
    model = c.create_logged_model(experiment, name="linked", source_run_id=run_id)
    c.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "eval")])], [LoggedModelInput(model.model_id)])
    c.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=3)])
    linked = c.get_run(run_id)
    assert linked.inputs.dataset_inputs[0].dataset.name == "sales"
    assert linked.inputs.model_inputs[0].model_id == linked.outputs.model_outputs[0].model_id == model.model_id
    child = c.create_run(experiment, tags={"mlflow.parentRunId": run_id})
    assert c.get_parent_run(child.info.run_id).info.run_id == run_id
    c.update_run(run_id, status="FINISHED", name="renamed")
    c.set_terminated(child.info.run_id, "FAILED")
    found = c.search_runs([experiment], "attributes.run_name = 'renamed' AND dataset.name = 'sales'")
    assert [each.info.status for each in found] == ["FINISHED"]
    c.delete_run(run_id)
    assert c.get_run(run_id).info.lifecycle_stage == "deleted"
    c.restore_run(run_id)
    assert c.get_run(run_id).info.lifecycle_stage == "active"


def test_artifacts(recorder: Recorder, run_id: str, tmp_path: Path) -> None:
    c = recorder
    (tmp_path / "file.txt").write_text("text")
    c.log_artifact(run_id, str(tmp_path / "file.txt"))
    c.log_artifacts(run_id, str(tmp_path), "folder")
    c.log_text(run_id, "text", "text.txt")
    c.log_dict(run_id, {"a": 1}, "dict.json")
    c.log_figure(run_id, matplotlib.figure.Figure(), "figure.png")
    c.log_image(run_id, np.zeros((4, 4, 3), dtype=np.uint8), "image.png")
    c.log_table(run_id, pd.DataFrame({"x": [1, 2]}), "table.json")
    if hasattr(MlflowClient, "log_stream"):
        c.log_stream(run_id, io.BytesIO(b"stream"), "stream.bin")
    paths = {each.path for each in c.list_artifacts(run_id)}
    assert paths >= {"file.txt", "folder", "text.txt", "dict.json", "figure.png", "image.png", "table.json"}
    assert list(c.load_table(c.get_run(run_id).info.experiment_id, "table.json", [run_id])["x"]) == [1, 2]
    folder = c.download_artifacts(run_id, "folder", str(tmp_path))
    assert Path(folder, "file.txt").read_text() == "text"


def test_logged_models(recorder: Recorder, experiment: str, run_id: str, tmp_path: Path) -> None:
    c = recorder
    model = c.create_logged_model(experiment, "linear", run_id, {"stage": "new"}, {"alpha": "1"}, "ridge")
    c.log_model_params(model.model_id, {"beta": "2"})
    c.set_logged_model_tags(model.model_id, {"stage": "old", "gone": "soon"})
    c.delete_logged_model_tag(model.model_id, "gone")
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    c.log_model_artifact(model.model_id, str(tmp_path / "MLmodel"))
    c.log_model_artifacts(model.model_id, str(tmp_path))
    assert [each.path for each in c.list_logged_model_artifacts(model.model_id)] == ["MLmodel"]
    c.finalize_logged_model(model.model_id, "READY")
    c.log_metric(run_id, "rmse", 0.3, model_id=model.model_id)
    read = c.get_logged_model(model.model_id)
    assert (read.params, read.tags["stage"], read.model_type) == ({"alpha": "1", "beta": "2"}, "old", "ridge")
    assert [(metric.key, metric.value) for metric in read.metrics] == [("rmse", 0.3)]
    found = c.search_logged_models([experiment], "metrics.rmse < 0.5 AND params.beta = '2'")
    assert [each.model_id for each in found] == [model.model_id]
    c.delete_logged_model(model.model_id)
    refused(lambda: c.get_logged_model(model.model_id))


def test_registry(recorder: Recorder, run_id: str) -> None:
    c = recorder
    c.create_registered_model("client", {"team": "sales"}, "what it is for")
    c.update_registered_model("client", "changed")
    c.set_registered_model_tag("client", "k", "v")
    c.delete_registered_model_tag("client", "k")
    source = f"{c.get_run(run_id).info.artifact_uri}/model"
    assert str(c.create_model_version("client", source, run_id).version) == "1"
    c.update_model_version("client", "1", "the first")
    c.set_model_version_tag("client", "1", "k", "v")
    c.delete_model_version_tag("client", "1", "k")
    assert str(c.copy_model_version("models:/client/1", "client").version) == "2"
    assert c.get_model_version_download_uri("client", "2") == source
    assert c.get_model_version_stages("client", "1") == ["None", "Staging", "Production", "Archived"]
    c.transition_model_version_stage("client", "1", "Staging")
    assert [str(each.version) for each in c.get_latest_versions("client", ["Staging"])] == ["1"]
    c.set_registered_model_alias("client", "best", "2")
    assert str(c.get_model_version_by_alias("client", "best").version) == "2"
    c.delete_registered_model_alias("client", "best")
    assert len(c.search_model_versions("name = 'client'")) == 2
    assert [each.name for each in c.search_registered_models("tags.team = 'sales'")] == ["client"]
    assert c.get_model_version("client", "1").description == "the first"
    c.rename_registered_model("client", "client 2")
    assert c.get_registered_model("client 2").description == "changed"
    c.delete_model_version("client 2", "1")
    refused(lambda: c.get_model_version("client 2", "1"))
    c.delete_registered_model("client 2")
    refused(lambda: c.get_registered_model("client 2"))


def test_prompts(recorder: Recorder, run_id: str) -> None:
    c = recorder
    c.create_prompt("empty", "nothing in it")
    assert c.register_prompt("greet", "Hello {{name}}", "first", {"lang": "en"}).version == 1
    assert c.create_prompt_version("greet", "Hi {{name}}", "second").version == 2
    assert c.load_prompt("prompts:/greet/1").format(name="Ada") == "Hello Ada"
    assert c.parse_prompt_uri("prompts:/greet/1") == ("greet", "1")
    c.set_prompt_alias("greet", "live", 1)
    assert c.get_prompt_version_by_alias("greet", "live").version == 1
    c.delete_prompt_alias("greet", "live")
    c.set_prompt_tag("greet", "team", "sales")
    assert c.get_prompt("greet").tags["team"] == "sales"
    c.delete_prompt_tag("greet", "team")
    c.set_prompt_version_tag("greet", "1", "k", "v")
    assert c.get_prompt_version("greet", "1").tags["k"] == "v"
    c.delete_prompt_version_tag("greet", "1", "k")
    assert sorted(each.version for each in c.search_prompt_versions("greet")) == [1, 2]
    assert {each.name for each in c.search_prompts()} >= {"empty", "greet"}
    assert "greet" not in {each.name for each in c.search_registered_models()}
    c.link_prompt_version_to_run(run_id, "prompts:/greet/1")
    assert "greet" in c.get_run(run_id).data.tags["mlflow.linkedPrompts"]
    # These two go by a tag of the version, in which clients before 3.0 kept its runs.
    c.set_prompt_version_tag("greet", "1", "mlflow.prompt.associatedRunIds", run_id)
    assert [each.version for each in c.list_logged_prompts(run_id)] == [1]
    c.detach_prompt_from_run(run_id, "prompts:/greet/1")
    assert c.list_logged_prompts(run_id) == []
    model = c.create_logged_model(c.get_run(run_id).info.experiment_id, "with a prompt")
    c.link_prompt_version_to_model("greet", "2", model.model_id)
    c.delete_prompt_version("greet", "1")
    refused(lambda: c.load_prompt("prompts:/greet/1"))
    c.delete_prompt("greet")
    assert c.get_prompt("greet") is None


def test_no_method_was_left_out(recorder: Recorder) -> None:
    public = {name for name in dir(MlflowClient) if not name.startswith("_")}
    kept = {name for name in public if not any(fnmatchcase(name, pattern) for pattern in NOT_KEPT)}
    assert kept - recorder.called == set()
