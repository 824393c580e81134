"""The cause of a disagreement, by trial: change one suspicious place alone, and compare again.

The user's files are imported with a switch at every suspicious place that ran. Before anything is
concluded, all switches are off and the sublayer must compute, and its export must get wrong, what
they did before; what makes the difference go away when it is switched, and alone or with others is
needed for that, is the cause.
"""

from __future__ import annotations

import builtins
import importlib.machinery
import linecache
import operator
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.comparison.suspects import EAGER, SHOWN, SWITCHES, name_switch, switch_source
from paddledvc.tools.paddle.building import network, runtime
from paddledvc.tools.paddle.core.jobs import Found
from paddledvc.tools.paddle.diagnosing import record_calls
from paddledvc.tools.paddle.diagnosing.parts import Parts
from paddledvc.tools.paddle.running.program_arithmetic import compute_as_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from paddledvc.comparison.samples import OutputValues
    from paddledvc.comparison.suspects import Suspect
    from paddledvc.tools.paddle.core.jobs import CauseJob

OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "+=": operator.iadd,
    "-=": operator.isub,
}
GROUPS = (("cast",), ("value",), ("logic",), ("rebound",), ("lost",), ("constant",))
"""Kinds that are tried together first; what is written cannot be both kept and lost."""
TOGETHER = (
    ("cast", "value", "logic", "rebound", "constant"),
    ("cast", "value", "logic", "lost", "constant"),
)
"""Kinds that are tried where none is the cause alone."""


@dataclass(slots=True)
class Switches:
    """What the switched source calls, and what it found there.

    Attributes:
        on: numbers of the places that are changed.
        traced: whether the network is being traced now.
        seen: values of places, by whether they were traced and the number of the place.
    """

    on: frozenset[int] = frozenset()
    traced: bool = False
    seen: dict[tuple[bool, int], list[Any]] = field(default_factory=dict)
    told: dict[tuple[bool, int], int] = field(default_factory=dict)

    def value(self, number: int, found: Any) -> Any:
        """Note a value; switched, give while it is traced what it was in the network."""
        if self.traced and number in self.on and (known := self.seen.get((False, number))):
            turn = self.told.get((True, number), 0)
            self.told[True, number] = turn + 1
            return known[turn % len(known)]
        if not self.on:
            self.seen.setdefault((self.traced, number), []).append(_kept(found))
        return found

    def enabled(self, number: int, given: Any) -> Any:
        """Switched, let a cast be none while it is traced."""
        return False if self.traced and number in self.on else given

    def is_on(self, number: int) -> bool:
        """Tell whether the dynamic network does as its program does."""
        return not self.traced and number in self.on

    def both(self, _: int, kind: str, *sides: Callable[[], Any]) -> Any:
        """Ask the sides of `and` or `or` as a program does: every one, where one is a tensor."""
        module = runtime.import_paddle()
        found = sides[0]()
        for side in sides[1:]:
            if isinstance(found, module.Tensor):
                combine = module.logical_and if kind == "and" else module.logical_or
                other = side()
                known = isinstance(other, module.Tensor)
                found = combine(found, other if known else module.to_tensor(other))
            elif bool(found) == (kind == "and"):
                found = side()
        return found

    def copy(self, number: int, base: Any) -> Any:
        """Switched, give the dynamic network a copy to write into."""
        if not self.is_on(number) or not isinstance(base, runtime.import_paddle().Tensor):
            return base
        return base.clone()

    def shift(self, number: int, sign: str, left: Any, right: Any) -> Any:
        """Add; switched, add a number to something that was computed while it is traced."""
        if self.traced and number in self.on and _is_number(left) != _is_number(right):
            left, right = (one if _is_number(one) else one * 1 for one in (left, right))
        return OPERATIONS[sign](left, right)


def try_causes(job: CauseJob) -> Found:
    """Find the places of which each has to change for the difference to go away.

    Raises:
        UserCodeFailed: the network fails where its places have switches.
    """
    module = runtime.import_paddle()
    runtime.use_runtime_device("cpu")
    runtime.seed_runtime(0)
    switches = Switches()
    for name in SWITCHES:
        method = getattr(switches, "is_on" if name == "on" else name)
        setattr(builtins, name_switch(name), _untraced(module, method))
    suspects = _import_switched(job)
    if not suspects:
        return Found(suspects=())
    search = job.search
    layer = network.prepare_network_for_inference(network.build_network(search.network))
    with compute_as_program():  # as the search compared
        calls = record_calls.record_calls(search, layer)
    trials = Trials(Parts(search, layer, calls), job.sublayer, switches, suspects)
    return trials.find() if trials.start() else Found(suspects=())


def _untraced(module: Any, method: Callable[..., Any]) -> Any:
    def switch(*arguments: Any) -> Any:
        return method(*arguments)

    mark: Any = module.jit.not_to_static
    return mark(switch)


class Trials:
    """What becomes of one sublayer when places in its code are changed."""

    def __init__(
        self, parts: Parts, name: str, switches: Switches, suspects: Iterable[Suspect]
    ) -> None:
        self.parts, self.name, self.switches = parts, name, switches
        self.suspects = {one.number: one for one in suspects}
        self.expected: list[OutputValues] = []
        self.found: Any = None
        self.known: dict[frozenset[int], bool] = {}

    def start(self) -> bool:
        """Run it with all switches off; False where it is not wrong as it was."""
        self.switches.seen.clear()
        self.expected = self._eager(frozenset())
        self.found = self._exported(frozenset())
        return self.found is not None and not self.agrees(frozenset())

    def find(self) -> Found:
        """Try kind by kind, then all of them, and leave out what is not needed."""
        by_kind: dict[str, list[int]] = {}
        for number, one in self.suspects.items():
            if one.kind != "value" or self._differs(number):
                by_kind.setdefault(one.kind, []).append(number)
        for kinds in (*GROUPS, *TOGETHER):
            chosen = [number for kind in kinds for number in by_kind.get(kind, ())]
            if chosen and self.agrees(frozenset(chosen)):
                needed = self._needed(chosen)
                return Found(
                    suspects=tuple(self.suspects[number] for number in sorted(needed)),
                    values=tuple(self._values(number) for number in sorted(needed)),
                )
        return Found(suspects=())

    def agrees(self, on: frozenset[int]) -> bool:
        """Tell whether network and export agree with some places changed."""
        if on not in self.known:
            eager = {number for number in on if self.suspects[number].kind in EAGER}
            try:
                expected = self._eager(frozenset(eager)) if eager else self.expected
                found = self._exported(on - eager) if on - eager else self.found
            except Exception:  # noqa: BLE001 - a network that was changed may fail in any way
                return False
            agrees = found is not None and self.parts.judge(self.name, expected, found).agrees
            self.known[on] = agrees
        return self.known[on]

    def _needed(self, chosen: list[int]) -> list[int]:
        """Leave out all that may stay as it is: by halves, and then one by one."""
        while len(chosen) > 1:
            middle = len(chosen) // 2
            halves = (chosen[:middle], chosen[middle:])
            half = next((one for one in halves if self.agrees(frozenset(one))), None)
            if half is None:
                break
            chosen = half
        for number in list(chosen):
            rest = [one for one in chosen if one != number]
            if rest and self.agrees(frozenset(rest)):
                chosen = rest
        return chosen

    def _eager(self, on: frozenset[int]) -> list[OutputValues]:
        self._switch(on, traced=False)
        with compute_as_program():
            return record_calls.call_part(self.parts.part(self.name), self.parts.calls[self.name])

    def _exported(self, on: frozenset[int]) -> Any:
        self._switch(on, traced=True)
        prefix = self.parts.export(self.name)
        return None if prefix is None else self.parts.run(self.name, prefix)

    def _switch(self, on: frozenset[int], *, traced: bool) -> None:
        self.switches.on, self.switches.traced = on, traced
        self.switches.told.clear()

    def _differs(self, number: int) -> bool:
        """Tell whether a value was plain both times, and another one while it was traced."""
        eager, traced = (self.switches.seen.get((way, number), []) for way in (False, True))
        if not eager or not traced or TENSOR in (*eager, *traced):
            return False
        return not all(_alike(one, other) for one, other in zip(eager, traced, strict=False))

    def _values(self, number: int) -> tuple[int, str, str]:
        seen = [self.switches.seen.get((way, number), []) for way in (False, True)]
        pair = next((pair for pair in zip(*seen, strict=False) if not _alike(*pair)), ("", ""))
        return number, _short(pair[0]), _short(pair[1])


class _Tensor:
    """Stands for a tensor, or for what holds one."""


TENSOR = _Tensor()


def _kept(value: Any) -> Any:
    """Keep a value unless it is of tensors: those belong to the network, or to its trace."""
    if isinstance(value, list | tuple):
        return TENSOR if TENSOR in map(_kept, value) else value
    is_tensor = hasattr(type(value), "stop_gradient") and not isinstance(value, type)
    return TENSOR if is_tensor else value


def _alike(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(np.all(one == other))
    except Exception:  # noqa: BLE001 - things of the user's compare as they like
        return True


def _short(value: Any) -> str:
    # Without an address, for a report is the same whenever the same was verified.
    text = " ".join(re.sub(r" at 0x[0-9a-f]+", "", str(value)).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number)


def _import_switched(job: CauseJob) -> list[Suspect]:
    """Let the files of the functions that ran be imported with switches; list these."""
    lines: dict[str, set[int]] = {}
    for file, line in job.functions:
        lines.setdefault(file, set()).add(line)
    suspects: list[Suspect] = []
    sources: dict[str, str] = {}
    for file, first in lines.items():
        try:
            source = Path(file).read_text(encoding="utf-8")
            switched = switch_source(source, file, first, len(suspects))
        except (OSError, SyntaxError, ValueError):
            continue
        suspects += switched.suspects
        if switched.suspects:
            sources[file] = switched.source
    _replace_sources(sources)
    return suspects


def _replace_sources(sources: Mapping[str, str]) -> None:
    """Import other sources than those of the files; Paddle, too, reads these then."""
    loader: Any = importlib.machinery.SourceFileLoader
    get_code = loader.get_code

    def replaced(self: Any, name: str) -> Any:
        source = sources.get(self.path)
        if source is None:
            return get_code(self, name)
        return compile(source, self.path, "exec", dont_inherit=True)

    loader.get_code = replaced
    for file, source in sources.items():
        # Without a time of change, linecache does not look at the file again.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
