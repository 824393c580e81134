"""Catalogs that installed packages carry: tables in their source, read without importing them.

Importing Paddle costs a second, and PaddleSpeech brings half the world along.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from paddledvc.catalogs.base import Once
from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.catalogs.packages.literals import Scope, Unclear
from paddledvc.hashes import Hashes
from paddledvc.models.versions import is_version, same_version
from paddledvc.names import suggest_name
from paddledvc.urls import format_of_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.core.listing import Query


class NotUnderstood(Exception):
    """A package is not as it is known to be; the text says where and how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """An installed package.

    Attributes:
        folder: where its modules are.
        distribution: what pip calls it; the module's name where pip does not know it.
        stated: its version as pip knows it; None where pip does not know it.
    """

    folder: Path
    distribution: str
    stated: str | None

    @classmethod
    def find(cls, module: str, distributions: Iterable[str]) -> Package | None:
        """Find the package of a module without importing it; None if it is not installed.

        Args:
            module: the name that is imported.
            distributions: the names that pip may know it by.
        """
        try:
            spec = find_spec(module)
        except (ImportError, ValueError):
            return None
        if spec is None or spec.origin is None:  # a folder of that name that is no package
            return None
        known = {name: version for name in distributions if (version := _version(name))}
        name, stated = next(iter(known.items()), (module, None))
        return cls(folder=Path(spec.origin).parent, distribution=name, stated=stated)

    @contextmanager
    def reading(self, path: str) -> Iterator[Scope]:
        """Give the constants of a module, and say which module it is that was not understood.

        Args:
            path: its path in the package.

        Raises:
            NotUnderstood: it is not there, or the block raised ``Unclear``.
        """
        name = f"{self.folder.name}/{path}"
        try:
            yield Scope.of_module((self.folder / path).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotUnderstood(f"there is no {name}") from error
        except OSError as error:
            raise NotUnderstood(f"{name}: {error.strerror or error}") from error
        except (UnicodeDecodeError, Unclear) as error:
            raise NotUnderstood(f"{name}: {error}") from error
        except (RecursionError, MemoryError) as error:
            raise NotUnderstood(f"{name}: it is nested too deeply") from error


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


class PackageCatalog(ABC):
    """The models that an installed package lists.

    It is read once; what went wrong is told to everyone who asks.
    """

    MODULE: ClassVar[str]
    """What is imported."""
    DISTRIBUTIONS: ClassVar[tuple[str, ...]]
    """What pip may call it."""
    MISSING: ClassVar[str]
    """What to say where it is not installed."""

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:  # noqa: ARG002
        self._context = context
        self.package = Package.find(self.MODULE, self.DISTRIBUTIONS)
        self._read = Once(self._read_tables)

    @property
    def where(self) -> str:
        """What the catalog is: the package and its version."""
        if self.package is None:
            return self.MODULE
        return " ".join(filter(None, (self.package.distribution, self.version(self.package))))

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model."""
        return [
            Listed(
                version=release.version,
                paddle=release.paddle,
                format=release.format or format_of_url(release.files[0].urls[0]),
            )
            for release in self._read().get(query.name, ())
        ]

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get a version."""
        for release in self._read().get(query.name, ()):
            if same_version(release.version, version):
                self._require_plain(query, release.files[0].path)
                return release
        if query.name not in self._read():
            hint = suggest_name(query.name, self._read())
            raise self._context.failed(self.where, f"it has no model {query.name!r}{hint}")
        listed = ", ".join(one.version for one in self.versions(query))
        raise self._context.failed(self.where, f"it has {query.name} {listed}, not {version}")

    def names(self) -> Sequence[str]:
        """Name the models."""
        return sorted(self._read())

    @abstractmethod
    def read(self, package: Package) -> Iterable[tuple[str, Release]]:
        """Read the package's tables: names of models and what is released of them.

        Raises:
            NotUnderstood: they are not as they are known to be.
        """

    def version(self, package: Package) -> str | None:
        """Name the version of the package; None if nothing says it."""
        return package.stated

    def _require_plain(self, query: Query, path: str) -> None:
        """Refuse to pass over what the query asks for beyond a name."""
        if query.revision is not None:
            raise self._context.failed(
                self.where, f"it has no revisions; take `revision` out of {query.name}"
            )
        if query.file not in (None, path):
            raise self._context.failed(
                self.where, f"{query.name} is one file, {path}; take `file` out of {query.name}"
            )

    def _read_tables(self) -> Mapping[str, Sequence[Release]]:
        if self.package is None:
            raise self._context.failed(self.where, self.MISSING)
        try:
            return _by_name(self.read(self.package))
        except NotUnderstood as error:
            raise self._context.failed(
                self.where,
                f"its list of models cannot be read: {error}; install a version of it that this "
                "paddledvc knows, or a newer paddledvc",
            ) from error


def _by_name(releases: Iterable[tuple[str, Release]]) -> dict[str, list[Release]]:
    found: dict[str, list[Release]] = {}
    for name, release in releases:
        known = found.setdefault(name, [])
        same = [one for one in known if same_version(one.version, release.version)]
        if not same:
            known.append(release)
        elif same != [release]:
            raise NotUnderstood(f"{name} {release.version} is listed twice, with other bytes")
    if not found:
        raise NotUnderstood("there is no model")
    return found


def make_table_release(name: str, version: Any, url: Any, md5: Any = None, **more: Any) -> Release:
    """Make the release of a model that is a single file.

    Args:
        name: the model's name, for messages.
        version: what the table says the version is.
        url: where the table says the file is.
        md5: what the table says the file hashes to; None where it does not say.
        more: what else is known of the release.

    Raises:
        Unclear: one of these is not what it should be.
    """
    match version, url, md5:
        case str(), str(), None | str() if (
            is_version(version)
            and url.startswith(("https://", "http://"))
            and (md5 is None or re.fullmatch("[0-9a-f]{32}", md5))
        ):
            file = ReleaseFile(path=url.rpartition("/")[2], urls=(url,), hashes=Hashes(md5=md5))
            return Release(version=version, files=(file,), **more)
    raise Unclear(f"the entry {name!r} is not understood")
