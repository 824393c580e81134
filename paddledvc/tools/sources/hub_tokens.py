"""Hubs of models: where they are, and the tokens that open what is private there."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile("[!-~]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hub:
    """A hub, and the variables that its own client reads.

    Attributes:
        homes: where it is; the first is asked where nothing else is said.
        endpoints: variables that say where else it is, in the order to look.
        variable: the one that holds the token.
    """

    homes: tuple[str, ...]
    endpoints: tuple[str, ...]
    variable: str

    @property
    def endpoint(self) -> str:
        """The hub to ask: what the environment says, or its home."""
        for variable in self.endpoints:
            if said := os.environ.get(variable, "").strip().rstrip("/"):
                return said if "://" in said else f"https://{said}"
        return self.homes[0]

    def trusts(self, url: str) -> bool:
        """Tell whether a URL is of this hub, and the way there is safe for a token."""
        origins = map(origin_of_url, (*self.homes, self.endpoint))
        return may_carry_token(url) and origin_of_url(url) in origins

    def advice(self, url: str) -> str:
        """Say how a server of this hub might be moved to answer, as the end of a sentence."""
        if self.trusts(url):
            return f"; set {self.variable} to a token that may read it"
        homes = " and ".join((self.homes[0], self.endpoints[0]))
        return f"; {self.variable} is only sent to {homes}, and never over plain HTTP"


HUGGING_FACE = Hub(
    homes=("https://huggingface.co",), endpoints=("HF_ENDPOINT",), variable="HF_TOKEN"
)
MODEL_SCOPE = Hub(
    homes=("https://modelscope.cn", "https://www.modelscope.cn"),
    endpoints=("MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN"),
    variable="MODELSCOPE_API_TOKEN",
)
HUBS = (HUGGING_FACE, MODEL_SCOPE)


def hub_token_header(url: str) -> dict[str, str]:
    """Give the header that shows a hub its token; none for anybody else."""
    for hub in HUBS:
        if hub.trusts(url) and (token := _token(hub)):
            return {"Authorization": f"Bearer {token}"}
    return {}


def advise_on_hub_token(url: str) -> str:
    """Say how a hub might be moved to answer, as the end of a sentence; nothing for other servers.

    >>> advise_on_hub_token("https://huggingface.co/owner/name")
    '; set HF_TOKEN to a token that may read it'
    """
    return next((hub.advice(url) for hub in HUBS if hub.trusts(url)), "")


def _token(hub: Hub) -> str:
    token = os.environ.get(hub.variable, "").strip()
    if not token and hub is HUGGING_FACE:
        token = _logged_in()
    # What no header can hold would be quoted in an error message.
    return token if _TOKEN.fullmatch(token) else ""


def _logged_in() -> str:
    """Read what ``hf auth login`` keeps; huggingface_hub would renew it over the network."""
    with suppress(ImportError, OSError, UnicodeDecodeError):
        from huggingface_hub.constants import HF_TOKEN_PATH  # noqa: PLC0415 - an extra

        return Path(HF_TOKEN_PATH).read_text(encoding="utf-8").strip()
    return ""


def origin_of_url(url: str) -> tuple[str, str, int] | None:
    """Take scheme, host and port out of a URL; None if it is none of http(s)."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in DEFAULT_PORTS and parts.hostname:
            return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]
    return None


def may_carry_token(url: str) -> bool:
    """Tell whether a token may go to a URL: nobody on the way can read it.

    >>> [may_carry_token(f"{scheme}://host.example/api") for scheme in ("https", "http")]
    [True, False]
    """
    origin = origin_of_url(url)
    return origin is not None and (origin[0] == "https" or is_loopback_host(origin[1]))


def is_loopback_host(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> [is_loopback_host(host) for host in ("localhost", "127.0.0.1", "host.example")]
    [True, True, False]
    """
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
