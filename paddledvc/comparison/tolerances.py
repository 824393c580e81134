"""What a comparison may be off by, beside what rounding alone does to the network itself.

How far the outputs move when inputs and weights move by one unit in the last place tells how well
a network is conditioned. An engine that reorders sums moves them about as far.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.comparison.agreement import Agreement

FACTOR = 4.0
"""How many times its noise an engine may be off by: measured is up to 1.5, and up to 1.7 where only
the inputs could be moved."""
LIMIT = 2e-4
"""What no noise allows to exceed: of the faults that an engine's gate is to catch the smallest that
was injected is off by 2.8e-4."""


def widen_tolerance(usual: float, noise: float) -> float:
    """Tell what an engine may be off by, of a network with such noise.

    >>> widen_tolerance(1e-5, 1e-6), widen_tolerance(1e-5, 4e-5), widen_tolerance(1e-5, 1e-3)
    (1e-05, 0.00016, 0.0002)
    >>> widen_tolerance(2e-2, 1e-3)
    0.02
    """
    return max(usual, round_tolerance_up(min(FACTOR * noise, LIMIT)))


def round_tolerance_up(tolerance: float) -> float:
    """Round to what is worth reading, so that a report says exactly what was judged by.

    >>> round_tolerance_up(1.2345e-5), round_tolerance_up(3e-7)
    (1.24e-05, 3e-07)
    """
    near = float(f"{tolerance:.2e}")
    exponent = int(f"{tolerance:e}".partition("e")[2])
    return near if near >= tolerance else float(f"{near + 10.0 ** (exponent - 2):.2e}")


def may_be_noise(found: Agreement) -> bool:
    """Tell whether rounding could explain what is wrong with an output: it is off by little."""
    return not found.problems and any(
        found.tolerance_of(one.name) < one.scaled_error <= LIMIT for one in found.outputs
    )


def judge_by_noise(found: Agreement, noise: Mapping[str, float]) -> Agreement:
    """Judge an engine by the noise of the network; a tolerance of an output's own stays."""
    free = {name: one for name, one in noise.items() if name not in found.overrides}
    widened = {name: widen_tolerance(found.tolerance, one) for name, one in free.items()}
    return replace(found, overrides={**found.overrides, **widened}, noise=free)


def judge_by_program(found: Agreement, beside: Agreement, moved: Mapping[str, float]) -> Agreement:
    """Judge a program by the network that computes as programs do.

    Args:
        found: how the program agrees with the network.
        beside: how it agrees with the network that divides by numbers as programs do.
        moved: how far that moves the network, by output.

    Returns:
        The same agreement. Outputs of which the other is within the tolerance may be off by as much
        more as the network itself was moved, if that is not over LIMIT.
    """
    if beside.problems:
        return found
    errors: dict[str, float] = {}
    for one in beside.outputs:
        errors[one.name] = max(one.scaled_error, errors.get(one.name, 0.0))
    explained = {
        name: noise
        for name, noise in moved.items()
        if name not in found.overrides
        and 0 < noise <= LIMIT
        and errors.get(name, LIMIT) <= found.tolerance
    }
    widened = {
        name: round_tolerance_up(found.tolerance + noise) for name, noise in explained.items()
    }
    return replace(found, overrides={**found.overrides, **widened}, noise=explained)
