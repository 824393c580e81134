"""The rooms of the package: their contracts hold what they say, and none holds too much."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import paddledvc

PACKAGE = Path(paddledvc.__file__).parent
MANY = 12
"""Modules that a folder may have, but for the commands and the root."""
BROKEN = {
    "Arrows go down": ("yaml/bad.py", "import paddledvc.cli.lock"),
    "No circle at any depth": (
        "weights/garbage/bad.py",
        "from paddledvc.weights.garbage import worse",
    ),
    "Pure: values in, values out": ("gate/core/bad.py", "from paddledvc.tools.system import shell"),
    "Only tools.system.shell starts processes": ("setup/bad.py", "import subprocess"),
    "Only tools.dvc knows the code of DVC": ("weights/bad.py", "import dvc.repo"),
    "Only tools.paddle knows Paddle and what runs its programs": ("stages/bad.py", "import paddle"),
    "Only tools.sources asks servers": ("catalogs/bad.py", "import requests"),
    "Repositories of others are read through tools.git.foreign": (
        "catalogs/bad.py",
        "from paddledvc.tools.git.command import run_git",
    ),
    "Only tools.git.blame knows GitPython": ("tools/git/bad.py", "import git"),
    "Hooks never reach what takes as long to import as they may take": (
        "hooks/bad.py",
        "from paddledvc.tools.git import blame",
    ),
    "Only yaml.dialect and yaml.schema know what checks schemas": (
        "schemas/bad.py",
        "import jsonschema",
    ),
    "Only yaml knows what parses YAML": ("models/bad.py", "import yaml"),
    "Only the command line knows terminals": ("inventory/bad.py", "import click"),
    "Only cli.printer draws": ("cli/bad.py", "import rich.table"),
    "Only pages know templates": ("verification/bad.py", "import jinja2"),
    "Commands do not import each other": ("cli/bad.py", "from paddledvc.cli import lock"),
}
"""What breaks each contract: a module, and what it imports."""


def modules(folder: Path) -> list[str]:
    return sorted(one.stem for one in folder.glob("*.py") if one.stem != "__init__")


def test_no_folder_but_that_of_the_commands_has_more_than_twelve_modules():
    folders = {one.parent for one in PACKAGE.rglob("*.py")} - {PACKAGE, PACKAGE / "cli"}
    crowded = {
        folder.relative_to(PACKAGE).as_posix(): modules(folder)
        for folder in folders
        if len(modules(folder)) > MANY
    }

    assert crowded == {}


def lint(folder: Path) -> str:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "paddledvc", ignore=shutil.ignore_patterns("__pycache__"))
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    contracts = text[text.index("[tool.importlinter]") : text.index("[tool.pytest")]
    (tmp_path / "pyproject.toml").write_text(contracts, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_every_contract_is_broken_by_what_it_forbids(copy):
    pytest.importorskip("importlinter")
    for number, (place, line) in enumerate(BROKEN.values()):
        file = copy / "paddledvc" / place.replace("bad", f"bad_{number}")
        file.write_text(f"{line}\n", encoding="utf-8")
    worse = copy / "paddledvc" / "weights" / "garbage" / "worse.py"
    worse.write_text("from paddledvc.weights.garbage import bad_1\n", encoding="utf-8")
    found = lint(copy)

    assert set(re.findall(r"^(.+?) BROKEN", found, re.MULTILINE)) == set(BROKEN)
    assert " KEPT" not in found


@pytest.mark.slow
def test_a_room_that_has_no_floor_breaks_the_contract_of_floors(copy):
    pytest.importorskip("importlinter")
    (copy / "paddledvc" / "attic").mkdir()
    (copy / "paddledvc" / "attic" / "__init__.py").touch()

    assert re.findall(r"^(.+?) BROKEN", lint(copy), re.MULTILINE) == ["Arrows go down"]


def starts_git(file: Path) -> bool:
    """Tell whether a module has a command line of git's, or asks for its program."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    lists = (one.elts for one in nodes if isinstance(one, ast.List | ast.Tuple))
    return any(
        isinstance(first, ast.Constant) and first.value == "git"
        for first in (elements[0] for elements in lists if len(elements) > 1)
    )


@pytest.mark.slow
def test_one_module_starts_git():
    starting = {
        one.relative_to(PACKAGE).as_posix() for one in PACKAGE.rglob("*.py") if starts_git(one)
    }

    assert starting == {"tools/git/command.py"}


NAMING_PYTHON = {
    "environments/prepare.py": "shows it, as the command of a container",
    "hooks/renew.py": "shows it",
    "setup/checks/machine.py": "shows it",
    "tools/git/hook_scripts/install.py": "writes it into hooks, beside how it is isolated",
    "tools/paddle/process.py": "starts what runs the user's code, which imports from their project",
    "tools/python/command.py": "isolates it",
    "tools/python/environment.py": "looks where it lies",
    "tools/system/streams.py": "starts this very process again, with its options",
    "verification/saved_errors.py": "digests where it lies",
}
"""Modules that name this Python, and what for: all others get a command line that is isolated."""


def names_python(file: Path) -> bool:
    """Tell whether a module names this Python, or any by its name."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    lists = (one.elts for one in nodes if isinstance(one, ast.List | ast.Tuple) and one.elts)
    return any(isinstance(one, ast.Attribute) and one.attr == "executable" for one in nodes) or any(
        isinstance(first, ast.Constant) and str(first.value).startswith(("python", "dvc "))
        for first, *rest in lists
        if rest
    )


@pytest.mark.slow
def test_no_module_starts_a_python_that_imports_from_the_work_tree():
    naming = {
        one.relative_to(PACKAGE).as_posix() for one in PACKAGE.rglob("*.py") if names_python(one)
    }

    assert naming == set(NAMING_PYTHON)
