"""Paddle and GPUs, and whether they are what models.yaml asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core.diagnosis import Check
from paddledvc.errors import NO_PADDLE, PaddleDVCError
from paddledvc.tools import device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.diagnosis import State
    from paddledvc.core.model import Model
    from paddledvc.project import Project
    from paddledvc.tools.device import Paddle

GPU_BUILD = "install the paddlepaddle-gpu that fits your CUDA instead of paddlepaddle"


def checks(project: Project) -> Iterator[Check]:
    """Look at Paddle and the GPUs."""
    models = _models(project)
    gpus = device.driver(project.root)
    if gpus is not None:
        found = "; ".join(gpus) or "nvidia-smi is there and finds none"
        yield Check(topic="GPU", name="driver", state="ok" if gpus else "warning", found=found)
    packages = device.installed()
    if len(packages) > 1:
        yield _paddle(
            "problem",
            f"{' and '.join(packages)} are installed over each other",
            "pip uninstall paddlepaddle paddlepaddle-gpu, then install the one you need",
        )
    elif not packages:
        needed = [one.name for one in models if one.network is not None or one.train is not None]
        who = f", and {needed[0]} needs it" if needed else ""
        yield _paddle(
            "problem" if needed else "ok",
            f"not installed{who}",
            NO_PADDLE.partition("; ")[2] if needed else "",
        )
    else:
        yield from _build(project, device.paddle(project.root), models)


def _models(project: Project) -> tuple[Model, ...]:
    try:
        return project.registry().models
    except PaddleDVCError:  # another check says so
        return ()


def _paddle(state: State, found: str, advice: str = "") -> Check:
    return Check(topic="GPU", name="Paddle", state=state, found=found, advice=advice)


def _build(project: Project, found: Paddle | str, models: tuple[Model, ...]) -> Iterator[Check]:
    if isinstance(found, str):
        yield _paddle("problem", f"cannot be imported: {found}", 'python -c "import paddle"')
        return
    build = f"GPU build, {len(found.gpus)} GPUs" if found.cuda else "CPU build"
    yield _paddle("ok", f"{found.version}, {build}{_named(found.gpus)}")
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


def _named(gpus: tuple[str, ...]) -> str:
    return f": {', '.join(dict.fromkeys(gpus))}" if gpus else ""


def _asks_for_gpu(project: Project, model: Model) -> bool:
    try:
        verify = project.verify_settings(model)
    except PaddleDVCError:
        verify = model.verify
    train = model.train
    return verify.device != "cpu" or (train is not None and train.device != "cpu")
