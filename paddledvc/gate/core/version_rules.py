"""Whether versions and digests are of the kind that a branch may have."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.gate.core.released_builds import is_rival_build, released_weights_before
from paddledvc.gate.core.released_locks import describe_released_difference, released_contents_of
from paddledvc.models.versions import as_version, same_version
from paddledvc.verification.core.evidence import paddle_of_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.released_builds import Made, Making, Origin, Past
    from paddledvc.gate.core.released_locks import Released
    from paddledvc.gate.core.violations import Violation
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Model

NOTHING = {
    "md5": hashlib.md5(usedforsecurity=False).hexdigest(),
    "sha256": hashlib.sha256().hexdigest(),
}
"""Digests of an empty file, which people get from downloads that failed."""
REWRITTEN = "version-rewritten"


def judge_version_requirements(facts: Facts) -> Iterator[Violation]:
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


def judge_prerelease_versions(facts: Facts) -> Iterator[Violation]:
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


def judge_group_versions(facts: Facts) -> Iterator[Violation]:
    """Find groups of which some models move to another version, and others stay."""
    if facts.registry is None or facts.lock is None or facts.earlier is None:
        return
    for group, members in facts.registry.groups.items():
        pairs = {
            name: (facts.earlier.versions[name], facts.lock.by_name[name].version)
            for name in members
            if name in facts.earlier.versions and name in facts.lock.by_name
        }
        moved = [name for name, (old, new) in pairs.items() if not same_version(old, new)]
        stayed = [f"{name} at {new}" for name, (_, new) in pairs.items() if name not in moved]
        if moved and stayed:
            moves = ", ".join(
                f"{name} from {old} to {new}" for name in moved for old, new in (pairs[name],)
            )
            message = (
                f"the group {group} moved in part: {moves}, but {', '.join(stayed)} stayed; give "
                "every model of the group a new version in the same change"
            )
            yield facts.found(
                "group-split", message, file=names.REGISTRY, path=("groups", group), at_key=True
            )


def judge_empty_versions(facts: Facts) -> Iterator[Violation]:
    """Find digests of empty files; of a model whose entry has one, its block is not told too."""
    told: set[str] = set()
    for model in facts.registry.models if facts.registry else ():
        for kind, digest in NOTHING.items():
            if getattr(model, kind) == digest:
                told.add(model.name)
                message = (
                    f"{model.name}: found the {kind} of an empty file, expected that of the "
                    "weights; download them again and hash them, or leave the digest out"
                )
                yield facts.of_model("digest-of-nothing", message, model.name, kind)
    for locked in facts.lock.models if facts.lock else ():
        if locked.name not in told:
            yield from _nothing_locked(facts, locked)


def _nothing_locked(facts: Facts, locked: LockedModel) -> Iterator[Violation]:
    message = (
        f"{locked.name}: found the {{}} of an empty file, expected that of the weights; see what "
        "its source has, fix models.yaml and run `paddledvc lock`"
    )
    for kind, digest in NOTHING.items():
        if getattr(locked, kind) == digest:
            yield facts.of_pin("digest-of-nothing", message.format(kind), locked.name, kind)
            return


def judge_rewritten_versions(facts: Facts) -> Iterator[Violation]:
    """Find versions that were released with other bytes; of each model the first difference."""
    if facts.past is None or facts.lock is None:
        return
    for locked in facts.lock.models:
        found = next(_rewritings(facts, facts.past, locked), None)
        if found is not None:
            message = f"{found[0]}; released bytes never change, so give {found[1]} a new version"
            yield facts.of_pin(REWRITTEN, message, locked.name, "version", level=facts.level)
    if not facts.past.complete and facts.role.fresh:
        message = (
            "this clone is shallow, so changed bytes of a released version cannot be detected; "
            "fetch the history (`git fetch --unshallow`, in CI `fetch-depth: 0` or "
            "`GIT_DEPTH: 0`)"
        )
        yield facts.found("history-incomplete", message, level="warning", file=names.LOCK)


def _rewritings(facts: Facts, past: Past, locked: LockedModel) -> Iterator[tuple[str, str]]:
    """Say what a version of a model was, and is now, and what to call that."""
    for released in _counted(past.released.get(locked.name, ())):
        if found := describe_released_difference(released.contents, released_contents_of(locked)):
            said = f"{locked.name} {locked.version} was locked with {found[0]} on "
            yield f"{said}{released.state.where}, now it is {found[1]}", "these"
    now, made = past.now.get(locked.name), past.made.get(locked.name, ())
    if now is None:
        return
    if now.weights is not None:
        yield from _other_weights(locked, now, made)
    yield from _other_exports(facts, past, locked, now, made)


def _counted(released: Sequence[Released]) -> Iterator[Released]:
    """Leave out what changed the bytes of a version that had been released: the first ones count.

    What is tagged counts in any case.
    """
    first: list[Released] = []
    for one in released:
        if one.state.tag or not any(
            describe_released_difference(old.contents, one.contents) for old in first
        ):
            first.append(one)
            yield one


_CALLED: Mapping[Origin, str] = {
    "trained": "trained weights",
    "locked": "locked weights",
    "base": "weights",
}


def _other_weights(
    locked: LockedModel, now: Making, made: Sequence[Made]
) -> Iterator[tuple[str, str]]:
    """Compare the weights with the first that the version had, and with those of every tag."""
    known = [(one.state, found) for one in made if (found := released_weights_before(one, now))]
    first = [one for one in known if not one[0].tag][:1]
    for state, (origin, md5) in (*first, *(one for one in known if one[0].tag)):
        if md5 != now.weights:
            they = "they" if origin == now.origin else f"its {_CALLED[now.origin]}"
            yield (
                (
                    f"{locked.name} {locked.version}: its {_CALLED[origin]} were md5:{md5} on "
                    f"{state.where}, now {they} are md5:{now.weights}"
                ),
                "these",
            )


def _other_exports(
    facts: Facts, past: Past, locked: LockedModel, now: Making, made: Sequence[Made]
) -> Iterator[tuple[str, str]]:
    """Compare the export with the first one that the same Paddle made with the same settings."""
    paddles = _paddles(facts, past, now, made)
    mine = paddles.get(now.exported or "")
    alike = [
        one
        for one in made
        if one.exported is not None
        and (one.exported == now.exported or is_rival_build(one, now))
        and (mine is None or paddles.get(one.exported, mine) == mine)
    ]
    first = [one for one in alike if not one.state.tag][:1]
    for one in (*first, *(one for one in alike if one.state.tag)):
        if one.exported != now.exported:
            yield (
                (
                    f"{locked.name} {locked.version}: its export was md5:{one.exported} on "
                    f"{one.state.where}, now it is md5:{now.exported}, "
                    f"{_how(now, mine, paddles.get(str(one.exported)))}"
                ),
                "this",
            )


def _how(now: Making, mine: str | None, theirs: str | None) -> str:
    """Say why two exports had to be the same."""
    alike = f"of the same weights, with the same settings (--pin {now.pin})"
    if mine is not None and theirs is not None:
        return f"{alike}, by the same Paddle {mine}"
    whose = "this one" if mine is None else "that one"
    return f"{alike}, and no report says which Paddle {whose} was made by"


def _paddles(facts: Facts, past: Past, now: Making, made: Sequence[Made]) -> dict[str, str]:
    """Say which Paddle exports were made by, as far as a report is of their very bytes."""
    texts = [(one.exported, past.reports.get((one.state, one.name))) for one in made]
    texts.append((now.exported, facts.reports.get(now.name)))
    found: dict[str, str] = {}
    for exported, text in texts:
        paddle = paddle_of_evidence(text or "", now.exported_path, exported)
        if exported is not None and paddle is not None:
            found.setdefault(exported, paddle)
    return found
