"""Draw docs/architecture.svg: the rooms of paddledvc on their floors, and what imports what.

Floors come from the layers contract in pyproject.toml, arrows from the imports in the source, also
from those inside functions and under TYPE_CHECKING. An arrow that a longer way shows is left out:
all of them are too many to follow. ``make picture`` runs this; it imports nothing of paddledvc.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "paddledvc"
PICTURE = ROOT / "docs" / "architecture.svg"
FLOORS, PURE, EFFECTS = "Arrows go down", "Pure: values in, values out", "tools"
"""Two contracts, and the room with the doors to the outside."""
MOST = 12
"""Modules of a room that are named one by one."""
LINE, LETTER, SMALL = 48, 8.6, 6.4
"""Characters of a line in a box, and the widths of a bold and of a small character."""
BOX, STEP, GAP, ASIDE, MARGIN = 28, 15, 30, 22, 16
"""Heights of a box and of each line in it; space below boxes, beside them, around everything."""
SWEEPS = 12
FILLS = {"pure": "#dff2e3", "effects": "#fde6c8", "other": "#e3ecf9"}
LEGEND = (
    ("other", "a room by subject: its public functions(), else its folders/ or modules"),
    ("effects", "the doors to the outside, one folder/ for each outside thing"),
    ("pure", "pure as a whole: values in, values out"),
)
CAPTION = (
    "An arrow says that the upper room imports the lower one; what a longer way shows is left out."
)
FONT = 'font-family="Helvetica, Arial, sans-serif"'
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker>'
)
Point = tuple[float, float]


@dataclass(kw_only=True, slots=True, eq=False)
class Node:
    """A room on its floor; or, without a name, the place where an arrow passes a floor."""

    name: str = ""
    lines: Sequence[str] = ()
    kind: str = "other"
    x: float = 0.0
    top: float = 0.0
    height: float = 0.0
    near: list[Node] = field(default_factory=list)

    @property
    def width(self) -> float:
        """How wide it is drawn."""
        if not self.name:
            return 0.0
        return max(len(self.name) * LETTER, *(len(line) * SMALL for line in self.lines), 60) + 24


def contracts(root: Path) -> Mapping[str, Mapping[str, Any]]:
    """Read the import contracts of pyproject.toml by their names."""
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    stated = toml.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {one["name"]: one for one in stated["tool"]["importlinter"]["contracts"]}


def floors(root: Path) -> list[list[str]]:
    """List the rooms that are there by floor, the highest first."""
    layers = contracts(root)[FLOORS]["layers"]
    rows = [[room.strip(" ()") for room in layer.split("|")] for layer in layers]
    there = [[room for room in row if _is_room(root, room)] for row in rows]
    return [row for row in there if row]


def _is_room(root: Path, name: str) -> bool:
    at = root / PACKAGE / name
    return not name.startswith("__") and (at.is_dir() or at.with_suffix(".py").is_file())


def imports(root: Path) -> dict[str, set[str]]:
    """Tell which rooms each room imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted((root / PACKAGE).rglob("*.py")):
        room = file.relative_to(root / PACKAGE).with_suffix("").parts[0]
        for name in _imported(ast.parse(file.read_text(encoding="utf-8"))):
            package, _, other = name.partition(".")
            if package == PACKAGE and (other := other.partition(".")[0]) != room:
                found[room].add(other)
    return found


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            yield from (f"{PACKAGE}.{one.name}" for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def arrows(root: Path) -> list[tuple[str, str]]:
    """List the arrows that no longer way implies.

    Raises:
        SystemExit: an arrow goes up, or to a room on the same floor.
    """
    level = {room: number for number, row in enumerate(floors(root)) for room in row}
    every = imports(root)
    found = {room: {one for one in every[room] if one in level} for room in level}
    for room, others in found.items():
        for other in sorted(others):
            if level[other] <= level[room]:
                sys.exit(f"{room} imports {other}, which is not below it; see `lint-imports`")
    below: dict[str, set[str]] = {}
    for room in reversed(level):  # from the ground up
        below[room] = found[room].union(*(below[one] for one in found[room]))
    return [
        (room, other)
        for room in level
        for other in sorted(found[room], key=lambda one: (level[one], one))
        if not any(other in below[one] for one in found[room])
    ]


def contents(root: Path, room: str) -> list[str]:
    """Say what is in a room, in lines: its public verbs, else its folders, else its modules."""
    folder = root / PACKAGE / room
    named = [f"{verb}()" for verb, home in _public(root) if home.split(".")[0] == room]
    inside = sorted(one.stem for one in folder.glob("*.py") if one.stem != "__init__")
    # With a pure part and nothing else below it, a room is one folder.
    folders = sorted({one.parent.name for one in folder.glob("*/__init__.py")} - {"core"})
    if not named and folders:
        named = [f"{one}/" for one in folders]
    elif not named:
        named = inside if len(inside) <= MOST else [f"{len(inside)} modules"]
    return _wrapped(named)


def _public(root: Path) -> list[tuple[str, str]]:
    """List the public functions, each with its module."""
    source = (root / PACKAGE / "__init__.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            homes: dict[str, str] = ast.literal_eval(node.value)
            return sorted((name, home) for name, home in homes.items() if name.islower())
    return []


def _wrapped(words: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) < LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def lay_out(root: Path) -> tuple[list[list[Node]], list[list[Node]]]:
    """Place the rooms on their floors; return these, and each arrow as the places it passes."""
    pure = {name.split(".")[1] for name in contracts(root)[PURE]["source_modules"] if _whole(name)}
    rows = [
        [
            Node(
                name=room,
                lines=contents(root, room),
                kind="effects" if room == EFFECTS else "pure" if room in pure else "other",
            )
            for room in row
        ]
        for row in floors(root)
    ]
    at = {node.name: (number, node) for number, row in enumerate(rows) for node in row}
    ways = []
    for upper, lower in arrows(root):
        (start, first), (end, last) = at[upper], at[lower]
        passed = [Node() for _ in range(start + 1, end)]
        for number, node in enumerate(passed, start + 1):
            rows[number].append(node)
        way = [first, *passed, last]
        for one, other in pairwise(way):
            one.near.append(other)
            other.near.append(one)
        ways.append(way)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _settle(row, spread=sweep == 0)
    return rows, ways


def _whole(name: str) -> bool:
    return name.count(".") == 1


def _settle(row: list[Node], *, spread: bool) -> None:
    """Move the nodes of a floor towards what they belong to, side by side."""
    wanted = {id(one): sum(near.x for near in one.near) / max(1, len(one.near)) for one in row}
    if spread:  # a first order: rooms as the contract has them, arrows to the right of them
        wanted = {id(one): float(number) for number, one in enumerate(row)}
    row.sort(key=lambda one: wanted[id(one)])
    for number, node in enumerate(row):
        node.x = wanted[id(node)]
        if number:
            before = row[number - 1]
            node.x = max(node.x, before.x + (before.width + node.width) / 2 + ASIDE)
    off = sum(node.x - wanted[id(node)] for node in row) / len(row)
    for node in row:
        node.x -= off


def draw(root: Path = ROOT) -> str:
    """Return the picture as SVG."""
    rows, ways = lay_out(root)
    every = [node for row in rows for node in row]
    left = min(node.x - node.width / 2 for node in every) - 2 * MARGIN - LETTER
    for node in every:
        node.x -= left
    width = round(max(node.x + node.width / 2 for node in every)) + MARGIN
    top, bands, numbers = float(GAP), [], []
    for number, row in enumerate(rows):
        height = BOX + STEP * max(len(node.lines) for node in row)
        if number % 2 == 0:
            place = f'y="{top - GAP / 2:.0f}" width="{width}" height="{height + GAP}"'
            bands.append(f'<rect {place} fill="#f4f4f4"/>')
        middle = top + height / 2 + 4
        numbers.append(_text(MARGIN, middle, str(number + 1), 'font-size="12" fill="#777"'))
        for node in row:
            node.top, node.height = top, height
        top += height + GAP
    total = round(top) + 20 * (len(LEGEND) + 1) + MARGIN
    size = f'width="{width}" height="{total}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" {size} {FONT}>',
        "<title>The rooms of paddledvc on their floors</title>",
        "<!-- drawn by docs/draw_architecture.py; run `make picture` -->",
        f"<defs>{TIP}</defs>",
        f'<rect {size} fill="#ffffff"/>',
        *bands,
        *numbers,
        *(_arrow(way, ways) for way in ways),
        *(_box(node) for node in every if node.name),
        *_legend(top),
        "</svg>",
    ]
    return "\n".join([*parts, ""])


def _arrow(way: Sequence[Node], ways: Sequence[Sequence[Node]]) -> str:
    """Draw an arrow; those that leave or reach one side of a room do so side by side."""
    first, *passed, last = way
    out = sorted((one for one in ways if one[0] is first), key=lambda one: one[1].x)
    into = sorted((one for one in ways if one[-1] is last), key=lambda one: one[-2].x)
    points: list[Point] = [(_side(first, out.index(way), len(out)), first.top + first.height)]
    for node in passed:
        points += [(node.x, node.top), (node.x, node.top + node.height)]
    points.append((_side(last, into.index(way), len(into)), last.top))
    path = " L".join(f"{x:.0f},{y:.0f}" for x, y in points)
    line = 'fill="none" stroke="#555" stroke-width="1.4" marker-end="url(#tip)"'
    title = escape(f"{first.name} imports {last.name}")
    return f'<path d="M{path}" {line}><title>{title}</title></path>'


def _side(node: Node, number: int, count: int) -> float:
    return node.x + node.width * ((number + 1) / (count + 1) - 0.5)


def _box(node: Node) -> str:
    place = f'x="{node.x - node.width / 2:.0f}" y="{node.top:.0f}" width="{node.width:.0f}"'
    fill = f'height="{node.height:.0f}" rx="6" fill="{FILLS[node.kind]}" stroke="#555"'
    middle = node.top + node.height / 2 + 5 - STEP / 2 * len(node.lines)
    texts = [_text(node.x, middle, node.name, 'font-size="15" font-weight="bold"')]
    texts += [
        _text(node.x, middle + STEP * number, line, 'font-size="12" fill="#333"')
        for number, line in enumerate(node.lines, 1)
    ]
    return f"<g><rect {place} {fill}/>{''.join(texts)}</g>"


def _legend(top: float) -> list[str]:
    parts = []
    for number, (kind, says) in enumerate(LEGEND):
        y = top + 20 * number
        box = f'x="{MARGIN}" y="{y:.0f}" width="22" height="13" rx="3"'
        parts.append(f'<rect {box} fill="{FILLS[kind]}" stroke="#555"/>')
        parts.append(_text(MARGIN + 30, y + 11, says, 'font-size="12"', "start"))
    caption = _text(MARGIN, top + 20 * len(LEGEND) + 11, CAPTION, 'font-size="12"', "start")
    return [*parts, caption]


def _text(x: float, y: float, text: str, style: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {style} text-anchor="{anchor}">{escape(text)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
