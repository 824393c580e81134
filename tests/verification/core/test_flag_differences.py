from __future__ import annotations

from dataclasses import replace

from paddledvc.models.verify_settings import Engine
from paddledvc.tools.paddle.core.jobs import Runtime
from paddledvc.verification.core.evidence import Evidence, PathEvidence
from paddledvc.verification.core.flag_differences import list_flag_differences

RUNTIME = Runtime(paddle="3.3.1", commit="a", device="cpu", flags=(("OMP_NUM_THREADS", "1"),))
JIT = PathEvidence(path="jit", passed=True, findings=(), runtime=RUNTIME)
LAST = Evidence(verdict="pass", runtime=RUNTIME, files=(), paths=(JIT,))


def test_equal_runs_differ_in_nothing():
    assert list_flag_differences(LAST, LAST) == ()


def test_a_flag_is_named_once_with_all_runs_that_have_it():
    runtime = replace(RUNTIME, paddle="3.3.2", flags=(("FLAGS_x", "1"), ("OMP_NUM_THREADS", "4")))
    now = replace(LAST, runtime=runtime, paths=(replace(JIT, runtime=runtime),))

    assert list_flag_differences(LAST, now) == (
        "Paddle was 3.3.1 in the last report and is 3.3.2 now (eager, jit)",
        "OMP_NUM_THREADS was 1 in the last report and is 4 now (eager, jit)",
        "FLAGS_x is 1 now and not in the last report (eager, jit)",
    )


def test_onednn_and_the_threads_of_the_engine_count():
    now = replace(LAST, engine=Engine(onednn=False, threads=2), paths=())

    assert list_flag_differences(LAST, now) == (
        "onednn was True in the last report and is False now (engine)",
        "threads was 1 in the last report and is 2 now (engine)",
    )
