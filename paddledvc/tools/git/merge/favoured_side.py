"""The side that a merge takes by ``-X ours`` or ``-X theirs``, which git tells no driver."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from paddledvc.tools.git.command import ask_git
from paddledvc.tools.system.processes import find_process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.yaml.conflicts import Side

_ABOVE = 8
"""Processes between a driver and its git: shells."""
_STATES = ("rebase-merge/strategy_opts", "sequencer/opts")
"""Where git keeps the options of a rebase, a cherry-pick or a revert that has stopped."""
_GOES_ON = ("--continue", "--skip")
_SAID = re.compile(r"(?:^|[\s'=-])(ours|theirs)\b")


def find_favoured_side(process: int) -> Side | None:
    """Say which side the merge was told to take that a driver works for; None if neither.

    It is read from the command line of the git above, or from what a stopped rebase has noted.

    Args:
        process: the number of the process that started the driver.
    """
    for _ in range(_ABOVE):
        if (found := find_process(process)) is None:
            return None
        if found.arguments and PurePath(found.arguments[0]).name == "git":
            said = read_strategy_option(found.arguments)
            if said is None and {*_GOES_ON} & {*found.arguments}:
                return _read_stopped()
            return said
        process = found.parent
    return None


def read_strategy_option(arguments: Sequence[str]) -> Side | None:
    """Read the side from the arguments of a git; the last of several counts.

    >>> read_strategy_option(["git", "merge", "-X", "ours", "--strategy-option=theirs", "topic"])
    'theirs'
    >>> read_strategy_option(["git", "merge", "-m", "x", "--", "-Xours"])
    """
    side: Side | None = None
    before = ""
    for argument in arguments:
        if argument == "--":
            break
        option = argument if before not in ("-X", "--strategy-option") else f"-X{argument}"
        if option in ("-Xours", "--strategy-option=ours"):
            side = "ours"
        elif option in ("-Xtheirs", "--strategy-option=theirs"):
            side = "theirs"
        before = argument
    return side


def _read_stopped() -> Side | None:
    for name in _STATES:
        place = ask_git(Path(), "rev-parse", "--git-path", name)
        if place is None:
            continue
        try:
            text = Path(place.rstrip("\n")).read_text(errors="replace")
        except OSError:
            continue
        if said := _SAID.findall(text):
            return "ours" if said[-1] == "ours" else "theirs"
    return None
