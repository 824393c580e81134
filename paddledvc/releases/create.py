"""Releases of what is locked: CHANGELOG and cards, a commit, and a tag for each model."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from paddledvc import names as layout
from paddledvc.catalogs.core.gto_standing import GtoStanding
from paddledvc.catalogs.core.release_statements import (
    Statement,
    find_released_tags,
    render_statement,
)
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.gate import check as gate
from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.gate.core.released_locks import scan_released_locks
from paddledvc.gate.core.releases.tag_rules import MISSING
from paddledvc.gate.core.violations import sort_violations
from paddledvc.gate.judge_subject import judge_subject
from paddledvc.gate.read_releases import read_release_tags, read_released_bytes
from paddledvc.gate.subject import Subject
from paddledvc.inventory.cards import render_cards
from paddledvc.inventory.read_history import read_tagged
from paddledvc.project import SnapshotFiles
from paddledvc.releases import send_tags
from paddledvc.releases.core.changelog import add_entries
from paddledvc.releases.core.plan import Known, Release, plan_release
from paddledvc.tools.git import project_files, repository, worktree
from paddledvc.tools.git.command import ask_git, run_git, try_git
from paddledvc.tools.git.commits import find_blobs_in_commits
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.gate.core.violations import Verdict, Violation
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress

REMOTE_RULE = "remote-incomplete"
_WORSE = "metric-regressed"
_WRITTEN = ("docs-stale", "card-stale")
"""What a release brings up to date itself."""
_SHORT = 7


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Created(Displayed):
    """What ``create_release`` did, or is to do.

    Attributes:
        branch: the production branch.
        releases: every model that was asked for, with what there is of its release.
        verdict: what ``check`` found.
        problems: what else keeps a model from being released, a sentence each.
        unsent: findings of weights that the remote lacks, and that ``push`` would send.
        commit: the commit that was made; None where none was.
        pushed: the git remote that has all of it now; None where nothing was sent.
        dry_run: whether nothing was written.
    """

    _table_of = "releases"
    branch: str
    releases: tuple[Release, ...]
    verdict: Verdict
    problems: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    commit: str | None = None
    pushed: str | None = None
    dry_run: bool = False

    @property
    def refused(self) -> bool:
        """Whether something was found that keeps the models from being released."""
        return bool(self.verdict.errors or self.problems)

    @property
    def moved(self) -> tuple[Release, ...]:
        """The releases that were to be made."""
        return tuple(one for one in self.releases if one.state in ("new", "tag missing"))


def create_release(
    project: Project,
    names: Sequence[str] = (),
    *,
    push: bool = False,
    dry_run: bool = False,
    progress: NamedProgress | None = None,
) -> Created:
    """Release the locked versions of models that have no release yet.

    All that ``check`` judges has to hold, and the production remote has to have the bytes. What an
    earlier run began is finished.

    Args:
        project: the project, with a production branch checked out and nothing changed.
        names: models or groups; all by default.
        push: send weights, then the branch and the tags.
        dry_run: write and send nothing.
        progress: told how weights leave.

    Returns:
        What was done; nothing where ``refused``.

    Raises:
        InvalidInput: no production branch is checked out, files have changes, or git does not know
            who makes the release.
        OutsideFailure: git failed, or the git remote rejects the release.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        for release in paddledvc.create_release(project, dry_run=True).moved:
            print(release.tag, release.weights)
    """
    branch = _require_production_branch(project)
    if dry_run:
        return _create(project, names, branch, push=push, dry_run=True, progress=progress)
    with send_tags.hold_releases(project):
        return _create(project, names, branch, push=push, dry_run=False, progress=progress)


def _create(  # noqa: PLR0913 - each is an option of `create_release`
    project: Project,
    names: Sequence[str],
    branch: str,
    *,
    push: bool,
    dry_run: bool,
    progress: NamedProgress | None,
) -> Created:
    root = project.root
    releases, problems = _plan(project, names)
    day = run_git(root, "log", "-1", "--format=%cs", "HEAD").strip()
    documents = release_documents(root, releases, day)
    _require_no_changes(root, documents)
    remote = send_tags.find_push_remote(root, branch) if push else None
    verdict = _check(project, branch, releases)
    unsent = [one for one in verdict.errors if one.rule == REMOTE_RULE] if push else []
    if unsent and len(unsent) == len(verdict.errors) and not problems:
        if dry_run:
            verdict = _without(verdict, unsent)
        else:
            _send_weights(project, progress)
            verdict = _check(project, branch, releases)
    done = Created(
        branch=branch,
        releases=releases,
        verdict=verdict,
        problems=problems,
        unsent=tuple(one.message for one in unsent),
        dry_run=dry_run,
    )
    if done.refused or dry_run:
        return done
    commit = _make(root, releases, documents) if done.moved else None
    if remote is not None:
        tags = [one.tag for one in releases if one.state != "withdrawn"]
        send_tags.push_tags(root, remote, tags, branch)
    return replace(done, commit=commit, pushed=remote)


def _check(project: Project, branch: str, releases: Iterable[Release]) -> Verdict:
    """Judge the work tree, but for what the release itself is about to write."""
    verdict = gate.check(project, branch=branch, remote=True)
    begun = tuple(f"{one.tag}: " for one in releases if one.state == "tag missing")
    new = {one.model for one in releases if one.state == "new"}
    verdict = _without(
        verdict,
        [
            one
            for one in verdict.violations
            if (one.rule == MISSING and one.message.startswith(begun))
            or (one.rule in _WRITTEN and one.model in new)
        ],
    )
    worse = _judge_beside_releases(project, branch, releases)
    known = {(one.rule, one.model) for one in verdict.violations}
    more = (one for one in worse if (one.rule, one.model) not in known)
    return replace(verdict, violations=sort_violations((*verdict.violations, *more)))


def _judge_beside_releases(
    project: Project, branch: str, releases: Iterable[Release]
) -> Iterator[Violation]:
    """Find models that are worse than their release before, whatever was merged since."""
    root, registry = project.root, project.registry()
    models = [registry.model(one.model) for one in releases if one.state == "new"]
    measured = [one for one in models if one.evaluate or one.metrics]
    if not measured:
        return
    here = set(run_git(root, "tag", "--merged", "HEAD").splitlines())
    events = read_tagged(root).events
    before: dict[str, set[str]] = {}
    for model in measured:
        known = (one for one in events.get(model.slug, ()) if one.tag in here)
        latest = GtoStanding(known).latest()
        if latest is not None:
            before.setdefault(latest.commit, set()).add(model.name)
    for commit, names in before.items():
        where = f"the release before (commit {commit[:_SHORT]})"
        subject = Subject(title=branch, branch=branch, against=where)
        for found in judge_subject(project, subject, since=commit).violations:
            if found.rule == _WORSE and found.model in names:
                yield found


def _without(verdict: Verdict, found: Collection[Violation]) -> Verdict:
    left = tuple(one for one in verdict.violations if one not in found)
    return replace(verdict, violations=left)


def release_documents(root: Path, releases: Iterable[Release], day: str) -> dict[str, str]:
    """Write the documents of releases as texts, by path; they follow from HEAD alone."""
    new = [one for one in releases if one.state == "new"]
    if not new:
        return {}
    head = Snapshot.tree(root, "HEAD")
    tags = [one.tag for one in new]
    cards = render_cards(SnapshotFiles(head), [one.model for one in new], tags)
    return {
        CHANGELOG: add_entries(head.text(CHANGELOG), new, day),
        **{card.file: page for card, page in cards.items()},
    }


def write_documents(root: Path, documents: Mapping[str, str]) -> tuple[str, ...]:
    """Write the documents of a release into the work tree; give their paths, to be committed."""
    for path, text in documents.items():
        project_files.write_project_text(root, path, text)
    return tuple(documents)


def _require_production_branch(project: Project) -> str:
    root = project.root
    if repository.find_repository_root(root) is None:
        raise InvalidInput(f"{root} is in no git repository, and releases are tags of git")
    branch = worktree.worktree_branch(root)
    role = project.policy().production
    if branch is None or not role.covers(branch):
        here = "HEAD is detached" if branch is None else f"{branch} is checked out"
        raise InvalidInput(
            f"{here}, expected a production branch ({', '.join(role.branches)}); releases are made "
            "of what is merged"
        )
    if worktree.resolve_worktree_commit(root, "HEAD") is None:
        raise InvalidInput(f"{branch} has no commit yet; commit the project first")
    if ask_git(root, "rev-parse", "--is-shallow-repository") == "true":
        raise InvalidInput(
            "this clone is shallow, so it does not know what is released; run `git fetch "
            "--unshallow --tags`, in CI set `fetch-depth: 0` or `GIT_DEPTH: 0`"
        )
    return branch


def _require_no_changes(root: Path, documents: Mapping[str, str]) -> None:
    """Require that HEAD has the project's files as they are; a run that ended may have begun."""
    form = ("status", "--porcelain", "--no-renames", "-z", "--untracked-files=no", "--", ".")
    prefix = worktree.prefix_in_worktree(root)
    lines = filter(None, run_git(root, *form).split("\0"))
    changed = {line[3:].removeprefix(prefix) for line in lines}
    # git lists none of these that it does not know yet.
    changed |= {path for path in (CHANGELOG, *documents) if (root / path).is_file()}
    head = Snapshot.tree(root, "HEAD")
    for path in sorted(changed):
        if path in documents or path == CHANGELOG:
            found = project_files.find_project_text(root, path)
            if found in (documents.get(path), head.text(path)):
                continue
        raise InvalidInput(
            f"{path} has changes that are not committed, expected none; commit or stash them, "
            "since a release is of a commit"
        )


def _plan(project: Project, names: Sequence[str]) -> tuple[tuple[Release, ...], tuple[str, ...]]:
    root, registry, lock = project.root, project.registry(), project.lock()
    asked = _asked(registry, names)
    tags = read_release_tags(root)
    folder = worktree.prefix_in_worktree(root).rstrip("/")
    changelog = Snapshot.tree(root, "HEAD").text(CHANGELOG) or ""
    known = Known(
        folder=folder,
        events=read_tagged(root).events,
        tags=tags,
        entries=find_released_tags(changelog),
    )
    models = [lock.model(name) for name in asked]
    slugs = [layout.slug(one.name) for one in models]
    drafts = [plan_release(slug, one, known) for slug, one in zip(slugs, models, strict=True)]
    versions = _locked_at(root, [one for one in drafts if isinstance(one, Release)])
    known = replace(known, versions=versions)
    plans = [plan_release(slug, one, known) for slug, one in zip(slugs, models, strict=True)]
    problems = [one for one in plans if isinstance(one, str)]
    releases = [one for one in plans if isinstance(one, Release)]
    begun, lost = _with_commits(root, [one for one in releases if one.state == "tag missing"])
    found = {one.model: one for one in (*releases, *begun)}
    return _with_bytes(root, registry, found.values()), (*problems, *lost)


def _asked(registry: Registry, names: Sequence[str]) -> list[str]:
    every = names or [model.name for model in registry.models]
    return list(dict.fromkeys(model for name in every for model in registry.members(name)))


def _locked_at(root: Path, releases: Sequence[Release]) -> dict[str, str]:
    """Read which version the commits of tags have in models.lock, by tag."""
    known = [one for one in releases if one.commit is not None]
    blobs = find_blobs_in_commits(root, [(one.commit or "", layout.LOCK) for one in known])
    data = dict(ObjectReader(root).read_all(one for one in blobs if one is not None))
    scanned = {name: scan_released_locks(lock) for name, lock in data.items()}
    pairs = zip(known, blobs, strict=True)
    found = {one.tag: scanned.get(blob or "", {}).get(one.model) for one, blob in pairs}
    return {tag: version for tag, version in found.items() if version is not None}


def _with_commits(root: Path, releases: Sequence[Release]) -> tuple[list[Release], list[str]]:
    """Find the commits that added the entries of releases whose tags are missing."""
    if not releases:
        return [], []
    form = ("rev-list", "--first-parent", "HEAD", "--", CHANGELOG)
    commits = run_git(root, *form).split()[::-1]
    found = []
    for one in releases:
        since = partial(_has_entry, root, one.tag)
        index = bisect_left(commits, True, key=since)
        found.append(replace(one, commit=commits[index] if index < len(commits) else None))
    versions = _locked_at(root, found)
    lost = [
        f"{one.model}: the commit {(one.commit or 'HEAD')[:_SHORT]} added the entry of {one.tag} "
        f"to {CHANGELOG}, and its models.lock has {versions.get(one.tag, 'no such model')}; "
        "remove the entry, and release it again"
        for one in found
        if versions.get(one.tag) != one.version
    ]
    return found, lost


def _has_entry(root: Path, tag: str, commit: str) -> bool:
    return tag in find_released_tags(Snapshot.tree(root, commit).text(CHANGELOG) or "")


def _with_bytes(root: Path, registry: Registry, releases: Iterable[Release]) -> tuple[Release, ...]:
    """Read the bytes of the releases that are to be made."""
    every = tuple(releases)
    moved = [one for one in every if one.state in ("new", "tag missing")]
    asked = [(registry.model(one.model), one.commit or "HEAD") for one in moved]
    held = zip(moved, read_released_bytes(root, asked), strict=True)
    known = {one.model: replace(one, weights=said[1], export=said[2]) for one, said in held if said}
    return tuple(known.get(one.model, one) for one in every)


def _send_weights(project: Project, progress: NamedProgress | None) -> None:
    from paddledvc.weights.push import push  # noqa: PLC0415 - only where something is missing

    for one in push(project, progress=progress):
        if one.problem:
            raise OutsideFailure(one.problem)
        failed = [bad for sent in one.sent for bad in sent.problems if bad.kind == "unreachable"]
        if failed:
            lines = (f"{bad.title} cannot be sent to {one.remote}: {bad.found}" for bad in failed)
            raise OutsideFailure("\n".join(lines))


def _make(root: Path, releases: Sequence[Release], documents: Mapping[str, str]) -> str | None:
    """Commit the documents, and make the tags."""
    send_tags.require_identity(root)
    commit = None
    if documents:
        paths = write_documents(root, documents)
        run_git(root, "add", "--", *paths)
        title = _title([one for one in releases if one.state == "new"])
        done = try_git(root, "commit", "--quiet", "--only", "--message", title, "--", *paths)
        if done.returncode:
            raise OutsideFailure(
                f"git did not commit {', '.join(paths)}: {send_tags.reason_of(done)}\n"
                "What was written stays; fix this and run `paddledvc release create` again"
            )
        commit = worktree.resolve_worktree_commit(root, "HEAD")
    events = read_tagged(root).events
    for one in releases:
        if one.state in ("new", "tag missing"):
            at = one.commit or commit
            assert at is not None
            stated = Statement(
                version=one.version, weights=one.weights, export=one.export, commit=at
            )
            message = render_statement(one.model, stated)
            send_tags.make_tag(
                root, one.tag, at, message, after=events.get(layout.slug(one.model), ())
            )
    return commit


def _title(releases: Sequence[Release]) -> str:
    said = [f"{one.model} {one.version}" for one in releases]
    if len(said) == 1:
        return f"Release {said[0]}"
    return "\n".join((f"Release {len(said)} models", "", *(f"- {one}" for one in said)))
