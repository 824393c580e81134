"""APIs that answer in JSON, and are shown a token that nobody else is to see."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.tools.sources.http import (
    REDIRECTS,
    TIMEOUTS,
    reason_of_http_failure,
    trusted_certificates,
)
from paddledvc.tools.sources.hub_tokens import may_carry_token
from paddledvc.tools.system.network.asking import ask_within
from paddledvc.tools.system.network.errors import Silent, Unreadable
from paddledvc.tools.system.network.patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 32 << 20
"""Bytes of an answer that are read: a page of 100 comments may have a few millions."""
_DONE = (200, 201)


def ask_json_api(
    method: Literal["GET", "PATCH", "POST", "PUT"],
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, str] | None = None,
) -> Any:
    """Ask an API once, without following a redirect.

    Args:
        method: what is asked for.
        url: where; over plain HTTP only on this machine.
        headers: who asks, by a token.
        body: what is sent, as JSON.

    Raises:
        Unreadable: the server refuses, or gives no such answer; its ``status`` says which.
    """
    if not may_carry_token(url):
        raise Unreadable("a token is only sent by https")
    return ask_within(lambda: _ask(method, url, headers, body), LONGEST)


LONGEST = 3 * PATIENCE
"""Seconds that a question may take as a whole."""


def _ask(method: str, url: str, headers: Mapping[str, str], body: Mapping[str, str] | None) -> Any:
    import requests  # noqa: PLC0415 - see _open of http

    usual = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "paddledvc"}
    try:
        question = requests.Request(method, url, headers={**usual, **headers}, json=body).prepare()
        with (
            closing(requests.adapters.HTTPAdapter()) as adapter,
            closing(
                adapter.send(
                    question,
                    stream=True,
                    timeout=TIMEOUTS,
                    verify=trusted_certificates(),
                    proxies=requests.utils.get_environ_proxies(url),
                )
            ) as response,
        ):
            status = response.status_code
            if status in REDIRECTS:
                raise Unreadable("it redirects, and a token stays with the first host")
            if status not in _DONE:
                phrase = f" {response.reason}" if response.reason else ""
                raise Unreadable(f"the server answered {status}{phrase}", status=status)
            data = response.raw.read(LARGEST + 1)
    except requests.Timeout as error:
        raise Silent(reason_of_http_failure(error, TIMEOUTS[1])) from error
    except (requests.RequestException, OSError, ValueError) as error:
        raise Unreadable(reason_of_http_failure(error, TIMEOUTS[1])) from error
    if len(data) > LARGEST:
        raise Unreadable(f"it has more than {LARGEST:,} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("its answer is no JSON") from error
