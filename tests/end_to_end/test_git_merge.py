"""git merges the files of a project model by model: real git, with our driver as configured."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import InvalidFile
from paddledvc.tools.git.merge import merge_driver

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
ATTRIBUTES = "".join(f"{line}\n" for line in merge_driver.missing_merge_attributes(""))


def entry(name: str, version: str) -> str:
    md5 = hashlib.md5(f"{name} {version}".encode()).hexdigest()
    return (
        f"  - name: {name}\n    version: {version}\n"
        f'    weights_url: https://host/{name}-{version}.pdparams\n    md5: "{md5}"\n'
    )


def registry(**versions: str) -> str:
    return "models:\n" + "".join(entry(*pair) for pair in versions.items())


BASE = {"a": "v1", "b": "v1", "m": "v1", "z": "v1"}


class Team:
    """A repository with a project, and branches that change it."""

    def __init__(self, repository: Any, folder: str = ".") -> None:
        self.repository, self.git = repository, repository.git
        self.folder = repository.root / folder
        self.folder.mkdir(exist_ok=True, parents=True)
        self.project = Project(self.folder)
        self.git("init", "--quiet")
        (self.folder / ".gitattributes").write_text(ATTRIBUTES)
        merge_driver.install_merge_driver(repository.root)
        self.save(**BASE)

    def save(self, **versions: str) -> None:
        """Commit other versions of the models, with their pins and stages."""
        self.write("models.yaml", registry(**versions))
        paddledvc.lock(self.project)
        paddledvc.generate(self.project)
        self.repository.commit(" ".join(f"{pair}" for pair in versions.items()))

    def branch(self, name: str, **versions: str) -> None:
        """Start a branch from main, and stay on it."""
        self.git("checkout", "--quiet", "-b", name, "main")
        self.save(**versions)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def try_(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.repository.root,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    def conflicts(self) -> dict[str, int]:
        """Count the conflicts of each file that has any."""
        found = self.git("-c", "core.quotePath=false", "diff", "--name-only", "--diff-filter=U")
        paths = [self.repository.root / line for line in found.splitlines()]
        return {path.name: path.read_text().count("<<<<<<<") for path in paths}


@pytest.fixture
def team(project: Any) -> Team:
    """Four models on main, each locked and with its stage."""
    return Team(project)


def require_fresh(project: Project) -> None:
    paddledvc.lock(project, check=True)
    paddledvc.generate(project, check=True)


def test_branches_that_add_and_move_different_models_merge_into_a_fresh_lock(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    team.git("merge", "--no-edit", "left")

    assert team.read("models.yaml") == registry(
        a="v2", b="v2", m="v1", z="v1", right="v1", left="v1"
    )
    assert team.git("status", "--porcelain") == ""
    require_fresh(team.project)


def test_without_us_git_finds_conflicts_in_the_same_branches(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    team.git("config", "--remove-section", "merge.paddledvc")

    assert team.try_("merge", "--no-edit", "left").returncode == 1
    assert "models.yaml" in team.conflicts()


def test_a_model_that_both_moved_is_one_conflict_in_one_block(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "a": "v3", "b": "v2"})
    done = team.try_("merge", "--no-edit", "left")

    assert (done.returncode, sorted(done.stderr.splitlines())) == (
        1,
        [
            "dvc.yaml: both sides changed sync-a, a",
            "models.lock: both sides changed a",
            "models.yaml: both sides changed a",
        ],
    )
    assert team.conflicts() == {"dvc.yaml": 2, "models.lock": 1, "models.yaml": 1}
    assert team.read("models.yaml") == (
        f"models:\n<<<<<<< ours\n{entry('a', 'v3')}=======\n{entry('a', 'v2')}>>>>>>> theirs\n"
        + registry(b="v2", m="v1", z="v1", left="v1").removeprefix("models:\n")
    )


def take(text: str, side: int) -> str:
    """Keep one block of each conflict, as people do in an editor."""
    kept, where = [], -1
    for line in text.splitlines(keepends=True):
        if line.startswith(("<<<<<<< ", "=======\n", ">>>>>>> ")):
            where = {"<": 0, "=": 1, ">": -1}[line[0]]
        elif where in (-1, side):
            kept.append(line)
    return "".join(kept)


BLOCK = "keep one of the blocks between the markers"
LINES = "keep what is wanted of the lines between the markers"
RESOLVE = "run `paddledvc lock --resolve ours` or `theirs` to take a side in each"


@pytest.mark.parametrize("registry_side", [0, 1], ids=["our registry", "their registry"])
@pytest.mark.parametrize("lock_side", [0, 1], ids=["our pin", "their pin"])
def test_what_the_advice_says_mends_each_file(
    team: Team, registry_side: int, lock_side: int
) -> None:
    team.branch("left", **{**BASE, "a": "v2", "z": "v2"})
    team.branch("right", a="v3", b="v1", m="v1")
    assert team.try_("merge", "left").returncode == 1
    told = []
    for name, mend, side in (
        ("models.yaml", paddledvc.lock, registry_side),
        ("models.lock", paddledvc.lock, lock_side),
        ("dvc.yaml", paddledvc.generate, lock_side),
    ):
        with pytest.raises(InvalidFile) as caught:
            mend(team.project)
        told.append(re.sub(r"[0-9]+-[0-9]+", "L-L", str(caught.value)))
        team.write(name, take(team.read(name), side))
    paddledvc.lock(team.project)
    paddledvc.generate(team.project)
    team.repository.commit("mended")

    where = "found 2 merge conflicts, in lines L-L and L-L"
    many = "found 4 merge conflicts, in lines L-L, L-L, L-L and 1 more"
    assert told == [
        f"models.yaml:2:1: {where}; {LINES}, then run `paddledvc lock`",
        f"models.lock:5:1: {where}; {RESOLVE}, or {BLOCK} and run `paddledvc lock`",
        (
            f"dvc.yaml:2:1: {many}; run `paddledvc generate --resolve ours` or `theirs` to take a "
            f"side in each, or {BLOCK} and run `paddledvc generate`"
        ),
    ]
    require_fresh(team.project)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_the_command_that_the_advice_names_mends_the_lock(team: Team, side: Any) -> None:
    team.branch("left", **{**BASE, "a": "v2", "z": "v2", "left": "v1"})
    team.branch("right", a="v3", b="v2", m="v1")
    assert team.try_("merge", "left").returncode == 1
    team.write("models.yaml", take(team.read("models.yaml"), 1))
    paddledvc.lock(team.project, resolve=side)

    paddledvc.lock(team.project, check=True)
    versions = {model.name: model.version for model in team.project.lock().models}
    assert versions == {"a": "v2", "b": "v2", "left": "v1", "m": "v1", "z": "v2"}


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_side_taken_of_the_registry_can_be_taken_of_all_that_follows_it(
    team: Team, side: Any
) -> None:
    built = {}
    for name, version in (("theirs", "v2"), ("ours", "v3")):
        team.branch(name, **{**BASE, "a": version})
        built[name] = f"schema: '2.0'\nstages:\n  sync-a:\n    cmd: {version}\n"
        team.write("dvc.lock", built[name])
        team.repository.commit("built")
    assert team.try_("merge", "theirs").returncode == 1
    assert sorted(team.conflicts()) == ["dvc.lock", "dvc.yaml", "models.lock", "models.yaml"]
    team.write("models.yaml", take(team.read("models.yaml"), ["ours", "theirs"].index(side)))
    assert paddledvc.lock(team.project, resolve=side).resolved == (
        *("dvc.lock", "dvc.yaml", "models.lock"),
    )
    paddledvc.generate(team.project)

    require_fresh(team.project)
    assert team.read("dvc.lock") == built[side]


def test_a_rebase_and_a_cherry_pick_use_the_driver_too(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.save(**{**BASE, "a": "v2", "left": "v2"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    team.git("rebase", "--quiet", "left")

    assert team.read("models.yaml") == registry(
        a="v2", b="v2", m="v1", z="v1", left="v2", right="v1"
    )
    require_fresh(team.project)

    team.branch("other", **{**BASE, "z": "v2", "other": "v1"})
    team.git("cherry-pick", "right")

    assert team.read("models.yaml") == registry(
        a="v1", b="v2", m="v1", z="v2", other="v1", right="v1"
    )
    require_fresh(team.project)


def test_a_rebase_that_moves_a_model_again_stops_with_one_conflict(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2"})
    team.branch("right", **{**BASE, "a": "v3", "b": "v2"})

    assert team.try_("rebase", "left").returncode == 1
    assert team.conflicts() == {"dvc.yaml": 2, "models.lock": 1, "models.yaml": 1}
    assert f"<<<<<<< ours\n{entry('a', 'v2')}=======\n" in team.read("models.yaml")


def test_a_revert_and_a_stash_use_the_driver_too(team: Team) -> None:
    team.git("checkout", "--quiet", "main")
    team.save(**{**BASE, "a": "v2"})
    team.save(**{**BASE, "a": "v2", "b": "v2"})
    team.git("revert", "--no-edit", "HEAD~1")

    assert team.read("models.yaml") == registry(a="v1", b="v2", m="v1", z="v1")
    require_fresh(team.project)

    team.write("models.yaml", registry(a="v1", b="v2", m="v2", z="v1"))
    paddledvc.lock(team.project)
    team.git("stash")
    team.save(a="v3", b="v2", m="v1", z="v1")
    team.git("stash", "pop")

    assert team.read("models.yaml") == registry(a="v3", b="v2", m="v2", z="v1")
    paddledvc.lock(team.project, check=True)


def test_branches_that_were_merged_into_each_other_merge_again(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2", "m": "v2"})
    team.branch("right", **{**BASE, "a": "v3", "z": "v2"})
    before = {name: team.git("rev-parse", name).strip() for name in ("left", "right")}
    for name, other, version in (("left", "right", "v2"), ("right", "left", "v3")):
        team.git("checkout", "--quiet", name)
        assert team.try_("merge", before[other]).returncode == 1
        team.git("checkout", "--ours", ".")
        team.save(**{**BASE, "a": version, "m": "v2", "z": "v2"})
    team.save(**{**BASE, "a": "v3", "b": "v2", "m": "v2", "z": "v2"})

    assert team.try_("merge", "left").returncode == 1
    assert team.conflicts() == {"dvc.yaml": 2, "models.lock": 1, "models.yaml": 1}
    assert team.read("models.yaml").startswith(
        f"models:\n<<<<<<< ours\n{entry('a', 'v3')}=======\n{entry('a', 'v2')}>>>>>>> theirs\n"
        + entry("b", "v2")
    )


def test_a_project_in_a_folder_of_a_repository_is_merged_from_anywhere(project: Any) -> None:
    team = Team(project, 'it\'s a "folder"/vision')
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    subprocess.run(["git", "merge", "--quiet", "--no-edit", "left"], cwd=team.folder, check=True)

    require_fresh(team.project)


def test_branches_that_started_the_same_project_apart_are_merged(project: Any) -> None:
    team = Team(project)
    team.git("checkout", "--quiet", "--orphan", "other")
    team.save(b="v1", c="v1")
    team.git("merge", "--no-edit", "--allow-unrelated-histories", "main")

    assert team.read("models.yaml") == registry(a="v1", b="v1", c="v1", m="v1", z="v1")
    require_fresh(team.project)


def a_program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def without_paddledvc(folder: Path) -> dict[str, str]:
    """Give an environment in which there are git and the usual programs, and no paddledvc."""
    found = {name: shutil.which(name) for name in ("git", "sh", "cat", "kill")}
    (folder / "bin").mkdir()
    for name, path in found.items():
        (folder / "bin" / name).symlink_to(str(path))
    return {**os.environ, "PATH": str(folder / "bin")}


def configure(team: Team, python: str) -> None:
    team.git(
        "config",
        "merge.paddledvc.driver",
        merge_driver.merge_driver_command(team.project.root, python),
    )


BROKEN = {
    "gone": None,
    "without paddledvc": '#!/bin/sh\necho "No module named paddledvc" >&2\nexit 1\n',
    "of an old paddledvc": "#!/bin/sh\nexit 2\n",
    "that crashes": "#!/bin/sh\nexit 70\n",
    "that lies": "#!/bin/sh\nexit 0\n",
    "that is killed": "#!/bin/sh\nkill -9 $$\n",
}


SOONER = ("gone", "that lies", "that is killed")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(text, id=name, marks=() if name in SOONER else pytest.mark.thorough)
        for name, text in BROKEN.items()
    ],
)
def test_with_a_python_that_is_of_no_use_git_merges_as_it_always_does(
    team: Team, tmp_path: Path, program: str | None
) -> None:
    python = str(tmp_path / "python") if program is None else a_program(tmp_path, "python", program)
    configure(team, python)
    team.branch("left", **{**BASE, "a": "v2"})
    team.branch("right", **{**BASE, "a": "v3", "z": "v2"})
    environment = without_paddledvc(tmp_path)
    done = team.try_("merge", "left", env=environment)

    assert done.returncode == 1
    assert (
        "models.lock: merged line by line, because paddledvc failed; "
        "`paddledvc init` sets it up again\n"
    ) in done.stderr
    assert team.conflicts().keys() == {"dvc.yaml", "models.lock", "models.yaml"}
    assert all(team.conflicts().values())
    for name in ("models.lock", "models.yaml"):
        assert all(version in team.read(name) for version in ("a-v2", "a-v3", "z-v2"))


def test_changes_that_git_merges_itself_are_merged_without_us_as_well(
    team: Team, tmp_path: Path
) -> None:
    configure(team, "/nowhere/python")
    team.branch("left", **{**BASE, "a": "v2"})
    team.branch("right", **{**BASE, "z": "v2"})

    assert team.try_("merge", "left", env=without_paddledvc(tmp_path)).returncode == 0
    require_fresh(team.project)


def test_a_python_that_has_moved_is_replaced_by_the_paddledvc_on_the_path(team: Team) -> None:
    configure(team, "/nowhere/python")
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    done = team.try_("merge", "--no-edit", "left")

    assert done.returncode == 0
    assert not any(line.startswith("models.") for line in done.stderr.splitlines())
    require_fresh(team.project)


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param("it's here", marks=pytest.mark.thorough),
        pytest.param('with "quotes"', marks=pytest.mark.thorough),
        "100%A $HOME `x` \\ é",
    ],
)
def test_a_python_in_a_folder_of_any_name_is_run(team: Team, tmp_path: Path, folder: str) -> None:
    program = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
    configure(team, a_program(tmp_path, f"{folder}/python", program))
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    done = team.try_("merge", "--no-edit", "left", env=without_paddledvc(tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
    require_fresh(team.project)


def test_modules_of_the_work_tree_do_not_take_the_place_of_ours(team: Team, tmp_path: Path) -> None:
    team.branch("left", **{**BASE, "a": "v2", "left": "v1"})
    team.branch("right", **{**BASE, "b": "v2", "right": "v1"})
    team.write("click.py", "raise SystemExit('this is not click')\n")
    done = team.try_("merge", "--no-edit", "left", env=without_paddledvc(tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
    require_fresh(team.project)


def test_conflicts_look_as_git_is_told_to_show_them(team: Team) -> None:
    team.git("config", "merge.conflictStyle", "zdiff3")
    team.branch("left", **{**BASE, "a": "v2"})
    team.branch("right", **{**BASE, "a": "v3"})
    team.try_("merge", "left")

    assert f"||||||| base\n{entry('a', 'v1')}=======\n" in team.read("models.yaml")


def test_a_conflict_can_be_brought_back(team: Team) -> None:
    team.branch("left", **{**BASE, "a": "v2"})
    team.branch("right", **{**BASE, "a": "v3"})
    team.try_("merge", "left")
    before = team.read("models.lock")
    team.write("models.lock", "")
    team.git("checkout", "--merge", "models.lock")

    assert team.read("models.lock") == before


def test_a_clone_merges_by_model_once_it_is_initialised(repo: Any, tmp_path: Path) -> None:
    repo.paddledvc("init")
    repo.write("models.yaml", registry(**BASE))
    repo.paddledvc("lock")
    repo.paddledvc("generate")
    repo.commit("base")
    for name, versions in (("left", {"a": "v2", "x": "v1"}), ("right", {"b": "v2", "y": "v1"})):
        repo.git("checkout", "--quiet", "-b", name, "main")
        repo.write("models.yaml", registry(**{**BASE, **versions}))
        repo.paddledvc("lock")
        repo.paddledvc("generate")
        repo.commit(name)
    clone = type(repo)(tmp_path / "clone", repo.environment)
    repo.git("clone", "--quiet", str(repo.root), str(clone.root))

    assert clone.try_("git", "merge", "origin/left").returncode == 1
    clone.git("merge", "--abort")
    done = clone.paddledvc("init").splitlines()
    clone.git("merge", "--no-edit", "origin/left")

    assert [line for line in done if line.startswith("made")] == [
        "made merge driver of this clone",
        "made git hooks of this clone",
    ]
    assert "kept .gitattributes" in done
    clone.paddledvc("lock", "--check")


def test_what_two_branches_built_is_merged_and_up_to_date(repo: Any) -> None:
    def build(**versions: str) -> None:
        entries = []
        for name, version in versions.items():
            data = f"{name} {version}".encode()
            repo.write(f"zoo/{name}-{version}.pdparams", data)
            entries.append(entry(name, version).replace("https://host", "zoo"))
        repo.write("models.yaml", "models:\n" + "".join(entries))
        repo.paddledvc("lock")
        repo.paddledvc("generate")
        repo.repro()
        repo.commit(str(versions))

    repo.paddledvc("init")
    build(a="v1", b="v1", z="v1")
    repo.git("checkout", "--quiet", "-b", "left")
    build(a="v2", b="v1", z="v1", left="v1")
    repo.git("checkout", "--quiet", "-b", "right", "main")
    build(a="v1", b="v2", z="v1", right="v1")
    repo.git("merge", "--no-edit", "left")
    repo.paddledvc("lock", "--check")
    repo.paddledvc("generate", "--check")
    repo.dvc("checkout")

    assert repo.repro() == []
    assert repo.git("status", "--porcelain") == ""


def both(team: Team) -> None:
    """Move one model on two branches, each built, and stay on the right one."""
    for name, version in (("left", "v2"), ("right", "v3")):
        team.branch(name, **{**BASE, "a": version})
        team.write("dvc.lock", f"schema: '2.0'\nstages:\n  sync-a:\n    cmd: {version}\n")
        team.write("params.yaml", f"a:\n  train: {{lr: {version[1:]}}}\n")
        (team.folder / "reports/a/evaluate").mkdir(parents=True, exist_ok=True)
        team.write("reports/a/verify.json", f'{{\n  "version": "{version}",\n  "same": 1\n}}\n')
        team.write("reports/a/evaluate/changed.csv", f"sample,version\n1,{version}\n")
        team.write("code.py", f"VERSION = '{version}'\n")
        team.git("add", "--all")
        team.git("commit", "--quiet", "--amend", "--no-edit")


def versions(team: Team) -> dict[str, set[str]]:
    """Find the versions of the model that each file speaks of."""
    names = ("models.yaml", "models.lock", "dvc.yaml", "dvc.lock", "params.yaml")
    reports = ("reports/a/verify.json", "reports/a/evaluate/changed.csv")
    texts = {name: team.read(name).partition("b\n")[0] for name in (*names, *reports)}
    return {
        name: {*re.findall(r"\bv[23]\b", text.replace("lr: ", "v"))}
        for name, text in texts.items()
        if name != "dvc.yaml"
    }


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize(
    "command",
    [
        "merge --no-edit -X {} left",
        "rebase -X{} left",
        "cherry-pick --keep-redundant-commits -X {} left",
    ],
)
def test_a_merge_that_was_told_a_side_has_no_conflict(team: Team, command: str, side: str) -> None:
    both(team)
    done = team.try_(*command.format(side).split())

    assert done.returncode == 0, done.stderr
    assert team.conflicts() == {}
    # In a rebase, ours is what is rebased onto.
    ours, theirs = ("v2", "v3") if command.startswith("rebase") else ("v3", "v2")
    assert set.union(*versions(team).values()) == {ours if side == "ours" else theirs}
    require_fresh(team.project)


def test_a_rebase_that_goes_on_remembers_the_side(team: Team) -> None:
    team.git("checkout", "--quiet", "main")
    team.write("code.py", "VERSION = 1\n")
    team.repository.commit("code")
    team.branch("left", **{**BASE, "a": "v2", "b": "v2"})
    team.git("rm", "--quiet", "code.py")
    team.repository.commit("no code")
    team.branch("right", **{**BASE, "a": "v3"})
    team.write("code.py", "VERSION = 3\n")
    team.repository.commit("code of right")
    team.save(**{**BASE, "a": "v3", "b": "v3"})
    assert team.try_("rebase", "-X", "theirs", "left").returncode == 1
    assert list(team.conflicts()) == ["code.py"], "one side has removed it"
    team.git("add", "code.py")
    done = team.try_("-c", "core.editor=true", "rebase", "--continue")

    assert done.returncode == 0, done.stderr
    assert team.read("models.yaml") == registry(**{**BASE, "a": "v3", "b": "v3"})
    require_fresh(team.project)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_command_takes_a_side_of_everything_and_names_what_is_left(
    team: Team, side: Any
) -> None:
    both(team)
    assert team.try_("merge", "left").returncode == 1
    kept = {"dvc.lock", "reports/a/verify.json", "reports/a/evaluate/changed.csv"}
    assert {name: versions(team)[name] for name in kept} == {name: {"v3"} for name in kept}
    assert not any("<<<<" in team.read(name) for name in kept), "what programs read stays whole"
    done = paddledvc.generate(team.project, resolve=side)

    assert {*done.resolved} == {*versions(team), "dvc.yaml"}
    assert done.unresolved == ("code.py",)
    assert set.union(*versions(team).values()) == {"v3" if side == "ours" else "v2"}
    require_fresh(team.project)


def test_what_somebody_made_since_the_merge_stays(team: Team) -> None:
    both(team)
    assert team.try_("merge", "left").returncode == 1
    team.write("reports/a/verify.json", '{"version": "v4"}\n')
    team.write("dvc.lock", "schema: '2.0'\nstages:\n  sync-a:\n    cmd: v4\n")
    done = paddledvc.generate(team.project, resolve="theirs")

    assert team.read("reports/a/verify.json") == '{"version": "v4"}\n'
    assert "v4" in team.read("dvc.lock")
    assert "reports/a/verify.json" not in {*done.resolved, *done.unresolved}
