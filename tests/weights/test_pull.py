"""``pull`` from remotes that are folders, or a server that tells who asked for what."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from hashlib import sha256

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from paddledvc.tools.dvc import locks
from paddledvc.weights.checkout import checkout
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs
from paddledvc.weights.tree import records
from tests.outputs_repo import md5
from tests.stores_repo import EXPORT, FILES, MADE, TITLE, WEIGHTS, A

PLACED = {A: WEIGHTS, **{f"{EXPORT}/{name}": data for name, data in FILES.items()}}
SIZE = len(WEIGHTS)
SPOILT = b"X" + WEIGHTS[1:]


def hashed(data):
    return f"sha256:{sha256(data).hexdigest()}"


@pytest.fixture
def cold(stores):
    """All of it is in prod, and nothing is here."""
    stores.store("prod")
    stores.forget()
    return stores


@pytest.mark.slow
def test_everything_comes_from_the_remote_of_the_branch(cold, cli):
    ran = cli("pull")

    assert ran == (0, f"a v1: {A} (27 B, prod)\n{MADE} (15 B, prod)\n", "")
    assert cold.files() == PLACED


@pytest.mark.slow
def test_what_is_in_place_is_left_alone(cold, cli):
    cli("pull")

    assert cli("pull") == (0, "2 in place already\n", "")


@pytest.mark.slow
def test_what_the_first_remote_lacks_comes_from_the_next(stores, cli):
    stores.store("dev")
    stores.forget()

    assert cli("pull") == (0, f"a v1: {A} (27 B, dev)\n{MADE} (15 B, dev)\n", "")


@pytest.mark.slow
def test_each_file_of_a_folder_comes_from_where_it_is(stores, cli):
    stores.store("dev", md5(FILES["inference.json"]))
    stores.store("prod")
    stores.stored("prod", FILES["inference.json"]).unlink()
    stores.forget()

    assert cli("pull", EXPORT) == (0, f"{MADE} (15 B, prod, dev)\n", "")
    assert stores.files() == {path: data for path, data in PLACED.items() if path != A}


def test_the_remote_that_a_stage_names_is_asked_first(cold, cli):
    cold.store("prod")
    stages = cold.folder.read("dvc.yaml")
    named = stages.replace(f'"{A}"', f'"{A}":\n        remote: dev')
    cold.folder.write("dvc.yaml", named)
    cold.spoil("dev", WEIGHTS, SPOILT)
    [one] = paddledvc.pull(cold.project, [A]).arrived

    assert [(bad.place, bad.kind) for bad in one.problems] == [("dev", "corrupt")]
    assert one.source == "prod"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (SPOILT, f"corrupt in prod: expected {hashed(WEIGHTS)}, found {hashed(SPOILT)}"),
        (WEIGHTS[:9], "truncated in prod: expected size:27, found size:9"),
        (b"", "truncated in prod: expected size:27, found size:0"),
        (WEIGHTS + b"!", "corrupt in prod: expected size:27, found size:28"),
    ],
    ids=["other bytes", "shorter", "empty", "longer"],
)  # fmt: skip
def test_bad_bytes_are_named_and_the_next_remote_is_tried(cold, cli, spoilt, said):
    cold.store("dev")
    cold.spoil("dev", WEIGHTS, WEIGHTS)
    cold.spoil("prod", WEIGHTS, spoilt)
    ran = cli("pull", A)

    assert ran == (0, f"a v1: {A} (27 B, dev)\n", f"a v1: {A} is {said}\n")
    assert cold.read(A) == WEIGHTS


@pytest.mark.slow
def test_bad_bytes_everywhere_are_a_finding_and_get_nowhere(cold, cli):
    for remote in ("prod", "dev"):
        cold.spoil(remote, WEIGHTS, SPOILT)
    code, out, err = cli("pull")

    assert code == 1
    assert out == f"{MADE} (15 B, prod)\n"
    assert [line.partition(":")[2].partition(":")[0] for line in err.splitlines()] == [
        f" {A} is corrupt in prod",
        f" {A} is corrupt in dev",
        f" {A} cannot be fetched from file",
        f" {A} is not available",
    ]
    assert not (cold.root / A).exists()
    assert md5(WEIGHTS) not in cold.held()


def test_what_nobody_has_is_out_of_reach(cold, cli):
    cold.stored("prod", FILES["inference.json"]).unlink()
    code, out, err = cli("pull", EXPORT)

    assert (code, out) == (3, "")
    assert err == (
        f"{MADE}/inference.json is missing in prod\n"
        f"{MADE}/inference.json is missing in dev\n"
        f"{MADE} is not available\n"
    )
    assert not (cold.root / EXPORT).exists()


@pytest.mark.slow
def test_a_bad_listing_of_a_folder_is_named_and_the_next_remote_is_tried(cold, cli):
    [listing] = [oid for oid in cold.holds("prod") if oid.endswith(".dir")]
    data = cold.stored("prod", listing).read_bytes()
    cold.spoil("dev", listing, data)
    cold.spoil("prod", listing, data[:-5] + b"\n\n\n\n]")
    code, _, err = cli("pull", EXPORT)

    assert code == 0
    assert err.startswith(f"{MADE} is corrupt in prod: expected md5:{listing[:-4]}, found md5:")
    assert cold.files() == {path: data for path, data in PLACED.items() if path != A}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {"relpath": "../evil", "md5": md5(b"evil")},
            "is refused: its listing names '../evil': it has the part '..'",
        ),
        (
            {"relpath": "a", "md5": "../../../../etc"},
            "is corrupt in prod: expected a listing of a folder, found a listing with '../..",
        ),
    ],
)
def test_a_listing_that_leads_out_of_its_folder_is_refused(cold, cli, entry, said):
    data = json.dumps([entry]).encode()
    oid = f"{md5(data)}.dir"
    cold.spoil("prod", oid, data)
    cold.spoil("prod", b"evil", b"evil")
    [old] = [oid for oid in cold.holds("prod") if oid.endswith(".dir") and oid[:-4] != md5(data)]
    cold.folder.write("dvc.lock", cold.folder.read("dvc.lock").replace(old, oid))
    code, _, err = cli("pull", EXPORT)

    assert code == 1
    assert f"{MADE} {said}" in err
    assert not (cold.root / "exports" / "evil").exists()


@pytest.mark.slow
def test_a_remote_that_is_down_is_named_once(cold, cli):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    cold.remotes("dev", prod=url, staging="../../stores/prod")
    code, out, err = cli("pull")

    assert (code, err) == (0, "cannot use prod: connection refused\n")
    assert out == f"a v1: {A} (27 B, staging)\n{MADE} (15 B, staging)\n"


@pytest.mark.slow
def test_offline_only_folders_are_asked(cold, cli, server):
    cold.remotes(prod=f"{server.url}/store", dev="../../stores/prod")
    code, out, err = cli("pull", "--offline")

    assert (code, err) == (0, "cannot use prod: it needs the network, which --offline forbids\n")
    assert out == f"a v1: {A} (27 B, dev)\n{MADE} (15 B, dev)\n"
    assert server.log == []


@pytest.fixture
def served(cold, server):
    """A server of HTTP has what prod has."""
    for oid in cold.holds("prod"):
        server.put(
            f"/{oid[:2]}/{oid[2:]}".replace("/", "/files/md5/", 1),
            cold.stored("prod", oid).read_bytes(),
        )
    cold.remotes(prod=server.url)
    return server


def fetched(server):
    return [path.removeprefix("/files/md5/") for method, path in server.log if method == "GET"]


@pytest.mark.slow
def test_an_object_that_several_outputs_share_comes_once(stores, server, cli):
    stores.declare({"data/one": b"same", "data/two": b"same", "exports/b": {"f": b"same"}})
    for oid in stores.held():
        server.put(f"/files/md5/{oid[:2]}/{oid[2:]}", stores.cache.path(oid).read_bytes())
    stores.remotes(prod=server.url)
    stores.forget()
    code, _, _ = cli("pull")

    assert code == 0
    assert sorted(set(fetched(server))) == sorted(fetched(server))
    assert stores.files() == {"data/one": b"same", "data/two": b"same", "exports/b/f": b"same"}


@pytest.mark.slow
def test_a_second_pull_fetches_only_what_is_missing(cold, served, cli):
    path = next(path for path in served.files if path.endswith(md5(WEIGHTS)[2:]))
    served.truncate[path] = 9
    code, out, err = cli("pull")
    assert (code, out) == (3, f"{MADE} (15 B, prod)\n")
    assert f"a v1: {A} cannot be fetched from prod: the connection broke off" in err
    served.truncate.clear()
    served.log.clear()

    assert cli("pull") == (0, f"a v1: {A} (27 B, prod)\n1 in place already\n", "")
    assert set(served.requests) == {path}


def test_the_pinned_url_is_the_last_resort(stores, server, cli):
    url = server.put("/a.pdparams", WEIGHTS)
    lock = stores.folder.read("models.lock").replace("file:///nowhere/a-v1", url)
    stores.folder.write("models.lock", lock)
    stores.forget()

    assert cli("pull", A) == (0, f"a v1: {A} (27 B, {url})\n", "")
    assert stores.read(A) == WEIGHTS


def test_a_url_with_other_bytes_is_a_finding(stores, server, cli):
    url = server.put("/a.pdparams", SPOILT)
    lock = stores.folder.read("models.lock").replace("file:///nowhere/a-v1", url)
    stores.folder.write("models.lock", lock)
    stores.forget()
    code, _, err = cli("pull", A)

    assert code == 1
    assert f"a v1: {A} is corrupt in {url}: expected sha256:" in err


LOCK = """\
version: 1
models:
  - name: "a"
    version: "v1"
    urls:
      - "{url}"
    sha256: "{sha256}"
    size: {size}
    format: "pdparams"
    path: "{path}"
"""


@pytest.mark.slow
def test_weights_that_are_known_by_sha256_alone_come_from_their_url(stores, server, cli):
    lock = LOCK.format(
        url=server.put("/a.pdparams", b"other weights"),
        sha256=sha256(b"other weights").hexdigest(),
        size=13,
        path=A,
    )
    stores.folder.write("models.lock", lock)
    stores.folder.write("dvc.lock", "schema: '2.0'\n")
    stores.forget()

    assert cli("pull") == (0, f"a v1: {A} (13 B, {server.url}/a.pdparams)\n", "")
    assert stores.read(A) == b"other weights"
    assert cli("pull") == (0, "1 in place already\n", "")
    (stores.root / A).unlink()
    assert cli("pull") == (0, f"a v1: {A} (13 B, cache)\n", "")
    assert server.requests == {"/a.pdparams": 1}


@pytest.mark.slow
def test_a_folder_of_weights_comes_from_its_urls(stores, server, cli, monkeypatch):
    lock = LOCK.partition("    urls")[0] + '    path: "checkpoints/a_v1"\n    files:\n'
    for name, data in FILES.items():
        lock += (
            f'      - path: "{name}"\n        urls:\n'
            f'          - "{server.put(f"/{md5(data)}", data)}"\n'
            f'        sha256: "{sha256(data).hexdigest()}"\n        size: {len(data)}\n'
        )
    stores.folder.write("models.lock", lock)
    stores.folder.write("dvc.lock", "schema: '2.0'\n")
    stores.forget()
    code, out, err = cli("pull")

    assert (code, err) == (0, "")
    assert out.startswith("a v1: checkpoints/a_v1 (15 B, ")
    assert stores.files() == {f"checkpoints/a_v1/{name}": data for name, data in FILES.items()}
    assert cli("pull") == (0, "1 in place already\n", "")
    assert len(server.log) == len(FILES)


@pytest.mark.slow
def test_changes_of_yours_are_kept_and_a_finding(cold, cli):
    cli("pull")
    cold.edit(A, b"mine")
    code, out, err = cli("pull")

    assert (code, out) == (1, "1 in place already\n")
    assert err.startswith(f"weights: kept {A}: it was changed")
    assert cold.read(A) == b"mine"


@pytest.mark.slow
def test_force_gives_changes_up(cold, cli):
    cli("pull")
    cold.edit(A, b"mine")

    assert cli("pull", "--force", A) == (0, f"a v1: {A} (27 B, cache)\n", "")
    assert cold.read(A) == WEIGHTS


def test_only_the_cache_is_filled_where_no_checkout_is_asked_for(cold, cli):
    ran = cli("pull", "--no-checkout")

    assert ran == (0, f"a v1: {A} (27 B, prod)\n{MADE} (244 B, prod)\n", "")
    assert cold.files() == {}
    assert cli("pull", "--no-checkout").stdout == "2 in the cache already\n"


@pytest.mark.slow
def test_a_model_is_its_weights_and_its_export(cold):
    pulled = paddledvc.pull(cold.project, ["a"])

    assert [one.tracked.title for one in pulled.arrived] == ["a v1", TITLE]


@pytest.mark.slow
@pytest.mark.parametrize("name", [A, "checkpoints", "checkpoints/", f"./{A}"])
def test_paths_can_be_named(cold, name):
    pulled = paddledvc.pull(cold.project, [name])

    assert [one.tracked.path for one in pulled.arrived] == [A]


@pytest.mark.slow
def test_paths_are_from_the_current_folder_too(cold, monkeypatch):
    folder = cold.root / "exports"
    folder.mkdir()
    monkeypatch.chdir(folder)

    assert [one.tracked.path for one in paddledvc.pull(cold.project, ["a", "."]).arrived] == [
        A,
        EXPORT,
    ]


def test_a_name_that_nothing_has(cold, cli):
    ran = cli("pull", "exports/b")

    assert ran.exit_code == 2
    assert ran.stderr == (
        "Error: there is no model or output 'exports/b'; did you mean 'exports/a'?\n"
    )


@pytest.mark.slow
def test_one_remote_can_be_named(cold, cli):
    assert cli("pull", "-r", "dev", EXPORT).exit_code == 3
    assert cli("pull", "-r", "prod", EXPORT).exit_code == 0


def test_a_remote_that_is_not_there(cold):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.pull(cold.project, remote="production")

    assert str(caught.value) == "there is no DVC remote 'production'; there are dev, prod"


def test_without_any_remote_somebody_has_to_set_one_up(stores, cli):
    stores.configure("hardlink")
    stores.forget()
    code, _, err = cli("pull", EXPORT)

    assert code == 3
    assert err.startswith(
        f"{MADE} cannot be fetched from anywhere: there is no DVC remote; set one up by "
        "`paddledvc init --remote URL`\n"
    )


def test_what_is_kept_out_of_remotes_is_not_asked_for(cold, cli):
    stages = cold.folder.read("dvc.yaml")
    cold.folder.write(
        "dvc.yaml", stages.replace(f'"{EXPORT}"', f'"{EXPORT}":\n        push: false')
    )
    code, _, err = cli("pull", EXPORT)

    assert code == 3
    assert err.startswith(
        f"{MADE} cannot be fetched from anywhere: its stage keeps it out of remotes; run `dvc "
        f"repro`"
    )


def test_hashes_of_old_versions_of_dvc_are_left_to_dvc(cold, cli):
    lock = cold.folder.read("dvc.lock").replace("      hash: md5\n", "")
    cold.folder.write("dvc.lock", lock)
    advice = "run `dvc pull && dvc cache migrate --dvc-files`, and commit"

    for ran in (cli("pull", EXPORT), cli("pull", EXPORT)):
        assert (ran.exit_code, ran.stdout) == (1, "")
        assert ran.stderr == (
            f"weights: kept {EXPORT}: DVC 1 or 2 wrote its hash, which cannot be checked against "
            f"the file; {advice}\n"
        )
    sent = cli("push", EXPORT)
    assert (sent.exit_code, sent.stdout) == (1, "")
    assert sent.stderr.endswith(f"which cannot be checked against the file; {advice}\n")
    state = json.loads(cli("status", EXPORT, "--format", "json").stdout)
    assert state["outputs"][0]["mend"] == "dvc pull && dvc cache migrate --dvc-files; commit"


@pytest.mark.slow
def test_the_hooks_know_afterwards_that_there_is_nothing_to_do(cold, cli):
    file = records.marker_path(cold.root)
    cli("pull", A)
    assert records.marked_commit(file) is None
    cli("pull")

    assert records.marked_commit(file) == cold.folder.git("rev-parse", "HEAD").strip()


@pytest.mark.slow
def test_what_is_put_in_place_is_that_of_a_commit_made_meanwhile(cold, cli, monkeypatch):
    before = cold.folder.git("rev-parse", "HEAD").strip()

    def fetch_while_somebody_commits(*given, **how):
        cold.folder.write("models.lock", cold.folder.read("models.lock") + "# later\n")
        cold.folder.commit("later")
        return fetch_outputs(*given, **how)

    # `paddledvc.weights.pull` is the function by now.
    module = sys.modules["paddledvc.weights.pull"]
    monkeypatch.setattr(module, "fetch_outputs", fetch_while_somebody_commits)
    cli("pull")

    now = cold.folder.git("rev-parse", "HEAD").strip()
    assert now != before
    assert records.marked_commit(records.marker_path(cold.root)) == now


def test_json_tells_all_of_it(cold, cli):
    told = json.loads(cli("pull", "--format", "json", A).stdout)

    assert told["arrived"][0]["state"] == "fetched"
    assert told["arrived"][0]["source"] == "prod"
    assert told["placed"]["outputs"][0]["path"] == A


def test_a_disk_that_is_full_is_no_corrupt_object(cold, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("paddledvc.tools.system.files.os.write", full)
    with pytest.raises(paddledvc.errors.OutsideFailure, match="No space left on device"):
        paddledvc.pull(cold.project)


@pytest.mark.slow
def test_pull_starts_no_dvc(cold, monkeypatch, cli):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **rest: started.append(command) or popen(command, **rest),
    )
    cli("pull")

    assert {command[0] for command in started} == {"git"}


@pytest.mark.slow
@pytest.mark.parametrize("names", [[], [A]])
def test_a_pull_that_waits_for_a_switch_goes_by_the_commit_that_is_there_then(
    stores, monkeypatch, names
):
    stores.release({A: b"the next weights"}, {A: "a==v2"})
    real = locks.hold_lock_file

    def switch_first(file, **how):
        monkeypatch.setattr(locks, "hold_lock_file", real)
        stores.folder.git("reset", "--quiet", "--hard", "HEAD~1")
        assert checkout(stores.project).complete
        return real(file, **how)

    monkeypatch.setattr(locks, "hold_lock_file", switch_first)
    paddledvc.pull(stores.project, names)

    assert stores.files() == PLACED


@pytest.mark.slow
def test_a_pull_during_which_git_switches_puts_down_nothing_of_the_commit_before(cold, monkeypatch):
    def fetch_late(*asked, **how):
        found = fetch_outputs(*asked, **how)
        cold.release({A: b"the next weights"}, {A: "a==v2"})
        assert checkout(cold.project).complete
        return found

    monkeypatch.setattr("paddledvc.weights.pull.fetch_outputs", fetch_late)
    paddledvc.pull(cold.project)

    assert cold.files() == {A: b"the next weights"}
