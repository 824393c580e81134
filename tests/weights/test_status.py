"""``status`` of the work tree, and of remotes that are folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from paddledvc.tools.system.hash_cache import Digests
from tests.outputs_repo import md5
from tests.stores_repo import EXPORT, FILES, MADE, TITLE, WEIGHTS, A

SPOILT = b"X" + WEIGHTS[1:]
HOOKLESS = (
    "git hooks do not keep weights in sync: they are not installed; run `paddledvc hooks install`\n"
)
NEXT = "checkpoints/a_v2.pdparams"


def table(text):
    """Split the rows of a table, without its head and the line below it, into their cells."""
    return [[cell for cell in line.split("  ") if cell] for line in text.splitlines()[1:-1]]


def cells(text):
    return [[cell.strip() for cell in row] for row in table(text)]


def test_what_is_not_there_is_missing(stores, cli):
    code, out, err = cli("status")

    assert code == 0
    assert cells(out) == [
        ["a v1", A, "missing", "it is not in the work tree", "paddledvc pull"],
        [TITLE, EXPORT, "missing", "it is not in the work tree", "paddledvc pull"],
    ]
    assert out.splitlines()[-1] == "0 of 2 match the commit"
    assert err == HOOKLESS


@pytest.mark.slow
def test_what_is_right_is_counted(stores, cli):
    stores.place()

    assert cli("status") == (0, "2 of 2 match the commit\n", HOOKLESS)


@pytest.mark.slow
def test_weights_of_another_commit_are_stale(stores, cli):
    stores.release({A: b"the first weights"}, {A: "a==v0"})
    stores.place()
    stores.folder.git("reset", "--quiet", "--hard", "HEAD~1")
    _, out, _ = cli("status", A)

    assert cells(out) == [["a v1", A, "stale", "v0 is there", "paddledvc pull"]]
    [here] = paddledvc.status(stores.project, [A]).outputs
    assert (here.state, here.version) == ("stale", "v0")


@pytest.mark.slow
def test_changes_of_yours_are_told(stores, cli):
    stores.place()
    stores.edit(f"{EXPORT}/inference.json", b"[]")
    stores.edit(f"{EXPORT}/mine.txt", b"")

    assert cells(cli("status").stdout) == [
        [
            TITLE,
            EXPORT,
            "changed",
            "inference.json was changed, and 1 more",
            f"dvc commit {EXPORT}, or paddledvc pull --force {EXPORT}",
        ]
    ]


def test_a_folder_whose_listing_is_nowhere_cannot_be_compared(stores, cli):
    stores.edit(f"{EXPORT}/inference.json", b"{}")
    [listing] = [oid for oid in stores.held() if oid.endswith(".dir")]
    stores.cache.path(listing).unlink()

    assert cells(cli("status", EXPORT).stdout) == [
        [
            TITLE,
            EXPORT,
            "unknown",
            "the listing of its files is not in the cache",
            "paddledvc pull",
        ]
    ]


@pytest.mark.slow
def test_the_exit_code_tells_only_where_asked(stores, cli):
    assert cli("status").exit_code == 0
    assert cli("status", "--exit-code").exit_code == 1
    stores.place()
    assert cli("status", "--exit-code").exit_code == 0


def test_status_touches_nothing(stores, cli):
    stores.place()
    stores.edit(A, SPOILT)
    notes = (stores.root / ".paddledvc/tmp", stores.root / ".dvc/cache/paddledvc")
    everything = (path for path in stores.root.rglob("*") if not {path, *path.parents} & {*notes})
    before = {path: path.lstat().st_mtime_ns for path in everything}
    cli("status")

    assert {path: path.lstat().st_mtime_ns for path in before} == before
    assert stores.read(A) == SPOILT


@pytest.mark.slow
def test_status_starts_neither_dvc_nor_the_network(stores):
    code = (
        "import sys; from paddledvc.cli import paddledvc; "
        "paddledvc(['status'], standalone_mode=False); "
        "print([n for n in ('dvc', 'fsspec', 's3fs', 'requests', 'paddle') if n in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=stores.root, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_json_tells_all_outputs(stores, cli):
    told = json.loads(cli("status", "--format", "json").stdout)

    assert [(one["tracked"]["path"], one["state"]) for one in told["outputs"]] == [
        (A, "missing"),
        (EXPORT, "missing"),
    ]


def test_remotes_belong_to_their_options(stores, cli):
    told = cli("status", "--branch", "main").stderr
    assert "--branch needs --remote" in told


@pytest.fixture
def released(stores):
    """The branch main and its tag v1.0.0 are in prod; the branch develop has other weights."""
    stores.store("prod")
    stores.folder.git("tag", "v1.0.0")
    stores.folder.git("checkout", "--quiet", "-b", "develop")
    stores.release({NEXT: b"next weights", EXPORT: FILES}, {NEXT: "a==v2"})
    stores.folder.git("checkout", "--quiet", "-b", "feature/x")
    stores.release({A: b"unfinished"}, {A: "a==v3"})
    stores.folder.git("checkout", "--quiet", "main")
    stores.forget()
    return stores


@pytest.mark.slow
def test_protected_branches_and_tags_are_looked_at(released, cli):
    code, out, err = cli("status", "--remote")

    assert code == 0
    assert cells(out) == [
        ["a v1", A, "prod", "present", "main, v1.0.0"],
        ["a v2", NEXT, "prod", "missing", "develop"],
        ["a v2 (export)", EXPORT, "prod", "present", "develop, main, v1.0.0"],
    ]
    assert out.splitlines()[-1] == "2 of 3 present, of 3 branches and tags"
    assert err == (
        f"a v2: {NEXT} is missing in prod\n"
        "on a machine that has the correct files, run `paddledvc push --rev develop`\n"
    )


@pytest.mark.slow
def test_branches_of_gits_remotes_are_looked_at_too(released, cli):
    for name in ("main", "feature/x"):
        commit = released.folder.git("rev-parse", name).strip()
        released.folder.git("update-ref", f"refs/remotes/origin/{name}", commit)
    released.folder.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    status = paddledvc.remote_status(released.project, ["checkpoints"])
    assert status.holders == ("develop", "main", "origin/main", "v1.0.0")


@pytest.mark.slow
def test_the_current_branch_is_looked_at_too(released):
    released.folder.git("checkout", "--quiet", "feature/x")

    status = paddledvc.remote_status(released.project)
    assert status.holders == ("develop", "feature/x", "main", "v1.0.0")
    assert {one.inspected.remote for one in status.outputs} == {"prod", "dev"}


@pytest.mark.slow
def test_bad_objects_are_named(released, cli):
    released.spoil("prod", WEIGHTS, WEIGHTS[:9])
    released.spoil("prod", FILES["inference.json"], b"[]")
    code, out, err = cli("status", "--remote", "--exit-code", "--branch", "main")

    assert code == 1
    assert cells(out)[0] == ["a v1", A, "prod", "truncated", "main"]
    assert cells(out)[1] == [TITLE, EXPORT, "prod", "present", "main"]
    assert err == (
        f"a v1: {A} is truncated in prod: expected size:27, found size:9\n"
        "on a machine that has the correct files, run `paddledvc push --repair --rev main`\n"
    )


@pytest.mark.slow
def test_deep_reads_every_object(released, cli):
    released.spoil("prod", WEIGHTS, SPOILT)
    released.spoil("prod", FILES["inference.json"], b"[]")
    _, out, err = cli("status", "--remote", "--deep", "--branch", "main")

    assert [row[3] for row in cells(out)] == ["corrupt", "corrupt"]
    assert out.splitlines()[-1] == "0 of 2 intact, of 1 branch or tag"
    assert f"{MADE}/inference.json is corrupt in prod: expected md5:{md5(b'{}')}" in err


@pytest.mark.slow
def test_a_listing_that_is_missing_makes_the_folder_missing(released):
    [listing] = [oid for oid in released.holds("prod") if oid.endswith(".dir")]
    released.stored("prod", listing).unlink()

    [one] = paddledvc.remote_status(released.project, [EXPORT], branches=["main"]).outputs
    assert (one.inspected.state, len(one.inspected.problems)) == ("missing", 1)


@pytest.mark.slow
def test_a_remote_that_is_out_of_reach_is_named_once(released, cli):
    released.remotes(prod="http://127.0.0.1:9/store", dev="../../stores/prod")
    code, out, err = cli("status", "--remote", "--exit-code")

    assert code == 3
    assert {row[3] for row in cells(out)} == {"unreachable"}
    assert err == "prod is unreachable: connection refused\n"


@pytest.mark.slow
def test_a_branch_that_cannot_be_read_does_not_hide_the_others(released, cli):
    released.folder.git("checkout", "--quiet", "-b", "hotfix/1")
    released.folder.write("dvc.lock", "stages: [\n")
    released.folder.commit()
    released.folder.git("checkout", "--quiet", "main")
    code, out, err = cli("status", "--remote")

    assert code == 0
    assert len(cells(out)) == 3
    assert "cannot be read: hotfix/1: dvc.lock:" in err


@pytest.mark.slow
def test_a_branch_that_is_not_there(released):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.remote_status(released.project, branches=["release/9"])

    assert str(caught.value) == "there is no branch or tag 'release/9'"


@pytest.mark.slow
def test_an_object_that_many_need_is_asked_for_once(released, server, cli):
    released.remotes(prod=server.url)
    for oid in released.holds("prod"):
        server.put(f"/files/md5/{oid[:2]}/{oid[2:]}", released.stored("prod", oid).read_bytes())
    cli("status", "--remote", "--branch", "main", "--branch", "v1.0.0", A)

    assert server.requests == {f"/files/md5/{md5(WEIGHTS)[:2]}/{md5(WEIGHTS)[2:]}": 1}


@pytest.mark.slow
def test_json_of_remotes_tells_all_objects(released, cli):
    told = json.loads(cli("status", "--remote", "--format", "json").stdout)

    assert [(one["inspected"]["state"], one["holders"]) for one in told["outputs"]] == [
        ("present", ["main", "v1.0.0"]),
        ("missing", ["develop"]),
        ("present", ["develop", "main", "v1.0.0"]),
    ]


@pytest.mark.parametrize("links", ["copy", "hardlink", "symlink"])
def test_bytes_that_rot_unseen_in_the_cache_are_found_by_reading_them(stores, cli, links):
    stores.folder.write(".dvc/config", f"[cache]\n    type = {links}\n")
    stores.place()
    path, good = stores.cache.path(md5(WEIGHTS)), md5(WEIGHTS)
    is_shared = (stores.root / A).stat().st_ino == path.stat().st_ino
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(SPOILT)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    # As if the disk alone had changed them, and not even the inode told of it.
    stores.cache.known.settled(path.stat(), Digests(good, sha256(WEIGHTS).hexdigest()))

    assert cells(cli("status").stdout) == []
    code, out, _ = cli("status", "--deep", "--exit-code")
    [row] = cells(out)
    assert (code, row[2]) == (1, "changed" if is_shared else "damaged")
    if not is_shared:
        told = f"expected md5:{good}, found md5:{md5(SPOILT)}"
        assert row[3] == f"its object in the cache is damaged: {told}"
        assert row[4] == f"paddledvc pull --no-checkout {A}"


def test_each_file_is_read_once_and_told(stores):
    stores.place()
    told = []
    found = paddledvc.status(stores.project, deep=True, progress=lambda *one: told.append(one))
    total = sum(stores.cache.path(oid).stat().st_size for oid in stores.held())  # hard links

    assert found.clean
    assert told[-1] == ("weights", total, total)


def test_a_removal_that_was_cut_short_is_told(stores, cli):
    notes = stores.project.scratch() / "placed.json"
    half = {"exports/old": (None, None, None, {}, {"f": "0" * 32})}
    notes.write_text(json.dumps({"format": 1, "outputs": half}))
    code, _, err = cli("status", "--exit-code")

    told = "removing exports/old was interrupted; run `paddledvc pull`\n"
    assert (code, err) == (1, told + HOOKLESS)
    assert not paddledvc.status(stores.project).clean
