"""What DVC's configuration says of remotes and of its cache, where it is plainly written."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from paddledvc.values import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LINK_TYPES = ("reflink", "copy")
"""How DVC links from its cache where nothing is said."""
PATHS = (
    "url",
    "credentialpath",
    "configpath",
    "keyfile",
    "cert_path",
    "key_path",
    "gdrive_user_credentials_file",
    "gdrive_service_account_json_file_path",
)
"""Options of a remote that may hold a path from the folder of the configuration."""
FORBIDDEN = frozenset(
    (
        *PATHS[1:],
        *("bearer_token_command", "connection_string", "data_proxy_target", "kerb_ticket"),
        *("proxy_to", "ssl_verify"),
    )
)
"""Options of a remote that no branch may set: they can start a program, name a file of the user,
lead elsewhere, or give up who the server is."""
NEVER = FORBIDDEN | {
    *("ask_passphrase", "ask_password", "gdrive_service_account_user_email"),
    *("gdrive_use_service_account", "profile"),
}
"""Those that no repository of others may set: they name an account of the user, too, or ask for a
password, which nobody approves there."""
_LINK_NAMES = ("reflink", "hardlink", "symlink", "copy")
_SECTION = re.compile(
    r"""\[(?:(?P<name>[a-z]+)|(?P<quote>'?)remote "(?P<remote>[^'"\[\]#\\]+)"(?P=quote))\]"""
)
_SHARED = ("remote", "machine", "db")
"""What DVC makes of its named sections; a section called so itself takes the place of them all."""
SHARED_MODE = 0o2775
"""What DVC makes of the folders of a cache or remote that is ``shared = group``."""
_OPTION = re.compile(
    r"""(?P<key>[a-z_]+)\ *=\ *
        (?:"(?P<double>[^"]+)" | '(?P<single>[^']+)' | (?P<bare>[^"'\#,\ ][^"'\#,]*))""",
    re.VERBOSE,
)
_LIST = re.compile(r"(?P<key>type) *= *(?P<list>[a-z]+(?: *, *[a-z]+)+)")
_INTERPOLATED = "%("
_URL = re.compile(r"\w+://")


@dataclass(frozen=True, kw_only=True, slots=True)
class DvcConfig:
    """The part of DVC's configuration that says where bytes are.

    Attributes:
        remotes: URL or path of each remote by name, sorted; paths are absolute.
        settings: all that is said of each of those, such as its URL and ``endpointurl``.
        default: name of the remote that DVC takes by itself; None if there is none.
        cache: folder of the cache, absolute; None for the usual ``.dvc/cache``.
        links: ways to link from the cache, in the order to try: ``reflink``, ``hardlink``,
            ``symlink``, ``copy``.
        site_cache: folder for what DVC keeps outside of repositories; None for its own choice.
        hardlink_lock: whether DVC says by hard links that it is at work, as for NFS.
        shared: whether all of the cache is writable for its group.
    """

    remotes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict, repr=False)
    default: str | None = None
    cache: str | None = None
    links: tuple[str, ...] = LINK_TYPES
    site_cache: str | None = None
    hardlink_lock: bool = False
    shared: bool = False


def list_config_remotes(
    said: Mapping[str, Mapping[str, object]],
) -> tuple[dict[str, str], dict[str, frozenset[tuple[str, str]]]]:
    """List the URLs, and all settings, of those remotes that have one."""
    named = {name: said[name] for name in sorted(said) if "url" in said[name]}
    urls = {name: str(options["url"]) for name, options in named.items()}
    settings = {
        name: frozenset((key, str(value)) for key, value in options.items())
        for name, options in named.items()
    }
    return urls, settings


def parse_plain_config(files: Iterable[tuple[str, str]]) -> DvcConfig | None:
    r"""Read the files of a configuration, each stronger than those before it, as DVC does.

    DVC reads them by ConfigObj: with lists, comments behind values, three kinds of quotes and
    ``%(interpolation)s``. Here is only what ``dvc config`` and people write nearly always.

    Args:
        files: folder and text of each.

    Returns:
        What they say; None where only DVC can tell, or refuses them.

    >>> text = "[core]\n    remote = a\n['remote \"a\"']\n    url = ../zoo\n"
    >>> parse_plain_config([("/p/.dvc", text)]).remotes
    {'a': '/p/zoo'}
    >>> parse_plain_config([("/p/.dvc", "[cache]\n    dir = %(home)s/cache\n")])
    """
    remotes: dict[str, dict[str, object]] = {}
    others: dict[str, dict[str, str]] = {}
    try:
        for folder, text in files:
            for (name, remote), found in parse_plain_level(folder, text).items():
                if remote:
                    remotes.setdefault(remote, {}).update(found)
                else:
                    others.setdefault(name, {}).update(found)
        return _pick(remotes, others.get("core", {}), others.get("cache", {}))
    except ValueError:
        return None


def parse_plain_level(folder: str, text: str) -> dict[tuple[str, str], dict[str, str]]:
    r"""Read one file of a configuration: its options, by the section's name and the remote's.

    One of both names is empty. Paths are made absolute.

    Raises:
        ValueError: it is not written plainly, so that only DVC can tell what it says.

    >>> parse_plain_level("/p/.dvc", "[cache]\n    dir = ../cache\n")
    {('cache', ''): {'dir': '/p/cache'}}
    """
    return {
        (name, remote): {
            key: _absolute(folder, value) if key in _paths(name, remote) else value
            for key, value in options.items()
        }
        for (name, remote), options in _parse_sections(text).items()
    }


def _paths(name: str, remote: str) -> tuple[str, ...]:
    return PATHS if remote else ("dir",) if name == "cache" else ()


def _pick(
    remotes: Mapping[str, Mapping[str, object]], core: Mapping[str, str], cache: Mapping[str, str]
) -> DvcConfig:
    urls, settings = list_config_remotes(remotes)
    links = tuple(kind.strip() for kind in cache.get("type", ",".join(LINK_TYPES)).split(","))
    locked = core.get("hardlink_lock", "false").lower()
    shared = cache.get("shared", "").lower()
    if set(links) - set(_LINK_NAMES) or locked not in ("true", "false") or "local" in cache:
        raise ValueError
    if shared not in ("", "group"):
        raise ValueError
    default = core.get("remote")
    return DvcConfig(
        remotes=urls,
        settings=settings,
        default=None if default is None else default.lower(),
        cache=cache.get("dir"),
        links=links,
        site_cache=core.get("site_cache_dir"),
        hardlink_lock=locked == "true",
        shared=bool(shared),
    )


def _parse_sections(text: str) -> dict[tuple[str, str], dict[str, str]]:
    """Read the sections of a file, by their name, or that of their remote.

    Raises:
        ValueError: it is not written plainly.
    """
    sections: dict[tuple[str, str], dict[str, str]] = {}
    name, now = "", None
    for line in _lines(text):
        if (section := _SECTION.fullmatch(line)) is not None:
            name, remote = section["name"] or "", section["remote"] or ""
            if (name, remote) in sections or name in _SHARED or remote != remote.lower():
                raise ValueError
            now = sections[name, remote] = {}
            continue
        option = _OPTION.fullmatch(line) or (_LIST.fullmatch(line) if name == "cache" else None)
        if option is None or now is None or option["key"] in now:
            raise ValueError
        now[option["key"]] = next(filter(None, option.groups()[1:]))
    return sections


def _lines(text: str) -> Iterator[str]:
    for whole in text.splitlines():
        line = whole.strip(" \t")
        if not line.isprintable() or _INTERPOLATED in line:
            raise ValueError
        if line and not line.startswith("#"):
            yield line


def _absolute(folder: str, location: str) -> str:
    """Resolve a path from the folder of its file; a URL, or another remote's, stays."""
    if _URL.match(location) or location.startswith("/"):
        return location
    expanded = posixpath.expanduser(location)
    return (
        expanded
        if expanded.startswith("/")
        else posixpath.normpath(posixpath.join(folder, location))
    )
