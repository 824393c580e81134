"""The jobs of the generated workflow, run in their order in fresh clones, with S3 on loopback."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

import paddledvc
from paddledvc.inventory.core.diff_markdown import MARKER
from tests.conftest import Folder
from tests.inventory.forge import GITHUB, Forge
from tests.s3 import ACCESS_KEY, SECRET_KEY
from tests.setup.ci.runner import Runner, load, without

pytestmark = pytest.mark.thorough

TRAIN = """\
import json, os, pathlib
rate = json.loads(pathlib.Path(os.environ["PADDLEDVC_PARAMS"]).read_text())["lr"]
base = pathlib.Path("checkpoints/base_v1.pdparams").read_bytes()
pathlib.Path(os.environ["PADDLEDVC_WEIGHTS"]).write_bytes(base + str(rate).encode())
pathlib.Path(os.environ["PADDLEDVC_METRICS"]).write_text(json.dumps({"accuracy": 1 - rate}))
"""
IMAGE = f"registry.example/paddle:3.3.1@sha256:{'1' * 64}"
MODELS = (
    f"environment: {{{{image: '{IMAGE}'}}}}\n"
    """\
deploy: {{script: ops/deploy.sh}}
models:
  - name: base
    version: v1
    weights_url: zoo/base.pdparams
    md5: "{md5}"
    owner: "@ann"
    license: Apache-2.0
    description: Where the training starts.
  - name: tail
    version: v1.0.0
    base: base
    owner: "@ann"
    license: Apache-2.0
    description: It is trained.
    metrics: {{accuracy: {{value: 0.9, tolerance: 0.01}}}}
    train: {{command: python train.py, deps: [train.py]}}
"""
)
MD5 = "4cb44d3eb5898166bafbead3974f28ce"


class World:
    """A repository on a server, a clone of somebody, and the settings of the pipeline."""

    def __init__(self, project, bucket, tmp_path, variables, forge):
        self.project, self.tmp, self.forge = project, tmp_path, forge
        self.origin = tmp_path / "origin.git"
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "-b", "main", str(self.origin)], check=True
        )
        self.variables = {
            **variables,
            "CI": "true",
            "HOME": str(tmp_path / "home"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": forge.url,
            "GITHUB_SERVER_URL": "https://forge.example",
            "GITHUB_REPOSITORY": "team/models",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "AWS_ENDPOINT_URL_S3": bucket.endpoint,
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / ".gitconfig").write_text("[user]\nname = CI\nemail = c@i.example\n")
        self.trusted = f"s3://{bucket.name} {bucket.endpoint}"
        self.runs = 0

    @property
    def workflow(self):
        return load(self.project.read(".github/workflows/models.yml"))

    def push(self, branch="main"):
        self.project.git("push", "--quiet", "--force", str(self.origin), f"HEAD:{branch}")

    def run(self, *, change=None, workflow=None, until=None):
        """Run the pipeline of a push to main, or of a change that is to be merged into it."""
        head = self.project.git("rev-parse", "HEAD").strip()
        context = {
            "github.event_name": "push",
            "github.ref": "refs/heads/main",
            "github.repository": "team/models",
            "github.token": "a-token",
            "vars.PADDLEDVC_TRUST_REMOTES": self.trusted,
            "secrets.AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "secrets.AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        event = {"before": "0" * 40}
        job = {"GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"}
        if change is not None:
            main = subprocess.run(
                ["git", "rev-parse", "main"],
                cwd=self.origin, capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
            tree = self.project.git("rev-parse", "HEAD^{tree}").strip()
            merged = self.project.git(
                "commit-tree", tree, "-p", main, "-p", head, "-m", "Merge"
            ).strip()
            self.project.git("push", "-qf", str(self.origin), f"{merged}:refs/pull/7/merge")
            context |= {
                "github.event_name": "pull_request",
                "github.ref": "refs/pull/7/merge",
                "github.event.pull_request.head.repo.full_name": "team/models",
            }
            event = {"number": 7}
            job = {"GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": change, "GITHUB_SHA": merged}
        (self.tmp / "event.json").write_text(json.dumps(event))
        self.runs += 1
        variables = {**self.variables, **job, "GITHUB_EVENT_NAME": context["github.event_name"]}
        runner = Runner(self.origin, self.tmp / f"run{self.runs}", variables, context)
        runner.run(workflow or self.workflow, until=until)
        return runner


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, s3_server, usual_variables):
    """A model that is trained, with its weights in S3, and committed; to be copied only."""
    folder = Folder(tmp_path_factory.mktemp("made") / "project")
    folder.root.mkdir()
    bucket = s3_server.bucket()
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    variables = {**usual_variables, **keys, "AWS_ENDPOINT_URL_S3": bucket.endpoint}
    runner = Runner(folder.root, folder.root.with_name("own"), variables, {})
    folder.write("train.py", TRAIN)
    folder.write("zoo/base.pdparams", "base weights")
    folder.write("ops/deploy.sh", 'ls "$1" > "$DEPLOYED"\n')
    folder.write("params.yaml", "tail: {train: {lr: 0.05}}\n")
    folder.write("models.yaml", MODELS.format(md5=MD5))
    step = """\
git init --quiet
paddledvc init --no-hooks --ci github --remote prod=s3://BUCKET/prod
paddledvc lock
paddledvc generate
dvc repro
paddledvc push
git add --all
git commit --quiet --message "A model"
"""
    code, said = runner._step({"run": step.replace("BUCKET", bucket.name)}, folder.root, {}, {})
    assert code == 0, said
    return folder.root, bucket


@pytest.fixture
def world(made_once, project, tmp_path, usual_variables):
    """The same for a test to change, on a server."""
    shutil.copytree(made_once[0], project.root, dirs_exist_ok=True, symlinks=True)
    forge = Forge(GITHUB)
    made = World(project, made_once[1], tmp_path, usual_variables, forge)
    made.push()
    yield made
    forge.close()


def retrain(world, rate):
    world.project.git("switch", "--quiet", "-C", "rate")
    world.project.write("params.yaml", f"tail: {{train: {{lr: {rate}}}}}\n")
    text = world.project.read("models.yaml").replace("v1.0.0", "v1.1.0")
    opened = world.project.models(text)
    paddledvc.lock(opened)
    paddledvc.generate(opened)
    world.project.commit("Another rate")


GOOD = {
    "validate": "success",
    "train": "success",
    "evaluate": "success",
    "comment": "success",
    "release": "skipped",
    "deploy": "skipped",
}


def test_a_change_is_trained_measured_and_commented_and_not_released(world):
    retrain(world, 0.04)
    done = world.run(change="rate")

    assert done.results == GOOD, done.logs
    assert done.outputs["validate"] == {"image": IMAGE}
    assert "Running stage 'train-tail'" in done.logs["train"]
    assert "Running stage" not in done.logs["evaluate"]
    assert "commit those of the artifact 'results'" in done.logs["evaluate"]
    trained = world.tmp / "run1/artifacts/results/reports/tail/train"
    assert (trained / "metrics.json").is_file()
    assert json.loads((trained / "record.json").read_text())["image"] == IMAGE
    [comment] = world.forge.comments
    assert comment["body"].startswith(MARKER)
    assert "0.96" in comment["body"]


def test_a_regression_stops_before_the_release_and_is_in_the_comment(world):
    retrain(world, 0.2)
    done = world.run(change="rate")

    assert done.results == {**GOOD, "evaluate": "failure"}
    assert "metric-below-floor" in done.logs["evaluate"]
    assert "metric-below-floor" in world.forge.comments[0]["body"]
    for step in ("Check what was built", "Commit here what was built"):  # finds it, no other does
        assert done.again(without(world.workflow, "evaluate", step), "evaluate") == "success"


def test_without_its_last_steps_train_hands_nothing_on(world):
    retrain(world, 0.03)
    done = world.run(change="rate", until="validate")
    for step in ("Push", "actions/upload-artifact"):
        shutil.rmtree(done.place / "artifacts", ignore_errors=True)
        assert done.again(without(world.workflow, "train", step), "train") == "success"
        shutil.rmtree(done.place / "cached")  # a cache may be gone at any time
        assert done.again(world.workflow, "evaluate") == "failure", done.logs["evaluate"]


def test_a_push_to_main_is_released_and_deployed_after_all_jobs_before(world):
    world.variables["DEPLOYED"] = str(world.tmp / "deployed")
    done = world.run()

    expected = {**GOOD, "comment": "skipped", "release": "success", "deploy": "success"}
    assert done.results == expected, done.logs
    assert (world.tmp / "deployed").read_text() != ""


def test_a_bad_md5_stops_before_the_training(world):
    world.project.write("models.yaml", MODELS.format(md5="0" * 32))
    world.project.commit("Other bytes")
    world.push()
    done = world.run()

    assert done.results == {"validate": "failure", **dict.fromkeys([*GOOD][1:], "skipped")}
    assert "lock-stale" in done.logs["validate"]
    assert done.again(without(world.workflow, "validate", "Check"), "validate") == "success"


def test_a_change_of_a_fork_is_validated_and_gets_no_secret(world):
    retrain(world, 0.04)
    workflow = world.workflow
    workflow["jobs"] = {key: workflow["jobs"][key] for key in ("validate", "train", "evaluate")}
    for job in workflow["jobs"].values():
        job["if"] = str(job.get("if", "true")).replace("github.repository", "'other/fork'")
    done = world.run(change="rate", workflow=workflow)

    assert done.results == {"validate": "success", "train": "skipped", "evaluate": "skipped"}


def test_without_the_image_no_job_starts(world):
    workflow = without(world.workflow, "validate", "Find the image")

    with pytest.raises(AssertionError, match="train has no image"):
        world.run(workflow=workflow, until="train")
