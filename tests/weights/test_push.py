"""``push`` into remotes that are folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import paddledvc
from paddledvc.errors import InvalidInput, RemoteFailed
from paddledvc.tools.dvc.remotes.remote import Remote
from paddledvc.weights.transfer.send_outputs import send_outputs
from tests.outputs_repo import md5
from tests.stores_repo import EXPORT, FILES, MADE, MODELS, WEIGHTS, A

SPOILT = b"X" + WEIGHTS[1:]
SENT = f"a v1: {A} (27 B, sent to prod)\n{MADE} (244 B, sent to prod)\n"


def test_everything_is_sent_to_the_remote_of_the_branch(stores, cli):
    assert cli("push") == (0, SENT, "")
    assert stores.holds("prod") == stores.held()
    assert stores.holds("dev") == set()


@pytest.mark.slow
def test_what_is_there_is_not_sent_again(stores, cli):
    cli("push")
    stores.stored("prod", FILES["inference.json"]).unlink()

    assert cli("push") == (0, f"{MADE} (2 B, sent to prod)\n1 in prod already\n", "")
    assert cli("push") == (0, "2 in prod already\n", "")


@pytest.mark.parametrize(
    ("branch", "remote"), [("main", "prod"), ("feature/x", "dev"), ("hotfix/1", "prod")]
)
def test_the_remote_is_that_of_the_role_of_the_branch(stores, branch, remote):
    stores.folder.git("checkout", "--quiet", "-B", branch)

    assert [one.remote for one in paddledvc.push(stores.project)] == [remote]


@pytest.mark.slow
def test_the_remote_is_that_of_the_policy_whatever_else_is_wrong_in_its_file(stores):
    text = stores.folder.read("models.yaml") + "policy: {feature: {remote: prod}}\n"
    stores.folder.git("checkout", "--quiet", "-B", "feature/x")
    for wrong in ("", "modles: []\n"):
        stores.folder.write("models.yaml", text + wrong)
        assert [one.remote for one in paddledvc.push(stores.project)] == ["prod"]


def test_one_remote_serves_all_branches(stores):
    stores.remotes("storage")
    stores.folder.git("checkout", "--quiet", "-B", "feature/x")

    assert [one.remote for one in paddledvc.push(stores.project)] == ["storage"]


def test_weights_come_from_another_remote_where_this_machine_lacks_them(stores, cli):
    stores.store("dev")
    stores.forget()

    assert cli("push") == (0, SENT, "")
    assert stores.holds("prod") == stores.holds("dev")


def test_weights_come_from_their_url_where_nobody_else_has_them(stores, cli, server):
    url = server.put("/a.pdparams", WEIGHTS)
    lock = stores.folder.read("models.lock").replace("file:///nowhere/a-v1", url)
    stores.folder.write("models.lock", lock)
    stores.forget()

    assert cli("push", A) == (0, f"a v1: {A} (27 B, sent to prod)\n", "")


def test_weights_come_from_the_work_tree_where_the_cache_lacks_them(stores, cli):
    stores.forget()
    stores.edit(A, WEIGHTS)
    for name, data in FILES.items():
        stores.edit(f"{EXPORT}/{name}", data)

    assert cli("push") == (0, SENT, "")


def test_other_bytes_in_the_work_tree_are_never_sent(stores, cli):
    stores.forget()
    stores.edit(A, SPOILT)
    code, out, err = cli("push", A)

    assert (code, out) == (3, "")
    assert err == (
        f"a v1: {A} is missing in dev\n"
        f"a v1: {A} cannot be fetched from file:///nowhere/a-v1: No such file or directory\n"
        f"a v1: {A} is missing in cache\n"
        f"a v1: {A} is incomplete in prod\n"
    )
    assert stores.holds("prod") == set()


def test_other_bytes_in_the_cache_are_never_sent(stores, cli, monkeypatch):
    path = stores.cache.path(md5(WEIGHTS))
    path.chmod(0o644)
    path.write_bytes(SPOILT)
    monkeypatch.setattr(
        "paddledvc.tools.dvc.cache.Cache.holds", lambda *_: True
    )  # as notes may say
    code, _, err = cli("push", A)

    assert code == 1
    assert err == (
        f"a v1: {A} is corrupt in cache: expected md5:{md5(WEIGHTS)}, found md5:{md5(SPOILT)}\n"
        f"a v1: {A} is incomplete in prod\n"
    )
    assert stores.holds("prod") == set()


def test_a_listing_is_sent_after_all_its_files(stores, cli):
    missing = md5(FILES["inference.json"])
    stores.cache.path(missing).unlink()
    code, _, err = cli("push", EXPORT)

    assert code == 3
    assert err.endswith(f"{MADE} is incomplete in prod\n")
    assert not any(oid.endswith(".dir") for oid in stores.holds("prod"))
    assert stores.holds("prod") < stores.held()


def test_a_shorter_object_in_the_remote_is_a_finding(stores, cli):
    cli("push")
    stores.spoil("prod", WEIGHTS, WEIGHTS[:9])
    code, out, err = cli("push")

    assert (code, out) == (1, "1 in prod already\n")
    assert err == (
        f"a v1: {A} is truncated in prod: expected size:27, found size:9\n"
        f"a v1: {A} is incomplete in prod\n"
    )
    assert stores.stored("prod", WEIGHTS).read_bytes() == WEIGHTS[:9]


@pytest.mark.parametrize("spoilt", [WEIGHTS[:9], SPOILT], ids=["shorter", "other bytes"])
def test_repair_replaces_bad_objects(stores, cli, spoilt):
    cli("push")
    stores.spoil("prod", WEIGHTS, spoilt)
    code, out, err = cli("push", "--repair")

    assert (code, out) == (0, f"a v1: {A} (27 B, repaired in prod)\n1 in prod already\n")
    assert " in prod: expected " in err
    assert stores.stored("prod", WEIGHTS).read_bytes() == WEIGHTS


def test_repair_replaces_a_bad_listing_and_a_bad_file_in_a_folder(stores, cli):
    cli("push")
    [listing] = [oid for oid in stores.holds("prod") if oid.endswith(".dir")]
    data = stores.stored("prod", listing).read_bytes()
    stores.spoil("prod", listing, data[::-1])
    stores.spoil("prod", FILES["inference.json"], b"[]")

    assert cli("push", "--repair").stdout == (
        f"{MADE} (231 B, repaired in prod)\n1 in prod already\n"
    )
    assert stores.stored("prod", listing).read_bytes() == data
    assert stores.stored("prod", FILES["inference.json"]).read_bytes() == b"{}"


def test_repair_takes_the_right_bytes_from_another_remote(stores, cli):
    for remote in ("prod", "dev"):
        stores.store(remote)
    stores.forget()
    stores.spoil("prod", WEIGHTS, SPOILT)

    assert cli("push", "--repair", A).stdout == f"a v1: {A} (27 B, repaired in prod)\n"
    assert stores.stored("prod", WEIGHTS).read_bytes() == WEIGHTS


def test_repair_that_finds_no_right_bytes_leaves_what_is_there(stores, cli):
    stores.store("prod")
    stores.forget()
    stores.spoil("prod", WEIGHTS, SPOILT)
    code, _, err = cli("push", "--repair", A)

    assert code == 1
    assert f"a v1: {A} is incomplete in prod\n" in err
    assert stores.stored("prod", WEIGHTS).read_bytes() == SPOILT


@pytest.mark.slow
def test_other_revisions_are_sent_to_the_remotes_of_their_roles(stores, cli):
    old = stores.held()
    stores.folder.git("tag", "v1.0.0")
    stores.folder.git("checkout", "--quiet", "-b", "feature/x")
    new = b"the weights of a, version 2"
    stores.release({A.replace("v1", "v2"): new}, {A.replace("v1", "v2"): "a==v2"})
    ran = cli("push", "--rev", "v1.0.0", "--rev", "feature/x")

    assert ran == (0, SENT + "a v2: checkpoints/a_v2.pdparams (27 B, sent to dev)\n", "")
    assert stores.holds("prod") == old
    assert stores.holds("dev") == {md5(new)}


def test_a_revision_that_is_not_there(stores):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.push(stores.project, revisions=["v9"])

    assert str(caught.value) == "there is no branch, tag or commit 'v9'"


def test_without_any_remote_somebody_has_to_set_one_up(stores, cli):
    stores.configure("hardlink")

    assert cli("push") == (
        2,
        "",
        (
            "Error: there is no DVC remote; set one up by `paddledvc init --remote URL`, where URL "
            "is s3://BUCKET/FOLDER or a path\n"
        ),
    )


def test_the_remote_that_a_stage_names_gets_its_outputs(stores):
    stages = stores.folder.read("dvc.yaml")
    named = stages.replace(f'"{EXPORT}"', f'"{EXPORT}":\n        remote: dev')
    stores.folder.write("dvc.yaml", named)
    paddledvc.push(stores.project)

    assert stores.holds("prod") == {md5(WEIGHTS)}
    assert len(stores.holds("dev")) == len(FILES) + 1


def test_what_does_not_belong_in_remotes_is_left_out(stores, cli):
    stages = stores.folder.read("dvc.yaml")
    unpushed = stages.replace(f'"{EXPORT}"', f'"{EXPORT}":\n        push: false')
    stores.folder.write("dvc.yaml", unpushed)

    assert cli("push") == (0, f"a v1: {A} (27 B, sent to prod)\n", "")


def test_a_remote_that_cannot_be_written_to_is_named(stores, cli):
    folder = stores.stored("prod", WEIGHTS).parents[3]
    folder.parent.mkdir()
    folder.write_bytes(b"")

    assert cli("push", A) == (
        3,
        "",
        f"Error: the remote prod ({folder}): a file is in the way of its folder\n",
    )


def test_a_remote_that_is_down_keeps_no_other_from_its_weights(stores, cli):
    stores.folder.git("branch", "feature/x")
    folder = stores.stored("prod", WEIGHTS).parents[3]
    folder.parent.mkdir()
    folder.write_bytes(b"")
    done = cli("push", A, "--rev", "main", "--rev", "feature/x")

    assert (done.exit_code, done.stdout) == (3, f"a v1: {A} (27 B, sent to dev)\n")
    assert done.stderr == f"Error: the remote prod ({folder}): a file is in the way of its folder\n"


def test_one_output_of_several_commits_is_sent_for_each(stores):
    [one, other] = stores.wanted()
    sent = send_outputs(stores.project, [one, other, one], "dev")

    assert [done.tracked for done in sent] == [one, other, one]
    assert {done.state for done in sent} == {"sent"}


def test_a_remote_that_is_not_set_up_fails_for_programs(stores):
    with pytest.raises(RemoteFailed) as caught:
        send_outputs(stores.project, stores.wanted(), "nowhere")

    assert str(caught.value) == "the remote nowhere: remote 'nowhere' doesn't exist"


def test_json_tells_all_of_it(stores, cli):
    [told] = json.loads(cli("push", "--format", "json").stdout)

    assert told["remote"] == "prod"
    assert [(one["state"], one["size"]) for one in told["sent"]] == [("sent", 27), ("sent", 244)]


def test_objects_lie_where_dvc_puts_them(stores, cli):
    cli("push", A)
    oid = md5(WEIGHTS)

    assert stores.stored("prod", WEIGHTS) == (
        Path(stores.root.parent, "stores/prod/files/md5", oid[:2], oid[2:])
    )
    assert MODELS == {A: "a==v1"}


def test_what_a_gc_removes_during_a_push_is_sent_again(stores, monkeypatch):
    old, new = FILES["inference.json"], WEIGHTS
    stores.store("prod", md5(old))
    real = Remote.put

    def put(remote, oid, *how):
        real(remote, oid, *how)
        if oid.endswith(".dir"):  # the last one
            stores.stored("prod", old).unlink()
            stores.stored("prod", new).unlink()

    monkeypatch.setattr(Remote, "put", put)
    [pushed] = paddledvc.push(stores.project)

    assert [one.state for one in pushed.sent] == ["sent", "sent"]
    assert stores.holds("prod") == stores.held()
