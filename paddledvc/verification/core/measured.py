"""What ``latency.json`` and ``verify.csv`` say, as the values they are written from and read as."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.verification.core.json_values import decode, dump, encode, load

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = ("sample", "batch", "path", "output", "scaled_error")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """How long a call of a path takes, in milliseconds."""

    path: str
    batch: int
    median_ms: float
    p95_ms: float
    calls: int | None = None
    fastest_ms: float | None = None
    q1_ms: float | None = None
    q3_ms: float | None = None
    samples_per_second: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """What the process of a path took: memory, and the seconds of each part of its work."""

    path: str
    peak_mib: float
    seconds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Latencies:
    """What the paths took.

    As in ``verify.json``, what DVC is to show in its table is outside lists: time and samples a
    second at the largest batch size, and memory.
    """

    median_ms: tuple[tuple[str, float], ...] = ()
    samples_per_second: tuple[tuple[str, float], ...] = ()
    peak_mib: tuple[tuple[str, float], ...] = ()
    calls: tuple[Call, ...] = ()
    processes: tuple[Process, ...] = ()

    def to_json(self) -> str:
        """Write it."""
        return dump(encode(Latencies, self))

    @classmethod
    def from_json(cls, text: str) -> Latencies:
        """Read it.

        Raises:
            ValueError: it is something else; the message is the end of a sentence about it.
        """
        value = load(text)
        try:
            return decode(cls, value)
        except (ArithmeticError, KeyError, TypeError) as error:
            raise ValueError("tells no latencies of `paddledvc verify`") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorRow:
    """How far a sample of an output is off.

    Attributes:
        sample: its number among all samples.
        batch: samples in its call.
        edge: the edge that its values are at; empty for usual ones.
    """

    sample: int
    batch: int
    path: str
    output: str
    scaled_error: float
    edge: str = ""


def to_csv(rows: Iterable[ErrorRow], *, edges: bool) -> str:
    """Write the error of every sample, for ``dvc plots``."""
    text = io.StringIO()
    head = [*HEAD, "edge"] if edges else HEAD
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([getattr(row, name) for name in head] for row in rows)
    return text.getvalue()


def from_csv(text: str) -> tuple[ErrorRow, ...]:
    """Read the error of every sample.

    Raises:
        ValueError: the text is something else; the message is the end of a sentence about it.
    """
    try:
        return tuple(
            ErrorRow(
                sample=int(row["sample"]),
                batch=int(row["batch"]),
                path=row["path"],
                output=row["output"],
                scaled_error=float(row["scaled_error"]),
                edge=row.get("edge") or "",
            )
            for row in csv.DictReader(io.StringIO(text))
        )
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError("is no table of `paddledvc verify`") from error
