"""Whether a branch can bring what Python runs or imports here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from paddledvc.setup.diagnosis import Check
from paddledvc.tools.git.worktree import list_tracked_files
from paddledvc.tools.python.environment import find_python_in_work_trees
from paddledvc.tools.system.shell import find_work_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.project import Project

TOPIC = "Python"


def check_python_folders(project: Project) -> Iterator[Check]:
    """Look at where this Python lies, and from where it imports."""
    root = project.root.resolve()
    yield from _environment(root)
    top = find_work_tree(root)
    if top is not None:
        yield from _path(Path(top))


def _environment(root: Path) -> Iterator[Check]:
    inside = find_python_in_work_trees(root)
    for top, inner in [one for one in inside if one.top in (root, *root.parents)]:
        tracked = list_tracked_files(top, [inner])
        found = (
            f"this branch brings {tracked[0]}, so hooks start nothing from it"
            if tracked
            else "it lies in the work tree, where git lets a branch overwrite it; hooks do not "
            "start it on a branch that has files there"
        )
        new = quote(os.path.relpath(top.parent / f"{top.name}-venv", root))
        yield Check(
            topic=TOPIC,
            name=str(top / inner),
            state="problem" if tracked else "warning",
            found=found,
            advice=f"make one beside the clone: python3 -m venv {new}; {new}/bin/pip install "
            f"paddledvc; {new}/bin/paddledvc init",
        )


def _path(top: Path) -> Iterator[Check]:
    """Look for folders of the work tree that Python imports from, whatever branch fills them."""
    environment = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    stated = os.environ.get("PYTHONPATH", "")
    for one in stated.split(os.pathsep) if stated else ():
        if not Path(one).is_absolute() or _is_in(Path(one), top):
            yield _imports(f"PYTHONPATH names {one or 'the current folder, by an empty element'}")
    ours = Path(__file__).resolve().parents[3]
    for folder in sys.path:
        own = Path(folder).resolve()
        if (
            folder not in stated.split(os.pathsep)
            and _is_in(own, top)
            and not environment & {own, *own.parents}
        ):
            what = "paddledvc itself" if own == ours else "an installed package"
            yield _imports(f"{what} puts {folder} on the path of Python")


def _is_in(folder: Path, top: Path) -> bool:
    return top in (folder.resolve(), *folder.resolve().parents)


def _imports(found: str) -> Check:
    return Check(
        topic=TOPIC,
        name="path",
        state="warning",
        found=f"{found}, so commands and hooks may import modules of the work tree",
        advice="remove it, unless every branch that you check out may run its code",
    )
