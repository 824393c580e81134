"""What an export is written as, and that nobody's environment decides it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import paddledvc
from paddledvc.errors import Finding, UserCodeFailed
from paddledvc.models.model import Output
from paddledvc.verification.core.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import Project

pytestmark = pytest.mark.slow
COLD = True  # which format is read and written is set before Paddle is imported

OLD = ["inference.pdiparams", "inference.pdiparams.info", "inference.pdmodel"]
NEW = ["inference.json", "inference.pdiparams"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def old(lay_out: Callable[..., Project], tmp_path_factory: Any) -> Project:
    """A project whose model is exported as pdmodel, where it was exported as json before."""
    stated = [{"name": "scores", "shape": [None, 3], "dtype": "float32"}]
    root = tmp_path_factory.mktemp("old")
    project = lay_out(root, export={"format": "pdmodel"}, outputs=stated)
    (root / "exports/net").mkdir(parents=True)
    (root / "exports/net/inference.json").write_text("as it was exported before")
    paddledvc.export(project, "net")
    return project


def test_a_model_is_exported_in_the_format_of_paddle_2(old: Project) -> None:
    assert names(old.root / "exports/net") == OLD


def test_a_program_in_paddle_2s_format_names_no_file_of_this_machine(old: Project) -> None:
    data = (old.root / "exports/net/inference.pdmodel").read_bytes()

    assert re.findall(rb"[^\s]*\.py", data) == []


def test_the_environment_decides_nothing_about_an_export(
    old: Project, contents: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old.root / "exports")
    for flag in ("FLAGS_enable_pir_api", "FLAGS_enable_unique_name", "FLAGS_convert_all_blocks"):
        monkeypatch.setenv(flag, "1")
    paddledvc.export(old, "net")

    assert contents(old.root / "exports") == before


def test_the_environment_decides_nothing_about_an_export_without_a_format(
    lay_out: Callable[..., Project],
    tmp_path: Path,
    contents: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = lay_out(tmp_path)
    paddledvc.export(project, "net")
    before = contents(tmp_path / "exports")
    monkeypatch.setenv("FLAGS_enable_pir_api", "0")
    monkeypatch.setenv("FLAGS_enable_unique_name", "1")
    paddledvc.export(project, "net")

    assert names(tmp_path / "exports/net") == NEW
    assert contents(tmp_path / "exports") == before


def test_an_export_in_paddle_2s_format_is_verified_on_every_usual_path(old: Project) -> None:
    report = paddledvc.verify(old, "net")

    assert [(path.path, path.result) for path in report.paths] == [
        ("jit", "pass"),
        ("predictor", "pass"),
        ("deployed", "pass"),
    ]
    proof = Evidence.from_json((old.root / "reports/net/verify.json").read_text())
    assert proof.outputs == (Output(name="scores", shape=(None, 3), dtype="float32"),)


def test_outputs_that_are_stated_otherwise_stop_verify_before_anything_runs(old: Project) -> None:
    registry = old.root / "models.yaml"
    text = registry.read_text()
    registry.write_text(text.replace("- 3\n", "- 5\n"))
    try:
        with pytest.raises(Finding) as caught:
            paddledvc.verify(old, "net")
    finally:
        registry.write_text(text)

    line = text.splitlines().index("  - name: scores") + 1
    assert str(caught.value) == (
        f"net: the exported program gives output 1 as float32[?,3], models.yaml:{line} states "
        "scores: float32[?,5]"
    )


def test_an_export_with_other_outputs_than_are_stated_leaves_the_old_files(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    stated = [{"name": "scores"}, {"name": "best", "dtype": "int64"}]
    project = lay_out(tmp_path, outputs=stated)
    with pytest.raises(Finding) as caught:
        paddledvc.export(project, "net")

    line = (tmp_path / "models.yaml").read_text().splitlines().index("  - name: scores") + 1
    assert str(caught.value) == (
        "net: the exported program gives 1 output: float32[?,3], "
        f"models.yaml:{line} states 2: scores, best"
    )
    assert not (tmp_path / "exports/net").exists()


def test_what_paddle_no_longer_writes_in_paddle_2s_format_is_told(
    lay_out: Callable[..., Project], linear: Callable[[str], str], tmp_path: Path
) -> None:
    project = lay_out(tmp_path, linear("return F.gelu(self.fc(x))"), export={"format": "pdmodel"})
    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.export(project, "net")

    assert re.sub(r"Paddle 3[.\d]+ ", "Paddle 3 ", str(caught.value)) == (
        "net.py:Net cannot be exported as pdmodel: Paddle 3 has given up the operation gelu in "
        "Paddle 2's format; export it with `format: json`, or with a Paddle that still writes it, "
        "such as 2.6"
    )
