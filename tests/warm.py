"""Processes that have imported a slow module, to be forked instead of being started anew.

A process that a test starts has the folder, the environment and the streams that it is given, and
ends as it would; only the second of Paddle's import, or the half of DVC's, was spent before. A
variable that such an import reads, when it is not what it was, starts the process the usual way.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

READ_BY_IMPORTS = (
    *("CPU_NUM", "CUDA", "DNNL", "FLAGS_", "GLOG", "HOME", "KMP_", "LANG", "LC_", "LD_", "MKL_"),
    *("NVIDIA", "OMP_", "ONEDNN", "OPENBLAS", "PADDLE_", "PYTHON"),
)
"""How variables begin that a module reads while it is imported."""
CLIENT = """\
import array, os, signal, socket, sys
module, place, command = sys.argv[1], sys.argv[2], sys.argv[3:]
server = socket.socket(socket.AF_UNIX)
server.connect(place)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, lambda number, _: server.send(b"%d " % number))
said = (os.getcwd(), command, dict(os.environ))
said = repr(said).encode("utf-8", "surrogateescape")
fds = array.array("i", [0, 1, 2])
server.sendmsg([b"%20d" % len(said)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
server.sendall(said)
answer = server.recv(100)
if answer == b"anew":
    os.execv(sys.executable, [sys.executable, "-m", module, *command])
code = int(answer or b"-9")
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != 9 else None
    os.kill(os.getpid(), -code)
sys.exit(code)
"""
"""What is started in the place of ``python -m MODULE``: it hands all it has to a fork."""


class Warm:
    """A process with a module in memory.

    Attributes:
        command: what to run instead of ``python -m MODULE``.
    """

    def __init__(
        self, folder: Path, module: str, imports: Iterable[str], env: Mapping[str, str]
    ) -> None:
        place = str(folder / "socket")
        self.command = [sys.executable, "-I", "-S", "-c", CLIENT, module, place]
        self._process = subprocess.Popen(
            [sys.executable, __file__, place, module, *imports], env=dict(env)
        )
        while not os.path.exists(place):  # noqa: PTH110 - a socket's place
            assert self._process.poll() is None
            time.sleep(0.01)

    def end(self) -> None:
        """End it, and wait for its end."""
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def warm(
    folder: Path, module: str, imports: Iterable[str], env: Mapping[str, str]
) -> Iterator[Warm]:
    """Keep a process with a module in memory for as long as the context lasts."""
    made = Warm(folder, module, imports, env)
    try:
        yield made
    finally:
        made.end()


def read_by_imports(variables: Mapping[str, str]) -> dict[str, str]:
    """Keep the variables that a module reads while it is imported."""
    return {key: value for key, value in variables.items() if key.startswith(READ_BY_IMPORTS)}


def serve(place: str, module: str, *imports: str) -> None:
    """Import modules, and fork for everybody who connects."""
    before = dict(os.environ)
    sys.path[0] = os.path.dirname(place)  # noqa: PTH120 - empty, where modules of tests were
    for name in imports:
        importlib.import_module(name)
    sys.modules.pop(f"{module}.__main__", None)  # for it to be run as if it were new
    made = {key: value for key, value in os.environ.items() if key not in before}
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGCHLD, _reap)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{place}.new")
    listener.listen(64)
    os.rename(f"{place}.new", place)  # noqa: PTH104
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _attend(connection, module, read_by_imports(before), made)
        connection.close()


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _attend(
    connection: socket.socket, module: str, before: dict[str, str], made: dict[str, str]
) -> None:
    """Do what a client asks in a child, pass signals on, and say how the child ended."""
    cwd, arguments, environment, streams = _receive(connection)
    if read_by_imports(environment) != before:
        connection.sendall(b"anew")
        os._exit(0)
    child = os.fork()
    if child == 0:
        connection.close()
        os.setsid()
        _become(cwd, [module, *arguments], {**made, **environment}, streams)
        _run(module)
    ended = os.pidfd_open(child)
    while ended not in (ready := select.select([connection, ended], [], [])[0]):
        assert ready == [connection]
        for number in map(int, connection.recv(100).split() or [signal.SIGKILL]):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, number)
            if number == signal.SIGKILL:
                ready = []
                os.waitpid(child, 0)
                os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        connection.sendall(b"%d" % code)
    os._exit(0)


def _run(module: str) -> NoReturn:
    """Run a module as a program, and end without taking apart what this process was forked with."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code: object = 0
    except SystemExit as exit_:
        code = exit_.code
    except BaseException:  # noqa: BLE001 - what the interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)  # noqa: T201
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit((code or 0) & 255)


def _receive(connection: socket.socket) -> tuple[str, list[str], dict[str, str], list[int]]:
    streams = array.array("i")
    room = socket.CMSG_SPACE(3 * streams.itemsize)
    size, ancillary, _, _ = connection.recvmsg(20, room)
    streams.frombytes(ancillary[0][2][: 3 * streams.itemsize])
    said = b""
    while len(said) < int(size):
        said += connection.recv(1 << 20)
    # Written by our own client, by repr.
    cwd, arguments, environment = eval(said.decode("utf-8", "surrogateescape"))
    return cwd, arguments, environment, list(streams)


def _become(cwd: str, command: list[str], environment: dict[str, str], streams: list[int]) -> None:
    """Let this process be as if it had just been started."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
        _reopen(number)
    os.chdir(cwd)
    for key in os.environ.keys() - environment.keys():
        del os.environ[key]
    os.environ.update(environment)
    sys.argv = command
    sys.path[0] = cwd
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _reopen(number: int) -> None:
    """Open a standard stream as Python does at its start: what is behind its number is new."""
    name = ("stdin", "stdout", "stderr")[number]
    was = getattr(sys, name)
    made = open(  # noqa: SIM115
        number,
        mode="w" if number else "r",
        encoding=was.encoding,
        errors=was.errors,
        closefd=False,
    )
    made.reconfigure(line_buffering=number == 2 or made.isatty())
    setattr(sys, name, made)
    setattr(sys, f"__{name}__", made)


if __name__ == "__main__":
    serve(*sys.argv[1:])
