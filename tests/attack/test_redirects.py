"""Servers that send us on: a password or token stays with whom it is for, and out of the clear."""

from __future__ import annotations

import hashlib
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paddledvc.errors import RemoteFailed
from paddledvc.tools.dvc.remotes import remote
from paddledvc.tools.sources import git_files, http
from paddledvc.tools.system.network.errors import Unreadable
from tests.conftest import TRUSTED, Server, _Handler, _HTTPServer
from tests.tools.sources.conftest import DATA as FILES

DATA = b"weights"
TOKEN = "a-token-of-a-hub"


@pytest.fixture
def elsewhere():
    """A second server, of which nobody gave us a password."""
    yield from serve()


def serve(context: ssl.SSLContext | None = None):
    with _HTTPServer(("127.0.0.1", 0), _Handler) as running:
        if context is not None:
            running.socket = context.wrap_socket(running.socket, server_side=True)
        running.site = Server(running.server_address[1])
        if context is not None:
            running.site.url = running.site.url.replace("http:", "https:")
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running.site
        running.shutdown()
        thread.join()


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """A server that speaks TLS, with a certificate that we trust."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=127.0.0.1"]
    subprocess.run(
        [*made, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.delenv("https_proxy")
    yield from serve(context)


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Let ``.netrc`` have a password for the machine that all servers run on."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login u password NETRCPW\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def read(url: str) -> bytes:
    return b"".join(http.read_http_chunks(url))


def refused(url: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read(url)
    return str(caught.value)


def was_known(site: Server) -> list[bool]:
    return ["authorization" in headers for headers in site.asked_with]


def test_a_password_goes_to_the_server_that_was_named_and_not_to_another(server, elsewhere, known):
    server.redirects["/a"] = elsewhere.put("/b", DATA)

    assert read(f"{server.url}/a") == DATA
    assert (was_known(server), was_known(elsewhere)) == ([True], [False])


def test_a_password_does_not_come_back_with_a_redirect(server, elsewhere, known):
    server.redirects["/a"] = f"{elsewhere.url}/b"
    elsewhere.redirects["/b"] = server.put("/c", DATA)

    assert read(f"{server.url}/a") == DATA
    assert (was_known(server), was_known(elsewhere)) == ([True, False], [False])


def test_a_password_stays_with_a_server_that_redirects_to_itself(server, known):
    server.put("/b", DATA)
    server.redirects["/a"] = "/b"

    assert read(f"{server.url}/a") == DATA
    assert was_known(server) == [True, True]


def test_a_token_of_a_hub_stays_there(server, elsewhere, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    server.redirects["/a"] = elsewhere.put("/b", DATA)

    assert read(f"{server.url}/a") == DATA
    assert server.asked_with[0]["authorization"] == f"Bearer {TOKEN}"
    assert was_known(elsewhere) == [False]


@pytest.mark.slow
@pytest.mark.parametrize(
    "ask", [read, http.ask_http_size, lambda url: http.read_http_document(url, 9)]
)
def test_https_never_becomes_http(server, secure, known, ask):
    server.put("/b", DATA)
    secure.redirects["/a"] = f"{server.url}/b"
    secure.put("/honest", DATA)

    with pytest.raises(Unreadable) as caught:
        ask(f"{secure.url}/a")
    assert str(caught.value) == (
        "it redirects from https to http://127.0.0.1, where others can read and change "
        "what is sent; ask its operator for https"
    )
    assert server.log == []
    assert read(f"{secure.url}/honest") == DATA


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "s3"])
def test_a_redirect_leads_to_http_alone(server, scheme):
    server.redirects["/a"] = f"{scheme}:///etc/passwd"

    told = f"it redirects to {scheme}:, which is neither https nor http"
    assert refused(f"{server.url}/a") == told


class _Endless(BaseHTTPRequestHandler):
    sent = 0

    def do_GET(self) -> None:
        status = 302 if self.path == "/redirect" else 403
        self.send_response(status, "\x1b[31mNo\x9b")
        self.send_header("Location", "/refusal")
        self.end_headers()
        try:
            while True:
                _Endless.sent += self.wfile.write(b"x" * 4096)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.slow
def test_what_a_server_says_beside_an_answer_is_not_read_for_ever():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{running.server_address[1]}/redirect"
        with pytest.raises(Unreadable) as caught:
            http.read_http_document(url, 1 << 40)
        running.shutdown()
        thread.join()

    assert str(caught.value).startswith("the server answered 403 ")
    assert len(caught.value.body) <= http.MAX_REFUSAL


OBJECT = "00" + "1" * 30
REMOTES = {
    "basic": {"auth": "basic", "user": "u", "password": "SECRET"},
    "custom": {"auth": "custom", "custom_auth_header": "X-Key", "password": "SECRET"},
    "netrc": {},
}


@pytest.fixture
def open_http(tmp_path, monkeypatch):
    """Open a remote of DVC over HTTP."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))

    def run(url: str, **options: str):
        text = "".join(f"    {key} = {value}\n" for key, value in options.items())
        (tmp_path / ".dvc").mkdir(exist_ok=True)
        (tmp_path / ".dvc" / "config").write_text(f"['remote \"r\"']\n    url = {url}\n{text}")
        monkeypatch.setenv(TRUSTED, url)
        return remote.open_remote(tmp_path, "r", patience=5)

    return run


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:")  # aiohttp, of DVC
@pytest.mark.parametrize("form", REMOTES)
def test_a_remote_of_dvc_takes_no_password_to_another_server(
    server, elsewhere, known, open_http, form
):
    path = f"/files/md5/{OBJECT[:2]}/{OBJECT[2:]}"
    server.redirects[path] = elsewhere.put("/b", DATA)
    opened = open_http(server.url, **REMOTES[form])

    with pytest.raises(RemoteFailed) as caught:
        b"".join(opened.chunks(OBJECT))
    told = f"it redirects to {elsewhere.url}, to which its password must not go"
    assert caught.value.cause == told
    assert elsewhere.log == []
    # One that sends us on within itself is followed.
    server.redirects[path] = server.put("/c", DATA)
    assert b"".join(opened.chunks(OBJECT)) == DATA
    opened.close()


@pytest.mark.slow
def test_a_remote_of_dvc_without_a_password_may_send_us_on(server, elsewhere, open_http):
    server.redirects[f"/files/md5/{OBJECT[:2]}/{OBJECT[2:]}"] = elsewhere.put("/b", DATA)
    opened = open_http(server.url)

    assert b"".join(opened.chunks(OBJECT)) == DATA
    opened.close()


@pytest.mark.slow
@pytest.mark.usefixtures("known")
def test_a_catalog_takes_no_password_to_another_server(own, secure, elsewhere, monkeypatch):
    """DVC brings what is in the catalog's remote, in a process of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(own.root.parent / "cache"))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(own.root.parent / "site"))
    monkeypatch.setenv("SSL_CERT_FILE", os.environ["REQUESTS_CA_BUNDLE"])
    text = f"[core]\n    remote = s\n['remote \"s\"']\n    url = {secure.url}\n"
    own.write(".dvc/config", text)
    commit = own.commit()
    data = FILES["weights/det.pdparams"]
    md5 = hashlib.md5(data).hexdigest()
    secure.redirects[f"/files/md5/{md5[:2]}/{md5[2:]}"] = elsewhere.put("/b", data)

    with pytest.raises(Unreadable):
        b"".join(git_files.read_git_chunks(f"git+{own.root}@{commit}#weights/det.pdparams"))
    assert any("authorization" in one for one in secure.asked_with)
    assert elsewhere.log == []
