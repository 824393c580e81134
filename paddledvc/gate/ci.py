"""What a CI system says of the commit that it has checked out: its branch, and what it changes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUEUE = re.compile(r"gh-readonly-queue/(?P<base>.+)/pr-[0-9]+-[0-9a-f]+")
_REF = re.compile(r"refs/(?:heads|tags)/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a job of CI is about.

    Attributes:
        system: name of the system.
        target: the branch that the change is to be merged into; None where it is no change.
        branch: the branch or tag that is checked out, or that the change is from; None where the
            system does not say.
        tag: whether ``branch`` is a tag.
        commit: the commit that the system has made for the job, if it says so: of a change it may
            be the merge into the target already.
        target_commit: the commit of the target that it was merged into, if the system says so.
        before: the commit that a push replaces on its branch, if the system says so; it need not
            be one that is known here.
    """

    system: str
    target: str | None = None
    branch: str | None = None
    tag: bool = False
    commit: str | None = None
    target_commit: str | None = None
    before: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _System:
    """Variables of a system whose jobs can be read off them alone."""

    name: str
    sign: str
    target: str
    source: str
    branch: str
    tag: str
    target_commit: str = ""
    before: str = ""


_SYSTEMS = (
    _System(
        name="GitLab CI",
        sign="GITLAB_CI",
        target="CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        source="CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        branch="CI_COMMIT_BRANCH",
        tag="CI_COMMIT_TAG",
        target_commit="CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
        before="CI_COMMIT_BEFORE_SHA",
    ),
    _System(
        name="Bitbucket Pipelines",
        sign="BITBUCKET_BUILD_NUMBER",
        target="BITBUCKET_PR_DESTINATION_BRANCH",
        source="BITBUCKET_BRANCH",
        branch="BITBUCKET_BRANCH",
        tag="BITBUCKET_TAG",
    ),
    _System(
        name="Azure Pipelines",
        sign="TF_BUILD",
        target="SYSTEM_PULLREQUEST_TARGETBRANCH",
        source="SYSTEM_PULLREQUEST_SOURCEBRANCH",
        branch="BUILD_SOURCEBRANCH",
        tag="",
    ),
    _System(
        name="Jenkins",
        sign="JENKINS_URL",
        target="CHANGE_TARGET",
        source="CHANGE_BRANCH",
        branch="BRANCH_NAME",
        tag="TAG_NAME",
    ),
)


def read_job(environment: Mapping[str, str]) -> Job | None:
    """Read what the job is about; None outside of the CI systems that are known.

    Args:
        environment: the variables of the process.

    >>> read_job({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "develop"}).branch
    'develop'
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment)
    for system in _SYSTEMS:
        if environment.get(system.sign):
            return _read_job(system, environment)
    return None


def _github(environment: Mapping[str, str]) -> Job:
    system, name = "GitHub Actions", environment.get("GITHUB_REF_NAME") or None
    if target := environment.get("GITHUB_BASE_REF"):
        # Only this event checks out the merge that GitHub has made of the change.
        merged = environment.get("GITHUB_EVENT_NAME") == "pull_request"
        commit = environment.get("GITHUB_SHA") if merged else None
        branch = environment.get("GITHUB_HEAD_REF") or None
        return Job(system=system, target=target, branch=branch, commit=commit)
    if queued := _QUEUE.fullmatch(name or ""):
        return Job(system=system, target=queued["base"], branch=name)
    tag = environment.get("GITHUB_REF_TYPE") == "tag"
    return Job(system=system, branch=name, tag=tag, before=_before(environment))


def _before(environment: Mapping[str, str]) -> str | None:
    """Read what a push to GitHub replaces, which only the file of its event says."""
    file = environment.get("GITHUB_EVENT_PATH")
    if environment.get("GITHUB_EVENT_NAME") != "push" or not file:
        return None
    try:
        event = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    before = event.get("before") if isinstance(event, dict) else None
    return before if isinstance(before, str) else None


def _read_job(system: _System, environment: Mapping[str, str]) -> Job:
    def said(variable: str) -> str | None:
        return environment.get(variable) or None

    target, ref, tag = said(system.target), said(system.branch), said(system.tag)
    if target is not None:
        source = said(system.source)
        return Job(
            system=system.name,
            target=_REF.sub("", target),
            branch=source and _REF.sub("", source),
            target_commit=said(system.target_commit),
        )
    name = tag or ref
    is_tag = tag is not None or (ref or "").startswith("refs/tags/")
    branch = name and _REF.sub("", name)
    return Job(system=system.name, branch=branch, tag=is_tag, before=said(system.before))
