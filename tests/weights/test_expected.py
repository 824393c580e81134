from __future__ import annotations

import json
from typing import Any

import pytest

from paddledvc import Project, lock
from paddledvc.errors import InvalidFile
from paddledvc.weights import expected
from paddledvc.yaml import reader
from tests import plain_yaml


@pytest.fixture
def versions(project):
    """A project with two commits: v1 of one model, then v2."""
    for number in (1, 2):
        project.write_bytes("a.pdparams", b"weights" * number)
        project.models(f'models: [{{name: a, version: "v{number}", weights_url: a.pdparams}}]')
        lock(Project(project.root))
        project.commit(f"v{number}")
    return Project(project.root)


def titles(found):
    return [one.title for one in found]


def test_the_work_tree_asks_for_what_its_files_say_as_they_are(versions, project):
    assert titles(expected.list_expected(versions)) == ["a v2"]
    project.write("models.lock", project.git("show", "HEAD~1:models.lock"))
    assert titles(expected.list_expected(versions)) == ["a v1"]


def test_what_git_does_not_know_yet_is_looked_for_only_when_asked(versions, project):
    project.write("data/x.dvc", "outs: [{path: x, md5: '%s', hash: md5}]" % ("1" * 32))
    assert titles(expected.list_expected(versions)) == ["a v2"]
    assert titles(expected.list_expected(versions, untracked=True)) == ["a v2", "data/x"]


def test_the_files_of_a_new_project_count_before_git_knows_them(project):
    project.git("init", "--quiet")
    project.write_bytes("a.pdparams", b"weights")
    new = project.models('models: [{name: a, version: "v1", weights_url: a.pdparams}]')
    lock(new)
    assert titles(expected.list_expected(new)) == ["a v1"]


def test_conflict_markers_are_named_with_their_line(versions, project):
    text = project.read("models.lock").replace("  - name", "<<<<<<< ours\n  - name", 1)
    project.write("models.lock", text)
    with pytest.raises(InvalidFile, match=r"models\.lock:\d+"):
        expected.list_expected(versions)


def test_of_several_files_in_conflict_the_registry_comes_first(versions, project):
    for name in ("models.lock", "models.yaml"):
        project.write(name, f"<<<<<<< ours\n=======\n>>>>>>> theirs\n{project.read(name)}")
    with pytest.raises(InvalidFile, match=r"models\.yaml:1:1: found a merge conflict"):
        expected.list_expected(versions)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("outs:\n- path: x\n  hash: md5\n  md5: {}\n", "x.dvc:4:8: outs[0].md5"),
        (
            "stages:\n  a:\n    outs:\n    - path: y\n      md5: {}\n",
            "dvc.lock:5:12: stages.a.outs[0].md5",
        ),
    ],
)
@pytest.mark.parametrize("md5", ["../../../etc/passwd", "//abs", ".dir", "A" * 32, "12"])
def test_a_hash_that_could_lead_out_of_the_cache_is_refused(versions, project, text, where, md5):
    project.write(where.partition(":")[0], text.format(md5))
    project.commit("hostile")
    with pytest.raises(InvalidFile) as caught:
        expected.list_expected(versions)

    found = 12 if md5 == "12" else md5
    assert str(caught.value) == (
        f"{where}: found {found!r}, expected 32 hexadecimal digits, and `.dir` for a folder"
    )


LOCK = """\
version: 1
models:
  - name: "a"
    version: "v1"
    urls:
      - "https://example.com/a"
    md5: "0cc175b9c0f1b6a831c399e269772661"
    size: 1
    format: "pdparams"
    path: "checkpoints/a_v1.pdparams"
  - name: "b"
    version: "v2"
    files:
      - path: "w.bin"
        urls:
          - "https://example.com/w"
        sha256: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
        size: 1
    format: "safetensors"
    path: "checkpoints/b_v2"
"""
BUILT = """\
schema: '2.0'
stages:
  export-a:
    cmd: x
    outs:
    - path: exports/a
      hash: md5
      md5: 0cc175b9c0f1b6a831c399e269772661.dir
      size: 2
      nfiles: 1
    - path: reports/a.bin
      md5: 92eb5ffee6ae2fec3ad71c777531578f
      size: 1
"""
STAGES = "stages: {export-a: {cmd: x, outs: [{exports/a: {push: false}}, reports/a.bin]}}\n"
IMPORTED = "outs: [{path: d, hash: md5, md5: 92eb5ffee6ae2fec3ad71c777531578f, remote: r}]\n"
TEXTS = {"models.lock": LOCK, "dvc.lock": BUILT, "dvc.yaml": STAGES, "data/d.dvc": IMPORTED}
REMEMBERED: dict[int, Any] = {
    3: [
        [
            "checkpoints/a_v1.pdparams",
            ["0cc175b9c0f1b6a831c399e269772661", None, 1],
            False,
            "a",
            "v1",
            ["https://example.com/a"],
            [],
            None,
            True,
            True,
            "",
            None,
        ],
        [
            "checkpoints/b_v2",
            [None, None, 1],
            False,
            "b",
            "v2",
            [],
            [
                [
                    "w.bin",
                    ["https://example.com/w"],
                    None,
                    "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                    1,
                ]
            ],
            None,
            False,
            True,
            "",
            None,
        ],
        [
            "data/d",
            ["92eb5ffee6ae2fec3ad71c777531578f", None, None],
            False,
            None,
            None,
            [],
            [],
            "r",
            True,
            True,
            "data/d.dvc",
            None,
        ],
        [
            "exports/a",
            ["0cc175b9c0f1b6a831c399e269772661", None, 2],
            True,
            "a",
            "v1",
            [],
            [],
            None,
            False,
            True,
            "dvc.lock",
            None,
        ],
        [
            "reports/a.bin",
            ["92eb5ffee6ae2fec3ad71c777531578f", None, 1],
            False,
            None,
            None,
            [],
            [],
            None,
            True,
            False,
            "dvc.lock",
            None,
        ],
    ]
}
"""What is remembered of these files, by the number of the format."""


def test_who_reads_other_outputs_from_the_same_files_raises_the_format(versions):
    found = expected.read_expected(versions, TEXTS)

    assert expected.parse_expected(expected.render_expected(found)) == found
    assert json.loads(expected.render_expected(found)) == REMEMBERED[expected.FORMAT], (
        "what earlier versions remember of the same files is another answer: raise "
        "expected.FORMAT, and add its answer here"
    )


def test_a_file_that_is_as_just_before_is_not_parsed_again(versions, monkeypatch):
    parsed = {}
    found = expected.read_expected(versions, TEXTS, parsed)
    monkeypatch.setattr(expected, "_parse_file", None)
    monkeypatch.setattr(Project, "parse_lock", None)

    assert expected.read_expected(versions, TEXTS, parsed) == found
    assert {name for name, _ in parsed} == TEXTS.keys()


def test_what_is_remembered_of_files_is_what_was_read_last(versions):
    parsed = {}
    expected.read_expected(versions, TEXTS, parsed)

    assert expected.read_expected(versions, {}, parsed) == ()
    assert parsed == {}


def test_what_was_read_once_is_remembered(versions, monkeypatch):
    found = expected.read_expected_cached(versions, TEXTS)
    monkeypatch.setattr(expected, "read_expected", None)

    assert expected.read_expected_cached(versions, TEXTS) == found
    assert expected.read_expected_cached(versions, {**TEXTS, "models.yaml": "models: []"}) == found


def test_what_another_format_remembers_is_not_taken(versions, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(expected, "FORMAT", expected.FORMAT - 1)
        before.setattr(expected, "read_expected", lambda *_: ())
        assert expected.read_expected_cached(versions, TEXTS) == ()

    assert expected.read_expected_cached(versions, TEXTS) == expected.read_expected(versions, TEXTS)


def test_a_change_of_any_file_is_read(versions):
    expected.read_expected_cached(versions, TEXTS)
    lock = LOCK.replace('"v1"', '"v3"')

    assert titles(expected.read_expected_cached(versions, {**TEXTS, "models.lock": lock})) == [
        "a v3", "b v2", "data/d", "a v3 (export)", "reports/a.bin"
    ]  # fmt: skip


def test_a_file_of_many_faults_is_read_once(versions, monkeypatch):
    outs = [{"path": "../x", "md5": "0" * 32}] * 300
    text = plain_yaml.dump({"stages": {"s": {"outs": outs}}})
    declared = plain_yaml.dump({"stages": {"s": {"cmd": "x"}}})
    parsed = []
    parse = reader.parse_yaml
    monkeypatch.setattr(reader, "parse_yaml", lambda *of: parsed.append(of[1]) or parse(*of))

    with pytest.raises(InvalidFile) as caught:
        expected.read_expected(versions, {"dvc.lock": text, "dvc.yaml": declared})
    assert len(caught.value.problems) == 300
    assert len(parsed) <= 4
