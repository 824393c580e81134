"""Whether releases keep their tags, and tags their commits and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.gate.core.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts, ReleaseTag
    from paddledvc.gate.core.violations import Level

MISSING, MOVED = "release-tag-missing", "release-tag-moved"
_SHORT = 7


def judge_release_tags(facts: Facts) -> Iterator[Violation]:
    """Find releases without their tag, and tags that were moved."""
    releases = facts.releases
    if releases is None:
        return
    level: Level = "error" if facts.role == facts.policy.production else "warning"
    for name, line in releases.entries.items():
        tag = releases.tags.get(name)
        if tag is None and releases.unknown:
            continue
        why = _explain_missing(name) if tag is None else _explain_moved(name, tag)
        if why:
            yield Violation(
                rule=MISSING if tag is None else MOVED,
                level=level,
                message=why,
                file=CHANGELOG,
                line=line,
            )


def _explain_missing(name: str) -> str:
    return (
        f"{name}: this release has no tag in this clone; run `git fetch --tags`, or if it was "
        "deleted, `paddledvc release create`, which makes it again while this version is locked"
    )


def _explain_moved(name: str, tag: ReleaseTag) -> str:
    """Say what is wrong with a tag; empty if nothing is."""
    restore = f"restore it by `git fetch --force origin tag {name}`; a new release needs a version"
    if tag.commit is None or tag.stated is None:
        return f"{name}: found a tag that `paddledvc release create` did not make; {restore}"
    stated = tag.stated
    if tag.commit != stated.commit:
        return (
            f"{name}: the tag names commit {tag.commit[:_SHORT]}, and its message commit "
            f"{stated.commit[:_SHORT]}, which is the released one; {restore}"
        )
    wanted = (stated.weights, stated.export)
    if tag.found is None or tag.found == wanted:
        return ""
    kind, expected, found = next(
        (kind, *pair)
        for kind, *pair in zip(("weights", "export"), wanted, tag.found, strict=True)
        if pair[0] != pair[1]
    )
    return (
        f"{name}: its message states {kind} {expected or 'none'}, and its commit "
        f"{tag.commit[:_SHORT]} has {found or 'none'}; {restore}"
    )
