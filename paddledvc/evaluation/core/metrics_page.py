"""What was measured of a model, as the tables of its page.

The tables beside the report are bound to it by nothing but what they say, and come with a branch:
what cannot be true of the report is said instead of shown.
"""

from __future__ import annotations

import base64
import csv
import io
import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.evaluation.core.measured import NETWORK
from paddledvc.evaluation.core.significance import mean_interval, share_interval
from paddledvc.evaluation.core.summary import CHANGED_HEAD
from paddledvc.evaluation.core.summary import MOST_CHANGED as MOST_WRITTEN
from paddledvc.hashes import Hashes
from paddledvc.verification.core.page import Metrics, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from paddledvc.evaluation.core.measured import Measured
    from paddledvc.verification.core.evidence import Evidence

MOST_ROWS = 200
"""Metrics, or parts of the samples, that a page shows."""
MOST_CHANGED = 100
"""Samples that changed which a page names."""
MOST_CLASSES = 50
MOST_PATHS = 10


def find_other_bytes(
    measured: Measured, wanted: Mapping[str, Hashes], evidence: Evidence | None
) -> str | None:
    """Say which bytes a report is not of; None where it is of those that are known.

    Args:
        measured: the report.
        wanted: what the weights and the folder of exported files hash to now, as far as known.
        evidence: what verify found of the model, where it did.

    Returns:
        The end of a sentence about the report.
    """
    for path, hashes in wanted.items():
        found = measured.hashes(path)
        if found is None and (listing := measured.folder(path)) is not None:
            found = Hashes(md5=listing.partition(".")[0])
        if found is None:
            return f"is not of {path}, which is built now"
        if difference := hashes.first_difference(found):
            return f"is of {path} with {difference[1]}, the lock has {difference[0]}"
    for file in evidence.files if evidence is not None else ():
        known = measured.hashes(file.path)
        if known is not None and (difference := file.hashes.first_difference(known)):
            return f"is of {file.path} with {difference[1]}, verify.json of {difference[0]}"
    return None


def describe_metrics(
    measured: Measured,
    *,
    confusion: str | None,
    changed: str | None,
    pictures: str | None = None,
    first: str | None = None,
) -> Metrics:
    """Make the tables of a page.

    Args:
        measured: the report.
        confusion: ``confusion.csv``; None where there is none.
        changed: ``changed.csv``; None where there is none.
        pictures: ``changed.svg``; None where there is none.
        first: the metric that stands for all; None for the first of the report.
    """
    tables, notes = [_metrics(measured)], list(_notes(measured))
    if measured.worst_slice:
        tables.append(_worst(measured))
    if any(one.metrics for one in measured.slices):
        tables.append(_slices(measured))
    asked: tuple[tuple[str, str | None, bool, Callable[[Measured, str], Table | None]], ...] = (
        ("confusion.csv", confusion, False, _confusion),
        ("changed.csv", changed, measured.changed > 0, partial(_changed, pictures)),
    )
    for name, text, needed, read in asked:
        try:
            if text is not None and (table := read(measured, text)) is not None:
                tables.append(table)
            elif text is None and needed:
                notes.append(f"{name} is missing, though {measured.changed} changed")
        except ValueError as error:
            notes.append(f"{name} {error}")
        except csv.Error as error:
            notes.append(f"{name} is no table: {error}")
    if first not in measured.metrics:
        first = next(iter(measured.metrics), "")
    values = measured.metrics.get(first or "", {})
    shown = ", ".join(f"{values[path]:.4g} {path}" for path in _paths(measured) if path in values)
    return Metrics(
        model=measured.model,
        version=measured.model_version,
        first=f"{first} {shown}".strip(),
        notes=tuple(notes),
        tables=tuple(tables),
    )


def _paths(measured: Measured) -> tuple[str, ...]:
    return measured.paths[:MOST_PATHS]


def _notes(measured: Measured) -> Iterator[str]:
    count = f"{measured.samples:,} samples" if measured.samples else "it reported no samples"
    limit = f", limited to {measured.limit:,} by params.yaml" if measured.limit is not None else ""
    ran = dict.fromkeys(f"Paddle {one.paddle} on {one.device}" for one in measured.runtime.values())
    yield "; ".join((count + limit, *ran))
    if len(measured.paths) > 1 and any(one.kind == "bits" for one in measured.scores.values()):
        yield f"{measured.changed:,} of them have another outcome on the exported files"
    if bare := [name for name in measured.metrics if not _has_interval(measured, name)]:
        yield f"no interval of {', '.join(bare[:MOST_PATHS])}, for no scores of samples are kept"


def _has_interval(measured: Measured, name: str) -> bool:
    return name in measured.scores and any(
        _interval(measured, name, path, value) for path, value in measured.metrics[name].items()
    )


def _interval(measured: Measured, name: str, path: str, value: float) -> tuple[float, float] | None:
    """Give the 95 % interval of a metric; None where nothing is known of its samples."""
    kept = measured.scores.get(name)
    if kept is None or not measured.samples:
        return None
    if kept.kind == "bits":
        scores = kept.of_path(path, measured.samples)
        return None if scores is None else share_interval(int(sum(scores)), measured.samples)
    deviation = measured.spread.get(name, {}).get(path)
    return None if deviation is None else mean_interval(value, deviation, measured.samples)


def _value(value: float, interval: tuple[float, float] | None) -> str:
    return f"{value:.6g}" + (f" ({interval[0]:.4g} to {interval[1]:.4g})" if interval else "")


def _metrics(measured: Measured) -> Table:
    paths = _paths(measured)
    rows = [
        (
            name,
            *(
                _value(values[path], _interval(measured, name, path, values[path]))
                if path in values
                else ""
                for path in paths
            ),
        )
        for name, values in measured.metrics.items()
    ]
    return Table(
        title="Metrics",
        head=("metric", *paths),
        rows=tuple(rows[:MOST_ROWS]),
        note="In brackets the 95 % interval." + _more(rows, MOST_ROWS, "evaluate.json"),
    )


def _more(rows: Sequence[object], most: int, where: str, total: int | None = None) -> str:
    left = (len(rows) if total is None else total) - most
    return f" There are {left:,} more, in {where}." if left > 0 else ""


def _worst(measured: Measured) -> Table:
    rows = [
        (name, f"{value:.6g}", ", ".join(paths), one.by, one.name, one.samples)
        for name, value in measured.worst_slice.items()
        for one in measured.slices
        if (paths := [path for path, found in one.metrics.get(name, {}).items() if found == value])
    ]
    firsts = {row[0]: row for row in reversed(rows)}
    return Table(
        title="Worst parts",
        head=("metric", "value", "path", "property", "part", "samples"),
        rows=tuple(firsts[name] for name in list(measured.worst_slice)[:MOST_ROWS]),
        note="Of the parts that are large enough to be judged.",
    )


def _slices(measured: Measured) -> Table:
    paths = _paths(measured)

    def share(name: str, path: str, value: float, samples: int) -> str:
        kept = measured.scores.get(name)
        if kept is None or kept.kind != "bits" or path not in kept.values:
            return _value(value, None)
        return _value(value, share_interval(round(value * samples), samples))

    rows = [
        (
            one.by,
            one.name,
            one.samples,
            name,
            *(
                share(name, path, values[path], one.samples) if path in values else ""
                for path in paths
            ),
        )
        for one in measured.slices
        for name, values in one.metrics.items()
    ]
    return Table(
        title="Parts of the samples",
        head=("property", "part", "samples", "metric", *paths),
        rows=tuple(rows[:MOST_ROWS]),
        note=_more(rows, MOST_ROWS, "slices.csv").strip(),
    )


def _read_csv(text: str) -> tuple[list[str], list[list[str]]]:
    lines = csv.reader(io.StringIO(text))
    head = next(lines, [])
    if not head:
        raise ValueError("has no columns")
    rows = []
    for row in lines:
        if len(row) != len(head):
            raise ValueError(f"has no {len(head)} values in line {lines.line_num}")
        rows.append(row)
    return head, rows


def _confusion(measured: Measured, text: str) -> Table:
    """Count how often each class is taken for each."""
    head, rows = _read_csv(text)
    pair = ["actual", "predicted"] if {"actual", "predicted"} <= {*head} else head
    if len(pair) != 2 or len({*head}) != len(head):  # noqa: PLR2004 - down and across
        raise ValueError(f"has the columns {', '.join(head)}, expected two")
    down, across = (head.index(name) for name in pair)
    counts = Counter((row[down], row[across]) for row in rows)
    classes = sorted({one for cell in counts for one in cell}, key=_by_number)
    if len(classes) > MOST_CLASSES:
        raise ValueError(f"has {len(classes):,} classes, a page shows {MOST_CLASSES}")
    shown = "deployed" if "deployed" in measured.paths else NETWORK
    return Table(
        title="Confusion",
        head=(f"{pair[0]}, down; {pair[1]}, across", *classes),
        rows=tuple((one, *(counts[one, other] or "" for other in classes)) for one in classes),
        note=f"Counts of {len(rows):,} rows of confusion.csv, of {shown}.",
    )


def _by_number(name: str) -> tuple[float, str]:
    try:
        number = float(name)
    except ValueError:
        return math.inf, name
    return (number if math.isfinite(number) else math.inf), name


def _changed(pictures: str | None, measured: Measured, text: str) -> Table | None:
    """Name the samples that the exported files have another outcome of than the network."""
    head, rows = _read_csv(text)
    if head != list(CHANGED_HEAD):
        raise ValueError(f"has the columns {', '.join(head)}, expected {', '.join(CHANGED_HEAD)}")
    for number, (_, path, metric, *outcomes) in enumerate(rows, start=2):
        known = path in measured.paths and metric in measured.metrics
        if not known or sorted(map(_outcome, outcomes)) != ["0", "1"]:
            raise ValueError(f"has what evaluate.json does not know in line {number}")
    if len(rows) != min(measured.changed, MOST_WRITTEN):
        raise ValueError(
            f"names {len(rows)} samples, evaluate.json has {measured.changed:,} that changed"
        )
    if not rows:
        return None
    most = MOST_CHANGED
    return Table(
        title="Samples that changed",
        head=CHANGED_HEAD,
        rows=tuple((*row[:3], *map(_outcome, row[3:])) for row in rows[:most]),
        note=_more(rows, most, "changed.csv", measured.changed).strip(),
        drawing=base64.b64encode((pictures or "").encode()).decode(),
    )


def _outcome(text: str) -> str:
    return {"0.0": "0", "1.0": "1"}.get(text, text)
