"""Likely causes of a disagreement, read from the source of the sublayer that it begins in."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """Something that tracing or an engine is known to get wrong.

    Attributes:
        sign: a pattern that the source of a forward has where it may be the cause.
        what: what goes wrong, as the end of a sentence.
        advice: what to do about it.
    """

    sign: re.Pattern[str]
    what: str
    advice: str


CAUSES = (
    Cause(
        re.compile(r"in_dynamic_mode\s*\("),
        "it asks in_dynamic_mode(), which is False while it is traced",
        "compute the same in both modes",
    ),
    Cause(
        re.compile(r"isinstance\s*\([^)]*Tensor"),
        "isinstance(..., Tensor) is False while it is traced, so the other branch is exported",
        "ask for something that does not change while it is traced",
    ),
    # PaddlePaddle/Paddle#44487
    Cause(
        re.compile(r"auto_cast\s*\("),
        "auto_cast: a CPU ignores it eagerly, and the export casts",
        "cast around the network, not in its forward",
    ),
    # PaddlePaddle/Paddle#25024
    Cause(
        re.compile(r"\bdropout\w*\s*\((?![^)]*training)"),
        "dropout without training=self.training drops in eval mode too",
        "pass training=self.training, or use nn.Dropout",
    ),
    # PaddlePaddle/Paddle#45460
    Cause(
        re.compile(r"\.numpy\(\)|\bnp\.|\brandom\.|\.item\(\)"),
        "a value of NumPy or Python is computed once, while it is traced, and stays",
        "compute it with Paddle, or make it an input",
    ),
    # PaddlePaddle/Paddle#79145 (in place), #79146 (reshape, slice), #79147 (transpose)
    Cause(
        re.compile(r"\.[a-z]\w*[a-z]_\(|\][ \t]*[-+*/]?=(?!=)"),
        "it writes in place; views (reshape, slice, transpose) of what is written do not follow",
        "make a new tensor instead, for example by concat or where",
    ),
    # Since PaddlePaddle/Paddle#69200 normalize_pir_program takes such an output for a mere scale by
    # 1.0, whatever its bias.
    Cause(
        re.compile(r"(?:return|,)[^\n]*\b[A-Za-z_][\w.]*[ \t]*[-+][ \t]*[0-9.]+"),
        "jit.save drops a constant that is added to an input or a parameter and returned as it is",
        "add it to something that was computed, or multiply by 1.0 first",
    ),
)
"""The most telling first; each was reproduced with Paddle 3.3.1."""
# PaddlePaddle/Paddle#77340 and #79749: with oneDNN on, interpolate does not even run.
ENGINE = Cause(
    re.compile(""),
    "the program is right, and the engine's fused kernels are not",
    "switch oneDNN off in `verify: {engine: {onednn: false}}` and where it is deployed",
)
REDUCED = Cause(
    re.compile(""),
    "the program is right, and the engine computes it in fewer bits",
    "deploy it in float32, or allow for the error in `verify: {tolerance: {engine: ...}}`",
)
ONNX = Cause(
    re.compile(""),
    "the program is right, and what paddle2onnx makes of it is not",
    "try another paddle2onnx, or write this part with other operators",
)


def guess_cause(source: str, path: str, precision: str = "float32") -> Cause | None:
    r"""Guess why a sublayer disagrees; None if nothing in its source is known to go wrong.

    Args:
        source: the source of its forward; empty if there is none.
        path: the first path that disagrees, in the order jit, predictor, deployed, onnx.
        precision: what the engine computes in.

    >>> guess_cause("def forward(self, x):\n    return x + 0.5", "jit").advice
    'add it to something that was computed, or multiply by 1.0 first'
    """
    if path == "deployed":
        return ENGINE if precision == "float32" else REDUCED
    if path == "onnx":
        return ONNX
    return next((one for one in CAUSES if one.sign.search(source)), None)
