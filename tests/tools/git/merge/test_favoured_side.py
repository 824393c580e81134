from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paddledvc.tools.git.merge import favoured_side
from paddledvc.tools.git.merge.favoured_side import find_favoured_side, read_strategy_option
from paddledvc.tools.system import processes
from paddledvc.tools.system.processes import find_process


@pytest.mark.parametrize(
    ("words", "side"),
    [
        ("git merge -X theirs topic", "theirs"),
        ("git merge -Xours topic", "ours"),
        ("git -c a=b pull --rebase --strategy-option=theirs", "theirs"),
        ("git cherry-pick --strategy-option ours x", "ours"),
        ("git rebase -X theirs -X ours main", "ours"),
        ("git merge -X patience -s ours topic", None),
        ("git merge topic", None),
        ("git merge -- -Xours", None),
        ("git merge -m theirs topic", None),
    ],
)
def test_the_side_is_what_the_last_option_says(words, side):
    assert read_strategy_option(words.split()) == side


def test_a_process_is_found_with_its_command_line():
    code = "import time; print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, "a b", ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # before it is what it runs, its command line is empty
        found = find_process(process.pid)
        process.kill()

    assert found is not None
    assert (found.parent, list(found.arguments)) == (os.getpid(), command)
    assert find_process(process.pid) is None


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps is not installed")
def test_where_there_is_no_proc_ps_is_asked(monkeypatch):
    monkeypatch.setattr(
        processes, "Path", lambda *parts: Path("/nowhere") if parts == ("/proc",) else Path(*parts)
    )
    found = find_process(os.getpid())

    assert found is not None
    assert found.parent == os.getppid()
    assert "python" in found.arguments[0] or "pytest" in " ".join(found.arguments)


def test_nobody_above_is_a_git(monkeypatch):
    monkeypatch.setattr(favoured_side, "find_process", lambda _: None)
    assert find_favoured_side(os.getpid()) is None
