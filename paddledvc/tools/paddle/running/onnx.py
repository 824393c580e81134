"""The exported program as ONNX: converted by paddle2onnx, run by ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING, Any

from paddledvc.errors import Finding, MissingTool
from paddledvc.tools.paddle.building import runtime

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.tools.paddle.core.jobs import PathJob

OPSET = 17
"""Version of ONNX's operators; the converter takes a newer one where an operator asks for it."""
INSTALL = "run `pip install 'paddledvc[onnx]'`"


def load_onnx(job: PathJob, program: Path) -> Callable[[Case], list[Array]]:
    """Convert the files and load them into ONNX Runtime.

    Raises:
        Finding: the converter or ONNX Runtime refuses them.
        MissingTool: one of the two is not installed, or does not go with this Paddle.
    """
    converter, onnxruntime = _tools()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.engine.threads
    options.log_severity_level = 3  # its warnings are about the shape of the file
    model = _converted(converter, program)
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # Its errors have no base but Exception.
        raise Finding(
            f"ONNX Runtime does not load what paddle2onnx makes of it: {error}"
        ) from error
    wanted = [item.name for item in session.get_inputs()]

    def run(case: Case) -> list[Array]:
        if missing := [name for name in wanted if name not in case]:
            raise Finding(
                f"the exported program expects an input {missing[0]!r} that models.yaml does not "
                "declare"
            )
        try:
            found: list[Array] = session.run(None, {name: case[name] for name in wanted})
        except Exception as error:
            raise Finding(f"ONNX Runtime does not run it: {error}") from error
        return found

    return run


def _tools() -> tuple[Any, Any]:
    try:
        import onnxruntime
        import paddle2onnx
    except ModuleNotFoundError as error:
        how = INSTALL
        if error.name == "paddle2onnx" and sys.version_info >= (3, 13):
            how = "it has no wheels for Python 3.13, so use Python 3.12 or older"
        raise MissingTool(f"the path onnx needs {error.name}; {how}") from error
    except (ImportError, ValueError) as error:
        # It refuses a Paddle that is too old as it is imported.
        version = runtime.import_paddle().__version__
        how = "run `pip install 'paddle2onnx<2'`" if version.startswith("2.") else str(error)
        raise MissingTool(
            f"the installed paddle2onnx is not compatible with Paddle {version}: {how}"
        ) from error
    return paddle2onnx, onnxruntime


def _converted(converter: Any, program: Path) -> bytes:
    """Convert the files in memory: into a file, the converter would install packages to fold it."""
    weights = program.with_name(f"{program.stem}.pdiparams")
    given = str(weights) if weights.is_file() else ""
    # It aborts the process where it lacks an operator, after which Paddle's own words about that
    # would hide those of the converter.
    runtime.import_paddle().disable_signal_handler()
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            model = converter.export(str(program), given, None, opset_version=OPSET)
        except SystemExit as error:
            # It catches what goes wrong, prints it and ends the process.
            cause = error.__context__ or error
            raise Finding(f"paddle2onnx does not convert it: {cause}") from cause
    if not model:
        raise Finding("paddle2onnx does not convert it, and does not say why")
    return bytes(model)
