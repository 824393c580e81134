"""Files that have to be committed, and the patterns by which git ignores them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.models.model import model_reports_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paddledvc.models.model import Model

OWN_FILES = (names.REGISTRY, names.LOCK, names.STAGES, names.DVC_LOCK)
"""What every project commits, in the order of messages."""
SETTINGS_FILES = (names.PARAMS, ".dvc/config", ".gitattributes")
"""What a project commits where it has that."""
MANY = 5
"""Files that are named; of more the number is told."""
A_REPORT = f"{names.REPORTS}/NAME/verify.json"
"""Stands for the reports of a project that has none yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredFile:
    """A file that git ignores, and why.

    Attributes:
        path: the file, from the folder of the project.
        source: the file of patterns, from the top of the work tree; absolute where it lies outside.
        line: the line in that.
        pattern: what stands there.
    """

    path: str
    source: str
    line: int
    pattern: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A pattern that keeps files from being committed.

    Attributes:
        file: where it stands, from the folder of the project; empty for a file outside of the
            repository.
        line: the line in it.
        found: what it does, and what is expected.
        advice: what to do about that.
    """

    file: str
    line: int
    found: str
    advice: str

    @property
    def message(self) -> str:
        """What is wrong and what to do, without the place."""
        return f"{self.found}; {self.advice}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.file else self.message


def list_files_not_ignored(models: Iterable[Model]) -> Iterator[str]:
    """Name the files that have to be committed: the project's own, and those about its models.

    >>> [*list_files_not_ignored([])]
    ['models.yaml', 'models.lock', 'dvc.yaml', 'dvc.lock']
    """
    yield from OWN_FILES
    for model in models:
        folder = model_reports_folder(model)
        if model.docs is not None:
            yield model.docs
        if model.train is not None:
            yield f"{folder}/train/metrics.json"
            yield f"{folder}/train/record.json"
            yield f"{folder}/train/plots/metrics"
        if model.exports:
            yield f"{folder}/verify.json"
            yield f"{folder}/verify.csv"
            yield f"{folder}/latency.json"
        if model.evaluate is not None:
            yield f"{folder}/evaluate.json"
            yield from (f"{folder}/evaluate/{plot.name}.csv" for plot in model.evaluate.plots)
            if model.evaluate.pictures:
                yield f"{folder}/evaluate/changed.svg"


def list_ignored_patterns(ignored: Iterable[IgnoredFile], prefix: str = "") -> Iterator[Pattern]:
    """Say of each pattern what it keeps from being committed.

    Args:
        ignored: the files that git ignores.
        prefix: folder of the project in its repository, with a slash at its end.

    >>> found = IgnoredFile(path="models.lock", source=".gitignore", line=2, pattern="*.lock")
    >>> print(*list_ignored_patterns([found]))
    .gitignore:2: git ignores models.lock by the pattern `*.lock`, expected it to be committed; \
remove the pattern, or add `!/models.lock` at the end of .gitignore
    """

    def place(one: IgnoredFile) -> tuple[str, int, str]:
        return one.source, one.line, one.pattern

    for (source, line, pattern), group in groupby(sorted(ignored, key=place), place):
        paths = [one.path for one in group]
        inside = not posixpath.isabs(source)
        where = "" if inside else f" in line {line} of {source}"
        it = "it" if len(paths) == 1 else "them"
        kept = _and([f"`{one}`" for one in dict.fromkeys(_kept(paths))])
        yield Pattern(
            file=posixpath.relpath(source, prefix or ".") if inside else "",
            line=line,
            found=f"git ignores {_named(paths)} by the pattern `{pattern}`{where}, expected {it} "
            "to be committed",
            advice=f"remove the pattern, or add {kept} at the end of .gitignore",
        )


def _named(paths: list[str]) -> str:
    """Name files; of many, and of many reports, tell the number."""
    every = sorted(paths, key=lambda path: (*OWN_FILES, path).index(path))
    start = f"{names.REPORTS}/"
    reports = [path for path in every if path.startswith(start)]
    others = [path for path in every if not path.startswith(start)]
    named = others if len(others) <= MANY else others[: MANY - 1]
    words = [*named, *([f"{len(others) - len(named)} more"] if named != others else [])]
    counted = [f"{len(reports)} files in {names.REPORTS}/"] if len(reports) > 1 else reports
    return _and([*words, *counted])


def _kept(paths: list[str]) -> Iterator[str]:
    """Write the patterns by which git no longer ignores files, whatever else it is told."""
    for path in sorted(paths, key=lambda path: (*OWN_FILES, path).index(path)):
        folder, slash, _ = path.partition("/")
        yield f"!/{folder}{slash}"
        if slash:  # a file in a folder that is ignored cannot be taken out alone
            yield f"!/{folder}/**"


def _and(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
