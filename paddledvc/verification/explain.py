"""Why a path disagrees: where that begins, and what was tried out to be its cause."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from time import monotonic

from paddledvc.comparison.causes import describe_cause
from paddledvc.errors import PaddleDVCError
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import CauseJob, DiagnoseJob, Diagnosis, Found, Located

logger = logging.getLogger(__name__)
DIAGNOSIS = 600.0
"""Seconds that the search for the sublayer and its cause may take."""


def explain_disagreement(
    job: DiagnoseJob, root: Path, *, timeout: float, loads: int
) -> Diagnosis | None:
    """Find where a disagreement begins and what causes it, in processes of their own.

    Args:
        job: the path that disagrees.
        root: folder of the project.
        timeout: seconds that each process may take.
        loads: bytes of the model.

    Returns:
        None where nothing is known.
    """
    logger.info("looking for the sublayer in which %s begins to disagree", job.path)
    end = monotonic() + DIAGNOSIS
    try:
        located = process.run_job_in_process(
            job, Located, root=root, timeout=min(DIAGNOSIS, timeout), loads=loads
        )
    except PaddleDVCError as error:
        logger.warning("where it begins is unknown: %s", error)
        return None
    found = located.diagnosis
    left = min(end - monotonic(), timeout)
    if located.search is None or not located.functions or left <= 0:
        return found if str(found) else None
    cause = CauseJob(search=located.search, sublayer=found.sublayer, functions=located.functions)
    logger.info("trying out what makes it disagree")
    try:
        tried = process.run_job_in_process(cause, Found, root=root, timeout=left, loads=loads)
    except PaddleDVCError as error:
        logger.warning("the cause is unknown: %s", error)
        return found
    if not tried.suspects:
        return found
    place, told = describe_cause(
        tried.suspects,
        {number: (eager, traced) for number, eager, traced in tried.values},
        {one.file: _name(Path(one.file), root) for one in tried.suspects},
    )
    return replace(found, cause=told.what, advice=told.advice, place=place)


def _name(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
