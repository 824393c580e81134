"""Git repositories with weights in several versions, their DVC remotes, and what must be on disk.

``world`` is a folder with everything a team has, made once and copied for every test::

    world/work       a clone on main: hooks live, weights of main on disk, all versions in its cache
    world/hub.git    where it was cloned from
    world/remotes    the DVC remotes dev, staging and prod

``dvc repro`` is played by ``Weights.set``: it writes what DVC would have written, in milliseconds.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.tools.git.merge import merge_driver
from paddledvc.yaml.merge.rules import MERGE_FORMS
from tests import plain_yaml
from tests.forks import run_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

ROLES = ("dev", "staging", "prod")
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
NOWHERE = "file:///nowhere"
"""Where the pinned weights come from: a place that has gone."""
CONFIG = "[core]\n    analytics = false\n    remote = dev\n" + "".join(
    f"['remote \"{role}\"']\n    url = ../../remotes/{role}\n    verify = true\n" for role in ROLES
)
IGNORED = "/checkpoints/\n/exports/\n/data/labels.bin\n/embeddings.bin\n"
OWN_STAGES = """\
# What the team wrote itself.
stages:
  pack:
    cmd: python pack.py
    deps:
      - checkpoints/beta_trained.pdparams
    outs:
      - exports/beta
      - embeddings.bin
"""
PINNED = ("alpha", "gamma")


def blob(name: str, version: object) -> bytes:
    """Make the bytes of one version of an output; no two are alike, and all are of one length."""
    seed = hashlib.sha256(f"{name} {version}".encode()).digest()
    return b"".join(hashlib.sha256(seed + bytes([block])).digest() for block in range(128))


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def listing(files: Mapping[str, bytes]) -> bytes:
    """Write DVC's listing of a folder."""
    entries = [{"md5": md5(data), "relpath": name} for name, data in sorted(files.items())]
    return json.dumps(entries, sort_keys=True).encode()


def packed(version: object) -> dict[str, bytes]:
    """Make the files that the team's stage writes into exports/beta; the last never changes."""
    return {
        "inference.json": blob("program", version)[:900],
        "inference.pdiparams": blob("export", version),
        "sub/labels.txt": b"cat\ndog\n",
    }


def checkpoint(name: str, version: str) -> str:
    return f"checkpoints/{name}_{version}.pdparams"


BETA = "checkpoints/beta_trained.pdparams"
LABELS = "data/labels.bin"


class Weights:
    """A clone with weights.

    Attributes:
        root: its folder.
        world: the folder that it shares with its remotes.
        environment: the variables of every command.
    """

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root, self.world, self.environment = root, root.parent, dict(environment)

    def try_(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run(self, *command: str, **variables: str) -> str:
        """Run a command that must not fail, and return what it printed, errors last."""
        done = self.try_(*command, **variables)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def bare_git(self, *arguments: str) -> str:
        """Run git without any hook."""
        return self.run("git", *NO_HOOKS, *arguments)

    def dvc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.try_(*run_module("dvc"), *arguments)

    def paddledvc(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.try_(*run_module("paddledvc"), *arguments, **variables)

    @property
    def branch(self) -> str:
        return self.git("rev-parse", "--abbrev-ref", "HEAD").strip()

    def write(self, name: str, data: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.exists():  # it may be a link into the cache
            path.unlink()
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def yaml(self, name: str) -> Any:
        return deepcopy(parsed((self.root / name).read_bytes()))

    def cached(self, oid: str, cache: Path | None = None) -> Path:
        """Name the file of an object in the cache, or in a remote."""
        folder = self.root / ".dvc" / "cache" if cache is None else cache
        return folder / "files" / "md5" / oid[:2] / oid[2:]

    def stored(self, role: str, oid: str) -> Path:
        """Name the file of an object in one of the remotes that are folders."""
        return self.cached(oid, self.world / "remotes" / role)

    def keep(self, data: bytes, suffix: str = "") -> dict[str, Any]:
        """Put bytes into the cache as DVC does, and return what DVC writes down of them."""
        oid = md5(data) + suffix
        path = self.cached(oid)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o444)
        return {"hash": "md5", "md5": oid, "size": len(data)}

    def forget(self) -> None:
        """Empty the cache."""
        shutil.rmtree(self.root / ".dvc" / "cache", ignore_errors=True)

    def set(
        self, *, origin: str = NOWHERE, beta_version: str | None = None, **versions: object
    ) -> None:
        """Move to other versions, as people, ``paddledvc lock``, ``generate`` and ``dvc repro`` do.

        Args:
            origin: URL of the folder that pinned weights come from.
            beta_version: what models.yaml calls beta from now on; as it does without.
            versions: of the pinned alpha and gamma, the trained beta, and the team's labels.
        """
        now = {**self.versions(), **versions}
        models: list[dict[str, Any]] = [
            {
                "name": name,
                "version": now[name],
                "weights_url": f"{origin}/{name}_{now[name]}.pdparams",
                "md5": md5(blob(name, now[name])),
                "sha256": hashlib.sha256(blob(name, now[name])).hexdigest(),
                "size": len(blob(name, now[name])),
            }
            for name in PINNED
            if now[name] is not None
        ]
        command = {"command": "python train.py"}
        named = beta_version or self._version_of("beta") or "v1.0.0"
        models.append({"name": "beta", "version": named, "train": command})
        self.write("models.yaml", plain_yaml.dump({"models": models}))
        self.write("params.yaml", f"beta:\n  train:\n    release: {now['beta']}\n")
        project = Project(self.root)
        paddledvc.lock(project)
        paddledvc.generate(project)
        self._repro(now)
        self._label(now["labels"])

    def _version_of(self, name: str) -> str | None:
        models = self.yaml("models.yaml")["models"]
        return next((model["version"] for model in models if model["name"] == name), None)

    def versions(self) -> dict[str, Any]:
        """Read the versions that the files of the work tree ask for."""
        labels = self.yaml(f"{LABELS}.dvc")["outs"][0]["md5"]
        return {
            **{name: self._version_of(name) for name in PINNED},
            "beta": self.yaml("params.yaml")["beta"]["train"]["release"],
            "labels": next(one for one in range(1000) if md5(blob("labels", one)) == labels),
        }

    def _repro(self, now: Mapping[str, Any]) -> None:
        """Write what the stages write, and the dvc.lock that DVC would write then."""
        made: dict[str, bytes | dict[str, bytes]] = {
            **{checkpoint(name, now[name]): blob(name, now[name]) for name in PINNED if now[name]},
            BETA: blob("beta", now["beta"]),
            "exports/beta": packed(now["beta"]),
            "embeddings.bin": blob("embeddings", now["beta"]),
        }
        for path in (self.root / "checkpoints").glob("*"):
            if f"checkpoints/{path.name}" not in made:
                path.unlink()
        done: dict[str, Any] = {}
        self.write("reports/beta/train/metrics.json", f'{{"loss": {1 / (1 + now["beta"])}}}\n')
        for name, stage in self.yaml("dvc.yaml")["stages"].items():
            done[name] = {"cmd": stage["cmd"]}
            if "deps" in stage:
                done[name]["deps"] = [self._built(path, made) for path in sorted(stage["deps"])]
            if "params" in stage:
                params = {"beta.train": {"release": now["beta"]}}
                done[name]["params"] = {"params.yaml": params}
            outs = [*stage.get("outs", ()), *stage.get("metrics", ())]
            paths = sorted(one if isinstance(one, str) else next(iter(one)) for one in outs)
            done[name]["outs"] = [self._built(path, made) for path in paths]
        text = plain_yaml.dump({"schema": "2.0", "stages": done})
        self.write("dvc.lock", text)

    def _built(self, path: str, made: Mapping[str, bytes | dict[str, bytes]]) -> dict[str, Any]:
        """Write an output, keep it in the cache, and return the entry of it in dvc.lock."""
        data = made.get(path)
        if data is None:  # a dependency or a metric that git holds
            there = self.read(path)
            return {"path": path, "hash": "md5", "md5": md5(there), "size": len(there)}
        if isinstance(data, bytes):
            self.write(path, data)
            return {"path": path, **self.keep(data)}
        shutil.rmtree(self.root / path, ignore_errors=True)
        for name, part in data.items():
            self.write(f"{path}/{name}", part)
            self.keep(part)
        size = sum(map(len, data.values()))
        entry = {"path": path, **self.keep(listing(data), ".dir")}
        return {**entry, "size": size, "nfiles": len(data)}

    def _label(self, version: object) -> None:
        kept = self.keep(blob("labels", version))
        entry = {"md5": kept["md5"], "size": kept["size"], "hash": "md5", "path": "labels.bin"}
        self.write(f"{LABELS}.dvc", plain_yaml.dump({"outs": [entry]}))
        self.write(LABELS, blob("labels", version))

    def commit(self, title: str = "a commit") -> str:
        """Commit all that is in the folder, without any hook."""
        self.bare_git("add", "--all")
        self.bare_git("commit", "--quiet", "--allow-empty", "--message", title)
        return self.git("rev-parse", "HEAD").strip()

    def objects(self, revision: str = "HEAD") -> set[str]:
        """Name the objects that a commit needs, those in folders too."""
        found: set[str] = set()
        for oid, _ in expected(self.root, revision).values():
            found.add(oid)
            if oid.endswith(".dir") and self.is_whole(oid):
                entries = json.loads(self.cached(oid).read_bytes())
                found.update(entry["md5"] for entry in entries)
        return found

    def is_whole(self, oid: str) -> bool:
        """Tell whether the cache has the bytes of an object, and no others."""
        path = self.cached(oid)
        return path.is_file() and md5(path.read_bytes()) == oid.removesuffix(".dir")

    def send(self, role: str, revision: str = "HEAD") -> None:
        """Copy the whole objects of a commit from the cache into a remote that is a folder."""
        for oid in filter(self.is_whole, self.objects(revision)):
            target = self.stored(role, oid)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.cached(oid), target)

    def clone(self, name: str) -> Weights:
        """Clone the hub beside this clone: no hooks, no weights, nothing in the cache."""
        self.run("git", "clone", "--quiet", str(self.world / "hub.git"), str(self.world / name))
        return Weights(self.world / name, self.environment)

    def hook(self, *options: str) -> None:
        """Install the hooks."""
        done = self.paddledvc("hooks", "install", *options)
        assert done.returncode == 0, done.stderr

    def check(self, revision: str = "HEAD") -> None:
        """Assert that every output of a commit is on disk, byte for byte, and no other weights."""
        assert wrong(self.root, revision) == {}
        assert unknown(self.root, revision) == []


def expected(root: Path, revision: str = "HEAD") -> dict[str, tuple[str, str | None]]:
    """Read what a commit says lies in the work tree: DVC's name and sha256 by path.

    It shares nothing with paddledvc but the files it reads.
    """

    built, locked, labels = documents(root, revision, "dvc.lock", "models.lock", f"{LABELS}.dvc")
    found: dict[str, tuple[str, str | None]] = {}
    for stage in built.get("stages", {}).values():
        for out in stage["outs"]:
            if not out["path"].startswith("reports/"):
                found[out["path"]] = (out["md5"], None)
    for model in locked.get("models", []):
        if "path" in model:
            found[model["path"]] = (model["md5"], model.get("sha256"))
    found[LABELS] = (labels["outs"][0]["md5"], None)
    return found


def documents(root: Path, revision: str, *names: str) -> Iterator[Any]:
    """Read YAML files of a commit; one that it has not is an empty mapping."""
    asked = "".join(f"{revision}:{name}\n" for name in names).encode()
    command = ["git", "cat-file", "--batch"]
    done = subprocess.run(command, cwd=root, input=asked, capture_output=True, check=True)
    answer = io.BytesIO(done.stdout)
    for _ in names:
        size = answer.readline().split()[-1]
        if size == b"missing":
            yield {}
        else:
            yield parsed(answer.read(int(size)))
            answer.read(1)  # the end of its last line


@cache
def parsed(text: bytes) -> Any:
    """Parse YAML; what comes of it is not to be changed."""
    return plain_yaml.load(text)


def name_of(path: Path) -> str | None:
    """Hash a file or folder to the name that DVC gives its object; None where there is nothing."""
    if path.is_dir():
        files = {
            file.relative_to(path).as_posix(): file.read_bytes()
            for file in path.rglob("*")
            if file.is_file()
        }
        return f"{md5(listing(files))}.dir"
    return md5(path.read_bytes()) if path.is_file() else None


def wrong(root: Path, revision: str = "HEAD") -> dict[str, str]:
    """Say what on disk is not what a commit says: ``missing`` or ``other bytes``, by path."""
    found: dict[str, str] = {}
    for path, (oid, sha256) in expected(root, revision).items():
        actual = name_of(root / path)
        same = actual == oid
        if same and sha256 is not None:
            same = hashlib.sha256((root / path).read_bytes()).hexdigest() == sha256
        if not same:
            found[path] = "missing" if actual is None else "other bytes"
    return found


def unknown(root: Path, revision: str = "HEAD") -> list[str]:
    """List weights and exports on disk that a commit knows nothing of."""
    known = expected(root, revision)
    there = [path for folder in ("checkpoints", "exports") for path in (root / folder).glob("*")]
    names = [path.relative_to(root).as_posix() for path in there if path.name != ".gitignore"]
    return sorted(name for name in names if name not in known)


def start(root: Path, environment: Mapping[str, str]) -> Weights:
    """Make a repository with the first version of everything, in the cache and on disk."""
    made = Weights(root, environment)
    root.mkdir(parents=True)
    made.git("init", "--quiet")
    merge_driver.install_merge_driver(root)
    attributes = "".join(f"{name} merge=paddledvc\n" for name in MERGE_FORMS)
    for name, text in {
        ".dvc/config": CONFIG,
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".dvcignore": "",
        ".gitignore": IGNORED,
        ".gitattributes": attributes,
        "dvc.yaml": OWN_STAGES,
        "models.yaml": "models: []\n",
        "params.yaml": "beta: {train: {release: 1}}\n",
        "README.md": "A project.\n",
    }.items():
        made.write(name, text)
    made._label(1)
    made.set(alpha="v1.0.0", gamma="v1.0.0")
    made.commit("Version 1")
    return made


def _populate(world: Path, environment: Mapping[str, str]) -> None:
    made = start(world / "work", environment)
    for role in ROLES:
        (world / "remotes" / role).mkdir(parents=True)
    made.git("tag", "v1.0.0")
    made.send("prod")
    for branch, origin, role, versions in (
        ("develop", "main", "staging", {"alpha": "v1.1.0", "beta": 2}),
        ("feature/labels", "develop", "dev", {"labels": 2}),
        ("feature/alpha", "develop", "dev", {"alpha": "v1.2.0", "beta": 3}),
    ):
        made.git("checkout", "--quiet", "-b", branch, origin)
        made.set(**versions)
        made.commit(f"{branch}: {versions}")
        made.send(role)
    made.git("checkout", "--quiet", "-b", "docs", "main")
    made.write("README.md", "A project, described.\n")
    made.commit("Describe the project")
    made.send("dev")
    made.git("checkout", "--quiet", "main")
    made.set(**made.versions())
    assert made.git("status", "--porcelain") == ""
    made.git("init", "--quiet", "--bare", str(world / "hub.git"))
    made.git("remote", "add", "origin", "../hub.git")
    made.git("push", "--quiet", "--all", "origin")
    made.git("push", "--quiet", "--tags", "origin")
    made.git("fetch", "--quiet", "origin")
    for branch in ("main", "develop", "feature/labels", "feature/alpha", "docs"):
        made.git("branch", "--quiet", "--set-upstream-to", f"origin/{branch}", branch)


@contextmanager
def as_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let this very process have the variables of the commands."""
    with pytest.MonkeyPatch.context() as patch:
        for key in os.environ.keys() - variables.keys():
            patch.delenv(key)
        for key, value in variables.items():
            patch.setenv(key, value)
        yield


@pytest.fixture(scope="session")
def bare_world(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A world whose clone has no hooks yet; to be copied only.

    ====================  ======  ======  ====  ======  =======
    branch                alpha   gamma   beta  labels  remote
    ====================  ======  ======  ====  ======  =======
    main, tag v1.0.0      v1.0.0  v1.0.0  1     1       prod
    develop               v1.1.0  v1.0.0  2     1       staging
    feature/labels        v1.1.0  v1.0.0  2     2       dev
    feature/alpha         v1.2.0  v1.0.0  3     1       dev
    docs (from main)      v1.0.0  v1.0.0  1     1       dev
    ====================  ======  ======  ====  ======  =======
    """
    world = tmp_path_factory.mktemp("worlds") / "world"
    with as_environment(environment):
        _populate(world, environment)
    return world


@pytest.fixture(scope="session")
def hooked_world(bare_world: Path, environment: dict[str, str]) -> Path:
    """A world whose clone has live hooks, and its weights in place; to be copied only."""
    world = shutil.copytree(bare_world, bare_world.with_name("hooked"), symlinks=True)
    made = Weights(world / "work", environment)
    made.hook()
    made.check()
    return world


@pytest.fixture
def copy_of(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Weights]:
    """Copy a world and return its clone."""

    def copy(world: Path, name: str = "world") -> Weights:
        shutil.copytree(world, tmp_path / name, symlinks=True)
        return Weights(tmp_path / name / "work", environment)

    return copy


@pytest.fixture
def plain(bare_world: Path, copy_of: Callable[..., Weights]) -> Weights:
    """A clone without hooks, in a world of its own."""
    return copy_of(bare_world, "plain")


@pytest.fixture
def weights(hooked_world: Path, copy_of: Callable[..., Weights]) -> Weights:
    """A clone with live hooks, in a world of its own."""
    return copy_of(hooked_world)
