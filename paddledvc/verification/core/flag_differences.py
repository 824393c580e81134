"""What ran otherwise than when a report was made before: versions, devices, flags and threads."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.tools.paddle.core.jobs import Runtime
    from paddledvc.verification.core.evidence import Evidence


def list_flag_differences(last: Evidence, now: Evidence) -> tuple[str, ...]:
    """Say, a sentence a thing, what decides numbers and is not as it was in the last report.

    A run that only one of them has is no difference.
    """
    before, after = _settings(last), _settings(now)
    found: dict[str, list[str]] = {}
    for run in after:
        if run not in before:
            continue
        old, new = before[run], after[run]
        for name in dict.fromkeys((*old, *new)):
            if (sentence := _describe_change(name, old.get(name), new.get(name))) is not None:
                found.setdefault(sentence, []).append(run)
    return tuple(f"{sentence} ({', '.join(runs)})" for sentence, runs in found.items())


def _describe_change(name: str, old: str | None, new: str | None) -> str | None:
    if old == new:
        return None
    if old is None:  # which an earlier version may not have looked for
        return f"{name} is {new} now and not in the last report"
    if new is None:
        return f"{name} was {old} in the last report and is not set now"
    return f"{name} was {old} in the last report and is {new} now"


def _settings(evidence: Evidence) -> dict[str, Mapping[str, str]]:
    """Give what decided the numbers of each run, and of the engine."""
    engine = {name: str(value) for name, value in asdict(evidence.engine).items()}
    return {**{name: _of(one) for name, one in evidence.runtimes}, "engine": engine}


def _of(runtime: Runtime) -> Mapping[str, str]:
    return {"Paddle": runtime.paddle, "the device": runtime.device, **dict(runtime.flags)}
