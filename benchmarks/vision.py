"""Verify every family of paddle.vision.models, with random weights, as a table in Markdown.

usage: python benchmarks/vision.py [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import paddledvc
from paddledvc.errors import PaddleDVCError
from paddledvc.models.model import Input, Reference
from paddledvc.models.verify_settings import Verify
from paddledvc.names import EXPORT_PREFIX
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import Exported, ExportJob, Network
from paddledvc.verification.core.verify_report import round_reported_error

if TYPE_CHECKING:
    from paddledvc.verification.core.verify_report import VerifyReport

PATHS = ("jit", "predictor", "deployed")
BATCH_SIZES = (1, 2, 3)
USUAL = (3, 224, 224)
MODELS = {
    "LeNet": (1, 28, 28),
    "alexnet": USUAL,
    "vgg11": USUAL,
    "resnet18": USUAL,
    "resnet50": USUAL,
    "resnext50_32x4d": USUAL,
    "wide_resnet50_2": USUAL,
    "densenet121": USUAL,
    "mobilenet_v1": USUAL,
    "mobilenet_v2": USUAL,
    "mobilenet_v3_small": USUAL,
    "mobilenet_v3_large": USUAL,
    "shufflenet_v2_x0_25": USUAL,
    "shufflenet_v2_swish": USUAL,
    "squeezenet1_0": USUAL,
    "squeezenet1_1": USUAL,
    "googlenet": USUAL,
    "inception_v3": (3, 299, 299),
}
"""Every family: of most the smallest member, of some one that is built otherwise too."""
NETWORKS = Path(__file__).resolve().parents[1] / "tests" / "faults"
WEIGHTS = """
import sys
import paddle
from paddle.vision import models
from networks import draw_norms

paddle.seed(0)
layer = getattr(models, sys.argv[1])()
draw_norms(layer)
paddle.save(layer.state_dict(), sys.argv[2])
"""


def verified(name: str, folder: Path) -> VerifyReport:
    """Export a model and verify what was exported."""
    reference, weights = f"paddle.vision.models:{name}", folder / "net.pdparams"
    taken = Input(name="image", shape=(None, *MODELS.get(name, USUAL)))
    command = [sys.executable, "-c", WEIGHTS, name, str(weights)]
    subprocess.run(command, check=True, capture_output=True, cwd=NETWORKS)
    network = Network(
        root=folder, reference=Reference.parse(reference), arguments={}, weights=weights
    )
    (folder / "export").mkdir()
    job = ExportJob(network=network, inputs=(taken,), allow=(), folder=folder / "export")
    process.run_job_in_process(job, Exported, root=folder)
    return paddledvc.verify_files(
        reference,
        folder / "export" / EXPORT_PREFIX,
        weights=weights,
        inputs=(taken,),
        settings=Verify(batch_sizes=BATCH_SIZES),
        root=folder,
    )


def row(name: str, report: VerifyReport) -> str:
    """Write what was found of a model, the largest error of any of its outputs."""
    paths = {str(path.path): path for path in report.paths}
    errors = [round_reported_error(paths[path].scaled_error) for path in PATHS]
    agreement = paths["jit"].agreement
    outputs = len(agreement.outputs) if agreement else ""
    cells = [
        f"`{name}`",
        "x".join(map(str, MODELS.get(name, USUAL))),
        outputs,
        *errors,
        report.verdict,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Verify the models that are named, or all."""
    print(f"| model | input | outputs | {' | '.join(PATHS)} | verdict |")
    print("|---|---|---|---|---|---|---|")
    for name in sys.argv[1:] or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                report = verified(name, Path(folder))
            except PaddleDVCError as error:
                print(f"| `{name}` | | | | | | {type(error).__name__}: {error} |", flush=True)
                continue
        print(row(name, report), flush=True)
        for path in report.paths:
            if path.diagnosis is not None:
                print(f"{path.path}: {path.diagnosis}", file=sys.stderr)


if __name__ == "__main__":
    main()
