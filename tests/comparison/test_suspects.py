from __future__ import annotations

import builtins

import pytest

from paddledvc.comparison.suspects import SWITCHES, name_switch, switch_source

HARMLESS = {
    "value": lambda _, found: found,
    "enabled": lambda _, given: given,
    "on": lambda _: False,
    "both": None,
    "copy": lambda _, base: base,
    "shift": lambda _, sign, left, right: left + right if "+" in sign else left - right,
}


def suspected(*lines, function="def f(self, x, y):"):
    source = "import numpy as np\nimport paddle.nn.functional as F\n\n" + function + "\n"
    source += "".join(f"    {line}\n" for line in lines)
    return [(one.kind, one.code) for one in switch_source(source, "net.py", {4}).suspects]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("paddle.in_dynamic_mode()", [("value", "paddle.in_dynamic_mode()")]),
        ("isinstance(x, T)", [("value", "isinstance(x, T)")]),
        ("x * float(np.sqrt(64))", [("value", "float(np.sqrt(64))")]),
        ("np.arange(x.shape[1])", [("value", "np.arange(x.shape[1])")]),
        ("x.reshape(x.shape)", [("value", "x.shape")]),
        ("y[0] = 1", [("lost", "y[0] = 1"), ("rebound", "y[0] = 1")]),
        ("y[0][1] = 1", [("lost", "y[0][1] = 1")]),
        ("self.seen[0] = 1", [("lost", "self.seen[0] = 1")]),
        ("x[0] += y", [("lost", "x[0] += y"), ("rebound", "x[0] += y")]),
        ("x.add_(y)", [("lost", "x.add_(y)"), ("rebound", "x.add_(y)")]),
        ("F.relu_(x)", [("lost", "F.relu_(x)"), ("rebound", "F.relu_(x)")]),
        ("z = x.add_(y)", [("lost", "x.add_(y)")]),
        ("x and y()", [("logic", "x and y()")]),
        ("with paddle.amp.auto_cast(level='O2'): pass", [("cast", None)]),
        ("x + 0.5", [("constant", "x + 0.5")]),
        ("x -= 1", [("constant", "x -= 1")]),
        ("x * 2.0 / y", []),
        ("'a' + x", []),
        ("x.shape = 1", []),
        ("self.fc(x)", []),
        ("self._private_(x).__init__()", []),
    ],
)
def test_places_that_tracing_may_get_wrong_are_suspects(line, found):
    told = suspected(line)

    assert [kind for kind, _ in told] == [kind for kind, _ in found]
    assert all(code in (None, said) for (_, said), (_, code) in zip(told, found, strict=True))


def test_only_functions_that_ran_have_suspects():
    source = "def f(x):\n    x[0] = 1\n\n\n@deco\ndef g(x):\n    x[1] = 2\n"

    lines = [one.line for one in switch_source(source, "net.py", {5}).suspects]

    assert lines == [7, 7]


def test_numbers_go_on_from_file_to_file():
    first = switch_source("def f(x):\n    x[0] = 1\n", "a.py", {1})
    second = switch_source("def f(x):\n    x[0] = 1\n", "b.py", {1}, len(first.suspects))

    assert [one.number for one in (*first.suspects, *second.suspects)] == [0, 1, 2, 3]


def test_a_variable_of_an_outer_function_is_not_bound_anew():
    source = "def f(x):\n    def g():\n        x[0] = 1\n    g()\n"

    assert [one.kind for one in switch_source(source, "net.py", {1, 2}).suspects] == ["lost"]


CODE = '''
class A:
    """A class, for names that it mangles."""

    def f(self, x, y):
        z = list(x)
        z[0] = 5
        z[1] += 2
        n = len(z) + 1 if isinstance(x, list) and len(x) > 1 else 0
        n -= 1
        return [*z, n, "a" + str(y), x or y, f"{n}"]
'''


def test_a_source_whose_switches_are_off_does_the_same(monkeypatch):
    for name in SWITCHES:
        monkeypatch.setattr(builtins, name_switch(name), HARMLESS[name], raising=False)
    plain, switched = {}, {}
    made = switch_source(CODE, "net.py", {5})

    exec(CODE, plain)
    exec(made.source, switched)

    assert {one.kind for one in made.suspects} == {"value", "lost", "rebound", "logic", "constant"}
    assert switched["A"]().f([1, 2, 3], 4) == plain["A"]().f([1, 2, 3], 4)
