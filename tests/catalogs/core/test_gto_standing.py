"""Which versions stand and which stages hold them; GTO itself is asked in tests/inventory."""

from __future__ import annotations

from paddledvc.catalogs.core.gto import Tag, list_gto_events
from paddledvc.catalogs.core.gto_standing import GtoStanding

A, B = "a" * 40, "b" * 40
RELEASED = (("det@v1.0.0", A), ("det@v1.1.0", B))


def standing(*made):
    """What stands after tags of a name and a commit were made, one after the other."""
    tags = [Tag(name=name, commit=commit, time=time) for time, (name, commit) in enumerate(made)]
    return GtoStanding(list_gto_events(tags)[0]["det"])


def held(*made):
    """The commits that stages hold then."""
    return {stage: event.commit for stage, event in standing(*made).stages().items()}


def test_a_stage_holds_what_was_assigned_to_it_last():
    assert held(*RELEASED, ("det#prod#1", A), ("det#prod#2", B)) == {"prod": B}
    assert held(*RELEASED, ("det#prod#1", B), ("det#prod", A)) == {"prod": A}


def test_what_was_assigned_before_holds_again_when_a_stage_is_unassigned():
    prod = ("det#prod#1", A), ("det#prod#2", B)

    assert held(*RELEASED, *prod, ("det#prod!#3", B)) == {"prod": A}
    assert held(*RELEASED, *prod, ("det#prod!#3", B), ("det#prod!#4", A)) == {}


def test_to_unassign_what_is_not_assigned_changes_nothing():
    assert held(*RELEASED, ("det#prod!#1", A), ("det#prod#2", B), ("det#prod!", A)) == {"prod": B}


def test_a_version_that_was_taken_back_is_in_no_stage():
    assert held(*RELEASED, ("det#prod#1", B), ("det@v1.1.0!", B)) == {}
    assert held(*RELEASED, ("det#prod#1", B), ("det@v1.1.0!", B), ("det@v1.1.0#2", B)) == {
        "prod": B
    }


def test_a_commit_that_is_no_version_may_be_in_a_stage():
    found = standing(("det#prod#1", A))

    assert found.stages()["prod"].commit == A
    assert found.version_of(A) is None


def test_a_commit_has_the_version_that_stands_and_else_the_last_one():
    both = ("det@v1.0.0", A), ("det@v1.1.0", A)

    assert standing(*both).version_of(A) == "v1.1.0"
    assert standing(*both, ("det@v1.1.0!", A)).version_of(A) == "v1.0.0"
    assert standing(*both, ("det@v1.1.0!", A), ("det@v1.0.0!", A)).version_of(A) == "v1.1.0"


def test_the_latest_version_is_the_highest_that_stands():
    made = ("det@v1.10.0", A), ("det@v1.9.0", B)

    assert standing(*made).latest().version == "v1.10.0"
    assert standing(*made, ("det@v1.10.0!", A)).latest().version == "v1.9.0"
    assert standing(("det#prod#1", A)).latest() is None


def test_an_artifact_is_deprecated_until_something_else_happens_to_it():
    gone = (*RELEASED, ("det@deprecated#1", B))

    assert standing(*gone).deprecated.tag == "det@deprecated#1"
    assert standing(*gone, ("det#prod#2", B)).deprecated is None
