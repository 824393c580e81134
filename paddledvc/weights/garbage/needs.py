"""Which objects a git repository needs at a moment, and what the others were.

Needed is what its work trees, branches, tags, stashes and recent commits need, and the refs of the
repositories that it fetches from.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput, Problem
from paddledvc.names import suggest_name
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.git import commits, refs
from paddledvc.tools.git.commits import Blob, CommitFiles
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core import retention
from paddledvc.weights.core.retention import Label
from paddledvc.weights.garbage.stores import UnreadableFolder
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from paddledvc.tools.git.refs import Moved, Ref
    from paddledvc.weights.core.retention import Holder, Sorted
    from paddledvc.weights.garbage.stores import Store

TREES: Holder = "work trees"
RECENT_COMMITS: Holder = "recent commits"
UNREADABLE = "expected a mapping, as `paddledvc lock` and DVC write it"
COMMITS = 500
"""Commits whose files are looked at together."""
LIMIT = 20_000
"""Commits after which the search is given up."""
_SHORT = ("refs/heads/", "refs/remotes/", "refs/tags/", "refs/")


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedTree:
    """A work tree.

    Attributes:
        path: its folder.
        head: the commit that is checked out.
        pending: what a merge, a rebase or the like is in the middle of.
        files: the bytes of the files in it that name objects, by path from its folder.
        staged: git's names of such files in its index.
    """

    path: Path
    head: str | None
    pending: frozenset[str]
    files: Mapping[str, bytes]
    staged: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryState:
    """A repository at a moment. Where two of them are equal, it needs the same.

    Attributes:
        root: the folder that it was asked about.
        refs: its own refs.
        advertised: branches and tags of the repositories that it fetches from, under the names
            that they have here.
        trees: its work trees.
    """

    root: Path
    refs: tuple[Ref, ...]
    advertised: tuple[Ref, ...]
    trees: tuple[CheckedTree, ...]


def read_repository_state(root: Path) -> RepositoryState:
    """Look at a repository, and ask those that it fetches from what they have.

    Raises:
        InvalidInput: its history is not all here.
        OutsideFailure: another repository cannot be reached.
    """
    if (lacks := refs.explain_incomplete_refs(root)) is not None:
        raise InvalidInput(lacks)
    advertised = [
        refs.Ref(name=_name_here(remote, one.name), target=one.target)
        for remote in refs.git_remotes(root)
        for one in refs.ask_remote_refs(root, remote)
    ]
    return RepositoryState(
        root=root,
        refs=refs.list_refs(root),
        advertised=tuple(advertised),
        trees=tuple(_tree(one) for one in refs.work_trees(root)),
    )


def _name_here(remote: str, name: str) -> str:
    branch = name.removeprefix("refs/heads/")
    return name if branch == name else f"refs/remotes/{remote}/{branch}"


def _tree(known: refs.WorkTree) -> CheckedTree:
    is_there = known.path.is_dir()
    return CheckedTree(
        path=known.path,
        head=known.head,
        pending=frozenset(_pending(known.path)) if is_there else retention.NONE,
        files=_files(known.path) if is_there else {},
        staged=Snapshot.index(known.path).blobs(retention.PATTERNS) if is_there else retention.NONE,
    )


def _files(tree: Path) -> dict[str, bytes]:
    """Read the files that name objects, whether git knows them yet or not."""
    snapshot = Snapshot.work_tree(tree, untracked=True)
    found = {name: snapshot.read(name) for name in snapshot.names(retention.PATTERNS)}
    return {name: data for name, data in found.items() if data is not None}


def _pending(tree: Path) -> set[str]:
    """Name what a work tree is in the middle of, or was: some of it may be gone by now."""
    return commits.whole_commits(tree, refs.pending_commits(tree))


@dataclass(frozen=True, kw_only=True, slots=True)
class HolderNeeds:
    """What one kind of holders needs.

    Attributes:
        holder: what needs it.
        count: how many of them there are.
        objects: names of the objects.
    """

    holder: Holder
    count: int
    objects: frozenset[str]


def find_needs(
    seen: RepositoryState, *, since: float, ignored: Collection[str] = ()
) -> tuple[HolderNeeds, ...]:
    """Find all objects that a repository needs.

    Args:
        seen: the repository.
        since: seconds since 1970; what was current at any time after that is needed too.
        ignored: branches and tags whose files need not be readable; what such a file names is
            needed nevertheless, as far as it can be found.

    Raises:
        InvalidFile: a file of a work tree cannot be read.
        InvalidInput: a file of a branch, a tag or a stash cannot be read.
    """
    here = _in_trees(seen.trees)
    history = CommitFiles.everywhere(seen.root, retention.PATTERNS)
    found = [(one, history.of_all(one.commits)) for one in _groups(seen, since)]
    staged = [Blob(name=name, link=False) for one in seen.trees for name in one.staged]
    every = {blob for _, files in found for blob in files}.union(staged)
    strict = {blob: path for one, files in found if one.strict for blob, path in files.items()}
    named, unreadable = _read_named(history, every, strict)
    if unreadable:
        _require_ignored(seen, history, unreadable, ignored)
    here |= _united(named[blob.name] for blob in staged)
    return tuple(
        HolderNeeds(
            holder=one.holder,
            count=one.count,
            objects=_united(named[blob.name] for blob in files).union(
                here if one.holder == TREES else ()
            ),
        )
        for one, files in found
    )


def _united(found: Iterable[frozenset[str]]) -> frozenset[str]:
    return retention.NONE.union(*found)


def _in_trees(trees: Iterable[CheckedTree]) -> frozenset[str]:
    """Find what the files of work trees name."""
    for tree in trees:
        for path, data in tree.files.items():
            value = reader.parse_yaml(data.decode(errors="replace"), path).value
            if not retention.fits_file_name(path, value):
                problem = Problem(file=path, line=1, column=1, path="", message=UNREADABLE)
                raise InvalidFile([problem])
    return _united(
        retention.find_retained_digests(data) for tree in trees for data in tree.files.values()
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Holders of a kind, and the commits that they hold."""

    holder: Holder
    count: int
    commits: frozenset[str]

    @property
    def strict(self) -> bool:
        """Whether every file must be readable; what was broken in between is history."""
        return self.holder != RECENT_COMMITS


def _groups(seen: RepositoryState, since: float) -> list[_Group]:
    every = (*seen.refs, *seen.advertised)
    moved = refs.read_reflogs(seen.root)
    shelved = [one for one in moved if one.ref.endswith("stash")]
    recent = refs.ref_commits_since(seen.root, since, [one.target for one in seen.advertised])
    commits: dict[Holder, set[str]] = {holder: set() for holder in retention.HOLDERS}
    names: dict[Holder, set[str]] = {holder: set() for holder in retention.HOLDERS}
    for ref in every:
        commits[retention.classify_retaining_ref(ref.name)].add(ref.target)
        names[retention.classify_retaining_ref(ref.name)].add(ref.name)
    for entry in shelved:  # what is in the index and what git does not know are commits too
        commits["stashes"].update((entry.commit, *entry.parents[1:]))
    for tree in seen.trees:
        commits[TREES].update(tree.pending, filter(None, [tree.head]))
    commits[RECENT_COMMITS] = recent | _current(moved, since)
    counts = {holder: len(names[holder]) for holder in retention.HOLDERS}
    counts |= {TREES: len(seen.trees), "stashes": len(shelved)}
    counts[RECENT_COMMITS] = len(commits[RECENT_COMMITS])
    return [
        _Group(holder=holder, count=counts[holder], commits=frozenset(commits[holder]))
        for holder in retention.HOLDERS
    ]


def _current(moved: Iterable[Moved], since: float) -> set[str]:
    """Name what refs were at any time after a moment: the last entry before it counts too."""
    found: set[str] = set()
    settled: set[str] = set()
    for entry in moved:
        if entry.ref not in settled:
            found.add(entry.commit)
        if entry.time < since:
            settled.add(entry.ref)
    return found


def _read_named(
    history: CommitFiles, blobs: Iterable[Blob], strict: Mapping[Blob, str]
) -> tuple[dict[str, frozenset[str]], frozenset[Blob]]:
    """Find what files of git name, and which of the strict ones cannot be read."""
    named: dict[str, frozenset[str]] = {}
    unreadable: set[Blob] = set()
    for name, data in history.read(blobs):
        named[name] = retention.find_retained_digests(data)
        for blob in (Blob(name=name, link=False), Blob(name=name, link=True)):
            if blob in strict and not _is_readable(blob, strict[blob], data):
                unreadable.add(blob)
    return named, frozenset(unreadable)


def _is_readable(blob: Blob, path: str, data: bytes) -> bool:
    text = data.decode(errors="replace")
    if blob.link:  # to another such file
        return text.endswith(retention.NAMING_FILES)
    try:
        return retention.fits_file_name(path, reader.parse_yaml(text, path).value)
    except InvalidFile:
        return False


def _require_ignored(
    seen: RepositoryState,
    history: CommitFiles,
    unreadable: Collection[Blob],
    ignored: Collection[str],
) -> None:
    """Refuse what cannot be read, unless only recent commits and ignored refs have it."""
    held = [(ref.name, ref.target) for ref in (*seen.refs, *seen.advertised)]
    held += [(f"HEAD of {tree.path}", tree.head) for tree in seen.trees if tree.head]
    held += [
        (f"{one.ref} {one.commit[:12]}", one.commit)
        for one in refs.read_reflogs(seen.root)
        if one.ref.endswith("stash")
    ]
    for name, target in held:
        if _short(name) & set(ignored):
            continue
        files = history.of(target)
        if bad := sorted(path for path, blob in files.items() if blob in unreadable):
            short = min(_short(name), key=len)
            raise InvalidInput(
                f"{bad[0]} of {short} cannot be read, so the weights that it needs are unknown; "
                f"fix it there, delete {short}, or continue with `--ignore-ref {short}`"
            )


def _short(name: str) -> set[str]:
    """Give the names that people have for a ref.

    >>> sorted(_short("refs/remotes/origin/main"))
    ['origin/main', 'refs/remotes/origin/main', 'remotes/origin/main']
    """
    return {name, *(name.removeprefix(start) for start in _SHORT)}


def require_known_needs(ignored: Iterable[str], seen: Iterable[RepositoryState]) -> None:
    """See that what is to be ignored is there.

    Raises:
        InvalidInput: there is no such branch or tag.
    """
    every = [ref.name for one in seen for ref in (*one.refs, *one.advertised)]
    names = {short for name in every for short in _short(name)}
    for name in ignored:
        if name not in names:
            raise InvalidInput(f"there is no branch or tag {name!r}{suggest_name(name, names)}")


def add_needs(found: Iterable[Iterable[HolderNeeds]]) -> list[HolderNeeds]:
    """Add up the needs of several repositories."""
    total: dict[Holder, HolderNeeds] = {}
    for need in (need for one in found for need in one):
        so_far = total.get(need.holder, need)
        if so_far is not need:
            objects = so_far.objects | need.objects
            need = replace(need, count=so_far.count + need.count, objects=objects)  # noqa: PLW2901
        total[need.holder] = need
    return list(total.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What objects were, as far as that is known.

    Attributes:
        labels: what each was.
        folders: path of the folder that each was a file of, or listed the files of.
    """

    labels: Mapping[str, Label]
    folders: Mapping[str, str]


def name_garbage(root: Path, objects: Iterable[tuple[Store, Sorted]]) -> Named:
    """Say what the garbage of places was."""
    garbage = {one.oid: place for place, found in objects for one in found.garbage}
    labels = find_garbage_labels(root, garbage)
    folders: dict[str, str] = {}
    for oid in [oid for oid in labels if oid.endswith(FOLDER_SUFFIX)]:
        path = folders[oid] = labels[oid].path
        with suppress(UnreadableFolder):
            for file in garbage[oid].listing(oid) or ():
                if file.md5 in garbage and file.md5 not in labels:
                    labels[file.md5] = Label(path=f"{path}/{file.path}")
                    folders[file.md5] = path
    return Named(labels=labels, folders=folders)


def find_garbage_labels(root: Path, oids: Collection[str]) -> dict[str, Label]:
    """Say what objects were, by the newest commits that know it; a reflog may be all that does.

    Args:
        root: folder of the repository.
        oids: names of the objects.
    """
    found: dict[str, Label] = {}
    looked: set[Blob] = set()
    wanted = frozenset(oids)
    commits = refs.list_ref_commits(root)[:LIMIT] if wanted else []
    for start in range(0, len(commits), COMMITS):
        if len(found) == len(wanted):
            break
        history = CommitFiles.everywhere(root, retention.PATTERNS)
        files = history.of_all(commits[start : start + COMMITS])
        fresh = {blob: path for blob, path in files.items() if blob not in looked}
        looked.update(fresh)
        for oid, label in _labels(history, fresh, wanted):
            if oid not in found or (found[oid].model is None and label.model is not None):
                found[oid] = label
    return found


def _labels(
    history: CommitFiles, files: Mapping[Blob, str], wanted: frozenset[str]
) -> Iterator[tuple[str, Label]]:
    # What models.lock says of weights is more than what DVC says of them.
    ordered = sorted(files, key=lambda blob: not files[blob].endswith(names.LOCK))
    paths = {blob.name: files[blob] for blob in ordered}
    for name, data in history.read(ordered):
        if retention.find_retained_digests(data) & wanted:
            with suppress(InvalidFile):
                value = reader.parse_yaml(data.decode(errors="replace"), paths[name]).value
                found = retention.find_retention_labels(paths[name], value)
                yield from (one for one in found if one[0] in wanted)
