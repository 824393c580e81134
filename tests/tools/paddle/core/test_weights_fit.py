from __future__ import annotations

import pytest

from paddledvc.tools.paddle.core.weights_fit import ArrayForm, explain_weights_misfit


def state(*keys, shape=(4, 3), dtype="float32"):
    return {key: ArrayForm(shape=shape, dtype=dtype) for key in keys}


NET = ("conv.weight", "conv.bias", "fc.weight", "fc.bias")


def said(network, given):
    return explain_weights_misfit(network, given, file="w.pdparams", kind="net.py:Net")


def test_weights_that_fit_are_let_pass():
    assert said(state(*NET), state(*NET)) is None


def test_weights_of_another_network_are_told_by_what_lacks_and_what_is_left():
    other = [f"blocks.{index}.weight" for index in range(30)]

    assert said(state(*NET), state(*other)) == (
        "the weights in w.pdparams do not fit net.py:Net:\n"
        "  the file lacks all 4 keys of the network, such as conv.bias, conv.weight, fc.bias\n"
        "  the network has no place for all 30 keys of the file, such as blocks.0.weight, "
        "blocks.1.weight, blocks.10.weight"
    )


@pytest.mark.parametrize(
    ("network", "given", "line"),
    [
        pytest.param(
            NET,
            [f"backbone.{key}" for key in NET],
            "every key of the file begins with 'backbone.'; without that, all 4 are keys of the "
            "network",
            id="of the file",
        ),
        pytest.param(
            [f"model.net.{key}" for key in NET],
            NET[:3],
            "every key of the network begins with 'model.net.'; without that, 3 of 4 are keys of "
            "the file",
            id="of the network",
        ),
        pytest.param(
            NET,
            [*(f"backbone.{key}" for key in NET), "head.weight"],
            "all 4 keys of the network are in the file, each after 'backbone.'",
            id="of a part of the file",
        ),
    ],
)
def test_a_common_prefix_is_named(network, given, line):
    assert said(state(*network), state(*given)).splitlines()[-1].strip() == line


def test_a_common_prefix_that_helps_nobody_is_not_named():
    assert "begins with" not in said(state(*NET), state("blocks.0.weight", "blocks.1.weight"))


def test_other_shapes_are_one_sentence():
    given = state(*NET) | state("fc.weight", shape=(512, 1000)) | state("fc.bias", shape=(1000,))

    assert said(state(*NET), given) == (
        "the weights in w.pdparams do not fit net.py:Net: fc.bias is [1000] in the file, [4, 3] in "
        "net.py:Net, and 1 more differ"
    )
    assert said(state("fc.weight"), state("fc.weight", dtype="float16")) == (
        "the weights in w.pdparams do not fit net.py:Net: fc.weight is float16 in the file, "
        "float32 in net.py:Net"
    )
