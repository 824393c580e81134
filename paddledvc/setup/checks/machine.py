"""The programs and packages that paddledvc works with, Paddle and GPUs."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from paddledvc.errors import NEWER_GPU, NO_PADDLE, MissingTool, PaddleDVCError
from paddledvc.models.versions import is_older_version
from paddledvc.setup.diagnosis import Check
from paddledvc.tools.dvc import command
from paddledvc.tools.git.command import run_git
from paddledvc.tools.paddle import device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.models.model import Model
    from paddledvc.project import Project
    from paddledvc.setup.diagnosis import CheckState
    from paddledvc.tools.paddle.device import Paddle

GPU_BUILD = "install the paddlepaddle-gpu that fits your CUDA instead of paddlepaddle"
TOPIC = "versions"
TOO_NEW = (3, 14)
"""The first Python that there are no wheels of Paddle for."""
GIT = (2, 30)
"""The oldest git that is tried; 2.29 has not all options that we use."""


def check_machine(project: Project) -> Iterator[Check]:
    """Look at Paddle and the GPUs."""
    models = _models(project)
    gpus = device.ask_device_driver(project.root)
    if gpus is not None:
        found = "; ".join(gpus) or "nvidia-smi is installed and finds none"
        yield Check(topic="GPU", name="driver", state="ok" if gpus else "warning", found=found)
    packages = device.installed_paddle_packages()
    if len(packages) > 1:
        yield _two(packages, gpu=bool(gpus) or any(_asks_for_gpu(project, one) for one in models))
    elif not packages:
        needed = [one.name for one in models if one.network is not None or one.train is not None]
        who = f", and {needed[0]} needs it" if needed else ""
        yield _paddle(
            "problem" if needed else "ok",
            f"not installed{who}",
            NO_PADDLE.partition("; ")[2] if needed else "",
        )
    else:
        yield from _build(project, device.ask_paddle_for_devices(project.root), models)


def _models(project: Project) -> tuple[Model, ...]:
    try:
        return project.registry().models
    except PaddleDVCError:  # another check says so
        return ()


def _paddle(state: CheckState, found: str, advice: str = "") -> Check:
    return Check(topic="GPU", name="Paddle", state=state, found=found, advice=advice)


def _build(project: Project, found: Paddle | str, models: tuple[Model, ...]) -> Iterator[Check]:
    if isinstance(found, str):
        yield _paddle("problem", f"cannot be imported: {found}", 'python -c "import paddle"')
        return
    build = f"GPU build, {len(found.gpus)} GPUs" if found.cuda else "CPU build"
    newer = f"; {NEWER_GPU}" if found.cuda and is_older_version(found.version, device.GPU) else ""
    yield _paddle("ok", f"{found.version}, {build}{_named(found.gpus)}{newer}")
    asking = [one.name for one in models if _asks_for_gpu(project, one)]
    if asking and not found.gpus:
        none = "no GPU is visible" if found.cuda else "this Paddle is the CPU build"
        advice = "see `nvidia-smi` and CUDA_VISIBLE_DEVICES" if found.cuda else GPU_BUILD
        yield Check(
            topic="GPU",
            name="models.yaml",
            state="problem",
            found=f"{asking[0]} asks for a GPU, and {none}",
            advice=f"{advice}, or set device: cpu",
        )


def _two(packages: dict[str, str], *, gpu: bool) -> Check:
    """Say which of two Paddles to remove; that takes files of the other one along."""
    kept, other = device.BUILDS[::-1] if gpu else device.BUILDS
    again = f"{kept}=={packages[kept]}"
    where = f" ({NEWER_GPU})" if gpu and not is_older_version(packages[kept], device.GPU) else ""
    return _paddle(
        "problem",
        " and ".join(f"{name} {version}" for name, version in packages.items())
        + " are installed over each other, and which one runs is chance",
        f"pip uninstall {other}; pip install --force-reinstall --no-deps {again}{where}",
    )


def _named(gpus: tuple[str, ...]) -> str:
    return f": {', '.join(dict.fromkeys(gpus))}" if gpus else ""


def _asks_for_gpu(project: Project, model: Model) -> bool:
    try:
        verify = project.verify_settings(model)
    except PaddleDVCError:
        verify = model.verify
    train = model.train
    return verify.device != "cpu" or (train is not None and train.device != "cpu")


def check_versions(project: Project) -> Iterator[Check]:
    """Look at the versions of what is installed."""
    yield _check("paddledvc", f"{metadata.version('paddledvc')} at {sys.executable}")
    yield _python()
    yield _git(project)
    yield _dvc(project)
    # Since 0.19 ruamel.yaml does not bring its parser in C along (treeverse/dvc#10772).
    if platform.python_implementation() == "CPython" and find_spec("_ruamel_yaml") is None:
        yield Check(
            topic=TOPIC,
            name="ruamel.yaml.clib",
            state="warning",
            found="not installed, so DVC reads YAML four times slower",
            advice="pip install ruamel.yaml.clib",
        )


def _check(name: str, found: str) -> Check:
    return Check(topic=TOPIC, name=name, state="ok", found=found)


def _python() -> Check:
    found = platform.python_version()
    if is_older_version(found, TOO_NEW):
        return _check("Python", found)
    return Check(
        topic=TOPIC,
        name="Python",
        state="warning",
        found=f"{found}, which Paddle has no wheels for yet",
        advice="use Python 3.10 to 3.13 where models are trained, exported or verified",
    )


def _git(project: Project) -> Check:
    try:
        found = run_git(project.root, "--version").strip()
    except MissingTool as error:
        advice = "install git, or add it to the PATH"
        return Check(topic=TOPIC, name="git", state="problem", found=str(error), advice=advice)
    found = found.removeprefix("git version ")
    if not is_older_version(found, GIT):
        return _check("git", found)
    oldest = ".".join(map(str, GIT))
    advice = f"install git {oldest} or newer"
    return Check(topic=TOPIC, name="git", state="problem", found=found, advice=advice)


def _dvc(project: Project) -> Check:
    try:
        return _check("DVC", command.run_dvc("--version", root=project.root).strip())
    except MissingTool as error:
        found, _, advice = str(error).rpartition("; run ")
        advice = advice.strip("`")
        return Check(topic=TOPIC, name="DVC", state="problem", found=found, advice=advice)
