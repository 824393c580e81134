"""Paddle itself: devices, seeds, and the facts that belong to every number it gives."""

from __future__ import annotations

import os
import random
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.errors import NO_PADDLE, MissingTool
from paddledvc.names import IMAGE_VARIABLE
from paddledvc.tools.paddle.core.jobs import Runtime, pick_numeric_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

# Those of TF32 are there since PaddlePaddle/Paddle#77781.
RECORDED_FLAGS = (
    "FLAGS_cudnn_deterministic",
    "FLAGS_embedding_deterministic",
    "FLAGS_cudnn_allow_tf32",
    "FLAGS_cublas_allow_tf32",
    "FLAGS_use_stride_kernel",  # without it transposed and sliced views are copies
    "FLAGS_use_mkldnn",  # oneDNN, in a dynamic network too
)


def import_paddle() -> Any:
    """Import Paddle.

    Raises:
        MissingTool: it is not installed, or something else has its name.
    """
    try:
        import paddle as module
    except ModuleNotFoundError as error:
        if error.name != "paddle":  # it is there, and lacks something that it needs
            raise
        raise MissingTool(NO_PADDLE) from error
    if not hasattr(module, "__version__"):
        raise MissingTool(_explain_other(module))
    return module


def _explain_other(module: Any) -> str:
    """Say what is found by the name of Paddle: a folder is, where there is nothing better."""
    if file := getattr(module, "__file__", None):
        return f"{file} is imported instead of Paddle; rename or remove it"
    folder = next(iter(module.__path__))
    return f"{NO_PADDLE}; only a folder of that name was found, {folder}, which is not a package"


def use_runtime_device(device: str) -> None:
    """Select ``cpu``, ``gpu`` or ``gpu:N`` for all that follows.

    Raises:
        MissingTool: a GPU is asked for, and there is none or this Paddle cannot use it.
    """
    if device != "cpu":
        require_runtime_gpu(device)
    import_paddle().set_device(device)


def require_runtime_gpu(device: str) -> int:
    """Return the number of the GPU that ``gpu`` or ``gpu:N`` names.

    Raises:
        MissingTool: it is not there, or this Paddle cannot use it.
    """
    module = import_paddle()
    number = int(device.partition(":")[2] or 0)
    if not module.is_compiled_with_cuda():
        raise MissingTool(
            f"device {device!r} is asked for, but Paddle {module.__version__} here is the CPU "
            "build; install the paddlepaddle-gpu that fits your CUDA, or set device: cpu"
        )
    count = module.device.cuda.device_count()
    if number >= count:
        raise MissingTool(
            f"device {device!r} is asked for, but {count} GPUs are visible here; "
            "see `nvidia-smi` and CUDA_VISIBLE_DEVICES"
        )
    return number


def seed_runtime(seed: int) -> None:
    """Seed Paddle, numpy and Python, and ask CUDA for its deterministic kernels."""
    module = import_paddle()
    module.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - users' code draws from numpy's global generator
    random.seed(seed)
    # A CPU build lacks both, and set_flags raises for what is not there.
    known = module.base.core.globals()
    wanted = ("FLAGS_cudnn_deterministic", "FLAGS_embedding_deterministic")
    if flags := {flag: 1 for flag in wanted if flag in known}:
        module.set_flags(flags)


@contextmanager
def run_dynamically() -> Iterator[None]:
    """Run what authors have made static as it is written, and keep no gradients.

    Otherwise ``to_static`` would run a program in the place of the network, with its faults.
    """
    module = import_paddle()
    translator = module.jit.dy2static.program_translator.ProgramTranslator()
    before = translator.enable_to_static
    module.jit.enable_to_static(False)
    try:
        with module.no_grad():
            yield
    finally:
        module.jit.enable_to_static(before)


def count_runtime_threads() -> int:
    """Count the threads of a dynamic network on the CPU; with another number sums round otherwise.

    Paddle reads the variable when it is imported, and sets it where the user has not.
    """
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def describe_runtime(device: str) -> Runtime:
    """Say what runs: version, commit, device and the flags that change numbers."""
    module = import_paddle()
    known = module.base.core.globals()
    flags = {name: str(known[name]) for name in RECORDED_FLAGS if name in known}
    flags.update(pick_numeric_variables(os.environ))
    name = device
    if device != "cpu":
        flags["cuDNN"] = str(module.device.get_cudnn_version())
        flags["NVIDIA_TF32_OVERRIDE"] = os.environ.get("NVIDIA_TF32_OVERRIDE", "unset")
        name = f"{device} ({module.device.cuda.get_device_name(require_runtime_gpu(device))})"
    return Runtime(
        paddle=str(module.__version__),
        commit=str(module.version.commit),
        device=name,
        flags=tuple(sorted(flags.items())),
        image=os.environ.get(IMAGE_VARIABLE) or None,
    )


def shorten_runtime_message(message: str) -> str:
    """Leave out Paddle's C++ stack and keep its summary."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    summaries = [line for line in lines if re.match(r"\w*Error\b|\(\w+\)|\[Hint", line)]
    return " ".join((summaries or lines or ["it failed without a message"])[:3])
