"""Training with a user's function, the object that it gets, and the numbers that it writes."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidInput, UserCodeFailed
from paddledvc.names import suggest_name
from paddledvc.tools.paddle.building import network, runtime, user_objects
from paddledvc.tools.paddle.core.jobs import Ended
from paddledvc.tools.system.files import replace_file

if TYPE_CHECKING:
    from paddledvc.tools.paddle.core.jobs import Network, TrainJob


def run_training(job: TrainJob) -> Ended:
    """Call the function, and see that it wrote the weights.

    Raises:
        UserCodeFailed: it raised, or wrote no weights.
    """
    processes = int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))
    _choose_device(job.device, processes)
    runtime.seed_runtime(job.seed)
    function = user_objects.load_user_object(job.function, Path(job.root))
    run = Run.of(job, world_size=processes)
    with user_objects.user_code(f"{job.function}"):
        function(run)
    if run.rank == 0 and not run.weights.is_file():
        raise UserCodeFailed(
            f"{job.function} ended without weights; end it with run.save(layer), "
            "or write the state dict to run.weights"
        )
    return Ended(here=run.rank == 0, runtime=runtime.describe_runtime(job.device))


def _choose_device(device: str, processes: int) -> None:
    """Select the device; of several processes on GPUs, each takes the one it was launched for."""
    if processes == 1:
        runtime.use_runtime_device(device)
        return
    if device == "cpu":
        runtime.use_runtime_device("cpu")
    else:
        runtime.require_runtime_gpu("gpu")
    runtime.import_paddle().distributed.init_parallel_env()


class Params(Mapping[str, Any]):
    """Hyperparameters from params.yaml; a missing one says where it should be.

    >>> Params({"epochs": 3}, "params.yaml: digits.train")["epochs"]
    3
    """

    def __init__(self, values: Mapping[str, Any], name: str) -> None:
        self._values, self._name = dict(values), name

    def __getitem__(self, key: str) -> Any:
        """Return one hyperparameter.

        Raises:
            InvalidInput: params.yaml does not have it.
        """
        if key not in self._values:
            hint = suggest_name(key, self._values)
            raise InvalidInput(f"{self._name} has no {key!r}{hint}; the training asked for it")
        return self._values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return one hyperparameter, or a default where params.yaml does not have it."""
        return self._values.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Params({self._values!r})"


@dataclass(kw_only=True)
class Run:
    """One training of one model, as its training function sees it.

    Paddle, numpy and ``random`` are seeded and the device is chosen before the function is called.
    Of several launched processes each gets a run of its own, and
    ``paddle.distributed.init_parallel_env()`` was called in it.

    Attributes:
        model: name of the model.
        params: hyperparameters, the section ``<slug>.train`` of params.yaml.
        weights: file to write the weights to; ``save`` does it.
        base: file of the weights to start from; None where the model has none.
        root: folder of the project.
        seed: what the random generators were seeded with.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        rank: number of this process, from 0.
        world_size: number of processes.

    A training function::

        def train(run: paddledvc.Run) -> None:
            layer = run.network()
            for epoch in range(run.params["epochs"]):
                loss = ...
                run.log(epoch, loss=loss)
            run.save(layer)
            run.summary(accuracy=0.97)
    """

    model: str
    params: Params
    weights: Path
    base: Path | None
    root: Path
    seed: int
    device: str
    rank: int
    world_size: int
    _network: Network | None = field(repr=False)
    _curves: Curves | None = field(default=None, repr=False)

    @classmethod
    def of(cls, job: TrainJob, *, world_size: int) -> Run:
        """Make the run of this process; only the first process keeps curves."""
        rank = int(os.environ.get("PADDLE_TRAINER_ID", "0"))
        return cls(
            model=job.model,
            params=Params(job.params, job.params_name),
            weights=Path(job.weights),
            base=None if job.base is None else Path(job.base),
            root=Path(job.root),
            seed=job.seed,
            device=job.device,
            rank=rank,
            world_size=world_size,
            _network=job.network,
            _curves=Curves(Path(job.metrics)) if rank == 0 else None,
        )

    def network(self, *, skip: Sequence[str] = ()) -> Any:
        """Build the model's network, with the base weights loaded where the model has a base.

        Args:
            skip: patterns of the weights that keep the values they were built with, for example
                ``["fc.*"]`` for a new head on a known backbone.

        Returns:
            The ``paddle.nn.Layer``, in training mode.

        Raises:
            InvalidInput: the model names no network, or the base weights do not fit it.
        """
        if self._network is None:
            raise InvalidInput(f"{self.model}: models.yaml names no network to build")
        if self._network.weights is not None:
            try:
                layer = network.build_network(self._network, skip=skip)
            except InvalidInput as error:
                hint = 'to train some weights from scratch: run.network(skip=["head.*"])'
                raise InvalidInput(f"{error}\n  {hint}") from error
        else:
            factory = user_objects.load_user_object(self._network.reference, self.root)
            layer = factory(**self._network.arguments)
        layer.train()
        return layer

    def log(self, step: int, **metrics: float) -> None:
        """Add one point to the curves that ``dvc plots show`` draws.

        Args:
            step: number of the epoch or step, from 0; as the x axis shows it.
            metrics: values by name, such as ``loss=0.3``.
        """
        if self._curves is not None:
            self._curves.log(step, {name: float(value) for name, value in metrics.items()})

    def summary(self, **metrics: float) -> None:
        """Set final values that ``dvc metrics show`` lists."""
        if self._curves is not None:
            self._curves.summarise({name: float(value) for name, value in metrics.items()})

    def save(self, layer: Any) -> None:
        """Write the weights of a layer; processes other than the first leave it to the first."""
        if self.rank == 0:
            module = runtime.import_paddle()
            if not isinstance(layer, module.nn.Layer):
                kind = type(layer).__name__
                raise UserCodeFailed(f"run.save() got a {kind}, expected a paddle.nn.Layer")
            module.save(layer.state_dict(), str(self.weights))


class Curves:
    r"""Final values in ``metrics.json``, and one table a metric in ``plots/metrics/``.

    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp()) / "train"
    >>> curves = Curves(folder)
    >>> curves.log(0, {"loss": 0.5})
    >>> curves.log(1, {"loss": 0.25})
    >>> (folder / "plots" / "metrics" / "loss.tsv").read_text().splitlines()
    ['step\tloss', '0\t0.5', '1\t0.25']
    """

    def __init__(self, folder: Path) -> None:
        """Start anew; what an earlier training left in the folder is removed."""
        self._metrics = folder / "metrics.json"
        self._tables = folder / "plots" / "metrics"
        self._summary: dict[str, float | int | str] = {}
        shutil.rmtree(self._tables, ignore_errors=True)
        self._tables.mkdir(parents=True)
        self._write()  # DVC fails a stage that lacks one of its outputs

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Add one point to the curve of each metric; the last one is also its final value.

        Raises:
            ValueError: a name cannot be the name of a file.
        """
        for name, value in metrics.items():
            if not name or set(name) & set('/\\:*?"<>|\t\n') or name.startswith("."):
                raise ValueError(f"{name!r} cannot be the name of a metric; use letters and _")
            table = self._tables / f"{name}.tsv"
            start = "" if table.exists() else f"step\t{name}\n"
            with table.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{start}{step}\t{value!r}\n")
        self._summary["step"] = step
        self.summarise(metrics)

    def summarise(self, metrics: dict[str, float]) -> None:
        """Set final values; JSON has no NaN and no infinity, so these become text."""
        for name, value in metrics.items():
            self._summary[name] = value if math.isfinite(value) else str(value)
        self._write()

    def _write(self) -> None:
        # Not what a link leads to: that may be DVC's cache, or anybody's.
        with replace_file(self._metrics) as new:
            new.write_text(json.dumps(self._summary, indent=2) + "\n", encoding="utf-8")
