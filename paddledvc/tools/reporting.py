"""What a verification leaves in a folder: written, and read back."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from paddledvc.core.evidence import parse
from paddledvc.core.page import Evidence
from paddledvc.errors import InvalidFile, Problem
from paddledvc.tools import files

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.core.reports import VerifyReport

NAME = "verify.html"
"""The page of a model."""


def write(folder: Path, report: VerifyReport) -> None:
    """Write a report and what DVC draws of it; the verdict comes last."""
    files.write_text(folder / "verify.csv", report.to_csv())
    files.write_text(folder / "latency.json", report.latency_json())
    files.write_text(folder / "verify.json", report.to_json())


def read(folder: Path, root: Path) -> Evidence:
    """Read what a verification has left.

    Args:
        folder: where it is.
        root: the folder that messages name files from.

    Raises:
        InvalidFile: it cannot be read.
    """
    file = folder / "verify.json"
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    text = files.read_text(file, name)
    try:
        parse(text)
        latency = _optional(folder / "latency.json")
        rows = _optional(folder / "verify.csv")
        return Evidence(
            slug=folder.name,
            report=json.loads(text),
            latency=json.loads(latency or "{}"),
            errors=tuple(csv.DictReader(rows.splitlines())),
        )
    except ValueError as error:
        problem = Problem(file=name, line=1, column=1, path="", message=f"it {error}")
        raise InvalidFile([problem]) from error


def _optional(file: Path) -> str:
    return files.read_text(file, file.name) if file.is_file() else ""
