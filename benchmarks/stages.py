"""``dvc status`` of generated stages: a digest in ``cmd`` beside ``params:`` on a shared file.

usage: python benchmarks/stages.py [--models 40]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from timing import compare

import paddledvc

QUIET = {**os.environ, "DVC_NO_ANALYTICS": "1"}


def dvc(folder: Path, *arguments: str) -> None:
    """Run DVC in a folder."""
    subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=QUIET,
        check=True,
        capture_output=True,
    )


def make_project(folder: Path, count: int) -> None:
    """Make a project of models with small weights and everything that teams write about them."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    paddledvc.init(folder)
    (folder / "zoo").mkdir()
    models = []
    for number in range(count):
        weights = f"zoo/m{number}.pdparams"
        (folder / weights).write_bytes(number.to_bytes(4, "big"))
        models.append(
            {
                "name": f"m{number}",
                "version": "v1.0.0",
                "weights_url": weights,
                "description": "A model of the benchmark.",
                "license": "Apache-2.0",
                "owner": "vision@example.com",
                "tags": ["benchmark", "synthetic"],
                "metrics": {"accuracy_top1": {"value": 0.9, "tolerance": 0.01}},
                "meta": {f"note_{line}": "as long as real ones" for line in range(8)},
            }
        )
    (folder / "models.yaml").write_text(yaml.safe_dump({"models": models}), encoding="utf-8")
    project = paddledvc.Project.find(folder)
    paddledvc.lock(project)
    paddledvc.generate(project)
    dvc(folder, "repro", "--quiet")


def with_params(ours: Path, theirs: Path) -> None:
    """Make the same stages depend on their models by ``params:`` on one file."""
    subprocess.run(["git", "init", "--quiet"], cwd=theirs, check=True)
    dvc(theirs, "init", "--quiet")
    shutil.copytree(ours / "zoo", theirs / "zoo")
    models = yaml.safe_load((ours / "models.yaml").read_text(encoding="utf-8"))["models"]
    by_name = {"models": {model["name"]: model for model in models}}
    (theirs / "models.yaml").write_text(yaml.safe_dump(by_name), encoding="utf-8")
    pipeline = yaml.safe_load((ours / "dvc.yaml").read_text(encoding="utf-8"))
    for name, stage in pipeline["stages"].items():
        slug = name.partition("-")[2]
        stage["cmd"] = f"cp zoo/{slug}.pdparams {next(iter(stage['outs'][0]))}"
        stage["params"] = [{"models.yaml": [f"models.{slug}"]}]
    pipeline.pop("artifacts")
    (theirs / "dvc.yaml").write_text(yaml.safe_dump(pipeline), encoding="utf-8")
    (theirs / "checkpoints").mkdir()
    dvc(theirs, "repro", "--quiet")


def main() -> None:
    """Make both projects and ask DVC for their status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=40)
    count = parser.parse_args().models
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = Path(name, "ours"), Path(name, "theirs")
        ours.mkdir()
        theirs.mkdir()
        make_project(ours, count)
        with_params(ours, theirs)
        compare(
            f"dvc status of {count} models",
            [
                ("digest in cmd (paddledvc)", lambda: dvc(ours, "status")),
                ("params: on a shared file", lambda: dvc(theirs, "status")),
            ],
        )


if __name__ == "__main__":
    main()
