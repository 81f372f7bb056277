"""A program of its own: writes down what Aim's own package reads in a store, for the import to take from there.

Usage: aim_export.py REPOSITORY OUT. REPOSITORY holds a private copy of the store (`.aim`), which the package may change.
In OUT are made, as JSON lines of the form in lines.ts:

    store.jsonl             experiments, problems and notes
    runs/<hash>.jsonl       one run; named <hash>.part while it is being read
    files/<hash>/...        its texts, images, figures and sounds

Runs of which there is something in OUT/runs are left as they are: when a damaged run ends this process, the daemon
starts it again, and the others are read.
"""

import json
import math
import os
import re
import sys

POINTS_PER_LINE = 500
NO_MODULE = 3

RUN_HASH = re.compile(r"[a-zA-Z0-9][\w-]{0,99}", re.ASCII)
METRICS = {"float", "float64", "int", "number"}
TEXTS = {"aim.text": "texts", "aim.log_line": "logs", "aim.log_records": "logs"}
BLOBS = {"aim.image": ("images", "png"), "aim.figure": ("figures", "json"), "aim.audio": ("audio", "wav")}


class Lines:
    """A file of JSON lines."""

    def __init__(self, path, mode="w"):
        # Line by line: what is written stays when the package breaks down.
        self.file = open(path, mode, buffering=1, encoding="utf-8", errors="replace", newline="\n")

    def write(self, **line):
        self.file.write(json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")

    def problem(self, place, message):
        self.write(problem={"place": place, "message": message})

    def close(self):
        self.file.close()


def reason(error):
    """One line; of the private copy's files, the paths in the store."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    return re.sub(r"[^\s']*[/\\]\.aim[/\\]", ".aim/", text)[:300]


def number(value):
    """A number as JSON has it; a text for those it has not."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def milliseconds(seconds):
    return None if seconds is None else round(float(seconds) * 1000)


def has_values(seconds):
    return seconds is not None and math.isfinite(float(seconds))


def file_name(text):
    """A name that is one on every system, and leads nowhere else."""
    return re.sub(r"[^\w\- .]", "_", text)[:80].strip(". ") or "_"


def flatten(value, path=()):
    """Params: keys of nested dictionaries are joined by dots, other values are texts as MLflow's client writes them."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flatten(inner, (*path, str(key)))
    elif isinstance(value, (dict, list, tuple)):
        yield ".".join(path), json.dumps(value, ensure_ascii=False, default=str)
    else:
        yield ".".join(path), str(value)


class RunExport:
    """Reads one run, straight from its own files: the package's index knows only of runs that Aim's server has seen."""

    def __init__(self, repo, run_hash, out):
        self.repo = repo
        self.hash = run_hash
        self.folder = os.path.join(out, "files", run_hash)
        self.lines = Lines(os.path.join(out, "runs", f"{run_hash}.part"))
        meta = repo.request_tree("meta", run_hash, read_only=True).subtree("meta")
        self.run_tree = meta.subtree("chunks").subtree(run_hash)
        self.series = repo.request_tree("seqs", run_hash, read_only=True).subtree("seqs")
        self.left_out = {}

    def write(self):
        self.write_info()
        attributes = self.collect("attrs")
        self.write_system(attributes.pop("__system_params", {}))
        for key, value in flatten(attributes):
            if key:
                self.lines.write(param=[key, value])
        contexts = self.collect("contexts")
        for index, traces in self.collect("traces").items():
            for name, about in traces.items():
                try:
                    self.write_sequence(index, name, contexts.get(index, {}), about)
                except Exception as error:
                    self.lines.problem(f"run {self.hash}, {name}", f"What could not be read of it was left out: {reason(error)}.")
        artifacts = self.collect("artifacts")
        if artifacts:
            self.left_out["artifacts in Aim's artifact storage"] = len(artifacts)
        for what, count in self.left_out.items():
            self.lines.write(leftOut=[what, count])
        self.lines.close()

    def collect(self, key):
        try:
            found = self.run_tree.collect(key)
        except KeyError:
            return {}
        return found if isinstance(found, dict) else {}

    def write_info(self):
        props = self.repo.structured_db.find_run(self.hash)
        try:
            end = self.run_tree["end_time"]
        except KeyError:
            end = props.end_time if props else None
        if not props:
            self.lines.problem(f"run {self.hash}", "Its name, experiment and tags are missing.")
        self.lines.write(
            run={
                "id": self.hash,
                "experiment": (props and props.experiment) or "default",
                "name": (props and props.name) or "",
                "description": (props and props.description) or "",
                "archived": bool(props and props.archived),
                "start": milliseconds(props.creation_time) if props else None,
                "end": milliseconds(end),
                "tags": list(props.tags) if props else [],
            }
        )

    def write_system(self, system):
        """Of what Aim notes about the machine, the commit becomes a tag; variables may be secrets, and stay behind."""
        if not isinstance(system, dict) or not system:
            return
        if system.pop("env_variables", None):
            self.left_out["recorded environments (environment variables)"] = 1
        git = system.get("git_info")
        commit = git.get("commit") if isinstance(git, dict) else None
        if isinstance(commit, dict) and commit.get("hash"):
            self.lines.write(commit=str(commit["hash"]))
        text = json.dumps(system, ensure_ascii=False, indent=2, default=str)
        self.write_file(("aim", "system_params.json"), (text + "\n").encode("utf-8", "replace"))

    def write_sequence(self, index, name, context, about):
        dtype = str(about.get("dtype", "float"))
        kind = dtype[5:-1] if dtype.startswith("list(") else dtype
        version = about.get("version", 1)
        series = self.series.subtree("chunks" if version == 1 else (f"v{version}", "chunks"))
        series = series.subtree((self.hash, index, name))
        if kind in METRICS:
            self.write_points(series, version, name, context)
        elif kind in TEXTS:
            self.write_texts(series, name, context, TEXTS[kind])
        elif kind in BLOBS:
            self.write_blobs(series, name, context, *BLOBS[kind])
        else:
            self.left_out[f"sequences of {kind}"] = self.left_out.get(f"sequences of {kind}", 0) + 1

    def write_points(self, series, version, name, context):
        # Since Aim 3.11 points are under a hash of their step; before they were under the step itself.
        steps = dict(series.array("step").items()) if version != 1 else None
        epochs, times = (dict(series.array(column).items()) for column in ("epoch", "time"))
        rows = sorted(
            (
                (steps[key] if steps is not None else key, value, epochs.get(key), times.get(key))
                for key, value in series.array("val").items()
                if steps is None or key in steps
            ),
            key=lambda row: row[0],
        )
        for first in range(0, len(rows), POINTS_PER_LINE):
            part = rows[first : first + POINTS_PER_LINE]
            self.lines.write(
                points={
                    "name": name,
                    "context": context,
                    "steps": [int(row[0]) for row in part],
                    "values": [number(row[1]) for row in part],
                    "epochs": [number(row[2]) if has_values(row[2]) else None for row in part],
                    "times": [milliseconds(row[3]) if has_values(row[3]) else None for row in part],
                }
            )

    def write_texts(self, series, name, context, folder):
        lines = []
        for step, value in series.array("val").items():
            for each in value if isinstance(value, (list, tuple)) else [value]:
                lines.append((step, getattr(each, "data", None) or getattr(each, "message", None) or str(each)))
        if folder == "logs":
            # What a terminal showed is read as such.
            content = "\n".join(str(text) for _, text in lines) + "\n"
        else:
            content = "".join(json.dumps({"step": step, "text": text}, ensure_ascii=False) + "\n" for step, text in lines)
        place = self.place(folder, name, context)
        place[-1] += ".log" if folder == "logs" else ".jsonl"
        self.write_file(place, content.encode("utf-8", "replace"))

    def write_blobs(self, series, name, context, folder, usual):
        for step, value in series.array("val").items():
            for number_, each in enumerate(value if isinstance(value, (list, tuple)) else [value]):
                data = each.storage["data"].load()
                try:
                    ending = str(each.storage["format"])
                except KeyError:
                    ending = usual
                data = data if isinstance(data, bytes) else str(data).encode("utf-8", "replace")
                name_ = f"{int(step)}-{number_}.{file_name(ending)}"
                self.write_file([*self.place(folder, name, context), name_], data)

    def place(self, folder, name, context):
        names = [name, *(f"{key}-{value}" for key, value in context.items())]
        return [folder, *(file_name(each) for each in names)]

    def write_file(self, names, content):
        place = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)


def export_experiments(repo, lines):
    for experiment in repo.structured_db.experiments():
        created = experiment.created_at
        lines.write(
            experiment={
                "name": experiment.name,
                "description": experiment.description or "",
                # It is kept in UTC, without saying so.
                "created": 0 if created is None else milliseconds((created - type(created)(1970, 1, 1)).total_seconds()),
            }
        )


def export_run(repo, run_hash, out, lines):
    part = os.path.join(out, "runs", f"{run_hash}.part")
    try:
        RunExport(repo, run_hash, out).write()
        os.replace(part, os.path.join(out, "runs", f"{run_hash}.jsonl"))
    except Exception as error:
        lines.problem(f"run {run_hash}", f"The run was left out: {reason(error)}.")
        if os.path.exists(part):
            os.replace(part, os.path.join(out, "runs", f"{run_hash}.failed"))


def main():
    repository, out = sys.argv[1:]
    try:
        from aim import Repo
    except ImportError as error:
        print(reason(error), file=sys.stderr)
        sys.exit(NO_MODULE)
    runs = os.path.join(out, "runs")
    os.makedirs(runs, exist_ok=True)
    known = {name.partition(".")[0] for name in os.listdir(runs)}
    try:
        repo = Repo.from_path(repository)
    except Exception as error:
        sys.exit(reason(error))
    lines = Lines(os.path.join(out, "store.jsonl"), "a")
    if not known:
        try:
            export_experiments(repo, lines)
        except Exception as error:
            sys.exit(reason(error))
    for run_hash in sorted(repo.list_all_runs()):
        if not RUN_HASH.fullmatch(run_hash):
            lines.problem(f"run {run_hash}"[:80], "The run was left out: its id is not one of Aim's.")
        elif run_hash not in known:
            export_run(repo, run_hash, out, lines)
    lines.close()


if __name__ == "__main__":
    main()
