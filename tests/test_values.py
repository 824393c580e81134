"""Values that hooks import: made without the standard module, and dataclasses to all who ask."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys

import pytest

from paddledvc.values import dataclass, field, replace


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """A value."""

    name: str
    size: int | None = None
    parts: dict[str, int] = field(default_factory=dict)
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        """Something that is told by a field."""
        return self.name.upper()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Standard:
    """The same value, by the standard module."""

    name: str
    size: int | None = None
    parts: dict[str, int] = dataclasses.field(default_factory=dict)
    note: str = dataclasses.field(default="", compare=False)
    secret: str = dataclasses.field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Placed:
    """A value that is given without names, and sees to its own."""

    path: str
    size: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path.strip("/"))


def both(do):
    """What becomes of our value and of the standard one, with the names of the classes left out."""
    said = []
    for cls in (Ours, Standard):
        try:
            said.append(repr(do(cls)).replace(cls.__name__, "Value"))
        except Exception as error:  # noqa: BLE001 - whatever the standard module raises
            said.append(type(error).__name__)
    return said


@pytest.mark.parametrize(
    "do",
    [
        lambda cls: cls(name="a"),
        lambda cls: cls(name="a", size=3, parts={"b": 1}, note="n", secret="s"),
        lambda cls: cls(),
        lambda cls: cls(name="a", colour="red"),
        lambda cls: cls(colour="red"),
        lambda cls: cls("a"),
        lambda cls: cls(name="a") == cls(name="a", note="n"),
        lambda cls: cls(name="a") == cls(name="b"),
        lambda cls: cls(name="a") == ("a", None, {}, ""),
        lambda cls: cls(name="a").parts is cls(name="a").parts,
        lambda cls: hash(cls(name="a", parts=None)) == hash(("a", None, None, "")),
        lambda cls: hash(cls(name="a")),
        lambda cls: setattr(cls(name="a"), "name", "b"),
        lambda cls: delattr(cls(name="a"), "name"),
        lambda cls: cls(name="a").__dict__,
        lambda cls: dataclasses.replace(cls(name="a", note="n"), size=4),
        lambda cls: dataclasses.replace(cls(name="a"), colour="red"),
        lambda cls: dataclasses.asdict(cls(name="a", parts={"b": 1})),
        lambda cls: [
            (one.name, one.type, one.compare, one.repr) for one in dataclasses.fields(cls)
        ],
        lambda cls: [dataclasses.is_dataclass(cls), dataclasses.is_dataclass(cls(name="a"))],
        inspect.signature,
        lambda cls: pickle.loads(pickle.dumps(cls(name="a", parts={"b": 1}))),
        lambda cls: copy.deepcopy(cls(name="a", parts={"b": 1})),
        lambda cls: [cls.__match_args__, cls.__slots__, cls.__doc__ is not None, cls.__module__],
    ],
)
def test_a_value_does_what_a_standard_dataclass_does(do):
    ours, standard = both(do)

    assert ours == standard


def test_a_value_keeps_what_else_its_class_says():
    changed = replace(Ours(name="a", size=1), name="b")

    assert (changed.title, changed.size) == ("B", 1)


def test_a_value_without_names_sees_to_its_own_fields():
    assert Placed("/a/") == Placed(path="a") == Placed("a", 0)
    assert inspect.signature(Placed).parameters.keys() == {"path", "size"}
    with pytest.raises(TypeError, match=r"Placed\(\) takes 2 values without a name"):
        Placed("a", 0, 1)
    with pytest.raises(TypeError, match=r"Placed\(\) takes 2 values without a name"):
        Placed("a", path="b")


def test_making_such_a_class_imports_none_of_what_the_standard_module_needs():
    code = (
        "import sys; from paddledvc.hashes import Hashes; print(Hashes(size=1) == Hashes(size=1));"
        "print(sorted({'dataclasses', 'inspect', 'ast'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True
    )

    assert done.stdout == "True\n[]\n"
