"""The numbers of a training, in the files that DVC and its editors show while it runs.

The layout is that of DVCLive, which was tried and does not fit here: it opens the git repository
and DVC itself, which costs half a second and fails where there is no commit yet.
"""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING

from paddledvc.tools.system.files import write_text

if TYPE_CHECKING:
    from pathlib import Path


class Curves:
    r"""Final values in ``metrics.json``, and one table a metric in ``plots/metrics/``.

    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp()) / "train"
    >>> curves = Curves(folder)
    >>> curves.log(0, {"loss": 0.5})
    >>> curves.log(1, {"loss": 0.25})
    >>> (folder / "plots" / "metrics" / "loss.tsv").read_text().splitlines()
    ['step\tloss', '0\t0.5', '1\t0.25']
    """

    def __init__(self, folder: Path) -> None:
        """Start anew; what an earlier training left in the folder is removed."""
        self._metrics = folder / "metrics.json"
        self._tables = folder / "plots" / "metrics"
        self._summary: dict[str, float | int | str] = {}
        shutil.rmtree(self._tables, ignore_errors=True)
        self._tables.mkdir(parents=True)
        self._write()

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Add one point to the curve of each metric; the last one is also its final value.

        Raises:
            ValueError: a name cannot be the name of a file.
        """
        for name, value in metrics.items():
            if not name or set(name) & set('/\\:*?"<>|\t\n') or name.startswith("."):
                raise ValueError(f"{name!r} cannot be the name of a metric; use letters and _")
            table = self._tables / f"{name}.tsv"
            start = "" if table.exists() else f"step\t{name}\n"
            with table.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{start}{step}\t{value!r}\n")
        self._summary["step"] = step
        self.summarise(metrics)

    def summarise(self, metrics: dict[str, float]) -> None:
        """Set final values; JSON has no NaN and no infinity, so these become text."""
        for name, value in metrics.items():
            self._summary[name] = value if math.isfinite(value) else str(value)
        self._write()

    def _write(self) -> None:
        write_text(self._metrics, json.dumps(self._summary, indent=2) + "\n")
