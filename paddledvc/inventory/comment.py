"""A change of models as one comment of its merge request, which every job writes anew."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.gate.subject import read_github_event
from paddledvc.inventory.core.diff_markdown import render_markdown
from paddledvc.inventory.core.merge_requests import PAGE, find_merge_request, find_own_comment
from paddledvc.tools.sources.json_api import ask_json_api
from paddledvc.tools.system.network.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.inventory.core.merge_requests import MergeRequest
    from paddledvc.inventory.core.models_diff import ModelsDiff

REFUSALS = (401, 403, 404)
"""What a server answers to a token that may not write, such as that of a fork's job."""
PAGES = 100
"""Pages of comments that are looked through."""
SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Commented(Displayed):
    """Where a change was written to.

    Attributes:
        state: what was done to the comment.
        reason: why no comment was written; None if one was.
        in_summary: whether the summary of the job has it instead.
    """

    state: Literal["created", "updated", "unchanged", "refused"]
    reason: str | None = None
    in_summary: bool = False


def comment(found: ModelsDiff) -> Commented:
    """Write a change as a comment of the merge request that this job of CI is about.

    The comment of an earlier job is updated in place. Without a token that may write, the summary
    of the job gets the text. The token goes to the server of the job alone.

    Args:
        found: what ``diff`` says of the change.

    Raises:
        InvalidInput: this is no job of GitHub Actions or GitLab CI.
        OutsideFailure: the server cannot be reached, or fails; the summary has the text then.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.comment(paddledvc.diff(project)).state)
    """
    environment = os.environ
    if environment.get("GITHUB_ACTIONS") != "true" and not environment.get("GITLAB_CI"):
        raise InvalidInput(
            "this is no job of GitHub Actions or GitLab CI, whose merge request a comment is for; "
            "write the text with `paddledvc diff --format markdown`"
        )
    text = render_markdown(found)
    request = find_merge_request(environment, read_github_event(environment))
    if isinstance(request, str):
        return _summarise(text, request)
    try:
        return _write(request, text)
    except Unreadable as error:
        instead = _summarise(text, f"{request.forge}: {error}")
        if error.status in REFUSALS:
            return instead
        where = "; the job summary has the text" if instead.in_summary else ""
        raise OutsideFailure(f"no comment was written: {instead.reason}{where}") from error


def _write(request: MergeRequest, text: str) -> Commented:
    own = find_own_comment(request, _list_comments(request), _find_author(request))
    if own is None:
        ask_json_api("POST", request.comments, request.headers, {"body": text})
        return Commented(state="created")
    if own.body.replace("\r\n", "\n").strip() == text.strip():
        return Commented(state="unchanged")
    ask_json_api(request.edit, f"{request.comment}/{own.key}", request.headers, {"body": text})
    return Commented(state="updated")


def _find_author(request: MergeRequest) -> str:
    """Ask whose the token is."""
    try:
        answer = ask_json_api("GET", request.user, request.headers)
    except Unreadable as error:
        if error.status in REFUSALS and request.usual:
            return request.usual
        raise
    name = answer.get(request.author[1]) if isinstance(answer, dict) else None
    return name if isinstance(name, str) else request.usual


def _list_comments(request: MergeRequest) -> Iterator[Any]:
    for page in range(1, PAGES + 1):
        url = f"{request.comments}?per_page={PAGE}&page={page}"
        listed = ask_json_api("GET", url, request.headers)
        if not isinstance(listed, list):
            raise Unreadable("its answer is no list of comments")
        yield from listed
        if len(listed) < PAGE:
            return


def _summarise(text: str, reason: str) -> Commented:
    """Write to the summary of the job, where the system has one."""
    file = os.environ.get(SUMMARY)
    if not file:
        return Commented(state="refused", reason=reason)
    try:
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(f"{text}\n")
    except OSError as error:
        raise OutsideFailure(f"cannot write {file}: {error.strerror or error}") from error
    return Commented(state="refused", reason=reason, in_summary=True)
