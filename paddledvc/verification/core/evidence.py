"""What ``verify.json``, ``latency.json`` and ``verify.csv`` say, as values both ways.

A report cannot be read back as the measurements that it was made of: a verdict is of exact errors,
and the file has three digits of them. So what is judged is what was written.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.caveats import Caveat, describe_verdict
from paddledvc.comparison.parameters import ParameterComparison  # noqa: TC001
from paddledvc.comparison.untaken_branches import Branch  # noqa: TC001 - types of fields are read
from paddledvc.hashes import Hashes  # noqa: TC001
from paddledvc.models.model import Output, model_reports_folder
from paddledvc.models.verify_settings import Engine, Tolerance
from paddledvc.stages.core.record import Hashed, find_folder_md5, find_hashes
from paddledvc.tools.paddle.core.jobs import Diagnosis, Runtime  # noqa: TC001
from paddledvc.verification.core.json_values import (
    OMIT,
    decode_value,
    dump_json,
    encode_value,
    parse_json,
)
from paddledvc.verification.core.read_report import read_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.models.model import Model

VERSION = 1
DIGITS = 3
"""Significant digits of errors in a report."""
_SHOWN_BEFORE = ("scaled_error", "tolerance_used", "samples")
"""What earlier versions wrote outside of the list, where DVC shows it."""
FILE = ("md5", "sha256", "size")
OUTPUT = ("name", "dtype", "shape")
HEAD = ("sample", "batch", "path", "output", "scaled_error")


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputEvidence:
    """The worst of one output over all samples.

    Attributes:
        edge: the edge that the samples are at; empty for usual ones.
        column: the column that is off most, where that is in a unit of its own; else None.
        tolerance: that of this output.
        noise: how far rounding alone moves the dynamic network there; None where nobody measured.
        top1_changed: None where there are no classes, as the two after it.
    """

    name: str
    edge: str = field(default="", metadata=OMIT)
    column: int | None = field(default=None, metadata=OMIT)
    scaled_error: float | None = None
    tolerance: float | None = None
    noise: float | None = field(default=None, metadata=OMIT)
    absolute_error: float | None = None
    relative_error: float | None = None
    mean_error: float | None = None
    cosine_distance: float | None = None
    ulps: int | None = None
    top1_changed: int | None = None
    top5_changed: int | None = field(default=None, metadata=OMIT)
    margin: float | None = field(default=None, metadata=OMIT)


@dataclass(frozen=True, kw_only=True, slots=True)
class PathEvidence:
    """How one way to run the exported files fared.

    Attributes:
        findings: sentences about what is wrong.
        diagnosis: where the disagreement begins; None where nobody looked.
    """

    path: str
    passed: bool
    skipped: bool = False
    gate: str = ""
    tolerance: float = 0.0
    repeatable: bool = True
    runtime: Runtime | None = None
    findings: tuple[str, ...]
    diagnosis: Diagnosis | None = None
    outputs: tuple[OutputEvidence, ...] = ()

    @property
    def result(self) -> str:
        """How it fared, in a word."""
        if self.skipped:
            return "skipped"
        return "pass" if self.passed else "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a report says.

    Fields that have a default are missing in reports of earlier versions. All errors have as many
    digits as are worth reading.

    Attributes:
        verdict: ``pass``, ``fail`` or ``not-repeatable``.
        scaled_error: the largest of each path that was not skipped.
        tolerance_used: the same as a share of its tolerance: above 1 the path fails.
        float64_error: of the dynamic network, by output; None where nobody asked.
        notes: sentences about what is not wrong and yet worth to know.
        outputs: what the exported program gives; nothing where that is unknown.
        caveats: why agreement proves little.
        parameters: how the parameters of the exported files compare with those of the network;
            None where nobody looked.
        runtime: what ran the dynamic network.
        files: the weights and exported files that it is of.
    """

    verdict: str
    scaled_error: Mapping[str, float] = field(default_factory=dict)
    tolerance_used: Mapping[str, float] = field(default_factory=dict)
    samples: int = 0
    model: str = ""
    model_version: str = ""
    batch_sizes: tuple[int, ...] = ()
    repeatable: bool = True
    batch_error: float | None = None
    float64_error: tuple[tuple[str, float], ...] | None = None
    notes: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    edge_values: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    caveats: tuple[Caveat, ...] = field(default=(), metadata=OMIT)
    parameters: ParameterComparison | None = field(default=None, metadata=OMIT)
    runtime: Runtime | None = None
    files: tuple[Hashed, ...]
    samples_sha256: str = ""
    engine: Engine = field(default_factory=Engine)
    tolerance: Tolerance = field(default_factory=Tolerance)
    paths: tuple[PathEvidence, ...]

    @property
    def passes(self) -> bool:
        """Whether everything that was compared agrees."""
        return self.verdict == "pass" and not self.failures

    @property
    def shows_nothing(self) -> str:
        """Why it is worth no more than none; empty where it is."""
        return next((str(one) for one in self.caveats if one.voids), "")

    @property
    def conclusion(self) -> str:
        """The verdict, and of a pass what keeps it from meaning much."""
        return describe_verdict(self.verdict, self.caveats)

    @property
    def failures(self) -> tuple[str, ...]:
        """What did not pass, a few words a thing; a report that is of no path proves nothing."""
        failed = tuple(
            ": ".join((path.path, *path.findings[:1]))
            for path in self.paths
            if path.result == "fail"
        )
        doubtful = self.verdict == "pass" and not self.agreeing
        return failed or (("nothing was compared",) if doubtful else ())

    @property
    def agreeing(self) -> tuple[str, ...]:
        """The ways to run the exported files that agree with the network."""
        return tuple(path.path for path in self.paths if path.passed)

    @property
    def runtimes(self) -> tuple[tuple[str, Runtime], ...]:
        """What ran: the dynamic network, called eager, and each path that was run."""
        every = (("eager", self.runtime), *((path.path, path.runtime) for path in self.paths))
        return tuple((name, one) for name, one in every if one is not None)

    @property
    def paddles(self) -> tuple[str, ...]:
        """The versions of Paddle that computed, the network's first."""
        return tuple(dict.fromkeys(one.paddle for _, one in self.runtimes))

    def hashes(self, path: str) -> Hashes | None:
        """Give what a file hashed to when it was verified; None if it was not."""
        return find_hashes(self.files, path)

    def md5(self, path: str) -> str | None:
        """Give DVC's MD5 of a file or folder, as it was verified; None if it was not."""
        hashes = self.hashes(path)
        return self.folder(path) if hashes is None else hashes.md5

    def folder(self, path: str) -> str | None:
        """Give DVC's MD5 of a folder, as it was when its files were verified; None if unknown."""
        return find_folder_md5(self.files, path)

    def to_json(self) -> str:
        """Write the report.

        DVC shows every number and text of a metrics file except what is inside a list, with five
        digits, which of an error are often five zeros; so the verdict alone is outside.
        """
        found = encode_value(Evidence, self)
        found["files"] = [{"path": one["path"], **one["hashes"]} for one in found["files"]]
        found["outputs"] = [{key: one[key] for key in OUTPUT} for one in found["outputs"]]
        verdict = found.pop("verdict")
        return dump_json({"verdict": verdict, "evidence": [{"version": VERSION, **found}]})

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """Read a report.

        Raises:
            ValueError: it is none; the message says why, as the end of a sentence about it.
        """
        found = read_report(
            text, "verify", VERSION, lambda *parts: decode_value(cls, _joined(*parts))
        )
        if (path := next(filter(_contradicts, found.paths), None)) is not None:
            raise ValueError(
                f"contradicts itself: {path.path} has passed, and an output is over its tolerance"
            )
        failed = next((path.path for path in found.paths if path.result == "fail"), None)
        if found.verdict == "pass" and failed is not None:
            raise ValueError(
                f"contradicts itself: the verdict is pass, and {failed} has not passed"
            )
        return found


def _contradicts(path: PathEvidence) -> bool:
    """Tell whether a path has passed with an error that is above its tolerance.

    Errors are rounded, so the tolerance is rounded as they are.
    """
    return path.passed and any(
        one.scaled_error > round_evidence_error(one.tolerance)
        for one in path.outputs
        if one.scaled_error is not None and one.tolerance is not None
    )


def round_evidence_error(error: float) -> float:
    """Round an error to what is worth reading.

    >>> round_evidence_error(1.23456e-7)
    1.23e-07
    """
    return float(f"{error:.{DIGITS}g}")


def _joined(value: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is outside of the list beside what is inside, each thing as its type has it."""
    shown = {key: value[key] for key in _SHOWN_BEFORE if key in value}
    files = [
        {"path": one["path"], "hashes": {key: one[key] for key in FILE}} for one in details["files"]
    ]
    outputs = [{key: one[key] for key in OUTPUT} for one in details.get("outputs", ())]
    verdict = value["verdict"]
    return {**shown, **details, "verdict": verdict, "files": files, "outputs": outputs}


def paddle_of_evidence(text: str, path: str, md5: str | None) -> str | None:
    """Say which Paddle a folder was verified by; None where the report is not of these bytes.

    Args:
        text: the report.
        path: the folder.
        md5: DVC's MD5 of it.
    """
    try:
        proof = Evidence.from_json(text)
    except ValueError:
        return None
    return next(iter(proof.paddles), None) if md5 and proof.folder(path) == md5 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTime:
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

    Other at every run, so it is no metric of DVC's, whose differences would be full of it. Time
    and samples a second by path are those at the largest batch size.
    """

    median_ms: tuple[tuple[str, float], ...] = ()
    samples_per_second: tuple[tuple[str, float], ...] = ()
    peak_mib: tuple[tuple[str, float], ...] = ()
    calls: tuple[CallTime, ...] = ()
    processes: tuple[Process, ...] = ()

    def to_json(self) -> str:
        """Write it."""
        return dump_json(encode_value(Latencies, self))

    @classmethod
    def from_json(cls, text: str) -> Latencies:
        """Read it.

        Raises:
            ValueError: it is something else; the message is the end of a sentence about it.
        """
        value = parse_json(text)
        try:
            return decode_value(cls, value)
        except (ArithmeticError, KeyError, TypeError) as error:
            raise ValueError("has no latencies of `paddledvc verify`") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorRow:
    """How far a sample of an output is off.

    Attributes:
        sample: its number among all samples.
        batch: samples in its call.
        edge: the edge that its values are at; empty for usual ones.
        tolerance: that of the output on this path; None in tables of earlier versions.
    """

    sample: int
    batch: int
    path: str
    output: str
    scaled_error: float
    edge: str = ""
    tolerance: float | None = None


def write_evidence_csv(rows: Iterable[ErrorRow], *, edges: bool) -> str:
    """Write the error of every sample, for ``dvc plots``."""
    text = io.StringIO()
    head = [*HEAD, *(["edge"] if edges else []), "tolerance"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([getattr(row, name) for name in head] for row in rows)
    return text.getvalue()


def read_evidence_csv(text: str) -> tuple[ErrorRow, ...]:
    """Read the error of every sample.

    Raises:
        ValueError: the text is something else; the message is the end of a sentence about it.
    """
    reader = csv.DictReader(io.StringIO(text))
    try:
        rows = tuple(map(_error_row, reader))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(
            f"is no table of `paddledvc verify`: line {reader.line_num} has no sample or no error"
        ) from error
    if (most := max((row.sample for row in rows), default=0)) > len(rows):
        raise ValueError(
            f"is no table of `paddledvc verify`: it has {len(rows)} rows, and one of sample {most}"
        )
    return rows


def _error_row(row: Mapping[str, str]) -> ErrorRow:
    found = ErrorRow(
        sample=int(row["sample"]),
        batch=int(row["batch"]),
        path=row["path"],
        output=row["output"],
        scaled_error=float(row["scaled_error"]),
        edge=row.get("edge") or "",
        tolerance=float(row["tolerance"]) if row.get("tolerance") else None,
    )
    if None in (found.path, found.output) or found.sample < 0 or not found.scaled_error >= 0:
        raise ValueError(row)
    return found


def evidence_path(model: Model) -> str:
    """Name the report of a model."""
    return f"{model_reports_folder(model)}/verify.json"


def latencies_path(model: Model) -> str:
    """Name the file that says what calls of a model's export took."""
    return f"{model_reports_folder(model)}/latency.json"
