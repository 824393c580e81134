"""Remotes into DVC's configuration, which git keeps: never with anything secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core.policy import FEATURE
from paddledvc.core.urls import shown
from paddledvc.errors import InvalidInput
from paddledvc.tools import dvc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from paddledvc.core.dvcconfig import DvcConfig
    from paddledvc.core.newremote import NewRemote

EMBEDDED = "embedded"
"""The remote inside the clone that serves until the team has a server."""


def declare(root: Path, remotes: Sequence[NewRemote]) -> Iterator[tuple[str, bool]]:
    """Set remotes up; name each, and tell whether it is new.

    Plain DVC takes the one of feature branches, or the first, unless a team has chosen already.

    Raises:
        InvalidInput: one of the name is somewhere else already.
        ToolFailed: DVC failed.
    """
    names = [one.name for one in remotes]
    if (twice := next((name for name in names if names.count(name) > 1), None)) is not None:
        raise InvalidInput(f"the remote {twice} is given twice; name each: --remote NAME=URL")
    chosen = FEATURE.remote if FEATURE.remote in names else next(iter(names), None)
    for one in remotes:
        config = dvc.config(root)
        if one.name in config.remotes:
            _require_same(one, config, root)
            yield f"remote {one.name} ({one.url})", False
            continue
        default = one.name == chosen and config.default in (None, EMBEDDED)
        options = {} if one.endpoint is None else {"endpointurl": one.endpoint}
        dvc.add_remote(root, one.name, one.url, default=default, options=options)
        yield f"remote {one.name} ({one.url})", True


def _require_same(new: NewRemote, config: DvcConfig, root: Path) -> None:
    there = config.remotes[new.name]
    asked = new.url if "://" in new.url else str((root / new.url).resolve())
    if asked.rstrip("/") != there.rstrip("/"):
        raise InvalidInput(
            f"the remote {new.name} is {shown(there)} already; move it by "
            f"`dvc remote modify {new.name} url {new.url}`"
        )
    endpoint = dict(config.settings[new.name]).get("endpointurl")
    if new.endpoint is not None and new.endpoint != endpoint:
        raise InvalidInput(
            f"the remote {new.name} is there already, "
            f"{f'at the endpoint {shown(endpoint)}' if endpoint else 'without an endpoint'}; "
            f"give it this one by `dvc remote modify {new.name} endpointurl {new.endpoint}`"
        )
