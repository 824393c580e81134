"""Frozen dataclasses as JSON and back, by the types of their fields.

Infinity is the text ``inf``, for JSON has none. A tuple of pairs, each a name and a value, is an
object.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
OMIT: Mapping[str, bool] = {"omit": True}
"""Metadata of a field that is left out where it has its default."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")


def parse_json(text: str) -> Any:
    """Parse JSON.

    Raises:
        ValueError: it is none; the message says why, as the end of a sentence about it.
    """
    try:
        found = json.loads(text, parse_constant=_refuse_constant, parse_int=_read_whole)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} in line {error.lineno}") from error
    except RecursionError as error:
        raise ValueError("is JSON of too many lists in lists") from error
    if _HALF.search(text) and _HALF_OF_A_PAIR.search(json.dumps(found, ensure_ascii=False)):
        raise ValueError("holds a character that no text has: half of a surrogate pair")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"holds {name}, which JSON does not have")


def _read_whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError as error:
        limit = sys.get_int_max_str_digits()
        raise ValueError(f"holds a whole number of more than {limit:,} digits") from error


def dump_json(value: Any) -> str:
    """Write JSON for people to read."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def encode_value(kind: Any, value: Any) -> Any:
    """Turn a value into what JSON has.

    >>> encode_value(tuple[tuple[str, float], ...], (("a", 1.5), ("b", float("inf"))))
    {'a': 1.5, 'b': 'inf'}
    """
    if value is None:
        return None
    kind = _without_none(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return {
            field.name: encode_value(_hints(kind)[field.name], found)
            for field in fields(kind)
            if (found := getattr(value, field.name)) != field.default
            or not field.metadata.get("omit")
        }
    if (inner := _of_object(kind)) is not None:
        pairs = value.items() if isinstance(value, Mapping) else value
        return {name: encode_value(inner, one) for name, one in pairs}
    if get_origin(kind) is tuple:
        return [encode_value(get_args(kind)[0], one) for one in value]
    return "inf" if value == math.inf else value


def decode_value(kind: type[T], value: object) -> T:
    """Read a value from what JSON had; fields that have a default may be missing.

    Raises:
        KeyError: a field without a default is missing.
        TypeError: a value is of another type.
    """
    found: T = _decoded(kind, value)
    return found


def _decoded(kind: Any, value: Any) -> Any:
    if value is None and type(None) in get_args(kind):
        return None
    kind = _without_none(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        given = _checked(value, dict)
        return kind(
            **{
                field.name: _decoded(_hints(kind)[field.name], given[field.name])
                for field in fields(kind)
                if field.name in given or field.default is field.default_factory is MISSING
            }
        )
    if (inner := _of_object(kind)) is not None:
        named = {name: _decoded(inner, one) for name, one in _checked(value, dict).items()}
        return tuple(named.items()) if get_origin(kind) is tuple else named
    if get_origin(kind) is tuple:
        return tuple(_decoded(get_args(kind)[0], one) for one in _checked(value, list))
    if kind is float:
        return float(value if value == "inf" else _checked(value, int, float))
    # A newer version may know more names than a Literal has.
    return _checked(value, kind if kind in (bool, int) else str)


def _checked(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{value!r} is none of {kinds}")
    return value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    # Modules import Mapping for their annotations only.
    return get_type_hints(kind, localns={"Mapping": Mapping})


def _without_none(kind: Any) -> Any:
    known = [one for one in get_args(kind) if one is not type(None)]
    return known[0] if type(None) in get_args(kind) else kind


def _of_object(kind: Any) -> Any:
    """Give the type of the values of an object; None where a type is not written as one."""
    origin, kinds = get_origin(kind), get_args(kind)
    if origin is Mapping:
        return kinds[1]
    pairs = origin is tuple and get_origin(kinds[0]) is tuple
    return get_args(kinds[0])[1] if pairs else None
