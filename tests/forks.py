"""Paddle's workers, DVC and ``paddledvc`` in tests, forked from processes that have imported them.

They are what runs for a user, but for their start; that is left to the tests in ``end_to_end`` that
call programs by name, and to modules that say ``COLD = True``.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paddledvc.tools.paddle import process
from paddledvc.tools.system import shell
from tests.warm import Warm, warm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PADDLE = "paddledvc.tools.paddle"
DOING = ("__main__", "building.exporting", "running.run_exported")
COMMANDS = sorted(Path(shell.__file__).parents[2].glob("cli/*.py"))
S3 = ("dvc_s3", "s3fs", "aiobotocore.session")
IMPORTS = {
    "paddledvc": (
        *("paddledvc.__main__", *(f"paddledvc.cli.{one.stem}" for one in COMMANDS)),
        *(
            "paddledvc.weights.transfer.fetch_outputs",
            "paddledvc.tools.dvc.remotes.filesystem",
            "yaml",
            *S3,
        ),
    ),
    PADDLE: ("paddle", *(f"{PADDLE}.{one}" for one in DOING)),
    "dvc": (
        *("dvc.cli.parser", "dvc.repo", "dvc.stage.run", "dvc.info", "dvc.render.match"),
        *("dvc_data.index", "scmrepo.git", "dulwich.repo", "networkx", *S3),
    ),
}
"""What is imported before the first fork, by the module that is run."""
VARIABLES = {PADDLE: process.DEFAULTS}
FORKED: dict[str, Callable[[], Warm]] = {}
"""How to get the process that has imported a module, while there are tests that may want it."""


def run_program(command: Sequence[str]) -> list[str]:
    """Give the command that does the same, forked where that can be."""
    name, *arguments = command
    return [*(run_module(name) if name in FORKED else [name]), *arguments]


def run_module(module: str) -> list[str]:
    """Give the command that does as ``python -m MODULE``."""
    if module in FORKED:
        return FORKED[module]().command
    return [sys.executable, "-m", module]


@pytest.fixture(scope="session", autouse=True)
def forks(
    usual_variables: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Start a process that imports a module when it is wanted first, and end it with the tests."""
    started: dict[str, Warm] = {}
    with ExitStack() as stack:

        def start(module: str) -> Warm:
            if module not in started:
                folder = tmp_path_factory.mktemp("warm")
                variables = {**usual_variables, **VARIABLES.get(module, {})}
                one = warm(folder, module, IMPORTS[module], variables)
                started[module] = stack.enter_context(one)
            return started[module]

        FORKED.update({module: lambda module=module: start(module) for module in IMPORTS})
        yield
        FORKED.clear()


@pytest.fixture(scope="module", autouse=True)
def forked(request: pytest.FixtureRequest, forks: None) -> Iterator[None]:
    """Let this process fork what it would start; ``COLD = True`` in a module starts it anew."""
    start = shell._started

    def started(command: Any, *arguments: Any, **streams: Any) -> Any:
        if command[0] == sys.executable and "-m" in command:
            name = command[command.index("-m") + 1]
            if name in FORKED:
                command = [*run_module(name), *command[command.index("-m") + 2 :]]
        return start(command, *arguments, **streams)

    with pytest.MonkeyPatch.context() as patch:
        if not getattr(request.module, "COLD", False):
            patch.setattr(shell, "_started", started)
        yield
