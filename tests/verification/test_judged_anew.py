"""Only tolerances have changed: nothing runs. Anything else has: everything does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import paddledvc
from paddledvc.tools.paddle import process
from paddledvc.verification.core.verify_report import JUDGED_ANEW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


class RanError(Exception):
    """A process with Paddle was to be started."""


@pytest.fixture(scope="module")
def measured(lay_out: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A project that was verified once, and what each of its files holds."""
    project = lay_out(tmp_path_factory.mktemp("anew") / "project")
    stating(project.root, 1e-5)
    paddledvc.export(project, "net")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(project.root.parent / "state"))
        assert paddledvc.verify(project, "net").verdict == "pass"
    return project


def stating(root: Path, tolerance: float, **verify: Any) -> None:
    stated = {"engine": tolerance, "reason": "deep"}
    section = {"paths": ["deployed"], "batch_sizes": [1], "tolerance": stated, **verify}
    (root / "params.yaml").write_text(json.dumps({"net": {"verify": section}}))


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch, measured: Any) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise RanError

    monkeypatch.setenv("XDG_STATE_HOME", str(measured.root.parent / "state"))
    monkeypatch.setattr(process, "run_job_in_process", run)


def test_another_tolerance_is_judged_from_what_was_saved(measured: Any) -> None:
    """DVC removes the report first, and the rest of the tests judge by 1e-5 again."""
    report = measured.root / "reports/net/verify.json"
    report.unlink()
    for engine in (2e-5, 1e-5):
        stating(measured.root, engine)
        found = paddledvc.verify(measured, "net")

        assert (found.verdict, found.paths[0].tolerance) == ("pass", engine)
        evidence = json.loads(report.read_text())["evidence"][0]
        assert evidence["notes"][0] == JUDGED_ANEW
        assert evidence["tolerance"]["engine"] == engine


def test_the_same_tolerance_asks_for_a_run(measured: Any) -> None:
    with pytest.raises(RanError):
        paddledvc.verify(measured, "net")


@pytest.mark.parametrize(
    "name", ["net.py", "exports/net/inference.pdiparams", "checkpoints/net_v1.pdparams"]
)
def test_another_byte_of_what_it_was_made_of_asks_for_a_run(measured: Any, name: str) -> None:
    file = measured.root / name
    before = file.read_bytes()
    stating(measured.root, 3e-5)
    try:
        file.write_bytes(before + b"\n")
        with pytest.raises(RanError):
            paddledvc.verify(measured, "net")
    finally:
        file.write_bytes(before)
        stating(measured.root, 1e-5)


@pytest.mark.parametrize(
    "changed",
    [
        {"variable": "FLAGS_use_mkldnn"},
        {"settings": {"seed": 1}},
        {"settings": {"engine": {"threads": 2}}},
        {"model": "  forward: [x]\n"},
        {"model": "  key: state\n"},
    ],
    ids=str,
)
def test_other_settings_ask_for_a_run(
    measured: Any, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "variable" in changed:
        monkeypatch.setenv(changed["variable"], "1")
    registry = measured.root / "models.yaml"
    before = registry.read_text()
    registry.write_text(before + changed.get("model", ""))
    stating(measured.root, 3e-5, **changed.get("settings", {}))
    try:
        with pytest.raises(RanError):
            paddledvc.verify(measured, "net")
    finally:
        registry.write_text(before)
        stating(measured.root, 1e-5)


def test_a_report_that_a_branch_wrote_is_never_what_is_judged(
    measured: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    stating(measured.root, 3e-5)
    try:
        with pytest.raises(RanError):
            paddledvc.verify(measured, "net")
    finally:
        stating(measured.root, 1e-5)
