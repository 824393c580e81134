"""A repository with weights, and DVC remotes that are folders beside it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.outputs_repo import Outputs, md5

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.conftest import Folder

A, EXPORT = "checkpoints/a_v1.pdparams", "exports/a"
TITLE = "a v1 (export)"
MADE = f"{TITLE}: {EXPORT}"
"""What people call the export of the model."""
WEIGHTS = b"the weights of a, version 1"
FILES = {"inference.json": b"{}", "inference.pdiparams": b"parameters", "sub/ein Name.txt": b"cat"}
MODELS = {A: "a==v1"}


class Stores(Outputs):
    """A project with outputs, and remotes that are folders."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        self.remotes("prod", "dev")

    def remotes(self, *names: str, **urls: str) -> None:
        """Set the remotes up: folders by default, the first one as DVC's default."""
        places = {**{name: f"../../stores/{name}" for name in names}, **urls}
        self.configure("hardlink")
        self.folder.write(
            ".dvc/config",
            f"[core]\n    remote = {next(iter(places))}\n[cache]\n    type = hardlink\n"
            + "".join(
                f"['remote \"{name}\"']\n    url = {url}\n    verify = true\n"
                for name, url in places.items()
            ),
        )

    def stored(self, remote: str, data: bytes | str) -> Path:
        """Name the file of an object in a remote, by its bytes or by its name."""
        oid = md5(data) if isinstance(data, bytes) else data
        return self.root.parent / "stores" / remote / "files" / "md5" / oid[:2] / oid[2:]

    def store(self, remote: str, *oids: str) -> None:
        """Copy objects of the cache, all by default, into a remote."""
        for path in self._cached():
            if not oids or f"{path.parent.name}{path.name}" in oids:
                target = self.stored(remote, f"{path.parent.name}{path.name}")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)

    def spoil(self, remote: str, data: bytes | str, spoilt: bytes) -> None:
        """Let a remote hold other bytes under the name of an object."""
        path = self.stored(remote, data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(spoilt)

    def held(self) -> set[str]:
        """Name the objects in the cache."""
        return {f"{path.parent.name}{path.name}" for path in self._cached()}

    def holds(self, remote: str) -> set[str]:
        """Name the objects in a remote."""
        files = (self.root.parent / "stores" / remote).rglob("*")
        return {f"{path.parent.name}{path.name}" for path in files if path.is_file()}

    def _cached(self) -> Iterable[Path]:
        return [path for path in self.cache.folder.glob("??/*") if path.is_file()]

    def forget(self) -> None:
        """Empty the cache, and remove all outputs."""
        shutil.rmtree(self.root / ".dvc" / "cache", ignore_errors=True)
        for name in ("checkpoints", "exports", "data", ".paddledvc"):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def release(
        self,
        outputs: Mapping[str, bytes | Mapping[str, bytes]],
        models: Mapping[str, str] | None = None,
    ) -> str:
        """Commit what names outputs, and return the commit."""
        self.declare(outputs, models)
        return self.folder.commit()


@pytest.fixture
def stores(project: Folder) -> Stores:
    """A repository on main: one model, its export, all in the cache and nothing in the remotes."""
    project.git("init", "--quiet")
    made = Stores(project)
    made.release({A: WEIGHTS, EXPORT: FILES}, MODELS)
    return made
