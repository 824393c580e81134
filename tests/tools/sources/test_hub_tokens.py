"""Who gets to see the token of a hub: other servers are ports of loopback."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from paddledvc.tools.sources import http, hub_tokens
from paddledvc.tools.system.network.errors import Unreadable


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """Let nobody be logged in, and no hub be elsewhere."""
    for hub in hub_tokens.HUBS:
        for variable in (hub.variable, *hub.endpoints):
            monkeypatch.delenv(variable, raising=False)


@contextmanager
def listening(location=None):
    """Serve one document, or redirects to it, and note the authorizations that are shown."""
    shown = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            shown.append(self.headers.get("Authorization"))
            self.send_response(200 if location is None else 302)
            if location is not None:
                self.send_header("Location", location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", shown
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://huggingface.co/team/net/resolve/main/a", True),
        ("https://huggingface.co:443/a", True),
        ("https://HUGGINGFACE.co/a", True),
        ("http://huggingface.co/a", False),
        ("https://huggingface.co:8443/a", False),
        ("https://huggingface.co.evil.example/a", False),
        ("https://cdn.huggingface.co/a", False),
        ("https://huggingface.co@evil.example/a", False),
        ("https://evil.example/huggingface.co", False),
        ("https://modelscope.cn/a", False),
        ("https://huggingface.co:port/a", False),
        ("file:///huggingface.co", False),
        ("", False),
    ],
)
def test_the_token_is_for_the_hub_alone_and_never_in_the_clear(url, shown, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")

    assert hub_tokens.hub_token_header(url) == ({"Authorization": "Bearer secret"} if shown else {})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hub.example/a", True),
        ("https://huggingface.co/a", True),
        ("https://hub.example:8443/a", False),
        ("http://hub.example/a", False),
    ],
)
def test_the_hub_can_be_elsewhere(url, shown, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/")

    assert bool(hub_tokens.hub_token_header(url)) is shown


def test_a_hub_without_encryption_sees_no_token(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")

    assert hub_tokens.hub_token_header("http://hub.example/a") == {}


@pytest.mark.parametrize("host", ["127.0.0.1:80", "127.1.2.3", "[::1]:80", "localhost"])
def test_loopback_needs_no_encryption(host, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HF_ENDPOINT", f"http://{host}")

    assert hub_tokens.hub_token_header(f"http://{host}/a") == {"Authorization": "Bearer secret"}


def test_each_hub_has_its_own_token(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "one")
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "two")

    assert hub_tokens.hub_token_header("https://huggingface.co/a") == {
        "Authorization": "Bearer one"
    }
    assert hub_tokens.hub_token_header("https://modelscope.cn/a") == {"Authorization": "Bearer two"}
    assert hub_tokens.hub_token_header("https://www.modelscope.cn/a") == {
        "Authorization": "Bearer two"
    }


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "\u00e4"])
def test_what_no_header_can_hold_is_no_token(token, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", token)

    assert hub_tokens.hub_token_header("https://huggingface.co/a") == {}


def test_who_is_logged_in_needs_no_variable(monkeypatch, tmp_path):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    assert hub_tokens.hub_token_header("https://huggingface.co/a") == {}

    (tmp_path / "token").write_text("stored\n")
    assert hub_tokens.hub_token_header("https://huggingface.co/a") == {
        "Authorization": "Bearer stored"
    }
    assert hub_tokens.hub_token_header("https://modelscope.cn/a") == {}

    monkeypatch.setenv("HF_TOKEN", "said")
    assert hub_tokens.hub_token_header("https://huggingface.co/a") == {
        "Authorization": "Bearer said"
    }


def test_a_download_shows_the_token_to_the_hub(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    with listening() as (hub, shown):
        monkeypatch.setenv("HF_ENDPOINT", f"http://{hub}")

        assert b"".join(http.read_http_chunks(f"http://{hub}/a")) == b"{}"
        assert http.read_http_document(f"http://{hub}/a", 10) == b"{}"
    assert shown == ["Bearer secret", "Bearer secret"]


def test_a_download_shows_no_token_to_anybody_else(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    with listening() as (host, shown):
        list(http.read_http_chunks(f"http://{host}/a"))
    assert shown == [None]


@pytest.mark.parametrize("other", ["{}", "localhost:{port}"])
def test_the_token_does_not_follow_a_redirect(other, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    with listening() as (cdn, seen):
        location = f"http://{other.format(cdn, port=cdn.rpartition(':')[2])}/b"
        with listening(location) as (hub, shown):
            monkeypatch.setenv("HF_ENDPOINT", f"http://{hub}")

            assert b"".join(http.read_http_chunks(f"http://{hub}/a")) == b"{}"
    assert (shown, seen) == (["Bearer secret"], [None])


def test_the_token_does_not_follow_a_url_that_is_read_in_two_ways(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    with listening() as (hub, shown), listening() as (other, seen):
        monkeypatch.setenv("HF_ENDPOINT", f"http://{hub}")
        url = f"http://{other}\\@{hub}/a"
        assert hub_tokens.hub_token_header(url)

        list(http.read_http_chunks(url))
    assert (shown, seen) == ([], [None])


def test_the_token_counts_more_than_what_netrc_says(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with listening() as (hub, shown):
        list(http.read_http_chunks(f"http://{hub}/a"))
        monkeypatch.setenv("HF_TOKEN", "secret")
        monkeypatch.setenv("HF_ENDPOINT", f"http://{hub}")
        list(http.read_http_chunks(f"http://{hub}/a"))
    assert shown == ["Basic dXNlcjpvdGhlcg==", "Bearer secret"]


def test_a_download_that_is_refused_says_what_may_help(server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    server.statuses["/a"] = [401, 403, 404]
    messages = []
    for _ in range(3):
        with pytest.raises(Unreadable) as caught:
            list(http.read_http_chunks(f"{server.url}/a"))
        messages.append(str(caught.value))

    assert messages == [
        "the server answered 401 Unauthorized; set HF_TOKEN to a token that may read it",
        "the server answered 403 Forbidden; set HF_TOKEN to a token that may read it",
        "the server answered 404 Not Found",
    ]


def test_a_document_is_read_whole(server):
    assert http.read_http_document(server.put("/a", b"x" * 5000), 5000) == b"x" * 5000


def test_a_document_that_is_too_long_is_not_read(server):
    with pytest.raises(Unreadable) as caught:
        http.read_http_document(server.put("/a", b"x" * 5001), 5000)

    assert str(caught.value) == "it has more than 5,000 bytes"


def test_a_document_that_is_too_long_is_not_read_to_its_end(server):
    server.delay["/a"] = 1.0
    with pytest.raises(Unreadable) as caught:
        http.read_http_document(server.put("/a", bytes(3 * server.part_size)), 1000, timeout=0.5)

    assert str(caught.value) == "it has more than 1,000 bytes"


@pytest.mark.slow
def test_a_document_that_drips_is_given_up(server):
    server.part_size, server.delay["/a"] = 1, 0.1
    with pytest.raises(Unreadable) as caught:
        http.read_http_document(server.put("/a", b"x" * 1000), 5000, timeout=0.3)

    assert re.match(r"only \d+ bytes? in \d+(\.\d)? s$", str(caught.value))
    assert not caught.value.again


@pytest.mark.parametrize("chunked", [False, True])
def test_a_document_that_breaks_off_is_not_read(chunked, server):
    server.truncate["/a"] = 100
    if chunked:
        server.chunked.add("/a")
    with pytest.raises(Unreadable) as caught:
        http.read_http_document(server.put("/a", b"x" * 5000), 5000)

    assert caught.value.again


def test_a_refusal_keeps_its_status(server):
    server.statuses["/a"] = [404]
    with pytest.raises(Unreadable) as caught:
        http.read_http_document(f"{server.url}/a", 100)

    assert (str(caught.value), caught.value.status) == ("the server answered 404 Not Found", 404)
