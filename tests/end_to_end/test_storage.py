"""Pull and push as processes, with S3 on loopback from rclone and moto; also killed and doubled."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time

import pytest

import paddledvc
from paddledvc import Project
from tests.conftest import PATIENT
from tests.forks import run_module
from tests.outputs_repo import md5
from tests.s3 import ACCESS_KEY, SECRET_KEY
from tests.stores_repo import EXPORT, FILES, A

pytestmark = pytest.mark.slow
LARGE = os.urandom(24_000_000)
"""More than is sent or read at a time."""
B = "checkpoints/Grüße an B_v1.pdparams"
WEIGHTS = {A: LARGE, B: os.urandom(3_000_000), EXPORT: FILES}
MODELS = {A: "a==v1", B: "B==v1"}
PADDLEDVC = (sys.executable, "-m", "paddledvc")
FLAT = {
    **{path: data for path, data in WEIGHTS.items() if path != EXPORT},
    **{f"{EXPORT}/{name}": data for name, data in FILES.items()},
}


class Team:
    """A project whose remotes prod and dev are buckets."""

    def __init__(self, stores, buckets, endpoint, client):
        self.stores, self.root, self.client = stores, stores.root, client
        self.buckets = buckets
        stores.folder.write(
            ".dvc/config",
            "[core]\n    remote = dev\n    analytics = false\n"
            + "".join(
                f"['remote \"{name}\"']\n    url = s3://{bucket}/a folder\n"
                f"    endpointurl = {endpoint}\n    region = us-east-1\n"
                for name, bucket in buckets.items()
            ),
        )
        stores.folder.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
        keys = f"    access_key_id = {ACCESS_KEY}\n    secret_access_key = {SECRET_KEY}\n"
        stores.folder.write(
            ".dvc/config.local", "".join(f"['remote \"{name}\"']\n{keys}" for name in buckets)
        )
        stores.release(WEIGHTS, MODELS)

    def start(self, *command):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.root, env={**os.environ, **PATIENT}, **pipes)

    def run(self, *command):
        """Run a module; return its exit status, what it printed, and its errors."""
        process = self.start(*run_module(command[0]), *command[1:])
        out, err = process.communicate()
        return process.returncode, out, err

    def key(self, data):
        oid = md5(data)
        return f"a folder/files/md5/{oid[:2]}/{oid[2:]}"

    def keys(self, remote):
        pages = self.client.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.buckets[remote])
        return {one["Key"] for page in found for one in page.get("Contents", ())}

    def spoil(self, remote, data, spoilt):
        self.client.put_object(Bucket=self.buckets[remote], Key=self.key(data), Body=spoilt)

    def remove(self, remote, data):
        self.client.delete_object(Bucket=self.buckets[remote], Key=self.key(data))


def connect(endpoint):
    from botocore.session import Session  # noqa: PLC0415 - slow

    return Session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


@pytest.fixture
def rclone_team(s3_server, no_aws, stores):
    names = {remote: s3_server.bucket().name for remote in ("prod", "dev")}
    return Team(stores, names, s3_server.url, connect(s3_server.url))


@pytest.fixture
def moto_team(no_aws, stores):
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = connect(f"http://{host}:{port}")
    # Its buckets outlive the server, for they belong to the process.
    names = {remote: f"team-{secrets.token_hex(4)}" for remote in ("prod", "dev")}
    for name in names.values():
        client.create_bucket(Bucket=name)
    yield Team(stores, names, f"http://{host}:{port}", client)
    server.stop()


@pytest.fixture(params=["rclone", pytest.param("moto", marks=pytest.mark.thorough)])
def team(request):
    return request.getfixturevalue(f"{request.param}_team")


def litter(team):
    """Name what is in the cache's folder of objects and is no object."""
    folder = team.stores.cache.folder
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_what_is_pushed_is_pulled_and_dvc_agrees(team):
    assert team.run("paddledvc", "push")[0] == 0
    assert len(team.keys("prod")) == len(FLAT) + 1
    team.stores.forget()
    code, _, err = team.run("paddledvc", "pull")

    assert (code, err) == (0, "")
    assert team.stores.files() == FLAT
    assert team.run("dvc", "data", "status", "--json")[1].strip() == "{}"
    assert "in sync" in team.run("dvc", "status", "--cloud", "--remote", "prod")[1]


def test_what_dvc_pushed_is_pulled(rclone_team):
    team = rclone_team
    assert team.run("dvc", "push", "--quiet", "--remote", "prod")[0] == 0
    assert team.run("paddledvc", "push")[1] == "3 in prod already\n"
    team.stores.forget()

    assert team.run("paddledvc", "pull")[0] == 0
    assert team.stores.files() == FLAT


@pytest.mark.parametrize(
    "how", ["other bytes", pytest.param("shorter", marks=pytest.mark.thorough)]
)
def test_what_is_bad_in_one_remote_comes_from_the_next(rclone_team, how):
    team = rclone_team
    for remote in ("prod", "dev"):
        code, _, err = team.run("paddledvc", "push", "-r", remote)
        assert code == 0, err
    team.spoil("prod", LARGE, LARGE[:-1] + (b"!" if how == "other bytes" else b""))
    team.remove("prod", WEIGHTS[B])
    team.stores.forget()
    code, out, err = team.run("paddledvc", "pull")

    assert code == 0
    assert f"B v1: {B} (3 MB, dev)\na v1: {A} (24 MB, dev)\n" in out
    said = "corrupt" if how == "other bytes" else "truncated"
    assert err.startswith(f"a v1: {A} is {said} in prod: expected ")
    assert team.stores.files() == FLAT


def test_repair_makes_a_spoilt_object_good_again(team):
    team.run("paddledvc", "push")
    team.spoil("prod", LARGE, LARGE[:-1] + b"!")
    code, out, _ = team.run("paddledvc", "push", "--repair")

    assert (code, out) == (0, f"a v1: {A} (24 MB, repaired in prod)\n2 in prod already\n")
    status = ("paddledvc", "status", "--remote", "--deep", "--exit-code")
    assert team.run(*status)[0] == 0


def test_plain_dvc_delivers_what_is_spoilt_and_we_do_not(rclone_team):
    team = rclone_team
    team.run("paddledvc", "push")
    team.spoil("prod", LARGE, LARGE[:-1] + b"!")
    team.stores.forget()
    code, _, err = team.run("paddledvc", "pull", "-r", "prod")
    assert code == 1
    assert f"a v1: {A} is corrupt in prod: expected " in err
    assert not (team.root / A).exists()

    assert team.run("dvc", "pull", "--remote", "prod")[0] == 0
    assert team.stores.read(A) == LARGE[:-1] + b"!"


def test_a_wrong_secret_is_a_sentence(rclone_team):
    wrong = "['remote \"prod\"']\n    secret_access_key = another-secret-key\n"
    keys = rclone_team.stores.folder.read(".dvc/config.local")
    rclone_team.stores.folder.write(".dvc/config.local", f"{keys}{wrong}")
    keys = f"    access_key_id = {ACCESS_KEY}\n    secret_access_key = another-secret-key\n"
    rclone_team.stores.folder.write(".dvc/config.local", f"['remote \"prod\"']\n{keys}")
    rclone_team.run("paddledvc", "trust", "--yes")
    code, _, err = rclone_team.run("paddledvc", "push", "-r", "prod")

    assert code == 3
    assert err == (
        f"Error: the remote prod (s3://{rclone_team.buckets['prod']}/a folder): "
        "the server denies access\n"
    )


def test_a_server_that_says_nothing_does_not_hold_a_pull_for_long(
    stores, server, mute, monkeypatch
):
    monkeypatch.setenv("PADDLEDVC_TRUST_REMOTES", mute)
    url = server.put("/a.pdparams", b"the weights of a, version 1")
    lock = stores.folder.read("models.lock").replace("file:///nowhere/a-v1", url)
    stores.folder.write("models.lock", lock)
    stores.remotes(prod=mute)
    stores.forget()
    paddledvc.trust(Project(stores.root))
    code = (
        "import paddledvc, sys; from pathlib import Path; "
        "from paddledvc.weights.transfer.fetch_outputs import fetch_outputs; "
        "from paddledvc.weights.expected import list_expected;"
        "project = paddledvc.Project(Path.cwd()); "
        "[one] = [w for w in list_expected(project) if w.pinned]; "
        "[done] = fetch_outputs(project, [one], remotes=['prod'], patience=1); "
        "print(done.source, *done.problems)"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=stores.root, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{url} a v1: {A} cannot be fetched from prod: no answer within 0.5 s\n"
    assert time.monotonic() - began < 30  # not the minutes that clients wait by themselves


class Slow:
    """A project whose remote is a server that takes its time for the large file."""

    def __init__(self, stores, server):
        self.stores, self.server, self.root = stores, server, stores.root
        stores.remotes(prod=server.url)
        stores.release(WEIGHTS, MODELS)
        for oid in stores.held():
            data = stores.cache.path(oid).read_bytes()
            path = f"/files/md5/{oid[:2]}/{oid[2:]}"
            server.put(path, data)
            if data == LARGE:
                server.delay[path] = 0.05
        stores.forget()

    def pull(self):
        """Start a pull, and return when the small files have come and the large one is coming."""
        process = subprocess.Popen(
            [*PADDLEDVC, "pull"], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while md5(WEIGHTS[B]) not in self.stores.held() or not self._is_coming():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        return process

    def _is_coming(self):
        found = self.stores.cache.folder.glob("tmp-*")
        return any(path.stat().st_size > 100_000 for path in found)


@pytest.fixture
def slow(stores, server):
    return Slow(stores, server)


def test_a_killed_pull_leaves_no_half_object_and_the_next_fetches_only_what_is_missing(slow):
    process = slow.pull()
    process.kill()
    process.communicate()
    held = slow.stores.held()
    assert md5(LARGE) not in held
    slow.server.delay.clear()
    slow.server.log.clear()
    done = subprocess.run([*PADDLEDVC, "pull"], cwd=slow.root, check=False)

    assert done.returncode == 0
    assert slow.stores.files() == FLAT
    oids = {path.removeprefix("/files/md5/").replace("/", "") for path in slow.server.requests}
    assert oids & held == set()
    assert md5(LARGE) in oids
    assert litter(slow) == []


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.thorough)]
)
def test_a_stopped_pull_ends_soon_and_cleans_up(slow, number):
    process = slow.pull()
    process.send_signal(number)
    began = time.monotonic()
    _, err = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert b"Traceback" not in err
    assert time.monotonic() - began < 15  # the file would take 18 s
    assert litter(slow) == []
    assert md5(LARGE) not in slow.stores.held()


def test_two_pulls_at_once_do_not_harm_each_other(slow):
    slow.server.delay.clear()
    processes = [subprocess.Popen([*PADDLEDVC, "pull"], cwd=slow.root) for _ in range(2)]
    for process in processes:
        process.wait()

    assert slow.stores.files() == FLAT
    assert litter(slow) == []
    assert subprocess.run([*PADDLEDVC, "pull"], cwd=slow.root, check=False).returncode == 0


def test_a_killed_push_leaves_no_half_object_and_the_next_sends_the_rest(rclone_team):
    team = rclone_team
    process = team.start(*PADDLEDVC, "push")
    while team.key(WEIGHTS[B]) not in team.keys("prod"):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    there = team.keys("prod")
    assert not any(key.endswith(".dir") for key in there) or team.key(b"{}") in there
    for data in FLAT.values():
        if team.key(data) in there:
            at = {"Bucket": team.buckets["prod"], "Key": team.key(data)}
            assert team.client.head_object(**at)["ContentLength"] == len(data)

    assert team.run("paddledvc", "push")[0] == 0
    assert team.run("paddledvc", "status", "--remote", "--deep", "--exit-code")[0] == 0


def test_a_learned_listing_is_the_one_that_dvc_makes(stores, server):
    lock = 'version: 1\nmodels:\n  - name: "a"\n    version: "v1"\n    path: "checkpoints/a"\n'
    lock += "    files:\n"
    names = ("b.txt", "a/z.txt", "a-b.txt", "ein Name.txt", "Grüße.txt", "a/b/c.txt")
    for name in names:
        data, url = name.encode(), server.put(f"/{md5(name.encode())}", name.encode())
        sha256 = subprocess.run(["sha256sum"], input=data, capture_output=True, check=True).stdout
        lock += (
            f'      - path: "{name}"\n        urls:\n          - "{url}"\n'
            f'        sha256: "{sha256.decode().split()[0]}"\n        size: {len(data)}\n'
        )
    stores.folder.write("models.lock", lock)
    stores.folder.write("dvc.lock", "schema: '2.0'\n")
    stores.folder.write("dvc.yaml", "stages: {}\n")
    stores.folder.write(".gitignore", "")
    stores.forget()
    subprocess.run([*PADDLEDVC, "pull"], cwd=stores.root, check=True)
    [learned] = [oid for oid in stores.held() if oid.endswith(".dir")]
    subprocess.run(
        [*run_module("dvc"), "add", "--quiet", "checkpoints/a"], cwd=stores.root, check=True
    )

    assert f"md5: {learned}\n" in stores.folder.read("checkpoints/a.dvc")
