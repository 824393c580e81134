"""The DVC configuration of somebody else: it says where bytes are, and nothing else.

It is data of a commit. What it names gets no secret of the user, unless the user's own
configuration names the same place.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.core.config import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Options = dict[str, object]
"""What is said of a remote."""
UPSTREAM = "paddledvc-upstream"
"""Name of the remote that stands for the cache of the repository itself."""
_NO_FILE = "/dev/null"
_HIDDEN: Mapping[str, Mapping[str, str | None]] = {
    "aws": {
        "AWS_CONFIG_FILE": _NO_FILE,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": None,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": None,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": None,
        "AWS_PROFILE": None,
        "AWS_DEFAULT_PROFILE": None,
        "AWS_SECRET_ACCESS_KEY": None,
        "AWS_SESSION_TOKEN": None,
        "AWS_SECURITY_TOKEN": None,
        "AWS_SHARED_CREDENTIALS_FILE": _NO_FILE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": None,
        "BOTO_CONFIG": _NO_FILE,
    },
    "google": {
        "CLOUDSDK_CONFIG": _NO_FILE,
        "GOOGLE_APPLICATION_CREDENTIALS": None,
        "NO_GCE_CHECK": "true",
    },
    "alibaba": {"OSS_ACCESS_KEY_ID": None, "OSS_ACCESS_KEY_SECRET": None},
    "netrc": {"NETRC": _NO_FILE},
    "agent": {"SSH_AUTH_SOCK": None},
}
"""Variables that hide the secrets of the user which a program finds by itself; None removes one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignConfig:
    """What is taken over of a configuration.

    Attributes:
        sections: DVC's sections, by name.
        hidden: variables for DVC, so that nobody is sent what is not his; None removes one.
    """

    sections: Mapping[str, Mapping[str, object]]
    hidden: Mapping[str, str | None]


def take_foreign_config(
    said: Mapping[str, Mapping[str, object]],
    own: Iterable[Mapping[str, object]] = (),
    endpoints: Iterable[str] = (),
    folder: str | None = None,
) -> ForeignConfig:
    """Take over where the bytes are.

    Args:
        said: the configuration, as DVC reads it.
        own: the remotes that the user's own configuration names, whose secrets may be used there.
        endpoints: servers of S3 that the user's own variables name.
        folder: where its relative paths start; None where the paths of others mean nothing.

    Raises:
        ValueError: it says what it must not.

    >>> take_foreign_config({"remote": {"a": {"url": "s3://zoo", "configpath": "aws"}}})
    Traceback (most recent call last):
    ValueError: its remote 'a' sets configpath, which only the user's own configuration may
    """
    users, known = tuple(own), {*map(_plain, endpoints)}
    remotes: dict[str, Options] = {}
    hidden: dict[str, str | None] = {}
    for name, options in _remotes(said).items():
        if refused := sorted(NEVER & set(options)):
            raise ValueError(
                f"its remote {name!r} sets {' and '.join(refused)}, which only the user's own "
                "configuration may"
            )
        url = str(options.get("url", ""))
        if url.startswith("remote://"):
            raise ValueError(f"the url of its remote {name!r} is that of another; write it out")
        if "://" not in url and not url.startswith("/"):
            if folder is None or not url:
                continue
            url = posixpath.normpath(posixpath.join(folder, url))
        mine = next((one for one in users if _is_same(one, options)), None)
        remotes[name] = {**(mine or options), "url": url}
        for kind in () if mine else _kinds_to_hide(url, options, known):
            hidden.update(_HIDDEN[kind])
    default = str(said.get("core", {}).get("remote", "")).lower()
    core = {"remote": default} if default in remotes else {}
    return ForeignConfig(sections={"core": core, "remote": remotes}, hidden=hidden)


def _remotes(said: Mapping[str, Mapping[str, object]]) -> Mapping[str, Options]:
    found = said.get("remote", {})
    return {name: one for name, one in found.items() if isinstance(one, dict)}


def _is_same(mine: Mapping[str, object], options: Mapping[str, object]) -> bool:
    """Tell whether the user names the very place, and the server of it."""
    servers = ("endpointurl", "oss_endpoint", "port", "use_ssl")
    same = all(options.get(key, mine.get(key)) == mine.get(key) for key in servers)
    return same and _plain(mine.get("url")) == _plain(options.get("url"))


def _plain(url: object) -> str:
    return str(url or "").rstrip("/")


def _kinds_to_hide(url: str, options: Mapping[str, object], known: set[str]) -> Iterable[str]:
    """Say what a server that others name would be sent of the user's."""
    scheme = url.partition("://")[0]
    endpoint = _plain(options.get("endpointurl"))
    unsafe = str(options.get("use_ssl", "true")).lower() in ("false", "0", "no", "off")
    if scheme == "s3" and ((endpoint and endpoint not in known) or unsafe):
        yield "aws"
    if scheme == "gs" and endpoint:
        yield "google"
    if scheme == "oss" and options.get("oss_endpoint"):
        yield "alibaba"
    if scheme in ("http", "webdav"):  # a password would go there in clear
        yield "netrc"
    if scheme == "ssh":  # whoever has the agent may use the keys
        yield "agent"


def keep_foreign_outputs(value: object) -> dict[str, object]:
    """Keep of a ``.dvc`` file what it says of outputs: not where they were imported from.

    >>> keep_foreign_outputs({"outs": [{"path": "a", "md5": "0", "fs_config": {}}], "deps": [1]})
    {'outs': [{'path': 'a', 'md5': '0'}]}
    """
    if not isinstance(value, dict):
        return {}
    outs = [one for one in value.get("outs") or () if isinstance(one, dict)]
    kept: dict[str, object] = {
        "outs": [{key: one[key] for key in one if key in _OF_OUTPUTS} for one in outs]
    }
    return {"wdir": value["wdir"], **kept} if "wdir" in value else kept


_OF_OUTPUTS = frozenset(
    (
        *("path", "md5", "hash", "size", "nfiles", "isexec", "files", "cloud", "etag"),
        *("version_id", "cache", "persist", "push", "remote", "desc", "type", "labels", "meta"),
    )
)
