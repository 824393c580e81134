"""What keeps an agreement from proving much, said where people read whether it agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

CaveatKind = Literal["nothing-shown", "values-untried", "parameters-unmatched"]
"""Why an agreement proves little.

- ``nothing-shown``: no output of these samples tells a right export from one that ignores them.
- ``values-untried``: an input of whole numbers takes more than was tried, or nobody knows whether.
- ``parameters-unmatched``: not every parameter of the exported files could be compared.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caveat:
    """A reason why an agreement proves little.

    Attributes:
        kind: which; programs go by it.
        text: the reason as the end of the sentence "it agrees, but …".
    """

    kind: CaveatKind
    text: str

    @property
    def voids(self) -> bool:
        """Whether a report with it is worth no more than none."""
        return self.kind == "nothing-shown"

    def __str__(self) -> str:
        return self.text


def describe_verdict(verdict: str, caveats: Sequence[Caveat]) -> str:
    """Say what a verification found: its verdict, and of a pass what it is worth.

    >>> describe_verdict("pass", [])
    'pass'
    >>> little = Caveat(kind="nothing-shown", text="the samples show nothing: every output is zero")
    >>> describe_verdict("pass", [little]), describe_verdict("fail", [little])
    ('agrees, but the samples show nothing: every output is zero', 'fail')
    """
    if verdict != "pass" or not caveats:
        return verdict
    return f"agrees, but {'; '.join(map(str, caveats))}"
