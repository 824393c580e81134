"""Names of DVC's objects, and its listings of folders, which are objects too."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.paths import find_listing_fault
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MD5 = re.compile(r"[0-9a-f]{32}")


class ListedFile(NamedTuple):
    """A file of a folder, as DVC lists it.

    Attributes:
        path: from the folder.
        md5: of its bytes.
    """

    path: str
    md5: str


def is_object_md5(text: str) -> bool:
    """Tell whether a text is an MD5 digest in hexadecimal digits.

    >>> is_object_md5("0cc175b9c0f1b6a831c399e269772661"), is_object_md5("../etc")
    (True, False)
    """
    return _MD5.fullmatch(text) is not None


def is_object_name(text: str) -> bool:
    """Tell whether a text is the name of an object.

    >>> is_object_name("0cc175b9c0f1b6a831c399e269772661.dir"), is_object_name("tmp-host-1")
    (True, False)
    """
    return is_object_md5(text.removesuffix(FOLDER_SUFFIX))


class Forbidden(ValueError):
    """A listing of a folder names what may not be written."""


def read_object_listing(data: bytes) -> tuple[ListedFile, ...]:
    """Read DVC's listing of a folder whose files are to be written.

    Raises:
        Forbidden: no folder may have such files.
        ValueError: it is none.

    >>> data = b'[{"md5": "0cc175b9c0f1b6a831c399e269772661", "relpath": "a"}]'
    >>> read_object_listing(data)[0].path
    'a'
    """
    found = parse_object_listing(data)
    if (fault := find_listing_fault([one.path for one in found])) is not None:
        raise Forbidden(f"its listing names {fault[0]!a}: {fault[1]}")
    return found


def parse_object_listing(data: bytes) -> tuple[ListedFile, ...]:
    """Read which objects a listing of a folder needs, for those who write none of its files.

    Raises:
        ValueError: it is none.
    """
    try:
        entries = json.loads(data)
        found = tuple(ListedFile(str(one["relpath"]), str(one["md5"])) for one in entries)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no listing of a folder") from error
    for _, md5 in found:
        if not is_object_md5(md5):
            raise ValueError(f"a listing with {md5!r}, which is no MD5 digest")
    return found


def write_object_listing(files: Iterable[ListedFile]) -> bytes:
    """Write a listing of a folder, byte for byte as ``dvc_data.hashfile.tree`` does.

    >>> write_object_listing([ListedFile("a", "0cc175b9c0f1b6a831c399e269772661")])
    b'[{"md5": "0cc175b9c0f1b6a831c399e269772661", "relpath": "a"}]'
    """
    entries = [{"md5": md5, "relpath": path} for path, md5 in sorted(files)]
    return json.dumps(entries, sort_keys=True).encode()


def folder_object_name(files: Mapping[str, str]) -> str:
    """Compute DVC's name of a folder from the MD5 of its files, by path from the folder.

    >>> folder_object_name({"a": "d41d8cd98f00b204e9800998ecf8427e"})
    '3e3335ff0ba6ac6f06f589d8219daf0e.dir'
    """
    data = write_object_listing(ListedFile(path, md5) for path, md5 in files.items())
    return f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}{FOLDER_SUFFIX}"
