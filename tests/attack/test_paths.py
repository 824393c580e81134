"""A branch whose files and listings name paths at which programs would find what it wrote."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import paddledvc
from paddledvc.errors import InvalidFile
from paddledvc.names import LOCK
from paddledvc.weights.checkout import checkout

HONEST = {"data/samples": {"a": b"1"}, "data/labels.bin": b"cat"}
OWN = "is the folder of a program's own files"


def repository(marker, at=""):
    """Write what makes a folder a repository that starts a program."""
    config = f'[core]\n\trepositoryformatversion = 0\n\tfsmonitor = "touch {marker}; false"\n'
    return {
        f"{at}HEAD": b"ref: refs/heads/main\n",
        f"{at}config": config.encode(),
        f"{at}objects/x": b"x",
        f"{at}refs/x": b"x",
    }


def obey(folder):
    """Let git find what lies there, as a prompt or an editor does."""
    for at in (folder, *(one for one in folder.rglob("*") if one.is_dir())):
        subprocess.run(["git", "status"], cwd=at, check=False, capture_output=True)


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "MARKER"


@pytest.fixture
def attacked(outputs):
    """A project on its honest branch, whose weights are in place."""
    outputs.configure("hardlink", "['remote \"dev\"']\n    url = ../../store\n")
    outputs.declare(HONEST)
    outputs.folder.commit("honest")
    outputs.folder.git("branch", "honest")
    checkout(outputs.project)
    return outputs


def switch_back(attacked):
    attacked.folder.git("switch", "--quiet", "honest")
    checked = checkout(attacked.project)

    assert checked.complete, checked.lines
    assert attacked.files() == {"data/samples/a": b"1", "data/labels.bin": b"cat"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "why"),
    [
        (".git/", f"'.git/HEAD': '.git' {OWN}"),
        ("n/.GIT/", f"'n/.GIT/HEAD': '.GIT' {OWN}"),
        ("n/.g\u200cit/", rf"'n/.g\u200cit/HEAD': '.g\u200cit' {OWN}"),
        ("git~1/", f"'git~1/HEAD': 'git~1' {OWN}"),
        ("../../", "'../../HEAD': it has the part '..'"),
        ("bare/", "'bare/HEAD': with what lies beside it, git would take the folder for a rep"),
    ],
)
def test_a_listing_brings_no_repository(attacked, marker, cli, at, why):
    attacked.folder.git("switch", "--quiet", "--create", "pr")
    attacked.declare({"data/samples": repository(marker, at), "data/labels.bin": b"dog"})
    attacked.folder.commit("pr")

    checked = checkout(attacked.project)
    obey(attacked.root / "data")

    assert not marker.exists()
    [line] = [one for one in checked.lines if "samples" in one]
    assert f"stale data/samples: its listing names {why}" in line
    assert line.endswith("; check who wrote that path")
    assert attacked.files() == {"data/samples/a": b"1", "data/labels.bin": b"dog"}
    for command, code in (("status", 0), ("pull", 1), ("check", 1)):
        done = cli(command)
        assert done.exit_code == code, command
        assert f"its listing names {why}" in done.stdout + done.stderr
    assert "dvc.lock:8:1: error[output-unsafe]: data/samples: its listing" in done.stdout
    switch_back(attacked)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".git/hooks/post-checkout", f"'.git' {OWN}"),
        ("sub/.git./config", f"'.git.' {OWN}"),
        (".DVC/config.local", f"'.DVC' {OWN}"),
        (".paddledvc/tmp/x", f"'.paddledvc' {OWN}"),
        (".gitattributes", "'.gitattributes' sets what git does with the files beside it"),
        ("../outside", "it has the part '..'"),
        ("/tmp/x/../outside", "it is absolute"),
    ],
)
@pytest.mark.parametrize("form", ["dvc.lock", "evil.dvc", "wdir"])
def test_no_output_lies_where_programs_look(attacked, cli, path, why, form):
    attacked.folder.git("switch", "--quiet", "--create", "pr")
    entry = {"md5": attacked.keep(b"touch MARKER"), "hash": "md5", "size": 12, "path": path}
    if form == "wdir":
        folder, _, entry["path"] = path.rpartition("/")
        attacked.folder.write("evil.dvc", json.dumps({"wdir": folder or ".", "outs": [entry]}))
    elif form == "evil.dvc":
        attacked.folder.write("evil.dvc", json.dumps({"outs": [entry]}))
    else:
        stage = {"cmd": "x", "outs": [path]}
        attacked.folder.write("dvc.yaml", json.dumps({"stages": {"x": stage}}))
        lock = {"schema": "2.0", "stages": {"x": {"cmd": "x", "outs": [entry]}}}
        attacked.folder.write("dvc.lock", json.dumps(lock))
    file = "dvc.lock" if form == "dvc.lock" else "evil.dvc"
    attacked.folder.commit("pr")

    checked = checkout(attacked.project)

    assert not (attacked.root / path).exists()
    assert f"{why}; check who wrote that path; fix this" in "".join(checked.lines)
    for command, code in (("status", 2), ("pull", 2), ("push", 2), ("check", 1)):
        done = cli(command)
        assert done.exit_code == code, command
        assert f"{file}:1:" in done.stdout + done.stderr
        assert f"{why}; check who wrote that path" in done.stdout + done.stderr
    switch_back(attacked)


@pytest.mark.slow
def test_no_output_lies_in_another_one(attacked, cli):
    attacked.folder.git("switch", "--quiet", "--create", "pr")
    with pytest.raises(InvalidFile):
        attacked.declare({"data/a": {"b": b"1"}, "data/a/b/c": b"2"})
    attacked.folder.commit("pr")

    assert cli("pull").stderr.endswith(
        "no output may lie at 'data/a': 'data/a/b/c' would lie in it; check who wrote that path\n"
    )
    switch_back(attacked)


LOCKED = """\
version: 1
models:
  - name: "m"
    version: "v1"
    path: "checkpoints/{path}"
    files:
      - path: "{file}"
        urls: ["file://{source}"]
        sha256: "{sha256}"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (("m", ".git/config"), f"files[0].path: found '.git/config': '.git' {OWN}"),
        (("m", "a/GIT~1/x"), f"files[0].path: found 'a/GIT~1/x': 'GIT~1' {OWN}"),
        ((".git", "config"), f"path: found 'checkpoints/.git': '.git' {OWN}"),
    ],
)
def test_a_lock_names_no_repository(attacked, cli, tmp_path, paths, why):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    attacked.folder.git("switch", "--quiet", "--create", "pr")
    attacked.folder.write(
        LOCK, LOCKED.format(path=paths[0], file=paths[1], source=source, sha256=sha256)
    )
    attacked.folder.commit("pr")

    lines = checkout(attacked.project).lines

    assert not (attacked.root / "checkpoints").exists()
    assert f"models[0].{why}" in "".join(lines)
    for command in ("status", "pull", "sync", "push", "check"):
        done = cli(command)
        assert done.exit_code == (1 if command == "check" else 2), command
        assert f"{LOCK}:" in done.stdout + done.stderr
        assert f"models[0].{why}" in done.stdout + done.stderr
    switch_back(attacked)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", ["{path}", "file://{root}/{path}", "file://{root}/x/../{path}", "link"]
)
@pytest.mark.parametrize(("path", "own"), [(".git/token", ".git"), (".dvc/tmp/token", ".dvc")])
def test_no_token_of_the_clone_is_taken_for_weights(attacked, cli, path, own, form):
    attacked.folder.write(path, "token")
    (attacked.root / "x").mkdir()
    (attacked.root / "link").symlink_to(path)
    url = form.format(path=path, root=attacked.root)
    refused = f"no weights may lie there: '{own}' {OWN}"
    attacked.folder.models(f"models: [{{name: a, version: v1, weights_url: {url}}}]\n")

    assert refused in cli("lock").stderr

    lock = LOCKED.format(path="a_v1", file="f", source="x", sha256="0" * 64)
    attacked.folder.write(LOCK, lock.replace("file://x", url).replace('"m"', '"a"'))
    for command in (("sync", "--frozen"), ("pull",)):
        done = cli(*command)
        assert done.exit_code == 3, done
        assert refused in done.stdout + done.stderr
    assert attacked.files() == {"data/samples/a": b"1", "data/labels.bin": b"cat"}


@pytest.mark.slow
def test_weights_are_taken_from_an_output_that_dvc_links_into_its_cache(attacked, cli):
    attacked.configure("symlink")
    attacked.place(force=True)
    (attacked.root / "data" / "labels.bin").unlink()
    attacked.place()
    assert (attacked.root / "data" / "labels.bin").is_symlink()
    attacked.folder.models("models: [{name: a, version: v1, weights_url: data/labels.bin}]\n")

    assert cli("lock").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"), [("-rdev", "./-rdev"), ("$(touch x);a", "'$(touch x);a'")]
)
def test_no_name_is_an_option_or_a_command_in_what_people_are_told_to_run(
    attacked, cli, name, said
):
    attacked.declare({name: b"theirs"})
    attacked.folder.commit("pr")
    (attacked.root / name).write_bytes(b"mine")

    done = cli("pull")

    assert f"`paddledvc pull --force {said}`" in done.stdout + done.stderr


def test_advice_about_weights_quotes_paths_by_one_function():
    folder = Path(paddledvc.__file__).parent / "weights"

    assert not [path for path in folder.rglob("*.py") if "shlex" in path.read_text()]
