"""Digests of container images, as registries tell them by the HTTP API of OCI's distribution.

A login is read where Docker keeps it. It goes to the registry that it is of, and to the server of
tokens that this one names, never in clear, and never along a redirect to another server.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from paddledvc.errors import MissingTool, ToolFailed
from paddledvc.models.images import is_image_digest
from paddledvc.tools.sources.http import OK, http_retry_after, open_http
from paddledvc.tools.sources.hub_tokens import is_loopback_host, origin_of_url
from paddledvc.tools.system import shell
from paddledvc.tools.system.files import CHUNK
from paddledvc.tools.system.network.asking import ask_within
from paddledvc.tools.system.network.errors import PASSING_STATUSES, Silent, Unreadable
from paddledvc.tools.system.network.patience import usual_patience
from paddledvc.tools.system.network.retry import ask_with_retries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import requests

    from paddledvc.models.images import Image

HUB = "registry-1.docker.io"
"""Where the images are whose name has no registry."""
_HUB_NAMES = ("docker.io", "index.docker.io", HUB)
_HUB_LOGIN = "https://index.docker.io/v1/"
"""What Docker calls the login of its hub."""
_KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""Manifests, those of several platforms first: `docker pull NAME@DIGEST` takes any of them."""
MAX_MANIFEST = 4 << 20
"""Bytes of a manifest that a registry has to take, by the standard."""
MAX_TOKEN = 64 << 10
AT_ONCE = 8
"""Questions that are asked at the same time."""
UNAUTHORIZED, DENIED, ABSENT, BUSY = 401, 403, 404, 429
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z]+)(?=\s+[A-Za-z_]+\s*=|\s*(?:,|$))")
_PARAMETER = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|([^\s",]+))')
_TOKEN = re.compile("[!-~]+")
_HELPER = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")


class _Busy(Unreadable):
    """The registry is there, but has no time for the question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Login:
    """What Docker knows of a registry.

    Attributes:
        header: the value of ``Authorization``; empty where there is no login.
        advice: what to do where that is refused, as the end of a sentence.
    """

    header: str = ""
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """What a registry answered.

    Attributes:
        own: whether it answered itself, not another server that it redirected to.
        stated: the digest that it states.
    """

    status: int
    own: bool
    stated: str | None
    challenge: str
    wait: float
    body: bytes


def name_image_registry(image: Image) -> str:
    """Name the server that has an image, with its port.

    >>> from paddledvc.models.images import Image
    >>> name_image_registry(Image.parse("paddlepaddle/paddle:3.3.1"))
    'registry-1.docker.io'
    """
    return HUB if image.registry in (None, *_HUB_NAMES) else str(image.registry)


def ask_image_digests(images: Iterable[Image], root: Path) -> dict[Image, str | Unreadable]:
    """Ask for the digest of each image, or say why it was not told.

    A registry that does not answer at all is asked once, not for each image.

    Args:
        images: what to ask for.
        root: the project, in whose work tree no program is started.
    """
    first: dict[str, Image] = {}
    distinct = tuple(dict.fromkeys(images))
    for image in distinct:
        first.setdefault(name_image_registry(image), image)

    def ask(image: Image) -> str | Unreadable:
        try:
            return ask_image_digest(image, root)
        except Unreadable as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(first.values(), pool.map(ask, first.values()), strict=True))
        down = {host: found[image] for host, image in first.items() if _is_down(found[image])}
        left = [image for image in distinct if image not in found]
        answers = pool.map(lambda one: down.get(name_image_registry(one)) or ask(one), left)
        found |= zip(left, answers, strict=True)
    return found


def _is_down(answer: str | Unreadable) -> bool:
    silent = isinstance(answer, Unreadable) and (answer.again or isinstance(answer, Silent))
    return silent and not isinstance(answer, _Busy)


def ask_image_digest(image: Image, root: Path) -> str:
    """Ask a registry for the digest that the tag of an image names, or whether it has a digest.

    Args:
        image: what to ask for; without a tag, ``latest`` as Docker does.
        root: the project, in whose work tree no program is started.

    Raises:
        Unreadable: the registry did not tell; with the status 404 where it has no such image.
    """
    patience = usual_patience()
    ask = partial(ask_within, partial(_ask, image, root, patience), patience)
    return ask_with_retries(ask, passing=_Busy, timeout=patience)


def _ask(image: Image, root: Path, patience: float) -> str:
    host = name_image_registry(image)
    official = host == HUB and "/" not in image.repository
    repository = f"library/{image.repository}" if official else image.repository
    scheme = "http" if _is_here(f"//{host}") else "https"
    url = f"{scheme}://{host}/v2/{repository}/manifests/{image.digest or image.tag or 'latest'}"
    method, authorization, advice = "HEAD", "", ""
    while True:
        answer = _answer(url, method, authorization)
        if answer.status == UNAUTHORIZED and answer.own and not authorization:
            login = _read_login(host, root, patience)
            challenges = read_challenges(answer.challenge)
            authorization = _authorize(url, challenges, login, f"repository:{repository}:pull")
            advice = login.advice
            if authorization:
                answer = _answer(url, method, authorization)
        if answer.status == OK and (digest := _digest(answer, image)) is not None:
            return digest
        if method == "GET" or answer.status in (UNAUTHORIZED, BUSY):
            raise _refusal(answer, advice)
        method = "GET"  # not every server answers a HEAD, nor states the digest then


def _refusal(answer: _Answer, advice: str) -> Unreadable:
    status = answer.status
    if status == ABSENT:
        return Unreadable("there is no such image", status=status)
    if status == OK:
        return Unreadable("what it answered is not the manifest of an image")
    return _refused("it", status, advice, answer.wait)


def _refused(who: str, status: int, advice: str, wait: float) -> Unreadable:
    """Say how somebody refused, and what to do where it is the login that is not right."""
    message = f"{who} answered {status}{advice if status in (UNAUTHORIZED, DENIED) else ''}"
    if status in PASSING_STATUSES:
        return _Busy(message, again=True, wait=wait, status=status)
    return Unreadable(message, status=status)


def _answer(url: str, method: str, authorization: str) -> _Answer:
    headers = {"Accept": ", ".join(_KINDS)}
    if authorization:
        headers["Authorization"] = authorization
    with open_http(url, method, headers=headers) as response:
        whole = method == "GET" and response.status_code == OK
        return _Answer(
            status=response.status_code,
            own=origin_of_url(str(response.url)) == origin_of_url(url),
            stated=response.headers.get("Docker-Content-Digest"),
            challenge=response.headers.get("WWW-Authenticate", ""),
            wait=http_retry_after(response.headers),
            body=_read(response, MAX_MANIFEST, "manifest") if whole else b"",
        )


def _read(response: requests.Response, limit: int, what: str) -> bytes:
    data = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        data += chunk
        if len(data) > limit:
            raise Unreadable(f"its {what} has more than {limit:,} bytes")
    return bytes(data)


def _digest(answer: _Answer, image: Image) -> str | None:
    """Take the digest out of an answer; None where it has none.

    Raises:
        Unreadable: what it states is no digest, or not that of what was asked for, or of the body.
    """
    stated = answer.stated
    if stated is not None and not is_image_digest(stated):
        raise Unreadable(f"it states {stated[:80]!r} as the digest, which is not one")
    if answer.body:
        if not _is_manifest(answer.body):
            return None
        kind = (stated or image.digest or "sha256:").partition(":")[0]
        found = f"{kind}:{hashlib.new(kind, answer.body).hexdigest()}"
        if stated not in (None, found):
            raise Unreadable(f"it states the digest {stated}, and its manifest has {found}")
        stated = found
    if stated is not None and image.digest not in (None, stated):
        raise Unreadable(f"it was asked for {image.digest}, and answered with {stated}")
    return stated


def _is_manifest(body: bytes) -> bool:
    value = _parse_json(body)
    return isinstance(value, dict) and value.get("schemaVersion") == 2  # noqa: PLR2004


def _parse_json(body: bytes | str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def read_challenges(header: str) -> dict[str, dict[str, str]]:
    """Read the ways to log in that a ``WWW-Authenticate`` names, each with its parameters.

    >>> read_challenges('Bearer realm="https://auth.example/token",service="r", Basic realm="r"')
    {'bearer': {'realm': 'https://auth.example/token', 'service': 'r'}, 'basic': {'realm': 'r'}}
    """
    starts = list(_SCHEME.finditer(header))
    ends = [one.start() for one in starts[1:]] + [len(header)]
    return {
        start[1].lower(): {
            key.lower(): quoted or bare
            for key, quoted, bare in _PARAMETER.findall(header, start.end(), end)
        }
        for start, end in zip(starts, ends, strict=True)
    }


def _authorize(
    url: str, challenges: Mapping[str, Mapping[str, str]], login: _Login, scope: str
) -> str:
    """Give what to show a registry that asks who we are; nothing where there is nothing to show.

    Raises:
        Unreadable: the server of tokens is no safe one, or gives none.
    """
    if "bearer" not in challenges:
        return login.header if "basic" in challenges else ""
    said = challenges["bearer"]
    realm = said.get("realm", "")
    _require_realm(url, realm)
    asked = {"service": said.get("service"), "scope": said.get("scope") or scope}
    query = urlencode({key: value for key, value in asked.items() if value})
    headers = {"Accept": "application/json"}
    if login.header:
        headers["Authorization"] = login.header
    where = f"its server of tokens, {urlsplit(realm).netloc},"
    with open_http(f"{realm}{'&' if '?' in realm else '?'}{query}", headers=headers) as response:
        if response.status_code != OK:
            wait = http_retry_after(response.headers)
            raise _refused(where, response.status_code, login.advice, wait)
        value = _parse_json(_read(response, MAX_TOKEN, "token"))
    value = value if isinstance(value, dict) else {}
    token = value.get("token") or value.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Unreadable(f"{where} gives no token")
    return f"Bearer {token}"


def _require_realm(url: str, realm: str) -> None:
    """Refuse a server of tokens that others could listen to, or that lies behind our walls."""
    parts = urlsplit(realm) if origin_of_url(realm) is not None else None
    if parts is None or "@" in parts.netloc or parts.fragment:
        raise Unreadable(f"it names the server of tokens {realm[:80]!r}, which is no URL of one")
    if parts.scheme == "http" and not (_is_here(realm) and _is_here(url)):
        raise Unreadable(f"it names the server of tokens {realm[:80]!r}, expected one with https")


def _is_here(url: str) -> bool:
    return is_loopback_host(urlsplit(url).hostname or "")


def _read_login(host: str, root: Path, patience: float) -> _Login:
    """Read the login of a registry where Docker keeps it.

    Raises:
        Unreadable: Docker's file cannot be read.
    """
    shown = "docker.io" if host == HUB else host
    anonymous = _Login(advice=f"; log in with `docker login {shown}`")
    path = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker", "config.json")
    try:
        config = _parse_json(path.expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return anonymous
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read") from error
    if not isinstance(config, dict):
        raise Unreadable(f"{path} is not a JSON object")
    names = (*_HUB_NAMES, _HUB_LOGIN) if host == HUB else (host,)
    helper = _of_registry(config.get("credHelpers"), names) or config.get("credsStore")
    if isinstance(helper, str) and _HELPER.fullmatch(helper):
        asked = _HUB_LOGIN if host == HUB else host
        found = _ask_helper(f"docker-credential-{helper}", asked, root, patience)
        if found.header:
            return found
        anonymous = found
    entry = _of_registry(config.get("auths"), names)
    entry = entry if isinstance(entry, dict) else {}
    if entry.get("identitytoken"):
        return _Login(advice=f"; {path} has an identity token for it, which only Docker can use")
    used = f"; the login is that of {path}"
    if isinstance(entry.get("auth"), str) and _TOKEN.fullmatch(entry["auth"]):
        return _Login(header=f"Basic {entry['auth']}", advice=used)
    if entry.get("username") and entry.get("password"):
        return _Login(header=_basic(entry["username"], entry["password"]), advice=used)
    return anonymous


def _of_registry(section: object, names: tuple[str, ...]) -> Any:
    """Find what a section of Docker's file has of a registry, which it names in several ways."""
    for key, value in section.items() if isinstance(section, dict) else ():
        if key in names or re.sub("^https?://", "", key).partition("/")[0] in names:
            return value
    return None


def _ask_helper(program: str, server: str, root: Path, patience: float) -> _Login:
    """Ask a program of Docker for a login."""
    try:
        said = shell.exchange_program_bytes(
            [program, "get"], cwd=root, sent=server.encode(), timeout=patience
        )
    except (MissingTool, ToolFailed) as error:
        why = "is not installed" if isinstance(error, MissingTool) else "has no login for it"
        return _Login(advice=f"; {program} {why}: log in with `docker login`")
    value = _parse_json(said)
    value = value if isinstance(value, dict) else {}
    user, secret = value.get("Username"), value.get("Secret")
    if user == "<token>":
        return _Login(advice=f"; {program} has an identity token for it, which only Docker can use")
    if not user or not secret:
        return _Login(advice=f"; {program} has no login for it: log in with `docker login`")
    return _Login(header=_basic(user, secret), advice=f"; the login is that of {program}")


def _basic(user: object, secret: object) -> str:
    return f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}"
