"""DVC, driven as a program of the same Python that runs us."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import ToolFailed
from paddledvc.tools.dvc.library import broken_dvc, require_usable_dvc
from paddledvc.tools.git import project_files
from paddledvc.tools.python.command import code_command_line, module_command_line
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = {
    "DVC_NO_ANALYTICS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # For what DVC starts itself; its own Python is started isolated, and reads no variables.
    "PYTHONPATH": "",
    "PYTHONSAFEPATH": "1",
    "PYTHONIOENCODING": "utf-8:backslashreplace",  # in which we read what it prints
    "PYTHONUTF8": "1",
}
IGNORED = ("/config.local", "/tmp", "/cache")  # noqa: S108 - of `.dvc`
"""What ``dvc init`` lets git ignore in ``.dvc``."""
UTF8 = ("-X", "utf8")
"""Options that stand for the same variables."""
UNVERIFIED = "hdfs://"
"""Where DVC knows no ``verify``."""
LISTING = 600.0
"""Seconds that a remote may take to say what is in a folder."""
MISSING = "its DVC remote does not have it, or does not answer; was it pushed there by `dvc push`?"
"""Why DVC does not bring what it tracks."""
NOWHERE = "neither git nor DVC tracks such a file"
_REASONS = {
    "No storage files available": MISSING,
    "failed to load directory": MISSING,
    "Unable to locate credentials": "there are no credentials for its DVC remote",
    "Forbidden": "its DVC remote refuses the credentials",
    "Access Denied": "its DVC remote refuses the credentials",
    "No such file or directory": NOWHERE,
}
_GUARDED = """
import sys
from paddledvc.tools.dvc.remotes.redirects import guard_dvc
guard_dvc()
from dvc.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""DVC where somebody else says which servers it asks."""
_TRACEBACK = "Traceback (most recent call last)"
_IMPORT = re.compile(r"ERROR: unexpected error - ((?:No module named|cannot import name) [^\n]*)")
"""How DVC says that a part of it, or of what it needs, cannot be imported."""


def run_dvc(
    *arguments: str,
    root: Path,
    env: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a DVC command in a project and return what it printed.

    Args:
        *arguments: the command.
        root: folder to run it in.
        env: further variables for a repository of others; None hides one of ours.
        timeout: seconds that it may take.

    Raises:
        ToolFailed: it ended with an error, or not within ``timeout`` seconds.
        MissingTool: there is no DVC that works.
        InvalidInput: a commit brings links to where DVC notes things for itself.
    """
    require_usable_dvc()
    project_files.require_dvc_folders(root)
    if env is None:
        command = module_command_line("dvc", *arguments, options=UTF8)
    else:
        command = code_command_line(_GUARDED, *arguments, options=UTF8)
    try:
        return shell.run_program(
            command, cwd=root, env={**ENVIRONMENT, **(env or {})}, timeout=timeout
        )
    except ToolFailed as error:
        if (cause := _why_not_started(error.stderr)) is not None:
            raise broken_dvc(cause) from error
        raise


def is_dvc_initialised(root: Path) -> bool:
    """Tell whether DVC keeps its files in this very folder."""
    return (root / ".dvc").is_dir()


def init_dvc(root: Path, *, subdir: bool) -> None:
    """Initialise DVC in a git work tree, or in a folder of one."""
    run_dvc("init", *(["--subdir"] if subdir else []), root=root)


_KEPT = """
import json, sys
from dvc.fs import LocalFileSystem
from dvc.ignore import DvcIgnoreFilter
system = LocalFileSystem()
print(json.dumps([*DvcIgnoreFilter(system, sys.argv[1]).find(system, sys.argv[2])]))
"""


def list_dvc_files(root: Path, folder: Path) -> tuple[str, ...]:
    """Name the files of a folder that DVC looks at, as `.dvcignore` has it, by path in the folder.

    Raises:
        ToolFailed: DVC failed.
    """
    require_usable_dvc()
    top = next((one for one in (root, *root.parents) if is_dvc_initialised(one)), root)
    command = code_command_line(_KEPT, str(top), str(folder), options=UTF8)
    found = json.loads(shell.run_program(command, cwd=root, env=ENVIRONMENT).splitlines()[-1])
    return tuple(sorted(Path(path).relative_to(folder).as_posix() for path in found))


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFile:
    """A file of a repository, tracked by DVC or by git.

    Attributes:
        path: from the folder that was asked for; its name alone if it was asked for itself.
        tracked: whether DVC tracks it.
        md5: DVC's hash, which need not be that of the bytes; None if DVC has none.
        size: in bytes; None if DVC does not know.
    """

    path: str
    tracked: bool
    md5: str | None
    size: int | None


def list_dvc_repository(
    repository: Path, commit: str, path: str, *, cwd: Path, env: Mapping[str, str | None]
) -> list[RepositoryFile]:
    """List a file, or all files below a folder, at a commit of a repository.

    Raises:
        ToolFailed: there is no such path, or what DVC needs to know of it is out of reach.
    """
    form = ("--json", "--recursive", "--size", "--show-hash", "--rev", commit)
    listing = run_dvc(
        "list", *form, "--", str(repository), path, root=cwd, env=env, timeout=LISTING
    )
    return [
        RepositoryFile(path=one["path"], tracked=one["isout"], md5=one["md5"], size=one["size"])
        for one in json.loads(listing)
        if not one["isdir"]
    ]


def get_dvc_file(  # noqa: PLR0913 - as DVC has it
    repository: Path,
    commit: str,
    path: str,
    target: Path,
    *,
    cwd: Path,
    env: Mapping[str, str | None],
) -> None:
    """Bring a file, tracked by DVC or by git, from a commit of a repository.

    Raises:
        ToolFailed: there is no such path, or its bytes are out of reach.
    """
    form = ("--rev", commit, "--out", str(target))
    run_dvc("get", *form, "--", str(repository), path, root=cwd, env=env)


def reason_of_dvc(error: ToolFailed) -> str:
    """Say in a few words why DVC failed."""
    if "did not end within" in error.stderr:
        return "its DVC remote does not answer in time"
    lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR: ")]
    said = lines[-1] if lines else f"DVC ended with exit code {error.returncode}"
    said = re.sub(r"^ERROR: (unexpected error - )?", "", said)
    if re.fullmatch(r"\[.*\]", said):  # nothing but the path that it looked for
        return NOWHERE
    return next((meaning for sign, meaning in _REASONS.items() if sign in said), said)


def _why_not_started(words: str) -> str | None:
    r"""Say why DVC did not even start, from what it wrote; None where it failed otherwise.

    >>> _why_not_started("Traceback (most recent call last):\n  ...\nImportError: no x")
    'ImportError: no x'
    """
    if (found := _IMPORT.search(words)) is not None:
        return found[1]
    if "No module named dvc" in words or (_TRACEBACK in words and "ERROR: " not in words):
        return words.strip().splitlines()[-1]
    return None
