from __future__ import annotations

import pytest

from paddledvc.gate.core.released_locks import (
    State,
    Timeline,
    describe_released_difference,
    released_contents_of,
)
from paddledvc.hashes import Hashes
from paddledvc.models.lockfile import Lock, LockedFile, LockedModel, render_lockfile
from paddledvc.yaml import reader

A, B, C = "a" * 32, "b" * 32, "c" * 32


def locked(*models):
    return Lock(models=tuple(models))


def a_model(name="m", version="v1", md5=A, **fields):
    return LockedModel(name=name, version=version, urls=("https://h/x",), md5=md5, **fields)


class Reader:
    """Reads YAML, and counts how often."""

    def __init__(self):
        self.read = []

    def __call__(self, text):
        self.read.append(text)
        return reader.parse_yaml(text, "models.lock").value


def look(current, *texts, read=None, follow=(), tag=False):
    timeline = Timeline(current, render_lockfile(current).encode(), follow, read or Reader())
    for number, text in enumerate(texts):
        data = text if isinstance(text, bytes) else render_lockfile(text).encode()
        timeline.add(State(where=str(number), tag=tag), data)
    return timeline


def find(current, *texts, read=None):
    """Find what was locked earlier, apart from what is locked now too."""
    known = {model.name: released_contents_of(model) for model in current.models}
    found = look(current, *texts, read=read).released
    return [one for its in found.values() for one in its if one.contents != known[one.name]]


def test_only_blocks_of_what_is_locked_now_are_parsed_and_each_once():
    now = locked(a_model(), *(a_model(f"n{number}") for number in range(9)))
    old = locked(a_model(md5=B), *(a_model(f"n{number}", "v0") for number in range(9)))
    read = Reader()
    found = find(now, old, old, now, read=read)

    assert [(one.name, one.version, one.state.where) for one in found] == [("m", "v1", "0")]
    assert found[0].contents == {"": Hashes(md5=B)}
    assert len(read.read) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(render_lockfile(locked(a_model(md5=B))).replace("\n", "\r\n"), id="Windows"),
        pytest.param(f"version: 1\nmodels: [{{name: m, version: v1.0, md5: '{B}'}}]\n", id="flow"),
        pytest.param(f"models:\n- name: m\n  version: 'v1'\n  md5: {B}\n", id="indent"),
        pytest.param(f"models:\n  - name: m\n    md5: {B}\n    version: 1.0.0\n", id="order"),
        pytest.param(f"models:\n  - name: 'm'\n    version: 'v1'\n    md5: {B}\n", id="quotes"),
    ],
)
def test_a_lock_that_looks_otherwise_is_read_too(text):
    [found] = find(locked(a_model()), text.encode())

    assert describe_released_difference(found.contents, released_contents_of(a_model())) == (
        f"md5:{B}",
        f"md5:{A}",
    )


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff\xfe", b"models: 1\n", b"models: [1, {name: m}]\n", b"version: 1\nmodels: []\n"],
)
def test_what_is_no_lock_tells_nothing(text):
    assert find(locked(a_model()), text) == []


def test_a_model_that_is_gone_is_no_concern():
    assert find(locked(a_model("other")), locked(a_model(md5=B))) == []


def a_folder(**digests):
    files = tuple(
        LockedFile(path=path, urls=("https://h/x",), md5=md5) for path, md5 in digests.items()
    )
    return LockedModel(name="m", version="v1", files=files)


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        (a_model(), a_model(), None),
        (a_model(), a_model(md5=B), (f"md5:{A}", f"md5:{B}")),
        (a_model(sha256="1", size=3), a_model(md5=None, sha256="2"), ("sha256:1", "sha256:2")),
        (a_model(md5=None, sha256="1"), a_model(), None),
        (a_model(size=1), a_model(size=2), ("size:1", "size:2")),
        (LockedModel(name="m", version="v1"), a_model(), None),
        (a_folder(x=A), a_folder(x=A), None),
        (a_folder(x=A, y=A), a_folder(x=A, y=B), (f"y md5:{A}", f"y md5:{B}")),
        (a_folder(x=A), a_folder(x=A, y=B), ("no y", f"y md5:{B}")),
        (a_folder(x=A, y=B), a_folder(x=A), (f"y md5:{B}", "no y")),
        (a_model(), a_folder(x=A), (f"single file md5:{A}", "no single file")),
    ],
)
def test_two_locks_of_a_version_are_compared_by_their_bytes(before, now, found):
    assert (
        describe_released_difference(released_contents_of(before), released_contents_of(now))
        == found
    )


def test_folders_of_the_past_are_read():
    [found] = find(locked(a_folder(x=A)), locked(a_folder(x=C)))

    assert found.contents == {"x": Hashes(md5=C)}


def test_the_states_are_told_in_which_a_model_stood_at_its_version():
    now = locked(a_model(), a_model("n"))
    old = locked(a_model(version="v0"), a_model("n"))
    found = look(now, old, now, locked(), now, follow={"m"})

    states = {name: [state.where for state, _ in its] for name, its in found.stood.items()}
    assert states == {"m": ["1", "3"]}


def test_a_lock_that_was_committed_with_conflicts_was_no_release():
    conflicted = render_lockfile(locked(a_model(md5=B))).replace("    md5", "<<<<<<< ours\n    md5")

    assert find(locked(a_model()), conflicted.encode()) == []
    assert (
        find(
            locked(a_model()), b"<<<<<<< ours\n" + render_lockfile(locked(a_model(md5=B))).encode()
        )
        == []
    )


def test_what_is_tagged_is_told_beside_what_branches_had():
    now, old = locked(a_model()), render_lockfile(locked(a_model(md5=B))).encode()
    timeline = Timeline(now, render_lockfile(now).encode(), (), Reader())
    for tag in (False, True, True):
        timeline.add(State(where="", tag=tag), old)

    assert [one.state.tag for one in timeline.released["m"]] == [False, True]
