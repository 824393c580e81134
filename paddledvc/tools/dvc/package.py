"""The DVC that is installed: whether it can be used, and what to install where it cannot."""

from __future__ import annotations

import functools
import re
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from paddledvc.errors import MissingTool

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_TRACEBACK = "Traceback (most recent call last)"
_IMPORT = re.compile(r"ERROR: unexpected error - ((?:No module named|cannot import name) [^\n]*)")
"""How DVC says that a part of it, or of what it needs, cannot be imported."""


def wanted() -> Requirement:
    """Name the DVC that paddledvc needs, as its own package does."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - where DVC is used

    try:
        stated = [Requirement(one) for one in metadata.requires("paddledvc") or ()]
    except metadata.PackageNotFoundError:  # its files alone
        stated = []
    return next((one for one in stated if one.name == "dvc" and not one.marker), Requirement("dvc"))


@functools.cache  # what was missing may be installed before the next call: errors are not cached
def require_usable() -> str:
    """See that a DVC of the right version is there with all that it needs; return its version.

    Raises:
        MissingTool: it is not; the message says what is wrong and what to install.
    """
    found = _version()
    if found is None:
        raise MissingTool(f"DVC is not installed in this environment; {_install()}")
    needed = wanted().specifier
    if not needed.contains(found, prereleases=True):
        raise MissingTool(f"DVC {found} is installed, and paddledvc needs {needed}; {_install()}")
    missing = [one for one in _dependencies() if not _is_installed(one)]
    if missing:
        raise broken_dvc(f"{' and '.join(missing)} is not installed")
    return found


def broken_dvc(cause: str) -> MissingTool:
    """Say that DVC is there and cannot be used."""
    return MissingTool(f"DVC does not start: {cause.rstrip('.')}; {_install('--force-reinstall ')}")


def why_not_started(words: str) -> str | None:
    r"""Say why DVC did not even start, from what it wrote; None where it failed otherwise.

    >>> why_not_started("Traceback (most recent call last):\n  ...\nImportError: no x")
    'ImportError: no x'
    """
    if (found := _IMPORT.search(words)) is not None:
        return found[1]
    if "No module named dvc" in words or (_TRACEBACK in words and "ERROR: " not in words):
        return words.strip().splitlines()[-1]
    return None


def _install(options: str = "") -> str:
    return f"run `pip install {options}'{wanted()}'`"


def _version() -> str | None:
    try:
        spec = find_spec("dvc")
        # A folder called dvc is a package too, of nothing.
        return None if spec is None or spec.origin is None else metadata.version("dvc")
    except (ImportError, ValueError):
        return None


def _dependencies() -> list[str]:
    from packaging.requirements import Requirement  # noqa: PLC0415 - as above

    needed = map(Requirement, metadata.requires("dvc") or ())
    return [one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
