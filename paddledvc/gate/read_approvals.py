"""The approvals of releases: tags that people sign, verified, and who may not give any."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.catalogs.core.gto import GtoAction, list_gto_events
from paddledvc.catalogs.core.gto_names import name_gto_version
from paddledvc.catalogs.core.gto_standing import GtoStanding
from paddledvc.catalogs.core.release_statements import parse_statement
from paddledvc.catalogs.gto_tags import list_gto_tags
from paddledvc.gate.core.approvals import (
    PREFIX,
    Approval,
    Approvals,
    find_approved_release,
    group_signers,
)
from paddledvc.gate.core.released_locks import scan_released_locks
from paddledvc.tools.git import refs, worktree
from paddledvc.tools.git.command import exchange_git, run_git
from paddledvc.tools.git.commits import find_blobs_in_commits, list_change_authors
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.tools.git.signatures import verify_ssh_signatures
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.gto import GtoEvent
    from paddledvc.gate.core.facts import Facts, ReleaseTag

_FIELDS = (
    *("refname:strip=2", "tag", "objectname", "*objecttype", "*objectname", "taggeremail"),
    *("contents:signature", "contents"),
)
_FORM = "".join(f"%({field})%00" for field in _FIELDS)
_SIGNED = re.compile(r"-----BEGIN (SSH )?")
DOCUMENTS = ":(exclude)docs/models"
"""What `release create` commits, and who writes about models, changes none."""


def find_stages_with_approvals(facts: Facts) -> frozenset[str]:
    """Name the release stages that ask for approvals; none on other branches than production."""
    if facts.role != facts.policy.production:
        return frozenset()
    return frozenset(stage for stage, rule in facts.policy.stages.items() if rule.approvals)


def read_approvals(
    root: Path,
    facts: Facts,
    commit: str,
    entries: Collection[str],
    tags: Mapping[str, ReleaseTag],
) -> tuple[Approvals, ...]:
    """Read the approvals of versions that are the newest or hold a release stage.

    Args:
        root: folder of the project.
        facts: what is judged; on other branches than those of production, nothing is read.
        commit: the commit that says whose signatures count.
        entries: the releases that this commit knows, by tag.
        tags: all tags of the repository.
    """
    if facts.role != facts.policy.production:
        return ()
    given, asking = list_approvals(root), find_stages_with_approvals(facts)
    if not asking and not given.keys() & entries:
        return ()
    # Other branches of production, such as that of a hotfix, need not know the releases of today.
    default = refs.find_default_branch(root)
    is_default = default is None or default.branch == facts.branch
    events, _ = list_gto_events(list_gto_tags(partial(run_git, root)))
    signers = read_signers(root, commit)
    folder = worktree.prefix_in_worktree(root).rstrip("/")
    found = []
    for key in sorted(one for one in events if one.rpartition(":")[0] == folder):
        artifact, standing = key.replace(":", "="), GtoStanding(events[key])
        if standing.deprecated is not None:
            continue
        held = standing.stages()
        latest = standing.latest()
        of_stages = {event.commit: standing.version_of(event.commit) for event in held.values()}
        of_latest = {} if latest is None else {latest.commit: latest.version}
        for at, version in sorted({**of_latest, **of_stages}.items()):
            stages = tuple(sorted(stage for stage, event in held.items() if event.commit == at))
            name, asks = f"{artifact}@{version}", asking.intersection(stages)
            if version is None and asks and is_default:
                one = Approvals(artifact=artifact, version=None, commit=at)
            elif name in tags and (
                (name in entries and (name in given or asks)) or (is_default and asks)
            ):
                its = given.get(name, ())
                one = verify_approvals(root, name, tags[name], events[key], its, signers)
            else:
                continue
            found.append(replace(one, stages=stages))
    return tuple(found)


def list_approvals(root: Path) -> dict[str, list[Approval]]:
    """List the tags of a repository that approve releases, by the tag of the release.

    What their signatures are worth is not looked at.
    """
    said = exchange_git(root, "for-each-ref", f"--format={_FORM}", f"refs/tags/{PREFIX}")
    fields = said.decode(errors="replace").split("\0")[:-1]
    found: dict[str, list[Approval]] = defaultdict(list)
    for start in range(0, len(fields), len(_FIELDS)):
        name, made_as, object_, kind, commit, by, signature, message = fields[
            start : start + len(_FIELDS)
        ]
        name, signed = name.lstrip("\n"), _SIGNED.match(signature)
        release = find_approved_release(name)
        if release is None:
            continue
        found[release].append(
            Approval(
                name=name,
                made_as=made_as,
                object=object_,
                commit=commit if kind == "commit" else None,
                stated=parse_statement(message) if kind == "commit" else None,
                by=by.strip("<>"),
                signed="" if signed is None else "ssh" if signed[1] else "other",
            )
        )
    return found


def read_signers(root: Path, commit: str) -> bytes:
    """Read whose signatures count, as a commit says; empty where it does not."""
    return Snapshot.tree(root, commit).read(names.SIGNERS) or b""


def verify_approvals(  # noqa: PLR0913, PLR0917
    root: Path,
    release: str,
    tag: ReleaseTag,
    events: Sequence[GtoEvent],
    given: Iterable[Approval],
    signers: bytes,
) -> Approvals:
    """Verify the approvals of a release, and read who must not approve it.

    Args:
        root: folder of the project.
        release: the tag of the release.
        tag: what is known of that.
        events: what tags did to the model.
        given: its approvals, as listed.
        signers: whose signatures count.
    """
    every = tuple(given)
    signed = [one for one in every if one.signed == "ssh"]
    told = verify_ssh_signatures(root, [one.object for one in signed], signers)
    pairs = zip(signed, told, strict=True)
    known = {one.name: replace(one, principal=said.principal, key=said.key) for one, said in pairs}
    artifact, _, version = release.rpartition("@")
    return Approvals(
        artifact=artifact,
        version=version,
        commit=tag.commit,
        stated=tag.stated,
        tagger=tag.by,
        authors=_read_authors(root, release, tag.commit, events),
        given=tuple(known.get(one.name, one) for one in every),
        people=group_signers(signers.decode(errors="replace")),
    )


def _read_authors(
    root: Path, release: str, commit: str | None, events: Iterable[GtoEvent]
) -> frozenset[str]:
    """List who changed the project since the model's release before this one."""
    if commit is None:
        return frozenset()
    # Neither a tag within what was merged, nor one of a version that its commit does not have, may
    # hide who made the changes before it.
    earlier = set(run_git(root, "rev-list", "--first-parent", commit).split()) - {commit}
    known = [one for one in events if one.action is GtoAction.REGISTER and one.commit in earlier]
    slug = release.rpartition("@")[0].rpartition("=")[2]
    blobs = find_blobs_in_commits(root, [(one.commit, names.LOCK) for one in known])
    data = dict(ObjectReader(root).read_all(one for one in blobs if one is not None))
    before = [
        one.commit
        for one, blob in zip(known, blobs, strict=True)
        if one.version in _versions(slug, data.get(blob or "", b""))
    ]
    return list_change_authors(root, commit, before, (".", DOCUMENTS))


def _versions(slug: str, lock: bytes) -> set[str]:
    """Read which version of a model models.lock has, as GTO's tags spell it."""
    found = set()
    for name, version in scan_released_locks(lock).items():
        if names.slug(name) == slug:
            try:
                found.add(name_gto_version(version))
            except ValueError:
                continue
    return found
