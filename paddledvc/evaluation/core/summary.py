"""What a function measured in several ways, put together: metrics, slices, samples that changed."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import statistics
from typing import TYPE_CHECKING, Any

from paddledvc.evaluation.core.measured import MOST_PARTS, NETWORK, Measured, Slice
from paddledvc.evaluation.core.scores import Parts, Scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.tools.paddle.core.jobs import Evaluated

MOST_CHANGED = 1_000
"""Samples that ``changed.csv`` names."""
CHANGED_HEAD = ("sample", "path", "metric", "network", "exported")


def find_disagreement(name: str, settings: Evaluate, found: Mapping[str, Evaluated]) -> str | None:
    """Say why what was measured in several ways cannot be put together; None where it can.

    Args:
        name: the function, for the sentence.
        settings: what is asked for.
        found: what it measured, by path, the network first.
    """
    first = found[NETWORK]
    for kind, asked, given in (
        ("metric", settings.metrics, first.metrics),
        ("slice", settings.slices, first.slices),
        ("table", settings.plots, first.tables),
    ):
        if missing := [one.name for one in asked if one.name not in given]:
            has = f"; it gave {', '.join(given)}" if given else ""
            return f"{name} gave no {kind} {missing[0]!r}, which models.yaml asks for{has}"
    for by, values in first.slices.items():
        if (count := len(set(values))) > MOST_PARTS:
            return f"{name} divides the samples by {by} into {count} parts, expected {MOST_PARTS}"
    for path, one in found.items():
        if one.metrics.keys() != first.metrics.keys():
            other = min(one.metrics.keys() ^ first.metrics.keys())
            return f"{name} returned {other} of the network or of {path} only, expected of both"
        if why := _find_other_samples(first, one, path):
            return f"{name} {why}"
        if one.inputs_sha256 != first.inputs_sha256:
            return (
                f"{name} called the model with other inputs on {path} ({one.samples} samples "
                f"{one.inputs_sha256[:4]}…) than for the network ({first.samples} samples "
                f"{first.inputs_sha256[:4]}…), so the two cannot be compared; it must not depend "
                "on what it measures, on the time or on chance that it does not seed"
            )
    return None


def _find_other_samples(first: Evaluated, one: Evaluated, path: str) -> str | None:
    """Say what a function tells otherwise of samples, besides their scores."""
    if set(one.ids) != set(first.ids):
        return (
            f"reported {len(one.ids)} samples on {path} and {len(first.ids)} for the network, "
            "expected the same ones"
        )
    for told in ("scores", "slices"):
        if other := getattr(one, told).keys() ^ getattr(first, told).keys():
            return (
                f"reported the {min(other)} of samples for the network or on {path} only, expected "
                "for both"
            )
    for by, values in one.slices.items():
        known = dict(zip(first.ids, first.slices[by], strict=True))
        for sample, value in zip(one.ids, values, strict=True):
            if value != known[sample]:
                return (
                    f"says that the {by} of the sample {sample!r} is {known[sample]} for the "
                    f"network and {value} on {path}, expected the same"
                )
    return None


def summarise_measured(settings: Evaluate, found: Mapping[str, Evaluated]) -> Measured:
    """Put together what was measured in several ways.

    Args:
        settings: what is asked for.
        found: what was measured, by path, the network first.
    """
    first = found[NETWORK]
    ids = sorted(first.ids)
    ordered = {path: _order_scores(one, ids) for path, one in found.items()}
    scores = {
        name: Scores.of({path: one[name] for path, one in ordered.items()}) for name in first.scores
    }
    slices = tuple(_slices(found))
    judged = {one.name: one.at_least for one in settings.slices}
    return Measured(
        metrics={
            name: {path: one.metrics[name] for path, one in found.items()} for name in first.metrics
        },
        samples=len(ids),
        worst_slice=dict(
            _worst(settings, [one for one in slices if one.samples >= judged.get(one.by, math.inf)])
        ),
        files=(),
        inputs_sha256={path: one.inputs_sha256 for path, one in found.items()},
        ids_sha256=digest_ids(ids) if ids else "",
        scores=scores,
        spread={
            name: {path: statistics.pstdev(one[name]) for path, one in ordered.items()}
            for name, kept in scores.items()
            if kept.kind != "bits"
        },
        slices=slices,
        parts=dict(_parts(first, ids)),
        changed=sum(1 for _ in list_changed_samples(found)),
        runtime={path: one.runtime for path, one in found.items()},
    )


def digest_ids(ids: Iterable[str]) -> str:
    """Hash the ids of samples, which are sorted.

    >>> digest_ids(["a", "b"]) == digest_ids(["ab"])
    False
    """
    return hashlib.sha256("\0".join(ids).encode()).hexdigest()


def _order_scores(one: Evaluated, ids: Sequence[str]) -> dict[str, list[float]]:
    at = {name: number for number, name in enumerate(one.ids)}
    return {name: [values[at[known]] for known in ids] for name, values in one.scores.items()}


def _parts(first: Evaluated, ids: Sequence[str]) -> Iterator[tuple[str, Parts]]:
    at = {name: number for number, name in enumerate(first.ids)}
    for by, values in first.slices.items():
        yield by, Parts.of([values[at[known]] for known in ids])


def _slices(found: Mapping[str, Evaluated]) -> Iterator[Slice]:
    """Measure every part of the samples: the mean of the scores of a metric."""
    first = found[NETWORK]
    parts: dict[tuple[str, str], list[str]] = {}
    for by, values in first.slices.items():
        for known, value in zip(first.ids, values, strict=True):
            parts.setdefault((by, value), []).append(known)
    numbers = {path: {name: at for at, name in enumerate(one.ids)} for path, one in found.items()}
    for (by, value), members in sorted(parts.items()):
        metrics = {
            name: {
                path: math.fsum(one.scores[name][numbers[path][known]] for known in members)
                / len(members)
                for path, one in found.items()
            }
            for name in first.scores
        }
        yield Slice(by=by, name=value, samples=len(members), metrics=metrics)


def _worst(settings: Evaluate, slices: Sequence[Slice]) -> Iterator[tuple[str, float]]:
    for goal in settings.metrics:
        values = [value for one in slices for value in one.metrics.get(goal.name, {}).values()]
        if values:
            yield goal.name, (min if goal.direction == "higher" else max)(values)


def select_outcomes(
    ids: Iterable[str], scores: Mapping[str, Sequence[float]]
) -> dict[str, dict[str, float]]:
    """Give every sample's outcome by metric, of the metrics that have but two.

    >>> select_outcomes(["a", "b"], {"right": [1.0, 0.0], "loss": [0.2, 3.0]})
    {'right': {'a': 1.0, 'b': 0.0}}
    """
    return {
        metric: dict(zip(ids, values, strict=True))
        for metric, values in scores.items()
        if _are_outcomes(values)
    }


def list_changed_samples(
    found: Mapping[str, Evaluated],
) -> Iterator[tuple[str, str, str, float, float]]:
    """List the samples of which the exported files have another outcome than the network.

    Yields:
        The sample's id, the path, the metric, and the two scores.
    """
    first = found[NETWORK]
    at = {name: number for number, name in enumerate(first.ids)}
    for path, one in found.items():
        for name, values in one.scores.items():
            if not (_are_outcomes(values) and _are_outcomes(first.scores[name])):
                continue  # other scores hardly ever are the same
            for known, value in zip(one.ids, values, strict=True):
                before = first.scores[name][at[known]]
                if value != before:
                    yield known, path, name, before, value


def _are_outcomes(values: Iterable[float]) -> bool:
    return all(value in {0, 1} for value in values)


def write_changed_csv(found: Mapping[str, Evaluated]) -> str:
    """Write the samples whose outcome differs."""
    rows = [row for row, _ in zip(list_changed_samples(found), range(MOST_CHANGED), strict=False)]
    return write_table_csv(CHANGED_HEAD, rows)


def write_slices_csv(slices: Iterable[Slice]) -> str:
    """Write what was measured of every part, a line for each path and metric."""
    rows = [
        (f"{one.by} {one.name}", one.samples, metric, path, value)
        for one in slices
        for metric, paths in one.metrics.items()
        for path, value in paths.items()
    ]
    return write_table_csv(("part", "samples", "metric", "path", "value"), rows)


def write_table_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Write a table as CSV.

    >>> write_table_csv(["a", "b"], [(1, "x,y")])
    'a,b\n1,"x,y"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
