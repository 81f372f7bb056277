"""Large files: what the client does beyond a plain upload and download."""

import os
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

MIB = 1024 * 1024


def test_a_client_told_to_send_parts_sends_one_stream(
    client: MlflowClient, experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(5 * MIB),
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * MIB),
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(5 * MIB),
    }.items():
        monkeypatch.setenv(name, value)
    _round_trip(client, tmp_path)


def test_a_client_that_asks_the_server_sends_one_stream(
    client: MlflowClient, experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 * MIB))
    _round_trip(client, tmp_path)


def test_the_files_of_a_released_version_stay(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_dict({"flavors": {}}, "model/MLmodel")
    version = mlflow.register_model(f"{run.info.artifact_uri}/model", "released files")
    client.transition_model_version_stage("released files", version.version, "Staging")
    with pytest.raises(Exception, match="which is in Staging: its files cannot be changed"):
        client.log_dict(run.info.run_id, {}, "model/MLmodel")
    client.log_dict(run.info.run_id, {}, "notes.json")
    client.transition_model_version_stage("released files", version.version, "Archived")
    client.log_dict(run.info.run_id, {}, "model/MLmodel")


def _round_trip(client: MlflowClient, folder: Path) -> None:
    large = os.urandom(12 * MIB)
    (folder / "large.bin").write_bytes(large)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(folder / "large.bin"), "data")
    got = client.download_artifacts(run.info.run_id, "data/large.bin", str(folder))
    assert Path(got).read_bytes() == large
