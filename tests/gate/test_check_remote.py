"""Whether the remote of the branch has the bytes; a DVC remote that is a folder."""

from __future__ import annotations

import hashlib

import pytest

from tests.gated import FACTS, Gated, a_waiver, md5

WEIGHTS, EXPORT = b"weights", b"made"
MODELS = (
    """\
models:
  - name: net
    version: v1
    weights_url: zoo/net.pdparams
"""
    + FACTS
)
PUSH = "run `paddledvc push` where its bytes are"


class Shared(Gated):
    """A project with the remotes prod and dev, both of which have everything."""

    def object(self, remote, data):
        name = hashlib.md5(data).hexdigest()
        return self.root / ".." / remote / "files" / "md5" / name[:2] / name[2:]

    def put(self, data):
        for remote in ("prod", "dev"):
            file = self.object(remote, data)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


@pytest.fixture
def shared(project):
    made = Shared(project)
    made.write(
        ".dvc/config",
        "[core]\n    remote = dev\n['remote \"prod\"']\n    url = ../../prod\n"
        "['remote \"dev\"']\n    url = ../../dev\n",
    )
    project.write_bytes("zoo/net.pdparams", WEIGHTS)
    made.models(MODELS, build=False)
    made.write("dvc.yaml", made.read("dvc.yaml") + "  own: {cmd: x, outs: [made.bin]}\n")
    made.edit("dvc.yaml", "  own: {cmd: x, outs: [made.bin]}\n", "")
    made.edit("dvc.yaml", "stages:\n", "stages:\n  own: {cmd: x, outs: [made.bin]}\n")
    made.write(
        "dvc.lock",
        f"""\
        schema: '2.0'
        stages:
          own:
            cmd: x
            outs:
              - {{path: made.bin, hash: md5, md5: "{md5(EXPORT)}", size: {len(EXPORT)}}}
        """,
    )
    made.put(WEIGHTS)
    made.put(EXPORT)
    made.commit()
    return made


@pytest.mark.slow
def test_a_remote_that_has_everything_passes(shared):
    assert shared.lines(remote=True) == []
    assert shared.lines(remote=True, branch="feature/x") == []


def test_nobody_asks_the_remote_unless_told_to(shared):
    shared.object("prod", WEIGHTS).unlink()

    assert shared.lines() == []


@pytest.mark.slow
def test_what_the_remote_of_the_branch_lacks_is_told_at_its_pin(shared):
    shared.object("prod", WEIGHTS).unlink()

    assert shared.lines(remote=True) == [
        (
            "models.lock:5:11: error[remote-incomplete]: net v1: checkpoints/net_v1.pdparams is "
            f"missing in prod; {PUSH}"
        )
    ]
    assert shared.lines(remote=True, branch="feature/x") == []


def test_what_another_stage_wrote_is_told_at_the_stage(shared):
    shared.object("prod", EXPORT).write_bytes(b"mad")

    [line] = shared.lines(remote=True)
    assert line.startswith("dvc.lock:3:3: error[remote-incomplete]: made.bin is truncated in prod")
    assert line.endswith("run `paddledvc push --repair` where its bytes are")


@pytest.mark.slow
def test_a_change_is_looked_for_as_it_is_merged(shared):
    shared.branch("feature/x")
    shared.write("zoo/net.pdparams", "other weights")
    shared.edit("models.yaml", "version: v1", "version: v2")
    shared.update(build=False)
    shared.commit()

    [found] = shared.check(remote=True, base="main").errors
    assert "net v2: checkpoints/net_v2.pdparams is missing in prod" in found.message


@pytest.mark.slow
def test_a_remote_that_does_not_answer_is_one_finding(shared):
    shared.edit(".dvc/config", "url = ../../prod", "url = http://127.0.0.1:1/prod")

    [line] = shared.lines(remote=True)
    assert line.startswith(
        "error[remote-incomplete]: the remote prod cannot say whether it has net v1 and 1 more: "
    )


def test_what_the_remote_lacks_can_be_waived(shared):
    shared.object("prod", WEIGHTS).unlink()
    waiver = a_waiver("remote-incomplete", "2099-01-01", model="net")
    shared.write("models.yaml", waiver + MODELS)
    verdict = shared.check(remote=True)

    assert verdict.violations == ()
    assert [one.violation.model for one in verdict.waived] == ["net"]
