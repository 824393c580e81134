"""Registries of container images on loopback: one that does what a test asks for."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEX = "application/vnd.oci.image.index.v1+json"


def manifest(text: str = "") -> bytes:
    """A manifest; another text makes another one."""
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "x": text}).encode()


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer

    def do_GET(self) -> None:
        registry, at = self.server.registry, urlsplit(self.path)
        sent = self.headers.get("Authorization", "")
        with registry.lock:
            registry.log.append((self.command, self.path, sent))
        if at.path == "/token":
            wanted = registry.login is not None and not registry.anonymous
            status = 401 if wanted and sent != registry.basic else 200
            registry.scopes += parse_qs(at.query).get("scope", [])
            self._send(status, registry.token_body)
            return
        if registry.statuses:
            self._send(registry.statuses.pop(0), b"", registry.headers)
        elif registry.redirect:
            self._send(307, b"", {"Location": registry.redirect + self.path})
        elif registry.auth and sent != registry.expected:
            self._send(401, b"", {"WWW-Authenticate": registry.challenge})
        elif self.command == "HEAD" and registry.head != 200:
            self._send(registry.head, b"")
        elif at.path not in registry.images:
            self._send(404, b"{}")
        else:
            body = registry.images[at.path]
            stated = digest_of(body) if registry.stated is None else registry.stated
            headers = {"Docker-Content-Digest": stated} if stated else {}
            self._send(200, body, {"Content-Type": INDEX, **headers})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # a connection that finds no place comes again after a second
    registry: Registry

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are what some tests are about."""


class Registry:
    """A registry.

    Attributes:
        host: ``127.0.0.1:PORT``.
        images: manifests by path.
        auth: ``token`` or ``basic``; empty where nobody has to log in.
        login: user and password; None where nobody has one.
        anonymous: whether tokens are given without.
        realm: the server of tokens.
        token_body: what that one answers.
        stated: the digest that is stated: None for the right one, empty for none.
        head: what a HEAD is answered with.
        statuses: what to answer first; used up one a request, with ``headers``.
        redirect: where everything is redirected to.
        log: method, path and ``Authorization`` of every request.
    """

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.images: dict[str, bytes] = {}
        self.auth = ""
        self.login: tuple[str, str] | None = None
        self.anonymous = True
        self.realm = f"http://{self.host}/token"
        self.token_body = b'{"token": "t0ken"}'
        self.stated: str | None = None
        self.head = 200
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.redirect = ""
        self.log: list[tuple[str, str, str]] = []
        self.scopes: list[str] = []
        self.lock = threading.Lock()

    def put(self, name: str, body: bytes | None = None) -> str:
        """Have a tag name a manifest, and give its digest; ``name`` is ``REPOSITORY:TAG``."""
        body = manifest(name) if body is None else body
        repository, _, tag = name.rpartition(":")
        self.images[f"/v2/{repository}/manifests/{tag}"] = body
        self.images[f"/v2/{repository}/manifests/{digest_of(body)}"] = body
        return digest_of(body)

    @property
    def basic(self) -> str:
        """How the login is shown."""
        return f"Basic {base64.b64encode(':'.join(self.login or ()).encode()).decode()}"

    @property
    def expected(self) -> str:
        """What has to be shown."""
        return "Bearer t0ken" if self.auth == "token" else self.basic

    @property
    def challenge(self) -> str:
        """What says how to log in."""
        return f'Bearer realm="{self.realm}",service="r"' if self.auth == "token" else "Basic"

    @property
    def asked(self) -> list[str]:
        """The method of every request for a manifest."""
        return [method for method, path, _ in self.log if "/manifests/" in path]


@pytest.fixture(scope="session")
def registry_servers() -> Iterator[list[_HTTPServer]]:
    """Two servers for all tests of this process; each test has registries of its own there."""
    servers = [_HTTPServer(("127.0.0.1", 0), _Handler) for _ in range(2)]
    for one in servers:
        threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield servers
    for one in servers:
        one.shutdown()
        one.server_close()


@pytest.fixture
def registries(registry_servers: list[_HTTPServer]) -> list[Registry]:
    """Two registries."""
    for one in registry_servers:
        one.registry = Registry(one.server_address[1])
    return [one.registry for one in registry_servers]


@pytest.fixture
def registry(registries: list[Registry]) -> Registry:
    """A registry."""
    return registries[0]
