"""The one note of what is in place: with what versions before wrote, and with several at once."""

from __future__ import annotations

import json
import multiprocessing

import pytest

from paddledvc.tools.git import worktree
from paddledvc.weights.core.ledger import Ledger, LedgerEntry, Mark, parse_ledger, render_ledger
from paddledvc.weights.core.tracked import LISTING_PATTERNS
from paddledvc.weights.tree import place, records
from paddledvc.weights.tree.records import Records
from tests.outputs_repo import md5

V1, V2 = {"checkpoints/a.bin": b"one"}, {"checkpoints/a.bin": b"two"}
SHA256 = "5" * 64
BEFORE = (
    '{"format":1,"outputs":{"checkpoints/a":["a","v1","0cc",{},{}],'
    '"exports/a":[null,null,null,{"f":["0cc",1,2,3]},{"f":"0dd"}]}}'
)
"""What versions before wrote."""


def notes(outputs):
    return json.loads((outputs.root / ".paddledvc/tmp/placed.json").read_text())


def rewrite_as_before(outputs):
    """Write what is noted as versions before wrote it."""
    value = {"format": 1, "outputs": notes(outputs)["outputs"]}
    (outputs.root / ".paddledvc/tmp/placed.json").write_text(json.dumps(value))


def place_tree(outputs, **how):
    stand = worktree.read_worktree_standing(outputs.root, LISTING_PATTERNS)
    return place.place_tree(outputs.project, lambda: (outputs.wanted(), stand), **how)


@pytest.fixture
def committed(outputs):
    outputs.declare(V1)
    outputs.folder.commit("one")
    place_tree(outputs)
    return outputs


def head(outputs):
    return outputs.folder.git("rev-parse", "HEAD").strip()


def test_what_is_in_place_is_noted_with_its_commit_and_for_the_hooks(committed):
    marker = records.marker_path(committed.root)

    assert list(notes(committed)["outputs"]) == ["checkpoints/a.bin"]
    assert notes(committed)["commit"] == head(committed)
    assert marker.read_text() == f"{head(committed)}\ncheckpoints\n"


def test_the_weights_of_no_commit_are_nobodys(committed):
    committed.declare(V2)
    place_tree(committed)

    assert notes(committed)["commit"] is None
    assert not records.marker_path(committed.root).exists()


def test_weights_that_are_missing_are_nobodys(committed):
    committed.declare(V2)
    committed.folder.commit("two")
    committed.cache.remove(md5(b"two"))
    place_tree(committed)

    assert notes(committed)["commit"] is None
    assert Records(committed.project).commit is None


def test_some_outputs_say_nothing_of_the_commit(committed):
    place.place_outputs(committed.project, tuple)

    assert notes(committed)["commit"] == head(committed)
    assert records.marker_path(committed.root).exists()


def test_what_versions_before_noted_is_read_and_kept():
    found = parse_ledger(BEFORE)

    assert found == Ledger(
        outputs={
            "checkpoints/a": LedgerEntry("a", "v1", "0cc", {}, {}),
            "exports/a": LedgerEntry(None, None, None, {"f": Mark("0cc", 1, 2, 3)}, {"f": "0dd"}),
        }
    )
    assert json.loads(render_ledger(found)) == {
        **json.loads(BEFORE), "commit": None, "md5s": {}
    }  # fmt: skip


@pytest.mark.slow
def test_where_no_commit_is_noted_the_marker_of_versions_before_tells_it(committed):
    rewrite_as_before(committed)

    assert Records(committed.project).commit == head(committed)
    assert committed.states(place_tree(committed)) == {"checkpoints/a.bin": "unchanged"}
    assert notes(committed)["commit"] == head(committed)


def test_an_edit_is_told_from_what_versions_before_put_there(committed):
    rewrite_as_before(committed)
    committed.declare(V2)
    assert committed.states(place_tree(committed)) == {"checkpoints/a.bin": "placed"}

    rewrite_as_before(committed)
    committed.edit("checkpoints/a.bin", b"mine")
    committed.declare(V1)
    assert committed.states(place_tree(committed)) == {"checkpoints/a.bin": "kept"}


def test_what_versions_before_have_learned_is_taken_over(committed):
    old = committed.folder.write(
        ".paddledvc/tmp/learned.json", json.dumps({SHA256: md5(b"1"), "x": "damaged", "y": 1})
    )
    assert records.learned_md5_records(committed.project) == {SHA256: md5(b"1")}

    records.note_md5_records(committed.project, {"6" * 64: md5(b"2")})

    assert not old.exists()
    assert records.learned_md5_records(committed.project) == {
        SHA256: md5(b"1"),
        "6" * 64: md5(b"2"),
    }
    assert notes(committed)["commit"] == head(committed)


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '["ab"]', '{"a": null}'])
def test_damaged_notes_of_versions_before_are_none(committed, text):
    committed.folder.write(".paddledvc/tmp/learned.json", text)

    assert records.learned_md5_records(committed.project) == {}


def test_what_another_process_learns_while_outputs_are_placed_is_not_lost(committed):
    committed.declare(V2)
    opened = Records(committed.project)
    records.note_md5_records(committed.project, {SHA256: md5(b"1")})
    opened.entries["data/x"] = LedgerEntry(oid=md5(b"x"))
    opened.write()
    opened.entries["data/y"] = LedgerEntry(oid=md5(b"y"))
    opened.write()

    assert records.learned_md5_records(committed.project) == {SHA256: md5(b"1")}
    assert list(notes(committed)["outputs"]) == ["checkpoints/a.bin", "data/x", "data/y"]


def learn(project, start):
    for number in range(start, start + 20):
        records.note_md5_records(project, {f"{number:064}": md5(str(number).encode())})


@pytest.mark.slow
def test_processes_that_learn_at_once_lose_nothing(committed):
    context = multiprocessing.get_context("fork")
    learners = [
        context.Process(target=learn, args=(committed.project, start)) for start in (0, 100)
    ]
    for one in learners:
        one.start()
    for _ in range(10):
        committed.declare(V2)
        place_tree(committed)
        committed.declare(V1)
        place_tree(committed)
    for one in learners:
        one.join()

    assert [one.exitcode for one in learners] == [0, 0]
    assert len(records.learned_md5_records(committed.project)) == 40
    assert list(notes(committed)["outputs"]) == ["checkpoints/a.bin"]
