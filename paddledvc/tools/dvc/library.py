"""DVC as a library: whether the one that is installed can be used, and its modules.

git's hooks load this, so what reads the lists of installed packages is imported where it is needed.
"""

from __future__ import annotations

import functools
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from paddledvc.errors import MissingTool

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def wanted_dvc() -> Requirement:
    """Name the DVC that paddledvc needs, as its own package does."""
    from importlib import metadata  # noqa: PLC0415 - it takes longer than a whole switch may

    from packaging.requirements import Requirement  # noqa: PLC0415 - as above

    try:
        stated = [Requirement(one) for one in metadata.requires("paddledvc") or ()]
    except metadata.PackageNotFoundError:  # its files alone
        stated = []
    return next((one for one in stated if one.name == "dvc" and not one.marker), Requirement("dvc"))


@functools.cache  # what was missing may be installed before the next call: errors are not cached
def require_usable_dvc() -> str:
    """See that a DVC of the right version is there with all that it needs; return its version.

    Raises:
        MissingTool: it is not; the message says what is wrong and what to install.
    """
    name_user()  # which DVC asks for when it starts
    found = _version()
    if found is None:
        raise MissingTool(f"DVC is not installed in this environment; {_install()}")
    needed = wanted_dvc().specifier
    if not needed.contains(found, prereleases=True):
        raise MissingTool(f"DVC {found} is installed, and paddledvc needs {needed}; {_install()}")
    missing = [one for one in _dependencies() if not _is_installed(one)]
    if missing:
        raise broken_dvc(f"{' and '.join(missing)} is not installed")
    return found


def name_user() -> str:
    """Name the user as ``getpass`` does, which takes longer to import.

    Where no passwd entry has one, as in containers that run as any number, DVC ends in an error:
    then the number is the name, for DVC as well.
    """
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if name := os.environ.get(variable):
            return name
    import pwd  # noqa: PLC0415 - where the environment says nothing

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.setdefault("LOGNAME", str(os.getuid()))


def import_dvc(name: str) -> Any:
    """Import a module of DVC; that takes up to 0.2 s, which most commands should not pay.

    Raises:
        MissingTool: there is no DVC that works.
    """
    require_usable_dvc()
    is_first = "dvc" not in sys.modules
    try:
        module = import_module(name)
    except Exception as error:  # whatever is broken there
        raise broken_dvc(f"{type(error).__name__}: {error}") from error
    if is_first:
        _give_back_streams()
    return module


def _give_back_streams() -> None:
    """Undo that DVC wraps the standard streams: they are ours to write to, or our caller's.

    It has colorama do that, which ends a process with an escape on terminals that know none, too.
    """
    if (colorama := sys.modules.get("colorama.initialise")) is not None:
        import atexit  # noqa: PLC0415 - hardly ever

        colorama.deinit()
        atexit.unregister(colorama.reset_all)


def broken_dvc(cause: str) -> MissingTool:
    """Say that DVC is there and cannot be used."""
    return MissingTool(f"DVC does not start: {cause.rstrip('.')}; {_install('--force-reinstall ')}")


def _install(options: str = "") -> str:
    return f"run `pip install {options}'{wanted_dvc()}'`"


def _version() -> str | None:
    from importlib import metadata  # noqa: PLC0415 - as above
    from importlib.util import find_spec  # noqa: PLC0415 - as above

    try:
        spec = find_spec("dvc")
        # A folder called dvc is a package too, of nothing.
        return None if spec is None or spec.origin is None else metadata.version("dvc")
    except (ImportError, ValueError):
        return None


def _dependencies() -> list[str]:
    from importlib import metadata  # noqa: PLC0415 - as above

    from packaging.requirements import Requirement  # noqa: PLC0415 - as above

    needed = map(Requirement, metadata.requires("dvc") or ())
    return [one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]


def _is_installed(name: str) -> bool:
    from importlib import metadata  # noqa: PLC0415 - as above

    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
