"""``doctor`` on real clones, each with one thing wrong; no test needs a GPU.

What NVIDIA's driver and a missing or broken Paddle would say is played by small programs and
modules that take their place: this machine has neither a GPU nor a second Paddle.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import threading
from importlib import metadata as versions_metadata
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.errors import OutsideFailure
from paddledvc.project import Project
from paddledvc.setup import doctor as workflow
from paddledvc.setup.checks import cache, clone, machine, remotes
from paddledvc.setup.diagnosis import Check
from paddledvc.setup.doctor import Probe
from paddledvc.tools.dvc import library
from paddledvc.tools.git.hook_scripts import install
from paddledvc.tools.git.merge import merge_driver
from paddledvc.tools.paddle import device
from paddledvc.tools.system import links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.conftest import Folder, Ran, Server
    from tests.s3 import Bucket

LOCK = "version: 1\nmodels: []\n"


@pytest.fixture
def healthy(project: Folder) -> Folder:
    """A clone that nothing is wrong with."""
    (project.root.parent / "store").mkdir()
    project.write("models.yaml", "models: []\n")
    project.write("models.lock", LOCK)
    project.write(".gitignore", "/checkpoints/\n/exports/\n/.paddledvc/tmp/\n")
    project.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    project.write(".dvc/config", "['remote \"a\"']\n    url = ../../store\n    verify = true\n")
    project.write(".gitattributes", "\n".join(merge_driver.missing_merge_attributes("")))
    project.commit()
    merge_driver.install_merge_driver(project.root)
    install.install_hook_scripts(project.root)
    return project


def bad(found: Iterable[Check]) -> list[tuple[str, str, str, str]]:
    """List what is not as it should be."""
    return [(one.name, one.state, one.found, one.advice) for one in found if one.state != "ok"]


def look(folder: Folder, probe: Callable[[Project], Iterable[Check]]) -> list[tuple[str, ...]]:
    return bad(probe(Project(folder.root)))


@pytest.mark.slow
def test_a_healthy_clone_has_no_problem(healthy: Folder, cli: Callable[..., Ran]) -> None:
    done = cli("doctor")

    assert "PROBLEM" not in done.stdout
    assert done.exit_code == 0
    topics = {line.split()[1] for line in done.stdout.splitlines()[1:] if line.startswith("ok ")}
    assert topics == {"versions", "hooks", "git", "project", "remotes", "cache", "GPU"}


@pytest.mark.slow
def test_a_problem_is_an_exit_code_and_a_line_of_advice(
    healthy: Folder, cli: Callable[..., Ran]
) -> None:
    install.uninstall_hook_scripts(healthy.root)

    done = cli("doctor", "--offline")

    assert done.exit_code == 1
    assert "hooks: paddledvc hooks install" in done.stdout.splitlines()
    told = json.loads(cli("doctor", "--offline", "--format", "json").stdout)["checks"]
    assert {
        "topic": "hooks",
        "name": "all",
        "state": "problem",
        "found": "missing",
        "advice": "paddledvc hooks install",
    } in told


@pytest.mark.slow
def test_a_pattern_that_ignores_what_has_to_be_committed_is_a_problem(healthy: Folder) -> None:
    healthy.git("rm", "--quiet", "--cached", "models.lock")
    healthy.write(".gitignore", "*.lock\n" + healthy.read(".gitignore"))

    assert look(healthy, clone.check_clone) == [
        (
            ".gitignore:1",
            "problem",
            (
                "git ignores models.lock and dvc.lock by the pattern `*.lock`, expected them to be "
                "committed"
            ),
            (
                "remove the pattern, or add `!/models.lock` and `!/dvc.lock` at the end of "
                ".gitignore"
            ),
        )
    ]


@pytest.mark.slow
def test_probes_run_side_by_side_and_none_stops_the_others() -> None:
    released = threading.Event()

    def crash() -> list[Check]:
        raise ZeroDivisionError("a bug")

    def fail() -> list[Check]:
        raise OutsideFailure("the disk is on fire\nhere")

    def hang() -> list[Check]:
        released.wait()
        return []

    def work() -> list[Check]:
        return [Check(topic="t", name="fine", state="ok", found="yes")]

    looks = {"crash": crash, "fail": fail, "hang": hang, "work": work, "none": list}
    probes = [Probe(topic="t", name=name, look=look) for name, look in looks.items()]

    found = workflow.run_doctor_probes(probes, patience=0.5)
    released.set()

    assert [(one.name, one.state, one.found, one.advice) for one in found] == [
        (
            "crash",
            "problem",
            "this probe failed: ZeroDivisionError('a bug')",
            "please report this as a bug",
        ),
        ("fail", "problem", "the disk is on fire", ""),
        ("hang", "problem", "no answer within 0.5 s", "investigate it by hand"),
        ("fine", "ok", "yes", ""),
    ]


@pytest.mark.slow
def test_offline_asks_no_remote(healthy: Folder) -> None:
    found = workflow.list_doctor_probes(Project(healthy.root), offline="--offline")

    assert [(one.topic, one.name) for one in found if one.topic == "remotes"] == [
        ("remotes", "settings")
    ]


@pytest.mark.slow
def test_an_old_git_is_a_problem(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, "git", "echo git version 2.25.1")

    assert look(healthy, machine.check_versions) == [
        ("git", "problem", "2.25.1", "install git 2.30 or newer")
    ]


@pytest.mark.slow
def test_a_python_that_there_is_no_paddle_for_is_a_warning(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.platform, "python_version", lambda: "3.14.0")

    assert look(healthy, machine.check_versions) == [
        (
            "Python",
            "warning",
            "3.14.0, which Paddle has no wheels for yet",
            "use Python 3.10 to 3.13 where models are trained, exported or verified",
        )
    ]


@pytest.mark.slow
def test_a_dvc_that_is_too_new_is_a_problem(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.require_usable_dvc.cache_clear()
    installed = machine.metadata.version
    monkeypatch.setattr(
        machine.metadata, "version", lambda name: "4.0.1" if name == "dvc" else installed(name)
    )

    assert look(healthy, machine.check_versions) == [
        (
            "DVC",
            "problem",
            f"DVC 4.0.1 is installed, and paddledvc needs {library.wanted_dvc().specifier}",
            f"pip install '{library.wanted_dvc()}'",
        )
    ]


@pytest.mark.slow
def test_a_yaml_reader_without_its_c_part_is_a_warning(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda _: None)

    assert look(healthy, machine.check_versions) == [
        (
            "ruamel.yaml.clib",
            "warning",
            "not installed, so DVC reads YAML four times slower",
            "pip install ruamel.yaml.clib",
        )
    ]


@pytest.mark.slow
def test_hooks_that_another_took_the_place_of_are_a_problem(healthy: Folder) -> None:
    (healthy.root / ".git/hooks/post-checkout").write_text("#!/bin/sh\nexec dvc git-hook\n")

    name, state, found, advice = look(healthy, clone.check_clone)[0]

    assert (name, state, advice) == ("post-checkout", "problem", "paddledvc hooks install")
    assert found.startswith("overwritten: by ")


@pytest.mark.slow
def test_hooks_that_a_setting_of_git_hides_are_a_problem(healthy: Folder) -> None:
    healthy.git("config", "core.hooksPath", "elsewhere")

    assert look(healthy, clone.check_clone)[0] == (
        "all",
        "problem",
        "disabled: core.hooksPath is elsewhere",
        "paddledvc hooks install",
    )


@pytest.mark.slow
def test_hooks_that_were_turned_off_are_a_warning(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDLEDVC_HOOKS", "0")

    assert look(healthy, clone.check_clone) == [
        ("all", "warning", "disabled: PADDLEDVC_HOOKS=0", "unset PADDLEDVC_HOOKS")
    ]


@pytest.mark.slow
def test_hooks_whose_python_is_gone_are_a_problem(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/bin/python")
    install.install_hook_scripts(healthy.root)

    found = look(healthy, clone.check_clone)

    assert (
        "Python",
        "problem",
        "/nowhere/bin/python, which the hooks call, no longer has paddledvc",
        "paddledvc hooks install",
    ) in found


@pytest.mark.slow
def test_a_clone_without_the_merge_driver_is_a_problem(healthy: Folder) -> None:
    healthy.git("config", "--remove-section", "merge.paddledvc")

    assert look(healthy, clone.check_clone) == [
        (
            "merge driver",
            "problem",
            "not configured in this clone, so git merges line by line",
            "paddledvc init",
        )
    ]


@pytest.mark.slow
def test_a_merge_driver_of_another_python_is_a_warning(healthy: Folder) -> None:
    healthy.git("config", "merge.paddledvc.driver", "old")

    assert look(healthy, clone.check_clone) == [
        ("merge driver", "warning", "configured by another Python or version", "paddledvc init")
    ]


@pytest.mark.slow
def test_files_that_git_merges_by_itself_are_a_warning(healthy: Folder) -> None:
    healthy.write(".gitattributes", "models.* merge=paddledvc\n")

    assert look(healthy, clone.check_clone) == [
        (
            ".gitattributes",
            "warning",
            "git merges dvc.yaml, dvc.lock, params.yaml, reports/ line by line",
            "paddledvc init",
        )
    ]


@pytest.mark.slow
def test_weights_that_git_does_not_ignore_are_a_problem(healthy: Folder) -> None:
    healthy.write(".gitignore", "/checkpoints/*.pdparams\n")

    assert look(healthy, clone.check_clone) == [
        (
            "exports/",
            "problem",
            "git does not ignore it, so `git add .` would commit weights",
            "paddledvc init",
        )
    ]


@pytest.mark.slow
def test_weights_that_git_tracks_are_a_problem(healthy: Folder) -> None:
    healthy.write_bytes("checkpoints/small.pdparams", b"1")
    healthy.write_bytes("checkpoints/large.pdparams", bytes(2_000_000))
    healthy.git("add", "--force", "checkpoints")

    assert look(healthy, clone.check_clone) == [
        (
            "weights",
            "problem",
            "git tracks 1 of them, such as checkpoints/large.pdparams (2 MB)",
            "git rm --cached -- checkpoints/large.pdparams",
        )
    ]


def test_files_of_the_project_that_break_their_rules_are_a_problem(healthy: Folder) -> None:
    healthy.write("models.yaml", "models:\n  - name: a\n    version: v1\n")

    name, state, found, advice = look(healthy, clone.check_files)[0]

    assert (name, state, advice) == ("files", "problem", "paddledvc check")
    assert "a" in found


def test_a_variable_that_changes_what_commands_do_is_a_warning(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_SITE_CACHE_DIR")
    monkeypatch.setenv("PADDLEDVC_FROZEN", "1")

    assert look(healthy, clone.check_variables) == [
        (
            "PADDLEDVC_FROZEN",
            "warning",
            "1: models.lock is trusted, stale or not",
            "unset PADDLEDVC_FROZEN, unless that is intended",
        )
    ]


def test_a_project_without_a_remote_is_a_problem(healthy: Folder) -> None:
    healthy.write(".dvc/config", "")

    assert look(healthy, remotes.check_remotes) == [
        ("none", "problem", "no DVC remote is configured", "paddledvc init --remote URL")
    ]


def test_a_remote_that_dvc_believes_unseen_is_a_warning(healthy: Folder) -> None:
    healthy.write(".dvc/config", "['remote \"a\"']\n    url = ../../store\n")

    assert look(healthy, remotes.check_remotes) == [
        (
            "a",
            "warning",
            "DVC trusts its bytes without a check, damaged or not",
            "dvc remote modify a verify true",
        )
    ]


def test_a_secret_that_git_keeps_is_a_problem_and_is_not_shown(healthy: Folder) -> None:
    text = healthy.read(".dvc/config")
    healthy.write(".dvc/config", f"{text}    secret_access_key = hunter2\n")
    healthy.write(".dvc/config.local", "['remote \"a\"']\n    password = mine\n")

    assert look(healthy, remotes.check_remotes) == [
        (
            "a",
            "problem",
            ".dvc/config, which git shares with everyone, holds its secret_access_key",
            (
                "dvc remote unset a secret_access_key; put a new one into .dvc/config.local with "
                "`dvc remote modify --local`, because the old one stays in git's history"
            ),
        )
    ]


@pytest.mark.slow
def test_a_role_whose_remote_is_missing_among_several_is_a_warning(healthy: Folder) -> None:
    healthy.write(
        ".dvc/config",
        "[core]\n    remote = dev\n"
        + "".join(
            f"['remote \"{name}\"']\n    url = ../../{name}\n    verify = true\n"
            for name in ("dev", "prod")
        ),
    )

    assert look(healthy, remotes.check_remotes) == [
        (
            "staging",
            "warning",
            "not configured, so weights of integration branches go to dev",
            "dvc remote add staging URL, or name another under `policy:` in models.yaml",
        )
    ]


def test_a_remote_that_the_policy_names_and_nobody_set_up_is_a_warning(healthy: Folder) -> None:
    healthy.write(".dvc/config", "['remote \"only\"']\n    url = ../../only\n    verify = true\n")
    assert look(healthy, remotes.check_remotes) == []
    registry = healthy.read("models.yaml")
    healthy.write("models.yaml", f"{registry}policy: {{production: {{remote: gold}}}}\n")

    assert look(healthy, remotes.check_remotes) == [
        (
            "gold",
            "warning",
            "not configured, so weights of production branches go to only",
            "dvc remote add gold URL, or name another under `policy:` in models.yaml",
        )
    ]


@pytest.mark.slow
def test_a_remote_that_can_only_be_read_is_a_warning(healthy: Folder, server: Server) -> None:
    healthy.write(".dvc/config", f"['remote \"a\"']\n    url = {server.url}/store\n")
    paddledvc.trust(Project(healthy.root))

    ((name, state, found, advice),) = bad(remotes.probe_remote(Project(healthy.root), "a"))

    assert (name, state) == ("a", "warning")
    assert found.startswith(f"{server.url}/store: can be read, but not written: ")
    assert advice == "ask for the right to write, if you are to push there"


def test_a_remote_that_cannot_be_read_is_a_problem(healthy: Folder) -> None:
    (healthy.root.parent / "store").rmdir()
    (healthy.root.parent / "store").write_text("a file")

    ((name, state, found, advice),) = bad(remotes.probe_remote(Project(healthy.root), "a"))

    store = healthy.root.parent / "store"
    assert (name, state) == ("a", "problem")
    assert found.startswith(f"{store}: ")
    assert advice == f"mount or make {store}, or `dvc remote modify a url PATH`"


@pytest.mark.slow
def test_a_remote_inside_of_the_clone_is_enough_until_others_need_it(healthy: Folder) -> None:
    healthy.write(".dvc/config", "['remote \"a\"']\n    url = ../store\n")
    healthy.git("update-ref", "refs/remotes/origin/main", "HEAD")
    healthy.write("data.txt.dvc", "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n")

    (alone,) = remotes.probe_remote(Project(healthy.root), "a")
    assert (alone.state, alone.found) == (
        "ok",
        f"in this clone, until a branch that you push needs it: {healthy.root}/store",
    )

    healthy.commit("needs it")
    healthy.git("update-ref", "refs/remotes/origin/main", "HEAD")

    assert bad(remotes.probe_remote(Project(healthy.root), "a")) == [
        (
            "a",
            "warning",
            f"in this clone, so no one else gets the weights: {healthy.root}/store",
            "paddledvc init --remote URL",
        )
    ]


def s3(folder: Folder, url: str, endpoint: str) -> None:
    folder.write(
        ".dvc/config",
        f"['remote \"a\"']\n    url = {url}\n    endpointurl = {endpoint}\n    verify = true\n",
    )
    paddledvc.trust(Project(folder.root))


@pytest.mark.slow
def test_a_bucket_is_asked_and_written_to_with_the_credentials_that_botocore_finds(
    healthy: Folder, bucket: Bucket
) -> None:
    s3(healthy, f"s3://{bucket.name}", bucket.endpoint)

    found = [*remotes.probe_remote(Project(healthy.root), "a")]

    assert [(one.state, one.found) for one in found] == [
        (
            "ok",
            f"s3://{bucket.name}, credentials from the AWS_* variables: can be read and written",
        )
    ]
    assert not [path for path in bucket._root.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_wrong_credentials_are_a_problem_that_says_where_they_are_from(
    healthy: Folder, bucket: Bucket
) -> None:
    s3(healthy, f"s3://{bucket.name}", bucket.endpoint)
    healthy.write(
        ".dvc/config.local",
        "['remote \"a\"']\n    access_key_id = an-access-key-for-nobody\n"
        "    secret_access_key = hunter2\n",
    )

    (name, state, found, advice) = bad(remotes.probe_remote(Project(healthy.root), "a"))[0]

    assert (name, state) == ("a", "problem")
    assert found.startswith(f"s3://{bucket.name}, credentials from .dvc/config.local: ")
    assert advice.endswith(
        "credentials go into .dvc/config.local with `dvc remote modify --local a access_key_id ID`,"
        " and secret_access_key"
    )
    assert "hunter2" not in found + advice


@pytest.mark.slow
def test_a_bucket_that_nobody_has_credentials_of_says_so(
    healthy: Folder, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3(healthy, f"s3://{bucket.name}", bucket.endpoint)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    (_, state, found, _) = bad(remotes.probe_remote(Project(healthy.root), "a"))[0]

    assert state == "problem"
    assert found.startswith(f"s3://{bucket.name}, credentials from nowhere: ")


def test_a_profile_that_is_not_there_says_so(healthy: Folder, bucket: Bucket) -> None:
    s3(healthy, f"s3://{bucket.name}", bucket.endpoint)
    healthy.write(".dvc/config.local", "['remote \"a\"']\n    profile = nobody\n")

    (_, state, found, _) = bad(remotes.probe_remote(Project(healthy.root), "a"))[0]

    assert state == "problem"
    assert "credentials from nowhere (The config profile (nobody) could not be found)" in found


@pytest.mark.slow
def test_a_server_that_says_nothing_is_given_up(
    healthy: Folder, mute: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remotes, "PATIENCE", 1.0)
    s3(healthy, "s3://zoo", mute)

    ((name, state, found, _),) = bad(remotes.probe_remote(Project(healthy.root), "a"))

    assert (name, state) == ("a", "problem")
    assert "credentials from the AWS_* variables: no answer" in found


def test_a_cache_that_cannot_be_made_is_a_problem(healthy: Folder) -> None:
    healthy.write(".dvc/config.local", "[cache]\n    dir = ../models.yaml/cache\n")

    ((name, state, found, advice),) = look(healthy, cache.check_cache)

    assert (name, state) == ("folder", "problem")
    assert found == f"{healthy.root}/models.yaml/cache cannot be written to: Not a directory"
    assert advice == "dvc cache dir --local PATH, or fix its permissions"


def test_a_full_disk_is_a_warning(healthy: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LOW", 1 << 62)

    ((name, state, _, advice),) = look(healthy, cache.check_cache)

    assert (name, state, advice) == ("disk", "warning", "paddledvc gc")


def test_a_way_to_link_that_does_not_work_is_a_warning(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy.write(".dvc/config.local", "[cache]\n    type = hardlink\n")

    def refused(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setitem(links._WAYS, "hardlink", refused)
    monkeypatch.setitem(links._WAYS, "reflink", refused)

    assert look(healthy, cache.check_cache) == [
        (
            "links",
            "warning",
            "hardlink does not work here, so weights are copied; symlink, copy work",
            "to save the space: dvc config cache.type symlink",
        )
    ]


@pytest.mark.slow
def test_looking_at_a_cache_that_is_not_there_yet_does_not_make_it(healthy: Folder) -> None:
    folder = healthy.root.parent / "disk" / "cache"
    healthy.write(".dvc/config.local", f"[cache]\n    dir = {folder}\n")

    assert look(healthy, cache.check_cache) == []
    assert not folder.parent.exists()


@pytest.mark.slow
def test_what_killed_processes_left_is_a_warning(healthy: Folder) -> None:
    old = healthy.write_bytes("checkpoints/.a.1-2.part", b"half")
    healthy.write_bytes("checkpoints/.b.1-2.part", b"of somebody who is at it")
    os.utime(old, (1, 1))

    assert look(healthy, cache.check_cache) == [
        (
            "leftovers",
            "warning",
            f"1 file that killed processes left, 4 B, such as {old}",
            f"rm {old}",
        )
    ]


def test_damaged_objects_that_were_put_aside_are_a_warning(healthy: Folder) -> None:
    put = healthy.write_bytes(".dvc/cache/paddledvc/damaged/abc-1", b"x")

    assert look(healthy, cache.check_cache) == [
        (
            "damaged",
            "warning",
            f"1 of its objects had other bytes than their names say; they are in {put.parent}",
            "check whether any is an edit of yours; then remove them",
        )
    ]


@pytest.mark.slow
def test_a_lock_that_a_killed_dvc_left_unreadable_is_a_problem(healthy: Folder) -> None:
    healthy.write(".dvc/tmp/rwlock", "")

    assert look(healthy, cache.check_cache) == [
        (
            "locks",
            "problem",
            "a DVC that was killed left .dvc/tmp/rwlock unreadable, which stops every other one",
            "rm .dvc/tmp/rwlock, when no DVC runs",
        )
    ]


def test_a_dvc_at_work_is_told(healthy: Folder) -> None:
    command = f"{sys.executable} -m pytest"
    users = {"write": {f"{healthy.root}/a": {"pid": os.getpid(), "cmd": command}}}
    healthy.write(".dvc/tmp/rwlock", json.dumps(users))

    told = [one.found for one in cache.check_cache(Project(healthy.root)) if one.topic == "DVC"]

    assert told == [f"DVC is running (process {os.getpid()}: {command})"]


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a program before all others on the PATH."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


def paddle(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a module before the real Paddle."""
    (folder / "stand-in").mkdir()
    (folder / "stand-in" / "paddle.py").write_text(textwrap.dedent(text))
    add = f"import sys; sys.path.insert(0, {str(folder / 'stand-in')!r})\n"
    monkeypatch.setattr(device, "_SCRIPT", add + device._SCRIPT)


ASKING = """\
models:
  - name: a
    version: v1
    weights_url: zoo/a.pdparams
    network: paddle.vision.models:resnet18
    inputs: [{name: image, shape: [1, 3, 8, 8]}]
    export: {}
    verify: {device: gpu}
"""


@pytest.mark.slow
def test_a_gpu_that_is_asked_for_and_not_there_is_a_problem(healthy: Folder) -> None:
    healthy.write("models.yaml", ASKING)

    assert look(healthy, machine.check_machine) == [
        (
            "models.yaml",
            "problem",
            "a asks for a GPU, and this Paddle is the CPU build",
            (
                "install the paddlepaddle-gpu that fits your CUDA instead of paddlepaddle, or set "
                "device: cpu"
            ),
        )
    ]


def test_gpus_are_those_that_paddle_and_the_driver_see(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy.write("models.yaml", ASKING)
    program(tmp_path, monkeypatch, "nvidia-smi", "echo 'NVIDIA A10, 23028 MiB, 550.54'")
    paddle(
        tmp_path,
        monkeypatch,
        """
        from types import SimpleNamespace
        __version__ = "3.3.1"
        is_compiled_with_cuda = lambda: True
        cuda = SimpleNamespace(device_count=lambda: 2, get_device_name=lambda number: "NVIDIA A10")
        device = SimpleNamespace(cuda=cuda)
        """,
    )

    found = [
        (one.name, one.state, one.found) for one in machine.check_machine(Project(healthy.root))
    ]

    assert found == [
        ("driver", "ok", "NVIDIA A10, 23028 MiB, 550.54"),
        ("Paddle", "ok", "3.3.1, GPU build, 2 GPUs: NVIDIA A10"),
    ]


def test_a_paddle_that_crashes_is_a_problem_and_not_the_end(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paddle(tmp_path, monkeypatch, "import os\nos.abort()")

    assert look(healthy, machine.check_machine) == [
        (
            "Paddle",
            "problem",
            "cannot be imported: it ended with exit code -6",
            'python -c "import paddle"',
        )
    ]


def test_a_paddle_that_is_missing_is_a_problem_where_a_model_needs_it(
    healthy: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "BUILDS", ("no-such-paddle",))
    assert look(healthy, machine.check_machine) == []
    healthy.write("models.yaml", ASKING)

    assert look(healthy, machine.check_machine) == [
        (
            "Paddle",
            "problem",
            "not installed, and a needs it",
            (
                "run `pip install 'paddledvc[cpu]'`, or install the paddlepaddle-gpu that fits "
                "your CUDA"
            ),
        )
    ]


def distributions(folder: Path, monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Let packages look as if they were the ones of Paddle that are installed."""
    for name, version in versions.items():
        info = folder / "installed" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
    found = {
        one.metadata["Name"]: one
        for one in versions_metadata.distributions(path=[str(folder / "installed")])
    }

    def distribution(name: str) -> versions_metadata.Distribution:
        if name not in found:
            raise versions_metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(device.metadata, "distribution", distribution)


TWO = (
    "paddlepaddle 3.3.1 and paddlepaddle-gpu {} are installed over each other, and which one "
    "runs is chance"
)
INDEX = "Paddle 3 for GPUs is in the index that PaddlePaddle's install page names for your CUDA"


@pytest.mark.slow
def test_two_paddles_over_each_other_are_a_problem_and_the_one_for_gpus_goes(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Ran]
) -> None:
    distributions(tmp_path, monkeypatch, paddlepaddle="3.3.1", paddlepaddle_gpu="2.6.2")
    advice = (
        "pip uninstall paddlepaddle-gpu; pip install --force-reinstall --no-deps "
        "paddlepaddle==3.3.1"
    )

    assert look(healthy, machine.check_machine) == [
        ("Paddle", "problem", TWO.format("2.6.2"), advice)
    ]
    done = cli("doctor", "--offline")
    assert done.exit_code == 1
    assert f"GPU: {advice}" in done.stdout.splitlines()


@pytest.mark.parametrize(("version", "where"), [("2.6.2", ""), ("3.3.1", f" ({INDEX})")])
def test_of_two_paddles_the_one_for_gpus_stays_where_a_model_or_the_machine_has_use_for_it(
    version: str,
    where: str,
    healthy: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    distributions(tmp_path, monkeypatch, paddlepaddle="3.3.1", paddlepaddle_gpu=version)
    healthy.write("models.yaml", ASKING)

    (check,) = look(healthy, machine.check_machine)

    assert check[2:] == (
        TWO.format(version),
        (
            "pip uninstall paddlepaddle; pip install --force-reinstall --no-deps "
            f"paddlepaddle-gpu=={version}{where}"
        ),
    )


def test_an_old_paddle_for_gpus_is_told_with_where_newer_ones_are(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paddle(
        tmp_path,
        monkeypatch,
        """
        from types import SimpleNamespace
        __version__ = "2.6.2"
        is_compiled_with_cuda = lambda: True
        device = SimpleNamespace(cuda=SimpleNamespace(device_count=lambda: 0))
        """,
    )

    found = [(one.state, one.found) for one in machine.check_machine(Project(healthy.root))]

    assert found[-1] == ("ok", f"2.6.2, GPU build, 0 GPUs; {INDEX}")


@pytest.mark.parametrize("command", ["train", "export", "verify"])
def test_the_first_use_of_an_old_paddle_for_gpus_is_told_once(
    command: str,
    healthy: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cli: Callable[..., Ran],
) -> None:
    distributions(tmp_path, monkeypatch, paddlepaddle_gpu="2.6.2")

    told = [cli(command, "a").stderr.splitlines()[0] for _ in range(2)]

    assert told[0] == f"this runs on paddlepaddle-gpu 2.6.2; {INDEX}"
    assert told[1] != told[0]
    assert not healthy.git("status", "--short", ".paddledvc")


@pytest.mark.parametrize("package", [{"paddlepaddle": "2.6.2"}, {"paddlepaddle_gpu": "3.3.1"}, {}])
def test_of_another_paddle_nothing_is_told(
    package: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributions(tmp_path, monkeypatch, **package)

    assert device.advise_on_device_once(tmp_path) is None


def test_the_library_has_it() -> None:
    assert paddledvc.doctor is workflow.doctor
