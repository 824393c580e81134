"""Objects of S3, and of servers that do as it does, such as MinIO."""

from __future__ import annotations

import binascii
import time
from base64 import b64decode
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from paddledvc.tools.sources.http import TIMEOUTS
from paddledvc.tools.sources.s3_client import ServerBusy, client_answers
from paddledvc.tools.system.files import CHUNK
from paddledvc.tools.system.network_errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paddledvc.tools.system.progress import ByteProgress

PAUSES = (0.5, 1.0)
"""Seconds between questions to a server that is too busy to answer."""
SHA256_BYTES = 32


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


def chunks(
    url: str, progress: ByteProgress | None = None, timeout: float | None = None
) -> Iterator[bytes]:
    """Read an object a megabyte at a time.

    Args:
        url: where it is.
        progress: told how the bytes arrive.
        timeout: seconds to wait for the server, and between two packets; long by default.

    Raises:
        Unreadable: it cannot be read, or not to its end.
    """
    at = _object(url)
    with client_answers(at.endpoint, timeout or TIMEOUTS[1]) as client:
        answer = client.get_object(Bucket=at.bucket, Key=at.key)
        total, done = answer.get("ContentLength"), 0
        with closing(answer["Body"]) as body:
            while chunk := body.read(CHUNK):
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
                yield chunk


def size(url: str) -> int | None:
    """Ask for the size of an object in bytes.

    Raises:
        Unreadable: it is not there.
    """
    at = _object(url)
    with client_answers(at.endpoint, TIMEOUTS[1]) as client:
        length: int | None = client.head_object(Bucket=at.bucket, Key=at.key).get("ContentLength")
    return length


def list_objects(at: Location, timeout: float) -> Iterator[ListedObject]:
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
            raise Unreadable("what answers is not S3") from error
        yield from found
        if not goes_on:
            return
        if not page.get("NextContinuationToken"):
            raise Unreadable("the server lists a part of the objects and does not say how to go on")
        where["ContinuationToken"] = page["NextContinuationToken"]


def stated_sha256(at: Location, timeout: float) -> str | None:
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
    for pause in PAUSES:
        with suppress(ServerBusy), client_answers(at.endpoint, timeout) as client:
            return question(client)
        time.sleep(pause)
    with client_answers(at.endpoint, timeout) as client:
        return question(client)
