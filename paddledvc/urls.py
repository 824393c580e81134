"""URLs: what they name, and as people may see them, in messages that end up in the logs of CI."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WEB = re.compile(r"(?<=://)[^/\s]*@")
_USER = re.compile(r"(?<=://)(?P<user>[^/\s:@]*):[^/\s]*@")
_KEEP_USER = ("ssh://", "git+ssh://", "git://")
FORMATS = ("pdparams", "safetensors", "pdmodel", "json", "onnx", "tar.gz", "tar", "zip")
_FORM = re.compile(r"git\+(?P<repository>.+)@(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})#(?P<path>.+)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/\\]+:")


def hide_url_secrets(url: str) -> str:
    """Write a URL without the secrets that it may hold; of ssh's, the user is none.

    >>> hide_url_secrets("https://token@host/models.git"), hide_url_secrets("ssh://git:secret@host/models")
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
    return location.startswith("file:") or is_remote_url(location)


def is_remote_url(location: str) -> bool:
    """Tell what other machines hold, or another repository, from files of this one.

    >>> is_remote_url("s3://models/a.pdparams"), is_remote_url("file:///a.pdparams")
    (True, False)
    """
    return location.startswith(("http://", "https://", "s3://", "git+"))


def format_of_url(location: str) -> str | None:
    """Name the format that the suffix of a URL or path stands for.

    >>> format_of_url("https://host/dir/resnet50.pdparams?x=1")
    'pdparams'
    """
    if location.startswith("git+"):
        path = location.partition("#")[2]
    else:
        path = re.split(r"[?#]", location)[0] if is_url(location) else location
    return next((name for name in FORMATS if path.endswith("." + name)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class GitFile:
    """A file, which DVC may track, of one commit of a git repository.

    Written like pip's direct references: ``git+REPOSITORY@COMMIT#PATH``.

    Attributes:
        repository: what git clones: a URL, ``user@host:path``, or a path.
        commit: the commit's full name.
        path: path of the file in the repository.
    """

    repository: str
    commit: str
    path: str

    @classmethod
    def parse(cls, text: str) -> GitFile:
        """Read the text of one.

        Raises:
            ValueError: it is none.

        >>> GitFile.parse(f"git+git@host:team/models.git@{'0' * 40}#zoo/det.pdparams").path
        'zoo/det.pdparams'
        """
        form = _FORM.fullmatch(text)
        if form is None:
            raise ValueError(f"{text!r} is not git+REPOSITORY@COMMIT#PATH")
        return cls(**form.groupdict())

    @property
    def is_local(self) -> bool:
        """Whether the repository is given as a path.

        >>> GitFile(repository="../models", commit="0" * 40, path="a").is_local
        True
        >>> GitFile(repository="git@host:models", commit="0" * 40, path="a").is_local
        False
        """
        return _URL.match(self.repository) is None

    def __str__(self) -> str:
        return f"git+{self.repository}@{self.commit}#{self.path}"
