"""git calls our hooks: what it starts, when, and with what.

Real git runs the scripts as they are installed. A program that notes its arguments, and leaves the
marker that a checkout of weights leaves, stands in for Python where what it does is not the point:
tests of workflows and of the Git Flow show that.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from paddledvc.tools.git.hook_scripts import install
from paddledvc.tools.git.hook_scripts import script as scripts

pytestmark = pytest.mark.slow

RECORDER = """#!/bin/sh
shift 4 # -I, -c, the program, and `hook`
echo "$@" >>{log}
case $1 in
    pre-push) cat >>{log} ;;
    post-*)
        marker=$(git rev-parse --git-path paddledvc)/root
        {{ git rev-parse -q --verify HEAD; echo checkpoints; }} >"$marker"
        ;;
esac
exit {status}
"""


class Watched:
    """A repository with hooks that note what they would start."""

    def __init__(self, repo: Any, tmp_path: Path) -> None:
        self.repo, self.root, self.git = repo, repo.root, repo.git
        self.log = tmp_path / "started"
        self.recorder = tmp_path / "recorder"
        self.record()
        for version in ("v1", "v2"):
            self.save(version)
        self.git("tag", "old", "HEAD~1")
        self.install()
        self.git("switch", "--quiet", "-c", "first")
        self.started()

    def record(self, status: int = 0) -> None:
        self.recorder.write_text(RECORDER.format(log=f"'{self.log}'", status=status))
        self.recorder.chmod(0o755)

    def install(self, root: Path | None = None, *, force: bool = False) -> None:
        """Install the hooks, with the recorder in the place of Python."""
        where = root or self.root
        install.install_hook_scripts(where, force=force)
        folder = install.find_installed_hooks(where).folder
        for name in scripts.HOOK_NAMES:
            script = (folder / name).read_text()
            assert sys.executable in script
            (folder / name).write_text(script.replace(sys.executable, str(self.recorder)))
        for gitdir in (self.git("rev-parse", "--absolute-git-dir").strip(),):
            (Path(gitdir) / "paddledvc").mkdir(exist_ok=True)
        (where / "checkpoints").mkdir(exist_ok=True)

    def save(self, version: str, **others: str) -> None:
        """Commit a lock, and maybe other files."""
        for name, text in {"models.yaml": "models: []\n", "models.lock": version, **others}.items():
            self.repo.write(name, text)
        self.repo.write(".gitignore", "/checkpoints/\n")
        self.repo.commit(version)

    def started(self) -> list[str]:
        """Tell what was started since one asked last; commits as their titles."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [" ".join(map(self._named, line.split(" "))) for line in lines]

    def _named(self, word: str) -> str:
        if len(word) < 40 or not set(word) <= set("0123456789abcdef"):
            return word
        if not word.strip("0"):
            return "none"
        return self.git("log", "-1", "--format=%s", word).strip()


@pytest.fixture
def watched(repo: Any, tmp_path: Path) -> Watched:
    """Two commits with different locks, hooks, and the weights of the second in place."""
    return Watched(repo, tmp_path)


# When Python is started


def test_a_switch_to_another_lock_starts_python(watched: Watched) -> None:
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_a_switch_between_equal_locks_starts_nothing(watched: Watched) -> None:
    watched.save("v2", README="other")
    watched.git("switch", "--quiet", "main")
    watched.git("switch", "--quiet", "first")
    watched.git("checkout", "--quiet", "-b", "second")

    assert watched.started() == []


@pytest.mark.parametrize(
    "name", ["dvc.lock", "dvc.yaml", "data.dvc", "sub/dir/dvc.lock", "x/b.dvc"]
)
def test_every_file_that_says_what_lies_in_the_work_tree_counts(
    watched: Watched, name: str
) -> None:
    watched.save("v2", **{name: "other"})
    watched.git("switch", "--quiet", "-c", "second")
    watched.started()
    watched.git("switch", "--quiet", "main")

    assert len(watched.started()) == 1


@pytest.mark.parametrize("name", ["a.lock", "models.lock.txt", "sub/xdvc.yaml", "dvc"])
def test_other_files_do_not_count(watched: Watched, name: str) -> None:
    watched.save("v2", **{name: "other"})
    watched.git("switch", "--quiet", "main")

    assert watched.started() == []


def test_files_that_are_checked_out_start_nothing(watched: Watched) -> None:
    watched.git("checkout", "--quiet", "old", "--", "models.lock")
    watched.git("restore", "--staged", "--worktree", "models.lock")

    assert watched.started() == []


def test_the_first_switch_after_the_installation_starts_python(watched: Watched) -> None:
    (watched.root / ".git/paddledvc/root").unlink()
    watched.git("switch", "--quiet", "-c", "second")

    assert watched.started() == ["post-checkout --in . v2 v2 1"]


def test_a_reset_is_noticed_by_the_next_switch(watched: Watched) -> None:
    watched.git("reset", "--quiet", "--hard", "old")
    assert watched.started() == []
    watched.git("switch", "--quiet", "-c", "second")

    assert watched.started() == ["post-checkout --in . v1 v1 1"]


def test_weights_that_changed_are_noticed_by_the_next_switch(watched: Watched) -> None:
    watched.repo.write("models.lock", "v3")
    watched.repo.write("checkpoints/a.pdparams", "made by dvc repro")
    watched.git("stash", "--quiet")
    watched.git("switch", "--quiet", "main")

    assert watched.started() == ["post-checkout --in . v2 v2 1"]


def test_weights_that_are_gone_are_noticed_by_the_next_switch(watched: Watched) -> None:
    (watched.root / "checkpoints").rmdir()
    watched.git("switch", "--quiet", "main")

    assert watched.started() == ["post-checkout --in . v2 v2 1"]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_every_folder_of_many_counts(watched: Watched, count: int) -> None:
    marker = watched.root / ".git/paddledvc/root"
    names = [f"checkpoints/a b {number}" for number in range(count)]
    for name in names:
        (watched.root / name).mkdir()
    marker.write_text(watched.git("rev-parse", "HEAD") + "".join(f"{name}\n" for name in names))
    watched.git("switch", "--quiet", "-c", "second")
    assert watched.started() == []
    (watched.root / names[-1]).rmdir()
    watched.git("switch", "--quiet", "-c", "third")

    assert len(watched.started()) == 1


def test_a_marker_that_names_no_commit_is_not_believed(watched: Watched) -> None:
    for nonsense in ("", "--output=x\n", "f" * 40 + "\n"):
        (watched.root / ".git/paddledvc/root").write_text(nonsense)
        watched.git("switch", "--quiet", "-c", f"b{len(nonsense)}")

        assert len(watched.started()) == 1, nonsense


def test_a_branch_without_a_project_asks_python_to_take_its_weights_away(watched: Watched) -> None:
    watched.git("switch", "--quiet", "--orphan", "empty")
    assert watched.started() == ["post-checkout --in . v2 none 1"]


def test_a_repository_without_a_project_starts_nothing(repo: Any, tmp_path: Path) -> None:
    repo.write("README", "x")
    repo.commit("x")
    install.install_hook_scripts(repo.root)

    assert repo.try_("git", "switch", "--quiet", "-c", "b").stderr == ""


def test_a_merge_starts_python(watched: Watched) -> None:
    watched.save("v3")
    watched.git("switch", "--quiet", "main")
    watched.started()
    watched.git("merge", "--quiet", "first")

    assert watched.started() == ["post-merge --in . 0"]


def test_a_squashed_merge_starts_nothing_until_it_is_committed(watched: Watched) -> None:
    watched.save("v3")
    watched.git("switch", "--quiet", "main")
    watched.started()
    watched.git("merge", "--quiet", "--squash", "first")
    assert watched.started() == []
    watched.git("commit", "--quiet", "--no-verify", "--message", "v3")

    assert watched.started() == ["post-commit --in ."]


def test_a_merge_with_conflicts_starts_nothing_until_it_is_committed(watched: Watched) -> None:
    watched.save("v3")
    watched.git("switch", "--quiet", "-c", "second", "main")
    watched.save("v4")
    watched.started()
    assert watched.repo.try_("git", "merge", "first").returncode == 1
    assert watched.started() == []
    watched.repo.write("models.lock", "v5")
    watched.git("add", "--all")
    watched.git("commit", "--quiet", "--no-verify", "--message", "v5")

    assert watched.started() == ["post-commit --in ."]


@pytest.mark.parametrize("how", [["--ff-only"], ["--no-rebase", "--no-edit"], ["--rebase"]])
def test_a_pull_starts_python_once_and_at_its_end(
    watched: Watched, tmp_path: Path, how: Any
) -> None:
    bare = tmp_path / "bare.git"
    watched.git("clone", "--quiet", "--bare", str(watched.root), str(bare))
    watched.git("remote", "add", "origin", str(bare))
    watched.save("v3")
    watched.git("push", "--quiet", "--no-verify", "origin", "first:main")
    watched.git("switch", "--quiet", "main")
    watched.git("branch", "--quiet", "--set-upstream-to", "origin/main")
    if how != ["--ff-only"]:
        watched.save("v2", own="mine")
    watched.started()
    watched.git("pull", "--quiet", *how)
    expected = "post-rewrite --in . rebase" if how == ["--rebase"] else "post-merge --in . 0"

    assert watched.started() == [expected]


def branches(watched: Watched, *, conflict: bool = False) -> None:
    """Let main move to v3, and a branch with two commits of its own start before."""
    watched.git("switch", "--quiet", "main")
    watched.save("v3", shared="main")
    watched.git("switch", "--quiet", "first")
    watched.save("v2", own="mine", **({"shared": "mine"} if conflict else {}))
    watched.save("v2", more="mine")
    watched.started()


def test_a_rebase_starts_python_once_and_at_its_end(watched: Watched) -> None:
    branches(watched)
    watched.git("rebase", "--quiet", "main")

    assert watched.started() == ["post-rewrite --in . rebase"]


def test_a_rebase_with_nothing_to_pick_starts_python(watched: Watched) -> None:
    branches(watched)
    watched.git("switch", "--quiet", "-c", "behind", "main~1")
    watched.started()
    watched.git("rebase", "--quiet", "main")

    assert watched.started() == ["post-checkout --in . v2 v3 1"]


def test_a_rebase_that_stops_and_goes_on_starts_python_at_its_end(watched: Watched) -> None:
    branches(watched, conflict=True)
    assert watched.repo.try_("git", "rebase", "main").returncode == 1
    watched.repo.write("shared", "both")
    watched.git("add", "--all")
    assert watched.started() == []
    watched.git("-c", "core.editor=true", "rebase", "--continue")

    assert watched.started() == ["post-rewrite --in . rebase"]


def test_a_rebase_that_is_given_up_starts_nothing(watched: Watched) -> None:
    branches(watched, conflict=True)
    assert watched.repo.try_("git", "rebase", "main").returncode == 1
    watched.git("rebase", "--abort")
    watched.git("switch", "--quiet", "-c", "second")

    assert watched.started() == []


@pytest.mark.parametrize("how", ["-b new old", "--detach old"])
@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_a_checkout_that_leaves_a_rebase_standing_starts_python(
    watched: Watched, how: str, backend: str
) -> None:
    branches(watched, conflict=True)
    watched.git("branch", "before", "main~1")
    assert watched.repo.try_("git", "rebase", backend, "main").returncode == 1
    watched.started()
    watched.git("checkout", "--quiet", "--force", *how.split())
    assert watched.started() == ["post-checkout --in . v3 v1 1"]

    watched.save("v4")  # whoever commits there is not in the rebase either
    assert ("post-commit --in ." in watched.started()) == ("detach" not in how)
    watched.git("checkout", "--quiet", "--force", "before")
    assert len(watched.started()) == 1


def test_an_amended_commit_in_the_middle_of_a_rebase_starts_nothing(watched: Watched) -> None:
    branches(watched)
    editor = "sed -i 1s/pick/edit/"
    watched.git("-c", f"sequence.editor={editor}", "rebase", "--quiet", "--interactive", "main")
    watched.git("commit", "--quiet", "--amend", "--no-edit")
    assert watched.started() == []
    watched.git("rebase", "--continue")

    assert watched.started() == ["post-rewrite --in . rebase"]


def test_the_other_way_to_rebase_ends_with_the_right_weights_too(watched: Watched) -> None:
    branches(watched)
    watched.git("rebase", "--quiet", "--apply", "main")

    # It says nothing of itself to the hook of its first checkout; the fast path ends the last one.
    assert watched.started() == ["post-checkout --in . v2 v3 1"]


def test_an_amended_lock_starts_python(watched: Watched) -> None:
    watched.repo.write("models.lock", "v3")
    watched.git("commit", "--quiet", "--all", "--no-verify", "--amend", "--message", "v3")

    assert watched.started() == ["post-commit --in ."]  # post-rewrite finds it done


def test_an_amended_message_starts_nothing(watched: Watched) -> None:
    watched.git("commit", "--quiet", "--amend", "--message", "better")

    assert watched.started() == []


def test_every_step_of_a_bisection_starts_python(watched: Watched) -> None:
    for version in ("v3", "v4", "v5"):
        watched.save(version)
    watched.started()
    watched.git("bisect", "start", "HEAD", "old")
    watched.git("bisect", "good")
    watched.git("bisect", "reset")

    assert watched.started() == [
        "post-checkout --in . v5 v3 1",
        "post-checkout --in . v3 v4 1",
        "post-checkout --in . v4 v5 1",
    ]


def test_a_commit_of_another_lock_starts_python(watched: Watched) -> None:
    watched.repo.write("models.lock", "v3")
    watched.git("commit", "--quiet", "--all", "--no-verify", "--message", "v3")

    assert watched.started() == ["post-commit --in ."]


def test_a_commit_of_other_files_starts_nothing(watched: Watched) -> None:
    watched.save("v2", README="other")

    assert watched.started() == []


def test_a_cherry_pick_and_a_revert_of_another_lock_start_python(watched: Watched) -> None:
    watched.save("v3")
    watched.git("switch", "--quiet", "main")
    watched.started()
    watched.git("cherry-pick", "first")
    assert watched.started() == ["post-commit --in ."]
    watched.git("revert", "--no-edit", "HEAD")

    assert watched.started() == ["post-commit --in ."]


# Where the hooks run


def test_a_new_work_tree_and_its_switches_start_python(watched: Watched, tmp_path: Path) -> None:
    beside = tmp_path / "be side ü"
    watched.git("worktree", "add", "--quiet", "--detach", str(beside), "old")
    assert watched.started() == ["post-checkout --in . none v1 1"]
    (watched.root / ".git/worktrees/be-side/paddledvc").mkdir(exist_ok=True, parents=True)


def test_work_trees_have_markers_of_their_own(watched: Watched, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    watched.git("worktree", "add", "--quiet", "--detach", str(beside), "old")
    watched.started()
    own = watched.root / ".git/worktrees/beside/paddledvc/root"
    own.parent.mkdir(exist_ok=True)
    own.write_text(watched.git("rev-parse", "old"))
    watched.git("-C", str(beside), "switch", "--quiet", "-c", "there")
    assert watched.started() == []
    watched.git("-C", str(beside), "switch", "--quiet", "--detach", "main")

    assert watched.started() == ["post-checkout --in . v1 v2 1"]


def test_a_bare_repository_with_work_trees_has_hooks(watched: Watched, tmp_path: Path) -> None:
    bare, tree = tmp_path / "bare.git", tmp_path / "tree"
    watched.git("clone", "--quiet", "--bare", str(watched.root), str(bare))
    watched.git("-C", str(bare), "worktree", "add", "--quiet", str(tree), "main")
    watched.install(tree)
    watched.git("-C", str(tree), "switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_a_submodule_has_hooks(watched: Watched, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    at = ("-C", str(outer), "-c", "protocol.file.allow=always")
    watched.git(*at, "init", "--quiet")
    watched.git(*at, "submodule", "--quiet", "add", str(watched.root), "in")
    watched.install(outer / "in")
    watched.git("-C", str(outer / "in"), "switch", "--quiet", "--detach", "HEAD~1")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


@pytest.mark.parametrize("where", ["outside", "ho oks"])
def test_hooks_run_from_where_the_configuration_says(
    watched: Watched, tmp_path: Path, where: str
) -> None:
    shutil.rmtree(watched.root / ".git/hooks")
    folder = str(tmp_path / where) if where == "outside" else where
    watched.repo.write(".git/info/exclude", "ho oks\n")
    watched.git("config", "core.hooksPath", folder)
    watched.install(force=where != "outside")
    (watched.root / "sub").mkdir()
    watched.git("-C", "sub", "switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_a_shallow_clone_starts_python_where_it_cannot_compare(
    watched: Watched, tmp_path: Path
) -> None:
    clone = tmp_path / "shallow"
    url = f"file://{watched.root}"
    watched.git("clone", "--quiet", "--depth", "1", url, str(clone))
    watched.install(clone)
    marker = clone / ".git/paddledvc/root"
    marker.parent.mkdir(exist_ok=True)
    marker.write_text(watched.git("rev-parse", "old"))  # a commit that was not cloned
    watched.git("-C", str(clone), "switch", "--quiet", "-c", "b")

    assert watched.started() == ["post-checkout --in . v2 v2 1"]


def test_a_program_without_an_environment_finds_python(watched: Watched) -> None:
    watched.repo.environment = {"PATH": "/usr/bin:/bin", "HOME": watched.repo.environment["HOME"]}
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_a_repository_with_sha256_has_hooks(repo_at: Any, tmp_path: Path) -> None:
    made = repo_at(tmp_path / "repo")
    shutil.rmtree(made.root / ".git")
    made.git("init", "--quiet", "--object-format=sha256")
    watched = Watched(made, tmp_path)
    watched.git("switch", "--quiet", "main")
    assert watched.started() == []
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_all_projects_of_a_repository_are_named(watched: Watched) -> None:
    watched.repo.write("vi sion/models.yaml", "models: []\n")
    watched.install(watched.root / "vi sion")
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in vi sion --in . v2 v1 1"]


# Turning them off


@pytest.mark.parametrize(
    ("variables", "live"),
    [
        ({"PADDLEDVC_HOOKS": "0"}, False),
        ({"PADDLEDVC_HOOKS": "off"}, False),
        ({"CI": "true"}, False),
        ({"CI": "false"}, True),
        ({"CI": "true", "PADDLEDVC_HOOKS": "1"}, True),
    ],
)
def test_variables_turn_hooks_off(watched: Watched, variables: Any, live: Any) -> None:
    watched.repo.environment = {**watched.repo.environment, **variables}
    watched.git("switch", "--quiet", "--detach", "old")

    assert bool(watched.started()) is live


# What was there


def chained(watched: Watched, name: str, text: str) -> Path:
    """Let another hook be there when ours comes."""
    install.uninstall_hook_scripts(watched.root)
    path = watched.root / ".git/hooks" / name
    path.write_text(text.replace("LOG", f"'{watched.log}'"))
    path.chmod(0o755)
    watched.install()
    return path


SHELLS = {
    "sh": "#!/bin/sh\n",
    "env sh": "#!/usr/bin/env sh\n",
    "bash": "#!/bin/bash\nset -o pipefail\n",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_script_that_was_there_runs_first_and_under_its_name(
    watched: Watched, shell: str
) -> None:
    text = 'echo "theirs $0 $@" >>LOG\nexit 3\necho never >>LOG\n'
    chained(watched, "post-checkout", SHELLS[shell] + text)
    done = watched.repo.try_("git", "switch", "--detach", "old")

    assert done.returncode == 1  # git fails as it did without us
    assert watched.started() == [
        "theirs .git/hooks/post-checkout v2 v1 1",
        "post-checkout --in . v2 v1 1",
    ]


def test_a_program_that_was_there_runs_first(watched: Watched) -> None:
    text = "#!/usr/bin/env -S python3 -S\nimport sys\nopen(LOG, 'a').write(f'{sys.argv[1:]}\\n')\n"
    chained(watched, "post-checkout", text)
    watched.git("switch", "--quiet", "--detach", "old")

    assert [line.partition(" ")[0] for line in watched.started()][1:] == ["post-checkout"]


def test_a_hook_that_was_off_stays_off(watched: Watched) -> None:
    path = chained(watched, "post-checkout", "#!/bin/sh\necho theirs >>LOG\n")
    path.with_name("post-checkout.before-paddledvc").chmod(0o644)
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_the_hook_that_was_there_runs_even_if_ours_are_off(watched: Watched) -> None:
    chained(watched, "post-checkout", "#!/bin/sh\necho theirs >>LOG\n")
    watched.repo.environment = {**watched.repo.environment, "PADDLEDVC_HOOKS": "0"}
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["theirs"]


def program(watched: Watched, folder: Path, name: str) -> None:
    """Put a program on the PATH that notes how it was called."""
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\necho {name} \"$@\" >>'{watched.log}'\n")
    (folder / name).chmod(0o755)
    path = f"{folder}:{watched.repo.environment['PATH']}"
    watched.repo.environment = {**watched.repo.environment, "PATH": path}


def test_a_post_checkout_of_dvc_does_not_run(watched: Watched, tmp_path: Path) -> None:
    chained(watched, "post-checkout", "#!/usr/bin/sh\nexec dvc git-hook post-checkout $@\n")
    program(watched, tmp_path / "bin", "dvc")
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


def test_a_post_rewrite_that_was_there_reads_what_git_writes(watched: Watched) -> None:
    chained(watched, "post-rewrite", '#!/bin/sh\nread -r old new\necho "$1 $old" >>LOG\n')
    watched.git("commit", "--quiet", "--amend", "--message", "better")

    assert watched.started() == ["amend v2"]


def test_a_pre_commit_that_was_there_stops_the_commit(watched: Watched) -> None:
    chained(watched, "pre-commit", "#!/bin/sh\necho theirs >>LOG\nexit 1\n")
    watched.repo.write("models.lock", "v3")
    done = watched.repo.try_("git", "commit", "--quiet", "--all", "--message", "v3")

    assert done.returncode == 1
    assert watched.started() == ["theirs"]


def test_a_husky_that_was_there_finds_its_scripts(watched: Watched) -> None:
    watched.repo.write(".husky/_/.gitignore", "*")
    watched.repo.write(
        ".husky/_/h",
        '#!/usr/bin/env sh\nn=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n'
        '[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nexit $?\n',
    )
    watched.repo.write(".husky/post-checkout", f"echo husky $3 >>'{watched.log}'\n")
    watched.repo.write(".husky/_/post-checkout", '#!/usr/bin/env sh\n. "${0%/*}/h"')
    (watched.root / ".husky/_/post-checkout").chmod(0o755)
    watched.git("config", "core.hooksPath", ".husky/_")
    watched.install(force=True)
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["husky 1", "post-checkout --in . v2 v1 1"]


# Before a commit


@pytest.mark.parametrize("how", [["--all"], ["models.lock"]])
def test_a_commit_that_concerns_models_starts_python(watched: Watched, how: Any) -> None:
    watched.repo.write("models.lock", "v3")
    watched.git("commit", "--quiet", "--message", "v3", *how)

    assert watched.started() == ["pre-commit --in .", "post-commit --in ."]


def test_a_commit_that_concerns_no_models_starts_nothing(watched: Watched) -> None:
    watched.repo.write("README", "x")
    watched.repo.write("models.lock", "v3")  # not staged
    watched.git("add", "README")
    watched.git("commit", "--quiet", "--message", "x")

    assert watched.started() == []


def test_the_first_commit_starts_python(repo: Any, tmp_path: Path) -> None:
    watched = Watched.__new__(Watched)
    watched.repo, watched.root, watched.git = repo, repo.root, repo.git
    watched.log, watched.recorder = tmp_path / "log", tmp_path / "recorder"
    watched.record()
    watched.install()
    watched.save("v1")

    assert watched.started() == ["pre-commit --in .", "post-commit --in ."]


def test_what_python_says_stops_the_commit(watched: Watched) -> None:
    watched.record(status=1)
    watched.repo.write("models.lock", "v3")
    assert watched.repo.try_("git", "commit", "--all", "--message", "v3").returncode == 1

    watched.git("commit", "--quiet", "--no-verify", "--all", "--message", "v3")


# Before a push


@pytest.fixture
def bare(watched: Watched, tmp_path: Path) -> Path:
    """A bare repository to push to, which has main."""
    made = tmp_path / "bare.git"
    watched.git("init", "--quiet", "--bare", str(made))
    watched.git("remote", "add", "origin", str(made))
    watched.git("push", "--quiet", "--no-verify", "origin", "main")
    return made


def test_a_push_that_concerns_models_starts_python(watched: Watched, bare: Path) -> None:
    watched.save("v3")
    watched.started()
    watched.git("push", "--quiet", "origin", "first:main", "old")

    assert watched.started() == [
        f"pre-push --in . origin {bare}",
        "refs/heads/first v3 refs/heads/main v2",
        "refs/tags/old v1 refs/tags/old none",
    ]


def test_a_push_of_a_change_and_its_undoing_starts_python(watched: Watched, bare: Path) -> None:
    watched.save("v3")
    watched.git("revert", "--no-edit", "HEAD")
    watched.started()
    watched.git("push", "--quiet", "origin", "HEAD:main")

    assert watched.started()[0] == f"pre-push --in . origin {bare}"


def test_a_push_that_concerns_no_models_starts_nothing(watched: Watched, bare: Path) -> None:
    watched.save("v2", README="x")
    watched.git("push", "--quiet", "origin", "first:main")
    watched.git("push", "--quiet", "--no-verify", "origin", "old")
    watched.git("push", "--quiet", "origin", "--delete", "old")

    assert watched.started() == []


def test_what_python_says_stops_the_push(watched: Watched, bare: Path) -> None:
    watched.save("v3")
    watched.record(status=1)
    assert watched.repo.try_("git", "push", "origin", "first").returncode == 1

    watched.git("push", "--quiet", "--no-verify", "origin", "first")


def test_a_pre_push_that_was_there_reads_what_git_writes(watched: Watched, bare: Path) -> None:
    chained(watched, "pre-push", "#!/bin/sh\ncat >>LOG\n")
    watched.save("v3")
    watched.started()
    watched.git("push", "--quiet", "origin", "first:main")
    line = "refs/heads/first v3 refs/heads/main v2"

    assert watched.started() == [line, f"pre-push --in . origin {bare}", line]


# When Python is gone


def gone(watched: Watched) -> str:
    watched.recorder.unlink()
    path = f"{Path(sys.executable).parent}:"
    watched.repo.environment["PATH"] = watched.repo.environment["PATH"].replace(path, "")
    return f"{watched.recorder} is gone; run `paddledvc hooks install`\n"


def test_a_python_that_is_gone_is_told_and_stops_nothing(watched: Watched, bare: Path) -> None:
    watched.repo.environment = dict(watched.repo.environment)
    told = gone(watched)
    switched = watched.repo.try_("git", "switch", "--quiet", "--detach", "old")
    watched.repo.write("models.lock", "v3")
    committed = watched.repo.try_("git", "commit", "--quiet", "--all", "--message", "v3")
    pushed = watched.repo.try_("git", "push", "--quiet", "origin", "HEAD:refs/heads/x")

    assert [switched.returncode, committed.returncode, pushed.returncode] == [0, 0, 0]
    assert switched.stderr == f"paddledvc: weights not checked: {told}"
    assert committed.stderr == (
        f"paddledvc: commit not checked: {told}paddledvc: weights not checked: {told}"
    )
    assert pushed.stderr == f"paddledvc: weights not sent: {told}"


def test_the_paddledvc_on_the_path_takes_over(watched: Watched, tmp_path: Path) -> None:
    watched.repo.environment = dict(watched.repo.environment)
    gone(watched)
    program(watched, tmp_path / "bin", "paddledvc")
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["paddledvc hook post-checkout --in . v2 v1 1"]


def test_an_environment_that_lost_paddledvc_is_told(watched: Watched) -> None:
    watched.repo.environment = dict(watched.repo.environment)
    gone(watched)
    watched.recorder.write_text("#!/bin/sh\nexit 127\n")
    watched.recorder.chmod(0o755)
    done = watched.repo.try_("git", "switch", "--quiet", "--detach", "old")

    assert done.returncode == 0
    assert done.stderr == (
        f"paddledvc: weights not checked: {watched.recorder} no longer has paddledvc; "
        "run `paddledvc hooks install`\n"
    )


# Shells


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_scripts_are_understood_by_every_shell(watched: Watched, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    with_shell = program if shell != "busybox" else f"{program} sh"
    for name in scripts.HOOK_NAMES:
        path = watched.root / ".git/hooks" / name
        path.write_text(path.read_text().replace("#!/bin/sh", f"#!{with_shell}", 1))
    watched.git("switch", "--quiet", "-c", "second")
    assert watched.started() == []
    watched.git("switch", "--quiet", "--detach", "old")

    assert watched.started() == ["post-checkout --in . v2 v1 1"]


@pytest.mark.parametrize(("target", "asked"), [("main", []), ("third", ["diff-tree"])])
def test_the_fast_path_starts_git_once_at_most(
    watched: Watched, tmp_path: Path, target: str, asked: Any
) -> None:
    watched.git("switch", "--quiet", "-c", "third")
    watched.save("v2", README="other")
    watched.git("switch", "--quiet", "first")
    trace = tmp_path / "trace"
    watched.repo.environment = {**watched.repo.environment, "GIT_TRACE": str(trace)}
    watched.git("switch", "--quiet", target)

    assert re.findall(r"trace: built-in: git (\S+)", trace.read_text()) == ["switch", *asked]
