"""The published JSON Schemas."""

from __future__ import annotations

from typing import Literal

from paddledvc.tools import schemas


def schema(name: Literal["models", "lock", "index", "report"] = "models") -> str:
    """Return the JSON Schema of models.yaml, models.lock, an index or a report.

    >>> import json
    >>> json.loads(schema())["title"]
    'models.yaml'
    """
    return schemas.text(name)
