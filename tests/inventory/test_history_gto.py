"""What history says of tags, held against GTO itself on a repository that GTO has tagged."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise

import gto.api
import pytest
from pygit2 import Signature
from scmrepo.git.backend.pygit2 import Pygit2Backend

import paddledvc
from paddledvc import Project
from tests.inventory.past import HOUR, locked

EVENTS = {
    "registration": "released",
    "deregistration": "withdrawn",
    "assignment": "assigned",
    "unassignment": "unassigned",
    "deprecation": "deprecated",
}
STEPS = [
    ("register", "det", 0, {"version": "v1.0.0"}),
    ("assign", "det", 0, {"stage": "prod"}),
    ("register", "det", 1, {"version": "v1.1.0"}),
    ("assign", "det", 1, {"stage": "prod", "simple": True}),
    ("assign", "det", 1, {"stage": "dev"}),
    ("register", "rec", 1, {"version": "v1.0.0"}),
    ("assign", "rec", 1, {"stage": "prod"}),
    ("unassign", "det", 1, {"stage": "prod"}),
    ("register", "det", 2, {"version": "v2.0.0"}),
    ("assign", "det", 2, {"stage": "staging"}),
    ("deprecate", "rec", 1, {}),
    ("deregister", "det", 2, {}),
    ("register", "rec", 2, {"version": "v1.2.0-rc.1"}),
    ("assign", "det", 3, {"stage": "trial", "skip_registration": True}),
    ("assign", "det", 1, {"stage": "prod"}),
    ("deprecate", "rec", 2, {"simple": False}),
]
"""What somebody does with GTO, one after the other."""


@pytest.fixture
def commits(past):
    return [
        past.commit(locked("det", f"v1.{one}.0"), locked("rec", f"v1.{one}.0")) for one in range(4)
    ]


@pytest.fixture
def step(past, commits, monkeypatch):
    """Let GTO do something, an hour after what it did before."""
    # What GTO makes tags with takes no time from the environment.
    signed = property(lambda _: Signature("Test", "test@example.com", past.time, 0))
    monkeypatch.setattr(Pygit2Backend, "committer", signed)

    def run(call, name, commit, more):
        past.time += HOUR
        getattr(gto.api, call)(past.folder.root, name, ref=commits[commit], **more)

    return run


def shown_by_gto(root):
    """What `gto show` says: the latest version of each artifact, and the commit of each stage."""
    every = gto.api.show(root)
    held = {
        (name, stage["stage"]): version["commit_hexsha"]
        for name in every
        for version in gto.api.show(root, name)
        for stage in version["stages"]
    }
    released = {name: its["version"] for name, its in every.items() if its["version"]}
    return released, held


def shown_by_us(root, **at):
    rows = paddledvc.history(Project(root), **at).rows
    released = {row.model: row.version for row in rows if row.what == "released"}
    held = {(row.model, row.stage): row.commit for row in rows if row.what == "held"}
    return released, held


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def utc(text):
    return datetime.fromisoformat(text).astimezone(timezone.utc).isoformat()


@pytest.mark.slow
def test_history_and_gto_agree_after_every_step(past, commits, step):
    past.git("tag", "det@v9.0.0", commits[3])  # lightweight: it does not count
    seen = []
    for one in STEPS:
        step(*one)
        seen.append((moment(past.time), shown_by_gto(past.folder.root)))

    # Asked later, of each of these moments.
    root = past.folder.root
    assert [shown_by_us(root, at=when) for when, _ in seen] == [them for _, them in seen]
    moved = [(when, held.get(("det", "prod"))) for when, (_, held) in seen]
    since = [one for before, one in pairwise([(None, None), *moved]) if one[1] != before[1]]
    rows = reversed(paddledvc.history(Project(root), "det", stage="prod").rows)
    assert [(utc(row.at), row.commit) for row in rows] == since


@pytest.mark.slow
def test_history_lists_the_events_that_gto_lists(past, commits, step):
    past.git("tag", "det@v9.0.0", commits[3])
    for one in STEPS:
        step(*one)
    root = past.folder.root
    theirs = [
        (
            one["timestamp"].timestamp(),
            one["artifact"],
            EVENTS[one["event"]],
            one["stage"],
            one["commit"],
            one["author"],
            one["ref"],
        )
        for one in gto.api.history(root)
    ]
    found = paddledvc.history(Project(root))
    ours = [
        (
            datetime.fromisoformat(row.at).timestamp(),
            row.model,
            row.what,
            row.stage,
            row.commit,
            row.by,
            row.tag,
        )
        for row in found.rows
        if row.tag is not None
    ]
    versions = {one["ref"]: one["version"] for one in gto.api.history(root) if one["version"]}

    assert ours == theirs
    # Of a commit that is no version GTO gives the commit, and we what was locked there.
    assert {row.tag: row.version for row in found.rows if row.tag and row.version} == {
        tag: "v1.3.0" if version == commits[3] else version for tag, version in versions.items()
    }
    assert [one.tag for one in found.ignored] == ["det@v9.0.0"]
