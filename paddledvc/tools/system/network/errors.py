"""What the failures of networks and servers mean, in a few words, whoever meets them."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
"""Answers of HTTP that may be better a moment later."""
NO_OBJECT = "there is no such object"
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_BUSY = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
"""Codes of a server of S3 that may have time a moment later, whatever its status."""
_DENIED = frozenset({"401", "403", "AccessDenied", "AllAccessDisabled", "Forbidden"})
_REFUSALS = {
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "there is no such access key",
    "InvalidToken": "the session token is not valid",
    "RequestTimeTooSkewed": "the clock of this machine differs too much from the server's",
    "SignatureDoesNotMatch": "the secret key is not that of the access key",
}
_NO_HOST = "no such host"
_UNRESOLVED = "the host's name cannot be resolved"
_REFUSED = "connection refused"
_RESET = "the connection was reset"
_CLOSED = "the server closed the connection"
_BROKE_OFF = "the connection broke off"
_NO_WAY = "no route to the host"
_NO_NETWORK = "no network"
_UNTRUSTED = "its certificate is not trusted"
_SIGNS = (
    ("Temporary failure in name resolution", _UNRESOLVED),
    ("Name or service not known", _NO_HOST),
    ("nodename nor servname", _NO_HOST),
    ("Could not resolve host", _NO_HOST),
    ("Connection refused", _REFUSED),
    ("Couldn't connect", _REFUSED),
    ("CERTIFICATE_VERIFY_FAILED", _UNTRUSTED),
    ("SSL certificate problem", _UNTRUSTED),
    ("certificate verification failed", _UNTRUSTED),
    ("certificate subject name", _UNTRUSTED),
    ("IncompleteRead", _BROKE_OFF),
    ("payload is not completed", _BROKE_OFF),
    ("early EOF", _BROKE_OFF),
    ("RPC failed", _BROKE_OFF),
    ("RemoteDisconnected", _CLOSED),
    ("Server disconnected", _CLOSED),
    ("Connection was closed", _CLOSED),
    ("Connection reset", _RESET),
    ("No route to host", _NO_WAY),
    ("Network is unreachable", _NO_NETWORK),
)
"""What stands in the texts of Python, HTTP clients, curl and ssh; the first that fits counts."""
_NUMBERS = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ECONNRESET: _RESET,
    errno.EHOSTUNREACH: _NO_WAY,
    errno.ENETUNREACH: _NO_NETWORK,
}
_OF_ONE_CONNECTION = (_RESET, _CLOSED, _BROKE_OFF)
_PASSING = (_NO_HOST, _UNRESOLVED, _REFUSED, _NO_WAY, _NO_NETWORK, "no answer", *_OF_ONE_CONNECTION)
_PLAIN_WORDS = {
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EROFS: "it is read-only",
    errno.ENOSPC: "no space left",
    errno.ENOTDIR: "a file is in the way of its folder",
    errno.EEXIST: "a file is in the way of its folder",
}


class Unreadable(Exception):
    """A source could not be read; the text says why in a few words.

    Attributes:
        again: whether another try may help.
        wait: seconds after which the server asked to be tried again.
        status: the status code that the server refused with; None if it was not that.
        body: the beginning of what it said then, where somebody may want it.
    """

    def __init__(
        self,
        reason: str,
        *,
        again: bool = False,
        wait: float = 0.0,
        status: int | None = None,
        body: bytes = b"",
    ) -> None:
        self.again, self.wait, self.status, self.body = again, wait, status, body
        super().__init__(reason)


class Silent(Unreadable):
    """A server says nothing, or too little; to wait for it once more is no help."""


def meaning_of_network_text(text: str) -> str | None:
    """Say what the text of a network error means; None if it is of something else.

    >>> meaning_of_network_text("ssh: Could not resolve hostname h: Name or service not known")
    'no such host'
    """
    return next((meaning for sign, meaning in _SIGNS if sign in text), None)


def meaning_of_network_error(error: BaseException) -> str | None:
    """Say what a network error means by its number or its text; None if it is something else."""
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return _NUMBERS[error.errno]
    return meaning_of_network_text(str(error))


def meaning_of_file_error(error: BaseException) -> str | None:
    """Say what an error of a file system means by its number; None if it is something else."""
    return _PLAIN_WORDS.get(error.errno or 0) if isinstance(error, OSError) else None


def meaning_of_s3_network_error(answer: Mapping[str, Any], server: str | None = None) -> str:
    """Say what an answer of S3 means that is not what was asked for.

    Args:
        answer: it, as botocore reads it.
        server: URL of the server, where others would not know which it is.
    """
    code, words = (str(answer.get("Error", {}).get(key, "")) for key in ("Code", "Message"))
    if is_busy_error(answer):
        code = str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", code))
        return f"{server or 'the server'} answered {code} {words}".rstrip()
    if code in _ABSENT:
        return NO_OBJECT
    if code == "NoSuchBucket":
        return f"there is no such bucket{f' at {server}' if server else ''}"
    if code in _REFUSALS:
        return f"{server} says that {_REFUSALS[code]}" if server else _REFUSALS[code]
    if code in _DENIED:
        return denied_error(server)
    return f"{server or 'the server'} answered {code}{f': {words}' if words else ''}"


def denied_error(server: str | None = None) -> str:
    """Say that a server denies access, whoever it takes us for."""
    return f"{server or 'the server'} denies access"


def is_busy_error(answer: Mapping[str, Any]) -> bool:
    """Tell whether a server of S3 may have time for the same question a moment later."""
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return answer.get("Error", {}).get("Code") in _BUSY or status in PASSING_STATUSES


def no_answer_error(seconds: float, server: str | None = None) -> str:
    """Say that a server was silent for too long."""
    return f"no answer{f' from {server}' if server else ''} within {seconds:g} s"


def broken_off_error(done: int, total: int) -> str:
    """Say that a connection broke off in the middle of some bytes."""
    return f"{_BROKE_OFF} after {done:,} of {total:,} bytes"


def may_error_pass(reason: str) -> bool:
    """Tell whether what a reason says may not hold a moment later."""
    return reason.startswith(_PASSING)


def is_error_of_one_connection(reason: str) -> bool:
    """Tell whether a reason is of one connection; another one may do."""
    return reason.startswith(_OF_ONE_CONNECTION)
