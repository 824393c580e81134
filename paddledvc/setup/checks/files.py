"""The files of the project: whether they can be read, and agree with each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.gate import subject
from paddledvc.gate.judge_subject import judge_subject
from paddledvc.setup.diagnosis import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.project import Project

TOPIC = "project"


def check_files(project: Project) -> Iterator[Check]:
    """Look at the files of the project as ``paddledvc check`` does."""
    judged = subject.find_subject(project.root, branch=None, base=None, environment={})
    verdict = judge_subject(project, judged)
    if not verdict.errors:
        files = f"models.yaml, models.lock and dvc.yaml fit {verdict.title}"
        yield Check(topic=TOPIC, name="files", state="ok", found=files)
        return
    first = verdict.errors[0]
    more = f", and {len(verdict.errors) - 1} more" if len(verdict.errors) > 1 else ""
    yield Check(
        topic=TOPIC,
        name="files",
        state="problem",
        found=f"{first.message.splitlines()[0]}{more}",
        advice="paddledvc check",
    )


SETTINGS = {
    "PADDLEDVC_FROZEN": "models.lock is trusted, stale or not",
    "PADDLEDVC_HOOKS": "the hooks do nothing",
    "PADDLEDVC_LOCKED": "a stale models.lock is refused",
    "PADDLEDVC_OFFLINE": "no network is used",
    "DVC_SITE_CACHE_DIR": "DVC keeps its notes there",
    "GIT_DIR": "git works on this repository wherever it is started",
    "GIT_WORK_TREE": "git works on this work tree wherever it is started",
}
"""Variables that change what commands do, and how."""


def check_variables(_project: Project) -> Iterator[Check]:
    """Look for variables that change what commands do."""
    for name, meaning in SETTINGS.items():
        if value := os.environ.get(name):
            yield Check(
                topic="environment",
                name=name,
                state="warning",
                found=f"{value}: {meaning}",
                advice=f"unset {name}, unless that is meant",
            )
