"""Locks of ours and of DVC: waited for a moment, and then told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from zc.lockfile import LockError, LockFile  # what DVC takes

from paddledvc.tools.dvc.locks import Busy, dvc_held, hold_dvc_lock, list_users

if TYPE_CHECKING:
    from tests.outputs_repo import Outputs


V1, V2 = {"checkpoints/a.bin": b"one"}, {"checkpoints/a.bin": b"two"}


def note(outputs: Outputs, **uses: object) -> None:
    outputs.folder.write(".dvc/tmp/rwlock", json.dumps(uses))


def me(outputs: Outputs, path: str, process: int | None = None) -> dict[str, object]:
    command = "pytest" if process is None else "dvc repro"
    pid = os.getpid() if process is None else process
    return {str(outputs.root / path): {"pid": pid, "cmd": f"{sys.executable} {command}"}}


@pytest.fixture
def switched(outputs: Outputs) -> Outputs:
    """The work tree of one commit, and the files of the next."""
    outputs.declare(V1)
    outputs.place()
    outputs.declare(V2)
    return outputs


@pytest.mark.slow
def test_while_dvc_holds_its_lock_nothing_is_touched(switched):
    lock = LockFile(str(switched.root / ".dvc/tmp/lock"))
    placed = switched.place()
    lock.close()

    assert (placed.busy, placed.outputs) == ("DVC is at work", ())
    assert switched.read("checkpoints/a.bin") == b"one"
    assert switched.states(switched.place()) == {"checkpoints/a.bin": "placed"}


def test_dvc_cannot_begin_while_we_place(outputs):
    with dvc_held(outputs.root, ["a"], patience=0), pytest.raises(LockError):
        LockFile(str(outputs.root / ".dvc/tmp/lock"))

    LockFile(str(outputs.root / ".dvc/tmp/lock")).close()


def test_dvc_is_no_matter_while_nothing_changes(outputs):
    outputs.declare(V1)
    outputs.place()
    with dvc_held(outputs.root, [], patience=0):
        assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "unchanged"}


@pytest.mark.parametrize("path", ["checkpoints/a.bin", "checkpoints"])
@pytest.mark.parametrize("mode", ["write", "read"])
def test_what_a_running_stage_uses_is_not_touched(switched, path, mode):
    used = me(switched, path)
    note(switched, **{mode: used if mode == "write" else {key: [one] for key, one in used.items()}})

    busy = f"DVC is at work on {path} (process {os.getpid()}: {sys.executable} pytest)"
    assert switched.place().busy == busy
    assert switched.read("checkpoints/a.bin") == b"one"


@pytest.mark.parametrize(
    ("path", "process"), [("checkpoints/b.bin", None), ("checkpoints/a.bin", 4194305)]
)
def test_other_paths_and_dead_processes_are_no_matter(switched, path, process):
    note(switched, write=me(switched, path, process), read={})

    assert switched.states(switched.place()) == {"checkpoints/a.bin": "placed"}


def test_a_number_that_another_process_got_is_no_matter(switched):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        note(
            switched,
            write={str(switched.root / "checkpoints"): {"pid": other.pid, "cmd": "dvc repro"}},
        )
        assert [user.lives for user in list_users(switched.root)] == [False]
        other.communicate(b"\n")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{", '{"write": 1}', "[]"])
def test_what_a_killed_dvc_left_unreadable_is_named_with_how_to_mend_it(switched, text):
    switched.folder.write(".dvc/tmp/rwlock", text)

    assert switched.place().busy == (
        "a DVC that was killed left .dvc/tmp/rwlock unreadable, which stops every other one; "
        "when no DVC runs, remove it with `rm .dvc/tmp/rwlock`"
    )


@pytest.mark.slow
def test_what_dvc_is_just_writing_is_read_again(switched):
    file = switched.folder.write(".dvc/tmp/rwlock", "")
    timer = threading.Timer(0.05, lambda: file.write_text("{}"))
    timer.start()

    assert switched.states(switched.place()) == {"checkpoints/a.bin": "placed"}
    timer.join()


@pytest.mark.slow
def test_two_of_ours_at_once_do_not_meet(switched):
    lock = switched.root / ".paddledvc/tmp/placing.lock"
    with hold_dvc_lock(lock, patience=0, who="x"):
        assert switched.place().busy == "another paddledvc is at work"


def test_a_lock_is_waited_for(tmp_path):
    lock = tmp_path / "lock"
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with hold_dvc_lock(lock, patience=0, who="x"):
            entered.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with pytest.raises(Busy, match=r"^x is at work$"), hold_dvc_lock(lock, patience=0, who="x"):
        pass
    threading.Timer(0.05, leave.set).start()
    with hold_dvc_lock(lock, patience=60, who="x"):
        pass
    thread.join()
