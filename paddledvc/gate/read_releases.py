"""The entries of releases in the CHANGELOG of a commit, and the tags that go with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.catalogs.core.release_statements import find_released_tags, parse_statement
from paddledvc.errors import InvalidFile
from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.gate.core.facts import ReleaseFacts, ReleaseTag
from paddledvc.gate.core.released_builds import describe_released_build
from paddledvc.gate.core.released_locks import lock_blocks_of, released_versions_in
from paddledvc.gate.read_approvals import find_stages_with_approvals, read_approvals
from paddledvc.models.versions import is_version, same_version
from paddledvc.tools.git import refs
from paddledvc.tools.git.command import exchange_git
from paddledvc.tools.git.commits import find_blobs_in_commits
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from paddledvc.gate.core.facts import Facts
    from paddledvc.models.model import Model

_OF = ("*objecttype", "*objectname")
_FIELDS = ("objecttype", "refname:strip=2", *_OF, "taggeremail", "contents")
_FORM = "".join(f"%({field})%00" for field in _FIELDS)


def read_releases(root: Path, facts: Facts, commit: str) -> ReleaseFacts | None:
    """Read which releases a commit knows, and their tags; None where it knows none, nor asks any.

    What the commits of tags hold is read for the versions that are locked now.

    Args:
        root: folder of the project.
        facts: what is judged.
        commit: the commit.
    """
    data = Snapshot.tree(root, commit).read(CHANGELOG)
    entries = find_released_tags((data or b"").decode(errors="replace"))
    if not entries and not find_stages_with_approvals(facts):
        return None
    tags = read_release_tags(root)
    incomplete = refs.explain_incomplete_refs(root)
    unknown = ""
    if entries and not tags:
        unknown = "this clone has no tags to compare releases with; run `git fetch --tags`"
    elif entries and incomplete:
        unknown = f"releases without a tag are not found: {incomplete}"
    ours = {name: tags[name] for name in entries if name in tags}
    return ReleaseFacts(
        entries=entries,
        tags={**ours, **dict(_looked_into(root, facts, ours))},
        unknown=unknown,
        approvals=() if incomplete else read_approvals(root, facts, commit, entries, tags),
    )


def read_release_tags(root: Path) -> dict[str, ReleaseTag]:
    """Read every tag of a repository, with what its message states."""
    said = exchange_git(root, "for-each-ref", f"--format={_FORM}", "refs/tags")
    fields = said.decode(errors="replace").split("\0")[:-1]
    found = {}
    for start in range(0, len(fields), len(_FIELDS)):
        kind, name, of, commit, by, message = fields[start : start + len(_FIELDS)]
        annotated = kind.strip() == "tag" and of == "commit"
        found[name] = ReleaseTag(
            commit=commit if annotated else None,
            stated=parse_statement(message) if annotated else None,
            by=by.strip("<>"),
        )
    return found


def _looked_into(
    root: Path, facts: Facts, tags: dict[str, ReleaseTag]
) -> Iterator[tuple[str, ReleaseTag]]:
    """Read what the commits hold that are tagged with the versions of now."""
    if facts.registry is None or facts.lock is None:
        return
    models = {model.slug: model for model in facts.registry.models}
    asked = []
    for name, tag in tags.items():
        model = models.get(name.partition("@")[0].rpartition("=")[2])
        locked = facts.lock.by_name.get(model.name) if model is not None else None
        if model is None or locked is None or tag.stated is None or tag.commit is None:
            continue
        if is_version(tag.stated.version) and same_version(tag.stated.version, locked.version):
            asked.append((name, model, tag.commit))
    held = read_released_bytes(root, [(model, commit) for _, model, commit in asked])
    for (name, *_), found in zip(asked, held, strict=True):
        if found is not None:
            yield name, replace(tags[name], found=found[1:])


def read_released_bytes(
    root: Path, asked: Sequence[tuple[Model, str]]
) -> list[tuple[str, str, str] | None]:
    """Read version, weights and export of models in commits; None where one is not locked there.

    Args:
        root: folder of the project.
        asked: models, each with a commit.
    """
    files = (names.LOCK, names.DVC_LOCK)
    places = [(commit, file) for _, commit in asked for file in files]
    blobs = find_blobs_in_commits(root, places)
    data = dict(ObjectReader(root).read_all(one for one in blobs if one is not None))
    found: list[tuple[str, str, str] | None] = []
    for index, (model, _) in enumerate(asked):
        lock, built = (data.get(blob or "", b"") for blob in blobs[2 * index : 2 * index + 2])
        found.append(_describe(model, lock, built))
    return found


def _describe(model: Model, lock: bytes, built: bytes) -> tuple[str, str, str] | None:
    for block in lock_blocks_of(model.name, lock):
        for version, contents in released_versions_in(model.name, block, _value):
            said = describe_released_build(model, contents, built, _value)
            return version, said["weights"], said["export"]
    return None


def _value(text: str) -> object:
    try:
        return reader.parse_yaml(text, names.LOCK).value
    except InvalidFile:
        return None
