"""The tree of errors, and the exit code of each branch.

::

    PaddleDVCError
    ├── Finding (1)           something was checked and is not as it should be
    │   ├── ChecksumMismatch
    │   ├── StaleLock
    │   ├── StaleStages
    │   ├── UnsavedEdit
    │   └── Unresolvable
    ├── InvalidInput (2)      wrong usage, or a file that cannot be read
    │   ├── InvalidFile
    │   ├── UnknownModel
    │   ├── UnknownCatalog
    │   └── NotAProject
    ├── OutsideFailure (3)    something outside paddledvc failed
    │   ├── CatalogFailed
    │   ├── RemoteFailed
    │   ├── ToolFailed
    │   ├── DownloadFailed
    │   ├── MissingTool
    │   ├── WorkerDied
    │   └── UserCodeFailed
    └── Several               more than one of these, with the highest of their exit codes

An error is data first: its attributes are for programs, its text is for people and says what is
wrong, where, what was expected and what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from paddledvc.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class PaddleDVCError(Exception):
    """Base of every error that paddledvc raises on purpose."""

    exit_code: int = 70


class Finding(PaddleDVCError):
    """Something was checked and is not as it should be."""

    exit_code = 1


class InvalidInput(PaddleDVCError):
    """Wrong usage, or a file that cannot be read."""

    exit_code = 2


class OutsideFailure(PaddleDVCError):
    """Something outside paddledvc failed: network, git, DVC, Paddle, a user's code."""

    exit_code = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        file: the file as people name it, relative to the project.
        line: line of the value, from 1.
        column: column of the value, from 1.
        path: path of the value inside the file, for example ``models[1].md5``; may be empty.
        message: what was found, what is expected, and where possible what was meant.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}:"
        text = f"{where} {self.path}: {self.message}" if self.path else f"{where} {self.message}"
        return one_line(text)


def one_line(text: str) -> str:
    r"""Write a text of which others had a hand in as one line, so that they add none.

    >>> one_line("a\nno findings")
    'a\\nno findings'
    """
    return text.replace("\n", "\\n")


class InvalidFile(InvalidInput):
    """A file breaks its rules; carries every problem found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownModel(InvalidInput):
    """A model was asked for that the registry does not have, or that lacks what was asked."""


class UnknownCatalog(InvalidInput):
    """A catalog was asked for that models.yaml does not declare and that is not built in."""


class NotAProject(InvalidInput):
    """No paddledvc project was found, or it lacks a file that the command needs."""


class ChecksumMismatch(Finding):
    """Bytes arrived that are not the pinned ones.

    Attributes:
        model: name of the model.
        url: where the bytes came from.
        expected: what the pin says, ``algorithm:hexdigest`` or ``size:bytes``.
        found: what arrived, in the same form.
    """

    ADVICE: ClassVar = (
        "  If they are intended, they need a new version; or state their digest in models.yaml, "
        "where that names the URL. Then run `paddledvc lock`"
    )

    def __init__(self, *, model: str, url: str, expected: str, found: str, hint: str = "") -> None:
        self.model, self.url, self.expected, self.found, self.hint = (
            model,
            url,
            expected,
            found,
            hint,
        )
        super().__init__(
            f"{model}: the bytes from {url} are not the pinned ones\n"
            f"  expected {expected}\n"
            f"  found    {found}\n" + (f"  {hint}\n" if hint else "") + self.ADVICE
        )

    def with_others(self, causes: Iterable[str]) -> ChecksumMismatch:
        """Add why the other sources were of no use either."""
        hint = "\n  ".join(filter(None, [*causes, self.hint]))
        return ChecksumMismatch(
            model=self.model, url=self.url, expected=self.expected, found=self.found, hint=hint
        )


class Stale(NamedTuple):
    """One way in which a lock is not what the registry asks for.

    Attributes:
        model: name of the model.
        why: what differs, as the end of a sentence about the model.
    """

    model: str
    why: str

    def __str__(self) -> str:
        return f"{self.model}: {self.why}"


class StaleLock(Finding):
    """models.lock no longer says what models.yaml asks for.

    Attributes:
        reasons: what differs, model by model.
    """

    def __init__(self, reasons: Sequence[Stale], advice: str) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join((advice, *(f"  {reason}" for reason in self.reasons))))


class Unresolvable(Finding):
    """No version of a model satisfies all that is asked of it.

    Attributes:
        model: name of the model.
        summary: what is wrong, as the end of a sentence about the model.
        reasons: one sentence a cause: who wants what, and what there is.
    """

    def __init__(self, model: str, summary: str, reasons: Sequence[str] = ()) -> None:
        self.model, self.summary, self.reasons = model, summary, tuple(reasons)
        super().__init__("\n".join((f"{model}: {summary}", *(f"  {one}" for one in reasons))))


class StaleStages(Finding):
    """dvc.yaml no longer holds the stages that models.yaml and models.lock ask for."""


class UnsavedEdit(Finding):
    """Weights in the work tree would be replaced, and nothing else has their bytes.

    Attributes:
        path: where they lie, from the root of the project.
        why: what somebody did to them, as the end of a sentence.
    """

    def __init__(self, path: str, why: str, mend: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}, and neither DVC's cache nor any commit has that; {mend}")


class CatalogFailed(OutsideFailure):
    """A catalog is down, slow, malformed or lists nonsense.

    Attributes:
        catalog: its name in the project.
        where: what and where it is.
        cause: why it was of no use, as the end of a sentence.
    """

    def __init__(self, *, catalog: str, where: str, cause: str) -> None:
        self.catalog, self.where, self.cause = catalog, where, cause
        super().__init__(f"the catalog {catalog} ({where}): {cause}")


class RemoteFailed(OutsideFailure):
    """A DVC remote is down, refuses us, or does not have what it should have.

    Attributes:
        remote: its name in DVC's configuration.
        url: where it is.
        cause: why it was of no use, as the end of a sentence.
        absent: whether all that is wrong is that it does not have the object.
        silent: whether nobody answers, so that there is no point in asking for other objects.
    """

    def __init__(
        self, *, remote: str, url: str, cause: str, absent: bool = False, silent: bool = False
    ) -> None:
        self.remote, self.url, self.cause = remote, url, cause
        self.absent, self.silent = absent, silent
        where = f" ({url})" if url else ""
        super().__init__(f"the remote {remote}{where}: {cause}")


class RemoteNotTrusted(RemoteFailed):
    """A branch names a remote, or a cache, that this clone has not approved; nobody was asked.

    Attributes:
        why: what is not approved, as a sentence without its end.
        todo: what to do about it, as a sentence without its end.
    """

    UNSENT: ClassVar = "; nothing was sent. "

    def __init__(self, *, remote: str, url: str, why: str, todo: str) -> None:
        self.why, self.todo = why, todo
        super().__init__(remote=remote, url=url, cause=f"{why}{self.UNSENT}{todo}")
        self.args = (self.cause,)  # it names the remote itself


class ToolFailed(OutsideFailure):
    """A program that paddledvc started ended with an error.

    Attributes:
        command: the command line.
        returncode: its exit status; negative for a signal.
        stderr: the end of what it wrote.
    """

    def __init__(self, command: Sequence[str], returncode: int, stderr: str) -> None:
        self.command, self.returncode, self.stderr = tuple(command), returncode, stderr
        detail = f"\n{stderr.rstrip()}" if stderr.strip() else ""
        super().__init__(f"`{' '.join(command)}` failed with exit code {returncode}{detail}")


class DownloadFailed(OutsideFailure):
    """No source of a model's weights could be read.

    Attributes:
        model: name of the model.
        causes: one sentence a source, in the order they were tried.
    """

    def __init__(self, model: str, causes: Sequence[str], hint: str = "") -> None:
        self.model, self.causes = model, tuple(causes)
        lines = (f"{model}: no source of the weights could be read", *(f"  {c}" for c in causes))
        super().__init__("\n".join((*lines, hint) if hint else lines))


class Several(PaddleDVCError):
    """More than one error, each of which is worth to be told.

    Attributes:
        errors: the errors.
        exit_code: the highest exit code among them.
    """

    def __init__(self, errors: Sequence[PaddleDVCError]) -> None:
        self.errors = tuple(errors)
        self.exit_code = max(error.exit_code for error in errors)
        super().__init__("\n".join(str(error) for error in errors))


class MissingTool(OutsideFailure):
    """Something that the command needs is not installed or not there, such as Paddle or a GPU."""


class WorkerDied(OutsideFailure):
    """A process that ran Paddle or a user's code died without an answer.

    Attributes:
        how: what it was doing and how it ended.
        words: the end of what it wrote.
    """

    def __init__(self, how: str, words: str) -> None:
        self.how, self.words = how, words
        super().__init__(f"{how}\n{words.strip()}" if words.strip() else how)


class WorkerStuck(WorkerDied):
    """Such a process was ended, for it took longer than it may."""


class UserCodeFailed(OutsideFailure):
    """A network, training function or sample function of the user's raised or misbehaved.

    Attributes:
        details: all that was said, where the text leaves out a part of it.
    """

    details: str = ""


NO_PADDLE = (
    "Paddle is not installed in this environment; "
    "run `pip install 'paddledvc[cpu]'`, or install the paddlepaddle-gpu that fits your CUDA"
)
NEWER_GPU = "Paddle 3 for GPUs is in the index that PaddlePaddle's install page names for your CUDA"
"""Where pip finds no newer ``paddlepaddle-gpu`` by itself, as its usual index ends at 2.6.2."""
