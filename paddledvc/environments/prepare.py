"""The lines and files that start what a model runs in, for now or for a version of the past."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.environments.core.chosen import choose_environment, require_image
from paddledvc.environments.core.devcontainer import DEVCONTAINER, render_devcontainer
from paddledvc.environments.core.docker_lines import Place, render_docker, render_jupyter
from paddledvc.environments.core.ssh_files import render_ssh_files
from paddledvc.environments.find_commit import find_revision, find_version
from paddledvc.errors import InvalidInput
from paddledvc.models.lockfile import Lock
from paddledvc.tools.git import worktree
from paddledvc.tools.git.project_files import find_project_text, write_output_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.environments.core.chosen import Chosen
    from paddledvc.environments.find_commit import FoundCommit
    from paddledvc.project import Project

EnvironmentKind = Literal["docker", "jupyter", "ssh", "devcontainer"]
PORTS = {"jupyter": 8888, "ssh": 2222}
FOLDERS = {"ssh": "containers/ssh", "devcontainer": "."}
"""Where the files go, from the project, unless somebody says where."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class PreparedEnvironment(Displayed):
    """What starts an environment.

    Attributes:
        kind: what it is for.
        name: the model or group; None for the project.
        version: the version of the model.
        commit: the commit that it is of; None for the work tree.
        image: the image, with its digest where models.lock has that.
        pinned: whether it has.
        lines: what to paste into a shell; empty where files are written.
        files: the files and their texts, by path from the current folder.
        checkout: the folder for a work tree of the commit; None for the work tree of now.
    """

    kind: EnvironmentKind
    name: str | None
    version: str | None
    commit: str | None
    image: str
    pinned: bool
    lines: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    checkout: str | None = None

    @property
    def warning(self) -> str:
        """What keeps the image from being the same one for ever; empty where nothing does."""
        if self.pinned:
            return ""
        return (
            f"warning: models.lock has no digest of {self.image}, and a tag may move; run "
            "`paddledvc lock`"
        )


def prepare_environment(  # noqa: PLR0913 - each is an option
    project: Project,
    kind: EnvironmentKind,
    name: str | None = None,
    *,
    rev: str | None = None,
    gpus: bool | None = None,
    command: Sequence[str] = (),
    port: int | None = None,
    host: str | None = None,
    output: str | os.PathLike[str] | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> PreparedEnvironment:
    """Prepare what starts a container of the locked image; those with files write them.

    Args:
        project: the project.
        kind: what it is for.
        name: a model, ``MODEL@VERSION`` or a group; None for the project.
        rev: the branch, tag or commit that it is to be of, instead of the work tree.
        gpus: whether it gets the GPUs; None where that depends on whether CUDA is stated.
        command: what runs in it; by default ``python train.py`` where there is such a file, else
            ``bash``.
        port: the port of this machine for Jupyter or SSH.
        host: the machine that the container with SSH runs on, as SSH knows it.
        output: the folder for the files.
        force: replace files that are there.
        dry_run: write nothing.

    Raises:
        InvalidInput: no image is stated, there is no such version, or a file is there already.
        UnknownModel: there is no such model.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        print(paddledvc.prepare_environment(project, "docker", "detector@v1.2.0").lines)
    """
    at, name = _find(project, name, rev)
    files = project if at is None else at.files
    lock = files.lock() if (files.folder / names.LOCK).exists() else Lock(models=())
    chosen = choose_environment(files.registry(), lock, name)
    place = None if at is None else _place(project, chosen, at)
    gpus = chosen.cuda is not None if gpus is None else gpus
    port = port or PORTS.get(kind, 0)
    lines, written = "", {}
    if kind == "docker":
        script = (files.folder / "train.py").is_file()
        run = tuple(command) or (("python", "train.py") if script else ("bash",))
        lines = render_docker(chosen, place, gpus=gpus, command=run)
    elif kind == "jupyter":
        lines = render_jupyter(chosen, place, gpus=gpus, port=port)
    else:
        folder = project.root / FOLDERS[kind] if output is None else Path(output)
        if kind == "devcontainer":
            made: Mapping[str, str] = {DEVCONTAINER: render_devcontainer(chosen, gpus=gpus)}
        else:
            root = os.path.relpath(project.root, folder.absolute())
            made = render_ssh_files(
                chosen, place, gpus=gpus, port=port, root=root, host=_require_host(host)
            )
        written = {os.path.relpath(folder / one): text for one, text in made.items()}
        if not dry_run:
            _write(project, written, force=force)
    return PreparedEnvironment(
        kind=kind,
        name=name,
        version=chosen.version,
        commit=None if at is None else at.commit,
        image=require_image(chosen),
        pinned=chosen.pinned,
        lines=lines,
        files=written,
        checkout=None if place is None else place.tree,
    )


def _find(
    project: Project, name: str | None, rev: str | None
) -> tuple[FoundCommit | None, str | None]:
    """Find the commit that is asked for, and the name without its version."""
    model, _, version = (name or "").partition("@")
    if version and rev is not None:
        raise InvalidInput(f"{name} and --rev {rev} both say which commit is meant; give either")
    if version:
        return find_version(project, model, version), model
    return (None if rev is None else find_revision(project, rev)), name


def _place(project: Project, chosen: Chosen, at: FoundCommit) -> Place:
    """Say where the commit is to be checked out: beside the repository."""
    inner = worktree.prefix_in_worktree(project.root).rstrip("/")
    top = project.root
    for _ in filter(None, inner.split("/")):
        top = top.parent
    what = "-".join(filter(None, (chosen.name and names.slug(chosen.name), chosen.version)))
    folder = top.parent / "-".join((top.name, what or at.commit[:12]))
    tree = os.path.relpath(folder, project.root)
    return Place(commit=at.commit, told=at.told, tree=tree, inner=inner)


def _require_host(host: str | None) -> str | None:
    if host is not None and (not host.isprintable() or " " in host or host.startswith("-")):
        raise InvalidInput(f"found the host {host!r}, expected one as ssh takes it, such as gpu1")
    return host


def _write(project: Project, files: Mapping[str, str], *, force: bool) -> None:
    """Write files; those that hold something else stay unless that is asked for."""
    if not force:
        others = [one for one, text in files.items() if _holds_another(one, text)]
        if others:
            raise InvalidInput(
                f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} there already and "
                "would be replaced; give --force, or another folder with --output"
            )
    for path, text in files.items():
        write_output_text(project.root, Path(path), text)


def _holds_another(path: str, text: str) -> bool:
    if not os.path.lexists(path):
        return False
    file = Path(path)
    try:
        return find_project_text(file.parent.absolute(), file.name) != text
    except (InvalidInput, OSError):
        return True
