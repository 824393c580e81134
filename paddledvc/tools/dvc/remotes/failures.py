"""What the failures of DVC's file systems mean, in a few words."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.library import broken_dvc
from paddledvc.tools.dvc.remotes.redirects import Misled
from paddledvc.tools.system.network.errors import (
    NO_OBJECT,
    denied_error,
    is_error_of_one_connection,
    meaning_of_file_error,
    meaning_of_network_error,
    meaning_of_s3_network_error,
    no_answer_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    if (misled := next((one for one in chain if isinstance(one, Misled)), None)) is not None:
        return Broken(str(misled))
    # What lies deepest says most: a connection failed because a host has no such name.
    for meaning in (_answer, meaning_of_network_error, _named):
        for one in reversed(chain):
            if reason := meaning(one):
                silent = meaning is meaning_of_network_error and not is_error_of_one_connection(
                    reason
                )
                return Broken(reason, silent=silent)
    if any(isinstance(one, TimeoutError) or "Timeout" in type(one).__name__ for one in chain):
        return Broken(no_answer_error(patience), silent=True)
    if any(isinstance(one, FileNotFoundError) for one in chain):
        return Broken(NO_OBJECT, absent=True)
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
    reason = meaning_of_s3_network_error(response)
    return None if reason == NO_OBJECT else reason


def _status(status: object, words: str) -> str | None:
    """Say what the status of an answer of HTTP means, where it is one."""
    if status in (401, 403):
        return denied_error()
    if not isinstance(status, int) or status in (200, 404):
        return None
    return f"the server answered {status} {words}".rstrip()


def _named(error: BaseException) -> str | None:
    """Say what an error means by its number or its name, for its package may not be there."""
    kind = type(error).__name__
    return (
        meaning_of_file_error(error)
        or _KINDS.get(kind)
        or (str(error).removeprefix("config file error: ") if kind in _KINDS else None)
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
