"""Paddle and GPUs, and whether they are what models.yaml asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.errors import NEWER_GPU, NO_PADDLE, PaddleDVCError
from paddledvc.models.versions import is_older
from paddledvc.setup.diagnosis import Check
from paddledvc.tools.paddle import device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.models.model import Model
    from paddledvc.project import Project
    from paddledvc.setup.diagnosis import CheckState
    from paddledvc.tools.paddle.device import Paddle

GPU_BUILD = "install the paddlepaddle-gpu that fits your CUDA instead of paddlepaddle"


def check_machine(project: Project) -> Iterator[Check]:
    """Look at Paddle and the GPUs."""
    models = _models(project)
    gpus = device.ask_driver(project.root)
    if gpus is not None:
        found = "; ".join(gpus) or "nvidia-smi is there and finds none"
        yield Check(topic="GPU", name="driver", state="ok" if gpus else "warning", found=found)
    packages = device.installed_packages()
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
        yield from _build(project, device.ask_paddle(project.root), models)


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
    newer = f"; {NEWER_GPU}" if found.cuda and is_older(found.version, device.GPU) else ""
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
    where = f" ({NEWER_GPU})" if gpu and not is_older(packages[kept], device.GPU) else ""
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
