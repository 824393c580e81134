from __future__ import annotations

import pytest

from paddledvc.catalogs.packages.literals import Scope, Unclear


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("x = {'a': ['b', ('c', 1)]}", {"a": ["b", ("c", 1)]}, id="literals"),
        pytest.param("x: dict[str, str] = {'a': 'b'}", {"a": "b"}, id="an annotation"),
        pytest.param("x = ('https://host' '/a')", "https://host/a", id="texts side by side"),
        pytest.param("y = 'https://host'\nx = y + '/a'", "https://host/a", id="concatenation"),
        pytest.param("y = 3\nx = f'v{y}.0'", "v3.0", id="an f-string"),
        pytest.param("y = {'a'}\nx = y | {'b'}", {"a", "b"}, id="a union"),
        pytest.param("y = {'a': 1}\nx = {**y, 'b': 2}", {"a": 1, "b": 2}, id="a table in another"),
        pytest.param("x = {'a': 1}\nx['b'] = x['a']", {"a": 1, "b": 1}, id="an alias"),
        pytest.param(
            "x = {'a': 1}\nx['b'] = x['c'] = x['a']", {"a": 1, "b": 1, "c": 1}, id="two aliases"
        ),
        pytest.param("x = 1\nx = 2", 2, id="the last one"),
        pytest.param("x = open('a')\nx = 2", 2, id="the last one, if the first is unclear"),
        pytest.param("x = 1\ndef f(): x.update()", 1, id="what functions do later"),
        pytest.param("import os\nos.environ['a'] = 'b'\nx = 1", 1, id="unclear ones beside it"),
    ],
)
def test_constants_are_read(source, value):
    assert Scope.of_module(source)["x"] == value


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("x = {\n    'a': url('a'),\n}", 2, id="a call in a table"),
        pytest.param("x = {'a': 1}\nx.update(b=2)", 2, id="a method that changes it"),
        pytest.param("x = {}\nfor y in 'ab':\n    x[y] = y", 2, id="a loop"),
        pytest.param("x = {}\nif y:\n    x = {'a': 1}", 2, id="a condition"),
        pytest.param("x = ['a']\nx += ['b']", 2, id="an augmented assignment"),
        pytest.param("x = {}\ndel x['a']", 2, id="a deletion"),
        pytest.param("x = {}\nfrom urls import x", 2, id="an import"),
        pytest.param("x = {}\nx['a'] = y", 2, id="an alias of something unknown"),
        pytest.param("y = {}\ny.update(a=1)\nx = y", 3, id="something unclear"),
        pytest.param("x = {'a': 1}\ny = 1\nx['b'] = x['c']", 3, id="an alias of no entry"),
        pytest.param("x, y = 1, 2", 1, id="several at once"),
        pytest.param("x = [1]\nx[0] = 2", 2, id="an item of a list"),
        pytest.param("x = 1 + 'a'", 1, id="what would fail"),
        pytest.param("y = 1\nx = f'{y:>3}'", 2, id="a format"),
        pytest.param("x = [*y]", 1, id="unpacking"),
    ],
)
def test_what_needs_more_than_reading_is_unclear_as_a_whole(source, line):
    with pytest.raises(Unclear) as caught:
        Scope.of_module(source)["x"]

    assert str(caught.value) == f"line {line} is not understood"


def test_a_name_that_is_not_there_is_missed():
    with pytest.raises(Unclear, match=r"^it has no x$"):
        Scope.of_module("y = 1")["x"]


@pytest.mark.parametrize("source", ["x = (", "x = '\0'"])
def test_a_file_that_is_not_python_is_unclear(source):
    with pytest.raises(Unclear, match=r"^it is not Python$"):
        Scope.of_module(source)


def test_the_body_of_a_class_sees_the_module():
    scope = Scope.of_module("models = ['a']\nclass Host:\n    models = models\n    base = 'b'")

    assert scope.body_of("Host")["models"] == ["a"]
    assert "base" not in scope


def test_a_class_that_is_not_there_is_missed():
    with pytest.raises(Unclear, match=r"^it has no class Host$"):
        Scope.of_module("Host = 1").body_of("Host")


def test_all_names_are_listed_clear_or_not():
    assert list(Scope.of_module("a = 1\nb = f()\nclass C:\n    d = 1")) == ["a", "b"]
