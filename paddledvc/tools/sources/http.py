"""Bytes over HTTP."""

from __future__ import annotations

import os
import time
from contextlib import closing, contextmanager, suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from urllib3.exceptions import HTTPError, IncompleteRead, ReadTimeoutError

from paddledvc.tools.sources import hub_tokens
from paddledvc.tools.sources.first_bytes import HEAD, describe_no_weights
from paddledvc.tools.sources.hub_tokens import origin_of_url
from paddledvc.tools.sources.signed_urls import expiry_of_url
from paddledvc.tools.system.files import CHUNK
from paddledvc.tools.system.network.asking import read_within
from paddledvc.tools.system.network.errors import (
    PASSING_STATUSES,
    Silent,
    Unreadable,
    broken_off_error,
    meaning_of_network_error,
    no_answer_error,
)
from paddledvc.tools.system.network.patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from contextlib import AbstractContextManager

    import requests

    from paddledvc.tools.system.progress import ByteProgress

TIMEOUTS = (10.0, 60.0)
"""Seconds to wait for a connection, and between two packets."""
UNAUTHORIZED = (401, 403)
REFUSED = (400, *UNAUTHORIZED)
BRIEF = 4096
"""Bytes of a refusal that are read."""
"""Answers that a token may turn into better ones."""
MAX_DIGITS = 19
"""Digits of a Content-Length that can be true."""
LONGEST_WAIT = 60.0
"""Seconds that a server may ask us to wait."""
HOPS = 5
"""Redirects in a row."""
OK = 200
PACKED = (".gz", ".tgz")
"""How the names of files end that gzip has packed."""
UNPACKED = ("gzip", "deflate")
"""How a body may come packed that is unpacked as it comes."""
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_READING = 10
"""How often the time that a document has to begin in it may take as a whole."""
MAX_REFUSAL = 64 << 10
"""Bytes that are read of what a server says when it refuses."""


class Asking(Protocol):
    """Asks a URL, of which the answer is a response of requests' or httpx's kind."""

    def __call__(self, place: str, *, known: bool) -> AbstractContextManager[Any]:
        """Ask, without following a redirect; ``known`` where we may tell who we are."""
        ...


@contextmanager
def open_http(
    url: str,
    method: str = "GET",
    timeout: tuple[float, float] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[requests.Response]:
    """Ask a URL, and give whatever answers, its body not read yet.

    Args:
        url: where to ask.
        method: how.
        timeout: seconds to wait for a connection, and between two packets.
        headers: what to send instead of a hub's token or a password of ``~/.netrc``; an
            ``Authorization`` among them goes to the server of the URL alone.

    Raises:
        Unreadable: nothing answers.
    """
    # requests costs 0.1 s, which commands that ask no network should not pay.
    import requests  # noqa: PLC0415

    timeout = timeout or TIMEOUTS
    try:
        with closing(requests.adapters.HTTPAdapter()) as adapter:

            def ask(place: str, *, known: bool) -> requests.Response:
                question = _question(method, place, headers, known=known)
                return adapter.send(
                    question,
                    stream=True,
                    timeout=timeout,
                    verify=trusted_certificates(),
                    proxies=requests.utils.get_environ_proxies(place),
                )

            with follow_redirects(url, ask) as response:
                yield response
    except (requests.Timeout, ReadTimeoutError) as error:
        early = isinstance(error, requests.ConnectTimeout)
        raise Silent(no_answer_error(timeout[0 if early else 1])) from error
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise Unreadable(
            reason_of_http_failure(error, timeout[1]), again=_may_pass(error)
        ) from error


@contextmanager
def follow_redirects(url: str, ask: Asking) -> Iterator[Any]:
    """Ask a server, and whoever it says has it; nobody but the first is shown who asks.

    HTTP clients follow by themselves, and send a password of ``~/.netrc`` again, in clear, where
    https redirects to http; a header of ours to whoever is named; and read a redirect to its end.

    Args:
        url: where to begin.
        ask: asks a URL, without following, and may tell who we are where it is ``known``.

    Raises:
        Unreadable: the way is too long, or leads where nobody should go.
    """
    place, known = _as_asked(url), True
    asked: list[Any] = []
    for _ in range(HOPS + 1):
        with ask(place, known=known) as response:
            target = response.headers.get("Location", "")
            if response.status_code not in REDIRECTS or not target:
                with suppress(AttributeError):  # httpx keeps it to itself
                    response.history = asked
                yield response
                return
            asked.append(response)
            following = urljoin(place, _as_text(target))
        require_redirect(place, following)
        following = _as_asked(following)
        known = known and origin_of_url(following) == origin_of_url(place)
        place = following
    raise Unreadable(f"it redirects more than {HOPS} times")


def require_redirect(place: str, following: str) -> None:
    """Refuse to go from one URL to another.

    Raises:
        Unreadable: what was asked in TLS would be asked in clear, or not by HTTP at all.
    """
    before, after = origin_of_url(place), origin_of_url(following)
    if after is None:
        scheme = following.partition(":")[0][:20]
        raise Unreadable(f"it redirects to {scheme}:, which is neither https nor http")
    if before is not None and (before[0], after[0]) == ("https", "http"):
        raise Unreadable(
            f"it redirects from https to http://{after[1]}, where others can read and "
            "change what is sent; ask its operator for https"
        )


def _as_asked(url: str) -> str:
    """Write a URL as requests understands it, for there it will go."""
    import requests  # noqa: PLC0415

    question = requests.PreparedRequest()
    question.prepare_url(url, None)
    return question.url or ""


def _as_text(target: str) -> str:
    """Read a header, of which HTTP clients make Latin-1 whatever it is, as a URL in UTF-8."""
    with suppress(UnicodeError):
        target = target.encode("latin-1").decode()
    return quote(target, safe="!#$%&'()*+,/:;=?@[]~")


def _question(
    method: str, url: str, ours: Mapping[str, str] | None, *, known: bool
) -> requests.PreparedRequest:
    import requests  # noqa: PLC0415

    # identity: the bytes are hashed as the server keeps them, so they must come unpacked.
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "paddledvc"}
    question = requests.Request(method, url, headers={**headers, **(ours or {})}).prepare()
    if not known:
        question.headers.pop("Authorization", None)
    elif ours is None:
        token = hub_tokens.hub_token_header(url)
        question.headers.update(token)
        if not token and (found := requests.utils.get_netrc_auth(url)) is not None:
            question.prepare_auth(found, url)
    return question


def trusted_certificates() -> str | bool:
    """Say whom to trust, as requests does: the file that the environment names, or the usual."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _may_pass(error: BaseException) -> bool:
    """Tell what may be better a moment later from what will not, such as a bad certificate."""
    import requests  # noqa: PLC0415

    kinds = requests.exceptions
    passing = (kinds.ConnectionError, kinds.Timeout, kinds.ChunkedEncodingError, HTTPError)
    return isinstance(error, passing) and not isinstance(error, kinds.SSLError)


def reason_of_http_failure(error: BaseException, timeout: float) -> str:
    """Say in a few words what a network error is, below its wrappers.

    Args:
        error: what requests or another HTTP client raised.
        timeout: seconds that the client was to wait for an answer.
    """
    import requests  # noqa: PLC0415

    if isinstance(error, requests.Timeout | ReadTimeoutError) or "Timeout" in type(error).__name__:
        return no_answer_error(timeout)
    for inner in error.args:
        if isinstance(inner, IncompleteRead) and inner.expected:
            return broken_off_error(inner.partial, inner.partial + inner.expected)
    if (meaning := meaning_of_network_error(error)) is None:
        return next(iter(str(error).splitlines()), type(error).__name__)
    proxied = isinstance(error, requests.exceptions.ProxyError)
    return f"the proxy: {meaning}" if proxied else meaning


def ask_http_size(url: str) -> int | None:
    """Ask for the size of a file in bytes without downloading it; None if the server keeps it back.

    Raises:
        Unreadable: the URL does not answer with a file.
    """
    with suppress(Unreadable), open_http(url, "HEAD") as response:
        is_page = response.headers.get("Content-Type", "").startswith(("text/html", "text/xml"))
        packed = _packing(response, url) is not None
        # Of nothing, and of what is no weights by its type, a GET has the last word.
        if (
            response.status_code == OK
            and not is_page
            and (size := _length(response))
            and not packed
        ):
            return size
    return _size_by_get(url)


def _size_by_get(url: str) -> int | None:
    """Ask by a GET of which only the beginning is read.

    Signed URLs and many servers refuse HEAD, answer it with 404 or 500, or hang up.
    """
    with open_http(url) as response:
        _require_ok(response)
        packing = _packing(response, url)
        begins = response.raw.read(HEAD, decode_content=packing is not None)
        if not begins:
            raise Unreadable("it is empty, and no weights")
        if what := describe_no_weights(begins, url):
            raise Unreadable(what)
        return None if packing else _length(response)


def _packing(response: requests.Response, url: str) -> str | None:
    """Name how a body comes packed that we asked to come as it is kept; None where it does.

    Many servers say of an archive that it is packed by gzip, which it is: that is what is kept.

    Raises:
        Unreadable: nobody here can unpack it.
    """
    said = response.headers.get("Content-Encoding", "").strip().lower().removeprefix("x-")
    if said in {"", "identity"} or (said == "gzip" and urlsplit(url).path.endswith(PACKED)):
        return None
    if said not in UNPACKED:
        raise Unreadable(
            f"the server sends it packed ({said}) though it was asked not to; ask its operator "
            "to send files as they are"
        )
    return said


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and len(length) < MAX_DIGITS else None


def _require_ok(response: requests.Response, body: bytes = b"") -> None:
    status = response.status_code
    if status != 200:  # noqa: PLR2004
        phrase = f" {response.reason}" if response.reason else ""
        asked = response.history[0].url if response.history else response.url
        advice = hub_tokens.advise_on_hub_token(asked) if status in UNAUTHORIZED else ""
        advice = _explain_expiry(response) or advice
        raise Unreadable(
            f"the server answered {status}{phrase}{advice}",
            again=status in PASSING_STATUSES,
            wait=http_retry_after(response.headers),
            status=status,
            body=body,
        )


def _explain_expiry(response: requests.Response) -> str:
    """Say that a signed URL holds no longer, which servers answer with many a status."""
    end = expiry_of_url(response.url or "")
    if end is None or end.timestamp() > time.time():
        return _find_expiry(response)
    who = "the server redirected to" if response.history else "this is"
    return f"; {who} a signed URL that expired at {end:%Y-%m-%d %H:%M} UTC"


def _find_expiry(response: requests.Response) -> str:
    """Say what a store says itself: that a request, a signature or a token has expired."""
    if response.status_code not in REFUSED:
        return ""
    with suppress(Exception):  # it is an error anyway
        if b"expired" in response.raw.read(BRIEF, decode_content=True).lower():
            return "; it says that a request, signature or token has expired"
    return ""


def http_retry_after(headers: Mapping[str, str]) -> float:
    """Tell for how many seconds a server asked to be left alone."""
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return min(float(said), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(said).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return min(max(0.0, moment - time.time()), LONGEST_WAIT)


def read_http_chunks(
    url: str, progress: ByteProgress | None = None
) -> Generator[bytes, None, None]:
    """Read the bytes of a URL as they come.

    Args:
        url: where it is.
        progress: told how the bytes arrive.

    Raises:
        Unreadable: the URL does not answer with a file, or the connection breaks off.
    """
    with open_http(url) as response:
        _require_ok(response)
        unpack = _packing(response, url) is not None
        total, done = None if unpack else _length(response), 0
        while chunk := response.raw.read1(CHUNK, decode_content=unpack):
            done += len(chunk)
            if progress is not None:
                progress(done, total)
            yield chunk


def read_http_document(url: str, limit: int, timeout: float = PATIENCE) -> bytes:
    """Read a small document whole, as ``find_http_document`` does."""
    return find_http_document(url, limit, timeout)[0]


def find_http_document(url: str, limit: int, timeout: float = PATIENCE) -> tuple[bytes, str]:
    """Read a small document whole, and tell where it was found after all redirects.

    Args:
        url: where it is.
        limit: how many bytes it may have.
        timeout: seconds until the first byte must be there; the last may take ten times as long.

    Raises:
        Unreadable: the URL does not answer with a document in time, or with too long a one.
    """
    data = bytearray()
    longest = LONGEST_READING * timeout
    deadline = time.monotonic() + longest
    places: list[str] = []
    for chunk in read_within(partial(_document_chunks, url, limit, places), timeout, timeout):
        data += chunk
        if len(data) > limit:
            raise Unreadable(f"it has more than {limit:,} bytes")
        if time.monotonic() > deadline:
            raise Silent(f"it did not arrive in full within {longest:g} s")
    return bytes(data), places[0] if places else url


def _document_chunks(url: str, limit: int, places: list[str]) -> Generator[bytes, None, None]:
    with open_http(url) as response:
        if response.history:  # else it is written as somebody has written it
            places.append(str(response.url))
        if response.status_code != 200:  # noqa: PLR2004
            data = bytearray()
            limit = min(limit, MAX_REFUSAL)
            while len(data) <= limit and (chunk := response.raw.read1(CHUNK)):
                data += chunk
            _require_ok(response, bytes(data[:limit]))
        unpack = _packing(response, url) is not None
        while chunk := response.raw.read1(CHUNK, decode_content=unpack):
            yield chunk
