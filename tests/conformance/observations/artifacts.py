"""Artifacts through the proxy: upload, list, download."""

import json
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from recorder import observe
from runs import UNKNOWN

NAMES = {
    "plain": "plain.txt",
    "space": "a b.txt",
    "unicode": "größe 世界.txt",
    "signs": "a+b & c=d%.txt",
    "percent": "100%25.txt",
    "hash": "a#b.txt",
    "question": "a?b.txt",
    "semicolon": "a;b.txt",
    "quote": "it's.txt",
    "dot": ".hidden",
    "dots": "a..b",
    "tilde": "~a",
    "long": "n" * 200,
    "colon": "a:b.txt",
    "backslash": "a\\b.txt",
}


def run(client: MlflowClient) -> None:
    experiment = client.create_experiment("artifacts")
    run_id = client.create_run(experiment, 1000).info.run_id
    with tempfile.TemporaryDirectory() as scratch:
        transfers(client, run_id, Path(scratch))
        names(client, run_id, Path(scratch))
    helpers(client, run_id)


def transfers(client: MlflowClient, run_id: str, scratch: Path) -> None:
    folder = scratch / "out"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "empty.bin").write_bytes(b"")
    (folder / "deep" / "deeper" / "leaf.txt").write_text("leaf")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 8192)

    def listed(path: str | None = None) -> list:
        return client.list_artifacts(run_id, path)

    observe("artifacts.list.empty", listed)
    observe("artifacts.log_artifacts", lambda: client.log_artifacts(run_id, str(folder), "results"))
    observe("artifacts.log_artifact", lambda: client.log_artifact(run_id, str(folder / "empty.bin")))
    observe("artifacts.log_artifact.below", lambda: client.log_artifact(run_id, str(folder / "empty.bin"), "a/b"))
    for path in [None, "", "results", "results/deep", "results/deep/", "results/empty.bin", "nothing", "a"]:
        observe(f"artifacts.list [{path}]", lambda path=path: listed(path))
    for path in ["..", "../..", "a/../..", "/etc", "./results", "results/../results"]:
        observe(f"artifacts.list odd [{path}]", lambda path=path: listed(path))

    def downloaded(path: str) -> dict[str, int]:
        local = Path(client.download_artifacts(run_id, path, str(_fresh(scratch))))
        files = [local] if local.is_file() else local.rglob("*")
        return {each.relative_to(local.parent).as_posix(): each.stat().st_size for each in files if each.is_file()}

    for path in ["results", "results/large.bin", "empty.bin", "nothing", "../x", "results/../empty.bin"]:
        observe(f"artifacts.download [{path}]", lambda path=path: downloaded(path))
    observe("artifacts.list.unknown run", lambda: client.list_artifacts(UNKNOWN))
    observe("artifacts.log_artifact.unknown run", lambda: client.log_artifact(UNKNOWN, str(folder / "empty.bin")))


def names(client: MlflowClient, run_id: str, scratch: Path) -> None:
    for label, name in NAMES.items():
        file = _fresh(scratch) / name
        file.write_text(label, encoding="utf-8")
        observe(f"artifacts.name.{label}.upload", lambda file=file: client.log_artifact(run_id, str(file), "names"))
        observe(
            f"artifacts.name.{label}.download",
            lambda name=name: Path(
                client.download_artifacts(run_id, f"names/{name}", str(_fresh(scratch)))
            ).read_text(encoding="utf-8"),
        )
    observe("artifacts.name.list", lambda: client.list_artifacts(run_id, "names"))


def helpers(client: MlflowClient, run_id: str) -> None:
    observe("artifacts.log_text", lambda: client.log_text(run_id, "text é", "notes/a.txt"))
    observe("artifacts.log_text.again", lambda: client.log_text(run_id, "longer text", "notes/a.txt"))
    observe("artifacts.load_text", lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/notes/a.txt"))
    observe("artifacts.log_dict", lambda: client.log_dict(run_id, {"a": [1, 2], "é": None}, "config.json"))
    observe("artifacts.log_dict.yaml", lambda: client.log_dict(run_id, {"a": [1, 2]}, "config.yaml"))
    observe("artifacts.load_dict", lambda: mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json"))
    observe("artifacts.log_table", lambda: client.log_table(run_id, {"x": [1, 2]}, "table.json"))
    observe("artifacts.log_table.more", lambda: client.log_table(run_id, {"x": [3]}, "table.json"))
    observe(
        "artifacts.load_table",
        lambda: mlflow.load_table("table.json", run_ids=[run_id]).to_dict("list"),
    )
    observe(
        "artifacts.tables",
        lambda: json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"]),
    )
    observe("artifacts.list.all", lambda: client.list_artifacts(run_id))


def _fresh(scratch: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=scratch))
