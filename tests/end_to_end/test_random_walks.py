"""Random walks through a repository: never weights that nobody asked for, never an edit lost.

``HYPOTHESIS_PROFILE=search`` walks 200 times; other runs walk fewer ways, always the same ones.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as walk

from tests.weights_repo import (
    BETA,
    LABELS,
    Weights,
    as_environment,
    blob,
    expected,
    listing,
    md5,
    name_of,
    packed,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
SEARCH = os.environ.get("HYPOTHESIS_PROFILE") == "search"
FEW, MANY, STEPS = (200, 200, 12) if SEARCH else (2, 12, 10)
LIFE = 200
"""Steps of one long walk."""
BRANCHES = ("main", "develop", "feature/labels", "feature/alpha", "docs")
FOLDERS = {f"{md5(listing(packed(one)))}.dir": packed(one) for one in range(1, 400)}
"""The files of exports/beta in every version, by DVC's name of the folder."""
EDITABLE = (BETA, LABELS, "embeddings.bin", "exports/beta/inference.json", "exports/beta/mine.txt")
branches = st.sampled_from(BRANCHES)


def files_of(clone: Weights, revision: str = "HEAD") -> dict[str, str]:
    """Name the MD5 of every file that a commit wants, those in folders too."""
    found: dict[str, str] = {}
    for path, (oid, _) in expected(clone.root, revision).items():
        if oid in FOLDERS:
            found.update((f"{path}/{name}", md5(data)) for name, data in FOLDERS[oid].items())
        else:
            found[path] = oid
    return found


def files_in(clone: Weights) -> dict[str, Path]:
    """Name every file on disk that git does not hold."""
    roots = [clone.root / one for one in ("checkpoints", "exports", "data", "embeddings.bin")]
    found = [path for root in roots for path in (root, *root.rglob("*")) if path.is_file()]
    named = {path.relative_to(clone.root).as_posix(): path for path in found}
    return {name: path for name, path in named.items() if not name.endswith((".dvc", ".gitignore"))}


class Start(NamedTuple):
    """What walks begin from."""

    world: Path
    folder: Path
    environment: dict[str, str]


class Walk(RuleBasedStateMachine):
    """A user with a clone.

    Attributes:
        edits: bytes that the user wrote and never gave up, by path.
        touched: paths of what the user deleted; in a folder that is a change like any other.
        forgotten: outputs of a training that git forgot; only the cache has them then.
        stashes: how many trainings are put aside.
        rebasing: whether a rebase was left standing.
        known: MD5 of all that commits ever wanted at a path.
    """

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.world = start.folder / f"{time.monotonic_ns()}"
        shutil.copytree(start.world, self.world, symlinks=True)
        self.clone = Weights(self.world / "work", start.environment)
        self.edits: dict[str, bytes] = {}
        self.touched: set[str] = set()
        self.forgotten: set[str] = set()
        self.stashes = 0
        self.rebasing = False
        self.known: dict[str, set[str]] = {}
        self.next = 10

    def teardown(self) -> None:
        shutil.rmtree(self.world)

    @precondition(lambda self: not self.rebasing)
    @rule(branch=branches)
    def switch(self, branch: str) -> None:
        self.clone.git("switch", "--quiet", branch)
        self._in_place()

    @precondition(lambda self: not self.rebasing)
    @rule(branch=branches)
    def merge(self, branch: str) -> None:
        head = self.clone.git("rev-parse", "HEAD")
        if self.clone.try_("git", "merge", "--no-edit", branch).returncode:
            self.clone.git("merge", "--abort")
        elif head != self.clone.git("rev-parse", "HEAD"):
            self._in_place()

    @precondition(lambda self: not self.rebasing)
    @rule()
    def rebase_and_leave_it_standing(self) -> None:
        self.clone.try_("git", "rebase", "--exec", "false", "HEAD~1")
        self.rebasing = (self.clone.root / ".git/rebase-merge").is_dir()  # not in a dirty work tree

    @precondition(lambda self: self.rebasing)
    @rule(branch=branches)
    def check_out_amid_a_rebase(self, branch: str) -> None:
        self.clone.git("checkout", "--quiet", branch)

    @precondition(lambda self: self.rebasing)
    @rule(way=st.sampled_from(["--abort", "--quit"]))
    def end_the_rebase(self, way: str) -> None:
        self.clone.git("rebase", way)
        self.rebasing = False

    @rule(branch=branches)
    def look_at_another_work_tree(self, branch: str) -> None:
        tree = self.world / "tree"
        self.clone.git("worktree", "add", "--quiet", "--force", "--detach", str(tree), branch)
        assert wrong(tree) == {}
        self.clone.git("worktree", "remove", "--force", str(tree))

    @rule(what=st.sampled_from(["alpha", "beta", "labels"]))
    def commit(self, what: str) -> None:
        """Run ``dvc repro``, which writes over what was edited, and commit."""
        self.next += 1
        version = f"v1.{self.next}.0" if what == "alpha" else self.next
        with as_environment(self.clone.environment):
            self.clone.set(**{what: version})
        self.edits.clear()
        self.touched.clear()
        self.clone.git("add", "--all")
        # What was trained anew on main needs a new version, which is tried elsewhere.
        self.clone.git("commit", "--quiet", "--no-verify", "--message", f"{what} {version}")
        self.clone.send("dev")

    @rule(path=st.sampled_from(EDITABLE))
    def edit(self, path: str) -> None:
        self.next += 1
        self.edits[path] = blob("my own", self.next)[: 100 + self.next]
        self.clone.write(path, self.edits[path])

    @rule(path=st.sampled_from(EDITABLE))
    def delete(self, path: str) -> None:
        self.edits.pop(path, None)
        self.touched.add(path)
        (self.clone.root / path).unlink(missing_ok=True)

    @precondition(lambda self: not self.rebasing)
    @rule(branch=branches, milliseconds=st.integers(0, 400))
    def switch_and_kill_the_hook(self, branch: str, milliseconds: int) -> None:
        old = self.clone.git("rev-parse", "HEAD").strip()
        self.clone.bare_git("switch", "--quiet", branch)
        new = self.clone.git("rev-parse", "HEAD").strip()
        with subprocess.Popen(
            [".git/hooks/post-checkout", old, new, "1"],
            cwd=self.clone.root,
            env=self.clone.environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as hook:
            time.sleep(milliseconds / 1000)
            os.killpg(hook.pid, signal.SIGKILL)

    @rule(data=st.data())
    def corrupt(self, data: st.DataObject) -> None:
        """Let an object of the cache become garbage, as a bad disk makes it."""
        objects = sorted((self.clone.root / ".dvc/cache/files/md5").glob("??/*"))
        path = data.draw(st.sampled_from(objects)) if objects else None
        if path is not None:
            damaged = path.read_bytes()[:-1] + b"?"
            path.unlink()
            path.write_bytes(damaged)

    @rule(branch=branches)
    def reset(self, branch: str) -> None:
        self.clone.git("reset", "--quiet", "--hard", branch)

    def _train(self) -> None:
        """Run ``dvc repro``, and commit nothing."""
        self.next += 1
        with as_environment(self.clone.environment):
            self.clone.set(beta=self.next)
        self.edits.clear()
        self.touched.clear()
        self.clone.git("add", "--all")
        self._learn("")  # what the training wrote, by git's index

    @precondition(lambda self: not self.rebasing)
    @rule(branch=branches)
    def stash(self, branch: str) -> None:
        """Put half a training aside, and see to something else first."""
        self._train()
        self.clone.git("stash", "--quiet")
        self.stashes += 1
        self.clone.git("switch", "--quiet", branch)
        self._in_place()

    @rule(reset=st.booleans())
    def forget_a_training(self, *, reset: bool) -> None:
        self._train()
        if reset:
            self.clone.git("reset", "--quiet", "--hard")
        else:
            self.clone.git("reset", "--quiet")
            self.clone.git("checkout", "--quiet", ".")
        self.forgotten = {BETA, "embeddings.bin", "exports/beta"}

    @precondition(lambda self: self.stashes)
    @rule()
    def pop(self) -> None:
        """Go on with the training that was put aside last, and commit what came of it."""
        self.stashes -= 1
        if self.clone.try_("git", "stash", "pop", "--quiet").returncode:
            self.clone.git("reset", "--quiet", "--hard")
            self.clone.git("stash", "drop", "--quiet")
            return
        pulled = self.clone.paddledvc("pull")
        assert pulled.returncode == (1 if "weights: kept" in pulled.stderr else 0), pulled.stderr
        self.clone.git("add", "--all")
        self.clone.git("commit", "--quiet", "--no-verify", "--message", "what was put aside")
        self.clone.send("dev")
        self._in_place()

    @precondition(lambda self: self.edits)
    @rule()
    def give_up_edits(self) -> None:
        for path in self.edits:
            (self.clone.root / path).unlink()
        self.touched.update(self.edits)
        self.edits.clear()

    def _in_place(self) -> None:
        """See that all is as HEAD says, but for outputs that the user changed."""
        for path in wrong(self.clone.root):
            inside = any(one.startswith(f"{path}/") for one in (*self.edits, *self.touched))
            only_here = path in self.forgotten and not self._is_cached(path)
            assert path in self.edits or inside or only_here, path

    def _is_cached(self, path: str) -> bool:
        """Tell whether the cache has what is at a path; its object may be damaged since."""
        there = self.clone.root / path
        parts = [md5(one.read_bytes()) for one in there.rglob("*") if one.is_file()]
        return all(map(self.clone.is_whole, [str(name_of(there)), *parts]))

    def _learn(self, revision: str) -> None:
        for path, name in files_of(self.clone, revision).items():
            self.known.setdefault(path, set()).add(name)

    @invariant()
    def every_file_is_wanted_or_was_or_is_an_edit(self) -> None:
        self._learn("HEAD")
        now = files_of(self.clone)
        unclaimed = []
        for name, path in files_in(self.clone).items():
            data = path.read_bytes()
            if md5(data) == now.get(name) or data == self.edits.get(name):
                continue
            if md5(data) not in self.known.get(name, ()):
                unclaimed.append(name)
        assert unclaimed == []

    @invariant()
    def no_edit_is_lost(self) -> None:
        for path, data in self.edits.items():
            assert self.clone.read(path) == data, path

    @invariant()
    def the_status_tells_what_is_stale(self) -> None:
        if faults := wrong(self.clone.root):
            done = self.clone.paddledvc("status", "--exit-code")
            assert done.returncode == 1, done.stderr
            for path in faults:
                assert path in done.stdout


@pytest.mark.parametrize(
    ("walks", "steps"),
    [
        (FEW, STEPS),
        pytest.param(MANY, STEPS, marks=pytest.mark.thorough),
        pytest.param(2, LIFE, marks=pytest.mark.thorough, id="a life"),
    ],
)
def test_weights_are_those_of_the_commit_or_your_own(
    walks: int, steps: int, hooked_world: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    start = Start(hooked_world, tmp_path, environment)
    make: Callable[[], Walk] = lambda: Walk(start)  # noqa: E731
    ways = settings(
        max_examples=walks,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),  # a step takes a second: to shrink a walk takes an hour
    )
    walk(make, settings=ways)
