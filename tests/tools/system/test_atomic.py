"""Files written in one step, by processes that may be killed, two at once, or out of power."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import pytest

from paddledvc.tools.system import atomic

STEPS = ("open", "replace", "unlink", "chmod", "fsync")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def dead():
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("fsync", [True, False])
def test_a_text_is_read_as_it_was_written(tmp_path, fsync):
    for text in ("é\r\n1", "2", ""):
        atomic.write_atomically(tmp_path / "a", text, fsync=fsync)

        assert (tmp_path / "a").read_bytes() == text.encode()
    assert [name for name in names(tmp_path) if name.startswith(".")] == []


@pytest.mark.slow
@pytest.mark.parametrize("fsync", [True, False])
def test_a_process_that_is_killed_leaves_the_old_text_or_the_new_one(tmp_path, fsync):
    file, step, killed = tmp_path / "a", 0, True
    while killed:
        step += 1
        atomic.write_atomically(file, "old", fsync=fsync)
        killed = write_until(file, step, fsync=fsync)

        assert atomic.read_atomic_file(file) in ("old", "new"), step
    assert atomic.read_atomic_file(file) == "new"
    assert step > 3


def write_until(file, step, *, fsync):
    """Write in another process that is killed before a step; tell whether it got there."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        return os.WIFSIGNALED(status)
    count = 0

    def killing(work):
        def run(*arguments, **keywords):
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*arguments, **keywords)

        return run

    try:
        for name in STEPS:
            setattr(os, name, killing(getattr(os, name)))
        atomic.write_atomically(file, "new", fsync=fsync)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the child must not go on with the tests
        os._exit(1)


def test_a_text_that_is_to_last_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *to, name=name, real=real: (done.append(name), real(*to))
        )
    atomic.write_atomically(tmp_path / "a", "x", fsync=True)

    assert done == ["fsync", "replace"]


def test_the_old_text_counts_where_the_new_one_was_lost_with_the_power(tmp_path):
    atomic.write_atomically(tmp_path / "a", "old", fsync=False)
    atomic.write_atomically(tmp_path / "a", "new", fsync=False)
    (tmp_path / "a").write_text("")  # as file systems leave it

    assert atomic.read_atomic_file(tmp_path / "a") == "old"


def test_a_secret_is_never_readable_by_others(tmp_path, monkeypatch):
    seen = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *how: (seen.append(how[-1]), real(path, *how))[1])
    atomic.write_atomically(tmp_path / "a", "secret", fsync=False, mode=0o600)

    assert seen[0] == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_what_dead_processes_left_is_swept_and_what_living_ones_write_stays(tmp_path, dead):
    left = atomic.make_atomic_name("tmp-").replace(f"-{os.getpid()}-", f"-{dead}-")
    living = {atomic.make_atomic_name("tmp-"), left.replace(str(dead), str(os.getppid()))}
    stays = {*living, left.replace("tmp-", "other-", 1), "tmp-mine", f"tmp-{dead}-a"}
    for name in (left, *stays):
        (tmp_path / name).touch()
    (tmp_path / f"{left}0").mkdir()
    atomic.sweep_atomic_leftovers(tmp_path, "tmp-", locked=False)

    assert set(names(tmp_path)) == stays


def test_what_another_machine_left_is_swept_when_it_is_old(tmp_path):
    for name in ("tmp-other-1-abc", "tmp-other-1-def"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "tmp-other-1-abc", (1, 1))
    atomic.sweep_atomic_leftovers(tmp_path, "tmp-", locked=False)

    assert names(tmp_path) == ["tmp-other-1-def"]


def test_under_a_lock_all_of_the_kind_is_swept(tmp_path):
    for name in ("placing-1-a", ".c.1-a.part", ".c.1.2-a.part"):
        (tmp_path / name).touch()
    (tmp_path / "placing-folder").mkdir()
    atomic.sweep_atomic_leftovers(tmp_path, "other-", "placing-")
    atomic.sweep_atomic_leftovers(tmp_path, ".c.", suffix=".part")  # the other one is of c.1
    atomic.sweep_atomic_leftovers(tmp_path / "nowhere", "placing-")

    assert names(tmp_path) == [".c.1.2-a.part"]


def test_whoever_writes_into_a_folder_sweeps_what_the_dead_left_there(tmp_path, dead):
    owner = atomic.make_atomic_name("").replace(f"-{os.getpid()}-", f"-{dead}-")
    for name in ("models.lock", ".merge_file_x", "mine"):
        (tmp_path / f".{name}.{owner}.part").touch()
    (tmp_path / f".c.{owner}.part" / "old").mkdir(parents=True)
    (tmp_path / f".c.{owner}.part" / "old" / "f").touch()
    (tmp_path / ".mine.part").touch()
    atomic.write_atomically(tmp_path / "a", "x", fsync=True)

    assert names(tmp_path) == [".mine.part", "a", "c"]  # c had stepped aside for another
    assert names(tmp_path / "c") == ["f"]


def test_a_process_lives_until_it_ends(dead):
    assert (atomic.is_alive(os.getpid()), atomic.is_alive(1)) == (True, True)
    assert not atomic.is_alive(dead)
