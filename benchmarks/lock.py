"""Locking 1,000 models with ranges over a catalog of 20,000 versions, beside uv on as many wheels.

usage: python benchmarks/lock.py [--models 1000] [--versions 20]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

from timing import compare
from uv import find_uv_bin


def numbers(count: int) -> list[str]:
    """Name versions: 1.0.0, 1.1.0, ..., 2.0.0, ..."""
    return [f"{1 + number // 10}.{number % 10}.0" for number in range(count)]


def write_models(root: Path, models: int, versions: int) -> None:
    """Write a registry of ranges and the index that lists their versions."""
    index = []
    for model in range(models):
        entries = []
        for version in numbers(versions):
            digest = hashlib.sha256(f"{model} {version}".encode()).hexdigest()
            url = f"https://models.example/model-{model}_v{version}.pdparams"
            fields = {"md5": digest[:32], "sha256": digest, "size": 1000, "paddle": ">=3.0"}
            entries.append({"version": f"v{version}", "url": url, **fields})
        index.append({"name": f"model-{model}", "versions": entries})
    (root / "index.json").write_text(json.dumps({"version": 1, "models": index}))
    lines = ["environment: {image: paddlepaddle/paddle:3.3.1}"]
    lines += ["catalogs:", "  zoo: {kind: index, url: index.json}", "models:"]
    for model in range(models):
        lines += [f"  - name: model-{model}", '    version: ">=1.2,<2"', "    source: zoo"]
        lines += ["    task: image_classification", "    description: A model of the benchmark."]
    (root / "models.yaml").write_text("\n".join(lines) + "\n")


def write_wheels(root: Path, models: int, versions: int) -> None:
    """Write a project with as many dependencies, and a folder with as many wheels."""
    wheels = root / "wheels"
    wheels.mkdir()
    for model in range(models):
        for version in numbers(versions):
            name = f"model_{model}"
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
                metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                wheel.writestr(f"{info}/METADATA", metadata)
                wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
                wheel.writestr(f"{info}/RECORD", "")
    names = ",\n".join(f'  "model-{model}>=1.2,<2"' for model in range(models))
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "bench"\nversion = "0"\nrequires-python = ">=3.10"\n'
        f"dependencies = [\n{names}\n]\n\n"
        '[tool.uv]\nno-index = true\nfind-links = ["./wheels"]\n'
    )


def main() -> None:
    """Compare locking from nothing, checking, and upgrading everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--versions", type=int, default=20)
    options = parser.parse_args()
    size = (options.models, options.versions)
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        write_models(Path(ours), *size)
        write_wheels(Path(theirs), *size)
        paddledvc = [sys.executable, "-m", "paddledvc", "-C", ours, "lock"]
        uv = [find_uv_bin(), "lock", "--directory", theirs, "--cache-dir", f"{theirs}/cache"]

        def run(command: list[str], *arguments: str, fresh: str | None = None) -> None:
            if fresh is not None:
                Path(fresh).unlink(missing_ok=True)
            subprocess.run([*command, *arguments], check=True, capture_output=True)

        run(uv)  # what uv learns of each wheel is kept in its cache from now on
        title = f"{size[0]:,} models, {size[0] * size[1]:,} versions"
        compare(
            f"lock from nothing, {title}",
            [
                ("paddledvc lock", lambda: run(paddledvc, fresh=f"{ours}/models.lock")),
                ("uv lock", lambda: run(uv, fresh=f"{theirs}/uv.lock")),
            ],
        )
        for arguments in (["--check"], ["--upgrade"]):
            compare(
                f"lock {' '.join(arguments)}, {title}",
                [
                    (
                        f"paddledvc lock {' '.join(arguments)}",
                        partial(run, paddledvc, *arguments),
                    ),
                    (
                        f"uv lock {' '.join(arguments)}",
                        partial(run, uv, *arguments),
                    ),
                ],
            )


if __name__ == "__main__":
    main()
