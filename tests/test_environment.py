"""What is installed here is what the lock files and pyproject.toml say, and goes together."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
STATED = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
LOCKS = {
    "build": ((), ("build",)),
    "demo": (("cpu",), ()),
    "test": (("cpu", "fast", "hub", "onnx"), ("dev",)),
}
"""The extras and groups that each lock is of."""


def text(name):
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def locked(name):
    """Read the pins of a lock."""
    blocks = re.split(r"^(?=\S)", text(name), flags=re.MULTILINE)
    lines = [block.splitlines()[0].rstrip(" \\") for block in blocks if block[:1].isalnum()]
    return [Requirement(line) for line in lines]


def asked(extras, groups):
    """List what pyproject.toml asks for, with what its groups include."""
    found = list(STATED["project"]["dependencies"]) if "build" not in groups else []
    for extra in extras:
        found += STATED["project"]["optional-dependencies"][extra]
    stated = STATED["dependency-groups"]
    for one in (one for group in groups for one in stated[group]):
        found += stated[one["include-group"]] if isinstance(one, dict) else [one]
    return [Requirement(one) for one in found]


def here(requirement, python):
    """Tell whether a requirement counts on Linux and CPython of that version."""
    environment = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    return requirement.marker is None or requirement.marker.evaluate(environment)


def versions(name, python):
    pins = [one for one in locked(name) if here(one, python)]
    found = {re.sub(r"[._]", "-", one.name.lower()): str(one.specifier)[2:] for one in pins}
    assert len(found) == len(pins)
    return found


@pytest.mark.parametrize(("name", "python"), [*product(LOCKS, PYTHONS)])
def test_a_lock_holds_what_pyproject_asks_for(name, python):
    pins = versions(name, python)
    wrong = [
        f"{one} is locked as {pins.get(one.name.lower().replace('.', '-'))}; run `make upgrade`"
        for one in asked(*LOCKS[name])
        if here(one, python)
        and pins.get(one.name.lower().replace(".", "-"), "0") not in one.specifier
    ]

    assert wrong == []


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_installed_one_after_the_other_is_of_one_version(python):
    build, demo, test = (versions(name, python) for name in LOCKS)

    assert demo.items() <= test.items()
    assert {name: demo[name] for name in build.keys() & demo} == {
        name: build[name] for name in build.keys() & demo
    }
    assert {name: test[name] for name in build.keys() & test} == {
        name: build[name] for name in build.keys() & test
    }


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_digest_of_every_package_and_names_no_registry(name):
    blocks = [one for one in re.split(r"^(?=\w)", text(name), flags=re.MULTILINE) if one[0] != "#"]

    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|^ *(-i|--(extra-)?index|--find-links|-f)\b| /", text(name))


def test_paddle_is_the_same_package_for_cpus_and_gpus():
    extras = STATED["project"]["optional-dependencies"]
    (cpu,), (gpu,) = map(Requirement, extras["cpu"]), map(Requirement, extras["gpu"])

    # The usual index ends at 2.6.2 for GPUs: with another bound nobody could lock this project.
    assert str(cpu.specifier) == str(gpu.specifier) == "<4,>=2.6.2"


def uv(*arguments, packages=""):
    """Let uv find packages; without network there is nothing to find out."""
    command = [sys.executable, "-m", "uv", "pip", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, input=packages, capture_output=True, text=True, check=False
    )
    if re.search(r"dns error|error sending request|Connection refused", done.stderr):
        pytest.skip("there is no network here")
    assert done.returncode == 0, done.stderr
    return done.stdout


def resolve(*arguments, packages=""):
    plain = ["compile", "--quiet", "--no-header", "--no-annotate", "-"]
    lines = uv(*plain, *arguments, packages=packages).splitlines()
    return {one.name: one for one in map(Requirement, lines)}


@pytest.mark.thorough
def test_all_extras_can_be_locked_together():
    found = resolve("--universal", "--python-version", "3.10", "--all-extras", "pyproject.toml")

    assert str(found["paddlepaddle-gpu"].specifier) == "==2.6.2"
    assert Version(str(found["paddlepaddle"].specifier)[2:]).major == 3


@pytest.mark.thorough
def test_one_environment_holds_what_paddlex_pins():
    extras = ["--extra", "cpu", "--extra", "fast", "--extra", "hub", "--extra", "s3"]
    pins = "pyyaml==6.0.2\nnumpy<2.4\n"
    options = ["--universal", "--python-version", "3.10", *extras, "pyproject.toml"]

    assert str(resolve(*options, packages=pins)["pyyaml"].specifier) == "==6.0.2"


@pytest.mark.thorough
def test_the_wheel_has_all_that_the_command_needs(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("paddledvc-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "new")], check=True)
    uv("install", "--quiet", "--python", str(tmp_path / "new"), str(wheel))
    project = tmp_path / "project"
    project.mkdir()

    def run(*command):
        command = [tmp_path / "new/bin/paddledvc", *command]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    assert run("--help").startswith("Usage: paddledvc")
    run("init")  # with its schemas, templates and the script of the hooks
    run("lock")
    run("doctor", "--offline")
    (project / "reports/net").mkdir(parents=True)
    report = {"version": 1, "files": [], "paths": []}
    text = json.dumps({"verdict": "fail", "evidence": [report]})
    (project / "reports/net/verify.json").write_text(text)
    assert run("report") == "reports/index.html\nreports/net/verify.html\n"
