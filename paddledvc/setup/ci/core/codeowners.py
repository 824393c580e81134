"""Who is to review a change of models: lines of CODEOWNERS, from the owners in models.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.models.model import Model

BEGIN = "# paddledvc: written by `paddledvc init --ci` from the owners in models.yaml"
END = "# paddledvc: end"
PLACES = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}
"""Where each forge looks, in its order; the first that is there counts."""
NEW = {"github": ".github/CODEOWNERS", "gitlab": ".gitlab/CODEOWNERS"}
_OWNER = re.compile(r"@[\w.-]+(?:/[\w.-]+)*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_SPECIAL = re.compile(r"[\s\\#*?\[\]!]")
_BLOCK = re.compile(rf"(?:^|(?<=\n)){re.escape(BEGIN)}\n.*?{re.escape(END)}(?:\n|$)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Owners:
    """Lines of CODEOWNERS.

    Attributes:
        lines: a path and its owners each.
        notes: models that have no owner whom a forge can ask, a sentence each.
    """

    lines: tuple[str, ...]
    notes: tuple[str, ...]


def list_owners(models: Iterable[Model], files: Mapping[str, Iterable[str]]) -> Owners:
    """Write who owns what; a file of several models has the owners of all.

    Args:
        models: the models of models.yaml.
        files: the files of each model, by its name.
    """
    owned: dict[str, list[str]] = {}
    everyone: list[str] = []
    notes = []
    for model in models:
        found = _handles(model.owner)
        if not found:
            said = "has no owner" if model.owner is None else f"has the owner {model.owner!r}"
            notes.append(
                f"{model.name} {said}, expected @name, @group/team or an email address; "
                "CODEOWNERS leaves it out"
            )
        everyone += found
        for file in files.get(model.name, ()) if found else ():
            owned.setdefault(file, []).extend(found)
    shared = (names.REGISTRY, names.LOCK, names.SIGNERS)
    common = {name: everyone for name in shared if everyone}
    lines = (_line(file, who) for file, who in (*common.items(), *sorted(owned.items())))
    return Owners(lines=tuple(lines), notes=tuple(notes))


def _handles(owner: str | None) -> list[str]:
    """Read the people in an owner; none unless all of it is people.

    >>> _handles("@ann, vision@team.example"), _handles("the vision team @ann")
    (['@ann', 'vision@team.example'], [])
    """
    words = (owner or "").replace(",", " ").split()
    return words if all(map(_OWNER.fullmatch, words)) else []


def _line(file: str, owners: Iterable[str]) -> str:
    r"""Write a line.

    >>> _line("a b.py", ["@ann", "@bob", "@ann"])
    '/a\\ b.py @ann @bob'
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", file)
    return f"/{escaped} {' '.join(dict.fromkeys(owners))}"


def with_owners(text: str, lines: Iterable[str]) -> str:
    """Put our lines into a CODEOWNERS, where they were or at its end; all others stay.

    Args:
        text: what it says now; empty where there is none.
        lines: what is ours.
    """
    block = "".join(f"{line}\n" for line in _block(lines))
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: block, text, count=1)
    if not block:
        return text
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{block}"


def _block(lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield from (BEGIN, *listed, END)
