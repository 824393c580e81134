"""A metric of a model over its versions, as SVG."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.display.svg import WIDTH, draw_element, draw_label, draw_svg
from paddledvc.inventory.core.past_models import TRAINING
from paddledvc.verification.core.svg import svg_color
from paddledvc.website.core.entries import read_moment, show_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.inventory.core.history_rows import HistoryRow

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 72, 24, 16, 40, 240
_INSIDE = 24
"""Between the axis and the first version, and beyond the last."""
_LARGEST = sys.float_info.max
LEVELS = 4
LABELS = 8
"""Versions that are named below the plot."""
LONGEST = 12
"""Characters of a version that are shown there."""
_COLORS = {"network": "c4", TRAINING: "other"}
"""Those of what is no way to run an export; in the plots of verify the dynamic network is grey."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricPoint:
    """What was measured of a version.

    Attributes:
        version: the version.
        day: since when it was there.
        values: by what it was measured on.
    """

    version: str
    day: str
    values: Mapping[str, float] = field(default_factory=dict)


def list_metric_points(rows: Iterable[HistoryRow], metric: str) -> list[MetricPoint]:
    """Give the newest value of each version and its bytes, oldest version first.

    What was measured of other bytes than the version has is left out.

    Args:
        rows: what happened to a model, newest first.
        metric: the metric.

    >>> from paddledvc.inventory.core.history_rows import HistoryRow
    >>> def row(version, value):
    ...     metrics = {"acc": {"network": value}}
    ...     return HistoryRow(
    ...         model="a", what="locked", at="@0", version=version, metrics=metrics
    ...     )
    >>> points = list_metric_points([row("v2", 0.5), row("v1", 0.7), row("v1", 0.6)], "acc")
    >>> [(point.version, point.values["network"]) for point in points]
    [('v1', 0.7), ('v2', 0.5)]
    """
    found: dict[tuple[str | None, str | None], MetricPoint] = {}
    for row in reversed(list(rows)):
        values = row.metrics.get(metric)
        if row.of_other_bytes:
            values = {path: one for path, one in (values or {}).items() if path == TRAINING}
        if not values:
            continue
        before = found.get((row.version, row.weights))
        day = before.day if before is not None else show_moment(read_moment(row.at))[:10]
        found[row.version, row.weights] = MetricPoint(
            version=row.version or "?", day=day, values=values
        )
    return list(found.values())


def metric_color(path: str) -> str:
    """Name the style of what a metric was measured on.

    >>> metric_color("network"), metric_color("jit")
    ('c4', 'c0')
    """
    return _COLORS.get(path) or svg_color(path)


def list_metric_paths(points: Iterable[MetricPoint]) -> list[str]:
    """Name all that a metric was measured on."""
    return list(dict.fromkeys(path for point in points for path in point.values))


def draw_metric_svg(metric: str, points: Sequence[MetricPoint]) -> str:
    """Draw the values of a metric by version, a line for each way to run the model."""
    values = [value for point in points for value in point.values.values()]
    low, high = min(values), max(values)
    # As floats may be: so far apart that their difference is none, or not apart at all.
    spread = high / 2 - low / 2
    margin = spread / 5 or abs(high) * 0.05 or 1.0
    # Beyond the largest float there is no room for a margin.
    bottom, top = max(low - margin, -_LARGEST), min(high + margin, _LARGEST)

    def up(value: float) -> float:
        share = (value / 2 - bottom / 2) / (top / 2 - bottom / 2)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def across(number: int) -> float:
        wide = WIDTH - LEFT - RIGHT - 2 * _INSIDE
        return LEFT + _INSIDE + wide * ((number / (len(points) - 1)) if len(points) > 1 else 0.5)

    parts = []
    for level in range(LEVELS + 1):
        value = bottom + (top / LEVELS - bottom / LEVELS) * level
        y = up(value)
        parts.append(draw_element("line", "grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        parts.append(draw_label(LEFT - 8, y + 4, f"{value:.4g}", "end"))
    for path in list_metric_paths(points):
        color, before = metric_color(path), None
        for number, point in enumerate(points):
            if (one := point.values.get(path)) is None:
                continue
            x, y = across(number), up(one)
            if before is not None:
                parts.append(draw_element("line", color, x1=before[0], y1=before[1], x2=x, y2=y))
            title = f"{point.version} ({point.day}): {one:.6g} {path}"
            parts.append(draw_element("circle", color, title, cx=x, cy=y, r=4))
            before = x, y
    every = max(1, math.ceil(len(points) / LABELS))
    for number in range(0, len(points), every):
        version = points[number].version
        label = version if len(version) <= LONGEST else f"{version[: LONGEST - 1]}…"
        parts.append(draw_label(across(number), HEIGHT - BOTTOM + 16, label))
    parts.append(draw_label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "version, oldest first"))
    return draw_svg(f"{metric} by version", HEIGHT, parts)
