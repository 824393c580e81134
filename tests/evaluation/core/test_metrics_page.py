from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from paddledvc.evaluation.core import metrics_page
from paddledvc.evaluation.core.measured import Slice
from paddledvc.hashes import Hashes
from paddledvc.stages.core.record import Hashed
from paddledvc.verification.core.evidence import Evidence
from tests.evaluation.core.test_measured import MEASURED

CHANGED = "sample,path,metric,network,exported\nscan <9>,deployed,accuracy,1.0,0.0\n"
CONFUSION = "actual,predicted\n" + "cat,cat\ndog,cat\ndog,dog\n"
WORST = replace(
    MEASURED,
    changed=1,
    slices=(*MEASURED.slices, Slice(by="form", name="a", samples=5, metrics={})),
)


def tables(measured=WORST, confusion=CONFUSION, changed=CHANGED, pictures=None):
    page = metrics_page.describe_metrics(
        measured, confusion=confusion, changed=changed, pictures=pictures
    )
    return {one.title: one for one in page.tables}, page


def test_a_metric_stands_with_its_interval_network_beside_deployed():
    found, page = tables()

    assert found["Metrics"].head == ("metric", "network", "deployed")
    assert found["Metrics"].rows == (
        ("accuracy", "0.8 (0.4902 to 0.9433)", "0.7 (0.3968 to 0.8922)"),
        ("loss", "0.25", "0.25"),
    )
    assert page.first == "accuracy 0.8 network, 0.7 deployed"
    assert "1 of them have another outcome on the exported files" in page.notes


def test_scores_that_are_no_outcomes_have_an_interval_by_their_spread():
    spread = {"loss": {"network": 0.25}}
    found, _ = tables(replace(WORST, spread=spread))
    assert found["Metrics"].rows[1] == ("loss", "0.25 (0.09505 to 0.4049)", "0.25")

    found, page = tables(replace(WORST, spread=spread, scores={}))
    assert [row[1] for row in found["Metrics"].rows] == ["0.8", "0.25"], "and none without scores"
    assert any("no interval" in note for note in page.notes)


def test_the_worst_part_is_named_with_its_samples():
    found, _ = tables()

    assert found["Worst parts"].rows == (("accuracy", "0.4", "deployed", "form", "b", 5),)
    assert found["Parts of the samples"].rows[2] == (
        *("form", "b", 5, "accuracy"),
        *("0.6 (0.2307 to 0.8824)", "0.4 (0.1176 to 0.7693)"),
    )


def test_a_confusion_is_counted():
    found, _ = tables()

    assert found["Confusion"].head == ("actual, down; predicted, across", "cat", "dog")
    assert found["Confusion"].rows == (("cat", 1, ""), ("dog", 1, 1))


@pytest.mark.parametrize(
    ("classes", "order"),
    [(["10", "9"], ("9", "10")), (["b", "10"], ("10", "b")), (["nan", "1"], ("1", "nan"))],
)
def test_classes_that_are_numbers_are_in_their_order(classes, order):
    found, _ = tables(confusion="x,y\n" + "".join(f"{one},{one}\n" for one in classes))

    assert found["Confusion"].head == ("x, down; y, across", *order)


def test_the_samples_that_changed_are_named_and_shown_where_there_are_pictures():
    found, _ = tables()

    assert found["Samples that changed"].rows == (("scan <9>", "deployed", "accuracy", "1", "0"),)
    assert found["Samples that changed"].drawing == ""

    found, _ = tables(pictures="<svg/>")
    assert base64.b64decode(found["Samples that changed"].drawing) == b"<svg/>"


def test_many_are_counted_and_few_are_shown():
    many = replace(WORST, changed=3_000)
    rows = "".join(f"{one},deployed,accuracy,1,0\n" for one in range(1_000))
    parts = tuple(
        Slice(by="form", name=str(one), samples=1, metrics={"accuracy": {"network": 1.0}})
        for one in range(300)
    )
    found, _ = tables(
        replace(many, slices=(*many.slices, *parts)), changed=CHANGED.splitlines()[0] + "\n" + rows
    )

    assert len(found["Samples that changed"].rows) == metrics_page.MOST_CHANGED
    assert "2,900 more" in found["Samples that changed"].note
    assert len(found["Parts of the samples"].rows) == metrics_page.MOST_ROWS
    assert "104 more" in found["Parts of the samples"].note


@pytest.mark.parametrize(
    ("confusion", "why"),
    [
        ("a,b,c\n1,2,3\n", "has the columns a, b, c, expected two"),
        ("a,b\n1\n", "has no 2 values in line 2"),
        ("a,b\n1,2,3\n", "has no 2 values in line 2"),
        ("a,b\n" + "x" * 200_000 + ",1\n", "is no table: field larger than"),
        ("", "has no columns"),
        ("a,a\n1,2\n", "has the columns a, a, expected two"),
        ("a,b\n" + "".join(f"{one},0\n" for one in range(51)), "has 51 classes, a page shows 50"),
    ],
)
def test_a_confusion_that_cannot_be_shown_is_said(confusion, why):
    found, page = tables(confusion=confusion)

    assert "Confusion" not in found
    assert any(f"confusion.csv {why}" in note for note in page.notes)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ("sample,path\n1,2\n", "has the columns sample, path, expected sample, path, metric"),
        (
            CHANGED + "b,deployed,accuracy,1,0\n",
            "names 2 samples, evaluate.json has 1 that changed",
        ),
        (CHANGED.replace("deployed", "gpu"), "has what evaluate.json does not know in line 2"),
        (CHANGED.replace("accuracy", "x"), "has what evaluate.json does not know in line 2"),
        (CHANGED.replace("0.0", "1.0"), "has what evaluate.json does not know in line 2"),
        (CHANGED.replace("0.0", "<b>"), "has what evaluate.json does not know in line 2"),
        (None, "is missing, though 1 changed"),
    ],
)
def test_a_table_of_changed_samples_that_is_of_another_report_is_not_shown(changed, why):
    found, page = tables(changed=changed)

    assert "Samples that changed" not in found
    assert any(f"changed.csv {why}" in note for note in page.notes)


def test_no_table_is_missed_where_there_is_nothing_to_show():
    bare = replace(
        MEASURED, worst_slice={}, slices=(), parts={}, scores={}, inputs_sha256={"network": "ab"}
    )
    found, page = tables(bare, confusion=None, changed=None)

    assert list(found) == ["Metrics"]
    assert not any(".csv" in note for note in page.notes)


OTHER = Hashes(md5="1" * 32)
WEIGHTS = "checkpoints/a.pdparams"


def verified(md5):
    return Evidence(verdict="pass", files=(Hashed(path=WEIGHTS, hashes=Hashes(md5=md5)),), paths=())


@pytest.mark.parametrize(
    ("wanted", "evidence", "why"),
    [
        ({}, None, None),
        ({WEIGHTS: Hashes(md5="0" * 32)}, verified("0" * 32), None),
        ({WEIGHTS: OTHER}, None, f"is of {WEIGHTS} with md5:{'0' * 32}, the lock has md5:1"),
        ({"b": OTHER}, None, "is not of b, which is built now"),
        ({}, verified("2" * 32), f"is of {WEIGHTS} with md5:{'0' * 32}, verify.json of md5:2"),
        ({"exports/a": OTHER}, None, "is of exports/a with md5:00c56f5a"),
    ],
)
def test_a_report_of_other_bytes_is_found(wanted, evidence, why):
    program = Hashed(path="exports/a/inference.json", hashes=Hashes(md5="3" * 32))
    measured = replace(MEASURED, files=(*MEASURED.files, program))
    found = metrics_page.find_other_bytes(measured, wanted, evidence)

    assert (found is None) if why is None else (why.split("00c5")[0] in (found or ""))
