"""The weights of another commit, measured with the function and the data of this one."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.evaluation.core.measured import baseline_path
from paddledvc.evaluation.measure_paths import Bytes, measure_paths
from paddledvc.hashes import Hashes
from paddledvc.models import registry as registries
from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import exported_model_folder
from paddledvc.project import Inputs, SnapshotFiles
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.git import worktree
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.paddle.core.jobs import Network
from paddledvc.tools.system import files
from paddledvc.weights.core.tracked import PATTERNS
from paddledvc.weights.core.transfer_results import describe_transfer_results
from paddledvc.weights.expected import read_expected
from paddledvc.weights.select_outputs import select_remotes
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from paddledvc.evaluation.core.measured import Measured
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked


def evaluate_baseline(
    project: Project,
    name: str,
    revision: str,
    *,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> Measured:
    """Measure the weights of another commit with the function and the data of the work tree.

    The gate compares with it where the two were measured in different ways. What the function
    calls is the network that the code of now builds; of the commit come the weights, the exported
    files and the arguments, and none of its code runs.

    Args:
        project: the project.
        name: the model.
        revision: the commit or branch.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how weights arrive that the cache lacks.

    Returns:
        What was measured, which is in ``reports/<slug>/baseline.json`` too.

    Raises:
        InvalidInput: the model has no ``evaluate`` section here or no weights there, or there is
            no such commit.
        OutsideFailure: the weights cannot be had.
        UserCodeFailed: the function failed, or returned what is no measurement.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.evaluate_baseline(project, "digits", "origin/main").metrics)
    """
    inputs = Inputs(project)
    model = inputs.registry.model(name)
    if model.evaluate is None or model.network is None:
        raise InvalidInput(f"{name} has no `evaluate` section in models.yaml")
    commit = _resolve(project.root, revision)
    at = SnapshotFiles(Snapshot.tree(project.root, commit))
    registry, lock = at.registry(), at.lock()
    then = registry.model(name)
    weights = registries.weights_in_registry(registry, lock, then)
    exports = bool(evaluated_paths(model.evaluate, exports=then.exports and model.exports))
    folder = exported_model_folder(then) if exports else None
    wanted = [path for path in (weights, folder) if path is not None]
    with _scratch(project, f"baseline-{model.slug}") as top:
        tracked = _bring(project, at, wanted, revision, offline, progress)
        paths = dict(_lay_out(project, tracked, top))
        given = Bytes(
            version=then.requires.text,
            network=Network(
                root=project.root,
                reference=model.network,
                arguments=dict(then.network_args),
                weights=None if weights is None else top / weights,
                key=registries.weights_key_in_registry(registry, lock, then),
                forward=then.forward,
            ),
            program=None if folder is None else top / folder,
            files=paths,
        )
        _, measured = measure_paths(inputs, model, model.evaluate, given)
    project.write(baseline_path(model), measured.to_json())
    return measured


@contextmanager
def _scratch(project: Project, name: str) -> Iterator[Path]:
    """Give a folder for weights, and remove those that one that was killed has left."""
    folder = project.scratch()
    with files.hold_file_lock(folder / f"{name}.lock"):
        new = files.fresh_folder(folder, f".{name}.")
        try:
            yield new
        finally:
            shutil.rmtree(new, ignore_errors=True)


def _resolve(root: Path, revision: str) -> str:
    for name in (revision, f"origin/{revision}"):
        if (commit := worktree.resolve_worktree_commit(root, name)) is not None:
            return commit
    raise InvalidInput(f"there is no {revision} here; run `git fetch`")


def _bring(  # noqa: PLR0913, PLR0917 - one step of one function
    project: Project,
    at: SnapshotFiles,
    wanted: list[str],
    revision: str,
    offline: str | None,
    progress: NamedProgress | None,
) -> list[Tracked]:
    """Bring outputs of a commit into the cache."""
    known = {one.path: one for one in read_expected(at, at.snapshot.texts(PATTERNS))}
    if missing := [path for path in wanted if path not in known]:
        raise InvalidInput(
            f"{revision} has no {missing[0]} in its models.lock or dvc.lock; run `dvc repro` and "
            "commit there first"
        )
    approve_first(project.root)
    branch = worktree.worktree_branch(project.root)
    order = select_remotes(project, branch, project.policy())
    asked = [known[path] for path in wanted]
    arrived = fetch_outputs(project, asked, remotes=order, offline=offline, progress=progress)
    if failed := [one for one in arrived if one.state == "failed"]:
        raise OutsideFailure("\n".join(describe_transfer_results(failed)))
    return [one.tracked for one in arrived]


def _lay_out(project: Project, outputs: Iterable[Tracked], top: Path) -> Iterable[tuple[str, Path]]:
    """Put outputs into a folder, each at its path of a project."""
    cache = Cache.of(project.root)
    for one in outputs:
        assert one.oid is not None
        listed = cache.listing(one.oid) if one.folder else None
        md5s = {one.path: one.oid}
        if one.folder:
            md5s = {f"{one.path}/{file.path}": file.md5 for file in listed or ()}
        for path, md5 in md5s.items():
            target = top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            cache.link(Hashes(md5=md5), str(target))
            yield path, target
