"""Locks of ours and of DVC: waited for a moment, and then told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from zc.lockfile import LockError, LockFile  # what DVC takes

from paddledvc.tools.dvc import shortcuts
from paddledvc.tools.dvc.locks import Busy, hold_dvc_locks, hold_lock_file, list_lock_users

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

    assert (placed.busy, placed.outputs) == ("DVC is running", ())
    assert switched.read("checkpoints/a.bin") == b"one"
    assert switched.states(switched.place()) == {"checkpoints/a.bin": "placed"}


def test_dvc_cannot_begin_while_we_place(outputs):
    with hold_dvc_locks(outputs.root, ["a"], patience=0), pytest.raises(LockError):
        LockFile(str(outputs.root / ".dvc/tmp/lock"))

    LockFile(str(outputs.root / ".dvc/tmp/lock")).close()


@pytest.mark.slow
def test_dvc_is_no_matter_while_nothing_changes(outputs):
    outputs.declare(V1)
    outputs.place()
    with hold_dvc_locks(outputs.root, [], patience=0):
        assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "unchanged"}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["checkpoints/a.bin", "checkpoints"])
@pytest.mark.parametrize("mode", ["write", "read"])
def test_what_a_running_stage_uses_is_not_touched(switched, path, mode):
    used = me(switched, path)
    note(switched, **{mode: used if mode == "write" else {key: [one] for key, one in used.items()}})

    busy = f"DVC is running on {path} (process {os.getpid()}: {sys.executable} pytest)"
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
        assert [user.lives for user in list_lock_users(switched.root)] == [False]
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
    with hold_lock_file(lock, patience=0, who="x"):
        assert switched.place().busy == "another paddledvc is running"


@pytest.mark.slow
def test_a_lock_is_waited_for(tmp_path):
    lock = tmp_path / "lock"
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with hold_lock_file(lock, patience=0, who="x"):
            entered.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with pytest.raises(Busy, match=r"^x is running$"), hold_lock_file(lock, patience=0, who="x"):
        pass
    threading.Timer(0.05, leave.set).start()
    with hold_lock_file(lock, patience=60, who="x"):
        pass
    thread.join()


# Real DVC, in either of its modes

MODES = {"flock": "false", "hard links": "true"}
DVC = (
    "import sys, dvc.lock; dvc.lock.DEFAULT_TIMEOUT = 0.3; "  # it waits three seconds
    "from dvc.cli import main; sys.exit(main(['status']))"
)
HOLDER = (
    "from dvc.repo import Repo\n"
    "with Repo('.') as repo, repo.lock:\n"
    "    print('held', flush=True)\n"
    "    input()\n"
)


def configure(outputs, hardlink_lock):
    outputs.folder.write(".dvc/config", f"[core]\n    hardlink_lock = {hardlink_lock}\n")


@pytest.fixture(params=MODES)
def mode(request, outputs):
    configure(outputs, MODES[request.param])
    outputs.declare(V1)
    return request.param


@pytest.fixture(params=["a hook", "a command"])
def asker(request):
    with shortcuts.allow_shortcuts() if request.param == "a hook" else nullcontext():
        yield


def dvc_status(outputs):
    command = [sys.executable, "-c", DVC]
    return subprocess.run(command, cwd=outputs.root, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_no_dvc_begins_while_we_are_at_work_and_every_one_does_afterwards(outputs, mode, asker):
    with hold_dvc_locks(outputs.root, ["."], patience=0):
        refused = dvc_status(outputs)

    assert refused.returncode != 0
    assert "Unable to acquire lock" in refused.stderr
    assert dvc_status(outputs).returncode == 0


@pytest.mark.slow
def test_we_do_not_begin_while_a_dvc_is_at_work(outputs, mode, asker):
    command = [sys.executable, "-c", HOLDER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=outputs.root, text=True, **pipes) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Busy) as caught, hold_dvc_locks(outputs.root, ["."], patience=0.1):
            pass
        other.communicate("\n")

    advice = "; when no DVC runs, remove it with `rm .dvc/tmp/lock`"
    left = f", or was killed and left .dvc/tmp/lock{advice}"
    assert str(caught.value) == f"DVC is running{left if mode == 'hard links' else ''}"
    with hold_dvc_locks(outputs.root, ["."], patience=0):
        pass


@pytest.mark.slow
def test_one_of_ours_is_waited_for_in_either_mode(outputs, mode, asker):
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_dvc_locks(outputs.root, ["."], patience=0):
            entered.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    threading.Timer(0.2, leave.set).start()
    with hold_dvc_locks(outputs.root, ["."], patience=60):
        assert leave.is_set()
    thread.join()
    assert not list((outputs.root / ".dvc/tmp").glob("*.lock"))


def test_a_lock_by_hard_links_leaves_no_file(outputs):
    configure(outputs, "true")
    with pytest.raises(KeyError), hold_dvc_locks(outputs.root, ["."], patience=0):
        raise KeyError

    assert [file.name for file in (outputs.root / ".dvc/tmp").iterdir()] == []


@pytest.mark.parametrize("hardlink", ["true", "false"])
def test_what_is_placed_while_somebody_waits_holds_off_dvc_as_it_is_set_up(outputs, hardlink):
    configure(outputs, hardlink)
    outputs.declare(V1)

    with shortcuts.allow_shortcuts():
        assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "placed"}
    assert (outputs.root / ".dvc/tmp/lock").exists() == (hardlink == "false")
