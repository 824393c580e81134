from __future__ import annotations

import subprocess

import pytest

from paddledvc.tools.git.merge.unmerged import list_unmerged_files


def test_conflicts_outside_of_the_folder_are_listed_too(project):
    def commit(text: str) -> None:
        for file in ("README", "ml/models.lock", "ml/reports/a.json"):
            project.write(file, f"{text}\n")
        project.commit(text)

    commit("base")
    project.git("branch", "topic")
    commit("ours")
    project.git("checkout", "--quiet", "topic")
    commit("theirs")
    with pytest.raises(subprocess.CalledProcessError):
        project.git("merge", "-")

    found = list_unmerged_files(project.root / "ml")
    assert list(found) == ["../README", "models.lock", "reports/a.json"]
