"""The exported files, run in one of the ways that they are deployed in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.core.jobs import PathJob, Ran
from paddledvc.core.samples import batch_of, one_of_each
from paddledvc.errors import Finding, InvalidInput
from paddledvc.tools import arrays
from paddledvc.tools.paddle import runtime, timing

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc.core.samples import Array, Case


def do(job: PathJob) -> Ran:
    """Run the exported files on the samples and write the outputs down.

    Raises:
        Finding: the files do not load or run in this way.
        MissingTool: the way needs a GPU that is not there.
    """
    cases = arrays.load(job.cases)
    device = job.device if job.path == "gpu" else "cpu"
    runtime.use_device(device)
    runtime.seed_all(0)  # asks CUDA for its deterministic kernels
    try:
        run = timing.Stopwatch(_loaded(job) if job.path == "jit" else _predictor(job))
        first = [run(case) for case in cases]
        batches = tuple(batch_of(case) for case in cases)
        again = one_of_each(batches)
        repeat = [run(cases[number]) for number in again]
        measured = run.latency(cases)
    except (RuntimeError, ValueError, NotImplementedError, TypeError, OSError) as error:
        raise Finding(_shorten(str(error))) from error
    arrays.save(job.outputs, [{str(i): array for i, array in enumerate(call)} for call in first])
    return Ran(
        outputs=tuple(str(index) for index in range(len(first[0]))),
        batches=batches,
        starts=(),
        repeatable=_bytes([first[number] for number in again]) == _bytes(repeat),
        latency=measured,
        runtime=runtime.describe(device),
    )


def _loaded(job: PathJob) -> Callable[[Case], list[Array]]:
    """Load the files as a layer, as a Python service would."""
    module = runtime.paddle()
    layer = module.jit.load(str(job.program))
    layer.eval()

    def run(case: Case) -> list[Array]:
        with module.no_grad():
            result = layer(*(module.to_tensor(array) for array in case.values()))
        outputs = result if isinstance(result, list | tuple) else [result]
        return [output.numpy() for output in outputs]

    return run


def _predictor(job: PathJob) -> Callable[[Case], list[Array]]:
    """Load the files into an inference predictor, as a server would."""
    from paddle import inference

    predictor = inference.create_predictor(_config(inference, job))

    def run(case: Case) -> list[Array]:
        for name in predictor.get_input_names():
            if name not in case:
                raise Finding(f"the program wants an input {name!r}, which models.yaml has not")
            predictor.get_input_handle(name).copy_from_cpu(case[name])
        predictor.run()
        names = predictor.get_output_names()
        return [predictor.get_output_handle(name).copy_to_cpu() for name in names]

    return run


def _config(inference: Any, job: PathJob) -> Any:
    program = next(
        (file for suffix in (".json", ".pdmodel") if (file := _with(job, suffix)).is_file()), None
    )
    if program is None:
        raise InvalidInput(f"there is no exported program {job.program}.json")
    config = inference.Config(str(program), str(_with(job, ".pdiparams")))
    config.disable_glog_info()
    threads = runtime.threads() if job.path == "predictor" else job.engine.threads
    config.set_cpu_math_library_num_threads(threads)
    if job.path == "gpu":
        config.enable_use_gpu(256, runtime.require_gpu(job.device))
    onednn = job.path == "deployed" and job.engine.onednn
    _set_onednn(config, on=onednn)
    if job.path == "predictor":
        # For Paddle 2's programs the passes that fuse and reorder are on without it.
        config.switch_ir_optim(program.suffix == ".json")
        return config
    if job.engine.memory_optim:
        if program.suffix == ".json":
            # Without it memory optimisation fails on every .json program (Paddle issue 75496).
            config.enable_new_executor()
        config.enable_memory_optim()
    if not job.engine.ir_optim:
        config.switch_ir_optim(False)
        # For .json programs Paddle 3 takes no notice of the switch, only of the level.
        if hasattr(config, "set_optimization_level"):
            config.set_optimization_level(0)
    return config


def _set_onednn(config: Any, *, on: bool) -> None:
    """Switch oneDNN, which Paddle 2 calls MKL-DNN."""
    for library in ("onednn", "mkldnn"):
        if switch := getattr(config, f"{'enable' if on else 'disable'}_{library}", None):
            switch()
            return


def _with(job: PathJob, suffix: str) -> Path:
    return Path(f"{job.program}{suffix}")


def _bytes(calls: list[list[Array]]) -> list[list[bytes]]:
    return [[array.tobytes() for array in call] for call in calls]


def _shorten(message: str) -> str:
    """Leave out Paddle's C++ stack and keep its summary."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    summaries = [line for line in lines if re.match(r"\w*Error\b|\(\w+\)|\[Hint", line)]
    return " ".join((summaries or lines or ["it failed without a message"])[:3])
