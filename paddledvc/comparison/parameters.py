"""Whether exported files hold the parameters of the network, told from digests of their values.

Samples reach a part of what a network computes with: a few rows of an embedding, one side of a
branch. The parameters themselves are all there to be compared. Their names are not: those in a
program are numbered as layers were built in the process that exported it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.comparison.samples import Array

_NUMBERED = re.compile(r"(?P<layer>.*)_(?P<number>[0-9]+)(?P<rest>\.\w+)")
"""What Paddle names parameters: ``linear_0.w_0``."""
SHOWN = 3
"""Parameters that a sentence names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter or buffer of a network, or of exported files.

    Attributes:
        name: what Paddle calls it, such as ``linear_0.w_0``; empty where nobody knows.
        key: its key in the state dict, such as ``fc.weight``; empty for exported files.
        shape: its sizes.
        dtype: element type, as numpy names it, or bfloat16.
        digests: of the bytes of its values, and of these in types that they may be rounded to.
        saved: whether it is part of the state dict.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    digests: Mapping[str, str]
    key: str = ""
    saved: bool = True

    def __str__(self) -> str:
        return self.key or self.name or f"one of shape {list(self.shape)}"


def digest_values(array: Array) -> str:
    """Digest the bytes of an array, as ``sha256`` does those of a file."""
    return sha256(array.reshape(-1).view("uint8").data).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class DifferingParameter:
    """A parameter that the exported files have otherwise.

    Attributes:
        name: its key in the state dict, or what the files call it where that is unknown.
        number: its place in the file, from 0.
        scaled_error: max|d| / max|ref|; infinite where nobody could tell.
    """

    name: str
    number: int
    scaled_error: float = math.inf


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterComparison:
    """How the parameters of exported files compare with those of the network.

    Attributes:
        exported: how many the files hold.
        compared: how many of them have a counterpart in the network.
        differing: those of the network whose values the files have otherwise.
        unmatched: those of the files that nothing in the network could be told to be.
        why: why none could be compared, as a clause; empty where they could.
    """

    exported: int
    compared: int
    differing: tuple[DifferingParameter, ...] = ()
    unmatched: tuple[str, ...] = ()
    why: str = ""

    @property
    def complete(self) -> bool:
        """Whether every parameter of the files could be compared."""
        return not self.why and self.compared == self.exported

    @property
    def same(self) -> bool | None:
        """Whether the files hold the parameters of the network; None where that is unknown."""
        if self.differing:
            return False
        return True if self.complete else None

    @property
    def finding(self) -> str:
        """Say which parameters differ; empty where none does."""
        if not self.differing:
            return ""
        values = "has other values" if len(self.differing) == 1 else "have other values"
        names = [one.name for one in self.differing]
        worst = max(one.scaled_error for one in self.differing)
        how = "" if worst == math.inf else f" (scaled error {worst:.3g})"
        return f"{_listed(names)} {values} in the exported files than in the network{how}"

    def measured(
        self,
        exported: Mapping[int, Array],
        network: Mapping[str, Array],
        allowed: float = 0.0,
    ) -> ParameterComparison:
        """Tell how far parameters are off, and leave out those that are within what is allowed.

        Args:
            exported: values of the files, by their place in the file.
            network: values of the network, by their key in the state dict.
            allowed: the largest scaled error.
        """
        found = (
            replace(one, scaled_error=_scaled(exported[one.number], network[one.name]))
            if one.number in exported and one.name in network
            else one
            for one in self.differing
        )
        return replace(
            self,
            differing=tuple(one for one in found if one.scaled_error > allowed),
        )

    @property
    def caveat(self) -> str:
        """Say what could not be compared, as the end of 'it agrees, but'; empty for nothing."""
        if self.why:
            return f"no parameters were compared, because {self.why}"
        if self.complete:
            return ""
        return (
            f"{self.compared} of {self.exported} parameters were compared; the network has nothing "
            f"like {_listed(self.unmatched)}"
        )


def _scaled(found: Array, wanted: Array) -> float:
    """Measure how far an array is off."""
    if found.shape != wanted.shape or not wanted.size:
        return math.inf
    import numpy as np  # noqa: PLC0415 - `check` reads what was found, and compares nothing

    wide = np.result_type(wanted.dtype, "float64")
    with np.errstate(all="ignore"):
        off, largest = (
            float(np.abs(one).max())
            for one in (found.astype(wide) - wanted.astype(wide), wanted.astype(wide))
        )
        return off / largest if largest and math.isfinite(off / largest) else math.inf


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def compare_parameters(
    network: Sequence[Parameter], exported: Sequence[Parameter]
) -> ParameterComparison:
    """Find each exported parameter among those of the network, by its values.

    One that is not there differs if it is clear what it should be: as many of its kind and shape
    are left in the network. Where of a kind of layer that the network has more are left in the
    files, these are not the network's own parameters, and nobody knows what they should be: fused
    layers have others. What an export leaves out, for forward has no use for it, is nobody's loss,
    and what is shared may be there twice.

    >>> one = Parameter(name="linear_0.w_0", key="fc.w", shape=(2,), dtype="float32", digests={})
    >>> compare_parameters([one], [one]).finding
    'fc.w has other values in the exported files than in the network'
    """
    places = defaultdict(list)
    for number, one in enumerate(network):
        for dtype in one.digests:
            places[_value(one, dtype)].append(number)
    taken: set[int] = set()
    exported = _renumber(exported, network)

    def take(many: Iterable[int], *, by_name: bool) -> list[int]:
        """Find each a place that no other has, and give those that there is none for."""
        lost = []
        for number in many:
            one = exported[number]
            at = places[_value(one, one.dtype)]
            fit = (n for n in at if n not in taken and (not by_name or network[n].name == one.name))
            if (found := next(fit, None)) is None:
                lost.append(number)
            else:
                taken.add(found)
        return lost

    # By their names first: many a bias is all zeros.
    numbers = take(take(range(len(exported)), by_name=True), by_name=False)
    left = [exported[number] for number in numbers]
    saved = [n for n, one in enumerate(network) if one.saved]
    labels = _label_differing(left, [network[n] for n in saved if n not in taken])
    unknown = [n for n, one in enumerate(left) if not places[_value(one, one.dtype)]]
    kinds = {_kind(network[n]) for n in saved}
    if any(n not in labels and _kind(left[n]) in kinds for n in unknown):
        labels = {}
    unmatched = tuple(str(left[n]) for n in unknown if n not in labels)
    return ParameterComparison(
        exported=len(exported),
        compared=len(exported) - len(unmatched),
        differing=tuple(
            DifferingParameter(name=labels[n], number=numbers[n]) for n in sorted(labels)
        ),
        unmatched=unmatched,
    )


def _renumber(exported: Sequence[Parameter], network: Sequence[Parameter]) -> list[Parameter]:
    """Number layers as the network does, where both have equally many of a kind."""
    numbers: list[dict[str, set[int]]] = [defaultdict(set), defaultdict(set)]
    for many, found in zip((exported, network), numbers, strict=True):
        for named in filter(None, (_NUMBERED.fullmatch(one.name) for one in many)):
            found[named["layer"]].add(int(named["number"]))
    meant = {
        (layer, own): other
        for layer, found in numbers[0].items()
        if len(found) == len(numbers[1][layer])
        for own, other in zip(sorted(found), sorted(numbers[1][layer]), strict=True)
    }
    renamed = []
    for one in exported:
        match = _NUMBERED.fullmatch(one.name)
        number = None if match is None else meant.get((match["layer"], int(match["number"])))
        if match is not None and number is not None:
            one = replace(one, name=f"{match['layer']}_{number}{match['rest']}")  # noqa: PLW2901
        renamed.append(one)
    return renamed


def _value(one: Parameter, dtype: str) -> tuple[tuple[int, ...], str, str]:
    return one.shape, dtype, one.digests.get(dtype, "")


def _label_differing(left: Sequence[Parameter], free: Sequence[Parameter]) -> dict[int, str]:
    """Say what each that is left of the files should be: of those left of the network."""
    names = {(one.name, one.shape): one for one in free if one.name}
    found = {n: at for n, one in enumerate(left) if (at := names.get((one.name, one.shape)))}
    labels = {n: str(one) for n, one in found.items()}
    spare, lost = defaultdict(list), defaultdict(list)
    for one in sorted((one for one in free if one not in found.values()), key=_number):
        spare[_place(one)].append(one)
    for n in sorted(
        (n for n in range(len(left)) if n not in labels), key=lambda n: _number(left[n])
    ):
        lost[_place(left[n])].append(n)
    for place, many in lost.items():
        if len(many) == len(spare[place]):
            labels |= {n: str(one) for n, one in zip(many, spare[place], strict=True)}
        elif len(many) < len(spare[place]):  # the export has left some out, and which is unknown
            labels |= {n: str(left[n]) for n in many}
    return labels


def _place(one: Parameter) -> tuple[str, tuple[int, ...]]:
    return _kind(one), one.shape


def _kind(one: Parameter) -> str:
    """Name a parameter without the number of its layer.

    >>> _kind(Parameter(name="linear_10.w_0", shape=(), dtype="float32", digests={}))
    'linear.w_0'
    """
    match = _NUMBERED.fullmatch(one.name)
    return match["layer"] + match["rest"] if match else one.name


def _number(one: Parameter) -> int:
    match = _NUMBERED.fullmatch(one.name)
    return int(match["number"]) if match else 0
