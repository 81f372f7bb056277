"""What the code of a pipeline's step tells modelthat, and asks it.

Outside a step everything here may be called, too: there is nobody to be told, and there are no parameters.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, Optional, Union

__all__ = ["evaluate", "params", "progress"]


def progress(fraction: Optional[float], text: str = "") -> None:
    """Says how far the step is; shown in the editor and by the command line while it runs.

    :param fraction: from 0 to 1; None when it is not known
    :param text: what it is at, for people: "epoch 4 of 10"
    :raises ValueError: when the fraction is not from 0 to 1
    """
    if fraction is not None and not 0 <= fraction <= 1:
        raise ValueError(f"fraction must be from 0 to 1, or None, not {fraction!r}")
    file = os.environ.get("MODELTHAT_PROGRESS")
    if not file:
        return
    known = "-" if fraction is None else f"{float(fraction):.6f}"
    line = " ".join(f"{known} {text}".split())
    # Whoever reads it finds the old or the new, never a part; each process writes a file of its own.
    fresh = f"{file}.{os.getpid()}"
    try:
        with open(fresh, "w", encoding="utf-8") as stream:
            stream.write(line + "\n")
        os.replace(fresh, file)
    except OSError:
        # A full disk, or on Windows somebody who reads it just now: no reason to end a training.
        pass


def params() -> dict[str, Any]:
    """The parameters that the step sees: those that it lists, with their overrides; empty outside a step."""
    file = os.environ.get("MODELTHAT_PARAMS")
    if not file:
        return {}
    with open(file, encoding="utf-8") as stream:
        return json.load(stream)


def evaluate(
    model: str,
    data: Union[str, "os.PathLike[str]"],
    *,
    version: Optional[int] = None,
    stage: Optional[str] = None,
    alias: Optional[str] = None,
    target: Optional[str] = None,
    metric: Optional[str] = None,
    custom: Optional[str] = None,
    greater_is_better: bool = False,
    slices: Sequence[str] = (),
    against: Union[str, int] = "champion",
    seed: int = 0,
) -> dict[str, Any]:
    """Has a registered model predict a data set, and measures it beside the champion: `modelthat evaluate`.

    It runs code of the model, so that it is done with the rights of the person at the terminal and not with a step's.

    :param data: a CSV, Parquet or JSON file with the truth in a column
    :param version: or a stage, or an alias: exactly one of them
    :param target: the column with the truth; else the only one that the model does not take
    :param metric: the one that is compared, such as "rmspe"
    :param custom: a further metric, "metrics.py:profit": (predictions, targets, frame) -> number
    :param slices: columns whose values are measured apart
    :param against: "champion" (the version in Production), "none", or a version
    :return: the evaluation: its run's id, and below "result" metrics, slices and the comparison
    :raises RuntimeError: with what was wrong
    """
    program = shutil.which("modelthat")
    if program is None:
        raise RuntimeError("There is no command modelthat on the PATH: use a terminal of the editor, or install it.")
    options = {
        **{"--data": os.path.abspath(data), "--version": version, "--stage": stage, "--alias": alias},
        **{"--target": target, "--metric": metric, "--custom": custom, "--against": against, "--seed": seed},
    }
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    flags = (["--greater-is-better"] if greater_is_better else []) + (["--slice", *slices] if slices else [])
    command = [program, "--json", "evaluate", model, *given, *flags]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    try:
        found = json.loads(ended.stdout)
    except ValueError:
        raise RuntimeError(ended.stderr.strip() or f"modelthat ended with {ended.returncode}") from None
    if ended.returncode != 0:
        raise RuntimeError(found.get("message") or ended.stderr.strip())
    return found
