"""The servers that models.lock takes weights from, and which of them a hook may ask."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from paddledvc.errors import RemoteNotTrusted
from paddledvc.names import LOCK
from paddledvc.tools.dvc.trust.core.realm import Ambiguous, Realm, parse_realm
from paddledvc.tools.dvc.trust.gate import REF, REMOTES
from paddledvc.tools.git import refs
from paddledvc.tools.git.command import ask_git
from paddledvc.urls import hide_url_secrets, is_remote_url

if TYPE_CHECKING:
    from pathlib import Path

_URL = re.compile(r"\b(?:git\+)?[a-z0-9+]+://[^\s\"']+")


def explain_untrusted_server(root: Path, url: str) -> str | None:
    """Say why a hook asks nobody for a URL, as ``RemoteNotTrusted`` does; None where it may.

    It may ask a server that models.lock names on the server's default branch, or on the branch of
    ``PADDLEDVC_TRUST_REF``, and one that ``PADDLEDVC_TRUST_REMOTES`` covers. Where nothing has come
    from a server, everything is its user's own.

    Args:
        root: the project.
        url: a URL of models.lock.
    """
    if not is_remote_url(url) or not refs.has_fetched(root):
        return None
    found, places = _server_of(url), os.environ.get(REMOTES, "").split()
    if any(one is not None and one.is_below(places) for one in (found, _parse(url))):
        return None
    branch = refs.find_default_branch(root)
    commits = [] if branch is None else [branch.target]
    if ref := os.environ.get(REF):
        commits.append(refs.resolve_trusted_ref(root, ref) or "")
    for commit in filter(None, commits):
        text = ask_git(root, "show", f"{commit}:./{LOCK}") or ""
        if found is not None and found in {_server_of(one) for one in _URL.findall(text)}:
            return None
    known = "the server's default branch" if branch is None else branch.title
    where = hide_url_secrets(url) if found is None else found.url
    why = f"{LOCK} of this branch names {where}, which that of {known} does not"
    return f"{why}{RemoteNotTrusted.UNSENT}See whether that is right"


def _server_of(url: str) -> Realm | None:
    """Name the server, or the bucket, of a URL; None where that is not plain."""
    scheme, _, rest = url.partition("://")
    return _parse(f"{scheme}://{rest.partition('/')[0]}")


def _parse(url: str) -> Realm | None:
    try:
        return parse_realm(url.removeprefix("git+").partition("#")[0], {})
    except Ambiguous:
        return None
