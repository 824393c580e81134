"""Digests at the gate: those that models.lock lacks, and those that DVC's files contradict."""

from __future__ import annotations

import pytest

from tests.gate.test_check import REPRO
from tests.gated import FACTS, Gated

OTHER = "1a" * 16
SHA256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
MD5 = "0cc175b9c0f1b6a831c399e269772661"
PATH = "checkpoints/net_v1.pdparams"
BASE = f"""\
models:
  - name: net
    version: v1
    weights_url: https://host/net.pdparams
{FACTS}"""
MEND = "run `paddledvc lock --hash`, `paddledvc generate` and `dvc repro`, and commit them"


def lines(gated, **options):
    return [str(one) for one in gated.check(**options).violations]


@pytest.fixture
def gated(project):
    """One whose model is only downloaded, and pinned by both digests."""
    project.git("init", "--quiet")
    made = Gated(project)
    made.models(f'{BASE}    md5: "{MD5}"\n    sha256: "{SHA256}"\n    size: 1\n')
    made.commit()
    return made


def test_a_lock_with_both_digests_is_complete(gated):
    assert lines(gated) == []


@pytest.mark.parametrize(
    ("kind", "other", "digest"), [("md5", "sha256", SHA256), ("sha256", "md5", MD5)]
)
def test_production_is_warned_of_a_digest_that_the_lock_lacks(gated, kind, other, digest):
    (gated.root / "models.lock").unlink()  # what is known of the same bytes stays
    gated.models(f'{BASE}    {other}: "{digest}"\n')

    [found] = lines(gated)
    assert found == (
        f"models.lock:5:11: warning[digest-missing]: net: no {kind} of {PATH}, expected MD5 and "
        f"SHA-256, so that dvc.lock can be compared with the pin; {MEND}"
    )
    assert lines(gated, branch="develop") == []


@pytest.mark.parametrize(
    ("name", "folder"),
    [("samples.dvc", ""), ("data/x.dvc", "wdir: ..\n"), ("deep/dvc.lock", "")],
)
@pytest.mark.parametrize("pinned", [True, False])
def test_every_file_of_dvc_that_names_the_weights_is_looked_at(gated, name, folder, pinned):
    if not pinned:
        (gated.root / "models.lock").unlink()
        gated.models(f'{BASE}    sha256: "{SHA256}"\n')
    outs = f"outs:\n- path: {PATH}\n  hash: md5\n  md5: {OTHER}\n"
    if name == "deep/dvc.lock":
        stage = f"stages:\n  x:\n    cmd: x\n    wdir: ..\n    outs: [{PATH}]\n"
        gated.write("deep/dvc.yaml", stage)
        outs = "schema: '2.0'\nstages:\n  x:\n    cmd: x\n    " + outs.replace("\n", "\n    ")
    gated.write(name, folder + outs)
    gated.commit()
    [found] = [line for line in lines(gated) if line.startswith(f"{name}: ")]
    stated = f"models.lock:5:11 has md5:{MD5}" if pinned else "dvc.lock has md5:"

    assert found.startswith(
        f"{name}: error[built-other-bytes]: net: {name} has md5:{OTHER} of {PATH}, {stated}"
    )
    assert found.endswith(f"; check who wrote {name}, and remove it")


def test_a_size_that_contradicts_the_lock_is_told(gated):
    gated.edit("dvc.lock", f"md5: {MD5}", f"md5: {OTHER}\n      size: 2")

    [found] = lines(gated)
    assert found == (
        f"dvc.lock:3:3: error[built-other-bytes]: net: dvc.lock has size:2 of {PATH}, "
        f"models.lock:5:11 has size:1; {REPRO}"
    )


@pytest.mark.slow
@pytest.mark.parametrize("folder", [False, True])
def test_an_md5_that_moves_while_the_sha256_stays_is_told_without_any_weights(gated, folder):
    text = gated.read("models.lock").replace(f'    md5: "{MD5}"\n', "")
    old, new = MD5, OTHER
    if folder:
        head, _, tail = text.partition("    urls:\n")
        files = f'    files:\n      - path: "w"\n        urls: [x]\n        sha256: "{SHA256}"\n'
        text = f'{head}    path: "{PATH}"\n    format: "pdparams"\n{files}'
        assert tail
        gated.edit("dvc.lock", MD5, f"{MD5}.dir")
        old, new = f"{MD5}.dir", f"{OTHER}.dir"
    gated.write("models.lock", text)
    gated.commit()
    gated.branch("feature/x")
    assert [line for line in lines(gated, base="main") if "built-other-bytes" in line] == []
    gated.edit("dvc.lock", old, new)
    gated.commit()
    [found] = [line for line in lines(gated, base="main") if "built-other-bytes" in line]

    assert found.startswith(
        f"dvc.lock:3:3: error[built-other-bytes]: net: dvc.lock has md5:{new} of {PATH}, "
        f"dvc.lock before this change, of the same SHA-256, has md5:{old}; "
    )
