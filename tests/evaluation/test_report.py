"""Pages out of what verify and evaluate have left, shown in a real browser where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.errors import InvalidFile, InvalidInput
from tests.gate.test_check_metrics import EVALUATED, FUNCTION, SAMPLES, measured, right
from tests.gated import EXPORTED, Gated

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


@pytest.fixture
def verified(project):
    """A project whose model is verified."""
    made = Gated(project)
    made.models(EXPORTED)
    return made


def test_each_verified_model_has_a_page_and_one_page_names_them(verified, cli):
    done = cli("report")

    assert done == (0, "reports/index.html\nreports/resnet50/verify.html\n", "")
    assert "1 of 1 models pass" in verified.read("reports/index.html")
    assert "resnet50" in verified.read("reports/resnet50/verify.html")
    assert cli("report", "--format", "json").stdout.startswith('[\n  "reports/index.html",')


def test_git_ignores_the_pages_of_a_project_that_was_made_before_it_did(verified, cli):
    verified.commit("reports")
    cli("report")
    verified.git("add", "--all")

    assert verified.git("diff", "--cached", "--name-only") == "reports/.gitignore\n"
    verified.write("reports/.gitignore", "")
    cli("report")
    assert verified.read("reports/.gitignore") == "", "what people decided stays"


def test_pages_that_are_committed_on_purpose_stay_so(verified, cli):
    verified.write("reports/index.html", "")
    verified.commit("pages")
    cli("report")

    assert not (verified.root / "reports/.gitignore").exists()


def test_a_page_names_the_commit_of_its_report_while_that_is_as_it_was(verified, cli):
    commit = verified.commit("reports")
    cli("report")
    assert f"commit of the report: {commit[:7]}" in " ".join(
        verified.read("reports/resnet50/verify.html").split()
    )
    assert "Owner: the vision team" in verified.read("reports/resnet50/verify.html")

    verified.edit("reports/resnet50/verify.json", '"samples": 1', '"samples": 2')
    cli("report")
    assert "not committed yet" in verified.read("reports/resnet50/verify.html")


def test_without_a_verification_there_is_nothing_to_show(project):
    with pytest.raises(InvalidInput, match=r"no reports/\*/verify.json or evaluate.json; run `dvc"):
        paddledvc.report(paddledvc.Project(project.models("models: []\n").root))


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_report_that_cannot_be_read_is_named(verified, text):
    verified.write("reports/resnet50/verify.json", text)
    with pytest.raises(InvalidFile, match=r"^reports/resnet50/verify.json:1:1: it is "):
        paddledvc.report(verified.project)


MEASURED = "reports/resnet50/evaluate.json"


@pytest.fixture
def evaluated(verified):
    """A project whose model is measured too."""
    verified.write("net.py", verified.read("net.py") + FUNCTION)
    verified.models(EVALUATED)
    verified.commit("verified")
    made = measured(verified, right(range(40, 50)), right(range(40, 51)), changed=1)
    made = replace(
        made,
        metrics=dict(reversed(made.metrics.items())),
        worst_slice={"accuracy": made.slices[0].metrics["accuracy"]["deployed"]},
    )
    verified.write(MEASURED, made.to_json())
    cells = "".join(f"{at % 3},{at % 2}\n" for at in range(SAMPLES))
    verified.write("reports/resnet50/evaluate/confusion.csv", "actual,predicted\n" + cells)
    changed = "sample,path,metric,network,exported\nscan 50,deployed,accuracy,1.0,0.0\n"
    verified.write("reports/resnet50/evaluate/changed.csv", changed)
    return verified


def words(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_a_page_shows_what_evaluate_measured(evaluated, cli):
    assert cli("report")[0] == 0
    page = words(evaluated.read("reports/resnet50/verify.html"))

    assert "accuracy 0.98 (0.9636 to 0.9891) 0.978 (0.961" in page
    assert "Worst parts metric value path property part samples accuracy 0.976 deployed" in page
    assert "form even 250 accuracy 0.98" in page
    assert "actual, down; predicted, across 0 1 2" in page
    assert "scan 50 deployed accuracy 1 0" in page
    overview = words(evaluated.read("reports/index.html"))
    assert "accuracy 0.98 network, 0.978 deployed" in overview, "which models.yaml names first"


def test_a_model_that_is_measured_and_not_exported_has_a_page(evaluated, cli):
    for name in ("verify.json", "verify.csv", "latency.json"):
        (evaluated.root / "reports/resnet50" / name).unlink()
    done = cli("report")

    assert done == (0, "reports/index.html\nreports/resnet50/verify.html\n", "")
    page = words(evaluated.read("reports/resnet50/verify.html"))
    assert "resnet50 v3.3.0: not verified" in page
    assert "Owner: the vision team; commit of the report: not committed yet" in page
    assert "accuracy 0.98 (0.9636" in page
    overview = words(evaluated.read("reports/index.html"))
    assert "No model is verified" in overview
    assert "not verified accuracy 0.98 network" in overview


SPOILT = [
    (lambda text: text[:1], "is not JSON: Expecting property name"),
    (lambda text: text.replace("0.98", "0.99", 1), "says that accuracy"),
    (lambda text: text.replace("0cc175b9", "1cc175b9"), "with md5:1cc175b9"),
]
AGAINST_THE_PROJECT = [
    (lambda text: text.replace('"model": "resnet50"', '"model": "x"'), "is of the model x"),
    (lambda text: text.replace("/inference.", "/other."), "is of exports/resnet50 with"),
    (
        lambda text: text.replace("checkpoints/resnet50_", "checkpoints/other_"),
        "is not of checkpoints/resnet50_v3.3.0.pdparams, which is built now",
    ),
]


def test_a_report_of_evaluate_that_is_not_true_is_said_and_not_shown(evaluated, caplog):
    text, models = evaluated.read(MEASURED), evaluated.read("models.yaml")
    for spoil, why in (*SPOILT, *AGAINST_THE_PROJECT):
        assert spoil(text) != text
        evaluated.write(MEASURED, spoil(text))
        # Where the project cannot be read, verify.json alone tells of bytes.
        readable = [models] if (spoil, why) in AGAINST_THE_PROJECT else [models, "models: {"]
        for registry in readable:
            evaluated.write("models.yaml", registry)
            caplog.clear()
            paddledvc.report(evaluated.project)
            page = words(evaluated.read("reports/resnet50/verify.html"))

            assert why in page
            assert why in caplog.text
            assert "its numbers are not shown" in page
            assert "0.9636" not in page
            assert "v3.3.0: pass" in page, "what verify found stays"
            assert "pass not shown" in words(evaluated.read("reports/index.html"))
        evaluated.write("models.yaml", models)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
def test_a_browser_shows_the_page_without_a_complaint(verified, tmp_path: Path):
    calls = [{"path": "jit", "batch": 1, "median_ms": 2.0, "p95_ms": 3.0}]
    verified.write("reports/resnet50/latency.json", json.dumps({"calls": calls}))
    page = paddledvc.report(verified.project)[1]
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'b'}"]
    picture = tmp_path / "page.png"
    done = subprocess.run(
        [BROWSER, *options, "--enable-logging=stderr", f"--screenshot={picture}", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    shown = subprocess.run(
        [BROWSER, *options, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert "CONSOLE" not in done.stderr
    assert picture.stat().st_size > 10_000
    assert shown.stdout.count("<svg") == 2
    assert shown.stdout.count("<circle") == 1
