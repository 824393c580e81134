"""What git's hooks call after a switch: real git, a cache, and remotes that are folders."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from paddledvc import Project
from paddledvc.weights.checkout import checkout
from paddledvc.weights.tree import records
from tests.conftest import Folder
from tests.outputs_repo import Outputs, md5

if TYPE_CHECKING:
    from pathlib import Path

ONE = {"checkpoints/a_v1.bin": b"a one", "checkpoints/b_v1.bin": b"b one"}
TWO = {"checkpoints/a_v2.bin": b"a two!", "checkpoints/b_v1.bin": b"b one"}
MODELS = [{path: "{}==v{}".format(*(path[12], path[15])) for path in one} for one in (ONE, TWO)]
REMOTE = "['remote \"dev\"']\n    url = ../../store\n    verify = true\n"


@pytest.fixture
def team(outputs: Outputs) -> Outputs:
    """A repository with the branches main and next, on main, without weights on the disk."""
    outputs.configure("hardlink", REMOTE)
    for branch, files, models in (("main", ONE, MODELS[0]), ("next", TWO, MODELS[1])):
        outputs.folder.git("checkout", "--quiet", "-B", branch)
        outputs.declare(files, models)
        outputs.folder.commit(branch)
    outputs.folder.git("checkout", "--quiet", "main")
    return outputs


def switch(team: Outputs, to: str) -> tuple[str, ...]:
    """Switch as git does, and then do what its hook does; return what that says."""
    before = team.folder.git("rev-parse", "HEAD").strip()
    team.folder.git("checkout", "--quiet", to)
    return checkout(team.project, before=before, patience=0.2).lines


def marked(team: Outputs) -> str | None:
    commit = records.marked_commit(records.marker_path(team.root))
    return commit and team.folder.git("name-rev", "--name-only", commit).strip()


def share(team: Outputs) -> Path:
    """Move the cache's objects into the remote."""
    store = team.root.parent / "store"
    shutil.copytree(team.root / ".dvc/cache/files", store / "files")
    shutil.rmtree(team.root / ".dvc/cache")
    return store


@pytest.mark.slow
def test_a_switch_brings_the_weights_and_says_so_in_a_line(team):
    checkout(team.project)

    assert switch(team, "next") == ("weights: a v1 → v2 (6 B, cache), 1 unchanged",)
    assert team.files() == TWO
    assert switch(team, "main") == ("weights: a v2 → v1 (5 B, cache), 1 unchanged",)
    assert team.files() == ONE


def test_nothing_is_said_where_nothing_changed(team):
    checkout(team.project)

    assert checkout(team.project).lines == ()


@pytest.mark.slow
def test_the_marker_names_the_commit_and_the_folders_of_its_weights(team):
    team.declare({**ONE, "exports/a": {"f": b"1", "g/h": b"2"}, "root.bin": b"3"}, MODELS[0])
    commit = team.folder.commit()
    checkout(team.project)

    text = (team.root / ".git/paddledvc/root").read_text()
    assert text == f"{commit}\n.\ncheckpoints\nexports/a\nexports/a/g\n"


@pytest.mark.slow
def test_in_the_middle_of_a_merge_with_conflicts_nothing_is_touched(team):
    checkout(team.project)
    team.folder.git("checkout", "--quiet", "-b", "other", "main")
    team.declare({**ONE, "checkpoints/a_v1.bin": b"a three"}, MODELS[0])
    team.folder.commit()
    subprocess.run(["git", "merge", "next"], cwd=team.root, check=False, capture_output=True)

    done = checkout(team.project, before="main")

    assert done.lines == (
        (
            "weights: not touched: dvc.lock has merge conflicts; resolve them, "
            "then run `paddledvc pull`"
        ),
    )
    assert not done.complete
    assert team.files() == ONE


def test_conflict_markers_that_somebody_committed_are_told_too(team):
    lock = team.folder.read("models.lock")
    team.folder.write("models.lock", f"<<<<<<< HEAD\n{lock}=======\n>>>>>>> next\n")
    team.folder.commit()

    assert checkout(team.project).lines == (
        (
            "weights: not touched: models.lock has merge conflicts; resolve them, "
            "then run `paddledvc pull`"
        ),
    )


def test_a_file_that_cannot_be_read_is_named(team):
    team.folder.write("models.lock", "version: 1\nmodels: [{}]\n")

    (line,) = checkout(team.project).lines
    assert line.startswith("weights: not touched: models.lock:2:10: models[0]: 'name' is missing")
    assert line.endswith("; fix this, then run `paddledvc pull`")


@pytest.mark.slow
def test_what_the_cache_lacks_comes_from_a_remote(team):
    share(team)

    assert checkout(team.project).lines == ("weights: a v1 (5 B, dev), b v1 (5 B, dev)",)
    assert team.files() == ONE
    assert marked(team) == "main"
    assert switch(team, "next") == ("weights: a v1 → v2 (6 B, dev), 1 unchanged",)


@pytest.mark.slow
def test_what_nobody_has_leaves_the_old_weights_and_no_marker(team):
    checkout(team.project)
    team.cache.remove(md5(b"a two!"))
    lines = switch(team, "next")

    assert lines == ("weights: no a v2 (v1 stays): it is missing in dev; run `paddledvc pull`",)
    assert team.files() == ONE
    assert marked(team) is None


@pytest.mark.slow
def test_the_way_back_from_a_switch_that_failed_is_free(team):
    checkout(team.project)
    team.cache.remove(md5(b"a two!"))
    switch(team, "next")

    assert switch(team, "main") == ()
    assert (team.files(), marked(team)) == (ONE, "main")


@pytest.mark.slow
def test_after_a_switch_that_failed_the_next_one_knows_what_lies_there(team):
    checkout(team.project)
    team.folder.git("checkout", "--quiet", "-b", "third", "next")
    team.declare({"checkpoints/b_v1.bin": b"b three"}, {"checkpoints/b_v1.bin": "b==v1"})
    team.folder.commit()
    team.folder.git("checkout", "--quiet", "main")
    team.cache.remove(md5(b"a two!"))
    switch(team, "next")

    switch(team, "third")
    assert team.files() == {"checkpoints/b_v1.bin": b"b three"}


def test_without_a_network_the_line_says_what_forbids_it(team):
    team.cache.remove(md5(b"a one"))
    done = checkout(team.project, offline="PADDLEDVC_OFFLINE is set")

    assert not done.complete
    assert done.lines[-1].startswith("weights: no a v1: it ")


@pytest.mark.slow
def test_somebodys_change_is_kept_and_the_marker_is_written(team):
    checkout(team.project)
    team.edit("checkpoints/b_v1.bin", b"own")
    team.folder.git("checkout", "--quiet", "next")
    done = checkout(team.project, before="main")

    assert done.lines == (
        "weights: a v1 → v2 (6 B, cache)",
        (
            "weights: kept checkpoints/b_v1.bin: it was changed; models.lock pins it: copy it "
            "elsewhere to keep that, or run `paddledvc pull --force checkpoints/b_v1.bin` to "
            "drop it"
        ),
    )
    assert (done.complete, marked(team)) == (True, "next")


@pytest.mark.slow
def test_no_marker_is_written_for_files_that_are_not_committed(team):
    checkout(team.project)
    team.declare(TWO, MODELS[1])
    done = checkout(team.project)

    assert done.complete
    assert team.files() == TWO
    assert marked(team) is None


@pytest.mark.slow
def test_weights_that_a_stage_made_and_somebody_committed_are_replaced(team):
    checkout(team.project)
    team.folder.git("checkout", "--quiet", "-b", "work")
    team.edit("checkpoints/b_v1.bin", b"trained")
    team.edit("checkpoints/c.bin", b"new")
    team.declare({**ONE, "checkpoints/b_v1.bin": b"trained", "checkpoints/c.bin": b"new"})
    team.folder.commit()

    switch(team, "main")
    assert team.files() == ONE


def test_a_branch_without_any_weights_takes_them_away(team):
    checkout(team.project)
    team.folder.git("checkout", "--quiet", "--orphan", "empty")
    team.folder.git("rm", "--quiet", "-r", "--force", ".")
    done = checkout(team.project, before="main")

    assert done.lines == ("weights: a v1 removed, b v1 removed",)
    assert (team.files(), marked(team)) == ({}, None)


def test_a_commit_that_is_gone_is_no_matter(team):
    checkout(team.project)

    assert checkout(team.project, before="0123" * 10).lines == ()


def test_a_project_in_a_folder_has_a_marker_of_its_own(project):
    project.git("init", "--quiet")
    (project.root / "vision/det").mkdir(parents=True)
    inner = Outputs(Folder(project.root / "vision/det"))
    inner.declare(ONE, MODELS[0])
    commit = project.commit()
    checkout(inner.project)

    assert inner.files() == ONE
    text = (project.root / ".git/paddledvc/in-vision%2Fdet").read_text()
    assert text == f"{commit}\ncheckpoints\n"


def add_worktree(team: Outputs, git: Path, *names: str) -> Outputs:
    tree = team.root.parent / "tree"
    subprocess.run(["git", "worktree", "add", "--quiet", str(tree), *names], cwd=git, check=True)
    linked = object.__new__(Outputs)
    linked.folder, linked.root, linked.project = Folder(tree), tree, Project(tree)
    return linked


@pytest.mark.slow
def test_a_linked_work_tree_shares_the_cache_and_the_credentials(team):
    team.folder.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    team.folder.write(
        ".dvc/config.local", "['remote \"dev\"']\n    password = secret\n    keyfile = ../key\n"
    )
    team.folder.commit()
    checkout(team.project)
    linked = add_worktree(team, team.root, "next")
    done = checkout(linked.project)

    local = linked.root / ".dvc/config.local"
    assert local.read_text() == (
        f"['remote \"dev\"']\n    password = secret\n    keyfile = {team.root}/key\n"
        f"[cache]\n    dir = {team.root}/.dvc/cache\n"
    )
    assert stat.S_IMODE(local.stat().st_mode) == 0o600
    assert done.lines == ("weights: a v2 (6 B, cache), b v1 (5 B, cache)",)
    assert (linked.files(), team.files()) == (TWO, ONE)
    assert (linked.root / "checkpoints/b_v1.bin").samefile(team.root / "checkpoints/b_v1.bin")


@pytest.mark.slow
def test_work_trees_of_a_bare_repository_share_a_cache_in_it(team):
    bare = team.root.parent / "hub.git"
    team.folder.git("clone", "--quiet", "--bare", ".", str(bare))
    share(team)
    linked = add_worktree(team, bare, "next")
    team.folder.git("--git-dir", str(bare), "config", "core.bare", "true")
    checkout(linked.project)

    assert f"dir = {bare}/dvc/cache\n" in (linked.root / ".dvc/config.local").read_text()
    assert linked.files() == TWO
    assert (bare / "dvc/cache/files/md5").is_dir()


@pytest.mark.parametrize("own", [".dvc/config.local", ".dvc/cache/x"])
def test_a_linked_work_tree_with_settings_or_a_cache_of_its_own_keeps_them(team, own):
    linked = add_worktree(team, team.root, "next")
    file = linked.folder.write(own, "")
    checkout(linked.project, offline="x")

    assert file.read_text() == ""
    assert own.endswith("local") or not (linked.root / ".dvc/config.local").exists()


OURS = {
    "paddledvc": ["errors", "hashes", "names", "paths", "project", "values"],
    "paddledvc.display": ["escaping", "results"],
    "paddledvc.hooks": ["run"],
    "paddledvc.tools.dvc": ["cache", "configuration", "library", "locks", "shortcuts", "state"],
    "paddledvc.tools.dvc.core": ["config", "objects", "outputs"],
    "paddledvc.tools.dvc.trust": ["gate", "read_levels"],
    "paddledvc.tools.dvc.trust.core": ["levels"],
    "paddledvc.tools.git": ["command", "project_files", "snapshot", "worktree"],
    "paddledvc.tools.system": ["atomic", "beneath", "hash_cache", "links", "shell", "streams"],
    "paddledvc.weights": ["checkout", "expected"],
    "paddledvc.weights.core": ["decide", "ledger", "outcome", "pins", "tracked"],
    "paddledvc.weights.tree": [
        "candidates",
        "files",
        "place",
        "preconditions",
        "records",
        "survey",
    ],
}
"""The modules of ours that a switch imports, by folder; each takes a fifth of a millisecond."""
STANDARD = [
    "__future__",
    "collections.abc",
    "contextlib",
    "contextvars",
    "errno",
    "fcntl",
    "functools",
    "gc",
    "hashlib",
    "importlib",
    "importlib.machinery",
    "io",
    "json",
    "operator",
    "os",
    "pathlib",
    "posixpath",
    "pwd",
    "re",
    "signal",
    "sqlite3",
    "stat",
    "subprocess",
    "sys",
    "threading",
    "time",
    "types",
    "typing",
    "weakref",
]
"""The others, with what they import themselves. Whatever is added here costs every switch of
everybody: measure it by ``python -X importtime``, or import it where it is needed."""
SWITCH = """
import sys
{}
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.slow
def test_a_switch_imports_what_is_within_the_budget_and_nothing_else(team):
    # A cache of this clone's own makes the hook ask which branch names it, too.
    team.folder.write(".dvc/config.local", f"[cache]\n    dir = {team.root}/.dvc/cache\n")
    checkout(team.project)
    switch(team, "next")
    team.folder.git("checkout", "--quiet", "main")

    def imported(code: str, *arguments: str) -> tuple[str, set[str]]:
        command = [sys.executable, "-I", "-c", SWITCH.format(code), *arguments]
        done = subprocess.run(command, cwd=team.root, check=True, capture_output=True, text=True)
        *said, last = done.stderr.splitlines()
        return "\n".join(said), set(last.split())

    hook = "from paddledvc.hooks.run import Call, run; run(Call.parse(sys.argv[2:]))"
    before = team.folder.git("rev-parse", "next").strip()
    said, found = imported(hook, "hook", "post-checkout", "--in", ".", before, before, "1")
    _, standard = imported(f"import {', '.join(STANDARD)}")

    assert said == "weights: a v2 → v1 (5 B, cache), 1 unchanged"
    ours = {f"{folder}.{name}" for folder, names in OURS.items() for name in names}
    rooms = {one.rpartition(".")[0] for one in ours} | {"paddledvc.tools", "paddledvc.weights"}
    assert sorted(one for one in found if one.startswith("paddledvc")) == sorted(ours | rooms)
    assert sorted(one for one in found - standard if not one.startswith("paddledvc")) == []
    assert sorted({*STANDARD} - found) == []


def test_weights_that_nobody_noted_are_known_from_the_commits_that_were_checked_out(team):
    for path, data in ONE.items():
        team.edit(path, data)  # by `dvc repro`, say
    team.folder.git("merge", "--quiet", "--ff-only", "next")

    assert checkout(team.project).lines == ("weights: a v1 → v2 (6 B, cache), 1 unchanged",)
    assert team.files() == TWO


@pytest.mark.slow
@pytest.mark.parametrize("cached", [True, False])
def test_what_an_older_commit_names_is_no_edit_and_gets_into_the_cache(team, cached):
    checkout(team.project)
    switch(team, "next")
    team.declare({"checkpoints/a_v2.bin": b"a three"}, {"checkpoints/a_v2.bin": "a==v3"})
    team.folder.commit()
    checkout(team.project)
    team.edit("checkpoints/a_v2.bin", b"a two!")
    if not cached:
        team.cache.remove(md5(b"a two!"))
    checkout(team.project)

    assert team.files() == {"checkpoints/a_v2.bin": b"a three"}
    assert team.cache.holds(md5(b"a two!"))


@pytest.mark.slow
def test_nothing_is_removed_while_anything_is_missing(team):
    checkout(team.project)
    team.folder.git("checkout", "--quiet", "-b", "third", "next")
    team.declare({"data/x": b"x", "data/y": b"y"})
    team.folder.commit()
    team.folder.git("checkout", "--quiet", "main")
    team.cache.remove(md5(b"y"))

    assert switch(team, "third") == (
        "weights: data/x (1 B, cache)",
        "weights: stale data/y: it is missing in dev; run `paddledvc pull`",
    )
    assert team.files() == {**ONE, "data/x": b"x"}


def test_an_old_version_is_named_even_if_nobody_noted_it(team):
    for path, data in ONE.items():
        team.edit(path, data)

    assert switch(team, "next") == ("weights: a v1 → v2 (6 B, cache), 1 unchanged",)
