"""A user's evaluation function, called with the network or with what is deployed of it."""

from __future__ import annotations

import inspect
import math
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import Finding, UserCodeFailed
from paddledvc.names import suggest_name
from paddledvc.tools.paddle.building import network, runtime, user_objects
from paddledvc.tools.paddle.building.calling import read_forward_signature
from paddledvc.tools.paddle.building.training import Params
from paddledvc.tools.paddle.core.jobs import Evaluated
from paddledvc.tools.paddle.evaluating.evaluation import Evaluation
from paddledvc.tools.paddle.evaluating.fed import Fed, flatten_call, order_arguments
from paddledvc.tools.paddle.evaluating.pictures import encode_changed_pictures
from paddledvc.tools.paddle.evaluating.stand_in import (
    Signature,
    describe_structure,
    make_stand_in,
)
from paddledvc.tools.paddle.running import engine, run_exported

if TYPE_CHECKING:
    from paddledvc.tools.paddle.core.jobs import EvaluateJob

METRIC = re.compile(r"(?!(samples|worst_slice|evidence)$)[A-Za-z][A-Za-z0-9_]*")
"""What a metric may be called: DVC reads a dot as a step into a mapping."""
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_SAME = 1e-6
"""How far the mean of the samples may be from a metric, as a share: both are rounded."""


def measure_model(job: EvaluateJob) -> Evaluated:
    """Call the function, and check what it returns.

    Raises:
        UserCodeFailed: it raised, or returned something else than finite metrics.
        Finding: the exported files do not run.
        MissingTool: there is no GPU where one is asked for.
    """
    runtime.import_paddle()
    runtime.use_runtime_device(job.device)
    runtime.seed_runtime(job.seed)
    root = Path(job.network.root)
    function = user_objects.load_user_object(job.function, root)
    fed = Fed()
    shape = _Shape()
    model = _network(job, fed, shape) if job.program is None else _stand_in(job, fed)
    # Building it draws numbers too, and both ways are to begin alike.
    runtime.seed_runtime(job.seed)
    run = Evaluation(
        model=job.model,
        params=Params(job.params, job.params_name),
        root=root,
        seed=job.seed,
        device=job.device,
    )
    with user_objects.user_code(str(job.function)), runtime.run_dynamically():
        returned = function(model, run)
    metrics = check_metrics(str(job.function), returned)
    ids, scores, slices = run.told
    check_samples(str(job.function), metrics, ids, scores)
    if not fed.calls:
        raise UserCodeFailed(f"{job.function} never called the model, so it measured nothing")
    if job.pictures and not run.pictured:
        raise UserCodeFailed(
            f"{job.function} gave no pictures, which models.yaml asks for; "
            "give `run.samples(..., pictures=images)` one of every sample"
        )
    pictures = {}
    if job.outcomes:
        # A function may index files or a data set of its own there.
        with user_objects.user_code(str(job.function)):
            pictures = encode_changed_pictures(ids, scores, job.outcomes, run.picture, root)
    return Evaluated(
        metrics=metrics,
        ids=tuple(ids),
        scores={name: tuple(values) for name, values in scores.items()},
        slices={name: tuple(values) for name, values in slices.items()},
        tables={
            name: {column: tuple(values) for column, values in columns.items()}
            for name, columns in run.tables.items()
        },
        inputs_sha256=fed.sha256,
        calls=fed.calls,
        samples=fed.samples,
        structure=shape.found,
        parameters=shape.parameters,
        runtime=runtime.describe_runtime(job.device),
        pictures=pictures,
    )


class _Shape:
    """How a network is called, and how the result of its first call is nested."""

    found: Any = None
    parameters: tuple[str, ...] = ()


def _network(job: EvaluateJob, fed: Fed, shape: _Shape) -> Any:
    layer = network.prepare_network_for_inference(
        network.build_network(job.network, initial=job.network.weights is None)
    )
    forward = layer.forward
    shape.parameters = _parameters(forward)

    def counted(*inputs: Any, **named: Any) -> Any:
        fed.add(flatten_call(order_arguments(shape.parameters, inputs, named).values()))
        result = forward(*inputs, **named)
        if shape.found is None:
            shape.found = describe_structure(result)
        return result

    # A hook would not see what is given by name.
    layer.forward = counted
    return layer


def _parameters(forward: Any) -> tuple[str, ...]:
    """Name the parameters of a forward that take one argument; none where that is hidden."""
    if (signature := read_forward_signature(forward)) is None:
        return ()
    found = signature.parameters
    return tuple(one for one in found if found[one].kind not in _VARIADIC and one != "self")


def _stand_in(job: EvaluateJob, fed: Fed) -> Any:
    assert job.program is not None
    engine.require_engine(job.program)
    try:
        loaded = run_exported.load_exported_path(job.program, ())
    except run_exported.FAILS as error:
        raise Finding(runtime.shorten_runtime_message(str(error))) from error
    signature = Signature(
        inputs=tuple(item.name for item in job.inputs),
        parameters=job.parameters,
        forward=job.network.forward,
        result=job.structure,
    )
    return make_stand_in(loaded.run, signature, fed)


def check_metrics(function: str, returned: Any) -> dict[str, float]:
    """Check what an evaluation function returned.

    Raises:
        UserCodeFailed: it is no mapping of names to finite numbers.

    >>> check_metrics("net.py:evaluate", {"accuracy": 0.5})
    {'accuracy': 0.5}
    """
    if not isinstance(returned, Mapping) or not returned:
        raise UserCodeFailed(
            f"{function} returned a {type(returned).__name__}, expected a dict of metrics such as "
            '{"accuracy": 0.9}'
        )
    found: dict[str, float] = {}
    for name, value in returned.items():
        if not isinstance(name, str) or METRIC.fullmatch(name) is None:
            raise UserCodeFailed(
                f"{function} returned a metric {name!r}, expected a name of letters, digits and _ "
                "that begins with a letter, and is none of samples, worst_slice and evidence"
            )
        try:
            found[name] = float(value)
        except (TypeError, ValueError) as error:
            raise UserCodeFailed(
                f"{function} returned {name} as a {type(value).__name__}, expected a number"
            ) from error
        if not math.isfinite(found[name]):
            raise UserCodeFailed(f"{function} returned {name} {value}, expected a finite number")
    return found


def check_samples(
    function: str, metrics: Mapping[str, float], ids: list[str], scores: Mapping[str, list[float]]
) -> None:
    """Check that what an evaluation function told of samples is what its metrics are made of.

    Raises:
        UserCodeFailed: it is not.
    """
    if len(set(ids)) != len(ids):
        twice = Counter(ids).most_common(1)[0][0]
        raise UserCodeFailed(
            f"{function} reported the sample {twice!r} twice, expected each once; a sampler that "
            "fills up the last batch repeats samples"
        )
    for name, values in scores.items():
        if name not in metrics:
            hint = suggest_name(name, metrics)
            raise UserCodeFailed(
                f"{function} reported the {name} of samples, and returned no {name}{hint}"
            )
        mean = math.fsum(values) / len(values) if values else math.nan
        if not math.isclose(mean, metrics[name], rel_tol=_SAME, abs_tol=_SAME):
            raise UserCodeFailed(
                f"{function} returned {name} {metrics[name]:.6g}, but the mean of its "
                f"{len(values)} samples is {mean:.6g}, expected the same; is it a mean of batch "
                "means?"
            )
