"""Scores and parts of samples, kept in few bytes: in a report both are texts."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_SCORES = 20_000
"""Samples whose scores are kept one by one, where they are no plain outcomes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The scores of a metric, a sample at a time, in the order of the samples' ids.

    Attributes:
        kind: ``bits`` where each is 0 or 1, ``float32``, or ``none`` where there are too many.
        values: by path, as Base64.
    """

    kind: Literal["bits", "float32", "none"]
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: Mapping[str, Sequence[float]]) -> Scores:
        """Keep the scores of every path.

        >>> Scores.of({"network": [1, 0, 1]})
        Scores(kind='bits', values={'network': 'oA=='})
        """
        if all(one in {0, 1} for path in scores.values() for one in path):
            kept = {path: _pack(values) for path, values in scores.items()}
            return cls(kind="bits", values={path: _text(data) for path, data in kept.items()})
        if any(len(path) > MOST_SCORES for path in scores.values()):
            return cls(kind="none")
        import numpy as np  # noqa: PLC0415 - the gate hardly ever needs it

        values = {path: _text(np.asarray(one, "<f4").tobytes()) for path, one in scores.items()}
        return cls(kind="float32", values=values)

    def of_path(self, path: str, samples: int) -> Sequence[float] | None:
        """Give the scores of a path; None where they were not kept.

        Raises:
            ValueError: these are no scores of so many samples.

        >>> Scores.of({"network": [1, 0, 1]}).of_path("network", 3)
        [1, 0, 1]
        """
        if self.kind == "none" or path not in self.values:
            return None
        data = _bytes(self.values[path], "scores")
        if self.kind == "bits":
            if len(data) != (samples + 7) // 8:
                raise ValueError(f"has no scores of {samples} samples")
            return [data[one >> 3] >> (7 - (one & 7)) & 1 for one in range(samples)]
        import numpy as np  # noqa: PLC0415 - as above

        if len(data) != 4 * samples:
            raise ValueError(f"has no scores of {samples} samples")
        found: list[float] = np.frombuffer(data, "<f4").tolist()
        return found


def _pack(values: Sequence[float]) -> bytes:
    packed = bytearray((len(values) + 7) // 8)
    for index, one in enumerate(values):
        if one:
            packed[index >> 3] |= 0x80 >> (index & 7)
    return bytes(packed)


def _bytes(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"has {what} that are no Base64") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Which part each sample is in, in the order of the samples' ids.

    Attributes:
        names: of the parts.
        members: the number of its part, of every sample: two bytes each, as Base64.
    """

    names: tuple[str, ...]
    members: str

    @classmethod
    def of(cls, values: Sequence[str]) -> Parts:
        """Keep the part of every sample.

        >>> Parts.of(["b", "a", "b"]).group_members(3)
        {'a': [1], 'b': [0, 2]}
        """
        known = tuple(sorted(set(values)))
        at = {name: number for number, name in enumerate(known)}
        data = b"".join(at[one].to_bytes(2, "little") for one in values)
        return cls(names=known, members=_text(data))

    def group_members(self, samples: int) -> dict[str, list[int]]:
        """List the samples of each part, by their numbers.

        Raises:
            ValueError: these are no parts of so many samples.
        """
        data = _bytes(self.members, "parts")
        if len(data) != 2 * samples:
            raise ValueError(f"has no parts of {samples} samples")
        found: dict[str, list[int]] = {name: [] for name in self.names}
        for at in range(samples):
            number = int.from_bytes(data[2 * at : 2 * at + 2], "little")
            if number >= len(self.names):
                raise ValueError(f"has no part {number}")
            found[self.names[number]].append(at)
        return found
