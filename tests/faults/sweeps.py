"""What comparisons of right and wrong exports found, by a process for each architecture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

RUN = Path(__file__).with_name("run.py")
RIGHT = "right"
NAMES = ("resnet18", "mobilenet_v3_small", "transformer", "tagger", "crnn")
FAULTS = (
    "epsilon",
    "float16 weights",
    "swapped channels",
    "weights not loaded",
    "one tensor +0.1 %",
    "flipped sample",
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One export, compared on one path.

    Attributes:
        noise: how far rounding alone moves the dynamic network.
        tolerance: that of the path, of a network with such noise.
        samples: number of samples times number of outputs.
        over: the call, sample and output of each that is over the tolerance of the path.
    """

    name: str
    seed: int
    fault: str
    path: str
    threads: int
    noise: float
    tolerance: float
    scaled_error: float
    problems: list[str]
    samples: int
    over: list[tuple[int, int, str]]

    @property
    def outputs(self) -> set[str]:
        """The outputs that are over the tolerance."""
        return {output for _, _, output in self.over}


def sweep(name: str, folder: Path, how: str, **variables: str) -> list[Found]:
    """Compare the exports of one architecture; ``run.py`` says how far ``how`` goes."""
    command = [sys.executable, str(RUN), name, str(folder), how]
    environment = {**os.environ, "GLOG_minloglevel": "2", **variables}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [Found(**one) for one in json.loads((folder / "found.json").read_text())]


def sweep_all(folder: Path, how: str, processes: int) -> list[Found]:
    """Compare the exports of every architecture."""
    for name in NAMES:
        (folder / name).mkdir()
    with ThreadPoolExecutor(processes) as pool:
        one = partial(_one, folder, how)
        return [found for every in pool.map(one, NAMES) for found in every]


def _one(folder: Path, how: str, name: str) -> list[Found]:
    return sweep(name, folder / name, how)
