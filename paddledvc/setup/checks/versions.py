"""The programs and packages that paddledvc works with."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from paddledvc.errors import MissingTool
from paddledvc.models.versions import is_older
from paddledvc.setup.diagnosis import Check
from paddledvc.tools.dvc import program
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.project import Project

TOPIC = "versions"
TOO_NEW = (3, 14)
"""The first Python that there are no wheels of Paddle for."""
GIT = (2, 30)
"""The oldest git that is tried; 2.29 has not all options that we use."""


def check_versions(project: Project) -> Iterator[Check]:
    """Look at the versions of what is installed."""
    yield _check("paddledvc", f"{metadata.version('paddledvc')} at {sys.executable}")
    yield _python()
    yield _git(project)
    yield _dvc(project)
    if platform.python_implementation() == "CPython" and find_spec("_ruamel_yaml") is None:
        yield Check(
            topic=TOPIC,
            name="ruamel.yaml.clib",
            state="warning",
            found="not installed, so DVC reads YAML four times slower",
            advice="pip install ruamel.yaml.clib",
        )


def _check(name: str, found: str) -> Check:
    return Check(topic=TOPIC, name=name, state="ok", found=found)


def _python() -> Check:
    found = platform.python_version()
    if is_older(found, TOO_NEW):
        return _check("Python", found)
    return Check(
        topic=TOPIC,
        name="Python",
        state="warning",
        found=f"{found}, which Paddle has no wheels for yet",
        advice="use Python 3.10 to 3.13 where models are trained, exported or verified",
    )


def _git(project: Project) -> Check:
    try:
        found = shell.run_program(["git", "--version"], cwd=project.root).strip()
    except MissingTool as error:
        advice = "install git, or add it to the PATH"
        return Check(topic=TOPIC, name="git", state="problem", found=str(error), advice=advice)
    found = found.removeprefix("git version ")
    if not is_older(found, GIT):
        return _check("git", found)
    oldest = ".".join(map(str, GIT))
    advice = f"install git {oldest} or newer"
    return Check(topic=TOPIC, name="git", state="problem", found=found, advice=advice)


def _dvc(project: Project) -> Check:
    try:
        return _check("DVC", program.run_dvc("--version", root=project.root).strip())
    except MissingTool as error:
        found, _, advice = str(error).rpartition("; run ")
        advice = advice.strip("`")
        return Check(topic=TOPIC, name="DVC", state="problem", found=found, advice=advice)
