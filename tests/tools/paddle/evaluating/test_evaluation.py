"""What an evaluation function tells, and how what it returns is checked: without Paddle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddledvc.errors import UserCodeFailed
from paddledvc.tools.paddle.building.training import Params
from paddledvc.tools.paddle.evaluating.evaluation import Evaluation
from paddledvc.tools.paddle.evaluating.fed import Fed, order_arguments
from paddledvc.tools.paddle.evaluating.measure import check_metrics, check_samples
from paddledvc.tools.paddle.evaluating.stand_in import (
    Signature,
    describe_structure,
    name_inputs,
    restore_structure,
)


@pytest.fixture
def run():
    return Evaluation(
        model="a", params=Params({}, "params.yaml: a.evaluate"), root=Path(), seed=0, device="cpu"
    )


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        (None, "returned a NoneType, expected a dict of metrics"),
        ({}, "returned a dict, expected a dict of metrics"),
        (0.5, "returned a float, expected a dict of metrics"),
        ({"accuracy": float("nan")}, "returned accuracy nan, expected a finite number"),
        ({"loss": np.float32("inf")}, "returned loss inf, expected a finite number"),
        ({"top.1": 0.5}, "returned a metric 'top.1', expected a name of letters, digits and _"),
        ({"samples": 0.5}, "is none of samples, worst_slice and evidence"),
        ({3: 0.5}, "returned a metric 3, expected a name"),
        ({"accuracy": "high"}, "returned accuracy as a str, expected a number"),
        ({"accuracy": np.zeros(2)}, "returned accuracy as a ndarray, expected a number"),
    ],
)
def test_what_is_no_measurement_is_refused_in_a_sentence(returned, why):
    with pytest.raises(UserCodeFailed, match=r"^net.py:f ") as caught:
        check_metrics("net.py:f", returned)
    assert why in str(caught.value)


def test_numbers_of_numpy_are_numbers():
    assert check_metrics("f", {"a": np.float32(0.5), "b": np.int64(3), "c": np.array(1.0)}) == {
        "a": 0.5,
        "b": 3.0,
        "c": 1.0,
    }


@pytest.mark.parametrize(
    ("metrics", "ids", "scores", "why"),
    [
        (
            {"accuracy": 0.939},
            ["a", "b", "c", "d"],
            {"accuracy": [1.0, 1.0, 1.0, 0.0]},
            (
                "returned accuracy 0.939, but the mean of its 4 samples is 0.75, expected the "
                "same; is it a mean of batch means?"
            ),
        ),
        (
            {"accuracy": 1.0},
            ["a", "b", "a"],
            {"accuracy": [1.0, 1.0, 1.0]},
            (
                "reported the sample 'a' twice, expected each once; a sampler that fills up the "
                "last batch repeats samples"
            ),
        ),
        (
            {"accuracy": 1.0},
            ["a"],
            {"acuracy": [1.0]},
            "reported the acuracy of samples, and returned no acuracy; did you mean 'accuracy'?",
        ),
    ],
)
def test_samples_that_are_not_what_a_metric_is_made_of_are_refused(metrics, ids, scores, why):
    with pytest.raises(UserCodeFailed) as caught:
        check_samples("f", metrics, ids, scores)
    assert str(caught.value) == f"f {why}"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda run: run.samples(["a"]), "got no scores"),
        (lambda run: run.samples(["a", "b"], accuracy=[1]), "1 values of accuracy for 2 samples"),
        (lambda run: run.samples(["a"], loss=[1], pictures=[]), "0 pictures for 1 samples"),
        (lambda run: run.samples(["a"], accuracy=[[1, 2]]), r"of shape \[1, 2\] and type int64"),
        (lambda run: run.samples(["a"], accuracy=["high"]), "expected one number a sample"),
        (lambda run: run.samples(["a"], loss=[float("nan")]), "the loss nan of sample 0"),
        (lambda run: run.samples(["a"], slices={"a.b": [1]}, loss=[1]), "slices by 'a.b'"),
        (lambda run: run.samples(["a"], slices={"b": [1, 2]}, loss=[1]), "2 values of b for 1"),
        (lambda run: run.table("a/b", x=[1]), "got the name 'a/b'"),
        (lambda run: run.table("a"), "got no columns"),
        (lambda run: run.table("a", x=[1], y=[1, 2]), "got 1 of x, 2 of y"),
        (lambda run: run.predict(None), "arrays of no arrays samples"),
        (lambda run: run.predict(None, np.zeros(2), np.zeros(3)), "arrays of 2, 3 samples"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(run, call, why):
    with pytest.raises(UserCodeFailed, match=why):
        call(run)


def test_samples_and_tables_may_be_told_in_parts(run):
    run.samples(range(2), accuracy=np.array([True, False]), slices={"form": [1, 2]})
    run.samples(range(2, 3), accuracy=[1], slices={"form": [1]})
    run.table("curve", step=[0], value=np.array([0.5]))
    run.table("curve", step=[1], value=np.array([0.25]))

    assert run.told == (["0", "1", "2"], {"accuracy": [1.0, 0.0, 1.0]}, {"form": ["1", "2", "1"]})
    assert run.tables == {"curve": {"step": [0, 1], "value": [0.5, 0.25]}}
    with pytest.raises(UserCodeFailed, match="other scores or slices than the call before"):
        run.samples([3], loss=[1])
    with pytest.raises(UserCodeFailed, match="got pictures in some of its calls"):
        run.samples([3], accuracy=[1], slices={"form": [1]}, pictures=["a.png"])
    with pytest.raises(UserCodeFailed, match="got the columns step of curve, and step, value"):
        run.table("curve", step=[2])


def digest(*calls):
    fed = Fed()
    for arrays in calls:
        fed.add(arrays)
    return fed.sha256


def test_the_digest_of_inputs_knows_no_batches_and_no_order():
    image, ids = np.arange(24.0).reshape(6, 2, 2), np.arange(6)
    alone = [[image[at : at + 1], ids[at : at + 1]] for at in range(6)]

    assert digest([image, ids]) == digest(*alone) == digest(*reversed(alone))
    assert digest([image, ids]) == digest([image[:5], ids[:5]], [image[5:], ids[5:]])


@pytest.mark.parametrize(
    "other",
    [
        lambda image, ids: [image[:5], ids[:5]],
        lambda image, ids: [image, ids[::-1]],
        lambda image, ids: [image.astype("float32"), ids],
        lambda image, ids: [image.reshape(6, 4), ids],
        lambda image, ids: [image + 1e-12, ids],
    ],
)
def test_the_digest_of_inputs_knows_what_is_in_a_sample(other):
    image, ids = np.arange(24.0).reshape(6, 2, 2), np.arange(6)
    assert digest([image, ids]) != digest(other(image, ids))


def test_arguments_are_the_same_by_position_and_by_name():
    for given, named in ((("a", "b"), {}), (("a",), {"mask": "b"}), ((), {"mask": "b", "x": "a"})):
        assert list(order_arguments(["x", "mask"], given, named).items()) == [
            ("x", "a"),
            ("mask", "b"),
        ]
    with pytest.raises(UserCodeFailed, match="was called with 'x' twice"):
        order_arguments(["x"], ["a"], {"x": "b"})


ONE, TWO, THREE = np.full(1, 1), np.full(2, 2), np.full(3, 3)


@pytest.mark.parametrize(
    ("parameters", "forward", "values"),
    [
        (["x", "m", "s"], None, {"x": ONE, "m": TWO, "s": THREE}),
        (["img", "mask", "scale"], None, {"img": ONE, "mask": TWO, "scale": THREE}),
        (["inputs"], None, {"inputs": {"s": THREE, "m": TWO, "x": ONE}}),
        (["inputs"], None, {"inputs": [ONE, TWO, THREE]}),
        (["inputs", "s"], None, {"inputs": [ONE, TWO], "s": THREE}),
        (["kept", "x"], None, {"kept": [TWO, THREE], "x": ONE}),
        (
            ["a"],
            [{"image": "x", "sizes": ["m", "s"]}],
            {"a": {"sizes": [TWO, THREE], "image": ONE}},
        ),
        (["a", "b"], [["s", "x"], "m"], {"a": [THREE, ONE], "b": TWO}),
    ],
)
def test_each_array_of_a_call_is_the_input_that_it_is(parameters, forward, values):
    signature = Signature(
        inputs=("x", "m", "s"), parameters=tuple(parameters), forward=forward, result=None
    )
    found = name_inputs(signature, values)

    assert [(name, one.tolist()) for name, one in found.items()] == [
        ("x", [1]),
        ("m", [2, 2]),
        ("s", [3, 3, 3]),
    ]


def test_a_call_with_another_number_of_inputs_is_refused():
    signature = Signature(inputs=("x", "m"), parameters=("x", "m"), forward=None, result=None)
    with pytest.raises(UserCodeFailed, match="was called with 1 inputs, expected 2: x, m"):
        name_inputs(signature, {"x": ONE})


def test_the_outputs_of_a_program_are_nested_as_the_networks_own():
    class Tensor:
        numpy = None

    result = {"b": Tensor(), "a": [Tensor(), (None, Tensor())], "n": 3}
    structure = describe_structure(result)

    assert restore_structure(structure, [1, 2, 3]) == {"b": 3, "a": [1, (None, 2)], "n": None}


def test_a_program_with_other_outputs_than_the_network_is_refused():
    with pytest.raises(UserCodeFailed, match="gives 1 outputs, and the network 2; "):
        restore_structure(("tensor", "tensor"), [1])
