"""Remotes over HTTP that send us on: no password goes along to another server, nor into the clear.

aiohttp, by which DVC speaks HTTP, gives whoever a redirect names the password and the headers of
the session. DVC has no switch for it.
"""

from __future__ import annotations

from typing import Any


class Misled(Exception):
    """A redirect leads where it must not; none of aiohttp's errors, which would be tried again."""


def guard_dvc() -> None:
    """Let every HTTP client of DVC in this process refuse such redirects.

    The client belongs to a package around aiohttp, so its session is reached by a private name; if
    that is there no more, opening a remote fails and says so.
    """
    try:
        import dvc_http  # noqa: PLC0415 - DVC has imported it where it is used
    except ImportError:  # then DVC says what to install
        return
    get_client = dvc_http.HTTPFileSystem.get_client
    if hasattr(get_client, "guarded"):
        return

    async def get_guarded_client(system: Any, *arguments: Any, **options: Any) -> Any:
        import aiohttp  # noqa: PLC0415 - as above

        client = await get_client(system, *arguments, **options)
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(_refuse_redirect)
        trace.freeze()
        client._client._trace_configs.append(trace)  # noqa: SLF001 - see above
        return client

    get_guarded_client.guarded = True  # type: ignore[attr-defined]
    dvc_http.HTTPFileSystem.get_client = get_guarded_client


async def _refuse_redirect(session: Any, _context: object, redirect: Any) -> None:
    response = redirect.response
    here = response.url
    there = here.join(type(here)(response.headers.get("Location", "")))
    if (here.scheme, there.scheme) == ("https", "http"):
        raise Misled(
            f"it redirects from https to http://{there.host}, where others can read what is sent"
        )
    known = session.headers or "Authorization" in response.request_info.headers
    if known and here.origin() != there.origin():
        raise Misled(f"it redirects to {there.origin()}, to which its password must not go")
