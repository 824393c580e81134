"""Which merge request a job is about, where its comments are, and which of them is ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.inventory.core.diff_markdown import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE = 100
"""Comments that a forge lists at once, at most."""
_TOKEN = re.compile("[!-~]+")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}")
GITHUB_TOKENS = ("GITHUB_TOKEN",)
GITLAB_TOKENS = ("PADDLEDVC_GITLAB_TOKEN", "GITLAB_TOKEN")


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeRequest:
    """A merge request of GitLab, or a pull request of GitHub, and the way to its comments.

    Attributes:
        forge: what people call the server.
        user: URL that says who asks.
        comments: URL that lists its comments, and takes new ones.
        comment: URL below which each comment is, by its id.
        edit: what is asked of a server to change a comment.
        author: key of a comment, and of who wrote it, that say the author's name.
        usual: who writes with a token of which the server does not say whose it is.
        headers: what shows the server who asks.
    """

    forge: Literal["GitHub", "GitLab"]
    user: str
    comments: str
    comment: str
    edit: Literal["PATCH", "PUT"]
    author: tuple[str, str]
    usual: str
    headers: Mapping[str, str] = field(repr=False)


def find_merge_request(
    environment: Mapping[str, str], event: Mapping[str, Any]
) -> MergeRequest | str:
    """Find the merge request that a job is about, or say why there is none to write to.

    Args:
        environment: the variables of the process, from which CI speaks.
        event: what GitHub says of the event that started the job; empty elsewhere.

    >>> find_merge_request({"GITHUB_ACTIONS": "true"}, {"number": 7})
    'GITHUB_TOKEN is not set'
    >>> find_merge_request({"GITLAB_CI": "true"}, {})
    'this job is about no merge request'
    """
    on_github = environment.get("GITHUB_ACTIONS") == "true"
    number = _pull_request(event) if on_github else environment.get("CI_MERGE_REQUEST_IID", "")
    if not _NUMBER.fullmatch(number):
        kind = "pull" if on_github else "merge"
        return f"this job is about no {kind} request"
    variables = GITHUB_TOKENS if on_github else GITLAB_TOKENS
    token = next((found for one in variables if (found := environment.get(one, "").strip())), "")
    if not token:
        return f"{variables[0]} is not set"
    if not _TOKEN.fullmatch(token):  # no header can hold it, and a message would quote it
        return f"{variables[0]} is no token"
    return (_on_github if on_github else _on_gitlab)(environment, number, token)


def _pull_request(event: Mapping[str, Any]) -> str:
    found = event.get("number")
    return str(found) if type(found) is int else ""


def _on_github(environment: Mapping[str, str], number: str, token: str) -> MergeRequest | str:
    api = environment.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        return "GITHUB_REPOSITORY names no repository"
    return MergeRequest(
        forge="GitHub",
        user=f"{api}/user",
        comments=f"{api}/repos/{repository}/issues/{number}/comments",
        comment=f"{api}/repos/{repository}/issues/comments",
        edit="PATCH",
        author=("user", "login"),
        usual="github-actions[bot]",  # a job's own token may not ask who it is
        headers={"Authorization": f"Bearer {token}"},
    )


def _on_gitlab(environment: Mapping[str, str], number: str, token: str) -> MergeRequest | str:
    api = environment.get("CI_API_V4_URL", "").rstrip("/")
    project = environment.get("CI_PROJECT_ID", "")
    if not api or not _NUMBER.fullmatch(project):
        return "CI_API_V4_URL and CI_PROJECT_ID do not name the project"
    notes = f"{api}/projects/{project}/merge_requests/{number}/notes"
    return MergeRequest(
        forge="GitLab",
        user=f"{api}/user",
        comments=notes,
        comment=notes,
        edit="PUT",
        author=("author", "username"),
        usual="",
        headers={"PRIVATE-TOKEN": token},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment of a merge request.

    Attributes:
        key: its id.
        body: its text.
    """

    key: int
    body: str


def find_own_comment(request: MergeRequest, listed: Iterable[Any], author: str) -> Comment | None:
    """Find the comment that an earlier job wrote: by its first line, and by its author.

    Args:
        request: the merge request.
        listed: its comments, as the server lists them.
        author: who we are; what others write with the same first line stays theirs.
    """
    who, name = request.author
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get(who), dict):
            continue
        body, key = one.get("body"), one.get("id")
        is_ours = bool(author) and one[who].get(name) == author
        if is_ours and isinstance(body, str) and type(key) is int and body.startswith(MARKER):
            return Comment(key=key, body=body)
    return None
