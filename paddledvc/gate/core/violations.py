"""What is not as the policy wants it: findings as values, and what a check of them all gave."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from paddledvc.display.results import Displayed
from paddledvc.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.errors import InvalidFile
    from paddledvc.models.policy import RoleName, Waiver

Level = Literal["error", "warning"]
RULES: Mapping[str, str] = {
    "approval-invalid": "every approval of a release counts",
    "approval-missing": "versions in release stages have the approvals that the policy asks for",
    "built-other-bytes": "DVC's files and models.lock agree on the bytes of every model",
    "card-stale": "the card of every model says what is locked, built and measured",
    "digest-missing": "models.lock has MD5 and SHA-256 of all weights",
    "digest-of-nothing": "no digest is that of an empty file",
    "docs-stale": "what is written about a model goes with its version",
    "evidence-failing": "the report of every exported model says that it passes",
    "evidence-invalid": "every report can be read",
    "evidence-missing": "every exported model has a report",
    "evidence-other-bytes": "every report is of the very bytes that are locked and built",
    "evidence-other-outputs": "every exported program has the outputs that are stated",
    "evidence-path": "every report shows that the export agrees in every way the policy names",
    "export-metric-differs": "exported files are as good as their network",
    "fact-missing": "models.yaml says of every model what the policy asks for",
    "file-missing": "every file that models.yaml names exists",
    "goal-weakened": "a change asks as much of every model's metrics as was asked",
    "group-split": "the models of a group move to a new version together",
    "history-incomplete": "the git history is complete",
    "ignored-by-git": "git ignores nothing that has to be committed",
    "image-floating": "every image is named by a tag that stays, or by a digest",
    "image-moved": "every image still has the digest that is locked",
    "image-not-pinned": "models.lock has the digest of every image",
    "image-other": "trainings and reports ran in the image that is locked",
    "image-other-paddle": "images have the Paddle that models.yaml and the reports name",
    "lock-invalid": "models.lock can be read",
    "lock-missing": "models.lock exists",
    "lock-stale": "models.lock says what models.yaml asks for",
    "merge-conflict": "the change merges without conflicts",
    "metric-below-floor": "every metric is as good as models.yaml asks in any case",
    "metric-invalid": "what was measured can be read, and is finite",
    "metric-missing": "every model with an `evaluate` section is measured",
    "metric-not-as-published": "published metrics are those measured here",
    "metric-not-comparable": "metrics are measured as they were where a change goes to",
    "metric-of-other-weights": "metrics are of the very bytes that are locked and built",
    "metric-regressed": "no metric is worse than where a change goes to",
    "not-built": "every exported model is built from what the commit holds",
    "not-repeatable": "the same bytes, code and inputs give the same metrics",
    "output-unsafe": "every output of DVC, and every file in one, lies where it may",
    "policy-weakened": "a change keeps the policy as strict as it was",
    "record-invalid": "every record of a training can be read",
    "record-other-bytes": "every record of a training is of the weights that are built",
    "reference-missing": "the code that models.yaml names exists, and takes what it is given",
    "registry-invalid": "models.yaml keeps to its schema",
    "release-tag-missing": "every release in the CHANGELOG has its tag",
    "release-tag-moved": "the tag of a release names the commit and bytes that were released",
    "remote-incomplete": "the remote holds the bytes of every output, intact",
    "stages-invalid": "dvc.yaml, dvc.lock, params.yaml and the code of the stages can be read",
    "stages-stale": "dvc.yaml has the stages that models.yaml and models.lock ask for",
    "version-not-exact": "models.yaml asks for exact versions",
    "version-prerelease": "every version is a final release",
    "version-rewritten": "a version that was released keeps its bytes",
    "waiver-expired": "no waiver has expired",
    "waiver-unused": "every waiver is needed",
}
"""Every rule, and what it holds, as a sentence."""
UNWAIVABLE = frozenset(
    (
        *("goal-weakened", "history-incomplete", "lock-invalid", "merge-conflict", "output-unsafe"),
        *("policy-weakened", "record-invalid", "registry-invalid", "stages-invalid"),
        *("waiver-expired", "waiver-unused"),
    )
)
"""Rules whose findings nobody can let pass: mending them is no more work than a waiver."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """Something that a rule does not allow.

    Attributes:
        rule: name of the rule.
        level: ``error``, or ``warning`` for what may stay for now.
        message: what was found, what is expected and what to do next, in one sentence.
        model: the model that it is about; None where it is about no single one.
        file: the file to look at, relative to the project; empty where there is none.
        line: line in the file, from 1; None for the file as a whole.
        column: column in the line, from 1.
    """

    rule: str
    level: Level
    message: str
    model: str | None = None
    file: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def where(self) -> str:
        """The place to look at, as compilers write it: ``models.yaml:7:5``."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)

    def __str__(self) -> str:
        place = f"{one_line(self.where)}: " if self.file else ""
        return f"{place}{self.level}[{self.rule}]: {self.message}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waived:
    """A finding that a waiver lets pass."""

    violation: Violation
    waiver: Waiver


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Verdict(Displayed):
    """What a check gave.

    Attributes:
        title: what was judged, such as ``feature/x as merged into main``.
        role: by the rules of which role.
        violations: what was found, in the order of files and lines.
        waived: what was found and let pass.
        notes: what else whoever reads this must know, a sentence each.
        prefix: folder of the project in its repository, with a slash at its end.
    """

    _table_of = "violations"
    title: str
    role: RoleName
    violations: tuple[Violation, ...]
    waived: tuple[Waived, ...] = ()
    notes: tuple[str, ...] = ()
    prefix: str = ""

    def path(self, violation: Violation) -> str:
        """Name the file of a finding from the root of the repository; empty where it has none."""
        return violation.file and posixpath.normpath(f"{self.prefix}{violation.file}")

    @property
    def errors(self) -> tuple[Violation, ...]:
        """What must not be."""
        return tuple(one for one in self.violations if one.level == "error")

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """What may stay for now."""
        return tuple(one for one in self.violations if one.level == "warning")

    def strict(self) -> Verdict:
        """Take every warning for an error."""
        return replace(
            self, violations=tuple(replace(one, level="error") for one in self.violations)
        )


def list_file_violations(rule: str, error: InvalidFile) -> tuple[Violation, ...]:
    """Turn the problems of a file into findings, each at its place."""
    return tuple(
        Violation(
            rule=rule,
            level="error",
            message=one_line(f"{problem.path}: {problem.message}".removeprefix(": ")),
            file=problem.file,
            line=problem.line,
            column=problem.column,
        )
        for problem in error.problems
    )


_ORDER = ("models.yaml", "models.lock", "params.yaml", "dvc.yaml", "dvc.lock")


def sort_violations(violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """Sort findings by file, line and rule; those of no file come first, equal ones come once."""

    def key(one: Violation) -> tuple[int, str, int, int, str, str]:
        known = _ORDER.index(one.file) if one.file in _ORDER else len(_ORDER)
        place = (one.line or 0, one.column or 0)
        return (known if one.file else -1, one.file, *place, one.rule, one.message)

    return tuple(sorted(dict.fromkeys(violations), key=key))
