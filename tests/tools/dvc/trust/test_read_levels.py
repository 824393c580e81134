"""What DVC itself reads of a configuration that is not plainly written."""

from __future__ import annotations

import pytest

from paddledvc import Project
from paddledvc.errors import InvalidInput
from paddledvc.tools.dvc.configuration import read_dvc_config
from paddledvc.tools.dvc.trust.core.levels import Levels
from paddledvc.tools.dvc.trust.read_levels import (
    read_levels,
    read_levels_at,
    read_levels_by_dvc,
)

REMOTE = "['remote \"a\"']\n  url = ssh://host/x\n"


def read(project, text):
    project.write(".dvc/config", text)
    project.commit()
    return read_levels(Project(project.root).root)


def test_a_path_from_the_home_folder_is_read_as_others_are(project):
    levels = read(project, f'{REMOTE}  keyfile = ~/.ssh/id\n  user = """a"""\n')

    assert levels.versioned["", "a"]["keyfile"].endswith(".ssh/id")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[cache]\n  dir = ../a, b\n", id="a list for a path"),
        pytest.param('cache = a\n[core]\n  remote = """a"""\n', id="a value for a section"),
        pytest.param('remote = """a"""\n', id="a value for all remotes"),
    ],
)
def test_what_dvc_refuses_is_named_with_its_file(project, text):
    with pytest.raises(InvalidInput, match=r"^DVC refuses its configuration \S*\.dvc/config"):
        read(project, text)


@pytest.mark.parametrize("read_it", [read_levels, read_levels_by_dvc, read_dvc_config])
def test_a_null_byte_is_refused_with_its_line_before_any_path_has_it(project, read_it):
    project.models("models: []\n")
    project.write(".dvc/config", "[core]\n[cache]\n  dir = ../a\0b\n")

    with pytest.raises(InvalidInput) as caught:
        read_it(project.root)
    assert str(caught.value) == ".dvc/config:3: found a null byte, expected text"


def test_a_commit_whose_configuration_has_a_null_byte_names_nothing(project):
    project.write(".dvc/config", f"{REMOTE}\0")
    commit = project.commit()
    here = Levels(shared={}, versioned={}, local={})

    assert read_levels_at(project.root, commit, here) == here
