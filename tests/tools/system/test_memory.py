from __future__ import annotations

from threading import Barrier, Thread

import pytest

from paddledvc.tools.system import memory

MEMINFO = "MemTotal:  8000 kB\nMemFree:  10 kB\nMemAvailable:   4000 kB\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system whose files say what a test lets them say."""
    machine, limit, used = (tmp_path / name for name in ("meminfo", "max", "current"))
    monkeypatch.setattr(memory, "MACHINE", machine)
    monkeypatch.setattr(memory, "LIMITS", ((limit, used),))
    return machine, limit, used


def test_a_machine_alone_has_what_it_says(system):
    machine, limit, used = system
    machine.write_text(MEMINFO)
    limit.write_text("max\n")
    used.write_text("1000\n")

    assert memory.available_memory() == 4000 * 1024


@pytest.mark.parametrize(("most", "now", "left"), [(5000, 1000, 4000), (1000, 5000, 0)])
def test_a_container_has_what_its_limit_leaves(system, most, now, left):
    machine, limit, used = system
    machine.write_text(MEMINFO)
    limit.write_text(f"{most}\n")
    used.write_text(f"{now}\n")

    assert memory.available_memory() == left


def test_a_system_that_does_not_say_has_no_limit(system):
    assert memory.available_memory() is None


def test_this_system_has_some_left():
    left = memory.available_memory()

    assert left is None or left > 0


@pytest.mark.slow
def test_what_others_were_promised_is_not_free(system):
    machine, _, _ = system
    machine.write_text(MEMINFO)  # 4,000 kB are available
    room = memory.Room()
    order: list[str] = []

    def second() -> None:
        with room.reserve(3000 * 1024):
            order.append("second begins")

    with room.reserve(2000 * 1024):
        waiting = Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first ends")
    waiting.join()

    assert order == ["first ends", "second begins"]


def test_what_fits_runs_side_by_side(system):
    machine, _, _ = system
    machine.write_text(MEMINFO)
    room = memory.Room()
    both = Barrier(2, timeout=30)

    def second() -> None:
        with room.reserve(2000 * 1024):
            both.wait()

    waiting = Thread(target=second)
    waiting.start()
    with room.reserve(2000 * 1024):
        both.wait()
    waiting.join()

    assert not both.broken


def test_what_never_fits_runs_alone(system):
    machine, _, _ = system
    machine.write_text(MEMINFO)
    ran = False

    with memory.Room().reserve(10**12):
        ran = True

    assert ran
