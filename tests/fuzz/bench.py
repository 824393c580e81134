"""A project that inputs are written into, and the judge of what becomes of them."""

from __future__ import annotations

import io
import logging
import os
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import traceback
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.cli import failures, paddledvc
from paddledvc.errors import PaddleDVCError
from paddledvc.tools.system import streams
from paddledvc.tools.system.network import retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 5.0
"""Seconds that an input may have us compute."""
PATIENCE = 4
"""How often that may pass on the clock: this machine may have more to do."""
MEMORY = 6 << 30
"""Bytes of addresses that a process may have."""
CODES = (0, 1, 2, 3)
NOWHERE = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
"""Variables by which a program of ours reaches no server."""
SECRET = "kept-outside-of-the-project"
"""What no message may show."""
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""What moves a cursor or turns a text around; a tab and the end of a line are ours."""
COMMAND = re.compile(r"(?m)^\s*::(?!(error|warning|notice) (file|title)=\w)|##\[|##vso\[")
"""How a line commands a runner of CI; those of ours for GitHub name a file or a title."""
BUG = re.compile(r"(?i)Traceback \(most recent call last\)|this is a bug")
KEPT = (".git/", ".dvc/config", "README.md", "data/labels.bin.dvc")
"""What no input may have anybody write, inside of the project."""
OURS = (".git/paddledvc", ".git/index", ".git/objects")
"""What paddledvc, and a git that looks, may write below .git."""


class Hang(BaseException):
    """An input took too long; nobody's `except Exception` catches it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an input.

    Attributes:
        kind: ``accepted``, ``rejected`` or ``failed``.
        why: how it failed, in a line that is the same for all that fail alike.
        detail: all that is known.
    """

    kind: str
    why: str = ""
    detail: str = ""


class Bench:
    """A project, and beside it what no input may touch.

    Args:
        top: an empty folder.
        pristine: the folder of a project to copy.
    """

    def __init__(self, top: Path, pristine: Path) -> None:
        self.top, self.pristine = top, pristine
        self.home, self.own = top / "home", top / "own"
        self.root = top / "above" / "project"
        self.apart = False
        """Whether commands are run in processes of their own, as users do."""
        self._written: set[str] = set()
        shutil.copytree(pristine, self.root, symlinks=True)
        for folder in (self.home, self.own, top / "above" / "link"):
            folder.mkdir(parents=True)
        for file in (".netrc", ".bash_profile", ".gitconfig"):
            (self.home / file).write_text(GIT if file == ".gitconfig" else f"# {SECRET}\n")
        (top / "above" / "secret.txt").write_text(f"{SECRET}\n")
        self._outside = self._look_outside()
        self._inside = _look(self.root)

    def write(self, name: str, data: bytes) -> Path:
        """Write a file of the input; whoever writes another one is judged."""
        self._written.add(name)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.exists():
            path.unlink()
        path.write_bytes(data)
        return path

    def run(self, *words: str) -> None:
        """Run a command of ours.

        Raises:
            Refused: it says that something is wrong.
            Wrong: it ends as no command may.
        """
        code = self._run_apart(words) if self.apart else self._run_here(words)
        if code not in CODES:
            raise Wrong(f"exit code {code} of {words[0]}", " ".join(words))
        if code:
            raise Refused

    @staticmethod
    def _run_here(words: tuple[str, ...]) -> object:
        sys.stdin = io.StringIO()
        try:
            paddledvc(list(words), prog_name="paddledvc")
        except SystemExit as stop:
            return stop.code or 0
        finally:
            sys.stdin = sys.__stdin__
        return 0

    def _run_apart(self, words: tuple[str, ...]) -> object:
        command = [sys.executable, "-I", "-m", "paddledvc", *words]
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **NOWHERE},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        for said, stream in ((done.stdout, sys.stdout), (done.stderr, sys.stderr)):
            streams.unescaped_stream(stream).write(said.decode("utf-8", "replace"))
        return done.returncode

    def judge(self, feed: Callable[[], object], limit: float = LIMIT) -> Verdict:
        """Feed an input, and see what becomes of it and of everything around."""
        out, err = io.StringIO(), io.StringIO()
        try:
            verdict = self._feed(feed, out, err, limit)
        except MemoryError:
            verdict = Verdict("failed", "MemoryError")
        changed = self.restore()
        said = out.getvalue() + err.getvalue()
        for why, found in (
            ("bug", BUG.search(said)),
            ("raw control character", RAW.search(said)),
            ("command to CI", COMMAND.search(said)),
            ("shows what is outside", re.search(SECRET, said)),
        ):
            if found is not None and verdict.kind != "failed":
                at = max(0, found.start() - 600)
                trace = _traceback_place(said) if why == "bug" else ""
                verdict = Verdict("failed", f"{why}{trace}", ascii(said[at : found.end() + 600]))
        if changed:
            verdict = Verdict("failed", "outside: " + changed[0], f"{changed}\n{said[-2000:]}")
        return verdict

    def _feed(
        self, feed: Callable[[], object], out: io.StringIO, err: io.StringIO, limit: float
    ) -> Verdict:
        sys.stdout, sys.stderr = streams.Escaping(out), streams.Escaping(err)  # type: ignore[assignment]
        try:
            with _time(limit):
                try:
                    feed()
                except Refused:
                    return Verdict("rejected")
                except PaddleDVCError as error:
                    failures.tell_error({}, error)
                    failures.tell_error({failures.ASKED: True}, error)
                    return Verdict("rejected")
            return Verdict("accepted")
        except Wrong as wrong:
            return Verdict(
                "failed",
                wrong.args[0],
                f"{wrong.args[1:]}\n{out.getvalue()[-2000:]}\n{err.getvalue()[-4000:]}",
            )
        except Hang:
            return Verdict(
                "failed", "hang" + _place_of(sys.exc_info()[2]), traceback.format_exc(limit=-12)
            )
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            place = _place_of(error.__traceback__)
            return Verdict(
                "failed", f"{type(error).__name__}{place}", traceback.format_exc(limit=-12)[-6000:]
            )
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
            with suppress(OSError):
                os.chdir(self.root)

    def restore(self) -> list[str]:
        """Put everything back; name what was changed that is not ours to change."""
        wrong: list[str] = []
        found = self._look_outside()
        if found != self._outside:
            wrong += sorted(
                name
                for name in {*found, *self._outside}
                if found.get(name) != self._outside.get(name)
            )
            for name in wrong:
                _remove(Path(name))
            for name, (_, data) in self._outside.items():
                if name in wrong and data is not None:
                    Path(name).write_bytes(data)
            self._outside = self._look_outside()
        now = _look(self.root)
        if now != self._inside:
            different = [
                one for one in {*now, *self._inside} if now.get(one) != self._inside.get(one)
            ]
            wrong += [
                one
                for one in sorted(different)
                if one.startswith(KEPT) and not one.startswith(OURS) and one not in self._written
            ]
            for one in sorted(different, reverse=True):
                if one not in self._inside:
                    _remove(self.root / one)
            for one in sorted(different):
                if one in self._inside:
                    self._copy(one)
            self._inside = _look(self.root)
        self._written.clear()
        return wrong

    def _copy(self, name: str) -> None:
        source, target = self.pristine / name, self.root / name
        if source.is_dir() and not source.is_symlink():
            if target.is_symlink() or not target.is_dir():
                _remove(target)
                target.mkdir()
            return
        _remove(target)
        shutil.copy2(source, target, follow_symlinks=False)

    def _look_outside(self) -> dict[str, tuple[Any, bytes | None]]:
        found: dict[str, tuple[Any, bytes | None]] = {}
        for base in (self.home, self.top / "above"):
            for folder, folders, files in os.walk(base):
                if folder == str(self.top / "above"):
                    folders[:] = [one for one in folders if one != "project"]
                for one in (*folders, *files):
                    path = f"{folder}/{one}"
                    mode = os.lstat(path).st_mode
                    data = Path(path).read_bytes() if stat.S_ISREG(mode) else None
                    found[path] = (mode, data)
        for one in (self.top, "/tmp"):
            found[f"{one}/escaped"] = (os.path.lexists(f"{one}/escaped"), None)
        return found


class Refused(Exception):
    """An input was refused, and all was said."""


class Wrong(Exception):
    """A command or a reader did what it must not."""


def _look(root: Path) -> dict[str, Any]:
    """Tell what is in a folder, by name."""
    found: dict[str, Any] = {}
    folders = [str(root)]
    start = len(folders[0]) + 1
    while folders:
        for one in os.scandir(folders.pop()):
            here = one.stat(follow_symlinks=False)
            is_folder = stat.S_ISDIR(here.st_mode)
            found[one.path[start:]] = (
                here.st_mode if is_folder else (here.st_mode, here.st_size, here.st_mtime_ns)
            )
            if is_folder:
                folders.append(one.path)
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    elif path.is_symlink() or path.exists():
        path.unlink()


@contextmanager
def _time(limit: float) -> Iterator[None]:
    began, worked = time.monotonic(), time.process_time()

    def stop(_number: int, _frame: object) -> None:
        waited = time.monotonic() - began
        if time.process_time() - worked > limit or waited > limit * PATIENCE:
            raise Hang

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit, limit / 2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _place_of(trace: Any) -> str:
    """Name the last lines of ours that an error came through."""
    own = [
        one
        for one in traceback.extract_tb(trace)
        if f"{os.sep}paddledvc{os.sep}" in one.filename
        and f"{os.sep}tests{os.sep}" not in one.filename
    ]
    return "".join(
        f" in {one.filename.rpartition('/paddledvc/')[2]}:{one.lineno}" for one in own[-1:]
    )


def _traceback_place(said: str) -> str:
    """Name the last line of ours in a traceback that was printed."""
    found = re.findall(r'/paddledvc/([\w/]+\.py)", line (\d+)', said)
    errors = re.findall(r"(?m)^(\w*(?:Error|Exception|Interrupt)\w*)\b", said)
    return f" {errors[-1] if errors else ''} in {':'.join(found[-1])}" if found else ""


GIT = """\
[user]
\tname = Test
\temail = test@example.com
[init]
\tdefaultBranch = main
[commit]
\tgpgsign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""
LEAKING = (
    "GIT_",
    "PADDLEDVC_",
    "DVC_",
    "AWS_",
    "HF_",
    "HUGGING",
    "MODELSCOPE_",
    "CI",
    "GITHUB_",
    "GITLAB_",
    "TF_BUILD",
    "JENKINS_",
    "BITBUCKET_",
    "XDG_",
)


FOLDERS = ("config", "cache", "data", "state")


def isolate(home: Path, own: Path) -> None:
    """Keep this machine's settings, and the network, out of this process and its children."""
    for key in tuple(os.environ):
        if key.startswith(LEAKING) or key.lower().endswith("_proxy"):
            del os.environ[key]
    os.environ.update({
        "HOME": str(home),
        **{f"XDG_{name.upper()}_HOME": str(own / name) for name in FOLDERS},
        "DVC_GLOBAL_CONFIG_DIR": str(own / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(own / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(own / "dvc-site"),
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    })  # fmt: skip


def confine() -> None:
    """Let this process reach no server, take no more memory than it may, and wait for nothing."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    logging.raiseExceptions = False

    def refuse(*_: object, **__: object) -> Any:
        raise ConnectionRefusedError(111, "Connection refused")

    socket.getaddrinfo = refuse
    socket.socket.connect = refuse  # type: ignore[method-assign]
    retry.time = _Patient()  # type: ignore[assignment]


class _Patient:
    """Time in which no retry waits."""

    @staticmethod
    def sleep(_seconds: float) -> None:
        pass

    @staticmethod
    def monotonic() -> float:
        return time.monotonic()


def git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", *arguments], cwd=root, input=stdin, capture_output=True, check=True
    ).stdout
