"""Runs all programs against the server of `MLFLOW_TRACKING_URI`: `python program.py <file for the observations>`."""

import logging
import os
import sys
import warnings

# Read when mlflow is imported: a wrong answer must be an observation at once, not after minutes of retries.
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import artifacts  # noqa: E402
import experiments  # noqa: E402
import flavours  # noqa: E402
import linked  # noqa: E402
import logged  # noqa: E402
import recorder  # noqa: E402
import registry  # noqa: E402
import runs  # noqa: E402
import searches  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

client = MlflowClient()
for program in [experiments, runs, logged, searches, linked, artifacts, registry, flavours]:
    program.run(client)
recorder.write(sys.argv[1])
