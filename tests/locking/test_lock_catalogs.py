from __future__ import annotations

import importlib.metadata
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256

import pytest

import paddledvc
from paddledvc import LockUse
from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.catalogs.opening import open_catalog
from paddledvc.errors import (
    CatalogFailed,
    InvalidInput,
    Several,
    StaleLock,
    UnknownModel,
    Unresolvable,
    UnsavedEdit,
)
from paddledvc.locking.core import resolution, selection

ZOO = """\
version: 1
models:
  - name: det
    versions:
      - {version: v1.0.0, url: det_v1.pdparams}
      - {version: v1.2.0, url: det_v12.pdparams}
  - name: rec
    versions:
      - {version: v0.1.0, url: det_v1.pdparams}
  - name: ocr
    versions:
      - version: v1.0.0
        files:
          - {path: model/inference.json, url: det_v1.pdparams}
          - {path: model/inference.pdiparams, url: det_v12.pdparams}
"""
OWN = "the folder of a program's own files"
MODELS = """\
catalogs:
  zoo: {kind: index, url: zoo/index.yaml}
models:
  - {name: det, version: "^1", source: zoo}
  - {name: text, version: latest, source: zoo, source_name: rec}
"""
NEWER = ZOO.replace(
    "  - name: rec\n", "      - {version: v1.3.0, url: det_v12.pdparams}\n  - name: rec\n"
)


@pytest.fixture
def made(project):
    project.write("zoo/index.yaml", ZOO)
    project.write_bytes("zoo/det_v1.pdparams", b"one")
    project.write_bytes("zoo/det_v12.pdparams", b"twelve")
    return project.models(MODELS)


def versions(lock):
    return {entry.name: entry.version for entry in lock.models}


def said(changes):
    return [str(change) for change in changes]


def test_ranges_are_locked_to_versions_of_their_catalogs(made):
    done = paddledvc.lock(made)

    assert versions(done.lock) == {"det": "v1.2.0", "text": "v0.1.0"}
    assert done.lock.model("det").sha256 == sha256(b"twelve").hexdigest()
    assert done.trusted == ("det", "text")
    assert paddledvc.lock(made, check=True).changes == ()


def test_a_new_release_makes_no_lock_stale_and_moves_nothing(made, project):
    paddledvc.lock(made)
    before = project.read("models.lock")
    project.write("zoo/index.yaml", NEWER)

    assert paddledvc.lock(made, check=True).changes == ()
    assert paddledvc.lock(made).changes == ()
    assert project.read("models.lock") == before


def test_a_fresh_lock_asks_no_catalog(made, project):
    paddledvc.lock(made)
    (project.root / "zoo/index.yaml").unlink()

    assert paddledvc.lock(made).changes == ()


def test_adding_a_model_moves_no_other(made, project):
    paddledvc.lock(made)
    project.write("zoo/index.yaml", NEWER)
    made = project.models(MODELS + '  - {name: rec, version: ">=0", source: zoo}\n')

    assert said(paddledvc.lock(made).changes) == ["Add rec v0.1.0"]


def test_an_upgrade_moves_what_it_may(made, project):
    paddledvc.lock(made)
    project.write("zoo/index.yaml", NEWER)
    dry = paddledvc.lock(made, upgrade=True, dry_run=True)

    assert said(dry.changes) == ["Update det v1.2.0 -> v1.3.0"]
    assert versions(made.lock())["det"] == "v1.2.0"
    assert said(paddledvc.lock(made, upgrade_packages=["text"]).changes) == []
    assert said(paddledvc.lock(made, upgrade_packages=["det"]).changes) == said(dry.changes)


def test_a_pin_moves_to_the_version_that_is_named_and_stays_there(made):
    paddledvc.lock(made)

    done = paddledvc.lock(made, upgrade_packages=["det==1.0"])
    assert said(done.changes) == ["Update det v1.2.0 -> v1.0.0"]
    assert paddledvc.lock(made).changes == ()


@pytest.mark.parametrize(
    ("package", "error", "message"),
    [
        pytest.param(
            "dat", UnknownModel, "models.yaml has no model 'dat'; did you mean 'det'?", id="name"
        ),
        pytest.param(
            "det==x", InvalidInput, "det==x: expected NAME or NAME==VERSION", id="version"
        ),
        pytest.param(
            "det==ch_v4",
            InvalidInput,
            "det==ch_v4: expected NAME or NAME==VERSION; write det==v4+ch",
            id="what is nearly a version",
        ),
        pytest.param(
            "det==2",
            Unresolvable,
            "det: no version satisfies all of this\n"
            "  models.yaml asks for ^1\n"
            "  --upgrade-package asks for ==2\n"
            "  zoo lists v1.2.0, v1.0.0",
            id="beyond",
        ),
    ],
)
def test_an_upgrade_that_cannot_be_says_why(made, package, error, message):
    paddledvc.lock(made)
    with pytest.raises(error) as caught:
        paddledvc.lock(made, upgrade_packages=[package])

    assert str(caught.value) == message


def test_bytes_that_are_known_under_a_version_are_not_read_again(made, project):
    paddledvc.lock(made)
    (project.root / "zoo/det_v12.pdparams").unlink()

    assert paddledvc.lock(made, upgrade=True).trusted == ()


BROKEN = """\
catalogs:
  down: {kind: index, url: nowhere.yaml}
  zoo: {kind: index, url: zoo/index.yaml}
models:
  - {name: det, version: "^3", source: zoo}
  - {name: far, version: latest, source: down}
  - {name: further, version: latest, source: down}
  - {name: text, version: latest, source: zoo, source_name: rec}
"""


def test_one_failure_writes_no_lock(made, project):
    with pytest.raises(Unresolvable, match="det: no version satisfies"):
        paddledvc.lock(project.models(BROKEN))

    assert not (project.root / "models.lock").exists()


def test_keep_going_tells_every_failure_once(made, project):
    with pytest.raises(Several) as caught:
        paddledvc.lock(project.models(BROKEN), keep_going=True)

    assert str(caught.value) == (
        "det: no version satisfies all of this\n"
        "  models.yaml asks for ^3\n"
        "  zoo lists v1.2.0, v1.0.0\n"
        "the catalog down (nowhere.yaml): No such file or directory"
    )
    assert caught.value.exit_code == 3
    assert not (project.root / "models.lock").exists()


def test_a_model_that_its_catalog_lacks_is_told_with_the_nearest_name(made, project):
    with pytest.raises(Unresolvable) as caught:
        paddledvc.lock(project.models(MODELS.replace("name: det", "name: dett")))

    assert str(caught.value) == (
        "dett: the catalog zoo (zoo/index.yaml) does not list it; did you mean 'det'?"
    )


def test_a_folder_is_locked_and_brought_file_by_file(made, project):
    made = project.models(MODELS + "  - {name: ocr, version: latest, source: zoo}\n")
    [done] = paddledvc.sync(made, ["ocr"])
    [again] = paddledvc.sync(made, ["ocr"])

    assert (done.path, done.state, again.state) == ("checkpoints/ocr_v1.0.0", "fetched", "present")
    folder = project.root / done.path
    assert (folder / "model/inference.json").read_bytes() == b"one"
    assert (folder / "model/inference.pdiparams").read_bytes() == b"twelve"
    assert done.hashes.size == 9


def test_a_folder_with_an_edit_is_brought_again_by_force_alone(made, project):
    made = project.models(MODELS + "  - {name: ocr, version: latest, source: zoo}\n")
    paddledvc.sync(made, ["ocr"])
    file = project.write_bytes("checkpoints/ocr_v1.0.0/model/inference.json", b"eno")
    with pytest.raises(UnsavedEdit, match=r"^checkpoints/ocr_v1.0.0: model/inference.json was "):
        paddledvc.sync(made, ["ocr"])
    assert file.read_bytes() == b"eno"

    assert paddledvc.sync(made, ["ocr"], force=True)[0].state == "fetched"
    assert file.read_bytes() == b"one"


def test_a_folder_that_lacks_a_file_is_brought_again(made, project):
    made = project.models(MODELS + "  - {name: ocr, version: latest, source: zoo}\n")
    paddledvc.sync(made, ["ocr"])
    file = project.root / "checkpoints/ocr_v1.0.0/model/inference.json"
    file.unlink()

    assert paddledvc.sync(made, ["ocr"])[0].state == "fetched"
    assert file.read_bytes() == b"one"


def test_a_file_of_the_users_in_a_folder_is_not_lost(made, project):
    made = project.models(MODELS + "  - {name: ocr, version: latest, source: zoo}\n")
    paddledvc.sync(made, ["ocr"])
    notes = project.write("checkpoints/ocr_v1.0.0/notes.txt", "mine")
    with pytest.raises(InvalidInput) as caught:
        paddledvc.sync(made, ["ocr"])

    assert str(caught.value) == (
        "checkpoints/ocr_v1.0.0 holds notes.txt, which is no part of ocr v1.0.0; move it away, "
        "because the folder is replaced as a whole"
    )
    assert notes.read_text() == "mine"


def test_a_folder_arrives_whole_or_not_at_all(made, project):
    made = project.models(MODELS + "  - {name: ocr, version: latest, source: zoo}\n")
    paddledvc.lock(made)
    project.write_bytes("zoo/det_v12.pdparams", b"eleven")
    with pytest.raises(paddledvc.errors.ChecksumMismatch):
        paddledvc.sync(made, ["ocr"])

    assert os.listdir(project.root / "checkpoints") == []  # noqa: PTH208 - hidden ones too


def test_a_folder_gets_a_stage_and_an_artifact(made, project):
    made = project.models(MODELS + "  - {name: ocr, version: latest, source: zoo}\n")
    done = paddledvc.generate(made)

    assert "sync-ocr" in done.stages.added
    assert "checkpoints/ocr_v1.0.0:" in project.read("dvc.yaml")


def test_a_stale_lock_is_updated_before_stages_are_generated(made):
    assert paddledvc.generate(made).stages.added == ("sync-det", "sync-text")
    assert versions(made.lock()) == {"det": "v1.2.0", "text": "v0.1.0"}


@pytest.fixture
def plans(monkeypatch):
    """Count how often it is worked out which pins stand."""
    plans = []
    work_out = selection.list_all_wants
    monkeypatch.setattr(
        resolution, "list_all_wants", lambda *inputs: plans.append(inputs) or work_out(*inputs)
    )
    return plans


@pytest.mark.parametrize("command", [paddledvc.lock, paddledvc.generate])
def test_a_stale_lock_is_updated_by_one_plan(made, plans, command):
    command(made)

    assert len(plans) == 1


def test_a_lock_that_somebody_changed_while_we_waited_is_planned_anew(made, monkeypatch):
    @contextmanager
    def exclusive(project):
        monkeypatch.undo()
        paddledvc.lock(project, upgrade_packages=["det==1.0.0"])
        yield

    monkeypatch.setattr(paddledvc.Project, "exclusive", exclusive)
    paddledvc.generate(made)

    assert versions(made.lock()) == {"det": "v1.0.0", "text": "v0.1.0"}


def test_a_locked_lock_is_refused_where_it_is_stale(made, project):
    paddledvc.lock(made)
    made = project.models(MODELS.replace("^1", "^2"))
    with pytest.raises(StaleLock) as caught:
        paddledvc.lock(made, use=LockUse(locked="PADDLEDVC_LOCKED=1"))

    assert str(caught.value) == (
        "models.lock is stale, and PADDLEDVC_LOCKED=1 forbids updating it; "
        "run `paddledvc lock` to update it:\n"
        "  det: models.yaml asks for ^2, locked is v1.2.0"
    )


def test_a_frozen_lock_is_trusted_and_cannot_be_upgraded(made, project):
    paddledvc.lock(made)
    made = project.models(MODELS.replace("^1", "^2"))
    frozen = LockUse(frozen="--frozen")

    assert paddledvc.lock(made, use=frozen).changes == ()
    with pytest.raises(InvalidInput) as caught:
        paddledvc.lock(made, upgrade=True, use=frozen)
    assert str(caught.value) == "an upgrade changes models.lock, which --frozen forbids"


def test_offline_names_the_catalog_that_it_keeps_us_from(project, server):
    url = server.put("/index.yaml", ZOO.encode())
    made = project.models(MODELS.replace("zoo/index.yaml", url))
    with pytest.raises(CatalogFailed) as caught:
        paddledvc.lock(made, use=LockUse(offline="--offline"))

    assert str(caught.value) == (
        f"the catalog zoo ({url}): it needs the network, which --offline forbids"
    )
    assert server.log == []


def test_offline_brings_no_bytes_from_a_server(project, server):
    url = server.put("/a.pdparams", b"weights")
    made = project.models(f"models: [{{name: a, version: v1, weights_url: {url}}}]")
    with pytest.raises(paddledvc.errors.DownloadFailed) as caught:
        paddledvc.lock(made, use=LockUse(offline="--offline"))

    assert caught.value.causes == (f"{url}: it needs the network, which --offline forbids",)
    assert server.log == []


class Shelf:
    """A catalog of another package."""

    def __init__(self, context, settings):
        self.where = settings["row"]
        self.context = context

    def versions(self, query):
        if query.name == "broken":
            raise self.context.failed(self.where, "the shelf fell down")
        return [Listed(version="v7")]

    def describe(self, _query, version):
        return Release(
            version=version, files=(ReleaseFile(path="a", urls=("zoo/det_v1.pdparams",)),)
        )

    def names(self):
        return ["book"]


@pytest.fixture
def shelf(monkeypatch):
    point = importlib.metadata.EntryPoint(
        name="shelf", value="shelf_package:Shelf", group="paddledvc.catalogs"
    )
    monkeypatch.setitem(sys.modules, "shelf_package", sys.modules[__name__])
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [point] * (group == point.group)
    )


SHELF = """\
catalogs: {mine: {kind: shelf, row: 3}}
models: [{name: book, version: latest, source: mine}]
"""


def test_another_package_can_add_a_kind_of_catalog(made, project, shelf):
    done = paddledvc.lock(project.models(SHELF))

    assert versions(done.lock) == {"book": "v7"}


def test_a_kind_that_nobody_offers_is_refused(made, project, shelf):
    with pytest.raises(CatalogFailed) as caught:
        paddledvc.lock(project.models(SHELF.replace("kind: shelf", "kind: shelve")))

    assert str(caught.value) == (
        "the catalog mine (kind 'shelve'): no such kind of catalog; did you mean 'shelf'?"
    )


def test_a_kind_of_another_package_that_refuses_its_settings_is_named(made, project, shelf):
    with pytest.raises(CatalogFailed) as caught:
        paddledvc.lock(project.models(SHELF.replace("row: 3", "raw: 3")))

    assert str(caught.value) == "the catalog mine (shelf): KeyError: 'row'"


@pytest.mark.parametrize(
    ("before", "after", "version"),
    [
        pytest.param("zoo:", "other:", "v1.0.0", id="catalog renamed"),
        pytest.param("source: zoo}", "source: zoo, paddle: '>=2.0'}", "v1.0.0", id="range added"),
        pytest.param("name: det", "name: rec, source_name: det", "v1.2.0", id="another model"),
    ],
)
def test_a_pin_moves_no_further_than_it_must(made, project, before, after, version):
    paddledvc.lock(made, upgrade_packages=["det==1.0.0"])
    text = MODELS.replace(before, after)
    if after == "other:":
        text = text.replace("source: zoo", "source: other")
    lock = paddledvc.lock(project.models(text)).lock

    assert lock.models[0].version == version


def test_another_file_of_the_same_version_can_be_locked(made, project):
    text = MODELS + "  - {name: ocr, version: latest, source: zoo}\n"
    paddledvc.lock(project.models(text))
    one = text.replace("name: ocr", "name: ocr, file: model/inference.json")
    entry = paddledvc.lock(project.models(one)).lock.model("ocr")

    assert (entry.path, entry.files) == ("checkpoints/ocr_v1.0.0.json", ())
    assert entry.sha256 == sha256(b"one").hexdigest()


def test_a_digest_that_people_state_for_a_folder_is_refused(made, project):
    text = MODELS + "  - {name: ocr, version: v1.0.0, source: zoo, size: 9}\n"
    with pytest.raises(Unresolvable) as caught:
        paddledvc.lock(project.models(text))

    assert str(caught.value) == (
        "ocr: models.yaml states a digest or size, but v1.0.0 is a folder of files\n"
        "  leave it out, or name one with `file:`"
    )


def test_bytes_that_were_trusted_are_recorded_as_such(made, project):
    lock = paddledvc.lock(made).lock
    digest = lock.model("det").sha256
    exact = MODELS.replace('"^1"', f'v1.2.0, sha256: "{digest}"')
    kept = paddledvc.lock(made, upgrade=True).lock
    stated = paddledvc.lock(project.models(exact), upgrade=True).lock

    assert [entry.trust for entry in lock.models] == ["first use", "first use"]
    assert kept == lock
    assert stated.model("det").trust is None


class Liar(Shelf):
    """A catalog whose descriptions tell what its lists do not, or nonsense."""

    told: dict[str, Release]

    def versions(self, query):
        if query.name == "raises":
            raise KeyError(query.name)
        return [Listed(version=version) for version in self.told]

    def describe(self, _query, version):
        return self.told[version]


def a_release(version="v1", path="a.pdparams", **fields):
    file = ReleaseFile(path=path, urls=("zoo/det_v1.pdparams",))
    return Release(version=version, files=(file,), **fields)


LIAR = """\
environment: {paddle: 3.1.0}
catalogs: {mine: {kind: shelf, row: 3}}
models: [{name: book, version: latest, source: mine}]
"""


@pytest.fixture
def liar(monkeypatch, shelf, made, project):
    monkeypatch.setattr(sys.modules[__name__], "Shelf", Liar)

    def tell(*releases, name="book"):
        Liar.told = {release.version: release for release in releases}
        return project.models(LIAR.replace("book", name))

    return tell


def test_a_version_that_only_its_description_rules_out_is_passed_over(liar):
    made = liar(a_release("v1"), a_release("v2", paddle=">=3.3"), a_release("v3", format="json"))
    new = versions(paddledvc.lock(made).lock)
    fresh = paddledvc.lock(made, check=True).changes
    (made.root / "models.yaml").write_text(LIAR.replace("3.1.0", "2.6.2"))
    old = versions(paddledvc.lock(made, upgrade=True).lock)

    assert (new, fresh, old) == ({"book": "v3"}, (), {"book": "v1"})


def test_no_version_that_can_be_loaded_says_why_none(liar):
    made = liar(a_release("v2", paddle=">=3.3"))
    with pytest.raises(Unresolvable) as caught:
        paddledvc.lock(made)

    assert str(caught.value) == (
        "book: no version satisfies all of this\n"
        "  models.yaml asks for latest\n"
        "  mine lists v2 (needs Paddle >=3.3, and its environment has Paddle 3.1.0)"
    )


@pytest.mark.parametrize(
    ("release", "cause"),
    [
        pytest.param(
            a_release(format="../../evil"),
            "it says that v1 has the format '../../evil', which can be no suffix",
            id="format",
        ),
        pytest.param(
            a_release(path="../x", folder=True),
            "it lists the file '../x' in v1: it has the part '..'",
            id="out of the folder",
        ),
        pytest.param(
            a_release(path=".git/config", folder=True),
            f"it lists the file '.git/config' in v1: '.git' is {OWN}",
            id="repository",
        ),
        pytest.param(
            Release(
                version="v1",
                files=a_release(path="a").files + a_release(path="A/b").files,
                folder=True,
            ),
            "it lists the file 'a' in v1: 'A/b' would lie in it",
            id="colliding",
        ),
        pytest.param(Release(version="v1", files=()), "it says that v1 has 0 files", id="nothing"),
        pytest.param(
            a_release(paddle="3"), "it says that v1 needs Paddle '3', which is no range", id="range"
        ),
    ],
)
def test_nonsense_of_a_catalog_never_reaches_the_lock(liar, project, release, cause):
    with pytest.raises(CatalogFailed) as caught:
        paddledvc.lock(liar(release))

    assert str(caught.value) == f"the catalog mine (3): of book {cause}"
    assert not (project.root / "models.lock").exists()


def test_an_exception_of_another_packages_catalog_is_its_failure(liar):
    with pytest.raises(CatalogFailed) as caught:
        paddledvc.lock(liar(a_release(), name="raises"))

    assert str(caught.value) == "the catalog mine (3): KeyError: 'raises'"


def test_a_model_is_shown_although_its_catalog_cannot_be_opened(made, project):
    made = project.models(SHELF)

    assert "no such kind of catalog" in paddledvc.show(made, "book").catalog


@pytest.mark.slow
def test_two_who_lock_at_once_wait_for_each_other(made, server, project):
    url = server.put("/slow.pdparams", bytes(300_000))
    server.delay["/slow.pdparams"] = 0.1
    slow = MODELS + f"  - {{name: slow, version: v1, weights_url: {url}}}\n"
    made = project.models(slow)
    with ThreadPoolExecutor() as pool:
        locking = pool.submit(paddledvc.lock, made)
        server.sent.wait()
        paddledvc.remove(made, ["text"])
        locking.result()

    assert paddledvc.lock(made, check=True).lock.by_name.keys() == {"det", "slow"}


@pytest.mark.slow
def test_an_index_that_drips_is_given_up(server, project, naps):
    url = server.put("/index.yaml", ZOO.encode() + b"#" * 300_000)
    server.part_size, server.delay["/index.yaml"] = 1, 0.1
    context = Context(name="zoo", root=project.root, timeout=0.3)
    catalog = open_catalog(context, "index", {"url": url})
    with pytest.raises(CatalogFailed, match=r"only \d+ bytes? in \d+(\.\d)? s"):
        catalog.versions(Query(name="det"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "git+../x@0#a", "git+nonsense"])
def test_an_index_of_a_server_names_nothing_of_this_machine(project, server, url):
    text = f"version: 1\nmodels: [{{name: det, versions: [{{version: v1, url: '{url}'}}]}}]\n"
    index = server.put("/index.yaml", text.encode())
    with pytest.raises(CatalogFailed) as caught:
        paddledvc.lock(project.models(MODELS.replace("zoo/index.yaml", index)))

    assert str(caught.value) == (
        f"the catalog zoo ({index}): line 2: models[0].versions[0]: {url!r} is a file on this "
        "machine, but the index comes from a server"
    )


def test_bytes_that_were_trusted_of_one_catalog_are_read_anew_of_another(made, project):
    other = ZOO.replace("det_v12.pdparams", "det_v1.pdparams").replace("url: det", "url: zoo/det")
    project.write("other.yaml", other)
    paddledvc.lock(made)
    text = MODELS.replace("models:", "  other: {kind: index, url: other.yaml}\nmodels:")
    done = paddledvc.lock(project.models(text.replace('"^1", source: zoo', '"^1", source: other')))

    assert done.trusted == ("det",)
    assert done.lock.model("det").sha256 == sha256(b"one").hexdigest()
