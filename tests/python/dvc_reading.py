"""Prints, as JSON, what DVC reads of projects: their stages with templates filled in, or why it refuses them.

Each argument is a project's folder.
"""

import json
import os
import sys

from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from dvc.repo.reproduce import get_active_graph
from dvc.stage import PipelineStage


def read(root):
    os.chdir(root)
    try:
        repo = Repo(root)
        index = repo.index
        stages = [describe(stage, root) for stage in index.stages if isinstance(stage, PipelineStage)]
        needs = sorted(
            [address(stage, root), address(needed, root)]
            for stage, needed in get_active_graph(index.graph).edges
            if isinstance(needed, PipelineStage)
        )
        return {"stages": sorted(stages, key=lambda stage: stage["address"]), "needs": needs}
    except Exception as error:  # noqa: BLE001: whatever it is, DVC does not read the project
        return {"refused": f"{type(error).__name__}: {error}"}


def describe(stage, root):
    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    return {
        "address": address(stage, root),
        "cmd": stage.cmd,
        "wdir": relative(stage.wdir, root),
        "deps": [relative(dep.fs_path, root) for dep in stage.deps if dep not in params and dep.protocol == "local"],
        "params": [[relative(dep.fs_path, root), list(dep.params)] for dep in params],
        "values": [[relative(dep.fs_path, root), json.dumps(dep.read_params(), sort_keys=True)] for dep in params],
        "outs": [
            {
                "path": relative(out.fs_path, root),
                "kind": "metric" if out.metric else "plot" if out.plot else "out",
                "cache": out.use_cache,
                "persist": out.persist,
            }
            for out in stage.outs
        ],
        "elsewhere": [dep.def_path for dep in stage.deps if dep.protocol != "local"],
        "frozen": stage.frozen,
        "alwaysChanged": stage.always_changed,
    }


def address(stage, root):
    return f"{relative(stage.path, root)}:{stage.name}"


def relative(path, root):
    return os.path.relpath(path, root).replace(os.sep, "/")


print(json.dumps([read(os.path.realpath(root)) for root in sys.argv[1:]]))
