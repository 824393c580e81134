"""``--format json`` answers JSON, whatever happens: one document on standard output."""

from __future__ import annotations

import json

import click
import pytest

import paddledvc
from paddledvc import cli as group

HOSTILE = "\x1b[2J\x9b\u202e::error::##[x]"


def commands_with_json(command=group.paddledvc, words=()):
    """Yield each command that can answer in JSON, with words for the arguments that it needs."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands_with_json(command.get_command(context, name), (*words, name))
    for option in command.params:
        if "--format" in option.opts and "json" in option.type.choices:
            needed = ("a" for one in command.params if isinstance(one, click.Argument))
            yield (*words, *needed, "--format", "json")


COMMANDS = sorted(commands_with_json())
GOOD = "models: [{name: a, version: v1}]\n"


def failed(done):
    """Read the answer of a command that failed; it is one document."""
    assert done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {"error"}
    error = answer["error"]
    assert set(error) == {"kind", "exit_code", "message", "problems"}
    assert error["exit_code"] == done.exit_code
    return error


def words(command):
    return " ".join(command[:-2])


def test_most_commands_answer_in_json():
    assert len(COMMANDS) >= 20
    assert ("hooks", "install", "--format", "json") in COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=words)
def test_a_command_that_is_used_wrongly_answers_in_json(command, cli):
    assert failed(cli(*command, f"--{HOSTILE}"))["kind"] == "NoSuchOption"
    assert failed(cli("-C", "gone", *command))["kind"] == "BadParameter"
    assert failed(cli(*command[:-1], "json", "--format=xml", "--format=json"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [one for one in COMMANDS if one[0] != "doctor"],  # which starts Paddle
    ids=words,
)
def test_a_command_answers_in_json_wherever_it_runs(command, project, cli):
    def answers():
        done = cli(*command)
        assert done.exit_code != 70, done.stderr
        if "error" in (answer := json.loads(done.stdout)):
            failed(done)
        return answer

    answers()  # outside of a project and of git
    project.models("models: [{")
    answers()
    project.models(GOOD)
    answers()


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (paddledvc.errors.Finding(HOSTILE), ("Finding", 1, HOSTILE)),
        (click.UsageError(HOSTILE), ("UsageError", 2, HOSTILE)),
        (paddledvc.errors.OutsideFailure("o"), ("OutsideFailure", 3, "o")),
        (PermissionError(13, "No", "f"), ("OutsideFailure", 3, "f: No")),
        (
            UnicodeEncodeError("utf-8", "a\ud800", 1, 2, "surrogates"),
            (
                "OutsideFailure",
                3,
                r"'a\ud800' cannot be written in utf-8; names and texts have to be UTF-8",
            ),
        ),
        (KeyboardInterrupt(), ("Interrupted", 130, "interrupted")),
        (SystemExit(143), ("Interrupted", 143, "interrupted")),
        (ZeroDivisionError(HOSTILE), ("Bug", 70, f"ZeroDivisionError: {HOSTILE}")),
    ],
)
def test_what_ends_a_command_is_told_in_json(raised, error, cli, monkeypatch):
    def fail(*_, **__):
        raise raised

    monkeypatch.setattr(click.Command, "invoke", fail)
    done = cli("lock", "--format", "json")

    kind, code, message = error
    assert json.loads(done.stdout) == {
        "error": {"kind": kind, "exit_code": code, "message": message, "problems": []}
    }
    assert done.exit_code == code


def test_the_problems_of_a_file_are_told_one_by_one(project, cli):
    project.models("models: [{name: a, version: v1, vresion: v2}]\n")

    error = failed(cli("lock", "--format", "json"))
    said = "unknown key 'vresion'; did you mean 'version'?"

    assert error == {
        "kind": "InvalidFile",
        "exit_code": 2,
        "message": f"models.yaml:1:33: models[0].vresion: {said}",
        "problems": [
            {
                "file": "models.yaml",
                "line": 1,
                "column": 33,
                "path": "models[0].vresion",
                "message": said,
            }
        ],
    }


def test_a_command_that_has_answered_says_no_more(project, cli, monkeypatch):
    def fail(*_, **__):
        raise paddledvc.errors.OutsideFailure("late")

    project.models(GOOD)
    monkeypatch.setattr("paddledvc.cli.lock.echo_changes", fail)
    monkeypatch.setattr("paddledvc.cli.printer.json.dumps", lambda *_, **__: "{}")
    done = cli("lock", "--format", "json")

    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("form", [["--format", "text"], [], ["--format", "json", "--format=text"]])
def test_without_json_an_error_is_text_alone(form, cli):
    done = cli("lock", *form)

    assert (done.exit_code, done.stdout) == (2, "")
