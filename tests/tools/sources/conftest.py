"""Repositories of models: made with git alone, and by git, DVC and GTO as teams make them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.opening import open_catalog
from tests import plain_yaml
from tests.forks import run_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc.catalogs.base import Catalog

LEAKING = ("GIT_", "PADDLEDVC_", "DVC_")


class Team:
    """A repository of models.

    Attributes:
        root: its work tree.
        env: the environment of its programs.
    """

    def __init__(self, root: Path, env: dict[str, str] | None = None) -> None:
        root.mkdir(parents=True)
        self.root, self.env = root, env or dict(os.environ)
        self._time = 1_700_000_000
        self.git("init", "--quiet")

    def run(self, *command: str, cwd: str = ".", **env: str) -> str:
        """Run a program in the repository and return what it printed."""
        done = subprocess.run(
            run_program(command),
            cwd=self.root / cwd,
            env={**self.env, **env},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def git(self, *arguments: str, **env: str) -> str:
        """Run git."""
        return self.run("git", *arguments, **env)

    def write(self, name: str, data: str | bytes) -> Path:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def dump(self, name: str, value: object) -> None:
        """Write a YAML file."""
        self.write(name, plain_yaml.dump(value))

    def artifacts(self, folder: str = "", **paths: object) -> None:
        """Write the ``dvc.yaml`` of a folder, which says where artifacts are."""
        entries = {name: {"path": at} if isinstance(at, str) else at for name, at in paths.items()}
        self.dump(str(Path(folder) / "dvc.yaml"), {"artifacts": entries})

    def add(self, name: str, data: bytes, **fields: object) -> str:
        """Note a file as ``dvc add`` does, and return its MD5 digest."""
        md5 = hashlib.md5(data).hexdigest()
        out = {"md5": md5, "size": len(data), "hash": "md5", "path": Path(name).name, **fields}
        self.dump(f"{name}.dvc", {"outs": [{key: out[key] for key in out if out[key] is not None}]})
        return md5

    def commit(self) -> str:
        """Commit all that is there, and return the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a commit")
        return self.git("rev-parse", "HEAD").strip()

    def tag(self, *names: str, at: str = "HEAD") -> None:
        """Make annotated tags, each later than all before it."""
        for name in names:
            self._time += 1
            when = {"GIT_COMMITTER_DATE": f"@{self._time} +0000"}
            self.git("tag", "--force", "--annotate", "--message", name, name, at, **when)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A repository of models, made with git alone; its name is not easy."""
    return Team(tmp_path / "team's models 模型")


@pytest.fixture
def det(team: Team) -> Team:
    """The same with versions v1.0.0 and v1.1.0 of ``det``, as if DVC tracked the weights."""
    for version in ("v1.0.0", "v1.1.0"):
        team.artifacts(det="weights/det.pdparams")
        team.add("weights/det.pdparams", version.encode())
        team.commit()
        team.tag(f"det@{version}")
    return team


@pytest.fixture
def catalog(tmp_path: Path) -> Callable[..., Catalog]:
    """Open a catalog by the URL of its repository."""

    def make(url: object, **context: object) -> Catalog:
        fields = {"name": "team", "root": tmp_path, **context}
        return open_catalog(Context(**fields), "git", {"url": str(url)})

    return make


@pytest.fixture(scope="session")
def programs(home: Path) -> dict[str, str]:
    """The environment of programs that fixtures of the whole session start."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(LEAKING)}
    own = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    path = os.pathsep.join((str(Path(sys.executable).parent), env.get("PATH", "")))
    return {
        **env,
        **own,
        "HOME": str(home),
        "PATH": path,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


DATA = {
    "weights/det.pdparams": bytes(range(256)) * 64,
    "bundle/inference.json": b"{}\n",
    "bundle/sub/inference.pdiparams": bytes(range(255, -1, -1)) * 32,
    "gitted.bin": b"in git itself\r\n",
    "out/a/m.bin": b"a\n",
}
"""The bytes of the first versions of ``made``."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, programs: dict[str, str]) -> Team:
    """A repository that a team made with git, DVC and GTO; tests do not change it.

    Its DVC remote is a path from its own clone, and its cache is empty.
    """
    team = Team(tmp_path_factory.mktemp("team") / "our models 模型", programs)
    team.run("dvc", "init", "--quiet")
    team.run("dvc", "remote", "add", "--quiet", "--default", "storage", "../the storage")
    for name, data in DATA.items():
        if not name.startswith("out/"):
            team.write(name, data)
    stage = {"wdir": "out/${item}", "cmd": "echo ${item} > m.bin", "outs": ["m.bin"]}
    stages = {"train": {"foreach": ["a", "b"], "do": stage}}
    stages["never"] = {"cmd": "echo > never.bin", "outs": ["never.bin"]}
    paths = {
        "det": "weights/det.pdparams",
        "bundle": "bundle",
        "gitted": "gitted.bin",
        "trained": "out/a/m.bin",
        "never": "never.bin",
        "inner": "bundle/sub/inference.pdiparams",
    }
    artifacts = {name: {"path": path, "type": "model"} for name, path in paths.items()}
    team.dump("dvc.yaml", {"stages": stages, "artifacts": artifacts})
    for item in ("a", "b"):
        (team.root / "out" / item).mkdir(parents=True)
    team.run("dvc", "add", "--quiet", "weights/det.pdparams", "bundle")
    team.run("dvc", "repro", "--quiet", "train@a", "train@b")
    team.run("dvc", "push", "--quiet", "weights/det.pdparams", "bundle", "train@a", "train@b")
    team.commit()
    team.run("gto", "register", "det", "--version", "v1.0.0")
    for name in paths:
        team.tag(f"{name}@v0.1.0")
    shutil.rmtree(team.root / ".dvc" / "cache")
    return team


@pytest.fixture
def own(made: Team, tmp_path: Path) -> Team:
    """A copy of the repository and its remote, for a test to change."""
    shutil.copytree(made.root.parent, tmp_path / "own", symlinks=True)
    copy = Team.__new__(Team)
    copy.__dict__ = {**made.__dict__, "root": tmp_path / "own" / made.root.name}
    return copy
