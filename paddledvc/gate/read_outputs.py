"""What a check reads of DVC's files: outputs and listings that name what nobody may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile
from paddledvc.gate.core.violations import Violation, list_file_violations
from paddledvc.tools.dvc import shortcuts
from paddledvc.tools.dvc.cache import Cache
from paddledvc.weights.core.tracked import PATTERNS
from paddledvc.weights.expected import read_expected_cached

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from paddledvc.project import Project, ProjectFiles
    from paddledvc.weights.core.tracked import Tracked

UNSAFE = "output-unsafe"


def find_unsafe_outputs(
    at: ProjectFiles, project: Project, unreadable: Collection[str]
) -> Iterator[Violation]:
    """Find outputs that lie where none may, and folders whose listing names what none may hold.

    Of a listing only what the cache has can be told.

    Args:
        at: the files that are judged.
        project: the project in the work tree, whose cache is looked into.
        unreadable: files of which a finding tells already.
    """
    texts = at.snapshot.texts(PATTERNS)
    try:
        expected = read_expected_cached(project, texts)
    except InvalidFile as error:
        every = list_file_violations(UNSAFE, error)
        yield from (one for one in every if one.file not in unreadable)
        return
    with shortcuts.allow_shortcuts():  # it is only read; git waits for this before a commit
        cache = Cache.of(project.root)
    for one in expected:
        if one.folder and one.oid is not None and (why := cache.explain_listing(one.oid)):
            yield _in_listing(one, why, texts)


def _in_listing(tracked: Tracked, why: str, texts: Mapping[str, str]) -> Violation:
    """Name the line that names the listing."""
    name, text = next(item for item in texts.items() if str(tracked.oid) in item[1])
    return Violation(
        rule=UNSAFE,
        level="error",
        message=f"{tracked.path}: {why}; check who wrote that listing",
        model=tracked.model,
        file=name,
        line=text[: text.index(str(tracked.oid))].count("\n") + 1,
        column=1,
    )
