"""DVC's configuration as we read it, against what DVC makes of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from dvc.config import Config
from dvc.repo import Repo
from hypothesis import event, given
from hypothesis import strategies as st

from paddledvc.errors import InvalidInput
from paddledvc.tools.dvc import configuration, shortcuts
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.config import DvcConfig
from paddledvc.weights.checkout import checkout
from paddledvc.weights.status import status

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = {
    "as dvc writes it": "[core]\n    remote = prod\n['remote \"prod\"']\n    url = ../zoo\n",
    "without indentation": "[cache]\ndir=../c\ntype=hardlink\n",
    "quoted links": '[cache]\n    type = "hardlink,copy"\n',
    "listed links": "[cache]\n    type = hardlink, copy\n",
    "single quotes": "[cache]\n    dir = '/a#b'\n",
    "a section without quotes": '[remote "a"]\n    url = /b\n',
    "spaces in a name and a path": "['remote \"a b\"']\n    url = ../c d\n",
    "a path that is not normal": "[cache]\n    dir = //a/../b/\n",
    "a path that starts here": "[cache]\n    dir = .\n",
    "a path at home": "[cache]\n    dir = ~/cache\n[core]\n    site_cache_dir = ~/site\n",
    "a path of a user who is not": "[cache]\n    dir = ~nobody-here/cache\n",
    "a URL": "['remote \"a\"']\n    url = s3://b/../c\n    endpointurl = http://h:1/?a=b\n",
    "another remote's": "['remote \"a\"']\n    url = remote://b/c\n",
    "a key file": "['remote \"a\"']\n    url = s3://b\n    credentialpath = ../keys\n",
    "a per cent sign": "['remote \"a\"']\n    url = s3://b/%20\n    region = x%y\n",
    "a dollar sign": "[cache]\n    dir = /$HOME/${x}\n",
    "capitals in values": "[core]\n    remote = Prod\n    hardlink_lock = TRUE\n",
    "a cache of a group": "[cache]\n    shared = Group\n",
    "CRLF": "[cache]\r\n    dir = /a\r\n",
    "old line ends": "[cache]\r    dir = /a\r",
    "comments": "# [cache]\n[cache]\n  # dir = /b\n    dir = /a\n\n",
    "other sections": "[feature]\n    machine = true\n[studio]\n    token = x\n",
    "accents": "[cache]\n    dir = /é à\n",
    "a remote without a URL": "['remote \"a\"']\n    user = me\n[core]\n    remote = a\n",
    "strange separators": "[core]\n    remote = a\x0b    no_scm = true\n",
    "nothing": "",
}
ODD = {
    "a comment behind a value": "[cache]\n    dir = /a # b\n",
    "a hash sign in a value": "[cache]\n    dir = /a#b\n",
    "a list": "['remote \"a\"']\n    url = /b\n    type = hardlink,copy\n",
    "capitals in names": "[Cache]\n    Dir = /a\n['remote \"A\"']\n    url = /b\n",
    "a quoted key": "[cache]\n    'dir' = /a\n",
    "the last of two spellings": "[cache]\n    dir = /a\n    DIR = /b\n",
    "a section of two spellings": "[cache]\n    dir = /a\n[CACHE]\n    type = copy\n",
    "interpolation": "[core]\n    remote = a\n    site_cache_dir = %(remote)s/b\n",
    "three quotes": "[cache]\n    dir = '''/a'''\n",
    "nothing as a path": "[cache]\n    dir =\n",
    "nothing in quotes": "[cache]\n    dir = ''\n",
    "spaces in brackets": "[ cache ]\n    dir = /a\n",
    "a comment behind a section": "[cache] # mine\n    dir = /a\n",
    "sections in sections": "[cache]\n    dir = /a\n[[more]]\n    dir = /b\n",
    "a key before any section": "dir = /a\n[cache]\n    dir = /b\n",
    "tabs": "[cache]\n\tdir\t=\t/a\tb\n",
    "a cache that is a remote": "[cache]\n    local = a\n['remote \"a\"']\n    url = /b\n",
    "a character that nobody sees": "[cache]\n    dir = /a\u200bb\n",
    "a list as a name": "[core]\n    remote = a,b\n",
}
REFUSED = {
    "two sections of a name": "[cache]\n    dir = /a\n[cache]\n    type = copy\n",
    "two keys of a name": "[cache]\n    dir = /a\n    dir = /b\n",
    "a byte order mark": "\ufeff[cache]\n    dir = /a\n",
    "a colon": "[cache]\n    dir: /a\n",
    "a semicolon": "; mine\n[cache]\n    dir = /a\n",
    "a continued line": "[cache]\n    dir = /a\n        /b\n",
    "interpolation of nothing": "[cache]\n    dir = %(base)s/b\n",
    "an open quote": "[cache]\n    dir = '/a\n",
    "an open bracket": "[cache\n    dir = /a\n",
    "something behind a quote": "[cache]\n    dir = '/a' b\n",
    "merge conflicts": "<<<<<<< ours\n[cache]\n    dir = /a\n=======\n>>>>>>> theirs\n",
    "links that are not": "[cache]\n    type = softlink\n",
    "no links": "[cache]\n    type =\n",
    "no truth value": "[core]\n    hardlink_lock = 1\n",
    "a list as a URL": "['remote \"a\"']\n    url = a,b\n",
    "a section of all remotes": "[remote]\n    url = /a\n",
}


UNUSED = {"a remote without a URL", "sections in sections", "a key before any section"}
"""What DVC refuses for options that are no matter while nothing is sent or fetched."""


@pytest.fixture
def levels(tmp_path, monkeypatch) -> dict[str, Path]:
    """The files of a configuration, by level; none is there."""
    folders = {"system": tmp_path / "etc", "global": tmp_path / "user"}
    for level, folder in folders.items():
        folder.mkdir()
        monkeypatch.setenv(f"DVC_{level.upper()}_CONFIG_DIR", str(folder))
    (tmp_path / "p" / ".dvc" / "tmp").mkdir(parents=True)
    files = {level: folder / "config" for level, folder in folders.items()}
    own = tmp_path / "p" / ".dvc"
    return {**files, "repo": own / "config", "local": own / "config.local"}


def root_of(levels: dict[str, Path]) -> Path:
    return levels["repo"].parent.parent


def write(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.write(text)


@contextmanager
def waited_for():
    """Ask as a hook does; see whether our own parser knew."""
    asked = []
    real = configuration._read_plain

    def told(root):
        asked.append(real(root))
        return asked[-1]

    with pytest.MonkeyPatch.context() as patch, shortcuts.allow_shortcuts():
        patch.setattr(configuration, "_read_plain", told)
        yield asked


def said_by_dvc(root: Path) -> tuple[object, ...]:
    """Say where DVC itself puts and finds what, once it has opened the repository."""
    with Repo(root, uninitialized=True) as repo:
        config, local = repo.config, repo.cache.local
        return (
            {name: one["url"] for name, one in config["remote"].items()},
            config["core"].get("remote"),
            os.path.normpath(local.path),
            list(local.cache_types),
            type(repo.lock).__name__,
        )


def said_by_us(root: Path) -> tuple[object, ...]:
    config = configuration.read_dvc_config(root)
    return (
        config.remotes,
        config.default,
        os.path.normpath(Cache.of(root).folder),
        list(config.links),
        "HardlinkLock" if config.hardlink_lock else "Lock",
    )


@pytest.mark.parametrize("level", ["system", "global", "repo", "local"])
@pytest.mark.parametrize("case", PLAIN)
def test_what_is_plainly_written_we_read_as_dvc_does(levels, level, case):
    write(levels[level], PLAIN[case])

    with waited_for() as ours:
        configuration.read_dvc_config(root_of(levels))
    assert ours == [configuration.read_dvc_config(root_of(levels))]


@pytest.mark.parametrize("case", ODD)
def test_what_is_oddly_written_is_left_to_dvc_also_where_somebody_waits(levels, case):
    write(levels["repo"], ODD[case])

    with waited_for() as ours:
        found = configuration.read_dvc_config(root_of(levels))
    assert ours == [None]
    assert found == configuration.read_dvc_config(root_of(levels))


@pytest.mark.parametrize("case", REFUSED)
def test_what_dvc_refuses_is_told_with_the_file_and_the_reason(levels, case):
    write(levels["repo"], REFUSED[case])

    with pytest.raises(Exception):  # noqa: B017, PT011 - not all are DVC's own
        Config(dvc_dir=str(levels["repo"].parent))
    with waited_for() as ours, pytest.raises(InvalidInput) as waiting:
        configuration.read_dvc_config(root_of(levels))
    assert ours == [None]
    with pytest.raises(InvalidInput) as caught:
        configuration.read_dvc_config(root_of(levels))
    assert str(caught.value) == str(waiting.value)
    assert str(caught.value).startswith("DVC refuses its configuration ")
    assert "\n" not in str(caught.value)


def test_the_broken_one_of_many_files_is_named(levels):
    write(levels["global"], "[cache\n")
    write(levels["repo"], PLAIN["as dvc writes it"])

    with pytest.raises(InvalidInput) as caught:
        configuration.read_dvc_config(root_of(levels))
    assert str(caught.value) == (
        f"DVC refuses its configuration {levels['global']}: Invalid line ('[cache') (matched as "
        "neither section nor keyword) at line 1"
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted({*PLAIN, *ODD} - UNUSED))
def test_a_repository_that_dvc_opens_has_all_where_we_look_for_it(
    levels, case, monkeypatch, tmp_path
):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("HOME", str(tmp_path))
    # No branch may name folders of this machine.
    write(levels["local"], {**PLAIN, **ODD}[case])

    assert said_by_us(root_of(levels)) == said_by_dvc(root_of(levels))


def test_each_level_is_stronger_than_those_before_it_and_has_paths_of_its_own(levels):
    for level, file in levels.items():
        write(file, f"[cache]\n    dir = {level}\n['remote \"{level}\"']\n    url = ../x\n")
    top = levels["repo"].parent.parent.parent

    with waited_for() as ours:
        configuration.read_dvc_config(root_of(levels))
    assert ours == [configuration.read_dvc_config(root_of(levels))]
    assert ours[0].cache == str(levels["local"].parent / "local")
    assert ours[0].remotes == {
        "system": str(top / "x"),
        "global": str(top / "x"),
        "repo": str(root_of(levels) / "x"),
        "local": str(root_of(levels) / "x"),
    }


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"XDG_CONFIG_HOME": "{}/x"},
        {"XDG_CONFIG_HOME": "relative"},
        {"XDG_CONFIG_HOME": " "},
        {"XDG_CONFIG_DIRS": "{}/x"},
        {"XDG_CONFIG_DIRS": "{0}/y:{0}/x"},
        {"XDG_CONFIG_DIRS": ":{}/x"},
        {"HOME": "{}/x"},
        {"HOME": "{}/x/"},
        {"HOME": "relative"},
        {"HOME": ""},
        {"DVC_GLOBAL_CONFIG_DIR": "", "XDG_CONFIG_HOME": "{}/y"},
    ],
)
def test_the_files_of_the_machine_and_the_user_are_those_that_dvc_reads(
    levels, variables, monkeypatch, tmp_path
):
    for name in ("DVC_SYSTEM_CONFIG_DIR", "DVC_GLOBAL_CONFIG_DIR"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    for level in ("SYSTEM", "GLOBAL"):
        assert configuration._shared_folder(level) in (None, Config.get_dir(level.lower()))
    if "HOME" not in variables and variables.get("XDG_CONFIG_HOME") not in ("relative", " "):
        assert configuration._shared_folder("GLOBAL") == Config.get_dir("global")


PLACES = st.sampled_from(["a", "B", "/a", "../b/", "~/c", "~", "s3://b/../c", "x y", "a%b", "é=$"])
VALUES = {
    **dict.fromkeys(["dir", "url", "keyfile", "remote", "site_cache_dir"], PLACES),
    "type": st.sampled_from(["copy", '"hardlink, copy"', "symlink,copy", "softlink", "'reflink'"]),
    "hardlink_lock": st.sampled_from(["true", "False", "TRUE", "'false'", "1"]),
    "shared": st.sampled_from(["group", "GROUP", "all", "'group'"]),
    "x": PLACES | st.sampled_from(["a,b", "'/a#,b'", '""']),
}
SECTIONS = ("[core]", "[cache]", "['remote \"a\"']", '[remote "b"]', "[feature]")
PAIRS = st.sampled_from([*VALUES]).flatmap(
    lambda key: st.builds(
        lambda gap, value: f"{key}{gap}{value}", st.sampled_from(["=", " = "]), VALUES[key]
    )
)
BODIES = st.lists(PAIRS, max_size=3, unique_by=lambda pair: pair.partition("=")[0].strip())
PARTS = st.lists(
    st.tuples(st.sampled_from(SECTIONS), BODIES), max_size=4, unique_by=lambda part: part[0]
)
MORE = ("%(dir)s", "\ndir=x\n", "\nlocal=a\n", "\n[Core]\n", "\n[[a]]\n", "\n[remote]\n")
ODDITIES = st.sampled_from([*"%'\"#,= \t[]\\é\x0c;\ufeff\n\r", *MORE])


@st.composite
def texts(draw) -> str:
    """A usual configuration, with one thing in it that is not, or none."""
    indent = draw(st.sampled_from(["", "    ", "\t"]))
    lines = [
        line
        for section, pairs in draw(PARTS)
        for line in (section, *(f"{indent}{pair}" for pair in pairs))
    ]
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    odd, at = draw(st.just("") | ODDITIES), draw(st.integers(0, len(text)))
    return text[:at] + odd + text[at:]


TEXTS = texts()


@pytest.mark.slow
@given(repo=TEXTS, local=st.just("") | TEXTS)
def test_whatever_is_written_we_read_as_dvc_does_or_leave_it_to_dvc(
    repo, local, tmp_path_factory, empty_levels
):
    folder = tmp_path_factory.mktemp("config")
    (folder / ".dvc").mkdir()
    write(folder / ".dvc/config", repo)
    write(folder / ".dvc/config.local", local)
    plain = configuration._read_plain(folder)
    event(f"plain: {plain is not None}, says something: {plain not in (None, DvcConfig())}")
    if plain is not None:
        assert configuration.read_dvc_config(folder) == plain


@pytest.fixture(scope="module")
def empty_levels(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for level in ("SYSTEM", "GLOBAL"):
            patch.setenv(f"DVC_{level}_CONFIG_DIR", str(tmp_path_factory.mktemp("none")))
        yield


# What reads it


def test_a_switch_and_status_take_the_shortcut_and_a_pull_does_not(outputs, monkeypatch):
    outputs.declare({"checkpoints/a.bin": b"a"})
    seen: list[bool] = []
    real = configuration.read_dvc_config
    monkeypatch.setattr(
        configuration,
        "read_dvc_config",
        lambda root: (seen.append(shortcuts.shortcuts_allowed()), real(root))[1],
    )
    checkout(outputs.project, offline="x")
    status(outputs.project)
    assert set(seen) == {True}
    seen.clear()
    outputs.place()
    assert set(seen) == {False}


def test_a_configuration_that_dvc_refuses_stops_a_switch_with_one_line(outputs):
    outputs.declare({"checkpoints/a.bin": b"a"})
    outputs.folder.write(".dvc/config", "[cache]\n    dir = /a\n    dir = /b\n")

    (line,) = checkout(outputs.project, offline="x").lines
    assert line == (
        f"weights: not touched: DVC refuses its configuration {outputs.root}/.dvc/config: "
        "Duplicate keyword name at line 3; fix this, then run `paddledvc pull`"
    )
    assert not outputs.files()


@pytest.mark.slow
def test_doctor_tells_of_a_configuration_that_dvc_refuses(outputs, cli):
    outputs.folder.write(".dvc/config", "[cache\n")

    done = cli("doctor", "--offline")
    assert done.exit_code == 1
    assert f"DVC refuses its configuration {outputs.root}/.dvc/config" in done.stdout
    assert "bug" not in done.stdout


@pytest.mark.parametrize(
    ("config", "remote"),
    [
        ("[core]\n    remote = A\n['remote \"a\"']\n    url = ../b # c\n", "../b"),
        ("['remote \"a\"']\n    url = ../b\n", None),
        ("[core]\n    remote = a\n", None),
        ("[core\n", None),
        ("", None),
    ],
)
def test_the_default_remote_of_another_repository_is_the_one_that_dvc_takes(config, remote):
    assert configuration.configured_default_remote(config) == remote
