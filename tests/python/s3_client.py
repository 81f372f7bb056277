"""The MLflow client against a daemon that keeps artifacts on S3-compatible storage: the client must not notice.

`python s3_client.py <folder for files>`, with the daemon's variables in the environment. Fails by an exception.
"""

import os
import sys
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

folder = Path(sys.argv[1])
(folder / "in" / "sub").mkdir(parents=True)
(folder / "in" / "a ü.txt").write_text("text")
(folder / "in" / "empty").touch()
large = os.urandom(20 * 1024 * 1024)
(folder / "in" / "sub" / "large.bin").write_bytes(large)

client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder / "in"), "data")
    mlflow.log_dict({"flavors": {}}, "model/MLmodel")

run_id = run.info.run_id
files = [(file.path, file.is_dir, file.file_size) for file in client.list_artifacts(run_id, "data")]
assert files == [("data/a ü.txt", False, 4), ("data/empty", False, 0), ("data/sub", True, None)], files
assert client.list_artifacts(run_id, "data/empty") == []

got = Path(client.download_artifacts(run_id, "data", str(folder)))
assert (got / "a ü.txt").read_text() == "text"
assert (got / "empty").read_bytes() == b""
assert (got / "sub" / "large.bin").read_bytes() == large

version = mlflow.register_model(f"{run.info.artifact_uri}/model", "sales")
client.transition_model_version_stage("sales", version.version, "Production")
try:
    with mlflow.start_run(run_id):
        mlflow.log_dict({}, "model/MLmodel")
except Exception as error:
    assert "version 1 of 'sales', which is in Production" in str(error), error
else:
    raise AssertionError("a released version's file was replaced")
assert mlflow.artifacts.load_dict("models:/sales/Production/MLmodel") == {"flavors": {}}
