"""A whole verify of resnet50 with 64 samples, beside the least that anyone would have to do.

That is a plain script with as many processes, side by side in the same way: each imports Paddle,
loads the network or the exported files, and runs every sample once; then the outputs are compared.

usage: python benchmarks/verify.py [--runs 3] [--samples 64] [--network resnet50]
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

PATHS = ("jit", "predictor", "deployed")
BATCH_SIZES = (1, 3, 8)
PREPARE = """
import sys
import numpy as np
import paddle
from paddle.vision import models

paddle.seed(0)
layer = getattr(models, sys.argv[1])()
layer.eval()
paddle.save(layer.state_dict(), "net.pdparams")
spec = paddle.static.InputSpec([None, 3, 224, 224], "float32", "image")
paddle.jit.save(layer, "export/net", input_spec=[spec])
x = np.random.default_rng(0).standard_normal((int(sys.argv[2]), 3, 224, 224)).astype("float32")
np.savez("samples.npz", image=x)
"""
PLAIN = """
import sys
import numpy as np
import paddle
from paddle import inference
from paddle.vision import models

name, way, *sizes = sys.argv[1:]
sizes = list(map(int, sizes))
x = np.load("samples.npz")["image"]
calls = [x[:size] for size in sizes[:-1]]
calls += [x[n : n + sizes[-1]] for n in range(0, len(x), sizes[-1])]
if way == "eager":
    layer = getattr(models, name)()
    layer.set_state_dict(paddle.load("net.pdparams"))
elif way == "jit":
    layer = paddle.jit.load("export/net")
if way in ("eager", "jit"):
    layer.eval()
    with paddle.no_grad():
        outputs = [layer(paddle.to_tensor(call)).numpy() for call in calls]
else:
    config = inference.Config("export/net.json", "export/net.pdiparams")
    config.disable_glog_info()
    if way == "predictor":
        config.disable_onednn()
    else:
        config.enable_new_executor()
        config.enable_memory_optim()
    predictor = inference.create_predictor(config)
    given = predictor.get_input_handle(predictor.get_input_names()[0])
    outputs = []
    for call in calls:
        given.copy_from_cpu(call)
        predictor.run()
        made = predictor.get_output_handle(predictor.get_output_names()[0])
        outputs.append(made.copy_to_cpu())
np.savez(way + ".npz", *outputs)
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run cost: seconds on the clock, and seconds of all its processes."""

    clock: float
    processor: float


class Memory:
    """The largest memory of every process of Paddle that runs meanwhile, in MB, by what it does."""

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        names: dict[int, str] = {}
        while not self._done.wait(0.1):
            for pid in descendants(os.getpid()):
                try:
                    name = names.get(pid) or does(pid)
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:
                    continue
                if name and "VmHWM" in status:
                    names[pid] = name
                    peak = int(status.split("VmHWM:")[1].split()[0]) // 1024
                    self.peaks[name] = max(self.peaks.get(name, 0), peak)


def descendants(pid: int) -> list[int]:
    """List the processes that a process started, and those that these did."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, task.read_text().split())
        except OSError:
            continue
    return [*children, *(further for child in children for further in descendants(child))]


def does(pid: int) -> str:
    """Say what a process of Paddle does: the words of its job, or the way of the plain script."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if "paddledvc.tools.paddle" in words:
        job = pickle.loads(Path(words[words.index("paddledvc.tools.paddle") + 1]).read_bytes())
        return getattr(job, "path", "eager")
    return next((way for way in ("eager", *PATHS) if way in words), "")


def verify(name: str, folder: Path) -> None:
    """Do it with paddledvc."""
    command = [sys.executable, "-m", "paddledvc", "verify"]
    command += ["--network", f"paddle.vision.models:{name}", "--weights", "net.pdparams"]
    command += ["--export", "export/net", "--samples", "samples.npz"]
    command += ["--input", "image:float32[?,3,224,224]"]
    command += ["--batch-sizes", ",".join(map(str, BATCH_SIZES))]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def plain(name: str, folder: Path) -> None:
    """Do it with the plain script."""

    def run(way: str) -> None:
        command = [sys.executable, "-c", PLAIN, name, way, *map(str, BATCH_SIZES)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    run("eager")
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2)) as pool:
        list(pool.map(run, PATHS))
    expected = np.load(folder / "eager.npz")
    for way in PATHS:
        found = np.load(folder / f"{way}.npz")
        for key in expected.files:
            left, right = expected[key], found[key]
            assert (abs(right - left).max(1) <= 1e-5 * abs(left).max(1)).all(), way


def measured(call: Callable[[], object]) -> Cost:
    """Run once."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    call()
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(clock=clock, processor=spent)


def main() -> None:
    """Run both in turn, and print the medians and the memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--network", default="resnet50")
    options = parser.parse_args()
    both = {"plain script": plain, "paddledvc verify": verify}
    costs: dict[str, list[Cost]] = {name: [] for name in both}
    peaks: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        prepare = [sys.executable, "-c", PREPARE, options.network, str(options.samples)]
        subprocess.run(prepare, cwd=folder, check=True, capture_output=True)
        for _ in range(options.runs):
            for name, do in both.items():
                with Memory() as used:
                    costs[name].append(measured(partial(do, options.network, folder)))
                peaks[name] = used.peaks
    print(f"\nverify {options.network}, {options.samples} samples (median of {options.runs})")
    floor = median(costs["plain script"])
    for name, found in costs.items():
        cost = median(found)
        print(
            f"  {name:<16}  {cost.clock:6.1f} s  {cost.clock / floor.clock:5.2f} x"
            f"   processor {cost.processor:6.1f} s  {cost.processor / floor.processor:5.2f} x"
        )
        memory = ", ".join(f"{way} {peak}" for way, peak in peaks[name].items())
        print(f"    largest memory in MB: {memory}")


def median(costs: list[Cost]) -> Cost:
    """Take the median of each."""
    return Cost(
        clock=statistics.median(cost.clock for cost in costs),
        processor=statistics.median(cost.processor for cost in costs),
    )


if __name__ == "__main__":
    main()
