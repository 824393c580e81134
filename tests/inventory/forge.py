"""A forge on loopback: the routes by which comments of merge requests are read and written."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GITHUB = {
    "listing": r"/repos/team/models/issues/7/comments",
    "single": r"/repos/team/models/issues/comments/(\d+)",
    "header": "Authorization",
    "token": "Bearer a-token",
    "author": ("user", "login"),
    "edit": "PATCH",
}
GITLAB = {
    "listing": r"/projects/12/merge_requests/7/notes",
    "single": r"/projects/12/merge_requests/7/notes/(\d+)",
    "header": "PRIVATE-TOKEN",
    "token": "a-token",
    "author": ("author", "username"),
    "edit": "PUT",
}


class Forge:
    """A server of one of them.

    Attributes:
        comments: what the merge request has.
        asked: method and path of every request, in order.
        me: whose the token is; None where the server does not say.
        refuses: status by method.
    """

    def __init__(self, kind: dict[str, Any]) -> None:
        self.kind = kind
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self.me: str | None = None
        self.refuses: dict[str, int] = {}
        self.redirects: str | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, author: str, body: str) -> dict[str, Any]:
        who, name = self.kind["author"]
        self.comments.append({"id": 100 + len(self.comments), "body": body, who: {name: author}})
        return self.comments[-1]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        place = urlsplit(path)
        if place.path == "/user":
            name = self.kind["author"][1]
            return (403, {}) if self.me is None else (200, {name: self.me})
        if (status := self.refuses.get(method)) is not None:
            return status, {}
        if re.fullmatch(self.kind["listing"], place.path):
            if method == "POST":
                return 201, self.add(self.me or "github-actions[bot]", body["body"])
            query = parse_qs(place.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        found = re.fullmatch(self.kind["single"], place.path)
        if found and method == self.kind["edit"]:
            [one] = [one for one in self.comments if one["id"] == int(found[1])]
            one["body"] = body["body"]
            return 200, one
        return 404, {}


def _handler(forge: Forge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = json.loads(self.rfile.read(length)) if length else None
            forge.asked.append(f"{self.command} {self.path}")
            forge.tokens.append(self.headers.get(forge.kind["header"]))
            status, value = 302, None
            if forge.redirects is None:
                status, value = forge.answer(self.command, self.path, sent)
            data = json.dumps(value).encode()
            self.send_response(status)
            if forge.redirects is not None:
                self.send_header("Location", forge.redirects)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - names of http.server's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler
