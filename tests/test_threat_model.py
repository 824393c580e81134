"""Whether what docs/threat-model.md promises is there: each defence, each test that attacks it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/threat-model.md").read_text("utf-8")
ROWS = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
CELLS = [row for row in ROWS if not row[0].startswith("| threat")]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


@pytest.mark.parametrize("test", NAMED)
def test_each_test_that_the_page_names_is_there(test):
    file, _, name = test.partition("::")
    nodes = ast.walk(ast.parse((ROOT / file).read_text("utf-8")))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}

    assert name in functions if name else any(one.startswith("test_") for one in functions)


def test_each_module_that_the_page_names_is_there():
    for path in re.findall(r"`(paddledvc/[^`]+\.(?:py|sh))`", PAGE):
        assert (ROOT / path).is_file(), path


def test_each_threat_has_a_defence_and_a_test():
    for row in CELLS:
        assert len(row) == 3, row
        assert "`tests/" in row[2], row


def test_no_attack_that_is_tried_is_left_out():
    attacks = {f"tests/attack/{one.name}" for one in (ROOT / "tests/attack").glob("test_*.py")}

    assert attacks <= {name.partition("::")[0] for name in NAMED}
