"""The networks that docs/verify.md compares with their exports, outside of any project."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.pages.reading import list_blocks

if TYPE_CHECKING:
    from tests.conftest import Folder

HEAD = "import paddle\n\n\n"
NETWORKS = {
    "linear": """\
class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x)
""",
    "talks": """\
class Net(paddle.nn.Layer):
    def forward(self, x):
        if x.sum() > 1e9:
            x = paddle.static.Print(x)
        return x * 2
""",
    "dies": """\
import os


class Net(paddle.nn.Layer):
    def forward(self, x):
        if not paddle.in_dynamic_mode():
            os.kill(os.getpid(), 11)
        return x * 2
""",
    "nested": """\
class Det(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, 4, 3)

    def forward(self, inputs):
        y = self.conv(inputs["image"]).mean([2, 3])
        return y * inputs["scale_factor"][:, :1] + inputs["im_shape"][:, :1]
""",
    "masked": """\
class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.words = paddle.nn.Embedding(30000, 16)
        self.fc = paddle.nn.Linear(16, 16)

    def forward(self, ids, mask):
        y = self.fc(self.words(ids)) * mask.unsqueeze(-1).astype("float32")
        return paddle.nn.functional.softmax(y)
""",
    "pictures": """\
class Net(paddle.nn.Layer):
    def forward(self, x):
        return x.mean([2, 3])
""",
    "zeros": """\
class Net(paddle.nn.Layer):
    def forward(self, x):
        return x * 0
""",
    "in-place": """\
class Good(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        return paddle.nn.functional.relu(self.fc(x))


class Bad(Good):
    def forward(self, x):
        y = self.fc(x) * 1.0
        flat = y.reshape([-1])
        flat[0] = 100.0
        return y


class Block(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = Good(), Bad(), Good()

    def forward(self, x):
        return self.c(self.b(self.a(x)))


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.blocks = paddle.nn.Sequential(Good(), Block(), Good())

    def forward(self, x):
        return self.blocks(x)
""",
}
"""Their code, by the name of the project."""
EXPORTED = {
    "linear": ("net:Net", "exported/net", {"x": ([None, 4], "float32")}),
    "talks": ("talks:Net", "exported/talks", {"x": ([None, 4], "float32")}),
    "nested": (
        "net:Det",
        "det/model",
        {
            "im_shape": ([None, 2], "float32"),
            "image": ([None, 3, None, None], "float32"),
            "scale_factor": ([None, 2], "float32"),
        },
    ),
    "masked": (
        "net:Net",
        "exported/net",
        {"ids": ([None, 72], "int64"), "mask": ([None, 72], "int64")},
    ),
    "pictures": ("net:Net", "exported/net", {"x": ([None, 3, 224, 224], "float32")}),
}
"""What is exported of each, where to, and what it takes."""
EXPORT = """
import importlib, os, sys, paddle

for name, (network, place, inputs) in EXPORTED.items():
    module, _, kind = network.partition(":")
    sys.path.insert(0, os.path.abspath(name))
    os.chdir(name)
    paddle.seed(0)
    layer = getattr(importlib.import_module(module), kind)()
    layer.eval()
    paddle.save(layer.state_dict(), kind.lower() + ".pdparams")
    spec = [paddle.static.InputSpec(*one, key) for key, one in inputs.items()]
    paddle.jit.save(layer, place, input_spec=[dict(zip(inputs, spec))] if kind == "Det" else spec)
    del sys.modules[module], sys.path[0]
    os.chdir("..")
"""
MADE = tempfile.TemporaryDirectory(prefix="paddledvc-pages-")
"""What is made once, for as long as the tests run."""


@cache
def _exported() -> Path:
    """Export them all, once."""
    root = Path(MADE.name)
    for name in EXPORTED:
        (root / name).mkdir()
        _write(root / name, name)
    script = f"EXPORTED = {EXPORTED!r}\n{EXPORT}"
    subprocess.run([sys.executable, "-c", script], cwd=root, check=True, capture_output=True)
    return root


def _write(folder: Path, name: str) -> None:
    (folder / f"{'talks' if name == 'talks' else 'net'}.py").write_text(HEAD + NETWORKS[name])


def lay_out_network(folder: Folder, name: str) -> None:
    """Copy a network, its weights and its export into a folder."""
    _write(folder.root, name)
    if name in EXPORTED:
        shutil.copytree(_exported() / name, folder.root, dirs_exist_ok=True)
    if name == "pictures":
        prepare = next(one for one in list_blocks("python") if "def prepare" in one.text)
        folder.write("net.py", f"{folder.read('net.py')}\n\n{prepare.text}")
        image = pytest.importorskip("PIL.Image")
        (folder.root / "val").mkdir()
        for number in range(2):
            values = np.random.default_rng(number).integers(0, 256, (240, 240, 3), "uint8")
            image.fromarray(values).save(folder.root / f"val/{number}.png")
