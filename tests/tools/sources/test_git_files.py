"""Weights out of repositories that git, DVC and GTO made.

DVC itself fails on a folder whose list leads out of it, so a stand-in gives us such a list.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time

import pytest

from paddledvc.catalogs.core.listing import Query
from paddledvc.errors import CatalogFailed, ChecksumMismatch, DownloadFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc import command
from paddledvc.tools.sources import fetch as fetching
from paddledvc.tools.sources import git_files
from paddledvc.tools.sources.fetch import Source
from paddledvc.tools.system.network.errors import Unreadable

pytestmark = pytest.mark.slow
DATA = {
    "weights/det.pdparams": bytes(range(256)) * 64,
    "bundle/inference.json": b"{}\n",
    "bundle/sub/inference.pdiparams": bytes(range(255, -1, -1)) * 32,
    "gitted.bin": b"in git itself\r\n",
    "out/a/m.bin": b"a\n",
}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Folders of their own for copies, what DVC remembers, and what is passing."""
    for name, key in (("cache", "XDG_CACHE_HOME"), ("site", "DVC_SITE_CACHE_DIR")):
        monkeypatch.setenv(key, str(tmp_path / name))
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "passing"))
    yield
    assert list((tmp_path / "passing").iterdir()) == []


def described(catalog, name, version="v0.1.0", **fields):
    return catalog.describe(Query(name=name, **fields), version)


def read(url):
    return b"".join(git_files.read_git_chunks(url))


def md5(data):
    return hashlib.md5(data).hexdigest()


def url_at(team, path, repository=None):
    commit = team.git("rev-parse", "HEAD").strip()
    return f"git+{repository or team.root}@{commit}#{path}"


def unreadable(url):
    with pytest.raises(Unreadable) as caught:
        read(url)
    return str(caught.value)


@pytest.fixture
def fetch(tmp_path, naps):
    """Fetch a release's only file as sync does, and return its bytes."""

    def run(release):
        (file,) = release.files
        source = Source(model="m", urls=file.urls, root=tmp_path)
        fetching.fetch_source(source, file.hashes, tmp_path / "fetched")
        return (tmp_path / "fetched").read_bytes()

    return run


def test_a_file_comes_through_dvc_as_it_was_registered(made, catalog, fetch):
    release = described(catalog(made.root), "det", "v1.0.0")
    data = DATA["weights/det.pdparams"]

    assert release.files[0].hashes == Hashes(md5=md5(data), size=len(data))
    assert fetch(release) == data


def test_a_folder_comes_file_by_file(made, catalog):
    release = described(catalog(made.root), "bundle")
    files = {file.path: file for file in release.files}

    assert release.folder
    assert list(files) == ["inference.json", "sub/inference.pdiparams"]
    for path, file in files.items():
        data = DATA[f"bundle/{path}"]
        assert file.hashes == Hashes(md5=md5(data))
        assert file.urls[0].endswith(f"#bundle/{path}")
    assert read(files["sub/inference.pdiparams"].urls[0]) == DATA["bundle/sub/inference.pdiparams"]


def test_one_file_of_a_folder_can_be_asked_for_and_be_an_artifact(made, catalog):
    opened = catalog(made.root)
    one = described(opened, "bundle", file="sub/inference.pdiparams")
    inner = described(opened, "inner")

    assert one.files == inner.files
    assert (one.folder, inner.folder) == (False, False)
    assert one.files[0].path == "inference.pdiparams"
    assert one.files[0].hashes == Hashes(md5=md5(DATA["bundle/sub/inference.pdiparams"]))


def test_a_file_of_git_comes_without_dvc(made, catalog, fetch, monkeypatch):
    release = described(catalog(made.root), "gitted")
    monkeypatch.setattr("paddledvc.tools.dvc.command.run_dvc", None)

    assert fetch(release) == DATA["gitted.bin"]


def test_a_working_folder_that_is_a_template_is_left_to_dvc(made, catalog, fetch):
    release = described(catalog(made.root), "trained")

    assert release.files[0].hashes == Hashes(md5=md5(b"a\n"), size=2)
    assert fetch(release) == b"a\n"


def test_an_output_that_was_not_there_yet_is_an_error(made, catalog):
    with pytest.raises(CatalogFailed) as caught:
        described(catalog(made.root), "never")

    told = "DVC has no hash of never.bin; was it committed before its stage had run?"
    assert str(caught.value) == f"the catalog team ({made.root}): never@v0.1.0: {told}"


def test_sizes_are_told_as_far_as_git_knows_them(made):
    paths = ["weights/det.pdparams", "gitted.bin", "bundle/inference.json"]

    assert [git_files.ask_git_size(url_at(made, path)) for path in paths] == [16384, 15, None]


def test_progress_is_told_of_the_bytes_that_arrived(made):
    seen = []
    url = url_at(made, "weights/det.pdparams")
    list(git_files.read_git_chunks(url, lambda done, total: seen.append((done, total))))

    assert seen == [(16384, 16384)]


def test_dvc_leaves_the_project_alone_and_prints_nothing(made, project, monkeypatch, capfd):
    project.git("init", "--quiet")
    (project.root / ".dvc").mkdir()
    monkeypatch.chdir(project.root)
    assert read(url_at(made, "weights/det.pdparams")) == DATA["weights/det.pdparams"]

    assert {path.name for path in project.root.iterdir()} == {".git", ".dvc"}
    assert list((project.root / ".dvc").iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_many_threads_read_at_once(made):
    found = []
    paths = ["weights/det.pdparams", "bundle/inference.json"] * 2
    reading = [
        threading.Thread(target=lambda path=path: found.append(read(url_at(made, path))))
        for path in paths
    ]
    for thread in reading:
        thread.start()
    for thread in reading:
        thread.join()

    assert sorted(found) == sorted(DATA[path] for path in paths)


def objects(team):
    return team.root.parent / "the storage" / "files" / "md5"


def object_of(team, data):
    return objects(team) / md5(data)[:2] / md5(data)[2:]


def test_a_corrupted_object_of_the_remote_does_not_get_in(own, catalog, fetch, tmp_path):
    data = DATA["weights/det.pdparams"]
    spoilt = object_of(own, data)
    spoilt.chmod(0o644)
    spoilt.write_bytes(data[:-1] + b"!")
    release = described(catalog(own.root), "det", "v1.0.0")
    with pytest.raises(ChecksumMismatch) as caught:
        fetch(release)

    assert caught.value.expected == f"md5:{md5(data)}"
    assert not (tmp_path / "fetched").exists()


def test_an_object_that_is_not_in_the_remote_is_missed(own, catalog, fetch):
    object_of(own, DATA["weights/det.pdparams"]).unlink()
    release = described(catalog(own.root), "det", "v1.0.0")
    with pytest.raises(DownloadFailed) as caught:
        fetch(release)

    told = "its DVC remote does not have it, or does not answer; was it pushed there by `dvc push`?"
    assert str(caught.value) == (
        f"m: no source of the weights could be read\n  {release.files[0].urls[0]}: {told}"
    )


def test_a_folder_whose_list_is_not_in_the_remote_cannot_be_described(own, catalog):
    (listing,) = objects(own).rglob("*.dir")
    listing.unlink()
    with pytest.raises(CatalogFailed) as caught:
        described(catalog(own.root), "bundle")

    told = "its DVC remote does not have it, or does not answer; was it pushed there by `dvc push`?"
    assert str(caught.value) == f"the catalog team ({own.root}): bundle@v0.1.0: {told}"


def test_a_folder_that_lists_paths_out_of_itself_is_refused(made, catalog, monkeypatch):
    listed = command.RepositoryFile(path="../evil", tracked=True, md5=md5(b"x"), size=None)
    monkeypatch.setattr(command, "list_dvc_repository", lambda *_, **__: [listed])
    with pytest.raises(CatalogFailed) as caught:
        described(catalog(made.root), "bundle")

    told = "the folder lists the path '../evil': it has the part '..'"
    assert str(caught.value) == f"the catalog team ({made.root}): bundle@v0.1.0: {told}"


def test_without_a_remote_the_bytes_come_from_the_repositorys_own_cache(own, catalog, fetch):
    shutil.copytree(objects(own), own.root / ".dvc" / "cache" / "files" / "md5")
    shutil.rmtree(objects(own))
    own.write(".dvc/config", "")
    own.commit()
    own.tag("det@v2.0.0")

    data = DATA["weights/det.pdparams"]
    assert fetch(described(catalog(own.root), "det", "v2.0.0")) == data


def test_a_repository_behind_a_url_gives_what_its_remote_has(own, catalog, fetch):
    config = own.root / ".dvc" / "config"
    storage = str(own.root.parent / "the storage")
    own.write(".dvc/config", config.read_text().replace("../../the storage", storage))
    own.commit()
    own.tag("det@v2.0.0", "bundle@v2.0.0")
    opened = catalog(f"file://{own.root}")

    data = DATA["weights/det.pdparams"]
    assert fetch(described(opened, "det", "v2.0.0")) == data
    assert len(described(opened, "bundle", "v2.0.0").files) == 2


def test_a_remote_inside_a_clone_serves_nobody_else(made, catalog):
    url = f"file://{made.root}"
    told = (
        "its DVC remote is the path ../../the storage from its own clone; "
        "others need one on a server"
    )
    assert unreadable(url_at(made, "weights/det.pdparams", url)) == told

    with pytest.raises(CatalogFailed) as caught:
        described(catalog(url), "bundle")
    assert str(caught.value) == f"the catalog team ({url}): bundle@v0.1.0: {told}"


def test_what_is_not_there_is_told_in_few_words(made, tmp_path):
    gone = "0" * 40
    assert unreadable(url_at(made, "nothing.bin")) == "neither git nor DVC tracks such a file"
    assert unreadable(url_at(made, "bundle")) == "it is a folder, not a file"
    assert unreadable(f"git+{made.root}@{gone}#w") == f"the repository has no commit {gone}"
    assert unreadable(f"git+{tmp_path}/no@{gone}#w") == "no such folder"
    assert unreadable(f"git+{tmp_path}@{gone}#w") == "there is no git repository"
    assert unreadable("git+x#w") == "'git+x#w' is not git+REPOSITORY@COMMIT#PATH"


def next_second():
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.01)


def test_gto_and_we_say_the_same_of_what_gto_made(team, catalog, programs):
    team.env = programs
    team.commit()
    for arguments in (
        ("register", "det", "--version", "v1.0.0"),
        ("register", "models/ocr:rec", "--version", "v0.1.0"),
        ("register", "old", "--version", "v1.0.0"),
        ("assign", "det", "--version", "v1.0.0", "--stage", "prod"),
        ("deprecate", "old"),
    ):
        if arguments[0] == "deprecate":
            next_second()
        team.run("gto", *arguments)
    team.commit()
    team.run("gto", "register", "det", "--version", "v1.1.0")
    team.run("gto", "deprecate", "det", "v1.1.0")
    team.git("tag", "det@v9.0.0")
    shown = json.loads(team.run("gto", "show", "--json"))
    opened = catalog(team.root)

    good = {
        name: [one.version for one in opened.versions(Query(name=name)) if one.yanked is None]
        for name in opened.names()
    }
    assert good == {"det": ["v1.0.0"], "models/ocr:rec": ["v0.1.0"], "old": []}
    theirs = {name: [one["version"]] for name, one in shown.items()}
    assert theirs == {name: versions for name, versions in good.items() if versions}

    next_second()
    team.run("gto", "register", "det", "--version", "v1.1.0", "--simple", "false")
    again = catalog(team.root).versions(Query(name="det"))
    assert [one.yanked for one in again] == [None, None]
