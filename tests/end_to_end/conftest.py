"""Real repositories, driven as people do: ``git``, ``python -m paddledvc``, ``python -m dvc``."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.forks import run_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAIN = """
import hashlib
import json
import os

with open(os.environ["PADDLEDVC_PARAMS"]) as file:
    params = json.load(file)
base = os.environ["PADDLEDVC_BASE"]
seen = os.environ["PADDLEDVC_MODEL"].encode() + json.dumps(params, sort_keys=True).encode()
if base:
    with open(base, "rb") as file:
        seen += file.read()
with open(os.environ["PADDLEDVC_WEIGHTS"], "wb") as file:
    file.write(hashlib.sha256(seen).digest() * 100)
with open(os.environ["PADDLEDVC_METRICS"], "w") as file:
    json.dump({"loss": params["lr"] / 2}, file)
"""


class Repo:
    """A git repository in a folder of its own, and the commands that are run in it."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root, self.environment = root, environment
        self.ran: list[str] = []

    def try_(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run(self, *command: str) -> str:
        """Run a command that must not fail, and return what it printed."""
        done = self.try_(*command)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def dvc(self, *arguments: str) -> str:
        return self.run(*run_module("dvc"), *arguments)

    def paddledvc(self, *arguments: str) -> str:
        return self.run(*run_module("paddledvc"), *arguments)

    def commit(self, title: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", title)

    def repro(self, *arguments: str) -> list[str]:
        """Run ``dvc repro``, or another command that runs stages, and name those it ran."""
        return re.findall(r"Running stage '([^']+)'", self.dvc(*(arguments or ("repro",))))

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there once."""
        text = (self.root / name).read_text()
        assert text.count(old) == 1, (old, text.count(old))
        (self.root / name).write_text(text.replace(old, new))

    def yaml(self, name: str) -> dict:
        return yaml.safe_load((self.root / name).read_text())

    def hashes(self, folder: str) -> dict[str, str]:
        """Hash every file of a folder with md5, as DVC does."""
        return {
            path.relative_to(self.root / folder).as_posix(): md5(path.read_bytes())
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file() and path.name != ".gitignore"
        }

    def copy(self, folder: Path) -> Repo:
        """Copy the repository, its cache and its work tree."""
        root = folder / "repo"
        shutil.copytree(self.root, root, symlinks=True)
        return Repo(root, self.environment)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.fixture(scope="session")
def repo_at(environment: dict[str, str]) -> Callable[[Path], Repo]:
    """Make an empty git repository in a new folder."""

    def make(root: Path) -> Repo:
        root.mkdir(parents=True)
        made = Repo(root, environment)
        made.git("init", "--quiet")
        return made

    return make


@pytest.fixture
def repo(tmp_path: Path, repo_at: Callable[[Path], Repo]) -> Repo:
    """An empty git repository."""
    return repo_at(tmp_path / "repo")


NAMES = [*(f"m{number}" for number in range(1, 10)), "PP-YOLOE+_L"]
SLUGS = [*NAMES[:-1], "PP-YOLOEplus_L"]


def weights_of(name: str, release: int = 1) -> bytes:
    return f"weights {release} of {name}\n".encode() * 100


def _models() -> list[dict]:
    """Ten models: the first two with pinned weights, all but the first trained."""
    models = []
    for name in NAMES:
        model = {"name": name, "version": "v1.0.0", "description": f"Model {name} of ten."}
        if name in NAMES[:2]:
            model["weights_url"] = f"zoo/{name}.pdparams"
            model["md5"] = md5(weights_of(name))
        if name != NAMES[0]:
            model["train"] = {"command": "python train.py", "deps": ["train.py"]}
        models.append(model)
    return models


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory, repo_at: Callable[[Path], Repo]) -> Repo:
    """Ten models in a repository, built by ``dvc repro`` and committed; to be copied only."""
    made = repo_at(tmp_path_factory.mktemp("ten") / "repo")
    made.paddledvc("init")
    made.write("train.py", TRAIN)
    for name in NAMES[:2]:
        made.write(f"zoo/{name}.pdparams", weights_of(name))
    made.write("models.yaml", yaml.safe_dump({"models": _models()}, sort_keys=False))
    params = {slug: {"train": {"lr": number / 8}} for number, slug in enumerate(SLUGS)}
    made.write("params.yaml", yaml.safe_dump(params, sort_keys=False))
    made.paddledvc("lock")
    made.paddledvc("generate")
    made.ran = made.repro()
    made.commit("Ten models")
    return made


@pytest.fixture
def ten(first_run: Repo, tmp_path: Path) -> Repo:
    """A copy of the ten models, for a test to change."""
    return first_run.copy(tmp_path)
