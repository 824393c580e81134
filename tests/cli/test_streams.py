"""The command line and the hooks on terminals and pipes that do not take every character."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.slow
HOOK = "from paddledvc.hooks.run import main; main()"
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""A locale in which Python names files in ASCII."""


@pytest.fixture
def run(project, environment):
    """Run Python in the project's folder, its output as bytes; redirections as a shell's."""

    def start(*arguments, shell="", sent=b"", **variables):
        command = [sys.executable, "-W", "error", *arguments]
        if shell:
            command = ["bash", "-c", f'set -o pipefail; "$@" {shell}', "bash", *command]
        return subprocess.run(
            command,
            cwd=project.root,
            env={**environment, "NO_COLOR": "1", **variables},
            input=sent,
            capture_output=True,
            check=False,
        )

    return start


@pytest.fixture
def repository(project):
    project.models("models: []\n")
    project.git("init", "--quiet")
    return project


def check(run, form="text", **variables):
    return run("-m", "paddledvc", "check", "--branch", "功能/乙", "--format", form, **variables)


@pytest.mark.parametrize(
    ("encoding", "heading"),
    [
        ("cp1252:strict", rb"checking the work tree as \u529f\u80fd/\u4e59 (feature)"),
        ("gbk", "checking the work tree as 功能/乙 (feature)".encode("gbk")),
    ],
)
def test_what_a_stream_cannot_show_is_written_as_an_escape(encoding, heading, repository, run):
    done = check(run, PYTHONIOENCODING=encoding)

    assert (done.stdout.splitlines()[0], done.stderr) == (heading, b"")


def test_json_is_ascii_on_a_stream_that_does_not_take_every_character(repository, run):
    done = check(run, "json", PYTHONIOENCODING="cp1252")

    assert json.loads(done.stdout.decode("ascii"))["title"] == "the work tree as 功能/乙"


def test_xml_is_ascii_on_a_stream_that_does_not_take_every_character(repository, run):
    done = check(run, "junit", PYTHONIOENCODING="gbk")

    case = next(ET.fromstring(done.stdout.decode("ascii")).iter("testcase"))
    assert case.get("classname") == "the work tree as 功能/乙"


def test_files_are_found_by_name_in_a_locale_that_cannot_spell_it(project, run):
    project.write("权重/甲.pdparams", "weights")
    project.models("models: [{name: a, version: v1, weights_url: 权重/甲.pdparams}]\n")

    done = run("-m", "paddledvc", "sync", "a", **ASCII)

    assert done.returncode == 0, done.stderr
    assert (project.root / "checkpoints" / "a_v1.pdparams").read_text() == "weights"


def test_a_name_that_is_no_unicode_is_written_as_an_escape(repository, run):
    done = run("-m", "paddledvc", "check", "--output", "found.txt", "--branch", b"\xff")

    assert (done.returncode, done.stderr) == (0, b"")
    assert repository.read("found.txt").startswith(r"checking the work tree as \udcff (feature)")


def test_a_hook_says_what_a_stream_cannot_show_in_escapes(repository, run):
    repository.models("models: [{name: 甲, version: v1}]\n")
    repository.git("add", "--all")

    done = run("-c", HOOK, "hook", "pre-commit", "--in", ".", PYTHONIOENCODING="latin-1", **ASCII)

    assert b"paddledvc" in done.stderr
    assert rb"\u7532" in done.stderr


def test_a_hook_reads_from_git_in_utf_8_wherever_the_user_is(repository, run):
    commit = repository.commit()
    line = f"refs/heads/功能/乙 {commit} refs/heads/功能/乙 {'0' * 40}\n".encode()
    call = ("hook", "pre-push", "--in", ".", "origin", "nowhere")

    done = run("-c", HOOK, *call, sent=line, PYTHONIOENCODING="ascii:strict")

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", [">&- 2>&- <&-", "2>&- | cat"])
def test_closed_streams_take_nothing_and_break_nothing(shell, project, run):
    project.write("a.pdparams", "weights")
    project.models("models: [{name: a, version: v1, weights_url: a.pdparams}]\n")

    done = run("-m", "paddledvc", "sync", "a", shell=shell)

    assert (done.returncode, done.stderr) == (0, b"")
    assert (project.root / "models.lock").read_text().startswith("#")
    assert (project.root / "checkpoints" / "a_v1.pdparams").read_text() == "weights"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("arguments", [("schema",), ("--help",)])
def test_a_full_disk_is_told_in_one_sentence(arguments, project, run):
    done = run("-m", "paddledvc", *arguments, shell=">/dev/full")

    assert (done.returncode, done.stderr) == (3, b"Error: No space left on device\n")


def test_a_reader_that_has_gone_is_no_error(project, run):
    done = run("-m", "paddledvc", "schema", shell="| true")

    assert (done.returncode, done.stderr) == (141, b"")
