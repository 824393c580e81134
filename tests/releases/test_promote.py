"""Which releases get into a release stage, and how they are taken back, with real git."""

from __future__ import annotations

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import Finding, InvalidInput, OutsideFailure

slow, thorough = pytest.mark.slow, pytest.mark.thorough
STAGES = "policy: {stages: {prod: {branches: [main]}, trial: {branches: ['*']}}}\n"


@pytest.fixture
def two(released, ours):
    """Two releases of det, by a policy of stages."""
    released.lock_models(STAGES + released.read("models.yaml"), title="stages")
    paddledvc.create_release(ours)
    released.move()
    paddledvc.create_release(ours)
    return released


def promote(ours, *given, **options):
    done = paddledvc.promote_release(ours, *given, **options)
    return done.tag, done.made


@thorough
def test_the_locked_version_is_promoted_and_numbers_go_on_over_all_stages(two, ours):
    assert promote(ours, "det", "prod", dry_run=True) == ("det#prod#1", True)
    assert promote(ours, "det", "prod") == ("det#prod#1", True)
    assert promote(ours, "det", "prod") == ("det#prod#1", False)
    assert promote(ours, "det@1.2", "trial") == ("det#trial#2", True)
    assert promote(ours, "det@v1.2.0", "prod") == ("det#prod#3", True)
    assert two.at("det#prod#3") == two.at("det@v1.2.0")
    rows = paddledvc.history(ours, "det", stage="prod").rows
    assert [(one.version, one.until is None) for one in rows] == [
        ("v1.2.0", True),
        ("v1.3.0", False),
    ]


@slow
def test_a_commit_of_a_feature_branch_is_refused_whatever_that_branch_says(two, ours):
    two.branch("feature/x")
    two.edit("models.yaml", "branches: [main]", "branches: ['*'], approvals: 0")
    two.commit("loosen")
    two.git("tag", "--annotate", "--message", "x", "det@v9.0.0")

    with pytest.raises(Finding) as caught:
        promote(ours, "det@v9", "prod")

    assert str(caught.value) == (
        f"det v9.0.0 (commit {two.at('HEAD')[:7]}) is on feature/x only; prod takes commits of "
        "main, by the policy of main. Merge the commit there, or run `git fetch` if that is done"
    )
    assert promote(ours, "det@v9", "trial") == ("det#trial#1", True)


@thorough
def test_misspelt_stages_and_what_is_not_released_are_refused(two, ours):
    with pytest.raises(InvalidInput, match=r"lists no release stage 'prd'; did you mean 'prod'\?"):
        promote(ours, "det", "prd")
    with pytest.raises(InvalidInput, match=r"det has no release v1\.4\.0; did you mean 'v1\."):
        promote(ours, "det@v1.4", "prod")
    with pytest.raises(InvalidInput, match=r"dat has no release; did you mean 'det'\?"):
        promote(ours, "dat", "prod")
    with pytest.raises(InvalidInput, match="det: Invalid version: 'new'"):
        promote(ours, "det@new", "prod")
    two.write("models.yaml", f"groups: {{ocr: [det, rec]}}\n{two.read('models.yaml')}")
    with pytest.raises(InvalidInput, match=r"^ocr is a group; name one of its models: det, rec$"):
        promote(ours, "ocr@v1.2", "prod")


@thorough
def test_stages_that_gto_would_not_read_and_groups_are_refused(released, ours):
    released.write("models.yaml", released.read("models.yaml") + "groups: {ocr: [det, rec]}\n")
    released.commit()
    paddledvc.create_release(ours)
    before = released.tags()

    for stage in ("pröd", "prod#2", "prod!", "my prod", "-x", ""):
        with pytest.raises(InvalidInput, match="is no name of a release stage, expected letters"):
            promote(ours, "det", stage)
    with pytest.raises(InvalidInput, match="ocr is a group; name one of its models: det, rec"):
        promote(ours, "ocr", "prod")

    assert released.tags() == before


@thorough
def test_a_withdrawn_version_leaves_its_stage_and_is_not_released_again(two, ours):
    promote(ours, "det@v1.2", "prod")
    promote(ours, "det", "prod")
    first = paddledvc.deprecate_release(ours, "det@v1.3")
    again = paddledvc.deprecate_release(ours, "det@v1.3")

    assert [(one.tag, one.made) for one in (first, again)] == [
        ("det@v1.3.0!", True),
        ("det@v1.3.0!", False),
    ]
    held = paddledvc.history(ours, "det", at="2100-01-01", stage="prod").rows
    assert [one.version for one in held] == ["v1.2.0"]
    with pytest.raises(
        Finding, match=r"det v1\.3\.0 is withdrawn by det@v1\.3\.0!, and goes into no"
    ):
        promote(ours, "det", "prod")
    assert [one.state for one in paddledvc.create_release(ours).releases] == [
        "withdrawn",
        "released",
    ]


@thorough
def test_a_model_is_deprecated_as_a_whole_and_its_tags_are_sent(two, ours):
    hub = two.clone_of()
    promote(ours, "det", "prod", push=True)
    done = paddledvc.deprecate_release(ours, "det", push=True)

    assert (done.tag, done.version, done.pushed) == ("det@deprecated", None, "origin")
    assert {
        line.partition("refs/tags/")[2] for line in two.git("ls-remote", str(hub)).splitlines()
    } > {
        "det#prod#1",
        "det@v1.3.0",
        "det@deprecated",
    }
    with pytest.raises(Finding, match="is withdrawn by det@deprecated"):
        promote(ours, "det", "prod")


@thorough
def test_a_tag_that_another_clone_has_sent_meanwhile_is_not_taken_for_ours(two, ours, tmp_path):
    hub = two.clone_of()
    two.git("push", "--quiet", "origin", "--tags")
    two.git("clone", "--quiet", str(hub), str(tmp_path / "other"))
    paddledvc.promote_release(Project(tmp_path / "other"), "det@v1.3", "prod", push=True)

    with pytest.raises(OutsideFailure) as caught:
        promote(ours, "det@v1.2", "prod", push=True)
    two.git("tag", "--delete", "det#prod#1")
    two.git("fetch", "--quiet", "--tags")

    assert str(caught.value) == (
        "origin has another tag called det#prod#1; nothing was sent. Run `git tag --delete "
        "'det#prod#1'`, `git fetch --tags`, and the same command again"
    )
    assert promote(ours, "det@v1.2", "prod", push=True) == ("det#prod#2", True)
