"""A year of a release manager: git-flow's branches, S3, two releases, a waiver, a rollback.

The program git-flow drives the branches where it is installed; elsewhere its plain git commands do,
as ``FLOW`` has them.
"""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from huggingface_hub import ModelCard

from paddledvc.names import SIGNERS
from tests.end_to_end.conftest import Repo, md5
from tests.end_to_end.test_git_flow import GIT_FLOW, connect
from tests.forks import run_module
from tests.s3 import ACCESS_KEY, SECRET_KEY
from tests.weights_repo import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        shutil.which("ssh-keygen") is None, reason="OpenSSH's ssh-keygen is not installed"
    ),
]
IMAGE = "paddlepaddle/paddle:{}@sha256:{}"
REVIEWER = "reviewer@example.com"
OLD_IMAGE, NEW_IMAGE = IMAGE.format("3.2.0", "2a" * 32), IMAGE.format("3.3.1", "3b" * 32)
TRAIN = """
import hashlib
import json
import os

with open(os.environ["PADDLEDVC_PARAMS"]) as file:
    params = json.load(file)
seen = os.environ["PADDLEDVC_MODEL"] + json.dumps(params, sort_keys=True)
with open(os.environ["PADDLEDVC_WEIGHTS"], "wb") as file:
    file.write(hashlib.sha256(seen.encode()).digest() * 100)
with open(os.environ["PADDLEDVC_METRICS"], "w") as file:
    json.dump({"accuracy": params["skill"]}, file)
"""
FLOW = {
    "start": ("switch --quiet --create {kind}/{name} {base}",),
    "finish": (
        "switch --quiet {base}",
        "merge --no-ff --message merge {kind}/{name}",
        "branch --delete --force {kind}/{name}",
    ),
    "publish": (
        "switch --quiet main",
        "merge --no-ff --message merge {kind}/{name}",
        "tag --annotate --message {name} {name}",
        "switch --quiet develop",
        "merge --no-ff --message merge {name}",
        "branch --delete --force {kind}/{name}",
    ),
}
"""What git-flow does, in git's own commands."""


class Team(Repo):
    """The clone of a release manager, whose clock the test sets."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        super().__init__(root, dict(environment))

    def at(self, when: str) -> None:
        """Set the time at which commits and tags are made."""
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            self.environment[name] = f"{when} +0000"

    def flow(self, kind: str, act: str, name: str) -> None:
        """Start or finish a branch as git-flow does."""
        base = "main" if kind == "hotfix" else "develop"
        if GIT_FLOW is not None:
            more = () if kind == "feature" or act == "start" else ("--message", name)
            self.run(GIT_FLOW, kind, act, *more, name)
            return
        act = "publish" if act == "finish" and kind != "feature" else act
        for line in FLOW[act]:
            self.git(*line.format(kind=kind, name=name, base=base).split())

    def move(self, title: str, *, refused: str = "", **moved: tuple[str, float | None]) -> None:
        """Move models to other versions, trained with other skills, and commit."""
        registry, params = self.yaml("models.yaml"), self.yaml("params.yaml")
        for model in registry["models"]:
            slug = model["name"].replace(".", "-")
            if (new := moved.get(slug.replace("-", "_"))) is not None:
                model["version"] = new[0]
                if new[1] is not None:
                    params[slug]["train"]["skill"] = new[1]
        self.write("models.yaml", yaml.safe_dump(registry, sort_keys=False))
        self.write("params.yaml", yaml.safe_dump(params))
        self.build(title, refused=refused)

    def build(self, title: str, *, refused: str = "") -> None:
        """Lock, train and commit; the hook may refuse that, and is passed by then."""
        self.paddledvc("generate")
        self.repro()
        self.git("add", "--all")
        done = self.try_("git", "commit", "--quiet", "--message", title)
        assert (done.returncode == 0) == (refused == ""), done.stderr
        assert refused in done.stderr
        if refused:
            self.git("commit", "--quiet", "--no-verify", "--message", title)

    def fails(self, code: int, *arguments: str) -> str:
        """Run a command of ours that is refused, and give what it printed."""
        done = self.try_(*run_module("paddledvc"), *arguments)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def weights(self) -> dict[str, str]:
        """Hash the weights in the work tree."""
        return self.hashes("checkpoints")

    def release(self, *promoted: str, when: str) -> None:
        """Release what is on main, put it into production, and bring develop after it."""
        self.git("switch", "--quiet", "main")
        self.git("push", "--quiet", "origin", "main", "develop")
        self.at(f"{when} 10:00:00")
        self.paddledvc("release", "create", "--push")
        for hour, name in enumerate(promoted, 11):
            self.at(f"{when} {hour}:00:00")
            self.paddledvc("release", "promote", name, "prod", "--push")
        self.git("switch", "--quiet", "develop")
        self.git("merge", "--quiet", "main")
        self.git("push", "--quiet", "origin", "develop")


def _models() -> dict[str, Any]:
    stated = {"owner": "ocr team", "license": "Apache-2.0", "description": "Reads text."}
    train = {"command": "python train.py", "deps": ["train.py"]}
    goal = {"accuracy": {"value": 0.5, "tolerance": 0.02}}
    models = [
        {"name": "det", "version": "v1.0", **stated, "train": train, "metrics": goal},
        {"name": "PP-OCRv4.1", "version": "v2.0", **stated, "train": train, "metrics": goal},
        {"name": "cls", "version": "v1.0", **stated, "weights_url": "zoo/cls.pdparams"},
    ]
    return {
        "environment": OLD_IMAGE,
        "models": models,
        "groups": {"ocr": ["det", "PP-OCRv4.1"]},
        "policy": {
            "stages": {
                "prod": {"branches": ["main"]},
                "audited": {"branches": ["main"], "approvals": 1},
            }
        },
    }


def _make_key(team: Team, file: Path, address: str) -> str:
    """Make a key of SSH, and give its line of allowed signers."""
    team.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file))
    return f'{address} namespaces="git" {file.with_suffix(f"{file.suffix}.pub").read_text()}'


@pytest.fixture
def team(tmp_path: Path, environment: dict[str, str], start_s3: Callable) -> Iterator[Team]:
    """Three models on main and develop of git-flow, with a bucket for each role."""
    server = start_s3("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}")
    for role in ROLES:
        connect(server.url).client.create_bucket(Bucket=f"team-{role}")
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    trusted = f"{environment['PADDLEDVC_TRUST_REMOTES']} s3://team-prod {server.url}"
    more = {"AWS_REGION": "us-east-1", "TZ": "UTC", "PADDLEDVC_TRUST_REMOTES": trusted}
    root = tmp_path / "the team's größe"
    root.mkdir()
    made = Team(root, {**environment, **keys, **more})
    made.at("2026-03-02 09:00:00")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("init", "--quiet", "--bare", str(tmp_path / "hub.git"))
    made.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    remotes = [f"--remote={role}=s3://team-{role}" for role in ROLES]
    made.paddledvc("init", *remotes, "--endpoint-url", server.url)
    made.write("train.py", TRAIN)
    made.write("zoo/cls.pdparams", b"cls 1.0" * 100)
    made.write("models.yaml", yaml.safe_dump(_models(), sort_keys=False))
    skills = {name: {"train": {"skill": 0.9}} for name in ("det", "PP-OCRv4-1")}
    made.write("params.yaml", yaml.safe_dump(skills))
    people = (made.git("config", "user.email").strip(), REVIEWER)
    made.write(SIGNERS, "".join(_make_key(made, tmp_path / one, one) for one in people))
    made.build("Three models")
    if GIT_FLOW is not None:
        made.git("config", "gitflow.branch.master", "main")
        made.git("config", "gitflow.branch.develop", "develop")
        made.run(GIT_FLOW, "init", "--defaults")
    else:
        made.git("switch", "--quiet", "--create", "develop")
    made.git("push", "--quiet", "--set-upstream", "origin", "main", "develop")
    yield made
    server.kill()  # which would ask its folder for news until all tests have ended


def test_a_life_of_releases_with_git_flow_and_s3(team, tmp_path):
    team.release("det", "PP-OCRv4.1", "cls", when="2026-03-03")
    first = team.weights()
    assert [*first] == ["PP-OCRv4.1_trained.pdparams", "cls_v1.0.pdparams", "det_trained.pdparams"]
    _author_may_not_approve(team, tmp_path)
    _regression_is_stopped_in_review(team)
    _second_release(team)
    second = team.weights()
    _waiver_and_hotfix(team)
    _promotion_from_a_feature_branch_is_refused(team)
    _rollback(team, tmp_path, first)
    _history(team, first, second)
    _other_clients(team, tmp_path, first)


def _author_may_not_approve(team: Team, tmp_path: Path) -> None:
    """Ask for an approval, which somebody else has to sign."""
    team.at("2026-03-10 09:00:00")
    author = team.git("config", "user.email").strip()
    team.git("config", "gpg.format", "ssh")
    team.git("config", "user.signingKey", str(tmp_path / f"{author}.pub"))
    found = team.fails(1, "release", "promote", "cls@v1.0", "audited")
    assert "audited" in found
    assert "approv" in found
    assert f"{author} " in team.fails(1, "release", "approve", "cls@v1.0")
    team.git("config", "user.email", REVIEWER)
    team.git("config", "user.signingKey", str(tmp_path / f"{REVIEWER}.pub"))
    team.paddledvc("release", "approve", "cls@v1.0", "--push")
    team.git("config", "user.email", author)
    tag = team.git("tag", "--list", "approval/*").strip()
    signers = f"gpg.ssh.allowedSignersFile={team.root / SIGNERS}"
    done = team.try_("git", "-c", signers, "verify-tag", tag)
    assert (done.returncode, f"for {REVIEWER} " in done.stderr) == (0, True)
    team.paddledvc("release", "promote", "cls@v1.0", "audited", "--push")
    assert "approval-" not in team.fails(0, "check", "--branch", "main")


def _regression_is_stopped_in_review(team: Team) -> None:
    team.at("2026-04-01 09:00:00")
    team.flow("feature", "start", "worse")
    team.move("Train faster", det=("v1.1", 0.8))
    found = team.fails(1, "check", "--base", "main")
    assert "error[metric-regressed]: det: accuracy is 0.8 after training, main has 0.9" in found
    assert "error[group-split]" in found
    shown = team.paddledvc("diff", "main")
    assert "Did anything regress?  yes: det: accuracy 0.9 -> 0.8 (tolerance 0.02)" in shown
    team.git("switch", "--quiet", "develop")


def _second_release(team: Team) -> None:
    team.at("2026-04-10 09:00:00")
    team.flow("feature", "start", "better")
    text = (team.root / "models.yaml").read_text()
    team.write("models.yaml", text.replace(OLD_IMAGE, NEW_IMAGE))
    team.move("Train longer", det=("v1.1", 0.95), PP_OCRv4_1=("v2.1", 0.93))
    team.paddledvc("check", "--base", "main")
    team.flow("feature", "finish", "better")
    team.flow("release", "start", "1.1")
    team.flow("release", "finish", "1.1")
    team.release("det", "PP-OCRv4.1", when="2026-04-11")


def _waiver_and_hotfix(team: Team) -> None:
    """Ship a weaker model, which only a waiver that main has already lets in."""
    team.at("2026-05-01 09:00:00")
    team.flow("hotfix", "start", "1.1.1")
    moved = {"det": ("v1.1.1", 0.91), "PP_OCRv4_1": ("v2.1.1", 0.94)}
    team.move("Leak no text", refused="error[metric-regressed]: det:", **moved)
    assert "error[metric-regressed]: det:" in team.fails(1, "check", "--base", "main")
    team.git("switch", "--quiet", "main")
    registry = team.yaml("models.yaml")
    until = date.today() + timedelta(days=30)  # noqa: DTZ011 - as `check` takes it
    waiver = {"rule": "metric-regressed", "model": "det", "until": until.isoformat()}
    registry["policy"]["waivers"] = [{**waiver, "reason": "version 1.1 leaks text of customers"}]
    team.write("models.yaml", yaml.safe_dump(registry, sort_keys=False))
    team.commit("Waive a regression of det")
    team.git("switch", "--quiet", "hotfix/1.1.1")
    assert "waived" in team.paddledvc("check", "--base", "main")
    team.flow("hotfix", "finish", "1.1.1")
    team.release("det", "PP-OCRv4.1", when="2026-05-02")


def _promotion_from_a_feature_branch_is_refused(team: Team) -> None:
    team.at("2026-06-01 09:00:00")
    team.flow("feature", "start", "cls")
    team.write("zoo/cls.pdparams", b"cls 1.1" * 100)
    team.move("Try another cls", cls=("v1.1", None))
    assert "expected a production branch" in team.fails(2, "release", "create")
    team.git("tag", "--annotate", "--message", "by hand", "cls@v1.1.0")
    found = team.fails(1, "release", "promote", "cls@v1.1", "prod")
    assert "is on feature/cls only; prod takes commits of main" in found
    team.git("tag", "--delete", "cls@v1.1.0")
    team.git("switch", "--quiet", "develop")
    team.git("branch", "--delete", "--force", "feature/cls")


def _rollback(team: Team, tmp_path: Path, first: dict[str, str]) -> None:
    """Roll a group back in a new clone, whose bytes come from the bucket."""
    team.at("2026-07-01 09:00:00")
    team.git("clone", "--quiet", str(tmp_path / "hub.git"), str(tmp_path / "other"))
    other = Team(tmp_path / "other", team.environment)
    other.paddledvc("init")
    assert "in prod" in other.paddledvc("rollback", "ocr", "--to", "2026-03-31", "--dry-run")
    done = other.paddledvc("rollback", "ocr", "--to", "2026-03-31")
    for name in ("det", "PP-OCRv4.1"):
        path = f"{name}_trained.pdparams"
        assert other.weights()[path] == first[path]
        version = "v1.0" if name == "det" else "v2.0"
        assert f"  paddledvc release promote {name}@{version} prod --push\n" in done
    assert OLD_IMAGE in other.paddledvc("env", "docker", "det")
    assert other.repro() == []
    other.git("push", "--quiet")
    for hour, name in enumerate(("det@v1.0", "PP-OCRv4.1@v2.0"), 10):
        other.at(f"2026-07-01 {hour}:00:00")
        other.paddledvc("release", "promote", name, "prod", "--push")
    team.git("switch", "--quiet", "main")
    team.git("pull", "--quiet", "--tags")
    assert team.weights() == first


def _history(team: Team, first: dict[str, str], second: dict[str, str]) -> None:
    assert team.fails(0, "history", "--at", "2026-03-01").count("det") == 0
    days = ("2026-03-20", "2026-04-30", "2026-06-30", "2026-07-01")
    told = {day: _rows(team, "det", "--at", day) for day in days}
    versions = {
        day: tuple(rows[what]["version"] for what in ("locked", "released", "held"))
        for day, rows in told.items()
    }
    assert versions == {
        "2026-03-20": ("v1.0", "v1.0.0", "v1.0.0"),
        "2026-04-30": ("v1.1", "v1.1.0", "v1.1.0"),
        "2026-06-30": ("v1.1.1", "v1.1.1", "v1.1.1"),
        "2026-07-01": ("v1.0", "v1.1.1", "v1.0.0"),
    }
    held = {day: (rows["held"]["weights"], rows["held"]["image"]) for day, rows in told.items()}
    old = (f"md5:{first['det_trained.pdparams']}", OLD_IMAGE)
    assert held["2026-03-20"] == held["2026-07-01"] == old
    assert held["2026-04-30"] == (f"md5:{second['det_trained.pdparams']}", NEW_IMAGE)


def _rows(team: Team, *arguments: str) -> dict[str, dict[str, Any]]:
    """Ask what was so of a model, by what it was."""
    told = json.loads(team.paddledvc("history", *arguments, "--format", "json"))
    return {one["what"]: one for one in told["rows"]}


def _other_clients(team: Team, tmp_path: Path, first: dict[str, str]) -> None:
    """Ask GTO, DVC and Hugging Face's library, of which DVC has only the bare repository and S3."""
    shown = json.loads(team.run("gto", "show", "--json"))
    held = {name: (one["version"], one["stage"]["prod"]) for name, one in shown.items()}
    assert held == {
        "det": ("v1.1.1", "v1.0.0"),
        "PP-OCRv4-1": ("v2.1.1", "v2.0.0"),
        "cls": ("v1.0.0", "v1.0.0"),
    }
    theirs = [
        (one["ref"], one["commit"]) for one in json.loads(team.run("gto", "history", "--json"))
    ]
    rows = json.loads(team.paddledvc("history", "--format", "json"))["rows"]
    ours = [(one["tag"], one["commit"]) for one in rows if one["tag"]]
    assert sorted(ours) == sorted(theirs)
    assert len(ours) == 7 + 10
    changed = json.loads(team.dvc("metrics", "diff", "--json", "det@v1.0.0", "det@v1.1.0"))
    accuracy = changed["reports/det/train/metrics.json"]["accuracy"]
    assert (accuracy["old"], accuracy["new"]) == (0.9, 0.95)
    got = tmp_path / "got"
    named = (str(tmp_path / "hub.git"), "det", "--rev", "v1.0.0", "--remote", "prod")
    team.dvc("artifacts", "get", *named, "-o", str(got))
    assert md5(got.read_bytes()) == first["det_trained.pdparams"]
    for name in ("det", "PP-OCRv4-1", "cls"):
        card = ModelCard.load(team.root / "docs" / "models" / f"{name}.md")
        assert (card.data.license, card.data.library_name) == ("apache-2.0", "paddlepaddle")
