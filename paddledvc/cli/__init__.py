"""The command line: parse, call one workflow, print.

This module holds the group and the one place where errors become exit codes.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from importlib import import_module
from typing import Any

import click

from paddledvc.cli import failures, interrupts
from paddledvc.errors import OutsideFailure, PaddleDVCError
from paddledvc.tools.system import streams

SECTIONS = {
    "Set-up": {
        "init": "Make this git repository a paddledvc project.",
        "hooks": "Install git hooks that keep weights in sync with the commit.",
        "trust": "Approve the remotes that this branch names.",
        "doctor": "Diagnose problems with this clone.",
        "env": "Check the environment, and start the locked image.",
        "schema": "Print the JSON Schema of registry, lock, index, report or bundle.",
    },
    "Registry": {
        "add": "Add a model of a catalog to models.yaml and lock it.",
        "remove": "Remove models from models.yaml and models.lock.",
        "list": "List the models and their locked versions.",
        "show": "Show a model, and why it is locked at that version.",
        "history": "Show what was locked, released or assigned to a stage, and when.",
        "lock": "Lock models.yaml to exact versions and digests.",
        "generate": "Write each model's stages to dvc.yaml.",
        "check": "Check schema, lock, stages and policy, as hooks and CI do.",
        "diff": "Show what a change means for models.",
    },
    "Stages": {
        "sync": "Download weights and compare them with their pins.",
        "train": "Train a model with your code.",
        "export": "Export a model as a static program.",
        "verify": "Compare the exported files with the dynamic network.",
        "evaluate": "Measure the network and the exported files with your function.",
        "report": "Write pages of results, cards of models, or a site.",
    },
    "Weights": {
        "status": "Show which weights differ from the commit.",
        "pull": "Fetch the weights of this commit from the remotes.",
        "push": "Send the weights of this commit to the remote of its branch.",
        "gc": "Remove what no branch, tag or recent commit needs.",
    },
    "Releases": {
        "release": "Release what is locked; approve, promote and bundle it.",
        "rollback": "Bring models back to an earlier release, in one new commit.",
    },
}
"""Every command and what it does, as the overview shows it; a command is imported when it runs."""
HIDDEN = ("hook", "merge-file")
"""Commands that programs call, and that the overview leaves out."""
COMPLETE = "_PADDLEDVC_COMPLETE"
"""The variable by which a shell asks for completions."""
INTERRUPTED = 130
BROKEN_PIPE = 141
BUG = 70
STOPPED = "Interrupted"
"""What a program is told that somebody has stopped us."""
LAST_OWN = 128
"""Exit codes above this one say that somebody stopped us."""


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

    def make_context(
        self, info_name: str | None, args: list[str], *more: Any, **settings: Any
    ) -> click.Context:
        """Read the options that stand before the command."""
        meta = {failures.ASKED: failures.asks_json(args)}
        try:
            context = super().make_context(info_name, args, *more, **settings)
        except click.ClickException as error:
            failures.tell_usage(meta, error)
            raise
        context.meta.update(meta)
        return context

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
        for section, commands in SECTIONS.items():  # without blank lines, to fit a screen
            formatter.write_heading(section)
            with formatter.indentation():
                formatter.write_dl(list(commands.items()), col_max=12)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors that were meant become a message and an exit code."""
        try:
            return super().invoke(ctx)
        except PaddleDVCError as error:
            _end(ctx, error)
        except KeyboardInterrupt:
            failures.answer_failure(ctx.meta, STOPPED, INTERRUPTED, "interrupted")
            streams.write_lines("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            streams.abandon_output_stream()  # the reader has gone
            ctx.exit(BROKEN_PIPE)
        except click.ClickException as error:
            failures.tell_usage(ctx.meta, error)
            raise
        except (SystemExit, click.Abort) as stop:
            failures.answer_failure(ctx.meta, STOPPED, getattr(stop, "code", 1), "interrupted")
            raise
        except click.exceptions.Exit:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _end(ctx, OutsideFailure(f"{where}{error.strerror or error}"))
        except UnicodeEncodeError as error:
            _end(ctx, OutsideFailure(streams.explain_stream_encoding(error)))
        except Exception as error:  # noqa: BLE001 - the boundary: what gets here is our bug
            said = f"{type(error).__name__}: {error}"
            failures.answer_failure(ctx.meta, "Bug", BUG, said)
            streams.write_lines(
                f"{traceback.format_exc()}"
                "This is a bug in paddledvc; please report it with the lines above.",
                err=True,
            )
            ctx.exit(BUG)


def _end(ctx: click.Context, error: PaddleDVCError) -> None:
    failures.tell_error(ctx.meta, error)
    failures.flush_output()
    ctx.exit(error.exit_code)


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
@click.option("-v", "--verbose", is_flag=True, help="Show more detail.")
def paddledvc(directory: str | None, *, verbose: bool) -> None:
    """Versioned PaddlePaddle models in git: a registry, a lock, and DVC stages.

    \b
    Example: paddledvc init && paddledvc lock && paddledvc generate && dvc repro
    Exit codes: 0 success, 1 finding, 2 wrong usage, 3 outside failure, 70 bug.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(message)s", handlers=[_Log()]
    )
    logging.getLogger("paddledvc").setLevel(logging.INFO if verbose else logging.WARNING)
    if directory is not None:
        os.chdir(directory)


def main() -> None:
    """Run the command line of this process."""
    if COMPLETE not in os.environ:  # Click writes bytes then, for a shell
        streams.prepare_process()
    interrupts.end_on_signals()
    try:
        paddledvc(prog_name="paddledvc")
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if code > LAST_OWN:
            from paddledvc.tools.system import shell  # noqa: PLC0415 - only for those stopped

            shell.end_all_programs()
        if threading.active_count() > interrupts.OWN_THREADS:
            from paddledvc.tools.system import threads  # noqa: PLC0415 - not for --help

            threads.end_soon(code)
        raise
    except OSError as error:  # no room even for the text of --help
        failures.tell_error({}, OutsideFailure(error.strerror or str(error)))
        failures.flush_output()
        sys.exit(OutsideFailure.exit_code)
