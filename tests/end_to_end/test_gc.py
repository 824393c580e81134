"""Garbage of a real bucket, collected in a fresh clone: by DVC, which breaks develop, and by us."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import Repo, md5
from tests.s3 import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.s3 import Bucket, S3Server

pytestmark = pytest.mark.slow

SECTION = "['remote \"store\"']\n"
AT_ONCE = (
    sys.executable,
    "-c",
    (
        "from paddledvc.weights.garbage import collect; collect.LEAST_GRACE = 0\n"
        "from paddledvc.cli import main; main()"
    ),
)
"""paddledvc, for which nobody pushes: no test waits for an hour."""
STABLE, COMING = b"stable weights", b"weights that develop has"


class Team:
    """A repository with weights on main and other ones on develop, all pushed to a bucket."""

    def __init__(self, folder: Path, first: Repo, bucket: Bucket) -> None:
        self.folder, self.first, self.bucket = folder, first, bucket

    def make(self) -> None:
        """Make it, with DVC."""
        first = self.first
        self._settings(first)
        first.write("weights.pdparams", STABLE)
        first.dvc("add", "--quiet", "weights.pdparams")
        first.commit("Stable weights")
        first.git("switch", "--quiet", "--create", "develop")
        first.write("weights.pdparams", COMING)
        first.dvc("add", "--quiet", "weights.pdparams")
        first.write("exports/inference.json", "{}")
        first.dvc("add", "--quiet", "exports")
        first.commit("New weights")
        first.dvc("push", "--quiet", "--all-branches")
        first.git("switch", "--quiet", "main")
        first.git("clone", "--quiet", "--bare", ".", str(self.folder / "hub.git"))

    def _settings(self, repo: Repo) -> None:
        repo.dvc("init", "--quiet")
        place = f"    url = s3://{self.bucket.name}\n    endpointurl = {self.bucket.endpoint}\n"
        repo.write(".dvc/config", f"[core]\n    remote = store\n{SECTION}{place}")
        repo.write("models.yaml", "models: []\n")
        self._log_in(repo)

    def _log_in(self, repo: Repo) -> None:
        keys = f"    access_key_id = {ACCESS_KEY}\n    secret_access_key = {SECRET_KEY}\n"
        repo.write(".dvc/config.local", f"{SECTION}{keys}")

    def clone(self, name: str) -> Repo:
        """Clone it afresh, with main checked out."""
        made = Repo(self.folder / name, self.first.environment)
        shutil.rmtree(made.root, ignore_errors=True)
        self.first.git(
            "clone", "--quiet", "--branch", "main", str(self.folder / "hub.git"), str(made.root)
        )
        self._log_in(made)
        return made

    def objects(self) -> set[str]:
        """Name all objects in the bucket."""
        files = (self.bucket._root / "files" / "md5").glob("??/*")
        return {file.parent.name + file.name for file in files}


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, repo_at: Callable[[Path], Repo], s3_server: S3Server
) -> Team:
    """A team whose repositories and bucket are to be copied only."""
    folder = tmp_path_factory.mktemp("team")
    made = Team(folder / "all", repo_at(folder / "all" / "first"), s3_server.bucket())
    made.make()
    shutil.copytree(made.bucket._root, folder / "bucket")
    return made


@pytest.fixture
def team(made: Team, tmp_path: Path) -> Team:
    """A copy of the repositories, and the bucket as it was made."""
    folder = shutil.copytree(made.folder, tmp_path / "all", symlinks=True)
    shutil.rmtree(made.bucket._root)
    shutil.copytree(made.folder.with_name("bucket"), made.bucket._root)
    return Team(folder, Repo(folder / "first", made.first.environment), made.bucket)


def test_dvc_takes_the_weights_of_develop_from_everybody(team: Team) -> None:
    assert {md5(STABLE), md5(COMING)} <= team.objects()

    team.clone("fresh").dvc("gc", "--all-branches", "--cloud", "--force")

    assert team.objects() == {md5(STABLE)}


def test_we_keep_what_any_branch_of_the_remote_repository_needs(team: Team) -> None:
    before = team.objects()
    stray = b"of a branch that was deleted long ago"
    team.bucket.put(f"files/md5/{md5(stray)[:2]}/{md5(stray)[2:]}", stray)
    fresh = team.clone("fresh")

    shown = fresh.run(*AT_ONCE, "gc", "-r", "store", "--unshared", "--grace", "0")
    assert team.objects() == before | {md5(stray)}
    removed = fresh.run(*AT_ONCE, "gc", "-r", "store", "--unshared", "--grace", "0", "--force")

    assert f"Unneeded in the remote store (s3://{team.bucket.name}): 1 object, 37 B" in shown
    assert shown.endswith("Nothing was removed; add --force to remove these objects\n")
    assert "Removed from the remote store" in removed
    assert team.objects() == before
    other = team.clone("other")
    other.git("switch", "--quiet", "develop")
    other.dvc("pull", "--quiet")
    assert other.hashes("exports") == {"inference.json": md5(b"{}")}
    assert (other.root / "weights.pdparams").read_bytes() == COMING


def test_dvc_sees_at_once_what_was_removed_and_pushes_it_again(team: Team) -> None:
    first = team.first
    first.git("remote", "add", "origin", str(team.folder / "hub.git"))
    kept = first.git("rev-parse", "develop").strip()
    first.git("branch", "--quiet", "--delete", "--force", "develop")
    first.git("push", "--quiet", "origin", "--delete", "develop")
    first.git("reflog", "expire", "--expire=now", "--all")

    first.run(
        *AT_ONCE, "gc", "--all-remotes", "--unshared", "--grace", "0", "--days", "0", "--force"
    )
    assert team.objects() == {md5(STABLE)}

    first.git("switch", "--quiet", "--create", "develop", kept)
    first.dvc("push", "--quiet")
    assert len(team.objects()) == 4
    assert first.dvc("status", "--cloud").strip() == "Cache and remote 'store' are in sync."
