"""What verify says of right and of wrong exports of real architectures, as Markdown.

usage: python benchmarks/faults.py [quick]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "faults"))
from sweeps import FAULTS, NAMES, RIGHT, Found, sweep_all

PATHS = ("jit", "predictor", "deployed")


def row(*cells: object) -> str:
    """Write one row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def largest(found: list[Found]) -> str:
    """Write the largest error."""
    return f"{max(one.scaled_error for one in found):.1e}" if found else ""


def untouched(found: list[Found]) -> None:
    """One row an architecture: the largest error of each path beside its noise and tolerance."""
    print(row("untouched", *PATHS, "noise", "tolerance", "comparisons", "false alarms"))
    print(row(*["---"] * 8))
    for name in NAMES:
        mine = [one for one in found if one.name == name and one.fault == RIGHT]
        errors = [largest([one for one in mine if one.path == path]) for path in PATHS]
        alarms = sum(len(one.over) + len(one.problems) for one in mine)
        noise = f"{max(one.noise for one in mine):.1e}"
        widest = f"{max(one.tolerance for one in mine):g}"
        print(row(f"`{name}`", *errors, noise, widest, sum(one.samples for one in mine), alarms))


def faults(found: list[Found]) -> None:
    """One row a fault, the largest error of each architecture on the path ``deployed``."""
    print(row("fault", *(f"`{name}`" for name in NAMES)))
    print(row(*["---"] * (1 + len(NAMES))))
    for fault in FAULTS:
        cells = []
        for name in NAMES:
            mine = [one for one in found if (one.name, one.fault) == (name, fault)]
            seen = [one for one in mine if one.path == "deployed"] or mine
            below = max(one.scaled_error - one.tolerance for one in seen) <= 0
            plain = [one for one in mine if one.path == "predictor"]
            cells.append(f"{largest(plain)} (program)" if below else largest(seen))
        print(row(fault, *cells))


def main() -> None:
    """Compare, and print both tables."""
    how = sys.argv[1] if len(sys.argv) > 1 else "all"
    with tempfile.TemporaryDirectory() as folder:
        found = sweep_all(Path(folder), how, processes=2)
    untouched(found)
    print()
    faults(found)


if __name__ == "__main__":
    main()
