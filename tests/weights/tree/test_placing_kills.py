"""A process that is killed while it places outputs, before each thing that it does."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paddledvc.weights.core.tracked import Tracked
    from tests.outputs_repo import Outputs


pytestmark = pytest.mark.slow
STEPS = (
    "open",
    "replace",
    "unlink",
    "link",
    "symlink",
    "rmdir",
    "mkdir",
    "utime",
    "chmod",
    "sendfile",
)
OLD = {
    "checkpoints/a_v1.bin": b"a one",
    "checkpoints/b.bin": b"b one",
    "checkpoints/own.bin": b"own one",
    "data/x": b"x one",
    "exports/a": {"f": b"f one", "g": b"g one", "h/i": b"i one"},
}
NEW = {
    "checkpoints/a_v2.bin": b"a two",
    "checkpoints/b.bin": b"b two",
    "checkpoints/own.bin": b"own two",
    "data/x/y": b"y two",
    "exports/a": {"f": b"f two", "g": b"g one", "j": b"j two"},
}
MODELS = {"checkpoints/a_v1.bin": "a==v1"}, {"checkpoints/a_v2.bin": "a==v2"}
REMOVED = {"data/x": b"x one", "exports/a": {"f": b"f one", "g": b"g one", "h/i": b"i one"}}
DONE = {
    "checkpoints/a_v2.bin": b"a two",
    "checkpoints/b.bin": b"b two",
    "checkpoints/own.bin": b"my own",
    "data/x/y": b"y two",
    "exports/a/f": b"f two",
    "exports/a/g": b"g one",
    "exports/a/j": b"j two",
}
EVERYTHING = {"my own", *(data.decode() for data in DONE.values())} | {
    "a one", "b one", "x one", "f one", "i one"
}  # fmt: skip


def run_until(outputs: Outputs, step: int, before: tuple[Tracked, ...] = (), of: str = "") -> bool:
    """Place in another process that is killed at a step; tell whether it got there.

    Only steps count that name a path with ``of`` in it.
    """
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        return os.WIFSIGNALED(status)
    count = 0

    def killing(name):
        work = getattr(os, name)

        def run(*arguments, **keywords):
            nonlocal count
            count += of in f"{arguments}"
            if count == step and of in f"{arguments}":
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*arguments, **keywords)

        return run

    try:
        for name in STEPS:
            setattr(os, name, killing(name))
        outputs.place(before)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the child must not go on with the tests
        os._exit(1)


@pytest.mark.parametrize(
    ("links", "stride"),
    [
        pytest.param("hardlink", 1, marks=pytest.mark.thorough),
        ("hardlink", 4),
        ("symlink", 9),  # the others differ little
        ("copy", 9),
    ],
)
def test_each_file_is_old_or_new_and_the_next_run_completes_it(outputs, links, stride):
    outputs.configure(links)
    step, killed = 0, True
    while killed:
        step += stride
        start_over(outputs)
        killed = run_until(outputs, step)
        files = outputs.files()

        assert files["checkpoints/own.bin"] == b"my own", step
        assert {data.decode() for data in files.values()} <= EVERYTHING, step
        assert "checkpoints/a_v1.bin" in files or "checkpoints/a_v2.bin" in files, step
        assert "checkpoints/b.bin" in files, step
        assert {"exports/a/f", "exports/a/g"} <= files.keys(), step
        outputs.place()
        assert outputs.files() == DONE, step
        assert not list((outputs.root / ".paddledvc/tmp").glob("placing.*-*")), step
    assert step > 30


def start_over(outputs: Outputs) -> None:
    outputs.declare(OLD, MODELS[0])
    for path in outputs.files():
        (outputs.root / path).unlink()
    (outputs.root / ".paddledvc/tmp/placed.json").unlink(missing_ok=True)
    if (outputs.root / "data/x").is_dir():
        (outputs.root / "data/x").rmdir()
    outputs.place()
    outputs.edit("checkpoints/own.bin", b"my own")
    outputs.declare(NEW, MODELS[1])


@pytest.mark.parametrize("back", [False, True])
def test_a_removal_that_was_killed_is_finished_or_undone_by_the_next_run(outputs, back):
    step, killed, halves = 0, True, 0
    while killed:
        step += 1
        outputs.declare(REMOVED)
        (outputs.root / ".paddledvc/tmp/placed.json").unlink(missing_ok=True)
        before = outputs.place() and outputs.wanted()
        whole = outputs.files()
        outputs.declare({"data/x": b"x one"})
        killed = run_until(outputs, step, before, "/exports")
        halves += 1 < len(outputs.files()) < len(whole)
        if back:
            outputs.declare(REMOVED)
        placed = outputs.place()

        assert not [one for one in placed.outputs if one.state == "kept"], step
        assert outputs.files() == (whole if back else {"data/x": b"x one"}), step
        assert (outputs.root / "exports").exists() is back, step
    assert halves == 2
