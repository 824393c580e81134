"""Every git operation in every state of the weights, with the hooks and beside them without.

Both clones do the same: git must end alike in both, whatever the hooks find. What the hooks are to
do depends on the state; what nobody may do is to lose a file of the user's.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pytest

from paddledvc import Project
from paddledvc.weights.status import status
from tests.weights_repo import (
    BETA,
    NO_HOOKS,
    Weights,
    blob,
    expected,
    md5,
    name_of,
    wrong,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
Git: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"
# Both clones make the same commits, down to their names.
WHEN = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-01T00:00:00Z")
MINE = b"an afternoon's work"


@dataclass(frozen=True)
class Operation:
    """Something that people do with git, from the branch they are on.

    Attributes:
        act: does it.
        start: the branch that they are on.
        prepare: what others did before, without hooks.
        silent: git calls no hook at its end, so that nobody can bring the weights then.
        thorough: try it in every state.
    """

    act: Callable[[Git, Weights], object]
    start: str = "main"
    prepare: Callable[[Weights], object] = lambda _: None
    silent: bool = False
    thorough: bool = False


def plainly(*arguments: str) -> Callable[[Git, Weights], object]:
    """Run one git command."""
    return lambda git, _: git(*arguments)


def in_turn(*commands: str) -> Callable[[Git, Weights], object]:
    """Run several git commands."""
    return lambda git, _: [git(*command.split()) for command in commands]


def with_readme(git: Git, clone: Weights, *finish: str) -> None:
    """Resolve the conflict in README.md and go on."""
    clone.write("README.md", "A project, described by both.\n")
    git("add", "README.md")
    git(*finish)


def clash(clone: Weights) -> None:
    """Let develop have another README.md than docs."""
    branch = clone.branch
    clone.bare_git("checkout", "--quiet", "develop")
    clone.write("README.md", "A project that is developed.\n")
    clone.commit("Describe it otherwise")
    clone.bare_git("checkout", "--quiet", branch)


def merge_conflict(git: Git, clone: Weights) -> None:
    git("merge", "--no-edit", "develop")
    with_readme(git, clone, "commit", "--no-edit")


def rebase_conflict(git: Git, clone: Weights) -> None:
    git("rebase", "develop")
    with_readme(git, clone, "rebase", "--continue")


def pick_conflict(git: Git, clone: Weights) -> None:
    git("cherry-pick", "develop")
    with_readme(git, clone, "cherry-pick", "--continue")


def stash(git: Git, clone: Weights) -> None:
    clone.write("README.md", "Half a thought.\n")
    git("stash")
    git("switch", "develop")
    git("stash", "pop")


def amend(git: Git, clone: Weights) -> None:
    clone.write("README.md", "A project, in other words.\n")
    git("commit", "--all", "--amend", "--no-edit")


def undo_by_amending(git: Git, clone: Weights) -> None:
    git("checkout", "main", "--", ".")
    git("commit", "--all", "--amend", "--allow-empty", "--message", "As on main after all")


def hub_moves(branch: str) -> Callable[[Weights], object]:
    """Let somebody push develop's commits to a branch of the hub."""
    return lambda clone: clone.bare_git("push", "--quiet", "--force", "origin", f"develop:{branch}")


OPERATIONS = {
    "switch": Operation(plainly("switch", "develop"), thorough=True),
    "checkout": Operation(plainly("checkout", "develop")),
    "checkout --force": Operation(plainly("checkout", "--force", "develop")),
    "detach": Operation(plainly("checkout", "--detach", "develop")),
    "tag": Operation(plainly("checkout", "v1.0.0"), start="develop", thorough=True),
    "switch -c": Operation(plainly("switch", "-c", "feature/new", "develop"), thorough=True),
    "switch -c here": Operation(plainly("switch", "-c", "feature/new")),
    "checkout -b": Operation(plainly("checkout", "-b", "feature/new", "develop")),
    "there and back": Operation(in_turn("switch develop", "switch -")),
    "hop": Operation(in_turn("switch develop", "switch feature/labels", "switch feature/alpha")),
    "merge --ff-only": Operation(plainly("merge", "--ff-only", "develop"), thorough=True),
    "merge --no-ff": Operation(plainly("merge", "--no-ff", "--no-edit", "develop")),
    "merge": Operation(plainly("merge", "--no-edit", "develop"), start="docs", thorough=True),
    "merge two": Operation(
        plainly("merge", "--no-edit", "feature/labels", "feature/alpha"), start="docs"
    ),
    "merge conflict": Operation(merge_conflict, start="docs", prepare=clash),
    "merge --abort": Operation(
        in_turn("merge develop", "merge --abort"), start="docs", prepare=clash
    ),
    "pull": Operation(plainly("pull", "--ff-only"), prepare=hub_moves("main"), thorough=True),
    "pull --no-rebase": Operation(
        plainly("pull", "--no-rebase", "--no-edit", "origin", "develop"), start="docs"
    ),
    "pull --rebase": Operation(
        plainly("pull", "--rebase"), start="docs", prepare=hub_moves("docs"), thorough=True
    ),
    "rebase": Operation(plainly("rebase", "develop"), start="docs", thorough=True),
    "rebase --apply": Operation(plainly("rebase", "--apply", "develop"), start="docs"),
    "rebase --exec": Operation(plainly("rebase", "--exec", "true", "develop"), start="docs"),
    "rebase to nothing": Operation(plainly("rebase", "develop")),
    "rebase --continue": Operation(rebase_conflict, start="docs", prepare=clash, thorough=True),
    "rebase --skip": Operation(
        in_turn("rebase develop", "rebase --skip"), start="docs", prepare=clash
    ),
    "rebase --abort": Operation(
        in_turn("rebase develop", "rebase --abort"), start="docs", prepare=clash, thorough=True
    ),
    "cherry-pick": Operation(plainly("cherry-pick", "develop"), thorough=True),
    "cherry-pick conflict": Operation(pick_conflict, start="docs", prepare=clash),
    "cherry-pick --abort": Operation(
        in_turn("cherry-pick develop", "cherry-pick --abort"), start="docs", prepare=clash
    ),
    "revert": Operation(plainly("revert", "--no-edit", "HEAD"), start="develop", thorough=True),
    "reset --hard": Operation(plainly("reset", "--hard", "develop"), silent=True),
    "reset, switch": Operation(in_turn("reset --hard develop", "switch docs"), thorough=True),
    "reset, switch -c": Operation(in_turn("reset --hard develop", "switch -c feature/new")),
    "stash": Operation(stash, thorough=True),
    "amend": Operation(amend, start="develop"),
    "amend back": Operation(undo_by_amending, start="develop", thorough=True),
    "bisect": Operation(in_turn("bisect start feature/alpha main", "bisect good")),
    "bisect reset": Operation(
        in_turn("bisect start feature/alpha main", "bisect good", "bisect reset"), thorough=True
    ),
}


@dataclass(frozen=True)
class State:
    """What the weights are like before.

    Attributes:
        apply: makes it so, given what the operation needs.
        brought: whether everything that HEAD needs must be on disk at the end.
        variables: of the environment.
    """

    apply: Callable[[Weights, set[str]], object]
    brought: bool
    variables: tuple[tuple[str, str], ...] = ()


def edit(clone: Weights, _: set[str]) -> None:
    """Change weights, as a training that nobody has committed does, and a file in a folder."""
    clone.write(BETA, MINE)
    clone.write("exports/beta/notes.txt", MINE)


def lose_cache(clone: Weights, new: set[str]) -> None:
    for oid in new:
        clone.cached(oid).unlink()


def go_offline(clone: Weights, new: set[str]) -> None:
    """Let the remotes be on a disk that is not mounted."""
    lose_cache(clone, new)
    shutil.rmtree(clone.world / "remotes")


def lose_one(clone: Weights, new: set[str]) -> None:
    """Let one object be nowhere."""
    lose_cache(clone, new)
    for release in (1, 2, 3):
        oid = md5(blob("beta", release))
        if oid in new:
            for remote in (clone.world / "remotes").iterdir():
                clone.cached(oid, remote).unlink(missing_ok=True)


def spoil_one(clone: Weights, new: set[str]) -> None:
    """Let one object be corrupt in the remote that is asked first, and whole in another."""
    lose_cache(clone, new)
    for role in ("dev", "staging", "prod"):
        for oid in new:
            target = clone.stored(role, oid)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copyfile(
                    next(clone.world.glob(f"remotes/*/files/md5/{oid[:2]}/{oid[2:]}")), target
                )
    for release in (1, 2, 3):
        oid = md5(blob("beta", release))
        if oid in new:
            for role in ("dev", "staging"):
                clone.stored(role, oid).write_bytes(blob("beta", release)[:-1] + b"?")


STATES = {
    "clean": State(lambda _, __: None, brought=True),
    "edited": State(edit, brought=False),
    "cold": State(lose_cache, brought=True),
    "offline": State(go_offline, brought=False),
    "missing": State(lose_one, brought=False),
    "corrupt": State(spoil_one, brought=True),
    "off": State(lambda _, __: None, brought=False, variables=(("PADDLEDVC_HOOKS", "0"),)),
}


def runner(clone: Weights, *options: str) -> tuple[Git, list[int], list[str]]:
    """Make what runs git in a clone, and the lists of how it ended and what it said."""
    codes: list[int] = []
    said: list[str] = []

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = clone.try_("git", *options, *arguments)
        codes.append(done.returncode)
        said.append(done.stderr)
        return done

    return git, codes, said


def snapshot(root: Path) -> dict[str, bytes]:
    """Read every file that git does not hold."""
    folders = ("checkpoints", "exports", "data")
    files = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in [*files, root / "embeddings.bin"]
        if path.exists() and path.suffix != ".dvc"
    }


class Bare(NamedTuple):
    """What an operation comes to without hooks.

    Attributes:
        world: where it starts, the weights in place; to be copied only.
        codes: how each command of git ended.
        head: the commit that it ends on.
        status: what git says of the work tree then.
        new: names of the objects that are needed then, and were not before.
    """

    world: Path
    codes: list[int]
    head: str
    status: str
    new: set[str]


@pytest.fixture(scope="module")
def bare(hooked_world: Path, environment: dict[str, str]) -> Callable[[str], Bare]:
    """Do an operation without hooks, once for all states."""
    worlds = {"main": hooked_world}

    def world_on(branch: str) -> Path:
        if branch not in worlds:
            world = hooked_world.with_name(f"on-{branch}")
            worlds[branch] = shutil.copytree(hooked_world, world, symlinks=True)
            clone = Weights(world / "work", environment)
            clone.git("switch", "--quiet", branch)
            clone.check()
        return worlds[branch]

    @cache
    def run(name: str) -> Bare:
        operation = OPERATIONS[name]
        world = hooked_world.with_name(name.replace(" ", "-"))
        shutil.copytree(world_on(operation.start), world, symlinks=True)
        start = Weights(world / "work", {**environment, **WHEN})
        operation.prepare(start)
        start.check()
        shutil.copytree(world, world.with_name("bare"), symlinks=True)
        twin = Weights(world.with_name("bare") / "work", {**environment, **WHEN})
        git, codes, _ = runner(twin, *NO_HOOKS)
        operation.act(git, twin)
        head, status = twin.git("rev-parse", "HEAD"), twin.git("status", "--porcelain")
        new = twin.objects() - start.objects()
        shutil.rmtree(world.with_name("bare"))
        return Bare(world, codes, head, status, new)

    return run


@pytest.fixture
def hooked(copy_of: Callable[..., Weights]) -> Callable[[Bare], Weights]:
    """Copy the start of an operation."""

    def copy(start: Bare) -> Weights:
        clone = copy_of(start.world)
        clone.environment.update(WHEN)
        return clone

    return copy


SOONER = ("switch", "rebase --continue")
"""What is tried in every state by `make test` too; it tries the others in a clean clone."""
GRID = [
    pytest.param(
        name,
        state,
        marks=() if state == "clean" or name in SOONER else pytest.mark.thorough,
    )
    for name, operation in OPERATIONS.items()
    for state in (STATES if operation.thorough else ("clean", "edited", "offline"))
]


@pytest.mark.parametrize(("operation", "state"), GRID)
def test_git_ends_as_without_hooks_and_nothing_is_lost(bare, hooked, operation, state):
    doing, being, reference = OPERATIONS[operation], STATES[state], bare(operation)
    weights = hooked(reference)
    being.apply(weights, reference.new)
    before = snapshot(weights.root)
    weights.environment.update(being.variables)
    git, codes, said = runner(weights)
    doing.act(git, weights)
    weights.environment.pop("PADDLEDVC_HOOKS", None)

    assert codes == reference.codes, said
    assert weights.git("rev-parse", "HEAD") == reference.head
    assert weights.git("status", "--porcelain") == reference.status
    _nothing_lost(weights, before, state)
    faults = set(wrong(weights.root))
    if state == "off" or doing.silent:
        assert snapshot(weights.root) == before
    elif being.brought:
        weights.check()
    elif state == "edited":
        assert faults <= {BETA, "exports/beta"}
    elif state == "missing":
        assert faults <= {BETA}
    _told(weights, faults)
    if doing.silent and being.brought:
        weights.git("switch", "--detach", "--quiet")  # the next hook
        weights.check()


def _nothing_lost(clone: Weights, before: dict[str, bytes], state: str) -> None:
    """See that each file is as before, or what HEAD says, and gone only if HEAD is complete."""
    after = snapshot(clone.root)
    if state == "edited":
        assert after[BETA] == MINE
        assert after["exports/beta/notes.txt"] == MINE
    known = expected(clone.root)
    # Where HEAD's cannot be had, those of a branch that was passed on the way may stay.
    passed = [known, *([expected(clone.root, "develop")] if state != "clean" else [])]
    for path, data in before.items():
        if path in after and after[path] == data:
            continue
        owner = next((one for one in known if path == one or path.startswith(f"{one}/")), None)
        if owner is None:
            assert path not in after, path
            assert clone.cached(md5(data)).exists(), path
        else:
            assert name_of(clone.root / owner) in {
                one[owner][0] for one in passed if owner in one
            }, path


def _told(clone: Weights, faults: set[str]) -> None:
    """See that ``paddledvc status`` names exactly what is not as HEAD says."""
    here = status(Project(clone.root))
    assert {one.tracked.path for one in here.outputs if one.state != "ok"} == faults
    assert here.clean == (not faults)
