"""Bytes over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from urllib3.exceptions import HTTPError, IncompleteRead, ReadTimeoutError

from paddledvc.tools.files import CHUNK

if TYPE_CHECKING:
    import requests

Progress: TypeAlias = Callable[[int, int | None], None]
"""Told how many bytes have arrived, and how many there are if that is known."""

TIMEOUT = (10.0, 60.0)
"""Seconds to wait for a connection, and between two packets."""
PASSING = (408, 429, 500, 502, 503, 504)
"""Answers that may be better a moment later."""
MAX_DIGITS = 19
"""Digits of a Content-Length that can be true."""
LONGEST_WAIT = 60.0
"""Seconds that a server may ask us to wait."""


class Unreadable(Exception):
    """A source could not be read; the text says why in a few words.

    Attributes:
        again: whether another try may help.
        wait: seconds after which the server asked to be tried again.
    """

    def __init__(self, reason: str, *, again: bool = False, wait: float = 0.0) -> None:
        self.again, self.wait = again, wait
        super().__init__(reason)


@contextmanager
def _open(url: str, method: str = "GET") -> Iterator[requests.Response]:
    # requests costs 0.1 s, which commands that ask no network should not pay.
    import requests  # noqa: PLC0415

    # identity: the bytes are hashed as the server keeps them, so they must come unpacked.
    headers = {"Accept-Encoding": "identity", "User-Agent": "paddledvc"}
    try:
        with requests.request(
            method, url, stream=True, timeout=TIMEOUT, headers=headers, allow_redirects=True
        ) as response:
            yield response
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise Unreadable(_reason(error), again=_may_pass(error)) from error


def _may_pass(error: BaseException) -> bool:
    """Tell what may be better a moment later from what will not, such as a bad certificate."""
    import requests  # noqa: PLC0415

    kinds = requests.exceptions
    passing = (kinds.ConnectionError, kinds.Timeout, kinds.ChunkedEncodingError, HTTPError)
    return isinstance(error, passing) and not isinstance(error, kinds.SSLError)


def _reason(error: BaseException) -> str:
    """Say in a few words what a network error is, below its wrappers."""
    import requests  # noqa: PLC0415

    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return f"no answer within {TIMEOUT[1]:g} s"
    for inner in error.args:
        if isinstance(inner, IncompleteRead) and inner.expected:
            total = inner.partial + inner.expected
            return f"the connection broke off after {inner.partial:,} of {total:,} bytes"
    text = str(error)
    for sign, meaning in (
        ("Name or service not known", "no such host"),
        ("Temporary failure in name resolution", "the host's name cannot be resolved"),
        ("nodename nor servname", "no such host"),
        ("Connection refused", "connection refused"),
        ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
        ("IncompleteRead", "the connection broke off"),
        ("RemoteDisconnected", "the server closed the connection"),
        ("Connection reset", "the connection was reset"),
    ):
        if sign in text:
            return (
                f"the proxy: {meaning}"
                if isinstance(error, requests.exceptions.ProxyError)
                else meaning
            )
    return text.splitlines()[0] if text else type(error).__name__


def size(url: str) -> int | None:
    """Ask for the size of a file in bytes without downloading it; None if the server keeps it back.

    Raises:
        Unreadable: the URL does not answer with a file.
    """
    with _open(url, "HEAD") as response:
        if response.status_code in (403, 405, 501):
            return _size_by_get(url)
        _require_ok(response)
        return _length(response)


def _size_by_get(url: str) -> int | None:
    """Ask by a GET that is not read; signed URLs and some servers refuse HEAD."""
    with _open(url) as response:
        _require_ok(response)
        return _length(response)


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and len(length) < MAX_DIGITS else None


def _require_ok(response: requests.Response) -> None:
    if response.status_code != 200:  # noqa: PLR2004
        reason = f" {response.reason}" if response.reason else ""
        raise Unreadable(
            f"the server answered {response.status_code}{reason}",
            again=response.status_code in PASSING,
            wait=_retry_after(response),
        )


def _retry_after(response: requests.Response) -> float:
    seconds = response.headers.get("Retry-After", "")
    return min(float(seconds), LONGEST_WAIT) if seconds.isdecimal() else 0.0


def chunks(url: str, progress: Progress | None = None) -> Iterator[bytes]:
    """Read the bytes of a URL a megabyte at a time.

    Raises:
        Unreadable: the URL does not answer with a file, or the connection breaks off.
    """
    with _open(url) as response:
        _require_ok(response)
        total, done = _length(response), 0
        while chunk := response.raw.read(CHUNK):
            done += len(chunk)
            if progress is not None:
                progress(done, total)
            yield chunk
