"""What is said of a cause that was tried out: what goes wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.comparison.suspects import Kind, Suspect


class Cause(NamedTuple):
    """Something that tracing or an engine gets wrong.

    Attributes:
        what: what goes wrong, as a sentence without its end.
        advice: what to do about it.
    """

    what: str
    advice: str


NEW_TENSOR = "make a new tensor instead, for example by concat or where"
CAUSES: Mapping[Kind, Cause] = {
    "value": Cause(
        "`{code}` is {eager} in the network, and {traced} while it is exported, which stays",
        "ask for something that is the same in both, compute it with Paddle, or make it an input",
    ),
    # PaddlePaddle/Paddle#44487
    "cast": Cause(
        "`{code}`: a CPU ignores it eagerly, and the export casts",
        "cast around the network, not in its forward",
    ),
    # PaddlePaddle/Paddle#50365
    "logic": Cause(
        "`{code}` does not stop at its first side once it is exported, nor gives one of its sides",
        "write an `if` for each side, one inside the other",
    ),
    # PaddlePaddle/Paddle#79145 (in place), #79146 (reshape, slice), #79147 (transpose)
    "rebound": Cause(
        "`{code}` writes in place; views (reshape, slice, transpose) of what is written do not "
        "follow in the export",
        NEW_TENSOR,
    ),
    "lost": Cause("`{code}` writes in place, and the export loses what is written", NEW_TENSOR),
    # Since PaddlePaddle/Paddle#69200 normalize_pir_program takes such an output for a mere scale by
    # 1.0, whatever its bias.
    "constant": Cause(
        "`{code}`: jit.save drops a constant that is added to an input or a parameter and returned "
        "as it is",
        "add it to something that was computed, or multiply by 1.0 first",
    ),
}
"""By kind of place; each was reproduced with Paddle 3.3.1."""
ENGINES: Mapping[str, Cause] = {
    "precision": Cause(
        "the program is right, and the engine computes it in fewer bits",
        "deploy it in float32, or allow for the error in `verify: {tolerance: {engine: ...}}`",
    ),
    # PaddlePaddle/Paddle#77340 and #79749: with oneDNN on, interpolate does not even run.
    "onednn": Cause(
        "the program is right, and what oneDNN computes of it is not",
        "switch oneDNN off in `verify: {engine: {onednn: false}}` and where it is deployed",
    ),
    "ir_optim": Cause(
        "the program is right, and what the engine's passes make of it is not",
        "switch them off in `verify: {engine: {ir_optim: false}}` and where it is deployed",
    ),
    "memory_optim": Cause(
        "the program is right, and the engine reuses memory that is still needed",
        "switch that off in `verify: {engine: {memory_optim: false}}` and where it is deployed",
    ),
}
"""By the setting of the engine without which it agrees, in the order in which they are tried."""
ONNX = Cause(
    "the program is right, and what paddle2onnx makes of it is not",
    "try another paddle2onnx, or write this part with other operators",
)
AGAIN = "an export made now agrees"
TRAINING = Cause(
    f"the files were exported in training mode: {AGAIN}, and one made after train() is like them",
    "call eval() and export it again",
)
OTHER_WEIGHTS = Cause(
    f"the files hold other weights than the network: {AGAIN}",
    "export it again",
)
OTHER_PROGRAM = Cause(
    f"the files hold the weights of the network and another program: {AGAIN}, so the code, its "
    "arguments or Paddle were others",
    "export it again",
)
NEVER_RUN = Cause(
    "it makes something in its first run that its export needs and its state dict lacks, as "
    "spectral_norm and weight_norm do: an export made after a run agrees, and one made before does "
    "not",
    "let what builds it run it once, or make plain weights of these before it is exported",
)
OUTDATED = Cause(f"{AGAIN}, and these files do not", "export it again")


def describe_cause(
    suspects: Sequence[Suspect],
    values: Mapping[int, tuple[str, str]],
    names: Mapping[str, str],
) -> tuple[str, Cause]:
    """Say where the code is to be changed, what goes wrong there and what to do about it.

    Args:
        suspects: places of which each has to change.
        values: what they were in the network and while it was traced.
        names: what to call their files.

    Returns:
        The first place, and what is said of all of them.

    >>> from paddledvc.comparison.suspects import Suspect
    >>> one = Suspect(number=0, kind="lost", file="/p/net.py", line=2, code="y[0][1] = 5")
    >>> place, cause = describe_cause([one], {}, {"/p/net.py": "net.py"})
    >>> place, cause.what
    ('net.py:2', '`y[0][1] = 5` writes in place, and the export loses what is written')
    """
    told: list[str] = []
    advice: dict[str, None] = {}
    places = [f"{names[one.file]}:{one.line}" for one in suspects]
    for place, one in zip(places, suspects, strict=True):
        eager, traced = values.get(one.number, ("", ""))
        what = CAUSES[one.kind].what.format(code=one.code, eager=eager, traced=traced)
        told.append(f"and {place}: {what}" if told else what)
        advice[CAUSES[one.kind].advice] = None
    return places[0], Cause("; ".join(told), "; ".join(advice))
