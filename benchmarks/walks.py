"""How straight the ways through the code are: files entered, and returns to a file already left.

Five commands run in a small project while Python reports every call. Of each pair of a function
and a function that it calls the first call counts. A walk enters the file of the called function,
and is back in that of its caller when it returns; how often either brings it to a file that it has
left before is its returns.

usage: python benchmarks/walks.py [--tree PATH]   # another checkout of this repository, such as
                                                  # an older one: git worktree add PATH COMMIT
"""

from __future__ import annotations

import argparse
import inspect
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

NETWORK = """\
import paddle


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.layer = paddle.nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x)
"""
MODELS = """\
models:
  - name: net
    version: v1.0.0
    weights_url: zoo/net.pdparams
    network: net.py:Net
    inputs: [{name: x, shape: [null, 3]}]
    export: {}
"""
WEIGHTS = """\
import paddle
from net import Net

paddle.save(Net().state_dict(), "zoo/net.pdparams")
"""
HIDDEN = ("<lambda>", "<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>")
"""Functions that stand in another one."""


class Walk:
    """Follows the calls between the functions of a package.

    Attributes:
        files: the files that the walk is in, one after the other.
    """

    def __init__(self, package: Path) -> None:
        self.files: list[str] = []
        self._package = f"{package}{os.sep}"
        self._known: set[tuple[CodeType | None, CodeType]] = set()
        self._first: list[FrameType] = []

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take what Python reports."""
        if event not in ("call", "return") or not self._counts(frame):
            return
        caller = frame.f_back
        while caller is not None and not self._counts(caller):
            caller = caller.f_back
        if event == "call":
            call = (caller.f_code if caller else None, frame.f_code)
            if call not in self._known:
                self._known.add(call)
                self._first.append(frame)
                self._enter(frame)
        elif self._first and self._first[-1] is frame:
            self._first.pop()
            if caller is not None:
                self._enter(caller)

    def _counts(self, frame: FrameType) -> bool:
        code = frame.f_code
        # The bodies of modules and classes run when a module is imported, and are no calls.
        function = code.co_flags & inspect.CO_OPTIMIZED and code.co_name not in HIDDEN
        return bool(function) and code.co_filename.startswith(self._package)

    def _enter(self, frame: FrameType) -> None:
        file = frame.f_code.co_filename.removeprefix(self._package)
        if self.files[-1:] != [file]:
            self.files.append(file)

    def __str__(self) -> str:
        left: set[str] = set()
        returns = 0
        for before, file in zip(self.files, self.files[1:], strict=False):
            left.add(before)
            returns += file in left
        return f"{len(set(self.files)):4} files  {returns:4} returns"


def follow(name: str, do: Callable[[], object]) -> None:
    """Run something, and print what its walk was."""
    import paddledvc  # noqa: PLC0415 - of the tree that is looked at

    walk = Walk(Path(paddledvc.__file__).parent)
    threading.setprofile(walk)
    sys.setprofile(walk)
    try:
        do()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    print(f"{name:<22}{walk}")


def walk_all(root: Path) -> None:
    """Make a project with two commits, and walk through the five commands."""
    import paddledvc  # noqa: PLC0415 - of the tree that is looked at
    from paddledvc.hooks import run as hooks  # noqa: PLC0415

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=walks", "-c", "user.email=walks@example.org")
        return run("git", *who, "-c", "core.hooksPath=/dev/null", *arguments)

    git("init", "--initial-branch", "main")
    paddledvc.init(root)
    (root / "net.py").write_text(NETWORK)
    (root / "zoo").mkdir()
    run(sys.executable, "-c", WEIGHTS)
    (root / "models.yaml").write_text(MODELS)

    follow("lock", lambda: paddledvc.lock(paddledvc.Project(root)))
    follow("generate", lambda: paddledvc.generate(paddledvc.Project(root)))
    repro = (sys.executable, "-m", "dvc", "repro", "--quiet")
    run(*repro)
    git("add", "--all")
    git("commit", "--message", "Version 1")
    follow("verify", lambda: paddledvc.verify(paddledvc.Project(root), "net"))

    git("checkout", "-b", "feature/next")
    (root / "models.yaml").write_text(MODELS.replace("v1.0.0", "v1.1.0"))
    paddledvc.lock(paddledvc.Project(root))
    paddledvc.generate(paddledvc.Project(root))
    run(*repro)
    git("add", "--all")
    git("commit", "--message", "Version 1.1")
    follow("check --base main", lambda: paddledvc.check(paddledvc.Project(root), base="main"))

    git("checkout", "main")
    commits = (git("rev-parse", "feature/next"), git("rev-parse", "main"))
    call = hooks.Call.parse(["post-checkout", "--in", ".", *commits, "1"])
    follow("hook post-checkout", lambda: hooks.run(call))


def main() -> None:
    """Walk through this tree, or through another one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", type=Path, default=Path(__file__).resolve().parents[1])
    tree = parser.parse_args().tree.resolve()
    if os.environ.get("PYTHONPATH", "").split(os.pathsep)[0] != str(tree):
        # Stages call `paddledvc` by name.
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        environment = {**os.environ, "PYTHONPATH": str(tree), "PATH": path}
        sys.exit(subprocess.call([sys.executable, *sys.argv], env=environment))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        root.mkdir()
        os.chdir(root)
        walk_all(root)


if __name__ == "__main__":
    main()
