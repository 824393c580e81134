"""What the failures of networks and servers mean, in a few words."""

from __future__ import annotations

import errno

ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled", "Forbidden"})
REFUSALS = {
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "there is no such access key",
    "InvalidToken": "the session token is not valid",
    "RequestTimeTooSkewed": "the clock of this machine differs too much from the server's",
    "SignatureDoesNotMatch": "the secret key is not that of the access key",
}
MESSAGE_SIGNS = (
    ("Name or service not known", "no such host"),
    ("Temporary failure in name resolution", "the host's name cannot be resolved"),
    ("nodename nor servname", "no such host"),
    ("Connection refused", "connection refused"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
    ("Connection reset", "the connection was reset"),
    ("Connection was closed", "the server closed the connection"),
)
"""What the texts of network errors mean."""
STORE_SIGNS = (
    *MESSAGE_SIGNS,
    ("Server disconnected", "the server closed the connection"),
    ("payload is not completed", "the connection broke off"),
)
"""What the texts of network errors mean."""
LOST = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EHOSTUNREACH: "no way to the host",
    errno.ENETUNREACH: "no network",
}
PLAIN_WORDS = {
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
