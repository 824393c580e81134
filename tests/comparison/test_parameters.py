from __future__ import annotations

import numpy as np
import pytest

from paddledvc.comparison.parameters import Parameter, compare_parameters, digest_values


def parameter(name, value, key="", *, shape=(2,), rounded=None, **others):
    dtype = others.pop("dtype", "float32")
    digests = {dtype: value} | ({} if rounded is None else {"float16": rounded})
    return Parameter(name=name, key=key, shape=shape, dtype=dtype, digests=digests, **others)


NETWORK = [
    parameter("linear_0.w_0", "A", "a.weight", shape=(2, 2)),
    parameter("linear_0.b_0", "zero", "a.bias"),
    parameter("linear_1.w_0", "B", "b.weight", shape=(2, 2)),
    parameter("linear_1.b_0", "zero", "b.bias"),
]


def exported(*changes, shift=0, network=NETWORK):
    """Export a network with other values or without a parameter, in a process of more layers."""
    values = dict(changes)
    found = []
    for one in network:
        layer, number, rest = (
            one.name.rpartition(".")[0].rpartition("_")[0],
            one.name[7],
            one.name[9:],
        )
        value = values.get(one.key, one.digests["float32"])
        if value is not None:
            found.append(parameter(f"{layer}_{int(number) + shift}.{rest}", value, shape=one.shape))
    return found


def names(found):
    return tuple(one.name for one in found.differing)


@pytest.mark.parametrize("shift", [0, 1, 9])
@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ([], ()),
        ([("a.weight", "X")], ("a.weight",)),
        ([("b.weight", "X")], ("b.weight",)),
        ([("b.bias", "X")], ("b.bias",)),
        ([("a.weight", "X"), ("b.weight", "Y")], ("a.weight", "b.weight")),
        pytest.param([("a.weight", None), ("a.bias", None)], (), id="pruned"),
    ],
)
def test_values_are_found_whatever_layers_are_called_and_others_are_named(
    shift, changes, differing
):
    found = compare_parameters(NETWORK, exported(*changes, shift=shift))

    assert names(found) == differing
    assert (found.complete, found.caveat) == (True, "")


def test_zeros_of_one_bias_are_not_those_of_another():
    trained = [*NETWORK[:3], parameter("linear_1.b_0", "trained", "b.bias")]
    found = compare_parameters(trained, exported())

    assert names(found) == ("b.bias",)
    assert found.finding == "b.bias has other values in the exported files than in the network"


def test_many_that_differ_are_counted():
    every = [parameter(f"linear_{n}.w_0", f"{n}", f"l.{n}") for n in range(5)]
    others = [parameter(f"linear_{n}.w_0", f"other {n}") for n in range(5)]

    assert compare_parameters(every, others).finding == (
        "l.0, l.1, l.2 and 2 more have other values in the exported files than in the network"
    )


def test_what_may_be_one_of_several_is_called_as_the_files_do():
    pruned = exported(("a.weight", "X"), ("b.weight", None), ("b.bias", None), shift=5)
    found = compare_parameters(NETWORK, pruned)

    assert names(found) == ("linear_5.w_0",)


def test_layers_that_were_fused_are_not_said_to_differ():
    convolution = [
        parameter("conv2d_0.w_0", "C", "conv.weight", shape=(4, 3, 1, 1)),
        *(parameter(f"batch_norm2d_0.{k}", k, f"bn.{k}", shape=(4,)) for k in ("w_0", "b_0")),
        parameter("conv2d_1.w_0", "D", "last.weight", shape=(4, 4, 1, 1)),
        parameter("conv2d_1.b_0", "d", "last.bias", shape=(2,)),
    ]
    fused = [
        parameter("conv2d_0.w_0", "C * scale", shape=(4, 3, 1, 1)),
        parameter("conv2d_0.b_0", "shift", shape=(4,)),
        *convolution[-2:],
    ]
    found = compare_parameters(convolution, fused)

    assert (names(found), found.complete) == ((), False)
    assert found.caveat == (
        "2 of 4 parameters were compared; the network has nothing like conv2d_0.w_0, conv2d_0.b_0"
    )


def test_what_is_not_of_the_state_dict_is_found_and_never_said_to_differ():
    buffer = parameter("eager_tmp_0", "made", "norm.weight", saved=False)

    same = compare_parameters([*NETWORK, buffer], [*exported(), buffer])
    other = compare_parameters([*NETWORK, buffer], [*exported(), parameter("eager_tmp_0", "stale")])
    assert (same.complete, names(other), other.unmatched) == (True, (), ("eager_tmp_0",))


def test_one_that_is_shared_may_be_exported_twice():
    tied = [parameter("embedding_0.w_0", "E", "words")]
    twice = [parameter(f"embedding_{n}.w_0", "E") for n in (0, 1)]

    assert compare_parameters(tied, twice).complete


@pytest.mark.parametrize(("value", "differing"), [("half", ()), ("other", ("a.weight",))])
def test_parameters_rounded_to_float16_are_those_of_the_network(value, differing):
    network = [parameter("linear_0.w_0", "full", "a.weight", rounded="half")]
    found = compare_parameters(network, [parameter("linear_0.w_0", value, dtype="float16")])

    assert (names(found), found.complete) == (differing, True)


def test_without_names_others_are_told_by_their_shape():
    nameless = [parameter("", "A"), parameter("", "X", shape=(9, 9))]
    found = compare_parameters([parameter("linear_0.w_0", "A", "a.weight")], nameless)

    assert (found.compared, found.unmatched) == (1, ("one of shape [9, 9]",))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bool", "int64", "complex64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_arrays_of_every_type_and_shape_have_a_digest_of_their_bytes(dtype, shape):
    one, other = (np.full(shape, value).astype(dtype) for value in (0, 1))

    assert (digest_values(one) == digest_values(other)) == (one.size == 0)


@pytest.mark.parametrize(
    ("found", "wanted", "allowed", "error"),
    [
        ([1.0, 2.02], [1.0, 2.0], 0.0, 0.01),
        ([1.0, 2.02], [1.0, 2.0], 0.001, 0.01),
        ([1.0, 2.02], [1.0, 2.0], 0.02, None),
        ([1.0, 2.0], [1.0, np.nan], 0.02, np.inf),
        ([1.0, 2.0], [0.0, 0.0], 0.02, np.inf),
        ([1.0, 2.0], [1.0, 2.0, 3.0], 0.02, np.inf),
        ([], [], 0.02, np.inf),
    ],
)
def test_a_wider_tolerance_lets_parameters_be_off_as_far(found, wanted, allowed, error):
    differing = compare_parameters(NETWORK, exported(("b.bias", "X")))
    arrays = [np.array(one, "float32") for one in (found, wanted)]
    number = differing.differing[0].number
    measured = differing.measured({number: arrays[0]}, {"b.bias": arrays[1]}, allowed)

    errors = [one.scaled_error for one in measured.differing]
    assert errors == ([] if error is None else [pytest.approx(error, rel=1e-5)])
    assert differing.measured({}, {}, allowed) == differing
    told = " (scaled error 0.01)" if error == 0.01 else ""
    assert measured.finding.endswith(f"than in the network{told}") == (error is not None)
