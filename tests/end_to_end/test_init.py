"""init: a git repository becomes a project, and what is there stays."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def files(repo: Any) -> dict[str, bytes]:
    return {
        path.relative_to(repo.root).as_posix(): path.read_bytes()
        for path in sorted(repo.root.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repo.root).parts[:-1]
    }


def test_a_new_project_is_ready_for_dvc_and_git(repo: Any) -> None:
    repo.paddledvc("init")
    repo.paddledvc("lock")
    repo.paddledvc("generate")
    repo.commit("A project")

    assert repo.dvc("remote", "list").split()[0] == "embedded"
    assert repo.git("ls-files").splitlines() == [
        ".dvc/.gitignore",
        ".dvc/config",
        ".dvcignore",
        ".gitattributes",
        ".gitignore",
        ".paddledvc/.gitignore",
        ".paddledvc/index.schema.json",
        ".paddledvc/lock.schema.json",
        ".paddledvc/models.schema.json",
        "models.lock",
        "models.yaml",
        "params.yaml",
    ]


def test_a_second_init_changes_nothing(repo: Any) -> None:
    repo.paddledvc("init")
    before = files(repo)

    repo.paddledvc("init")

    assert files(repo) == before


def test_init_keeps_what_a_dvc_repository_has(repo: Any) -> None:
    repo.dvc("init", "--quiet")
    repo.dvc("remote", "add", "--default", "team", "s3://team/store")
    repo.write(".gitignore", "*.log")
    repo.write("models.yaml", "models: []  # ours\n")
    config = (repo.root / ".dvc" / "config").read_bytes()

    repo.paddledvc("init")

    assert (repo.root / ".dvc" / "config").read_bytes() == config
    assert (repo.root / "models.yaml").read_text() == "models: []  # ours\n"
    assert (repo.root / ".gitignore").read_text() == (
        "*.log\n/checkpoints/\n/exports/\n/dvc_plots/\n/reports/**/*.html\n__pycache__/\n"
    )


def test_a_folder_of_a_repository_becomes_a_project_of_its_own(repo: Any) -> None:
    (repo.root / "vision").mkdir()

    repo.paddledvc("-C", "vision", "init")

    assert (repo.root / "vision" / ".dvc" / "config").is_file()
    assert not (repo.root / ".dvc").exists()
    assert repo.dvc("--cd", "vision", "status").startswith("There are no data or pipelines")


def test_outside_of_git_init_says_what_to_do(repo: Any, tmp_path: Any) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()

    done = repo.try_("paddledvc", "-C", str(folder), "init")

    assert (done.returncode, done.stderr) == (
        2,
        f"Error: {folder} is in no git repository; run `git init` first\n",
    )
