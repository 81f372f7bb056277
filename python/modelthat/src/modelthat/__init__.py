"""What the code of a pipeline's step tells modelthat, and asks it.

Outside a step everything here may be called, too: there is nobody to be told, and there are no parameters.
"""

from __future__ import annotations

import json
import os
from typing import Any, Optional

__all__ = ["params", "progress"]


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
