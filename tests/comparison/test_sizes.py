from __future__ import annotations

import numpy as np
import pytest

from paddledvc.comparison.samples import draw_resized_sample, draw_sample_cases
from paddledvc.models.model import Input

IMAGE = Input(name="image", shape=(None, 3, None, None))
IDS = Input(name="ids", shape=(None, None), dtype="int64", range=(0, 50))
MASK = Input(name="mask", shape=(None, None))
X = Input(name="x", shape=(None, 4))


def shapes(*inputs, input_size=(), batch_sizes=(1, 3, 8)):
    made = draw_resized_sample(draw_sample_cases(inputs, input_size, batch_sizes, 0), inputs, 0)
    return None if made is None else {name: array.shape for name, array in made.items()}


@pytest.mark.parametrize(
    ("inputs", "settings", "expected"),
    [
        pytest.param([X], {}, None, id="nothing dynamic"),
        pytest.param([IDS], {}, None, id="two sizes already"),
        pytest.param([IDS], {"batch_sizes": (2,)}, {"ids": (2, 96)}, id="one batch size"),
        pytest.param([IMAGE], {}, {"image": (1, 3, 96, 128)}, id="equal in every call"),
        pytest.param(
            [IMAGE], {"input_size": (224, 224)}, {"image": (1, 3, 256, 288)}, id="input_size"
        ),
        pytest.param(
            [IMAGE],
            {"input_size": (320, 640), "batch_sizes": (4, 2)},
            {"image": (2, 3, 352, 704)},
            id="smallest batch",
        ),
        pytest.param(
            [IDS, MASK],
            {"batch_sizes": (1,)},
            {"ids": (1, 96), "mask": (1, 96)},
            id="dimensions of one number stay equal",
        ),
        pytest.param(
            [IMAGE, X], {}, {"image": (1, 3, 96, 128), "x": (1, 4)}, id="beside fixed sizes"
        ),
        pytest.param(
            [Input(name="v", shape=(2, None, None))], {}, {"v": (2, 96, 128)}, id="fixed batch"
        ),
    ],
)
def test_a_call_of_other_sizes_is_made_where_the_usual_ones_do_not_vary(inputs, settings, expected):
    assert shapes(*inputs, **settings) == expected


@pytest.mark.parametrize("input_size", [(), (64, 64), (32, 96)])
@pytest.mark.parametrize("batch_sizes", [(1,), (1, 3), (1, 3, 8)])
def test_all_calls_together_vary_every_dynamic_dimension(input_size, batch_sizes):
    cases = draw_sample_cases([IMAGE], input_size, batch_sizes, 0)
    other = draw_resized_sample(cases, [IMAGE], 0)
    seen = [case["image"].shape[2:] for case in [*cases, *([other] if other else [])]]

    assert all(len(set(sizes)) > 1 for sizes in zip(*seen, strict=True))
    assert any(height != width for height, width in seen)
    assert all(size % 32 == 0 for sizes in seen for size in sizes)


def test_values_are_of_the_range_and_the_same_again():
    cases = draw_sample_cases([IDS], (), (1,), 0)
    one, again = (draw_resized_sample(cases, [IDS], 5) for _ in range(2))

    assert one is not None
    assert again is not None
    assert np.array_equal(one["ids"], again["ids"])
    assert one["ids"].max() < 50
