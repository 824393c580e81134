"""A git repository to a paddledvc project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc import names, schemas
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput, NotAProject, OutsideFailure
from paddledvc.project import Project
from paddledvc.setup.ci.write_pipeline import write_pipeline
from paddledvc.setup.trust import list_trust, trust
from paddledvc.tools.dvc import command
from paddledvc.tools.dvc.remotes.new_remotes import declare_remotes
from paddledvc.tools.dvc.trust.approve import approve_known
from paddledvc.tools.dvc.trust.gate import is_in_pipeline
from paddledvc.tools.git import ignores, repository
from paddledvc.tools.git.core.ignored import A_REPORT, OWN_FILES, SETTINGS_FILES
from paddledvc.tools.git.hook_scripts import install
from paddledvc.tools.git.merge import merge_driver
from paddledvc.tools.git.project_files import read_project_text, write_project_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from paddledvc.setup.ci.write_pipeline import Forge
    from paddledvc.tools.dvc.remotes.new_remotes import NewRemote
    from paddledvc.tools.git.core.ignored import Pattern

DRIVER = "merge driver of this clone"
HOOKS = "git hooks of this clone"
IGNORED = ("/checkpoints/", "/exports/", "/dvc_plots/", "/reports/**/*.html", "__pycache__/")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Initialised(Displayed):
    """What ``init`` did.

    Attributes:
        root: the project's folder.
        made: what was made or added to: files, and the merge driver and hooks of the clone.
        kept: what was there and stays as it is.
        inside: folder of the project that this one lies in, if it lies in one.
        hookless: why the hooks could not be installed; None if nothing was in the way.
        ignored: patterns by which git ignores files that have to be committed.
        trusted: what this clone trusts from now on, a line each.
        untrusted: the remotes that only this branch names, and where they are.
        notes: what people should know of the pipeline that was written, a sentence each.
    """

    root: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    inside: Path | None
    hookless: str | None = None
    ignored: tuple[Pattern, ...] = ()
    trusted: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def init(
    folder: str | os.PathLike[str] = ".",
    *,
    remotes: Sequence[NewRemote] = (),
    with_hooks: bool = True,
    ci: Forge | None = None,
    force: bool = False,
) -> Initialised:
    """Make a folder of a git repository a paddledvc project; what is there is not overwritten.

    In a clone of a project it sets up what git does not clone: the merge driver and the hooks. It
    approves the given remotes, and those that the server's default branch names.

    Args:
        folder: the folder, by default the current one; DVC is initialised in it if need be.
        remotes: DVC remotes to set up; by default one inside the clone, if there is none.
        with_hooks: let git call our hooks, unless their folder is not this clone's alone.
        ci: the forge whose pipeline is written, with the owners that it asks for reviews.
        force: replace the files of a pipeline that have other content.

    Raises:
        NotAProject: the folder is in no git repository.
        InvalidInput: a remote of the name is somewhere else already, or DVC refuses one; then
            nothing was changed. A pipeline was asked for where no forge reads one.
        InvalidFile: models.yaml cannot be read, which the pipeline is made from.
        ToolFailed: git or DVC failed.

    Example:
        remotes = [paddledvc.NewRemote.parse("prod=s3://weights/prod")]
        print(paddledvc.init("models", remotes=remotes, with_hooks=False).made)
    """
    root = Path(folder).resolve()
    top = repository.find_repository_root(root)
    if top is None:
        raise NotAProject(f"{root} is in no git repository; run `git init` first")
    if ci is not None and top.resolve() != root:
        raise InvalidInput(
            f"{root} is a folder of its repository, expected its top: forges read pipelines there"
        )
    done = [*_set_up_dvc(root, top.resolve(), remotes), *_write_files(root)]
    done.append((DRIVER, merge_driver.install_merge_driver(root)))
    hookless = None
    if with_hooks:
        try:
            done.append((HOOKS, any(install.install_hook_scripts(root).values())))
        except (InvalidInput, OutsideFailure) as error:
            hookless = str(error)
    pipeline = None if ci is None else write_pipeline(Project(root), ci, force=force)
    done += pipeline.files if pipeline is not None else ()
    trusted = _approve(root, remotes)
    left = [one for one in list_trust(Project(root)) if one.state in ("unapproved", "refused")]
    return Initialised(
        root=root,
        made=tuple(name for name, is_new in done if is_new),
        kept=tuple(name for name, is_new in done if not is_new),
        inside=_around(root),
        hookless=hookless,
        ignored=ignores.find_ignoring(root, (*OWN_FILES, *SETTINGS_FILES, A_REPORT)),
        trusted=trusted,
        untrusted=tuple(str(one) for one in left),
        notes=pipeline.notes if pipeline is not None else (),
    )


def _approve(root: Path, remotes: Sequence[NewRemote]) -> tuple[str, ...]:
    """Approve what somebody has typed, and what the server's default branch names."""
    known = () if is_in_pipeline() else approve_known(root)
    typed = trust(Project(root), [one.name for one in remotes]) if remotes else ()
    return (*known, *(f"this clone trusts {one.name}: {one.where}" for one in typed))


def _set_up_dvc(root: Path, top: Path, remotes: Sequence[NewRemote]) -> Iterator[tuple[str, bool]]:
    """See that there is a DVC with a remote; name the files and tell whether they were made."""
    declared = declare_remotes(root, remotes)  # first: one that is refused leaves nothing behind
    if not command.is_dvc_initialised(root):
        command.init_dvc(root, subdir=top != root)
        yield ".dvcignore", True
    # Where DVC was killed when it began, git would take the cache for files of the project.
    if _add_lines(root, ".dvc/.gitignore", _unignored_by_dvc):
        yield ".dvc/.gitignore", True
    yield from declared.remotes
    config = declared.config
    yield (
        ".dvc/config",
        config is not None and write_project_text(root, ".dvc/config", config),
    )


def _write_files(root: Path) -> Iterator[tuple[str, bool]]:
    """Write what is missing; name the files and tell whether they were written."""
    for name, text in _own_files().items():
        yield name, write_project_text(root, name, text)
    for name in (names.REGISTRY, names.PARAMS):
        is_there = (root / name).exists()
        yield name, not is_there and write_project_text(root, name, schemas.template_text(name))
    for name, missing in (
        (".gitignore", _unignored),
        (".gitattributes", merge_driver.missing_merge_attributes),
    ):
        yield name, _add_lines(root, name, missing)


def _around(root: Path) -> Path | None:
    return next((folder for folder in root.parents if (folder / names.REGISTRY).is_file()), None)


def _own_files() -> dict[str, str]:
    """Name the files that are wholly ours, and renewed with every version of paddledvc."""
    return {
        f"{names.OWN}/.gitignore": "/remote/\n/tmp/\n",
        **{
            f"{names.OWN}/{name}.schema.json": schemas.schema_text(name)
            for name in schemas.SCHEMA_NAMES
        },
    }


def _add_lines(root: Path, name: str, missing: Callable[[str], list[str]]) -> bool:
    """Add the lines that a file lacks; tell whether there were any."""
    text = read_project_text(root, name) if os.path.lexists(root / name) else ""
    lines = missing(text)
    if not lines:
        return False
    if text and not text.endswith("\n"):
        text += "\n"
    return write_project_text(root, name, text + "\n".join(lines) + "\n")


def _unignored(text: str) -> list[str]:
    return _missing_lines(text, IGNORED)


def _unignored_by_dvc(text: str) -> list[str]:
    return [] if "*" in text.split() else _missing_lines(text, command.IGNORED)


def _missing_lines(text: str, lines: Sequence[str]) -> list[str]:
    have = {line.strip() for line in text.splitlines()}
    return [line for line in lines if line not in have]
