from __future__ import annotations

from paddledvc.weights.core.outcome import Placed, PlacedOutput, describe_outcome

FULL = "it cannot be written: No space left on device"
MEND = "fix this, then run `paddledvc pull`"


def failed(name: str, number: int) -> PlacedOutput:
    return PlacedOutput(
        path=f"checkpoints/{name}{number}",
        state="failed",
        model=f"{name}{number}",
        before="v1",
        after="v2",
        problem=FULL,
        mend=MEND,
    )


def test_what_is_wrong_with_many_for_one_reason_is_said_once():
    outputs = tuple(failed("m", number) for number in range(50))
    own = PlacedOutput(path="data", state="kept", problem="it was changed", mend="look")

    assert describe_outcome(Placed(outputs=(*outputs, own))) == [
        f"weights: no m0 v2, m1 v2, m2 v2 and 47 more: {FULL}; {MEND}",
        "weights: kept data: it was changed; look",
    ]


def test_a_few_are_told_one_by_one_with_what_stays():
    outputs = tuple(failed("m", number) for number in range(2))

    assert describe_outcome(Placed(outputs=outputs)) == [
        f"weights: no m0 v2 (v1 stays): {FULL}; {MEND}",
        f"weights: no m1 v2 (v1 stays): {FULL}; {MEND}",
    ]
