"""URLs as people may see them: in messages, which end up in the logs of CI."""

from __future__ import annotations

import re

_WEB = re.compile(r"(?<=://)[^/\s]*@")
_USER = re.compile(r"(?<=://)(?P<user>[^/\s:@]*):[^/\s]*@")
_KEEP_USER = ("ssh://", "git+ssh://", "git://")
FORMATS = ("pdparams", "safetensors", "pdmodel", "json", "onnx", "tar.gz", "tar", "zip")


def shown(url: str) -> str:
    """Write a URL without the secrets that it may hold; of ssh's, the user is none.

    >>> shown("https://token@host/models.git"), shown("ssh://git:secret@host/models")
    ('https://host/models.git', 'ssh://git@host/models')
    """
    if url.startswith(_KEEP_USER):
        return _USER.sub(r"\g<user>@", url)
    return _WEB.sub("", url)


def is_url(location: str) -> bool:
    """Tell a URL from a path of the project.

    >>> is_url("https://host/a.pdparams"), is_url("zoo/a.pdparams")
    (True, False)
    """
    return location.startswith("file:") or is_remote(location)


def is_remote(location: str) -> bool:
    """Tell what other machines hold, or another repository, from files of this one.

    >>> is_remote("s3://models/a.pdparams"), is_remote("file:///a.pdparams")
    (True, False)
    """
    return location.startswith(("http://", "https://", "s3://", "git+"))


def format_of(location: str) -> str | None:
    """Name the format that the suffix of a URL or path stands for.

    >>> format_of("https://host/dir/resnet50.pdparams?x=1")
    'pdparams'
    """
    if location.startswith("git+"):
        path = location.partition("#")[2]
    else:
        path = re.split(r"[?#]", location)[0] if is_url(location) else location
    return next((name for name in FORMATS if path.endswith("." + name)), None)
