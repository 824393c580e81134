"""Files below a folder, of which no part is a link that was not judged."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from paddledvc.errors import InvalidInput
from paddledvc.tools.system import beneath
from paddledvc.tools.system.beneath import LeadsOut

TRACKED = (
    r"^{} is a link out of the project, to {}; nothing was read or written there, because a "
    r"branch may bring such a link\. Put the file or folder itself in its place$"
)


class Place:
    """A repository with a project in it, beside somebody's own file."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository" / "project"
        self.outside = folder / "outside"
        (self.root / "sub").mkdir(parents=True)
        (self.root.parent / ".git").mkdir()
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(b"own")
        (self.root / "file").write_bytes(b"text")
        self.asked: list[str] = []
        self.tracked = True

    def judge(self, link: str) -> bool:
        self.asked.append(link)
        return self.tracked

    def read(self, path: str, most: int = 100) -> bytes:
        return beneath.read_beneath(str(self.root), path, most, self.judge)

    def write(self, path: str, data: bytes) -> bool:
        return beneath.write_beneath(str(self.root), path, data, self.judge)

    def make_folder(self, path: str) -> Path:
        return Path(beneath.make_folder_beneath(str(self.root), path, self.judge))

    def link(self, name: str, target: str) -> None:
        (self.root / name).symlink_to(target.replace("OUT", str(self.outside)))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


OUT = {
    "absolute": ("link", "OUT/secret", "link"),
    "relative": ("link", "../../outside/secret", "link"),
    "of a folder": ("sub/link", "OUT", "sub/link/secret"),
    "by a way around": ("link", "sub/../../../outside/secret", "link"),
    "git's own": ("link", "../.git/hook", "link"),
    "git's own by a folder": ("sub/link", "../..", "sub/link/.GIT/hook"),
    "DVC's own": ("link", ".dvc/config.local", "link"),
}


@pytest.mark.parametrize("case", OUT)
def test_a_tracked_link_that_leads_out_is_refused_whatever_is_done(place, case):
    name, target, path = OUT[case]
    place.link(name, target)
    for work in (place.read, lambda one: place.write(one, b"new"), place.make_folder):
        if case == "git's own by a folder":
            with pytest.raises(InvalidInput, match="leads out of the project"):
                work(path)
            continue
        with pytest.raises(LeadsOut) as caught:
            work(path)
        assert caught.value.link == name

    assert (place.outside / "secret").read_bytes() == b"own"
    assert [*place.outside.iterdir()] == [place.outside / "secret"]
    assert [*(place.root.parent / ".git").iterdir()] == []


def test_the_message_names_the_link_and_what_it_says_and_nothing_behind_it(place):
    place.link("link", "../../outside/secret")
    said = TRACKED.format("link", r"\.\./\.\./outside/secret")
    with pytest.raises(LeadsOut, match=said):
        place.read("link")


@pytest.mark.parametrize("case", ["absolute", "relative", "of a folder", "by a way around"])
def test_a_link_that_only_this_clone_has_is_followed_wherever_it_leads(place, case):
    name, target, path = OUT[case]
    place.link(name, target)
    place.tracked = False

    assert place.read(path) == b"own"
    assert place.write(path, b"new") is True
    assert (place.root / name).is_symlink()
    assert (place.outside / "secret").read_bytes() == b"new"
    assert set(place.asked) == {name}


@pytest.mark.parametrize("target", ["file", "sub/../file", "../project/file", "ROOT/file"])
def test_a_link_in_the_repository_is_followed_and_nobody_is_asked(place, target):
    place.link("link", target.replace("ROOT", str(place.root)))
    place.link("again", "link")

    assert place.read("again") == b"text"
    assert place.write("again", b"new") is True
    assert place.read("file") == b"new"
    assert (place.root / "again").is_symlink()
    assert place.asked == []


def test_a_path_without_links_asks_nobody(place):
    assert place.write("sub/deep/new", b"1") is True
    assert place.write("sub/deep/new", b"1") is False
    assert place.read("sub/deep/new") == b"1"
    assert place.make_folder("sub/more") == place.root / "sub" / "more"
    assert place.asked == []
    assert [one.name for one in (place.root / "sub/deep").iterdir()] == ["new"]


@pytest.mark.parametrize("path", ["../../outside/secret", "sub/../../../outside/secret"])
def test_a_path_that_leads_out_by_itself_is_refused(place, path):
    with pytest.raises(InvalidInput, match=r"leads out of the project; name a file in it$"):
        place.read(path)


def test_what_is_no_file_is_told_and_keeps_nobody_waiting(place):
    os.mkfifo(place.root / "pipe")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.path.relpath(place.root / "socket"))
    place.link("device", "/dev/zero")
    place.tracked = False

    for name, kind in (("pipe", "a pipe"), ("socket", "a socket"), ("device", "a device")):
        with pytest.raises(InvalidInput, match=rf"^{name} is {kind}, expected a file$"):
            place.read(name)
    with pytest.raises(IsADirectoryError):
        place.read("sub")


def test_a_file_of_more_bytes_than_it_may_have_is_not_read(place):
    with pytest.raises(InvalidInput, match=r"^file has 4 bytes, expected 3 at most$"):
        place.read("file", most=3)
    assert place.read("file", most=4) == b"text"


def test_links_without_end_are_an_error(place):
    place.link("one", "two")
    place.link("two", "one")
    with pytest.raises(OSError, match="symbolic links"):
        place.read("one")


def test_a_file_keeps_what_may_be_done_with_it(place):
    (place.root / "file").chmod(0o640)
    place.write("file", b"new")

    assert (place.root / "file").stat().st_mode & 0o777 == 0o640
