"""Lines of CODEOWNERS, and what of a file is ours."""

from __future__ import annotations

from paddledvc.models.model import Model
from paddledvc.models.versions import Requirement
from paddledvc.setup.ci.core.codeowners import BEGIN, END, list_owners, with_owners


def a_model(name, owner):
    return Model(name=name, requires=Requirement.parse("v1"), owner=owner)


def test_a_file_of_several_models_has_the_owners_of_all():
    models = [a_model("a", "@ann"), a_model("b", "bob@team.example, @ann")]
    found = list_owners(models, {"a": ["net.py"], "b": ["net.py", "b.py"]})

    assert found.lines == (
        "/models.yaml @ann bob@team.example",
        "/models.lock @ann bob@team.example",
        "/.paddledvc/allowed_signers @ann bob@team.example",
        "/b.py bob@team.example @ann",
        "/net.py @ann bob@team.example",
    )
    assert found.notes == ()


def test_without_an_owner_whom_a_forge_can_ask_there_are_no_lines():
    found = list_owners([a_model("a", None)], {"a": ["net.py"]})

    assert found.lines == ()
    assert found.notes == (
        (
            "a has no owner, expected @name, @group/team or an email address; CODEOWNERS leaves it "
            "out"
        ),
    )
    assert with_owners("* @ann\n", ()) == "* @ann\n"


def test_our_lines_are_replaced_where_they_are_and_all_others_stay():
    text = f"* @ann\n{BEGIN}\n/old @bob\n{END}\n/last @ann\n"

    assert with_owners(text, ["/new @eve"]) == f"* @ann\n{BEGIN}\n/new @eve\n{END}\n/last @ann\n"
    assert with_owners(text, ()) == "* @ann\n/last @ann\n"
