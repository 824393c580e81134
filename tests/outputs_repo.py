"""A project whose outputs are in DVC's cache, written as DVC and ``paddledvc lock`` write it.

DVC itself is not started: ``.dvc/config``, dvc.yaml, dvc.lock and the objects are made by hand.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from paddledvc import Project
from paddledvc.tools.dvc.cache import Cache
from paddledvc.weights.expected import list_expected
from paddledvc.weights.tree.place import place_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.weights.core.outcome import Placed
    from paddledvc.weights.core.tracked import Tracked
    from tests.conftest import Folder

CONFIG = "[core]\n    analytics = false\n[cache]\n    type = {links}\n"


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


class Outputs:
    """A project with outputs."""

    def __init__(self, folder: Folder) -> None:
        self.folder, self.root = folder, folder.root
        self.project = Project(folder.root)
        self.configure("hardlink")
        folder.write("models.yaml", "models: []\n")
        folder.write(
            ".gitignore", "/checkpoints\n/exports\n/data\n/.paddledvc/tmp\n/.dvc/tmp\n/.dvc/cache\n"
        )

    def configure(self, links: str, more: str = "") -> None:
        """Set the ways to link from the cache."""
        self.folder.write(".dvc/config", CONFIG.format(links=links) + more)

    @property
    def cache(self) -> Cache:
        return Cache.of(self.root)

    def keep(self, data: bytes) -> str:
        """Put a file into the cache, as DVC does."""
        path = self.cache.path(md5(data))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o444)
        return md5(data)

    def keep_folder(self, files: Mapping[str, bytes]) -> str:
        """Put a folder into the cache, as DVC does; return the name of its listing."""
        entries = [{"md5": self.keep(data), "relpath": name} for name, data in files.items()]
        listing = json.dumps(sorted(entries, key=lambda one: one["relpath"])).encode()
        oid = f"{self.keep(listing)}.dir"
        self.cache.path(oid.removesuffix(".dir")).replace(self.cache.path(oid))
        return oid

    def declare(
        self,
        outputs: Mapping[str, bytes | Mapping[str, bytes]],
        models: Mapping[str, str] | None = None,
    ) -> tuple[Tracked, ...]:
        """Write dvc.yaml, dvc.lock and models.lock that name outputs, and keep their bytes.

        Args:
            outputs: bytes of a file, or of the files of a folder, by path.
            models: the model and version, as ``name==version``, of those that are weights.
        """
        stages, locked, models_ = "", "", models or {}
        for number, (path, content) in enumerate(outputs.items()):
            if isinstance(content, bytes):
                oid, size = self.keep(content), len(content)
            else:
                oid, size = self.keep_folder(content), sum(map(len, content.values()))
            quoted = json.dumps(path)
            stages += f"  make-{number}:\n    cmd: make\n    outs:\n    - {quoted}\n"
            locked += (
                f"  make-{number}:\n    cmd: make\n    outs:\n    - path: {quoted}\n"
                f"      hash: md5\n      md5: {oid}\n      size: {size}\n"
            )
        self.folder.write("dvc.yaml", f"stages:\n{stages}" if stages else "stages: {}\n")
        self.folder.write(
            "dvc.lock", f"schema: '2.0'\nstages:\n{locked}" if locked else "schema: '2.0'\n"
        )
        entries = [self._model(path, said, outputs[path]) for path, said in models_.items()]
        self.folder.write(
            "models.lock",
            "version: 1\nmodels:" + ("\n" + "".join(sorted(entries)) if entries else " []\n"),
        )
        return self.wanted()

    def _model(self, path: str, said: str, data: bytes | Mapping[str, bytes]) -> str:
        assert isinstance(data, bytes)
        name, _, version = said.partition("==")
        sha256 = hashlib.sha256(data).hexdigest()
        return (
            f'  - name: "{name}"\n    version: "{version}"\n    urls:\n'
            f'      - "file:///nowhere/{name}-{version}"\n    md5: "{md5(data)}"\n'
            f'    sha256: "{sha256}"\n    size: {len(data)}\n    format: "pdparams"\n'
            f'    path: "{path}"\n'
        )

    def wanted(self) -> tuple[Tracked, ...]:
        return list_expected(self.project, untracked=True)

    def place(
        self, before: tuple[Tracked, ...] = (), *, force: bool = False, prune: bool = True
    ) -> Placed:
        """Put what the files name into the work tree."""
        return place_outputs(
            self.project, self.wanted, before, force=force, prune=prune, patience=0.2
        )

    def states(self, placed: Placed) -> dict[str, str]:
        assert not placed.busy, placed.busy
        return {one.path: one.state for one in placed.outputs}

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def edit(self, path: str, data: bytes) -> Path:
        """Replace a file as an editor does, whatever it is a link to."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_bytes(data)
        return file

    def files(self) -> dict[str, bytes]:
        """Read all files of outputs."""
        return {
            file.relative_to(self.root).as_posix(): file.read_bytes()
            for top in ("checkpoints", "exports", "data")
            for file in sorted((self.root / top).rglob("*"))
            if file.is_file()
        }


@pytest.fixture
def outputs(project: Folder) -> Outputs:
    """A project in git, whose cache links by hard links."""
    project.git("init", "--quiet")
    return Outputs(project)
