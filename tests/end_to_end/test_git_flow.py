"""The real git-flow program drives a release and a hotfix; the weights follow at every step.

The remotes are buckets on two servers of S3 that know nothing of each other: rclone's and moto's.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.s3 import ACCESS_KEY, SECRET_KEY
from tests.weights_repo import LABELS, ROLES, Weights, as_environment, blob, md5, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# PyPI has another program of that name, which an environment of Python may hold.
_FOLDERS = [f for f in os.get_exec_path() if Path(f) != Path(sys.executable).parent]
GIT_FLOW = shutil.which("git-flow", path=os.pathsep.join(_FOLDERS))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        GIT_FLOW is None,
        reason="git-flow is not installed (Debian and Ubuntu: apt-get install git-flow)",
    ),
]


class Store(NamedTuple):
    """A server of S3, and what is needed to talk to it."""

    url: str
    client: object

    def keys(self, bucket: str) -> set[str]:
        """List what is in a bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def holds(self, bucket: str, data: bytes) -> bool:
        """Tell whether the object of some bytes is in a bucket, byte for byte."""
        name = md5(data)
        key = f"files/md5/{name[:2]}/{name[2:]}"
        if key not in self.keys(bucket):
            return False
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read() == data


def connect(url: str) -> Store:
    from botocore.session import Session  # noqa: PLC0415 - slow

    client = Session().create_client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    return Store(url, client)


@pytest.fixture
def rclone(start_s3: Callable) -> Iterator[Store]:
    server = start_s3("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}")
    yield connect(server.url)
    server.kill()  # which would ask its folder for news until all tests have ended


@pytest.fixture
def moto() -> Iterator[Store]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield connect(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(params=["rclone", pytest.param("moto", marks=pytest.mark.thorough)])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    for role in ROLES:
        found.client.create_bucket(Bucket=f"team-{role}")
    return found


@pytest.fixture
def team(tmp_path: Path, environment: dict[str, str], store: Store) -> Weights:
    """A project before its first push, with hooks and `git flow init`."""
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    variables = {**environment, **keys, "AWS_REGION": "us-east-1"}
    config = "[core]\n    analytics = false\n    remote = dev\n" + "".join(
        f"['remote \"{role}\"']\n    url = s3://team-{role}\n    endpointurl = {store.url}\n"
        for role in ROLES
    )
    made = start(tmp_path / "work", variables)
    made.write(".dvc/config", config)
    made.commit("The team's buckets")
    made.git("init", "--quiet", "--bare", str(tmp_path / "hub.git"))
    made.git("remote", "add", "origin", "../hub.git")
    made.git("branch", "--move", "--force", "main")
    made.git("config", "gitflow.branch.master", "main")
    made.git("config", "gitflow.branch.develop", "develop")
    flow(made, "init", "--defaults")
    made.hook()
    return made


def flow(clone: Weights, *arguments: str) -> None:
    clone.run(str(GIT_FLOW), *arguments)


def release(clone: Weights, title: str, **versions: object) -> None:
    """Move to other versions and commit them, hooks and all; other bytes get another version."""
    renamed = f"v{versions['beta']}.0.0" if "beta" in versions else None
    clone.set(beta_version=renamed, **versions)
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--message", title)


def test_every_step_of_git_flow_brings_the_weights_of_its_commit(team, store):
    with as_environment(team.environment):
        _first_push(team, store)
        other = _second_clone(team)
        _feature(team, other, store)
        _release(team, store)
        _hotfix(team, store)
        _meanwhile(team, other)
    assert team.dvc("status").stdout == "Data and pipelines are up to date.\n"


def _first_push(team: Weights, store: Store) -> None:
    assert team.branch == "develop"
    team.check()
    team.git("push", "--quiet", "--set-upstream", "origin", "main", "develop")
    for role in ("prod", "staging"):
        assert store.holds(f"team-{role}", blob("alpha", "v1.0.0"))
        assert store.holds(f"team-{role}", blob("labels", 1))
    assert store.keys("team-dev") == set()


def _second_clone(team: Weights) -> Weights:
    """Clone what was pushed; everything comes through the remotes, for the cache is its own."""
    other = team.clone("other")
    other.git("checkout", "--quiet", "develop")
    other.hook()
    other.git("checkout", "--quiet", "-B", "develop", "origin/develop")
    other.check()
    return other


def _feature(team: Weights, other: Weights, store: Store) -> None:
    flow(team, "feature", "start", "alpha")
    team.check()
    release(team, "Try a new alpha", alpha="v1.1.0", beta=2)
    team.check()
    flow(team, "feature", "publish", "alpha")
    assert store.holds("team-dev", blob("beta", 2))
    assert not store.holds("team-staging", blob("beta", 2))

    other.git("fetch", "--quiet")
    other.git("checkout", "--quiet", "feature/alpha")
    other.check()
    release(other, "Label more", labels=2)
    other.git("push", "--quiet")
    team.git("pull", "--quiet")
    team.check()
    assert team.read(LABELS) == blob("labels", 2)

    other.git("checkout", "--quiet", "develop")
    other.check()
    flow(team, "feature", "finish", "alpha")
    assert team.branch == "develop"
    team.check()
    team.git("push", "--quiet", "origin", "develop")
    assert store.holds("team-staging", blob("beta", 2))
    assert store.holds("team-staging", blob("labels", 2))


def _release(team: Weights, store: Store) -> None:
    flow(team, "release", "start", "1.1.0")
    team.check()
    release(team, "Train once more", beta=3)
    team.check()
    flow(team, "release", "finish", "--message", "Release 1.1.0", "1.1.0")
    assert team.branch == "develop"
    team.check()
    assert team.versions()["beta"] == 3
    team.git("checkout", "--quiet", "main")
    team.check()
    team.git("push", "--quiet", "origin", "main", "develop", "1.1.0")
    for role in ("prod", "staging"):
        assert store.holds(f"team-{role}", blob("beta", 3))
    assert not store.holds("team-dev", blob("beta", 3))


def _hotfix(team: Weights, store: Store) -> None:
    team.git("checkout", "--quiet", "develop")
    release(team, "Go on", beta=4)
    flow(team, "hotfix", "start", "1.1.1")
    team.check()
    assert team.versions()["beta"] == 3
    release(team, "Mend gamma", gamma="v1.0.1")
    team.check()
    flow(team, "hotfix", "finish", "--message", "Hotfix 1.1.1", "1.1.1")
    assert team.branch == "develop"
    team.check()
    assert (team.versions()["beta"], team.versions()["gamma"]) == (4, "v1.0.1")
    team.git("checkout", "--quiet", "1.1.0")
    team.check()
    team.git("checkout", "--quiet", "main")
    team.check()
    team.git("push", "--quiet", "origin", "main", "develop", "--tags")
    assert store.holds("team-prod", blob("gamma", "v1.0.1"))


def _meanwhile(team: Weights, other: Weights) -> None:
    """Let the other clone catch up."""
    other.git("pull", "--quiet")
    other.check()
    assert other.versions() == {"alpha": "v1.1.0", "gamma": "v1.0.1", "beta": 4, "labels": 2}
    for name in ("main", "1.1.0", "1.1.1", "develop"):
        other.git("checkout", "--quiet", name)
        if name == "main":  # as it was when it was cloned
            other.check()
            other.git("pull", "--quiet")
        other.check()
        assert other.git("rev-parse", "HEAD") == team.git("rev-parse", f"{name}^{{commit}}")
