"""What must stay, and what the rest was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.weights.core import retention
from paddledvc.weights.core.retention import NAMING_FILES, Held, Label

A, B, C = ("a" * 32, "b" * 32, "c" * 32)
oids = st.text("0123456789abcdef", min_size=32, max_size=32)


@pytest.mark.parametrize(
    ("ref", "holder"),
    [
        ("refs/heads/feature/x", "branches"),
        ("refs/remotes/origin/main", "remote branches"),
        ("refs/tags/v1", "tags"),
        ("refs/stash", "stashes"),
        ("refs/exps/ab/cd/tidy-dog", "other refs"),
        ("refs/notes/commits", "other refs"),
    ],
)
def test_a_ref_has_a_kind(ref: str, holder: str) -> None:
    assert retention.classify_retaining_ref(ref) == holder


@pytest.mark.parametrize(
    "text",
    [
        f"md5: {A}",
        f'md5: "{A}"',
        f"{{md5: {A}, size: 1}}",
        f"<<<<<<< HEAD\n    md5: {A}\n=======\n",
        f"outs:\n- files:\n  - md5: {A}\n    relpath: x\n",
        f"md5: {A.upper()}",
        f"https://host/{A}/file",
    ],
)
def test_whatever_looks_like_an_object_is_one(text: str) -> None:
    assert retention.find_retained_digests(text.encode()) == {A}


def test_a_sha256_is_found_whole() -> None:
    assert retention.find_retained_digests(f"sha256: {A}{B}".encode()) == {A + B}


@pytest.mark.parametrize("text", [f"sha256: {A}{B}0", f"commit: {A}01234567", "md5: abc", f"x{A}"])
def test_longer_and_shorter_digests_are_none(text: str) -> None:
    assert retention.find_retained_digests(text.encode()) == frozenset()


def test_the_listing_of_a_folder_is_another_object_than_a_file() -> None:
    assert retention.find_retained_digests(f"{A}.dir {B}".encode()) == {f"{A}.dir", B}


@given(st.lists(oids), st.lists(oids))
def test_every_object_of_a_file_is_found(files: list[str], folders: list[str]) -> None:
    text = "".join(f"- md5: {oid}\n" for oid in (*files, *(f"{one}.dir" for one in folders)))

    assert retention.find_retained_digests(text.encode()) == {
        *files,
        *(f"{one}.dir" for one in folders),
    }


@pytest.mark.parametrize(
    ("file", "value", "readable"),
    [
        ("models.lock", {"version": 1, "models": []}, True),
        ("a/models.lock", {"version": 2, "models": []}, False),
        ("models.lock", "text", False),
        ("models.lock", None, True),
        ("a.dvc", {"version": 2}, True),
        ("dvc.lock", [], False),
    ],
)
def test_a_file_is_what_its_name_promises(file: str, value: object, *, readable: bool) -> None:
    assert retention.fits_file_name(file, value) is readable


def test_weights_and_outputs_are_named_from_the_top_of_the_repository() -> None:
    lock = {
        "models": [
            {"name": "m", "version": "v1", "path": "checkpoints/m_v1.pdparams", "md5": A},
            {
                "name": "f",
                "version": "v2",
                "path": "checkpoints/f_v2",
                "files": [{"path": "x/a.json", "md5": B}, {"path": "b"}],
            },
            {"name": "trained", "version": "v1"},
        ]
    }
    built = {"stages": {"export-m": {"outs": [{"path": "exports/m", "md5": f"{C}.dir"}]}}}

    assert [*retention.find_retention_labels("team/models.lock", lock)] == [
        (A, Label(path="team/checkpoints/m_v1.pdparams", model="m", version="v1")),
        (B, Label(path="team/checkpoints/f_v2/x/a.json", model="f", version="v2")),
    ]
    assert [*retention.find_retention_labels("dvc.lock", built)] == [
        (f"{C}.dir", Label(path="exports/m"))
    ]
    assert [
        *retention.find_retention_labels("data/x.dvc", {"outs": [{"md5": A, "path": "x"}]})
    ] == [(A, Label(path="data/x"))]


@pytest.mark.parametrize("value", [None, [], {"outs": 1}, {"outs": [1]}, {"stages": []}])
@pytest.mark.parametrize("file", [*NAMING_FILES])
def test_nothing_is_named_by_a_file_of_another_form(file: str, value: object) -> None:
    assert [*retention.find_retention_labels(file, value)] == []


def held(oid: str, modified: float | None) -> Held:
    return Held(oid=oid, size=1, modified=modified)


def test_needed_is_kept_young_is_kept_for_now_and_unknown_age_counts_as_young() -> None:
    objects = [held(A, 1), held(B, 9), held(C, None), held("d" * 32, 1), held("0" * 32, 5)]

    found = retention.sort_retained_objects(objects, frozenset({A}), before=5)

    assert [one.oid[0] for one in found.needed] == ["a"]
    assert [one.oid[0] for one in found.recent] == ["b", "c"]
    assert [one.oid[0] for one in found.garbage] == ["0", "d"]


def test_without_a_limit_nothing_is_young() -> None:
    assert (
        len(retention.sort_retained_objects([held(A, None)], frozenset(), before=None).garbage) == 1
    )


def test_listings_of_folders_come_first() -> None:
    objects = [held(A, 1), held(f"{B}.dir", 1), held(C, 1)]

    found = retention.sort_retained_objects(objects, frozenset(), before=None)

    assert [one.oid for one in found.garbage] == [f"{B}.dir", A, C]


@given(st.sets(oids), st.sets(oids), st.floats(0, 10))
def test_what_is_needed_never_goes(there: set[str], needed: set[str], before: float) -> None:
    found = retention.sort_retained_objects(
        [held(oid, 1) for oid in there], frozenset(needed), before=before
    )

    assert not {one.oid for one in found.garbage} & needed
    assert sorted(o.oid for o in (*found.needed, *found.recent, *found.garbage)) == sorted(there)
