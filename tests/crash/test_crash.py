"""A small part of ``make crash``: commands that are killed, and what the next ones make of it."""

from __future__ import annotations

import shutil

import pytest

from tests.crash.sweep import SITUATIONS, Bench, serve, sweep

pytestmark = pytest.mark.thorough
FEW = {"remove": 3, "switch to a commit without a folder": 3}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace kills at a system call")
def test_what_was_killed_is_finished_or_undone_by_the_next_command(tmp_path):
    (tmp_path / "srv").mkdir()
    with serve(tmp_path / "srv") as port:
        bench = Bench(tmp_path, port)
        done = [sweep(bench, one, FEW[one.name]) for one in SITUATIONS if one.name in FEW]

    assert [found for _, its in done for found in its] == []
    assert [count for count, _ in done] == [3, 3]
