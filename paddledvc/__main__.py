"""The ``paddledvc`` command."""

from __future__ import annotations

from paddledvc.cli import main

if __name__ == "__main__":
    main()
