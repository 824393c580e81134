"""What the accelerator answers and what the explanation says are one and the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yaml import safe_load

from paddledvc import schemas
from paddledvc.errors import InvalidFile
from paddledvc.yaml import dialect, reader
from paddledvc.yaml.document import Document, Position
from paddledvc.yaml.schema import Schema

PUBLISHED = ("models", "lock", "index", "report", "evaluate", "bundle")
BROKEN = safe_load(
    (Path(__file__).parents[1] / "models" / "broken_registries.yaml").read_text("utf-8")
)
NASTY = "a.:/\\$%{} -0123456789\t\n\r\x00\x1c\x85\xa0\u2028\ufeffé"


def a_document(value):
    return Document(
        file="f",
        text="",
        value=value,
        position=lambda _path, _at_key: Position(line=1, column=1),
        written=lambda _path: "?",
    )


@pytest.fixture
def unaccelerated(monkeypatch):
    """Make schemas as if jsonschema-rs were not installed."""
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    return Schema


@pytest.fixture
def accelerated():
    pytest.importorskip("jsonschema_rs")
    return Schema


def problems(schema, value):
    return [(one.path, one.message) for one in schema.problems(a_document(value))]


@pytest.fixture(params=["accelerated", "unaccelerated"])
def checked(request):
    """Check a value by a schema, with the accelerator and without it."""
    schema = request.getfixturevalue(request.param)
    return lambda rule, value: problems(schema(rule), value)


def test_what_is_broken_is_explained_alike_without_the_accelerator(unaccelerated):
    slow, fast = (
        unaccelerated(json.loads(schemas.schema_text("models"))),
        schemas.read_schema("models"),
    )
    for case in BROKEN:
        try:
            document = reader.parse_yaml(case["text"], "models.yaml")
        except InvalidFile:  # not even YAML
            continue
        assert slow.problems(document) == fast.problems(document)


@pytest.mark.parametrize(
    ("rule", "value", "found"),
    [
        ({"type": "integer"}, 4, []),
        (
            {"type": "integer"},
            4.0,
            [("", "found ?, which YAML reads as a number (4.0); expected a whole number")],
        ),
        ({"type": "number"}, 4.0, []),
        (
            {"type": ["number", "null"]},
            float("inf"),
            [("", "found ?, which YAML reads as a number (inf); expected a number or null")],
        ),
        ({"type": "integer"}, 10**400, []),
        ({"required": ["a'b"]}, {}, [("", '"a\'b" is missing')]),
        ({"dependentRequired": {"a": ["b", "c"]}}, {"b": 1}, []),
        (
            {"dependentRequired": {"a": ["b", "c"]}},
            {"a": 1},
            [("", "'b' is missing"), ("", "'c' is missing")],
        ),
        (
            {"additionalProperties": False, "properties": {"name": {}}},
            {"nmae": 1, "zzz": 2},
            [
                ("nmae", "unknown key 'nmae'; did you mean 'name'?"),
                ("zzz", "unknown key 'zzz'; expected one of name"),
            ],
        ),
        (
            {"additionalProperties": False, "patternProperties": {"^a$": {"type": "null"}}},
            {"a": None, "a\n": None},
            [("a\n", "unknown key 'a\\n'; expected one of ")],
        ),
        ({"patternProperties": {"^a$": {"type": "null"}}}, {"a\n": 1}, []),
        (
            {"additionalProperties": {"type": "null"}},
            {"a": 1},
            [("a", "found ?, which YAML reads as a whole number (1); expected null")],
        ),
        (
            {"propertyNames": {"pattern": "^a", "x-expected": "a name with an a"}},
            {"a": 1, "b": 2, "c": 3},
            [
                ("b", "found 'b', expected a name with an a"),
                ("c", "found 'c', expected a name with an a"),
            ],
        ),
        (
            {"pattern": "^a$", "x-expected": "an a"},
            "a\n",
            [("", "found 'a\\n', expected an a")],
        ),
        ({"pattern": r"^[^\s$]\s\\s$"}, "a\ufeff\\s", []),
        (
            {"pattern": r"^(?!b)\S$", "x-expected": "no space"},
            "\ufeff",
            [("", "found '\\ufeff', expected no space")],
        ),
        (
            {"enum": ["one", "two"]},
            "tow",
            [("", "found 'tow', expected one of one, two; did you mean 'two'?")],
        ),
        ({"minItems": 2}, [1], [("", "found a list, expected at least 2 entry")]),
    ],
)
def test_a_rule_is_explained_alike_with_and_without_the_accelerator(checked, rule, value, found):
    assert checked(rule, value) == found


def patterns(rule):
    """Find every pattern of a schema."""
    if isinstance(rule, dict):
        if isinstance(rule.get("pattern"), str):
            yield rule["pattern"]
        rule = list(rule.values())
    for part in rule if isinstance(rule, list) else ():
        yield from patterns(part)


EVERY = sorted(
    {one for name in PUBLISHED for one in patterns(json.loads(schemas.schema_text(name)))}
)


@pytest.fixture(scope="module")
def single():
    """Schemas of one pattern each: all patterns of the published schemas."""
    pytest.importorskip("jsonschema_rs")
    return [Schema({"pattern": text}) for text in EVERY]


@given(text=st.text(NASTY, max_size=6) | st.text(max_size=6))
@example(text="0" * 32 + "\n")
@example(text="a\ufeffb")
@example(text="https://a/\x85")
def test_a_pattern_means_the_same_to_the_accelerator(single, text):
    for schema in single:
        explained = dialect.Explainer(schema._schema).is_valid(text)
        assert schema._is_valid(text) == explained, schema._schema["pattern"]


def test_a_valid_file_is_not_worth_the_import_of_what_explains(accelerated):
    code = (
        "import sys; from paddledvc import schemas; from paddledvc.yaml import reader\n"
        "document = reader.parse_yaml('models: []\\n', 'models.yaml')\n"
        "print(schemas.read_schema('models').problems(document), 'jsonschema' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "[] False\n"
