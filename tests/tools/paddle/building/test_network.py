"""A network and its sublayers; tests/verification has what Paddle makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from paddledvc.tools.paddle.building.network import keep_network_methods


class Part:
    """As much of a layer as an export changes."""

    def forward(self) -> str:
        return "its own"

    def sublayers(self, *, include_self: bool) -> list[Part]:
        return [self] if include_self else []


@pytest.mark.parametrize(("chosen", "said"), [(None, "its own"), (lambda: "chosen", "chosen")])
def test_an_export_leaves_no_other_forward_behind(chosen: Any, said: str) -> None:
    part = Part()
    if chosen:
        vars(part)["forward"] = chosen
    with keep_network_methods(part):
        vars(part)["forward"] = lambda: "traced"

    assert part.forward() == said
