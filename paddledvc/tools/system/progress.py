"""Who is told how bytes arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

ByteProgress: TypeAlias = Callable[[int, int | None], None]
"""Told how many bytes have arrived, and how many there are if that is known."""
NamedProgress: TypeAlias = Callable[[str, int, int | None], None]
"""Told a model's name, how many bytes have arrived, and how many there are if that is known."""


def label_progress(progress: NamedProgress | None, name: str) -> ByteProgress | None:
    """Let whoever reads bytes tell whose they are."""
    return None if progress is None else lambda done, total: progress(name, done, total)
