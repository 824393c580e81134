"""Two plots of a verification, as SVG that needs nothing else: errors by sample, times by path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.display.svg import WIDTH, draw_element, draw_label, draw_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    _Scale = Callable[[float], float]

LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 40
LABELS = 200
"""Width of the column right of the errors, in which the tolerances have their names."""
LINE = 14
"""Height of a label."""
HEIGHT = 300
ROW = 44
"""Height of a box and its label."""
MOST = 600
"""Points of a path; of more samples only the worst of each few is drawn."""
# In the order of the colors in style.css.
PATHS = ("jit", "predictor", "deployed", "gpu", "eager", "onnx", "tensorrt")
"""Paths that have a color of their own, and the dynamic network."""
_GAP = 12
"""Between the errors that have a logarithm and the lines of 0 and of infinity."""
DECADES = 4
"""Powers of ten that the axis of errors spans at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """The errors of a path.

    Attributes:
        path: its name.
        tolerance: above which it fails.
        errors: the worst scaled error of each sample, in order; may be infinite.
    """

    path: str
    tolerance: float
    errors: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """How long calls of a path take, in milliseconds."""

    path: str
    fastest: float
    q1: float
    median: float
    q3: float
    p95: float


def draw_errors_svg(every: Sequence[Series]) -> str:
    """Draw the error of each sample on a logarithmic axis, with the tolerances as lines."""
    low, high = _decades(every)
    height = HEIGHT - TOP - BOTTOM
    count = max((len(one.errors) for one in every), default=1)

    def up(error: float) -> float:
        if error <= 0:
            return float(HEIGHT - BOTTOM)
        if math.isinf(error):
            return float(TOP)
        share = (math.log10(error) - low) / (high - low)
        return HEIGHT - BOTTOM - _GAP - share * (height - 2 * _GAP)

    def across(sample: float, aside: float = 0.0) -> float:
        return LEFT + 8 + (WIDTH - LEFT - LABELS - 16) * (sample + 0.5 + aside) / count

    powers = range(low, high + 1)
    parts = [_level(up(10.0**power), "grid") for power in powers]
    parts += [_tick(up(10.0**power), f"1e{power}") for power in powers[:: max(1, len(powers) // 6)]]
    parts += [_tick(up(0), "0"), _level(up(0), "axis")]
    if any(math.isinf(error) for one in every for error in one.errors):
        parts += [_tick(up(math.inf), "inf"), _level(up(math.inf), "grid")]
    lowest = float(HEIGHT - BOTTOM + LINE)
    for tolerance in sorted({one.tolerance for one in every if one.tolerance > 0}):
        y = up(tolerance)
        paths = ", ".join(one.path for one in every if one.tolerance == tolerance)
        # Beside the plot, where no point is, and none on another.
        lowest = min(y + 4, lowest - LINE)
        label = f"tolerance {tolerance:g}: {paths}"
        parts.append(_level(y, "tolerance"))
        parts.append(draw_label(WIDTH - LABELS + 6, lowest, label, "start", "tolerance"))
    for number, one in enumerate(every):
        # Beside each other, for paths that agree bit for bit would hide each other.
        aside = 0.6 * ((number + 0.5) / len(every) - 0.5)
        parts += _points(one, svg_color(one.path), partial(across, aside=aside), up)
    parts.append(draw_label((LEFT + WIDTH - LABELS) / 2, HEIGHT - 6, f"sample, of {count}"))
    return draw_svg("Scaled error of every sample, by path", HEIGHT, parts)


def _points(series: Series, kind: str, across: _Scale, up: _Scale) -> Iterator[str]:
    few = max(1, math.ceil(len(series.errors) / MOST))
    for start in range(0, len(series.errors), few):
        part = series.errors[start : start + few]
        sample = start + max(range(len(part)), key=part.__getitem__)
        error = series.errors[sample]
        style = f"{kind} bad" if error > series.tolerance else kind
        title = f"{series.path}, sample {sample}: {error:.3g}"
        yield draw_element("circle", style, title, cx=across(sample), cy=up(error), r=3)


def _decades(every: Sequence[Series]) -> tuple[int, int]:
    """Choose the powers of ten of an axis that holds all errors and tolerances."""
    values = [one.tolerance for one in every]
    values += [error for one in every for error in one.errors]
    shown = [math.log10(value) for value in values if 0 < value < math.inf]
    if not shown:
        return -8, -8 + DECADES
    low, high = math.floor(min(shown)), math.ceil(max(shown))
    return low, max(high, low + DECADES)


def draw_times_svg(boxes: Sequence[Box]) -> str:
    """Draw how long calls take: a line to the 95th percentile, and the middle half as a box."""
    longest = max((box.p95 for box in boxes), default=1.0) or 1.0
    height = TOP + ROW * len(boxes) + BOTTOM

    def across(value: float) -> float:
        return LEFT + 40 + (WIDTH - LEFT - RIGHT - 60) * value / longest

    parts = []
    for number, box in enumerate(boxes):
        y, kind = TOP + ROW * (number + 0.5), svg_color(box.path)
        title = f"{box.path}: median {box.median:g} ms, 95 % within {box.p95:g} ms"
        wide = max(1.0, across(box.q3) - across(box.q1))
        middle = across(box.median)
        parts += [
            draw_label(LEFT + 28, y + 4, box.path, "end", ""),
            draw_element("line", kind, x1=across(box.fastest), x2=across(box.p95), y1=y, y2=y),
            draw_element("rect", kind, title, x=across(box.q1), y=y - 9, width=wide, height=18),
            draw_element("line", "median", x1=middle, x2=middle, y1=y - 9, y2=y + 9),
        ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        label = f"{longest * share:.3g}"
        parts.append(draw_label(across(longest * share), height - BOTTOM + 14, label))
    parts.append(draw_label((LEFT + WIDTH - RIGHT) / 2, height - 6, "milliseconds a call"))
    return draw_svg("Time of a call, by path", height, parts)


def svg_color(path: str) -> str:
    """Name the style of a path, the same in every plot; paths of newer versions share one.

    >>> svg_color("jit"), svg_color("eager")
    ('c0', 'c4')
    """
    return f"c{PATHS.index(path)}" if path in PATHS else "other"


def _level(y: float, kind: str) -> str:
    return draw_element("line", kind, x1=LEFT, x2=WIDTH - LABELS, y1=y, y2=y)


def _tick(y: float, label: str) -> str:
    return draw_label(LEFT - 8, y + 4, label, "end")
