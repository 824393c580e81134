from __future__ import annotations

import pytest

from paddledvc.evaluation.core.summary import (
    find_disagreement,
    summarise_measured,
    write_changed_csv,
    write_slices_csv,
)
from paddledvc.models.evaluate_settings import Evaluate, MetricGoal, Plot, SliceGoal
from paddledvc.tools.paddle.core.jobs import Evaluated, Runtime

SETTINGS = Evaluate(
    function="net.py:evaluate",
    metrics=(MetricGoal(name="accuracy", direction="higher"),),
    slices=(SliceGoal(name="form", at_least=2),),
)


def evaluated(**changes):
    fields = {
        "metrics": {"accuracy": 0.75},
        "ids": ("c", "a", "b", "d"),
        "scores": {"accuracy": (1.0, 0.0, 1.0, 1.0)},
        "slices": {"form": ("x", "x", "y", "y")},
        "tables": {},
        "inputs_sha256": "ab" * 32,
        "calls": 1,
        "samples": 4,
        "structure": "tensor",
        "parameters": (),
        "runtime": Runtime(paddle="3.3.1", commit="", device="cpu", flags=()),
    }
    return Evaluated(**{**fields, **changes})


def both(**changes):
    return {"network": evaluated(), "deployed": evaluated(**changes)}


WORSE = {
    "metrics": {"accuracy": 0.5},
    "ids": ("a", "b", "c", "d"),  # in another order
    "scores": {"accuracy": (0.0, 0.0, 1.0, 1.0)},
    "slices": {"form": ("x", "y", "x", "y")},
}


def test_samples_are_compared_by_their_ids_and_not_by_their_order():
    found = both(**WORSE)
    measured = summarise_measured(SETTINGS, found)

    assert measured.changed == 1
    assert write_changed_csv(found) == (
        "sample,path,metric,network,exported\nb,deployed,accuracy,1.0,0.0\n"
    )
    assert [measured.scores["accuracy"].of_path(path, 4) for path in found] == [
        [0, 1, 1, 1],
        [0, 0, 1, 1],
    ]


def test_parts_are_measured_on_every_path_and_the_worst_of_them_is_named():
    measured = summarise_measured(SETTINGS, both(**WORSE))

    assert write_slices_csv(measured.slices).splitlines() == [
        "part,samples,metric,path,value",
        "form x,2,accuracy,network,0.5",
        "form x,2,accuracy,deployed,0.5",
        "form y,2,accuracy,network,1.0",
        "form y,2,accuracy,deployed,0.5",
    ]
    assert measured.worst_slice == {"accuracy": 0.5}
    assert measured.parts["form"].group_members(4) == {"x": [0, 2], "y": [1, 3]}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"inputs_sha256": "cd" * 32},
            r"other inputs on deployed \(4 samples cdcd…\) than for the network",
        ),
        ({"ids": ("a", "b", "c")}, "reported 3 samples on deployed and 4 for the network"),
        ({"metrics": {"accuracy": 0.75, "loss": 1.0}}, "returned loss of the network or of depl"),
        ({"scores": {}}, "reported the accuracy of samples for the network or on deployed only"),
        ({"slices": {}}, "reported the form of samples for the network or on deployed only"),
        (
            {"slices": {"form": ("x", "x", "y", "x")}},
            "says that the form of the sample 'd' is y for the network and x on deployed",
        ),
    ],
)
def test_what_was_not_measured_alike_is_not_put_together(changes, why):
    assert find_disagreement("net.py:evaluate", SETTINGS, both()) is None
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(find_disagreement("net.py:evaluate", SETTINGS, both(**changes)))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"metrics": (MetricGoal(name="recall", direction="higher"),)}, "no metric 'recall'"),
        ({"slices": (SliceGoal(name="light"),)}, "no slice 'light'"),
        ({"plots": (Plot(name="confusion"),)}, "no table 'confusion'"),
    ],
)
def test_what_models_yaml_asks_for_has_to_be_given(settings, why):
    asked = Evaluate(**{"function": "net.py:evaluate", "metrics": (), **settings})
    assert why in find_disagreement("net.py:evaluate", asked, both())
