"""Which calls of a ``forward`` its signature allows for, told from names alone."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.models.forward import Forward, Nested

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
EMPTY = Parameter.empty


def guess_forward_calls(signature: Signature, names: Sequence[str]) -> list[Forward]:
    """List the calls that may be meant where nobody says so, the likeliest first.

    An input that is called as a parameter is that one, the others fill the parameters that are
    left. Where these are too few, the one that has to be given takes all of them, as a dict or as
    a list.

    Args:
        signature: of the forward, without ``self``.
        names: the inputs, in order.

    Returns:
        The calls; none where there are more inputs than a call has room for.

    >>> from inspect import signature
    >>> guess_forward_calls(signature(lambda x, mask=None: 0), ["image"])[0]
    ['image']
    >>> guess_forward_calls(signature(lambda ids, kind=None, mask=None: 0), ["ids", "mask"])[0]
    ['ids', None, 'mask']
    >>> guess_forward_calls(signature(lambda inputs: 0), ["a", "b"])
    [[{'a': 'a', 'b': 'b'}], [['a', 'b']]]
    """
    parameters = signature.parameters.values()
    kinds = {one.kind for one in parameters}
    if Parameter.VAR_POSITIONAL in kinds:
        return [list(names)]
    usable = [one for one in parameters if one.kind is not Parameter.VAR_KEYWORD]
    called: dict[str, Nested] = {one.name: one.name for one in usable if one.name in names}
    rest = [name for name in names if name not in called]
    free = [one for one in usable if one.name not in called and one.kind in POSITIONAL]
    found: list[Forward] = []
    if len(rest) <= len(free):
        filled = {one.name: name for one, name in zip(free, rest, strict=False)}
        found.append(_by_position(usable, {**called, **filled}))
    elif Parameter.VAR_KEYWORD in kinds and not free:
        found.append({**called, **{name: name for name in rest}})
    needed = [one for one in free if one.default is EMPTY] or free
    if rest and len(needed) == 1:
        containers: tuple[Nested, ...] = ({name: name for name in rest}, list(rest))
        found += [_by_position(usable, {**called, needed[0].name: one}) for one in containers]
    return found


def _by_position(parameters: Sequence[Parameter], given: Mapping[str, Nested]) -> Forward:
    """Give arguments by position where they can be: ``paddle.jit.save`` knows no others."""
    last = max((n for n, one in enumerate(parameters) if one.name in given), default=-1)
    head = parameters[: last + 1]
    if all(one.kind in POSITIONAL and (one.name in given or one.default is None) for one in head):
        return [given.get(one.name) for one in head]
    return {one.name: given[one.name] for one in parameters if one.name in given}


def _is_lost(parameter: Parameter, given: Mapping[str, Nested]) -> bool:
    return parameter.default is EMPTY and parameter.name not in given


def list_arguments_by_position(signature: Signature, keywords: Mapping[str, Any]) -> list[Any]:
    """Turn the arguments of a call by keyword into those by position, gaps by their defaults.

    Raises:
        ValueError: one of them cannot be given by position; its message says which.

    >>> from inspect import signature
    >>> list_arguments_by_position(signature(lambda x, k=2, y=None: 0), {"x": 1, "y": 3})
    [1, 2, 3]
    """
    room = [one for one in signature.parameters.values() if one.kind in POSITIONAL]
    for name in keywords:
        if all(one.name != name for one in room):
            raise ValueError(f"{name} by keyword only")
    last = max((n for n, one in enumerate(room) if one.name in keywords), default=-1)
    for one in room[: last + 1]:
        if _is_lost(one, keywords):
            raise ValueError(f"no argument {one.name}")
    return [keywords.get(one.name, one.default) for one in room[: last + 1]]
