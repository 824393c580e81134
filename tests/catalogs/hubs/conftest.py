"""A stand-in for the Hugging Face Hub and for ModelScope, on two ports of loopback.

No test can reach the real ones. The stand-in answers in their shapes: those of Hugging Face are
read off huggingface_hub (``hf_api.py``: what ``GitRefInfo``, ``GitCommitInfo``, ``RepoSibling`` and
``BlobLfsInfo`` are made from; ``utils/_http.py``: ``X-Error-Code``; ``utils/_pagination.py``:
``Link``), those of ModelScope off modelscope 1.40 and modelscope_hub 0.5 (``_legacy_api.py``,
``_openapi.py``; ``DetailedCommitInfo``; the recorded answer in ``tests/hub/test_hub_retry.py``).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VARIABLES = ("HF_", "HUGGING", "MODELSCOPE_")
KEPT_ELSEWHERE = (".pdparams", ".pdiparams")
"""Suffixes of the files that are in LFS."""


class Asked(NamedTuple):
    """A request that came in."""

    method: str
    path: str
    authorization: str | None


class Planned(NamedTuple):
    """An answer that is given instead of the true one."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    hang_up: bool = False


@dataclass
class Commit:
    """A commit: all of its files, and when it was made."""

    name: str
    made: str
    files: dict[str, bytes]


@dataclass
class Repository:
    """A repository: branches that are histories, oldest first, and tags."""

    name: str
    branches: dict[str, list[Commit]] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)
    private: bool = False

    def commit(self, files: dict[str, bytes], made: str, branch: str = "main") -> str:
        """Commit files, all of them, and return the commit's name."""
        history = self.branches.setdefault(branch, [])
        name = hashlib.sha1(f"{self.name} {branch} {len(history)}".encode()).hexdigest()
        history.append(Commit(name, made, files))
        return name

    def history(self, revision: str) -> list[Commit]:
        """List the history of a branch, tag or full commit, oldest first; empty if unknown."""
        if revision in self.branches:
            return self.branches[revision]
        name = self.tags[revision].name if revision in self.tags else revision
        for history in self.branches.values():
            for end, commit in enumerate(history, 1):
                if commit.name == name:
                    return history[:end]
        return []

    def tag(self, name: str, revision: str = "main") -> None:
        """Tag the newest commit of a revision."""
        self.tags[name] = self.history(revision)[-1]


def is_lfs(path: str) -> bool:
    return path.endswith(KEPT_ELSEWHERE)


def blob_id(data: bytes) -> str:
    """Name bytes as git does: a SHA-1 over a header and them."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a head and a body are two packets: 40 ms, for the second waits
    server: _HTTPServer

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub, parts = self.server.hub, urlsplit(self.path)
        path = unquote(parts.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        hub.note(self.server, Asked(self.command, self.path, self.headers.get("Authorization")))
        plans = hub.planned.get(path)
        planned = plans.pop(0) if plans else self._truly(parts.path, query)
        time.sleep(planned.delay)
        if planned.hang_up:
            self.close_connection = True
            return
        with suppress(OSError):
            self.send_response(planned.status)
            for name, value in planned.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(planned.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(planned.body)

    def _truly(self, path: str, query: dict[str, str]) -> Planned:
        hub = self.server.hub
        if self.server is hub.cdn_server:
            return Planned(body=hub.objects[path.strip("/")])
        parts = [unquote(part) for part in path.strip("/").split("/")]
        return hub.answer(parts, query, self.headers.get("Authorization"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are what some tests are about."""


class Hub:
    """A hub on loopback, and the other server that it keeps large files on.

    Attributes:
        url: of the hub.
        cdn: of the other server.
        repositories: what there is, by name.
        token: what opens private repositories.
        planned: answers to give first, by path; used up one a request.
        page: commits, or models, of one answer.
        asked: requests to the hub, in order.
        asked_of_cdn: requests to the other server.
        objects: what the other server has.
    """

    def __init__(self, server: _HTTPServer, cdn_server: _HTTPServer) -> None:
        self.server, self.cdn_server = server, cdn_server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.cdn = f"http://127.0.0.1:{cdn_server.server_address[1]}"
        self.repositories: dict[str, Repository] = {}
        self.token = "secret"
        self.planned: dict[str, list[Planned]] = {}
        self.page = 1000
        self.asked: list[Asked] = []
        self.asked_of_cdn: list[Asked] = []
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def note(self, server: _HTTPServer, asked: Asked) -> None:
        with self._lock:
            (self.asked if server is self.server else self.asked_of_cdn).append(asked)

    def repository(self, name: str = "team/net") -> Repository:
        """Make a repository."""
        self.repositories[name] = Repository(name)
        return self.repositories[name]

    def found(self, name: str, authorization: str | None) -> Repository | None:
        repository = self.repositories.get(name)
        if repository and repository.private and authorization != f"Bearer {self.token}":
            return None
        return repository

    def answer(self, parts: list[str], query: dict[str, str], authorization: str | None) -> Planned:
        raise NotImplementedError

    def plan(  # noqa: PLR0913
        self,
        path: str,
        status: int,
        body: bytes = b"{}",
        *,
        headers: dict[str, str] | None = None,
        times: int = 9,
        delay: float = 0.0,
        hang_up: bool = False,
    ) -> None:
        """Give another answer first."""
        fields = tuple((headers or {}).items())
        self.planned[path] = [Planned(status, body, fields, delay, hang_up)] * times

    def elsewhere(self, data: bytes) -> Planned:
        """Redirect to the other server."""
        self.objects[sha256(data)] = data
        return Planned(302, headers=(("Location", f"{self.cdn}/{sha256(data)}"),))


def as_json(value: Any, status: int = 200, **headers: str) -> Planned:
    fields = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    body = json.dumps(value).encode()
    return Planned(status, body, (("Content-Type", "application/json"), *fields))


def huggingface_error(status: int, code: str, message: str) -> Planned:
    return as_json({"error": message}, status, X_Error_Code=code, X_Error_Message=message)


class HuggingFaceHub(Hub):
    """Speaks as huggingface.co does."""

    def answer(  # noqa: PLR0911 - one for each thing that can be asked
        self, parts: list[str], query: dict[str, str], authorization: str | None
    ) -> Planned:
        if parts == ["api", "models"]:
            return self._models(query)
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        repository = self.found(name, authorization)
        if repository is None and authorization is None:
            # The hub does not tell strangers whether a repository is missing or private.
            return huggingface_error(401, "RepoNotFound", "Invalid username or password.")
        if repository is None:
            return huggingface_error(404, "RepoNotFound", "Repository not found")
        match parts:
            case "api", "models", _, _, "refs":
                return self._refs(repository)
            case "api", "models", _, _, "commits", revision:
                return self._commits(repository, revision, query)
            case "api", "models", _, _, "revision", revision:
                return self._info(repository, revision, blobs=query.get("blobs") == "true")
            case _, _, "resolve", revision, *path:
                return self._file(repository, revision, "/".join(path))
        return as_json({"error": "Sorry, we can't find the page you are looking for."}, 404)

    def _models(self, query: dict[str, str]) -> Planned:
        names = sorted(name for name in self.repositories if name.startswith(query["author"]))
        entries = [{"_id": "0" * 24, "id": name, "modelId": name} for name in names]
        return self._page("/api/models", entries, query)

    def _page(self, path: str, entries: list[Any], query: dict[str, str]) -> Planned:
        size, number = min(self.page, int(query.get("limit", 50))), int(query.get("p", 0))
        headers = {}
        if len(entries) > (number + 1) * size:
            following = urlencode({**query, "p": number + 1})
            headers["Link"] = f'<{self.url}{path}?{following}>; rel="next"'
        return as_json(entries[number * size : (number + 1) * size], **headers)

    def _refs(self, repository: Repository) -> Planned:
        branches = {name: commits[-1] for name, commits in repository.branches.items()}
        return as_json(
            {
                "tags": _huggingface_refs("tags", repository.tags),
                "branches": _huggingface_refs("heads", branches),
                "converts": [],
            }
        )

    def _commits(self, repository: Repository, revision: str, query: dict[str, str]) -> Planned:
        history = repository.history(revision)
        if not history:
            return huggingface_error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        entries = [
            {
                "id": commit.name,
                "title": "Upload folder using huggingface_hub",
                "message": "",
                "authors": [{"user": "team", "avatar": "https://aeiljuispo.cloudimg.io/a.png"}],
                "date": commit.made,
            }
            for commit in reversed(history)
        ]
        path = f"/api/models/{repository.name}/commits/{quote(revision, safe='')}"
        return self._page(path, entries, query)

    def _info(self, repository: Repository, revision: str, *, blobs: bool) -> Planned:
        history = repository.history(revision)
        if not history:
            return huggingface_error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return as_json(
            {
                "_id": "0" * 24,
                "id": repository.name,
                "modelId": repository.name,
                "sha": history[-1].name,
                "private": repository.private,
                "gated": False,
                "siblings": [
                    _huggingface_sibling(path, data) if blobs else {"rfilename": path}
                    for path, data in history[-1].files.items()
                ],
            }
        )

    def _file(self, repository: Repository, revision: str, path: str) -> Planned:
        history = repository.history(revision)
        if not history or path not in history[-1].files:
            return huggingface_error(404, "EntryNotFound", "Entry not found")
        data = history[-1].files[path]
        if is_lfs(path):
            return self.elsewhere(data)
        return Planned(body=data, headers=(("ETag", f'"{blob_id(data)}"'),))


def _huggingface_refs(kind: str, refs: dict[str, Commit]) -> list[dict[str, str]]:
    return [
        {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit.name}
        for name, commit in refs.items()
    ]


def _huggingface_sibling(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"rfilename": path, "blobId": blob_id(data), "size": len(data)}
    if is_lfs(path):
        entry["lfs"] = {"sha256": sha256(data), "size": len(data), "pointerSize": 134}
    return entry


def modelscope_error(code: int, message: str, status: int = 404) -> Planned:
    return as_json({"Code": code, "Message": message, "RequestId": "0", "Success": False}, status)


class ModelScopeHub(Hub):
    """Speaks as modelscope.cn does."""

    def answer(  # noqa: PLR0911 - one for each thing that can be asked
        self, parts: list[str], query: dict[str, str], authorization: str | None
    ) -> Planned:
        if parts == ["openapi", "v1", "models"]:
            return self._models(query)
        name = "/".join(parts[3:5] if parts[0] == "api" else parts[1:3])
        repository = self.repositories.get(name)
        if repository is None:
            return modelscope_error(10010205001, "获取模型信息失败，信息：record not found")  # noqa: RUF001
        if self.found(name, authorization) is None:
            return modelscope_error(10010200001, "获取模型信息失败，信息：no access")  # noqa: RUF001
        match parts:
            case "api", "v1", "models", _, _, "revisions":
                return self._revisions(repository)
            case "api", "v1", "models", _, _, "commits":
                return self._commits(repository, query)
            case "api", "v1", "models", _, _, "repo", "files":
                return self._files(repository, query)
            case "models", _, _, "resolve", revision, *path:
                return self._file(repository, revision, "/".join(path))
        return Planned(404, b"404 page not found")

    def _models(self, query: dict[str, str]) -> Planned:
        names = sorted(name for name in self.repositories if name.startswith(query["owner"]))
        size, number = int(query["page_size"]), int(query["page_number"])
        found = names[(number - 1) * size : number * size]
        models = [{"id": name, "display_name": name} for name in found]
        data = {"models": models, "total_count": len(names), "page_number": number}
        return as_json({"success": True, "request_id": "0", "data": data})

    def _revisions(self, repository: Repository) -> Planned:
        branches = [
            {"Revision": name, "CreatedAt": _seconds(commits[-1])}
            for name, commits in repository.branches.items()
        ]
        tags = [
            {"Revision": name, "CreatedAt": _seconds(commit)}
            for name, commit in repository.tags.items()
        ]
        revisions = {"Branches": branches, "Tags": tags or None}
        return _modelscope_answer({"RevisionMap": revisions})

    def _commits(self, repository: Repository, query: dict[str, str]) -> Planned:
        newest_first = repository.history(query["Ref"])[::-1]
        size, number = min(self.page, int(query["PageSize"])), int(query["PageNumber"])
        commits = [
            {
                "Id": commit.name,
                "ShortId": commit.name[:8],
                "Title": "Upload",
                "Message": "Upload",
                "AuthorName": "team",
                "AuthoredDate": _seconds(commit),
                "CommittedDate": _seconds(commit),
                "CommitterName": "team",
                "CreatedAt": _seconds(commit),
            }
            for commit in newest_first[(number - 1) * size : number * size]
        ]
        found = {"Commit": commits or None, "TotalCount": len(newest_first)}
        return _modelscope_answer(found)

    def _files(self, repository: Repository, query: dict[str, str]) -> Planned:
        history = repository.history(query["Revision"])
        if not history:
            return modelscope_error(10990101004, "获取模型目录树失败，信息：no file tree")  # noqa: RUF001
        files = history[-1].files
        if query.get("Recursive") != "True":
            files = {path: data for path, data in files.items() if "/" not in path}
        folders = {path.rpartition("/")[0] for path in files} - {""}
        entries = [{"Path": path, "Type": "tree", "Size": 0, "Sha256": ""} for path in folders]
        entries += [
            {
                "CommitMessage": "Upload",
                "CommittedDate": _seconds(history[-1]),
                "CommitterName": "team",
                "InCheck": False,
                "IsLFS": is_lfs(path),
                "Mode": "33188",
                "Name": path.rpartition("/")[2],
                "Path": path,
                "Revision": history[-1].name,
                "Sha256": sha256(data),
                "Size": len(data),
                "Type": "blob",
            }
            for path, data in files.items()
        ]
        # The commit is left out where one was asked for.
        return _modelscope_answer({"Files": entries, "LatestCommitter": {"Id": ""}})

    def _file(self, repository: Repository, revision: str, path: str) -> Planned:
        history = repository.history(revision)
        if not history or path not in history[-1].files:
            return modelscope_error(10990101004, "获取模型文件失败")
        data = history[-1].files[path]
        return self.elsewhere(data) if is_lfs(path) else Planned(body=data)


def _seconds(commit: Commit) -> int:
    return int(datetime.fromisoformat(commit.made.replace("Z", "+00:00")).timestamp())


def _modelscope_answer(data: Any) -> Planned:
    return as_json(
        {"Code": 200, "Data": data, "Message": "success", "RequestId": "0", "Success": True}
    )


def forget_sessions() -> None:
    """Let huggingface_hub make its HTTP clients anew."""
    utils = sys.modules.get("huggingface_hub.utils")
    for name in ("reset_sessions", "close_session"):  # of versions before 1.0, and since
        getattr(utils, name, lambda: None)()


@pytest.fixture
def hub_forget() -> Iterator[Callable[[], None]]:
    """Let huggingface_hub look at its settings again, after the test too."""
    yield forget_sessions
    forget_sessions()


@pytest.fixture
def hub_kind() -> type[Hub]:
    """The hub that is stood in for; test modules override this."""
    return HuggingFaceHub


@pytest.fixture
def modelscope_hub() -> type[Hub]:
    """The other hub that can be stood in for."""
    return ModelScopeHub


@pytest.fixture
def hub_server(hub_kind: type[Hub], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on loopback, and nothing in the environment that speaks of another."""
    for variable in tuple(os.environ):
        if variable.startswith(VARIABLES):
            monkeypatch.delenv(variable)
    servers = [_HTTPServer(("127.0.0.1", 0), _Handler) for _ in range(2)]
    hub = hub_kind(*servers)
    threads = []
    for server in servers:
        server.hub = hub
        threads.append(threading.Thread(target=server.serve_forever, args=(0.01,)))
        threads[-1].start()
    yield hub
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        with suppress(OSError):
            server.server_close()
