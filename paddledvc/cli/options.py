"""Options and ways to print that commands share."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from paddledvc.tools.system import streams

if TYPE_CHECKING:
    from tqdm import tqdm

    from paddledvc.locking.current import LockUse
    from paddledvc.models.lockfile import Change
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress

MANY = 100
"""Lines of one kind that people read."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
Command = TypeVar("Command", bound=Callable[..., Any])

format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the result.",
)
pin_option = click.option(
    "--pin",
    metavar="PIN",
    help="What the stage in dvc.yaml was generated for; refused if it is another one now.",
)


def lock_options(command: Command) -> Command:
    """Add ``--locked``, ``--frozen`` and ``--offline``; the command gets them as ``use``."""

    @functools.wraps(command)
    def wrapper(*args: Any, locked: bool, frozen: bool, offline: bool, **kwargs: Any) -> Any:
        from paddledvc.locking.current import LockUse  # noqa: PLC0415 - not for --help

        use = LockUse(
            locked=_blamed("locked", given=locked),
            frozen=_blamed("frozen", given=frozen),
            offline=_blamed("offline", given=offline),
        )
        return command(*args, use=_one_of_both(use), **kwargs)

    for name, text in reversed(_LOCK_OPTIONS.items()):
        option = click.option(f"--{name}", is_flag=True, envvar=_variable(name), help=text)
        option(wrapper)
    return cast("Command", wrapper)


def offline_option(command: Command) -> Command:
    """Add ``--offline``; the command gets as ``offline`` what forbids the network, or None."""

    @functools.wraps(command)
    def wrapper(*args: Any, offline: bool, **kwargs: Any) -> Any:
        return command(*args, offline=_blamed("offline", given=offline), **kwargs)

    text = _LOCK_OPTIONS["offline"]
    option = click.option("--offline", is_flag=True, envvar=_variable("offline"), help=text)
    return cast("Command", option(wrapper))


_LOCK_OPTIONS = {
    "locked": "Refuse a stale models.lock instead of updating it.",
    "frozen": "Trust models.lock, even if it is stale.",
    "offline": "Use no network.",
}


def _variable(name: str) -> str:
    return f"PADDLEDVC_{name.upper()}"


def _from_environment(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.ENVIRONMENT


def _blamed(name: str, *, given: bool) -> str | None:
    """Name what asked for something: people look in vain for an option that a variable set."""
    if not given:
        return None
    return (
        f"{_variable(name)}={os.environ[_variable(name)]}"
        if _from_environment(name)
        else f"--{name}"
    )


def _one_of_both(use: LockUse) -> LockUse:
    """Let an option win over a variable; two of a kind contradict each other."""
    if use.locked is None or use.frozen is None:
        return use
    from_environment = {name: _from_environment(name) for name in ("locked", "frozen")}
    if from_environment["locked"] == from_environment["frozen"]:
        raise click.UsageError(
            f"{use.locked} and {use.frozen} contradict each other: the one refuses a stale lock, "
            "the other trusts it"
        )
    loser = "locked" if from_environment["locked"] else "frozen"
    return dataclasses.replace(use, **{loser: None})


def pass_project(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the project of the current folder to a command, once the command really runs."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        from paddledvc.project import Project  # noqa: PLC0415 - not for --help

        return command(Project.find(Path()), *args, **kwargs)

    return wrapper


def echo_first_use(project: Project) -> None:
    """Say once which Paddle runs, where that is not the one that people expect."""
    from paddledvc.tools.paddle import device  # noqa: PLC0415 - only for what runs Paddle

    if (line := device.first_use(project.root)) is not None:
        click.echo(line, err=True)


def echo_json(value: Any) -> None:
    """Print a value of ours as JSON."""
    echo_document(json.dumps(value, default=_plain, indent=2, ensure_ascii=False), "json")


def echo_document(text: str, form: str) -> None:
    """Print a text that programs read, in ASCII where the stream does not take every character.

    Args:
        text: the text.
        form: its form, such as ``json``; the escapes are those of the form.
    """
    if not streams.take_every_character():
        if form in ("json", "sarif"):
            text = _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
        elif form == "junit":
            text = text.encode("ascii", "xmlcharrefreplace").decode()
    click.echo(text)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def echo_changes(changes: Iterable[Change], trusted: Iterable[str] = ()) -> None:
    """Print what moved in models.lock, and whose bytes nobody had hashed before."""
    for change in changes:
        click.echo(str(change))
    for name in trusted:
        click.echo(f"Trust {name}: its bytes were hashed for the first time", err=True)


def echo_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines; of very many only the first, and how many more there are."""
    every = list(lines)
    shown = every if len(every) <= MANY else every[: MANY // 2]
    for line in shown:
        click.echo(line, err=err)
    if len(shown) < len(every):
        more = len(every) - len(shown)
        click.echo(f"... and {more:,} more, which --format json names", err=err)


def echo_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table whose columns are as wide as their widest cell, in a pipe too."""
    from tabulate import tabulate  # noqa: PLC0415

    click.echo(tabulate(rows, headers, tablefmt="plain", disable_numparse=True))


@contextmanager
def progress_bar() -> Iterator[NamedProgress]:
    """Draw one bar for all transfers on a terminal; stay quiet in a pipe."""
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


class _Bar:
    """What is on its way, in one line: bars of their own would scroll many files off the screen."""

    def __init__(self) -> None:
        self._drawing = threading.Lock()
        self._files: dict[str, tuple[int, int | None]] = {}
        self._bar: tqdm[Any] | None = None
        self._finished: set[str] = set()
        self._total = self._unknown = 0

    def show(self, name: str, done: int, total: int | None) -> None:
        """Show that so many bytes of a file are there."""
        with self._drawing:
            if self._bar is None:
                from tqdm import tqdm  # noqa: PLC0415 - not where no bytes move

                self._bar = tqdm(
                    unit="B", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty()
                )
            before = self._files.get(name, (0, 0))
            self._files[name] = (done, total)
            self._total += (total or 0) - (before[1] or 0)
            self._unknown += (total is None) - (before[1] is None)
            (self._finished.add if done == total else self._finished.discard)(name)
            self._bar.total = None if self._unknown else self._total
            many = len(self._files) > 1
            title = f"{len(self._finished)} of {len(self._files)} files" if many else name
            self._bar.set_description_str(title, refresh=False)
            self._bar.update(done - before[0])

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
