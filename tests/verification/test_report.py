"""Pages out of what verify has left, shown in a real browser where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.errors import InvalidFile, InvalidInput
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
    with pytest.raises(InvalidInput, match=r"there is no reports/\*/verify.json; run `dvc repro`"):
        paddledvc.report(paddledvc.Project(project.models("models: []\n").root))


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_report_that_cannot_be_read_is_named(verified, text):
    verified.write("reports/resnet50/verify.json", text)
    with pytest.raises(InvalidFile, match=r"^reports/resnet50/verify.json:1:1: it is "):
        paddledvc.report(verified.project)


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
