"""The published JSON Schemas."""

from __future__ import annotations

from typing import Literal

from paddledvc.tools import schemas


def schema(name: Literal["models", "lock", "index"] = "models") -> str:
    """Return the JSON Schema of models.yaml, models.lock or an index.

    >>> import json
    >>> json.loads(schema())["title"]
    'models.yaml'
    """
    return schemas.text(name)
