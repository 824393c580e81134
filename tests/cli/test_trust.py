from __future__ import annotations

import json
from importlib import import_module

import pytest

from paddledvc.tools.dvc.trust import record as records
from tests.conftest import TRUSTED

command = import_module("paddledvc.cli.trust")
URL = "https://weights.example.org/w"
CONFIG = "['remote \"prod\"']\n    url = {}\n    password = hunter2\n"


@pytest.fixture
def branch(project, monkeypatch):
    """A clone on a branch that names a remote, before anybody has approved anything."""
    monkeypatch.delenv(TRUSTED)
    project.models("models: []\n")
    project.write(".dvc/config", CONFIG.format(URL))
    project.commit()
    return project


def approved(branch):
    names = [
        one.names
        for one in (records.read_record(branch.root) or records.Record(clone="")).approvals
    ]
    return [name for one in names for name in one]


def test_without_a_terminal_it_shows_and_approves_nothing(branch, cli):
    done = cli("trust")

    assert done == (
        3,
        "",
        (
            f"prod: {URL} (password)\n"
            "cannot ask without a terminal; review the above, then run it with --yes\n"
        ),
    )
    assert approved(branch) == []


@pytest.mark.parametrize(("answer", "ended"), [(True, (0, ["prod"])), (False, (3, []))])
def test_on_a_terminal_it_asks(answer, ended, branch, cli, monkeypatch):
    monkeypatch.setattr(command, "is_terminal", lambda: True)
    monkeypatch.setattr(command.click, "confirm", lambda *_, **__: answer)

    done = cli("trust", "prod")

    assert (done.exit_code, approved(branch)) == ended
    assert done.stderr.startswith(f"prod: {URL} (password)\n")


def test_what_is_approved_is_told_and_listed_and_a_move_shows_old_and_new(branch, cli):
    assert cli("trust", "--yes") == (0, f"this clone trusts prod: {URL} (password)\n", "")
    assert cli("trust") == (0, "nothing to approve\n", "")
    branch.write(".dvc/config", CONFIG.format("https://evil.example/w"))

    (found,) = json.loads(cli("trust", "--list", "--format", "json").stdout)
    assert found == {
        "name": "prod",
        "state": "unapproved",
        "where": "https://evil.example/w (password)",
        "before": f"{URL} (password)",
        "problem": "",
    }
    assert f"{URL} (password) → https://evil.example/w" in cli("trust").stderr
    assert "prod      unapproved" in cli("trust", "--list").stdout


def test_what_is_revoked_is_not_trusted_any_more(branch, cli):
    cli("trust", "--yes")

    assert cli("trust", "--revoke", "prod").stdout == f"no longer trusted: {URL} (password)\n"
    assert approved(branch) == []
    assert cli("trust", "--revoke", "prod").exit_code == 2


def test_a_misspelt_remote_suggests_the_nearest(branch, cli):
    done = cli("trust", "prd")

    assert (done.exit_code, done.stderr) == (
        2,
        "Error: there is no DVC remote 'prd'; did you mean 'prod'?\n",
    )


def test_what_no_branch_may_set_stays_refused_whoever_approves(branch, cli):
    branch.write(".dvc/config", f"{CONFIG.format('s3://b/w')}    configpath = x\n")

    for words in (("trust", "--yes"), ("trust", "--yes", "prod")):
        done = cli(*words)
        assert done.exit_code == 3
        assert ".dvc/config:4: remote 'prod' sets configpath" in done.stderr
    assert approved(branch) == []
