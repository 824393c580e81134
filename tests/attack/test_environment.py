"""Files of a branch below the environment that hooks run from: nothing of it is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import paddledvc
from paddledvc.setup.checks.python_folders import check_python_folders
from paddledvc.tools.git.hook_scripts import install
from paddledvc.tools.git.merge import merge_driver
from paddledvc.tools.git.worktree import list_tracked_files

pytestmark = pytest.mark.slow
ONE, TWO = {"checkpoints/a.bin": b"a one"}, {"checkpoints/a.bin": b"a two!"}
PROGRAM = ".venv/bin/python"


@pytest.fixture
def attacked(outputs, monkeypatch):
    """A clone whose hooks start ``.venv/bin/python``, on ``main``; all of it is ignored."""
    outputs.declare(ONE)
    outputs.folder.write(".gitattributes", "\n".join(merge_driver.missing_merge_attributes("")))
    with (outputs.root / ".gitignore").open("a") as ignored:
        ignored.write("/.venv/\n")
    outputs.folder.commit("main")
    git(outputs, "switch", "--quiet", "--create", "honest")
    outputs.declare(TWO)
    outputs.folder.commit("honest")
    git(outputs, "switch", "--quiet", "main")
    environment = outputs.root / ".venv"
    program = outputs.folder.write(PROGRAM, f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "prefix", str(environment))
        patch.setattr(sys, "executable", str(program))
        install.install_hook_scripts(outputs.root)
        merge_driver.install_merge_driver(outputs.root)
    monkeypatch.setenv("PATH", without_paddledvc())
    return outputs


def without_paddledvc() -> str:
    paths = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(one for one in paths if not (Path(one) / "paddledvc").exists())


def brought(outputs, path, branch="pr", start="main"):
    """Make a branch that tracks a file below the environment, and changes weights and models."""
    saved = (outputs.root / PROGRAM).read_bytes()
    git(outputs, "switch", "--quiet", "--create", branch, start, off=True)
    file = outputs.root / path
    if file.exists():
        file.unlink()
    outputs.folder.write(path, f"#!/bin/sh\ntouch {outputs.root.parent}/MARKER\n").chmod(0o755)
    outputs.declare({"checkpoints/a.bin": b"a three"})
    git(outputs, "add", "--all")
    git(outputs, "add", "--force", path)
    git(outputs, "commit", "--quiet", "--message", branch, off=True)
    git(outputs, "switch", "--quiet", start, off=True)
    program = outputs.folder.write(PROGRAM, "")
    program.write_bytes(saved)
    program.chmod(0o755)


def git(outputs, *arguments, off=False):
    environment = {**os.environ, "PADDLEDVC_HOOKS": "0" if off else ""}
    return subprocess.run(
        ["git", *arguments],
        cwd=outputs.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def told(outputs, what, path) -> str:
    return (
        f"paddledvc: {what}: {outputs.root}/{PROGRAM} may be another's, because a branch brought "
        f"{path}. Make an environment outside of the work tree, and run its "
        "`paddledvc hooks install`\n"
    )


def is_marked(outputs) -> bool:
    return (outputs.root.parent / "MARKER").exists()


@pytest.mark.parametrize(
    "path", [PROGRAM, ".venv/lib/python3.11/site-packages/zz.pth", ".VENV/bin/python"]
)
def test_nothing_is_started_of_an_environment_that_a_branch_tracks(attacked, path):
    brought(attacked, path)
    said = git(attacked, "switch", "--quiet", "pr")

    assert not is_marked(attacked)
    assert (said.returncode, said.stderr) == (0, told(attacked, "weights not checked", path))


def test_an_honest_branch_gets_its_weights_before_and_after(attacked):
    brought(attacked, ".venv/zz.pth")
    said = [git(attacked, "switch", "--quiet", to).stderr for to in ("honest", "pr", "main")]

    assert attacked.read("checkpoints/a.bin") == b"a one"
    assert said[1] == told(attacked, "weights not checked", ".venv/zz.pth")
    assert [said[0], said[2]] == [
        f"weights: checkpoints/a.bin ({size}, cache)\n" for size in ("6 B", "5 B")
    ]
    git(attacked, "switch", "--quiet", "honest")
    assert attacked.read("checkpoints/a.bin") == b"a two!"


def test_a_link_in_the_way_to_the_environment_counts(attacked, monkeypatch):
    environment = attacked.root / "tools" / "env"
    shutil.copytree(attacked.root / ".venv", environment)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "prefix", str(environment))
        patch.setattr(sys, "executable", str(environment / "bin/python"))
        install.install_hook_scripts(attacked.root)
    (attacked.root / ".git/info/exclude").write_text("/tools\n")
    git(attacked, "switch", "--quiet", "--create", "pr", off=True)
    shutil.rmtree(attacked.root / "tools")
    attacked.folder.write("evil/env/bin/python", "#!/bin/sh\ntouch ../MARKER\n").chmod(0o755)
    (attacked.root / "tools").symlink_to("evil")
    attacked.declare(TWO)
    git(attacked, "add", "--force", "--all", "tools", "evil", "dvc.lock", "dvc.yaml")
    git(attacked, "commit", "--quiet", "--message", "pr", off=True)
    git(attacked, "switch", "--quiet", "main", off=True)
    shutil.copytree(attacked.root / ".venv", environment)
    said = git(attacked, "switch", "--quiet", "pr")

    assert (attacked.root / "tools").is_symlink()
    assert not is_marked(attacked)
    assert "because a branch brought tools. Make" in said.stderr


def test_a_commit_and_a_push_from_such_a_branch_are_refused(attacked):
    brought(attacked, PROGRAM)
    git(attacked, "init", "--quiet", "--bare", "../bare.git")
    git(attacked, "switch", "--quiet", "pr", off=True)
    attacked.declare(ONE)
    git(attacked, "add", "dvc.lock")
    committed = git(attacked, "commit", "--quiet", "--message", "mine")
    pushed = git(attacked, "push", "--quiet", "../bare.git", "pr")

    assert not is_marked(attacked)
    assert (committed.returncode, committed.stderr) == (
        1,
        told(attacked, "commit not checked", PROGRAM),
    )
    assert pushed.returncode == 1
    assert pushed.stderr.startswith(told(attacked, "weights not sent", PROGRAM))


def test_what_a_reset_leaves_of_a_branch_is_not_started(attacked):
    brought(attacked, PROGRAM)
    git(attacked, "switch", "--quiet", "pr")
    git(attacked, "reset", "--quiet", "main")
    said = git(attacked, "switch", "--quiet", "--force", "honest")

    assert not is_marked(attacked)
    assert said.stderr == told(attacked, "weights not checked", PROGRAM)


def test_no_merge_driver_is_started_in_the_middle_of_a_rebase(attacked):
    brought(attacked, PROGRAM)
    models = "models:\n  - {{name: {}, version: v1, weights_url: a.bin}}\n".format
    for branch, name in (("pr", "a"), ("mine", "b")):
        git(
            attacked,
            "switch",
            "--quiet",
            *(["--create"] if branch == "mine" else []),
            branch,
            off=True,
        )
        attacked.folder.write("models.yaml", models(name))
        git(attacked, "commit", "--quiet", "--all", "--message", f"{branch} models", off=True)
        git(attacked, "switch", "--quiet", "main", off=True)
    git(attacked, "switch", "--quiet", "mine", off=True)
    said = git(attacked, "cherry-pick", "pr~1", "pr", off=True)

    assert not is_marked(attacked)
    assert (
        "models.yaml: merged line by line, because a branch brought files of its Python"
        in said.stderr
    )


def test_a_work_tree_beside_looks_at_the_one_that_the_environment_lies_in(attacked):
    brought(attacked, PROGRAM)
    git(attacked, "worktree", "add", "--quiet", "../beside", "honest", off=True)
    git(attacked, "switch", "--quiet", "pr", off=True)
    said = git(attacked, "-C", "../beside", "switch", "--quiet", "--detach", "main")

    assert not is_marked(attacked)
    assert said.stderr == told(attacked, "weights not checked", PROGRAM)


def test_a_paddledvc_in_the_work_tree_does_not_take_over(attacked, monkeypatch):
    (attacked.root / PROGRAM).unlink()
    marker = f"#!/bin/sh\ntouch {attacked.root.parent}/MARKER\n"
    for name in ("bin/paddledvc", "bin/git", "bin/cat"):
        attacked.folder.write(name, marker).chmod(0o755)
    (attacked.root.parent / "link").symlink_to(attacked.root / "bin")
    paths = ("", ".", "bin", f"{attacked.root}/bin", f"{attacked.root.parent}/link")
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], *paths]))
    said = git(attacked, "switch", "--quiet", "honest")

    assert not is_marked(attacked)
    assert said.stderr == (
        f"paddledvc: weights not checked: {attacked.root}/{PROGRAM} is gone; run "
        "`paddledvc hooks install`\n"
    )


def test_programs_of_the_work_tree_are_not_started(attacked, monkeypatch):
    attacked.folder.write("bin/git", f"#!/bin/sh\ntouch {attacked.root.parent}/MARKER\n").chmod(
        0o755
    )
    paths = ("", ".", "bin", f"{attacked.root}/bin")
    monkeypatch.setenv("PATH", os.pathsep.join([*paths, os.environ["PATH"]]))
    monkeypatch.chdir(attacked.root)

    assert paddledvc.hooks_status(paddledvc.Project(attacked.root)).hooks
    assert not is_marked(attacked)


def test_doctor_warns_of_an_environment_in_the_clone_and_names_what_a_branch_brought(
    attacked, monkeypatch
):
    brought(attacked, PROGRAM)
    monkeypatch.setattr(sys, "prefix", str(attacked.root / ".venv"))
    monkeypatch.setenv("PYTHONPATH", ":/nowhere")
    project = paddledvc.Project(attacked.root)
    found = [(one.state, one.found) for one in check_python_folders(project)]
    git(attacked, "switch", "--quiet", "pr", off=True)
    after = next(check_python_folders(project))

    assert [state for state, _ in found] == ["warning", "warning"]
    assert "names the current folder, by an empty element, so" in found[1][1]
    assert (after.state, after.found) == (
        "problem",
        f"this branch brings {PROGRAM}, so hooks start nothing from it",
    )
    assert after.advice.startswith(
        "make one beside the clone: python3 -m venv ../project-venv; ../project-venv/bin/pip "
    )


def test_files_of_a_branch_where_the_clone_keeps_its_own_are_named(attacked):
    for path in (".dvc/config.local", ".paddledvc/tmp/x", ".DVC/tmp/y", ".paddledvc/a.json"):
        attacked.folder.write(path, "")
        git(attacked, "add", "--force", path)

    assert sorted(list_tracked_files(attacked.root)) == [
        ".DVC/tmp/y",
        ".dvc/config.local",
        ".paddledvc/tmp/x",
    ]
