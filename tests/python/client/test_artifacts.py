"""Large files: what the client does beyond a plain upload and download."""

import os
from hashlib import sha256
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient

MIB = 1024 * 1024


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses of the parts that the client sends from now on."""
    addresses: list[str] = []
    send = requests.Session.request

    def noting(self: requests.Session, method: str, url: str, **rest: object) -> requests.Response:
        if method.upper() == "PUT" and "/mlflow-artifacts/mpu/parts/" in url:
            addresses.append(url)
        return send(self, method, url, **rest)

    monkeypatch.setattr(requests.Session, "request", noting)
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MIB))
    return addresses


def test_a_client_told_to_send_parts_sends_them(
    client: MlflowClient, experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[str]
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(5 * MIB))
    _round_trip(client, tmp_path)
    assert len(set(parts)) == 3


def test_a_client_that_asks_the_server_sends_parts(
    client: MlflowClient, experiment: str, tmp_path: Path, parts: list[str]
) -> None:
    _round_trip(client, tmp_path)
    # Older ones do not ask.
    assert len(set(parts)) == (0 if mlflow.__version__.startswith("2.") else 3)


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
    assert _recorded_sha256(f"{run.info.artifact_uri}/data/large.bin") == sha256(large).hexdigest()


def _recorded_sha256(uri: str) -> str:
    path = uri.removeprefix("mlflow-artifacts:/")
    response = requests.head(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow-artifacts/artifacts/{path}",
        auth=(os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]),
    )
    return response.headers["ETag"].strip('"')
