"""A project at the gate: models that are locked, built and verified, and ways to spoil that.

``dvc repro`` is played by ``Gated.build``: it writes what DVC and ``paddledvc verify`` would have
written, in milliseconds. tests/end_to_end/test_demo.py has the real ones do it.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import paddledvc
from paddledvc import Project
from paddledvc.comparison.agreement import Agreement, OutputAgreement, SampleError
from paddledvc.hashes import Hashes
from paddledvc.locking.core.image_pins import fill_image_pins, list_unpinned_images
from paddledvc.locking.current import LockUse
from paddledvc.models.lockfile import Lock
from paddledvc.models.verify_settings import Engine
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.paddle.core.jobs import Runtime
from paddledvc.verification.core.verify_report import PathReport, VerifyReport
from tests import plain_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from paddledvc.comparison.caveats import Caveat
    from paddledvc.gate.core.violations import Verdict

FACTS = """\
    owner: the vision team
    license: Apache-2.0
    description: A backbone.
"""
"""What production warns of where a model does not say it."""
EXPORTED = f"""\
models:
  - name: resnet50
    version: v3.3.0
    weights_url: https://host/resnet50-3.3.0.pdparams
    md5: "0cc175b9c0f1b6a831c399e269772661"
    network: net.py:Net
    inputs: [{{name: x, shape: [null, 4]}}]
    export: {{}}
{FACTS}"""
"""One model that is downloaded, exported and verified."""
NET = """\
from paddle import nn

import layers


class Net(nn.Layer):
    def forward(self, x):
        return x
"""
"""Its network."""
RANGED = f"""\
catalogs:
  team: {{kind: index, url: zoo/index.yaml}}
models:
  - name: det
    version: ">=1,<2"
    source: team
{FACTS}"""
"""One model whose versions a catalog lists."""
IMAGE_DIGEST = f"sha256:{'1b' * 32}"
"""What the tag of every image names."""
TODAY = "2026-11-22"


def md5(text: str | bytes) -> str:
    return hashlib.md5(text.encode() if isinstance(text, str) else text).hexdigest()


class Gated:
    """A project, and what a team does with it."""

    def __init__(self, folder: Any) -> None:
        self.folder, self.root = folder, folder.root
        self.write, self.read = folder.write, folder.read
        self.holds: dict[str, str] = {}
        """What weights and exports hold, by path, where that is not as usual."""
        self.paddle = "3.3.1"
        if not (self.root / "net.py").exists():
            self.write("net.py", NET)
            self.write("layers.py", "")

    def git(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, check=check, capture_output=True, text=True
        )
        return done.stdout

    @property
    def project(self) -> Project:
        return Project(self.root)

    def models(self, text: str, *, build: bool = True) -> None:
        """Write models.yaml, and bring all that follows from it up to date."""
        self.write("models.yaml", text)
        self.update(build=build)

    def lock(self) -> None:
        """Lock, without a network: what a registry would tell of every image is played."""
        locked = paddledvc.lock(self.project, use=LockUse(offline="a test")).lock.models
        registry = self.project.registry()
        told = dict.fromkeys(list_unpinned_images(registry, locked), IMAGE_DIGEST)
        self.project.write_lock(Lock(models=fill_image_pins(registry, locked, told)))

    def update(self, *, build: bool = True) -> None:
        self.lock()
        paddledvc.generate(self.project)
        if build:
            self.build()

    def edit(self, name: str, old: str, new: str, count: int = 1) -> None:
        """Replace text that must be there."""
        text = self.read(name)
        assert text.count(old) >= 1, (old, text)
        self.write(name, text.replace(old, new, count))

    def commit(self, title: str = "a commit") -> str:
        return self.folder.commit(title)

    def branch(self, name: str) -> None:
        self.git("checkout", "--quiet", "-b", name)

    def check(self, **options: Any) -> Verdict:
        return paddledvc.check(self.project, **options)

    def lines(self, **options: Any) -> list[str]:
        """Check, and write each finding as people see it."""
        return [str(one) for one in self.check(**options).violations]

    def build(self, *, passes: bool = True, caveats: tuple[Caveat, ...] = ()) -> None:
        """Do as if ``dvc repro`` had run."""
        stages = self.yaml("dvc.yaml")["stages"]
        lock = self.project.lock()
        written = {model.path: model.md5 for model in lock.models}
        for model in self.project.registry().models:
            if model.exports:
                self.report(model, passes=passes, caveats=caveats)
        built = {}
        for name, stage in stages.items():
            built[name] = {"cmd": stage["cmd"]}
            if "deps" in stage:
                entries = {path: written.get(path) or self.digest(path) for path in stage["deps"]}
                built[name]["deps"] = _entries(entries)
            if "params" in stage:
                built[name]["params"] = self.params(stage["params"])
            outs = {path: written.get(path) or self.digest(path) for path in _outs(stage)}
            written.update(outs)
            built[name]["outs"] = _entries(outs)
        self.write("dvc.lock", plain_yaml.dump({"schema": "2.0", "stages": built}))

    def params(self, keys: list[Any]) -> dict[str, Any]:
        """Read hyperparameters as DVC notes them: keys of params.yaml, and whole files."""
        files = {name: self.yaml(name) for key in keys if isinstance(key, dict) for name in key}
        plain = [key for key in keys if isinstance(key, str)]
        values = self.yaml("params.yaml") if plain else {}
        return {"params.yaml": {key: _at(values, key) for key in plain}, **files}

    def report(self, model: Any, *, passes: bool = True, caveats: tuple[Caveat, ...] = ()) -> None:
        """Do as if ``paddledvc verify`` had run."""
        weights = self.project.lock().model(model.name)
        path = weights.path or f"checkpoints/{model.name}_trained.pdparams"
        digests = {path: weights.md5 or self.digest(path), **self.exported(model.slug)}
        error = 0.0 if passes else 0.01
        report = VerifyReport(
            model=model.name,
            version=model.requires.text,
            repeatable=True,
            starts=(0,),
            batches=(1,),
            paths=(_path(error),),
            files=tuple(Hashed(path=p, hashes=Hashes(md5=m)) for p, m in digests.items()),
            samples_sha256="1" * 64,
            engine=Engine(),
            runtime=replace(RUNTIME, paddle=self.paddle),
            latency=(),
            outputs=model.outputs,
            caveats=caveats,
        )
        self.write(f"reports/{model.slug}/verify.json", report.to_json())
        self.write(f"reports/{model.slug}/verify.csv", report.to_csv())
        self.write(f"reports/{model.slug}/latency.json", report.latency_json())

    def exported(self, slug: str) -> dict[str, str]:
        """Name the files of an export, and what they hash to."""
        files = ("inference.json", "inference.pdiparams")
        holds = self.holds.get(f"exports/{slug}", slug)
        return {f"exports/{slug}/{file}": md5(f"{holds} {file}") for file in files}

    def digest(self, path: str) -> str:
        """Hash what git keeps; of what DVC keeps, tell what it hashes to."""
        file: Path = self.root / path
        if file.is_file():
            return md5(file.read_bytes())
        folder, _, slug = path.partition("/")
        if folder == "exports":
            files = {one.rpartition("/")[2]: found for one, found in self.exported(slug).items()}
            return folder_object_name(files)
        return md5(self.holds.get(path, path))

    def yaml(self, name: str) -> Any:
        return plain_yaml.load(self.read(name))


RUNTIME = Runtime(paddle="3.3.1", commit="abc", device="cpu", flags=())


def _path(error: float) -> PathReport:
    worst = OutputAgreement(name="y", scaled_error=error)
    sample = SampleError(case=0, sample=0, output="y", scaled_error=error)
    agreement = Agreement(tolerance=1e-7, problems=(), outputs=(worst,), samples=(sample,))
    return PathReport(
        path="jit", gate="program", tolerance=1e-7, agreement=agreement, runtime=RUNTIME
    )


def _entries(digests: dict[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "hash": "md5", "md5": digest} for path, digest in digests.items()]


def _outs(stage: dict[str, Any]) -> Iterator[str]:
    for key in ("outs", "metrics", "plots"):
        for entry in stage.get(key, ()):
            yield from [entry] if isinstance(entry, str) else entry


def _at(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def a_waiver(rule: str, until: str | date, **fields: Any) -> str:
    """Write a policy with one waiver, to put before the models."""
    waiver = {"rule": rule, "reason": "the lab is closed", "until": str(until), **fields}
    return plain_yaml.dump({"policy": {"waivers": [waiver]}})
