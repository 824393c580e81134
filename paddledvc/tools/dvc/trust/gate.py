"""The gate that every remote and cache passes before anything is opened.

Hooks pass it too where this clone has a cache of its own, so it imports what judges approvals late.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, PaddleDVCError, RemoteNotTrusted
from paddledvc.tools.dvc.core.config import FORBIDDEN
from paddledvc.tools.dvc.trust import read_levels as levels_
from paddledvc.tools.dvc.trust.core.levels import CACHE_NAME, CORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from paddledvc.tools.dvc.core.config import DvcConfig
    from paddledvc.tools.dvc.trust.core.judge_remote import Wanted
    from paddledvc.tools.dvc.trust.core.levels import Levels
    from paddledvc.tools.dvc.trust.core.realm import Realm
    from paddledvc.tools.dvc.trust.record import Record

REMOTES, REF = "PADDLEDVC_TRUST_REMOTES", "PADDLEDVC_TRUST_REF"
"""Variables by which a pipeline's settings approve remotes: by URL, or as a branch has them."""
_OF_AWS = {
    "AWS_CONFIG_FILE": ("configpath", "~/.aws/config"),
    "AWS_SHARED_CREDENTIALS_FILE": ("credentialpath", "~/.aws/credentials"),
}


def require_trusted_remote(root: Path, name: str, levels: Levels) -> None:
    """Let through only a remote that this clone names itself, or has approved.

    Raises:
        RemoteNotTrusted: it is neither, or a versioned file sets what it may not.
    """
    from paddledvc.tools.dvc.trust.core.judge_remote import judge_remote  # noqa: PLC0415 - see above

    wanted = judge_remote(levels, name)
    if wanted is None or not wanted.versioned:
        return
    if wanted.refused:
        raise refusal_of(root, wanted)
    _require_approved(root, name, wanted.realm, wanted.secretive)


def require_trusted_cache(root: Path, config: DvcConfig) -> None:
    """Let through only a cache in this clone, or one that it names itself or has approved.

    Raises:
        RemoteNotTrusted: a branch moved it elsewhere, or where DVC keeps its notes.
    """
    levels = levels_.read_levels(root)
    notes, of_branch = levels.says(CORE).get("site_cache_dir", (None, False))
    if config.site_cache is not None and (of_branch or notes != config.site_cache):
        from paddledvc.tools.dvc.trust.core import keys  # noqa: PLC0415 - see above

        text = levels_.read_versioned_text(root)
        line = keys.find_setting_line(text, "core", "site_cache_dir")
        raise RemoteNotTrusted(
            remote=CACHE_NAME,
            url="",
            why=f"{levels_.CONFIG}:{line}: core.site_cache_dir names a folder of this machine, "
            "which no branch may",
            todo="Remove that line; set it for this machine: "
            "dvc config --global core.site_cache_dir DIR",
        )
    if config.cache is not None and levels.cache != (config.cache, False):
        from paddledvc.tools.dvc.trust.core.realm import Realm  # noqa: PLC0415 - see above

        _require_approved(root, CACHE_NAME, Realm(scheme="cache", place=config.cache), ())


def _require_approved(root: Path, name: str, named: Realm | None, secretive: Iterable[str]) -> None:
    from paddledvc.tools.dvc.trust.realms import settle_realm  # noqa: PLC0415 - see above
    from paddledvc.tools.dvc.trust.record import read_record  # noqa: PLC0415

    realm = settle_realm(root, named)
    if realm is not None and not is_approved(root, realm, secretive):
        record = read_record(root)
        raise RemoteNotTrusted(remote=name, url=realm.url, **_explain_moved(name, realm, record))


def is_approved(root: Path, realm: Realm, secretive: Iterable[str]) -> bool:
    """Tell whether this clone, or the settings of its pipeline, have approved a realm.

    Args:
        root: the project.
        realm: where the remote is.
        secretive: the remotes whose secrets of this clone would go there.
    """
    from paddledvc.tools.dvc.trust.record import read_record  # noqa: PLC0415 - see above

    if realm.is_below(os.environ.get(REMOTES, "").split()):
        return True
    record = read_record(root)
    if record is not None and record.covers(realm.digest, secretive):
        return True
    ref = os.environ.get(REF)
    return bool(ref) and _is_at_ref(root, str(ref), realm, secretive)


def _is_at_ref(root: Path, ref: str, realm: Realm, secretive: Iterable[str]) -> bool:
    from paddledvc.tools.dvc.trust.realms import list_wanted, name_approvals  # noqa: PLC0415
    from paddledvc.tools.git.refs import resolve_trusted_ref  # noqa: PLC0415 - see above

    commit = resolve_trusted_ref(root, ref)
    if commit is None:
        raise InvalidInput(f"{REF}={ref}: there is no such branch here; run `git fetch` first")
    there = levels_.read_levels_at(root, commit, levels_.read_levels(root))
    return any(
        one.is_of(realm.digest, secretive) for one in name_approvals(list_wanted(root, there))
    )


def is_trusted_server(folder: Path, url: str) -> bool:
    """Tell whether keys of this machine may go to a server of S3 that a branch names.

    They may where a remote is that this clone trusts, or where the settings of a pipeline say so.

    Args:
        folder: the project, or a folder in it.
        url: the endpoint.
    """
    from paddledvc.tools.dvc.trust.core.realm import Ambiguous, parse_realm  # noqa: PLC0415
    from paddledvc.tools.dvc.trust.realms import list_trusted_endpoints  # noqa: PLC0415

    try:
        server = parse_realm(url, {})
        if server.is_below(os.environ.get(REMOTES, "").split()):
            return True
        root = next(one for one in (folder, *folder.parents) if (one / ".dvc").is_dir())
        return server.url in list_trusted_endpoints(root, levels_.read_levels(root), is_approved)
    except (Ambiguous, PaddleDVCError, StopIteration):
        return False


def is_in_pipeline() -> bool:
    """Tell whether a CI runs us, where a branch of anybody may lie beside the secrets."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no", "off")


def _explain_moved(name: str, realm: Realm, record: Record | None) -> dict[str, str]:
    """Say what is not approved, and who may approve it."""
    from shlex import quote  # noqa: PLC0415 - for bad news only

    from paddledvc.tools.dvc.trust.core.keys import PLACES  # noqa: PLC0415 - see above

    what = "the cache" if realm.scheme == "cache" else f"remote {name!r}"
    before = "" if record is None else record.approved_as(name)
    about = f" (approved: {before})" if before else ", which this clone has not approved"
    # Who reads this may never have heard of remotes: to look comes before to approve.
    look = f"Who wrote that: git log -p -1 {levels_.CONFIG}; if it is right"
    todo = f"{look}: paddledvc trust {quote(name)}"
    if is_in_pipeline():
        if ref := os.environ.get(REF):
            about = f", which {ref} ({REF}) does not name"
        places = [realm.url, *(value for key, value in realm.options if key in PLACES)]
        todo = (
            f"{look}, approve it in the settings of the pipeline, never in the repository: "
            f"{REMOTES}={quote(' '.join(places))}"
        )
        if not ref:
            todo += f", or {REF}=origin/main for what the protected branch names"
    return {"why": f"{what} of this branch points to {realm}{about}", "todo": todo}


def refusal_of(root: Path, wanted: Wanted) -> RemoteNotTrusted:
    """Say which line of a versioned file may not be there, and where it belongs."""
    from shlex import quote  # noqa: PLC0415 - as above

    from paddledvc.tools.dvc.trust.core import keys  # noqa: PLC0415 - see above

    name, key = wanted.key or (wanted.name, "url")
    line = keys.find_setting_line(levels_.read_versioned_text(root), f'remote "{name}"', key)
    rule, todo = ", paddledvc does not know what that does, so no branch may", "Remove that line"
    if key in FORBIDDEN:
        rule = (
            ", which may start a program, name a file of yours or lead elsewhere, so no branch may"
        )
    elif key == "url":
        rule, todo = "", "Write it plainly"
    return RemoteNotTrusted(
        remote=wanted.name,
        url="",
        why=f"{levels_.CONFIG}:{line}: remote {name!r} {wanted.refused}{rule}",
        todo=f"{todo}; what you want of it, set for this clone alone: "
        f"dvc remote modify --local {quote(name)} {quote(key)} VALUE",
    )


def pin_aws_files(settings: Iterable[Mapping[str, str]]) -> None:
    """Let AWS's own code read the user's files of it, and none that somebody names later.

    It takes the first that is named in the process. Those that this clone names itself stay.
    """
    said = [*settings]
    for variable, (key, usual) in _OF_AWS.items():
        if not any(one.get(key) for one in said):
            os.environ.setdefault(variable, os.path.expanduser(usual))  # noqa: PTH111 - a text
