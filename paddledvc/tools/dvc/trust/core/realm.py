"""A realm: where bytes and secrets go, so far as a file says it that comes with a branch."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.trust.core.keys import APPROVED, HARMLESS, PLACES, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable

_USUAL_PORTS = {"http": 80, "https": 443, "ssh": 22, "webdav": 80, "webdavs": 443}
_USER_IN_URL = ("ssh", "hdfs", "webhdfs", "webdav", "webdavs")
"""Schemes whose URLs may name a user, which is no secret."""
_BUCKETS = ("s3", "gs", "azure", "oss", "gdrive")
"""Schemes whose URLs name no host."""
_ENCODED = re.compile(r"%(?:2e|2f|5c|00)", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


class Ambiguous(ValueError):
    """A URL that two programs may read as two places; the text says why, after "its URL"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Realm:
    """Where bytes go.

    Attributes:
        scheme: such as ``s3``; empty for a folder, ``cache`` for that of the cache.
        place: host and port, or bucket, and the path there; of a folder, the path.
        options: what else a versioned file says of it, sorted; of secrets only that they are there.
    """

    scheme: str
    place: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """What an approval remembers.

        >>> one = parse_realm("https://Weights.Example.org:443/w/", {})
        >>> one.digest == parse_realm("https://weights.example.org/w", {}).digest
        True
        """
        text = json.dumps([self.scheme, self.place, self.options], separators=(",", ":"))
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

    @property
    def url(self) -> str:
        """Where it is, in one form."""
        return self.place if self.scheme in ("", "cache") else f"{self.scheme}://{self.place}"

    def at(self, folder: str) -> Realm:
        """Say where a folder really is."""
        return replace(self, place=folder)

    def is_below(self, prefixes: Iterable[str]) -> bool:
        """Tell whether places cover it, each with all that lies below it; its endpoint too.

        >>> one = parse_realm("s3://team/weights/prod", {"endpointurl": "https://minio.example.org"})
        >>> one.is_below(["s3://team/weights"]), one.is_below(["s3://team/w"])
        (False, False)
        >>> one.is_below(["s3://team/weights", "https://minio.example.org"])
        True
        """
        wanted = [self.url, *(value for key, value in self.options if key in PLACES)]
        others = {key for key, _ in self.options if key not in PLACES}
        if others - HARMLESS - SECRET:
            return False
        prefixes = [_canonical(one) for one in prefixes]
        return all(
            any(_covers(prefix, _canonical(one)) for prefix in prefixes if prefix) for one in wanted
        )

    def __str__(self) -> str:
        told = ", ".join(f"{key} {value}".rstrip() for key, value in self.options)
        return f"{self.url} ({told})" if told else self.url


def _covers(prefix: str, url: str) -> bool:
    return url == prefix or url.startswith(prefix if prefix.endswith("/") else f"{prefix}/")


def _canonical(text: str) -> str:
    try:
        return parse_realm(text, {}).url
    except Ambiguous:
        return ""


def parse_realm(url: str, options: dict[str, str]) -> Realm:
    r"""Read where a remote is.

    Args:
        url: a URL, or the absolute path of a folder.
        options: what else the versioned file says of it.

    Raises:
        Ambiguous: programs may disagree about where that is.

    >>> str(parse_realm("https://B\u00fccher.example/w", {"auth": "basic", "password": "secret"}))
    'https://xn--bcher-kva.example/w (auth basic, password)'
    >>> parse_realm("https://good.example\\@evil.example/", {})
    Traceback (most recent call last):
        ...
    paddledvc.tools.dvc.trust.core.realm.Ambiguous: has a backslash
    """
    if not url.isprintable():
        raise Ambiguous("has a control character")
    told = {key: "" if key in SECRET else value for key, value in options.items()}
    if "://" not in url:
        path = posixpath.normpath(url)
        return Realm(scheme="", place=path, options=tuple(sorted(told.items())))
    scheme, place, user = _parse_url(url)
    if user:
        told.setdefault("user", user)
    if scheme in _USUAL_PORTS and (port := told.pop("port", None)) is not None:
        host, slash, path = place.partition("/")
        place = f"{_with_port(scheme, re.sub(':[0-9]+$', '', host), port)}{slash}{path}"
    return Realm(scheme=scheme, place=place, options=tuple(sorted(told.items())))


def _parse_url(url: str) -> tuple[str, str, str]:
    """Take a URL apart; return its scheme, its place, and the user that it names."""
    for sign, name in (
        ("\\", "a backslash"),
        ("?", "a query"),
        ("#", "a fragment"),
        (" ", "a blank"),
    ):
        if sign in url and not (sign == " " and url.lower().startswith(("s3:", "gs:", "azure:"))):
            raise Ambiguous(f"has {name}")
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme not in APPROVED or not scheme:
        raise Ambiguous(f"begins with {scheme}://, which paddledvc does not know")
    there, slash, below = rest.partition("/")
    path = f"{slash}{below}".rstrip("/")
    if _ENCODED.search(url) or {".", ".."} & set(path.split("/")):
        raise Ambiguous("leads up, by `.` or what stands for it")
    name, at, host = there.rpartition("@")
    if at and (scheme not in _USER_IN_URL or ":" in name or _NAME.fullmatch(name) is None):
        raise Ambiguous("holds a user or a password; put it into .dvc/config.local")
    if scheme in _BUCKETS:
        if _NAME.fullmatch(host) is None:
            raise Ambiguous("names no bucket")
        return scheme, f"{host}{path}", name
    return scheme, f"{_canonical_host(scheme, host)}{path}", name


def _canonical_host(scheme: str, text: str) -> str:
    bracketed = re.fullmatch(r"\[(?P<host>[^\]]+)\](?::(?P<port>\d+))?", text)
    plain = re.fullmatch(r"(?P<host>[^:\[\]]+)(?::(?P<port>\d+))?", text)
    if (found := bracketed or plain) is None:
        raise Ambiguous("names no host")
    host = found["host"].lower()
    try:
        host = host.removesuffix(".").encode("idna").decode() if bracketed is None else host
    except UnicodeError as error:
        raise Ambiguous("names no host") from error
    if _HOST.fullmatch(host) is None:
        raise Ambiguous("names no host")
    return _with_port(scheme, f"[{host}]" if bracketed else host, found["port"])


def _with_port(scheme: str, host: str, port: str | None) -> str:
    if port is None:
        return host
    if not port.isdecimal() or not port.isascii():
        raise Ambiguous("names no port")
    return host if int(port) == _USUAL_PORTS.get(scheme) else f"{host}:{int(port)}"
