"""What a change means for models: four questions that teams ask of it, and every model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc.display.results import Displayed
from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.gate.core.violations import Verdict  # noqa: TC001 - types of fields are read
from paddledvc.inventory.core.model_changes import ModelChange  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from paddledvc.gate.core.violations import Violation

AnswerState = Literal["yes", "no", "unknown", "nothing"]
"""``nothing`` is an answer where there is nothing to ask about."""
BENCHMARKED, REGRESSED = "Is it benchmarked?", "Did anything regress?"
AFFECTS, DOCUMENTED = "What does it affect?", "Are the docs updated?"
_GRAVEST: tuple[AnswerState, ...] = ("yes", "unknown", "no", "nothing")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer to a question about a change.

    Attributes:
        reasons: a sentence a thing.
    """

    question: str
    state: AnswerState
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ModelsDiff(Displayed):
    """What a change means for models.

    Attributes:
        title: what is compared, such as ``feature/x as merged into main``.
        base: what it is compared with.
        commit: git's name of that; None where there was nothing before.
        answers: answers to the four questions, in their order.
        models: the models that it touches; nothing where the merge has conflicts.
        findings: what `check` finds of it.
    """

    _table_of = "models"
    title: str
    base: str
    commit: str | None
    answers: tuple[Answer, ...]
    models: tuple[ModelChange, ...]
    findings: Verdict


def answer_unreadable(reason: str) -> tuple[Answer, ...]:
    """Say of every question that nothing can answer it."""
    questions = (BENCHMARKED, REGRESSED, AFFECTS, DOCUMENTED)
    return tuple(Answer(question=one, state="unknown", reasons=(reason,)) for one in questions)


def answer_questions(
    models: Sequence[ModelChange], regressions: Iterable[Violation]
) -> tuple[Answer, ...]:
    """Answer the four questions.

    Args:
        models: the models that a change touches.
        regressions: what the gate says of metrics that are worse than before.
    """
    found: dict[str, list[Violation]] = {}
    for one in regressions:
        found.setdefault(one.model or "", []).append(one)
    # A benchmark that is missing weighs more than one that is there, a regression likewise.
    worst_first: tuple[AnswerState, ...] = ("no", "unknown", "yes", "nothing")
    return (
        _answer(BENCHMARKED, models, _tell_benchmarked, worst_first),
        _answer(
            REGRESSED,
            models,
            lambda one: _tell_regressed(one, found.get(one.name, ())),
            _GRAVEST,
        ),
        _answer(AFFECTS, models, _tell_affected, _GRAVEST),
        _answer(DOCUMENTED, models, _tell_documented, worst_first),
    )


def _answer(
    question: str,
    models: Sequence[ModelChange],
    tell: Callable[[ModelChange], tuple[AnswerState, str]],
    order: tuple[AnswerState, ...],
) -> Answer:
    """Give the answer that weighs most of any model, and the reasons that led to it."""
    if not models:
        return Answer(question=question, state="nothing", reasons=("no model changes",))
    told = [tell(one) for one in models]
    told.sort(key=lambda one: order.index(one[0]))
    state = told[0][0]
    # What else is known follows, but for what is as it should be or was not asked.
    said = [reason for other, reason in told if other == state or order.index(other) == 1]
    return Answer(question=question, state=state, reasons=tuple(said))


def _tell_benchmarked(change: ModelChange) -> tuple[AnswerState, str]:
    name = change.name
    if change.kind == "removed":
        return "nothing", f"{name} is removed"
    if change.unmeasured:
        published = any(one.source == "published" for one in change.metrics)
        only = "; only published values are known" if published else ""
        return "no", f"{name}: {change.unmeasured}{only}"
    paths = dict.fromkeys(
        one.path for one in change.metrics if one.source == "measured" and one.after is not None
    )
    if paths:
        return "yes", f"{name} is measured on these very bytes ({', '.join(paths)})"
    return "yes", f"{name} is measured by its training alone, which wrote these very bytes"


def _tell_regressed(
    change: ModelChange, violations: Sequence[Violation]
) -> tuple[AnswerState, str]:
    if change.kind in ("added", "removed"):
        what = "new, with nothing to compare with" if change.kind == "added" else "removed"
        return "nothing", f"{change.name} is {what}"
    return (
        _find_regression(change, violations)
        or _find_doubt(change)
        or ("no", f"{change.name} is {_describe_kept(change)}")
    )


def _find_regression(
    change: ModelChange, violations: Sequence[Violation]
) -> tuple[AnswerState, str] | None:
    """Say what is worse than it may be, by the rules of the gate."""
    name, before, now = change.name, change.verify_before, change.verify_after
    if before and now and before.standing == "pass" and now.standing in ("fail", "not-repeatable"):
        return "yes", f"{name}: its export no longer agrees with its network ({now.standing})"
    worse = [one for one in violations if one.rule == "metric-regressed"]
    if not worse:
        return None
    drops = _list_drops(change) or [one.message.partition("; ")[0] for one in worse[:1]]
    if any(one.level == "error" for one in worse):
        return "yes", f"{name}: {', '.join(drops)}"
    return "unknown", f"{name}: {', '.join(drops)}, which may be chance"


def _find_doubt(change: ModelChange) -> tuple[AnswerState, str] | None:
    """Say why nobody knows whether a model is worse."""
    if change.restored:
        return None
    gone = dict.fromkeys(one.name for one in change.metrics if one.state == "gone")
    why = change.unmeasured or change.incomparable
    if not why and gone:
        why = f"{', '.join(gone)} was known before, and is no more"
    if not why and not _measured_states(change):
        why = "nothing was measured before"
    return ("unknown", f"{change.name}: {why}") if why else None


def _measured_states(change: ModelChange) -> set[str]:
    return {
        one.state
        for one in change.metrics
        if one.source in ("measured", "training") and one.before is not None
    }


def _describe_kept(change: ModelChange) -> str:
    states = _measured_states(change)
    if change.restored:
        return "what was released before, which is judged by its floors alone"
    if any(one.startswith("worse") for one in states):
        return "worse by no more than its tolerances"
    return "better" if "better" in states else "as good as before"


def _list_drops(change: ModelChange) -> list[str]:
    """Say of each metric that is worse than it may be how much; of the path that people get."""
    drops = {
        one.name: f"{one.name} {one.show(one.before)} -> {one.show(one.after)} "
        f"(tolerance {one.shown_tolerance})"
        for one in change.metrics
        if one.state == "worse, beyond tolerance"
    }
    return list(drops.values())


def _tell_affected(change: ModelChange) -> tuple[AnswerState, str]:
    name = change.name
    said = []
    if change.used_by:
        verb = "starts" if len(change.used_by) == 1 else "start"
        said.append(f"{', '.join(change.used_by)} {verb} from it")
    if change.read_by:
        what = "the stage" if len(change.read_by) == 1 else "the stages"
        verb = "reads" if len(change.read_by) == 1 else "read"
        said.append(f"{what} {', '.join(change.read_by)} {verb} it")
    if change.groups:
        said.append(f"it moves with the group {' and '.join(change.groups)}")
    if not said:
        return "nothing", f"{name}: no model starts from it, and no other stage reads it"
    return "yes", f"{name}: {', and '.join(said)}"


def _tell_documented(change: ModelChange) -> tuple[AnswerState, str]:
    name, found = change.name, change.documentation
    if found is None:
        return "nothing", f"{name} is removed"
    if found.told is not None:
        return "yes", f"{name}: {found.told} names {change.after}"
    if found.state in ("added", "changed"):
        return "yes", f"{name}: {found.file} has changed"
    if change.before == change.after:
        kept = f"; {found.file} is unchanged" if found.state == "unchanged" else ""
        return "nothing", f"{name} keeps its version{kept}"
    missing = {"missing": f"{found.file} is missing", "unchanged": f"{found.file} is unchanged"}
    file = f"{missing[found.state]}, and " if found.state in missing else ""
    return "no", f"{name}: {file}{CHANGELOG} does not name {change.after}"


def list_reasons(answer: Answer) -> Iterator[str]:
    """Write an answer and its reasons, a line each.

    >>> [*list_reasons(Answer(question="?", state="no", reasons=("a", "b")))]
    ['no: a', 'b']
    """
    first, *others = answer.reasons
    yield f"{answer.state}: {first}"
    yield from others
