"""Every block of a terminal on the pages: its commands are run, and print what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from itertools import groupby
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from paddledvc.cli import paddledvc
from tests.conftest import TRUSTED, Folder
from tests.forks import run_module
from tests.pages.console import differs, read_steps
from tests.pages.pipelines import WRITTEN, write_shown_files
from tests.pages.projects import LONG, PREPARED
from tests.pages.reading import OTHERS, PAGES, list_blocks

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = list_blocks("console", pages=(*PAGES, *OTHERS))
NOTE = re.compile(r"run in: ([\w-]+)|run each in: ([\w-]+)|not run: (\w.*)")


def runs():
    """Give the blocks that are run in one project, one after the other."""
    noted = [(block, NOTE.fullmatch(block.note)) for block in BLOCKS]
    named = [(block.page, note[1] or note[2], block) for block, note in noted if note]
    for (page, name), found in groupby(
        sorted((one for one in named if one[1]), key=lambda one: one[:2]), lambda one: one[:2]
    ):
        marks = [pytest.mark.slow, *[pytest.mark.thorough] * (name in LONG)]
        blocks = [block for _, _, block in found]
        yield pytest.param(name, blocks, id=f"{page}-{name}", marks=marks)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda one: one.place)
def test_a_block_is_run_or_says_why_not(block):
    note = NOTE.fullmatch(block.note)

    assert note, "put <!-- run in: PROJECT --> or <!-- not run: REASON --> before it"
    assert note[3] or (note[1] or note[2]) in PREPARED
    assert note[3] or list(read_steps(block.text))


def test_every_project_is_of_a_block():
    assert {name for block in BLOCKS for name in PREPARED if block.note.endswith(f": {name}")} == {
        *PREPARED
    }


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our programs and DVC's, forked from processes that have imported them."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("paddledvc", "dvc"):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(run_module(name))} "$@"\n')
        script.chmod(0o755)
    return folder


@pytest.fixture
def terminal(environment, programs, monkeypatch, tmp_path):
    """Run a command line in a folder, and give its exit code and what it prints."""
    variables = {
        **environment,
        **{f"DVC_{one}_CONFIG_DIR": str(tmp_path / one) for one in ("GLOBAL", "SYSTEM")},
        **{key: value for key, value in os.environ.items() if key.startswith("XDG_")},
        "PATH": f"{programs}{os.pathsep}{environment['PATH']}",
    }
    for name in ("PATH", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.setenv(name, variables[name])

    monkeypatch.setattr("paddledvc.cli.trust.is_terminal", lambda: True)  # and says yes
    later = SimpleNamespace(time=lambda: time.time() + 40 * 86400)
    monkeypatch.setattr("paddledvc.weights.garbage.collect.time", later)

    def run(root: Path, command: str) -> tuple[int, str]:
        if command.startswith("paddledvc ") and not re.search(r"[|&;<>$`]", command):
            monkeypatch.chdir(root)
            words = shlex.split(command)[1:]
            done = CliRunner().invoke(paddledvc, words, "y\n", prog_name="paddledvc")
            return done.exit_code, done.output
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=root,
            env={
                key: value
                for key, value in variables.items()
                if key != TRUSTED or key in os.environ
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize(("name", "blocks"), list(runs()))
def test_commands_print_what_the_page_shows(name, blocks, terminal, tmp_path):
    each = blocks[0].note.startswith("run each")
    folder = Folder(tmp_path / "work" / "flowers")
    wrong = []
    for number, (block, step) in enumerate((b, s) for b in blocks for s in read_steps(b.text)):
        if each or not number:
            folder = Folder(tmp_path / f"work{number}" / "flowers")
            folder.root.mkdir(parents=True)
            PREPARED[name](folder)
        if name == WRITTEN:
            write_shown_files(folder, block)
        code, printed = terminal(folder.root, step.command)
        said = f"{block.place}: {step.command}: exit code {code}"
        if not step.shown and code:
            wrong.append(f"{said}\n{printed}")
        elif step.shown and (different := differs(step.shown, printed)):
            wrong.append(f"{said}\n{different}")
    assert not wrong, "\n\n".join(wrong)
