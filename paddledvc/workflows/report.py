"""The evidence of verifications as pages that people read in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import layout, page
from paddledvc.errors import InvalidInput
from paddledvc.tools import files
from paddledvc.tools.reporting import NAME, read

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.project import Project


def report(project: Project) -> tuple[Path, ...]:
    """Write a page for each model that was verified, and one that names them all.

    Args:
        project: the project.

    Returns:
        The pages; the one that names all is the first.

    Raises:
        InvalidInput: nothing was verified yet.
        InvalidFile: a report cannot be read.

    Example:
        project = paddledvc.Project.find()
        for page in paddledvc.report(project):
            print(page)
    """
    folder = project.root / layout.REPORTS
    found = [read(path.parent, project.root) for path in sorted(folder.glob("*/verify.json"))]
    if not found:
        raise InvalidInput(f"there is no {layout.REPORTS}/*/verify.json; run `dvc repro` first")
    written = [folder / "index.html"]
    files.write_text(written[0], page.overview(found))
    for one in found:
        written.append(folder / one.slug / NAME)
        files.write_text(written[-1], page.page(one))
    return tuple(written)
