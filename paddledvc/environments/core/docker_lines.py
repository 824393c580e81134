"""The lines that start a container: for a command, and for Jupyter."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.environments.core.chosen import require_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.environments.core.chosen import Chosen

SHARED_MEMORY = "8g"
"""Paddle's workers hand batches over in it, and Docker gives 64 MB."""
JUPYTER = "jupyterlab>=4,<5"
FOLDER = "/work"
"""Where the project lies in a container."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A commit that has another state than the work tree, and where to check it out.

    Attributes:
        commit: its full name.
        told: what names it, such as ``the tag det@v1.2.0``.
        tree: the folder for it, from the project.
        inner: the project's folder in it; empty where that is the whole repository.
    """

    commit: str
    told: str
    tree: str
    inner: str = ""

    @property
    def folder(self) -> str:
        """The project's folder there, from the project."""
        return f"{self.tree}/{self.inner}".rstrip("/")


def render_heading(chosen: Chosen, place: Place | None) -> list[str]:
    """Say in comments what is to run, and in which image."""
    at = "" if place is None else f", from {place.told} (commit {place.commit})"
    lines = [f"# {chosen.title}{at}"]
    if not chosen.pinned:
        lines.append(
            f"# {require_image(chosen)} is not pinned: {names.LOCK} has no digest of it, and a tag "
            "may move"
        )
    lines += [f"# the same image: {one}" for one in chosen.mirrors]
    return lines


def render_preparation(chosen: Chosen, place: Place | None) -> list[str]:
    """Give the commands that bring a commit and its weights, before a container starts."""
    pull = shlex.join(["paddledvc", "pull", *chosen.models])
    if place is None:
        return [pull]
    tree = shlex.quote(place.tree)
    other = f"{place.tree} is there and has another commit; remove or rename it"
    refuse = f"{{ echo {shlex.quote(other)} >&2; false; }}"
    return [
        f"{{ [ -e {tree} ] || git worktree add --detach {tree} {place.commit}; }}",
        f"cd {shlex.quote(place.folder)}",
        f'{{ [ "$(git rev-parse HEAD)" = {place.commit} ] || {refuse}; }}',
        "repository=$(git rev-parse --path-format=absolute --git-common-dir)",
        pull,
    ]


def mount_project(place: Place | None) -> str:
    """Give what docker mounts: the project, and what a work tree of another commit points to."""
    return f'-v "$PWD":{FOLDER}' + ("" if place is None else ' -v "$repository":"$repository"')


def render_docker(
    chosen: Chosen, place: Place | None, *, gpus: bool, command: Sequence[str]
) -> str:
    """Give the lines that run a command in the image, as the user who calls them."""
    run = _run(chosen, place, gpus=gpus)
    started = [*run, require_image(chosen), shlex.join(command)]
    steps = [*render_preparation(chosen, place), _wrap(started)]
    return "\n".join((*render_heading(chosen, place), " &&\n".join(steps))) + "\n"


def render_jupyter(chosen: Chosen, place: Place | None, *, gpus: bool, port: int) -> str:
    """Give the lines that start Jupyter, for browsers of this machine that know its token.

    The token is made when they run, unless ``JUPYTER_TOKEN`` has one; Jupyter reads that itself.
    """
    serve = (
        f"python -c 'import jupyterlab' 2>/dev/null || "
        f"python -m pip install --quiet --user {shlex.quote(JUPYTER)} && "
        f"exec python -m jupyterlab --ip=0.0.0.0 --port={port} --no-browser"
    )
    more = [f"-p 127.0.0.1:{port}:{port}", "-e JUPYTER_TOKEN"]
    run = _run(chosen, place, gpus=gpus, more=more)
    steps = [
        *render_preparation(chosen, place),
        "JUPYTER_TOKEN=${JUPYTER_TOKEN:-$(od -An -tx1 -N24 /dev/urandom | tr -d ' \\n')}",
        "export JUPYTER_TOKEN",
        f'echo "http://127.0.0.1:{port}/lab?token=$JUPYTER_TOKEN"',
        _wrap([*run, require_image(chosen), f"sh -c {shlex.quote(serve)}"]),
    ]
    # In a shell of its own, so that no other program of the user's gets the token.
    return "\n".join((*render_heading(chosen, place), "(", " &&\n".join(steps), ")")) + "\n"


def _run(chosen: Chosen, place: Place | None, *, gpus: bool, more: Sequence[str] = ()) -> list[str]:
    image = shlex.quote(f"{names.IMAGE_VARIABLE}={require_image(chosen)}")
    return [
        "docker run --rm -it",
        *(["--gpus all"] if gpus else []),
        f"--shm-size={SHARED_MEMORY}",
        # Files in the project stay the user's, who has no home in the image.
        '--user "$(id -u):$(id -g)" -e HOME=/tmp',
        f"{mount_project(place)} -w {FOLDER}",
        f"-e {image}",
        *more,
    ]


def _wrap(parts: Sequence[str]) -> str:
    return " \\\n    ".join(parts)
