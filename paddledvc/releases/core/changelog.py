"""Entries of releases in the CHANGELOG of the models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from paddledvc.catalogs.core.release_statements import render_release_heading
from paddledvc.display.markdown import code_span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.releases.core.plan import Release

_TITLE = "# Releases of models\n"
_FIRST = re.compile(r"^## ", re.MULTILINE)


def add_entries(text: str | None, releases: Iterable[Release], day: str) -> str:
    """Add the entries of releases to a CHANGELOG, above the others.

    Args:
        text: what the CHANGELOG holds; None where there is none.
        releases: the releases.
        day: the day of the releases, such as ``2026-11-22``.

    >>> from paddledvc.releases.core.plan import Release
    >>> one = Release(
    ...     model="det", version="v1", tag="det@v1.0.0", before=None, state="new", weights="md5:a"
    ... )
    >>> print(add_entries(None, [one], "2026-11-22"), end="")
    # Releases of models
    <BLANKLINE>
    ## `det` v1 (2026-11-22, tag `det@v1.0.0`)
    <BLANKLINE>
    - the first release
    - weights: `md5:a`
    """
    return _insert(_TITLE if text is None else text, [_entry(one, day) for one in releases])


def add_return(text: str, model: str, version: str, before: str | None) -> str:
    """Add to a CHANGELOG that a model went back to a version; no heading of a release.

    Args:
        text: what the CHANGELOG holds.
        model: name of the model.
        version: the version that it has again.
        before: the version that it had; None where it was removed.

    >>> print(add_return("# Models", "det", "v1", "v2"), end="")
    # Models
    <BLANKLINE>
    ## `det` is `v1` again
    <BLANKLINE>
    - rolled back from `v2`
    """
    why = f"rolled back from {code_span(before)}" if before is not None else "it was removed"
    return _insert(text, [f"## {code_span(model)} is {code_span(version)} again\n\n- {why}"])


def _insert(old: str, entries: list[str]) -> str:
    if not entries:
        return old
    first = _FIRST.search(old)
    at = len(old) if first is None else first.start()
    head, rest = old[:at].rstrip(), old[at:]
    new = "\n\n".join((*([head] if head else []), *entries, *([rest] if rest else [])))
    new = new if rest else f"{new}\n"
    return new.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in old else new


def _entry(release: Release, day: str) -> str:
    heading = render_release_heading(release.model, release.version, day, release.tag)
    before = f"the release before is {release.before}" if release.before else "the first release"
    facts = {"weights": release.weights, "export": release.export, "image": release.image}
    lines = [f"- {name}: {code_span(value)}" for name, value in facts.items() if value]
    return "\n".join((heading, "", f"- {before}", *lines))
