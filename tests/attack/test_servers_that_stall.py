"""A server that accepts and never answers, or sends a byte now and then, holds nobody for long."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from paddledvc.errors import DownloadFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.remotes.filesystem import System
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.tools.system.network.patience import Patience
from paddledvc.weights.expected import list_expected
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs
from tests.conftest import TRUSTED
from tests.outputs_repo import md5
from tests.stores_repo import MODELS, A

pytestmark = pytest.mark.slow
BIG = bytes(100_000)
HEADERS = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BIG)}\r\nAccept-Ranges: bytes\r\n\r\n".encode()


class Stalling:
    """A server that stops: after ``connect``, in ``one header``, after ``headers``, in ``body``."""

    def __init__(self, point, *, whatever_is_asked=False):
        self._point, self._all, self._over = point, whatever_is_asked, threading.Event()
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
            if asked.startswith(b"HEAD") and not self._all:
                opened.sendall(HEADERS)
                return
            if self._point == "one header":
                opened.sendall(HEADERS[:-2] + b"X: ")
                while not self._over.wait(0.1):
                    opened.sendall(b"x")
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

    def start(point, **options):
        servers.append(Stalling(point, **options))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def cold(stores):
    """A project of one output that is nowhere but, maybe, in a remote."""
    stores.declare({A: BIG}, MODELS)
    stores.forget()
    return stores


@pytest.fixture
def configure(cold, monkeypatch):
    """Set remotes up, which this clone approves."""

    def remotes(**urls):
        monkeypatch.setenv(TRUSTED, " ".join([os.environ[TRUSTED], *urls.values()]))
        cold.remotes(**urls)

    return remotes


def fetched(stores, remotes, patience):
    wanted = [one for one in list_expected(stores.project) if one.pinned]
    (done,) = fetch_outputs(stores.project, wanted, remotes=remotes, patience=patience)
    return [str(one).partition("cannot be fetched from ")[2] for one in done.problems]


def test_all_places_together_have_one_budget_until_somebody_answers(cold, configure, mute):
    configure(one=mute, two=f"{mute}/a", three=f"{mute}/b")
    said = fetched(cold, ["one", "two", "three"], patience=2)

    waited = [float(one) for one in re.findall(r"no answer within (\S+) s", " ".join(said))]
    assert [one.partition(":")[0] for one in said[:3]] == ["one", "two", "three"]
    assert len(waited) == 3
    assert sum(waited) <= 2.1  # each is rounded


@pytest.mark.parametrize(("point", "found"), [("headers", "0"), ("body", r"\d+")])
def test_bytes_have_to_come_at_a_least_rate(cold, configure, stalling, point, found):
    configure(one=stalling(point))
    said = fetched(cold, ["one"], patience=1)

    assert re.match(
        rf"one: (only {found} bytes? in \d+(\.\d)? s|no answer within 1 s)$", said[0]
    ), said


def test_weights_come_from_the_next_place_when_the_first_stalls(cold, configure, mute):
    configure(one=mute, two="../../stores/two")
    path = cold.stored("two", BIG)
    path.parent.mkdir(parents=True)
    path.write_bytes(BIG)

    assert fetched(cold, ["one", "two"], patience=1) == ["one: no answer within 0.5 s"]
    assert cold.cache.holds(md5(BIG), len(BIG))


def test_a_file_system_that_cannot_be_broken_off_is_left_behind(cold, monkeypatch):
    over = threading.Event()
    cold.remotes(one="../../stores/one")  # such as a folder of a file server that is down
    monkeypatch.setattr(System, "sizes", lambda *_: over.wait(600))
    said = fetched(cold, ["one"], patience=1)
    over.set()

    assert said[0] == "one: no answer within 0.5 s"


def test_a_terminal_says_whom_one_waits_for(cold, configure, mute, monkeypatch):
    drawn = []
    monkeypatch.setattr("paddledvc.weights.transfer.remote_pool.draw_waiting_line", drawn.append)
    configure(one=mute)
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


POINTS = ("connect", "one header", "headers", "body")
WAITED = r"(no answer within 0.5 s|only \d+ bytes? in \d+(\.\d)? s)"


def downloaded(tmp_path, *urls, patience=0.5):
    source = Source(model="a", urls=urls, root=tmp_path, patience=Patience(patience))
    before = time.monotonic()
    with pytest.raises(DownloadFailed) as caught:
        fetch.fetch_source(source, Hashes(size=len(BIG)), tmp_path / "a")
    return caught.value.causes, time.monotonic() - before


@pytest.mark.parametrize("point", POINTS)
def test_a_download_by_its_url_has_the_same_patience(stalling, tmp_path, point):
    (tmp_path / "a").write_text("old")
    (cause,), waited = downloaded(tmp_path, f"{stalling(point)}/a")

    assert re.search(rf": {WAITED}$", cause), cause
    assert waited < 2.5  # it is not asked again
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("a", "old")]


@pytest.mark.parametrize("point", POINTS)
def test_objects_of_s3_have_the_same_patience(stalling, tmp_path, no_aws, point):
    (cause,), waited = downloaded(tmp_path, f"s3://zoo/a?endpoint_url={stalling(point)}")

    assert re.search(rf": {WAITED}$", cause), cause
    assert waited < 3


def test_all_urls_of_a_model_have_one_budget_until_somebody_answers(mute, tmp_path):
    causes, waited = downloaded(tmp_path, f"{mute}/a", f"{mute}/b", f"{mute}/c")

    assert len(causes) == 3
    assert waited < 2.5


def test_what_a_url_gives_comes_though_the_one_before_stalls(stalling, server, tmp_path):
    urls = [f"{stalling('one header')}/a", server.put("/a", BIG)]
    source = Source(model="a", urls=urls, root=tmp_path, patience=Patience(0.5))

    assert fetch.fetch_source(source, Hashes(size=len(BIG)), tmp_path / "a").url == urls[1]


@pytest.mark.parametrize("point", ["connect", "one header"])
def test_a_question_for_a_size_has_the_same_patience(
    stalling, tmp_path, no_aws, point, monkeypatch
):
    monkeypatch.setenv("PADDLEDVC_PATIENCE", "0.5")
    url = stalling(point, whatever_is_asked=True)
    for one in (f"{url}/a", f"s3://zoo/a?endpoint_url={url}"):
        with pytest.raises(Unreadable, match=r"^no answer within 0.5 s$"):
            fetch.source_size(one, tmp_path)


@pytest.mark.parametrize("point", POINTS)
def test_a_document_has_the_same_patience(stalling, tmp_path, point):
    before = time.monotonic()
    with pytest.raises(Unreadable, match=rf"^{WAITED}$"):
        fetch.read_source(f"{stalling(point)}/index.json", tmp_path, 1_000_000, 0.5)

    assert time.monotonic() - before < 2
