"""Whether what DVC says of bytes goes with what models.lock pins; an MD5 is somebody's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from paddledvc import names
from paddledvc.hashes import Hashes
from paddledvc.weights.core.decide import ITSELF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.weights.core.decide import Content
    from paddledvc.weights.core.tracked import Tracked


OLD_HASH = "DVC 1 or 2 wrote its hash, which cannot be checked against the file"
MIGRATE = "dvc pull && dvc cache migrate --dvc-files"
"""What brings what older versions of DVC hashed, and hashes it anew, all of a project's at once."""
REHASH = f"run `{MIGRATE}`, and commit"
ADVICE = (
    f"if {names.LOCK} is right, run `dvc repro`; "
    f"`git log -p {names.LOCK} {names.DVC_LOCK}` shows who wrote which"
)
"""What to do where the two disagree, as the end of a sentence."""


class Disagreement(NamedTuple):
    """Bytes that lack a digest that models.lock states of them.

    Attributes:
        inside: path of the file in a folder, ``""`` for a file itself.
        expected: what models.lock states, as ``kind:value``.
        found: what the bytes are, or what DVC states of them, in the same form.
        record: the file of DVC that names the bytes.
        md5: the MD5 by which it names them; None where that is no other word for ``found``.
    """

    inside: str
    expected: str
    found: str
    record: str
    md5: str | None = None

    def __str__(self) -> str:
        which = f" of {self.inside}" if self.inside else ""
        return f"{names.LOCK} pins {self.expected}{which}, and {self.record} names {self.named}"

    @property
    def named(self) -> str:
        """What DVC's file names, with what its bytes are, where that was looked at.

        >>> Disagreement("", "sha256:a", "sha256:b", "dvc.lock", "c").named
        'md5:c, whose bytes are sha256:b'
        """
        return f"md5:{self.md5}, whose bytes are {self.found}" if self.md5 else self.found


def pins_of(tracked: Tracked) -> Mapping[str, Hashes]:
    """Give what models.lock pins of each file of an output; nothing of what others made.

    Converted, trained and exported files have no digests there: their bytes are what DVC noted.

    >>> from paddledvc.weights.core.tracked import Tracked
    >>> one = Tracked(path="checkpoints/a", hashes=Hashes(sha256="b"), model="a", version="v1")
    >>> pins_of(one)
    {'': Hashes(md5=None, sha256='b', size=None)}
    """
    if not tracked.pinned:
        return {}
    if tracked.files:
        return {file.path: file.hashes for file in tracked.files}
    return {} if tracked.folder else {ITSELF: tracked.hashes}


def add_pins(tracked: Tracked, listed: Content) -> Content:
    """Add to the files that DVC lists of a folder what models.lock pins of them.

    Where the two state other MD5 digests, that of DVC stays: it names the object.
    """
    pins = pins_of(tracked)
    return {
        name: Hashes(md5=one.md5, sha256=pins[name].sha256, size=pins[name].size)
        if name in pins
        else one
        for name, one in listed.items()
    }


def find_stated_disagreement(tracked: Tracked, listed: Content | None) -> Disagreement | None:
    """Find where files say other things of the same bytes, without looking at these.

    Args:
        tracked: the output.
        listed: the files that DVC lists of a folder; None for a file, or where nobody knows.
    """
    if tracked.contradiction is not None:
        return Disagreement(ITSELF, *tracked.contradiction, tracked.record)
    pins = pins_of(tracked) if tracked.files and listed is not None else {}
    for name in sorted({*pins, *(listed or {})} if pins else ()):
        pin, one = pins.get(name), (listed or {}).get(name)
        if pin is None or one is None:
            there, not_there = "the file", "no such file"
            both = (there, not_there) if one is None else (not_there, there)
            return Disagreement(name, *both, tracked.record)
        if (found := Hashes(md5=pin.md5).first_difference(one)) is not None:
            return Disagreement(name, *found, tracked.record)
    return None
