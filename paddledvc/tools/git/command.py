"""git, started: in this module alone, so that each call has the same environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from paddledvc.tools.system.shell import AnsweringProgram, Finished

ENVIRONMENT = {
    "LC_ALL": "C",  # what git says is read by us
    "GIT_TERMINAL_PROMPT": "0",  # nobody may be there who could answer
    "GIT_OPTIONAL_LOCKS": "0",  # looking must not stop the git that runs beside us
}
SETTINGS = (("safe.bareRepository", "explicit"),)
"""What git is told everywhere: a folder that a branch made look like a repository is none."""
KEEP_PATHS = ("-c", "core.quotePath=false")
"""Settings that leave paths in what git prints as they are."""


def git_command_line(*arguments: str) -> list[str]:
    """Give the whole command, as messages show it."""
    return ["git", *arguments]


def run_git(
    folder: Path,
    *arguments: str,
    env: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> str:
    """Run git in a folder and return what it printed.

    Raises:
        ToolFailed: it ended with an error, or not within ``timeout`` seconds.
    """
    command = git_command_line(*KEEP_PATHS, *arguments)
    return shell.run_program(command, cwd=folder, env=_environment(env), timeout=timeout)


def try_git(
    folder: Path,
    *arguments: str,
    env: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> Finished:
    """Run git where its failure is an answer too.

    Raises:
        ToolFailed: it did not end within ``timeout`` seconds.
    """
    command = git_command_line(*arguments)
    return shell.try_program(command, cwd=folder, env=_environment(env), timeout=timeout)


def ask_git(folder: Path, *arguments: str) -> str | None:
    """Ask git something that may have no answer; None where it has none."""
    done = try_git(folder, *KEEP_PATHS, *arguments)
    return None if done.returncode else done.output.removesuffix("\n")


def exchange_git(
    folder: Path,
    *arguments: str,
    sent: bytes = b"",
    env: Mapping[str, str | None] | None = None,
) -> bytes:
    """Run git on what it reads from its standard input, and return the bytes that it wrote.

    Raises:
        ToolFailed: it ended with an error.
    """
    return shell.exchange_program_bytes(
        git_command_line(*arguments), cwd=folder, sent=sent, env=_environment(env)
    )


def answering_git(folder: Path, *arguments: str) -> AnsweringProgram:
    """Start a git that is asked one thing after the other."""
    return shell.AnsweringProgram(git_command_line(*arguments), cwd=folder, env=_environment(None))


def git_settings_environment(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give the variables that tell git some settings, which other users do not see in ``ps``.

    They come after those of whoever started us, such as the ``safe.directory`` and the credentials
    of a CI: these stay, and of two that differ ours count.
    """
    said, pairs = os.environ.get("GIT_CONFIG_COUNT", ""), tuple(settings)
    first = int(said) if said.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (key, value) in enumerate(pairs, first):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def _environment(more: Mapping[str, str | None] | None) -> dict[str, str | None]:
    return {**ENVIRONMENT, **git_settings_environment(SETTINGS), **(more or {})}
