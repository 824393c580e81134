"""README.md and docs/ by themselves: what they show is accepted by what they are about."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys

import click
import pytest
import yaml

from paddledvc.cli import paddledvc
from paddledvc.models.registry import parse_registry
from paddledvc.schemas import schema_text
from paddledvc.yaml.reader import parse_yaml
from paddledvc.yaml.schema import Schema
from tests.pages.reading import PAGES, ROOT, dedented, list_blocks, list_commands, read_page

WRITTEN_SO = {"paddledvc needs <4,>=3.67"}
"""What a message says, and nobody types."""
COMMANDS = [one for one in list_commands("paddledvc") if one[1] not in WRITTEN_SO]
PLACED = (r"  - ", r"    \w+:", r"      \w+:")
"""How deep lie models, fields of one, and fields of its `evaluate` section."""
A_MODEL = {"version": "v1", "weights_url": "a.pdparams"}
EXPORTED = {"network": "net.py:Net", "inputs": [{"name": "x", "shape": [1]}], "export": {}}
MODELS = Schema(yaml.safe_load(schema_text("models")))
INDEX = Schema(yaml.safe_load(schema_text("index")))


def test_all_pages_are_read():
    assert len(PAGES) > 10
    assert len(COMMANDS) > 150
    assert len(list_blocks("console")) > 35


@pytest.mark.parametrize("block", list_blocks("python"), ids=lambda one: one.place)
def test_a_block_of_python_compiles(block):
    assert ast.parse(dedented(block)).body


@pytest.mark.parametrize("block", list_blocks("yaml"), ids=lambda one: one.place)
def test_a_block_of_yaml_is_as_the_schema_has_it(block):
    if re.match(r"# (?!yaml-language)", block.text):  # of another program, whose file it names
        assert yaml.safe_load(block.text)
    elif block.text.startswith("version: 1\n"):
        assert INDEX.problems(parse_yaml(block.text, block.page)) == []
    else:
        text = yaml.safe_dump(completed(block), sort_keys=False)
        assert parse_registry(parse_yaml(text, block.page), MODELS)


def completed(block):
    """Give the registry that a block is a part of."""
    depth = next((n for n, form in enumerate(PLACED) if re.match(form, block.text)), None)
    shown = yaml.safe_load(dedented(block))
    if depth == 2:
        shown = {"evaluate": {"function": "a.py:f", **shown}}
    if depth in (1, 2):
        shown = [{"name": "shown", **shown}]
    whole = shown if depth is None else {"models": shown}
    for one in whole.setdefault("models", []):
        if not {"source", "train", "weights_url"} & set(one):
            one.update(A_MODEL)
        for key, value in EXPORTED.items():
            one.setdefault(key, value)
    bases = {one["base"] for one in whole["models"] if isinstance(one.get("base"), str)}
    known = {one["name"] for one in whole["models"]}
    whole["models"] += [{"name": name, **A_MODEL} for name in sorted(bases - known)]
    return whole


@pytest.mark.parametrize(
    ("place", "line"), COMMANDS, ids=[f"{place}-{line}" for place, line in COMMANDS]
)
def test_a_command_line_is_one_that_we_take(place, line):
    line = line.partition(" -- ")[0]  # what follows is another program's
    words = [one for one in shlex.split(line.replace("…", ""))[1:] if one != "..."]
    assert parse(paddledvc, words).name


def parse(command, words, parent=None):
    """Parse a command line as click does, and raise what it would tell; give the command."""
    context = click.Context(command, parent=parent, info_name=command.name)
    values, rest, _ = command.make_parser(context).parse_args(list(words))
    for option in command.params:
        given = values.get(option.name)
        if isinstance(option.type, click.Choice) and isinstance(given, str) and not given.isupper():
            option.type.convert(given, option, context)
    if isinstance(command, click.Group) and rest:
        _, found, rest = command.resolve_command(context, rest)
        return parse(found, rest, context)
    if not isinstance(command, click.Group):
        room = [one.nargs for one in command.params if isinstance(one, click.Argument)]
        assert -1 in room or len(rest) <= sum(room), f"{rest} is too much"
    return command


def test_the_pins_of_the_demo_are_those_of_its_stages():
    shown = re.findall(r"^> (paddledvc .*)", read_page("README.md"), re.MULTILINE)
    stages = yaml.safe_load(read_page("dvc.yaml"))["stages"]

    assert len(shown) > 1
    assert set(shown) <= {one["cmd"] for one in stages.values()}


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["{root}[cpu]", "paddledvc[cpu] @ git+file://localhost{root}"])
def test_the_install_lines_work(form, environment):
    line = form.format(root=ROOT)
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", line]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert "Would install paddledvc-" in done.stdout, done.stderr


def test_an_extra_that_a_page_installs_is_one():
    listed = read_page("pyproject.toml").partition("[project.optional-dependencies]\n")[2]
    extras = set(re.findall(r"^(\w+) = \[", listed.partition("\n[")[0], re.MULTILINE))
    asked = re.findall(r"(?:paddledvc|clone)\[([a-z,]+)\]", "".join(map(read_page, PAGES)))
    rows = set(re.findall(r"^\| `(\w+)` \|", read_page("docs/install.md"), re.MULTILINE))

    assert len(asked) > 3
    assert {name for one in asked for name in one.split(",")} - extras == set()
    assert rows == extras - {"s3"}
