"""What this environment runs: Python, Paddle, CUDA, cuDNN, the driver; asked in a fresh process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from paddledvc.errors import PaddleDVCError
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.device import PATIENCE, ask_device_driver, installed_paddle_packages
from paddledvc.tools.python.command import code_command_line
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from pathlib import Path

# CUDA's own functions answer without a GPU, and without a Paddle that could start one. Which of
# several libraries of CUDA counts is known once Paddle has loaded it.
_SCRIPT = r"""
import ctypes, json, platform, sys

def ask(library, function):
    try:
        value = ctypes.c_int()
        failed = getattr(ctypes.CDLL(library), function)(ctypes.byref(value))
        return None if failed or not value.value else value.value
    except (OSError, AttributeError):
        return None

def dotted(value):
    return None if value is None else f"{value // 1000}.{value % 1000 // 10}"

found = {
    "python": platform.python_version(),
    "driver_cuda": dotted(ask("libcuda.so.1", "cuDriverGetVersion")),
}
if sys.argv[1:] == ["paddle"]:
    import paddle
    found["paddle"] = paddle.__version__
    if not paddle.is_compiled_with_cuda():
        found["cuda"] = found["cudnn"] = ""
    else:
        for name in ("cuda", "cudnn"):
            build = getattr(paddle.version, name)()
            found[name] = str(build) if build and build != "False" else None
        loaded = paddle.get_cudnn_version() or 0
        if loaded > 0:
            unit = 10000 if loaded >= 90000 else 1000
            found["cudnn"] = f"{loaded // unit}.{loaded % unit // 100}.{loaded % 100}"
        try:
            with open("/proc/self/maps") as maps:
                libraries = [line.split()[-1] for line in maps if "libcudart" in line]
        except OSError:
            libraries = []
        if libraries:
            found["cuda_runtime"] = dotted(ask(libraries[0], "cudaRuntimeGetVersion"))
print(json.dumps(found))
"""


def ask_what_runs(root: Path) -> dict[str, Any]:
    """Find out what this environment runs.

    Returns:
        ``python``, and as far as it is known ``paddle``, ``cuda``, ``cuda_runtime``, ``cudnn``,
        ``driver`` and ``driver_cuda``; ``why`` says why a Paddle that is installed is not known.

    Raises:
        PaddleDVCError: Python itself does not start, or takes too long.
    """
    known = _ask(root) | _ask_driver(root)
    if not installed_paddle_packages():
        return known
    try:
        return known | _ask(root, "paddle")
    except (PaddleDVCError, ValueError) as error:
        words = str(error).strip().splitlines()
        return known | {"why": f"Paddle cannot be imported: {words[-1]}"}


def _ask(root: Path, *arguments: str) -> dict[str, Any]:
    command = code_command_line(_SCRIPT, *arguments, options=process.OPTIONS)
    environment = process.process_environment()
    said = shell.run_program(command, cwd=root, env=environment, timeout=PATIENCE)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])  # an import may print before it
    return found


def _ask_driver(root: Path) -> dict[str, str]:
    """Ask the driver for its version, which it gives of each GPU."""
    listed = ask_device_driver(root) or ()
    return {"driver": listed[0].rpartition(", ")[2]} if listed else {}
