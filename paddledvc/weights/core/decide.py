"""What to do with an output in the work tree: put, replace, remove, or keep as somebody's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from paddledvc.hashes import Hashes, same_hashes

Content: TypeAlias = Mapping[str, Hashes]
"""Files by their path in a folder; a file that is an output itself has the path ``""``."""
UNKNOWN = Hashes()
"""Hashes of what is no file of ours in any case, such as a link that leads elsewhere."""
ITSELF = ""
"""The path of a file that is an output itself."""


class Decision(NamedTuple):
    """What to do with an output.

    Attributes:
        act: ``leave`` what is right, or not there and not wanted; ``put`` what is wanted in the
            place of what was there before; ``remove`` what was there before; ``keep`` what is
            neither, for it is somebody's own.
        put: files to bring from the cache, sorted.
        drop: files to remove, sorted.
        why: what somebody did to the output, for people; empty unless it is kept.
    """

    act: Literal["leave", "put", "remove", "keep"]
    put: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    why: str = ""


def decide_output(
    wanted: Content | None,
    earlier: Sequence[Content],
    found: Content,
    *,
    interrupted: bool = False,
    force: bool = False,
) -> Decision:
    """Decide what to do with an output, such that nobody's own bytes are ever lost.

    Args:
        wanted: what ought to be there; None if nothing ought.
        earlier: what commits said was there; any of them may have been put there.
        found: what is there.
        interrupted: whether a process was killed while it put the wanted in the earlier's place,
            so that there may be files of both.
        force: give up what somebody did to a wanted output.

    >>> old, new = Hashes(md5="1" * 32), Hashes(md5="2" * 32)
    >>> decide_output({"": new}, [{"": old}], {"": old}).act
    'put'
    >>> decide_output({"": new}, [{"": old}], {"": Hashes(md5="3" * 32)}).why
    'it was changed'
    """
    if wanted is not None and same_content(wanted, found):
        return Decision(act="leave")
    if wanted is None and not found:
        return Decision(act="leave")
    forced = force and wanted is not None
    if found and not forced and not _is_ours(found, wanted, earlier, interrupted=interrupted):
        return Decision(act="keep", why=_why(wanted, earlier, found))
    if wanted is None:
        return Decision(act="remove", drop=tuple(sorted(found)))
    return Decision(
        act="put",
        put=tuple(sorted(path for path in wanted if not _holds(found, path, wanted[path]))),
        drop=tuple(sorted(found.keys() - wanted.keys())),
    )


def _is_ours(
    found: Content, wanted: Content | None, earlier: Sequence[Content], *, interrupted: bool
) -> bool:
    """Tell whether all that is there, and all that is missing, is what commits said."""
    if not interrupted:
        return any(same_content(one, found) for one in earlier)
    known = [*earlier, *([] if wanted is None else [wanted])]
    return all(any(_holds(one, path, found[path]) for one in known) for path in found)


def same_content(one: Content, other: Content) -> bool:
    """Tell whether two surely speak of the same files with the same bytes."""
    return one.keys() == other.keys() and all(same_hashes(one[path], other[path]) for path in one)


def _holds(content: Content, path: str, hashes: Hashes) -> bool:
    return path in content and same_hashes(content[path], hashes)


def _why(wanted: Content | None, earlier: Sequence[Content], found: Content) -> str:
    """Say what somebody did, compared with what was there before, or with what is wanted."""
    known = next(iter(earlier), wanted or {})
    if ITSELF in found:
        return "it was changed" if ITSELF in known else "a file is in its place"
    if ITSELF in known:
        return "a folder is in its place"
    told = []
    for paths, what in (
        (found.keys() - known.keys(), "was added"),
        (known.keys() - found.keys(), "was deleted"),
        ((path for path in found.keys() & known.keys() if not _holds(known, path, found[path])),
         "was changed"),
    ):  # fmt: skip
        told += [f"{path} {what}" for path in paths]
    first, *others = sorted(told) or ["it matches no known commit"]
    return f"{first}, and {len(others)} more" if others else first
