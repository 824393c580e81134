from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from paddledvc.inventory.core.history_rows import HistoryRow
from paddledvc.website.core.metric_plot import (
    MetricPoint,
    draw_metric_svg,
    list_metric_paths,
    list_metric_points,
)


def row(version, weights, values, **more):
    return HistoryRow(
        model="a",
        what="locked",
        at="@0",
        version=version,
        weights=weights,
        metrics={"acc": values} if values else {},
        **more,
    )


def test_each_version_and_its_bytes_have_one_point_with_the_newest_value():
    rows = [
        row("v1", "b", {"network": 0.4}),
        row("v1", "a", {"network": 0.3}),
        row("v2", "c", {}),
        row("v1", "a", {"network": 0.2}),
    ]

    points = list_metric_points(rows, "acc")

    assert [(one.version, one.day, dict(one.values)) for one in points] == [
        ("v1", "1970-01-01", {"network": 0.3}),
        ("v1", "1970-01-01", {"network": 0.4}),
    ]


def test_what_was_measured_of_other_bytes_is_left_out_but_for_the_training():
    values = {"network": 0.4, "training": 0.5}

    [point] = list_metric_points([row("v1", "b", values, of_other_bytes=True)], "acc")

    assert dict(point.values) == {"training": 0.5}
    assert list_metric_points([row("v1", "b", {"jit": 1.0}, of_other_bytes=True)], "acc") == []


def test_a_path_that_lacks_a_version_has_a_line_over_it():
    points = [
        MetricPoint(version="v1", day="", values={"network": 1.0, "jit": 1.0}),
        MetricPoint(version="v2", day="", values={"network": 2.0}),
        MetricPoint(version="v3", day="", values={"network": 3.0, "jit": 3.0}),
    ]

    drawn = draw_metric_svg("acc", points)

    assert list_metric_paths(points) == ["network", "jit"]
    assert (drawn.count('<line class="c4"'), drawn.count('<line class="c0"')) == (2, 1)
    assert (drawn.count("<circle"), ">v2<" in drawn) == (5, True)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12))
@example([1.7120886998688722e308])
@example([-1.7976931348623157e308, 1.7976931348623157e308])
def test_points_of_any_size_are_drawn_inside(values):
    points = [MetricPoint(version="v", day="", values={"jit": one}) for one in values]

    drawn = draw_metric_svg("<acc>", points)

    ups = [float(one) for one in re.findall(r'cy="([^"]*)"', drawn)]
    assert len(ups) == len(values)
    assert all(0 <= one <= 240 for one in ups)
    assert "nan" not in drawn
    assert "<acc>" not in drawn
