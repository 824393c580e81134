from __future__ import annotations

import os

import pytest

import paddledvc
from paddledvc import LockUse
from paddledvc.errors import InvalidInput, UnknownCatalog, Unresolvable

ZOO = """\
version: 1
models:
  - name: det
    versions:
      - {version: v1.0.0, url: a.pdparams}
      - {version: v1.2.0, url: a.pdparams}
      - {version: v2.0.0rc1, url: a.pdparams}
  - name: team/rec
    versions: [{version: "1.0", url: a.pdparams}]
"""
MODELS = """\
# Our models.
catalogs:
  zoo: {kind: index, url: zoo.yaml}
  other: {kind: index, url: other.yaml}
models:
  - name: mine      # in house
    version: v1
    weights_url: a.pdparams
"""
OTHER = "version: 1\nmodels: [{name: det, versions: [{version: v9, url: a.pdparams}]}]\n"


@pytest.fixture
def made(project):
    project.write("zoo.yaml", ZOO)
    project.write("other.yaml", "version: 1\nmodels: []\n")
    project.write_bytes("a.pdparams", b"weights")
    made = project.models(MODELS)
    paddledvc.lock(made)
    return made


def files(project):
    return project.read("models.yaml"), project.read("models.lock")


def test_a_model_is_added_from_its_newest_version_on(made, project):
    done = paddledvc.add(made, "det", source="zoo")

    assert project.read("models.yaml") == (
        MODELS + '\n  - name: det\n    version: ">=1.2.0"\n    source: zoo\n'
    )
    assert [str(change) for change in done.changes] == ["Add det v1.2.0"]
    assert paddledvc.lock(made, check=True).lock.model("det").version == "v1.2.0"


@pytest.mark.parametrize(
    ("model", "version", "locked"),
    [
        pytest.param("det==1.0", "v1.0.0", "v1.0.0", id="exact, as the catalog spells it"),
        pytest.param("det>=1,<2", ">=1,<2", "v1.2.0", id="range"),
        pytest.param("det^1.0", "^1.0", "v1.2.0", id="caret"),
        pytest.param("det ~= 1.0.0", "~= 1.0.0", "v1.0.0", id="spaces"),
        pytest.param("det==2.0rc1", "v2.0.0rc1", "v2.0.0rc1", id="pre-release"),
    ],
)
def test_a_model_is_added_at_the_versions_that_are_asked_for(made, model, version, locked):
    done = paddledvc.add(made, model, source="zoo")

    assert (done.requires, made.registry().model("det").requires.text) == (version, version)
    assert made.lock().model("det").version == locked


def test_the_only_catalog_that_lists_a_model_needs_no_name(made):
    assert paddledvc.add(made, "det").source == "zoo"


def test_catalogs_that_both_list_a_model_must_be_told_apart(made, project):
    project.write("other.yaml", OTHER)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det")

    assert str(caught.value) == ("det: zoo and other list it; say which one with --from")


def test_a_name_with_an_owner_gives_a_name_without(made):
    done = paddledvc.add(made, "team/rec")
    model = made.registry().model("rec")

    assert (done.name, model.source_name) == ("rec", "team/rec")


def test_a_model_can_have_another_name_here(made):
    paddledvc.add(made, "det", source="zoo", name="detector")

    assert made.registry().model("detector").source_name == "det"


def test_adding_what_is_there_changes_its_version_in_place(made, project):
    paddledvc.add(made, "det==1.0", source="zoo")
    before = project.read("models.yaml")
    done = paddledvc.add(made, "det==1.2.0")

    assert project.read("models.yaml") == before.replace("version: v1.0.0", "version: v1.2.0")
    assert [str(change) for change in done.changes] == ["Update det v1.0.0 -> v1.2.0"]


def test_a_model_that_is_there_under_another_name_is_found_by_it(made):
    paddledvc.add(made, "team/rec", name="reader")
    paddledvc.add(made, "reader==1.0")

    assert made.registry().model("reader").requires.text == "1.0"


def test_what_cannot_be_locked_is_not_added(made, project):
    before = files(project)
    with pytest.raises(Unresolvable, match="det: no version satisfies"):
        paddledvc.add(made, "det>=7", source="zoo")

    assert files(project) == before


@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param(
            ">=1", "'>=1': expected NAME, NAME==V or a range such as 'NAME>=1,<2'", id="no name"
        ),
        pytest.param(
            "det==x", "det==x: '==x' is not a version; expected one such as", id="no version"
        ),
    ],
)
def test_words_that_are_no_model_are_refused(made, model, message):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, model, source="zoo")

    assert str(caught.value).startswith(message)


def test_a_model_that_no_catalog_lists_is_told_with_the_nearest_name(made):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "dett")

    assert str(caught.value) == "dett: no catalog lists it; did you mean 'det'?"


def test_adding_what_is_there_without_a_version_keeps_what_is_asked_for(made):
    paddledvc.add(made, "det==1.0", source="zoo")

    assert paddledvc.add(made, "det").requires == "v1.0.0"


def test_a_model_with_a_url_gets_no_source(made, project):
    before = files(project)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det==1.0", source="zoo", name="mine")

    assert str(caught.value) == (
        "mine has a URL in models.yaml, which fixes its bytes; take that out first, or add the "
        "model under another name with --as"
    )
    assert files(project) == before


def test_a_catalog_that_is_not_there_is_refused(made, project):
    before = files(project)
    with pytest.raises(UnknownCatalog, match="no catalog is called 'zo'; did you mean 'zoo'"):
        paddledvc.add(made, "det", source="zo")

    assert files(project) == before


def test_a_frozen_lock_stays_while_a_model_is_added(made, project):
    _, lock = files(project)
    done = paddledvc.add(made, "det", source="zoo", use=LockUse(frozen="--frozen"))

    assert (done.requires, project.read("models.lock")) == ("latest", lock)


def test_a_locked_lock_lets_nothing_be_added_or_removed(made, project):
    before = files(project)
    use = LockUse(locked="PADDLEDVC_LOCKED=1")
    with pytest.raises(InvalidInput) as adding:
        paddledvc.add(made, "det", source="zoo", use=use)
    with pytest.raises(InvalidInput) as removing:
        paddledvc.remove(made, ["mine"], use=use)

    forbids = "a model changes models.lock, which PADDLEDVC_LOCKED=1 forbids"
    assert [str(adding.value), str(removing.value)] == [f"adding {forbids}", f"removing {forbids}"]
    assert files(project) == before


def test_a_removed_model_leaves_the_rest_as_it_was(made, project):
    before = files(project)
    paddledvc.add(made, "det", source="zoo")
    done = paddledvc.remove(made, ["det"])

    assert [str(change) for change in done.changes] == ["Remove det v1.2.0"]
    assert files(project) == before


def test_a_base_is_removed_only_with_those_that_start_from_it(made, project):
    made = project.models(MODELS + "  - {name: child, version: v1, base: mine}\n")
    with pytest.raises(InvalidInput) as caught:
        paddledvc.remove(made, ["mine"])
    paddledvc.remove(made, ["mine", "child"])

    assert str(caught.value) == (
        "child starts from the weights of mine; remove it too, or give it another base"
    )
    assert made.registry().models == ()


def test_a_model_that_is_not_there_cannot_be_removed(made):
    with pytest.raises(paddledvc.errors.UnknownModel, match="did you mean 'mine'"):
        paddledvc.remove(made, ["mines"])


def test_a_name_that_another_model_of_the_catalog_has_is_refused(made, project):
    paddledvc.add(made, "team/rec")
    before = files(project)
    with pytest.raises(InvalidInput) as caught:
        paddledvc.add(made, "det", source="zoo", name="rec")

    assert str(caught.value) == (
        "rec in models.yaml is team/rec of zoo; give det another name with --as"
    )
    assert files(project) == before


def test_whatever_comes_after_a_killed_remove_finishes_it(made, project, cli, monkeypatch):
    paddledvc.add(made, "det", source="zoo")
    real = os.replace

    def replace(source, target, **how):
        if str(target).endswith("models.lock"):
            raise KeyboardInterrupt
        real(source, target, **how)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            paddledvc.remove(made, ["det"])
    assert ["det" in text for text in files(project)] == [False, True]
    cli("list")

    assert ["name: det" in text for text in files(project)] == [False, False]
    assert paddledvc.lock(made, check=True).changes == ()
