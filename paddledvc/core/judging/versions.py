"""Whether versions and digests are of the kind that a branch may have."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.core.history import contents_of, difference
from paddledvc.core.versions import as_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.judging.facts import Facts
    from paddledvc.core.lock import LockedModel
    from paddledvc.core.model import Model
    from paddledvc.core.violations import Violation

NOTHING = {
    "md5": hashlib.md5(usedforsecurity=False).hexdigest(),
    "sha256": hashlib.sha256().hexdigest(),
}
"""Digests of an empty file, which people get from downloads that failed."""


def exactness(facts: Facts) -> Iterator[Violation]:
    """Judge what models.yaml asks for."""
    for model in facts.registry.models if facts.registry else ():
        text = model.requires.text
        if facts.role.versions == "exact" and not model.requires.exact:
            message = (
                f"{model.name}: found {text!r}, expected one exact version on "
                f"{_branches(facts)}{_locked_at(facts, model)}"
            )
            yield facts.of_model("version-not-exact", message, model.name, "version")
        elif facts.role.versions == "range" and text == "latest-pre":
            message = (
                f"{model.name}: found {text!r}, expected an exact version, a range or `latest` on "
                f"{_branches(facts)}{_locked_at(facts, model)}"
            )
            yield facts.of_model("version-not-exact", message, model.name, "version")


def _branches(facts: Facts) -> str:
    return f"{facts.role.name} branches"


def _locked_at(facts: Facts, model: Model) -> str:
    """Say what to write instead: the version that is locked, if that is one to write."""
    locked = facts.lock.by_name.get(model.name) if facts.lock else None
    if locked is None:
        return "; name one"
    return f"; write {locked.version}, which is locked"


def prereleases(facts: Facts) -> Iterator[Violation]:
    """Judge whether versions are final releases."""
    if facts.role.prereleases or facts.registry is None:
        return
    for model in facts.registry.models:
        expected = f"expected a final release on {_branches(facts)}"
        locked = facts.lock.by_name.get(model.name) if facts.lock else None
        if model.requires.names_prerelease:
            message = f"{model.name}: found {model.requires.text!r}, {expected}; ask for one"
            yield facts.of_model("version-prerelease", message, model.name, "version")
        elif locked is not None and as_version(locked.version).is_prerelease:
            message = (
                f"{model.name}: {locked.version} is locked, {expected}; ask for one in models.yaml "
                "and run `paddledvc lock`"
            )
            yield facts.of_pin("version-prerelease", message, model.name, "version")


def digests_of_nothing(facts: Facts) -> Iterator[Violation]:
    """Find digests of empty files; of a model whose entry has one, its block is not told too."""
    told: set[str] = set()
    for model in facts.registry.models if facts.registry else ():
        for kind, digest in NOTHING.items():
            if getattr(model, kind) == digest:
                told.add(model.name)
                message = (
                    f"{model.name}: found the {kind} of an empty file, expected that of the "
                    "weights; download them anew and hash them, or leave the digest out"
                )
                yield facts.of_model("digest-of-nothing", message, model.name, kind)
    for locked in facts.lock.models if facts.lock else ():
        if locked.name not in told:
            yield from _nothing_locked(facts, locked)


def _nothing_locked(facts: Facts, locked: LockedModel) -> Iterator[Violation]:
    message = (
        f"{locked.name}: found the {{}} of an empty file, expected that of the weights; see what "
        "its source has, mend models.yaml and run `paddledvc lock`"
    )
    for kind, digest in NOTHING.items():
        if getattr(locked, kind) == digest:
            yield facts.of_pin("digest-of-nothing", message.format(kind), locked.name, kind)
            return


def rewritten(facts: Facts) -> Iterator[Violation]:
    """Find versions that were released with other bytes."""
    if facts.past is None or facts.lock is None:
        return
    told: set[str] = set()
    for before in facts.past.released:
        locked = facts.lock.by_name[before.name]
        found = difference(before.contents, contents_of(locked))
        if found is not None and before.name not in told:
            told.add(before.name)
            message = (
                f"{before.name} {before.version} was locked with {found[0]} on {before.where}, now "
                f"it is {found[1]}; released bytes never change, so give these a new version"
            )
            yield facts.of_pin(
                "version-rewritten", message, before.name, "version", level=facts.level
            )
    if not facts.past.complete and facts.role.fresh:
        message = (
            "this clone is shallow, so nobody can tell whether a released version has other bytes "
            "now; fetch the history (`git fetch --unshallow`, in CI `fetch-depth: 0` or "
            "`GIT_DEPTH: 0`)"
        )
        yield facts.found("history-incomplete", message, level="warning", file=layout.LOCK)
