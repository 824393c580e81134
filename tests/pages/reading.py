"""What README.md and the pages in docs/ show: blocks of code, names of code in the text, links."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OTHERS = ("CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md", "examples/vision/README.md")
PAGES = ("README.md", *sorted(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md")))
"""What users read."""
FENCED = re.compile(
    r"(?:^ *<!-- (?P<note>[^\n]+) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A block of code on a page.

    Attributes:
        page: path of the page.
        line: number of its first line of code.
        language: what stands behind its fence.
        text: its code, no more indented than its fence.
        note: the comment in the line before it, which no reader of the page sees.
    """

    page: str
    line: int
    language: str
    text: str
    note: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def read_page(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def list_blocks(*languages: str, pages: tuple[str, ...] = PAGES) -> list[Block]:
    """List the blocks of some languages."""
    return [one for page in pages for one in _blocks(page) if one.language in languages]


def _blocks(page: str) -> Iterator[Block]:
    text = read_page(page)
    for found in FENCED.finditer(text):
        line = text.count("\n", 0, found.start("text")) + 1
        lines = (one.removeprefix(found["indent"]) for one in found["text"].splitlines())
        yield Block(page, line, found["language"], "\n".join(lines) + "\n", found["note"] or "")


def list_commands(program: str) -> list[tuple[str, str]]:
    """List the command lines of a program on the pages, each with its place, comments removed."""
    return [
        (place, command)
        for page in (*PAGES, *OTHERS)
        for place, text in _code(page)
        for command in re.findall(
            rf"(?:^|[\s|(])({program} +[a-z-].*?)(?= (?:&&|[|>#]|# )|  |;|$)", text
        )
    ]


def _code(page: str) -> Iterator[tuple[str, str]]:
    """Yield each line of a block, continued ones as one, and each code in the text."""
    for block in _blocks(page):
        if block.language in {"console", "yaml", "sh"}:
            for line in re.sub(r"\\\n *", " ", block.text).splitlines():
                if line.startswith("$ ") or block.language != "console":
                    yield block.place, re.sub(r"^\$ |^ *- (run: )?|^entry: ", "", line)
    prose = FENCED.sub(lambda found: "\n" * found[0].count("\n"), read_page(page))
    for found in re.finditer(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", prose, re.DOTALL):
        if "\n\n" not in found[2]:
            line = prose.count("\n", 0, found.start()) + 1
            yield f"{page}:{line}", re.sub(r"\s+", " ", found[2].strip())


def dedented(block: Block) -> str:
    return textwrap.dedent(block.text)
