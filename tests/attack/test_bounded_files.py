"""What a branch puts into the place of files, and what no parser may choke on."""

from __future__ import annotations

import os
import socket

import pytest

from paddledvc import Project
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.tools.system import beneath
from paddledvc.weights.core import ledger
from paddledvc.weights.expected import parse_expected

MODELS = """\
models:
  - name: a
    version: v1.0
    weights_url: zoo/a.pdparams
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    export: {}
"""
NET = (
    "from paddle import nn\n\n\nclass Net(nn.Layer):\n    def forward(self, x):\n        return x\n"
)
COMMANDS = {
    "models.yaml": ("list", "lock", "check"),
    "models.lock": ("list", "lock", "check"),
    "dvc.yaml": ("list", "generate", "check"),
    "dvc.lock": ("list", "check"),
    "params.yaml": ("check", "generate"),
    "net.py": ("check", "lock"),
    "reports/a/verify.json": ("list", "check"),
}


def put(path, kind):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(os.path.relpath(path))
    else:
        path.symlink_to("/dev/zero")


@pytest.fixture
def made(project, cli):
    project.write("net.py", NET)
    project.write("zoo/a.pdparams", "weights")
    made = project.models(MODELS)
    project.commit()
    assert cli("lock").exit_code == 0
    assert cli("generate").exit_code == 0
    return made


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device"])
def test_what_is_no_file_is_told_by_its_name_and_nobody_waits(made, cli, kind):
    for name, commands in COMMANDS.items():
        path = made.root / name
        kept = path.read_bytes() if path.exists() else None
        put(path, kind)
        for command in commands:
            ran = cli(command)
            said = ran.stdout + ran.stderr
            told = (
                f"{name} is {kind}, expected a file",
                f"{name} is a link out of the project",
                f"{name}: error[lock-invalid]: found a symbolic link, expected a file",
                f"{name}: error[stages-invalid]: found a symbolic link, expected a file",
            )
            assert any(one in said for one in told) or (name == "net.py" and name in said), said
            assert ran.exit_code in {1, 2}
        path.unlink()
        if kept is not None:
            path.write_bytes(kept)


@pytest.mark.slow
def test_a_hook_tells_of_a_pipe_and_the_next_branch_gets_its_weights(weights):
    (weights.root / "models.lock").unlink()
    os.mkfifo(weights.root / "models.lock")
    weights.bare_git("switch", "--quiet", "--force", "--create", "more")

    ran = weights.try_("git", "commit", "--quiet", "--allow-empty", "--message", "x")
    assert "Traceback" not in ran.stderr
    (weights.root / "models.lock").unlink()
    weights.bare_git("checkout", "--quiet", "--", "models.lock")
    weights.git("switch", "develop")
    weights.check()


def test_a_module_that_takes_a_minute_to_read_is_one_finding(project, cli):
    project.write("net.py", NET + "x = 1\n" * (beneath.SOURCE // 6 + 1))
    project.models(MODELS)
    ran = cli("lock")

    assert ran.exit_code == 2
    assert "net.py has 2,097,2" in ran.stderr
    assert "bytes, expected 2,097,152 at most" in ran.stderr


DEEP = 5000
NESTED = {
    "operators": "x = " + "+".join(["1"] * DEEP) + "\n" + NET,
    "attributes": "x = a" + ".b" * DEEP + "\n" + NET,
    "a base": NET.replace("nn.Layer", "nn" + ".a" * DEEP),
    "names of names": "\n".join(
        [NET.replace("Net", "N0"), *(f"N{one + 1} = N{one}" for one in range(500)), "Net = N500\n"]
    ),
}


@pytest.mark.parametrize("what", NESTED)
def test_code_that_is_nested_without_end_is_one_sentence(project, cli, what):
    project.write("net.py", NESTED[what])
    project.write_bytes("zoo/a.pdparams", b"weights")  # Python 3.10 reads some of these
    project.models(MODELS)
    ran = cli("lock")

    assert ran.exit_code in {0, 2}, ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.exit_code == 0 or "too deeply" in ran.stderr


TEXTS = {
    "lists": "[" * DEEP + "]" * DEEP,
    "mappings": '{"a": ' * DEEP + "1" + "}" * DEEP,
    "a lone surrogate": '{"models": [{"name": "\\ud800"}]}',
    "a mapping for a list": '{"models": {}, "stages": []}',
    "a list for a mapping": "[]",
}


@pytest.mark.parametrize("what", TEXTS)
def test_texts_that_are_none_are_invalid_files_and_can_be_printed(project, what):
    for name in ("models.yaml", "models.lock"):
        project.write(name, TEXTS[what])
    for read in (Project(project.root).registry, Project(project.root).lock):
        with pytest.raises((InvalidFile, InvalidInput)) as caught:
            read()
        assert str(caught.value).encode()


BROKEN = [
    *TEXTS.values(),
    '{"format": 1, "outputs": {"a": [1, 2, 3, {}, {}]}}',
    '{"format": 1, "outputs": {"a": [null, null, null, {"": [1, "x", [], {}]}, {}]}}',
    '{"format": 1, "outputs": {"a": [null, null, null, {}, []]}}',
    '{"format": 1, "outputs": {}, "md5s": {"a": 1}}',
    '{"format": 1, "outputs": []}',
]


@pytest.mark.parametrize("text", BROKEN)
def test_damaged_notes_are_no_notes(text):
    assert ledger.parse_ledger(text) == ledger.Ledger()
    assert parse_expected(text) in {None, ()}


@pytest.mark.parametrize(
    "entry",
    ["{}", "[]", "[1, [], false, null, null, [], [], null, false, true]", '["a", {}, 1]', "null"],
)
def test_damaged_notes_of_what_is_wanted_are_read_anew(entry):
    assert parse_expected(f"[{entry}]") is None


@pytest.mark.slow
def test_of_what_git_keeps_nothing_is_read_that_is_too_large(project, monkeypatch):
    monkeypatch.setattr("paddledvc.tools.git.database.objects.TEXT", 3)
    project.write("a", "text")
    project.commit()
    objects = ObjectReader(project.root)
    found = objects.find("HEAD:a")

    with pytest.raises(InvalidInput, match=r"has 4 bytes, expected 3 at most$"):
        objects.receive(found)
