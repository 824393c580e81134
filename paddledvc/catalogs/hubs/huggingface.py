"""Catalogs of the Hugging Face Hub: repositories by revision, pinned to a commit."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from paddledvc.catalogs.hubs import json_fields
from paddledvc.catalogs.hubs.hub import HubCatalog, HubCommit, HubFile, HubTree, Refs
from paddledvc.errors import MissingTool
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import http, hub_tokens
from paddledvc.tools.system.network.asking import ask_within
from paddledvc.tools.system.network.errors import PASSING_STATUSES, Unreadable
from paddledvc.tools.system.network.retry import ask_with_retries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.hubs.hub import HubRepository

DEFAULT_BRANCH = "main"
PAGE = 500
"""Commits, or models, of one answer."""
MAX_PAGES = 100
"""Answers in a row, after which a list is not worth reading, or never ends."""
MAX_BYTES = 64 << 20
"""Bytes of one answer."""
MAX_FILES = 50_000
"""Files beyond which huggingface-hub 0.36 took this list for cut off; 2.4 takes another."""


class HuggingFace(HubCatalog):
    """The models of the Hugging Face Hub, or of a server that speaks its language."""

    HUB = hub_tokens.HUGGING_FACE

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        super().__init__(context, settings)
        self._api = _HuggingFaceApi(endpoint=self.where, timeout=context.timeout)

    def repository(self, name: str) -> HubRepository:
        """Open a repository."""
        return _HuggingFaceRepository(api=self._api, name=name)

    def repositories(self, owner: str) -> Iterable[str]:
        """Name the repositories of an owner."""
        entries = self._api.get_all("/api/models", author=owner)
        return [json_fields.read_field(entry, "id", str) for entry in entries]


@dataclass(frozen=True, kw_only=True, slots=True)
class _HuggingFaceRepository:
    api: _HuggingFaceApi
    name: str

    def refs(self) -> Refs | None:
        answer = self.api.get(f"/api/models/{self.name}/refs")
        if answer is None:
            return None
        branches, tags = (
            json_fields.read_list_field(answer, "branches"),
            json_fields.read_list_field(answer, "tags"),
        )
        return Refs(
            branches=[json_fields.read_field(branch, "name", str) for branch in branches],
            tags={
                json_fields.read_field(tag, "name", str): json_fields.read_commit_field(
                    tag, "targetCommit"
                )
                for tag in tags
            },
        )

    def commits(self, revision: str | None) -> Sequence[HubCommit]:
        start = quote(revision or DEFAULT_BRANCH, safe="")
        return [
            HubCommit(
                name=json_fields.read_commit_field(entry, "id"),
                made=json_fields.read_date_field(entry, "date"),
            )
            for entry in self.api.get_all(f"/api/models/{self.name}/commits/{start}")
        ]

    def commit(self, revision: str) -> str | None:
        tree = self.tree(revision)
        return tree.commit if tree else None

    def tree(self, revision: str) -> HubTree | None:
        at = quote(revision, safe="")
        # Sizes, and digests of what is in LFS, are told with blobs only.
        answer = self.api.get(f"/api/models/{self.name}/revision/{at}", blobs="true")
        if answer is None:
            return None
        files = json_fields.read_list_field(answer, "siblings")
        if len(files) > MAX_FILES:
            raise Unreadable(f"it lists {len(files):,} files, more than {MAX_FILES:,}")
        return HubTree(
            commit=json_fields.read_commit_field(answer, "sha"), files=[_file(one) for one in files]
        )

    def url(self, commit: str, path: str) -> str:
        return f"{self.api.endpoint}/{self.name}/resolve/{commit}/{quote(path)}"


def _file(entry: object) -> HubFile:
    """Read an entry: of a file in git the hub names the blob, which is no digest of the bytes."""
    path = json_fields.read_field(entry, "rfilename", str)
    lfs = entry.get("lfs") if isinstance(entry, dict) else None
    if lfs is None:
        return HubFile(path=path, hashes=Hashes(size=json_fields.read_size_field(entry, "size")))
    size, sha256 = (
        json_fields.read_size_field(lfs, "size"),
        json_fields.read_digest_field(lfs, "sha256"),
    )
    return HubFile(path=path, hashes=Hashes(sha256=sha256, size=size))


@dataclass(frozen=True, kw_only=True, slots=True)
class _HuggingFaceApi:
    """The hub's own interface, over the HTTP client of ``huggingface_hub``.

    That client brings what people configured for it: proxies, certificates, offline mode. The
    functions around it are of no use here. They wait forever for some answers and minutes for
    others, write to the terminal meanwhile, send the token wherever they are pointed, and keep
    files in the user's cache.

    Attributes:
        endpoint: URL of the hub.
        timeout: seconds to wait for an answer.
        known: what the hub answered; describing a version asks much of what listing it asked.
    """

    endpoint: str
    timeout: float
    known: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def get(self, path: str, **parameters: str) -> Any | None:
        """Ask for something; None if there is no such repository or revision."""
        answer = self._page(path, urlencode(parameters))
        return None if answer is None else answer[0]

    def get_all(self, path: str, **parameters: str) -> Iterator[Any]:
        """Ask for a list, page by page; an empty one if there is no such thing."""
        query = urlencode({**parameters, "limit": PAGE})
        for _ in range(MAX_PAGES):
            page = self._page(path, query)
            if page is None:
                return
            entries, query = page
            if not isinstance(entries, list):
                raise Unreadable("its answer is no list")
            yield from entries
            if not query:
                return
        raise Unreadable(f"its list has more than {MAX_PAGES} pages of {PAGE}")

    def _page(self, path: str, query: str) -> tuple[Any, str] | None:
        """Ask for one answer, and for the query of the one that follows it."""
        url = f"{self.endpoint}{path}?{query}" if query else f"{self.endpoint}{path}"
        if url not in self.known:
            answer = ask_with_retries(
                partial(ask_within, partial(self._ask, url), self.timeout), timeout=self.timeout
            )
            if answer is None:
                return None
            self.known[url] = answer
        return self.known[url]

    def _ask(self, url: str) -> tuple[Any, str] | None:
        response, said = self._send(url)
        if response.status_code == 200:  # noqa: PLR2004
            # A mirror may name the hub itself as the place of the next page.
            following = response.links.get("next", {}).get("url", "")
            return json_fields.parse_hub_json(said), following.partition("?")[2]
        if response.status_code == 404:  # noqa: PLR2004
            return None
        raise self._refused(url, response)

    def _send(self, url: str) -> tuple[Any, bytes]:
        """Ask by the client of whatever ``huggingface_hub`` is installed: requests' or httpx's."""
        try:
            from huggingface_hub import get_session  # noqa: PLC0415 - an extra
            from huggingface_hub.errors import OfflineModeIsEnabled  # noqa: PLC0415
        except ImportError as error:
            raise MissingTool(
                f"{self.endpoint} is asked through huggingface_hub, which is not installed in "
                "this environment; run `pip install 'paddledvc[hub]'`"
            ) from error
        session = get_session()

        def ask(place: str, *, known: bool) -> AbstractContextManager[Any]:
            token = hub_tokens.hub_token_header(place) if known else {}
            asked = {"headers": {"User-Agent": "paddledvc", **token}, "timeout": self.timeout}
            if hasattr(session, "stream"):  # as httpx has it
                stream: AbstractContextManager[Any] = session.stream(
                    "GET", place, follow_redirects=False, **asked
                )
                return stream
            return closing(session.get(place, stream=True, allow_redirects=False, **asked))

        try:
            with http.follow_redirects(url, ask) as response:
                return response, _body(response)
        except OfflineModeIsEnabled as error:
            raise Unreadable("it needs the network, which HF_HUB_OFFLINE forbids") from error
        except Unreadable:
            raise
        except Exception as error:
            again = "CERTIFICATE" not in str(error)  # which no waiting makes valid
            raise Unreadable(
                http.reason_of_http_failure(error, self.timeout), again=again
            ) from error

    def _refused(self, url: str, response: Any) -> Unreadable:
        status, headers = response.status_code, response.headers
        phrase = next((f" {known.phrase}" for known in HTTPStatus if known == status), "")
        why, advice = "", ""
        if status in http.UNAUTHORIZED:
            why, advice = f": {_denied(headers)}", hub_tokens.HUGGING_FACE.advice(url)
        return Unreadable(
            f"the server answered {status}{phrase}{why}{advice}",
            again=status in PASSING_STATUSES,
            wait=http.http_retry_after(headers),
        )


def _body(response: Any) -> bytes:
    """Read an answer, and no more of it than an answer may have."""
    data, limit = bytearray(), MAX_BYTES if response.status_code == HTTPStatus.OK else 0
    for chunk in response.iter_bytes() if hasattr(response, "iter_bytes") else response:
        data += chunk
        if len(data) > limit:
            break
    if limit and len(data) > limit:
        raise Unreadable(f"its answer has more than {limit:,} bytes")
    return bytes(data)


def _denied(headers: Mapping[str, str]) -> str:
    if headers.get("X-Error-Code") == "GatedRepo":
        return "it is gated: only accounts that its owner has admitted may read it"
    if headers.get("X-Error-Message") == "Invalid credentials in Authorization header":
        return "the token is not valid"
    # To somebody who is not known the hub answers 401 for both.
    return "there is no such repository, or it is private"
