"""The pipeline that publishes paddledvc: what it may do, and what it refuses to publish."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PIPELINE = ROOT / ".github/workflows/release.yml"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-02\n\n- A thing.\n"
BUILT = ("paddledvc-1.2.0-py3-none-any.whl", "paddledvc-1.2.0.tar.gz")


def jobs():
    return yaml.safe_load(PIPELINE.read_text())["jobs"]


def test_one_job_alone_may_publish_and_only_after_the_others():
    found = jobs()

    assert yaml.safe_load(PIPELINE.read_text())["permissions"] == {"contents": "read"}
    assert {name: one.get("permissions") for name, one in found.items()} == {
        "build": None,
        "smoke": None,
        "publish": {"attestations": "write", "id-token": "write"},
    }
    assert (found["smoke"]["needs"], found["publish"]["needs"]) == ("build", "smoke")
    assert found["publish"]["environment"]["name"] == "pypi"
    assert [
        one for one in found["publish"]["steps"] if "run" in one or "checkout" in str(one)
    ] == []


def test_every_action_is_pinned_to_a_commit_whose_version_a_comment_names():
    lines = [one.strip() for one in PIPELINE.read_text().splitlines() if "uses:" in one]

    pinned = re.compile(r"- uses: [\w-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert len(lines) > 5
    assert [one for one in lines if not pinned.fullmatch(one)] == []


def check_release(folder, tag, *, built=BUILT, changelog=CHANGELOG):
    (folder / "dist").mkdir()
    for name in built:
        (folder / "dist" / name).touch()
    (folder / "CHANGELOG.md").write_text(changelog)
    return subprocess.run(
        [ROOT / ".ci/check-release", tag, "dist"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_built_of_the_tag_and_is_in_the_changelog_is_published(tmp_path):
    done = check_release(tmp_path, "v1.2.0")

    assert (done.returncode, done.stderr) == (0, "")


def named(version):
    return f"paddledvc-{version}-py3-none-any.whl, paddledvc-{version}.tar.gz"


ADVICE = "build from a clean clone that has the tag"
TURN = "turn `## [Unreleased]` into it, and tag that commit"


@pytest.mark.parametrize(
    ("tag", "given", "expected"),
    [
        ("v1.2", {}, "found the tag v1.2, expected one such as v1.2.0"),
        (
            "v1.3.0",
            {},
            f"found {named('1.2.0')} in dist, expected {named('1.3.0')}: {ADVICE} v1.3.0",
        ),
        (
            "v1.2.0",
            {"built": BUILT[:1]},
            f"found {BUILT[0]} in dist, expected {named('1.2.0')}: {ADVICE} v1.2.0",
        ),
        (
            "v1.2.0",
            {"changelog": CHANGELOG.replace("[1.2.0]", "[1.200]")},
            f"CHANGELOG.md has no line `## [1.2.0] - YYYY-MM-DD`; {TURN}",
        ),
    ],
    ids=["the tag of no version", "another version", "no sdist", "nothing in the changelog"],
)
def test_anything_else_is_not_published(tmp_path, tag, given, expected):
    done = check_release(tmp_path, tag, **given)

    assert (done.returncode, done.stderr) == (1, f"Error: {expected}\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        ("zizmor", "--offline", "--pedantic"),
    ],
    ids=lambda command: command[0],
)
def test_the_pipeline_passes_the_linters_of_workflows(command):
    program = shutil.which(command[0], path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{command[0]} is not installed here")

    done = subprocess.run(
        [program, *command[1:], PIPELINE], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
