"""Verify networks of ``causes.py`` and tell the diagnosis: ``run_causes.py CASES ANSWERS``.

Paddle is imported once, and each step of verify runs in a fork of that process, which imports the
networks anew, as it would in a process of its own.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import paddle

import paddledvc
from paddledvc.errors import PaddleDVCError
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.building import exporting
from paddledvc.tools.paddle.core import jobs
from paddledvc.tools.paddle.diagnosing import diagnose, try_causes
from paddledvc.tools.paddle.running import reference_run, run_exported
from paddledvc.verification import compare

HERE = Path(__file__).parent
INPUTS = {"EngineInList": [("x", (None, 1, 4, 4), "float32")]}
"""What is not float32 of shape [batch, 4]."""
DOERS = {
    jobs.CauseJob: try_causes.try_causes,
    jobs.DescribeJob: exporting.describe_exported_program,
    jobs.DiagnoseJob: diagnose.diagnose_path,
    jobs.ExportJob: exporting.export_network,
    jobs.PathJob: run_exported.run_exported_path,
    jobs.ReferenceJob: reference_run.run_reference,
}


def fork_job(job: Any, answer: Any, **_: Any) -> Any:
    """Do a job in a fork: what run_job_in_process does in a new process."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.close(read)
        try:
            given = DOERS[type(job)](job)
        except PaddleDVCError as error:
            given = (type(error), str(error))
        except BaseException as error:  # noqa: BLE001 - told, and the child must end here
            given = (AssertionError, repr(error))
        with os.fdopen(write, "wb") as file:
            file.write(pickle.dumps(given))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        data = file.read()
    _, status = os.waitpid(child, 0)
    if not data:
        raise process._death(job, -os.WTERMSIG(status), "")
    given = pickle.loads(data)
    if isinstance(given, tuple):
        kind, text = given
        error = kind.__new__(kind)
        Exception.__init__(error, text)
        raise error
    assert isinstance(given, answer)
    return given


def verify_one(name: str, paths: tuple[Any, ...], export: str, weights: str) -> dict[str, Any]:
    """Verify a network, or files that were exported of one, and tell the diagnosis."""
    told = INPUTS.get(name, [("x", (None, 4), "float32")])
    report = paddledvc.verify_files(
        f"causes.py:{name}",
        export or None,
        weights=weights or None,
        inputs=[Input(name=one, shape=shape, dtype=dtype) for one, shape, dtype in told],
        settings=Verify(batch_sizes=(2,), paths=paths),
        root=HERE,
    )
    found = next((path.diagnosis for path in report.paths if path.diagnosis is not None), None)
    return {
        "verdict": report.verdict,
        **({} if found is None else asdict(found)),
        "said": str(found),
    }


def export_one(name: str, prefix: str, *, training: bool, seed: int) -> None:
    """Export a network as somebody might, and write its weights beside the files."""
    sys.path.insert(0, str(HERE))
    import causes  # noqa: PLC0415 - the forks import it anew

    paddle.seed(seed)
    layer = getattr(causes, name)()
    layer.train() if training else layer.eval()
    paddle.save(layer.state_dict(), f"{prefix}.pdparams")
    paddle.jit.save(layer, prefix, input_spec=[paddle.static.InputSpec([None, 4], "float32", "x")])


def main(cases: str, answers: str) -> None:
    """Do the cases of a file, each an object in JSON, and write a line for each."""
    process.run_job_in_process = fork_job
    compare.map_in_threads = lambda function, items, **_: tuple(map(function, items))
    with Path(answers).open("a") as file:
        for case in json.loads(Path(cases).read_text()):
            for one in case.pop("exports", ()):
                child = os.fork()
                if child == 0:
                    export_one(**one)
                    os._exit(0)
                os.waitpid(child, 0)
            print(json.dumps([case.pop("case"), verify_one(**case)]), file=file, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2])
