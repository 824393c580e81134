"""Switching branches: plain git, paddledvc's hooks, DVC's own hook and git-lfs, side by side.

usage: python benchmarks/checkout.py [--models 50] [--megabytes 20] [--runs 5] [--best]
       [--folder DIR]
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import yaml

import paddledvc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BRANCHES = ("same", "one", "all")
"""Where nothing of the models differs from main, one model, and every model."""
LINKS = ("copy", "reflink", "hardlink", "symlink")
FICLONE = 0x40049409
IGNORED = "/checkpoints/\n"
CONFIG = "[core]\n    analytics = false\n[cache]\n    dir = {cache}\n    type = {link}\n"
LEAKING = ("GIT_", "PADDLEDVC_", "DVC_", "CI", "GITHUB_", "GITLAB_")

Weights: TypeAlias = dict[str, tuple[str, Path]]
"""Version, and a file with the bytes, of each model."""
Pins: TypeAlias = dict[Path, dict[str, str | int]]
"""What models.yaml states of the bytes of files."""
NEAR_GIT, QUICK = 0.005, 0.1
"""Seconds: how much longer than plain git, and how long for one model."""
ONE, ALL = 5, 3
"""How many times faster than DVC's hook, where links are made."""


class Contestant:
    """A clone that git switches, with whatever hook or filter it has."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root
        self.seconds: dict[str, list[float]] = {branch: [] for branch in BRANCHES}
        self.status = ""

    def run(self, *command: str) -> str:
        """Run a command in the clone."""
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{self.name}: {command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def python(self, *arguments: str) -> str:
        """Run a program of this Python in the clone."""
        return self.run(sys.executable, "-m", *arguments)

    def commit(self, title: str) -> None:
        """Commit everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", title)

    def switch(self, branch: str) -> None:
        """Switch from main to a branch, on the clock, and back."""
        # What is still being written, and files too new for git's index, are not this switch's.
        os.sync()
        self.run("git", "status", "--porcelain")
        start = time.perf_counter()
        self.run("git", "checkout", "--quiet", branch)
        self.seconds[branch].append(time.perf_counter() - start)

    def see(self, weights: Weights | None) -> None:
        """See that the weights on disk are those of a branch, by name and size."""
        found = {path.name: path.stat().st_size for path in self.root.glob("checkpoints/*")}
        wanted = {
            f"{name}_{version}.pdparams": source.stat().st_size
            for name, (version, source) in (weights or {}).items()
        }
        if found != wanted:
            raise SystemExit(
                f"{self.name}: the weights are wrong: {found.items() ^ wanted.items()}"
            )


def make_weights(folder: Path, count: int, size: int) -> dict[str, Weights]:
    """Write random weights, and say which branch has which."""
    folder.mkdir()
    old, new = (
        {f"m{number:02}": (version, folder / f"{version}-{number}") for number in range(count)}
        for version in ("v1.0.0", "v1.1.0")
    )
    for _, path in (*old.values(), *new.values()):
        with path.open("wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))
    first = next(iter(old))
    return {"main": old, "same": old, "one": {**old, first: new[first]}, "all": new}


def digests(path: Path) -> dict[str, str | int]:
    """Hash a file as models.yaml states it."""
    data = path.read_bytes()
    found = {name: hashlib.new(name, data).hexdigest() for name in ("md5", "sha256")}
    return {**found, "size": len(data)}


def fill_cache(cache: Path, branches: dict[str, Weights]) -> Pins:
    """Move the weights into a cache of DVC's, and return what each is pinned to."""
    pins: Pins = {}
    for weights in branches.values():
        for _, source in weights.values():
            if source not in pins:
                pins[source] = digests(source)
                name = str(pins[source]["md5"])
                target = cache / "files" / "md5" / name[:2] / name[2:]
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(source, target)
                target.chmod(0o444)
    return pins


def write_project(root: Path, weights: Weights, pins: Pins) -> None:
    """Write what a project of paddledvc commits, dvc.lock as if ``dvc repro`` had run."""
    models = [
        {
            "name": name,
            "version": version,
            "weights_url": f"file:///nowhere/{name}-{version}.pdparams",
            **pins[source],
        }
        for name, (version, source) in weights.items()
    ]
    (root / "models.yaml").write_text(yaml.safe_dump({"models": models}, sort_keys=False))
    project = paddledvc.Project(root)
    paddledvc.lock(project)
    paddledvc.generate(project)
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    done = {}
    for name, (_, source) in weights.items():
        stage = stages[f"sync-{name}"]
        pin = {"hash": "md5", "md5": pins[source]["md5"], "size": pins[source]["size"]}
        out = {"path": next(iter(stage["outs"][0])), **pin}
        done[f"sync-{name}"] = {"cmd": stage["cmd"], "outs": [out]}
    (root / "dvc.lock").write_text(
        yaml.safe_dump({"schema": "2.0", "stages": done}, sort_keys=False)
    )


def make_clone(
    name: str, root: Path, write: Callable[[Weights], None], branches: dict[str, Weights]
) -> Contestant:
    """Make a repository with a branch for every case."""
    made = Contestant(name, root)
    for branch, weights in branches.items():
        if branch != "main":
            made.run("git", "checkout", "--quiet", "-b", branch, "main")
        (root / "README.md").write_text(f"The branch {branch}.\n")
        write(weights)
        made.commit(branch)
    made.run("git", "checkout", "--quiet", "main")
    return made


def make_project(root: Path, branches: dict[str, Weights], pins: Pins) -> Contestant:
    """Make the repository that all but git-lfs work on copies of."""
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".dvc" / "config").write_text("")
    (root / ".gitignore").write_text(IGNORED)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return make_clone("plain git", root, lambda one: write_project(root, one, pins), branches)


def with_hooks(kind: str, link: str, origin: Path, cache: Path) -> Contestant:
    """Copy the repository, let it link from the cache, and install hooks of a kind."""
    root = origin.with_name(f"{kind}-{link}")
    shutil.copytree(origin, root)
    (root / ".dvc" / "config.local").write_text(CONFIG.format(cache=cache, link=link))
    made = Contestant(f"{link}: {kind}", root)
    made.python("dvc", "checkout", "--quiet")
    made.python(*{"DVC's hook": ("dvc", "install")}.get(kind, ("paddledvc", "hooks", "install")))
    return made


def with_lfs(root: Path, branches: dict[str, Weights]) -> Contestant:
    """Make a repository that keeps the same weights in git-lfs."""
    root.mkdir()
    (root / "checkpoints").mkdir()
    for command in ("git init --quiet", "git lfs install --local", "git lfs track *.pdparams"):
        subprocess.run(command.split(), cwd=root, check=True, capture_output=True)

    def write(weights: Weights) -> None:
        shutil.rmtree(root / "checkpoints", ignore_errors=True)
        (root / "checkpoints").mkdir()
        for name, (version, source) in weights.items():
            shutil.copyfile(source, root / "checkpoints" / f"{name}_{version}.pdparams")

    return make_clone("git-lfs", root, write, branches)


def can_reflink(folder: Path) -> bool:
    """Tell whether the file system shares blocks between files."""
    one, other = folder / "reflink-1", folder / "reflink-2"
    one.write_bytes(b"weights")
    with one.open("rb") as source, other.open("wb") as target:
        try:
            fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
        except OSError:
            return False
    return True


def contestants(folder: Path, branches: dict[str, Weights]) -> Iterator[Contestant]:
    """Make every contestant that this machine has the means for."""
    pins = fill_cache(folder / "cache", branches)
    yield (git := make_project(folder / "git", branches, pins))
    if shutil.which("git-lfs") is None:
        print("git-lfs: not installed")
    else:
        yield with_lfs(folder / "lfs", branches)
    for link in LINKS:
        if link == "reflink" and not can_reflink(folder):
            print("reflink: not on this file system")
            continue
        for kind in ("DVC's hook", "paddledvc"):
            yield with_hooks(kind, link, git.root, folder / "cache")


def measure(rivals: list[Contestant], branches: dict[str, Weights], runs: int) -> None:
    """Switch every clone to every branch and back, in turn, and ask DVC what it believes."""
    for _ in range(runs):
        for rival in rivals:
            for branch in BRANCHES:
                rival.switch(branch)
                rival.see(None if rival.name == "plain git" else branches[branch])
                if branch == "all" and ":" in rival.name and not rival.status:
                    rival.status = believed(rival)
                rival.run("git", "checkout", "--quiet", "main")


def believed(rival: Contestant) -> str:
    """Say whether DVC finds the weights as they should be, and how long that takes it."""
    start = time.perf_counter()
    said = rival.python("dvc", "status")
    clean = "clean" if "up to date" in said else "CHANGED"
    return f"{clean}, {time.perf_counter() - start:.2f} s"


def report(
    rivals: list[Contestant], title: str, middle: Callable[[list[float]], float]
) -> dict[str, dict[str, float]]:
    """Print how long each took, by the middle of its runs."""
    medians = {
        rival.name: {branch: middle(times) for branch, times in rival.seconds.items()}
        for rival in rivals
    }
    print(f"\n{title}")
    print(
        f"  {'':<22}{'nothing changed':>17}{'one changed':>14}{'all changed':>14}   dvc status then"
    )
    for rival in rivals:
        one = medians[rival.name]
        cells = f"{one['same']:>15.3f} s{one['one']:>12.3f} s{one['all']:>12.3f} s"
        print(f"  {rival.name:<22}{cells}   {rival.status}")
    return medians


def judge(medians: dict[str, dict[str, float]]) -> None:
    """Compare the medians with what is asked of paddledvc."""
    git = medians["plain git"]
    print()
    for link in LINKS:
        if (ours := medians.get(f"{link}: paddledvc")) is None:
            continue
        theirs = medians[f"{link}: DVC's hook"]
        ratio = {branch: theirs[branch] / ours[branch] for branch in BRANCHES}
        asked = {"nothing changed within 5 ms of git": ours["same"] - git["same"] <= NEAR_GIT}
        if link == "copy":
            asked["all changed no slower than DVC"] = ratio["all"] >= 1
        else:
            asked["one changed within 100 ms"] = ours["one"] <= QUICK
            asked["one changed 5x faster than DVC"] = ratio["one"] >= ONE
            asked["all changed 3x faster than DVC"] = ratio["all"] >= ALL
        times = ", ".join(f"{branch} {ratio[branch]:.1f}x" for branch in BRANCHES)
        print(f"  {link}: faster than DVC's hook: {times}")
        for what, met in asked.items():
            print(f"    {'met   ' if met else 'MISSED'} {what}")


@contextmanager
def isolated(folder: Path) -> Iterator[None]:
    """Keep the machine's settings of git and DVC out, and the programs of this Python in."""
    for key in tuple(os.environ):
        if key.startswith(LEAKING):
            del os.environ[key]
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = B\n\temail = b@example.com\n[init]\n\tdefaultBranch = main\n"
    )
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    sites = {key: str(home / key) for key in ("DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR")}
    os.environ.update(HOME=str(home), PATH=path, DVC_NO_ANALYTICS="1", **sites)
    # Compiled modules are part of what people run, wherever this one is installed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    yield


def main() -> None:
    """Make the clones, switch them, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--best", action="store_true", help="for a machine that is busy besides")
    parser.add_argument("--folder", type=Path, help="where to work; its file system is measured")
    options = parser.parse_args()
    kind, middle = ("best", min) if options.best else ("median", statistics.median)
    title = f"{options.models} models of {options.megabytes} MB ({kind} of {options.runs})"
    with tempfile.TemporaryDirectory(dir=options.folder) as name, isolated(Path(name)):
        branches = make_weights(Path(name, "zoo"), options.models, options.megabytes << 20)
        rivals = list(contestants(Path(name), branches))
        measure(rivals, branches, options.runs)
        judge(report(rivals, title, middle))


if __name__ == "__main__":
    main()
