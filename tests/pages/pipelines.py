"""The projects whose blocks run DVC or Paddle: together that takes minutes."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import pytest

import paddledvc
from paddledvc import Project
from tests.conftest import Folder
from tests.pages.networks import MADE, NETWORKS, lay_out_network
from tests.pages.projects import LONG, PREPARED, project
from tests.pages.reading import ROOT, Block, list_blocks


@project(long=True)
def clone(folder: Folder) -> None:
    """Copy what git tracks here, as if everything was installed."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            folder.write_bytes(name, (ROOT / name).read_bytes())
    folder.commit("The demo")
    for name in (".venv/pip", ".venv/demo"):
        folder.write(name, "")


@project(long=True)
def demo(folder: Folder) -> None:
    """Build the demo as `dvc repro` does, and commit it; once for all that want it."""
    shutil.copytree(_built(), folder.root, dirs_exist_ok=True, symlinks=True)


@cache
def _built() -> Path:
    built = Folder(Path(MADE.name) / "demo")
    clone(built)
    shutil.rmtree(built.root / ".venv")
    subprocess.run(["dvc", "repro", "--quiet"], cwd=built.root, check=True, capture_output=True)
    built.commit("Built")
    return built.root


WRITTEN = "flowers"
"""The project whose files the page itself shows, above the commands that need them."""


@project(long=True)
def flowers(folder: Folder) -> None:
    """Have an empty project, and weights that stand for those of the page's server."""
    folder.git("init", "--quiet")
    paddledvc.init(folder.root)
    code = (
        "import paddle; paddle.seed(0);"
        "paddle.save(paddle.vision.models.resnet18().state_dict(), 'resnet18.pdparams')"
    )
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=folder.root.parent, check=True, capture_output=True)


def write_shown_files(folder: Folder, before: Block) -> None:
    """Write the files that a page shows above a block."""
    registry = ""
    for block in list_blocks("yaml", "python", pages=(before.page,)):
        if block.line > before.line:
            break
        if name := re.match(r"# ([\w./]+\.(?:py|yaml))\b", block.text):
            folder.write(name[1], block.text)
        elif block.text.startswith(("# yaml-language-server", "  - name: ")):
            registry += block.text
    weights = folder.root.parent / "resnet18.pdparams"
    digest = hashlib.md5(weights.read_bytes()).hexdigest()
    registry = re.sub("weights_url: .*", f"weights_url: file://{weights}", registry)
    folder.write("models.yaml", re.sub('md5: ".*"', f'md5: "{digest}"', registry))


@project(long=True)
def another_repository(folder: Folder) -> None:
    """Have weights and a place to push to."""
    folder.git("init", "--quiet")
    paddledvc.init(folder.root)
    folder.commit()
    folder.write("det.pdparams", "weights")
    hub = folder.root.parent / "hub.git"
    folder.git("init", "--quiet", "--bare", str(hub))
    folder.git("remote", "add", "origin", str(hub))
    folder.git("config", "push.default", "current")


@project(long=True)
def conflict(folder: Folder) -> None:
    """Have a model moved on two branches, each to a version of its own."""
    folder.git("init", "--quiet")
    paddledvc.init(folder.root)
    for branch, version in (("main", "v1"), ("feature", "v2"), ("main", "v3")):
        if version != "v1":
            folder.git("switch", "--quiet", *["-c"] * (version == "v2"), branch)
        folder.write(f"zoo/{version}.pdparams", version)
        made = folder.models(
            f"models:\n  - {{name: a, version: {version}, weights_url: zoo/{version}.pdparams}}\n"
        )
        paddledvc.lock(made)
        paddledvc.generate(made)
        folder.commit(version)


@project(long=True)
def experiment(folder: Folder) -> None:
    """Have a model whose hyperparameters are a file of its own."""
    folder.git("init", "--quiet")
    paddledvc.init(folder.root)
    folder.write("configs/yolo/big.yml", "lr: 0.001\noptimizer: {name: adam}\n")
    folder.write("train.py", TRAIN)
    made = folder.models("""\
models:
  - name: yolo-big
    version: v0.3.0
    train: {command: python train.py, deps: [train.py], params: configs/yolo/big.yml}
""")
    paddledvc.lock(made)
    paddledvc.generate(made)
    folder.commit()


TRAIN = """\
import os
from pathlib import Path

Path(os.environ["PADDLEDVC_WEIGHTS"]).write_bytes(b"weights")
Path(os.environ["PADDLEDVC_METRICS"]).write_text('{"loss": 0.1}')
"""


PREPARED.update({one: partial(lay_out_network, name=one) for one in NETWORKS})
LONG.update(NETWORKS)


@project(long=True)
def bfloat16(folder: Folder) -> None:
    """Have an export, on a machine that computes in bfloat16."""
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists() or "avx512" not in cpu.read_text(encoding="utf-8"):
        pytest.skip("bfloat16 needs AVX-512")
    pytest.importorskip("paddle2onnx")
    lay_out_network(folder, "linear")


@project(long=True)
def other_output(folder: Folder) -> None:
    """State another number of scores than the network gives."""
    demo(folder)
    stated = "{name: scores, shape: [null, 10], dtype: float32}"
    folder.write(
        "models.yaml", folder.read("models.yaml").replace(stated, stated.replace("10", "5"))
    )


@project(long=True)
def other_measure(folder: Folder) -> None:
    """Train anew, and measure by other code than main does."""
    demo(folder)
    folder.git("switch", "--quiet", "-c", "feature/x")
    folder.write("digits/evaluate.py", folder.read("digits/evaluate.py") + "\n\nMORE = 1\n")
    folder.write("params.yaml", folder.read("params.yaml").replace("epochs: 20", "epochs: 19"))
    folder.write(
        "models.yaml",
        folder.read("models.yaml").replace(
            "name: digits\n    version: v1.0.0", "name: digits\n    version: v1.0.1"
        ),
    )
    paddledvc.lock(Project(folder.root))
    paddledvc.generate(Project(folder.root))
    subprocess.run(["dvc", "repro", "--quiet"], cwd=folder.root, check=True, capture_output=True)
    folder.commit("Another training")
