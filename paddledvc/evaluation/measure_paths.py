"""The processes that measure a model in every way, and what they found put together."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import OutsideFailure, UserCodeFailed
from paddledvc.evaluation.core import summary
from paddledvc.evaluation.core.measured import NETWORK, Measured
from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import Reference
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.code.source_files import source_files_of_code
from paddledvc.tools.git.project_files import read_project_file
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import Evaluated, EvaluateJob, Network, PathJob
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.models.model import Model
    from paddledvc.models.verify_settings import Engine
    from paddledvc.project import Inputs, Project

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bytes:
    """What is measured of a model.

    Attributes:
        version: what models.yaml asks for, where it is from.
        network: the dynamic network, with the file of its weights.
        program: folder of the exported files; None where the network alone is measured.
        files: what is hashed, by the path that it has in a project.
    """

    version: str
    network: Network
    program: Path | None
    files: Mapping[str, Path]


def measure_paths(
    inputs: Inputs,
    model: Model,
    settings: Evaluate,
    given: Bytes,
    *,
    limit: int | None = None,
) -> tuple[Mapping[str, Evaluated], Measured]:
    """Measure the network and each way to run the exported files, one after another.

    Args:
        inputs: the files of the project.
        model: the model.
        settings: how it is measured.
        given: what is measured.
        limit: samples to take, instead of what params.yaml says.

    Returns:
        What each process found, by path, the network first; and all of it put together.

    Raises:
        UserCodeFailed: the function failed, or did not measure the same in every way.
        OutsideFailure: somebody wrote what is measured meanwhile.
    """
    project = inputs.project
    params = dict(project.section(model, "evaluate", inputs.params))
    if limit is not None:
        params["limit"] = limit
    engine = project.verify_settings(model, inputs.params).engine
    job = EvaluateJob(
        model=model.name,
        function=Reference.parse(settings.function),
        network=given.network,
        inputs=model.inputs,
        program=None,
        structure=None,
        parameters=(),
        params=params,
        params_name=f"{names.PARAMS}: {project.params_key(model, inputs.params)}.evaluate",
        seed=settings.seed,
        device=settings.device,
        pictures=settings.pictures,
    )
    begun = _stamp(given)
    found = _run_paths(job, given, settings, engine, project.root)
    if why := summary.find_disagreement(settings.function, settings, found):
        raise UserCodeFailed(why)
    most, told = params.get("limit"), len(found[NETWORK].ids)
    if isinstance(most, int) and told > most:
        raise UserCodeFailed(
            f"{settings.function} reported {told} samples, expected at most {most}; let it take "
            'run.params.get("limit") of them'
        )
    if changed := [path for path, one in _stamp(given).items() if one != begun[path]]:
        raise OutsideFailure(f"{changed[0]} changed while it was measured; measure it again")
    measured = replace(
        summary.summarise_measured(settings, found),
        model=model.name,
        model_version=given.version,
        files=tuple(
            Hashed(path=path, hashes=files.hash_file(file)) for path, file in given.files.items()
        ),
        code_sha256=_digest_code(project, settings),
        engine=engine,
        limit=most if isinstance(most, int) else None,
    )
    try:
        Measured.from_json(measured.to_json())
    except ValueError as error:
        raise UserCodeFailed(f"what {settings.function} reported {error}") from error
    return found, measured


def _run_paths(
    job: EvaluateJob, given: Bytes, settings: Evaluate, engine: Engine, root: Path
) -> dict[str, Evaluated]:
    """Run the function on the network, then on each way to run the exported files."""
    sizes = sum(size for size, _, _ in _stamp(given).values())
    found: dict[str, Evaluated] = {}

    def run(name: str, job: EvaluateJob) -> None:
        logger.info("measuring %s of %s", name, job.model)
        found[name] = process.run_job_in_process(
            job, Evaluated, root=root, timeout=settings.timeout, loads=sizes
        )

    run(NETWORK, job)
    network = found[NETWORK]
    outcomes = summary.select_outcomes(network.ids, network.scores) if settings.pictures else {}
    for path in evaluated_paths(settings, exports=given.program is not None):
        assert given.program is not None
        how = PathJob(
            path=path,
            program=given.program / names.EXPORT_PREFIX,
            cases=given.program,
            outputs=given.program,
            engine=engine,
            device=settings.device,
        )
        run(
            path,
            replace(
                job,
                program=how,
                structure=network.structure,
                parameters=network.parameters,
                outcomes=outcomes,
            ),
        )
    return found


def _stamp(given: Bytes) -> Mapping[str, tuple[int, int, int]]:
    """Tell cheaply whether what is measured was written meanwhile.

    Raises:
        OutsideFailure: a file is not there any more.
    """
    found = {}
    for path, file in given.files.items():
        try:
            now = file.stat()
        except OSError as error:
            raise OutsideFailure(f"cannot read {path}: {error.strerror}") from error
        found[path] = (now.st_size, now.st_mtime_ns, now.st_ino)
    return found


def _digest_code(project: Project, settings: Evaluate) -> str:
    """Hash the code of the function, and what it imports of the project."""
    sha256 = hashlib.sha256()
    for path in source_files_of_code(Reference.parse(settings.function), project.root):
        sha256.update(f"{path}\0".encode())
        sha256.update(hashlib.sha256(read_project_file(project.root, path)).digest())
    return sha256.hexdigest()
