"""Questions to git, asked through its program."""

from __future__ import annotations

from pathlib import Path

from paddledvc.tools import shell


def root(folder: Path) -> Path | None:
    """Find the work tree that ``folder`` belongs to; None outside a git repository."""
    finished = shell.attempt(["git", "rev-parse", "--show-toplevel"], cwd=folder)
    return Path(finished.output.rstrip("\n")) if finished.returncode == 0 else None
