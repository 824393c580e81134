"""Whether somebody waits so closely that DVC's code stays out, as far as ours does the same.

To import DVC's code for its configuration, its lock and its notes takes 0.1 to 0.2 s, twice of what
a switch of branches may take. So there are three shortcuts: `core.config.parse_plain_config` reads
what is plainly written, `locks` takes the lock by the system's own call, and `state` writes the
notes. They are for what git waits for, for ``status``, and for what ``check`` reads of the cache;
everything else leaves these things to DVC's code.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALLOWED = ContextVar("shortcuts_allowed", default=False)


@contextmanager
def allow_shortcuts() -> Iterator[None]:
    """Take shortcuts within; threads that are started there do not."""
    token = _ALLOWED.set(True)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def shortcuts_allowed() -> bool:
    """Tell whether shortcuts are taken here.

    >>> with allow_shortcuts():
    ...     shortcuts_allowed()
    True
    >>> shortcuts_allowed()
    False
    """
    return _ALLOWED.get()
