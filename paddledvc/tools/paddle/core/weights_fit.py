"""Whether a state dict fits a network, told from the names, shapes and types alone."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHOWN = 3
"""Examples of each kind that a message lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrayForm:
    """What one array is like.

    Attributes:
        shape: its sizes.
        dtype: its element type, as numpy names it.
    """

    shape: tuple[int, ...]
    dtype: str


def explain_weights_misfit(
    network: Mapping[str, ArrayForm], given: Mapping[str, ArrayForm], *, file: str, kind: str
) -> str | None:
    """Say why weights do not fit a network; None where they do.

    Args:
        network: what the network has room for, by name.
        given: what the file holds, by name.
        file: the file, for the message.
        kind: the network, for the message.

    >>> given = {"a": ArrayForm(shape=(), dtype="float32")}
    >>> explain_weights_misfit({}, given, file="w", kind="net.py:Net")
    'the weights in w do not fit net.py:Net: the network has no place for a'
    """
    missing, extra = sorted(network.keys() - given.keys()), sorted(given.keys() - network.keys())
    both = sorted(network.keys() & given.keys())
    shapes = [key for key in both if network[key].shape != given[key].shape]
    types = [key for key in both if network[key].dtype != given[key].dtype]
    parts = []
    if missing:
        parts.append(f"the file lacks {_listed(missing, len(network), 'network')}")
    if extra:
        parts.append(f"the network has no place for {_listed(extra, len(given), 'file')}")
    if shapes:
        parts.append(_differing(shapes, network, given, kind, "shape"))
    if types and not shapes:
        parts.append(_differing(types, network, given, kind, "dtype"))
    if missing and extra:
        parts += _prefixed(network, given)
    if not parts:
        return None
    start, between = (" ", "") if len(parts) == 1 else ("\n  ", "\n  ")
    return f"the weights in {file} do not fit {kind}:{start}{between.join(parts)}"


def _listed(keys: Sequence[str], total: int, side: str) -> str:
    count = len(keys)
    if count <= SHOWN:
        return ", ".join(keys)
    of = "all" if count == total else f"{count} of the"
    return f"{of} {total} keys of the {side}, such as {', '.join(keys[:SHOWN])}"


def _differing(
    keys: Sequence[str],
    network: Mapping[str, ArrayForm],
    given: Mapping[str, ArrayForm],
    kind: str,
    what: str,
) -> str:
    """Say of the first keys what they are in the file and in the network."""

    def form(one: ArrayForm) -> str:
        return str(list(one.shape)) if what == "shape" else one.dtype

    first, *others = keys
    text = f"{first} is {form(given[first])} in the file, {form(network[first])} in {kind}"
    return f"{text}, and {len(others)} more differ" if others else text


def _prefixed(network: Mapping[str, ArrayForm], given: Mapping[str, ArrayForm]) -> Iterable[str]:
    """Name a prefix that all keys of one side have, and that parts it from the other."""
    for side, keys, other in (("file", given, network), ("network", network, given)):
        prefix = _common(keys)
        without = {key.removeprefix(prefix) for key in keys}
        if prefix and (fit := len(without & other.keys())):
            every = "all" if fit == len(keys) else f"{fit} of"
            other_side = "network" if side == "file" else "file"
            yield (
                f"every key of the {side} begins with {prefix!r}; without that, {every} "
                f"{len(keys)} are keys of the {other_side}"
            )
            return
    for start in sorted({key.partition(".")[0] + "." for key in given if "." in key}):
        if all(f"{start}{key}" in given for key in network):
            yield f"all {len(network)} keys of the network are in the file, each after {start!r}"


def _common(keys: Iterable[str]) -> str:
    """Find the beginning that all keys share, whole names and their dot."""
    shared = posixpath.commonprefix([*keys])
    return shared[: shared.rfind(".") + 1]
