from __future__ import annotations

import json

import pytest

from paddledvc.hashes import Hashed, Hashes
from paddledvc.models.verify_settings import Engine
from paddledvc.tools.dvc.core.objects import folder_oid
from paddledvc.tools.paddle.core.results import Runtime
from paddledvc.verification.core.evidence import parse
from paddledvc.verification.core.path_report import PathReport
from paddledvc.verification.core.report import VerifyReport

FILES = (
    Hashed(path="checkpoints/a.pdparams", hashes=Hashes(md5="a" * 32, sha256="b" * 64, size=3)),
    Hashed(path="exports/a/inference.json", hashes=Hashes(md5="c" * 32)),
)


def a_report(*paths, files=FILES, repeatable=True):
    return VerifyReport(
        model="a",
        version="v1",
        repeatable=repeatable,
        starts=(0,),
        batches=(1,),
        paths=paths,
        files=files,
        samples_sha256="1" * 64,
        engine=Engine(),
        runtime=Runtime(paddle="3.3.1", commit="abc", device="cpu", flags=()),
        latency=(),
    ).to_json()


def test_a_report_is_read_back():
    path = PathReport(path="jit", gate="program", tolerance=1e-7, failure="it crashed")
    found = parse(a_report(path))

    assert (found.verdict, found.passes) == ("fail", False)
    assert found.failures == ("jit: it crashed",)
    assert found.files == FILES
    assert found.hashes("checkpoints/a.pdparams") == FILES[0].hashes
    assert found.hashes("exports/a") is None
    assert found.folder("exports/a") == folder_oid({"inference.json": "c" * 32})
    assert found.folder("exports") is not None
    assert found.folder("nothing") is None


def test_a_network_that_disagrees_with_itself_does_not_pass():
    found = parse(a_report(repeatable=False))

    assert (found.verdict, found.passes) == ("not-repeatable", False)


def test_a_report_that_compares_nothing_does_not_pass():
    text = a_report(PathReport(path="jit", gate="program", tolerance=1e-7, failure="it crashed"))
    value = json.loads(text)
    value["verdict"], value["evidence"][0]["paths"] = "pass", []
    found = parse(json.dumps(value))

    assert (found.verdict, found.passes) == ("pass", False)
    assert found.failures == ("nothing was compared",)


def test_paths_that_were_skipped_prove_nothing_and_fail_nothing():
    skipped = PathReport(path="gpu", gate="device", tolerance=1e-4, failure="none", skipped=True)
    text = a_report(skipped)
    value = json.loads(text)
    value["verdict"] = "pass"
    value["evidence"][0]["paths"].append({"path": "jit", "passed": True, "findings": []})
    found = parse(json.dumps(value))

    assert (found.passes, found.paths) == (True, ("jit",))
    assert json.loads(text)["verdict"] == "fail", "for nothing else was compared"


def test_a_folder_without_all_digests_has_none():
    files = (*FILES, Hashed(path="exports/a/x", hashes=Hashes(sha256="d" * 64)))

    assert parse(a_report(files=files)).folder("exports/a") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not JSON: Expecting value in line 1"),
        ("[" * 100_000, "is JSON of too many lists in lists"),
        ("null", "is no report of `paddledvc verify`"),
        ('{"verdict": "pass"}', "is no report of `paddledvc verify`"),
        (a_report().replace('"verdict"', '"vredict"'), "is no report of `paddledvc verify`"),
        (
            a_report().replace('"version": 1', '"version": 9'),
            "has the format 9, this paddledvc reads 1",
        ),
    ],
)
def test_what_is_no_report_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        parse(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["inference.json", "inference.pdiparams"], id="export"),
        pytest.param(["b", "a/z", "a.b", "a/y/x", "Z", "ä", "日本", 'q"\\'], id="odd names"),
    ],
)
def test_the_digest_of_a_folder_is_that_of_dvc(tmp_path, names):
    from dvc_data.hashfile.build import build  # noqa: PLC0415 - it takes a second
    from dvc_data.hashfile.db import HashFileDB  # noqa: PLC0415
    from dvc_objects.fs.local import LocalFileSystem  # noqa: PLC0415

    folder = tmp_path / "folder"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    system = LocalFileSystem()
    cache = HashFileDB(system, str(tmp_path / "cache"))
    _, _, tree = build(cache, str(folder), system, "md5")
    digests = {path: info.value for path, _, info in (("/".join(k), m, i) for k, m, i in tree)}

    assert folder_oid(digests) == tree.hash_info.value
    assert len(digests) == len(names)
