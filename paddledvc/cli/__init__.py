"""The command line: parse, call one workflow, print.

This module holds the group and the one place where errors become exit codes.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import traceback
from importlib import import_module
from typing import Any

import click

from paddledvc.display.escaping import escape_text
from paddledvc.errors import OutsideFailure, PaddleDVCError
from paddledvc.tools.system import streams

SECTIONS = {
    "Set-up": {
        "init": "Make this git repository a paddledvc project.",
        "hooks": "Let git bring the weights of whatever it checks out.",
        "trust": "Approve where the remotes of this branch are.",
        "doctor": "Look for what keeps this clone from working.",
        "schema": "Print the JSON Schema of registry, lock, index or report.",
    },
    "Registry": {
        "add": "Add a model of a catalog to models.yaml and lock it.",
        "remove": "Remove models from models.yaml and models.lock.",
        "list": "List the models and what is locked of them.",
        "show": "Show a model, and why it is locked at that version.",
        "lock": "Lock models.yaml to exact versions and digests.",
        "generate": "Bring the stages of every model into dvc.yaml.",
        "check": "Check schema, lock, stages and policy, as hooks and CI do.",
    },
    "Stages": {
        "sync": "Download weights and compare them with their pins.",
        "train": "Train a model with your code.",
        "export": "Export a model as a static program.",
        "verify": "Compare the exported files with the dynamic network.",
        "report": "Write pages of HTML from what verify has found.",
    },
    "Weights": {
        "status": "Show which weights are not what the commit says.",
        "pull": "Bring the weights of this commit from the remotes.",
        "push": "Send the weights of this commit to the remote of its branch.",
        "gc": "Remove what no branch, tag or recent commit needs.",
    },
}
"""Every command and what it does, as the overview shows it; a command is imported when it runs."""
HIDDEN = ("hook", "merge-file")
"""Commands that programs call, and that the overview leaves out."""
INTERRUPTED = 130
BROKEN_PIPE = 141
BUG = 70
LAST_OWN = 128
"""Exit codes above this one say that somebody stopped us."""
GRACE = 2.0
"""Seconds that threads get to end themselves when somebody stops us."""


class Group(click.Group):
    """Commands that are imported when they run, and errors that become exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the names of all commands."""
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        if name not in (*self.list_commands(ctx), *HIDDEN):
            return None
        # A module called `list` would hide Python's own in this package.
        module = "list_models" if name == "list" else name.replace("-", "_")
        command: click.Command = getattr(import_module(f"paddledvc.cli.{module}"), module)
        return command

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Read the options that stand before the command."""
        try:
            return super().make_context(*arguments, **settings)
        except click.ClickException as error:
            _escape(error)
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a misspelt one."""
        from paddledvc.names import suggest_name  # noqa: PLC0415

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = suggest_name(args[0], self.list_commands(ctx))
            message = error.message.rstrip(".") + hint if hint else error.message
            raise click.UsageError(message, ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Show the overview without importing any command."""
        formatter.write_paragraph()
        for section, commands in SECTIONS.items():  # without blank lines, to fit a screen
            formatter.write_heading(section)
            with formatter.indentation():
                formatter.write_dl(list(commands.items()), col_max=12)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors that were meant become a message and an exit code."""
        try:
            return super().invoke(ctx)
        except PaddleDVCError as error:
            _complain(error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            streams.write_lines("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            streams.abandon_output_stream()  # the reader has gone
            ctx.exit(BROKEN_PIPE)
        except click.ClickException as error:
            _escape(error)
            raise
        except (click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _complain(OutsideFailure(f"{where}{error.strerror or error}"))
            _flush()
            ctx.exit(OutsideFailure.exit_code)
        except UnicodeEncodeError as error:
            _complain(OutsideFailure(streams.explain_stream_encoding(error)))
            ctx.exit(OutsideFailure.exit_code)
        except Exception:  # noqa: BLE001 - the boundary: what gets here is our bug
            streams.write_lines(
                f"{traceback.format_exc()}"
                "This is a bug in paddledvc; please report it with the lines above.",
                err=True,
            )
            ctx.exit(BUG)


def _flush() -> None:
    """Write what is left; a disk that is full has been told of."""
    try:
        sys.stdout.flush()
    except OSError:
        streams.abandon_output_stream()


def _complain(error: PaddleDVCError) -> None:
    from paddledvc.cli import printer  # noqa: PLC0415 - not for --help
    from paddledvc.errors import InvalidFile  # noqa: PLC0415

    if isinstance(error, InvalidFile):
        # Its problems stand at the start of their lines, where editors and CI look for them.
        printer.echo(error, err=True)
    else:
        printer.echo_error(error)


def _escape(error: click.ClickException) -> None:
    """Let click print nothing that was typed, or read from a variable, as it is."""
    # Final for type checkers only; a new error would lose the hints of its kind.
    error.message = escape_text(error.message)  # type: ignore[misc]


class _Log(logging.Handler):
    """Prints what the library logs, above the bars if any are drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        streams.write_lines(self.format(record), err=True)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paddledvc", message="paddledvc %(version)s")
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Work as if started in DIR.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more about what happens.")
def paddledvc(directory: str | None, *, verbose: bool) -> None:
    """Versioned PaddlePaddle models in git: a registry, a lock, and DVC stages.

    \b
    Example: paddledvc init && paddledvc lock && paddledvc generate && dvc repro

    Exit codes: 0 fine, 1 a finding, 2 wrong usage or file, 3 something outside failed, 70 a bug.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(message)s", handlers=[_Log()]
    )
    logging.getLogger("paddledvc").setLevel(logging.INFO if verbose else logging.WARNING)
    if directory is not None:
        os.chdir(directory)


def _stop(number: int, _frame: object) -> None:
    """End by an exception, so that what we have started is ended too."""
    raise SystemExit(128 + number)


def main() -> None:
    """Run the command line of this process."""
    streams.prepare_process()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        paddledvc(prog_name="paddledvc")
    except SystemExit as stop:
        if isinstance(stop.code, int) and stop.code > LAST_OWN:
            _leave(stop.code)
        raise
    except OSError as error:  # no room even for the text of --help
        _complain(OutsideFailure(error.strerror or str(error)))
        _flush()
        sys.exit(OutsideFailure.exit_code)


def _leave(code: int) -> None:
    """End although a thread still waits for a server that does not answer."""
    from paddledvc.tools.system import shell  # noqa: PLC0415 - only for those who are stopped

    shell.end_all_programs()
    until = time.monotonic() + GRACE
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
