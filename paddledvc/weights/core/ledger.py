"""What is in place, so that somebody's edit is told from what git left behind.

A commit says what ought to be there; what is there may be from any commit before it, after a
`git reset`, or a switch whose weights were out of reach.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.hashes import Hashes

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
"""What one version of paddledvc has added to it, another passes over."""


class Mark(NamedTuple):
    """A file that was put there: its MD5, and what tells whether it was touched since."""

    md5: str
    inode: int
    time: int
    size: int


class LedgerEntry(NamedTuple):
    """An output that was put there.

    Attributes:
        model: name of the model whose weights these are.
        version: the version of that model.
        oid: DVC's name of it as an object; None where nobody has hashed it as DVC does.
        files: its files by their path in it, ``""`` for a file itself.
        pending: MD5 of the files that were being put in their place, until that was done.
    """

    model: str | None = None
    version: str | None = None
    oid: str | None = None
    files: Mapping[str, Mark] = MappingProxyType({})
    pending: Mapping[str, str] = MappingProxyType({})

    @property
    def contents(self) -> list[Mapping[str, Hashes]]:
        """What may be there because of it."""
        was = {path: Hashes(md5=mark.md5) for path, mark in self.files.items()}
        coming = {path: Hashes(md5=md5) for path, md5 in self.pending.items()}
        return [one for one in (was, coming) if one]


class Ledger(NamedTuple):
    """What is in place.

    Attributes:
        outputs: what was put there last, by path.
        commit: the commit whose weights are all in place; None if they are nobody's.
        md5s: the MD5 of bytes that models.lock knows by their SHA-256 only, by that.
    """

    outputs: Mapping[str, LedgerEntry] = MappingProxyType({})
    commit: str | None = None
    md5s: Mapping[str, str] = MappingProxyType({})


def parse_ledger(text: str) -> Ledger:
    """Read what is in place; what is unreadable never was.

    >>> entry = LedgerEntry(files={"": Mark("0", 1, 2, 3)})
    >>> parse_ledger(render_ledger(Ledger({"a": entry}, "c0ffee"))).outputs["a"].files[""].size
    3
    """
    try:
        value = json.loads(text)
        if value["format"] != FORMAT:
            return Ledger()
        outputs = {path: _parse_entry(*entry) for path, entry in value["outputs"].items()}
        commit, md5s = value.get("commit"), _texts(value.get("md5s", {}))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Ledger()
    return Ledger(outputs, commit if isinstance(commit, str) else None, md5s)


def _parse_entry(
    model: object, version: object, oid: object, files: Mapping[str, list[object]], pending: object
) -> LedgerEntry:
    return LedgerEntry(
        model=_text(model),
        version=_text(version),
        oid=_text(oid),
        files={name: _parse_mark(*mark) for name, mark in files.items()},
        pending=_texts(pending),
    )


def _parse_mark(md5: object, *numbers: object) -> Mark:
    if isinstance(md5, str) and all(type(one) is int for one in numbers):
        return Mark(md5, *numbers)  # type: ignore[arg-type]
    raise TypeError


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError


def _texts(value: object) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return value
    raise TypeError


def render_ledger(ledger: Ledger) -> str:
    """Write down what is in place."""
    outputs = {
        path: (one.model, one.version, one.oid, dict(one.files), dict(one.pending))
        for path, one in ledger.outputs.items()
    }
    value = {
        "format": FORMAT,
        "outputs": outputs,
        "commit": ledger.commit,
        "md5s": dict(ledger.md5s),
    }
    return json.dumps(value, separators=(",", ":"))
