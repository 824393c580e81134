"""Real architectures: verify catches what goes wrong with them, and nothing else.

``FAULTS=all`` compares untouched exports with ten seeds, and faults on every path.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.sweeps import FAULTS, NAMES, RIGHT, sweep
from tests.installed import needs_paddle

HOW = os.environ.get("FAULTS", "quick")
BELOW_THE_ENGINES_NOISE = {
    ("mobilenet_v3_small", "swapped channels"),
    ("mobilenet_v3_small", "one tensor +0.1 %"),
    ("mobilenet_v3_small", "flipped sample"),
}
"""Faults no larger than what an engine may be off by; the program gate alone catches them.

With random weights this network hardly looks at its input.
"""
OF_ONE_OUTPUT = {("tagger", "one tensor +0.1 %"): {"out.tags"}}
"""Faults that reach only some of the outputs."""
OUTPUTS = {"tagger": {"out.tags", "out.kind"}}


pytestmark = [pytest.mark.slow, needs_paddle("3.3.")]


SOONER = ("crnn", "tagger")
"""With convolutions and batch norms, and with several outputs; the others are larger, or alike."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=() if name in SOONER else pytest.mark.thorough) for name in NAMES
    ],
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def found(name, tmp_path_factory):
    """What was found of all exports of an architecture, by one process."""
    return sweep(name, tmp_path_factory.mktemp(name), HOW)


def test_an_untouched_export_raises_no_alarm(found):
    untouched = [one for one in found if one.fault == RIGHT]

    assert [one for one in untouched if one.over or one.problems] == []
    assert {(one.path, one.threads) for one in untouched} == {
        ("jit", 1),
        *(("predictor", threads) for threads in (1, 2)),
        *(("deployed", threads) for threads in (1, 2)),
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_the_program_gate_catches_every_fault_and_names_its_outputs(fault, name, found):
    everything = OUTPUTS.get(name, {"out"})
    for one in of_fault(found, fault, "predictor", "jit"):
        assert one.scaled_error > 1e-7
        assert one.outputs == OF_ONE_OUTPUT.get((name, fault), everything)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_engine_gate_catches_all_that_is_above_its_noise(fault, name, found):
    for one in of_fault(found, fault, "deployed"):
        assert one.problems == []
        assert one.tolerance == 1e-5  # none of these networks is ill-conditioned
        assert (one.scaled_error <= one.tolerance) == ((name, fault) in BELOW_THE_ENGINES_NOISE)


def test_of_all_samples_only_the_flipped_one_is_named(found):
    for one in of_fault(found, "flipped sample", "jit", "predictor", "deployed"):
        assert {(call, sample) for call, sample, _ in one.over} == {(3, 19)}


@pytest.mark.parametrize("fault", FAULTS[:-1])
def test_a_fault_of_the_network_is_seen_in_most_samples(fault, found):
    for one in of_fault(found, fault, "jit", "predictor"):
        assert len({(call, sample) for call, sample, _ in one.over}) > 21


def of_fault(found, fault, *paths):
    chosen = [one for one in found if one.fault == fault and one.path in paths]
    assert chosen or paths == ("deployed",)
    return chosen
