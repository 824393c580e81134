"""Remotes that somebody asks to set up, as written on a command line."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNNAMED = "storage"
"""The name of a remote that nobody named; it serves all branches if it is the only one."""
_SECRET = re.compile(r"[a-z0-9+.-]+://[^/@]*:[^/]*@|s3://[^/]*@", re.IGNORECASE)
"""A password, or anything before the bucket of S3, which can only be a key."""
_NOWHERE = re.compile(r"(?!file:)[a-z0-9+.-]+://(/|$)", re.IGNORECASE)
"""A URL without bucket or host."""
_MISNAMED = re.compile(r"(?P<name>[^/\\:=]+)=")
"""What stands before a URL like a name; a path with such a folder begins with ``./``."""
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*)=(?P<url>.+)", re.DOTALL)


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
            f"the URL of the remote {name} holds a key or a password, and git would keep it in "
            ".dvc/config for everybody; put keys where AWS's tools look for them, or into "
            f".dvc/config.local: `dvc remote modify --local {name} access_key_id KEY`, and "
            "secret_access_key or password likewise"
        )
