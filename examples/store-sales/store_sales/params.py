"""The parameters of a step: `params.yaml`, with what the person overrode for this run."""

import json
import os
from pathlib import Path
from typing import Any

import yaml


def load() -> dict[str, Any]:
    """Return the effective parameters as a nested dict.

    A pipeline run writes them, overrides applied, to the JSON file named by `MODELTHAT_PARAMS`. A step that is started
    by hand has no such file and reads `params.yaml` from the working directory.
    """
    effective = os.environ.get("MODELTHAT_PARAMS")
    if effective:
        return json.loads(Path(effective).read_text(encoding="utf-8"))
    return yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
