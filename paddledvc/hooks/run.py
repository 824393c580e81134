"""What the shell script of a hook hands over to; also ``paddledvc hook``.

It stands beside the command line, not in it: to import click takes longer than all that it does.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.errors import PaddleDVCError
from paddledvc.tools.system import streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress

BLOCKED = 1
DEBUG = "PADDLEDVC_DEBUG"


class Call(NamedTuple):
    """What git, or the script, asks for.

    Attributes:
        name: the hook.
        folders: the projects, from the top of the work tree, which is the current folder.
        arguments: those that git gave.
    """

    name: str
    folders: tuple[str, ...]
    arguments: tuple[str, ...]

    @classmethod
    def parse(cls, words: Sequence[str]) -> Call:
        """Read a hook, ``--in FOLDER`` for each project, and git's arguments."""
        name, *rest = words
        folders: list[str] = []
        while rest[:1] == ["--in"]:
            folders.append(rest[1])
            rest = rest[2:]
        return cls(name=name, folders=tuple(folders), arguments=tuple(rest))

    def projects(self) -> list[Project]:
        """Open those of the projects that are in the work tree now."""
        from paddledvc.project import Project  # noqa: PLC0415 - once something is to be done

        top = Path.cwd()
        return [Project(top / folder) for folder in self.folders if (top / folder).is_dir()]


def main() -> None:
    """Do what a hook is for, as the command line of this process says, and end the process."""
    streams.prepare_process()
    gc.disable()  # it ends before there is anything to collect
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    _, *words = sys.argv[1:]  # the first one is for the command line: `hook`
    status = run(Call.parse(words))
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        from paddledvc.tools.system import threads  # noqa: PLC0415 - only where threads may be

        threads.end_soon(status)
    sys.exit(status)


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def run(call: Call, progress: NamedProgress | None = None) -> int:
    """Do what a hook is for; return its exit status.

    Args:
        call: what git asks for.
        progress: told how the bytes leave before a push.
    """
    failed = 0 if call.name.startswith("post-") else BLOCKED
    try:
        if call.name == "pre-push":
            return _send(call, progress)
        return _check(call) if call.name == "pre-commit" else _bring(call)
    except KeyboardInterrupt:
        _say("stopped")
        return failed
    except (PaddleDVCError, OSError) as error:
        _say(str(error))
        return failed
    except UnicodeEncodeError as error:
        _say(streams.explain_stream_encoding(error))
        return failed
    except Exception as error:  # noqa: BLE001 - git must not fail for a bug of ours
        if os.environ.get(DEBUG):
            import traceback  # noqa: PLC0415 - it costs more than a hook without a bug may

            _print(traceback.format_exc())
        said = f"{type(error).__name__}: {error}"
        _say(f"this is a bug, please report it with what {DEBUG}=1 shows: {said}")
        return 0


def _say(text: str) -> None:
    _print(f"paddledvc: {text}")


def _print(text: str) -> None:
    streams.write_lines(text, err=True)  # git shows it


def _bring(call: Call) -> int:
    """Bring the weights, after git has switched; whoever commits shall not wait for a server."""
    from paddledvc.weights.checkout import checkout  # noqa: PLC0415 - loads none of the others

    offline = call.name if call.name == "post-commit" else None
    for project in call.projects():
        for line in checkout(project, before=_old(call), offline=offline).lines:
            _print(line)
    return 0


def _old(call: Call) -> str | None:
    """Name the commit that git came from, as far as that is known."""
    if call.name == "post-checkout":
        old = next(iter(call.arguments), "")
        return old if old.strip("0") else None
    # A merge and a rebase leave it there; a commit only in the log of HEAD.
    committed = call.name == "post-commit" or call.arguments == ("amend",)
    return "HEAD@{1}" if committed else "ORIG_HEAD"


def _check(call: Call) -> int:
    """Judge what is staged, before it is committed."""
    from paddledvc.gate import verdict_formats  # noqa: PLC0415 - not for the other hooks
    from paddledvc.hooks.guard import guard_staged  # noqa: PLC0415 - it reads schemas

    index = os.environ.get("GIT_INDEX_FILE")
    failed = False
    for project in call.projects():
        verdict = guard_staged(project, index=index and str(Path(index).absolute()))
        if verdict.violations:
            _print(verdict_formats.render_verdict(verdict))
        failed = failed or bool(verdict.errors)
    if failed:
        _say("commit blocked; bypass with `git commit --no-verify`")
    return BLOCKED if failed else 0


def _send(call: Call, progress: NamedProgress | None) -> int:
    """Send the weights of what is pushed, before it is pushed, unless a release is rewritten."""
    from paddledvc.gate import verdict_formats  # noqa: PLC0415 - not for the other hooks
    from paddledvc.hooks.guard import (  # noqa: PLC0415 - the gate
        guard_pushed,
        pick_pushed_commits,
        send_pushed,
    )
    from paddledvc.tools.git.refs import parse_pushed_refs  # noqa: PLC0415

    refs = parse_pushed_refs(sys.stdin)
    to = next(iter(call.arguments), None)
    steps: dict[str, None] = {}
    try:
        for project in call.projects():
            commits = pick_pushed_commits(project, refs)
            if rewritten := guard_pushed(project, commits):
                _print("\n".join(map(verdict_formats.render_verdict, rewritten)))
                steps["give what changed a new version"] = None
                continue
            for sent in send_pushed(project, commits, to=to, progress=progress):
                for line in sent.lines:
                    _print(line)
                if not sent.trusted:
                    steps[f"fix the remote {sent.remote} as described above, and push again"] = None
                elif sent.problem:
                    steps[f"push again when the remote {sent.remote} answers"] = None
                elif not sent.complete:
                    steps["get what is missing with `paddledvc pull` or `dvc repro`"] = None
    except PaddleDVCError as error:
        _print(str(error))
        steps["fix the error above"] = None
    if steps:
        todo = f"{', '.join(steps)}, or bypass with `git push --no-verify`"
        _say(f"push blocked; {todo}")
    return BLOCKED if steps else 0
