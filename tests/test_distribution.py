"""What is published: built as the pipeline builds it, from a clone with a tag, and installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email import message_from_bytes
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.metadata import Metadata

ROOT = Path(__file__).parent.parent
PIPELINE = ROOT / ".github/workflows/release.yml"
TAG = "v97.1.0"

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        find_spec("hatch_vcs") is None or find_spec("hatchling") is None,
        reason="requirements/build.txt is not installed here",
    ),
]


def run(folder, *command, **variables):
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def steps():
    """Give the commands of the job that builds, without that which installs what it needs."""
    job = yaml.safe_load(PIPELINE.read_text())["jobs"]["build"]
    return [one["run"] for one in job["steps"] if "run" in one and "pip install" not in one["run"]]


def clone_at(folder, tag, *, changelog):
    """Clone this repository as it lies here, with a tag of a release on top."""
    assert run(folder.parent, "git", "clone", "--quiet", str(ROOT), str(folder)).returncode == 0
    for name in run(ROOT, "git", "ls-files", "-mo", "--exclude-standard").stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    text = (folder / "CHANGELOG.md").read_text()
    (folder / "CHANGELOG.md").write_text(text.replace("## [Unreleased]", changelog, 1))
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "--quiet", "--allow-empty", "--message", "Release")
    run(folder, "git", "tag", "--annotate", "--message", tag, tag)
    run(folder, "git", "tag", "--annotate", "--message", "a model's", "digits@v98.0.0")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist and the wheel that the pipeline publishes of a tag."""
    folder = clone_at(
        tmp_path_factory.mktemp("release") / "clone",
        TAG,
        changelog=f"## [Unreleased]\n\n## [{TAG[1:]}] - 2027-01-02",
    )
    said = [run(folder, "bash", "-ec", one, GITHUB_REF_NAME=TAG) for one in steps()]
    assert [(one.returncode, one.stderr) for one in said if one.returncode] == []
    (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    return SimpleNamespace(folder=folder, wheel=wheel, sdist=sdist)


def test_the_version_is_that_of_the_tag_and_no_tag_of_a_model(built):
    assert built.wheel.name == "paddledvc-97.1.0-py3-none-any.whl"
    assert built.sdist.name == "paddledvc-97.1.0.tar.gz"


def test_the_wheel_has_the_package_and_nothing_else(built):
    tracked = run(ROOT, "git", "ls-files", "-co", "--exclude-standard", "paddledvc").stdout

    with zipfile.ZipFile(built.wheel) as archive:
        names = {one for one in archive.namelist() if ".dist-info/" not in one}
        licences = [one for one in archive.namelist() if one.endswith("licenses/LICENSE")]
    assert names == set(tracked.splitlines())
    assert {"paddledvc/py.typed", "paddledvc/schemas/lock.schema.json"} <= names
    assert len(licences) == 1


def test_the_sdist_has_the_package_its_pages_and_nothing_else(built):
    with tarfile.open(built.sdist) as archive:
        names = {one.partition("/")[2] for one in archive.getnames()}
    tops = {name.partition("/")[0] for name in names}

    assert tops == {
        *("paddledvc", "docs", "pyproject.toml", "PKG-INFO", ".gitignore", "LICENSE"),
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    }
    assert built.sdist.stat().st_size < 2_000_000


def test_what_the_wheel_says_of_itself_is_valid(built):
    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("/METADATA"))
        text = archive.read(name)
    found = Metadata.from_email(text, validate=True)

    assert (found.name, str(found.version)) == ("paddledvc", "97.1.0")
    assert found.license_expression == "Apache-2.0"
    assert str(found.requires_python) == ">=3.10"
    assert "hatch-vcs" not in str(found.requires_dist)
    assert message_from_bytes(text)["Description-Content-Type"] == "text/markdown"


def test_an_sdist_without_git_builds_the_same_wheel(built, tmp_path):
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()

    done = run(folder, sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out")

    assert done.returncode == 0, done.stderr
    assert (folder / "out" / built.wheel.name).read_bytes() == built.wheel.read_bytes()


def test_a_clone_without_tags_and_files_without_git_are_of_no_release(built, tmp_path):
    version = (sys.executable, "-m", "hatchling", "version")
    untagged = tmp_path / "untagged"
    run(tmp_path, "git", "clone", "--quiet", "--no-tags", str(built.folder), str(untagged))
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())

    assert re.fullmatch(r"0\.dev\d+\+g[0-9a-f]+\n", run(untagged, *version).stdout)
    assert run(plain, *version).stdout == "0.dev0\n"


def test_the_installed_wheel_lives_a_short_life(built, tmp_path):
    # With the packages of this environment, for there may be no network.
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin/python"
    (site,) = (environment / "lib").glob("*/site-packages")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet")
    done = run(tmp_path, *pip, "--no-deps", "--no-index", str(built.wheel))
    assert done.returncode == 0, done.stderr
    (site / "packages.pth").write_text(str(Path(yaml.__file__).parents[1]))
    path = f"{environment}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"

    done = run(tmp_path, "bash", ROOT / ".ci/life", tmp_path / "life", PATH=path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1 of 1 match the commit\n")
    shown = run(tmp_path, python, "-c", "import paddledvc as p; print(p.__version__, p.__file__)")
    assert shown.stdout == f"97.1.0 {site}/paddledvc/__init__.py\n"
