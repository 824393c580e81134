"""What lies in the work tree, compared with what ought to, and with what may be there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from paddledvc.hashes import Hashes, same_hashes
from paddledvc.values import replace
from paddledvc.weights.core.decide import UNKNOWN, Decision, decide_output, same_content
from paddledvc.weights.core.pins import Disagreement, find_stated_disagreement, pins_of
from paddledvc.weights.tree import files
from paddledvc.weights.tree.candidates import Candidate, Candidates, is_candidate_folder
from paddledvc.weights.tree.files import stamp_file as mark_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.dvc.cache import Cache
    from paddledvc.weights.core.decide import Content
    from paddledvc.weights.core.ledger import LedgerEntry, Mark
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.tree.files import Seen

T = TypeVar("T")
LEAVE = Decision(act="leave")


class Survey(NamedTuple):
    """An output: what is there, what ought to be, and what to do about it.

    Attributes:
        path: where it lies, from the root of the project.
        wanted: what ought to be there; None if nothing ought.
        seen: the files that are there, as they were looked at.
        entry: what was put there last, if anything was.
        content: the files of what is wanted; None if the listing of a folder is not in the cache.
        found: what the files that are there hold; None where nobody had to look.
        model: name of the model whose weights are there, or may be; None if there is none.
        version: the version of that model that is there; None if it is none that is known.
        decision: what to do.
        alone: DVC's name of what is there and may go, where the cache alone has it: no commit,
            stash or reflog names it; empty otherwise.
        obstacle: why nothing can be decided: ``unlisted`` for a folder whose listing is not in the
            cache, ``refused`` for one whose listing names what may not be written, ``unhashed`` for
            what nobody has hashed, ``old`` for a hash of DVC 2, which is none of bytes,
            ``contradicted`` for bytes that models.lock does not pin.
        why: what the listing names.
        disagreement: what DVC's file names that models.lock does not pin; bytes that are as
            models.lock says may be there, or be put there, all the same.
    """

    path: str
    wanted: Tracked | None
    seen: Mapping[str, Seen]
    entry: LedgerEntry | None
    content: Content | None = None
    found: Content | None = None
    model: str | None = None
    version: str | None = None
    decision: Decision = LEAVE
    alone: str = ""
    obstacle: Literal["", "unlisted", "refused", "unhashed", "old", "contradicted"] = ""
    why: str = ""
    disagreement: Disagreement | None = None

    @property
    def begun_here(self) -> bool:
        """Whether what is wanted was put here last, so that an edit is one of it."""
        if self.wanted is None or self.entry is None:
            return False
        return self.wanted.oid is not None and self.entry.oid == self.wanted.oid


class Surveyor:
    """Looks at one output after the other.

    Args:
        project: the project.
        cache: its cache.
        wanted: what ought to be there.
        before: what commits said was there.
        entries: what was put there last, by path.
        force: whether to give up what somebody did to the wanted outputs.
        deep: whether to trust bytes alone, and no file that looks as it was put there.
    """

    def __init__(  # noqa: PLR0913 - all that there is to compare
        self,
        project: Project,
        cache: Cache,
        *,
        wanted: Sequence[Tracked],
        before: Sequence[Tracked],
        entries: Mapping[str, LedgerEntry],
        force: bool,
        deep: bool = False,
    ) -> None:
        self._root, self._cache, self._force = str(project.root), cache, force
        self._deep = deep
        self._wanted = {one.path: one for one in wanted}
        self._entries = entries
        self._candidates = Candidates(project, cache, before=before, entries=entries)

    def every(self, *, prune: bool) -> list[Survey]:
        """Look at all outputs that are wanted, and at those that are no more.

        Args:
            prune: also look at what was put there last.
        """
        gone = (path for path in self._candidates.paths(put=prune) if not self._inside_wanted(path))
        return [self._survey(path) for path in sorted({*self._wanted, *gone})]

    def _survey(self, path: str) -> Survey:
        wanted, entry = self._wanted.get(path), self._entries.get(path)
        survey = Survey(path=path, wanted=wanted, seen=self._look(path, wanted), entry=entry)
        content: Content | None = None
        if wanted is not None:
            survey = survey._replace(disagreement=find_stated_disagreement(wanted, None))
            if (
                entry is not None
                and not self._deep
                and _untouched(wanted, entry, survey.seen)
                and self._as_pinned(wanted, entry, survey.seen)
            ):
                return survey._replace(model=entry.model, version=entry.version)
            if not wanted.exact:
                return survey._replace(obstacle="old")
            content = self._candidates.content(wanted)
            if content is None and is_candidate_folder(found := self._found(survey, {}), wanted):
                content = found
            if content is None:
                refused = self._cache.explain_listing(str(wanted.oid))
                return survey._replace(obstacle="refused" if refused else "unlisted", why=refused)
            if not all(one.known for one in content.values()):
                return survey._replace(obstacle="unhashed")
        found = self._found(survey, content or {})
        if wanted is not None and content is not None:
            told = self._disagreement(wanted, content, found)
            if told is not None:
                return survey._replace(obstacle="contradicted", disagreement=told)
        return self._decided(survey._replace(content=content, found=found), found)

    def _as_pinned(self, wanted: Tracked, entry: LedgerEntry, seen: Mapping[str, Seen]) -> bool:
        """Tell whether what was put there, and is there as it was, is what models.lock pins."""
        pins = pins_of(wanted)
        if wanted.files and pins.keys() != seen.keys():
            return False
        for name, pin in pins.items():
            mark, file = entry.files[name], seen[name].file
            sha256 = None
            if pin.sha256 is not None and file is not None:
                path = files.join_file_path(f"{self._root}/{wanted.path}", name)
                sha256 = self._sha256(mark.md5, path, file)
            found = Hashes(md5=mark.md5, sha256=sha256, size=mark.size)
            if pin.first_difference(found) is not None:
                return False
        return True

    def _sha256(self, md5: str | None, path: str, file: os.stat_result) -> str | None:
        """Say what a file holds; that of the object it was made from is known already."""
        known = None if md5 is None else self._cache.sha256_of(md5)
        return known or self._cache.digests(path, file).sha256

    def _disagreement(
        self, wanted: Tracked, content: Content, found: Content
    ) -> Disagreement | None:
        """Find bytes that DVC's file names, and that models.lock does not pin."""
        if not wanted.pinned or wanted.contradiction is not None:
            return None  # then it is as models.lock says
        if (stated := find_stated_disagreement(wanted, content)) is not None:
            return stated
        for name, one in content.items():
            if one.md5 is None or one.sha256 is None:
                continue
            there = found.get(name, UNKNOWN)
            both = self._cache.compare(one)
            if both is None and there.md5 == one.md5:
                both = one.first_difference(there)
            if both is not None:
                return Disagreement(name, *both, wanted.record, one.md5)
            if there.sha256 == one.sha256 and there.md5 not in (None, one.md5):
                told = f"md5:{there.md5}", f"md5:{one.md5}"
                return Disagreement(name, *told, wanted.record)
        return None

    def _look(self, path: str, wanted: Tracked | None) -> Mapping[str, Seen]:
        seen = files.look_at_files(f"{self._root}/{path}")
        return seen if wanted is not None else self._own(path, seen)

    def _own(self, path: str, files: Mapping[str, T]) -> dict[str, T]:
        """Leave out the files that are outputs themselves, or lie in one."""
        if f"{path}/" not in self._holders:
            return dict(files)
        return {
            name: one
            for name, one in files.items()
            if f"{path}/{name}" not in self._wanted and not self._inside_wanted(f"{path}/{name}")
        }

    def _decided(self, survey: Survey, found: Content) -> Survey:
        """Decide; ask first what is known at once, and for what looks like an edit the rest."""
        entry = survey.entry
        known = self._candidates.of(survey.path, found)
        if survey.wanted is None:
            known = [one._replace(content=self._own(survey.path, one.content)) for one in known]
        mixed = entry is not None and bool(entry.pending)
        if mixed:  # it may have been what a stage made that began to give way
            known = [*known, Candidate(self._candidates.held(found), None, None)]
        first = self._with(survey, found, known, mixed=mixed)
        if first.decision.act != "keep":
            return first
        # A file may have been an output before, and now the folder that it lies in.
        if around := self._candidates.around(survey.path):
            second = self._with(survey, found, [*known, *around], mixed=True)
            if second.decision.act != "keep":
                return second
        if (saved := self._candidates.saved(survey.path, found)) is not None:
            one, alone = saved
            decided = self._with(survey, found, [one, *known], mixed=False)
            return decided._replace(alone=alone)
        return first

    def _with(
        self, survey: Survey, found: Content, known: Sequence[Candidate], *, mixed: bool
    ) -> Survey:
        contents = [one.content for one in known]
        decision = decide_output(
            survey.content, contents, found, interrupted=mixed, force=self._force_on(survey)
        )
        there = [one for one in known if same_content(one.content, found)]
        models = [one.model for one in (*there, *known) if one.model is not None]
        return survey._replace(
            decision=decision,
            model=models[0] if models else None,
            version=there[0].version if there else None,
        )

    def _force_on(self, survey: Survey) -> bool:
        return self._force and survey.wanted is not None

    def _found(self, survey: Survey, wanted: Content) -> Content:
        """Hash what is there, as far as it is not known; a link to nothing is not there."""
        marks = {} if survey.entry is None else survey.entry.files
        found: dict[str, Hashes] = {}
        for name, seen in survey.seen.items():
            path = files.join_file_path(f"{self._root}/{survey.path}", name)
            if seen.file is None and self._is_cached(seen.link):
                continue
            found[name] = self._hashes(path, seen, wanted.get(name, UNKNOWN), marks.get(name))
        return found

    def _hashes(self, path: str, seen: Seen, wanted: Hashes, mark: Mark | None) -> Hashes:
        if seen.file is None:
            return UNKNOWN
        if mark is not None and not self._deep and mark == mark_of(mark.md5, seen.file):
            found = Hashes(md5=mark.md5, size=mark.size)
        else:
            found = Hashes(md5=self._cache.hash(path, seen.file), size=seen.file.st_size)
        if wanted.sha256 is not None and (found.size == wanted.size or wanted.size is None):
            found = replace(found, sha256=self._sha256(found.md5, path, seen.file))
        if seen.link is not None and not self._is_cached(seen.link):
            return found if same_hashes(wanted, found) else UNKNOWN  # a link of somebody's own
        return found

    def _is_cached(self, link: str | None) -> bool:
        return link is not None and self._cache.inside(link) is not None

    def _inside_wanted(self, path: str) -> bool:
        parts = path.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(one in self._wanted for one in above)

    @cached_property
    def _holders(self) -> set[str]:
        """Every folder with a wanted output in it."""
        parts = [path.split("/") for path in self._wanted]
        return {"/".join((*one[:count], "")) for one in parts for count in range(1, len(one))}


def _untouched(wanted: Tracked, entry: LedgerEntry, seen: Mapping[str, Seen]) -> bool:
    """Tell whether what is wanted was put there, and is there as it was."""
    if entry.pending or entry.oid is None or entry.oid != wanted.oid:
        return False
    if entry.files.keys() != seen.keys():
        return False
    return all(
        one.file is not None and entry.files[name] == mark_of(entry.files[name].md5, one.file)
        for name, one in seen.items()
    )
