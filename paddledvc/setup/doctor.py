"""Whatever keeps a clone from working, and what to do about it."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.errors import PaddleDVCError
from paddledvc.setup.checks import cache, clone, machine, python_folders, remotes
from paddledvc.setup.diagnosis import Check, Diagnosis
from paddledvc.tools.dvc import configuration, shortcuts
from paddledvc.tools.dvc.trust.approve import approve_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from paddledvc.project import Project

PATIENCE = 60.0
"""Seconds that all probes get, side by side; Paddle is the slowest, from a cold disk."""
REPORT = "please report this as a bug"


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """Something that looks at a clone.

    Attributes:
        topic: what it looks at.
        name: what of that.
        look: does it.
    """

    topic: str
    name: str
    look: Callable[[], Iterable[Check]]


def doctor(project: Project, *, offline: str | None = None) -> Diagnosis:
    """Look at everything that a clone needs, side by side, and change nothing of it.

    Args:
        project: the project.
        offline: what forbids to ask remotes.

    Raises:
        PaddleDVCError: never; a probe that fails is a check that says so.

    Example:
        project = paddledvc.Project.find()
        for check in paddledvc.doctor(project, offline="CI").of("problem"):
            print(check.found, check.advice)
    """
    if offline is None:
        _approve(project)
    return Diagnosis(checks=run_doctor_probes(list_doctor_probes(project, offline=offline)))


def list_doctor_probes(project: Project, *, offline: str | None = None) -> list[Probe]:
    """List what to look at, in the order of the report."""
    fixed = [
        ("versions", "programs", machine.check_versions),
        ("Python", "folders", python_folders.check_python_folders),
        ("hooks", "clone", clone.check_clone),
        ("project", "files", clone.check_files),
        ("environment", "variables", clone.check_variables),
        ("remotes", "settings", remotes.check_remotes),
        ("cache", "folder", cache.check_cache),
        ("GPU", "Paddle", machine.check_machine),
    ]
    found = [
        Probe(topic=topic, name=name, look=partial(look, project)) for topic, name, look in fixed
    ]
    names = () if offline is not None else _remotes(project)
    asked = [
        Probe(topic="remotes", name=name, look=partial(remotes.probe_remote, project, name))
        for name in names
    ]
    at = next(index for index, one in enumerate(found) if one.topic == "cache")
    return [*found[:at], *asked, *found[at:]]


def _approve(project: Project) -> None:
    """Approve what needs no question; whatever keeps us from it is told by who looks at it."""
    with suppress(PaddleDVCError, OSError):
        approve_first(project.root)


def _remotes(project: Project) -> Iterable[str]:
    """Name the remotes; a configuration that DVC refuses is told by who looks at it."""
    try:
        with shortcuts.allow_shortcuts():
            return configuration.read_dvc_config(project.root).remotes
    except PaddleDVCError:
        return ()


def run_doctor_probes(wanted: Sequence[Probe], patience: float = PATIENCE) -> tuple[Check, ...]:
    """Run probes side by side; one that hangs or crashes is told, and is not the end.

    Args:
        wanted: the probes.
        patience: seconds that they get.
    """
    done: queue.Queue[tuple[int, tuple[Check, ...]]] = queue.Queue()
    for index, probe in enumerate(wanted):
        # A thread that hangs must not keep the process from ending, so none of a pool.
        look = partial(_look, index, probe, done)
        threading.Thread(target=look, name=f"doctor-{probe.name}", daemon=True).start()
    found: dict[int, tuple[Check, ...]] = {}
    until = time.monotonic() + patience
    while len(found) < len(wanted):
        try:
            index, checks = done.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[index] = checks
    late = f"no answer within {patience:g} s"
    failed = {
        index: (_failed(probe, late, "investigate it by hand"),)
        for index, probe in enumerate(wanted)
        if index not in found
    }
    return tuple(check for index, _ in enumerate(wanted) for check in {**failed, **found}[index])


def _look(index: int, probe: Probe, done: queue.Queue[tuple[int, tuple[Check, ...]]]) -> None:
    found: list[Check] = []
    try:
        with shortcuts.allow_shortcuts():  # DVC itself may be what is broken
            found.extend(probe.look())
    except PaddleDVCError as error:
        found.append(_failed(probe, str(error).splitlines()[0], ""))
    except Exception as error:  # noqa: BLE001 - the other probes are still worth something
        found.append(_failed(probe, f"this probe failed: {error!r}", REPORT))
    done.put((index, tuple(found)))


def _failed(probe: Probe, found: str, advice: str) -> Check:
    return Check(topic=probe.topic, name=probe.name, state="problem", found=found, advice=advice)
