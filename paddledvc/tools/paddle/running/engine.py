"""Settings of Paddle's engine: oneDNN, GPU, TensorRT, a precision that is never another quietly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.samples import count_samples
from paddledvc.errors import Finding, InvalidInput, MissingTool
from paddledvc.models.verify_settings import ON_GPU
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.read_program import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.comparison.samples import Case
    from paddledvc.models.verify_settings import Precision
    from paddledvc.tools.paddle.core.jobs import PathJob

PADDLE = {"float32": "Float32", "bfloat16": "Bfloat16", "float16": "Half"}
"""Paddle's names for the precisions."""
BF16_PASS = "cpu_bfloat16_pass"  # noqa: S105 - a pass over a program
"""What puts bfloat16 kernels into a program for the CPU."""
WORKSPACE = 1 << 30
"""Bytes of GPU memory that TensorRT may use to choose kernels."""
SMALLEST = 3
"""Operators that a part of the program has at least to be given to TensorRT; Paddle's default."""
MODES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16"}
"""The names of the precisions in ``paddle.tensorrt``."""
ENGINE = "tensorrt_engine"
"""The operation that stands in a program for a part that TensorRT does."""
POOL = 256
"""MiB of GPU memory that Paddle's pool begins with."""
CAPABILITIES = {"bfloat16": (8, 0), "float16": (5, 3)}
"""The compute capability from which on a GPU computes in a precision."""
NOTHING = f"TensorRT takes no part of the program that has {SMALLEST} operators or more"


def require_engine(job: PathJob) -> None:
    """See that there is an engine for the path, in the precision that is asked for.

    Raises:
        InvalidInput: there is no such engine.
        MissingTool: this CPU, this GPU or this Paddle cannot do it.
    """
    if job.path == "tensorrt":
        _require_tensorrt()
    if job.path in ON_GPU:
        _require_on_gpu(job.device, job.engine.precision)
    elif job.path == "deployed" and job.engine.precision != "float32":
        _require_on_cpu(job, job.engine.precision)


def _require_tensorrt() -> None:
    runtime.import_paddle()
    from paddle import inference

    if not any(inference.get_trt_compile_version()):  # (0, 0, 0) where there is none
        version = runtime.import_paddle().__version__
        raise MissingTool(
            "the path tensorrt needs a GPU, and a Paddle that is built with TensorRT, which Paddle "
            f"{version} here is not; run it in an image of Paddle with TensorRT"
        )


def _require_on_gpu(device: str, wanted: Precision) -> None:
    number = runtime.require_runtime_gpu(device)
    needs = CAPABILITIES.get(wanted)
    if needs is None:
        return
    cuda = runtime.import_paddle().device.cuda
    has = tuple(cuda.get_device_capability(number))
    if has < needs:
        name = cuda.get_device_name(number)
        raise MissingTool(
            f"engine.precision is {wanted}, which needs a GPU of compute capability "
            f"{_dotted(needs)} or later; {device} ({name}) has {_dotted(has)}"
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _require_on_cpu(job: PathJob, wanted: Precision) -> None:
    if wanted == "float16":
        raise InvalidInput(
            "engine.precision is float16, which Paddle computes in on GPUs only; set bfloat16, or "
            "leave the path deployed out and take gpu or tensorrt"
        )
    if not job.engine.onednn:
        raise InvalidInput(
            "engine.precision is bfloat16, which a CPU computes in with oneDNN only; "
            "leave onednn: false out"
        )
    if not _core().supports_bfloat16():
        # Paddle itself would take float32 and say so in a log.
        raise MissingTool(
            "engine.precision is bfloat16, which needs a CPU with AVX-512; this one has none"
        )


def make_engine_config(inference: Any, program: Path) -> Any:
    """Make the configuration of a predictor that loads a program and the weights beside it."""
    weights = program.with_suffix(WEIGHTS)
    # The empty name is for a program without parameters, whose weights were never written.
    config = inference.Config(str(program), str(weights) if weights.is_file() else "")
    config.disable_glog_info()
    return config


def switch_engine_to_gpu(inference: Any, config: Any, job: PathJob) -> None:
    """Let a predictor run on the GPU of a job.

    Raises:
        MissingTool: there is none, or Paddle does not use it.
    """
    # What TensorRT computes in is its own setting.
    wanted = "float32" if job.path == "tensorrt" else job.engine.precision
    precision = paddle_engine_precision(inference, wanted)
    config.enable_use_gpu(POOL, runtime.require_runtime_gpu(job.device), precision)
    if not config.use_gpu():  # of which Paddle says no more than a line in a log
        version = runtime.import_paddle().__version__
        raise MissingTool(f"Paddle {version} here does not switch {job.device} on")


def set_engine_precision(config: Any, wanted: Precision) -> None:
    """Let oneDNN compute in bfloat16, where that is asked for.

    Raises:
        MissingTool: Paddle does not do it.
    """
    if wanted != "bfloat16":
        return
    switch = getattr(config, "enable_onednn_bfloat16", None) or config.enable_mkldnn_bfloat16
    switch()
    if BF16_PASS not in config.pass_builder().all_passes():
        version = runtime.import_paddle().__version__
        raise MissingTool(
            f"engine.precision is bfloat16, which Paddle {version} here does not switch on; "
            "set float32, or install a Paddle that is built with oneDNN"
        )


def set_engine_onednn(config: Any, *, on: bool) -> None:
    """Switch oneDNN, which Paddle 2 calls MKL-DNN."""
    for library in ("onednn", "mkldnn"):
        if switch := getattr(config, f"{'enable' if on else 'disable'}_{library}", None):
            switch()
            return


def paddle_engine_precision(inference: Any, wanted: Precision) -> Any:
    """Return Paddle's own value for a precision."""
    return getattr(inference.PrecisionType, PADDLE[wanted])


def _core() -> Any:
    from paddle.base import core

    return core


def prepare_engine_program(job: PathJob, program: Path, cases: Sequence[Case]) -> Path:
    """Make of the program what the predictor is to load.

    A ``.json`` program is converted, and its engines are built, before it is loaded. A ``.pdmodel``
    stays as it is: its engines are built as it is loaded.

    Args:
        job: how the program is run.
        program: the file of the program.
        cases: the calls, whose shapes the engines must be able to take.

    Raises:
        MissingTool: the Python package of TensorRT is not installed.
        Finding: TensorRT can do nothing of it.
        InvalidInput: the GPU is not the first that is visible, or the settings leave TensorRT out.
    """
    if program.suffix != ".json":
        if not job.engine.ir_optim:
            raise InvalidInput(
                "engine.ir_optim is false, without which Paddle gives no part of a .pdmodel "
                "program to TensorRT; leave ir_optim out, or the path tensorrt"
            )
        return program
    if runtime.require_runtime_gpu(job.device) != 0:
        number = job.device.partition(":")[2]
        raise InvalidInput(
            f"Paddle converts a .json program for TensorRT on the first GPU only; set "
            f"CUDA_VISIBLE_DEVICES={number} and device: gpu"
        )
    try:
        from paddle.tensorrt.export import Input, PrecisionMode, TensorRTConfig, convert
    except ModuleNotFoundError as error:
        raise MissingTool(
            f"the path tensorrt needs the Python package {error.name}; install the TensorRT that "
            "Paddle is built with, for example from its Docker image"
        ) from error
    made = Path(job.outputs).with_name("tensorrt") / "inference"
    made.parent.mkdir(exist_ok=True)
    config = TensorRTConfig(
        inputs=[
            # The type is that of the samples; any that is stated only gives a warning.
            Input(warmup_data=tuple(case[name] for case in cases), name=name, input_data_type=None)
            for name in cases[0]
        ],
        min_subgraph_size=SMALLEST,
        workspace_size=WORKSPACE,
        precision_mode=PrecisionMode[MODES[job.engine.precision]],
        save_model_dir=str(made),
    )
    converted = convert(str(job.program), config)
    if all(op.name() != f"pd_op.{ENGINE}" for op in converted.global_block().ops):
        raise Finding(NOTHING)
    return made.with_suffix(".json")


def enable_tensorrt_engine(
    inference: Any, config: Any, job: PathJob, program: Path, cases: Sequence[Case]
) -> None:
    """Give the parts of a ``.pdmodel`` program to TensorRT that it can do.

    Args:
        inference: Paddle's inference library.
        config: the configuration of the predictor, with the GPU switched on.
        job: how the program is run.
        program: the file that ``prepare_engine_program`` returned.
        cases: the calls; a first run on them tells the shapes of everything inside.

    Raises:
        MissingTool: Paddle does not do it.
    """
    if program.suffix == ".json":
        return
    shapes = Path(job.outputs).with_suffix(".shapes")
    _collect(inference, job, program, cases, shapes)
    config.enable_tensorrt_engine(
        workspace_size=WORKSPACE,
        max_batch_size=max(count_samples(case) for case in cases),
        min_subgraph_size=SMALLEST,
        precision_mode=paddle_engine_precision(inference, job.engine.precision),
        use_static=False,  # keep no engine on the disk
        use_calib_mode=False,  # which is for int8
    )
    allow_build_at_runtime = True
    config.enable_tuned_tensorrt_dynamic_shape(str(shapes), allow_build_at_runtime)
    # This is of the switch only; require_tensorrt_part sees whether anything ran there.
    if not config.tensorrt_engine_enabled():
        raise MissingTool(f"Paddle {runtime.import_paddle().__version__} here leaves TensorRT off")


def _collect(
    inference: Any, job: PathJob, program: Path, cases: Sequence[Case], shapes: Path
) -> None:
    """Run the program on the plain GPU and write the ranges of all shapes down."""
    config = make_engine_config(inference, program)
    set_engine_onednn(config, on=False)
    switch_engine_to_gpu(inference, config, job)
    config.collect_shape_range_info(str(shapes))
    predictor = inference.create_predictor(config)
    for case in cases:
        for name in predictor.get_input_names():
            predictor.get_input_handle(name).copy_from_cpu(case[name])
        predictor.run()
    # The file is written as the predictor ends.
    del predictor


def require_tensorrt_part(predictor: Any, run: Callable[[], object]) -> None:
    """See that TensorRT runs a part of a ``.pdmodel`` program: the predictor tells what it runs.

    It goes on telling, which takes time, so this comes after all that is measured.

    Args:
        predictor: what is asked.
        run: one call of it.

    Raises:
        Finding: TensorRT runs no part of it.
    """
    seen: set[str] = set()
    predictor.register_output_hook(lambda operation, *_: seen.add(operation))
    run()
    if ENGINE not in seen:
        raise Finding(f"{NOTHING}; what ran is {', '.join(sorted(seen)) or 'unknown'}")
