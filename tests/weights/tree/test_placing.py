"""Outputs into the work tree: every kind of link, and everything that may be in the way."""

from __future__ import annotations

import json
import os

import pytest

from paddledvc.errors import InvalidFile
from paddledvc.hashes import Hashes
from paddledvc.tools.system import hash_cache
from paddledvc.weights.core.outcome import describe_outcome
from paddledvc.weights.core.tracked import Tracked
from paddledvc.weights.tree import files
from paddledvc.weights.tree.place import place_outputs
from tests.outputs_repo import md5

LINKS = ("reflink,copy", "hardlink", "symlink", "copy")
FOLDER = {"inference.json": b"{}", "inference.pdiparams": b"params", "sub/labels.txt": b"cat"}
V1, V2 = {"checkpoints/a.bin": b"one"}, {"checkpoints/a.bin": b"two"}


@pytest.mark.slow
@pytest.mark.parametrize("links", LINKS)
def test_outputs_come_from_the_cache_and_are_replaced_by_the_next_version(outputs, links):
    outputs.configure(links)
    outputs.declare({**V1, "exports/a": FOLDER})

    assert set(outputs.states(outputs.place()).values()) == {"placed"}
    assert set(outputs.states(outputs.place()).values()) == {"unchanged"}

    outputs.declare({**V2, "exports/a": {**FOLDER, "inference.json": b"[]", "new": b"n"}})
    outputs.place()

    assert outputs.files() == {
        "checkpoints/a.bin": b"two",
        "exports/a/inference.json": b"[]",
        "exports/a/inference.pdiparams": b"params",
        "exports/a/new": b"n",
        "exports/a/sub/labels.txt": b"cat",
    }


@pytest.mark.parametrize(
    ("links", "writable", "linked"),
    [("copy", True, False), ("hardlink", False, False), ("symlink", False, True)],
)
def test_copies_can_be_written_to_and_links_cannot(outputs, links, writable, linked):
    outputs.configure(links)
    outputs.declare(V1)
    outputs.place()
    file = outputs.root / "checkpoints/a.bin"

    assert (bool(file.stat().st_mode & 0o200), file.is_symlink()) == (writable, linked)


def test_a_file_that_goes_from_a_folder_is_removed_and_so_are_empty_folders(outputs):
    outputs.declare({"exports/a": FOLDER})
    outputs.place()
    outputs.declare({"exports/a": {"inference.json": b"{}"}})
    outputs.place()

    assert outputs.files() == {"exports/a/inference.json": b"{}"}
    assert not (outputs.root / "exports/a/sub").exists()


@pytest.mark.parametrize("links", LINKS)
def test_a_changed_file_is_kept_and_named(outputs, links):
    outputs.configure(links)
    outputs.declare(V1)
    outputs.place()
    outputs.edit("checkpoints/a.bin", b"own")
    drop = "`paddledvc pull --force checkpoints/a.bin` to drop it"

    assert describe_outcome(outputs.place()) == [
        (
            "weights: kept checkpoints/a.bin: it was changed; run `dvc commit checkpoints/a.bin` "
            f"to keep that, or {drop}"
        ),
    ]

    outputs.declare(V2)  # whose stage did not make it
    placed = outputs.place()

    assert outputs.read("checkpoints/a.bin") == b"own"
    assert describe_outcome(placed) == [
        (
            "weights: kept checkpoints/a.bin: it was changed; it is not of this commit: "
            f"copy it elsewhere to keep it, or run {drop}"
        ),
    ]
    assert placed.complete


@pytest.mark.parametrize("links", LINKS)
def test_an_edit_of_the_same_length_at_once_after_placing_is_seen(outputs, links):
    outputs.configure(links)
    outputs.declare(V1)
    outputs.place()
    file = outputs.root / "checkpoints/a.bin"
    file.resolve().chmod(0o644)
    file.write_bytes(b"own")  # through the link, where it is one
    outputs.declare(V2)

    assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "kept"}
    assert file.read_bytes() == b"own"


@pytest.mark.parametrize("links", ["hardlink", "symlink"])
def test_what_was_written_through_a_link_becomes_a_file_of_its_own(outputs, links):
    outputs.configure(links)
    outputs.declare(V1)
    outputs.place()
    file = outputs.root / "checkpoints/a.bin"
    file.resolve().chmod(0o644)
    file.write_bytes(b"own")
    outputs.place()

    assert not outputs.cache.path(md5(b"one")).exists()
    outputs.keep(b"one")  # it is fetched again
    assert (file.read_bytes(), file.is_symlink()) == (b"own", False)
    assert os.access(file, os.W_OK)


def test_a_changed_file_is_dropped_by_force(outputs):
    outputs.declare(V1)
    outputs.place()
    outputs.edit("checkpoints/a.bin", b"own")

    assert outputs.states(outputs.place(force=True)) == {"checkpoints/a.bin": "placed"}
    assert outputs.read("checkpoints/a.bin") == b"one"


@pytest.mark.parametrize(
    ("what", "why"),
    [
        pytest.param(("exports/a/own.txt", b"own"), "own.txt was added", id="added"),
        pytest.param(
            ("exports/a/inference.json", b"own"), "inference.json was changed", id="changed"
        ),
        pytest.param(
            ("exports/a/inference.json", None), "inference.json was deleted", id="deleted"
        ),
    ],
)
def test_a_changed_folder_is_kept_as_it_is(outputs, what, why):
    outputs.declare({"exports/a": FOLDER})
    outputs.place()
    path, data = what
    if data is None:
        (outputs.root / path).unlink()
    else:
        outputs.edit(path, data)
    before = outputs.files()
    outputs.declare({"exports/a": {"inference.json": b"new"}})

    placed = outputs.place()

    assert [(one.state, one.problem) for one in placed.outputs] == [("kept", why)]
    assert outputs.files() == before


def test_what_the_cache_lacks_leaves_the_old_bytes(outputs):
    outputs.declare({**V1, "exports/a": FOLDER}, {"checkpoints/a.bin": "a==v1"})
    outputs.place()
    outputs.declare(
        {**V2, "exports/a": {**FOLDER, "more": b"more"}}, {"checkpoints/a.bin": "a==v2"}
    )
    outputs.cache.remove(md5(b"two"))
    outputs.cache.remove(md5(b"more"))

    placed = outputs.place()

    assert describe_outcome(placed) == [
        "weights: no a v2 (v1 stays): it is not in the cache; run `paddledvc pull`",
        "weights: no a v2 (export) (v1 stays): it is not in the cache; run `paddledvc pull`",
    ]
    assert not placed.complete
    assert outputs.files() == {"checkpoints/a.bin": b"one"} | {
        f"exports/a/{name}": data for name, data in FOLDER.items()
    }


def test_a_damaged_object_is_never_placed(outputs):
    outputs.declare(V1)
    path = outputs.cache.path(md5(b"one"))
    path.chmod(0o644)
    path.write_bytes(b"bad")
    path.chmod(0o444)

    assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "missing"}
    assert outputs.files() == {}


@pytest.mark.slow
def test_old_weights_go_only_when_their_successor_is_in_place(outputs):
    outputs.declare({"checkpoints/a_v1.bin": b"one"}, {"checkpoints/a_v1.bin": "a==v1"})
    outputs.place()
    outputs.declare({"checkpoints/a_v2.bin": b"two"}, {"checkpoints/a_v2.bin": "a==v2"})
    outputs.cache.remove(md5(b"two"))

    assert outputs.states(outputs.place()) == {
        "checkpoints/a_v1.bin": "left", "checkpoints/a_v2.bin": "missing",
    }  # fmt: skip
    assert outputs.files() == {"checkpoints/a_v1.bin": b"one"}

    outputs.keep(b"two")
    placed = outputs.place()

    assert outputs.files() == {"checkpoints/a_v2.bin": b"two"}
    assert describe_outcome(placed) == ["weights: a v1 → v2 (3 B, cache)"]


def test_what_a_commit_has_no_longer_is_removed_with_its_empty_folders(outputs):
    outputs.declare({**V1, "exports/a": FOLDER})
    outputs.place()
    outputs.declare({})

    assert set(outputs.states(outputs.place()).values()) == {"removed"}
    assert not (outputs.root / "checkpoints").exists()
    assert not (outputs.root / "exports").exists()


def test_what_is_removed_is_in_the_cache(outputs):
    outputs.configure("copy")
    outputs.declare(V1)
    outputs.place()
    outputs.cache.remove(md5(b"one"))
    outputs.declare({})
    outputs.place()

    assert not (outputs.root / "checkpoints").exists()
    assert outputs.cache.path(md5(b"one")).read_bytes() == b"one"


def test_a_changed_file_that_is_no_longer_wanted_is_named_once(outputs):
    outputs.declare(V1)
    outputs.place()
    outputs.edit("checkpoints/a.bin", b"own")
    outputs.declare({})

    assert describe_outcome(outputs.place()) == [
        "weights: kept checkpoints/a.bin: it was changed, and this commit has no such output"
    ]
    assert describe_outcome(outputs.place()) == []
    assert outputs.read("checkpoints/a.bin") == b"own"


def test_what_commits_said_before_may_be_replaced_even_if_we_did_not_put_it_there(outputs):
    before = outputs.declare(V1)
    outputs.edit("checkpoints/a.bin", b"one")
    outputs.cache.remove(md5(b"one"))
    outputs.declare(V2)

    assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "kept"}
    assert outputs.states(outputs.place(before)) == {"checkpoints/a.bin": "placed"}


@pytest.mark.slow
def test_a_file_becomes_a_folder_and_a_folder_a_file(outputs):
    outputs.declare({"data/a": b"one", "data/b": {"c/d": b"two"}})
    outputs.place()
    outputs.declare({"data/a": {"c/d": b"two"}, "data/b": b"one"})
    outputs.place()

    assert outputs.files() == {"data/a/c/d": b"two", "data/b": b"one"}


@pytest.mark.slow
def test_files_of_a_folder_become_outputs_of_their_own_and_a_folder_again(outputs):
    outputs.declare({"data": {"a": b"one", "b": b"two"}})
    outputs.place()
    outputs.declare({"data/a": b"new"})
    outputs.place()
    assert outputs.files() == {"data/a": b"new"}

    outputs.declare({"data": {"a": b"one", "b": b"two"}})
    outputs.place()
    assert outputs.files() == {"data/a": b"one", "data/b": b"two"}


def test_an_empty_folder_is_made(outputs):
    outputs.declare({"data": {}})
    outputs.place()

    assert (outputs.root / "data").is_dir()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["two words", "ünï", "-dash", "a'b\"c", "ends.", "$x;y"])
@pytest.mark.parametrize("links", ["hardlink", "symlink", "copy"])
def test_any_name_will_do(outputs, name, links):
    outputs.configure(links)
    outputs.declare({f"data/{name}": b"one", f"exports/{name}": {name: b"two"}})
    outputs.place()

    assert outputs.files() == {f"data/{name}": b"one", f"exports/{name}/{name}": b"two"}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".git/hooks/post-checkout", "'.git' is the folder of a program's own files"),
        ("x/.DVC/config", "'.DVC' is the folder of a program's own files"),
        (".paddledvc/x", "'.paddledvc' is the folder of a program's own files"),
        ("data/.gitattributes", "'.gitattributes' sets what git does with the files beside it"),
        ("../x", "it has the part '..'"),
    ],
)
def test_nothing_is_written_where_it_would_make_programs_do_things(outputs, path, why):
    with pytest.raises(InvalidFile) as refused:
        outputs.declare({path: b"one", "data/a": b"two"})

    [problem] = refused.value.problems
    assert problem.file == "dvc.lock"
    assert problem.path.endswith("].path")
    assert problem.message == f"no output may lie at {path!r}: {why}; check who wrote that path"
    assert not (outputs.root / path).exists()


@pytest.mark.slow
@pytest.mark.parametrize("path", [".git/hooks/post-checkout", "x/.dvc/config", ".paddledvc/x"])
def test_whoever_asks_to_place_that_is_refused_too(outputs, path):
    wanted = Tracked(path=path, hashes=Hashes(md5=outputs.keep(b"one")))

    [one] = place_outputs(outputs.project, lambda: [wanted]).outputs

    assert one.state == "refused"
    assert one.problem.startswith("no output may lie there: ")
    assert not (outputs.root / path).exists()


def test_nothing_is_written_out_of_the_project(outputs, tmp_path):
    outputs.declare({"data/a": b"one"})
    (tmp_path / "elsewhere").mkdir()
    (outputs.root / "data").symlink_to(tmp_path / "elsewhere")

    placed = outputs.place()

    assert describe_outcome(placed) == [
        (
            "weights: stale data/a: a link on the way to it leads out of the project; make that a "
            "folder again, or move DVC's cache there by `dvc cache dir` and `dvc config cache.type "
            "symlink`"
        )
    ]
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (outputs.root.parent / "x").exists()


def test_nothing_is_written_where_a_link_leads_to_what_makes_programs_do_things(outputs):
    outputs.declare({"data/post-checkout": b"one"})
    to = ".git/hooks"
    (outputs.root / to).mkdir(parents=True, exist_ok=True)
    (outputs.root / "data").symlink_to(to)

    placed = outputs.place()

    assert [one.state for one in placed.outputs] == ["failed"]
    assert not (outputs.root / to / "post-checkout").exists()


def test_a_link_of_somebodys_own_is_kept(outputs, tmp_path):
    (tmp_path / "mine.bin").write_bytes(b"own")
    outputs.declare(V1)
    outputs.place()
    file = outputs.edit("checkpoints/a.bin", b"")
    file.unlink()
    file.symlink_to(tmp_path / "mine.bin")
    outputs.declare(V2)

    assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "kept"}
    assert file.is_symlink()


@pytest.mark.slow
def test_a_link_to_an_object_that_has_gone_is_replaced(outputs):
    outputs.configure("symlink")
    outputs.declare(V1)
    outputs.place()
    outputs.cache.remove(md5(b"one"))
    outputs.declare(V2)

    assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "placed"}
    assert outputs.read("checkpoints/a.bin") == b"two"


def test_files_that_git_tracks_are_never_touched(outputs):
    before = outputs.declare(V1)
    outputs.edit("checkpoints/a.bin", b"one")
    outputs.folder.git("add", "--force", "checkpoints/a.bin")
    outputs.declare(V2)

    placed = outputs.place(before)

    assert [(one.state, one.problem, one.mend) for one in placed.outputs] == [
        ("kept", "git tracks it", "run `git rm --cached checkpoints/a.bin` or move it")
    ]
    assert outputs.read("checkpoints/a.bin") == b"one"


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_bytes(outputs, monkeypatch):
    import resource  # noqa: PLC0415
    import signal  # noqa: PLC0415

    outputs.configure("copy")
    outputs.declare({"data/a": b"1" * 100})
    outputs.place()
    outputs.declare({"data/a": b"2" * 400_000})
    known = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        placed = outputs.place()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, known)

    assert [(one.state, one.problem) for one in placed.outputs] == [
        ("failed", "it cannot be written: File too large")
    ]
    assert outputs.read("data/a") == b"1" * 100
    assert not list((outputs.root / ".paddledvc/tmp").glob("placing.*-*"))
    assert outputs.states(outputs.place()) == {"data/a": "placed"}


def test_a_file_where_a_folder_is_needed_is_no_crash(outputs):
    outputs.folder.write("checkpoints", "a file\n")
    outputs.declare(V1)

    placed = outputs.place()

    assert [(one.state, one.problem) for one in placed.outputs] == [
        ("failed", "it cannot be written: File exists")
    ]


def test_a_hash_of_dvc_2_is_told_once(outputs):
    outputs.declare(V1)
    lock = outputs.folder.read("dvc.lock").replace("      hash: md5\n", "")
    outputs.folder.write("dvc.lock", lock)

    assert describe_outcome(outputs.place()) == [
        (
            "weights: kept checkpoints/a.bin: DVC 1 or 2 wrote its hash, which cannot be checked "
            "against the file; run `dvc pull && dvc cache migrate --dvc-files`, and commit"
        ),
    ]
    assert describe_outcome(outputs.place()) == []


@pytest.mark.slow
def test_notes_that_are_damaged_are_no_notes(outputs):
    outputs.declare(V1)
    outputs.place()
    for text in ("", "{", "[]", '{"format": 1}', json.dumps({"format": 9, "outputs": {}})):
        (outputs.root / ".paddledvc/tmp/placed.json").write_text(text)
        assert outputs.states(outputs.place()) == {"checkpoints/a.bin": "unchanged"}


def test_what_killed_processes_left_is_swept(outputs):
    outputs.declare(V1)
    left = outputs.folder.write(".paddledvc/tmp/placing.x-1-abc", "x")
    outputs.place()

    assert not left.exists()


@pytest.mark.slow
def test_a_copy_is_older_than_any_write_after_it(outputs, monkeypatch):
    """A write in the same tick of the clock would else leave size and time as they were."""
    settled = []
    real = hash_cache.settle_hash_time
    monkeypatch.setattr(files, "settle_hash_time", lambda path: settled.append(real(path)))
    outputs.configure("copy")
    outputs.declare(V1)
    outputs.place()

    (stat,) = settled
    assert (outputs.root / "checkpoints/a.bin").stat().st_mtime_ns == stat.st_mtime_ns


@pytest.fixture
def unlisted(outputs):
    """A folder that somebody else put there, and whose listing the cache has lost since."""
    outputs.configure("copy")
    [tracked] = outputs.declare({"exports/a": FOLDER})
    for name, data in FOLDER.items():
        outputs.folder.write_bytes(f"exports/a/{name}", data)
    outputs.cache.path(tracked.oid).unlink()
    return tracked


def test_a_folder_is_right_although_the_cache_has_lost_its_listing(outputs, unlisted):
    assert outputs.states(outputs.place()) == {"exports/a": "unchanged"}
    outputs.edit("exports/a/inference.json", b"mine")
    assert outputs.states(outputs.place()) != {"exports/a": "unchanged"}


def test_a_folder_gives_way_although_the_cache_has_lost_its_listing(outputs, unlisted):
    outputs.declare({"exports/a": {"inference.json": b"[]"}})

    assert outputs.states(outputs.place([unlisted])) == {"exports/a": "placed"}
    assert outputs.files() == {"exports/a/inference.json": b"[]"}


@pytest.mark.slow
def test_a_folder_of_a_recent_commit_gives_way_although_its_listing_is_lost(outputs, unlisted):
    outputs.folder.commit("the folder")
    outputs.declare({"exports/a": {"inference.json": b"[]"}})
    outputs.folder.commit("the next one")

    assert outputs.states(outputs.place()) == {"exports/a": "placed"}
