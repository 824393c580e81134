"""What is somebody's edit, and what is not: bytes that the cache, a commit or a stash has."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from paddledvc import Project
from paddledvc.weights import history
from paddledvc.weights.checkout import checkout
from paddledvc.weights.pull import pull
from paddledvc.weights.status import status
from paddledvc.weights.tree import place
from tests.outputs_repo import md5

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.outputs_repo import Outputs

pytestmark = pytest.mark.slow
REMOTE = "['remote \"dev\"']\n    url = ../../store\n    verify = true\n"
FILE, FOLDER = "checkpoints/b.bin", "exports/b"
ONE = {FILE: b"b one", FOLDER: {"graph.json": b"{1}", "sub/labels.txt": b"cat"}}
TWO = {FILE: b"b two", FOLDER: {"graph.json": b"{2}", "sub/labels.txt": b"cat"}}
TRAINED = {FILE: b"trained", FOLDER: {"graph.json": b"{3}", "new.bin": b"new"}}
GONE = {
    "stash": [("stash", "--quiet")],
    "reset": [("reset", "--quiet", "--hard")],
    "checkout": [("checkout", "--quiet", ".")],
    "dropped": [("stash", "--quiet"), ("stash", "drop", "--quiet")],
}


def flat(outputs: Mapping[str, bytes | Mapping[str, bytes]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path, content in outputs.items():
        parts = {"": content} if isinstance(content, bytes) else content
        found.update((f"{path}/{name}".rstrip("/"), data) for name, data in parts.items())
    return found


def write(team: Outputs, outputs: Mapping[str, bytes | Mapping[str, bytes]]) -> None:
    """Write outputs as a stage does, for which DVC has removed what was there."""
    for path in team.files():
        (team.root / path).unlink()
    for path, data in flat(outputs).items():
        team.edit(path, data)


@pytest.fixture
def team(outputs: Outputs) -> Outputs:
    """A repository on main, with its weights, and with the branch next; nothing is noted."""
    for branch, files in (("main", ONE), ("next", TWO)):
        outputs.folder.git("checkout", "--quiet", "-B", branch)
        outputs.declare(files)
        outputs.folder.commit(branch)
    outputs.folder.git("checkout", "--quiet", "main")
    assert checkout(outputs.project).complete
    return outputs


def switch(team: Outputs, to: str = "next") -> tuple[str, ...]:
    before = team.folder.git("rev-parse", "HEAD").strip()
    team.folder.git("checkout", "--quiet", to)
    return checkout(team.project, before=before).lines


def train(team: Outputs, gone: str) -> None:
    """Run ``dvc repro``, commit nothing, and let git forget it."""
    write(team, TRAINED)
    team.declare(TRAINED)
    for command in GONE[gone]:
        team.folder.git(*command)


@pytest.mark.parametrize(
    ("gone", "links"),
    [("stash", "copy"), ("reset", "symlink"), ("checkout", "hardlink"), ("dropped", "copy")],
)
def test_what_an_uncommitted_repro_made_is_replaced(team, gone, links):
    team.configure(links)
    train(team, gone)
    assert {one.state for one in status(team.project).outputs} == {"stale"}

    lines = switch(team)
    assert team.files() == flat(TWO)
    assert not any("kept" in line for line in lines)
    assert all(team.cache.holds(md5(data)) for data in flat(TRAINED).values())


def test_what_the_cache_alone_has_is_named_with_the_way_back(team):
    train(team, "reset")
    first, *lines = switch(team)
    oid = team.keep_folder(TRAINED[FOLDER])
    file = f".dvc/cache/files/md5/{md5(b'trained')[:2]}/{md5(b'trained')[2:]}"

    assert first.startswith("weights: ")
    assert lines == [
        (
            f"weights: {FILE} held changes that no commit has; the cache keeps them as "
            f"{md5(b'trained')}; `install -m 644 {file} {FILE}` brings it back"
        ),
        (
            f"weights: {FOLDER} held changes that no commit has; the cache keeps them as {oid}; "
            "`dvc repro` with the same inputs brings it back"
        ),
    ]
    assert len(switch(team, "main")) == 1


@pytest.mark.parametrize("emptied", [False, True])
def test_what_a_stash_names_comes_back_with_it(team, emptied):
    train(team, "stash")
    if emptied:
        for data in flat(TRAINED).values():
            team.cache.remove(md5(data))
    assert len(switch(team)) == 1
    switch(team, "main")
    team.folder.git("stash", "pop", "--quiet")

    assert pull(team.project).placed.complete
    assert team.files() == flat(TRAINED)


def test_an_edit_that_was_kept_and_is_stashed_later_is_known_by_the_stash(team):
    write(team, TRAINED)
    assert any("kept" in line for line in switch(team))
    switch(team, "main")
    train(team, "stash")

    assert len(switch(team)) == 1
    assert team.files() == flat(TWO)


def test_pull_needs_no_force_for_it_and_says_the_way_back(team, cli):
    train(team, "checkout")
    code, _, err = cli("pull")

    assert (code, team.files()) == (0, flat(ONE))
    assert err.startswith(
        f"weights: {FILE} held changes that no commit has; the cache keeps them as "
    )


def test_what_an_older_branch_names_is_no_edit_though_nobody_was_there_for_long(team):
    team.folder.git("checkout", "--quiet", "-b", "old")
    team.declare(TRAINED)
    team.folder.commit("old")
    team.folder.git("checkout", "--quiet", "main")
    team.folder.git("reflog", "expire", "--expire=all", "--all")
    write(team, TRAINED)
    for data in flat(TRAINED).values():
        team.cache.remove(md5(data))
    lines = switch(team)

    assert (len(lines), team.files()) == (1, flat(TWO))
    assert all(team.cache.holds(md5(data)) for data in flat(TRAINED).values())


def test_a_folder_with_parts_of_what_is_in_the_cache_is_an_edit(team):
    (team.root / FOLDER / "sub/labels.txt").unlink()
    team.edit(f"{FOLDER}/mine.txt", b"{2}")
    lines = switch(team)

    assert team.read(f"{FOLDER}/mine.txt") == b"{2}"
    assert lines[1].startswith(f"weights: kept {FOLDER}: mine.txt was added, and 1 more; ")


def test_history_is_not_searched_where_git_would_fetch_it(team):
    assert history.is_named_in_history(team.project, md5(b"b two"))
    team.folder.git("config", "remote.origin.promisor", "true")

    assert not history.is_named_in_history(team.project, md5(b"b two"))


def test_history_is_searched_once_for_an_edit_and_not_at_each_switch(team, monkeypatch):
    team.edit(FILE, b"mine")
    switch(team)
    monkeypatch.setattr(history, "is_named_in_history", lambda *_: pytest.fail("asked again"))
    lines = switch(team, "main")

    assert team.read(FILE) == b"mine"
    assert lines[-1].startswith(f"weights: kept {FILE}: it was changed; run `dvc commit")


def test_a_repro_that_began_to_give_way_before_a_kill_is_replaced(team):
    train(team, "reset")
    team.folder.git("checkout", "--quiet", "next")
    records_before = (team.root / ".paddledvc/tmp/placed.json").read_bytes()
    kill_after_first_file(team)
    assert (team.root / ".paddledvc/tmp/placed.json").read_bytes() != records_before
    assert flat(TRAINED) != team.files() != flat(TWO)

    checkout(team.project)
    assert team.files() == flat(TWO)


def kill_after_first_file(team: Outputs) -> None:
    put, done = place.files.put_object_file, []

    def put_once(*arguments: object) -> object:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return put(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place.files, "put_object_file", put_once)
        patch.setattr(place.Carrier, "_drop", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            checkout(team.project)


def write_through(team: Outputs, path: str, data: bytes) -> None:
    """Edit a file in place, though it is a read-only link into the cache."""
    file = team.root / path
    file.resolve().chmod(0o644)
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("links", "path"),
    [("symlink", FILE), ("symlink", f"{FOLDER}/graph.json"), ("hardlink", FILE)],
)
def test_an_edit_through_a_link_is_kept_and_named_and_comes_back_from_the_cache(
    team, caplog, links, path
):
    linked(team, links)
    store = team.root.parent / "store"
    shutil.copytree(team.root / ".dvc/cache/files", store / "files")
    team.configure(links, REMOTE)
    write_through(team, path, b"mine")
    (team.root / path).unlink()  # as DVC does before it starts the stage's command
    team.edit(path, flat(ONE)[path])
    assert checkout(team.project).lines == ()
    switch(team)
    lines = switch(team, "main")

    if links == "symlink":
        assert lines[0].startswith("weights: ")
        said = caplog.messages[0]
        assert said.startswith(f"weights: {path}: the cache had other bytes for it, damaged or ")
        _, command, _ = said.split("`")
        subprocess.run(command, shell=True, cwd=team.root, check=True)
        assert team.read(f"{path.rpartition('/')[2]}.mine") == b"mine"
    assert team.files() == flat(ONE)


def linked(team: Outputs, links: str) -> None:
    team.configure(links)
    for path in team.files():
        (team.root / path).unlink()
    assert checkout(team.project).complete


def test_an_edit_through_a_link_stays_in_its_work_tree_when_another_one_switches(team):
    linked(team, "symlink")
    team.folder.git("worktree", "add", "--quiet", "../other", "next")
    other = Project(team.root.parent / "other")
    assert checkout(other).complete
    team.folder.git("checkout", "--quiet", "-b", "again")
    write_through(team, f"{FOLDER}/sub/labels.txt", b"mine")
    checkout(other)

    assert checkout(team.project).complete
    assert team.read(f"{FOLDER}/sub/labels.txt") == b"mine"
    assert (other.root / FOLDER / "sub/labels.txt").read_bytes() == b"mine"
