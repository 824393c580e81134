"""The DVC remotes: who has them, whether they answer, and whether they may be trusted."""

from __future__ import annotations

import re
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc import names as layout
from paddledvc.errors import RemoteFailed, RemoteNotTrusted
from paddledvc.models.policy import DEFAULT
from paddledvc.setup.diagnosis import Check
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.remotes.remote import open_remote
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.project_files import SETTINGS, find_project_file
from paddledvc.tools.git.refs import list_refs
from paddledvc.tools.sources.s3 import s3_credentials_source
from paddledvc.tools.system.files import decode_text
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.project import Project
    from paddledvc.setup.diagnosis import CheckState
    from paddledvc.tools.dvc.remotes.remote import Remote

TOPIC = "remotes"
PATIENCE = 5.0
"""Seconds that a server may be silent."""
CONFIG = ".dvc/config"
LOCAL = f"{CONFIG}.local"
NOTHING = "0" * 32
"""Name of an object that no bytes have, as far as anybody knows."""
_SECRETS = frozenset(
    {
        "access_key_id",
        "account_key",
        "client_secret",
        "connection_string",
        "gdrive_client_secret",
        "oss_key_id",
        "oss_key_secret",
        "passphrase",
        "password",
        "sas_token",
        "secret_access_key",
        "session_token",
        "token",
    }
)
"""Settings of DVC's remotes that nobody but their owner should read."""
_REMOTE = re.compile(r"""^'?remote "(?P<name>.+)"'?$""")
_IN_URL = re.compile(r"://[^/@:]*:[^/@]+@")
_YES = ("true", "yes", "on", "1")


def check_remotes(project: Project) -> Iterator[Check]:
    """Look at the configuration of the remotes."""
    config = configuration.read_dvc_config(project.root)
    texts = [_text(project.root, name) for name in (CONFIG, LOCAL)]
    if not config.remotes:
        yield _check(
            "none", "problem", "no DVC remote is configured", "paddledvc init --remote URL"
        )
        return
    for name in _find_unverified(texts):
        found = "DVC trusts its bytes without a check, damaged or not"
        advice = f"dvc remote modify {name} verify true"
        yield _check(name, "warning", found, advice)
    for name, key in _find_secrets(_committed(project)):
        yield _check(
            name,
            "problem",
            f"{CONFIG}, which git shares with everyone, holds its {key}",
            f"dvc remote unset {name} {key}; put a new one into {LOCAL} with "
            f"`dvc remote modify --local`, because the old one stays in git's history",
        )
    yield from _roles(project, list(config.remotes), config.default)


def _check(name: str, state: CheckState, found: str, advice: str = "") -> Check:
    return Check(topic=TOPIC, name=name, state=state, found=found, advice=advice)


def _text(root: Path, name: str) -> str:
    data = find_project_file(root, name, SETTINGS)
    return "" if data is None else decode_text(data, name)


def _committed(project: Project) -> str:
    """Read the configuration that others get: that of the work tree, if git does not ignore it."""
    ignored = ask_git(project.root, "check-ignore", "-q", "--", CONFIG) is not None
    return "" if ignored else _text(project.root, CONFIG)


def _roles(project: Project, names: list[str], default: str | None) -> Iterator[Check]:
    """Look whether the remote of every role is there; one remote serves all."""
    for role, usual in zip(project.policy().roles, DEFAULT.roles, strict=True):
        asked = len(names) > 1 or role.remote != usual.remote
        if asked and role.remote not in names:
            instead = default if default in names else min(names)
            yield _check(
                role.remote,
                "warning",
                f"not configured, so weights of {role.name} branches go to {instead}",
                f"dvc remote add {role.remote} URL, or name another under `policy:` in "
                f"{layout.REGISTRY}",
            )


def probe_remote(project: Project, name: str) -> Iterator[Check]:
    """Ask a remote whether it answers, and whether it takes what is sent.

    Args:
        project: the project.
        name: name of the remote.
    """
    url = hide_url_secrets(configuration.read_dvc_config(project.root).remotes[name])
    credentials = _credentials(project, name, url)
    found = f"{url}{f', credentials from {credentials}' if credentials else ''}"
    try:
        with closing(open_remote(project.root, name, patience=PATIENCE)) as remote:
            remote.sizes([NOTHING])
            refusal = _refusal(remote)
    except RemoteNotTrusted as error:
        yield _check(name, "problem", error.why, error.todo)
        return
    except RemoteFailed as error:
        yield _check(name, "problem", f"{found}: {error.cause}", _mend(name, url))
        return
    if refusal:
        yield _check(
            name,
            "warning",
            f"{found}: can be read, but not written: {refusal}",
            "ask for the right to write, if you are to push there",
        )
        return
    if _is_in(url, project.root):
        yield _inside(name, url, project.root)
        return
    yield _check(name, "ok", f"{found}: can be read and written")


def _inside(name: str, url: str, root: Path) -> Check:
    """Say whether a remote inside the clone is enough: until others have branches that need it."""
    theirs = {one.target for one in list_refs(root) if one.name.startswith("refs/remotes/")}
    needing = ("grep", "-q", "-e", "md5:", *sorted(theirs), "--", "dvc.lock", "*.dvc")
    if theirs and ask_git(root, *needing) is not None:
        what = "in this clone, so no one else gets the weights"
        return _check(name, "warning", f"{what}: {url}", "paddledvc init --remote URL")
    return _check(name, "ok", f"in this clone, until a branch that you push needs it: {url}")


def _refusal(remote: Remote) -> str:
    """Say why nothing can be written; nothing if it can."""
    try:
        remote.try_write()
    except RemoteFailed as error:
        return error.cause
    return ""


def _mend(name: str, url: str) -> str:
    if "://" not in url:
        return f"mount or make {url}, or `dvc remote modify {name} url PATH`"
    keys = f"`dvc remote modify --local {name} access_key_id ID`, and secret_access_key"
    access = f"; credentials go into {LOCAL} with {keys}" if url.startswith("s3://") else ""
    return f"check its url with `dvc remote list`, and the network{access}"


def _is_in(url: str, root: Path) -> bool:
    return "://" not in url and Path(url).resolve().is_relative_to(root.resolve())


def _credentials(project: Project, name: str, url: str) -> str | None:
    """Say where the credentials of a bucket come from, never what they are."""
    if not url.startswith("s3://"):
        return None
    said: dict[str, str] = {}
    for file in (CONFIG, LOCAL):
        settings = _remote_settings(_text(project.root, file)).get(name, {})
        if "access_key_id" in settings:
            return file
        said |= settings
    if said.get("allow_anonymous_login", "").lower() == "true":
        return "none: it is asked anonymously"
    return s3_credentials_source(said.get("profile"))


def _remote_settings(config: str) -> Mapping[str, Mapping[str, str]]:
    r"""Read what a file of DVC's configuration says of each remote.

    >>> _remote_settings("['remote \"a\"']\n    url = s3://b\n")
    {'a': {'url': 's3://b'}}
    """
    # To DVC a % in a URL is nothing but that.
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(config)
    except ConfigError:
        return {}
    named = ((_REMOTE.match(section), section) for section in parser.sections())
    return {match["name"]: dict(parser.items(section)) for match, section in named if match}


def _find_secrets(config: str) -> Iterator[tuple[str, str]]:
    r"""Name the remotes that a file of DVC's configuration holds secrets of, and the settings.

    >>> [*_find_secrets("['remote \"a\"']\n    url = https://me:pass@b\n    password = x\n")]
    [('a', 'password'), ('a', 'url')]
    """
    for name, settings in _remote_settings(config).items():
        for key in sorted(settings):
            if key in _SECRETS or (key == "url" and _IN_URL.search(settings[key])):
                yield name, key


def _find_unverified(configs: list[str]) -> tuple[str, ...]:
    r"""Name the remotes whose bytes DVC believes without looking at them.

    Args:
        configs: the files of the configuration, each stronger than those before it.

    >>> head = "['remote \"a\"']\n"
    >>> _find_unverified([f"{head}    url = x\n", f"{head}    verify = true\n"])
    ()
    """
    # It is off by default (treeverse/dvc#5502): even an object that was cut short is taken.
    verify: dict[str, str] = {}
    for config in configs:
        for name, settings in _remote_settings(config).items():
            verify[name] = settings.get("verify", verify.get(name, ""))
    return tuple(sorted(name for name, said in verify.items() if said.lower() not in _YES))
