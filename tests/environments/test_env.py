from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata

import pytest

import paddledvc
from paddledvc.models.lockfile import Lock, LockedModel, render_lockfile
from tests.inventory.past import Past

A = "sha256:" + "a" * 64
IMAGE = "paddlepaddle/paddle:3.3.1-gpu-cuda12.9-cudnn9.9"
PINNED = f"{IMAGE}@{A}"
PRINTING = f"""#!{sys.executable}
import json, os, sys
print(json.dumps([os.path.basename(sys.argv[0]), os.getcwd(), *sys.argv[1:]]))
"""
"""A program that prints what the shell gave it."""


def entry(version="v1.0.0", digest=A, **more):
    return LockedModel(name="det", version=version, image=IMAGE, image_digest=digest, **more)


@pytest.fixture
def pinned(project):
    """A project whose folder the shell would take apart, with an image that is pinned."""
    project.root = project.root / "my $(touch x) pröject's"
    project.root.mkdir()
    project.models(f"environment: {IMAGE}\nmodels: [{{name: det, version: v1.0.0}}]\n")
    project.write("models.lock", render_lockfile(Lock(models=(entry(),))))
    return project


@pytest.fixture
def sh(project, tmp_path, environment):
    """Run lines by a shell that has a docker, and a paddledvc, which print their arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def run(lines, *fakes, check=True, **variables):
        for name in fakes:
            (folder / name).write_text(PRINTING)
            (folder / name).chmod(0o755)
        path = os.pathsep.join((str(folder), environment["PATH"]))
        done = subprocess.run(
            ["sh", "-c", lines],
            cwd=project.root,
            env={**environment, "PATH": path, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


def printed(done):
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def test_the_lines_for_docker_run_a_command_in_the_pinned_image_as_it_was_given(pinned, cli, sh):
    words = ("python", "train.py", "a b'c", "$HOME", "é*", "")
    lines = cli("env", "docker", "--", *words)
    pull, run = printed(sh(lines.stdout, "docker", "paddledvc"))

    assert (lines.exit_code, lines.stderr) == (0, "")
    assert pull == ["paddledvc", str(pinned.root), "pull"]
    assert run == [
        *("docker", str(pinned.root), "run", "--rm", "-it", "--gpus", "all", "--shm-size=8g"),
        *("--user", f"{os.getuid()}:{os.getgid()}", "-e", "HOME=/tmp"),
        *("-v", f"{pinned.root}:/work", "-w", "/work", "-e", f"PADDLEDVC_IMAGE={PINNED}"),
        *(PINNED, *words),
    ]
    assert not list(pinned.root.glob("x"))


def test_a_project_with_a_train_py_runs_it_and_one_without_cuda_gets_no_gpu(pinned, cli, sh):
    pinned.write("train.py", "")
    run = printed(sh(cli("env", "docker", "det", "--no-gpus").stdout, "docker", "paddledvc"))[1]

    assert run[-3:] == [PINNED, "python", "train.py"]
    assert "--gpus" not in run


def test_an_image_without_a_digest_is_named_by_its_tag_with_a_warning(pinned, cli):
    pinned.write("models.lock", render_lockfile(Lock(models=(entry(digest=None),))))
    lines = cli("env", "docker")

    assert lines.stderr == (
        f"warning: models.lock has no digest of {IMAGE}, and a tag may move; run `paddledvc lock`\n"
    )
    assert f"# {IMAGE} is not pinned: models.lock has no digest of it" in lines.stdout
    assert f"\n    {IMAGE} \\\n" in lines.stdout


def test_the_token_of_jupyter_is_made_when_the_lines_run_and_is_in_no_argument(pinned, cli, sh):
    lines = cli("env", "jupyter", "--port", "9000").stdout
    done = [sh(lines, "docker", "paddledvc") for _ in range(2)]
    tokens = [one.stdout.partition("?token=")[2].split("\n")[0] for one in done]
    run = printed(done[0])[1]

    assert len(set(tokens)) == 2
    assert all(len(one) == 48 for one in tokens)
    assert not any(tokens[0] in word for word in run)
    assert run[run.index("-p") : run.index("-p") + 4] == [
        *("-p", "127.0.0.1:9000:9000", "-e", "JUPYTER_TOKEN"),
    ]
    assert "token=mine\n" in sh(lines, "docker", "paddledvc", JUPYTER_TOKEN="mine").stdout
    inner = sh(run[-1], "python").stdout.splitlines()
    assert json.loads(inner[-1])[2:5] == ["-m", "jupyterlab", "--ip=0.0.0.0"]


@pytest.mark.slow
def test_a_version_runs_from_a_work_tree_of_the_commit_that_its_tag_names(project, cli, sh):
    past = Past(project)
    project.models(f"environment: {IMAGE}\nmodels: [{{name: det, version: v1.0.0}}]\n")
    first = past.commit(entry())
    past.tag("det@v1.0.0")
    past.commit(entry("v1.1.0", "sha256:" + "b" * 64), train_x_py="")
    lines = cli("env", "docker", "det@1.0").stdout
    tree = project.root.parent / "project-det-v1.0.0"
    pull, run = printed(sh(lines, "docker", "paddledvc"))

    assert lines.startswith(f"# det v1.0.0, from the tag det@v1.0.0 (commit {first})\n")
    assert pull == ["paddledvc", str(tree), "pull", "det"]
    assert run[-2:] == [PINNED, "bash"]
    git = project.root / ".git"  # the work tree points to it
    assert run[run.index("-v") : run.index("-w")] == ["-v", f"{tree}:/work", "-v", f"{git}:{git}"]
    assert (
        ' -v "$PWD":/work -v "$repository":"$repository" -v '
        in cli("env", "ssh", "det@1.0", "--dry-run").stdout
    )
    assert printed(sh(lines, "docker", "paddledvc")) == [pull, run]
    project.git("-C", str(tree), "checkout", "--quiet", "--detach", "main")
    again = sh(lines, "docker", "paddledvc", check=False)
    assert (again.returncode, printed(again)) == (1, [])
    assert again.stderr == (
        "../project-det-v1.0.0 is there and has another commit; remove or rename it\n"
    )


@pytest.mark.slow
def test_a_version_without_a_tag_is_found_on_the_production_branch(project, cli):
    past = Past(project)
    project.models(f"environment: {IMAGE}\nmodels: [{{name: det, version: v1.0.0}}]\n")
    past.commit(entry())
    first = past.commit(entry(md5="0" * 32))
    past.commit(entry("v1.1.0"))

    assert f"from main (commit {first})" in cli("env", "docker", "det@v1.0.0").stdout
    assert cli("env", "docker", "det@v2") == (
        2,
        "",
        (
            "Error: no tag det@v2 is here, and main had v1.1.0, v1.0.0 of det; run "
            "`git fetch --tags`\n"
        ),
    )
    past.tag("det@v1.1.0", first)
    assert cli("env", "docker", "det@v1.1.0").stderr == (
        f"Error: the tag det@v1.1.0 is on commit {first}, whose models.lock has det v1.0.0\n"
    )
    assert f"from {first[:7]} (commit {first})" in cli("env", "docker", "--rev", first[:7]).stdout


def test_the_file_for_editors_has_the_image_and_stays_unless_it_may_be_replaced(pinned, cli):
    file = pinned.root / ".devcontainer/devcontainer.json"
    assert cli("env", "devcontainer", "det").stdout == "Write .devcontainer/devcontainer.json\n"
    value = json.loads(file.read_text())
    cli("env", "devcontainer", "det")
    file.write_text("{}")
    refused = cli("env", "devcontainer", "det")

    # Keys and types as in devContainer.base.schema.json of https://containers.dev.
    assert value == {
        "name": "det v1.0.0",
        "image": PINNED,
        "runArgs": ["--shm-size=8g"],
        "containerEnv": {"PADDLEDVC_IMAGE": PINNED},
        "initializeCommand": ["paddledvc", "pull", "det"],
        "hostRequirements": {"gpu": "optional"},
    }
    assert (refused.exit_code, refused.stderr) == (
        2,
        (
            "Error: .devcontainer/devcontainer.json is there already and would be replaced; give "
            "--force, or another folder with --output\n"
        ),
    )
    assert file.read_text() == "{}"
    assert cli("env", "devcontainer", "--force").exit_code == 0
    assert json.loads(file.read_text())["name"] == "the project"


@pytest.fixture
def ssh(pinned, cli):
    """The files of a container with SSH, by name."""
    done = cli("env", "ssh", "det", "--host", "gpu1")
    assert done.exit_code == 0, done.stderr
    return {one.name: one for one in (pinned.root / "containers/ssh").iterdir()}


def test_the_container_with_ssh_is_built_on_the_pinned_image_for_a_user_without_rights(ssh):
    dockerfile = ssh["Dockerfile"].read_text().splitlines()

    assert [one for one in dockerfile if one.startswith("FROM ")] == [f"FROM {PINNED}"]
    assert [one for one in dockerfile if one.startswith("USER ")] == ["USER root", "USER dev"]
    assert f'ENV PADDLEDVC_IMAGE="{PINNED}" HOME=/home/dev' in dockerfile
    assert "    ProxyJump gpu1" in ssh["ssh_config"].read_text().splitlines()


def test_its_ssh_server_takes_keys_alone(ssh):
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    lines = ssh["sshd_config"].read_text().splitlines()
    assert {"PasswordAuthentication no", "PermitRootLogin no", "AllowUsers dev"} <= set(lines)
    if sshd is None:
        pytest.skip("sshd is not installed, and `sshd -t` reads its configuration")
    key = ssh["sshd_config"].with_name("key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    config = ssh["sshd_config"]
    config.write_text(config.read_text().replace("/home/dev/.ssh/host_ed25519", f'"{key}"'))
    subprocess.run([sshd, "-t", "-f", str(config)], check=True)


def test_the_script_builds_and_starts_it_from_any_folder(pinned, ssh, sh, home):
    key = pinned.write("key.pub", "ssh-ed25519 AAAA a@b\n")
    script = ssh["run.sh"]
    done = sh('cd / && sh "$SCRIPT"', "docker", "paddledvc", SCRIPT=str(script), KEY=str(key))
    pull, build, run = printed(done)
    here, root = str(script.parent), str(pinned.root)

    assert pull == ["paddledvc", root, "pull", "det"]
    assert build[2:4] == ["build", "--tag"]
    assert build[-1] == here
    assert f"USER_ID={os.getuid()}" in build
    assert run[-1] == "paddledvc-det"
    assert "127.0.0.1:2222:2222" in run
    assert "SSH_PUBLIC_KEY=ssh-ed25519 AAAA a@b" in run
    assert f"{root}:/work" in run


@pytest.mark.thorough
def test_its_entrypoint_brings_the_weights_and_starts_the_server_only_then(
    pinned, ssh, sh, tmp_path
):
    pinned.git("init", "--quiet")
    store = tmp_path / "store"
    weights = pinned.write_bytes("a.pdparams", b"weights")
    pinned.models("models: [{name: det, version: v1.0.0, weights_url: a.pdparams}]\n")
    project = paddledvc.Project(pinned.root)
    sh(f"dvc init -q --subdir 2>/dev/null || dvc init -q; dvc remote add -q -d prod {store}")
    paddledvc.lock(project)
    paddledvc.generate(project)
    sh("dvc repro -q && paddledvc push --remote prod")
    path = paddledvc.Project(pinned.root).lock().model("det").path
    for gone in (pinned.root / path, weights):
        gone.unlink()
    shutil.rmtree(pinned.root / ".dvc/cache")
    user = tmp_path / "user"
    fakes = ("sshd", "ssh-keygen")
    entrypoint = {"ENTRY": str(ssh["entrypoint.sh"]), "HOME": str(user)}
    start = 'sh "$ENTRY"'

    keyless = sh(start, *fakes, check=False, **entrypoint)
    assert (keyless.returncode, "SSH_PUBLIC_KEY is empty" in keyless.stderr) == (1, True)
    done = sh(
        start, *fakes, SSH_PUBLIC_KEY="ssh-ed25519 AAAA", PADDLEDVC_IMAGE=PINNED, **entrypoint
    )
    assert (pinned.root / path).read_bytes() == b"weights"
    assert printed(done)[-1][2:] == ["-D", "-e", "-f", "/etc/paddledvc/sshd_config"]
    assert (user / ".ssh/authorized_keys").read_text() == "ssh-ed25519 AAAA\n"
    assert f"PADDLEDVC_IMAGE={PINNED}" in (user / ".ssh/environment").read_text().splitlines()
    shutil.rmtree(store)
    shutil.rmtree(pinned.root / ".dvc/cache")
    (pinned.root / path).unlink()
    lacking = sh(start, *fakes, check=False, **entrypoint)
    assert lacking.returncode
    assert not any("-D" in words for words in printed(lacking))


@pytest.mark.parametrize("name", ["entrypoint.sh", "run.sh"])
def test_a_shell_can_read_its_scripts(name, ssh):
    subprocess.run(["sh", "-n", str(ssh[name])], check=True)


def test_a_host_that_would_be_more_than_one_word_is_refused(pinned, cli):
    assert cli("env", "ssh", "--host", "a\nProxyCommand x").exit_code == 2


@pytest.mark.slow
def test_the_environment_here_is_compared_fact_by_fact(project, cli, monkeypatch, tmp_path):
    version, python = metadata.version("paddlepaddle"), ".".join(map(str, sys.version_info[:2]))
    text = "environment: {{image: 'a/p:1', paddle: '{}', python: '{}'}}\nmodels: []\n"
    project.models(text.format(version, python))
    project.write("models.lock", "version: 1\nmodels: []\n")
    monkeypatch.setenv("PADDLEDVC_IMAGE", "a/p:1")
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 'NVIDIA A, 1 MiB, 575.57.08'\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path), os.environ["PATH"])))
    found = cli("env", "check", "--strict", "--format", "json")
    facts = {one["name"]: one for one in json.loads(found.stdout)["facts"]}

    assert found.exit_code == 0
    assert (facts["Paddle"]["state"], facts["Paddle"]["found"]) == ("equal", version)
    assert facts["Python"]["state"] == facts["image"]["state"] == "equal"
    assert facts["driver"]["found"].startswith("575.57.08")


def test_what_differs_exits_1_and_what_is_unknown_only_if_that_is_asked_for(
    project, cli, monkeypatch
):
    def here(_root):
        return {"python": "3.10.12", "paddle": "3.3.1"}

    monkeypatch.setattr("paddledvc.environments.check.ask_what_runs", here)
    project.models("environment: {image: 'a/p:1', paddle: '3.3'}\nmodels: []\n")
    strict = cli("env", "check", "--strict")

    assert cli("env", "check").exit_code == 0
    assert strict.exit_code == 1
    assert strict.stdout.splitlines()[1:3] == [
        "image   unknown     a/p:1     -",
        "Python  not stated  -         3.10.12",
    ]
    assert strict.stdout.splitlines()[-1] == (
        "image: PADDLEDVC_IMAGE is not set; start the container by the lines of "
        "`paddledvc env docker`, which set it"
    )
    project.models("environment: {image: 'a/p:1', paddle: '2.6'}\nmodels: []\n")
    assert cli("env", "check").exit_code == 1
