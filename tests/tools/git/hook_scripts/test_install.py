from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import paddledvc
from paddledvc.errors import InvalidInput, NotAProject, OutsideFailure
from paddledvc.tools.git.hook_scripts import install, state
from paddledvc.tools.git.hook_scripts import script as scripts
from paddledvc.tools.git.hook_scripts.script import HOOK_NAMES
from paddledvc.weights.tree import records

DVC = "#!/usr/bin/sh\nexec dvc git-hook post-checkout $@\n"
ALL = dict.fromkeys(HOOK_NAMES, True)
NONE = dict.fromkeys(HOOK_NAMES, False)


@pytest.fixture
def repository(project):
    project.git("init", "--quiet")
    project.models("models: []\n")
    return project


def listed(folder):
    """What is in a folder of hooks: the bytes or the target, and the mode."""
    return {
        path.name: (
            str(path.readlink()) if path.is_symlink() else path.read_bytes(),
            oct(path.lstat().st_mode),
        )
        for path in folder.iterdir()
        if not path.name.endswith(".sample")
    }


def states(root):
    return {one.name: (one.state, one.why) for one in state.hook_states(root)}


def put(repository, name, text, mode=0o755):
    path = repository.write(f".git/hooks/{name}", text)
    path.chmod(mode)
    return path


# Installing


def test_six_hooks_are_installed_that_name_this_python(repository):
    assert install.install_hook_scripts(repository.root) == ALL

    folder = repository.root / ".git" / "hooks"
    assert sorted(listed(folder)) == sorted(HOOK_NAMES)
    for name in HOOK_NAMES:
        script = install.read_our_installed_hook(folder / name)
        assert (script.python, script.projects) == (sys.executable, (".",))
        assert os.access(folder / name, os.X_OK)
    assert states(repository.root) == dict.fromkeys(HOOK_NAMES, ("live", ""))


def test_installing_twice_changes_nothing(repository):
    install.install_hook_scripts(repository.root)
    before = listed(repository.root / ".git" / "hooks")

    assert install.install_hook_scripts(repository.root) == NONE
    assert listed(repository.root / ".git" / "hooks") == before


def test_a_repository_without_a_folder_for_hooks_gets_one(repository):
    shutil.rmtree(repository.root / ".git" / "hooks")

    assert install.install_hook_scripts(repository.root) == ALL


@pytest.mark.slow
def test_another_python_takes_over(repository, monkeypatch):
    install.install_hook_scripts(repository.root)
    monkeypatch.setattr(sys, "executable", "/it's/new/python")

    assert install.install_hook_scripts(repository.root) == ALL
    assert (
        install.read_our_installed_hook(repository.root / ".git/hooks/pre-push").python
        == "/it's/new/python"
    )
    assert "python='/it'\"'\"'s/new/python'\n" in repository.read(".git/hooks/pre-push")


def test_a_hook_of_an_older_form_is_ours_and_renewed(repository):
    install.install_hook_scripts(repository.root)
    path = repository.root / ".git/hooks/post-merge"
    path.write_text(path.read_text().replace("form 2", "form 0").replace("agree()", "agreed()"))

    assert install.install_hook_scripts(repository.root) == {**NONE, "post-merge": True}
    assert not (repository.root / ".git/hooks/post-merge.before-paddledvc").exists()


def test_a_hook_that_lost_its_mode_gets_it_back(repository):
    install.install_hook_scripts(repository.root)
    (repository.root / ".git/hooks/pre-commit").chmod(0o644)
    assert states(repository.root)["pre-commit"] == ("disabled", "it is not executable")

    assert install.install_hook_scripts(repository.root) == {**NONE, "pre-commit": True}
    assert states(repository.root)["pre-commit"] == ("live", "")


def test_a_folder_outside_git_is_refused(project):
    with pytest.raises(NotAProject) as caught:
        install.install_hook_scripts(project.root)

    assert str(caught.value) == f"{project.root} is in no git repository; run `git init` first"


def test_a_folder_that_cannot_be_written_is_told(repository):
    repository.git("config", "core.hooksPath", "/dev/null")

    with pytest.raises(OutsideFailure) as caught:
        install.install_hook_scripts(repository.root)

    assert str(caught.value) == "cannot write /dev/null/post-checkout: File exists"


# What was there


def own(repository, name):
    put(repository, name, "#!/bin/sh\necho mine\n")


def not_executable(repository, name):
    put(repository, name, "#!/bin/sh\necho off\n", 0o644)


def binary(repository, name):
    shutil.copy2("/bin/true", repository.root / ".git" / "hooks" / name)


def link(repository, name):
    put(repository, "../shared hook", "#!/bin/sh\n")
    (repository.root / ".git" / "hooks" / name).symlink_to("../shared hook")


def broken_link(repository, name):
    (repository.root / ".git" / "hooks" / name).symlink_to("nowhere")


def odd_mode(repository, name):
    put(repository, name, "#!/usr/bin/env python3\n", 0o700)


KINDS = [own, not_executable, binary, link, broken_link, odd_mode]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["post-checkout", "pre-push"])
@pytest.mark.parametrize("make", KINDS)
def test_a_hook_that_is_there_is_kept_and_comes_back(repository, make, name):
    make(repository, name)
    folder = repository.root / ".git" / "hooks"
    before = listed(folder)
    stat = (folder / name).lstat()
    install.install_hook_scripts(repository.root)

    assert listed(folder)[f"{name}.before-paddledvc"] == before[name]
    assert install.install_hook_scripts(repository.root) == NONE
    assert install.uninstall_hook_scripts(repository.root) == ALL
    assert listed(folder) == before
    assert ((folder / name).lstat().st_mtime_ns, (folder / name).lstat().st_ino) == (
        stat.st_mtime_ns,
        stat.st_ino,
    )


def test_without_hard_links_a_hook_is_copied(repository, monkeypatch):
    put(repository, "pre-commit", "#!/bin/sh\n", 0o750)
    before = listed(repository.root / ".git/hooks")

    def refuse(*_, **__):
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    install.install_hook_scripts(repository.root)
    install.uninstall_hook_scripts(repository.root)

    assert listed(repository.root / ".git/hooks") == before


def test_uninstalling_what_was_never_installed_changes_nothing(repository):
    put(repository, "pre-commit", "#!/bin/sh\n")
    before = listed(repository.root / ".git/hooks")

    assert install.uninstall_hook_scripts(repository.root) == NONE
    assert listed(repository.root / ".git/hooks") == before


def test_a_hook_that_somebody_put_over_ours_stays(repository):
    install.install_hook_scripts(repository.root)
    put(repository, "pre-push", "#!/bin/sh\ngit lfs pre-push $@\n")
    assert states(repository.root)["pre-push"] == ("overwritten", "by the hook of git-lfs")

    assert install.uninstall_hook_scripts(repository.root) == {**ALL, "pre-push": False}
    assert listed(repository.root / ".git/hooks") == {
        "pre-push": (b"#!/bin/sh\ngit lfs pre-push $@\n", "0o100755")
    }


def test_installing_over_a_hook_that_was_put_over_ours_keeps_every_one(repository):
    put(repository, "pre-push", "first")
    install.install_hook_scripts(repository.root)
    put(repository, "pre-push", "second")

    assert install.install_hook_scripts(repository.root) == {**NONE, "pre-push": True}
    folder = repository.root / ".git/hooks"
    assert (folder / "pre-push.before-paddledvc").read_text() == "second"
    assert (folder / "pre-push.before-paddledvc-2").read_text() == "first"
    install.uninstall_hook_scripts(repository.root)
    assert (folder / "pre-push").read_text() == "second"


@pytest.mark.slow
def test_an_install_that_was_killed_in_between_is_finished_by_the_next(repository):
    put(repository, "pre-push", "theirs")
    folder = repository.root / ".git/hooks"
    os.link(folder / "pre-push", folder / "pre-push.before-paddledvc")
    before = (folder / "pre-push").read_bytes()

    install.install_hook_scripts(repository.root)
    install.uninstall_hook_scripts(repository.root)
    assert listed(folder) == {"pre-push": (before, "0o100755")}


def test_an_install_that_was_killed_in_between_is_undone(repository):
    put(repository, "pre-push", "theirs")
    folder = repository.root / ".git/hooks"
    os.link(folder / "pre-push", folder / "pre-push.before-paddledvc")

    install.uninstall_hook_scripts(repository.root)
    assert sorted(listed(folder)) == ["pre-push"]


@pytest.mark.slow
def test_two_installs_at_once_are_one(repository):
    put(repository, "pre-push", "theirs")
    code = (
        "import sys; from pathlib import Path; "
        "from paddledvc.tools.git.hook_scripts import install; "
        "install.install_hook_scripts(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(repository.root)]
    running = [subprocess.Popen(command) for _ in range(4)]

    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert (repository.root / ".git/hooks/pre-push.before-paddledvc").read_text() == "theirs"
    assert sorted(listed(repository.root / ".git/hooks")) == sorted(
        [*HOOK_NAMES, "pre-push.before-paddledvc"]
    )


def test_the_post_checkout_of_dvc_is_left_aside(repository):
    put(repository, "post-checkout", DVC)
    install.install_hook_scripts(repository.root)

    assert "\nbefore=aside\n" in repository.read(".git/hooks/post-checkout")
    assert states(repository.root)["post-checkout"] == ("live", "the hook of DVC is left aside")


def test_what_people_added_to_the_hook_of_dvc_runs(repository):
    put(repository, "post-checkout", "#!/bin/sh\necho mine\nexec dvc git-hook post-checkout $@\n")
    install.install_hook_scripts(repository.root)

    assert states(repository.root)["post-checkout"] == ("live", "after the hook of DVC")


# Where git looks


@pytest.mark.slow
def test_a_work_tree_beside_the_repository_shares_its_hooks(repository, tmp_path):
    repository.commit()
    beside = tmp_path / "be side"
    repository.git("worktree", "add", "--quiet", "--detach", str(beside))

    assert install.install_hook_scripts(beside) == ALL
    assert install.install_hook_scripts(repository.root) == NONE
    assert records.marker_path(beside) == repository.root / ".git/worktrees/be-side/paddledvc/root"
    assert records.marker_path(repository.root) == repository.root / ".git/paddledvc/root"


@pytest.mark.slow
def test_a_submodule_has_hooks_of_its_own(repository, tmp_path):
    repository.commit()
    outer = tmp_path / "outer"
    outer.mkdir()
    at = ("-C", str(outer), "-c", "protocol.file.allow=always")
    repository.git(*at, "init", "--quiet")
    repository.git(*at, "submodule", "--quiet", "add", str(repository.root), "in")
    install.install_hook_scripts(outer / "in")

    assert sorted(listed(outer / ".git/modules/in/hooks")) == sorted(HOOK_NAMES)
    assert listed(outer / ".git/hooks") == {}


@pytest.mark.parametrize("inside", [False, True])
def test_hooks_go_where_the_configuration_of_the_clone_says(repository, tmp_path, inside):
    folder = repository.root / ".git/own" if inside else tmp_path / "hooks"
    repository.git("config", "core.hooksPath", ".git/own" if inside else str(folder))
    (repository.root / "sub").mkdir()

    assert install.install_hook_scripts(repository.root / "sub") == ALL
    assert set(HOOK_NAMES) <= set(listed(folder))
    assert listed(repository.root / ".git/hooks") == {}


def test_hooks_of_all_repositories_are_refused(repository, home, tmp_path):
    shared = tmp_path / "all hooks"
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[core]\n\thooksPath = "{shared}"\n')
    try:
        with pytest.raises(InvalidInput) as caught:
            install.install_hook_scripts(repository.root)
        assert install.install_hook_scripts(repository.root, force=True) == ALL
    finally:
        subprocess.run(["git", "config", "--global", "--unset", "core.hooksPath"], check=True)

    own = repository.root / ".git/hooks"
    assert str(caught.value) == (
        f"core.hooksPath is {shared} in your global configuration of git, so hooks there run in "
        f"all repositories. Give this one hooks of its own with `git config core.hooksPath {own}`, "
        "or write there with `paddledvc hooks install --force`"
    )
    assert sorted(listed(shared)) == sorted(HOOK_NAMES)


@pytest.mark.parametrize("ignored", [False, True])
def test_hooks_that_a_branch_can_replace_are_refused(repository, ignored):
    repository.write(".githooks/pre-commit", "#!/bin/sh\n")
    repository.write(".githooks/.gitignore", "*\n" if ignored else "")
    repository.git("config", "core.hooksPath", ".githooks")

    with pytest.raises(InvalidInput) as caught:
        install.install_hook_scripts(repository.root)

    assert str(caught.value) == (
        "core.hooksPath is .githooks, a folder of the work tree, where every branch can put hooks "
        "of its own, ignored or not. Give this clone hooks that no branch changes with "
        f"`git config core.hooksPath {repository.root}/.git/hooks`, or write there with "
        "`paddledvc hooks install --force`"
    )
    assert install.install_hook_scripts(repository.root, force=True) == ALL


@pytest.mark.slow
def test_several_projects_share_the_hooks(repository):
    vision = repository.root / "vi sion" / "dét"
    vision.mkdir(parents=True)
    install.install_hook_scripts(repository.root)
    assert states(vision)["pre-push"] == ("missing", "it serves other projects: .")

    assert install.install_hook_scripts(vision) == ALL
    assert install.install_hook_scripts(repository.root) == NONE
    assert states(vision)["pre-push"] == ("live", "")
    assert records.marker_path(vision).name == "in-vi%20sion%2Fd%C3%A9t"
    script = install.read_our_installed_hook(repository.root / ".git/hooks/pre-push")
    assert script.projects == (".", "vi sion/dét")

    assert install.uninstall_hook_scripts(repository.root) == ALL
    assert states(vision)["pre-push"] == ("live", "")
    assert install.uninstall_hook_scripts(vision) == ALL
    assert listed(repository.root / ".git/hooks") == {}


def test_a_folder_with_a_line_break_is_refused(repository):
    folder = repository.root / "a\nb"
    folder.mkdir()

    with pytest.raises(InvalidInput) as caught:
        install.install_hook_scripts(folder)

    assert str(caught.value) == "git's hooks cannot name a folder with a line break: 'a\\nb'"


# States


def test_where_nothing_is_installed_every_hook_is_missing(repository):
    put(repository, "pre-push", "#!/bin/sh\n")

    assert states(repository.root) == {
        **dict.fromkeys(HOOK_NAMES, ("missing", "")),
        "pre-push": ("missing", "there is another hook"),
    }


def test_hooks_are_disabled_where_git_looks_elsewhere(repository):
    install.install_hook_scripts(repository.root)
    repository.git("config", "core.hooksPath", "elsewhere")

    assert set(states(repository.root).values()) == {
        ("disabled", "core.hooksPath is elsewhere"),
    }


def test_hooks_are_disabled_by_a_variable(repository, monkeypatch):
    install.install_hook_scripts(repository.root)
    monkeypatch.setenv("PADDLEDVC_HOOKS", "0")

    assert set(states(repository.root).values()) == {("disabled", "PADDLEDVC_HOOKS=0")}


def test_a_hook_of_another_program_that_calls_us_is_live(repository):
    put(repository, "post-checkout", '#!/bin/sh\npaddledvc hook post-checkout "$@"\n')

    assert states(repository.root)["post-checkout"] == ("live", "another hook calls it")


@pytest.mark.slow
def test_a_version_is_that_of_the_python(repository, tmp_path):
    assert state.ask_hook_version(sys.executable, tmp_path) == paddledvc.__version__
    assert state.ask_hook_version("/gone/python", tmp_path) is None
    assert state.ask_hook_version("/bin/false", tmp_path) is None


@pytest.mark.slow
def test_the_modules_of_the_work_tree_are_not_ours(repository):
    repository.write("paddledvc/__init__.py", "raise ImportError('not me')\n")

    assert state.ask_hook_version(sys.executable, repository.root) == paddledvc.__version__


def test_what_was_rendered_is_read_back():
    script = scripts.Script(python="/a b/p'ython", projects=(".", "it's $HOME", "ü"))
    text = scripts.render_hook_script(install.read_hook_template(), "pre-push", script)

    assert scripts.parse_hook_script(text) == script
    assert scripts.parse_hook_script(text.replace("paddledvc hook, form", "other")) is None


def test_the_package_exports_nothing_of_it():
    assert not hasattr(paddledvc, "marker")


def test_a_marker_tells_a_commit(tmp_path):
    path = tmp_path / "root"
    assert records.marked_commit(path) is None
    path.write_text("c0ffee\ncheckpoints\n")
    assert records.marked_commit(path) == "c0ffee"
    assert Path(path).read_text().splitlines()[1:] == ["checkpoints"]
