"""What git does not clone, what it should not see, and whether the project's files agree."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from paddledvc.display.results import display_size
from paddledvc.errors import PaddleDVCError
from paddledvc.gate import subject
from paddledvc.gate.judge_subject import judge_subject
from paddledvc.names import REPORTS
from paddledvc.setup.diagnosis import Check
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.git import ignores, worktree
from paddledvc.tools.git.command import ask_git, run_git
from paddledvc.tools.git.core.ignored import A_REPORT, SETTINGS_FILES, list_files_not_ignored
from paddledvc.tools.git.hook_scripts import install, state
from paddledvc.tools.git.merge import merge_driver
from paddledvc.yaml.merge.rules import MERGE_FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.project import Project
    from paddledvc.setup.diagnosis import CheckState
    from paddledvc.tools.git.hook_scripts.state import HookState

INIT = "paddledvc init"
WEIGHTS = ("checkpoints", "exports")
"""Folders whose files git must ignore."""
LARGE = 1 << 20
"""Bytes from which on a file there is no text that somebody meant to commit."""
TOPIC = "project"
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


def check_clone(project: Project) -> Iterator[Check]:
    """Look at the clone."""
    yield from _hooks(project.root)
    yield _merge_driver(project.root)
    yield from _attributes(project.root)
    yield from _ignored(project.root)
    yield from _not_committed(project)
    yield _tracked(project.root)
    yield from _tracked_of_clone(project.root)


def _hooks(root: Path) -> Iterator[Check]:
    states = state.hook_states(root)
    off = os.environ.get("PADDLEDVC_HOOKS", "") in install.OFF
    alike: dict[tuple[str, str], list[HookState]] = {}
    for one in states:
        alike.setdefault((one.state, one.why), []).append(one)
    for group in alike.values():
        names = "all" if len(alike) == 1 else ", ".join(one.name for one in group)
        yield _hook(group[0], names, "warning" if off else "problem")
    for python in sorted({one.python for one in states if one.python is not None}):
        if state.ask_hook_version(python, root) is None:
            yield Check(
                topic="hooks",
                name="Python",
                state="problem",
                found=f"{python}, which the hooks call, no longer has paddledvc",
                advice="paddledvc hooks install",
            )


def _hook(hook: HookState, names: str, state: CheckState) -> Check:
    told = hook.why or (f"{hook.python}" if hook.python else "")
    found = f"{hook.state}: {told}" if told else hook.state
    if hook.state == "live":
        return Check(topic="hooks", name=names, state="ok", found=found)
    off = "unset PADDLEDVC_HOOKS" if "PADDLEDVC_HOOKS" in hook.why else "paddledvc hooks install"
    return Check(topic="hooks", name=names, state=state, found=found, advice=off)


def _merge_driver(root: Path) -> Check:
    """Look whether git knows how to merge models.yaml and the like."""
    said = ask_git(root, "config", "--get", f"merge.{merge_driver.DRIVER}.driver")
    if said == merge_driver.merge_driver_command(root):
        return Check(topic="git", name="merge driver", state="ok", found="configured")
    if said is None:
        found, state = "not configured in this clone, so git merges line by line", "problem"
    else:
        found, state = "configured by another Python or version", "warning"
    return Check(topic="git", name="merge driver", state=_state(state), found=found, advice=INIT)


def _state(name: str) -> CheckState:
    return "warning" if name == "warning" else "problem"


def _attributes(root: Path) -> Iterator[Check]:
    report = f"{REPORTS}/a/verify.json"
    listed = run_git(root, "check-attr", "-z", "merge", "--", *MERGE_FORMS, report).split("\0")
    said = dict(zip(listed[::3], listed[2::3], strict=False))  # path, attribute, value, and so on
    by_lines = said.pop(report, "") in ("unspecified", "set", "text")
    others = [name for name, driver in said.items() if driver != merge_driver.DRIVER]
    others += [f"{REPORTS}/"] if by_lines else []
    if others:
        yield Check(
            topic="git",
            name=".gitattributes",
            state="warning",
            found=f"git merges {', '.join(others)} line by line",
            advice=INIT,
        )


def _ignored(root: Path) -> Iterator[Check]:
    for folder in WEIGHTS:
        inside = f"{folder}/a.pdparams"
        # Without --no-index nothing that is tracked would count as ignored.
        if ask_git(root, "check-ignore", "--no-index", "-q", "--", inside) is None:
            yield Check(
                topic="git",
                name=f"{folder}/",
                state="problem",
                found="git does not ignore it, so `git add .` would commit weights",
                advice=INIT,
            )


def _not_committed(project: Project) -> Iterator[Check]:
    """Look for patterns by which git ignores what others need."""
    try:
        models = project.registry().models
    except PaddleDVCError:  # `paddledvc check` and another probe say what is wrong with it
        models = ()
    settings = [name for name in SETTINGS_FILES if (project.root / name).exists()]
    for one in ignores.find_ignoring(
        project.root, (*list_files_not_ignored(models), *settings, *([] if models else [A_REPORT]))
    ):
        yield Check(
            topic="git",
            name=f"{one.file}:{one.line}" if one.file else "ignored",
            state="problem",
            found=one.found,
            advice=one.advice,
        )


def _tracked(root: Path) -> Check:
    """Look for weights that were committed by mistake."""
    known = run_git(root, "ls-files", "-z", "--", *WEIGHTS).split("\0")
    sizes = {name: _size(root / name) for name in filter(None, known)}
    large = {name: size for name, size in sizes.items() if _is_weights(name, size)}
    if not large:
        return Check(topic="git", name="weights", state="ok", found="none is tracked by git")
    name = max(large, key=lambda one: large[one])
    return Check(
        topic="git",
        name="weights",
        state="problem",
        found=f"git tracks {len(large)} of them, such as {name} ({display_size(large[name])})",
        advice=f"git rm --cached -- {quote(name)}",
    )


def _tracked_of_clone(root: Path) -> Iterator[Check]:
    """Look for files that are this clone's alone, and that this branch brings."""
    if tracked := worktree.list_tracked_files(root):
        yield Check(
            topic="git",
            name=tracked[0],
            state="problem",
            found=f"this branch brings {tracked[0]}, which belongs to a clone alone",
            advice=f"git rm --cached -- {' '.join(map(quote, tracked[:3]))}",
        )


def _is_weights(name: str, size: int) -> bool:
    return size >= LARGE and not outputs.is_dvc_or_git_file(name)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def check_files(project: Project) -> Iterator[Check]:
    """Look at the files of the project as ``paddledvc check`` does."""
    judged = subject.find_subject(project.root, branch=None, base=None, environment={})
    verdict = judge_subject(project, judged)
    if not verdict.errors:
        files = f"models.yaml, models.lock and dvc.yaml pass the checks for {verdict.title}"
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


def check_variables(_project: Project) -> Iterator[Check]:
    """Look for variables that change what commands do."""
    for name, meaning in SETTINGS.items():
        if value := os.environ.get(name):
            yield Check(
                topic="environment",
                name=name,
                state="warning",
                found=f"{value}: {meaning}",
                advice=f"unset {name}, unless that is intended",
            )
