"""Verify: every known way in which exported files differ from their network is found and named."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import paddledvc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import Project, VerifyReport

pytestmark = pytest.mark.slow

JIT = {"paths": ["jit"]}


@pytest.fixture
def verified(
    lay_out: Callable[..., Project], linear: Callable[[str], str], tmp_path: Path
) -> Callable[..., VerifyReport]:
    """Export and verify a linear layer, given what its ``forward`` does with ``self.fc``."""

    def verify(forward: str, **entry: Any) -> VerifyReport:
        project = lay_out(tmp_path, linear(forward), **entry)
        paddledvc.export(project, "net")
        return paddledvc.verify(project, "net")

    return verify


# Each output but the first is one thing that tracing gets wrong without a word.
FAULTY = """
a_good = self.fc(x)
flat_base = self.fc(x) * 1.0
flat = flat_base.reshape([-1])
flat[0] = 100.0
turned_base = self.fc(x) + 1.0
turned = turned_base.transpose([1, 0])
turned_base[0, 0] = 50.0
return {
    "a_good": a_good,
    "flat_view": flat_base,
    "in_dynamic_mode": a_good * 2 if paddle.in_dynamic_mode() else a_good * 3,
    "is_tensor": a_good * 4 if isinstance(x, paddle.Tensor) else a_good * 5,
    "turned_view": turned,
}
"""


@pytest.fixture(scope="module")
def faulty(
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> VerifyReport:
    project = lay_out(
        tmp_path_factory.mktemp("faulty"),
        linear(FAULTY),
        verify={"paths": ["jit", "predictor"], "batch_sizes": [3]},
    )
    paddledvc.export(project, "net")
    return paddledvc.verify(project, "net")


@pytest.mark.parametrize("path", [0, 1], ids=["jit", "predictor"])
@pytest.mark.parametrize(
    "output",
    [
        pytest.param("flat_view", id="a write into a reshaped view"),
        pytest.param("turned_view", id="a write below a transposed view"),
        pytest.param("is_tensor", id="a branch on isinstance Tensor"),
        pytest.param("in_dynamic_mode", id="a branch on in_dynamic_mode"),
    ],
)
def test_what_tracing_gets_wrong_fails_and_is_named(
    output: str, path: int, faulty: VerifyReport
) -> None:
    report = faulty.paths[path]

    assert not report.passed
    assert [line for line in report.findings if line.startswith(f"out.{output}: scaled error ")]


@pytest.mark.parametrize("path", [0, 1], ids=["jit", "predictor"])
def test_only_the_outputs_that_are_off_are_named(path: int, faulty: VerifyReport) -> None:
    assert [line.split(":")[0] for line in faulty.paths[path].findings] == [
        "out.flat_view",
        "out.in_dynamic_mode",
        "out.is_tensor",
        "out.turned_view",
    ]


def test_one_bad_output_makes_the_verdict_fail(faulty: VerifyReport) -> None:
    assert faulty.verdict == "fail"


# Paddle 3.3.1 drops the constant of a last `x + constant` when it exports.
def test_a_constant_added_to_an_input_is_missed_by_the_export_and_found(
    verified: Callable[..., VerifyReport],
) -> None:
    report = verified("return self.fc(x), x + 0.5", verify=JIT)

    (path,) = report.paths
    assert (report.verdict, [line.split(":")[0] for line in path.findings]) == ("fail", ["out[1]"])


def test_a_constant_added_to_an_input_does_not_even_run_in_the_predictor(
    verified: Callable[..., VerifyReport],
) -> None:
    report = verified("return self.fc(x), x + 0.5", verify={"paths": ["predictor", "deployed"]})

    reason = "the program gives its input x back unchanged, which Paddle's predictors refuse "
    assert report.verdict == "fail"
    assert [[line.startswith(reason) for line in path.findings] for path in report.paths] == [
        [True],
        [True],
    ]


def test_a_network_that_only_adds_a_constant_fails(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    code = "class Net(nn.Layer):\n    def forward(self, x):\n        return x + 0.5\n"
    project = lay_out(tmp_path, code, {}, verify=JIT)
    paddledvc.export(project, "net")

    report = paddledvc.verify(project, "net")

    assert (report.verdict, [line.split(":")[0] for line in report.paths[0].findings]) == (
        "fail",
        ["out"],
    )


def test_a_constant_added_to_a_parameter_is_found(verified: Callable[..., VerifyReport]) -> None:
    report = verified("return self.fc(x), self.fc.bias + 1.0", verify=JIT)

    assert [line.split(":")[0] for line in report.paths[0].findings] == ["out[1]"]


DETECTOR = """
fc = self.fc(x)
score = F.sigmoid(fc[:, :1]) + (0.0 if paddle.in_dynamic_mode() else 0.005)
return paddle.concat([paddle.floor(fc[:, 1:2] * 9).abs(), score, x * 6e4], axis=1)
"""


def test_a_score_that_is_off_beside_large_boxes_fails_on_every_path(
    verified: Callable[..., VerifyReport],
) -> None:
    report = verified(DETECTOR, verify={"paths": ["jit", "deployed"]})

    assert [path.findings for path in report.paths] == [
        ("out: scaled error 0.005 over the tolerance 1e-07 in column 1, which has its own unit",),
        ("out: scaled error 0.005 over the tolerance 1e-05 in column 1, which has its own unit",),
    ]
    diagnosis = report.paths[0].diagnosis
    assert diagnosis is not None
    assert (diagnosis.kind, diagnosis.scaled_error) == ("Net", pytest.approx(0.005, rel=1e-3))


# Paddle 2.6.2 and 3.3.1 write one output, and who reads the second has none.
def test_a_tensor_that_is_returned_twice_is_missed_by_the_export(
    verified: Callable[..., VerifyReport],
) -> None:
    report = verified("y = self.fc(x)\nreturn {'a': y, 'b': [x * 2.0, y]}", verify=JIT)

    (path,) = report.paths
    assert path.findings == (
        (
            "2 outputs, expected 3: out.a, out.b[0], out.b[1]; out.b[1] is out.a once more, and "
            "paddle.jit.save writes a tensor that is returned twice only once; return a copy of "
            "it, by clone()"
        ),
    )
    assert (report.verdict, path.diagnosis) == ("fail", None)


def test_a_tensor_that_is_returned_twice_beside_its_copy_is_missed_and_no_file_is_blamed(
    verified: Callable[..., VerifyReport],
) -> None:
    body = "y = self.fc(x)\nreturn {'a': y, 'b': [y.clone(), x * 2.0], 'c': y}"
    (path,) = verified(body, verify=JIT).paths

    assert path.findings == (
        (
            "3 outputs, expected 4: out.a, out.b[0], out.b[1], out.c; out.b[0] is out.a once more, "
            "out.c is out.a once more (1 of them is missing), and paddle.jit.save writes a tensor "
            "that is returned twice only once; return a copy of it, by clone()"
        ),
    )
    assert path.diagnosis is None


def test_a_tensor_that_is_returned_beside_its_copy_agrees(
    verified: Callable[..., VerifyReport],
) -> None:
    report = verified("y = self.fc(x)\nreturn y, y.clone()", verify=JIT)

    assert (report.verdict, len(report.outputs)) == ("pass", 2)


def test_an_export_of_a_network_that_gives_only_nan_agrees_and_says_that_this_shows_nothing(
    lay_out: Callable[..., Project], linear: Callable[[str], str], project: Any, cli: Any
) -> None:
    lay_out(project.root, linear("y = self.fc(x)\nreturn paddle.log(-y * y - 1)"), verify=JIT)
    cli("export", "net")

    done = cli("verify", "net")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        (
            "net: agrees, but the samples show nothing: out is NaN; "
            "12 samples at batch sizes 1, 3, 8"
        ),
    )
    report = json.loads(project.read("reports/net/verify.json"))
    assert (report["verdict"], report["evidence"][0]["caveats"]) == (
        "pass",
        [{"kind": "nothing-shown", "text": "the samples show nothing: out is NaN"}],
    )


def test_a_network_that_is_random_in_eval_mode_is_not_repeatable(
    verified: Callable[..., VerifyReport],
) -> None:
    report = verified("return F.dropout(self.fc(x))", verify=JIT)

    assert (report.verdict, report.repeatable) == ("not-repeatable", False)


def test_a_network_that_counts_its_calls_is_not_repeatable(
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    linear_weights: dict[str, Any],
    tmp_path: Path,
) -> None:
    code = linear("self.calls += 1\nreturn self.fc(x) * self.calls").replace(
        "        self.fc =",
        '        self.register_buffer("calls", paddle.zeros([1]))\n        self.fc =',
    )
    weights = {**linear_weights, "calls": linear_weights["fc.bias"][:1] * 0}
    project = lay_out(tmp_path, code, weights, verify=JIT)
    paddledvc.export(project, "net")

    report = paddledvc.verify(project, "net")

    assert (report.verdict, report.paths[0].passed) == ("not-repeatable", False)


INTERPOLATE = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(1, 2, 3)

    def forward(self, x):
        return F.interpolate(self.conv(x), scale_factor=2, mode="nearest")
"""


@pytest.fixture(scope="module")
def interpolated(
    lay_out: Callable[..., Project],
    draw: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    project = lay_out(
        tmp_path_factory.mktemp("interpolated"),
        INTERPOLATE,
        {"conv.weight": draw(2, 1, 3, 3), "conv.bias": draw(2)},
        inputs=[{"name": "x", "shape": [None, 1, 8, 8]}],
        verify={"paths": ["predictor", "deployed"]},
    )
    paddledvc.export(project, "net")
    return project


# Paddle issues 77340 and 79749.
def test_an_operator_that_onednn_cannot_run_fails_on_the_deployed_path_alone(
    interpolated: Project,
) -> None:
    report = paddledvc.verify(interpolated, "net")

    predictor, deployed = report.paths
    assert (predictor.passed, deployed.passed, report.verdict) == (True, False, "fail")
    assert deployed.findings[0].startswith(
        "(Unimplemented) ConvertPirAttribute2RuntimeAttribute not support"
    )


def test_the_same_operator_passes_where_it_is_deployed_without_onednn(
    interpolated: Project, tmp_path: Path
) -> None:
    shutil.copytree(interpolated.root, tmp_path, dirs_exist_ok=True)
    params = {"net": {"verify": {"paths": ["deployed"], "engine": {"onednn": False}}}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))

    report = paddledvc.verify(paddledvc.Project(tmp_path), "net")

    assert report.verdict == "pass"


@pytest.fixture(scope="module")
def stale(
    lay_out: Callable[..., Project],
    linear_weights: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """An export of weights that have grown by a hundredth since."""
    project = lay_out(tmp_path_factory.mktemp("stale"), verify=JIT)
    paddledvc.export(project, "net")
    grown = {key: value * 1.01 for key, value in linear_weights.items()}
    (project.root / "checkpoints" / "net_v1.pdparams").write_bytes(pickle.dumps(grown, protocol=4))
    return project


@pytest.mark.parametrize(
    ("verify", "params", "verdict"),
    [
        pytest.param({}, {}, "fail", id="the default"),
        pytest.param(
            {"tolerance": {"program": 0.02, "reason": "older"}}, {}, "pass", id="of models.yaml"
        ),
        pytest.param(
            {"tolerance": {"program": 0.02, "reason": "older"}},
            {"tolerance": {"program": 0.002, "reason": "stricter"}},
            "fail",
            id="of params.yaml",
        ),
    ],
)
def test_the_export_of_older_weights_is_judged_by_the_tolerance(
    verify: dict[str, Any],
    params: dict[str, Any],
    verdict: str,
    stale: Project,
    tmp_path: Path,
) -> None:
    shutil.copytree(stale.root, tmp_path, dirs_exist_ok=True)
    registry = yaml.safe_load((tmp_path / "models.yaml").read_text())
    registry["models"][0]["verify"] |= verify
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(registry))
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"net": {"verify": params}}))

    report = paddledvc.verify(paddledvc.Project(tmp_path), "net")

    assert report.verdict == verdict
    assert report.paths[-1].scaled_error == pytest.approx(0.0099, rel=0.01)


@pytest.mark.parametrize(
    "file", ["inference.json", "inference.pdiparams"], ids=["program", "weights"]
)
def test_a_truncated_export_fails_on_every_path(file: str, stale: Project, tmp_path: Path) -> None:
    shutil.copytree(stale.root, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "exports" / "net" / file
    path.write_bytes(path.read_bytes()[:-20])
    params = {"net": {"verify": {"paths": ["jit", "predictor"]}}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))

    report = paddledvc.verify(paddledvc.Project(tmp_path), "net")

    # Paddle 3.3.1 reads beyond the end of truncated weights without a word.
    assert (report.verdict, [path.passed for path in report.paths]) == ("fail", [False, False])


def test_the_command_prints_what_is_off_and_exits_1(
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    project: Any,
    cli: Callable[..., Any],
) -> None:
    lay_out(project.root, linear("return self.fc(x), x + 0.5"), verify=JIT)
    cli("export", "net")

    done = cli("verify", "net")

    *_, finding, diagnosis, advice, verdict = done.stdout.splitlines()
    assert done.exit_code == 1
    assert finding.startswith("jit: out[1]: scaled error ")
    assert finding.endswith(" over the tolerance 1e-07")
    assert re.match(
        r"jit: \w+\.py:\d+: `x \+ 0\.5`: jit\.save drops a constant that is ", diagnosis
    )
    assert advice == "run `paddledvc report` for pages that show each sample and output"
    assert verdict == "net: fail, 12 samples at batch sizes 1, 3, 8"


def test_a_failing_verdict_is_written_down(
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    project: Any,
    cli: Callable[..., Any],
) -> None:
    lay_out(project.root, linear("return F.dropout(self.fc(x))"), verify=JIT)
    cli("export", "net")

    done = cli("verify", "net", "--format", "json")

    assert (done.exit_code, done.stdout) == (1, project.read("reports/net/verify.json"))
    assert json.loads(done.stdout)["verdict"] == "not-repeatable"
