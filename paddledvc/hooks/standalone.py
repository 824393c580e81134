"""``paddledvc hook NAME``: a hook of ours that another program calls, such as pre-commit."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidInput, NotAProject
from paddledvc.hooks import run
from paddledvc.tools.git import repository, worktree
from paddledvc.tools.git.hook_scripts import install
from paddledvc.tools.git.hook_scripts import script as scripts
from paddledvc.tools.git.hook_scripts.script import HOOK_NAMES, Name
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.tools.system.progress import NamedProgress

_ZERO = "0" * 40
_GIVEN: dict[Name, tuple[str, ...]] = {
    "post-checkout": ("FROM_REF", "TO_REF", "CHECKOUT_TYPE"),
    "post-merge": ("IS_SQUASH_MERGE",),
    "post-rewrite": ("REWRITE_COMMAND",),
    "pre-push": ("REMOTE_NAME", "REMOTE_URL"),
}
"""Variables in which pre-commit hands on what git gave it as arguments."""


def answer_hook(
    name: Name | None, arguments: Sequence[str], progress: NamedProgress | None = None
) -> int:
    """Do what a hook is for in every project of the repository; return its exit status.

    Args:
        name: the hook; None if pre-commit tells in its variables.
        arguments: what git gave it; none if pre-commit tells.
        progress: told how the bytes leave before a push.

    Raises:
        InvalidInput: nothing tells which hook it is.
        NotAProject: the current folder is in no git repository.
    """
    name = name or name_of_hook(os.environ)
    if name is None:
        raise InvalidInput(f"name the hook: {', '.join(HOOK_NAMES)}")
    top = repository.find_repository_root(Path.cwd())
    if top is None:
        raise NotAProject(f"{Path.cwd()} is in no git repository; run `git init` first")
    os.chdir(top)
    projects = _projects(top)
    if not projects or os.environ.get("PADDLEDVC_HOOKS", "") in install.OFF:
        return 0
    if name.startswith("pre-"):
        pushed = _pushed_line(os.environ) if name == "pre-push" else None
        if pushed is not None:
            sys.stdin = io.StringIO(pushed)
        told = tuple(arguments) or tuple(filter(None, _from_variables(name, os.environ)))
        call = run.Call(name=name, folders=projects, arguments=told)
        return run.run(call, progress)
    # The script knows what to do in the middle of a rebase, and what happens mostly: nothing.
    # Hooks of others are for whoever calls us: here lie only files of what was checked out.
    ours = install.describe_own_hook_script(top, projects)
    script = scripts.render_hook_script(install.read_hook_template(), name, ours, before="aside")
    given = arguments or _from_variables(name, os.environ)
    return shell.stream_program(["sh", "-c", script, f"./{name}", *given], cwd=top)


def _projects(top: Path) -> tuple[str, ...]:
    found = worktree.list_worktree_files(top, [names.REGISTRY], untracked=True)
    return tuple(str(PurePosixPath(path).parent) for path in found)


def name_of_hook(variables: Mapping[str, str]) -> Name | None:
    """Name the hook that pre-commit runs, as far as it can be told from its variables.

    >>> name_of_hook({"PRE_COMMIT_REWRITE_COMMAND": "rebase"})
    'post-rewrite'
    """
    return next(
        (name for name, keys in _GIVEN.items() if f"PRE_COMMIT_{keys[-1]}" in variables), None
    )


def _from_variables(name: Name, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Give the arguments of git that pre-commit keeps in variables.

    >>> _from_variables("post-merge", {"PRE_COMMIT_IS_SQUASH_MERGE": "0"})
    ('0',)
    """
    return tuple(variables.get(f"PRE_COMMIT_{key}", "") for key in _GIVEN.get(name, ()))


def _pushed_line(variables: Mapping[str, str]) -> str | None:
    """Give what git wrote to a pre-push hook, as far as pre-commit tells; None if it is not it."""
    target = variables.get("PRE_COMMIT_REMOTE_BRANCH")
    if target is None:
        return None
    local = variables.get("PRE_COMMIT_LOCAL_BRANCH", "HEAD")
    commit = variables.get("PRE_COMMIT_TO_REF", local)
    return f"{local} {commit} {target} {_ZERO}\n"
