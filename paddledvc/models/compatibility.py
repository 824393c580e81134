"""Whether the Paddle that a model is to run in loads its weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from paddledvc.models.versions import in_version_range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.models.model import Environment

# There is no way from .json back to .pdmodel (PaddlePaddle/Paddle#74210).
PROGRAMS = {"json": ">=3.0rc0"}
"""Formats of static programs, and the Paddle versions that read them; Paddle 3.3 reads .pdmodel."""
_SHORT = re.compile(r"v?[0-9]+(?P<minor>\.[0-9]+)?")
_NUMBERS = range(20)
"""What the second and the last number of a release of Paddle may be."""


def explain_incompatibility(
    environment: Environment, ranges: Iterable[str | None], program: str | None
) -> str | None:
    """Say why an environment cannot load a version of a model; None if nothing is in the way.

    Args:
        environment: what the model runs in; where it does not tell its Paddle, anything goes.
        ranges: PEP 440 ranges of the Paddle versions that load it, None among them ignored.
        program: format of its static program, if it has one.

    >>> from paddledvc.models.model import Environment
    >>> explain_incompatibility(Environment(stated_paddle="2.6.2"), [">=3.0"], None)
    'needs Paddle >=3.0, and its environment has Paddle 2.6.2'
    """
    if environment.paddle is None:
        return None
    where = f"{environment.image or 'its environment'} has Paddle {environment.paddle}"
    for wanted in ranges:
        if wanted is not None and not _may_be_in(environment.paddle, wanted):
            return f"needs Paddle {wanted}, and {where}"
    if program in PROGRAMS and not in_version_range(environment.paddle, PROGRAMS[program]):
        return f"is a .{program} program, which needs Paddle 3, and {where}"
    return None


def _may_be_in(paddle: str, wanted: str) -> bool:
    """Tell whether a range holds a version, or one that it stands for: tags say 2.6 for 2.6.2.

    >>> _may_be_in("2.6", ">=2.6.1"), _may_be_in("2.6.0", ">=2.6.1")
    (True, False)
    """
    meant = [paddle]
    if short := _SHORT.fullmatch(paddle):
        minors = [paddle] if short["minor"] else [f"{paddle}.{number}" for number in _NUMBERS]
        meant += [f"{minor}.{number}" for minor in minors for number in _NUMBERS]
    return any(in_version_range(one, wanted) for one in meant)


def program_format_of(paths: Iterable[str]) -> str | None:
    """Name the format of the static program among files; None if there is none.

    >>> program_format_of(["a/inference.json", "a/inference.pdiparams", "config.json"])
    'json'
    """
    files = set(paths)
    stems = [path.removesuffix(".pdiparams") for path in files if path.endswith(".pdiparams")]
    found = {kind for stem in stems for kind in ("pdmodel", "json") if f"{stem}.{kind}" in files}
    return next((kind for kind in ("pdmodel", "json") if kind in found), None)
