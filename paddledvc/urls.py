"""URLs: what they name, and as people may see them, in messages that end up in the logs of CI."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

_WEB = re.compile(r"(?<=://)[^/\s]*@")
_ESCAPED = re.compile(r"(?<=%3a%2f%2f)[^&/\s]*?%40", re.IGNORECASE)
"""The same of a URL in a query."""
_USER = re.compile(r"(?<=://)(?P<user>[^/\s:@]*):[^/\s]*@")
_SIGNED = re.compile(
    r"(?<=[?&;#])((?:[\w.%-]*(?:token|secret|password|passwd|passphrase|signature|credentials?|"
    r"authorization|hmac|(?:api|access|auth|subscription)[_-]?key(?:[_-]?id)?|[_-]sig)|"
    r"session(?:[_-]?id)?|sas|bearer|ticket|tempauth|hdn(?:ea|ts|tl)|GoogleAccessId|q-ak|sig|sign|"
    r"auth|jwt|pwd|pass|key(?==AIza))=)"
    r"[^&#\s]+",
    re.IGNORECASE,
)
"""What makes a URL a key of its own, as S3, BOS, OSS, COS, GCS, Azure and hubs write it: whoever
reads it may do what its owner may."""
_KEEP_USER = ("ssh://", "git+ssh://", "git://")
FORMATS = ("pdparams", "safetensors", "pdmodel", "json", "onnx", "tar.gz", "tar", "zip")
_FORM = re.compile(r"git\+(?P<repository>.+)@(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})#(?P<path>.+)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/\\]+:")
_HELPER = re.compile(r"([^/:]+)::")
GIT_SCHEMES = ("https", "ssh", "http", "git", "file", "git+ssh", "ssh+git")
"""How a URL of a git repository may begin."""


def hide_url_secrets(url: str) -> str:
    """Write a URL without the secrets that it may hold; of ssh's, the user is none.

    >>> hide_url_secrets("https://token@host/models.git"), hide_url_secrets("ssh://git:secret@host/models")
    ('https://host/models.git', 'ssh://git@host/models')
    >>> hide_url_secrets("https://host/a?X-Amz-Signature=secret&x=1")
    'https://host/a?X-Amz-Signature=***&x=1'
    """
    url = _ESCAPED.sub("", hide_query_secrets(url))
    if url.startswith(_KEEP_USER):
        return _USER.sub(r"\g<user>@", url)
    return _WEB.sub("", url)


def hide_query_secrets(text: str) -> str:
    """Write a text without what makes a URL in it a key of its own."""
    return _SIGNED.sub(r"\1***", text)


def secret_of_url(url: str) -> str | None:
    """Name the secret that a URL holds, without it; None where there is none.

    >>> secret_of_url("https://host/a?x=1&X-Amz-Signature=secret")
    'X-Amz-Signature'
    >>> secret_of_url("s3://zoo/a?endpoint_url=https%3A%2F%2Fuser%3Apassword%40host")
    'a user or password'
    >>> secret_of_url("git+ssh://git@host/models@main#a")
    """
    if url.startswith("git+"):
        at = url[len("git+") :].partition("#")[0].rpartition("@")[0]
        return "a password or token" if holds_git_password(at) else None
    if (signed := _SIGNED.search(url)) is not None:
        return signed[1].rstrip("=")
    return "a user or password" if _WEB.search(url) or _ESCAPED.search(url) else None


def holds_git_password(repository: str) -> bool:
    """Tell whether the URL of a repository holds more than the user of ssh.

    >>> [holds_git_password(f"{one}host/x") for one in ("ssh://git@", "https://", "https://t@")]
    [False, False, True]
    """
    scheme, _, rest = repository.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    return bool(at) and (":" in user or scheme.lower() in ("http", "https"))


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

    def from_root(self, root: str) -> GitFile:
        """Let the path of a repository, which may be relative to a project, hold anywhere.

        >>> GitFile(repository="../models", commit="", path="").from_root("/project").repository
        '/project/../models'
        """
        if not self.is_local or self.why_refused is not None:
            return self
        return replace(self, repository=posixpath.join(root, self.repository))

    @property
    def why_refused(self) -> str | None:
        """Why git must not be given the repository, or shows others a secret of it; None if it may.

        >>> GitFile(repository="ext::sh", commit="", path="").why_refused
        "'ext::' starts a program; a repository is a path, or an https, ssh, http, git or file URL"
        >>> GitFile(repository="ssh://-oProxyCommand=x/y", commit="", path="").why_refused
        "the name of a host does not begin with '-'"
        """
        return _why_refused(self.repository)

    def __str__(self) -> str:
        return f"git+{self.repository}@{self.commit}#{self.path}"


def _why_refused(repository: str) -> str | None:  # noqa: PLR0911 - one a rule
    wanted = "a repository is a path, or an https, ssh, http, git or file URL"
    if repository.startswith("-"):  # git would take it for an option
        return "the name of a repository does not begin with '-'"
    if not repository.isprintable():
        return f"the name of a repository has no such characters: {repository!r}"
    if (helper := _HELPER.match(repository)) is not None:
        return f"'{helper[1]}::' starts a program; {wanted}"
    if _URL.match(repository) is None:
        return None
    scheme, found, rest = repository.partition("://")
    if found and scheme.lower() not in GIT_SCHEMES:
        return f"'{scheme}://' is nothing that git may speak; {wanted}"
    # Without a scheme it is as ssh's copies are written: user@host:path.
    at, _, path = rest.partition("/") if found else repository.partition(":")
    user, _, host = at.rpartition("@")
    if host.startswith("-") or user.startswith("-"):
        return "the name of a host does not begin with '-'"
    if not found and path.startswith("-"):
        return "the path of a repository does not begin with '-'"
    if holds_git_password(repository):
        return "it holds a password or token, which ends up in files; let git's credentials have it"
    return None
