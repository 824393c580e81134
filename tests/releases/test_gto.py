"""What `release` makes, read by GTO itself, and how long a plan takes in a long history."""

from __future__ import annotations

import gto.api
import pytest

import paddledvc
from paddledvc.hooks.manage import install_hooks
from tests.inventory.test_history_gto import EVENTS

pytestmark = pytest.mark.thorough


def test_gto_shows_what_was_released_promoted_and_withdrawn_as_history_does(released, ours):
    paddledvc.create_release(ours)
    paddledvc.promote_release(ours, "det", "prod")
    released.move()
    paddledvc.create_release(ours)
    paddledvc.promote_release(ours, "det", "prod")
    released.move(old="v1.3", new="v1.3_20250405")
    paddledvc.create_release(ours)
    paddledvc.deprecate_release(ours, "det@v1.3")
    paddledvc.deprecate_release(ours, "rec")

    shown = gto.api.show(released.root)
    held = {
        stage["stage"]: one["version"]
        for one in gto.api.show(released.root, "det")
        for stage in one["stages"]
    }
    said = {
        (EVENTS[one["event"]], one["artifact"], one["version"])
        for one in gto.api.history(released.root)
        if one["event"] in EVENTS
    }
    ours_say = {
        (one.what, one.model, None if one.what == "deprecated" else one.version)
        for one in paddledvc.history(ours).rows
        if one.tag
    }

    assert shown["det"]["version"] == "v1.3.0+post.20250405"
    assert held == {"prod": "v1.2.0"}
    assert ours_say == said
    assert len(said) == 8


def test_our_own_hooks_accept_the_commit_and_the_push(released, ours):
    released.clone_of()
    install_hooks(ours)

    done = paddledvc.create_release(ours, push=True)

    assert (done.refused, done.pushed) == (False, "origin")
    assert released.git("status", "--porcelain", "--untracked-files=no") == ""
