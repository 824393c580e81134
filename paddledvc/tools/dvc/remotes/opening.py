"""Remotes as DVC's configuration says, opened through DVC's own file systems.

Only the configuration is read: DVC's repository object would look for git, take its locks and open
its databases. No other module of ours imports DVC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc.errors import MissingTool
from paddledvc.tools.dvc import package
from paddledvc.tools.dvc.remotes.failures import Broken, translate_failures
from paddledvc.tools.dvc.remotes.filesystem import S3_TRIES, System

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONNECTIONS = 32
"""Connections to a server of S3 at a time."""
PATIENT: Mapping[str, tuple[str, ...]] = {
    "s3": ("connect_timeout", "read_timeout"),
    "http": ("connect_timeout", "read_timeout"),
    "https": ("connect_timeout", "read_timeout"),
    "ssh": ("timeout",),
    "webdav": ("timeout",),
    "webdavs": ("timeout",),
    "azure": ("timeout", "read_timeout", "connection_timeout"),
}
"""The settings of DVC that say how many seconds a server may be silent, by scheme."""
_SECRETS = {"ask_password": "password", "ask_passphrase": "passphrase"}


def open_system(root: Path, name: str, patience: float) -> System:
    """Open the file system of a remote.

    Args:
        root: folder of the project.
        name: name of the remote.
        patience: seconds that a server may be silent.

    Raises:
        Broken: the configuration, or what is installed, does not do.
    """
    with translate_failures("", patience):
        Config, get_cloud_fs = _import_dvc()  # noqa: N806
        kind, settings, path = get_cloud_fs(Config(dvc_dir=str(root / ".dvc")), name=name)
        _require_usable(settings)
        for option in PATIENT.get(kind.protocol, ()):
            settings[option] = max(1, round(patience))
        system = kind(**settings)
        if kind.protocol == "s3":
            _bound(system)
        return System(system, path, patience)


def _import_dvc() -> tuple[Any, Any]:
    """Import what opens remotes; it costs 0.2 s, which most commands should not pay.

    Raises:
        Broken: there is no DVC that works.
    """
    try:
        package.require_usable()
        from dvc.config import Config  # noqa: PLC0415
        from dvc.fs import get_cloud_fs  # noqa: PLC0415
    except MissingTool as error:
        raise Broken(str(error)) from error
    except Exception as error:  # whatever is broken there
        raise Broken(str(package.broken_dvc(f"{type(error).__name__}: {error}"))) from error
    return Config, get_cloud_fs


def _require_usable(settings: Mapping[str, Any]) -> None:
    if settings.get("version_aware") or settings.get("worktree"):
        raise Broken(
            "it keeps versions of files in the cloud (version_aware), which paddledvc cannot use"
        )
    for asks, secret in _SECRETS.items():
        if settings.get(asks) and not settings.get(secret):
            raise Broken(f"it asks for a {secret}; put that into .dvc/config.local instead")


def _bound(system: Any) -> None:
    """Let a dead server of S3 be known for one soon: both layers below try again by themselves."""
    limits = system.fs_args.setdefault("config_kwargs", {})
    limits["retries"] = {"total_max_attempts": 1}
    limits["max_pool_connections"] = CONNECTIONS
    system.fs.retries = S3_TRIES
