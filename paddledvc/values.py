"""Values whose classes take no time to make: ``dataclass``, ``field`` and ``replace`` for hooks.

The standard ``dataclasses`` imports ``inspect``, and compiles half a dozen methods for each class:
a seventh of the time that a switch of branches takes. What git's hooks import is made here instead,
in the one form that we use, frozen and with slots. It is a dataclass to all who ask: to type
checkers, and to ``dataclasses.fields``, ``asdict`` or ``inspect.signature``, for which the standard
module is imported then.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace

_MISSING: Any = object()
_SET = object.__setattr__


class _Field(NamedTuple):
    """What is said of a field, in the words of ``dataclasses.field``."""

    default: Any = _MISSING
    default_factory: Callable[[], Any] | None = None
    compare: bool = True
    repr: bool = True


class _Standard:
    """An attribute of a class as that of its standard twin, which is made for whoever looks."""

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, _: object, owner: Any) -> Any:
        import inspect  # noqa: PLC0415 - not in hooks

        if "_twin" not in vars(owner):
            owner._twin = _make_twin(owner)  # noqa: SLF001 - it is ours
        twin = owner._twin  # noqa: SLF001
        signature = self._attribute == "__signature__"
        return inspect.signature(twin) if signature else getattr(twin, self._attribute)


def _make_twin(cls: Any) -> type:
    import dataclasses  # noqa: PLC0415 - not in hooks

    fields = []
    for name, one in cls._fields.items():
        said = {"compare": one.compare, "repr": one.repr}
        if one.default_factory is not None:
            said["default_factory"] = one.default_factory
        elif one.default is not _MISSING:
            said["default"] = one.default
        fields.append((name, cls.__annotations__[name], dataclasses.field(**said)))
    kw_only = not cls.__match_args__
    return dataclasses.make_dataclass(cls.__name__, fields, frozen=True, kw_only=kw_only)


class _Methods:
    """The methods of all these classes, which tell their fields by tables."""

    _fields: dict[str, _Field]
    _defaults: dict[str, Any]
    _compared: Any

    def __init__(self, *given: Any, **named: Any) -> None:
        values = {**self._defaults, **named}
        if given or values.keys() != self._fields.keys():
            values = _complete(type(self), given, named)
        for name, value in values.items():
            _SET(self, name, value)
        if hasattr(self, "__post_init__"):
            self.__post_init__()

    def __setattr__(self, name: str, value: object) -> None:
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - not in hooks

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - not in hooks

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        shown = (name for name, one in self._fields.items() if one.repr)
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({said})"

    def __eq__(self, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return self._compared(self) == self._compared(other)

    def __hash__(self) -> int:
        return hash(self._compared(self))

    def __replace__(self, /, **changes: Any) -> Any:
        return type(self)(**{**{name: getattr(self, name) for name in self._fields}, **changes})

    def __getstate__(self) -> list[Any]:
        return [getattr(self, name) for name in self._fields]

    def __setstate__(self, state: list[Any]) -> None:
        for name, value in zip(self._fields, state, strict=True):
            _SET(self, name, value)

    __dataclass_fields__ = _Standard("__dataclass_fields__")
    __dataclass_params__ = _Standard("__dataclass_params__")
    __signature__ = _Standard("__signature__")


_TOLD = {
    name: one for name, one in vars(_Methods).items() if callable(one) or isinstance(one, _Standard)
}


def _complete(cls: Any, given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """Name what is given by position, and make anew what is made for each value."""
    placed = dict(zip(cls.__match_args__, given, strict=False))
    if len(placed) < len(given) or placed.keys() & named.keys():
        raise TypeError(f"{cls.__name__}() takes {len(cls.__match_args__)} values without a name")
    factories = {name: one.default_factory for name, one in cls._fields.items()}
    made = {name: make() for name, make in factories.items() if make is not None}
    values = {**cls._defaults, **made, **placed, **named}
    if wrong := sorted(values.keys() ^ cls._fields.keys()):
        what = "knows no" if wrong[0] in values else "misses the"
        raise TypeError(f"{cls.__name__}() {what} argument {wrong[0]!r}")
    return values


def _make(cls: type, *, kw_only: bool) -> type:
    """Make a class anew: one that is there gets no slots any more."""
    own = {name: one for name, one in vars(cls).items() if name not in {"__dict__", "__weakref__"}}
    said = {name: own.pop(name, _MISSING) for name in cls.__annotations__}
    fields = {name: one if isinstance(one, _Field) else _Field(one) for name, one in said.items()}
    told = {
        "__slots__": tuple(fields),
        "__match_args__": () if kw_only else tuple(fields),
        "__qualname__": cls.__qualname__,
        "_fields": fields,
        "_defaults": {k: one.default for k, one in fields.items() if one.default is not _MISSING},
        "_compared": attrgetter(*(name for name, one in fields.items() if one.compare)),
    }
    return type(cls)(cls.__name__, cls.__bases__, {**_TOLD, **own, **told})


def _dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
    """Make values of a class, as the standard decorator does."""
    assert frozen
    assert slots
    return partial(_make, kw_only=kw_only)


def _replace(one: Any, /, **changes: Any) -> Any:
    """Copy a value of ours, with other fields."""
    return one.__replace__(**changes)


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _Field, _replace
