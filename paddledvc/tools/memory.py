"""How much memory may still be used, by this machine and by the container around us."""

from __future__ import annotations

import re
from pathlib import Path

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


def available() -> int | None:
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
