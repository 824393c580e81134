"""A server that accepts and never answers, or sends a byte now and then, holds nobody for long."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from paddledvc.tools.dvc.trust import gate
from paddledvc.weights.expected import list_expected
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs
from tests.outputs_repo import md5
from tests.stores_repo import MODELS, A

pytestmark = pytest.mark.slow
BIG = bytes(100_000)
HEADERS = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BIG)}\r\nAccept-Ranges: bytes\r\n\r\n".encode()


class Stalling:
    """A server that stops at a point: after ``connect``, ``headers``, or in the ``body``."""

    def __init__(self, point):
        self._point, self._over = point, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                opened, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(opened,), daemon=True).start()

    def _answer(self, opened):
        with opened, suppress(OSError):
            asked = opened.recv(65536)
            if asked.startswith(b"HEAD"):
                opened.sendall(HEADERS)
                return
            if self._point == "headers":
                opened.sendall(HEADERS)
            if self._point == "body":
                opened.sendall(HEADERS)
                while not self._over.wait(0.1):
                    opened.sendall(b"\0")
            self._over.wait()

    def close(self):
        self._over.set()
        self._listener.close()


@pytest.fixture
def stalling():
    servers = []

    def start(point):
        servers.append(Stalling(point))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def cold(stores, monkeypatch):
    """A project of one output that is nowhere but, maybe, in a remote."""
    monkeypatch.setattr(gate, "require_trusted_remote", lambda *_: None)  # others try that
    stores.declare({A: BIG}, MODELS)
    stores.forget()
    return stores


def fetched(stores, remotes, patience):
    wanted = [one for one in list_expected(stores.project) if one.pinned]
    (done,) = fetch_outputs(stores.project, wanted, remotes=remotes, patience=patience)
    return [str(one).partition("cannot be had from ")[2] for one in done.problems]


def test_all_places_together_have_one_budget_until_somebody_answers(cold, mute):
    cold.remotes(one=mute, two=f"{mute}/a", three=f"{mute}/b")
    said = fetched(cold, ["one", "two", "three"], patience=2)

    waited = [float(one) for one in re.findall(r"no answer within (\S+) s", " ".join(said))]
    assert [one.partition(":")[0] for one in said[:3]] == ["one", "two", "three"]
    assert len(waited) == 3
    assert sum(waited) <= 2.1  # each is rounded


@pytest.mark.parametrize(("point", "found"), [("headers", "0"), ("body", r"\d+")])
def test_bytes_have_to_come_at_a_least_rate(cold, stalling, point, found):
    cold.remotes(one=stalling(point))
    said = fetched(cold, ["one"], patience=1)

    assert re.match(rf"one: (only {found} bytes in 1 s|no answer within 1 s)$", said[0]), said


def test_weights_come_from_the_next_place_when_the_first_stalls(cold, mute):
    cold.remotes(one=mute, two="../../stores/two")
    path = cold.stored("two", BIG)
    path.parent.mkdir(parents=True)
    path.write_bytes(BIG)

    assert fetched(cold, ["one", "two"], patience=1) == ["one: no answer within 0.5 s"]
    assert cold.cache.holds(md5(BIG), len(BIG))


def test_a_terminal_says_whom_one_waits_for(cold, mute, monkeypatch):
    drawn = []
    monkeypatch.setattr("paddledvc.weights.transfer.remote_pool.draw_waiting_line", drawn.append)
    cold.remotes(one=mute)
    fetched(cold, ["one"], patience=2.2)

    assert drawn == ["asking one ... 1 s", ""]  # its URL has the other half


def test_a_process_ends_though_a_thread_waits_for_a_name_server():
    code = (
        "import sys, threading, time\n"
        "from paddledvc.tools.system.threads import end_soon\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "print('told'); end_soon(3); sys.exit(3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (3, "told\n", "")
