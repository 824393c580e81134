"""``release bundle --verify`` reads all of a bundle, and names each thing that is wrong with it."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from tests.outputs_repo import md5
from tests.releases.bundle.conftest import NAME, PLACED, write_bundle
from tests.stores_repo import EXPORT, A

INSIDE = f"{EXPORT}/inference.json"


def problems(folder):
    return paddledvc.verify_bundle(folder).problems


@pytest.fixture
def split(site):
    """The folder of a bundle of three parts."""
    return paddledvc.bundle(site.work, ["a"], output=site.folder / "split", split=8000).folder


def test_a_whole_bundle_has_no_problem(tmp_path):
    assert problems(write_bundle(tmp_path / NAME, PLACED, {})) == ()


@pytest.mark.parametrize("at", [0, 600, 1100, -1])
def test_a_flipped_byte_is_found_wherever_it_is(at, tmp_path):
    folder = write_bundle(tmp_path / NAME, PLACED)
    file = folder / f"{NAME}.tar"
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)

    [problem] = problems(folder)
    assert problem.startswith(f"{NAME}.tar: expected sha256:")


def test_each_byte_of_a_manifest_counts(tmp_path):
    folder = write_bundle(tmp_path / NAME, {A: b"x"}, {})
    file = folder / "manifest.json"
    right = file.read_bytes()
    for at in range(0, len(right), 23):
        file.write_bytes(right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :])
        assert problems(folder), at


@pytest.mark.slow
def test_missing_swapped_short_and_foreign_parts_are_named(split):
    first, second, third = (split / f"{NAME}.tar.00{number}" for number in (1, 2, 3))
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    assert problems(split) == (
        f"{first.name}: it has the bytes of {second.name}",
        f"{second.name}: it has the bytes of {first.name}",
    )

    second.unlink()
    third.write_bytes(third.read_bytes()[:-1])
    (split / "more").write_bytes(b"")
    assert problems(split) == (
        "more: it is no part of this bundle",
        f"{first.name}: it has the bytes of {second.name}",
        f"{second.name}: it is missing; expected 8,000 bytes",
        f"{third.name}: expected size:4480, found size:4479",
    )


@pytest.mark.slow
def test_a_link_is_no_part(split, tmp_path):
    part = split / f"{NAME}.tar.001"
    part.rename(tmp_path / "elsewhere")
    part.symlink_to(tmp_path / "elsewhere")

    assert problems(split) == (f"{part.name}: it is no regular file",)


def test_a_pipe_is_no_manifest_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "manifest.json")

    assert problems(tmp_path) == ("manifest.json: it is no regular file",)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(InvalidInput, match=r"is no whole bundle: cannot read manifest\.json: No"):
        paddledvc.verify_bundle(tmp_path)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../x", "it names '../x': it has the part '..'"),
        ("/etc/x", "it names '/etc/x': it is absolute"),
        (".git/config", "it names '.git/config': '.git' is the folder of a program's own files"),
        (".dvc/config", "it names '.dvc/config': '.dvc' is the folder of a program's own files"),
        ("GIT~1/x", "it names 'GIT~1/x': 'GIT~1' is the folder of a program's own files"),
        ("exports/aux", "it names 'exports/aux': 'aux' is no name of a file on Windows"),
        ("exports/a:b", "it names 'exports/a:b': 'a:b' is no name of a file on Windows"),
        (".gitattributes", "'.gitattributes' sets what git does with the files beside it"),
        (A.upper(), f"it names {A!r}: it and {A.upper()!r} would be one file"),
        (f"{A}/x", f"it names {A!r}: '{A}/x' would lie in it"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path, said, tmp_path):
    folder = write_bundle(tmp_path / NAME, {A: b"x", path: b"y"}, {})

    [problem] = problems(folder)
    assert problem.startswith("manifest.json: ")
    assert said in problem


def forged(*entries):
    """Write a tar with entries of any kind in the place of the files."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as opened:
        for info, data in entries:
            opened.addfile(info, io.BytesIO(data))
    return archive.getvalue()


def entry(name, kind=tarfile.REGTYPE, link="", data=b"x"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o644
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, data if kind == tarfile.REGTYPE else b""


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry(A, tarfile.SYMTYPE, "/etc/passwd")], f"found a symbolic link {A!r} of 0 bytes"),
        ([entry(A, tarfile.LNKTYPE, "/etc/passwd")], f"found a hard link {A!r} of 0 bytes"),
        ([entry(A, tarfile.CHRTYPE)], f"found a device {A!r} of 0 bytes"),
        ([entry("../x")], "found another entry '../x' of 1 bytes"),
        ([entry(A, data=b"more")], f"found another entry {A!r} of 4 bytes"),
    ],
)
def test_an_entry_that_the_manifest_does_not_state_is_refused(entries, said, tmp_path):
    folder = write_bundle(tmp_path / NAME, {A: b"x"}, {}, archive=forged(*entries))

    assert problems(folder)[0] == f"{A}: expected a file of that name in the archive, {said}"


def test_a_second_entry_of_a_name_is_refused(tmp_path):
    archive = forged(entry(A), entry(A, data=b"y"))

    assert problems(write_bundle(tmp_path / NAME, {A: b"x"}, {}, archive=archive)) == (
        "the archive does not end as it should",
    )


def test_bytes_behind_a_file_are_refused(tmp_path):
    folder = write_bundle(tmp_path / "first", {A: b"x"}, {})
    data = bytearray((folder / f"{NAME}.tar").read_bytes())
    data[513] = 1
    archive = bytes(data)

    assert problems(write_bundle(tmp_path / NAME, {A: b"x"}, {}, archive=archive)) == (
        f"{A}: the bytes behind it are not zero",
    )


def test_an_archive_that_is_larger_than_its_files_is_refused_unread(tmp_path):
    folder = write_bundle(tmp_path / NAME, {A: b"x"}, {}, archive=forged(entry(A)) + bytes(10240))

    assert problems(folder) == (
        "manifest.json: its parts have 20,480 bytes, and its files make an archive of 10,240",
    )


def test_files_that_are_not_their_outputs_are_refused(tmp_path):
    folder = write_bundle(tmp_path / NAME, {A: b"x"}, {A: "ab" * 16})

    assert problems(folder) == (
        f"manifest.json: the files of '{A}' are md5:{md5(b'x')}, and it states md5:{'ab' * 16}",
    )


@pytest.mark.slow
def test_the_command_names_what_is_wrong_and_exits_with_1_outside_any_project(cli, site):
    assert cli("release", "bundle", "--verify", str(site.bundle)).exit_code == 0
    (site.bundle / f"{NAME}.tar").unlink()

    assert cli("release", "bundle", "--verify", str(site.bundle)) == (
        1,
        f"{NAME}.tar: it is missing; expected 20,480 bytes\n{site.bundle} is damaged\n",
        "",
    )
