"""A git repository to a paddledvc project."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files as package_files
from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.errors import NotAProject
from paddledvc.tools import dvc, files, git, schemas

if TYPE_CHECKING:
    from pathlib import Path

EMBEDDED = "embedded"
"""The DVC remote inside the clone that serves until the team has a server."""
IGNORED = ("/checkpoints/", "/exports/", "/dvc_plots/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Initialised:
    """What ``init`` did.

    Attributes:
        root: the project's folder.
        made: files that were made or added to.
        kept: files that were there and stay as they are.
        inside: folder of the project that this one lies in, if it lies in one.
    """

    root: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    inside: Path | None


def init(folder: Path) -> Initialised:
    """Make a folder of a git repository a paddledvc project; what is there is never overwritten.

    Args:
        folder: the folder; DVC is initialised in it if need be.

    Raises:
        NotAProject: the folder is in no git repository.
        ToolFailed: git or DVC failed.
    """
    root = folder.resolve()
    top = git.root(root)
    if top is None:
        raise NotAProject(f"{root} is in no git repository; run `git init` first")
    made: list[str] = []
    kept: list[str] = []
    if not dvc.is_initialised(root):
        dvc.init(root, subdir=top.resolve() != root)
        made.append(".dvcignore")
    if dvc.remotes(root):
        kept.append(".dvc/config")
    else:
        dvc.add_remote(root, EMBEDDED, f"{layout.OWN}/remote")
        made.append(".dvc/config")
    for name, text in _own_files().items():
        written = files.write_text(root / name, text)
        (made if written else kept).append(name)
    for name in (layout.REGISTRY, layout.PARAMS):
        if (root / name).exists():
            kept.append(name)
        else:
            files.write_text(root / name, _template(name))
            made.append(name)
    (made if _ignore(root / ".gitignore") else kept).append(".gitignore")
    return Initialised(root=root, made=tuple(made), kept=tuple(kept), inside=_around(root))


def _around(root: Path) -> Path | None:
    return next((folder for folder in root.parents if (folder / layout.REGISTRY).is_file()), None)


def _own_files() -> dict[str, str]:
    """Name the files that are wholly ours, and renewed with every version of paddledvc."""
    return {
        f"{layout.OWN}/.gitignore": "/remote/\n/tmp/\n",
        **{f"{layout.OWN}/{name}.schema.json": schemas.text(name) for name in schemas.NAMES},
    }


def _template(name: str) -> str:
    return (package_files("paddledvc.schemas") / f"template.{name}").read_text(encoding="utf-8")


def _ignore(path: Path) -> bool:
    """Add what is missing to .gitignore; tell whether anything was."""
    text = files.read_text(path, path.name) if path.exists() else ""
    have = {line.strip() for line in text.splitlines()}
    missing = [line for line in IGNORED if line not in have]
    if not missing:
        return False
    if text and not text.endswith("\n"):
        text += "\n"
    return files.write_text(path, text + "\n".join(missing) + "\n")
