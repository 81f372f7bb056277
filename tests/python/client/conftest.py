"""The official MLflow client against a real daemon.

In an environment with `tests/python/requirements-mlflow3.txt` or `-mlflow2.txt`, Node 24 on the PATH, from the
repository's root: `python -m pytest tests/python/client`.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

# Read when mlflow is imported: a wrong answer must fail a test at once, not after minutes of retries.
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

import mlflow  # noqa: E402
import pytest  # noqa: E402

ROOT = Path(__file__).parents[3]

if mlflow.__version__.startswith("2."):
    collect_ignore = ["test_logged_models.py"]


@pytest.fixture(scope="session", autouse=True)
def daemon() -> Iterator[Path]:
    """A daemon that the client logs to, as code in a terminal of the editor does. Yields the store's folder."""
    process = subprocess.Popen(
        ["node", str(ROOT / "tests" / "support" / "daemon-for-python.ts")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    told = json.loads(process.stdout.readline())
    os.environ.update(told["env"])
    yield Path(told["store"])
    process.stdin.close()
    process.wait(timeout=30)


@pytest.fixture
def client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    """An experiment of the test's own, set as the active one. Its id."""
    return mlflow.set_experiment(f"é {request.node.name}").experiment_id
