"""Kill commands at their system calls, run the next one, and print what is left, as a table.

usage: python tests/crash/sweep.py [POINTS [NAME...]]

Each command runs in a copy of one project, and is killed (``kill -9``) at one of the system calls
by which it changes the disk; with no strace, at a random moment. Right after that every file must
be as it was before the command, or as after it. Then the next command runs, in turn each of those
that people may call; what it leaves must be what it leaves where nothing was killed, or where what
was killed was never called, to the byte and with no file more.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CALLS = (
    "rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,"
    "chmod,fchmod,fchmodat,utimensat,ftruncate,copy_file_range,sendfile,fsync,fdatasync,flock,"
    "write,pwrite64"
)
"""What changes the disk, or waits for the right to; to read is harmless at any moment."""
POINTS = 400
NOISE = re.compile(
    r"\.git/(?!hooks/)|(.*/)?\.dvc/(tmp/|cache/(runs/|paddledvc/known-))|\.paddledvc/tmp/"
    r"(wanted/|.*\.lock$|placed\.json(\.old)?$)|\.merge_file_[^.]*$"  # the last are git's own
)
"""Files that differ from run to run, or are written before they are needed."""
LEFT = re.compile(r"(.*/)?(\.[^/]*\.part(/.*)?|writing\.json|tmp-[^/]*|placing\.[^/]*-[^/]*)")
"""Files of killed processes."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A command to kill.

    Attributes:
        name: what to call it.
        command: words for the shell.
        start: words for the shell that make the project what it is before.
        then: the next commands, each alone.
    """

    name: str
    command: str
    start: str = ":"
    then: tuple[str, ...]


PUT_BACK = "git switch -q --discard-changes main; git switch -q dev"
SITUATIONS = (
    Situation(
        name="init",
        start="rm -rf .dvc .dvcignore .paddledvc .gitattributes .git/hooks/* .git/paddledvc "
        "models.yaml params.yaml .gitignore; git config --local --remove-section merge.paddledvc",
        command="paddledvc init --remote prod=../rem/prod",
        then=("paddledvc init --remote prod=../rem/prod",),
    ),
    Situation(
        name="init of a clone",
        start="rm -rf .git/hooks/* .git/paddledvc; "
        "git config --local --remove-section merge.paddledvc",
        command="paddledvc init",
        then=("paddledvc init",),
    ),
    Situation(
        name="hooks install",
        start="rm -rf .git/hooks/*; printf '#!/bin/sh\\n:\\n' > .git/hooks/pre-push; "
        "chmod +x .git/hooks/pre-push",
        command="paddledvc hooks install",
        then=("paddledvc hooks install",),
    ),
    Situation(
        name="add",
        command="paddledvc add b --from zoo",
        then=("paddledvc lock", "paddledvc status; paddledvc lock", "paddledvc generate"),
    ),
    Situation(
        name="remove",
        command="paddledvc remove a",
        then=("paddledvc lock", "paddledvc list; paddledvc lock --check", "paddledvc generate"),
    ),
    Situation(
        name="lock",
        start="paddledvc remove a -q >/dev/null 2>&1; git checkout -q models.yaml",
        command="paddledvc lock",
        then=("paddledvc lock",),
    ),
    Situation(
        name="generate",
        start="paddledvc add b --from zoo",
        command="paddledvc generate",
        then=("paddledvc generate",),
    ),
    Situation(
        name="sync",
        start="rm -rf checkpoints",
        command="paddledvc sync",
        then=("paddledvc sync", "paddledvc pull; paddledvc sync"),
    ),
    Situation(
        name="pull",
        start="rm -rf checkpoints data own.bin .dvc/cache .paddledvc/tmp",
        command="paddledvc pull",
        then=("paddledvc pull", f"{PUT_BACK}; git switch -q main"),
    ),
    Situation(
        name="push",
        start="rm -rf ../rem/prod ../rem/dev",
        command="paddledvc push",
        then=("paddledvc push",),
    ),
    Situation(
        name="gc",
        command="git branch -qD dev; git reflog expire --expire=all --all; "
        "exec paddledvc gc --grace 0 --days 0 --unshared --force",
        then=("paddledvc gc --grace 0 --days 0 --unshared --force; paddledvc pull",),
    ),
    Situation(
        name="switch",
        command="git switch -q dev",
        then=("paddledvc pull", "git switch -q main", "git switch -q main; git switch -q dev"),
    ),
    Situation(
        name="switch to a commit without a folder",
        command="git switch -q less",
        then=("paddledvc pull", "git switch -q main", "git switch -q dev"),
    ),
    Situation(
        name="merge",
        start="git switch -q topic",
        command="git merge -q --no-edit dev",
        then=(
            (
                "rm -f .git/*.lock; git merge --abort; git reset -q --hard; "
                "git merge -q --no-edit dev; paddledvc pull"
            ),
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong after a kill."""

    name: str
    point: int
    then: str
    kind: str
    what: str


class Bench:
    """A project, made once, and copied for each kill."""

    def __init__(self, top: Path, port: int) -> None:
        self.top, self.work, self.kept = top, top / "work", top / "kept"
        self.environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": str(top / "gitconfig"),
            "GIT_CONFIG_SYSTEM": os.devnull,
            "XDG_CACHE_HOME": str(top / "cache"),
            "XDG_STATE_HOME": str(top / "state"),
            "XDG_CONFIG_HOME": str(top / "config"),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(top / "site"),
            "PADDLEDVC_HOOKS": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        (top / "gitconfig").write_text(
            "[user]\n name = T\n email = t@example.invalid\n[init]\n defaultBranch = main\n"
        )
        self.project = self.work / "proj"
        self.project.mkdir(parents=True)
        self._make(port)
        shutil.copytree(self.work, self.kept, symlinks=True)

    def _make(self, port: int) -> None:
        def say(version: str, *names: str) -> None:
            (self.project / "models.yaml").write_text(
                f'catalogs:\n  zoo: {{kind: index, url: "http://127.0.0.1:{port}/index.json"}}\n'
                "models:\n"
                + "".join(
                    f"  - name: {name}\n    version: {version}\n    source: zoo\n" for name in names
                )
            )

        def build(message: str, number: int) -> None:
            (self.project / "own.bin").write_bytes(bytes([number]) * 5000)
            self.run("dvc add -q own.bin && paddledvc lock && paddledvc generate && dvc repro -q")
            self.run(f"git add -A && git commit -qm '{message}' && paddledvc push")

        self.run("git init -q && paddledvc init --remote prod=../rem/prod --remote dev=../rem/dev")
        say("v1.0.0", "a", "c")
        build("one", 1)
        self.run("git switch -qc dev")
        say("v1.1.0", "a", "c")
        build("two", 2)
        self.run("git switch -q main && git switch -qc less")
        say("v1.0.0", "a")
        build("less", 3)
        self.run("git switch -q main && git switch -qc topic && echo note > note.md")
        with (self.project / "models.yaml").open("a") as file:
            file.write("  - name: b\n    version: v1.0.0\n    source: zoo\n")
        build("topic", 1)
        self.run("git switch -q main")

    def run(self, command: str) -> None:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise RuntimeError(f"{command}\n{done.stdout}{done.stderr}")

    def try_(self, command: str) -> str:
        with suppress(RuntimeError):
            self.run(command)
            return ""
        return command

    def start(self, one: Situation) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        subprocess.run(["cp", "-a", self.kept, self.work], check=True)
        self.try_(one.start)

    def files(self) -> dict[str, str]:
        """Digest every file that matters, and name the empty folders."""
        found: dict[str, str] = {}
        for at, folders, names in os.walk(self.work):
            here = Path(at)
            inside = here.relative_to(self.project).as_posix() if here.is_relative_to(
                self.project
            ) else f"../{here.relative_to(self.work).as_posix()}"  # fmt: skip
            for name in names:
                path = name if inside == "." else f"{inside}/{name}"
                if LEFT.fullmatch(path) or not NOISE.match(path):
                    found[path] = hashlib.md5((here / name).read_bytes()).hexdigest()
            if not (names or folders) and inside.startswith(("checkpoints", "data")):
                found[f"{inside}/"] = "folder"
        found["HEAD"] = (self.project / ".git" / "HEAD").read_text()
        return found

    def kill(self, one: Situation, point: int | None, seconds: float) -> int:
        """Run a command and kill it at a point, or count its points if that is None."""
        words = [
            "sh",
            "-c",
            one.command if one.command.startswith("git branch") else f"exec {one.command}",
        ]
        if shutil.which("strace") is None:
            return self._kill_later(words, 0 if point is None else point * seconds / POINTS)
        log = self.top / "calls"
        inject = [] if point is None else ["-e", f"inject={CALLS}:signal=KILL:when={point}"]
        subprocess.run(
            ["strace", "-f", "-qq", "-o", log if point is None else os.devnull,
             "-e", f"trace={CALLS}", *inject, *words],
            cwd=self.project, env=self.environment, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if point is not None:
            return 0
        calls = Counter(
            line.split(None, 1)[0] for line in log.read_text(errors="replace").splitlines()
        )
        return max(calls.values(), default=0)

    def _kill_later(self, words: Sequence[str], after: float) -> int:
        child = subprocess.Popen(
            words, cwd=self.project, env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with suppress(subprocess.TimeoutExpired):
            child.wait(after or None)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return POINTS


@contextmanager
def serve(folder: Path) -> Iterator[int]:
    """Serve a catalog of three models, one of them a folder, with two versions of each."""
    made = random.Random(7)
    models = []

    def write(path: str, size: int) -> dict[str, object]:
        data = made.randbytes(size)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return {
            "url": path,
            "md5": hashlib.md5(data).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": size,
        }

    for name in ("a", "b"):
        versions = [
            {"version": one, **write(f"{name}_{one}.pdparams", 4000)}
            for one in ("v1.0.0", "v1.1.0")
        ]
        models.append({"name": name, "versions": versions})
    versions = [
        {
            "version": one,
            "files": [
                {"path": path, **write(f"c/{one}/{path}", 1000)}
                for path in ("f1.bin", "f2.bin", "sub/f3.bin")
            ],
        }
        for one in ("v1.0.0", "v1.1.0")
    ]
    models.append({"name": "c", "versions": versions})
    (folder / "index.json").write_text(json.dumps({"version": 1, "models": models}))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def sweep(bench: Bench, one: Situation, points: int) -> tuple[int, list[Finding]]:
    """Kill a command at so many points; return how many there were, and what is wrong."""
    bench.start(one)
    before = bench.files()
    began = time.monotonic()
    bench.kill(one, None, 0)
    seconds = time.monotonic() - began
    after = bench.files()
    calls = 1
    if shutil.which("strace") is not None:
        bench.start(one)
        calls = bench.kill(one, None, 0)
    right = {then: [_left(bench, one, f"({one.command}); {then}"), _left(bench, one, then)]
             for then in one.then}  # fmt: skip
    chosen = sorted({round(1 + n * (calls - 1) / max(1, points - 1)) for n in range(points)})
    if shutil.which("strace") is None:
        chosen = sorted(random.Random(points).randrange(1, POINTS) for _ in range(points))
    found: list[Finding] = []
    for number, point in enumerate(chosen):
        then = one.then[number % len(one.then)]
        bench.start(one)
        bench.kill(one, point, seconds)
        at_once = bench.files()
        wrong = [
            ("mixed", path)
            for path, digest in at_once.items()
            if digest not in (before.get(path), after.get(path)) and not LEFT.fullmatch(path)
            and not path.endswith("/") and not (one.name == "merge" and path != "HEAD")
            and not (one.name == "init" and path.startswith(".dvc"))  # DVC is running
        ]  # fmt: skip
        failed = bench.try_(then)
        now = bench.files()
        wrong += min(
            (_differences(now, (files, fails), failed) for files, fails in right[then]), key=len
        )
        found += [
            Finding(name=one.name, point=point, then=then, kind=kind, what=what)
            for kind, what in wrong
        ]
    return len(chosen), found


def _left(bench: Bench, one: Situation, command: str) -> tuple[dict[str, str], str]:
    """Say what a command leaves, and whether it fails."""
    bench.start(one)
    failed = bench.try_(command)
    return bench.files(), failed


def _differences(
    now: dict[str, str], right: tuple[dict[str, str], str], failed: str
) -> list[tuple[str, str]]:
    wanted, fails = right
    return [
        *(("left behind", path) for path in now.keys() - wanted.keys()),
        *(("missing", path) for path in wanted.keys() - now.keys()),
        *(("differs", path) for path in now.keys() & wanted.keys() if now[path] != wanted[path]),
        *([("fails", failed)] if failed and not fails else []),
    ]


def main(points: int, names: Sequence[str]) -> int:
    """Sweep, and print a row for each command."""
    chosen = [one for one in SITUATIONS if not names or one.name in names]
    each = max(1, points // len(chosen))
    print(
        "| killed | points | mixed | not completed | left behind |\n| --- | --- | --- | --- | --- |"
    )
    every: list[Finding] = []
    with tempfile.TemporaryDirectory() as top, serve_in(Path(top, "srv")) as port:
        bench = Bench(Path(top), port)
        for one in chosen:
            count, found = sweep(bench, one, each)
            every += found
            for item in found:
                print(
                    f"{item.name}, call {item.point}, then `{item.then}`: {item.kind}: {item.what}",
                    file=sys.stderr,
                    flush=True,
                )
            cells = [
                len({item.point for item in found if item.kind in kinds})
                for kinds in (("mixed",), ("missing", "differs", "fails"), ("left behind",))
            ]
            print(f"| {one.name} | {count} | {' | '.join(map(str, cells))} |", flush=True)
    return 1 if every else 0


@contextmanager
def serve_in(folder: Path) -> Iterator[int]:
    folder.mkdir()
    with serve(folder) as port:
        yield port


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS, sys.argv[2:]))
