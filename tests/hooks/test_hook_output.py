"""What hooks say, on the terminal of whoever calls git and in the logs of CI."""

from __future__ import annotations

import json

import pytest

from paddledvc.display.escaping import escape_text
from paddledvc.hooks import run

HOSTILE = "\x1b[2J\x9b1m\u202eexe.\x7f\r\u200b##[error]\ufeff"
"""Clears the screen, makes letters bold and turns them around, and is an error to CI."""
QUOTED = json.dumps(HOSTILE)
CHECK = run.Call.parse(["pre-commit", "--in", "."])


@pytest.fixture
def repository(project, monkeypatch):
    project.git("init", "--quiet")
    monkeypatch.chdir(project.root)
    return project


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"models: [{{name: {QUOTED}, version: v1}}]\n", id="a name"),
        pytest.param(f"models: [{{name: a, version: {QUOTED}}}]\n", id="a version"),
        pytest.param(f"models: [{{name: a, version: v1, {QUOTED}: 1}}]\n", id="a key"),
        pytest.param(f"models: [{HOSTILE}", id="no YAML"),
    ],
)
def test_a_hook_shows_what_a_staged_registry_holds_in_escapes(text, repository, capsys):
    repository.models(text)
    repository.git("add", "--all")

    assert run.run(CHECK) == 1
    said = capsys.readouterr().err
    assert "models.yaml:" in said
    assert escape_text(said) == said


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_in_a_hook_says_what_it_met_in_escapes(debug, repository, capsys, monkeypatch):
    def fail(*_, **__):
        raise ValueError(HOSTILE)

    repository.models("models: []\n")
    monkeypatch.setenv(run.DEBUG, debug)
    monkeypatch.setattr("paddledvc.hooks.guard.guard_staged", fail)

    assert run.run(CHECK) == 0
    said = capsys.readouterr().err
    assert f"ValueError: {escape_text(HOSTILE)}" in said
    assert escape_text(said) == said
