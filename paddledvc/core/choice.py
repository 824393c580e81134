"""Which of the versions that a catalog lists is taken, and why none is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.core.compatibility import obstacle
from paddledvc.core.versions import as_version, newest
from paddledvc.core.wants import unsatisfied
from paddledvc.errors import Unresolvable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paddledvc.core.catalog import Listed
    from paddledvc.core.resolution import Question

SHOWN = 8
"""Versions that an explanation names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The version that is taken.

    Attributes:
        version: the version, as the catalog spells it.
        warning: what speaks against it although it was asked for; None if nothing does.
    """

    version: str
    warning: str | None = None


def choose(question: Question, listed: Sequence[Listed]) -> Choice:
    """Take the newest version that satisfies everybody and that the environment loads.

    A yanked version is taken only where somebody asks for exactly it.

    Raises:
        Unresolvable: there is none; the message says who wants what, and what there is.
    """
    possible = [one for one in listed if why_not(question, one) is None]
    if not possible:
        raise _explain(question, listed)
    chosen = newest(one.version for one in possible)
    found = next(one for one in possible if one.version == chosen)
    warning = f"{question.model.name} {chosen} is {found.yanked}" if found.yanked else None
    return Choice(version=found.version, warning=warning)


def why_not(question: Question, listed: Listed) -> str | None:
    """Say why a version cannot be taken, in a few words; None if it can."""
    if (want := unsatisfied(question.wants, listed.version)) is not None:
        if as_version(listed.version).is_prerelease and want.requirement.allows(
            listed.version, prereleases=True
        ):
            return "a pre-release"
        return str(want)
    exactly = any(want.requirement.exact for want in question.wants)
    if listed.yanked is not None and not exactly:
        return listed.yanked
    ranges = [listed.paddle, question.model.paddle]
    return obstacle(question.environment, ranges, listed.format)


def _explain(question: Question, listed: Sequence[Listed]) -> Unresolvable:
    name = question.model.name
    if not listed:
        asked = f" as {question.query.name!r}" if question.query.name != name else ""
        return Unresolvable(name, f"the catalog {question.catalog} does not list it{asked}")
    ordered = sorted(listed, key=lambda one: as_version(one.version), reverse=True)
    words = [_said(question, one) for one in ordered[:SHOWN]]
    more = f" and {len(listed) - SHOWN} older ones" if len(listed) > SHOWN else ""
    reasons = [*map(str, question.wants), f"{question.catalog} lists {', '.join(words)}{more}"]
    if hint := _hint(why_not(question, one) for one in ordered):
        reasons.append(hint)
    return Unresolvable(name, "no version satisfies all of this", reasons)


def _said(question: Question, listed: Listed) -> str:
    """Name a version, with what else than the requirements speaks against it."""
    why = why_not(question, listed)
    asked = {str(want) for want in question.wants}
    return listed.version if why is None or why in asked else f"{listed.version} ({why})"


def _hint(reasons: Iterable[str | None]) -> str:
    if "a pre-release" in reasons:
        return "pre-releases are taken only when asked for: latest-pre, or >= with a pre-release"
    return ""
