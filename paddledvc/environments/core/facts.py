"""What runs here beside what is stated, fact by fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc import names
from paddledvc.errors import NO_PADDLE
from paddledvc.models.images import compare_images, matches_image_paddle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.environments.core.chosen import Chosen

FactState = Literal["equal", "differs", "unknown", "not stated"]
CPU_BUILD = "none, this Paddle is the CPU build"


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What runs here; None for what could not be found out.

    Attributes:
        python: version of Python.
        paddle: version of Paddle.
        why: why there is no Paddle.
        cuda: version of CUDA that Paddle is built with; empty for the CPU build.
        cuda_runtime: version of CUDA's library that Paddle has loaded.
        cudnn: version of cuDNN that Paddle has loaded, else of the one it is built with; empty for
            the CPU build.
        driver: version of NVIDIA's driver.
        driver_cuda: the newest CUDA that the driver runs.
        image: what ``PADDLEDVC_IMAGE`` says.
    """

    python: str
    paddle: str | None = None
    why: str = NO_PADDLE
    cuda: str | None = None
    cuda_runtime: str | None = None
    cudnn: str | None = None
    driver: str | None = None
    driver_cuda: str | None = None
    image: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that is stated of an environment, and what is here.

    Attributes:
        name: for example ``Paddle``.
        state: whether they are equal; as far as digits are stated, of versions.
        stated: what models.yaml, or the tag of the image, says; None where neither does.
        found: what is here; None where that could not be found out.
        why: why that is, or what to do about it, as a sentence; empty where there is nothing to
            say.
    """

    name: str
    state: FactState
    stated: str | None
    found: str | None
    why: str = ""


def compare_facts(chosen: Chosen, running: Running) -> tuple[Fact, ...]:
    """Compare what runs here with what is stated, in the order in which people read it."""
    return tuple(_facts(chosen, running))


def _facts(chosen: Chosen, running: Running) -> Iterator[Fact]:
    environment = chosen.environment
    yield _image(chosen, running)
    yield _fact("Python", environment.python, running.python)
    yield _fact("Paddle", environment.paddle, running.paddle, running.why)
    yield _cuda(chosen.cuda, running)
    unknown = running.why if running.paddle is None else "Paddle does not say which cuDNN it has"
    found = CPU_BUILD if running.cudnn == "" else running.cudnn
    yield _fact("cuDNN", chosen.cudnn, found, unknown)
    yield _driver(chosen.cuda, running)


def _fact(name: str, stated: str | None, found: str | None, unknown: str = "") -> Fact:
    if stated is None:
        return Fact(name=name, state="not stated", stated=None, found=found)
    if found is None:
        return Fact(name=name, state="unknown", stated=stated, found=None, why=unknown)
    same = matches_image_paddle(found, stated)
    return Fact(name=name, state="equal" if same else "differs", stated=stated, found=found)


def _cuda(stated: str | None, running: Running) -> Fact:
    """Compare the CUDA that Paddle is built with, and the one that it has loaded."""
    unknown = running.why if running.paddle is None else "Paddle does not say which CUDA it has"
    found = CPU_BUILD if running.cuda == "" else running.cuda
    built = _fact("CUDA", stated, found, unknown)
    loaded = running.cuda_runtime
    if stated is None or loaded is None or built.state != "equal":
        return built
    if matches_image_paddle(loaded, stated):
        return built
    why = "Paddle is built with the one and has loaded the other; look at LD_LIBRARY_PATH"
    both = f"{found}, loaded {loaded}"
    return Fact(name="CUDA", state="differs", stated=stated, found=both, why=why)


def _driver(cuda: str | None, running: Running) -> Fact:
    """Tell whether the driver runs a CUDA: one of a major version runs all of that and older."""
    found = ", ".join(
        filter(None, (running.driver, running.driver_cuda and f"CUDA {running.driver_cuda}"))
    )
    if cuda is None:
        return Fact(name="driver", state="not stated", stated=None, found=found or None)
    stated = f"one that runs CUDA {cuda.partition('.')[0]}"
    if running.driver_cuda is None:
        why = (
            "the driver does not say which CUDA it runs"
            if running.driver is not None
            else "NVIDIA's driver was not found; start the container with `--gpus all`"
        )
        return Fact(name="driver", state="unknown", stated=stated, found=found or None, why=why)
    newest, wanted = (int(one.partition(".")[0]) for one in (running.driver_cuda, cuda))
    state: FactState = "equal" if newest >= wanted else "differs"
    why = "" if state == "equal" else "install a newer driver on the host"
    return Fact(name="driver", state=state, stated=stated, found=found, why=why)


def _image(chosen: Chosen, running: Running) -> Fact:
    stated, found, why = chosen.image, running.image, ""
    if stated is None:
        return Fact(name="image", state="not stated", stated=None, found=found)
    if found is None:
        why = (
            f"{names.IMAGE_VARIABLE} is not set; start the container by the lines of "
            "`paddledvc env docker`, which set it"
        )
        return Fact(name="image", state="unknown", stated=stated, found=None, why=why)
    state = compare_images(found, stated, chosen.mirrors)
    if state == "unknown":
        why = "one of them has no digest, and a tag may have moved"
    elif state == "differs":
        why = "start the container that `paddledvc env docker` names"
    return Fact(name="image", state=state, stated=stated, found=found, why=why)
