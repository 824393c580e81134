"""Outputs into the work tree: what the cache holds of a commit, unless somebody's own is there.

What was decided is carried out such that a kill at any moment loses nothing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import OutsideFailure
from paddledvc.paths import quote_path
from paddledvc.tools.dvc import locks
from paddledvc.tools.dvc.cache import Cache, OtherBytes
from paddledvc.tools.dvc.locks import Busy
from paddledvc.tools.git.worktree import has_linked_worktrees
from paddledvc.tools.system import atomic
from paddledvc.values import replace
from paddledvc.weights.core.decide import ITSELF, UNKNOWN
from paddledvc.weights.core.ledger import LedgerEntry
from paddledvc.weights.core.outcome import Placed, PlacedOutput
from paddledvc.weights.core.pins import ADVICE, OLD_HASH, REHASH
from paddledvc.weights.tree import files
from paddledvc.weights.tree.files import Changed
from paddledvc.weights.tree.preconditions import LOOK, RUN_PULL, Obstacles, Refused
from paddledvc.weights.tree.records import Records
from paddledvc.weights.tree.survey import Surveyor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from paddledvc.project import Project
    from paddledvc.tools.git.worktree import Standing
    from paddledvc.weights.core.outcome import PlacedState
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.tree.files import Seen
    from paddledvc.weights.tree.survey import Survey

LOCK_PATIENCE = 2.0
"""Seconds to wait for another paddledvc, or for DVC."""


def place_tree(
    project: Project,
    read: Callable[[], tuple[Sequence[Tracked], Standing]],
    *,
    came_from: str | None = None,
    force: bool = False,
    patience: float = LOCK_PATIENCE,
) -> Placed:
    """Put all outputs into the work tree that its files name, and note whose weights they are.

    What commits named that were checked out since the weights were put in place goes.

    Args:
        project: the project.
        read: says what ought to be there, and where the work tree stands. It is called once nobody
            else places anything: whoever is last goes by the files as they are then.
        came_from: the commit that was checked out before, if git told.
        force: give up what somebody did to the wanted outputs.
        patience: seconds to wait for another paddledvc, or for DVC.
    """

    def list_before(marked: str | None) -> Sequence[Tracked]:
        if came_from is not None and came_from == marked:
            return ()  # as nearly always
        from paddledvc.weights.history import known_contents_in_history  # noqa: PLC0415

        return known_contents_in_history(project, marked=marked, before=came_from)

    return _place(project, read, list_before, force=force, prune=True, patience=patience)


def place_outputs(  # noqa: PLR0913 - each of its own
    project: Project,
    read: Callable[[], Sequence[Tracked]],
    before: Sequence[Tracked] = (),
    *,
    force: bool = False,
    prune: bool = False,
    patience: float = LOCK_PATIENCE,
) -> Placed:
    """Put outputs into the work tree, as far as the cache holds them.

    What is there is replaced or removed only if it is what ``before`` says, or what was put there
    last, and its bytes are in the cache. Anything else is somebody's own and stays.

    Args:
        project: the project.
        read: says what ought to be there, once nobody else places anything.
        before: what commits said was there; what is no longer wanted of it is removed.
        force: give up what somebody did to the wanted outputs.
        prune: also remove what was put there last and is no longer wanted.
        patience: seconds to wait for another paddledvc, or for DVC.
    """
    return _place(
        project,
        lambda: (read(), None),
        lambda _: before,
        force=force,
        prune=prune,
        patience=patience,
    )


def _place(  # noqa: PLR0913 - each of its own
    project: Project,
    read: Callable[[], tuple[Sequence[Tracked], Standing | None]],
    list_before: Callable[[str | None], Sequence[Tracked]],
    *,
    force: bool,
    prune: bool,
    patience: float,
) -> Placed:
    root, scratch = project.root, project.scratch()
    with ExitStack() as stack:
        try:
            lock = locks.hold_lock_file(
                scratch / "placing.lock", patience=patience, who="another paddledvc"
            )
            stack.enter_context(lock)
            wanted, stand = read()
            cache, records = Cache.of(root), Records(project)
            surveyor = Surveyor(
                project,
                cache,
                wanted=wanted,
                before=list_before(records.commit),
                entries=records.entries,
                force=force,
            )
            surveys = surveyor.every(prune=prune)
            changing = [one.path for one in surveys if one.decision.act in ("put", "remove")]
            if changing:
                atomic.sweep_atomic_leftovers(scratch, files.PREFIX)
                for folder in {"", *changing, *(path.rpartition("/")[0] for path in changing)}:
                    atomic.sweep_atomic_parts(f"{root}/{folder}")
                stack.enter_context(locks.hold_dvc_locks(root, changing, patience=patience))
            placed = Carrier(root, cache, scratch, records).carry_out(surveys)
            records.finish(placed, stand, cache.state)
        except Busy as error:
            return Placed(busy=str(error))
    return placed


class Carrier:
    """Carries out decisions; the caller holds the locks.

    Args:
        root: the project.
        cache: its cache.
        scratch: a folder for files on their way.
        records: what was put into the work tree last.
    """

    def __init__(self, root: Path, cache: Cache, scratch: Path, records: Records) -> None:
        self._root, self._cache, self._scratch = root, cache, scratch
        self._records = records
        self._versions: dict[str, str | None] = {}
        self._results: dict[str, PlacedOutput] = {}

    def carry_out(self, surveys: Sequence[Survey]) -> Placed:
        """Do all that is decided; what is wanted first, then what is no more."""
        changing = (one.path for one in surveys if one.decision.act in ("put", "remove"))
        self._versions = {one.model: one.version for one in surveys if one.model and one.version}
        self._obstacles = Obstacles(self._root, self._cache, changing)
        ready = [one for one in surveys if one.wanted is not None and self._try(one, self._prepare)]
        gone = [one for one in surveys if one.wanted is None]
        for survey in gone:
            if survey.decision.act == "remove":
                self._records.begin(survey)
        self._records.write()
        first = [one for one in gone if ITSELF in one.seen and _is_above(one, ready)]
        for survey in first:
            self._try(survey, self._remove)
        for survey in ready:
            self._try(survey, self._put)
        for survey in gone:
            if survey not in first:
                self._try(survey, self._remove)
        outputs = tuple(self._results[path] for path in sorted(self._results))
        return Placed(outputs=outputs, folders=self._records.folders(surveys))

    def _try(self, survey: Survey, work: Callable[[Survey], PlacedState | None]) -> bool:
        """Do something about an output and keep what became of it; tell if there is more to do."""
        problem = mend = ""
        state: PlacedState | None
        try:
            state = work(survey)
        except Refused as refused:
            state, problem, mend = refused.state, refused.problem, refused.mend
        except Changed:
            state, problem, mend = "kept", "it changed in the meantime", RUN_PULL
        except OtherBytes as error:  # the cache changed since it was looked at
            state, problem, mend = "refused", f"its bytes have changed: {error}", RUN_PULL
        except (OSError, OutsideFailure) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            state, problem = "failed", f"it cannot be written: {said or error}"
            mend = f"fix this, then {RUN_PULL}"
        if state is not None:
            result = self._result(survey, state)
            back = self._say_way_back(survey) if state in ("placed", "removed") else ""
            self._results[survey.path] = replace(result, problem=problem, mend=mend, back=back)
        return state is None

    def _result(self, survey: Survey, state: PlacedState) -> PlacedOutput:
        wanted = survey.wanted
        model = survey.model if wanted is None else wanted.model
        before = self._versions.get(model) if model is not None else None
        return PlacedOutput(
            path=survey.path,
            state=state,
            model=model,
            before=survey.version if wanted is not None and not wanted.pinned else before,
            after=wanted.version if wanted is not None else None,
            size=_size(survey),
        )

    def _say_way_back(self, survey: Survey) -> str:
        if not survey.alone:
            return ""
        from paddledvc.weights.tree.edits import say_way_back  # noqa: PLC0415 - hardly ever

        return say_way_back(self._root, self._cache, survey)

    def _prepare(self, survey: Survey) -> PlacedState | None:
        """See that an output can be put there, before any is touched; None if it can."""
        wanted = survey.wanted
        assert wanted is not None
        if survey.obstacle:
            return self._stopped(survey, wanted)
        if survey.decision.act == "leave":
            if survey.entry is not None and survey.entry.pending:
                self._tidy(survey)
            if survey.content is not None and not survey.content:  # a folder without files
                self._obstacles.require_way(survey.path)
                os.makedirs(f"{self._root}/{survey.path}", exist_ok=True)  # noqa: PTH103
            self._records.settle(survey, wanted, {})
            return "unchanged"
        if survey.decision.act == "keep":
            self._obstacles.require_way(survey.path)
            self._separate(survey)
            raise Refused("kept", survey.decision.why, _choice(survey))
        self._obstacles.require_free(survey.path)
        self._obstacles.require_held(survey)
        self._obstacles.require_saved(survey)
        self._records.begin(survey)
        return None

    def _stopped(self, survey: Survey, wanted: Tracked) -> PlacedState:
        if survey.obstacle == "refused":
            raise Refused("refused", survey.why, LOOK)
        if survey.obstacle == "contradicted":
            raise Refused("refused", str(survey.disagreement), ADVICE)
        if survey.obstacle == "unlisted":
            raise Refused("missing", "its listing is not in the cache", RUN_PULL)
        if survey.obstacle == "unhashed":
            if survey.seen:
                return "unchanged"
            raise Refused("missing", "it has not been hashed yet", "run `dvc repro`")
        # Told once for each new hash: nothing here can tell whether it is in place.
        oid, entry = f"old:{wanted.oid}", survey.entry
        self._records.entries[survey.path] = LedgerEntry(
            model=wanted.model, version=wanted.version, oid=oid
        )
        if entry is not None and entry.oid == oid:
            return "unchanged"
        raise Refused("kept", OLD_HASH, REHASH)

    def _put(self, survey: Survey) -> PlacedState:
        """Bring an output's files from the cache, and remove those that are not its own."""
        wanted, content, seen = survey.wanted, survey.content or {}, survey.seen
        assert wanted is not None
        target = f"{self._root}/{survey.path}"
        gone = [name for name in seen if name not in content]
        # A file must make room for a folder, and a folder for a file.
        if ITSELF in gone or (ITSELF in content and gone):
            self._drop(target, gone, seen)
            gone = []
        if ITSELF in content and os.path.isdir(target):  # noqa: PTH112
            files.remove_empty_folders_below(target)
        now: dict[str, Seen] = {}
        for name in survey.decision.put:
            path = files.join_file_path(target, name)
            now[name] = files.put_object_file(
                self._cache, content[name], path, seen.get(name), self._scratch
            )
        self._drop(target, gone, seen)
        if ITSELF not in content:
            os.makedirs(target, exist_ok=True)  # noqa: PTH103 - a folder may have no files
        self._records.settle(survey, wanted, now)
        return "placed"

    def _drop(self, target: str, names: Sequence[str], seen: Mapping[str, Seen]) -> None:
        for name in names:
            files.remove_file(self._cache, files.join_file_path(target, name), seen[name])
        if names and ITSELF not in names:
            files.remove_empty_folders_below(target)

    def _remove(self, survey: Survey) -> PlacedState | None:
        """Remove what is no longer wanted, once its successor is in place."""
        if survey.decision.act == "leave":
            if survey.entry is not None and survey.entry.pending:  # killed when all files were gone
                self._tidy(survey)
            self._records.entries.pop(survey.path, None)
            return None
        if survey.decision.act == "keep":
            self._obstacles.require_way(survey.path)
            self._separate(survey)
            self._records.entries.pop(survey.path, None)
            raise Refused("kept", f"{survey.decision.why}, and this commit has no such output")
        if not self._is_succeeded(survey.model):
            self._records.undo(survey)
            return "left"
        try:
            self._obstacles.require_free(survey.path)
            self._obstacles.require_saved(survey)
        except (Refused, OutsideFailure):
            self._records.undo(survey)
            raise
        target = f"{self._root}/{survey.path}"
        self._drop(target, list(survey.seen), survey.seen)
        files.remove_empty_folder(target.rpartition("/")[0], str(self._root))
        self._records.entries.pop(survey.path, None)
        return "removed"

    def _tidy(self, survey: Survey) -> None:
        """Remove the folders that a killed process has emptied, but not removed."""
        target = f"{self._root}/{survey.path}"
        if os.path.isdir(target):  # noqa: PTH112
            files.remove_empty_folders_below(target)
        if survey.wanted is None:
            files.remove_empty_folder(target.rpartition("/")[0], str(self._root))

    def _is_succeeded(self, model: str | None) -> bool:
        """Tell whether all that is wanted is in place, so that the old may go."""
        wanted = [one for one in self._results.values() if one.state not in ("left", "removed")]
        if any(one.state in ("missing", "refused", "failed") for one in wanted):
            return False
        heirs = [one for one in wanted if model is not None and one.model == model and not one.part]
        return all(one.state != "kept" for one in heirs if one.after is not None)

    def _separate(self, survey: Survey) -> None:
        """Make what somebody wrote through a link into the cache a file of their own."""
        linked = any(one.link or one.own.st_nlink > 1 for one in survey.seen.values())
        shared = linked and has_linked_worktrees(self._root)
        for name, seen in survey.seen.items():
            holds = (survey.found or {}).get(name, UNKNOWN).md5
            mark = survey.entry.files.get(name) if survey.entry is not None else None
            was = None if mark is None else mark.md5
            path = files.join_file_path(f"{self._root}/{survey.path}", name)
            files.unshare_file(self._cache, path, seen, holds, was, shared=shared)


def _is_above(survey: Survey, others: Sequence[Survey]) -> bool:
    """Tell whether a file is where a folder of another output must be."""
    return any(one.path.startswith(f"{survey.path}/") for one in others)


def _choice(survey: Survey) -> str:
    name = quote_path(survey.path)
    drop = f"`paddledvc pull --force {name}` to drop it"
    if not survey.begun_here:  # DVC would take it for what this commit's stage makes
        return f"it is not of this commit: copy it elsewhere to keep it, or run {drop}"
    if survey.wanted is not None and survey.wanted.pinned:
        # DVC would commit it, and the lock would still say otherwise.
        return f"{names.LOCK} pins it: copy it elsewhere to keep that, or run {drop}"
    return f"run `dvc commit {name}` to keep that, or {drop}"


def _size(survey: Survey) -> int | None:
    if survey.wanted is not None and survey.wanted.hashes.size is not None:
        return survey.wanted.hashes.size
    marks = {} if survey.entry is None else survey.entry.files
    return sum(mark.size for mark in marks.values()) if marks else None
