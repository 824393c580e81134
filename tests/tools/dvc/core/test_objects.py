from __future__ import annotations

import pytest

from paddledvc.tools.dvc.core.objects import is_object_name, read_object_listing


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no listing of a folder"),
        (b"{}x", "no listing of a folder"),
        (b"[1]", "no listing of a folder"),
        (b'[{"relpath": "a"}]', "no listing of a folder"),
        (b"null", "no listing of a folder"),
        (b"\xff", "no listing of a folder"),
        (b"[" * 100_000, "no listing of a folder"),
        (b'[{"md5": "x", "relpath": "a"}]', "a listing with 'x', which is no MD5 digest"),
        (
            b'[{"md5": "0cc175b9c0f1b6a831c399e269772661", "relpath": "../a"}]',
            r"its listing names '\.\./a': it has the part '\.\.'",
        ),
    ],
)
def test_what_is_no_listing_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_object_listing(data)


@pytest.mark.parametrize(
    "name", ["", ".dir", "a" * 31, "A" * 32, "a" * 33, "../" + "a" * 29, "a" * 32 + "\n"]
)
def test_a_name_that_could_lead_elsewhere_is_none_of_an_object(name: str) -> None:
    assert not is_object_name(name)
