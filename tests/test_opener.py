"""A project's files are read and written through one opener; who goes round it has a reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import paddledvc

PACKAGE = Path(paddledvc.__file__).parent
ROUND = frozenset((
    *("read_text", "read_bytes", "write_text", "write_bytes", "touch", "rmtree"),
    *("copyfile", "copy2", "write_text_file", "write_atomically", "replace_atomically"),
))  # fmt: skip
MODES = frozenset(("r", "rb", "w", "wb", "a", "ab", "x", "xb"))
OWN = "notes of ours below .paddledvc/tmp, whose folders are judged, and that no link leads to"
FRESH = "a temporary folder, or one that was just made"
GIT = "what git keeps in .git, or hands over"
INSTALLED = "what is installed"
BYTES = "bytes of weights, of exports or of DVC's cache, which DVC may link; by checked names"
REASONS = {
    "catalogs/packages/tables.py": INSTALLED,
    "evaluation/baseline.py": FRESH,
    "gate/subject.py": "the event of CI, which an environment variable names",
    "inventory/comment.py": "the summary of a job, which an environment variable names",
    "releases/bundle/import_bundle.py": FRESH,
    "releases/bundle/make_bundle.py": f"{BYTES}; parts of a bundle, which lie where somebody named",
    "releases/bundle/read_bundle.py": "a bundle, which lies where somebody named, through no link",
    "schemas/__init__.py": INSTALLED,
    "setup/checks/cache.py": FRESH,
    "setup/ci/write_pipeline.py": INSTALLED,
    "stages/train.py": FRESH,
    "verification/saved_errors.py": "the user's own folder for state",
    "tools/dvc/cache.py": "the configuration of a linked work tree, replaced in a judged .dvc",
    "tools/dvc/configuration.py": "DVC's configuration of all levels, once the opener took it",
    "tools/dvc/locks.py": "lock files, through no link; /proc",
    "tools/dvc/remotes/filesystem.py": "DVC's remotes",
    "tools/dvc/remotes/new_remotes.py": FRESH,
    "tools/dvc/remotes/remote.py": FRESH,
    "tools/dvc/state.py": "made anew in a judged .dvc",
    "tools/git/blame.py": GIT,
    "tools/git/hook_scripts/install.py": GIT,
    "tools/git/merge/favoured_side.py": GIT,
    "tools/git/merge/merge_driver.py": GIT,
    "tools/git/project_files.py": "the opener; trees of git, and files that lie in no project",
    "tools/git/refs.py": GIT,
    "tools/git/snapshot.py": GIT,
    "tools/git/database/tree.py": GIT,
    "tools/paddle/__main__.py": FRESH,
    "tools/paddle/arrays.py": FRESH,
    "tools/paddle/building/exporting.py": FRESH,
    "tools/paddle/building/state_dict.py": BYTES,
    "tools/paddle/building/training.py": "reports of a training, in a folder that was judged",
    "tools/paddle/diagnosing/outdated.py": BYTES,
    "tools/paddle/diagnosing/try_causes.py": "the network's own code, which Python has imported",
    "tools/paddle/process.py": FRESH,
    "tools/paddle/read_parameters.py": BYTES,
    "tools/paddle/read_program.py": BYTES,
    "tools/sources/fetch.py": BYTES,
    "tools/sources/git_files.py": FRESH,
    "tools/sources/hub_tokens.py": "the user's own token",
    "tools/sources/image_registries.py": "the user's own logins, where Docker keeps them",
    "tools/system/atomic.py": OWN,
    "tools/system/beneath.py": "the opener",
    "tools/system/processes.py": "/proc",
    "tools/system/files.py": "what it says of targets that lie in no project, or that were judged",
    "tools/system/hash_cache.py": OWN,
    "tools/system/links.py": BYTES,
    "tools/system/memory.py": "/proc",
    "tools/system/shell.py": OWN,
    "tools/system/streams.py": "/dev/null",
    "hooks/renew.py": "git's own folder",
    "tools/dvc/linked_tree.py": "the embedded remote, once the way to it is judged",
    "tools/dvc/trust/read_levels.py": FRESH,
    "tools/dvc/trust/record.py": "the record of this clone, outside of it and in git's own folder",
    "tools/git/foreign.py": "our own copies of repositories",
    "tools/git/signatures.py": "a scratch folder outside the project",
    "weights/tree/candidates.py": OWN,
    "weights/expected.py": OWN,
    "weights/transfer/fetch_objects.py": FRESH,
    "weights/transfer/fetch_outputs.py": FRESH,
    "weights/transfer/send_outputs.py": FRESH,
    "weights/tree/files.py": BYTES,
    "weights/tree/records.py": OWN,
}


def goes_round(file: Path) -> bool:
    """Tell whether a module reads or writes a file by its path."""
    calls = (one for one in ast.walk(ast.parse(file.read_text("utf-8"))) if type(one) is ast.Call)
    return any(is_round(call) for call in calls)


def is_round(call: ast.Call) -> bool:
    match call:
        case ast.Call(
            func=ast.Name(id="open") | ast.Attribute(value=ast.Name(id="os"), attr="open")
        ):
            return True
        case ast.Call(func=ast.Attribute(attr="open"), args=[*_, ast.Constant(value=mode)]):
            return mode in MODES
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in ROUND
    return False


@pytest.mark.slow
def test_who_goes_round_the_opener_has_a_reason():
    found = {
        one.relative_to(PACKAGE).as_posix() for one in PACKAGE.rglob("*.py") if goes_round(one)
    }

    assert found - REASONS.keys() == set(), "read and write it by tools/git/project_files.py"
    assert REASONS.keys() - found == set()


def test_each_way_round_is_seen():
    ways = ("p.read_text()", "open(p)", "os.open(p, 0)", 'p.open("wb")', "files.write_text_file(p)")
    for way in ways:
        assert is_round(ast.parse(way).body[0].value)
    assert not is_round(ast.parse('catalogs.open("zoo")').body[0].value)
