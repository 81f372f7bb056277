"""Plugins of MLflow: they tell the daemon which file a run came from, and which lines logged its metrics.

MLflow finds them by the package's entry points and calls them itself. The code that logs stays as it is.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import sysconfig
from types import FrameType
from typing import Any, Optional
from urllib.parse import urlsplit

import mlflow
from mlflow.tracking.context.abstract_context import RunContextProvider
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider

SOURCE_TAG = "modelthat.source"
HEADER = "X-Modelthat-Logged-At"

# Not the person's code: what is installed, the standard library, and this file.
_FOREIGN = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {os.path.dirname(mlflow.__file__) + os.sep}
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_MAX_KEYS = 200
_MAX_TEXT = 200
_MAX_KNOWN = 10_000


def _to_this_machine() -> bool:
    """Whether runs go to a server here: no other is to be told of the paths of this machine."""
    return urlsplit(mlflow.get_tracking_uri()).hostname in _LOOPBACK


def _notebook() -> Optional[str]:
    """The notebook that the editor runs, which it names in the kernel."""
    path = getattr(sys.modules.get("__main__"), "__vsc_ipynb_file__", None)
    return os.path.abspath(path) if isinstance(path, str) else None


class SourceContext(RunContextProvider):
    """Tags a run with the absolute path of its program or notebook."""

    def in_context(self) -> bool:
        return self._source() is not None and _to_this_machine()

    def tags(self) -> dict[str, str]:
        source = self._source()
        return {} if source is None else {SOURCE_TAG: source}

    @staticmethod
    def _source() -> Optional[str]:
        notebook = _notebook()
        if notebook:
            return notebook
        program = getattr(sys.modules.get("__main__"), "__file__", None)
        # A kernel's program is its launcher, which nobody wrote.
        if not isinstance(program, str) or os.path.basename(program) == "ipykernel_launcher.py":
            return None
        return os.path.realpath(program)


class LoggedAt(RequestHeaderProvider):
    """Names the line that logged metrics, in the request that logs them; each once for each run."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, str, int]] = set()

    def in_context(self) -> bool:
        return _to_this_machine()

    def request_headers(self) -> dict[str, str]:
        frame: Optional[FrameType] = sys._getframe(1)
        logged: Optional[tuple[str, list[str]]] = None
        while frame is not None:
            logged = logged or _logged_by(frame)
            if logged and _is_own(frame):
                return self._header(frame, *logged)
            frame = frame.f_back
        return {}

    def _header(self, frame: FrameType, run: str, keys: list[str]) -> dict[str, str]:
        name, line = frame.f_code.co_filename, frame.f_lineno
        file = _notebook() if _is_cell(name) else os.path.realpath(name)
        fresh = [key for key in keys if (run, key, name, line) not in self._known][:_MAX_KEYS]
        if not fresh or file is None:
            return {}
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
        self._known.update((run, key, name, line) for key in fresh)
        text = linecache.getline(name, line).strip()[:_MAX_TEXT]
        place = {"run": run, "file": file, "line": line, "text": text, "keys": fresh}
        return {HEADER: json.dumps(place)}


def _logged_by(frame: FrameType) -> Optional[tuple[str, list[str]]]:
    """The run and the names of the metrics, where this is the store's method that sends them."""
    method = frame.f_code.co_name
    if method not in ("log_metric", "log_batch") or "rest_store" not in frame.f_code.co_filename:
        return None
    values: dict[str, Any] = frame.f_locals
    metrics = [values["metric"]] if method == "log_metric" else values.get("metrics") or []
    return (values["run_id"], [metric.key for metric in metrics]) if metrics else None


def _is_own(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return _is_cell(name) or (os.path.isfile(name) and not os.path.abspath(name).startswith(_FOREIGN))


def _is_cell(name: str) -> bool:
    """Whether code is of a notebook's cell: IPython calls it `<ipython-input-…>`, ipykernel a file that is not there."""
    return name.startswith("<ipython-input") or "ipykernel_" in name
