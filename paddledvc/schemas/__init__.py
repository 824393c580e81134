"""The published JSON Schemas, as files that editors can read too."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Literal

from paddledvc.yaml.schema import Schema

SCHEMA_NAMES = ("models", "lock", "index")
"""The schemas of files that people open in an editor; reports have some too."""


def schema_text(name: str) -> str:
    """Return the text of a published schema: by its name, as ``schema`` does."""
    return (files("paddledvc.schemas") / f"{name}.schema.json").read_text(encoding="utf-8")


def template_text(name: str) -> str:
    """Return the text of a file that projects get from us."""
    return (files("paddledvc.schemas") / f"template.{name}").read_text(encoding="utf-8")


@cache
def read_schema(name: str) -> Schema:
    """Return a published schema, ready to check documents."""
    return Schema(json.loads(schema_text(name)))


@cache
def schema_part(name: str, definition: str) -> Schema:
    """Return one definition of a published schema as a schema of its own."""
    whole = json.loads(schema_text(name))
    return Schema({"$ref": f"#/$defs/{definition}", "$defs": whole["$defs"]})


def schema(
    name: Literal["models", "lock", "index", "report", "evaluate", "bundle"] = "models",
) -> str:
    """Return the JSON Schema of models.yaml, models.lock, an index, a report or a bundle.

    ``report`` is that of ``verify.json``, ``evaluate`` that of ``evaluate.json``, ``bundle`` that
    of the ``manifest.json`` of a bundle.

    >>> import json
    >>> json.loads(schema())["title"]
    'models.yaml'
    """
    return schema_text(name)
