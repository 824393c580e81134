"""The exported files, run in one of the ways that they are deployed in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.samples import (
    count_samples,
    describe_sample_edge,
    describe_sample_shapes,
    pick_samples_to_repeat,
)
from paddledvc.errors import Finding, InvalidInput
from paddledvc.models.verify_settings import ON_GPU
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import runtime, state_dict
from paddledvc.tools.paddle.core.jobs import Ran
from paddledvc.tools.paddle.running import engine, onnx, timing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.tools.paddle.core.jobs import PathJob

FAILS = (RuntimeError, ValueError, NotImplementedError, TypeError, OSError)
"""What Paddle raises where it cannot load or run a program."""


def run_exported_path(job: PathJob) -> Ran:
    """Run the exported files on the samples and write the outputs down.

    Raises:
        Finding: the files do not load or run in this way.
        InvalidInput: there is no program, or no engine for what is asked for.
        MissingTool: the way needs something that is not there, such as a GPU.
    """
    costs = timing.Costs()
    runtime.import_paddle()
    costs.done("import")
    engine.require_engine(job)
    cases = arrays.load_arrays(job.cases)
    device = job.device if job.path in ON_GPU else "cpu"
    runtime.use_runtime_device(device)
    runtime.seed_runtime(0)  # asks CUDA for its deterministic kernels
    try:
        run = timing.Stopwatch(load_exported_path(job, cases))
        costs.done("load")
        first = _run_all(run, cases, job.edges)
        batches = tuple(count_samples(case) for case in cases)
        again = pick_samples_to_repeat(batches)
        repeat = [run(cases[number]) for number in again]
        costs.done("calls")
        measured = run.latency(cases)
        costs.done("latency")
    except FAILS as error:
        raise Finding(runtime.shorten_runtime_message(str(error))) from error
    arrays.save_arrays(
        job.outputs, [{str(i): array for i, array in enumerate(call)} for call in first]
    )
    return Ran(
        outputs=tuple(str(index) for index in range(len(first[0]))),
        batches=batches,
        starts=(),
        repeatable=_bytes([first[number] for number in again]) == _bytes(repeat),
        latency=measured,
        runtime=runtime.describe_runtime(device),
        cost=costs.cost(),
    )


def _run_all(
    run: Callable[[Case], list[Array]], cases: list[Case], edges: tuple[str, ...]
) -> list[list[Array]]:
    """Run every call; where a later one fails, say which."""
    found = []
    for number, case in enumerate(cases):
        try:
            found.append(run(case))
        except FAILS as error:
            later = f" at {describe_sample_shapes(case)}" if number else ""
            where = describe_sample_edge(edges[number] if edges else "") or later
            raise Finding(f"{runtime.shorten_runtime_message(str(error))}{where}") from error
    return found


def load_exported_path(job: PathJob, cases: Sequence[Case]) -> Callable[[Case], list[Array]]:
    """Load the exported files to be run in the way of a path.

    Args:
        job: what to run, and how.
        cases: the calls to come, whose shapes TensorRT must know; the others take any.
    """
    if job.path == "jit":
        return _layer(job)
    if job.path == "onnx":
        return onnx.load_onnx(job, _program(job))
    return _predictor(job, cases)


def _layer(job: PathJob) -> Callable[[Case], list[Array]]:
    """Load the files as a layer, as a Python service would."""
    module = runtime.import_paddle()
    state_dict.require_plain_state_dict(job.program)
    layer = module.jit.load(str(job.program))
    layer.eval()

    def run(case: Case) -> list[Array]:
        with module.no_grad():
            result = layer(*(module.to_tensor(array) for array in case.values()))
        outputs = result if isinstance(result, list | tuple) else [result]
        return [output.numpy() for output in outputs]

    return run


def _predictor(job: PathJob, cases: Sequence[Case]) -> Callable[[Case], list[Array]]:
    """Load the files into an inference predictor, as a server would."""
    from paddle import inference

    predictor = inference.create_predictor(_config(inference, job, cases))

    def run(case: Case) -> list[Array]:
        for name in predictor.get_input_names():
            if name not in case:
                raise Finding(f"the program wants an input {name!r}, which models.yaml has not")
            predictor.get_input_handle(name).copy_from_cpu(case[name])
        predictor.run()
        names = predictor.get_output_names()
        return [predictor.get_output_handle(name).copy_to_cpu() for name in names]

    return run


def _program(job: PathJob) -> Path:
    for suffix in (".json", ".pdmodel"):
        if (file := Path(f"{job.program}{suffix}")).is_file():
            return file
    raise InvalidInput(f"there is no exported program {job.program}.json")


def _config(inference: Any, job: PathJob, cases: Sequence[Case]) -> Any:
    program = _program(job)
    if job.path == "tensorrt":
        program = engine.prepare_engine_program(job, program, cases)
    config = inference.Config(str(program), str(program.with_suffix(".pdiparams")))
    config.disable_glog_info()
    # As many as the dynamic network has: with another number sums round otherwise.
    threads = runtime.count_runtime_threads() if job.path == "predictor" else job.engine.threads
    config.set_cpu_math_library_num_threads(threads)
    # Without it, and it is on by default, a predictor repeats the dynamic network bit for bit.
    engine.set_engine_onednn(config, on=job.path == "deployed" and job.engine.onednn)
    if job.path == "predictor":
        # For Paddle 2's programs the passes that fuse and reorder are on without it.
        config.switch_ir_optim(program.suffix == ".json")
        return config
    if job.path == "deployed":
        engine.set_engine_precision(config, job.engine.precision)
    else:
        _use_gpu(inference, config, job)
    if job.path == "tensorrt":
        engine.enable_tensorrt_engine(inference, config, job, program, cases)
    _optimise(config, job, program)
    return config


def _use_gpu(inference: Any, config: Any, job: PathJob) -> None:
    # What TensorRT computes in is its own setting.
    wanted = "float32" if job.path == "tensorrt" else job.engine.precision
    precision = engine.paddle_engine_precision(inference, wanted)
    # 256 MiB is what the pool of memory begins with.
    config.enable_use_gpu(256, runtime.require_runtime_gpu(job.device), precision)


def _optimise(config: Any, job: PathJob, program: Path) -> None:
    if job.engine.memory_optim:
        if program.suffix == ".json":
            # Without it memory optimisation fails on every .json program
            # (PaddlePaddle/Paddle#75496).
            config.enable_new_executor()
        config.enable_memory_optim()
    if not job.engine.ir_optim:
        config.switch_ir_optim(False)
        # For .json programs Paddle 3 takes no notice of the switch, only of the level.
        if hasattr(config, "set_optimization_level"):
            config.set_optimization_level(0)


def _bytes(calls: list[list[Array]]) -> list[list[bytes]]:
    return [[array.tobytes() for array in call] for call in calls]
