"""MLflow's flavours and autologging against a real daemon.

In an environment with `tests/python/requirements.txt`, Node 24 on the PATH, from the repository's root:
`python -m pytest tests/python/flavours`.
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
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session", autouse=True)
def daemon() -> Iterator[None]:
    """A daemon that the client logs to, as code in a terminal of the editor does."""
    process = subprocess.Popen(
        ["node", str(ROOT / "tests" / "support" / "daemon-for-python.ts")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.environ.update(json.loads(process.stdout.readline())["env"])
    yield
    process.stdin.close()
    process.wait(timeout=30)


@pytest.fixture
def client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    """An experiment of the test's own, set as the active one. Its id."""
    return mlflow.set_experiment(request.node.name).experiment_id


@pytest.fixture(scope="session")
def table() -> tuple[pd.DataFrame, pd.Series]:
    """A few rows to learn from, and what is to be learnt."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.random((60, 3)), columns=["a", "b", "c"])
    return frame, 2 * frame["a"] - frame["b"]
