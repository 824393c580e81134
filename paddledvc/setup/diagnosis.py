"""What is looked at to find out whether a clone works, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paddledvc.display.results import Displayed

CheckState = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        topic: what kind of thing it is, such as ``hooks``.
        name: which of them.
        state: ``ok``; ``warning`` for what works, but not as well or as safely as it could; or
            ``problem`` for what does not.
        found: what was found, in a few words, without secrets.
        advice: what to do about it; empty where all is well.
    """

    topic: str
    name: str
    state: CheckState
    found: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Diagnosis(Displayed):
    """Everything that was looked at, by topic."""

    _table_of = "checks"
    checks: tuple[Check, ...]

    def of(self, state: CheckState) -> tuple[Check, ...]:
        """List the checks that ended so.

        >>> Diagnosis(checks=()).of("problem")
        ()
        """
        return tuple(one for one in self.checks if one.state == state)
