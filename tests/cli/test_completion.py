"""Shell completion, as shells ask for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MODELS = """\
models:
  - {name: det, version: v1, train: {command: x}}
  - {name: PP-OCRv4.1, version: v1, train: {command: x}}
  - {name: PP-LCNet, version: v1, train: {command: x}}
"""


def ask(words, cwd, shell="bash"):
    environment = {
        **os.environ,
        "_PADDLEDVC_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "paddledvc"],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("paddledvc ver", ["verify"]),
        ("paddledvc verify PP", ["PP-OCRv4.1", "PP-LCNet"]),
        ("paddledvc sync det P", ["PP-OCRv4.1", "PP-LCNet"]),
        ("paddledvc sync --dry", ["--dry-run"]),
        ("paddledvc lock -P PP-L", ["PP-LCNet"]),
        ("paddledvc pull -r st", ["storage"]),
        ("paddledvc show x", []),
    ],
)
def test_commands_options_and_models_are_completed(project, words, found):
    project.models(MODELS)
    project.write(".dvc/config", "['remote \"storage\"']\n    url = ../store\n")

    assert ask(words, project.root) == found


def test_a_models_yaml_that_cannot_be_read_completes_nothing(project):
    project.write("models.yaml", "models: [")

    assert ask("paddledvc show d", project.root) == []


def test_models_of_another_folder_are_those_of_its_option(project, tmp_path):
    project.models(MODELS)

    assert ask(f"paddledvc -C {project.root} show d", tmp_path) == ["det"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(shell):
    environment = {**os.environ, "_PADDLEDVC_COMPLETE": f"{shell}_source"}
    done = subprocess.run(
        [sys.executable, "-m", "paddledvc"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "paddledvc" in done.stdout
    assert done.stderr == ""
