from __future__ import annotations

import itertools
import logging
import shutil
import socket
from hashlib import md5
from types import SimpleNamespace

import pytest

from paddledvc.errors import ChecksumMismatch, DownloadFailed, InvalidInput
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import fetch as fetching
from paddledvc.tools.sources import http
from paddledvc.tools.sources.fetch import Source
from paddledvc.tools.system.network.errors import Unreadable

DATA = bytes(range(256)) * 5000
GOOD = Hashes(md5=md5(DATA).hexdigest(), size=len(DATA))


@pytest.fixture
def closed():
    """A URL of a port on loopback that nothing listens to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/a"


@pytest.fixture
def fetch(tmp_path, naps):
    """Fetch from URLs to a file and return its bytes and the URL that gave them."""

    def run(*urls, expected=GOOD, **fields):
        target = tmp_path / "a"
        source = Source(model="m", urls=urls, root=tmp_path)
        done = fetching.fetch_source(source, expected, target, **fields)
        return target.read_bytes(), done.url

    return run


def test_bytes_arrive_as_the_server_keeps_them(server):
    assert b"".join(http.read_http_chunks(server.put("/a", DATA))) == DATA


def test_progress_is_told_in_bytes(server):
    seen = []
    list(
        http.read_http_chunks(
            server.put("/a", DATA), lambda done, total: seen.append((done, total))
        )
    )

    assert seen[-1] == (len(DATA), len(DATA))
    assert seen == sorted(set(seen))


def endless(*_):
    yield from itertools.repeat(bytes(1 << 20))


@pytest.mark.parametrize("what", ["hash", "fetch"])
def test_what_never_ends_and_has_no_stated_size_stops_at_a_limit(tmp_path, monkeypatch, what):
    monkeypatch.setattr(http, "read_http_chunks", endless)
    monkeypatch.setattr(fetching, "MOST", 3 << 20)
    source = Source(model="m", urls=["https://h/a"], root=tmp_path)
    ask = {
        "hash": lambda: fetching.hash_source(source, Hashes()),
        "fetch": lambda: fetching.fetch_source(source, Hashes(), tmp_path / "a"),
    }[what]
    with pytest.raises(DownloadFailed) as caught:
        ask()

    told = "it has more than 3,145,728 bytes, and its size is not stated; PADDLEDVC_MAX_DOWNLOAD="
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_never_ends_stops_before_the_disk_is_full(tmp_path, monkeypatch):
    left = iter([5 << 20, 3 << 20, 1 << 20])
    monkeypatch.setattr(http, "read_http_chunks", endless)
    monkeypatch.setattr(fetching, "ROOM", 2 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=next(left)))
    source = Source(model="m", urls=["https://h/a"], root=tmp_path)
    with pytest.raises(DownloadFailed, match="it fills the disk: 1,048,576 bytes are left in"):
        fetching.fetch_source(source, Hashes(), tmp_path / "a")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_no_number_is_refused(tmp_path, monkeypatch, said):
    monkeypatch.setenv(fetching.MAX_DOWNLOAD, said)
    source = Source(model="m", urls=["https://h/a"], root=tmp_path)
    with pytest.raises(InvalidInput, match=f"PADDLEDVC_MAX_DOWNLOAD={said}: expected a number"):
        fetching.hash_source(source, Hashes())


def test_bytes_without_a_content_length_arrive_whole(server):
    seen = []
    server.chunked.add("/a")
    data = b"".join(http.read_http_chunks(server.put("/a", DATA), lambda *told: seen.append(told)))

    assert (data, seen[-1]) == (DATA, (len(DATA), None))


def test_a_redirect_is_followed(server):
    server.redirects["/old"] = server.put("/new", DATA)

    assert b"".join(http.read_http_chunks(f"{server.url}/old")) == DATA


def test_a_path_with_escapes_is_asked_for_as_written(server):
    server.put("/a b/模型", DATA)

    assert b"".join(http.read_http_chunks(f"{server.url}/a%20b/%E6%A8%A1%E5%9E%8B")) == DATA


def refusal(url):
    with pytest.raises(Unreadable) as caught:
        list(http.read_http_chunks(url))
    return str(caught.value), caught.value.again


@pytest.mark.parametrize(
    ("status", "again"),
    [
        pytest.param(404, False, id="not found"),
        pytest.param(403, False, id="forbidden"),
        pytest.param(410, False, id="gone"),
        pytest.param(204, False, id="no content"),
        pytest.param(408, True, id="timeout"),
        pytest.param(429, True, id="too many"),
        pytest.param(500, True, id="error"),
        pytest.param(503, True, id="overload"),
    ],
)
def test_an_answer_other_than_200_says_so_and_whether_to_try_again(server, status, again):
    server.statuses["/a"] = [status]
    text, found = refusal(server.put("/a", DATA))

    assert text.startswith(f"the server answered {status} ")
    assert found is again


@pytest.mark.parametrize("length", [0, 1, len(DATA) // 2, len(DATA) - 1])
def test_a_truncated_body_is_no_file(server, length):
    server.truncate["/a"] = length

    assert refusal(server.put("/a", DATA)) == (
        f"the connection broke off after {length:,} of {len(DATA):,} bytes",
        True,
    )


def test_a_truncated_body_without_a_length_is_no_file(server):
    server.chunked.add("/a")
    server.truncate["/a"] = 1000

    assert refusal(server.put("/a", DATA)) == ("the connection broke off", True)


def test_a_server_that_hangs_up_says_so(server):
    server.drop.add("/a")

    assert refusal(server.put("/a", DATA)) == ("the server closed the connection", True)


def test_a_server_that_is_down_says_so(closed):
    assert refusal(closed) == ("connection refused", True)


@pytest.mark.slow
def test_a_silent_server_is_given_up(server, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUTS", (0.2, 0.2))
    server.delay["/a"] = 1.0

    assert refusal(server.put("/a", DATA)) == ("no answer within 0.2 s", False)


def test_a_redirect_in_a_circle_is_given_up(server):
    server.redirects["/a"] = f"{server.url}/a"

    assert refusal(f"{server.url}/a")[0] == "it redirects more than 5 times"


def test_the_size_is_asked_for_without_the_bytes(server):
    assert http.ask_http_size(server.put("/a", DATA)) == len(DATA)
    assert server.log == [("HEAD", "/a")]


@pytest.mark.parametrize("status", [403, 405, 501])
def test_the_size_is_asked_for_by_get_where_head_is_refused(server, status):
    server.refuse_head["/a"] = status

    assert http.ask_http_size(server.put("/a", DATA)) == len(DATA)
    assert server.log == [("HEAD", "/a"), ("GET", "/a")]


def test_a_size_that_the_server_keeps_back_is_unknown(server):
    server.chunked.add("/a")

    assert http.ask_http_size(server.put("/a", DATA)) is None


def test_a_proxy_that_is_down_is_named(closed, monkeypatch):
    monkeypatch.setenv("http_proxy", closed.removesuffix("/a"))

    assert refusal("http://weights.example/a") == ("the proxy: connection refused", True)


def test_a_proxy_is_used_where_one_is_set(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    server.put("http://weights.example/a", DATA)

    assert b"".join(http.read_http_chunks("http://weights.example/a")) == DATA


def test_a_passing_error_is_tried_again_after_a_while(server, fetch, naps):
    server.statuses["/a"] = [500, 503]
    url = server.put("/a", DATA)

    assert fetch(url) == (DATA, url)
    assert naps == [0.5, 1.0]


def test_a_truncated_body_is_asked_for_again(server, fetch):
    server.truncate["/a"] = 100
    url = server.put("/a", DATA)

    def heal(*_):
        server.truncate.clear()

    assert fetch(url, progress=heal) == (DATA, url)
    assert server.requests["/a"] == 2


def test_the_wait_that_a_server_asks_for_is_kept(server, fetch, naps):
    server.statuses["/a"] = [429]
    server.headers["Retry-After"] = "7"
    fetch(server.put("/a", DATA))

    assert naps == [7.0]


def test_the_wait_that_a_server_asks_for_has_a_limit(server, fetch, naps):
    server.statuses["/a"] = [503]
    server.headers["Retry-After"] = "86400"
    fetch(server.put("/a", DATA))

    assert naps == [60.0]


def test_a_wait_until_a_date_is_no_number_of_seconds(server, fetch, naps):
    server.statuses["/a"] = [503]
    server.headers["Retry-After"] = "Wed, 21 Oct 2026 07:28:00 GMT"
    fetch(server.put("/a", DATA))

    assert naps == [0.5]


def test_a_missing_file_is_not_asked_for_again(server, fetch, naps):
    with pytest.raises(DownloadFailed) as caught:
        fetch(f"{server.url}/a")

    assert str(caught.value) == (
        "m: no source of the weights could be read\n"
        f"  {server.url}/a: the server answered 404 Not Found"
    )
    assert (server.requests["/a"], naps) == (1, [])


def test_an_error_that_does_not_pass_is_given_up_after_four_rounds(server, fetch, naps):
    server.statuses["/a"] = [500] * 9
    with pytest.raises(DownloadFailed) as caught:
        fetch(server.put("/a", DATA))

    assert caught.value.causes == (
        f"{server.url}/a: the server answered 500 Internal Server Error",
    )
    assert (server.requests["/a"], naps) == (4, [0.5, 1.0, 2.0])


def test_a_dead_mirror_is_passed_over(server, closed, fetch, naps):
    url = server.put("/a", DATA)

    assert fetch(closed, url) == (DATA, url)
    assert naps == []


def test_a_mirror_of_other_bytes_is_passed_over_with_a_warning(server, fetch, caplog):
    bad, good = server.put("/bad", b"other"), server.put("/a", DATA)
    with caplog.at_level(logging.WARNING, logger="paddledvc"):
        assert fetch(bad, good) == (DATA, good)

    [message] = caplog.messages
    assert message == (
        f"m: the bytes from {bad} are not the pinned ones\n"
        f"  expected size:{len(DATA)}\n"
        "  found    size:5\n"
        "  If they are intended, they need a new version; or state their digest in models.yaml, "
        "where that names the URL. Then run `paddledvc lock`"
    )


def test_other_bytes_everywhere_are_a_mismatch_and_tried_once(server, fetch, naps):
    with pytest.raises(ChecksumMismatch) as caught:
        fetch(server.put("/a", b"x"), server.put("/b", b"y"))

    assert caught.value.url == f"{server.url}/a"
    assert (server.requests, naps) == ({"/a": 1, "/b": 1}, [])


def test_a_mismatch_says_more_than_a_mirror_that_is_down(server, closed, fetch):
    with pytest.raises(ChecksumMismatch):
        fetch(closed, server.put("/a", b"x"))


def test_all_causes_are_told_in_the_order_of_the_sources(server, closed, fetch):
    with pytest.raises(DownloadFailed) as caught:
        fetch(f"{server.url}/a", closed, "zoo/missing")

    assert caught.value.causes == (
        f"{server.url}/a: the server answered 404 Not Found",
        f"{closed}: connection refused",
        "zoo/missing: No such file or directory",
    )


def test_a_file_of_the_project_is_a_source(tmp_path, fetch):
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "a b").write_bytes(DATA)

    assert fetch("zoo/a b") == (DATA, "zoo/a b")


def test_a_file_url_is_a_source(tmp_path, fetch):
    (tmp_path / "a b").write_bytes(DATA)
    url = (tmp_path / "a b").as_uri()

    assert fetch(url) == (DATA, url)


def test_a_relative_file_url_starts_at_the_project(tmp_path, fetch, monkeypatch):
    (tmp_path / "zoo").write_bytes(DATA)
    monkeypatch.chdir("/")

    assert fetch("file:zoo") == (DATA, "file:zoo")


def test_the_size_of_a_file_is_known_without_reading_it(tmp_path):
    (tmp_path / "a").write_bytes(DATA)

    assert fetching.source_size("a", tmp_path) == len(DATA)


def test_hashes_are_learnt_without_keeping_anything(server, tmp_path, naps):
    source = Source(model="m", urls=[server.put("/a", DATA)], root=tmp_path)
    found = fetching.hash_source(source, Hashes())

    assert (found.md5, found.size) == (GOOD.md5, GOOD.size)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_proxy_is_named(server, closed, monkeypatch):
    monkeypatch.setenv("http_proxy", closed.removesuffix("/a"))

    with pytest.raises(Unreadable) as caught:
        list(http.read_http_chunks(server.put("/a", DATA)))

    assert str(caught.value) == "the proxy: connection refused"
