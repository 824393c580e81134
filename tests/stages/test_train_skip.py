from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import paddledvc
from paddledvc.errors import InvalidInput

pytestmark = pytest.mark.slow

MODELS = """
models:
  - name: base
    version: v1
    weights_url: base.pdparams
  - name: m
    version: v1
    base: base
    network: net.py:Net
    train: {function: "net.py:FUNCTION"}
"""
NET = """
import json

import paddle


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = paddle.nn.Linear(2, 2)
        self.head = paddle.nn.Linear(2, 5)

    def forward(self, x):
        return self.head(self.body(x))


def new_head(run):
    layer = run.network(skip=["head.*"])
    body = layer.body.weight.numpy().tolist()
    (run.root / "seen.json").write_text(json.dumps([body, layer.head.weight.shape]))
    run.save(layer)


def same_head(run):
    run.network()
"""


@pytest.fixture
def made(project):
    def made(function):
        state = {
            "body.weight": np.full((2, 2), 7, "float32"),
            "body.bias": np.zeros(2, "float32"),
            "head.weight": np.zeros((2, 1000), "float32"),
            "head.bias": np.zeros(1000, "float32"),
        }
        project.write_bytes("base.pdparams", pickle.dumps(state, protocol=4))
        project.write("net.py", NET)
        made = project.models(MODELS.replace("FUNCTION", function))
        paddledvc.lock(made)
        paddledvc.sync(made)
        return made

    return made


def test_weights_that_are_skipped_keep_what_they_were_built_with(made, project):
    paddledvc.train(made("new_head"), "m")

    assert json.loads(project.read("seen.json")) == [[[7.0, 7.0], [7.0, 7.0]], [2, 5]]


def test_a_head_of_another_shape_is_refused_unless_it_is_skipped(made):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.train(made("same_head"), "m")

    assert str(caught.value).endswith(
        "head.bias is [1000] in the file, [5] in net.py:Net, and 1 more differ\n"
        '  to train some weights from scratch: run.network(skip=["head.*"])'
    )
