"""What a group shares: the modes that DVC gives to folders and objects, whoever makes them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_objects.fs.local import LocalFileSystem

from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.remotes.remote import open_remote
from tests.outputs_repo import md5

DATA = b"weights"
OID = md5(DATA)


@pytest.fixture(params=[0o022, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(top):
    paths = [one for one in (top, *sorted(top.rglob("*"))) if "paddledvc" not in one.parts]
    return {one.relative_to(top).as_posix(): oct(stat.S_IMODE(one.stat().st_mode)) for one in paths}


@pytest.fixture
def of_dvc(umask, tmp_path):
    """Modes in a cache that DVC itself fills."""

    def fill(**config):
        (tmp_path / "weights").write_bytes(DATA)
        top = tmp_path / "of dvc"
        objects = LocalHashFileDB(LocalFileSystem(), str(top / "files" / "md5"), **config)
        objects.add(str(tmp_path / "weights"), LocalFileSystem(), OID)
        objects.protect(objects.oid_to_path(OID))
        return modes(top)

    return fill


def test_a_remote_has_the_modes_that_dvc_gives_it(of_dvc, project, tmp_path):
    top = tmp_path / "a store" / "below"
    project.write(".dvc/config", f"['remote \"store\"']\n    url = {top}\n    shared = group\n")
    (tmp_path / "bytes").write_bytes(DATA)
    open_remote(project.root, "store").put(OID, tmp_path / "bytes")

    assert modes(top) == of_dvc(shared="group")
    assert modes(top.parent)["."] == "0o2775", "and so has what is above it"


def test_a_cache_has_the_modes_that_dvc_gives_it(of_dvc, project, tmp_path):
    top = tmp_path / "a cache"
    project.write(".dvc/config", "[core]\n    analytics = false\n")
    project.write(".dvc/config.local", f"[cache]\n    dir = {top}\n    shared = Group\n")
    cache = Cache.of(project.root)
    with cache.receiving(OID) as file:
        file.write_bytes(DATA)

    assert modes(top) == of_dvc(shared="group")


def test_folders_of_a_group_that_are_there_stay_as_they_are(umask, project, tmp_path):
    top = tmp_path / "a store"
    top.mkdir(mode=0o750)
    project.write(".dvc/config", f"['remote \"store\"']\n    url = {top}\n    shared = group\n")
    (tmp_path / "bytes").write_bytes(DATA)
    before = modes(Path(top))["."]
    open_remote(project.root, "store").put(OID, tmp_path / "bytes")

    assert modes(top)["."] == before
    assert modes(top)["files"] == "0o2775"
