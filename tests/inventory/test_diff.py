"""What `diff` says of a change, with the real git: the same numbers as `check`."""

from __future__ import annotations

import json
import shutil

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from tests.gate.test_check_metrics import EVALUATED, FUNCTION, REPORT, change, measured, right
from tests.gated import EXPORTED, IMAGE_DIGEST, Gated

BASED = f"""{EXPORTED}  - name: tail
    version: v1.0.0
    base: resnet50
    owner: the vision team
    license: Apache-2.0
    description: It starts from the backbone.
"""


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Where the projects below are, once a test has made them."""
    return tmp_path_factory.mktemp("compared")


def make(project, place, fill):
    """Make a project, or copy it."""
    if place.exists():
        shutil.copytree(place, project.root, dirs_exist_ok=True)
        return Gated(project)
    made = Gated(project)
    fill(made)
    made.commit("one model")
    shutil.copytree(project.root, place)
    return made


@pytest.fixture
def gated(project, made_once):
    """A project whose one model is locked, built and verified, committed on main."""
    return make(project, made_once / "gated", lambda made: made.models(EXPORTED))


@pytest.fixture
def evaluated(project, made_once):
    """A project whose one model is measured, committed on main."""

    def fill(made):
        made.write("net.py", made.read("net.py") + FUNCTION)
        made.write("labels.txt", "a")
        made.write("params.yaml", "resnet50: {evaluate: {threshold: 0.5, batch_size: 8}}\n")
        made.models(EVALUATED, build=False)
        made.write(REPORT, measured(made, right(range(10))).to_json())
        made.build()

    return make(project, made_once / "evaluated", fill)


def answers(found):
    return [(one.state, *one.reasons) for one in found.answers]


def diff(gated, revisions=None):
    return paddledvc.diff(gated.project, revisions)


def test_a_change_that_touches_no_model_says_so(gated):
    gated.branch("change")
    gated.write("notes.txt", "hello")
    gated.commit()

    found = diff(gated, "main")

    assert (found.title, found.base) == ("change as merged into main", "main")
    assert found.models == ()
    assert answers(found) == [("nothing", "no model changes")] * 4


def test_a_worse_model_has_the_numbers_and_the_findings_of_check(evaluated):
    change(evaluated, lambda gated: measured(gated, right(range(60))))

    found = diff(evaluated, "main")

    assert answers(found)[:2] == [
        ("yes", "resnet50 is measured on these very bytes (network, deployed)"),
        ("yes", "resnet50: accuracy 98.00 % -> 88.00 % (tolerance 1 point)"),
    ]
    [model] = found.models
    assert (model.name, model.kind, model.before, model.after) == (
        *("resnet50", "moved", "v3.3.0", "v3.4.0"),
    )
    assert [(one.path, one.before, one.after, one.state) for one in model.metrics[:2]] == [
        ("network", 0.98, 0.88, "worse, beyond tolerance"),
        ("deployed", 0.98, 0.88, "worse, beyond tolerance"),
    ]
    assert model.metrics[0].misses_floor
    assert found.findings == evaluated.check(base="main")


@pytest.mark.slow
def test_a_model_that_is_worse_within_its_tolerance_did_not_regress(evaluated):
    change(evaluated, lambda gated: measured(gated, right(range(12))))

    found = diff(evaluated, "main")

    assert answers(found)[1] == ("no", "resnet50 is worse by no more than its tolerances")
    assert found.models[0].metrics[0].state == "worse, within tolerance"


def test_a_report_of_other_bytes_counts_as_none_and_its_metrics_are_gone(evaluated):
    evaluated.branch("change")
    evaluated.edit("models.yaml", "version: v3.3.0", "version: v3.4.0")
    evaluated.holds["exports/resnet50"] = "other"
    evaluated.update()
    evaluated.commit()

    found = diff(evaluated, "main")

    why = (
        f"resnet50: {REPORT} is not of checkpoints/resnet50_v3.4.0.pdparams, which is its weights "
        "now"
    )
    assert answers(found)[:2] == [("no", why), ("unknown", why)]
    [model] = found.models
    assert {(one.name, one.after, one.state) for one in model.metrics} == {
        ("accuracy", None, "gone"),
        ("loss", None, "gone"),
    }


@pytest.mark.slow
def test_a_measurement_by_other_code_is_not_comparable(evaluated):
    change(evaluated, lambda gated: measured(gated, right(range(60)), code_sha256="12" * 32))

    found = diff(evaluated, "main")

    assert answers(found)[1] == ("unknown", "resnet50: measured by other code than main")
    assert {one.state for one in found.models[0].metrics} == {"not comparable"}


@pytest.mark.slow
def test_what_the_role_does_not_judge_is_compared_all_the_same(evaluated):
    evaluated.git("branch", "develop-x")
    change(evaluated, lambda gated: measured(gated, right(range(60))))

    found = diff(evaluated, "develop-x")

    assert found.findings.role == "feature"
    assert found.findings.violations == ()
    assert answers(found)[1][0] == "yes"


TRAINED = """\
models:
  - name: digits
    version: v1.0.0
    train: {function: "train.py:train", params: digits.yaml}
    metrics: {accuracy: {value: 90%, tolerance: 1%}}
"""


@pytest.mark.slow
def test_what_a_training_says_of_itself_is_compared_and_labelled(project):
    gated = Gated(project)
    gated.write("train.py", "def train(run):\n    pass\n")
    report = "reports/digits/train/metrics.json"

    def train(version, accuracy, rate):
        gated.write("digits.yaml", f"rate: {rate}\n")
        gated.write(report, json.dumps({"step": 3, "accuracy": accuracy, "loss": 0.5}))
        gated.models(TRAINED.replace("v1.0.0", version))

    train("v1.0.0", 0.95, 0.1)
    gated.commit()
    gated.branch("change")
    train("v1.1.0", 0.93, 0.2)
    gated.commit()

    found = diff(gated, "main")

    [model] = found.models
    assert [(one.name, one.source, one.before, one.after, one.state) for one in model.metrics] == [
        ("accuracy", "training", 0.95, 0.93, "worse, beyond tolerance"),
        ("loss", "training", 0.5, 0.5, "same"),
        ("accuracy", "stated", 0.9, 0.9, "same"),
    ]
    assert ("digits.yaml: rate", "0.1", "0.2") in [
        (one.what, one.before, one.after) for one in model.params
    ]
    assert answers(found)[:2] == [
        ("yes", "digits is measured by its training alone, which wrote these very bytes"),
        ("yes", "digits: accuracy 95.00 % -> 93.00 % (tolerance 1 point)"),
    ]

    gated.write(report, json.dumps({"accuracy": 0.99}))
    gated.commit()
    [(state, why), *_] = answers(diff(gated, "main"))
    assert state == "no"
    assert why.startswith(f"digits: {report} is of another training: dvc.lock has md5:")


def test_uncommitted_changes_are_compared_with_a_commit(gated):
    gated.write("params.yaml", "resnet50: {train: {optimizer: {lr: 0.1}}}\n")
    gated.commit()
    gated.write("params.yaml", "resnet50: {train: {optimizer: {lr: 0.2}, epochs: 3}}\n")

    found = diff(gated, "HEAD")

    assert (found.title, found.base) == ("the work tree", "HEAD")
    [model] = found.models
    assert model.kind == "changed"
    assert [(one.what, one.before, one.after) for one in model.params] == [
        ("train.optimizer.lr", "0.1", "0.2"),
        ("train.epochs", None, "3"),
    ]


@pytest.mark.slow
def test_an_image_whose_tag_moved_is_told_by_its_digests(gated, cli):
    gated.edit("models.yaml", "    owner", "    environment: paddle:3.3.1\n    owner")
    gated.lock()
    gated.commit()
    moved = f"sha256:{'2c' * 32}"
    gated.edit("models.lock", IMAGE_DIGEST, moved)
    gated.commit()
    [change] = diff(gated, "HEAD~1..HEAD").models

    assert [(one.what, one.before, one.after) for one in change.properties] == [
        ("image digest", IMAGE_DIGEST, moved)
    ]
    shown = cli("diff", "HEAD~1..HEAD").stdout.split()
    assert {"sha256:1b1b1b1b1b…", "sha256:2c2c2c2c2c…"} <= {*shown}


def test_two_commits_are_compared_as_they_are(gated):
    first = gated.git("rev-parse", "HEAD").strip()
    gated.models(EXPORTED.replace("v3.3.0", "v3.4.0"))
    gated.commit()
    gated.git("tag", "v2")
    gated.models(EXPORTED.replace("v3.3.0", "v3.5.0"))
    gated.commit()

    found = diff(gated, f"{first}..v2")
    back = diff(gated, f"v2..{first}")

    assert [(one.before, one.after) for one in found.models] == [("v3.3.0", "v3.4.0")]
    assert [(one.before, one.after) for one in back.models] == [("v3.4.0", "v3.3.0")]
    assert (found.title, found.base, found.findings.role) == ("v2", first, "production")


@pytest.mark.slow
def test_the_default_branch_is_what_a_branch_is_compared_with(gated, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    gated.branch("change")
    gated.write("notes.txt", "hello")
    gated.commit()

    assert diff(gated).title == "change as merged into main"
    gated.git("checkout", "--quiet", "main")
    assert diff(gated).title == "main"


def test_in_ci_a_change_is_compared_with_what_the_job_says(gated, monkeypatch):
    gated.git("branch", "release/1")
    gated.branch("change")
    gated.write("notes.txt", "hello")
    gated.commit()
    for name, value in (("", "true"), ("MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1")):
        monkeypatch.setenv(f"CI_{name}" if name else "GITLAB_CI", value)

    assert (diff(gated).title, diff(gated).base) == ("change as merged into release/1", "release/1")


def test_added_and_removed_models_are_told_with_what_starts_from_them(gated):
    gated.models(BASED)
    gated.write("pipeline/dvc.yaml", "stages: {use: {cmd: a, deps: [../exports/resnet50]}}\n")
    gated.commit()

    [model] = diff(gated, "HEAD~1").models
    assert (model.name, model.kind, model.after) == ("tail", "added", "v1.0.0")
    [model] = diff(gated, "HEAD..HEAD~1").models
    assert (model.name, model.kind, model.before) == ("tail", "removed", "v1.0.0")


@pytest.mark.slow
def test_what_uses_a_model_that_moves_is_named(gated):
    gated.models(BASED)
    gated.write("pipeline/dvc.yaml", "stages: {use: {cmd: a, deps: [../exports/resnet50]}}\n")
    gated.commit()
    gated.holds["exports/resnet50"] = "other"
    gated.models(BASED.replace("v3.3.0", "v3.4.0"))
    gated.commit()

    found = diff(gated, "HEAD~1")

    assert answers(found)[2] == (
        "yes",
        "resnet50: tail starts from it, and the stage pipeline/dvc.yaml:use reads it",
    )


@pytest.mark.slow
def test_documentation_that_names_the_version_is_found(gated):
    gated.branch("change")
    gated.models(EXPORTED.replace("v3.3.0", "v3.4.0"))
    gated.commit()
    missing = answers(diff(gated, "main"))[3]
    gated.write("docs/models/CHANGELOG.md", "- resnet50 v3.4.0: better\n")
    gated.commit()

    why = "docs/models/CHANGELOG.md does not name v3.4.0"
    assert missing == ("no", f"resnet50: {why}")
    assert answers(diff(gated, "main"))[3] == (
        "yes",
        "resnet50: docs/models/CHANGELOG.md names v3.4.0",
    )


@pytest.mark.slow
def test_a_card_that_is_made_anew_changes_no_documentation(gated):
    card = "docs/models/resnet50.md"
    gated.models(f"{EXPORTED}    docs: {card}\n")
    paddledvc.write_cards(gated.project)
    gated.commit()
    gated.branch("change")
    gated.edit("models.yaml", "the vision team", "another team")
    paddledvc.write_cards(gated.project)
    gated.commit()
    [change] = diff(gated, "main").models
    assert change.documentation.state == "unchanged"

    gated.write(card, gated.read(card) + "\nBy hand.\n")
    gated.commit()
    [change] = diff(gated, "main").models
    assert change.documentation.state == "changed"


def test_a_change_in_conflict_is_shown_as_that(gated):
    gated.branch("change")
    gated.write("a.txt", "1")
    gated.commit()
    gated.git("checkout", "--quiet", "main")
    gated.write("a.txt", "2")
    gated.commit()

    found = diff(gated, "main..change")

    assert answers(found) == [("unknown", "the change does not merge")] * 4
    assert [one.rule for one in found.findings.violations] == ["merge-conflict"]


@pytest.mark.parametrize(
    ("revisions", "said"),
    [
        ("nope", "there is no nope here; run `git fetch origin nope`"),
        ("main..nope", "there is no nope here; run `git fetch origin nope`"),
        ("main..--output=x", "there is no --output=x here; run `git fetch origin --output=x`"),
        ("main...HEAD", "found main...HEAD, expected BASE or BASE..HEAD with two dots"),
    ],
)
def test_a_revision_that_is_unknown_is_wrong_usage(gated, revisions, said):
    with pytest.raises(InvalidInput) as caught:
        diff(gated, revisions)

    assert str(caught.value) == said


def test_outside_of_a_repository_there_is_nothing_to_compare(project):
    with pytest.raises(InvalidInput, match="is in no git repository, expected commits to compare"):
        paddledvc.diff(project.models("models: []\n"))


@pytest.mark.slow
def test_the_command_prints_every_format_and_exits_0_with_findings(evaluated, cli):
    change(evaluated, lambda gated: measured(gated, right(range(60))))

    text, markdown, value = (
        cli("diff", "main", "--format", form) for form in ("text", "markdown", "json")
    )

    assert (text.exit_code, markdown.exit_code, value.exit_code) == (0, 0, 0)
    lines = text.stdout.splitlines()
    assert lines[0].startswith("change as merged into main, compared with main at ")
    assert lines[2] == (
        "  Did anything regress?  yes: resnet50: accuracy 98.00 % -> 88.00 % (tolerance 1 point)"
    )
    rows = [line.split() for line in lines if line.startswith("accuracy")]
    assert " ".join(rows[0]) == (
        "accuracy network 98.00 % 88.00 % higher 1 point worse, beyond tolerance, below floor"
    )
    assert markdown.stdout.startswith("<!-- paddledvc-diff -->\n### Models: `change as merged into")
    assert json.loads(value.stdout)["findings"]["errors"] == len(
        evaluated.check(base="main").errors
    )


def test_an_unknown_revision_of_the_command_is_wrong_usage(gated, cli):
    assert cli("diff", "nope").exit_code == 2
