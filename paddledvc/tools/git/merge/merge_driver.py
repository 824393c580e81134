"""Git's merges of single files: the driver that asks us, and the merge that git itself does."""

from __future__ import annotations

import re
import shlex
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from paddledvc import names
from paddledvc.errors import InvalidInput
from paddledvc.tools.git.command import ask_git, run_git, try_git
from paddledvc.tools.python.command import module_command_line
from paddledvc.tools.python.environment import find_python_in_work_trees
from paddledvc.tools.system import files
from paddledvc.tools.system.beneath import TEXT
from paddledvc.yaml.merge.rules import MERGE_FORMS

if TYPE_CHECKING:
    from paddledvc.yaml.conflicts import Side
    from paddledvc.yaml.merge.rules import Sides

DRIVER = "paddledvc"
"""What .gitattributes calls the driver."""
BUILT = f"{names.REPORTS}/** -merge"
"""The line of .gitattributes that keeps git from mixing two sides of what a stage has written: ours
stays whole, in conflict."""
_TITLE = "models.yaml, params.yaml, models.lock, dvc.yaml and dvc.lock, block by block"
_TELLS_HOW = re.compile("[-!]?merge(=.*)?|binary")
_BYTES = "surrogateescape"
"""How bytes that are not UTF-8 pass through text and come out as they were."""
_FAILED = 128


_START = "export PYTHONPATH= PYTHONSAFEPATH=1; "
"""How the driver begins; those of before could import modules of the work tree."""
# As hook_scripts/hook.sh does, in fewer words: what a branch has brought is not started.
_BROUGHT = (
    'brought() { unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE; git -C "$1" ls-files -- '
    '":(top,icase,literal)$2" || echo "$2"; }; '
    'if [ -e "$(git rev-parse --git-path paddledvc/brought)" ] || [ -n "$( %s)" ]; '
    "then why='a branch brought files of its Python'; else %s; fi; "
)
_ELSEWHERE = (
    'other=$(command -v paddledvc) && case $(cd -P "${other%/*}" && pwd -P)/ in '
    '"$(pwd -P)"/*) false;; esac && merge "$other"; '
)


def merge_driver_command(root: Path, python: str | None = None) -> str:
    """Write the command that git runs for a merge, in the language of ``sh``.

    Git knows no way but the exit status to learn that a driver failed, and takes most failures for
    a conflict, with our side for its result and no marker in it. So we say in a word how it went,
    and whenever that word is missing, git's own merge does the work: after the environment was
    removed, after a crash, or when somebody killed us.

    The interpreter comes first, as editors start git without any environment activated; then
    whichever paddledvc is on the PATH, as environments move.
    """
    # Modules of the work tree must not take the place of ours.
    ours = "merge " + shlex.join(module_command_line("paddledvc", python=python))
    if inside := find_python_in_work_trees(root):
        asked = [f"(brought {shlex.quote(str(top))} {shlex.quote(one)})" for top, one in inside]
        ours = (_BROUGHT % ("; ".join(asked), ours)).removesuffix("; ")
    start = f"{ours}; {_ELSEWHERE}".replace("%", "%%")  # a lone % means something to git
    return (
        f"{_START}"
        "why='paddledvc failed; `paddledvc init` sets it up again'; "
        'merge() { case "$("$@" merge-file --marker-size %L -- %O %A %B %P)" in '
        "*merged) exit 0;; *conflict) exit 1;; esac; }; "
        f"{start}"
        'echo %P": merged line by line, because $why" >&2; '
        "git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1"
    )


def install_merge_driver(root: Path) -> bool:
    """Configure the driver in the repository of a folder; tell whether anything changed.

    Raises:
        ToolFailed: git cannot write its configuration.
    """
    wanted = {"name": _TITLE, "driver": merge_driver_command(root)}
    changed = False
    for key, value in wanted.items():
        setting = f"merge.{DRIVER}.{key}"
        if _configured(root, "--local", setting) != value:
            run_git(root, "config", "--local", "--replace-all", setting, value)
            changed = True
    return changed


def is_old_merge_driver(config: str) -> bool:
    """Tell whether a configuration of git has a driver of ours that imports from the work tree."""
    return f'[merge "{DRIVER}"]' in config and _START.rstrip("; ") not in config


def missing_merge_attributes(text: str) -> list[str]:
    r"""List the lines that .gitattributes lacks: those of files that it says nothing about.

    >>> missing_merge_attributes("*.lock -merge\nmodels.yaml text\nparams.yaml binary\n")
    ['models.yaml merge=paddledvc', 'dvc.yaml merge=paddledvc', 'reports/** -merge']
    """
    lines = [line.split() for line in text.splitlines()]
    told = [words[0].lstrip("/") for words in lines if any(map(_TELLS_HOW.fullmatch, words[1:]))]
    missing = [
        f"{name} merge={DRIVER}"
        for name in MERGE_FORMS
        if not any(fnmatch(name, pattern) for pattern in told)
    ]
    reported = any(pattern.startswith(f"{names.REPORTS}/") for pattern in told)
    return missing if reported else [*missing, BUILT]


def merge_shows_base(folder: Path) -> bool:
    """Tell whether conflicts show what was there before: ``merge.conflictStyle``."""
    return _configured(folder, "merge.conflictStyle") in ("diff3", "zdiff3")


def _configured(folder: Path, *arguments: str) -> str | None:
    return ask_git(folder, "config", "--get", *arguments)


def read_driver_file(path: Path) -> str:
    """Read a file of whatever encoding.

    Raises:
        InvalidInput: it is larger than what we read of these files elsewhere: git's own merge
            has to do.
    """
    if (size := path.stat().st_size) > TEXT:
        raise InvalidInput(f"a side of the merge has {size:,} bytes, expected {TEXT:,} at most")
    return path.read_bytes().decode(errors=_BYTES)


def write_driver_file(path: Path, text: str) -> None:
    """Write in one step what ``read_driver_file`` gave."""
    with files.replace_file(path) as new:
        new.write_bytes(text.encode(errors=_BYTES))


class Lines(NamedTuple):
    """A text merged line by line, and whether it is without conflicts."""

    text: str
    clean: bool


def merge_lines_with_git(
    texts: Sides[str], marker_size: int = 7, favour: Side | None = None
) -> Lines | None:
    """Merge as git does, line by line; None for what is no text.

    Args:
        texts: what to merge.
        marker_size: characters of a conflict marker.
        favour: the side to take where both changed the same lines.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for path in paths:
            path.write_bytes(getattr(texts, path.name).encode(errors=_BYTES))
        labels = [word for path in paths for word in ("-L", path.name)]
        form = ["merge-file", "--quiet", f"--marker-size={marker_size}", *labels]
        form += [] if favour is None else [f"--{favour}"]
        # In the current folder, for the settings of its repository.
        done = try_git(Path(), *form, *map(str, paths))
        if done.returncode >= _FAILED:
            return None
        return Lines(text=read_driver_file(paths[0]), clean=done.returncode == 0)
