"""Options that commands share."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from paddledvc.errors import OutsideFailure

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project

Command = TypeVar("Command", bound=Callable[..., Any])

format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The format of the result, and of errors.",
)
pin_option = click.option(
    "--pin",
    metavar="PIN",
    help="Settings digest recorded in dvc.yaml; fails if the settings have changed since.",
)


def complete_model(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a model in models.yaml; nothing where that cannot be read."""
    return _complete(
        ctx, incomplete, lambda project: [one.name for one in project.registry().models]
    )


def complete_remote(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a DVC remote."""
    from paddledvc.tools.dvc.configuration import read_dvc_config  # noqa: PLC0415 - not for --help

    return _complete(ctx, incomplete, lambda project: read_dvc_config(project.root).remotes)


def _complete(
    ctx: click.Context, incomplete: str, names_in: Callable[[Project], Iterable[str]]
) -> list[str]:
    from paddledvc.project import Project  # noqa: PLC0415 - not for --help

    with suppress(Exception):  # a shell that completes shows no message
        project = Project.find(ctx.find_root().params.get("directory") or ".")
        return [name for name in names_in(project) if name.startswith(incomplete)]
    return []


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

        project = Project.find(Path())
        with suppress(OutsideFailure, OSError):  # the command itself may change nothing
            project.finish_begun()
        if command.__name__ not in LOOKING:
            _renew_hooks(project.root)
        return command(project, *args, **kwargs)

    return wrapper


LOOKING = ("doctor",)
"""Commands that change nothing, not even hooks of before."""


def _renew_hooks(root: Path) -> None:
    """Replace hooks of before, which could import modules of the work tree."""
    from paddledvc.cli import printer  # noqa: PLC0415 - as above
    from paddledvc.hooks import renew  # noqa: PLC0415

    if (done := renew.renew_hooks(root)) is not None:
        printer.echo(done, err=True)


def environment_options(command: Command) -> Command:
    """Add what the commands that write an environment are of: a model, a revision, GPUs."""
    options = (
        click.argument(
            "name", required=False, metavar="[NAME[@VERSION]]", shell_complete=complete_model
        ),
        click.option("--rev", metavar="REV", help="The branch, tag or commit that it is to be of."),
        click.option(
            "--gpus/--no-gpus",
            default=None,
            help="Give it the GPUs; by default where the environment has CUDA.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


class Subcommands(click.Group):
    """Subcommands in modules of their own, called after group and command, as ``release_create``.

    Args:
        summaries: what each subcommand does, by name, so that an overview imports none.
    """

    def __init__(self, *args: Any, summaries: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the names of the subcommands."""
        return list(self.summaries)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import a subcommand."""
        if name not in self.summaries:
            return None
        module = f"{self.name}_{name}".replace("-", "_")
        command: click.Command = getattr(import_module(f"paddledvc.cli.{module}"), module)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Show the overview without importing any subcommand."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))
