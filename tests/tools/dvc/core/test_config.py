from __future__ import annotations

import pytest

from paddledvc.tools.dvc.core.config import DvcConfig, parse_plain_config

REPO = """
[core]
    remote = prod
['remote "prod"']
    url = s3://bucket/prod
    verify = true
['remote "near by"']
    url = ../shared folder
[cache]
    type = "hardlink,symlink"
"""


def test_remotes_the_default_and_the_links_are_read():
    assert parse_plain_config([("/p/.dvc", REPO)]) == DvcConfig(
        remotes={"near by": "/p/shared folder", "prod": "s3://bucket/prod"},
        settings={
            "near by": frozenset({("url", "/p/shared folder")}),
            "prod": frozenset({("url", "s3://bucket/prod"), ("verify", "true")}),
        },
        default="prod",
        links=("hardlink", "symlink"),
    )


def test_a_stronger_file_says_what_it_says_and_leaves_the_rest():
    local = "['remote \"prod\"']\n    secret_access_key = x%y\n[cache]\n    dir = /cache\n"
    found = parse_plain_config([("/p/.dvc", REPO), ("/p/.dvc", local)])
    assert found is not None
    assert (found.cache, found.remotes["prod"], found.links) == (
        "/cache",
        "s3://bucket/prod",
        ("hardlink", "symlink"),
    )


@pytest.mark.parametrize("text", ["", "# no section\n", "[core]\n    analytics = false\n"])
def test_what_says_nothing_leaves_dvcs_own_choices(text):
    assert parse_plain_config([("/p/.dvc", text)]) == DvcConfig()


def test_what_is_no_configuration_is_left_to_dvc_even_beside_one_that_is():
    assert parse_plain_config([("/p/.dvc", REPO), ("/p/.dvc", "no section")]) is None


def test_a_remote_without_a_url_is_none():
    found = parse_plain_config([("/p/.dvc", "['remote \"a\"']\n    access_key_id = k\n")])
    assert found == DvcConfig()


def test_a_path_is_from_the_folder_of_the_file_that_names_it():
    found = parse_plain_config([("/p/.dvc", "[cache]\n    dir = ../../shared\n")])
    assert found == DvcConfig(cache="/shared")


def test_a_path_in_the_home_folder_is_there(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    found = parse_plain_config([("/p/.dvc", "[cache]\n    dir = ~/cache\n")])
    assert found == DvcConfig(cache="/home/me/cache")
