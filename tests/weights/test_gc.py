"""``gc`` in real git repositories with real caches and remotes; models.lock is written by hand."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.errors import Finding, InvalidFile, InvalidInput, OutsideFailure
from paddledvc.project import Project
from paddledvc.tools.dvc.core.objects import folder_object_name, read_object_listing
from paddledvc.weights.garbage import collect as plans
from paddledvc.weights.garbage import stores
from paddledvc.weights.garbage.collect import GcScope
from paddledvc.weights.gc import gc
from tests.conftest import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran
    from tests.s3 import Bucket

pytestmark = pytest.mark.slow
DAY = 86400
REMOTE = GcScope(cache=False, unshared=True, remotes=("shared",), grace=0)


@pytest.fixture(autouse=True)
def nobody_pushes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what has just come be garbage, so that no test waits for an hour."""
    monkeypatch.setattr(plans, "LEAST_GRACE", 0)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


class Objects:
    """A folder of objects, as DVC lays them out in caches and remotes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, oid: str) -> Path:
        return self.root / "files" / "md5" / oid[:2] / oid[2:]

    def put(self, oid: str, data: bytes) -> None:
        self.path(oid).parent.mkdir(parents=True, exist_ok=True)
        self.path(oid).write_bytes(data)

    def every(self) -> set[str]:
        files = (self.root / "files" / "md5").glob("??/*")
        return {file.parent.name + file.name for file in files}


class Clone(Folder):
    """A clone of a project with one model, ``net``."""

    @property
    def project(self) -> Project:
        return Project(self.root)

    @property
    def cache(self) -> Objects:
        return Objects(self.root / ".dvc" / "cache")

    @property
    def remote(self) -> Objects:
        return Objects(self.root.parent / "shared")

    def train(self, version: str) -> str:
        """Make weights of a version, in the work tree, the cache and the remote."""
        data = f"weights {version}".encode()
        self.write("models.lock", lock_of(version, data))
        for place in (self.cache, self.remote):
            place.put(md5(data), data)
        return md5(data)

    def release(self, version: str) -> str:
        """Train a version, and commit it."""
        oid = self.train(version)
        self.commit(version)
        return oid

    def export(self, *names: str, store: bool = True) -> tuple[str, list[str]]:
        """Make a folder of files that DVC tracks."""
        files = {name: f"bytes of {name}".encode() for name in names}
        entries = [{"md5": md5(data), "relpath": name} for name, data in files.items()]
        listing = json.dumps(entries, sort_keys=True).encode()
        oid = f"{md5(listing)}.dir"
        self.write("exports.dvc", f"outs:\n- md5: {oid}\n  hash: md5\n  path: exports\n")
        for place in (self.cache, self.remote):
            for data in files.values():
                place.put(md5(data), data)
            if store:
                place.put(oid, listing)
        return oid, [md5(data) for data in files.values()]


def lock_of(version: str, data: bytes) -> str:
    return (
        'version: 1\nmodels:\n  - name: "net"\n'
        f'    version: "{version}"\n    urls:\n      - "https://zoo/{version}"\n'
        f'    md5: "{md5(data)}"\n    size: {len(data)}\n'
        f'    path: "checkpoints/net_{version}.pdparams"\n'
    )


@pytest.fixture
def team(tmp_path: Path, isolated: None) -> Clone:
    """The clone of a developer, on main at v1, with a git remote and a DVC remote."""
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "hub.git"], check=True)
    (tmp_path / "mine").mkdir()
    clone = Clone(tmp_path / "mine")
    clone.git("init", "-q")
    clone.write("models.yaml", "models: []\n")
    clone.write(".gitignore", "/checkpoints/\n/exports/\n")
    clone.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    clone.write(".dvc/config", "['remote \"shared\"']\n    url = ../../shared\n")
    clone.release("v1")
    clone.git("remote", "add", "origin", "../hub.git")
    clone.git("push", "-q", "-u", "origin", "main")
    return clone


def join(team: Clone, *options: str, name: str = "theirs") -> Clone:
    """Make the clone of another developer."""
    hub = f"file://{team.root.parent}/hub.git"
    team.git("clone", "-q", *options, hub, str(team.root.parent / name))
    return Clone(team.root.parent / name)


def gone(clone: Clone, scope: GcScope = REMOTE) -> set[str]:
    """Collect garbage, and tell which objects of the remote are gone."""
    before = clone.remote.every()
    gc(clone.project, scope, force=True)
    return before - clone.remote.every()


def test_what_no_commit_ever_named_stays_in_a_remote_for_it_may_be_anothers(
    team: Clone, cli: Callable[..., Ran]
) -> None:
    old = team.release("old")
    team.release("new")
    foreign = b"of another repository"
    team.remote.put(md5(foreign), foreign)
    mine = GcScope(cache=False, remotes=("shared",), grace=0, days=0)
    ours = replace(mine, unshared=True)

    assert gone(team, mine) == {old}
    out = cli("-C", str(team.root), "gc", "-r", "shared", "--grace", "0").stdout.splitlines()
    assert out[-1] == (
        "Skipped 1 object in the remote shared that no commit of this repository references; it "
        "may belong to another repository. If none does, pass --unshared to remove it too"
    )
    assert gone(team, ours) == {md5(foreign)}


def long_ago(clone: Clone, days: int = 90) -> None:
    """Let the next commits have been made then."""
    date = f"{int(time.time()) - days * DAY} +0000"
    os.environ["GIT_AUTHOR_DATE"] = os.environ["GIT_COMMITTER_DATE"] = date


@pytest.fixture(autouse=True)
def dates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", "")
    monkeypatch.delenv("GIT_AUTHOR_DATE")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "")
    monkeypatch.delenv("GIT_COMMITTER_DATE")


def orphan(clone: Clone, name: str = "old") -> str:
    """Put an object that nothing needs into cache and remote."""
    data = f"orphan {name}".encode()
    for place in (clone.cache, clone.remote):
        place.put(md5(data), data)
    return md5(data)


def test_a_dry_run_removes_nothing_and_names_what_would_go(team: Clone) -> None:
    old = orphan(team)

    found = gc(team.project, GcScope(grace=0))

    assert [(place.name, [one.oid for one in place.garbage]) for place in found.places] == [
        ("cache", [old])
    ]
    assert found.removed is False
    assert old in team.cache.every()


def test_what_nothing_needs_is_removed_from_the_cache_and_nowhere_else(team: Clone) -> None:
    old = orphan(team)

    assert gc(team.project, GcScope(grace=0), force=True).removed is True

    assert old not in team.cache.every()
    assert old in team.remote.every()
    assert gone(team) == {old}


def test_weights_of_a_branch_that_a_fresh_clone_has_never_checked_out_stay(team: Clone) -> None:
    team.git("switch", "-q", "-c", "develop")
    team.release("v2")
    team.git("push", "-q", "origin", "develop")
    old = orphan(team)

    assert gone(join(team, "--branch", "main")) == {old}


def test_a_branch_that_a_single_branch_clone_does_not_know_is_fetched(team: Clone) -> None:
    theirs = join(team, "--single-branch", "--branch", "main")
    team.git("switch", "-q", "-c", "develop")
    team.release("v2")
    team.git("push", "-q", "origin", "develop")

    assert gone(theirs) == set()
    assert "origin/develop" in theirs.git("branch", "--remotes")


def test_a_tag_that_only_the_other_repository_has_is_kept(team: Clone) -> None:
    theirs = join(team)
    team.git("switch", "-q", "--detach")
    team.release("v0-beta")
    team.git("tag", "-a", "beta", "-m", "beta")
    team.git("push", "-q", "origin", "beta")

    assert gone(theirs) == set()


def test_a_tag_that_was_moved_there_is_kept_as_it_is_here_and_as_it_is_there(team: Clone) -> None:
    long_ago(team)
    team.git("tag", "nightly")
    team.git("push", "-q", "origin", "nightly")
    theirs = join(team)
    team.git("switch", "-q", "--detach")
    second = team.release("v2")
    team.git("tag", "--force", "nightly")
    team.git("push", "-q", "--force", "origin", "nightly")

    assert (
        gone(theirs, GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=0))
        == set()
    )
    assert second in theirs.remote.every()


def test_a_stale_branch_in_the_way_of_a_new_one_hides_nothing(team: Clone) -> None:
    team.git("push", "-q", "origin", "main:feature")
    theirs = join(team)
    team.git("push", "-q", "origin", "--delete", "feature")
    team.git("switch", "-q", "-c", "feature/new")
    team.release("v2")
    team.git("push", "-q", "origin", "feature/new")

    assert gone(theirs) == set()


def test_a_git_remote_that_cannot_be_reached_stops_everything(team: Clone) -> None:
    orphan(team)
    team.git("remote", "add", "upstream", "../nowhere.git")

    with pytest.raises(OutsideFailure) as caught:
        gc(team.project, REMOTE, force=True)

    assert str(caught.value) == (
        "the git remote upstream (../nowhere.git) cannot be reached: there is no git repository"
    )


def test_a_shallow_clone_is_refused(team: Clone) -> None:
    team.release("v2")
    team.git("push", "-q", "origin", "main")
    theirs = join(team, "--depth", "1")

    with pytest.raises(InvalidInput) as caught:
        gc(theirs.project, REMOTE, force=True)

    assert str(caught.value) == (
        "this clone is shallow, so it does not know its history; run `git fetch --unshallow`"
    )
    theirs.git("fetch", "-q", "--unshallow")
    gc(theirs.project, REMOTE, force=True)


def test_a_partial_clone_is_refused_with_the_command_that_completes_it(team: Clone) -> None:
    team.git("-C", "../hub.git", "config", "uploadpack.allowFilter", "true")
    theirs = join(team, "--filter=blob:none")

    with pytest.raises(InvalidInput) as caught:
        gc(theirs.project, REMOTE, force=True)

    assert str(caught.value) == (
        "this clone is partial, so it lacks files of its history; run `git config --unset "
        "remote.origin.partialclonefilter && git fetch --refetch origin`"
    )
    subprocess.run(str(caught.value).split("`")[1], shell=True, cwd=theirs.root, check=True)
    gc(theirs.project, REMOTE, force=True)


def test_what_another_work_tree_has_checked_out_or_changed_is_kept(team: Clone) -> None:
    long_ago(team)
    detached = team.release("v2")
    team.git("worktree", "add", "-q", "--detach", "../other")
    team.git("reset", "-q", "--hard", "HEAD~1")
    other = Clone(team.root.parent / "other")
    data = b"not committed yet"
    other.write("new/thing.dvc", f"outs:\n- md5: {md5(data)}\n  path: thing\n")
    team.remote.put(md5(data), data)
    none = GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=0)

    assert gone(team, none) == set()
    other.git("switch", "-q", "--detach", "main")
    (other.root / "new/thing.dvc").unlink()
    team.git("reflog", "expire", "--expire=now", "--all")
    assert gone(team, none) == {detached, md5(data)}


def test_what_is_only_in_the_index_is_kept(team: Clone) -> None:
    staged = team.train("v2")
    team.git("add", "models.lock")
    team.git("restore", "--worktree", "--source=HEAD", "models.lock")

    assert staged not in gone(team)


def test_what_a_detached_head_has_is_kept_whatever_lies_over_it(team: Clone) -> None:
    long_ago(team)
    team.git("switch", "-q", "--detach")
    detached = team.release("v2")
    team.train("v3")
    team.git("add", "models.lock")
    team.git("reflog", "expire", "--expire=now", "--all")

    none = GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=0)
    assert detached not in gone(team, none)


def test_every_stash_is_kept_with_what_git_did_not_know(team: Clone) -> None:
    long_ago(team)
    team.train("v2")
    team.git("stash")
    data = b"new"
    team.write("new.dvc", f"outs:\n- md5: {md5(data)}\n  path: new\n")
    team.remote.put(md5(data), data)
    team.git("stash", "--include-untracked")
    none = GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=0)

    assert gone(team, none) == set()
    team.git("stash", "clear")
    assert len(gone(team, none)) == 2


def test_what_a_stopped_rebase_put_aside_is_kept(team: Clone) -> None:
    team.write("notes.txt", "one")
    team.commit("one")
    team.git("switch", "-q", "-c", "other", "HEAD~1")
    team.write("notes.txt", "two")
    team.commit("two")
    aside = team.train("v2")
    rebase = ["git", "rebase", "--autostash", "main"]
    done = subprocess.run(rebase, cwd=team.root, check=False, capture_output=True)
    assert done.returncode == 1
    assert "v1" in team.read("models.lock")

    assert aside not in gone(
        team, GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=0)
    )


def test_commits_of_the_last_days_are_kept_and_what_they_were_made_on(team: Clone) -> None:
    long_ago(team, days=90)
    ancient = team.release("v2")
    long_ago(team, days=60)
    before = team.release("v3")
    long_ago(team, days=10)
    team.release("v4")
    team.release("v5")
    team.git("push", "-q", "origin", "main")
    theirs = join(team)

    assert (
        gone(theirs, GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=5))
        != set()
    )
    assert before not in theirs.remote.every()
    team.remote.put(before, b"weights v3")
    assert (
        gone(theirs, GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=30))
        == set()
    )
    assert ancient not in theirs.remote.every()


def test_a_commit_that_was_reset_away_lately_is_kept_however_old_it_is(team: Clone) -> None:
    long_ago(team)
    lost = team.release("v2")
    del os.environ["GIT_COMMITTER_DATE"]
    team.git("reset", "-q", "--hard", "HEAD~1")

    assert lost not in gone(team)


def test_an_interrupted_merge_is_refused_until_it_is_resolved(team: Clone) -> None:
    team.git("switch", "-q", "-c", "other")
    team.release("v2")
    team.git("switch", "-q", "main")
    team.release("v3")
    subprocess.run(["git", "merge", "other"], cwd=team.root, check=False, capture_output=True)

    with pytest.raises(InvalidFile) as caught:
        gc(team.project, REMOTE, force=True)

    assert str(caught.value).startswith("models.lock:4:1: found a merge conflict")
    team.git("merge", "--abort")
    assert gone(team) == set()


def test_a_branch_whose_files_cannot_be_read_must_be_named(team: Clone) -> None:
    team.git("switch", "-q", "-c", "broken")
    oid = team.train("v2")
    team.write("models.lock", f"{team.read('models.lock')}<<<<<<< HEAD\n")
    team.commit("a conflict")
    team.git("switch", "-q", "main")

    with pytest.raises(InvalidInput) as caught:
        gc(team.project, REMOTE, force=True)

    assert str(caught.value) == (
        "models.lock of broken cannot be read, so the weights that it needs are unknown; fix it "
        "there, delete broken, or continue with `--ignore-ref broken`"
    )
    ignoring = GcScope(
        cache=False, unshared=True, remotes=("shared",), grace=0, ignored_refs=("broken",)
    )
    assert oid not in gone(team, ignoring)  # what can be found in it is kept nevertheless


def test_a_file_that_was_broken_in_between_is_no_obstacle(team: Clone) -> None:
    good = team.read("models.lock")
    team.write("models.lock", "<<<<<<< HEAD\n")
    team.commit("broken")
    team.write("models.lock", good)
    team.commit("mended")

    assert gone(team) == set()


def test_a_misspelt_branch_to_ignore_is_refused(team: Clone) -> None:
    with pytest.raises(InvalidInput, match="there is no branch or tag 'mian'; did you mean 'main'"):
        gc(team.project, GcScope(ignored_refs=("mian",)))


def test_the_files_of_a_kept_folder_stay_and_those_of_another_go(team: Clone) -> None:
    long_ago(team)
    team.export("a", "b")
    team.commit("an export")
    first, files = team.export("a", "c")
    team.commit("another one")
    team.git("reset", "-q", "--hard", "HEAD~1")
    none = GcScope(cache=False, unshared=True, remotes=("shared",), grace=0, days=0)
    team.git("reflog", "expire", "--expire=now", "--all")

    assert gone(team, none) == {first, files[1]}


def test_the_listing_of_a_kept_folder_is_read_from_the_remote(team: Clone) -> None:
    listing, _ = team.export("a", "b")
    team.commit("an export")
    team.cache.path(listing).unlink()

    assert gone(team) == set()


def test_one_url_at_two_endpoints_is_two_places(team: Clone) -> None:
    one = "['remote \"{}\"']\n    url = s3://models\n"
    two = f"{one}    endpointurl = http://localhost:9000\n"
    team.write(".dvc/config", one.format("aws") + one.format("again") + two.format("minio"))

    assert [place.name for place in stores.open_stores(team.root)] == ["cache", "again", "minio"]
    assert len({place.key for place in stores.open_stores(team.root)}) == 3


def test_weights_that_are_pinned_by_their_sha256_only_are_needed(team: Clone) -> None:
    data = b"from a hub"
    pin = hashlib.sha256(data).hexdigest()
    team.cache.put(md5(data), data)
    team.write("models.lock", f'{team.read("models.lock")}# "{pin}"\n')
    team.write(".paddledvc/tmp/learned.json", json.dumps({pin: md5(data)}))
    gc(team.project, GcScope(grace=0), force=True)
    assert md5(data) in team.cache.every()

    team.write(".paddledvc/tmp/learned.json", json.dumps({"0" * 64: md5(data)}))
    gc(team.project, GcScope(grace=0), force=True)
    assert md5(data) not in team.cache.every()


def test_a_listing_is_looked_for_at_every_endpoint_of_a_url(
    team: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    oid, _ = team.export("a", "b")
    team.commit("an export")
    listing = read_object_listing(team.cache.path(oid).read_bytes())
    team.cache.path(oid).unlink()
    one = "['remote \"{}\"']\n    url = s3://models\n    endpointurl = http://{}\n"
    team.write(".dvc/config", one.format("a", "a") + one.format("b", "b") + one.format("c", "c"))
    asked = []

    def answer(place: stores.RemotePlace, _oid: str) -> object:
        asked.append(place.name)
        return listing if place.name == "b" else None

    monkeypatch.setattr(stores.RemotePlace, "listing", answer)
    gc(team.project, GcScope(grace=0), force=True)

    assert asked == ["a", "b"]
    assert team.cache.every() >= {file.md5 for file in listing}


def test_a_kept_folder_whose_listing_is_damaged_stops_everything(team: Clone) -> None:
    listing, _ = team.export("a", "b")
    team.commit("an export")
    for place in (team.cache, team.remote):
        place.path(listing).write_bytes(b"[]")
    orphan(team)

    with pytest.raises(OutsideFailure) as caught:
        gc(team.project, REMOTE, force=True)

    assert str(caught.value) == (
        "nothing was removed, because the files of these folders could not be listed:\n"
        f"  exports ({listing}): {team.cache.path(listing)} is not what its name says; "
        "what the remote shared has of it is not what its name says"
    )


def test_a_kept_folder_whose_listing_is_lost_must_be_named(team: Clone) -> None:
    listing, files = team.export("a", "b", store=False)
    team.commit("an export")

    with pytest.raises(InvalidInput) as caught:
        gc(team.project, REMOTE, force=True)

    assert str(caught.value) == (
        "nothing was removed, because the listing of 1 needed folder is neither in the cache nor "
        f"in the remotes shared:\n  exports ({listing})\n"
        "push it where it was made with `paddledvc push`; if it is lost for good, add "
        f"`--ignore-folder {listing}`"
    )
    named = GcScope(
        cache=False, unshared=True, remotes=("shared",), grace=0, ignored_folders=(listing,)
    )
    assert gone(team, named) == set(files)


def test_a_folder_that_git_keeps_needs_no_listing(team: Clone) -> None:
    weights = orphan(team, "old")
    for plot in ("one", "two"):
        files = {"loss.tsv": f"step\tloss\n0\t{plot}\n", "sub/ä.tsv": plot}
        for name, text in files.items():
            team.write(f"reports/net/plots/{name}", text)
        oid = folder_object_name({name: md5(text.encode()) for name, text in files.items()})
        out = f"    - path: reports/net/plots\n      hash: md5\n      md5: {oid}\n"
        team.write(
            "dvc.lock", f"schema: '2.0'\nstages:\n  train-net:\n    cmd: x\n    outs:\n{out}"
        )
        team.commit(plot)
        team.git("branch", plot)

    assert gc(team.project, REMOTE).lost == ()
    assert gone(team, REMOTE) == {weights}

    team.git("rm", "-q", "-r", "--cached", "reports")
    team.git("commit", "-q", "--amend", "-m", "without its plots")
    team.git("branch", "-f", "two")
    team.git("reflog", "expire", "--expire=now", "--all")
    with pytest.raises(InvalidInput, match=f"reports/net/plots \\({oid}\\)"):
        gc(team.project, REMOTE)


def test_a_lost_folder_of_a_recent_commit_is_told_and_no_obstacle(team: Clone) -> None:
    listing, _ = team.export("a", store=False)
    team.commit("an export")
    (team.root / "exports.dvc").unlink()
    team.commit("no more")

    assert gc(team.project, REMOTE).lost == (listing,)


def test_what_came_only_now_is_kept_for_its_commit_may_be_coming(team: Clone) -> None:
    new, old = orphan(team, "new"), orphan(team, "old")
    for place in (team.cache, team.remote):
        os.utime(place.path(old), (1, 1))  # only the last change of the inode tells

    assert gone(team, GcScope(cache=False, unshared=True, remotes=("shared",))) == set()
    found = gc(team.project, GcScope()).places[0]
    assert (found.young, found.needed, found.garbage) == (2, 1, ())
    assert {new, old} <= team.cache.every()


def test_a_push_between_the_look_and_the_removal_stops_it(team: Clone) -> None:
    old = orphan(team)
    theirs = join(team)
    plan = plans.plan_garbage(team.project, REMOTE)
    theirs.write("models.lock", lock_of("v9", b"orphan old"))
    theirs.commit("use what lay there")
    theirs.git("push", "-q", "origin", "main")

    with pytest.raises(Finding) as caught:
        plan.remove()

    assert str(caught.value) == (
        f"branches, tags or files of {team.root} changed while gc read them, so nothing "
        "was removed; run `paddledvc gc` again"
    )
    assert old in team.remote.every()


def test_a_change_of_the_work_tree_in_between_stops_it_too(team: Clone) -> None:
    orphan(team)
    plan = plans.plan_garbage(team.project, REMOTE)
    team.train("v2")

    with pytest.raises(Finding):
        plan.remove()


def test_dvc_at_work_stops_it(team: Clone) -> None:
    orphan(team)
    running = {"pid": os.getpid(), "cmd": f"{sys.executable} -m pytest"}
    users = {"write": {str(team.root / "checkpoints/x"): running}, "read": {}}
    team.write(".dvc/tmp/rwlock", json.dumps(users))

    with pytest.raises(OutsideFailure, match="nothing was removed, because DVC is running on"):
        gc(team.project, REMOTE, force=True)


def test_listings_go_before_their_files(team: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    listing, files = team.export("a", "b")
    (team.root / "exports.dvc").unlink()
    removed = []
    monkeypatch.setattr(
        "paddledvc.tools.dvc.cache.Cache.remove", lambda _, oid: removed.append(oid)
    )

    gc(team.project, GcScope(grace=0, days=0), force=True)

    assert removed[0] == listing
    assert sorted(removed[1:]) == sorted(files)


def test_objects_that_cannot_be_removed_are_counted(team: Clone) -> None:
    listing, files = team.export("a", "b")
    (team.root / "exports.dvc").unlink()
    stuck = team.remote.path(listing)
    stuck.unlink()
    stuck.mkdir()
    (stuck / "x").touch()
    kept = team.cache.path(files[0])
    kept.unlink()
    kept.mkdir()

    with pytest.raises(OutsideFailure) as caught:
        gc(team.project, GcScope(grace=0), force=True)

    assert str(caught.value).startswith(
        "1 objects could not be removed from cache, 2 were; run `paddledvc gc` again: cannot write"
    )


def test_other_projects_of_the_same_repository_are_kept(team: Clone) -> None:
    data = b"of a neighbour"
    team.write("tools/b/models.lock", lock_of("v1", data))
    team.remote.put(md5(data), data)
    team.commit("two projects")

    assert gone(team) == set()


def test_another_repository_that_shares_the_remote_is_asked_too(team: Clone) -> None:
    other = team.root.parent / "elsewhere"
    other.mkdir()
    clone = Clone(other)
    clone.git("init", "-q")
    clone.write("models.yaml", "models: []\n")
    shared = clone.release("v7")

    assert gone(team, GcScope(cache=False, remotes=("shared",), grace=0, also=(other,))) == set()
    assert gone(team) == {shared}


def test_a_cache_outside_of_the_repository_may_be_shared(team: Clone) -> None:
    team.write(".dvc/config.local", "[cache]\n    dir = ../../common\n")
    common = Objects(team.root.parent / "common")
    common.put(md5(b"x"), b"x")

    with pytest.raises(InvalidInput) as caught:
        gc(team.project, GcScope(grace=0), force=True)

    assert str(caught.value) == (
        f"the cache {common.root} is outside this repository, so other projects may use it; "
        "name a clone of each with `--also DIR`, or state that there is none with `--unshared`"
    )
    gc(team.project, GcScope(grace=0, unshared=True), force=True)
    assert common.every() == set()


def test_a_remote_of_a_repository_that_nobody_can_clone_may_be_shared(team: Clone) -> None:
    team.git("remote", "remove", "origin")

    with pytest.raises(InvalidInput) as caught:
        gc(team.project, replace(REMOTE, unshared=False))

    assert str(caught.value) == (
        "this repository has no git remote, so it cannot find out who else uses the DVC remote "
        f"shared ({team.remote.root}); name a clone of each such project with `--also DIR`, or "
        f"state that there is none with `--unshared`"
    )


def test_an_object_that_a_link_in_the_work_tree_points_to_is_kept(team: Clone) -> None:
    team.write(".dvc/config.local", "[cache]\n    type = symlink\n")
    old = orphan(team)
    (team.root / "checkpoints").mkdir()
    (team.root / "checkpoints" / "mine").symlink_to(team.cache.path(old))

    gc(team.project, GcScope(grace=0), force=True)

    assert old in team.cache.every()


def test_the_run_cache_and_objects_of_older_dvcs_are_left_alone(team: Clone) -> None:
    run = team.cache.root / "runs" / "ab" / "abcd" / "ef"
    legacy = team.cache.root / "ab" / ("c" * 30)
    for path in (run, legacy):
        path.parent.mkdir(parents=True)
        path.touch()

    gc(team.project, GcScope(grace=0), force=True)

    assert run.exists()
    assert legacy.exists()


def test_garbage_is_named_by_the_history(team: Clone) -> None:
    long_ago(team)
    team.release("v2")
    team.export("a", "b")
    team.commit("an export")
    (team.root / "exports.dvc").unlink()
    team.release("v3")
    unknown = orphan(team)

    found = gc(team.project, GcScope(grace=0, days=0)).places[0].garbage

    told = {(one.model, one.version, one.path, one.folder) for one in found}
    assert told == {
        ("net", "v2", "checkpoints/net_v2.pdparams", None),
        (None, None, "exports", "exports"),
        (None, None, "exports/a", "exports"),
        (None, None, "exports/b", "exports"),
        (None, None, None, None),
    }
    assert [one.oid for one in found if one.path is None] == [unknown]


def test_objects_of_s3_are_told_from_those_that_came_only_now(team: Clone, bucket: Bucket) -> None:
    team.write(
        ".dvc/config",
        f"['remote \"shared\"']\n    url = s3://{bucket.name}/store\n"
        f"    endpointurl = {bucket.endpoint}\n",
    )
    team.commit("a bucket")
    team.git("push", "-q", "origin", "main")
    store = Objects(bucket._root / "store")
    shutil.copytree(team.remote.root, store.root)
    old, new = (md5(name.encode()) for name in ("old", "new"))
    store.put(old, b"old")
    store.put(new, b"new")
    os.utime(store.path(old), (1, 1))

    found = gc(team.project, GcScope(cache=False, unshared=True, remotes=("shared",)), force=True)

    assert [one.oid for one in found.places[0].garbage] == [old]
    assert found.places[0].young == 1
    assert store.every() == {new, md5(b"weights v1")}


def test_offline_is_refused(team: Clone) -> None:
    with pytest.raises(InvalidInput) as caught:
        gc(team.project, offline="PADDLEDVC_OFFLINE=1")

    assert str(caught.value) == (
        "gc must ask the git remotes what they need; PADDLEDVC_OFFLINE=1 forbids that"
    )


def test_an_unknown_remote_is_refused(team: Clone) -> None:
    with pytest.raises(InvalidInput, match="there is no DVC remote 'share'; did you mean 'shared'"):
        gc(team.project, GcScope(remotes=("share",)))


def test_five_hundred_branches_are_read_at_once(team: Clone) -> None:
    for number in range(20):
        team.release(f"v{number + 2}")
    commits = team.git("rev-list", "HEAD").split()
    lines = [f"create refs/heads/b{n} {commits[n % len(commits)]}\n" for n in range(500)]
    subprocess.run(
        ["git", "update-ref", "--stdin"], cwd=team.root, input="".join(lines), text=True, check=True
    )

    kept = {one.holder: one for one in gc(team.project, REMOTE).kept}

    assert (kept["branches"].count, kept["branches"].objects) == (501, 21)


def test_people_see_models_and_folders_and_what_is_kept(
    team: Clone, cli: Callable[..., Ran]
) -> None:
    long_ago(team)
    team.release("v2")
    team.export("a", "b")
    team.commit("an export")
    (team.root / "exports.dvc").unlink()
    team.release("v3")
    lost, _ = team.export("c", store=False)
    del os.environ["GIT_COMMITTER_DATE"]
    team.commit("another export")
    (team.root / "exports.dvc").unlink()
    team.commit("no export")
    orphan(team)

    done = cli("-C", str(team.root), "gc", "--grace", "0", "--days", "1")

    assert done.exit_code == 0
    assert done.stderr == f"Lost: {lost}, a folder of recent commits, is in no cache or remote\n"
    first, second, *rows, last = done.stdout.splitlines()
    assert first == (
        "Keeping objects referenced by: 1 work tree, 1 branch, 1 branch of git remotes, 4 recent "
        "commits"
    )
    assert second == (
        f"Unneeded in the cache ({team.cache.root}): 6 objects, 172 B; 2 objects needed"
    )
    assert sorted(tuple(re.split("  +", row)) for row in rows[1:]) == [
        ("-", md5(b"bytes of c"), "10 B"),
        ("-", md5(b"orphan old"), "10 B"),
        ("-", "exports (2 files)", "142 B"),
        ("net v2", "checkpoints/net_v2.pdparams", "10 B"),
    ]
    assert last == "Nothing was removed; add --force to remove these objects"


def test_programs_see_json(team: Clone, cli: Callable[..., Ran]) -> None:
    old = orphan(team)

    done = cli("-C", str(team.root), "gc", "--grace", "0", "--force", "--format", "json")

    told = json.loads(done.stdout)
    assert told["removed"] is True
    assert [one["oid"] for one in told["places"][0]["garbage"]] == [old]


def test_the_library_has_it() -> None:
    assert paddledvc.gc is gc


@pytest.mark.parametrize("where", [("-r", "shared"), ("--all-remotes",)])
def test_a_push_that_is_under_way_gets_an_hour(
    team: Clone, cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, where: tuple[str, ...]
) -> None:
    monkeypatch.setattr(plans, "LEAST_GRACE", 1 / 24)
    done = cli("-C", str(team.root), "gc", *where, "--grace", "0.04")

    assert (done.exit_code, done.stderr) == (
        2,
        (
            "Error: a grace of 0.96 hours could remove what a push has just sent; remotes "
            "need at least an hour: --grace 0.05\n"
        ),
    )
    assert cli("-C", str(team.root), "gc", *where, "--grace", "0.05").exit_code == 0
