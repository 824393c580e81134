"""The bytes of an archive: those that ``tar`` reads, and the same for ever."""

from __future__ import annotations

import hashlib
import io
import tarfile
from itertools import pairwise

import pytest

from paddledvc.errors import InvalidInput
from paddledvc.releases.bundle.core.layout import cut_pieces, lay_out, parse_size, split_archive
from paddledvc.releases.bundle.core.manifest import BundledFile

FILES = {
    "a/empty": b"",
    "checkpoints/" + "long/" * 40 + "name.pdparams": b"x" * 600,
    "exports/模型/中文.json": b"{}",
}
GIGABYTES = 9 << 30
"""More than a plain header of a tar states."""


def listed(sizes):
    return [BundledFile(path=path, size=size, md5="", sha256="") for path, size in sizes.items()]


def archive(files):
    pieces = lay_out(listed({path: len(data) for path, data in files.items()}), 1743924600)
    return b"".join(files[one.path] if one.data is None else one.data for one in pieces)


def test_tar_reads_what_is_in_an_archive():
    with tarfile.open(fileobj=io.BytesIO(archive(FILES))) as opened:
        assert {one.name: opened.extractfile(one).read() for one in opened} == FILES


def test_the_bytes_of_an_archive_are_those_of_every_version_of_python():
    assert hashlib.sha256(archive(FILES)).hexdigest() == (
        "315a7effa968f06a1670c12cf6d550f9bb223381c3cb64e420f79303782db130"
    )


def test_a_file_of_many_gigabytes_has_its_size_in_the_archive():
    [header, content, *_] = lay_out(listed({"a": GIGABYTES}), 0)
    with tarfile.open(fileobj=io.BytesIO(header.data + bytes(512))) as opened:
        assert opened.next().size == content.size == GIGABYTES


def test_parts_have_every_byte_of_the_archive_once():
    pieces = lay_out(listed({"a": 3, "b": 0, "c": 1500}), 0)
    total = pieces[-1].start + pieces[-1].size
    ranges = split_archive(total, 1000)
    cuts = [
        (piece.start + first, piece.start + last)
        for start, end in ranges
        for piece, first, last in cut_pieces(pieces, start, end)
    ]

    assert cuts[0][0] == 0
    assert cuts[-1][1] == total
    assert all(one[1] == other[0] for one, other in pairwise(cuts))


def test_too_many_parts_are_refused():
    with pytest.raises(InvalidInput, match=r"would make 1,024 parts, expected 999 at most; use 1"):
        split_archive(1_024_000, 1000)


@pytest.mark.parametrize("text", ["", "4 apples", "-1", "1e9", "iB", "1.GB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InvalidInput, match="is no size; expected one such as 4GB, 650MB or 2GiB"):
        parse_size(text)


def test_a_part_of_a_few_bytes_is_refused():
    with pytest.raises(InvalidInput, match="'999' is too small; expected 1000 bytes or more"):
        parse_size("999")
