"""Networks that take their inputs in a dict or a list, and exports that take them flat."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import paddledvc
from paddledvc.errors import InvalidInput, UserCodeFailed
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS = """
import paddle

Spec = paddle.static.InputSpec


def x(name):
    return Spec([None, 4], "float32", name)


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)


class OneDict(Net):
    def forward(self, inputs):
        return self.fc(inputs["image"]) * inputs["scale"] - 2 * inputs["added"]


class OneList(Net):
    def forward(self, xs):
        a, b = xs
        return self.fc(a) - b


class Nested(Net):
    def forward(self, inputs, mask=None):
        first, second = inputs["sizes"]["both"]
        return (self.fc(inputs["image"]) - first * 2 + second * 3) * mask


class SkipsOne(Net):
    def forward(self, ids, kind=None, mask=None):
        return self.fc(ids) - mask if kind is None else kind


class ByKeyword(Net):
    def forward(self, a, *, b):
        return self.fc(a) - b


class MadeStatic(Net):
    # Nothing but the spec tells which key is which input, and a program loses the write to a view.
    @paddle.jit.to_static(input_spec=[{"b": x("second"), "a": x(None)}], full_graph=True)
    def forward(self, inputs):
        y = self.fc(inputs["b"])
        view = y.reshape([-1, 2, 2])
        view[:, 0] = 0.0
        return y - inputs["a"]

    @paddle.jit.to_static(input_spec=[x("x")], full_graph=True)
    def predict(self, x):
        return paddle.nn.functional.softmax(self.fc(x), -1)


class LosesWrite(Net):
    def forward(self, inputs):
        y = self.fc(inputs["b"])
        view = y.reshape([-1, 2, 2])
        view[:, 1] = 0.0
        return y - inputs["a"]


class GivesBack(Net):
    def forward(self, inputs):
        return self.fc(inputs["a"]), inputs["b"] * 1.0
"""
EXPORT = """
import paddle
from nets import *

paddle.seed(0)
specs = {
    OneDict: [{name: x(name) for name in ("image", "scale", "added")}],
    Nested: [{"image": x("image"), "sizes": {"both": [x("h"), x("w")]}}, x("mask")],
    SkipsOne: [x("ids"), None, x("mask")],
    MadeStatic: None,
    LosesWrite: [{"b": x("b"), "a": x("a")}],
    GivesBack: [{"a": x("a"), "b": x("b")}],
}
for kind, spec in specs.items():
    net = kind()
    net.eval()
    paddle.save(net.state_dict(), f"{kind.__name__}.pdparams")
    paddle.jit.save(net, f"{kind.__name__}/model", input_spec=spec)
"""
JIT = Verify(paths=("jit",), batch_sizes=(2,))
A, B, C = (Input(name=name, shape=(None, 4)) for name in "abc")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nested")
    (root / "nets.py").write_text(NETWORKS)
    subprocess.run([sys.executable, "-c", EXPORT], cwd=root, check=True, capture_output=True)
    return root


def verify(nets, name, *, program="model", settings=JIT, **options):
    return paddledvc.verify_files(
        f"nets.py:{name}",
        nets / name / program,
        weights=nets / f"{name}.pdparams",
        settings=settings,
        root=nets,
        **options,
    )


def test_a_dict_is_made_of_what_the_program_takes(nets, tmp_path):
    # In another order than the program's, which is that of the keys.
    samples = {name: np.full((3, 4), n, "float32") for n, name in enumerate(("scale", "image"))}
    np.savez(nets / "flat.npz", **samples, added=np.ones((3, 4), "float32"))
    settings = Verify(paths=("jit", "predictor"), samples="flat.npz", batch_sizes=(2,))

    report = verify(nets, "OneDict", settings=settings)

    assert report.verdict == "pass"
    assert report.warnings == (
        "the network was called as forward: [{added: added, image: image, scale: scale}]",
    )


@pytest.mark.thorough
def test_a_nested_call_is_stated_and_the_command_line_takes_it_too(nets, cli):
    call = "[{image: image, sizes: {both: [h, w]}}, mask]"
    options = ("--network", "nets.py:Nested", "--weights", "Nested.pdparams", "--path", "jit")
    given = ("--export", "Nested/model", "--forward", call)
    done = cli("-C", str(nets), "verify", *options, *given, "--format", "json")

    assert json.loads(done.stdout)["verdict"] == "pass"


@pytest.mark.thorough
def test_a_parameter_that_the_program_lacks_is_left_at_its_default(nets):
    report = verify(nets, "SkipsOne")

    assert report.verdict == "pass"
    assert report.warnings == ("the network was called as forward: [ids, null, mask]",)


@pytest.mark.parametrize(
    ("name", "place", "written", "call"),
    [
        pytest.param(
            "MadeStatic",
            "nets.py:50",
            "view[:, 0] = 0.0",
            "[{a: a, b: second}]",
            id="made static by its author",
        ),
        pytest.param(
            "LosesWrite", "nets.py:62", "view[:, 1] = 0.0", "[{a: a, b: b}]", id="taken from a dict"
        ),
    ],
)
def test_what_differs_is_told_of_the_network_as_it_is_written(nets, name, place, written, call):
    report = verify(nets, name)

    assert report.verdict == "fail"
    assert str(report.paths[0].diagnosis).startswith(f"{place}: `{written}` writes in place")
    assert report.warnings == (f"the network was called as forward: {call}",)


@pytest.mark.thorough
def test_an_exported_method_is_compared_with_that_method(nets):
    report = verify(nets, "MadeStatic", program="model.predict")

    assert report.verdict == "pass"
    assert report.warnings == (
        "model.predict was exported of the method predict, so that was called instead of forward",
    )


@pytest.mark.thorough
def test_a_predictor_that_refuses_an_input_given_back_says_so(nets):
    settings = Verify(paths=("predictor",), batch_sizes=(2,))
    report = verify(nets, "GivesBack", settings=settings)

    assert report.paths[0].failure.startswith(
        "the program gives its input b back unchanged, which Paddle's predictors refuse (of an "
        "input plus a number jit.save drops the number); leave that out of the outputs, or give "
        "back a copy, made by .clone() ("
    )


SAY = "say how it takes them by `forward:` in models.yaml, or --forward"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("network", "inputs", "forward", "said"),
    [
        pytest.param(
            "OneDict",
            (A, B),
            None,
            "KeyError: 'image'\n  it was called as forward: [{a: a, b: b}] and as forward: "
            f"[[a, b]]; it asks for a key that is none of these: add that input, or {SAY}",
            id="a key that is missing",
        ),
        pytest.param(
            "OneList",
            (A, B),
            [{"x": "a", "y": "b"}],
            "it was called as forward: [{x: a, y: b}], and it runs as forward: [[a, b]]; state "
            "that",
            id="a dict for a list",
        ),
        pytest.param(
            "OneList",
            (A, B, C),
            None,
            "it was called as forward: [{a: a, b: b, c: c}] and as forward: [[a, b, c]]; if "
            f"forward(xs) takes its inputs otherwise, {SAY}",
            id="a list that is too long",
        ),
    ],
)
def test_a_call_that_does_not_run_is_told_with_the_error(nets, network, inputs, forward, said):
    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.verify_files(
            f"nets.py:{network}", inputs=inputs, forward=forward, settings=JIT, root=nets
        )

    assert str(caught.value).endswith(said)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("network", "inputs", "said"),
    [
        pytest.param(
            "ByKeyword",
            (A, B),
            "nets.py:ByKeyword cannot be exported: forward(a, *, b) takes b by keyword only, and "
            "paddle.jit.save gives every input by a position of its own; name as network a layer "
            "whose forward takes them so and calls this one",
            id="by keyword only",
        ),
        pytest.param(
            "GivesBack",
            (A, B, C),
            "nets.py:GivesBack cannot be exported: found the inputs a, b, c, expected that what "
            "it returns follows from each, and it does not from one of them; leave that out",
            id="an input too many",
        ),
    ],
)
def test_a_network_that_runs_and_cannot_be_exported_is_told_why(nets, network, inputs, said):
    report = paddledvc.verify_files(f"nets.py:{network}", inputs=inputs, settings=JIT, root=nets)

    assert report.paths[0].failure == said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            {"inputs": (A, B), "forward": [{"a": "a"}]},
            "forward: found no 'b', expected each input once: a, b; say where it goes, or take it "
            "out of the inputs",
            id="an input left out",
        ),
        pytest.param(
            {"inputs": (Input(name="ids", shape=(None,), dtype="uint16"),)},
            "input ids: found uint16, expected one of float32, float64, float16, int64, int32, "
            "int16, int8, uint8, bool; let the network take one of these and cast it by itself",
            id="a type that Paddle has not",
        ),
    ],
)
def test_inputs_that_no_network_can_be_called_with_are_refused(nets, options, said):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify_files("nets.py:OneDict", settings=JIT, root=nets, **options)

    assert str(caught.value) == said
