"""Records what a program sees of a server, as JSON that can be compared."""

import dataclasses
import enum
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities._mlflow_object import _MlflowObject
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from requests import HTTPError

_observations: dict[str, Any] = {}


def observe(name: str, value: Any) -> Any:
    """Records a value under a name of its own.

    Args:
        name: Where the value comes from: `runs.create.name`.
        value: The value, or a function that asks the server for it; what the function raises is recorded as the error
            that the client tells.

    Returns:
        The value as the client has it; None in place of an error.
    """
    if name in _observations:
        raise ValueError(f"There are two observations of the name {name}")
    error = None
    if callable(value):
        value, error = _ask(value)
    _observations[name] = {"error": error} if error else {"value": _plain(value)}
    return value


def write(file: str) -> None:
    """Writes all observations to a file: name → `{"value": …}` or `{"error": {"type", …}}`."""
    Path(file).write_text(json.dumps(_observations, ensure_ascii=False, indent=1), encoding="utf-8")


def _ask(call: Callable[[], Any]) -> tuple[Any, dict[str, Any] | None]:
    try:
        return call(), None
    except MlflowException as error:
        return None, {
            "type": type(error).__name__,
            "error_code": error.error_code,
            "message": error.message,
        }
    except HTTPError as error:
        return None, {"type": "HTTPError", "status": error.response.status_code}
    except (OSError, ValueError) as error:
        return None, {"type": type(error).__name__}


def _plain(value: Any) -> Any:
    """The value with nothing but JSON's types in it."""
    if isinstance(value, PagedList):
        return {"items": [_plain(item) for item in value], "more": bool(value.token)}
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, _MlflowObject):
        return {name: _plain(item) for name, item in sorted(dict(value).items())}
    if dataclasses.is_dataclass(value):
        return _plain(dataclasses.asdict(value))
    raise TypeError(f"{type(value)} cannot be recorded: {value!r}")
