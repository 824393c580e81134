from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.hashes import Hashes
from paddledvc.stages.core.settings_digest import digest_settings

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("expected", "found", "difference"),
    [
        pytest.param(Hashes(), Hashes(md5="a", size=1), None, id="nothing known"),
        pytest.param(Hashes(md5="a"), Hashes(md5="a", size=1), None, id="agrees"),
        pytest.param(Hashes(md5="a"), Hashes(sha256="b"), None, id="nothing in common"),
        pytest.param(Hashes(md5="a"), Hashes(md5="b"), ("md5:a", "md5:b"), id="md5"),
        pytest.param(Hashes(sha256="a"), Hashes(sha256="b"), ("sha256:a", "sha256:b"), id="sha256"),
        pytest.param(
            Hashes(md5="a", sha256="x", size=2),
            Hashes(md5="b", sha256="y", size=1),
            ("size:2", "size:1"),
            id="the size first",
        ),
        pytest.param(
            Hashes(md5="a", sha256="x"),
            Hashes(md5="a", sha256="y"),
            ("sha256:x", "sha256:y"),
            id="a collision of md5",
        ),
        pytest.param(Hashes(size=0), Hashes(size=1), ("size:0", "size:1"), id="an empty file"),
    ],
)
def test_the_first_difference_of_what_both_sides_know(expected, found, difference):
    assert expected.first_difference(found) == difference


@pytest.mark.parametrize(
    ("hashes", "known"),
    [
        pytest.param(Hashes(), False, id="nothing"),
        pytest.param(Hashes(size=3), False, id="a size is no digest"),
        pytest.param(Hashes(md5="a"), True, id="md5"),
        pytest.param(Hashes(sha256="a"), True, id="sha256"),
    ],
)
def test_bytes_can_be_checked_where_a_digest_is_known(hashes, known):
    assert hashes.known is known


@pytest.mark.slow
@given(json_values, json_values)
def test_pins_differ_exactly_where_the_settings_do(left, right):
    assert (digest_settings(left) == digest_settings(right)) == (repr_of(left) == repr_of(right))


def repr_of(value):
    if isinstance(value, dict):
        return {key: repr_of(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [repr_of(inner) for inner in value]
    return (type(value), value)


def test_pins_are_the_same_in_every_version_of_paddledvc():
    assert digest_settings({"b": [1, 2.5, None, True], "a": "é"}) == "0b8cc543"
