"""What a remote is, and how much of that comes with the branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.trust.core import keys
from paddledvc.tools.dvc.trust.core.realm import Ambiguous, Realm, parse_realm

if TYPE_CHECKING:
    from paddledvc.tools.dvc.trust.core.levels import Levels

_DEPTH = 9
"""Remotes that may stand behind each other, by ``remote://``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A remote that a configuration names, as far as it has to be judged.

    Attributes:
        name: its name.
        realm: where it is; None where that cannot be said.
        versioned: whether any of that comes with the branch; else it is this clone's own word.
        bases: its name, and those that it takes settings from by ``remote://``.
        secretive: those of them that this clone has secrets for.
        refused: why it is never opened, as a sentence; empty if nothing is wrong.
        key: the setting that is refused, as the remote that sets it and its name.
    """

    name: str
    realm: Realm | None
    versioned: bool
    bases: tuple[str, ...] = ()
    secretive: frozenset[str] = frozenset()
    refused: str = ""
    key: tuple[str, str] | None = None


def judge_remote(levels: Levels, name: str) -> Wanted | None:
    """Say where a remote is, and what of that comes with the branch; None if there is no such one.

    >>> from paddledvc.tools.dvc.trust.core.levels import Levels
    >>> of_branch = {("", "a"): {"url": "https://host/w", "configpath": "/x"}}
    >>> levels = Levels(shared={}, versioned=of_branch, local={("", "a"): {"password": "x"}})
    >>> judge_remote(levels, "a").key
    ('a', 'configpath')
    """
    said, bases = _resolve(levels, name.lower(), ())  # as DVC finds it
    if "url" not in said:
        return None
    versioned = {key: value for key, (value, is_versioned) in said.items() if is_versioned}
    deciding = {key: value for key, value in versioned.items() if key not in keys.FREE}
    secretive = frozenset(one for one in bases if _has_secrets(levels, one))
    wanted = Wanted(
        name=name, realm=None, versioned=bool(deciding), bases=bases, secretive=secretive
    )
    if not deciding:
        return wanted
    url = said["url"][0]
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    allowed = keys.APPROVED.get(scheme, frozenset()) | keys.SECRET | {"url"}
    for key in sorted(deciding.keys() - allowed):
        where = next(one for one in bases if levels.says(("", one)).get(key, ("", False))[1])
        return _refuse(wanted, f"sets {key}", (where, key))
    try:
        realm = parse_realm(url, {key: deciding[key] for key in deciding.keys() - {"url"}})
    except Ambiguous as error:
        return _refuse(wanted, f"has a URL that {error}", (name, "url"))
    return Wanted(name=name, realm=realm, versioned=True, bases=bases, secretive=secretive)


def _refuse(wanted: Wanted, why: str, key: tuple[str, str]) -> Wanted:
    return Wanted(
        name=wanted.name,
        realm=None,
        versioned=True,
        bases=wanted.bases,
        secretive=wanted.secretive,
        refused=why,
        key=key,
    )


def _resolve(
    levels: Levels, name: str, seen: tuple[str, ...]
) -> tuple[dict[str, tuple[str, bool]], tuple[str, ...]]:
    """Give the settings of a remote with those of the remote that its URL names."""
    said = levels.says(("", name))
    url, versioned = said.get("url", ("", False))
    scheme, _, rest = url.partition("://")
    if scheme.lower() != "remote" or len(seen) > _DEPTH:
        return said, (*seen, name)
    host, _, path = rest.partition("/")
    base, bases = _resolve(levels, host.lower(), (*seen, name))
    if "url" not in base:
        return said, bases
    there, of_branch = base["url"]
    joined = f"{there.rstrip('/')}/{path.lstrip('/')}"
    return {**base, **said, "url": (joined, versioned or of_branch)}, bases


def _has_secrets(levels: Levels, name: str) -> bool:
    own = (levels.shared, levels.local)
    return any(level.get(("", name), {}).keys() - keys.FREE - {"url"} for level in own)
