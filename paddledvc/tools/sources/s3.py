"""Objects of S3, and of servers that do as it does, such as MinIO, through botocore."""

from __future__ import annotations

import binascii
import os
import threading
import time
from base64 import b64decode
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from urllib3.exceptions import HTTPError, IncompleteRead

from paddledvc.tools.dvc.trust.gate import is_trusted_server
from paddledvc.tools.sources.http import TIMEOUTS
from paddledvc.tools.system.files import CHUNK
from paddledvc.tools.system.network.asking import ask_within
from paddledvc.tools.system.network.errors import (
    Silent,
    Unreadable,
    broken_off_error,
    is_busy_error,
    meaning_of_network_text,
    meaning_of_s3_network_error,
    no_answer_error,
)
from paddledvc.tools.system.network.retry import ask_with_retries

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from botocore.exceptions import ClientError

    from paddledvc.tools.system.progress import ByteProgress

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
SHA256_BYTES = 32
LITTLE = 2 << 10
"""Bytes that are read at once from a server of which nobody knows how quick it is."""
LATER = 1.0
"""Seconds that botocore gets to say by itself that nobody answers."""
SOON = 0.05
"""Seconds in which they come from a quick one."""


class ServerBusy(Unreadable):
    """The server is there, but has no time for the question."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, again=True)


_creating = threading.Lock()


@contextmanager
def s3_client_answers(endpoint: str | None, timeout: float) -> Iterator[Any]:
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
        raise Unreadable("the server does not speak S3") from error
    except (BotoCoreError, HTTPError, OSError, ValueError) as error:
        raise _break(error, server, timeout) from error


def _client(endpoint: str | None, timeout: float) -> Any:
    """Get a client, which threads may share; another one after a change of AWS's variables."""
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    signed = endpoint is None or _may_sign(endpoint)
    with _creating:
        return _create(endpoint, timeout, settings, signed=signed)


_keyless: set[str] = set()
"""Servers that were asked without the keys that there are, for only a branch names them."""


def _may_sign(endpoint: str) -> bool:
    """Tell whether keys may go to a server: models.lock and models.yaml are a branch's word."""
    own = (os.environ.get(name, "") for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    if endpoint.rstrip("/") in (one.rstrip("/") for one in own):
        return True
    return is_trusted_server(Path.cwd(), endpoint)


@lru_cache(maxsize=8)
def _create(
    endpoint: str | None, timeout: float, _settings: tuple[tuple[str, str], ...], *, signed: bool
) -> Any:
    # botocore costs 0.25 s, which commands that ask no S3 should not pay. s3fs, which reads the
    # remotes of DVC, would cost 0.24 s more, four times the work for each byte, and more code here.
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    session = botocore.session.Session()
    has_keys = session.get_credentials() is not None
    if has_keys and not signed:
        _keyless.add(str(endpoint))
    signed = has_keys and signed
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
    server = client.meta.endpoint_url
    reason = meaning_of_s3_network_error(error.response, server)
    if is_busy_error(error.response):
        return ServerBusy(reason)
    refused = reason.startswith(server)  # rather than something missing
    return Unreadable(f"{reason}{_anonymity(client)}" if refused else reason)


def _anonymity(client: Any) -> str:
    from botocore import UNSIGNED  # noqa: PLC0415 - as above

    anonymous = client.meta.config.signature_version is UNSIGNED
    if anonymous and client.meta.endpoint_url in _keyless:
        return (
            "; it was asked without your keys, because this clone trusts no remote there: set "
            "AWS_ENDPOINT_URL_S3 if they are for it, or see `paddledvc trust`"
        )
    return "; no credentials of AWS were found, so it was asked without" if anonymous else ""


def _break(error: Exception, server: str, timeout: float) -> Unreadable:
    """Say why there was no whole answer."""
    from botocore import exceptions as kinds  # noqa: PLC0415 - as above

    lost = (kinds.HTTPClientError, kinds.ConnectionError, kinds.IncompleteReadError, HTTPError)
    again = isinstance(error, lost) and not isinstance(error, kinds.SSLError)
    match error:
        case kinds.ReadTimeoutError() | kinds.ConnectTimeoutError():
            return Silent(no_answer_error(timeout, server))
        case kinds.IncompleteReadError(kwargs={"actual_bytes": done, "expected_bytes": total}):
            reason = broken_off_error(done, total)
        case kinds.ResponseStreamingError(
            kwargs={"error": HTTPError(args=(_, IncompleteRead() as at))}
        ):
            reason = broken_off_error(at.partial, at.partial + (at.expected or 0))
        case kinds.ProxyConnectionError():
            reason = f"the proxy: {_meaning(error)}"
        case _:
            reason = _meaning(error)
            reason += f" ({server})" if again else ""
    return Unreadable(reason, again=again)


def _meaning(error: Any) -> str:
    """Say in a few words what a network error is, below its wrappers."""
    text = f"{error}\n{getattr(error, 'kwargs', {}).get('error', '')}"
    lines = text.removeprefix("Parameter validation failed:").splitlines()
    return meaning_of_network_text(text) or next(filter(None, lines), "")


def s3_credentials_source(profile: str | None) -> str:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """An object of S3, or those whose keys begin alike.

    Written as a URL: ``s3://BUCKET/KEY``, escaped as URLs are, with ``?endpoint_url=URL`` where
    the server is neither AWS nor the one that the environment names.

    Attributes:
        bucket: name of the bucket.
        key: key of the object, or the beginning of keys.
        endpoint: URL of the server; None for the one that AWS's settings name, else AWS.
    """

    bucket: str
    key: str
    endpoint: str | None = None

    @classmethod
    def parse(cls, url: str) -> Location:
        """Read a URL.

        Raises:
            ValueError: it is none of S3.

        >>> Location.parse("s3://zoo/a%20b.pdparams").key
        'a b.pdparams'
        """
        parts = urlsplit(url)
        query = parse_qs(parts.query, keep_blank_values=True)
        endpoint = query.pop("endpoint_url", [None])[0]
        if parts.scheme != "s3" or not parts.netloc or parts.fragment or query:
            raise ValueError(
                f"{url!r} is not s3://BUCKET/KEY; write ? and # in a key as %3F and %23"
            )
        return cls(bucket=parts.netloc, key=unquote(parts.path[1:]), endpoint=endpoint)

    def __str__(self) -> str:
        """Write it as a URL.

        >>> str(Location(bucket="zoo", key="a b", endpoint="http://minio:9000"))
        's3://zoo/a%20b?endpoint_url=http%3A%2F%2Fminio%3A9000'
        """
        query = f"?endpoint_url={quote(self.endpoint, safe='')}" if self.endpoint else ""
        return f"s3://{self.bucket}/{quote(self.key)}{query}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedObject:
    """An object as a listing tells it; never its ETag.

    An ETag is the MD5 digest of an object only where that was uploaded in one part and not
    encrypted with a key of its own, and nothing in it tells.
    """

    key: str
    size: int


def read_s3_chunks(url: str, progress: ByteProgress | None = None) -> Generator[bytes, None, None]:
    """Read an object as its bytes come.

    Args:
        url: where it is.
        progress: told how the bytes arrive.

    Raises:
        Unreadable: it cannot be read, or not to its end.
    """
    at = _object(url)
    with s3_client_answers(at.endpoint, TIMEOUTS[1]) as client:
        answer = client.get_object(Bucket=at.bucket, Key=at.key)
        total, done = answer.get("ContentLength"), 0
        with closing(answer["Body"]) as body:
            for chunk in _as_they_come(body):
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
                yield chunk


def _as_they_come(body: Any) -> Iterator[bytes]:
    """Read little where it takes long, for botocore waits until it has all that it is asked for."""
    amount, began = LITTLE, time.monotonic()
    while chunk := body.read(amount):
        yield chunk
        now = time.monotonic()
        amount = min(2 * amount, CHUNK) if now - began < SOON else LITTLE
        began = now


def ask_s3_size(url: str) -> int | None:
    """Ask for the size of an object in bytes.

    Raises:
        Unreadable: it is not there.
    """
    at = _object(url)
    with s3_client_answers(at.endpoint, TIMEOUTS[1]) as client:
        length: int | None = client.head_object(Bucket=at.bucket, Key=at.key).get("ContentLength")
    return length


def list_s3_objects(at: Location, timeout: float) -> Iterator[ListedObject]:
    """List the objects whose keys begin as ``at`` says.

    Args:
        at: where to look.
        timeout: seconds to wait for each answer; one holds a thousand objects.

    Raises:
        Unreadable: the server does not list them.
    """
    where: dict[str, str] = {"Bucket": at.bucket, "Prefix": at.key}
    while True:
        page = _ask(at, timeout, lambda client: client.list_objects_v2(**where))
        try:
            found = [
                ListedObject(key=one["Key"], size=one["Size"]) for one in page.get("Contents", ())
            ]
            goes_on = page["IsTruncated"]
        except KeyError as error:  # any XML is taken for a listing, if an empty one
            raise Unreadable("the server does not speak S3") from error
        yield from found
        if not goes_on:
            return
        if not page.get("NextContinuationToken"):
            raise Unreadable(
                "the server lists only a part of the objects and does not say how to continue"
            )
        where["ContinuationToken"] = page["NextContinuationToken"]


def ask_s3_sha256(at: Location, timeout: float) -> str | None:
    """Ask for the SHA-256 digest of a whole object; None where the server does not keep it.

    S3 keeps one only if whoever uploaded the object asked for it, and of an upload in parts it is
    a digest of digests.

    Raises:
        Unreadable: the object is not there.
    """
    where = {"Bucket": at.bucket, "Key": at.key, "ChecksumMode": "ENABLED"}
    head = _ask(at, timeout, lambda client: client.head_object(**where))
    if head.get("ChecksumType") != "FULL_OBJECT":
        return None
    try:
        digest = b64decode(head.get("ChecksumSHA256", ""), validate=True)
    except binascii.Error:
        return None
    return digest.hex() if len(digest) == SHA256_BYTES else None


def _object(url: str) -> Location:
    try:
        at = Location.parse(url)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    if not at.key:
        raise Unreadable(f"{url!r} names a bucket and no object in it")
    return at


def _ask(at: Location, timeout: float, question: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Ask, and again a little later where the server is busy."""

    def once() -> dict[str, Any]:
        with s3_client_answers(at.endpoint, timeout) as client:
            return question(client)

    return ask_with_retries(partial(ask_within, once, timeout + LATER), passing=ServerBusy)
