"""The GPUs of this machine, as Paddle and the driver see them, each asked in a process of its own.

Paddle takes more than a second to import, and can end the process that imports it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import NEWER_GPU, MissingTool, PaddleDVCError
from paddledvc.models.versions import is_older_version
from paddledvc.tools.git.project_files import write_project_text
from paddledvc.tools.paddle import process
from paddledvc.tools.python.command import code_command_line
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from pathlib import Path

BUILDS = ("paddlepaddle", "paddlepaddle-gpu")
"""Packages that hold Paddle; there is room for one of them."""
# PyPI ends at 2.6.2: wheels of Paddle 3 are above its limit of size (pypi/support#6809).
GPU = (3, 0)
"""The oldest Paddle for GPUs that the usual index does not have."""
# With ANSWER no more than `doctor` waits for all that it looks at.
PATIENCE = 50.0
"""Seconds that Paddle gets: it reads a gigabyte from a cold disk."""
ANSWER = 10.0
"""Seconds that the driver gets."""
_SCRIPT = """
import json, paddle
cuda = paddle.is_compiled_with_cuda()
count = paddle.device.cuda.device_count() if cuda else 0
names = [paddle.device.cuda.get_device_name(number) for number in range(count)]
print(json.dumps({"version": paddle.__version__, "cuda": cuda, "gpus": names}))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paddle:
    """The Paddle of this environment.

    Attributes:
        version: its version.
        cuda: whether it is built for GPUs.
        gpus: names of the GPUs that it sees.
    """

    version: str
    cuda: bool
    gpus: tuple[str, ...]


def installed_paddle_packages() -> dict[str, str]:
    """Name the packages of Paddle that are installed, and their versions."""
    return {one.metadata["Name"]: one.version for one in map(_package, BUILDS) if one is not None}


def advise_on_device_once(root: Path) -> str | None:
    """Say, once in a project, that the GPU build here is an old one and where newer ones are.

    Whoever asked pip for a Paddle for GPUs got this one, without a word about it.

    Args:
        root: folder of the project.
    """
    version = installed_paddle_packages().get("paddlepaddle-gpu", "")
    said = root / names.SCRATCH / f"paddlepaddle-gpu-{version}"
    if not is_older_version(version, GPU) or said.exists():
        return None
    with suppress(PaddleDVCError):  # then it is said again
        write_project_text(root, said.relative_to(root).as_posix(), "")
    return f"this runs on paddlepaddle-gpu {version}; {NEWER_GPU}"


def _package(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def ask_paddle_for_devices(root: Path) -> Paddle | str:
    """Import Paddle elsewhere and ask it for its GPUs; or say how that failed.

    Raises:
        ToolFailed: it takes too long.
    """
    command = code_command_line(_SCRIPT, options=process.OPTIONS)
    done = shell.try_program(command, cwd=root, env=process.process_environment(), timeout=PATIENCE)
    lines = done.output.splitlines()
    if done.returncode == 0 and lines:
        said = json.loads(lines[-1])  # whatever an import prints comes before
        return Paddle(version=said["version"], cuda=said["cuda"], gpus=tuple(said["gpus"]))
    words = done.errors.strip().splitlines() or [f"it ended with exit code {done.returncode}"]
    return words[-1]


def ask_device_driver(root: Path) -> tuple[str, ...] | None:
    """Ask NVIDIA's driver for the GPUs; None where there is no such driver."""
    query = "--query-gpu=name,memory.total,driver_version"
    try:
        listed = shell.run_program(
            ["nvidia-smi", query, "--format=csv,noheader"], cwd=root, timeout=ANSWER
        )
    except MissingTool:
        return None
    except PaddleDVCError:
        return ()
    return tuple(line.strip() for line in listed.splitlines() if line.strip())
