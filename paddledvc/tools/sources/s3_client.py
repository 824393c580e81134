"""A client of S3, and what its failures mean, through botocore, on which DVC rests too.

botocore and not s3fs, by which DVC reads S3: it starts no thread with an event loop, keeps to the
timeouts and retries that it is given, and takes half the time to import.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import HTTPError, IncompleteRead

from paddledvc.tools.sources.http import PASSING_STATUSES, TIMEOUTS
from paddledvc.tools.system.network_errors import (
    ABSENT,
    DENIED,
    MESSAGE_SIGNS,
    REFUSALS,
    Unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError

BUSY = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
"""Codes of a server that may have time a moment later, whatever its status."""
_SOURCES = {
    "assume-role": "a role that AWS's settings name",
    "config-file": "~/.aws/config",
    "container-role": "the role of this container",
    "custom-process": "the program that ~/.aws/config names",
    "env": "the AWS_* variables",
    "iam-role": "the role of this machine",
    "shared-credentials-file": "~/.aws/credentials",
    "sso": "AWS's single sign-on",
}


class ServerBusy(Unreadable):
    """The server is there, but has no time for the question."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, again=True)


_creating = threading.Lock()


@contextmanager
def client_answers(endpoint: str | None, timeout: float) -> Iterator[Any]:
    """Give a client, and say in a few words what goes wrong with it.

    Args:
        endpoint: URL of the server; None for the one that AWS's settings name, else AWS.
        timeout: seconds to wait for an answer.

    Raises:
        Unreadable: the server did not give what was asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as below
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    client, server = None, endpoint or "AWS"
    try:
        client = _client(endpoint, timeout)
        server = client.meta.endpoint_url
        yield client
    except ClientError as error:
        raise _refusal(error, client) from error
    except ResponseParserError as error:
        raise Unreadable("what answers is not S3") from error
    except (BotoCoreError, HTTPError, OSError, ValueError) as error:
        raise _break(error, server, timeout) from error


def _client(endpoint: str | None, timeout: float) -> Any:
    """Get a client, which threads may share; another one after a change of AWS's variables."""
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    with _creating:
        return _create(endpoint, timeout, settings)


@lru_cache(maxsize=8)
def _create(endpoint: str | None, timeout: float, _settings: tuple[tuple[str, str], ...]) -> Any:
    # botocore costs 0.25 s, which commands that ask no S3 should not pay.
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    session = botocore.session.Session()
    signed = session.get_credentials() is not None
    config = Config(
        connect_timeout=min(TIMEOUTS[0], timeout),
        read_timeout=timeout,
        retries={"total_max_attempts": 1},
        signature_version=None if signed else botocore.UNSIGNED,
        # Bytes are hashed where they arrive; what servers state in headers is not needed.
        response_checksum_validation="when_required",
        user_agent_extra="paddledvc",
    )
    return session.create_client("s3", endpoint_url=endpoint, config=config)


def _refusal(error: ClientError, client: Any) -> Unreadable:
    """Say what an answer means that is not what was asked for."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = str(error.response.get("Error", {}).get("Message", "")) or "no reason"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    server = client.meta.endpoint_url
    if code in BUSY or status in PASSING_STATUSES:
        return ServerBusy(f"{server} answered {status} {said}")
    if code in ABSENT:
        return Unreadable("there is no such object")
    if code == "NoSuchBucket":
        return Unreadable(f"there is no such bucket at {server}")
    if code in DENIED:
        return Unreadable(f"{server} denies access{_anonymity(client)}")
    if code in REFUSALS:
        return Unreadable(f"{server} says that {REFUSALS[code]}")
    return Unreadable(f"{server} answered {code}: {said}{_anonymity(client)}")


def _anonymity(client: Any) -> str:
    from botocore import UNSIGNED  # noqa: PLC0415 - as above

    anonymous = client.meta.config.signature_version is UNSIGNED
    return "; no credentials of AWS were found, so it was asked without" if anonymous else ""


def _break(error: Exception, server: str, timeout: float) -> Unreadable:
    """Say why there was no whole answer."""
    from botocore import exceptions as kinds  # noqa: PLC0415 - as above

    lost = (kinds.HTTPClientError, kinds.ConnectionError, kinds.IncompleteReadError, HTTPError)
    again = isinstance(error, lost) and not isinstance(error, kinds.SSLError)
    match error:
        case kinds.ReadTimeoutError() | kinds.ConnectTimeoutError():
            reason = f"no answer from {server} within {timeout:g} s"
        case kinds.IncompleteReadError(kwargs={"actual_bytes": done, "expected_bytes": total}):
            reason = _broken_off(done, total)
        case kinds.ResponseStreamingError(
            kwargs={"error": HTTPError(args=(_, IncompleteRead() as at))}
        ):
            reason = _broken_off(at.partial, at.partial + (at.expected or 0))
        case kinds.ProxyConnectionError():
            reason = f"the proxy: {_meaning(error)}"
        case _:
            reason = _meaning(error)
            reason += f" ({server})" if again else ""
    return Unreadable(reason, again=again)


def _broken_off(done: int, total: int) -> str:
    return f"the connection broke off after {done:,} of {total:,} bytes"


def _meaning(error: Any) -> str:
    """Say in a few words what a network error is, below its wrappers."""
    text = f"{error}\n{getattr(error, 'kwargs', {}).get('error', '')}"
    for sign, meaning in MESSAGE_SIGNS:
        if sign in text:
            return meaning
    return next(filter(None, text.removeprefix("Parameter validation failed:").splitlines()), "")


def credentials_source(profile: str | None) -> str:
    """Ask botocore, as DVC does, where it finds credentials."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - 0.2 s
    from botocore.session import Session  # noqa: PLC0415

    try:
        found = Session(profile=profile).get_credentials()
    except BotoCoreError as error:
        return f"nowhere ({error})"
    if found is None:
        return "nowhere"
    source = _SOURCES.get(found.method, found.method)
    return f"{source} (profile {profile})" if profile else source
