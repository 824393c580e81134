"""A block of a terminal: its commands, what the page says they print, and whether they do.

Bytes and times differ from machine to machine, and pages break lines. So blanks count alike, an
ellipsis stands for anything, digests, sizes and absolute paths for any of their kind, and numbers
with a point for those that are not three times as large or small.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTOR = 3.0
CLOCKED = re.compile(r"^((?:jit|predictor|deployed|onnx) +pass +\S+ +\S+) +[\d.]+$", re.MULTILINE)
"""How long calls take is another number every time."""
KINDS = {
    "any": (r" ?(?:\.\.\.|…) ?", r"[\s\S]*?"),
    "size": (r"\b\d[\d,.]* (?:B|bytes|kB|MB|GB)\b", r"[\d,.]+ (?:B|bytes|kB|MB|GB)"),
    "digest": (r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\b(?:[0-9a-f]{2}/)?[0-9a-f]{2,}(?=…)", r"[0-9a-f/]+"),
    "path": (r"(?<![\w:/.])/(?:[\w.-]+/)+[\w.-]+", r"/\S+?"),
    "number": (r"(?<![\w.])\d+(?:\.\d+)?e-\d+|(?<![\w.])\d+\.\d+(?![\w.])", r"([\d.]+(?:e-\d+)?)"),
}
FORM = re.compile("|".join(f"(?P<{name}>{form})" for name, (form, _) in KINDS.items()))


class Step(NamedTuple):
    """A command, and what the page says it prints; nothing, where the page leaves that out."""

    command: str
    shown: str


def read_steps(text: str) -> Iterator[Step]:
    """Read the commands of a block."""
    assert text.startswith("$ "), f"it has to begin with a command: {text}"
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = re.sub(r"\\\n *", "", part).partition("\n")
        yield Step(re.sub(r" +# .*", "", command), shown.strip())


def differs(shown: str, printed: str) -> str:
    """Say how what a command prints is not what a page shows; nothing where it is."""
    shown, printed = _flat(shown), _flat(printed)
    pattern, end, numbers = "", 0, []
    for one in FORM.finditer(shown):
        pattern += re.escape(shown[end : one.start()]) + KINDS[one.lastgroup][1]
        end = one.end()
        numbers += [one["number"]] * (one["number"] is not None)
    found = re.fullmatch(pattern + re.escape(shown[end:]), printed)
    if found is None:
        return f"shown:   {shown}\nprinted: {printed}"
    far = [
        f"{one} is shown, {other} printed"
        for one, other in zip(numbers, found.groups(), strict=True)
        if not float(one) / FACTOR <= float(other) <= float(one) * FACTOR
    ]
    return "; ".join(far)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", CLOCKED.sub(r"\1", text)).strip()
