"""A network's forward, called with inputs that its export takes one by one."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from paddledvc.errors import InvalidInput, PaddleDVCError, UserCodeFailed
from paddledvc.models.forward import (
    explain_forward_form,
    explain_forward_misfit,
    fill_forward,
    write_forward,
)
from paddledvc.tools.paddle.building.network import flatten_network_result
from paddledvc.tools.paddle.building.runtime import import_paddle
from paddledvc.tools.paddle.core.forward_calls import (
    guess_forward_calls,
    list_arguments_by_position,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.forward import Forward, Nested
    from paddledvc.models.model import Input
    from paddledvc.tools.paddle.core.jobs import Network

Result = TypeVar("Result")
WHERE = "`forward:` in models.yaml, or --forward"
"""Where people say how a network is called."""


class NetworkCall:
    """How a network is called with its inputs: as is stated, or else as it runs first.

    Attributes:
        call: the call that is made.
        failed: a sentence about the calls that were tried, once all of them have failed.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        names: Sequence[str],
        stated: Forward | None,
        network: object,
    ) -> None:
        """List the calls that may be meant.

        Args:
            forward: the method of the layer, or anything else that is called with tensors.
            names: the inputs, in order.
            stated: the call that people state, or that was found before.
            network: what to call the network in messages.

        Raises:
            InvalidInput: what is stated does not fit the inputs, or no call has room for them.
        """
        if stated is not None and (
            why := explain_forward_form(stated) or explain_forward_misfit(stated, names)
        ):
            raise InvalidInput(f"forward: {why}")
        self._forward, self._network, self._stated = forward, network, stated
        self._signature = read_forward_signature(forward)
        self._names, self._guessed = names, self._guess(names)
        if stated is None and not self._guessed:
            raise InvalidInput(
                f"{network}: found {len(names)} inputs ({', '.join(names)}), expected no more than "
                f"{self} takes; leave one out, or say how it takes them by {WHERE}"
            )
        self.call = self._guessed[0] if stated is None else stated
        self.failed = ""
        self._settled = False

    def __str__(self) -> str:
        """Write what is called."""
        return f"{getattr(self._forward, '__name__', 'forward')}{self._signature or ''}"

    def _guess(self, names: Sequence[str]) -> list[Forward]:
        if (specified := _call_of_specs(self._forward, names)) is not None:
            return [specified]
        if self._signature is None:
            return [list(names)]
        return guess_forward_calls(self._signature, names)

    def run(self, layer: Callable[..., Any], make: Callable[[], Mapping[str, Any]]) -> Any:
        """Call a network with a tensor for each input, made anew for each call that is tried.

        Raises:
            Exception: it does not run.
        """
        return self.settle(lambda call: call_network(layer, call, make()))

    def run_arrays(self, layer: Callable[..., Any], case: Case) -> dict[str, Array]:
        """Call a network with an array for each input, and give arrays of its outputs by name.

        Raises:
            Exception: it does not run.
        """
        to_tensor = import_paddle().to_tensor
        # Tensors are made anew for each call, for a network may write into its inputs.
        result = self.run(layer, lambda: {name: to_tensor(case[name]) for name in self._names})
        return {name: tensor.numpy() for name, tensor in flatten_network_result(result)}

    def settle(self, attempt: Callable[[Forward], Result]) -> Result:
        """Do something with the call; the first time with each that may be meant, until one runs.

        Raises:
            Exception: none runs; the error of the one that tells most.
        """
        if self._settled:
            return attempt(self.call)
        tried: list[tuple[Forward, Exception]] = []
        stated = [] if self._stated is None else [self._stated]
        for call in (*stated, *(one for one in self._guessed if one not in stated)):
            try:
                result = attempt(call)
            except PaddleDVCError:
                raise
            except Exception as error:  # noqa: BLE001 - a network fails in any way
                tried.append((call, error))
            else:
                if stated and tried:
                    self.failed = (
                        f"it was called as forward: {write_forward(self.call)}, and it runs as "
                        f"forward: {write_forward(call)}; state that"
                    )
                    raise tried[0][1]
                self.call, self.failed, self._settled = call, "", True
                return result
        # Who asks a dict of ours for a key has told that it wants one.
        shown = next((one for one in tried if _asks_for_key(*one)), tried[0])
        if _is_nested(shown[0]):
            calls = tried[:1] if stated else [one for one in tried if _is_nested(one[0])]
            told = " and as forward: ".join(write_forward(call) for call, _ in calls)
            lacks = "it asks for a key that is none of these: add that input, or"
            maybe = f"if {self} takes its inputs otherwise,"
            self.failed = (
                f"it was called as forward: {told}; {lacks if _asks_for_key(*shown) else maybe} "
                f"say how it takes them by {WHERE}"
            )
        self.call = shown[0]
        raise shown[1]

    def lay_out_specs(self, call: Forward, specs: Mapping[str, Any]) -> list[Any]:
        """Lay the specs of inputs out as ``paddle.jit.save`` wants them.

        Raises:
            UserCodeFailed: it has no way to give them.
        """
        filled = fill_forward(call, specs)
        why = ""
        if isinstance(filled, dict):
            try:
                return list_arguments_by_position(self._signature or inspect.Signature(), filled)
            except ValueError as error:
                why = str(error)
        elif self._signature is not None:
            why = _is_given_rest(self._signature, len(filled))
        if not why:
            return list(filled)
        raise UserCodeFailed(
            f"{self._network} cannot be exported: {self} takes {why}, and paddle.jit.save gives "
            "every input by a position of its own; name as network a layer whose forward takes "
            "them so and calls this one"
        )


def choose_network_call(layer: Any, network: Network, inputs: Sequence[Input]) -> NetworkCall:
    """Choose how a layer is called with the inputs of a network.

    Raises:
        InvalidInput: what is stated does not fit the inputs, or no call has room for them.
    """
    names = [item.name for item in inputs]
    return NetworkCall(layer.forward, names, network.forward, network.reference)


@contextmanager
def explained(call: NetworkCall) -> Iterator[None]:
    """Add to the error of user's code how it was called, where that may be why.

    Raises:
        UserCodeFailed: that error.
    """
    try:
        yield
    except UserCodeFailed as error:
        if not call.failed:
            raise
        raise UserCodeFailed(f"{error}\n  {call.failed}") from error


def call_network(layer: Callable[..., Any], call: Forward, values: Mapping[str, Any]) -> Any:
    """Call a network with a value for each input."""
    filled = fill_forward(call, values)
    return layer(**filled) if isinstance(filled, dict) else layer(*filled)


def read_forward_signature(forward: Callable[..., Any]) -> inspect.Signature | None:
    """Read what a forward takes, also one that was made static; None where that is hidden."""
    try:
        return inspect.signature(getattr(forward, "dygraph_function", forward))
    except (TypeError, ValueError):
        return None


def _call_of_specs(forward: Callable[..., Any], names: Sequence[str]) -> Forward | None:
    """Read the call off what an author has made static with an ``input_spec``."""
    specs = getattr(forward, "_input_spec", None)
    if specs is None:
        return None
    spec_type = import_paddle().static.InputSpec
    found: list[Any] = []

    def nested(value: Any) -> Nested:
        if isinstance(value, dict):
            # The order of the keys is that of the program's inputs.
            return {key: nested(value[key]) for key in sorted(value)}
        if isinstance(value, list | tuple):
            return [nested(one) for one in value]
        if isinstance(value, spec_type):
            found.append(value.name)
            return str(len(found) - 1)
        if value is None:
            return None
        raise TypeError(value)

    try:
        call = [nested(one) for one in specs]
    except TypeError:  # a number or a text, which no input stands for
        return None
    if len(found) != len(names):
        return None
    # Those without a name get one when they are exported; until then their places tell.
    order = found if set(found) == set(names) else names
    return [fill_forward(one, {str(n): name for n, name in enumerate(order)}) for one in call]


def _is_given_rest(signature: inspect.Signature, given: int) -> str:
    parameters = list(signature.parameters.values())
    rest = [n for n, one in enumerate(parameters) if one.kind is one.VAR_POSITIONAL]
    return f"*{parameters[rest[0]].name}" if rest and given > rest[0] else ""


def _asks_for_key(call: Forward, error: Exception) -> bool:
    return isinstance(error, KeyError) and _is_nested(call)


def _is_nested(call: Forward) -> bool:
    return isinstance(call, dict) or any(not isinstance(one, str) for one in call)
