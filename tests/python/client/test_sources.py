"""The plugins of the Python package: which file a run came from, and which lines logged its metrics."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "python" / "modelthat" / "src"

HELPER = """
import mlflow

def report(scores):
    for name, value in scores.items():
        mlflow.log_metric(name, value)
"""

PROGRAM = """
import mlflow
from helper import report

with mlflow.start_run() as run:
    report({"rmse": 1.0, "mae": 2.0})
    report({"rmse": 0.5})
    mlflow.log_metrics({
        "first": 1,
        "second": 2,
    })
    print(run.info.run_id)
"""


def results(file: Path) -> dict:
    """What the daemon knows of a file."""
    query = urllib.parse.urlencode({"file": str(file)})
    request = urllib.request.Request(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/v1/source-results?{query}",
        headers={"authorization": f"Bearer {os.environ['MLFLOW_TRACKING_PASSWORD']}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def run_program(folder: Path) -> str:
    """Runs the program as a person does, from its folder. The id of its run."""
    (folder / "helper.py").write_text(HELPER)
    (folder / "train.py").write_text(PROGRAM)
    ended = subprocess.run(
        [sys.executable, "train.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Warning" not in ended.stderr, ended.stderr
    return ended.stdout.split()[0]


def places(file: Path) -> dict[str, list[tuple[int, str]]]:
    return {
        metric["key"]: [(place["line"], place["text"]) for place in metric["places"]]
        for metric in results(file)["metrics"]
    }


def test_a_run_is_of_its_program_wherever_it_was_started(tmp_path: Path) -> None:
    run = run_program(tmp_path)
    assert results(tmp_path / "train.py")["last"]["id"] == run


def test_lines_that_logged_are_told(tmp_path: Path) -> None:
    run_program(tmp_path)
    assert places(tmp_path / "helper.py") == {
        "rmse": [(6, "mlflow.log_metric(name, value)")],
        "mae": [(6, "mlflow.log_metric(name, value)")],
        "first": [],
        "second": [],
    }
    at = places(tmp_path / "train.py")
    assert at["first"] == at["second"]
    [(line, _)] = at["first"]
    assert 7 < line < 13
