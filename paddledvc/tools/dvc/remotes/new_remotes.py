"""Remotes into DVC's configuration, which git keeps: never with anything secret in it."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc import names as layout
from paddledvc.errors import InvalidInput, ToolFailed
from paddledvc.models.policy import FEATURE
from paddledvc.tools.dvc import command, configuration
from paddledvc.tools.dvc.command import UNVERIFIED, run_dvc
from paddledvc.tools.git.project_files import SETTINGS, find_project_file
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.tools.dvc.core.config import DvcConfig

UNNAMED = "storage"
"""The name of a remote that nobody named; it serves all branches if it is the only one."""
_SECRET = re.compile(r"[a-z0-9+.-]+://[^/@]*:[^/]*@|s3://[^/]*@", re.IGNORECASE)
"""A password, or anything before the bucket of S3, which can only be a key."""
_NOWHERE = re.compile(r"(?!file:)[a-z0-9+.-]+://(/|$)", re.IGNORECASE)
"""A URL without bucket or host."""
_MISNAMED = re.compile(r"(?P<name>[^/\\:=]+)=")
"""What stands before a URL like a name; a path with such a folder begins with ``./``."""
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*)=(?P<url>.+)", re.DOTALL)
EMBEDDED = "embedded"
"""The remote inside the clone that serves until the team has a server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRemote:
    """A remote to set up.

    Attributes:
        name: its name; DVC knows small letters only.
        url: where it is: a URL, or a path.
        endpoint: URL of the server of S3; None for AWS, or what AWS's settings name.
    """

    name: str
    url: str
    endpoint: str | None = None

    @classmethod
    def parse(cls, text: str, endpoint: str | None = None) -> NewRemote:
        """Read ``NAME=URL``, or a URL alone.

        Raises:
            ValueError: it is neither, or holds a password.

        >>> NewRemote.parse("prod=s3://weights/prod").name, NewRemote.parse("/mnt/a=b").url
        ('prod', '/mnt/a=b')
        """
        match = _NAMED.fullmatch(text)
        name, url = (match["name"].lower(), match["url"]) if match else (UNNAMED, text)
        if not url.strip() or url.startswith("="):
            raise ValueError(f"{text!r} is neither URL nor NAME=URL")
        if match is None and (misnamed := _MISNAMED.match(text)) is not None:
            raise ValueError(
                f"{misnamed['name']!r} is no name for a remote; use letters, digits, "
                "'.', '_' and '-', or begin a path by './'"
            )
        if not url.isprintable():
            raise ValueError(f"the URL {url!r} of the remote {name} holds a control character")
        if _NOWHERE.match(url) is not None:
            raise ValueError(f"the URL {url} of the remote {name} names no server or bucket")
        for one in filter(None, (url, endpoint)):
            _require_no_password(name, one)
        return cls(name=name, url=url, endpoint=endpoint if url.startswith("s3://") else None)


def _require_no_password(name: str, url: str) -> None:
    if _SECRET.match(url) is not None:
        raise ValueError(
            f"the URL of the remote {name} holds a key or a password, and git would share it with "
            "everyone in .dvc/config; put keys where AWS's tools look for them, or into "
            f".dvc/config.local: `dvc remote modify --local {name} access_key_id KEY`, and "
            "secret_access_key or password likewise"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredRemotes:
    """Remotes that were asked for.

    Attributes:
        remotes: each of them, and whether it is new.
        config: what ``.dvc/config`` is to hold; None if nothing in it changes.
    """

    remotes: tuple[tuple[str, bool], ...]
    config: str | None


def declare_remotes(root: Path, remotes: Sequence[NewRemote]) -> DeclaredRemotes:
    """Say what DVC's configuration becomes with remotes, all or none; nothing is changed yet.

    Where there is none at all, it gets one inside the clone. Plain DVC takes the one of feature
    branches, or the first, unless a team has chosen already.

    Raises:
        InvalidInput: one of the name is somewhere else already, or DVC refuses one.
        MissingTool: there is no DVC that works.
    """
    names = [one.name for one in remotes]
    if (twice := next((name for name in names if names.count(name) > 1), None)) is not None:
        raise InvalidInput(f"the remote {twice} is given twice; name each: --remote NAME=URL")
    config = configuration.read_dvc_config(root)
    for one in remotes:
        _require_folder(one, root)
        if one.name in config.remotes:
            _require_same(one, config, root)
    new = [one for one in remotes if one.name not in config.remotes]
    if not remotes and not config.remotes:
        new = [NewRemote(name=EMBEDDED, url=f"{layout.OWN}/remote")]
    half = [name for name in names or (EMBEDDED,) if _lacks_verify(name, config)]
    chosen = FEATURE.remote if FEATURE.remote in names else next(iter(names), EMBEDDED)
    default = chosen if config.default in (None, EMBEDDED) else None
    return DeclaredRemotes(
        remotes=tuple((f"remote {one.name} ({one.url})", one in new) for one in remotes),
        config=_extended(root, new, default, half) if new or half else None,
    )


def _lacks_verify(name: str, config: DvcConfig) -> bool:
    """Tell whether a remote of ours was not completed, or was made by DVC alone."""
    where = config.remotes.get(name)
    if where is None or where.startswith(UNVERIFIED):
        return False
    return "verify" not in dict(config.settings[name])


def _extended(
    root: Path, new: Sequence[NewRemote], default: str | None, half: Sequence[str]
) -> str:
    """Write DVC's configuration with new remotes, and completed ones, as DVC does; return it."""
    with _copied_config(root) as copy:
        for name in half:
            with suppress(ToolFailed):  # it is of another level than this file's
                run_dvc("remote", "modify", name, "verify", "true", root=copy)
        for one in new:
            options = {} if one.endpoint is None else {"endpointurl": one.endpoint}
            try:
                _add_remote(copy, one.name, one.url, default=one.name == default, options=options)
            except ToolFailed as error:
                why = command.reason_of_dvc(error).rstrip(".")
                advice = "" if one.url.isascii() else "; use a path of ASCII that links to it"
                raise InvalidInput(
                    f"DVC refuses the remote {one.name} ({hide_url_secrets(one.url)}): "
                    f"{why}{advice}"
                ) from error
        return (copy / ".dvc" / "config").read_text(encoding="utf-8")


def _require_folder(new: NewRemote, root: Path) -> None:
    if "://" not in new.url and (root / new.url).expanduser().is_file():
        raise InvalidInput(f"the remote {new.name} is to be a folder, and {new.url} is a file")


def _require_same(new: NewRemote, config: DvcConfig, root: Path) -> None:
    there = config.remotes[new.name]
    asked = new.url if "://" in new.url else str((root / new.url).resolve())
    if asked.rstrip("/") != there.rstrip("/"):
        raise InvalidInput(
            f"the remote {new.name} is {hide_url_secrets(there)} already; move it by "
            f"`dvc remote modify {new.name} url {new.url}`"
        )
    endpoint = dict(config.settings[new.name]).get("endpointurl")
    if new.endpoint is not None and new.endpoint != endpoint:
        at = f"at the endpoint {hide_url_secrets(endpoint)}" if endpoint else "without an endpoint"
        raise InvalidInput(
            f"the remote {new.name} already exists, {at}; "
            f"give it this one by `dvc remote modify {new.name} endpointurl {new.endpoint}`"
        )


@contextmanager
def _copied_config(root: Path) -> Iterator[Path]:
    """Give a folder with nothing but a copy of a project's configuration, to try changes in.

    It lies deeper than the project: DVC rewrites the relative paths of what it changes.
    """
    with tempfile.TemporaryDirectory() as top:
        copy = Path(top, *root.parts[1:])
        (copy / ".dvc").mkdir(parents=True)
        config = find_project_file(root, ".dvc/config", SETTINGS)
        if config is not None:
            (copy / ".dvc" / "config").write_bytes(config)
        yield copy


def _add_remote(
    root: Path,
    name: str,
    url: str,
    *,
    default: bool = True,
    options: Mapping[str, str] | None = None,
) -> None:
    """Add a remote that compares what it delivers with its hash, as DVC itself does not.

    Args:
        root: folder of the project.
        name: its name.
        url: where it is; a path is relative to the project.
        default: take it where nobody names a remote.
        options: its other options in DVC's configuration.

    Raises:
        ToolFailed: DVC refuses it; the configuration may hold a part of it.
    """
    run_dvc("remote", "add", *(["--default"] if default else []), name, url, root=root)
    verify = {} if url.startswith(UNVERIFIED) else {"verify": "true"}
    for option, value in {**verify, **(options or {})}.items():
        run_dvc("remote", "modify", name, option, value, root=root)
