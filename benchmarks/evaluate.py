"""An evaluation of resnet18 on 256 small images, beside a plain loop over the same network.

Both loops run in turn in one process, in an evaluation function of ``paddledvc evaluate``: the
plain one calls a network of its own, the other `run.predict`, with the digest of all inputs. Then
the whole command is run beside a plain script. Seconds are those of the processors.

usage: python benchmarks/evaluate.py [--runs 3] [--images 256] [--size 64] [--network resnet18]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BATCH = 64
PREPARE = """
import sys
import numpy as np
import paddle
from paddle.vision import models

paddle.seed(0)
paddle.save(getattr(models, sys.argv[1])().state_dict(), "net.pdparams")
rng = np.random.default_rng(0)
shape = (int(sys.argv[2]), 3, int(sys.argv[3]), int(sys.argv[3]))
np.save("images.npy", rng.standard_normal(shape, dtype="float32"))
np.save("labels.npy", rng.integers(0, 1000, shape[0]))
"""
PLAIN = """
import json
import sys
import time

import numpy as np
import paddle
from paddle.vision import models


def build():
    network = getattr(models, "{network}")()
    network.set_state_dict(paddle.load("net.pdparams"))
    network.eval()
    return network


def loop(network, images, labels):
    right = 0
    with paddle.no_grad():
        for start in range(0, len(images), {batch}):
            part = slice(start, start + {batch})
            scores = network(paddle.to_tensor(images[part])).numpy()
            right += (scores.argmax(axis=1) == labels[part]).sum()
    return float(right / len(images))


def read():
    return np.load("images.npy"), np.load("labels.npy")
"""
SCRIPT = "\nnetwork = build()\nprint(loop(network, *read()))\n"
FUNCTION = """

def measured(model, run, images, labels):
    right = run.predict(model, images, batch_size={batch}).argmax(axis=1) == labels
    return float(right.mean()), right


def evaluate(model, run):
    images, labels = read()
    runs, seconds = run.params["runs"], {{"plain loop": [], "run.predict": []}}
    ways = {{"run.predict": lambda: measured(model, run, images, labels)}}
    if runs:
        network = build()
        ways = {{"plain loop": lambda: loop(network, images, labels), **ways}}
        loop(network, images[:{batch}], labels[:{batch}])
        measured(model, run, images[:{batch}], labels[:{batch}])
    for _ in range(max(1, runs)):
        for name, call in ways.items():
            started = time.process_time()
            found = call()
            seconds[name].append(time.process_time() - started)
    accuracy, right = found
    run.samples(range(len(right)), accuracy=right)
    with open("seconds.json", "w") as file:
        json.dump(seconds, file)
    return {{"accuracy": accuracy}}
"""
MODELS = """models:
  - name: net
    version: v1
    source: net.pdparams
    network: paddle.vision.models:{network}
    inputs: [{{name: image, shape: [null, 3, {size}, {size}]}}]
    evaluate:
      function: measure.py:evaluate
      metrics: {{accuracy: {{direction: higher}}}}
      paths: []
"""


def spent(command: list[str], folder: Path) -> float:
    """Run a command, and tell the seconds of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(folder: Path, options: argparse.Namespace) -> None:
    """Lay out a project with weights, images and the function."""
    sizes = [str(options.images), str(options.size)]
    spent([sys.executable, "-c", PREPARE, options.network, *sizes], folder)
    plain = PLAIN.format(network=options.network, batch=BATCH)
    (folder / "plain.py").write_text(plain + SCRIPT)
    (folder / "measure.py").write_text(plain + FUNCTION.format(batch=BATCH))
    models = MODELS.format(network=options.network, size=options.size)
    (folder / "models.yaml").write_text(models)
    for command in ("lock", "sync"):
        spent([sys.executable, "-m", "paddledvc", command], folder)


def evaluate(folder: Path, runs: int) -> float:
    """Run the whole command, which compares the two loops so often."""
    (folder / "params.yaml").write_text(json.dumps({"net": {"evaluate": {"runs": runs}}}))
    return spent([sys.executable, "-m", "paddledvc", "evaluate", "net"], folder)


def show(title: str, seconds: dict[str, list[float]]) -> None:
    """Print medians, and how they compare with the first."""
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    first = next(iter(medians.values()))
    print(f"\n{title}")
    for name, median in medians.items():
        print(f"  {name:<18}  processor {median:6.2f} s  {median / first:5.2f} x")


def main() -> None:
    """Run both, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--network", default="resnet18")
    options = parser.parse_args()
    what = f"{options.network}, {options.images} images of {options.size} px"
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        prepare(folder, options)
        evaluate(folder, options.runs)
        show(f"the loop over {what}", json.loads((folder / "seconds.json").read_text()))
        script = [sys.executable, "plain.py"]
        whole: dict[str, list[float]] = {"plain script": [], "paddledvc evaluate": []}
        for _ in range(options.runs):
            whole["plain script"].append(spent(script, folder))
            whole["paddledvc evaluate"].append(evaluate(folder, 0))
        show(f"all of it, {what}, the network alone", whole)


if __name__ == "__main__":
    main()
