"""What the failures of DVC's file systems mean, in a few words."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.command import broken_dvc
from paddledvc.tools.system.network_errors import (
    ABSENT,
    DENIED,
    LOST,
    PLAIN_WORDS,
    REFUSALS,
    STORE_SIGNS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSING = ("the connection", "the server closed")
"""How the errors of one connection begin; another one may do."""
_PLUGIN = re.compile(r"(?P<scheme>\w+) is supported, but requires '(?P<package>[^']+)'")
"""How DVC says which package of its own reads a kind of URL."""
_NO_CREDENTIALS = (
    "no credentials were found; set AWS_PROFILE, AWS_ACCESS_KEY_ID or the keys of .dvc/config.local"
)
_KINDS = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "ClientConnectorError": "the server cannot be reached",
    "EndpointConnectionError": "the server cannot be reached",
    "ProfileNotFound": "",
    "ConfigError": "",
    "RemoteConfigError": "",
    "RemoteNotFoundError": "",
}
"""What kinds of errors mean, by their names, for their packages may not be there; or their text."""


class Broken(Exception):
    """Something failed; the text says why in a few words.

    Attributes:
        absent: whether all that is wrong is that there is no such object.
        silent: whether nobody answers.
    """

    def __init__(self, cause: str, *, absent: bool = False, silent: bool = False) -> None:
        self.absent, self.silent = absent, silent
        super().__init__(cause)


@contextmanager
def translate_failures(path: str, patience: float) -> Iterator[None]:
    """Let every failure of a file system come out as one of ours, its cause kept.

    Args:
        path: what is read or written, which the words of the system would repeat.
        patience: seconds that the server had.

    Raises:
        Broken: something failed.
    """
    try:
        yield
    except Broken:
        raise
    except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
        raise Broken("it was stopped") from error
    except Exception as error:  # whatever file systems of others raise
        raise _broken(error, path, patience) from error


def _broken(error: Exception, path: str, patience: float) -> Broken:
    chain = list(_chain(error))
    if (missing := next(filter(_is_missing_package, chain), None)) is not None:
        return Broken(_not_installed(missing))
    # What lies deepest says most: a connection failed because a host has no such name.
    for meaning in (_answer, _told, _named):
        for one in reversed(chain):
            if reason := meaning(one):
                return Broken(reason, silent=meaning is _told and not reason.startswith(PASSING))
    if any(isinstance(one, TimeoutError) or "Timeout" in type(one).__name__ for one in chain):
        return Broken(f"no answer within {patience:g} s", silent=True)
    if any(isinstance(one, FileNotFoundError) for one in chain):
        return Broken("there is no such object", absent=True)
    return Broken(_first_line(error, path))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _answer(error: BaseException) -> str | None:
    """Say what an answer of a server means that is not what was asked for."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return _status(getattr(error, "status", None), str(getattr(error, "message", "")))
    said = response.get("Error", {})
    code, words = str(said.get("Code", "")), str(said.get("Message", ""))
    if code == "NoSuchBucket":
        return "there is no such bucket"
    if code in REFUSALS:
        return REFUSALS[code]
    if code in DENIED:
        return "the credentials are refused"
    if code in ABSENT:
        return None
    return f"the server answered {code}{f': {words}' if words else ''}"


def _status(status: object, words: str) -> str | None:
    """Say what the status of an answer of HTTP means, where it is one."""
    if status in (401, 403):
        return "the credentials are refused"
    if not isinstance(status, int) or status in (200, 404):
        return None
    return f"the server answered {status} {words}".rstrip()


def _told(error: BaseException) -> str | None:
    """Say what an error of the network means by its number or its words."""
    if isinstance(error, OSError) and error.errno in LOST:
        return LOST[error.errno]
    return next((meaning for sign, meaning in STORE_SIGNS if sign in str(error)), None)


def _named(error: BaseException) -> str | None:
    """Say what an error means by its number or its name, for its package may not be there."""
    if isinstance(error, OSError) and error.errno in PLAIN_WORDS:
        return PLAIN_WORDS[error.errno]
    kind = type(error).__name__
    return _KINDS.get(kind) or (
        str(error).removeprefix("config file error: ") if kind in _KINDS else None
    )


def _is_missing_package(error: BaseException) -> bool:
    return type(error).__name__ == "RemoteMissingDepsError" or isinstance(error, ImportError)


def _not_installed(error: BaseException) -> str:
    """Say which plug-in a URL needs, or which module is not there that one needs."""
    if (told := _PLUGIN.match(str(error))) is not None:
        scheme, missing = told["scheme"], told["package"]
    elif scheme := getattr(error, "protocol", ""):
        missing = " and ".join(getattr(error, "missing_deps", ())) or f"dvc-{scheme}"
    else:
        return str(broken_dvc(str(error)))
    return f"{scheme}:// needs {missing}; run `pip install 'dvc[{scheme}]'`"


def _first_line(error: Exception, path: str) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = next(iter(str(text).splitlines()), "").replace(path, "").strip(": ")
    return line or type(error).__name__
