"""What tests of the gate begin with."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from paddledvc.gate.core import digest_rules, judge
from tests.gated import EXPORTED, Gated

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project of ``gated`` is, once a test has made it."""
    return tmp_path_factory.mktemp("gated") / "project"


@pytest.fixture
def gated(project: Folder, made_once: Path) -> Gated:
    """A project whose one model is locked, built and verified, committed on main."""
    if made_once.exists():
        shutil.copytree(made_once, project.root, dirs_exist_ok=True)
        return Gated(project)
    made = Gated(project)
    made.models(EXPORTED)
    made.commit("one model")
    shutil.copytree(project.root, made_once)
    return made


@pytest.fixture(autouse=True)
def models_with_md5_alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the warning out that models here have an MD5 alone, where that is not the subject."""
    if request.module.__name__ != "tests.gate.test_check_digests":
        judges = [one for one in judge.JUDGES if one is not digest_rules.judge_missing_digests]
        monkeypatch.setattr(judge, "JUDGES", tuple(judges))
