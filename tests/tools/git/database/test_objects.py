"""Objects of git, one at a time and many at once."""

from __future__ import annotations

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.database.objects import ObjectReader


def test_blobs_are_read_byte_by_byte(project):
    contents = [b"", b"\n", b"a\nblob 3\n", bytes(range(256)) * 9, b"x" * 70_000]
    for number, data in enumerate(contents):
        project.write_bytes(str(number), data)
    project.commit()
    names = [project.git("rev-parse", f"HEAD:{n}").strip() for n in range(len(contents))]
    found = dict(ObjectReader(project.root).read_all([*names, names[0]]))
    assert [found[name] for name in names] == contents


def test_an_object_that_the_repository_lacks_is_named(project):
    there = project.commit()
    with pytest.raises(ToolFailed, match=f"the repository lacks {'1' * 40}"):
        dict(ObjectReader(project.root).read_all([there, "1" * 40]))


def test_nothing_is_asked_of_git_where_nothing_is_to_be_read(tmp_path):
    assert dict(ObjectReader(tmp_path / "no such folder").read_all([])) == {}


@pytest.mark.slow
def test_more_than_git_takes_at_a_time_is_read_in_order(project):
    for number in range(100):
        project.write(f"{number}.txt", f"{number} " * 2_000)
    project.commit()
    names = [f"HEAD:{number}.txt" for number in range(100)]
    found = [data for _, data in ObjectReader(project.root).read_each(names)]
    assert found == [f"{number} ".encode() * 2_000 for number in range(100)]


def test_what_is_not_there_shifts_no_answer(project):
    project.write("a", "here")
    project.commit()
    names = ["HEAD:a", "HEAD:gone", "HEAD:two\nHEAD:lines", "", "HEAD:a"]
    found = [data for known, data in ObjectReader(project.root).read_each(names) if known]
    assert found == [b"here", b"here"]
    assert ObjectReader(project.root).find("HEAD:a\nHEAD:gone") is None


def test_a_reader_that_is_left_in_between_answers_the_next_question(project):
    for name in "ab":
        project.write(name, name)
    project.commit()
    reader = ObjectReader(project.root)
    assert next(reader.read_each(["HEAD:a", "HEAD:b", "HEAD:a"]))[1] == b"a"
    assert next(reader.read_each(["HEAD:b"]))[1] == b"b"


def test_without_a_repository_git_says_why(tmp_path):
    with pytest.raises(ToolFailed, match="not a git repository"):
        ObjectReader(tmp_path).find("HEAD")
