from __future__ import annotations

from pathlib import Path

import pytest

from paddledvc.tools.paddle.building import exporting


class Odd:
    def forward(this, x):  # noqa: N805 - what is tested
        return x


class Usual:
    def forward(self, x):
        return x


class Wrapped:
    def forward(*arguments):
        return arguments


def test_a_forward_that_names_self_otherwise_is_refused_with_its_line():
    line = Odd.forward.__code__.co_firstlineno

    assert exporting._find_misnamed_self(Odd(), Path(__file__).parent) == (
        f"test_exporting.py:{line}: forward of Odd calls its layer 'this', and Paddle exports it "
        "only where that is `self`; rename it"
    )


@pytest.mark.parametrize("kind", [Usual, Wrapped])
def test_any_other_forward_is_taken(kind):
    assert exporting._find_misnamed_self(kind(), Path(__file__).parent) is None
