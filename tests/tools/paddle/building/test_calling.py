"""How a network is called with its inputs, settled by trying."""

from __future__ import annotations

import pytest

from paddledvc.tools.paddle.building.calling import NetworkCall


def test_calls_that_all_failed_once_are_not_told_of_a_call_that_runs_later():
    call = NetworkCall(lambda inputs: inputs, ["a", "b"], None, "net.py:Net")

    with pytest.raises(ValueError, match="too small"):
        call.settle(lambda _: (_ for _ in ()).throw(ValueError("too small")))
    told = call.failed
    call.settle(lambda _: None)

    assert told.startswith("it was called as forward: [{a: a, b: b}]")
    assert call.failed == ""
