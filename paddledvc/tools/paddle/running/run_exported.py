"""The exported files, run in one of the ways that they are deployed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.samples import (
    count_samples,
    describe_sample_edge,
    describe_sample_shapes,
    pick_samples_to_repeat,
)
from paddledvc.errors import Finding
from paddledvc.models.verify_settings import ON_GPU
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import runtime, state_dict
from paddledvc.tools.paddle.core.jobs import Ran
from paddledvc.tools.paddle.read_program import explain_program_order, find_program_file
from paddledvc.tools.paddle.running import engine, onnx, timing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.tools.paddle.core.jobs import PathJob

FAILS = (RuntimeError, ValueError, NotImplementedError, TypeError, OSError)
"""What Paddle raises where it cannot load or run a program."""


FED = ("bool", "int8", "uint8", "int32", "int64", "float16", "float32", "float64")
"""What ``copy_from_cpu`` takes; of an array of another type it makes int32 without a word."""
GIVEN_BACK = re.compile(r"More than one shadow output named with (?P<name>\S+) found")
"""What a predictor says of a program of which an output is an input, or that input times 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """Exported files that are ready to be called.

    Attributes:
        run: computes the outputs of a call.
        prove: raises ``Finding`` where something else ran than was asked for; called last.
    """

    run: Callable[[Case], list[Array]]
    prove: Callable[[], None] = lambda: None


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
        loaded = load_exported_path(job, cases)
        run = timing.Stopwatch(loaded.run)
        costs.done("load")
        first = _run_all(run, cases, job.edges)
        batches = tuple(count_samples(case) for case in cases)
        again = pick_samples_to_repeat(batches)
        repeat = [run(cases[number]) for number in again]
        costs.done("calls")
        measured = run.latency(cases)
        loaded.prove()
        costs.done("latency")
    except FAILS as error:
        raise Finding(_explain(str(error))) from error
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
            raise Finding(f"{_explain(str(error))}{where}") from error
    return found


def _explain(message: str) -> str:
    short = runtime.shorten_runtime_message(message)
    if found := GIVEN_BACK.search(message):
        name = found["name"]
        return (
            f"the program gives its input {name} back unchanged, which Paddle's predictors refuse "
            "(of an input plus a number jit.save drops the number); leave that out of the outputs, "
            f"or give back a copy, made by .clone() ({short})"
        )
    return short


def load_exported_path(job: PathJob, cases: Sequence[Case]) -> Loaded:
    """Load the exported files to be run in the way of a path.

    Args:
        job: what to run, and how.
        cases: the calls to come, whose shapes TensorRT must know; the others take any.

    Raises:
        Finding: the files do not load, or would give the outputs in another order.
        InvalidInput: there is no program, or it lacks its weights.
    """
    program = find_program_file(job.program)
    if job.path == "jit":
        return Loaded(run=_layer(job, program))
    if job.path == "onnx":
        return Loaded(run=onnx.load_onnx(job, program))
    return _predictor(job, program, cases)


def _layer(job: PathJob, program: Path) -> Callable[[Case], list[Array]]:
    """Load the files as a layer, as a Python service would.

    Raises:
        Finding: it would return the outputs in another order.
    """
    module = runtime.import_paddle()
    state_dict.require_plain_state_dict(job.program)
    if why := explain_program_order(program):
        raise Finding(why)
    layer = module.jit.load(str(job.program))
    layer.eval()

    names = _input_names(layer)

    def run(case: Case) -> list[Array]:
        given = [case[name] for name in names] if {*names} == {*case} else [*case.values()]
        with module.no_grad():
            result = layer(*(module.to_tensor(array) for array in given))
        outputs = result if isinstance(result, list | tuple) else [result]
        return [output.numpy() for output in outputs]

    return run


def _input_names(layer: Any) -> list[str]:
    """List the inputs of loaded files in their order: of a dict, that of its keys."""
    try:
        return [spec.name for spec in layer._input_spec()]  # noqa: SLF001 - nothing else tells
    except (AttributeError, *FAILS):  # of Paddle 2's format under Paddle 3
        return []


def _predictor(job: PathJob, program: Path, cases: Sequence[Case]) -> Loaded:
    """Load the files into an inference predictor, as a server would."""
    from paddle import inference

    predictor = inference.create_predictor(_config(inference, job, program, cases))

    def run(case: Case) -> list[Array]:
        for name in predictor.get_input_names():
            if name not in case:
                raise Finding(
                    f"the exported program expects an input {name!r} that models.yaml does not "
                    "declare"
                )
            if case[name].dtype.name not in FED:
                raise Finding(
                    f"Paddle's predictors take no {case[name].dtype} inputs, as {name} is; let the "
                    "network take int32 and cast it by itself"
                )
            predictor.get_input_handle(name).copy_from_cpu(case[name])
        predictor.run()
        names = predictor.get_output_names()
        return [predictor.get_output_handle(name).copy_to_cpu() for name in names]

    if job.path == "tensorrt" and program.suffix == ".pdmodel":
        prove = partial(engine.require_tensorrt_part, predictor, partial(run, cases[0]))
        return Loaded(run=run, prove=prove)
    return Loaded(run=run)


def _config(inference: Any, job: PathJob, program: Path, cases: Sequence[Case]) -> Any:
    if job.path == "tensorrt":
        program = engine.prepare_engine_program(job, program, cases)
    config = engine.make_engine_config(inference, program)
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
        engine.switch_engine_to_gpu(inference, config, job)
    if job.path == "tensorrt":
        engine.enable_tensorrt_engine(inference, config, job, program, cases)
    _optimise(config, job, program)
    return config


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
