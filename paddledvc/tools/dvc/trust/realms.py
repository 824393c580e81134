"""The realms of a clone: what its configuration names that it does not say itself."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.trust.core.judge_remote import Wanted, judge_remote
from paddledvc.tools.dvc.trust.core.levels import CACHE_NAME
from paddledvc.tools.dvc.trust.core.realm import Ambiguous, Realm, parse_realm
from paddledvc.tools.dvc.trust.record import Approval
from paddledvc.tools.git import worktree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from paddledvc.tools.dvc.trust.core.levels import Levels


def settle_realm(root: Path, realm: Realm | None) -> Realm | None:
    """Say where a folder really is; None if that is in this clone itself, which needs no word."""
    if realm is None or realm.scheme not in ("", "cache"):
        return realm
    place = os.path.realpath(realm.place)
    clone = worktree.folders_of_clone(root)
    if clone is not None and not realm.options and _is_in_clone(place, *map(str, clone)):
        return None
    return realm.at(place)


def _is_in_clone(place: str, top: str, common: str) -> bool:
    own = (os.path.join(common, name) for name in ("paddledvc", "dvc"))  # noqa: PTH118 - texts
    if any(_is_in(place, one) for one in own):
        return True
    # Whatever a remote holds, it must not lie among the files of git.
    return _is_in(place, top) and ".git" not in place[len(top) :].lower().split("/")


def _is_in(place: str, folder: str) -> bool:
    return f"{place}/".startswith(f"{folder.rstrip('/')}/")


def list_wanted(root: Path, levels: Levels) -> list[tuple[Wanted, Realm]]:
    """List what a configuration names and this clone does not: remotes, and a cache outside."""
    judged = [judge_remote(levels, name) for name in levels.remotes]
    found = [(one, settle_realm(root, one.realm)) for one in judged if one is not None]
    folder, versioned = levels.cache
    if versioned and folder is not None:
        cache = Wanted(name=CACHE_NAME, realm=None, versioned=True)
        found.append((cache, settle_realm(root, Realm(scheme="cache", place=folder))))
    return [(one, realm) for one, realm in found if realm is not None]


def list_trusted_endpoints(
    root: Path, levels: Levels, is_approved: Callable[[Path, Realm, Iterable[str]], bool]
) -> set[str]:
    """List the servers of S3 where remotes are that a clone trusts."""
    found = set()
    for name in levels.remotes:
        wanted = judge_remote(levels, name)
        said = levels.says(("", name)).get("endpointurl")
        if wanted is None or said is None or wanted.refused:
            continue
        if wanted.realm is None or is_approved(root, wanted.realm, wanted.secretive):
            with suppress(Ambiguous):
                found.add(parse_realm(said[0], {}).url)
    return found


def name_approvals(wanted: Iterable[tuple[Wanted, Realm]]) -> list[Approval]:
    """Say what an approval of realms is to remember."""
    return [
        Approval(digest=realm.digest, shown=str(realm), names=(one.name, *one.bases))
        for one, realm in wanted
    ]
