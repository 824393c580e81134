"""What ``init`` and the library say of trust; attacks are in tests/attack/test_remotes.py."""

from __future__ import annotations

import pytest

import paddledvc
from paddledvc import NewRemote, Project
from tests.conftest import TRUSTED

pytestmark = pytest.mark.slow  # a clone each


@pytest.fixture
def hub(project, tmp_path, monkeypatch):
    """A server whose main names a remote, and the clone that made it."""
    monkeypatch.delenv(TRUSTED)
    project.models("models: []\n")
    project.write(".dvc/config", "['remote \"prod\"']\n    url = https://weights.example/w\n")
    project.commit()
    project.git("clone", "--quiet", "--bare", ".", str(tmp_path / "hub.git"))
    return project


def states(root):
    return {one.name: one.state for one in paddledvc.list_trust(Project(root))}


def test_init_in_a_clone_trusts_what_the_servers_branch_names_and_not_what_this_one_adds(
    hub, tmp_path
):
    more = "['remote \"evil\"']\n    url = https://evil.example/w\n"
    hub.git("switch", "--quiet", "--create", "pr")
    hub.write(".dvc/config", hub.read(".dvc/config") + more)
    hub.commit()
    hub.git("push", "--quiet", str(tmp_path / "hub.git"), "pr")
    clone = tmp_path / "clone"
    hub.git("clone", "--quiet", "--branch", "pr", str(tmp_path / "hub.git"), str(clone))

    done = paddledvc.init(clone, with_hooks=False)

    trusted = "this clone trusts what origin/main names: prod (https://weights.example/w)"
    assert done.trusted == (trusted,)
    assert done.untrusted == ("evil: https://evil.example/w",)
    assert states(clone) == {"prod": "approved", "evil": "unapproved"}
    assert paddledvc.init(clone, with_hooks=False).trusted == ()


def test_who_types_a_remote_trusts_it(hub, tmp_path):
    clone = tmp_path / "clone"
    hub.git("clone", "--quiet", str(tmp_path / "hub.git"), str(clone))

    done = paddledvc.init(clone, remotes=[NewRemote.parse("dev=s3://dev/w")], with_hooks=False)

    assert done.trusted[-1] == "this clone trusts dev: s3://dev/w"
    assert states(clone) == {"prod": "approved", "dev": "approved"}


def test_nobody_is_asked_twice_and_who_says_no_trusts_nothing(hub):
    project = Project(hub.root)

    assert paddledvc.trust(project, confirm=lambda _: False) == ()
    assert states(hub.root) == {"prod": "unapproved"}
    (one,) = paddledvc.trust(project)
    assert (one.where, one.before) == ("https://weights.example/w", "")
    assert paddledvc.trust(project, confirm=lambda _: pytest.fail("asked")) == ()
    assert paddledvc.revoke_trust(project) == ("https://weights.example/w",)
    assert states(hub.root) == {"prod": "unapproved"}
