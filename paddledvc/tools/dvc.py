"""DVC, driven as a program of the same Python that runs us."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from paddledvc.tools import shell

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {"DVC_NO_ANALYTICS": "1", "GIT_TERMINAL_PROMPT": "0"}


def run(*arguments: str, root: Path) -> str:
    """Run a DVC command in a project and return what it printed.

    Raises:
        ToolFailed: it ended with an error.
    """
    return shell.run([sys.executable, "-m", "dvc", *arguments], cwd=root, env=ENVIRONMENT)


def is_initialised(root: Path) -> bool:
    """Tell whether DVC keeps its files in this very folder."""
    return (root / ".dvc").is_dir()


def init(root: Path, *, subdir: bool) -> None:
    """Initialise DVC in a git work tree, or in a folder of one."""
    run("init", "--quiet", *(["--subdir"] if subdir else []), root=root)


def remotes(root: Path) -> list[str]:
    """List the names of the configured remotes."""
    return [line.split()[0] for line in run("remote", "list", root=root).splitlines() if line]


def add_remote(root: Path, name: str, url: str) -> None:
    """Add a default remote that compares what it delivers with its hash, as DVC itself does not."""
    run("remote", "add", "--quiet", "--default", name, url, root=root)
    run("remote", "modify", "--quiet", name, "verify", "true", root=root)
