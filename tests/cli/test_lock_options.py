from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import pytest

import paddledvc

MODELS = """\
models:
  - {name: a, version: v1, weights_url: a.pdparams}
"""
STALE = "a: models.yaml asks for v2, locked is v1"


@pytest.fixture
def stale(project):
    """A project whose lock is stale."""
    project.write_bytes("a.pdparams", b"weights")
    paddledvc.lock(project.models(MODELS))
    project.models(MODELS.replace("v1", "v2"))


@pytest.mark.parametrize(
    ("arguments", "variable", "blamed"),
    [
        pytest.param(["--locked"], None, "--locked", id="option"),
        pytest.param([], ("PADDLEDVC_LOCKED", "1"), "PADDLEDVC_LOCKED=1", id="variable"),
        pytest.param([], ("PADDLEDVC_LOCKED", "true"), "PADDLEDVC_LOCKED=true", id="in words"),
        pytest.param(["--locked"], ("PADDLEDVC_LOCKED", "1"), "--locked", id="both"),
        pytest.param(
            ["--locked"], ("PADDLEDVC_FROZEN", "1"), "--locked", id="option against variable"
        ),
    ],
)
@pytest.mark.usefixtures("stale")
def test_a_refusal_names_what_caused_it(cli, monkeypatch, arguments, variable, blamed):
    if variable is not None:
        monkeypatch.setenv(*variable)
    done = cli("sync", *arguments)

    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: models.lock is stale, and {blamed} forbids updating it; "
        f"run `paddledvc lock` to update it:\n  {STALE}\n"
    )


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_a_variable_that_says_no_is_none(stale, cli, monkeypatch, value):
    monkeypatch.setenv("PADDLEDVC_LOCKED", value)

    assert cli("sync").exit_code == 0


def test_a_frozen_lock_is_used_as_it_is(stale, cli, monkeypatch):
    monkeypatch.setenv("PADDLEDVC_FROZEN", "1")

    assert cli("sync").stdout.startswith("a v1: checkpoints/a_v1.pdparams")


def test_locked_and_frozen_contradict_each_other(stale, cli, monkeypatch):
    options = cli("sync", "--locked", "--frozen")
    monkeypatch.setenv("PADDLEDVC_LOCKED", "1")
    monkeypatch.setenv("PADDLEDVC_FROZEN", "1")
    variables = cli("sync")

    assert (options.exit_code, variables.exit_code) == (2, 2)
    assert "--locked and --frozen contradict each other" in options.stderr
    assert "PADDLEDVC_LOCKED=1 and PADDLEDVC_FROZEN=1 contradict" in variables.stderr


@pytest.mark.parametrize("command", ["sync", "train", "export", "verify", "generate", "lock"])
def test_every_command_that_uses_the_lock_has_the_options(command, cli):
    text = cli(command, "--help").stdout

    assert all(f"--{option} " in text for option in ("locked", "frozen", "offline"))


def test_an_update_on_the_way_is_told(stale, cli, caplog):
    assert cli("sync").exit_code == 0
    assert caplog.messages[0] == "models.lock: Update a v1 -> v2"


def test_what_moved_can_be_read_by_a_program(stale, cli):
    done = json.loads(cli("lock", "--format", "json").stdout)

    assert done["changes"] == [
        {"kind": "update", "name": "a", "before": "v1", "after": "v2", "fields": []}
    ]


@pytest.mark.slow
def test_an_interrupted_lock_ends_at_once_and_leaves_nothing(project, server):
    url = server.put("/a.pdparams", bytes(40_000_000))
    server.delay["/a.pdparams"] = 0.1
    project.models(f"models: [{{name: a, version: v1, weights_url: {url}}}]\n")
    command = [sys.executable, "-m", "paddledvc", "lock"]
    running = subprocess.Popen(command, cwd=project.root, stderr=subprocess.PIPE)
    server.sent.wait()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=20)

    assert (running.returncode, errors.splitlines()[-1]) == (130, b"interrupted")
    assert not (project.root / "models.lock").exists()


@pytest.mark.slow
def test_an_interrupted_lock_waits_for_no_server(project):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/index.json"
        project.models(
            f"catalogs: {{zoo: {{kind: index, url: '{url}'}}}}\n"
            "models: [{name: a, version: latest, source: zoo}]\n"
        )
        command = [sys.executable, "-m", "paddledvc", "lock"]
        running = subprocess.Popen(command, cwd=project.root, stderr=subprocess.PIPE)
        connection, _ = silent.accept()
        with connection:
            running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=30)

    assert (running.returncode, errors.splitlines()[-1]) == (130, b"interrupted")
