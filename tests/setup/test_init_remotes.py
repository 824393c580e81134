"""``init --remote``: DVC remotes that compare what they deliver, and no secret in them."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def begun(project):
    """A git repository in which DVC is set up without any remote."""
    project.git("init", "--quiet")
    project.write(".dvc/config", "")
    project.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    return project


def test_remotes_are_written_with_verify(begun, cli):
    ran = cli(
        "init", "--no-hooks", "--endpoint-url", "http://minio:9000",
        "--remote", "prod=s3://weights/prod", "--remote", "dev=/mnt/weights",
    )  # fmt: skip

    assert ran.exit_code == 0, ran.stderr
    assert "made remote prod (s3://weights/prod)\nmade remote dev (/mnt/weights)\n" in ran.stdout
    assert begun.read(".dvc/config") == (
        "[core]\n    remote = dev\n"
        "['remote \"prod\"']\n    url = s3://weights/prod\n    verify = true\n"
        "    endpointurl = http://minio:9000\n"
        "['remote \"dev\"']\n    url = /mnt/weights\n    verify = true\n"
    )


def test_a_remote_without_a_name_serves_everything(begun, cli):
    assert cli("init", "--no-hooks", "--remote", "s3://weights").exit_code == 0
    assert begun.read(".dvc/config").startswith("[core]\n    remote = storage\n")


def test_a_server_takes_over_from_the_embedded_remote(begun, cli):
    assert cli("init", "--no-hooks").exit_code == 0
    assert "remote = embedded" in begun.read(".dvc/config")
    assert cli("init", "--no-hooks", "--remote", "s3://weights").exit_code == 0
    assert "[core]\n    remote = storage\n" in begun.read(".dvc/config")


def test_what_is_there_stays(begun, cli):
    cli("init", "--no-hooks", "--remote", "prod=s3://weights")
    before = begun.read(".dvc/config")

    assert "kept remote prod" in cli("init", "--no-hooks", "--remote", "prod=s3://weights").stdout
    ran = cli("init", "--no-hooks", "--remote", "prod=s3://others")
    assert ran.exit_code == 2
    assert ran.stderr == (
        "Error: the remote prod is s3://weights already; move it by "
        "`dvc remote modify prod url s3://others`\n"
    )
    assert begun.read(".dvc/config") == before


def test_an_endpoint_that_a_remote_does_not_have_is_not_dropped(begun, cli):
    arguments = ("init", "--no-hooks", "--remote", "prod=s3://weights")
    cli(*arguments)
    ran = cli(*arguments, "--endpoint-url", "http://minio:9000")

    assert (ran.exit_code, ran.stderr) == (
        2,
        (
            "Error: the remote prod already exists, without an endpoint; give it this one by "
            "`dvc remote modify prod endpointurl http://minio:9000`\n"
        ),
    )
    begun.write(".dvc/config", begun.read(".dvc/config") + "    endpointurl = http://minio:9000\n")
    assert cli(*arguments, "--endpoint-url", "http://minio:9000").exit_code == 0
    ran = cli(*arguments, "--endpoint-url", "http://other:9000")
    assert "already exists, at the endpoint http://minio:9000; give it" in ran.stderr


def test_secrets_are_refused(begun, cli):
    ran = cli("init", "--remote", "prod=s3://KEY:SECRET@weights")

    assert ran.exit_code == 2
    assert "put keys where AWS's tools look for them" in ran.stderr
    assert begun.read(".dvc/config") == ""


def test_an_endpoint_needs_a_remote_of_s3(begun, cli):
    ran = cli("init", "--endpoint-url", "http://minio:9000")

    assert "--endpoint-url is for remotes at s3://" in ran.stderr


@pytest.mark.parametrize(
    ("remote", "why"),
    [
        (
            "prod=foo://weights",
            (
                "DVC refuses the remote prod (foo://weights): configuration error - config file "
                "error: Unsupported URL type foo:// for dictionary value @ data['remote']['prod']"
            ),
        ),
        (
            "prod=/mnt/仓库",
            (
                "DVC refuses the remote prod (/mnt/仓库): 'ascii' codec can't encode characters in "
                "position {}: ordinal not in range(128); use a path of ASCII that links to it"
            ),
        ),
        ("prod=models.yaml", "the remote prod is to be a folder, and models.yaml is a file"),
    ],
)
def test_a_remote_that_is_refused_leaves_nothing_behind(remote, why, project, cli):
    project.git("init", "--quiet")
    project.write("models.yaml", "models: []\n")
    before = sorted(path for path in project.root.rglob("*"))

    ran = cli("init", "--remote", "dev=s3://weights", "--remote", remote)

    assert ran.exit_code == 2
    assert re.fullmatch(re.escape(f"Error: {why}\n").replace(r"\{\}", r"\d+-\d+"), ran.stderr)
    assert sorted(path for path in project.root.rglob("*")) == before
    assert project.git("status", "--short") == "?? models.yaml\n"


def test_a_remote_that_is_refused_leaves_the_configuration_of_a_project(begun, cli):
    cli("init", "--no-hooks", "--remote", "prod=../../store")
    before = begun.read(".dvc/config")

    ran = cli("init", "--no-hooks", "--remote", "dev=s3://weights", "--remote", "staging=foo://a")

    assert ran.exit_code == 2
    assert begun.read(".dvc/config") == before


def test_relative_paths_stay_relative_to_the_project(begun, cli):
    up = "../" * len(begun.root.parts)
    begun.write(".dvc/config", f"[cache]\n    dir = {up}../cache\n")

    assert cli("init", "--no-hooks", "--remote", f"prod={up}store").exit_code == 0
    assert begun.read(".dvc/config") == (
        f"[cache]\n    dir = {up}../cache\n[core]\n    remote = prod\n"
        f"['remote \"prod\"']\n    url = ../{up}store\n    verify = true\n"
    )


def test_a_remote_that_only_lacks_verify_is_completed(begun, cli):
    begun.write(".dvc/config", "['remote \"prod\"']\n    url = s3://weights\n")
    for _ in range(2):
        assert cli("init", "--no-hooks", "--remote", "prod=s3://weights").exit_code == 0
        assert begun.read(".dvc/config").count("verify = true") == 1
    begun.write(".dvc/config", begun.read(".dvc/config").replace("true", "false"))
    cli("init", "--no-hooks", "--remote", "prod=s3://weights")

    assert "verify = false" in begun.read(".dvc/config")  # somebody has chosen


def test_what_a_dvc_that_was_killed_at_its_start_left_out_is_added(begun, cli):
    (begun.root / ".dvc" / ".gitignore").unlink(missing_ok=True)
    for _ in range(2):
        assert cli("init", "--no-hooks").exit_code == 0

    assert begun.read(".dvc/.gitignore") == "/config.local\n/tmp\n/cache\n"
    assert "verify = true" in begun.read(".dvc/config")
