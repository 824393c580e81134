"""What the command line prints in a pipe, and what it draws on a terminal."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabulate import tabulate  # DVC brings it

import paddledvc
from paddledvc.cli import printer
from paddledvc.display.escaping import escape_annotations, escape_text

HOSTILE = "\x1b[2J\x9b1m\u202eexe.\x7f\r\u200b##[error]\ufeff"
"""Clears the screen, makes letters bold and turns them around, and is an error to CI."""
QUOTED = json.dumps(HOSTILE)
SHOWN = escape_text(HOSTILE)
PACKAGE = Path(paddledvc.__file__).parent


# In a pipe


CELLS = st.text("ab 甲é\u0301\n-", max_size=6).filter(str.strip)


@given(
    st.integers(1, 3).flatmap(
        lambda size: st.tuples(
            st.lists(st.sampled_from(["a", "state", "fix"]), min_size=size, max_size=size),
            st.lists(st.lists(CELLS, min_size=size, max_size=size), max_size=4),
        )
    )
)
def test_a_table_in_a_pipe_is_the_one_that_tabulate_makes(table):
    headers, rows = table
    cells = [[cell.strip() for cell in row] for row in rows]

    made = tabulate(rows, headers, tablefmt="plain", disable_numparse=True)
    assert printer.align_columns(headers, cells) == made


def test_a_cell_without_a_value_is_empty(capsys):
    printer.echo_table(["a", "b", "c"], [[None, 1.5, ""], ["x", True, " y "]])

    assert capsys.readouterr().out == "a    b     c\n     1.5\nx    True  y\n"


@pytest.mark.slow
def test_a_pipe_imports_nothing_that_draws(project):
    project.models("models: [{name: a, version: v1}]\n")
    code = (
        "import sys\nfrom paddledvc.cli import paddledvc\n"
        "try:\n    paddledvc(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    for command in (["--help"], ["list"], ["lock"], ["show", "b"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            cwd=project.root,
            env={**os.environ, "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        modules = set(ast.literal_eval(done.stderr.splitlines()[-1]))
        assert modules & {"rich", "tqdm", "tabulate"} == set()
        assert "\x1b" not in done.stdout + done.stderr


# Texts of others


WAYS = re.compile(r"print|.*\.print_exc|click\.(echo|secho|style)|sys\.std(out|err)\.write(lines)?")


def calls_of(path):
    """List what a module calls, as it is written."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]


@pytest.mark.slow
def test_only_the_printer_prints():
    every = [(path, call) for path in PACKAGE.rglob("*.py") for call in calls_of(path)]

    assert [(path, call) for path, call in every if WAYS.fullmatch(call)] == []


def safe(text, escape=escape_text):
    """Tell whether a terminal and a CI log obey nothing of a text."""
    return escape(text) == text


@pytest.fixture
def hostile(project, monkeypatch):
    """A project whose every text is somebody's who wants our screen."""
    project.write_bytes("a.pdparams", b"weights")
    project.models(
        "models:\n"
        f"  - name: a\n    version: v1\n    weights_url: a.pdparams\n    description: {QUOTED}\n"
        f"    owner: {QUOTED}\n    tags: [{QUOTED}]\n    meta: {{{QUOTED}: {QUOTED}}}\n"
    )
    for part in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{part}_NAME", HOSTILE)
    project.git("init", "--quiet")
    paddledvc.lock(paddledvc.Project(project.root))
    project.commit(f"title {HOSTILE}")
    return project


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("show", "a"), id="show"),
        pytest.param(("show", "a", "--format", "json"), id="show as JSON"),
        pytest.param(("show", HOSTILE), id="an unknown model"),
        pytest.param(("check", "--branch", HOSTILE), id="check"),
        *(
            pytest.param(("check", "--branch", HOSTILE, "--format", form), id=f"check as {form}")
            for form in ("json", "github", "gitlab", "sarif", "junit")
        ),
        pytest.param(("check", "--base", HOSTILE), id="an unknown base"),
        pytest.param(("list", "--available", HOSTILE, "--offline"), id="a search"),
        pytest.param(("lock", "--upgrade-package", HOSTILE), id="an unknown pin"),
        pytest.param(("add", f"b=={HOSTILE}", "--from", HOSTILE), id="an unknown catalog"),
        pytest.param(("init", "--remote", f"prod={HOSTILE}"), id="a remote"),
        pytest.param((HOSTILE,), id="an unknown command"),
        pytest.param((f"--{HOSTILE}",), id="an unknown option"),
        pytest.param(("status", f"--{HOSTILE}"), id="an unknown option of a command"),
        pytest.param(("-C", HOSTILE, "status"), id="an unknown folder"),
        pytest.param(("lock", "--resolve", HOSTILE), id="an unknown side"),
        pytest.param(("status", HOSTILE), id="an unknown path"),
        pytest.param(("verify", "--network", HOSTILE, "--arg", HOSTILE), id="an argument"),
        pytest.param(("merge-file", HOSTILE, "a", "b", "c"), id="a file to merge"),
        pytest.param(("hook", HOSTILE), id="an unknown hook"),
    ],
)
def test_no_command_prints_what_would_be_obeyed(words, hostile, cli):
    done = cli(*words)

    assert done.stdout + done.stderr != ""
    assert safe(done.stdout, escape_annotations if "github" in words else escape_text)
    assert safe(done.stderr)


@pytest.mark.parametrize(
    "text",
    [
        f"models: [{{name: {QUOTED}, version: v1}}]\n",
        f"models: [{{name: a, version: {QUOTED}}}]\n",
        f"models: [{{name: a, version: v1, {QUOTED}: 1}}]\n",
        f"models: [{{name: a, version: v1, weights_url: {QUOTED}}}]\n",
        f"models: [{{name: a, version: v1, source: {QUOTED}}}]\n",
        f"models: [{HOSTILE}",
        f"catalogs: {{{QUOTED}: {{kind: git, url: {QUOTED}}}}}\nmodels: []\n",
        f"policy: {{{QUOTED}: {{}}}}\nmodels: []\n",
    ],
)
def test_no_command_prints_what_a_bad_registry_holds(text, project, cli):
    project.git("init", "--quiet")
    project.models(text)
    done = cli("check")

    assert done.exit_code == 1
    assert safe(done.stdout)


def test_a_server_commands_neither_terminal_nor_ci(project, cli, server):
    url = server.put("/index.yaml", f"{HOSTILE}\n::error::{HOSTILE}".encode())
    project.models(
        f"catalogs: {{zoo: {{type: index, url: {url}}}}}\n"
        "models: [{name: a, version: '>=1', source: zoo}]\n"
    )
    done = cli("lock")

    assert done.exit_code
    assert safe(done.stderr)


def test_a_bug_says_what_it_met_in_escapes(hostile, cli, monkeypatch):
    def fail(*_):
        raise ValueError(HOSTILE)

    monkeypatch.setattr("paddledvc.inventory.show.show", fail)
    done = cli("show", "a")

    assert done.exit_code == 70
    assert f"ValueError: {SHOWN}\nThis is a bug in paddledvc" in done.stderr
    assert safe(done.stderr)


# On a terminal


@pytest.fixture
def on_terminal(project):
    """Run Python on a pseudo-terminal, and return what it wrote there."""

    def start(*words, code="from paddledvc.cli import main; main()", **variables):
        terminal, ours = pty.openpty()
        read: list[bytes] = []
        reader = threading.Thread(target=_read_all, args=(terminal, read))
        reader.start()
        subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=project.root,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "60", **variables},
            stdin=subprocess.DEVNULL,
            stdout=ours,
            stderr=ours,
            check=False,
        )
        os.close(ours)
        reader.join()
        os.close(terminal)
        return b"".join(read).decode().replace("\r\n", "\n")

    return start


def _read_all(terminal, read):
    while True:
        try:
            read.append(os.read(terminal, 2**16))
        except OSError:  # the other end is closed
            return


TABLE = f"""
from paddledvc.cli.printer import echo_table
hostile = {HOSTILE!r}
echo_table(["state", "path"], [("PROBLEM", "a/" * 60 + "[red]b"), ("ok", "甲 " + hostile)])
"""


@pytest.mark.slow
def test_a_terminal_gets_a_table_with_colours_and_whole_paths(on_terminal):
    said = on_terminal(code=TABLE)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)

    assert plain.splitlines() == [
        "state    path",
        f"PROBLEM  {'a/' * 60}[red]b",
        f"ok       甲 {SHOWN}",
    ]
    assert "\x1b[1;31mPROBLEM" in said
    assert safe(plain)


@pytest.mark.slow
def test_a_terminal_without_colours_gets_none(on_terminal):
    assert safe(on_terminal(code=TABLE, NO_COLOR="1"))


@pytest.mark.slow
def test_a_terminal_that_cannot_draw_gets_what_a_pipe_gets(on_terminal):
    said = on_terminal(code=TABLE, TERM="dumb")

    assert said.startswith("state    path\nPROBLEM  a/a/")
    assert safe(said)


@pytest.mark.slow
def test_a_terminal_gets_errors_with_a_red_mark(on_terminal):
    said = on_terminal("show", f"[red]{HOSTILE}")

    assert said.startswith("\x1b[1;31mError: \x1b[0m")
    assert safe(said.partition("\x1b[0m")[2])


@pytest.mark.slow
def test_a_terminal_gets_a_bar_for_bytes_on_their_way(project, on_terminal, server):
    url = server.put("/a.pdparams", b"weights" * 1000)
    project.models(f"models: [{{name: a, version: v1, weights_url: {url}}}]\n")
    said = on_terminal("lock", COLUMNS="80")

    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    assert re.search(r"a ━+ 100% 7\.0/7\.0 kB ", plain)
    assert said.endswith("Locked 1 model\n")
    assert "\x1b[?25h" in said  # the cursor is back


# Whoever prints all the same


AROUND = f"""
import logging, sys, threading, warnings
import click
from paddledvc.tools.system import streams
streams.prepare_process()
hostile = {HOSTILE!r} + "\\n::error::"
warnings.warn_explicit(hostile, SyntaxWarning, hostile, 1)
logging.getLogger("paddledvc").warning(hostile)
logging.StreamHandler().emit(logging.LogRecord("a", 30, "f", 1, hostile, (), None))
print(hostile)
print("a", hostile, file=sys.stderr)
sys.stderr.writelines([hostile])
click.echo(hostile)
click.echo(hostile, err=True)
click.secho(hostile, fg="red", err=True)
def fail():
    raise ValueError(hostile)
thread = threading.Thread(target=fail, name=hostile)
thread.start()
thread.join()
class Late:
    def __del__(self):
        fail()
Late()
fail()
"""


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_what_python_and_libraries_print_is_escaped_too(project, encoding):
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", AROUND],
        cwd=project.root,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    said, told = done.stdout.decode(), done.stderr.decode()

    assert said.count("exe.") == 2
    assert told.count("exe.") >= 12
    assert safe(said)
    assert safe(told)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json", "github", "gitlab", "sarif", "junit"])
def test_findings_in_a_file_are_escaped_as_on_the_screen(form, hostile, cli):
    hostile.models(f"models: [{{name: a, version: v1, {QUOTED}: 1}}]\n")
    shown = cli("check", "--format", form)
    cli("check", "--format", form, "--output", "found")

    assert hostile.read("found") == shown.stdout


@pytest.mark.parametrize("key", ["a\nno findings", "a\r\n::error::b"])
def test_no_name_makes_a_line_of_its_own(key, project, cli):
    project.git("init", "--quiet")
    project.models(f"models: [{{name: a, version: v1, {json.dumps(key)}: 1}}]\n")

    assert cli("list").stderr.count("\n") == 1
    assert [line for line in cli("check").stdout.splitlines() if "no findings" in line[:11]] == []
