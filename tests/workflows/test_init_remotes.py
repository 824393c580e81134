"""``init --remote``: DVC remotes that compare what they deliver, and no secret in them."""

from __future__ import annotations

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
            "Error: the remote prod is there already, without an endpoint; give it this one by "
            "`dvc remote modify prod endpointurl http://minio:9000`\n"
        ),
    )
    begun.write(".dvc/config", begun.read(".dvc/config") + "    endpointurl = http://minio:9000\n")
    assert cli(*arguments, "--endpoint-url", "http://minio:9000").exit_code == 0
    ran = cli(*arguments, "--endpoint-url", "http://other:9000")
    assert "there already, at the endpoint http://minio:9000; give it" in ran.stderr


def test_secrets_are_refused(begun, cli):
    ran = cli("init", "--remote", "prod=s3://KEY:SECRET@weights")

    assert ran.exit_code == 2
    assert "put keys where AWS's tools look for them" in ran.stderr
    assert begun.read(".dvc/config") == ""


def test_an_endpoint_needs_a_remote_of_s3(begun, cli):
    ran = cli("init", "--endpoint-url", "http://minio:9000")

    assert "--endpoint-url is for remotes at s3://" in ran.stderr
