"""Run every path that needs a GPU, on programs of both formats: ``make test-gpu``.

It prints a table of what ran and what was skipped, with the reason. What ran has to agree, or to
refuse what TensorRT takes no part of; a path that was skipped was not tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import paddledvc
from paddledvc.models.verify_settings import ON_GPU, Engine, Precision, Verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paddledvc.verification.core.verify_report import PathReport

NETWORKS = """
import paddle
from paddle import nn
import paddle.nn.functional as F


class Conv(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2D(3, 8, 3, padding=1), nn.BatchNorm2D(8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(F.relu(self.norm(self.conv(x))).mean([2, 3]))


class Attention(nn.Layer):
    def __init__(self):
        super().__init__()
        self.words, self.fc = nn.Embedding(50, 16), nn.Linear(16, 16)

    def forward(self, ids):
        x = self.words(ids)
        seen = F.softmax(paddle.matmul(self.fc(x), x, transpose_y=True) * 0.25)
        return paddle.matmul(seen, x).mean(1)


class Small(nn.Layer):
    def forward(self, x):
        return F.relu(x) * 2
"""
EXPORT = """
import sys
import paddle
import networks

name, folder, *given = sys.argv[1:]
paddle.seed(0)
net = getattr(networks, name)()
net.eval()
if state := net.state_dict():
    paddle.save(state, f"{folder}/weights.pdparams")
shape = {"Conv": [None, 3, 32, 32], "Attention": [None, 12], "Small": [None, 4]}[name]
dtype = "int64" if name == "Attention" else "float32"
spec = paddle.static.InputSpec(shape, dtype, "ids" if name == "Attention" else "x")
paddle.jit.save(net, f"{folder}/net", input_spec=[spec])
"""
FORMATS = {"json": "1", "pdmodel": "0"}
"""What is written, by the flag that decides it."""
PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "bfloat16")
NOTHING = "TensorRT takes no part of the program"
"""How a path says that TensorRT has nothing to do with what ran."""


class Case(NamedTuple):
    """A program in a format, computed in a precision."""

    network: str
    format: str
    precision: Precision


CASES = [
    *(Case("Conv", form, precision) for form in FORMATS for precision in PRECISIONS),
    *(Case("Small", form, "float32") for form in FORMATS),
    # Paddle 3.3.1 fails to export it in Paddle 2's format.
    Case("Attention", "json", "float32"),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A path of a case.

    Attributes:
        result: ``pass``, ``fail``, ``skipped``, or ``refused`` where TensorRT has no part in it.
        numbers: largest scaled error and tolerance, or nothing.
        reason: why it failed, was refused or skipped.
        device: the GPU that it ran on.
    """

    case: Case
    path: str
    result: str
    numbers: str
    reason: str
    device: str

    @property
    def right(self) -> bool:
        """Whether that is as it should be."""
        wanted = "refused" if (self.case.network, self.path) == ("Small", "tensorrt") else "pass"
        return self.result in (wanted, "skipped")


def run(case: Case, folder: Path) -> Iterator[Row]:
    """Export the network of a case, and compare it on every path that needs a GPU."""
    folder.mkdir()
    (folder / "networks.py").write_text(NETWORKS)
    subprocess.run(
        [sys.executable, "-c", EXPORT, case.network, str(folder)],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "FLAGS_enable_pir_api": FORMATS[case.format]},
    )
    weights = folder / "weights.pdparams"
    report = paddledvc.verify_files(
        f"networks.py:{case.network}",
        folder / "net",
        weights=weights if weights.exists() else None,
        root=folder,
        settings=Verify(
            paths=(),
            optional=ON_GPU,
            device="gpu",
            batch_sizes=(1, 3),
            engine=Engine(precision=case.precision),
        ),
    )
    for path in report.paths:
        yield row(case, path)


def row(case: Case, path: PathReport) -> Row:
    """Say how a path fared."""
    reason = "" if path.passed else path.findings[0]
    ran = path.agreement is not None
    return Row(
        case=case,
        path=path.path,
        result="refused" if reason.startswith(NOTHING) else path.result,
        numbers=f"{path.scaled_error:.3g} of {path.tolerance:g}" if ran else "",
        reason=reason,
        device=path.runtime.device if path.runtime else "",
    )


def draw(rows: Iterable[Row]) -> Iterator[str]:
    """Draw the table, each reason once below it, and the sum."""
    found = list(rows)
    reasons = list(dict.fromkeys(one.reason for one in found if one.reason))
    yield "| network | program | precision | path | result | scaled error of tolerance |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        result = one.result if one.right else f"{one.result}, which is wrong"
        note = f" ({reasons.index(one.reason) + 1})" if one.reason else ""
        yield f"| {' | '.join([*one.case, one.path, result + note, one.numbers])} |"
    for number, reason in enumerate(reasons, 1):
        yield f"({number}) {reason}"
    devices = ", ".join(sorted({one.device for one in found if one.device}))
    ran = sum(one.result != "skipped" for one in found)
    wrong = sum(not one.right for one in found)
    where = f"on {devices}" if devices else "on a GPU"
    yield f"{ran} of {len(found)} ran {where}, {len(found) - ran} were skipped, {wrong} are wrong"


def main() -> int:
    """Run all cases and print the table."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, case in enumerate(CASES):
            rows += run(case, Path(scratch) / str(number))
    print("\n".join(draw(rows)))
    return 0 if all(one.right for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
