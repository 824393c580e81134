"""Options and ways to print that commands share."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from tqdm import tqdm

    from paddledvc.core.changes import Change
    from paddledvc.locking import LockUse
    from paddledvc.tools.weights import Progress

MANY = 100
"""Lines of one kind that people read."""
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
        from paddledvc.locking import LockUse  # noqa: PLC0415 - not for --help

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


def echo_json(value: Any) -> None:
    """Print a value of ours as JSON."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


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
def progress_bars() -> Iterator[Progress]:
    """Draw a bar for each download on a terminal; stay quiet in a pipe."""
    bars: dict[str, tqdm[Any]] = {}
    drawing = threading.Lock()

    def show(name: str, done: int, total: int | None) -> None:
        with drawing:
            if name not in bars:
                from tqdm import tqdm  # noqa: PLC0415 - not where no bytes move

                bars[name] = tqdm(
                    desc=name,
                    total=total,
                    unit="B",
                    unit_scale=True,
                    file=sys.stderr,
                    disable=not sys.stderr.isatty(),
                )
        bar = bars[name]
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
