"""How a network's ``forward`` is called with its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Nested: TypeAlias = "str | list[Nested] | dict[str, Nested] | None"
"""An argument: the name of the input that it is, a list or a dict of such, or None for None."""
Forward: TypeAlias = "list[Nested] | dict[str, Nested]"
"""All arguments of a call: a list of them by position, or a dict by keyword."""


def list_forward_inputs(nested: Nested) -> Iterator[str]:
    """List the inputs of a call in the order in which ``paddle.jit.save`` flattens them.

    >>> list(list_forward_inputs([{"b": "image", "a": ["x", None]}, "y"]))
    ['x', 'image', 'y']
    """
    if isinstance(nested, str):
        yield nested
    elif isinstance(nested, dict):
        for key in sorted(nested):
            yield from list_forward_inputs(nested[key])
    elif isinstance(nested, list):
        for one in nested:
            yield from list_forward_inputs(one)


def fill_forward(nested: Nested, values: Mapping[str, Any]) -> Any:
    """Put a value in the place of each input.

    >>> fill_forward([{"image": "x"}, None, ["y"]], {"x": 1, "y": 2})
    [{'image': 1}, None, [2]]
    """
    if isinstance(nested, str):
        return values[nested]
    if isinstance(nested, dict):
        return {key: fill_forward(one, values) for key, one in nested.items()}
    return None if nested is None else [fill_forward(one, values) for one in nested]


def explain_forward_form(value: object) -> str | None:
    """Say why a value is no call; None where it is one.

    >>> explain_forward_form("x")
    "found 'x', expected a list of the arguments, or a mapping of those by keyword"
    """
    if not isinstance(value, list | dict):
        what = "a list of the arguments, or a mapping of those by keyword"
        return f"found {value!r}, expected {what}"
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, list | dict):
            if why := explain_forward_form(one):
                return why
        elif not isinstance(one, str | None):
            return (
                f"found {one!r}, expected the name of an input, a list or a mapping of such, or "
                "null for None"
            )
    return None


def explain_forward_misfit(forward: Forward, names: Sequence[str]) -> str | None:
    """Say why a call is none of these inputs; None where it takes each of them once.

    >>> explain_forward_misfit([{"image": "img"}], ["image"])
    "found 'img', expected an input: image; add it under inputs, or name one of these"
    """
    given = list(list_forward_inputs(forward))
    known = ", ".join(names)
    for name in given:
        if name not in names:
            return (
                f"found {name!r}, expected an input: {known}; add it under inputs, or name one of "
                "these"
            )
        if given.count(name) > 1:
            return f"found {name!r} twice, expected each input once; leave one of them out"
    if lost := [name for name in names if name not in given]:
        return (
            f"found no {lost[0]!r}, expected each input once: {known}; say where it goes, or take "
            "it out of the inputs"
        )
    return None


def write_forward(nested: Nested) -> str:
    """Write a call as models.yaml has it.

    >>> write_forward([{"image": "image", "sizes": ["h", None]}])
    '[{image: image, sizes: [h, null]}]'
    """
    if isinstance(nested, dict):
        pairs = (f"{key}: {write_forward(one)}" for key, one in nested.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(nested, list):
        return "[" + ", ".join(map(write_forward, nested)) + "]"
    return "null" if nested is None else nested
