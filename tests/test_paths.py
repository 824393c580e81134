"""Which paths that data names may be written, with git itself as the judge."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

import paddledvc
from paddledvc.paths import (
    _IGNORED,
    find_listing_fault,
    find_output_fault,
    find_path_fault,
)

FINE = (
    *(".gitkeep", ".gitignore", ".github/workflows/a.yml", ".dvcignore", ".gitlab-ci.yml", ".g"),
    *(
        "git",
        "git~12",
        "git~1.txt",
        "dvc",
        "paddledvc",
        "a.git",
        "x.dvc",
        "model.git/a",
        "paddle~2",
    ),
    *("..foo", "...", "a..b", "a...", ".a", "..a/..b", "a b/c d", " a", "a ", "~", "~/a", "a~"),
    *("HEAD", "objects/HEAD", "refs/a", "config", "hooks/post-checkout"),
    *("模型/权重.bin", "é", "e\u0301", "a\u3000b", "👩\u200d🔬.png", "\u202ea", "\u0131"),
    *("con/a", "aux.bin", "nul", "COM1", "a:b", "x?*<>|\"'$;&", "-rf", "C:foo"),
)
"""Names that people have, and that no program obeys."""
REFUSED = (
    *("", "/", "/a", "//a", "a/", "a//b", ".", "..", "./a", "a/.", "a/..", "a/../b", "../a"),
    *("C:/a", "c:", "a\\b", "..\\a", ".\\.git\\a", "\\a"),
    *("a\0", "\x1b[2J", "a\nb", "a\rb", "a\x7f", "a\x85", "\ud800"),
    *(".git", ".git/config", "a/.git", "a/.GIT/b", ".gI\u200ct", "\u200c.Git", ".git\ufeff"),
    *("git~1", "a/GIT~1/b", ".git ", ".git.", ".git. .", ".git:a", ".git...:alternate-stream"),
    *("git~1 ", "git~1:a/b", ".git::$INDEX_ALLOCATION/config", ".g\u200dit ."),
    *(".dvc/config", ".DVC", "a/.dvc/tmp", ".paddledvc/tmp", ".PaddleDVC", "dvc~1", "PADDLE~1"),
)


@pytest.mark.parametrize("path", FINE)
def test_names_that_no_program_obeys_may_be_written(path):
    assert find_path_fault(path, windows=False) is None
    assert find_path_fault(f"a/{path}", windows=False) is None
    assert find_output_fault(path) is None
    assert find_listing_fault([path]) is None


@pytest.mark.parametrize("path", REFUSED)
def test_what_leads_out_or_makes_programs_do_things_is_refused(path):
    assert find_path_fault(path, windows=False)
    assert find_output_fault(path)
    assert find_listing_fault(["a", path])


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "it is empty"),
        ("a/../b", "it has the part '..'"),
        ("/etc/passwd", "it is absolute"),
        ("C:/a", "it is absolute"),
        ("a\\b", "it has a backslash, which some systems take for a slash"),
        ("a/" * 500 + "b", "it has 1,001 bytes, more than the 1,000 that every system takes"),
        ("a/" + "x" * 256, "it has a part of 256 bytes, more than the 255 that disks take"),
        ("模" * 86, "it has a part of 258 bytes, more than the 255 that disks take"),
        ("a/" + "x" * 255, None),
        ("模" * 85, None),
        ("a\nb", r"it has the character '\n'"),
        ("a/.gI\u200ct/b", r"'.gI\u200ct' is the folder of a program's own files"),
    ],
)
def test_a_refusal_says_why(path, fault):
    assert find_path_fault(path) == fault


@pytest.mark.parametrize(
    "path",
    ["con/a", "a/AUX.bin", "nul", "COM1", "lpt9.x", "CONIN$", "a:b", "a.", "a ", "a?", "a|b"],
)
def test_what_windows_cannot_write_is_refused_there_alone(path):
    part = next(one for one in path.split("/") if one != "a" or path == "a")
    assert find_path_fault(path, windows=True) == f"{part!r} is no name of a file on Windows"
    assert find_path_fault(path, windows=False) is None


@pytest.mark.parametrize(
    "path", ["console", "a.con", "com10", "auxiliary.bin", ".a", "a b", "nul_"]
)
def test_names_like_those_of_devices_are_fine_on_windows(path):
    assert find_path_fault(path, windows=True) is None


# git, the judge

ALTERNATIVES = (
    *((".", "\u200c.", ".\ufeff", "git~1", "\u00b7"), ("g", "G", "\u200fg"), ("i", "I", "\u0131")),
    *(("t", "T", "t\u206a"), ("", " ", ".", ". .", ":a", "\u200e", "x", "~1", "_")),
)


def generate_paths():
    """Spell ``.git`` and names like it in every way, and put each into every place of a path."""
    names = {"".join(parts) for parts in itertools.product(*ALTERNATIVES)}
    short = {f"{one}{end}" for one in ("git~1", "GIT~1", "gIt~2") for end in ALTERNATIVES[-1]}
    for name in sorted(names | short):
        yield from (name, f"a/{name}", f"{name}/config")


@pytest.mark.slow
def test_no_path_may_be_written_that_git_refuses(tmp_path):
    paths = list(generate_paths())
    git = ("git", "-c", "core.protectHFS=true", "-c", "core.protectNTFS=true")
    subprocess.run([*git, "init", "--quiet"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [*git, "update-index", "--force-remove", "-z", "--stdin"],
        cwd=tmp_path,
        input="".join(f"{path}\0" for path in paths).encode(),
        capture_output=True,
        check=True,
    )
    lines = done.stderr.decode().splitlines()
    by_git = {line.removeprefix("Ignoring path ") for line in lines}
    ours = {path for path in paths if find_path_fault(path) is not None}

    assert len(by_git) > 400
    assert by_git - ours == set()
    # Stricter only where one letter is as HFS+, and another as NTFS ignores it.
    assert {path.translate(_IGNORED) for path in ours - by_git} <= by_git


# Paths together


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        (["a", "a"], ("a", "it and 'a' would be one file")),
        (["a/b", "a"], ("a", "'a/b' would lie in it")),
        (["x/HEAD", "x/objects/1", "x/refs/1"], "x/HEAD"),
        (["head", "Objects/1", "REFS/1"], "head"),
        (["x/HEAD", "x/commondir", "y/objects/1", "y/refs/1"], "x/HEAD"),
    ],
)
def test_paths_that_cannot_be_in_one_folder_are_refused(paths, fault):
    why = "with what lies beside it, git would take the folder for a repository"
    assert find_listing_fault(paths, folded=False) == (
        (fault, why) if isinstance(fault, str) else fault
    )


@pytest.mark.parametrize(
    "paths",
    [["A.png", "a.png"], ["\u00e9", "e\u0301"], ["stra\u00dfe", "STRASSE"], ["a\u200c", "a"]],
)
def test_names_that_look_alike_are_refused_where_the_disk_takes_them_for_one(paths):
    assert find_listing_fault(paths, folded=True) == (
        paths[1],
        f"it and {paths[0]!r} would be one file",
    )
    assert find_listing_fault(paths, folded=False) is None


def test_a_folder_that_lies_in_a_file_by_another_case_is_refused_where_it_is_one():
    assert find_listing_fault(["A", "a/hooks/x"], folded=True) == (
        "A",
        "'a/hooks/x' would lie in it",
    )


@pytest.mark.parametrize(
    "paths",
    [
        ["HEAD", "config", "objects/1"],
        ["x/HEAD", "objects/1", "refs/1"],
        [".gitattributes", ".gitignore", "model.safetensors"],  # as hubs have them
    ],
)
def test_folders_that_only_look_like_git_are_fine(paths):
    assert find_listing_fault(paths) is None


@pytest.mark.parametrize(
    "path", [".gitattributes", "a/.gitModules", "gitatt~1", ".gitattribut\u200ces", ".gitmodules ."]
)
def test_no_output_tells_git_what_to_do_with_what_lies_beside_it(path):
    assert "sets what git does" in find_output_fault(path)


# One place

PACKAGE = Path(paddledvc.__file__).parent
OTHER_PATHS = {
    "gate/subject.py",  # a range of revisions
    "paths.py",
    "tools/code/source_files.py",
    "tools/dvc/trust/core/realm.py",
    "tools/git/project_files.py",
    "tools/git/database/tree.py",
    "tools/system/beneath.py",
}
"""Those that walk a path of a tree of git, Python code or a URL, or part by part, know ``..``."""
UNCHECKED = {"tools/dvc/core/objects.py", "weights/garbage/stores.py"}
"""Garbage needs the objects of a listing, and writes none of its files."""


def modules_with(text):
    """Name the modules in which a text stands."""
    every = {path: path.read_text() for path in PACKAGE.rglob("*.py")}
    return {path.relative_to(PACKAGE).as_posix() for path in every if text in every[path]}


def test_no_other_module_judges_which_paths_may_be_written():
    assert modules_with('".."') == OTHER_PATHS


def test_whoever_writes_the_files_of_a_listing_reads_it_by_way_of_the_judge():
    assert modules_with("parse_object_listing(") == UNCHECKED
