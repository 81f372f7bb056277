"""Logs a loss that falls, about once a second, and does not end when it is asked to. Standard library only."""

import base64
import itertools
import json
import os
import signal
import time
import urllib.request

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)


def call(path: str, body: dict) -> dict:
    """Call the tracking server as an MLflow client does."""
    user = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
    request = urllib.request.Request(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


run_id = call("runs/create", {"start_time": int(time.time() * 1000)})["run"]["info"]["run_id"]
for step in itertools.count():
    now = int(time.time() * 1000)
    call("runs/log-metric", {"run_id": run_id, "key": "loss", "value": 8 / 2**step, "timestamp": now, "step": step})
    time.sleep(1)
