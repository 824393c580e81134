"""A site written into a folder that holds nothing else."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.tools.git.project_files import find_project_text, write_output_text
from paddledvc.tools.system.atomic import PART
from paddledvc.website.core.pages import render_site
from paddledvc.website.read_contents import read_contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paddledvc.project import Project

MARKER = ".paddledvc-site"
"""Names the pages of a site, so that only these are ever replaced or removed."""
_TITLE = "# Written by `paddledvc report --site`, which replaces and removes these files:\n"
_PAGE = re.compile(r"(?:index|production|models/[A-Za-z0-9_-]+)\.html")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Site(Displayed):
    """A site that was written.

    Attributes:
        folder: where it is.
        pages: the pages, from there; the one that links to all others is the first.
        branches: the branches that it shows, production first.
        problems: why a branch says nothing of models, by its name.
    """

    folder: Path
    pages: tuple[str, ...]
    branches: tuple[str, ...]
    problems: dict[str, str]


def write_site(project: Project, folder: str | os.PathLike[str]) -> Site:
    """Write a site of all models from git: no server, no network, no other file is needed.

    The same commits and tags give the same bytes. Pages of models that are gone are removed.

    Args:
        project: the project.
        folder: where; it is made, or has to be empty or written by this function.

    Raises:
        InvalidInput: the folder holds other files, nothing is committed, or the models of the
            production branch cannot be read.
        OutsideFailure: the folder cannot be written.

    Example:
        site = paddledvc.write_site(paddledvc.Project.find("."), "public")
        print(site.folder / site.pages[0])
    """
    where = Path(folder)
    before = _require_own(where)
    contents = read_contents(project)
    pages = render_site(contents)
    # Whoever is killed leaves whole pages, and a note of all that may be replaced.
    _write_marker(project, where, before | pages.keys())
    for name, text in pages.items():
        write_output_text(project.root, where / name, text)
    try:
        for name in before - pages.keys():
            (where / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutsideFailure(f"cannot write {where}: {error.strerror or error}") from error
    _write_marker(project, where, pages.keys())
    return Site(
        folder=where,
        pages=tuple(reversed(pages)),
        branches=tuple(one.title for one in contents.branches),
        problems={one.title: one.problem for one in contents.branches if one.problem},
    )


def _write_marker(project: Project, where: Path, pages: Iterable[str]) -> None:
    text = _TITLE + "".join(f"{name}\n" for name in sorted(pages))
    write_output_text(project.root, where / MARKER, text)


def _require_own(where: Path) -> set[str]:
    """Require that a folder holds nothing but a site; name the pages of that."""
    if not os.path.lexists(where):
        return set()
    if not where.is_dir():
        raise InvalidInput(f"{where} is a file, expected a folder for the site")
    marked = find_project_text(where, MARKER) or ""
    known = set(filter(_PAGE.fullmatch, marked.splitlines()))
    for name in sorted(_list_files(where)):
        if name != MARKER and name not in known:
            raise InvalidInput(
                f"{where} holds {name}, which is no page of a site; name a new or an empty folder"
            )
    return known


def _list_files(where: Path) -> Iterator[str]:
    """List what a folder holds, but for what a killed process left of a file of its own."""
    for folder, folders, files in os.walk(where):
        for name in (*files, *folders):
            path = Path(folder, name)
            shown = path.relative_to(where).as_posix()
            if path.is_symlink():
                yield f"the link {shown}"
            elif name in files and not (name.startswith(".") and name.endswith(PART)):
                yield shown
