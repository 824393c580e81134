"""Run one way to compute layers of the corpus, in this process: ``run.py WAY FOLDER [NAME ...]``.

Each layer is weighed by the code that verify runs, one after the other, for to import Paddle for
each of them would take longer than all the rest. Those that are named were done before.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import layers
import paddle

from paddledvc.errors import PaddleDVCError
from paddledvc.models.model import Input, Reference
from paddledvc.models.verify_settings import Engine
from paddledvc.tools.paddle.building import exporting
from paddledvc.tools.paddle.core.jobs import ExportJob, Network, PathJob, ReferenceJob
from paddledvc.tools.paddle.running import reference_run, run_exported

LAYERS = Path(layers.__file__)
NAMES = [
    name
    for name, value in vars(layers).items()
    if isinstance(value, type) and value.__module__ == "layers" and name != "Base"
]


def inputs(name: str) -> tuple[Input, ...]:
    told = layers.INPUTS.get(name, [("x", (None, 4), "float32")])
    return tuple(Input(name=one, shape=shape, dtype=dtype) for one, shape, dtype in told)


def network(name: str, folder: Path) -> Network:
    weights = folder / name / "weights.pdparams"
    return Network(
        root=LAYERS.parent,
        reference=Reference.parse(f"layers.py:{name}"),
        arguments={},
        weights=weights if weights.exists() else None,
    )


def export_one(name: str, folder: Path) -> None:
    here = folder / name
    (here / "export").mkdir(parents=True)
    paddle.seed(7)
    layer = getattr(layers, name)()
    if state := layer.state_dict():
        paddle.save(state, str(here / "weights.pdparams"))
    allow = ("in-place", "branch-types")
    job = ExportJob(
        network=network(name, folder), inputs=inputs(name), allow=allow, folder=here / "export"
    )
    exporting.export_network(job)


def eager_one(name: str, folder: Path) -> Any:
    here = folder / name
    job = ReferenceJob(
        network=network(name, folder),
        inputs=inputs(name),
        samples=None,
        input_size=(),
        batch_sizes=(1, 3, 8),
        seed=0,
        cases=here / "cases.npz",
        outputs=here / "eager.npz",
    )
    ran = reference_run.run_reference(job)
    return {"outputs": ran.outputs, "batches": ran.batches, "repeatable": ran.repeatable}


def path_one(path: Any, name: str, folder: Path) -> None:
    here = folder / name
    job = PathJob(
        path=path,
        program=here / "export" / "inference",
        cases=here / "cases.npz",
        outputs=here / f"{path}.npz",
        engine=Engine(),
        device="gpu",
    )
    run_exported.run_exported_path(job)


def outcome(way: str, name: str, folder: Path) -> Any:
    try:
        if way == "export":
            return export_one(name, folder)
        if way == "eager":
            return eager_one(name, folder)
        return path_one(way, name, folder)
    except PaddleDVCError as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    except FileNotFoundError as error:
        return {"failed": f"FileNotFoundError: {error.filename}"}


def main(way: str, folder: Path, *done: str) -> None:
    """Add to ``WAY.jsonl`` that a layer ends the process, and then what became of it instead."""
    with (folder / f"{way}.jsonl").open("a") as file:
        for name in NAMES:
            if name not in done:
                print(json.dumps([name, {"died": ""}]), file=file, flush=True)
                print(json.dumps([name, outcome(way, name, folder)]), file=file, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
