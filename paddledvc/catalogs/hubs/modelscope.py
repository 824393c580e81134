"""Catalogs of ModelScope: repositories by revision, pinned to a commit.

ModelScope does not speak the language of the Hugging Face Hub, so it is asked in its own, the one
of its Python client. Its documents call branches and tags revisions; its lists of files and its
download URLs take full commits as well, and those are what is locked. A commit that its owner
rewrites away can no longer be downloaded: the bytes never change unnoticed, but they can go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from paddledvc.catalogs.hubs import json_fields
from paddledvc.catalogs.hubs.hub import HubCatalog, HubCommit, HubFile, HubTree, Refs
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import http, hub_tokens
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.tools.system.network.retry import ask_with_retries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.hubs.hub import HubRepository

DEFAULT_BRANCH = "master"
PAGE = 50
"""Commits, or models, of one answer."""
MAX_PAGES = 400
"""Answers in a row, after which a list is not worth reading, or never ends."""
MAX_FILES = 3000
"""Files at which ModelScope cuts a list off without a word."""
MAX_BYTES = 64 << 20
"""Bytes of an answer; the longest list of files takes 2 MB."""
NOT_FOUND = 10010205001
"""No such repository, if the message agrees: an overloaded server uses this code as well."""
NO_ACCESS = 10010200001
NO_FILES = 10990101004
"""No such revision."""


class ModelScope(HubCatalog):
    """The models of ModelScope."""

    HUB = hub_tokens.MODEL_SCOPE
    FOLDER = "models/"

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        super().__init__(context, settings)
        self._api = _ModelScopeApi(endpoint=self.where, timeout=context.timeout)

    def repository(self, name: str) -> HubRepository:
        """Open a repository."""
        return _ModelScopeRepository(api=self._api, name=name)

    def repositories(self, owner: str) -> Iterable[str]:
        """Name the repositories of an owner."""
        return [json_fields.read_field(entry, "id", str) for entry in self._api.models(owner)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _ModelScopeRepository:
    api: _ModelScopeApi
    name: str

    def refs(self) -> Refs | None:
        """List branches and tags; ModelScope does not say which commits the tags are of."""
        answer = self.api.get(f"{self.name}/revisions")
        if answer is None:
            return None
        known = json_fields.read_field(answer, "RevisionMap", dict)
        branches, tags = (
            json_fields.read_list_field(known, "Branches"),
            json_fields.read_list_field(known, "Tags"),
        )
        return Refs(
            branches=[json_fields.read_field(branch, "Revision", str) for branch in branches],
            tags={json_fields.read_field(tag, "Revision", str): None for tag in tags},
        )

    def commits(self, revision: str | None) -> Sequence[HubCommit]:
        commits: dict[str, HubCommit] = {}
        for number in range(1, MAX_PAGES + 1):
            page = self._commits(revision or DEFAULT_BRANCH, number, PAGE)
            before = len(commits)
            commits.update((commit.name, commit) for commit in page)
            if len(commits) == before:
                return list(commits.values())
        raise Unreadable(f"its list has more than {MAX_PAGES} pages of {PAGE}")

    def commit(self, revision: str) -> str | None:
        return next((commit.name for commit in self._commits(revision, 1, 1)), None)

    def _commits(self, revision: str, number: int, size: int) -> Sequence[HubCommit]:
        answer = self.api.get(
            f"{self.name}/commits", Ref=revision, PageNumber=str(number), PageSize=str(size)
        )
        return [
            HubCommit(
                name=json_fields.read_commit_field(entry, "Id"),
                made=json_fields.read_date_field(entry, "CommittedDate"),
            )
            for entry in json_fields.read_list_field(answer or {"Commit": None}, "Commit")
        ]

    def tree(self, revision: str) -> HubTree | None:
        commit = self.commit(revision)
        if commit is None:
            return None
        # Other spellings of Recursive are ignored, and folders left out.
        answer = self.api.get(f"{self.name}/repo/files", Revision=commit, Recursive="True")
        if answer is None:
            return None
        entries = json_fields.read_list_field(answer, "Files")
        if len(entries) >= MAX_FILES:
            raise Unreadable(f"it cuts lists off at {MAX_FILES:,} files, so this one is incomplete")
        files = [
            _file(one) for one in entries if json_fields.read_field(one, "Type", str) != "tree"
        ]
        return HubTree(commit=commit, files=files)

    def url(self, commit: str, path: str) -> str:
        return f"{self.api.endpoint}/models/{self.name}/resolve/{commit}/{quote(path)}"


def _file(entry: object) -> HubFile:
    """Read an entry: ModelScope states the SHA-256 of the bytes, of files in git too."""
    path, size = (
        json_fields.read_field(entry, "Path", str),
        json_fields.read_size_field(entry, "Size"),
    )
    stated = json_fields.read_field(entry, "Sha256", str)
    sha256 = json_fields.read_digest_field(entry, "Sha256") if stated else None
    return HubFile(path=path, hashes=Hashes(sha256=sha256, size=size))


@dataclass(frozen=True, kw_only=True, slots=True)
class _ModelScopeApi:
    """The hub's own interface.

    Attributes:
        endpoint: URL of the hub.
        timeout: seconds to wait for an answer.
        known: what the hub answered; describing a version asks much of what listing it asked.
    """

    endpoint: str
    timeout: float
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get(self, path: str, **parameters: str) -> dict[str, Any] | None:
        """Ask for something about models; None if there is no such repository or revision."""
        url = f"{self.endpoint}/api/v1/models/{path}?{urlencode(parameters)}"
        if url not in self.known:
            answer = ask_with_retries(partial(self._ask, url), timeout=self.timeout)
            if answer is None:
                return None
            self.known[url] = answer
        return self.known[url]

    def models(self, owner: str) -> Iterator[Any]:
        for number in range(1, MAX_PAGES + 1):
            parameters = {"owner": owner, "page_number": number, "page_size": PAGE}
            url = f"{self.endpoint}/openapi/v1/models?{urlencode(parameters)}"
            answer = ask_with_retries(partial(self._read, url), timeout=self.timeout)
            entries = json_fields.read_list_field(
                json_fields.read_field(answer, "data", dict), "models"
            )
            yield from entries
            if len(entries) < PAGE:
                return

    def _ask(self, url: str) -> dict[str, Any] | None:
        try:
            answer = self._read(url)
        except Unreadable as error:
            self._require_missing(url, error)
            return None
        code = json_fields.read_field(answer, "Code", int)
        if code != 200:  # noqa: PLR2004
            raise Unreadable(f"the server answered code {code}: {_message(answer)}")
        return json_fields.read_field(answer, "Data", dict)

    def _read(self, url: str) -> Any:
        return json_fields.parse_hub_json(http.read_http_document(url, MAX_BYTES, self.timeout))

    def _require_missing(self, url: str, error: Unreadable) -> None:
        """Tell what is not there from what is not for us; the status is 404 for both."""
        if error.status != 404:  # noqa: PLR2004
            raise error
        try:
            answer = json_fields.parse_hub_json(error.body)
            code, message = json_fields.read_field(answer, "Code", int), _message(answer)
        except Unreadable:
            raise error from None
        if code == NO_FILES or (code == NOT_FOUND and "not found" in message.lower()):
            return
        said = f"{error}: {message}"
        if code == NO_ACCESS:
            said = f"it is private, or only opens on request{hub_tokens.MODEL_SCOPE.advice(url)}"
        raise Unreadable(said, again=code == NOT_FOUND) from error


def _message(answer: object) -> str:
    """Take out what the server says, in one line that a terminal can show."""
    message = answer.get("Message") if isinstance(answer, dict) else None
    text = " ".join(str(message or "no message").split())
    return "".join(character for character in text if character.isprintable())[:200]
