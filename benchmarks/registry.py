"""Reading and checking a models.yaml of 1,000 models, beside the usual libraries.

usage: python benchmarks/registry.py [--models 1000]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from ruamel.yaml import YAML
from timing import compare

import paddledvc
from paddledvc import schemas
from paddledvc.models import registry
from paddledvc.yaml import dialect
from paddledvc.yaml.reader import parse_yaml


def models_yaml(count: int) -> str:
    """Write a registry with about 25 lines a model."""
    lines = ["models:"]
    for number in range(count):
        digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
        lines.append(
            f"""\
  - name: model-{number}
    version: v3.{number}.0
    source: zoo
    weights_url: https://models.example/model-{number}.pdparams
    md5: "{digest}"
    task: image_classification
    accuracy_top1: 76.8%
    input_size: [224, 224]
    description: A model of the benchmark.
    tags: [benchmark, synthetic]
    network: paddle.vision.models:resnet50
    network_args:
      num_classes: 1000
    inputs:
      - name: image
        shape: [null, 3, 224, 224]
        dtype: float32
    export: {{}}
    verify:
      batch_sizes: [1, 4]
    meta:
      team: vision
      cost: 3"""
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Compare parsing, checking, and the whole command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1000)
    count = parser.parse_args().models
    text = models_yaml(count)
    value = yaml.load(text, Loader=yaml.CSafeLoader)
    schema = json.loads(paddledvc.schema())
    compare(
        f"parse {count:,} models",
        [
            ("paddledvc (with positions)", lambda: parse_yaml(text, "models.yaml")),
            ("PyYAML CSafeLoader", lambda: yaml.load(text, Loader=yaml.CSafeLoader)),
            ("PyYAML SafeLoader", lambda: yaml.load(text, Loader=yaml.SafeLoader)),
            ("ruamel.yaml safe", lambda: YAML(typ="safe", pure=True).load(text)),
        ],
    )
    document = parse_yaml(text, "models.yaml")
    explained = dialect.Explainer(schema)
    compare(
        f"check {count:,} models",
        [
            ("paddledvc", lambda: schemas.read_schema("models").problems(document)),
            ("paddledvc without jsonschema-rs", lambda: list(explained.iter_errors(value))),
        ],
    )
    compare(
        f"typed registry of {count:,} models",
        [("paddledvc", lambda: registry.parse_registry(document, schemas.read_schema("models")))],
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "models.yaml").write_text(text, encoding="utf-8")
        run = [sys.executable, "-m", "paddledvc", "-C", folder, "lock"]
        subprocess.run(run, check=True, capture_output=True)
        compare(
            f"whole commands, {count:,} models",
            [
                (
                    "paddledvc lock --check",
                    lambda: subprocess.run([*run, "--check"], check=True, capture_output=True),
                ),
                (
                    "paddledvc lock",
                    lambda: subprocess.run(run, check=True, capture_output=True),
                ),
            ],
        )


if __name__ == "__main__":
    main()
