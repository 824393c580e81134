"""Verify: networks whose exported files agree, and the evidence that is left."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

import paddledvc
from paddledvc.errors import InvalidInput, StaleStages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import Project, VerifyReport

pytestmark = pytest.mark.slow

VARIED = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 4, 3)
        self.norm = nn.BatchNorm2D(4)
        self.words = nn.Embedding(50, 4)

    def forward(self, image, ids, scale):
        seen = F.relu(self.norm(self.conv(image))).mean([2, 3])
        read = self.words(ids).mean(1)
        both = (seen + read) * scale
        return {
            "scores": both,
            "more": {"top": both.argmax(1), "mask": both > 0},
            "features": [seen, (read, None, 3)],
        }
"""
INPUTS = [
    {"name": "image", "shape": [None, 3, None, None]},
    {"name": "ids", "shape": [None, 7], "dtype": "int64", "range": [0, 50]},
    {"name": "scale", "shape": [None, 1]},
]
OUTPUTS = [
    "out.features[0]",
    "out.features[1][0]",
    "out.more.mask",
    "out.more.top",
    "out.scores",
]
PATHS = ["jit", "predictor", "deployed"]
SAMPLES = 13
"""Those of the batch sizes, and one image of another size."""


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def varied(
    lay_out: Callable[..., Project],
    draw: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A project whose network has several inputs and nested outputs, exported."""
    weights = {"conv.weight": draw(4, 3, 3, 3), "conv.bias": draw(4), "words.weight": draw(50, 4)}
    weights |= {f"norm.{key}": abs(draw(4)) for key in ("weight", "bias", "_mean", "_variance")}
    project = lay_out(
        tmp_path_factory.mktemp("varied"), VARIED, weights, inputs=INPUTS, input_size=[12, 16]
    )
    paddledvc.export(project, "net")
    return project


@pytest.fixture(scope="module")
def report(varied: Project) -> VerifyReport:
    return paddledvc.verify(varied, "net")


@pytest.fixture(scope="module")
def evidence(report: VerifyReport, varied: Project) -> dict[str, str]:
    """The text of each file that the verification wrote."""
    folder = varied.root / "reports" / "net"
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_a_good_network_passes_on_every_path(report: VerifyReport) -> None:
    assert (report.verdict, [(path.path, path.passed) for path in report.paths]) == (
        "pass",
        [(path, True) for path in PATHS],
    )


def test_the_plain_program_repeats_the_network_bit_for_bit(report: VerifyReport) -> None:
    assert [path.scaled_error for path in report.paths[:2]] == [0.0, 0.0]


def test_nested_outputs_are_matched_by_the_order_of_their_names(report: VerifyReport) -> None:
    assert [
        [output.name for output in path.agreement.outputs]
        for path in report.paths
        if path.agreement
    ] == [OUTPUTS] * 3


def test_every_batch_size_is_compared(report: VerifyReport) -> None:
    assert (report.batch_sizes, report.samples) == ((1, 3, 8), SAMPLES)


def test_the_report_hashes_the_weights_and_every_exported_file(
    report: VerifyReport, varied: Project
) -> None:
    names = [
        "checkpoints/net_v1.pdparams",
        "exports/net/inference.json",
        "exports/net/inference.pdiparams",
    ]

    assert [(item.path, item.hashes.sha256) for item in report.files] == [
        (name, sha256(varied.root / name)) for name in names
    ]


def test_the_evidence_is_three_files(evidence: dict[str, str]) -> None:
    assert sorted(evidence) == ["latency.json", "verify.csv", "verify.json"]


def test_dvc_shows_the_verdict_alone(evidence: dict[str, str], report: VerifyReport) -> None:
    shown = json.loads(evidence["verify.json"])
    (hidden,) = shown.pop("evidence")

    assert shown == {"verdict": "pass"}
    assert sorted(hidden["tolerance_used"]) == sorted(PATHS)
    assert max(hidden["tolerance_used"].values()) < 1
    assert hidden["samples"] == SAMPLES
    assert hidden["scaled_error"] == {
        "jit": 0.0,
        "predictor": 0.0,
        "deployed": float(f"{report.paths[2].scaled_error:.3g}"),
    }


def test_the_evidence_keeps_to_its_published_schema(evidence: dict[str, str]) -> None:
    schema = json.loads(paddledvc.schema("report"))

    validator = jsonschema.Draft202012Validator(schema)
    assert [*validator.iter_errors(json.loads(evidence["verify.json"]))] == []


def test_the_evidence_names_the_paddle_that_ran(evidence: dict[str, str]) -> None:
    runtime = json.loads(evidence["verify.json"])["evidence"][0]["runtime"]

    assert (runtime["paddle"], runtime["device"]) == (distribution("paddlepaddle").version, "cpu")


def test_latency_is_in_a_file_of_its_own(evidence: dict[str, str]) -> None:
    latency = json.loads(evidence["latency.json"])

    assert sorted(latency["median_ms"]) == sorted(["eager", *PATHS])
    assert "median_ms" not in evidence["verify.json"]
    assert min(latency["peak_mib"].values()) > 50
    assert [list(one["seconds"]) for one in latency["processes"]] == [
        ["import", "load", "calls", "latency"]
    ] * (1 + len(PATHS))


def test_the_table_has_a_row_for_each_sample_path_and_output(evidence: dict[str, str]) -> None:
    rows = list(csv.DictReader(evidence["verify.csv"].splitlines()))

    assert {(row["path"], row["output"], int(row["sample"])) for row in rows} == {
        (path, output, sample) for path in PATHS for output in OUTPUTS for sample in range(SAMPLES)
    }
    assert len(rows) == len(PATHS) * len(OUTPUTS) * SAMPLES


def test_a_second_verification_writes_the_same_bytes(
    evidence: dict[str, str], varied: Project
) -> None:
    folder = varied.root / "reports" / "net"

    paddledvc.verify(varied, "net")

    assert {name: (folder / name).read_text() for name in ("verify.json", "verify.csv")} == {
        name: evidence[name] for name in ("verify.json", "verify.csv")
    }


def with_verify(project: Project, verify: dict[str, Any], folder: Path, **params: Any) -> Project:
    """Copy a project that is exported, and verify it with other settings."""
    copy = shutil.copytree(project.root, folder, dirs_exist_ok=True)
    registry = yaml.safe_load((copy / "models.yaml").read_text())
    registry["models"][0]["verify"] = verify
    (copy / "models.yaml").write_text(yaml.safe_dump(registry))
    if params:
        (copy / "params.yaml").write_text(yaml.safe_dump({"net": {"verify": params}}))
    return paddledvc.Project(copy)


def test_the_deployed_engine_takes_its_settings(varied: Project, tmp_path: Path) -> None:
    engine = {"onednn": False, "ir_optim": False, "memory_optim": False, "threads": 2}
    project = with_verify(varied, {"paths": ["deployed"], "engine": engine}, tmp_path)

    report = paddledvc.verify(project, "net")

    # Without oneDNN the engine is the plain one, which does not round differently.
    assert (report.verdict, report.paths[0].scaled_error) == ("pass", 0.0)


def test_only_the_chosen_paths_run(varied: Project, tmp_path: Path) -> None:
    project = with_verify(varied, {"paths": ["predictor"], "batch_sizes": [2]}, tmp_path)

    report = paddledvc.verify(project, "net")

    assert ([path.path for path in report.paths], report.batch_sizes) == (["predictor"], (2,))


def has_gpu_build() -> bool:
    try:
        distribution("paddlepaddle-gpu")
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(has_gpu_build(), reason="this Paddle may find a GPU")
def test_a_gpu_that_is_not_there_fails_and_never_passes(varied: Project, tmp_path: Path) -> None:
    project = with_verify(varied, {"device": "gpu:1", "paths": ["gpu"]}, tmp_path)

    report = paddledvc.verify(project, "net")

    reason = (
        f"device 'gpu:1' is asked for, but Paddle {distribution('paddlepaddle').version} here is "
        "the CPU build; install the paddlepaddle-gpu that fits your CUDA, or set device: cpu"
    )
    assert (report.verdict, report.paths[0].findings) == ("fail", (reason,))


def test_a_device_gpu_adds_the_path_gpu(varied: Project, tmp_path: Path) -> None:
    project = with_verify(varied, {"device": "gpu"}, tmp_path)

    settings = project.verify_settings(project.registry().model("net"))

    assert settings.chosen_paths == ("jit", "predictor", "deployed", "gpu")


@pytest.mark.parametrize(
    ("params", "engine", "tolerance"),
    [
        pytest.param({}, (False, 1), (0.5, 0.25), id="of models.yaml"),
        pytest.param({"engine": {"threads": 2}}, (False, 2), (0.5, 0.25), id="threads"),
        pytest.param(
            {"tolerance": {"engine": 0.1, "reason": "measured"}},
            (False, 1),
            (0.5, 0.1),
            id="tolerance",
        ),
    ],
)
def test_params_override_only_what_they_name(
    params: dict[str, Any],
    engine: tuple[bool, int],
    tolerance: tuple[float, float],
    varied: Project,
    tmp_path: Path,
) -> None:
    verify = {
        "engine": {"onednn": False},
        "tolerance": {"program": 0.5, "engine": 0.25, "reason": "loose"},
    }
    project = with_verify(varied, verify, tmp_path, **params)

    settings = project.verify_settings(project.registry().model("net"))

    assert (settings.engine.onednn, settings.engine.threads) == engine
    assert (settings.tolerance.program, settings.tolerance.engine) == tolerance


def test_a_missing_export_names_the_next_step(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path)

    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify(project, "net")

    assert str(caught.value) == (
        "exports/net holds no exported program; run `paddledvc export net`"
    )


def test_a_model_without_an_export_section_is_named(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, export=False)

    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify(project, "net")

    assert str(caught.value) == "net has no `export` section in models.yaml"


def test_a_pin_of_other_settings_is_refused(varied: Project) -> None:
    with pytest.raises(StaleStages, match="run `paddledvc generate`, then `dvc repro`"):
        paddledvc.verify(varied, "net", pin="00000000")
