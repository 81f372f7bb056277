"""Code that uses MLflow's stages as it always has, without rules and under rules that bind it."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .models import doubles, log_pyfunc


@pytest.fixture
def rules(daemon: Path) -> Iterator[Path]:
    """The file of the workspace that rules stand in."""
    file = daemon.parent / "modelthat.yaml"
    yield file
    file.unlink(missing_ok=True)


def train(name: str, rmspe: float) -> str:
    with mlflow.start_run():
        mlflow.log_metric("rmspe", rmspe)
        log_pyfunc(registered_model_name=name)
    return str(max(int(each.version) for each in MlflowClient().search_model_versions(f"name = '{name}'")))


def promote(client: MlflowClient, name: str, version: str) -> None:
    client.transition_model_version_stage(name, version, "Staging")
    assert doubles(f"models:/{name}/Staging")
    client.transition_model_version_stage(name, version, "Production", archive_existing_versions=True)


def numbers(client: MlflowClient, name: str, stage: str) -> list[str]:
    return [str(each.version) for each in client.get_latest_versions(name, stages=[stage])]


@pytest.mark.parametrize("enforced", [False, True])
def test_versions_follow_each_other_through_the_stages(
    experiment: str, client: MlflowClient, rules: Path, enforced: bool
) -> None:
    name = f"staged-{enforced}"
    if enforced:
        rules.write_text("registry:\n  enforce: true\n  Staging: { gates: [rmspe <= champion.rmspe] }\n")
    promote(client, name, train(name, 0.2))
    promote(client, name, train(name, 0.1))
    assert doubles(f"models:/{name}/Production")
    assert [numbers(client, name, stage) for stage in ("Production", "Archived", "Staging")] == [["2"], ["1"], []]
    assert [str(each.version) for each in client.get_latest_versions(name)] != []


def test_a_version_that_the_rules_refuse_is_told_at_once(
    experiment: str, client: MlflowClient, rules: Path
) -> None:
    rules.write_text("registry:\n  enforce: true\n  Production: { gates: [rmspe < 0.1] }\n")
    version = train("refused", 0.2)
    with pytest.raises(MlflowException, match="rmspe < 0.1 does not hold") as refused:
        client.transition_model_version_stage("refused", version, "Production")
    assert refused.value.error_code == "PERMISSION_DENIED"
    assert client.get_model_version("refused", version).current_stage == "None"
    assert numbers(client, "refused", "Production") == []
