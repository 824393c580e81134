"""How much memory may still be used, by this machine and by the container around us."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = Path("/proc/meminfo")
LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
"""The limit of a container and what it uses, for both versions of Linux's control groups."""
_AVAILABLE = re.compile(r"^MemAvailable:\s*([0-9]+) kB", re.MULTILINE)


class Room:
    """The memory that is left, shared between threads that each start a process.

    A process takes its memory only while it runs, so what others were promised is counted too.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._promised = 0
        self._left: int | None = None

    @contextmanager
    def reserve(self, need: int) -> Iterator[None]:
        """Wait until so many bytes are free, or until nobody else has any."""
        with self._changed:
            self._changed.wait_for(lambda: self._has(need))
            self._promised += need
        try:
            yield
        finally:
            with self._changed:
                self._promised -= need
                self._changed.notify_all()

    def _has(self, need: int) -> bool:
        if self._promised == 0:
            self._left = available_memory()
            return True
        return self._left is None or self._promised + need <= self._left


def available_memory() -> int | None:
    """Count the bytes that are free for more processes; None where the system does not say."""
    free = _machine()
    for limit, used in LIMITS:
        most, now = _number(limit), _number(used)
        if most is not None and now is not None:
            left = max(0, most - now)
            free = left if free is None else min(free, left)
    return free


def _machine() -> int | None:
    try:
        match = _AVAILABLE.search(MACHINE.read_text(encoding="ascii"))
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
