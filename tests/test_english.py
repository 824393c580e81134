"""What people read is plain English: messages, help, schemas, pages, README and docs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "paddledvc"
PLAIN = {
    r"nobody(?:'s)?": "no one, or say what is missing",
    r"somebody(?:'s)?": "someone, or say who",
    r"whoever": "name who",
    r"told|tells?|telling": "report, say, show",
    r"said": "report, say, state",
    r"mend(?:s|ed|ing)?": "fix",
    r"of no use": "cannot use",
    r"(?:forbid|forbids|forbade|forbidden) to": "forbids doing",
    r"(?:not|never|cannot|only|to) be had": "is not available",
    r"(?:is|are|was|were) not there": "is missing",
    r"out of reach": "unreachable",
    r"mean(?:s|t) no good": "malicious",
    r"all the same": "anyway",
}
"""Words that no reader should meet, and what to write instead."""
_AVOIDED = re.compile(rf"(?<![\w<-])({'|'.join(PLAIN)})(?![\w>])", re.IGNORECASE)
"""Names of groups in patterns, such as ``(?P<said>``, are no words."""
_COMMANDS = {"command", "group"}
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(f"docs/{one.name}" for one in ROOT.glob("docs/*.md")),
    "benchmarks/README.md",
    "Makefile",
]


def avoided(text: str) -> list[str]:
    """Name the words of a text that are on the list, with what to write instead."""
    return [
        f"{found[0]}: {next(plain for one, plain in PLAIN.items() if _whole(one, found[0]))}"
        for found in _AVOIDED.finditer(" ".join(text.split()))
    ]


def _whole(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.IGNORECASE) is not None


def messages(code: str) -> list[tuple[int, str]]:
    """List the texts of a module that may be shown, with their lines.

    All strings but names and keys, docstrings (those of commands are their help) and the notes
    below attributes.
    """
    tree = ast.parse(code)
    unseen = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr)
        for part in ast.walk(node.value)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_command, node.decorator_list)):
            unseen.discard(id(getattr(node.body[0], "value", None)))
    sentences = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in unseen
        and (id(node) in sentences or not node.value.isidentifier())
    ]


def _makes_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in _COMMANDS


def shown(schema: object) -> list[str]:
    """List the texts of a schema that editors and messages show."""
    if isinstance(schema, list):
        return [text for one in schema for text in shown(one)]
    if not isinstance(schema, dict):
        return []
    own = [schema[key] for key in ("title", "description", "x-expected") if key in schema]
    texts = [text for text in own if isinstance(text, str)]
    return texts + [text for one in schema.values() for text in shown(one)]


def prose(text: str) -> str:
    """Leave out what a page of HTML or a script does not show."""
    text = re.sub(r"<!--.*?-->|\{#.*?#\}|<style>.*?</style>", "", text, flags=re.DOTALL)
    return re.sub(r"\{[{%].*?[}%]\}", "", text)


def test_the_word_list_finds_words_and_leaves_names_and_patterns():
    assert avoided("it is of no use: Nobody\n  answers") == [
        "of no use: cannot use",
        "Nobody: no one, or say what is missing",
    ]
    assert avoided("recommend it, (?P<said>.*), a retold story") == []
    code = '''"""Said."""
KEY = "mend"
"""Nobody sees it."""

@main.command()
def run(file):
    """Tell it."""
    raise Failed(f"nobody: {file.get('told me')}" "said")
'''
    assert {text for _, text in messages(code)} == {"Tell it.", "nobody: ", "said", "told me"}


@pytest.mark.parametrize(
    "folder", sorted(one.name for one in PACKAGE.iterdir() if one.suffix == ".py" or one.is_dir())
)
def test_messages_and_help_keep_to_the_word_list(folder):
    top = PACKAGE / folder
    found = [
        f"{file.relative_to(ROOT)}:{line}: {word}"
        for file in sorted(top.rglob("*.py") if top.is_dir() else [top])
        for line, text in messages(file.read_text())
        for word in avoided(text)
    ]

    assert found == []


def test_schemas_templates_and_scripts_keep_to_the_word_list():
    schemas = PACKAGE.glob("schemas/*.schema.json")
    texts = [(file, text) for file in schemas for text in shown(json.loads(file.read_text()))]
    for pattern in ("*/templates/*.html", "schemas/template.*"):
        texts += [(file, prose(file.read_text())) for file in PACKAGE.glob(pattern)]
    script = PACKAGE / "tools/git/hook_scripts/hook.sh"
    lines = [line for line in script.read_text().splitlines() if "echo " in line]
    texts += [(script, line) for line in lines]

    found = [f"{file.relative_to(ROOT)}: {word}" for file, text in texts for word in avoided(text)]

    assert found == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_keep_to_the_word_list(page):
    found = [
        f"{page}:{number}: {word}"
        for number, line in enumerate((ROOT / page).read_text().splitlines(), 1)
        for word in avoided(line)
    ]

    assert found == []
