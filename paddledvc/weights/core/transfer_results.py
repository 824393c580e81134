"""What became of weights on their way between remotes, cache and work tree, and how to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.hashes import Hashes
from paddledvc.weights.core.pins import ADVICE, OLD_HASH, REHASH
from paddledvc.weights.core.tracked import tracked_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.weights.core.tracked import Tracked

BadKind: TypeAlias = Literal[
    "missing",
    "truncated",
    "corrupt",
    "refused",
    "contradicted",
    "unhashed",
    "unreachable",
    "untrusted",
]
"""What is wrong with an object: not there; shorter than it is; other bytes; it names files that
nobody may write; the bytes that DVC's file names, which models.lock does not pin; only an older DVC
has hashed it; nobody answers; nobody was asked, for this clone has not approved the remote.
"""
ObjectCondition: TypeAlias = Literal["present"] | BadKind
"""What an object in a remote is found to be."""
DAMAGED: tuple[BadKind, ...] = ("corrupt", "truncated")
"""What is wrong with objects that are not what their names say."""
WRONG: tuple[BadKind, ...] = (*DAMAGED, "refused", "contradicted")
"""What is wrong with objects that are there, and must not be used."""
SentState: TypeAlias = Literal["present", "sent", "repaired", "failed"]
_GRAVE: tuple[BadKind, ...] = (
    "refused",
    "contradicted",
    "corrupt",
    "truncated",
    "unhashed",
    "untrusted",
    "missing",
    "unreachable",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bad:
    """An object that was of no use, and where.

    Attributes:
        title: what people call the output: ``resnet50 v3.3.0``, or its path.
        path: where the file lies, from the root of the project.
        place: name of the remote, or the URL, that was asked; DVC's file that names other bytes.
        kind: what is wrong.
        expected: what it ought to be, as ``md5:…``, ``sha256:…`` or ``size:…``; may be empty.
        found: what it is, in the same form; why nobody answers; or empty.

    >>> print(Bad(title="a v1", path="a.bin", place="prod", kind="missing"))
    a v1: a.bin is missing in prod
    """

    title: str
    path: str
    place: str
    kind: BadKind
    expected: str = ""
    found: str = ""

    @property
    def why(self) -> str:
        """Say what is wrong, as the end of a sentence about the file."""
        if self.kind == "untrusted":
            return f"it is not available: {self.found}"
        if self.kind == "unreachable":
            return f"it cannot be fetched from {self.place}: {self.found}"
        if self.kind == "unhashed":
            return f"it is left to DVC: {self.found}"
        if self.kind == "refused":
            return f"it is refused: {self.found}"
        if self.kind == "contradicted":
            return (
                f"it is not what {names.LOCK} pins: expected {self.expected}, and {self.place} "
                f"names {self.found}; {ADVICE}"
            )
        about = f": expected {self.expected}, found {self.found}" if self.found else ""
        return f"it is {self.kind} in {self.place}{about}"

    def __str__(self) -> str:
        what = self.path if self.path.startswith(self.title) else f"{self.title}: {self.path}"
        return f"{what} {self.why.removeprefix('it ')}"


def list_stated_contradictions(outputs: Iterable[Tracked]) -> tuple[Bad, ...]:
    """List the outputs of which DVC's file says what models.lock denies, where both state it.

    The bytes are as models.lock says all the same.
    """
    return tuple(
        Bad(
            title=one.title,
            path=one.path,
            place=one.record,
            kind="contradicted",
            expected=one.contradiction[0],
            found=one.contradiction[1],
        )
        for one in outputs
        if one.contradiction is not None
    )


def list_old_hashes(outputs: Iterable[Tracked]) -> tuple[Bad, ...]:
    """List the outputs that an older DVC hashed: their bytes can neither be sent nor compared."""
    return tuple(
        Bad(
            title=one.title,
            path=one.path,
            place=one.record,
            kind="unhashed",
            found=f"{OLD_HASH}; {REHASH}",
        )
        for one in outputs
        if one.pushed and not one.exact
    )


def worst_transfer_problem(problems: Iterable[Bad]) -> Bad:
    """Pick the problem that matters most: bytes that are wrong before bytes that are not there.

    >>> one = Bad(title="a", path="a", place="dev", kind="missing")
    >>> worst_transfer_problem([one, Bad(title="a", path="b", place="dev", kind="corrupt")]).path
    'b'
    """
    return min(problems, key=lambda one: _GRAVE.index(one.kind))


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Arrived(Displayed):
    """An output that was to be brought into the cache.

    Attributes:
        tracked: the output, with all that is known of its bytes by now.
        state: ``cached`` if the cache held all of it, ``fetched`` if the rest of it came,
            ``failed`` if something is lacking.
        source: names of the remotes, or the URL, that it came from; empty if it did not come.
        size: bytes of it that came.
        problems: objects that were of no use, also where others took their place.
    """

    tracked: Tracked
    state: Literal["cached", "fetched", "failed"]
    source: str = ""
    size: int = 0
    problems: tuple[Bad, ...] = ()

    def _cells(self) -> Mapping[str, object]:
        return {**tracked_cells(self.tracked), "state": self.state, "from": self.source}


def describe_transfer_results(done: Iterable[Arrived | Sent]) -> list[str]:
    """Say what people should know of objects that were of no use.

    That a remote lacks an object which another one had is as usual; a remote that nobody answers
    for is named once.

    >>> from paddledvc.weights.core.tracked import Tracked
    >>> bad = Bad(title="a", path="a", place="prod", kind="missing")
    >>> one = Tracked(path="a", hashes=Hashes())
    >>> done = Arrived(tracked=one, state="fetched", source="dev", problems=(bad,))
    >>> describe_transfer_results([done])
    []
    """
    said: dict[str, None] = {}
    for one in done:
        for bad in one.problems:
            if bad.kind == "untrusted":
                said[bad.found] = None
            elif bad.kind == "unreachable" and one.state != "failed":
                said[f"cannot use {bad.place}: {bad.found}"] = None
            elif bad.kind != "missing" or one.state == "failed":
                said[str(bad)] = None
    return list(said)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Sent(Displayed):
    """An output that was to be in a remote.

    Attributes:
        tracked: the output.
        state: ``present`` if all of it was there, ``sent`` if the rest was sent, ``repaired`` if
            what was there had to be replaced, ``failed`` if something is still lacking there.
        size: bytes that were sent.
        problems: objects that were of no use, here or there.
    """

    tracked: Tracked
    state: SentState
    size: int = 0
    problems: tuple[Bad, ...] = ()

    def _cells(self) -> Mapping[str, object]:
        return {**tracked_cells(self.tracked), "state": self.state, "bytes sent": self.size}


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspected:
    """What a remote has of an output.

    Attributes:
        tracked: the output.
        state: the worst of its objects' conditions.
        remote: name of the remote.
        expected: what the first bad object ought to be, as in ``Bad``.
        found: what it is.
        problems: every bad object.
    """

    tracked: Tracked
    state: ObjectCondition
    remote: str
    expected: str = ""
    found: str = ""
    problems: tuple[Bad, ...] = ()


def name_transfer_sources(places: Iterable[str]) -> str:
    """Name the remotes and URLs that something came from; many URLs are counted.

    >>> name_transfer_sources(["prod", "dev", "prod"]), name_transfer_sources(["https://host/a", "https://host/b"])
    ('prod, dev', '2 URLs')
    """
    found = list(dict.fromkeys(places))
    urls = [one for one in found if "/" in one]
    named = [one for one in found if one not in urls]
    return ", ".join([*named, *(urls if len(urls) < 2 else [f"{len(urls)} URLs"])])  # noqa: PLR2004


def wrong_transfer_size(expected: Hashes, size: int) -> tuple[BadKind, str, str] | None:
    """Tell what is wrong with an object of a size, if anything.

    >>> wrong_transfer_size(Hashes(size=3), 2)
    ('truncated', 'size:3', 'size:2')
    """
    difference = expected.first_difference(Hashes(size=size))
    if difference is None:
        return None
    kind: BadKind = "truncated" if size < (expected.size or 0) else "corrupt"
    return kind, *difference
