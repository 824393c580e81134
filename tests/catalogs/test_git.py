"""Catalogs that are git repositories, without DVC: what git alone can tell of a version."""

from __future__ import annotations

import hashlib
import logging
import re
import threading

import pytest

from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.errors import CatalogFailed
from paddledvc.hashes import Hashes

EXT = "'ext::' starts a program; a repository is a path, or an https, ssh, http, git or file URL"
DET = Query(name="det")


def listed(catalog, name="det"):
    return {one.version: one.yanked for one in catalog.versions(Query(name=name))}


def failure(ask, *arguments):
    with pytest.raises(CatalogFailed) as caught:
        ask(*arguments)
    return str(caught.value)


def test_tags_name_the_versions(det, catalog):
    assert catalog(det.root).versions(DET) == [Listed(version="v1.0.0"), Listed(version="v1.1.0")]


def test_a_version_is_described_by_commit_path_and_hash_without_dvc(det, catalog):
    commit = det.git("rev-parse", "det@v1.0.0^{commit}").strip()
    found = catalog(det.root).describe(DET, "v1.0.0")

    url = f"git+{det.root}@{commit}#weights/det.pdparams"
    hashes = Hashes(md5=hashlib.md5(b"v1.0.0").hexdigest(), size=6)
    file = ReleaseFile(path="det.pdparams", urls=(url,), hashes=hashes)
    assert found == Release(version="v1.0.0", files=(file,), commit=commit)


def test_a_relative_path_stays_relative_so_that_it_holds_in_every_clone(det, catalog, tmp_path):
    (tmp_path / "consumer").mkdir()
    opened = catalog("../team's models 模型", root=tmp_path / "consumer")
    (file,) = opened.describe(DET, "v1.1.0").files

    assert file.urls[0].startswith("git+../team's models 模型@")
    assert opened.where == "../team's models 模型"


def test_a_cancelled_version_is_yanked_and_one_registered_again_is_not(det, catalog):
    det.tag("det@v1.1.0!")
    cancelled = {"v1.0.0": None, "v1.1.0": "cancelled by the tag det@v1.1.0!"}
    assert listed(catalog(det.root)) == cancelled

    det.tag("det@v1.1.0#1")
    assert listed(catalog(det.root)) == {"v1.0.0": None, "v1.1.0": None}


def test_all_versions_of_a_deprecated_artifact_are_yanked(det, catalog):
    det.tag("det@v1.1.0!", "det@deprecated#2")

    assert listed(catalog(det.root)) == {
        "v1.0.0": "deprecated by the tag det@deprecated#2",
        "v1.1.0": "cancelled by the tag det@v1.1.0!",
    }


def test_a_yanked_version_can_still_be_described(det, catalog):
    det.tag("det@v1.1.0!")

    assert catalog(det.root).describe(DET, "v1.1.0").version == "v1.1.0"


def test_two_versions_on_one_commit_are_two(det, catalog):
    det.tag("det@v1.2.0", "det@v1.3.0")

    assert list(listed(catalog(det.root))) == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]


def test_a_tag_of_a_tag_counts(det, catalog):
    det.tag("det@v1.2.0", at="det@v1.1.0")
    opened = catalog(det.root)

    assert opened.describe(DET, "v1.2.0").commit == opened.describe(DET, "v1.1.0").commit


def test_the_models_are_all_artifacts_with_a_version(det, catalog):
    det.tag("seg#prod#1", "models/ocr=rec@v1.0.0", "det#prod#2", "old@v1.0.0", "old@deprecated")
    det.git("tag", "light@v1.0.0")

    assert catalog(det.root).names() == ["det", "models/ocr:rec", "old"]


def test_an_unknown_model_has_no_versions(det, catalog):
    assert catalog(det.root).versions(Query(name="seg")) == []
    where = f"the catalog team ({det.root})"
    message = failure(catalog(det.root).describe, Query(name="seg"), "v1.0.0")
    assert message == f"{where}: it has no seg v1.0.0"


def test_a_repository_without_tags_has_no_models(team, catalog):
    team.commit()

    assert catalog(team.root).names() == []


def test_tags_that_do_not_count_are_told_of_to_those_who_ask_for_their_model(det, catalog, caplog):
    det.git("tag", "det@v2.0.0")
    det.tag("det@2.1.0", "det@v2.2.0-foo", "seg@1.0.0", "v3")
    det.git("tag", "--annotate", "--message", "m", "det@v2.3.0", "HEAD:dvc.yaml")
    caplog.set_level(logging.WARNING)
    assert list(listed(catalog(det.root))) == ["v1.0.0", "v1.1.0"]

    said = [message.removeprefix(f"{det.root}: the tag ") for message in caplog.messages]
    assert said == [
        "det@2.1.0 does not count: it is not of the form NAME@v1.2.3",
        "det@v2.0.0 does not count: it is not annotated, and GTO counts annotated tags only",
        (
            "det@v2.2.0-foo does not count: a pre-release is written as -alpha.1, -beta.1, -rc.1 "
            "or -dev.1"
        ),
        "det@v2.3.0 does not count: it tags no commit",
    ]


@pytest.mark.parametrize("name", ["models/ocr:rec", "models/ocr=rec", "rec"])
def test_a_model_of_a_folder_is_described_by_that_folders_dvc_yaml(team, catalog, name):
    team.artifacts("models/ocr", rec="../weights/rec.pdparams")
    md5 = team.add("models/weights/rec.pdparams", b"rec")
    team.commit()
    team.tag("models/ocr=rec@v1.0.0")
    (file,) = catalog(team.root).describe(Query(name=name), "v1.0.0").files

    assert file.urls[0].endswith("#models/weights/rec.pdparams")
    assert file.hashes == Hashes(md5=md5, size=3)


def test_a_name_of_two_folders_must_be_written_out(team, catalog):
    team.commit()
    team.tag("a=det@v1.0.0", "b=det@v1.0.0")

    where = f"the catalog team ({team.root})"
    told = "'det' may be a:det and b:det; write source_name: a:det"
    assert failure(catalog(team.root).versions, DET) == f"{where}: {told}"
    assert failure(catalog(team.root).describe, DET, "v1.0.0") == f"{where}: {told}"


def test_a_revision_means_nothing_where_tags_name_the_versions(det, catalog):
    message = failure(catalog(det.root).versions, Query(name="det", revision="main"))

    assert message.endswith(": its tags name the versions; leave out revision: main")


@pytest.mark.slow
def test_the_range_of_paddle_versions_is_taken_from_meta(team, catalog):
    for number, paddle in enumerate([">=3.0", "3.0", 3, None]):
        team.artifacts(det={"path": "w", "meta": {"paddle": paddle}})
        team.add("w", b"w")
        team.commit()
        team.tag(f"det@v1.{number}.0")
    opened = catalog(team.root)

    found = [opened.describe(DET, f"v1.{number}.0").paddle for number in range(4)]
    assert found == [">=3.0", None, None, None]


NOT_STATED = (
    "does not say where 'det' is; add it to its artifacts: with a path, commit that, and register "
    "a new version"
)


@pytest.mark.parametrize(
    ("stages", "tag", "cause"),
    [
        pytest.param(None, "det@v1.0.0", f"dvc.yaml at commit {{}} {NOT_STATED}", id="no file"),
        pytest.param("", "det@v1.0.0", f"dvc.yaml at commit {{}} {NOT_STATED}", id="empty"),
        pytest.param(
            "stages: {det: {cmd: x}}",
            "a=det@v1.0.0",
            f"a/dvc.yaml at commit {{}} {NOT_STATED}",
            id="another folder",
        ),
        pytest.param(
            "artifacts: {seg: {path: w}}",
            "det@v1.0.0",
            f"dvc.yaml at commit {{}} {NOT_STATED}",
            id="another artifact",
        ),
        pytest.param(
            "artifacts: {det: {desc: x}}",
            "det@v1.0.0",
            f"dvc.yaml at commit {{}} {NOT_STATED}",
            id="without a path",
        ),
        pytest.param(
            "artifacts: {det: {path: 'weights/${name}'}}",
            "det@v1.0.0",
            "dvc.yaml: the path of 'det' is a template, weights/${name}; write it out",
            id="template",
        ),
        pytest.param(
            "artifacts: {det: {path: ../../etc/passwd}}",
            "det@v1.0.0",
            "dvc.yaml: the path of 'det' is '../../etc/passwd': it has the part '..'",
            id="path out of the repository",
        ),
        pytest.param(
            "artifacts: {det: {path: /etc/passwd}}",
            "det@v1.0.0",
            "dvc.yaml: the path of 'det' is '/etc/passwd': it is absolute",
            id="absolute path",
        ),
        pytest.param(
            "artifacts: {det: {path: .}}",
            "det@v1.0.0",
            "dvc.yaml: the path of 'det' is '.': it has the part '.'",
            id="the repository itself",
        ),
        pytest.param(
            "artifacts: [\n",
            "det@v1.0.0",
            "dvc.yaml:2:1: not YAML: did not find expected node content",
            id="not YAML",
        ),
    ],
)
def test_a_version_that_dvc_yaml_does_not_explain_is_an_error(team, catalog, stages, tag, cause):
    if stages is not None:
        team.write("dvc.yaml", stages)
    commit = team.commit()
    team.tag(tag)
    message = failure(catalog(team.root).describe, DET, "v1.0.0")

    assert message == f"the catalog team ({team.root}): {tag}: {cause.replace('{}', commit[:7])}"


def test_weights_in_git_itself_are_hashed_as_git_keeps_them(team, catalog):
    team.write(".gitattributes", "* text eol=crlf\n")
    team.write("w.bin", b"a\r\nb\r\n")
    team.artifacts(det="w.bin")
    team.commit()
    team.tag("det@v1.0.0")
    (file,) = catalog(team.root).describe(DET, "v1.0.0").files

    md5, sha256 = hashlib.md5(b"a\nb\n").hexdigest(), hashlib.sha256(b"a\nb\n").hexdigest()
    assert file.hashes == Hashes(md5=md5, sha256=sha256, size=4)


def test_a_link_is_no_weights(team, catalog):
    (team.root / "w.bin").symlink_to("/etc/passwd")
    team.artifacts(det="w.bin")
    team.commit()
    team.tag("det@v1.0.0")

    message = failure(catalog(team.root).describe, DET, "v1.0.0")
    assert message.endswith(": det@v1.0.0: it is a symbolic link")


def test_a_pointer_of_git_lfs_is_no_weights(team, catalog):
    team.write("w.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")
    team.artifacts(det="w.bin")
    team.commit()
    team.tag("det@v1.0.0")

    message = failure(catalog(team.root).describe, DET, "v1.0.0")
    assert message.endswith(": det@v1.0.0: git LFS has its bytes, not git; track it with DVC")


def test_a_hash_of_dvc_2_is_not_taken_for_one_of_bytes(team, catalog):
    team.artifacts(det="w.txt")
    team.add("w.txt", b"text", hash=None)
    team.commit()
    team.tag("det@v1.0.0")
    (file,) = catalog(team.root).describe(DET, "v1.0.0").files

    assert file.hashes == Hashes(size=4)


def test_a_stage_tells_what_it_wrote_by_its_lock(team, catalog):
    stages = {"train": {"cmd": "x", "wdir": "out", "outs": ["w.bin"]}}
    team.dump("dvc.yaml", {"stages": stages, "artifacts": {"det": {"path": "out/w.bin"}}})
    out = {"path": "w.bin", "hash": "md5", "md5": "1" * 32, "size": 5}
    gone = {**out, "md5": "2" * 32}
    locked = {"train": {"cmd": "x", "outs": [out]}, "gone": {"cmd": "x", "outs": [gone]}}
    team.dump("dvc.lock", {"schema": "2.0", "stages": locked})
    team.commit()
    team.tag("det@v1.0.0")
    (file,) = catalog(team.root).describe(DET, "v1.0.0").files

    assert file.hashes == Hashes(md5="1" * 32, size=5)


def test_one_file_is_all_that_a_single_one_has(det, catalog):
    opened = catalog(det.root)
    asked = Query(name="det", file="det.pdparams")
    assert opened.describe(asked, "v1.0.0") == opened.describe(DET, "v1.0.0")

    asked = Query(name="det", file="det.pdparam")
    message = failure(opened.describe, asked, "v1.0.0")
    assert message.endswith("it has no file 'det.pdparam'; did you mean 'det.pdparams'?")


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("nowhere", "no such folder"),
        ("empty", "there is no git repository"),
        ("-u./evil", "the name of a repository does not begin with '-'"),
        ("file:///no/where", "there is no git repository"),
        ("ext::sh", EXT),
    ],
)
def test_a_repository_that_is_none_is_an_error(catalog, tmp_path, url, cause):
    (tmp_path / "empty").mkdir()
    message = failure(catalog(url).names)

    assert message == f"the catalog team ({url}): {cause}"


def test_a_folder_of_a_repository_is_no_repository(det, catalog):
    message = failure(catalog(det.root / "weights").names)

    assert message == (
        f"the catalog team ({det.root / 'weights'}): it lies in the work tree {det.root}, whose "
        "commits bring what is there; a repository to read from lies outside of all others"
    )


def test_a_bare_repository_and_a_linked_work_tree_are_repositories(det, catalog, tmp_path):
    det.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    det.git("worktree", "add", "--quiet", str(tmp_path / "linked"))

    for folder in ("bare.git", "linked"):
        opened = catalog(tmp_path / folder)
        assert list(listed(opened)) == ["v1.0.0", "v1.1.0"]
        assert opened.describe(DET, "v1.0.0").files[0].hashes.size == 6


@pytest.mark.slow
def test_what_git_tells_its_hooks_does_not_lead_astray(det, catalog, tmp_path, monkeypatch):
    for key in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(key, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_PREFIX", "sub/")

    for url in (det.root, f"file://{det.root}"):
        assert catalog(url).describe(DET, "v1.0.0").files[0].hashes.size == 6


def test_a_replaced_commit_is_read_as_its_name_says(det, catalog):
    old, new = (det.git("rev-parse", f"det@{one}^{{}}").strip() for one in ("v1.0.0", "v1.1.0"))
    det.git("replace", old, new)
    (file,) = catalog(det.root).describe(DET, "v1.0.0").files

    assert file.hashes.md5 == hashlib.md5(b"v1.0.0").hexdigest()


def test_a_repository_of_somebody_else_says_how_to_trust_it(det, catalog, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    message = failure(catalog(det.root).names)

    assert message == (
        f"the catalog team ({det.root}): it belongs to another user; "
        "`git config --global --add safe.directory` with its path lets git read it"
    )


def test_a_damaged_repository_is_an_error_of_one_line(det, catalog):
    tag = det.git("rev-parse", "det@v1.0.0").strip()
    kept = det.root / ".git" / "objects" / tag[:2] / tag[2:]
    kept.unlink()

    told = failure(catalog(det.root).names)
    assert told.startswith(f"the catalog team ({det.root}): ")
    # Both ends of git say it, and either may be the first.
    assert re.search(rf": (git|remote error:) upload-pack: not our ref {tag}$", told)


def test_a_failure_is_told_to_everyone_who_asks_but_happens_once(catalog, tmp_path):
    opened = catalog("late")
    first = failure(opened.names)
    (tmp_path / "late").mkdir()

    assert failure(opened.versions, DET) == first
    assert first.endswith("(late): no such folder")


def test_git_that_is_not_installed_is_named(det, catalog, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    for url in (det.root, f"file://{det.root}"):
        message = failure(catalog(url).names)
        assert message.endswith(": `git` is not installed, or not on the PATH")


def test_without_the_network_a_folder_is_read_all_the_same(det, catalog):
    assert list(listed(catalog(det.root, offline="--offline"))) == ["v1.0.0", "v1.1.0"]


@pytest.mark.slow
def test_many_threads_ask_at_once(det, catalog):
    opened, found = catalog(f"file://{det.root}"), []
    asking = [
        threading.Thread(target=lambda: found.append(opened.describe(DET, "v1.0.0")))
        for _ in range(8)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert len(found) == 8
    assert len(set(map(repr, found))) == 1
