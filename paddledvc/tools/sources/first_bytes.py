"""What bytes are that stand where weights should: told by how they begin.

Servers answer 200 with a page to sign in on, gateways with a document about an error, and a clone
without git-lfs has pointers in the place of files. Each of these once was pinned as weights.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

HEAD = 4096
"""Bytes to look at."""
POINTER = b"version https://git-lfs.github.com/spec/"
"""How a pointer of git-lfs begins."""
TEXTS = (".html", ".htm", ".xml", ".json", ".txt", ".md", ".yaml", ".yml", ".csv", ".py", ".svg")
"""How names end of files that are text, of which a folder of weights may have some."""
_PAGE = re.compile(
    rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<Error>", re.IGNORECASE)
_CODE = re.compile(rb"<(Code|Message)>([^<]{1,200})<")
_JSON = re.compile(rb'\s*\{\s*"(error|errors|message|detail|code|status|statusCode|fault)"\s*:')
_LONGEST = 60
ADVICE = "open the URL in a browser to see what it asks for"


def describe_no_weights(head: bytes, url: str) -> str | None:
    """Say what bytes are that cannot be weights; None where they may be.

    Args:
        head: how they begin.
        url: where they are from.

    >>> describe_no_weights(b"<!DOCTYPE html><title>Sign in</title>", "https://host/a.pdparams")
    'it is a web page, "Sign in", and no weights; open the URL in a browser to see what it asks for'
    >>> describe_no_weights(b"<html>", "https://host/card.html") is None
    True
    """
    if head.startswith(POINTER):
        return (
            "it is a pointer of git-lfs, and no weights; run `git lfs pull` where it is from, or "
            "name the URL of the file itself"
        )
    if urlsplit(url).path.lower().endswith(TEXTS) or (found := describe_document(head)) is None:
        return None
    return f"it is {found}, and no weights; {ADVICE}"


def describe_document(head: bytes) -> str | None:
    """Say what a server answers in the place of a file; None where it may be the file.

    >>> describe_document(b"<Error><Code>AccessDenied</Code></Error>")
    'a document about an error, "AccessDenied"'
    """
    if _PAGE.match(head):
        title = _TITLE.search(head)
        return "a web page" + (f', "{_shown(title[1])}"' if title else "")
    if _XML.match(head):
        said = ": ".join(_shown(one) for _, one in _CODE.findall(head)[:2])
        return "a document about an error" + (f', "{said}"' if said else "")
    return f'a document about an error, "{_shown(head)}"' if _JSON.match(head) else None


def _shown(data: bytes) -> str:
    """Write a text of a server's in a few words."""
    text = " ".join(unescape(data.decode(errors="replace")).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
