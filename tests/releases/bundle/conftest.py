"""A small project of a release manager, and a clone of it that has no remote and no weights."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.releases.bundle.core.layout import lay_out
from paddledvc.releases.bundle.core.manifest import (
    BundledFile,
    BundledOutput,
    BundleManifest,
    render_manifest,
)
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.system.files import hash_file_chunks
from tests.conftest import Folder
from tests.outputs_repo import Outputs
from tests.stores_repo import EXPORT, FILES, MODELS, WEIGHTS, A

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "a_v1_20250405"
WHEN = "2025-04-05T23:30:00-08:00"
PLACED = {A: WEIGHTS, **{f"{EXPORT}/{name}": data for name, data in FILES.items()}}
REGISTRY = "models:\n  - name: a\n    version: v1\n    weights_url: file:///nowhere/a-v1\n"


class Site:
    """What a release manager has, and what a site without a network has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work, self.clone = Project(folder / "work"), Project(folder / "clone")
        self.bundle = folder / "out" / NAME

    def copy(self, folder: Path) -> Site:
        shutil.copytree(self.folder, folder / "site", symlinks=True)
        return Site(folder / "site")

    def placed(self) -> dict[str, bytes]:
        """Read what lies in the clone."""
        return {
            file.relative_to(self.clone.root).as_posix(): file.read_bytes()
            for top in ("checkpoints", "exports", ".dvc/cache/files")
            for file in sorted((self.clone.root / top).rglob("*"))
            if file.is_file()
        }

    def parts(self) -> dict[str, bytes]:
        """Read what lies in the bundle."""
        return {one.name: one.read_bytes() for one in sorted(self.bundle.iterdir())}


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Site:
    """A commit with weights and an export, in the cache of one clone; to be copied only."""
    top = tmp_path_factory.mktemp("bundle").resolve()
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**environment, "GIT_COMMITTER_DATE": WHEN}.items():
            patched.setenv(name, value)
        _fill(top)
        paddledvc.bundle(Project(top / "work"), ["a"], output=top / "out")
    return Site(top)


def _fill(top: Path) -> None:
    work = Folder(top / "work")
    work.root.mkdir()
    work.git("init", "--quiet")
    outputs = Outputs(work)
    work.write("models.yaml", REGISTRY)
    work.write("docs/models/a.md", "# a\n")
    work.write("reports/a/verify.json", "{}\n")
    work.write("notes.txt", "not for others\n")
    outputs.declare({A: WEIGHTS, EXPORT: FILES}, MODELS)
    work.commit()
    work.git("clone", "--quiet", str(work.root), str(top / "clone"))
    Folder(top / "clone").git("remote", "remove", "origin")


@pytest.fixture
def site(made_site: Site, tmp_path: Path) -> Site:
    """A copy for a test to change, with its bundle."""
    return made_site.copy(tmp_path.resolve())


def describe(path: str, data: bytes) -> BundledFile:
    found = hash_file_chunks([data])
    return BundledFile(path=path, size=len(data), md5=str(found.md5), sha256=str(found.sha256))


def write_bundle(
    folder: Path,
    files: Mapping[str, bytes],
    outputs: Mapping[str, str] | None = None,
    *,
    archive: bytes | None = None,
    commit: str = "ab" * 20,
) -> Path:
    """Write a bundle whose manifest is true to its parts, whatever it names.

    Args:
        folder: where.
        files: bytes by path.
        outputs: DVC's name of each output; by default that of the files in exports.
        archive: the bytes of its one part; by default those that the files make.
    """
    listed = [describe(path, files[path]) for path in sorted(files)]
    if outputs is None:
        inside = {
            one.path.removeprefix(f"{EXPORT}/"): one.md5
            for one in listed
            if one.path.startswith(f"{EXPORT}/")
        }
        outputs = {EXPORT: folder_object_name(inside)} if inside else {}
    pieces = lay_out(listed, 0)
    data = (
        b"".join(files[one.path] if one.data is None else one.data for one in pieces)
        if archive is None
        else archive
    )
    manifest = BundleManifest(
        name=NAME,
        commit=commit,
        committed=0,
        models=(),
        outputs=tuple(BundledOutput(path=path, md5=md5) for path, md5 in outputs.items()),
        files=tuple(listed),
        parts=(describe(f"{NAME}.tar", data),),
    )
    folder.mkdir()
    (folder / f"{NAME}.tar").write_bytes(data)
    (folder / "manifest.json").write_bytes(render_manifest(manifest).encode())
    return folder
