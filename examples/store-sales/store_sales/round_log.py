"""Metrics of boosting rounds, sent while the training runs."""

import time

from mlflow import MlflowClient
from mlflow.entities import Metric

SECONDS_BETWEEN_BATCHES = 0.5
LARGEST_BATCH = 1000
"""The MLflow protocol's limit on the metrics of one call."""


class RoundLog:
    """Gathers metric points and sends them in batches: live to the eye, at a few calls for thousands of rounds."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client = client
        self._run_id = run_id
        self._waiting: list[Metric] = []
        self._sent_at = time.monotonic()

    def __enter__(self) -> "RoundLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._send()

    def add(self, key: str, step: int, value: float) -> None:
        """Note one point, and send what waits if the last batch was sent long enough ago."""
        self._waiting.append(Metric(key, value, int(time.time() * 1000), step))
        due = time.monotonic() - self._sent_at >= SECONDS_BETWEEN_BATCHES
        if due or len(self._waiting) == LARGEST_BATCH:
            self._send()

    def _send(self) -> None:
        if self._waiting:
            self._client.log_batch(self._run_id, metrics=self._waiting)
        self._waiting = []
        self._sent_at = time.monotonic()
