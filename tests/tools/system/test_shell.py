from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from paddledvc.errors import MissingTool, ToolFailed
from paddledvc.tools.git import repository
from paddledvc.tools.system import shell

PYTHON = sys.executable


def test_a_program_gives_back_its_standard_output(tmp_path):
    assert shell.run_program([PYTHON, "-c", "print('é')"], cwd=tmp_path) == "é\n"


def test_a_program_that_fails_is_an_outside_failure_with_its_last_words(tmp_path):
    code = "import sys; sys.stderr.write('fatal: no\\n'); sys.exit(3)"
    with pytest.raises(ToolFailed) as caught:
        shell.run_program([PYTHON, "-c", code], cwd=tmp_path)

    assert (caught.value.returncode, caught.value.exit_code) == (3, 3)
    assert str(caught.value).endswith("failed with exit code 3\nfatal: no")


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingTool) as caught:
        shell.run_program(["no-such-program", "x"], cwd=tmp_path)

    assert str(caught.value) == "`no-such-program` is not installed, or not on the PATH"


@pytest.mark.slow
def test_a_program_that_does_not_end_is_stopped(tmp_path):
    with pytest.raises(ToolFailed) as caught:
        shell.run_program([PYTHON, "-c", "import time; time.sleep(60)"], cwd=tmp_path, timeout=0.2)

    assert str(caught.value).endswith("it did not end within 0.2 s")


def test_a_failure_can_be_an_answer(tmp_path):
    finished = shell.try_program([PYTHON, "-c", "print(1); raise SystemExit(2)"], cwd=tmp_path)

    assert (finished.returncode, finished.output, finished.errors) == (2, "1\n", "")


def test_what_git_tells_its_hooks_does_not_reach_other_programs(project, tmp_path, monkeypatch):
    project.git("init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))

    assert repository.find_repository_root(project.root) == project.root


def test_the_root_of_a_work_tree_is_found_from_below(project):
    project.git("init", "--quiet")
    deep = project.root / "a b" / "模型"
    deep.mkdir(parents=True)

    assert repository.find_repository_root(deep) == project.root


def test_outside_git_there_is_no_root(tmp_path):
    assert repository.find_repository_root(tmp_path) is None


def test_a_program_reads_what_is_sent_and_its_bytes_come_back(tmp_path):
    data = bytes(range(256)) * 1000
    assert shell.exchange_program_bytes(["cat"], cwd=tmp_path, sent=data) == data


def test_a_program_that_fails_on_what_is_sent_is_an_error(tmp_path):
    with pytest.raises(ToolFailed, match="no good"):
        shell.exchange_program_bytes(
            ["sh", "-c", "echo no good >&2; exit 3"], cwd=tmp_path, sent=b"x"
        )


def test_a_program_to_send_to_that_is_not_installed_is_named(tmp_path):
    with pytest.raises(MissingTool, match="`no-such-program` is not installed"):
        shell.exchange_program_bytes(["no-such-program"], cwd=tmp_path, sent=b"")


def test_who_stops_us_while_a_program_starts_stops_the_program_too(tmp_path, monkeypatch):
    started = []

    class Stopped(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)
            os.kill(os.getpid(), signal.SIGINT)  # before anybody knows of the program

    monkeypatch.setattr(subprocess, "Popen", Stopped)
    with pytest.raises(KeyboardInterrupt):
        shell.stream_program(["sleep", "60"], cwd=tmp_path)

    assert started[0].poll() is not None


def test_what_was_ignored_is_ignored_by_the_program_too(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        shell.stream_program("kill -HUP $$; echo lived > told", cwd=tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (tmp_path / "told").read_text() == "lived\n"


ECHO = """
import sys
for line in sys.stdin.buffer:
    sys.stderr.write("x" * 200_000)
    sys.stdout.buffer.write(line.upper() + b"12345")
    sys.stdout.buffer.flush()
"""


def test_a_program_answers_one_question_after_the_other_however_much_it_warns(tmp_path):
    asked = shell.AnsweringProgram([PYTHON, "-c", ECHO], cwd=tmp_path)
    assert [(asked.ask(one), asked.read(5)) for one in (b"a", b"b")] == [
        (b"A\n", b"12345"),
        (b"B\n", b"12345"),
    ]
    asked.close()


def test_a_program_that_has_ended_answers_nothing(tmp_path):
    asked = shell.AnsweringProgram([PYTHON, "-c", "input(); print('last')"], cwd=tmp_path)
    assert [asked.ask(b"a"), asked.ask(b"b"), asked.read(1)] == [b"last\n", b"", b""]
    assert asked.ask(b"c") == b""
    asked.close()


def test_a_program_that_answers_ends_when_nobody_can_ask_it_any_more(tmp_path, monkeypatch):
    started, start = [], subprocess.Popen

    def starting(command, **options):
        started.append(start(command, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", starting)
    for code in (ECHO, "print('x' * 2_000_000)"):  # the second waits for somebody to read that
        asked = shell.AnsweringProgram([PYTHON, "-c", code], cwd=tmp_path)
        assert started[-1].poll() is None
        del asked
        assert started[-1].poll() is not None


def test_a_program_to_ask_that_is_not_installed_is_named(tmp_path):
    with pytest.raises(MissingTool, match="`no-such-program` is not installed"):
        shell.AnsweringProgram(["no-such-program"], cwd=tmp_path)
