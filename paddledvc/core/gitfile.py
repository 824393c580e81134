"""A file of a commit of another repository, as one line of text that a lock can hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"git\+(?P<repository>.+)@(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})#(?P<path>.+)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/\\]+:")


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
