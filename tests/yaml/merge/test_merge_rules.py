from __future__ import annotations

import pytest

from paddledvc.yaml.merge.rules import (
    MERGE_FORMS,
    No,
    Sides,
    choose_merge_side,
    complete_merge_sides,
    merge_mappings,
)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param(1, 1, 1, 1, id="nothing"),
        pytest.param(1, 2, 1, 2, id="ours"),
        pytest.param(1, 1, 2, 2, id="theirs"),
        pytest.param(1, 2, 2, 2, id="both alike"),
        pytest.param(1, 2, 3, No.AGREEMENT, id="both"),
        pytest.param(1, No.VALUE, 1, No.VALUE, id="removed"),
        pytest.param(1, No.VALUE, 2, No.AGREEMENT, id="removed and changed"),
        pytest.param(No.VALUE, 1, 2, No.AGREEMENT, id="added"),
    ],
)
def test_what_changed_is_chosen(base, ours, theirs, expected):
    sides = Sides(base=base, ours=ours, theirs=theirs)

    assert choose_merge_side(sides) == expected
    assert merge_mappings(sides) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param({"a": 2}, {"b": 2}, {"a": 2, "b": 2, "c": {"d": 1, "e": 1}}, id="keys"),
        pytest.param(
            {"c": {"d": 2, "e": 1}},
            {"c": {"d": 1, "e": 2}},
            {"a": 1, "b": 1, "c": {"d": 2, "e": 2}},
            id="deeper keys",
        ),
        pytest.param({"c": {"d": 2}}, {"c": {"d": 3}}, No.AGREEMENT, id="a deeper key"),
        pytest.param({"c": [1]}, {"c": {"d": 1, "e": 2}}, No.AGREEMENT, id="a list"),
        pytest.param({"x": 1}, {"x": 2}, No.AGREEMENT, id="a new key"),
    ],
)
def test_mappings_are_merged_key_by_key(ours, theirs, expected):
    base = {"a": 1, "b": 1, "c": {"d": 1, "e": 1}}
    sides = Sides(base=base, ours={**base, **ours}, theirs={**base, **theirs})

    assert merge_mappings(sides) == expected


@pytest.mark.parametrize("field", ["md5", "weights_url", "base", "paddle", "source"])
def test_what_names_a_version_and_its_bytes_comes_from_one_side(field):
    form = MERGE_FORMS["models.yaml"]
    base = {"name": "a", "version": "v1", field: "x", "task": "t"}
    sides = Sides(base=base, ours={**base, "version": "v2"}, theirs={**base, field: "y"})

    assert form.merge(("models", "a"), sides) is No.AGREEMENT


def test_fields_that_have_nothing_to_do_with_the_bytes_are_merged():
    form = MERGE_FORMS["models.yaml"]
    base = {"name": "a", "version": "v1", "task": "t", "owner": "me"}
    sides = Sides(base=base, ours={**base, "version": "v2"}, theirs={**base, "task": "u"})

    assert form.merge(("models", "a"), sides) == {**base, "version": "v2", "task": "u"}


@pytest.mark.parametrize(
    ("file", "key"),
    [
        pytest.param("models.lock", ("models", "a"), id="pin"),
        pytest.param("dvc.lock", ("stages", "a"), id="stage"),
        pytest.param("models.yaml", ("catalogs", "a"), id="catalog"),
        pytest.param("models.yaml", ("environment",), id="environment"),
    ],
)
def test_what_is_one_thing_is_never_mixed(file, key):
    base = {"x": 1, "y": 1}
    sides = Sides(base=base, ours={**base, "x": 2}, theirs={**base, "y": 2})

    assert MERGE_FORMS[file].merge(key, sides) is No.AGREEMENT


def test_three_things_are_complete_if_none_is_missing():
    assert complete_merge_sides(Sides(base=0, ours="", theirs=())) == Sides(
        base=0, ours="", theirs=()
    )
    assert complete_merge_sides(Sides(base=None, ours=1, theirs=1)) is None
    assert complete_merge_sides(Sides(base=1, ours=None, theirs=1)) is None
    assert complete_merge_sides(Sides(base=1, ours=1, theirs=None)) is None
