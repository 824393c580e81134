"""The ``paddledvc`` command."""

from __future__ import annotations

import os
import sys


def _leave_work_tree_out() -> None:
    """Take the current folder off the path, which may be a work tree with any branch's modules.

    It got there by ``python -m paddledvc``, or by an empty element of ``PYTHONPATH``. What an
    installed package has put there, as an editable one does, comes after Python's own modules.
    """
    try:
        here = ("", os.getcwd())  # noqa: PTH109
    except OSError:  # it is gone
        return
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    library = os.path.dirname(os.__file__)  # noqa: PTH120
    own = sys.path.index(library) if library in sys.path else 0
    sys.path[:own] = [one for one in sys.path[:own] if one not in here or one == ours]


_leave_work_tree_out()

from paddledvc.cli import main  # noqa: E402 - click is not looked for in the work tree

if __name__ == "__main__":
    main()
