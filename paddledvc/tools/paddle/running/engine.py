"""Settings of Paddle's engine: oneDNN, and a precision that is never quietly another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidInput, MissingTool
from paddledvc.tools.paddle.building import runtime

if TYPE_CHECKING:
    from paddledvc.models.verify_settings import Precision
    from paddledvc.tools.paddle.core.jobs import PathJob

PADDLE = {"float32": "Float32", "bfloat16": "Bfloat16", "float16": "Half"}
"""Paddle's names for the precisions."""
BF16_PASS = "cpu_bfloat16_pass"  # noqa: S105 - a pass over a program
"""What puts bfloat16 kernels into a program for the CPU."""


def require_engine(job: PathJob) -> None:
    """See that there is an engine for the path, in the precision that is asked for.

    Raises:
        InvalidInput: the CPU has no such engine.
        MissingTool: this CPU or this Paddle cannot do it.
    """
    if job.path == "tensorrt":
        _require_tensorrt()
    elif job.path == "deployed" and job.engine.precision != "float32":
        _require_on_cpu(job, job.engine.precision)


def _require_tensorrt() -> None:
    runtime.import_paddle()
    from paddle import inference

    if not any(inference.get_trt_compile_version()):
        version = runtime.import_paddle().__version__
        raise MissingTool(
            "the path tensorrt needs a GPU, and a Paddle that is built with TensorRT, which Paddle "
            f"{version} here is not; run it in an image of Paddle with TensorRT"
        )


def _require_on_cpu(job: PathJob, wanted: Precision) -> None:
    if wanted == "float16":
        raise InvalidInput(
            "engine.precision is float16, which Paddle computes in on GPUs only; set bfloat16, or "
            "leave the path deployed out and take gpu or tensorrt"
        )
    if not job.engine.onednn:
        raise InvalidInput(
            "engine.precision is bfloat16, which a CPU computes in with oneDNN only; "
            "leave onednn: false out"
        )
    if not _core().supports_bfloat16():
        # Paddle itself would take float32 and say so in a log.
        raise MissingTool(
            "engine.precision is bfloat16, which needs a CPU with AVX-512; this one has none"
        )


def reduce_on_cpu(config: Any, wanted: Precision) -> None:
    """Let oneDNN compute in bfloat16, where that is asked for.

    Raises:
        MissingTool: Paddle does not do it.
    """
    if wanted != "bfloat16":
        return
    switch = getattr(config, "enable_onednn_bfloat16", None) or config.enable_mkldnn_bfloat16
    switch()
    if BF16_PASS not in config.pass_builder().all_passes():
        version = runtime.import_paddle().__version__
        raise MissingTool(
            f"engine.precision is bfloat16, which Paddle {version} here does not switch on; "
            "set float32, or install a Paddle that is built with oneDNN"
        )


def set_onednn(config: Any, *, on: bool) -> None:
    """Switch oneDNN, which Paddle 2 calls MKL-DNN."""
    for library in ("onednn", "mkldnn"):
        if switch := getattr(config, f"{'enable' if on else 'disable'}_{library}", None):
            switch()
            return


def of_paddle(inference: Any, wanted: Precision) -> Any:
    """Return Paddle's own value for a precision."""
    return getattr(inference.PrecisionType, PADDLE[wanted])


def _core() -> Any:
    from paddle.base import core

    return core
