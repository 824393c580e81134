"""The hooks of a git repository: where git looks for them, ours among them, and what was there."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, NotAProject
from paddledvc.tools.git import repository, worktree
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.hook_scripts import script as scripts
from paddledvc.tools.git.hook_scripts.script import HOOK_FORM, HOOK_NAMES, Name, Script
from paddledvc.tools.python.command import isolate_python
from paddledvc.tools.python.environment import find_python_in_work_trees
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = ".before-paddledvc"
"""Suffix of a hook that was there before ours."""
LEGACY = ".legacy"
"""Suffix that pre-commit gives to a hook that was there before its own."""
OFF = ("0", "no", "off", "false")
"""Values of ``PADDLEDVC_HOOKS`` that turn the hooks off."""
_CONFIGURED = "core.hooksPath"
_OTHERS = ("global", "system")
"""Scopes of git's configuration that hold for more repositories than one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HooksPlace:
    """Where git looks for the hooks of a repository.

    Attributes:
        top: the top of the work tree.
        folder: the folder of the hooks, absolute; it need not be there.
        usual: the folder that git looks at unless ``core.hooksPath`` says otherwise.
        configured: what ``core.hooksPath`` says; None where it says nothing.
        scope: where it says so: ``local``, ``worktree``, ``global`` or ``system``.
    """

    top: Path
    folder: Path
    usual: Path
    configured: str | None
    scope: str | None

    def path(self, name: Name) -> Path:
        """Name the file where ours is, or belongs: git's own place, or where pre-commit put it."""
        moved = self.folder / f"{name}{LEGACY}"
        there = read_installed_hook(self.folder / name)
        if (
            there is not None
            and scripts.find_hook_maker(there) == "pre-commit"
            and read_our_installed_hook(moved)
        ):
            return moved
        return self.folder / name

    def kept(self, name: Name) -> Path:
        """Name the file that a hook is kept in which was there before ours."""
        return self.folder / f"{name}{KEPT}"


def find_installed_hooks(root: Path) -> HooksPlace:
    """Find where git looks for the hooks of the work tree that a folder belongs to.

    Raises:
        NotAProject: the folder is in no git repository.
        ToolFailed: git refuses to say.
    """
    top = repository.find_repository_root(root)
    if top is None:
        raise NotAProject(f"{root} is in no git repository; run `git init` first")
    told = ask_git(top, "config", "--show-scope", "--get", _CONFIGURED)
    scope, _, configured = (told or "").partition("\t")
    return HooksPlace(
        top=top,
        folder=Path(os.path.abspath(worktree.worktree_git_folder(top, "hooks"))),  # noqa: PTH100 - keeps links
        usual=worktree.git_folder_of_worktrees(top) / "hooks",
        configured=configured or None,
        scope=scope or None,
    )


def name_hooked_project(root: Path, top: Path) -> str:
    """Name the folder of a project from the top of its work tree."""
    return root.resolve().relative_to(top.resolve()).as_posix()


def read_installed_hook(path: Path) -> str | None:
    """Read a hook of whatever kind; None where there is none."""
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # not there, a folder, or a link to nowhere
        return None


def read_our_installed_hook(path: Path) -> Script | None:
    """Read a hook if it is ours."""
    text = read_installed_hook(path)
    return None if text is None else scripts.parse_hook_script(text)


def install_hook_scripts(root: Path, *, force: bool = False) -> dict[Name, bool]:
    """Write our hooks, keep those that are there, and tell which of ours are new or changed.

    Args:
        root: the project.
        force: write into a folder too that other repositories use, or that branches can fill.

    Raises:
        InvalidInput: the folder of the hooks is not this clone's alone.
        OutsideFailure: it cannot be written to.
    """
    where = find_installed_hooks(root)
    if not force:
        _require_own(where)
    project = name_hooked_project(root, where.top)
    if "\n" in project or "\n" in sys.executable:
        raise InvalidInput(f"git's hooks cannot name a folder with a line break: {project!r}")
    with _alone(where):
        served = scripts.add_hooked_project(_projects(where), project)
        return {name: _write(where, name, served) for name in HOOK_NAMES}


def renew_hook_scripts(root: Path) -> bool:
    """Write those of our hooks anew that are of an older form; tell whether there were any."""
    where = find_installed_hooks(root)
    renewed = False
    with _alone(where):
        for name in HOOK_NAMES:
            there = _found(where, name)
            if there is not None and there.form < HOOK_FORM:
                renewed = _write(where, name, there.projects) or renewed
    return renewed


def uninstall_hook_scripts(root: Path) -> dict[Name, bool]:
    """Take a project out of our hooks; the last one takes the hooks away, and what was comes back.

    Returns:
        Which of them were changed or removed; what somebody put over ours since stays.
    """
    where = find_installed_hooks(root)
    project = name_hooked_project(root, where.top)
    with _alone(where):
        served = tuple(one for one in _projects(where) if one != project)
        if served:
            return {
                name: bool(_found(where, name)) and _write(where, name, served)
                for name in HOOK_NAMES
            }
        return {name: _restore(where, name) for name in HOOK_NAMES}


def _require_own(where: HooksPlace) -> None:
    """See that what we write serves this clone alone, and that nobody commits it."""
    if where.scope in _OTHERS:
        raise InvalidInput(
            f"{_CONFIGURED} is {where.configured} in your {where.scope} configuration of git, so "
            "hooks there run in all repositories. Give this one hooks of its own with "
            f"`git config {_CONFIGURED} {shlex.quote(str(where.usual))}`, or write there with "
            "`paddledvc hooks install --force`"
        )
    folder = where.folder.resolve()
    if where.usual.parent in folder.parents or where.top.resolve() not in folder.parents:
        return
    raise InvalidInput(
        f"{_CONFIGURED} is {where.configured}, a folder of the work tree, where every branch can "
        "put hooks of its own, ignored or not. Give this clone hooks that no branch changes with "
        f"`git config {_CONFIGURED} {shlex.quote(str(where.usual))}`, or write there with "
        "`paddledvc hooks install --force`"
    )


@contextmanager
def _alone(where: HooksPlace) -> Iterator[None]:
    with files.hold_file_lock(where.usual.parent / "paddledvc" / "hooks.lock"):
        yield


def _found(where: HooksPlace, name: Name) -> Script | None:
    return read_our_installed_hook(where.path(name))


def _projects(where: HooksPlace) -> set[str]:
    """Name the projects that our hooks serve already."""
    scripts = (_found(where, name) for name in HOOK_NAMES)
    return {project for script in scripts if script is not None for project in script.projects}


def _write(where: HooksPlace, name: Name, projects: tuple[str, ...]) -> bool:
    """Write a hook of ours, after keeping another's; tell whether anything changed."""
    path = where.path(name)
    if os.path.lexists(path) and read_our_installed_hook(path) is None:
        _keep(path, where.kept(name))
    kept = read_installed_hook(where.kept(name))
    before = "run" if kept is None else scripts.choose_hook_chain(kept)
    script = describe_own_hook_script(where.top, projects)
    text = scripts.render_hook_script(read_hook_template(), name, script, before)
    if read_installed_hook(path) == text and os.access(path, os.X_OK) and not path.is_symlink():
        return False
    with files.replace_file(path, mode=0o755) as new:
        new.write_text(text, encoding="utf-8")
    return True


def describe_own_hook_script(top: Path, projects: tuple[str, ...]) -> Script:
    """Describe a hook that hands over to this very Python."""
    return Script(
        python=sys.executable,
        projects=projects,
        isolation=isolate_python(),
        environment=tuple(f"{one.top}/./{one.inner}" for one in find_python_in_work_trees(top)),
    )


def read_hook_template() -> str:
    """Read the script that all hooks are made from."""
    return (package_files("paddledvc.tools.git.hook_scripts") / "hook.sh").read_text(
        encoding="utf-8"
    )


def _keep(path: Path, kept: Path) -> None:
    """Give a hook a second name, under which it survives that ours takes its first one.

    What was kept before did not run any more, for somebody had put a hook over ours: it makes room.
    """
    if os.path.lexists(kept):
        if _same(path, kept):
            return
        number = next(n for n in range(2, 1000) if not os.path.lexists(f"{kept}-{n}"))
        kept.replace(f"{kept}-{number}")
    try:
        os.link(path, kept, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(path, kept, follow_symlinks=False)


def _same(one: Path, other: Path) -> bool:
    a, b = one.lstat(), other.lstat()
    if (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino):
        return True
    return (
        stat.S_ISREG(a.st_mode)
        and stat.S_ISREG(b.st_mode)
        and a.st_mode == b.st_mode
        and one.read_bytes() == other.read_bytes()
    )


def _restore(where: HooksPlace, name: Name) -> bool:
    """Take a hook of ours away, and bring back what was there before."""
    path, kept = where.path(name), where.kept(name)
    path.with_name(f".{name}.paddledvc").unlink(missing_ok=True)
    if read_our_installed_hook(path) is None:  # not there, or somebody put another over it
        with suppress(OSError):
            if _same(path, kept):  # killed while installing
                kept.unlink()
        return False
    before = read_installed_hook(kept)
    if os.path.lexists(kept) and not _is_running_us(before, path):
        kept.replace(path)
    else:
        kept.unlink(missing_ok=True)
        path.unlink()
    return True


def _is_running_us(before: str | None, path: Path) -> bool:
    """Tell whether the hook that we keep is the one that calls us, from before it was renewed."""
    made_by = None if before is None else scripts.find_hook_maker(before)
    return made_by == "pre-commit" and path.name.endswith(LEGACY)
