"""Two files that belong together, and a process that is killed between them."""

from __future__ import annotations

import contextlib
import os

import pytest

from paddledvc.tools.git import journal

OLD, NEW = {"a": "old a", "b": "old b"}, {"a": "new a", "b": "new b"}


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """Write both, and stop before some step as if killed; say what was written by then."""

    def run(step):
        note, real, count = "note", os.replace, 0
        for name, text in OLD.items():
            (tmp_path / name).write_text(text)

        def replace(*names, **folders):
            nonlocal count
            count += 1
            if count == step:
                raise KeyboardInterrupt
            real(*names, **folders)

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", replace)
            with contextlib.suppress(KeyboardInterrupt):
                journal.write_files_together(tmp_path, NEW, note)
        return note

    return run


def found(folder):
    return {name: (folder / name).read_text() for name in OLD}


@pytest.mark.parametrize(("step", "then"), [(1, OLD), (2, OLD), (3, NEW), (4, NEW)])
def test_the_next_one_finishes_what_was_begun(tmp_path, killed, step, then):
    note = killed(step)
    journal.finish_files(tmp_path, OLD, note)

    assert found(tmp_path) == then
    assert not (tmp_path / note).exists()


@pytest.mark.parametrize("text", ["mine", "old a"])
def test_what_somebody_did_meanwhile_is_kept(tmp_path, killed, text):
    note = killed(3)
    (tmp_path / "a").write_text(text)
    journal.finish_files(tmp_path, OLD, note)

    assert found(tmp_path) == {"a": text, "b": "old b"}
    assert not (tmp_path / note).exists()


@pytest.mark.parametrize(
    "text", ["", "[1]", "{}", "[" * 9999, '[["a", null, "x"], ["../c", null, "y"]]']
)
def test_a_note_of_anything_else_is_of_no_effect(tmp_path, text):
    (tmp_path / "note").write_text(text)
    (tmp_path / "a").write_text("x")
    journal.finish_files(tmp_path, ("a", "b"), "note")

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a"]


def test_of_one_file_there_is_no_note(tmp_path):
    (tmp_path / "a").write_text("old a")
    journal.write_files_together(tmp_path, {"a": "old a", "b": "new b"}, "note")

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "b"]
