"""A user's dynamic network: built, with every weight surely loaded, ready for inference."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidInput, UserCodeFailed
from paddledvc.tools.paddle.building import state_dict, user_objects
from paddledvc.tools.paddle.building.runtime import import_paddle
from paddledvc.tools.paddle.core.weights_fit import ArrayForm, explain_weights_misfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.comparison.samples import Array
    from paddledvc.tools.paddle.core.jobs import Network


def build_network(network: Network, *, skip: Sequence[str] = (), initial: bool = False) -> Any:
    """Build the layer and load its weights.

    Args:
        network: what to build and load.
        skip: patterns of the weights that keep the values they were built with.
        initial: whether a network without a file of weights may keep all of them.

    Raises:
        UserCodeFailed: the factory failed, or returned something else than a layer.
        InvalidInput: the weights do not fit the layer.
    """
    module = import_paddle()
    factory = user_objects.load_user_object(network.reference, Path(network.root))
    with user_objects.user_code(f"building {network.reference}"):
        layer = factory(**network.arguments)
    if not isinstance(layer, module.nn.Layer):
        raise UserCodeFailed(
            f"{network.reference} returned a {type(layer).__name__}, expected a paddle.nn.Layer"
        )
    if network.weights is not None:
        state = state_dict.read_state_dict(network.weights, network.key)
        _load_weights(layer, state, str(network.weights), _name_network(network, layer), skip=skip)
    # Weights that nobody loaded: a usual reason for other outputs (PaddlePaddle/PaddleNLP#1865).
    elif layer.state_dict() and not initial:
        raise InvalidInput(
            f"{network.reference} has {len(layer.state_dict())} weights and is given no file of "
            "them; in models.yaml add weights_url, train or base, elsewhere name one with --weights"
        )
    if is_static_method(layer, network.method):
        layer.forward = getattr(layer, network.method)
    return layer


def is_static_method(layer: Any, name: str) -> bool:
    """Tell whether a layer has a method that was made static, which ``jit.save`` exports too."""
    return name.isidentifier() and hasattr(getattr(layer, name, None), "dygraph_function")


def _name_network(network: Network, layer: Any) -> str:
    """Name a network for messages: its reference, and its class where that is another name."""
    kind = type(layer).__name__
    return str(network.reference) + ("" if network.reference.name == kind else f" (a {kind})")


def _load_weights(
    layer: Any, state: Mapping[str, Array], file: str, kind: str, *, skip: Sequence[str] = ()
) -> None:
    """Load a state dict of which every key must fit, and which must fill the whole layer.

    Args:
        layer: the ``paddle.nn.Layer``.
        state: an array for each weight, by its structured name.
        file: where the arrays come from, for messages.
        kind: what the layer is, for messages.
        skip: patterns of the weights that are left alone on both sides.

    Raises:
        InvalidInput: keys are missing or left over, or shapes or types differ.
    """
    everything = layer.state_dict()
    own = {key: tensor for key, tensor in everything.items() if not _matches(key, skip)}
    state = {key: array for key, array in state.items() if not _matches(key, skip)}
    why = explain_weights_misfit(
        {
            key: ArrayForm(shape=(*tensor.shape,), dtype=name_tensor_type(tensor))
            for key, tensor in own.items()
        },
        {key: ArrayForm(shape=array.shape, dtype=_kept(array)) for key, array in state.items()},
        file=file,
        kind=kind,
    )
    if why is not None:
        raise InvalidInput(why)
    with warnings.catch_warnings():
        # set_state_dict only warns of a weight that it leaves as it was built. Those that are
        # skipped get their own values, for it warns of a missing key too.
        warnings.simplefilter("error")
        with user_objects.user_code(f"loading {file}"):
            layer.set_state_dict({**everything, **state})


def _matches(key: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)


def _kept(array: Array) -> str:
    """Name the type of an array in a file, where bfloat16 is the uint16 of its bits."""
    return str(array.dtype).replace("uint16", "bfloat16")


def name_tensor_type(tensor: Any) -> str:
    """Name the type of a tensor as numpy does; Paddle 2 and 3 write it with a prefix."""
    return str(tensor.dtype).rpartition(".")[2].lower().replace("fp", "float")


def prepare_network_for_inference(layer: Any) -> Any:
    """Put every sublayer into eval mode, and see that it stays there.

    Raises:
        UserCodeFailed: a sublayer overrides ``eval`` and keeps training.
    """
    # jit.save sets is_test by itself, but in the top block only: not below an `if` on a tensor.
    layer.eval()
    for name, part in layer.named_sublayers(include_self=True):
        if part.training:
            raise UserCodeFailed(
                f"sublayer {name or '(the network itself)'} of {type(layer).__name__} stays in "
                "training mode after eval(); dropout and batch norm would differ once exported"
            )
    return layer


@contextmanager
def keep_network_methods(layer: Any) -> Iterator[None]:
    """Give sublayers back the ``forward`` that an export puts another in the place of.

    With what it leaves in them, Paddle 2.6 does not export them by themselves any more.
    """
    kept = [(vars(one), vars(one).get("forward")) for one in layer.sublayers(include_self=True)]
    try:
        yield
    finally:
        for own, forward in kept:
            if forward is None:
                own.pop("forward", None)
            else:
                own["forward"] = forward


def list_exported_tensors(result: Any) -> Iterator[tuple[str, Any]]:
    """List the tensors that ``paddle.jit.save`` writes: one that is returned twice only once."""
    seen: set[int] = set()
    for path, tensor in flatten_network_result(result):
        if id(tensor) not in seen:
            seen.add(id(tensor))
            yield path, tensor


def flatten_network_result(result: Any, name: str = "out") -> Iterator[tuple[str, Any]]:
    """List the tensors of a network's result in the order of the exported program.

    Mappings go by sorted key; None and plain numbers are dropped.
    """
    if isinstance(result, import_paddle().Tensor):
        yield name, result
    elif isinstance(result, dict):
        for key in sorted(result):
            yield from flatten_network_result(result[key], f"{name}.{key}")
    elif isinstance(result, list | tuple):
        for index, item in enumerate(result):
            yield from flatten_network_result(item, f"{name}[{index}]")
