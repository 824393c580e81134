"""The servers that models.lock takes weights from, and which of them a hook may ask."""

from __future__ import annotations

import os
import re
from functools import cached_property
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

    from paddledvc.tools.git.refs import Ref

_URL = re.compile(r"\b(?:git\+)?[a-z0-9+]+://[^\s\"']+")


class Servers:
    """The servers that a hook may ask for weights, read once.

    Those are the ones that models.lock names on the server's default branch, or on the branch of
    ``PADDLEDVC_TRUST_REF``, and those that ``PADDLEDVC_TRUST_REMOTES`` covers. Where nothing has
    come from a server, everything is its user's own.

    Args:
        root: the project.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places = os.environ.get(REMOTES, "").split()

    def explain_untrusted(self, url: str) -> str | None:
        """Say why nobody is asked for a URL, as ``RemoteNotTrusted`` does; None if one may be.

        Args:
            url: a URL of models.lock.
        """
        if not is_remote_url(url) or not self._is_fetched:
            return None
        found = _server_of(url)
        if any(one is not None and one.is_below(self._places) for one in (found, _parse(url))):
            return None
        if found is not None and found in self._known:
            return None
        known = "the server's default branch" if self._branch is None else self._branch.title
        where = hide_url_secrets(url) if found is None else found.url
        why = f"{LOCK} of this branch names {where}, which that of {known} does not"
        return f"{why}{RemoteNotTrusted.UNSENT}See whether that is right"

    @cached_property
    def _is_fetched(self) -> bool:
        return refs.has_fetched(self._root)

    @cached_property
    def _branch(self) -> Ref | None:
        return refs.find_default_branch(self._root)

    @cached_property
    def _known(self) -> frozenset[Realm | None]:
        commits = [] if self._branch is None else [self._branch.target]
        if ref := os.environ.get(REF):
            commits.append(refs.resolve_trusted_ref(self._root, ref) or "")
        texts = [ask_git(self._root, "show", f"{one}:./{LOCK}") for one in commits if one]
        return frozenset(_server_of(url) for text in texts for url in _URL.findall(text or ""))


def _server_of(url: str) -> Realm | None:
    """Name the server, or the bucket, of a URL; None where that is not plain."""
    scheme, _, rest = url.partition("://")
    return _parse(f"{scheme}://{rest.partition('/')[0]}")


def _parse(url: str) -> Realm | None:
    try:
        return parse_realm(url.removeprefix("git+").partition("#")[0], {})
    except Ambiguous:
        return None
