"""The files that `init --ci` writes: what linters and the schemas of forges say of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

import paddledvc
from paddledvc.errors import InvalidInput
from paddledvc.setup.ci.core.actions import ACTIONS
from paddledvc.setup.ci.write_pipeline import write_pipeline

MODELS = """\
models:
  - name: det
    version: v1
    owner: "@team/vision"
    network: nets/det.py:Det
    docs: docs/det.md
    train: {command: python tools/train.py}
  - {name: rec, version: v1, owner: the speech team}
"""


@pytest.fixture
def repository(project):
    project.git("init", "--quiet")
    project.write("models.yaml", MODELS)
    project.write("nets/det.py", "import nets.parts\n\n\nclass Det: ...\n")
    for name in ("nets/__init__.py", "nets/parts.py", "docs/det.md", "tools/train.py"):
        project.write(name, "")
    return project


def write(repository, ci, **options):
    done = write_pipeline(paddledvc.Project(repository.root), ci, **options)
    return dict(done.files), done.notes


@pytest.mark.slow
@pytest.mark.parametrize("deploy", ["", "deploy: {script: ops/deploy.sh}\n"])
def test_the_files_pass_the_schemas_of_the_forges_and_the_linter_of_workflows(repository, deploy):
    repository.write("models.yaml", MODELS + deploy)
    for ci in ("github", "gitlab"):
        write(repository, ci)

    for schema, name in (
        ("vendor.github-workflows", ".github/workflows/models.yml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
        ("vendor.gitlab-ci", ".gitlab-ci.yml"),
    ):
        done = CliRunner().invoke(
            check_jsonschema, ["--builtin-schema", schema, str(repository.root / name)]
        )
        assert done.exit_code == 0, done.output
        assert ("ops/deploy.sh" in repository.read(name)) == (
            bool(deploy) and "dependabot" not in name
        )
    linted = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--format=json", ".github"],
        cwd=repository.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (linted.returncode, json.loads(linted.stdout)) == (0, []), linted.stderr


def test_each_action_is_pinned_and_no_job_may_write_but_two(repository):
    write(repository, "github")
    text = repository.read(".github/workflows/models.yml")
    jobs = yaml.safe_load(text)["jobs"]

    used = set(re.findall(r"uses: ([\w/-]+)@([0-9a-f]{40}) # (v[\d.]+)", text))
    assert used == {(name, *pin) for name, pin in ACTIONS.items()}
    assert text.count("uses: ") == sum(text.count(f"uses: {name}@") for name in ACTIONS)
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in jobs.items() if "permissions" in job} == {
        "comment": {"contents": "read", "pull-requests": "write"},
        "release": {"contents": "write"},
    }
    assert [name for name, job in jobs.items() if "environment" in job] == ["release"]
    assert [name for name, job in jobs.items() if "container" in job] == ["train", "evaluate"]
    assert set(yaml.safe_load(text)[True]) == {"pull_request", "merge_group", "push"}


def test_jobs_in_an_image_name_it_in_the_variable_that_reports_note(repository):
    repository.write("models.yaml", MODELS + "deploy: {script: ops/deploy.sh}\n")
    write(repository, "github")
    jobs = yaml.safe_load(repository.read(".github/workflows/models.yml"))["jobs"]

    assert {
        name: job["env"]["PADDLEDVC_IMAGE"] for name, job in jobs.items() if "container" in job
    } == {name: jobs[name]["container"] for name in ("train", "evaluate", "deploy")}


def test_a_pipeline_with_other_content_stays_unless_it_is_forced(repository):
    repository.write(".gitlab-ci.yml", "test: {script: [make]}\n")
    files, notes = write(repository, "gitlab")

    assert files[".gitlab-ci.yml"] is False
    assert notes[0] == ".gitlab-ci.yml has other content and stays; --force replaces it"
    assert repository.read(".gitlab-ci.yml") == "test: {script: [make]}\n"
    assert write(repository, "gitlab", force=True)[0][".gitlab-ci.yml"] is True
    files, notes = write(repository, "gitlab")
    assert (files[".gitlab-ci.yml"], len(notes)) == (False, 1)


def test_owners_are_asked_to_review_the_models_and_their_code(repository):
    repository.write("CODEOWNERS", "* @ann")
    files, notes = write(repository, "gitlab")

    assert files["CODEOWNERS"] is True
    assert repository.read("CODEOWNERS") == (
        "* @ann\n\n"
        "# paddledvc: written by `paddledvc init --ci` from the owners in models.yaml\n"
        "/models.yaml @team/vision\n"
        "/models.lock @team/vision\n"
        "/.paddledvc/allowed_signers @team/vision\n"
        "/docs/det.md @team/vision\n"
        "/nets/__init__.py @team/vision\n"
        "/nets/det.py @team/vision\n"
        "/nets/parts.py @team/vision\n"
        "/tools/train.py @team/vision\n"
        "# paddledvc: end\n"
    )
    assert notes == (
        (
            "rec has the owner 'the speech team', expected @name, @group/team or an email address; "
            "CODEOWNERS leaves it out"
        ),
    )
    assert write(repository, "gitlab")[0]["CODEOWNERS"] is False


def test_a_project_below_the_top_of_its_repository_gets_no_pipeline(repository):
    below = repository.root / "models"
    below.mkdir()
    with pytest.raises(InvalidInput) as caught:
        paddledvc.init(below, with_hooks=False, ci="github")

    assert str(caught.value) == (
        f"{below} is a folder of its repository, expected its top: forges read pipelines there"
    )
    assert list(below.iterdir()) == []


@pytest.mark.slow
def test_the_command_writes_it_and_force_alone_is_wrong_usage(repository, cli):
    done = cli("init", "--no-hooks", "--ci", "github")

    assert done.exit_code == 0
    assert "made .github/workflows/models.yml\n" in done.stdout
    assert "made .github/CODEOWNERS\n" in done.stdout
    assert "note: rec has the owner 'the speech team'" in done.stderr
    assert cli("init", "--force").exit_code == 2
