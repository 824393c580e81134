"""What bytes are that stand where weights should: told by how they begin.

Servers answer 200 with a page to sign in on, gateways with a document about an error, and a clone
without git-lfs has pointers in the place of files. Each of these once was pinned as weights.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from paddledvc.urls import format_of_url

HEAD = 4096
"""Bytes to look at."""
_POINTERS = (
    (re.compile(rb"version https://git-lfs\.github\.com/spec/"), "git-lfs", "git lfs pull"),
    (re.compile(rb"(?:(?:\.\./)*\.git)?/annex/objects/"), "git-annex", "git annex get"),
    (
        re.compile(rb"(?:outs:\r?\n *- |md5: [0-9a-f]{32}\r?\n(?:frozen|deps|outs):)"),
        "DVC",
        "dvc pull",
    ),
)
"""How files begin that stand for others, whose they are, and what brings those."""
TEXTS = (".html", ".htm", ".xml", ".json", ".txt", ".md", ".yaml", ".yml", ".csv", ".py", ".svg")
"""How names end of files that are text, of which a folder of weights may have some."""
_PAGE = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<Error(Response)?\b[^>]*>", re.IGNORECASE)
_CODE = re.compile(rb"<(Code|Message)>([^<]{1,200})<")
_JSON = re.compile(rb'\s*\{\s*"(error|errors|message|detail|code|status|statusCode|fault)"\s*:')
_DOCUMENT = re.compile(rb"\s*(<[?!\w]|[\[{]\s*[\]\[{\"\w-]|\"[^\"\\]*\"\s*$)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_KINDS = (
    ("a pickle, as .pdparams files are", re.compile(rb"\x80[\x02-\x05]")),
    ("a safetensors file", re.compile(rb"(?!\0{4}).{4}\0{4}\{", re.DOTALL)),
    ("packed by gzip", re.compile(rb"\x1f\x8b\x08")),
    ("packed by xz", re.compile(rb"\xfd7zXZ\0")),
    ("packed by zstd", re.compile(rb"\x28\xb5\x2f\xfd")),
    ("packed by bzip2", re.compile(rb"BZh[1-9]1AY")),
    ("a tar archive", re.compile(rb".{257}ustar[\0 ]", re.DOTALL)),
    ("a zip archive, as PyTorch writes", re.compile(rb"PK\x03\x04")),
    ("an HDF5 file", re.compile(rb"\x89HDF\r\n\x1a\n")),
    ("a PNG image", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("a JPEG image", re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")),
    ("a GIF image", re.compile(rb"GIF8[79]a")),
    ("a PDF", re.compile(rb"%PDF-")),
)
"""Kinds of files that their first bytes tell for certain."""
_PACKED = ("packed", "a tar archive")
_OF_FORMAT = {
    "pdparams": ("a pickle",),
    "safetensors": ("a safetensors",),
    "pdmodel": (),
    "onnx": (),
    "tar.gz": _PACKED,
    "tar": _PACKED,
    "zip": ("a zip",),
}
"""How the kinds are called that are right under a suffix; none is known of the others."""
_BYTE_ORDERS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
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
    for begins, whose, command in _POINTERS:
        if begins.match(head):
            return (
                f"it is a pointer of {whose}, and no weights; run `{command}` where it is from, or "
                "name the URL of the file itself"
            )
    if urlsplit(url).path.lower().endswith(TEXTS):
        return None
    if found := describe_document(head):
        return f"it is {found}, and no weights; {ADVICE}"
    form = format_of_url(url)
    return None if form is None else _describe_other_format(head, form)


def _describe_other_format(head: bytes, form: str) -> str | None:
    """Say what bytes are that are not of the format that a URL says."""
    if form not in _OF_FORMAT:
        return None
    if _is_text(head) and _DOCUMENT.match(_as_utf8(head)):
        return f'it is a document, "{_shown(_as_utf8(head))}", and no weights; {ADVICE}'
    if (kind := _kind(head)) is None or kind.startswith(_OF_FORMAT[form]):
        return None
    return f"it is {kind}, and not what .{form} says; give the URL of the .{form} file, or its md5"


def describe_document(head: bytes) -> str | None:
    """Say what a server answers in the place of a file; None where it may be the file.

    >>> describe_document(b"<Error><Code>AccessDenied</Code></Error>")
    'a document about an error, "AccessDenied"'
    """
    head = _as_utf8(head)
    if _PAGE.match(head):
        title = _TITLE.search(head)
        return "a web page" + (f', "{_shown(title[1])}"' if title else "")
    if _XML.match(head):
        said = ": ".join(_shown(one) for _, one in _CODE.findall(head)[:2])
        return "a document about an error" + (f', "{said}"' if said else "")
    return f'a document about an error, "{_shown(head)}"' if _JSON.match(head) else None


def _as_utf8(head: bytes) -> bytes:
    """Write a text without the mark that it may begin with, and in the usual encoding."""
    for mark, encoding in _BYTE_ORDERS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="ignore").encode(errors="ignore")
    return head.removeprefix(b"\xef\xbb\xbf")


def _is_text(head: bytes) -> bool:
    """Tell whether bytes may be a text: none that texts do not have."""
    return _CONTROL.search(_as_utf8(head)) is None


def _kind(head: bytes) -> str | None:
    return next((kind for kind, begins in _KINDS if begins.match(head)), None)


def _shown(data: bytes) -> str:
    """Write a text of a server's in a few words."""
    text = " ".join(unescape(data.decode(errors="replace")).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
