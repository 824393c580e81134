from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.errors import InvalidFile, OutsideFailure
from paddledvc.tools.system import files

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_a_stream_is_hashed_as_hashlib_does(chunks):
    data = b"".join(chunks)
    found = files.hash_file_chunks(chunks)

    assert found.md5 == hashlib.md5(data).hexdigest()
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.size == len(data)


def test_a_file_of_several_megabytes_is_hashed_whole(tmp_path):
    data = os.urandom(3 * files.CHUNK + 17)
    (tmp_path / "a").write_bytes(data)

    assert files.hash_file(tmp_path / "a").sha256 == hashlib.sha256(data).hexdigest()


def test_a_stream_is_written_while_it_is_hashed(tmp_path):
    with (tmp_path / "a").open("wb") as file:
        found = files.hash_file_chunks([b"ab", b"", b"c"], write=file.fileno())

    assert (tmp_path / "a").read_bytes() == b"abc"
    assert found.size == 3


def test_an_error_of_the_stream_comes_through():
    def broken():
        yield b"a"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        files.hash_file_chunks(broken())


def test_a_file_is_replaced_at_the_end(tmp_path):
    target = tmp_path / "a"
    target.write_text("old")
    with files.replace_file(target) as new:
        new.write_text("new")

        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a"]


def test_folders_are_made_for_a_new_file(tmp_path):
    with files.replace_file(tmp_path / "b" / "c" / "a") as new:
        new.write_text("new")

    assert (tmp_path / "b" / "c" / "a").read_text() == "new"


def write_half(target, error):
    with files.replace_file(target) as new:
        new.write_text("half")
        raise error


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "a"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="stop"):
        write_half(target, RuntimeError("stop"))

    assert target.read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_an_interruption_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "a"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_half(target, KeyboardInterrupt())

    assert target.read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_the_permissions_of_the_old_file_are_kept_and_its_owner_may_write(tmp_path):
    target = tmp_path / "a"
    target.write_text("old")
    target.chmod(0o440)
    with files.replace_file(target) as new:
        new.write_text("new")

    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path):
    (tmp_path / "cache").write_text("old")
    (tmp_path / "a").symlink_to("cache")
    with files.replace_file(tmp_path / "a") as new:
        new.write_text("new")

    assert not (tmp_path / "a").is_symlink()
    assert (tmp_path / "a").read_text() == "new"
    assert (tmp_path / "cache").read_text() == "old"


def test_another_hard_link_to_the_old_file_keeps_its_bytes(tmp_path):
    (tmp_path / "cache").write_text("old")
    os.link(tmp_path / "cache", tmp_path / "a")
    with files.replace_file(tmp_path / "a") as new:
        new.write_text("new")

    assert (tmp_path / "cache").read_text() == "old"


def test_litter_of_a_target_is_removed_and_no_other_file(tmp_path):
    target = tmp_path / "a[1].pdparams"
    kept = [".a[1].pdparams.gitignore", ".b.pdparams.1-2.part", "a[1].pdparams", "x.part"]
    for name in (*kept, ".a[1].pdparams.123-abcd.part"):
        (tmp_path / name).touch()

    files.remove_part_files(target)

    assert names(tmp_path) == sorted(kept)


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_an_outside_failure(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(OutsideFailure) as caught, files.replace_file(folder / "a"):
        pass
    folder.chmod(0o700)

    assert str(caught.value) == f"cannot write {folder / 'a'}: Permission denied"


def test_a_file_where_a_folder_should_be_is_an_outside_failure(tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises(OutsideFailure) as caught, files.replace_file(tmp_path / "f" / "a"):
        pass

    assert str(caught.value).startswith(f"cannot write {tmp_path / 'f' / 'a'}: ")


def test_a_folder_where_a_file_should_be_is_an_outside_failure(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OutsideFailure) as caught:
        files.write_text_file(tmp_path / "a", "x")

    assert str(caught.value) == f"cannot write {tmp_path / 'a'}: Is a directory"


FULL = textwrap.dedent("""
    import resource, sys
    from pathlib import Path
    from paddledvc.errors import OutsideFailure
    from paddledvc.tools.system import files

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        files.write_text_file(Path(sys.argv[1]), "x" * 5000)
    except OutsideFailure as error:
        print(error)
""")


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "a"
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(target)], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"cannot write {target}: File too large\n"
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_text_is_written_as_utf_8_with_its_own_line_ends(tmp_path):
    assert files.write_text_file(tmp_path / "a", "é\r\nb\n") is True
    assert (tmp_path / "a").read_bytes() == "é\r\nb\n".encode()


def test_an_equal_text_is_not_written_again(tmp_path):
    target = tmp_path / "a"
    target.write_text("same\n")
    os.utime(target, ns=(1, 1))

    assert files.write_text_file(target, "same\n") is False
    assert target.stat().st_mtime_ns == 1


def test_a_text_is_written_to_the_file_behind_a_link(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "real").write_text("old")
    (tmp_path / "a").symlink_to("shared/real")

    files.write_text_file(tmp_path / "a", "new")

    assert (tmp_path / "a").is_symlink()
    assert (tmp_path / "shared" / "real").read_text() == "new"


def test_a_text_is_read_with_its_line_ends_and_its_byte_order_mark(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa\r\nb")

    assert files.decode_text((tmp_path / "a").read_bytes(), "a") == "\ufeffa\r\nb"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\xff", "a:1:1: byte 0xff is not UTF-8", id="first"),
        pytest.param(b"a\nb\xe9c\n", "a:2:2: byte 0xe9 is not UTF-8", id="second line"),
        pytest.param(
            "é: ü".encode() + b"\x80", "a:1:5: byte 0x80 is not UTF-8", id="after two bytes"
        ),
    ],
)
def test_a_text_that_is_not_utf_8_is_refused_with_its_place(tmp_path, data, expected):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InvalidFile) as caught:
        files.decode_text((tmp_path / "a").read_bytes(), "a")

    assert str(caught.value) == f"{expected}; save the file as UTF-8"


def test_a_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "f"
    target.mkdir()
    (target / "old").touch()
    with files.replace_folder(target) as new:
        (new / "new").touch()

        assert names(target) == ["old"]
    assert names(target) == ["new"]
    assert names(tmp_path) == ["f"]


def make_half(target, error):
    with files.replace_folder(target) as new:
        (new / "new").touch()
        raise error


def test_an_error_leaves_the_old_folder_and_no_litter(tmp_path):
    target = tmp_path / "f"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError, match="stop"):
        make_half(target, RuntimeError("stop"))

    assert (names(tmp_path), names(target)) == (["f"], ["old"])


HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from paddledvc.tools.system import files

    with files.hold_file_lock(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
""")


@pytest.mark.slow
def test_a_lock_is_let_go_of_when_its_process_is_killed(tmp_path):
    lock = tmp_path / "deep" / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        holder.kill()

    with files.hold_file_lock(lock):
        pass


def test_a_folder_stays_where_the_last_step_fails(tmp_path, monkeypatch):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").touch()
    rename = Path.replace

    def fail_at_the_end(path, target):
        if path.name == "new":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_end)
    with pytest.raises(KeyboardInterrupt), files.replace_folder(tmp_path / "target") as folder:
        (folder / "fresh").touch()

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
        "target",
        "target/old",
    ]
