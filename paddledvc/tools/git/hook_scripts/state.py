"""Whether the hooks of a repository are live, and what keeps them from it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc.errors import PaddleDVCError
from paddledvc.tools.git.hook_scripts import install
from paddledvc.tools.git.hook_scripts import script as scripts
from paddledvc.tools.git.hook_scripts.script import HOOK_NAMES, Name, Script
from paddledvc.tools.python.command import code_command_line
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.tools.git.hook_scripts.install import HooksPlace

Live = Literal["live", "disabled", "overwritten", "missing", "old"]
PATIENCE = 20.0
"""Seconds that a Python gets to say which paddledvc it has."""
_CONFIG = ".pre-commit-config.yaml"
_IDS = {"pre-commit": "paddledvc-check", "pre-push": "paddledvc-push"}
_ASK = """
import paddledvc.hooks.run
from importlib.metadata import version
print(version("paddledvc"))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class HookState:
    """A hook of git, as it is in a clone.

    Attributes:
        name: which hook.
        state: whether it brings, checks or sends weights: ``live``; ``disabled`` if something keeps
            git from running it; ``overwritten`` by another; ``missing``; or ``old``, of a form that
            does the same and can be made to run modules of the work tree.
        why: what keeps it from being live, or what else there is to know; may be empty.
        path: the file that git looks at.
        python: the interpreter that it hands over to, if it is ours.
    """

    name: Name
    state: Live
    why: str
    path: Path
    python: str | None


def hook_states(root: Path) -> tuple[HookState, ...]:
    """Tell of every hook whether it is live in the repository of a project.

    Raises:
        NotAProject: the folder is in no git repository.
    """
    where = install.find_installed_hooks(root)
    return tuple(
        _state(where, name, install.name_hooked_project(root, where.top)) for name in HOOK_NAMES
    )


def _state(where: HooksPlace, name: Name, project: str) -> HookState:
    path = where.path(name)
    script = install.read_our_installed_hook(path)
    if script is not None:
        state, why = _of_ours(where, name, script, project)
    else:
        state, why = _of_others(where, name)
    python = None if script is None else script.python
    return HookState(name=name, state=state, why=why, path=path, python=python)


def _of_ours(where: HooksPlace, name: Name, script: Script, project: str) -> tuple[Live, str]:
    path = where.path(name)
    if project not in script.projects:
        return "missing", f"it serves other projects: {', '.join(script.projects)}"
    if not os.access(path, os.X_OK):
        return "disabled", "it is not executable"
    if script.form < scripts.HOOK_FORM:
        return "old", "it is of an older form, which can import modules of the work tree"
    return _of_new_ones(where, name)


def _of_new_ones(where: HooksPlace, name: Name) -> tuple[Live, str]:
    path = where.path(name)
    if (told := os.environ.get("PADDLEDVC_HOOKS", "")) in install.OFF:
        return "disabled", f"PADDLEDVC_HOOKS={told}"
    if path.name.endswith(install.LEGACY):
        return "live", "pre-commit runs it"
    kept = install.read_installed_hook(where.kept(name))
    if kept is None:
        return "live", ""
    by = scripts.find_hook_maker(kept) or "another hook"
    aside = scripts.choose_hook_chain(kept) == "aside"
    return "live", f"{_named(by)} is left aside" if aside else f"after {_named(by)}"


def _named(by: str) -> str:
    return by if by == "another hook" else f"the hook of {by}"


def _of_others(where: HooksPlace, name: Name) -> tuple[Live, str]:
    text = install.read_installed_hook(where.folder / name)
    was_here = where.kept(name).exists() or any(
        install.read_our_installed_hook(where.path(other)) for other in HOOK_NAMES
    )
    if text is None:
        if (
            where.folder != where.usual
            and install.read_our_installed_hook(where.usual / name) is not None
        ):
            return "disabled", f"core.hooksPath is {where.configured}"
        return "missing", ""
    if f"paddledvc hook {name}" in text:
        return "live", "another hook calls it"
    by = scripts.find_hook_maker(text)
    if by == "pre-commit" and _is_configured(where.top, name):
        return "live", f"{_CONFIG} has it"
    theirs = _named(by or "another hook")
    return ("overwritten", f"by {theirs}") if was_here else ("missing", f"there is {theirs}")


def _is_configured(top: Path, name: Name) -> bool:
    """Tell whether pre-commit is told to run us."""
    text = install.read_installed_hook(top / _CONFIG) or ""
    return _IDS.get(name, "paddledvc-checkout") in text or f"paddledvc hook {name}" in text


def ask_hook_version(python: str, cwd: Path) -> str | None:
    """Ask an interpreter for the version of its paddledvc; None if it, or paddledvc, is gone."""
    try:
        command = code_command_line(_ASK, python=python)
        done = shell.try_program(command, cwd=cwd, timeout=PATIENCE)
    except (PaddleDVCError, OSError):
        return None
    return None if done.returncode else done.output.strip()
