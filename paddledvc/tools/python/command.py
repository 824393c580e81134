"""Python, started so that it imports nothing from the folder that it is started in.

Hooks, and what they start, work in a work tree, whose files are a branch's: a ``json.py`` there
must not run. ``python -m`` imports from the current folder, and so does every Python whose
``PYTHONPATH`` has an empty element; Python 3.11 has ``PYTHONSAFEPATH``, which stops only the first.
``-I`` stops both everywhere, and hides what ``pip install --user`` has installed: where that is in
use, ``-E`` and an own ``sys.path`` do the same.

What runs a user's own code is the exception, and starts Python itself: ``tools/paddle/process.py``.
"""

from __future__ import annotations

import site
import sys
from typing import Literal

Isolation = Literal["-I", "-E"]
"""The option of Python that keeps its variables out of it, and what ``-I`` does besides."""
# `sys` is built in. For -c the current folder comes first; nothing was imported from it so far.
LEAVE_WORK_TREE_OUT = "import sys; sys.path[:] = [one for one in sys.path if one]"
"""What code says first that runs with ``-E -c``."""


def isolate_python() -> Isolation:
    """Choose the option by which a Python like this one finds what this one has installed."""
    return "-E" if site.ENABLE_USER_SITE and site.USER_SITE in sys.path else "-I"


def code_command_line(
    code: str, *arguments: str, options: tuple[str, ...] = (), python: str | None = None
) -> list[str]:
    """Give the command that runs code, with nothing of the current folder on its path."""
    said = f"{LEAVE_WORK_TREE_OUT}\n{code}"
    return [python or sys.executable, isolate_python(), *options, "-c", said, *arguments]


def module_command_line(
    module: str, *arguments: str, options: tuple[str, ...] = (), python: str | None = None
) -> list[str]:
    """Give the command that runs a module as ``python -m`` does, but for the current folder."""
    if isolate_python() == "-I":
        return [python or sys.executable, "-I", *options, "-m", module, *arguments]
    run = f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return code_command_line(run, *arguments, options=options, python=python)
