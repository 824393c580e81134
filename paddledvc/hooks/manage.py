"""The hooks of git: installed, removed, and looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc.display.results import Displayed
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.git.hook_scripts import install, state
from paddledvc.tools.git.hook_scripts.script import HOOK_NAMES, Name

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.project import Project
    from paddledvc.tools.git.hook_scripts.state import HookState


@dataclass(frozen=True, kw_only=True, slots=True)
class HookChange:
    """What became of a hook.

    Attributes:
        name: which hook.
        done: ``installed``, also where an older one of ours was brought up to date; ``kept`` as it
            was; ``removed``; or ``restored`` to what was there before.
        note: what else there is to know; may be empty.
    """

    name: Name
    done: Literal["installed", "kept", "removed", "restored"]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.done} {self.name}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class HookChanges(Displayed):
    """What became of the hooks.

    Attributes:
        folder: where git looks for them.
        changes: one for each hook, in the order of their names.
    """

    _table_of = "changes"
    folder: Path
    changes: tuple[HookChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class HooksStatus(Displayed):
    """How the hooks are.

    Attributes:
        folder: where git looks for them.
        hooks: each of them.
        python: the interpreter that they hand over to; None if none is ours.
        version: of its paddledvc; None if it, or the interpreter, is gone.
        live: whether all of them do their work.
    """

    _table_of = "hooks"
    folder: Path
    hooks: tuple[HookState, ...]
    python: str | None
    version: str | None
    live: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know besides, one line each."""
        lines = () if self.live else ("run `paddledvc hooks install`",)
        if self.python is None:
            return lines
        found = f"paddledvc {self.version}" if self.version else "which no longer has paddledvc"
        return (f"Python: {self.python} ({found})", *lines)


def install_hooks(project: Project, *, force: bool = False) -> HookChanges:
    """Install the hooks in the repository of a project, or bring them up to date.

    Args:
        project: the project.
        force: write into a folder too that other repositories use, or that branches can fill.

    Raises:
        InvalidInput: the folder of the hooks is not this clone's alone.
        OutsideFailure: it cannot be written to.

    Example:
        project = paddledvc.Project.find()
        for change in paddledvc.install_hooks(project).changes:
            print(change)
    """
    written = install.install_hook_scripts(project.root, force=force)
    approve_first(project.root)
    states = {state.name: state for state in state.hook_states(project.root)}
    return HookChanges(
        folder=install.find_installed_hooks(project.root).folder,
        changes=tuple(
            HookChange(
                name=name, done="installed" if written[name] else "kept", note=states[name].why
            )
            for name in HOOK_NAMES
        ),
    )


def uninstall_hooks(project: Project) -> HookChanges:
    """Remove a project from the hooks; the last one removes them, and what was there comes back.

    Example:
        project = paddledvc.Project.find()
        for change in paddledvc.uninstall_hooks(project).changes:
            print(change)
    """
    place = install.find_installed_hooks(project.root)
    paths = {name: place.path(name) for name in HOOK_NAMES}
    removed = install.uninstall_hook_scripts(project.root)
    return HookChanges(
        folder=place.folder,
        changes=tuple(_removed(name, paths[name], changed=removed[name]) for name in HOOK_NAMES),
    )


def _removed(name: Name, path: Path, *, changed: bool) -> HookChange:
    if not changed:
        return HookChange(name=name, done="kept")
    if install.read_our_installed_hook(path) is not None:
        return HookChange(name=name, done="kept", note="other projects use it")
    return HookChange(name=name, done="restored" if path.exists() else "removed")


def hooks_status(project: Project) -> HooksStatus:
    """Tell whether the hooks are live, and which Python they use.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.hooks_status(project).live)
    """
    states = state.hook_states(project.root)
    python = next((state.python for state in states if state.python is not None), None)
    version = None if python is None else state.ask_hook_version(python, project.root)
    gone = python is not None and version is None
    return HooksStatus(
        folder=install.find_installed_hooks(project.root).folder,
        hooks=states,
        python=python,
        version=version,
        live=not gone and all(state.state == "live" for state in states),
    )
