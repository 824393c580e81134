"""URLs as people may see them: in messages, which end up in the logs of CI."""

from __future__ import annotations

import re

_WEB = re.compile(r"(?<=://)[^/\s]*@")
_USER = re.compile(r"(?<=://)(?P<user>[^/\s:@]*):[^/\s]*@")
_KEEP_USER = ("ssh://", "git+ssh://", "git://")


def shown(url: str) -> str:
    """Write a URL without the secrets that it may hold; of ssh's, the user is none.

    >>> shown("https://token@host/models.git"), shown("ssh://git:secret@host/models")
    ('https://host/models.git', 'ssh://git@host/models')
    """
    if url.startswith(_KEEP_USER):
        return _USER.sub(r"\g<user>@", url)
    return _WEB.sub("", url)
