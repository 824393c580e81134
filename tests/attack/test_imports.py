"""Modules of a branch that have the names of what Python, DVC and we import: none is imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paddledvc.tools.git.hook_scripts import install, state
from paddledvc.tools.git.merge import merge_driver

pytestmark = pytest.mark.slow
NAMES = (
    *("click", "yaml", "dvc", "runpy", "json", "logging", "re", "os", "site", "encodings"),
    *("sitecustomize", "usercustomize", "git", "rich", "configobj", "filelock", "dvc_data"),
)
PATHS = {"none": None, "empty": ":", "the clone": ".:{root}"}
ONE, TWO = {"checkpoints/a.bin": b"a one"}, {"checkpoints/a.bin": b"a two!"}
COLD = True


@pytest.fixture
def attacked(outputs):
    """A clone with hooks on ``main``, whose branch ``pr`` has other weights and many modules."""
    outputs.declare(ONE)
    outputs.folder.write(".gitattributes", "\n".join(merge_driver.missing_merge_attributes("")))
    outputs.folder.commit("main")
    git(outputs, "switch", "--quiet", "--create", "pr", "--no-track", off=True)
    outputs.folder.write("models.yaml", "models:\n  - {name: m, version: v1, weights_url: a.bin}\n")
    outputs.declare(TWO)
    for name in NAMES:
        outputs.folder.write(
            f"{name}.py", f"open({str(marker(outputs))!r}, 'a').write('{name} ')\n"
        )
    outputs.folder.commit("pr")
    for branch in ("left", "right"):
        git(outputs, "switch", "--quiet", "--create", branch, "pr")
        entry = "  - {{name: {}, version: v1, weights_url: a.bin}}\n".format
        models = ("left", "m") if branch == "left" else ("m", "right")
        outputs.folder.write("models.yaml", "models:\n" + "".join(map(entry, models)))
        outputs.folder.commit(branch)
    git(outputs, "switch", "--quiet", "main")
    install.install_hook_scripts(outputs.root)
    merge_driver.install_merge_driver(outputs.root)
    return outputs


def marker(outputs) -> Path:
    return outputs.root.parent / "MARKER"


def imported(outputs) -> str:
    return marker(outputs).read_text() if marker(outputs).exists() else ""


def git(outputs, *arguments, off=False, path=None):
    """Run git as somebody does who has never heard of our tests."""
    environment = {**os.environ, "PADDLEDVC_HOOKS": "0" if off else ""}
    if path is not None:
        environment["PYTHONPATH"] = path.format(root=outputs.root)
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=outputs.root, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_no_hook_imports_from_the_work_tree_and_weights_come(attacked, path):
    said = git(attacked, "switch", "--quiet", "pr", path=path)

    assert imported(attacked) == ""
    assert attacked.read("checkpoints/a.bin") == b"a two!", said.stderr


@pytest.mark.parametrize("path", [None, ":"])
def test_no_merge_driver_imports_from_the_work_tree(attacked, path):
    git(attacked, "switch", "--quiet", "right", off=True)
    said = git(attacked, "merge", "--no-edit", "left", off=True, path=path)

    assert imported(attacked) == ""
    assert (said.returncode, said.stderr) == (0, "")
    assert attacked.folder.read("models.yaml").count("- {name") == 3


@pytest.mark.parametrize(
    ("how", "words"),
    [
        pytest.param(["paddledvc"], ["init"], id="DVC"),
        pytest.param(["paddledvc"], ["hooks", "status"], id="another Python"),
        pytest.param(["python", "-m", "paddledvc"], ["status"], id="by -m"),
    ],
)
def test_no_command_imports_from_the_work_tree(attacked, how, words):
    git(attacked, "switch", "--quiet", "pr", off=True)
    if how[0] == "python":  # `runpy` and what Python starts with come before any line of ours
        for name in ("runpy", "os", "site", "encodings", "re", "sitecustomize", "usercustomize"):
            (attacked.root / f"{name}.py").unlink()
    shutil.rmtree(attacked.root / ".dvc")
    program = Path(sys.executable).with_name(how[0])
    subprocess.run([program, *how[1:], *words], cwd=attacked.root, capture_output=True, check=False)

    assert imported(attacked) == ""


def test_a_driver_and_hooks_of_before_are_replaced_by_the_next_command(attacked):
    folder = attacked.root / ".git/hooks"
    hook = folder / "post-merge"
    now = hook.read_text()
    hook.write_text(now.replace("hook, form 2", "hook, form 1"))
    attacked.folder.git("config", "merge.paddledvc.driver", "export PYTHONSAFEPATH=1; merge it")
    program = Path(sys.executable).with_name("paddledvc")
    before = {one.name: one.state for one in state.hook_states(attacked.root)}
    said = [
        subprocess.run(
            [program, "list"], cwd=attacked.root, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    ]

    assert (before["post-merge"], before["pre-push"]) == ("old", "live")
    assert said[0].stderr == (
        f"git hooks and merge driver renewed, for {sys.executable}: the older ones could be made "
        "to run modules of the work tree\n"
    )
    assert said[1].stderr == ""
    assert hook.read_text() == now
    found = attacked.folder.git("config", "merge.paddledvc.driver")
    assert found.rstrip("\n") == merge_driver.merge_driver_command(attacked.root)
