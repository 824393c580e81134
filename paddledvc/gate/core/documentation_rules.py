"""Whether models.yaml and the documentation say what they should, and git takes them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from paddledvc import names as layout
from paddledvc.gate.core.violations import Violation
from paddledvc.models.versions import same_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.gate.core.facts import EarlierFacts, Facts
    from paddledvc.gate.core.violations import Level
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.policy import Fact, Role
    from paddledvc.models.registry import Registry
    from paddledvc.tools.code.core.namespace import Misnamed

CHANGELOG = "docs/models/CHANGELOG.md"
"""Where teams say of all models what changed."""
_WRITTEN: Mapping[Fact, str] = {"datasets": "train.datasets", "environment": "environment.image"}
"""How the facts are written that are not called as the policy calls them."""
_EMPHASIS = re.compile(
    r"(?<!\w)(?P<mark>_{1,3})(?=[^\s_])(?P<text>.{1,200}?)(?<=[^\s_])(?P=mark)(?!\w)", re.ASCII
)
"""Underlines that Markdown reads as emphasis."""
RULE = "ignored-by-git"


def judge_model_documentation(facts: Facts) -> Iterator[Violation]:
    """Find the models of which models.yaml does not say what the policy asks for."""
    if facts.registry is None:
        return
    role = facts.role
    for model in facts.registry.models:
        for asked, level in _asked(role):
            missing = [fact for fact in asked if not _says(facts.registry, model, fact)]
            if missing:
                names = _and([_WRITTEN.get(fact, fact) for fact in missing])
                is_are, it = ("is", "it") if len(missing) == 1 else ("are", "them")
                message = (
                    f"{model.name}: {names} {is_are} missing, expected on {role.name} branches; "
                    f"add {it} to models.yaml"
                )
                yield facts.of_model("fact-missing", message, model.name, level=level)


def _asked(role: Role) -> tuple[tuple[tuple[Fact, ...], Level], ...]:
    return (role.requires, "error"), (role.recommends, "warning")


def _says(registry: Registry, model: Model, fact: Fact) -> bool:
    """Tell whether a fact is stated, or is none of a model such as this one."""
    if fact in ("inputs", "outputs"):
        return not model.exports or bool(getattr(model, fact))
    if fact == "datasets":
        return model.train is None or bool(model.train.datasets)
    if fact == "environment":
        runs = model.exports or model.train is not None
        return not runs or registry.environment_of(model).image is not None
    if fact == "metrics":
        return bool(model.metrics)
    text = getattr(model, fact)
    return isinstance(text, str) and bool(text.strip())


def find_models_to_document(
    registry: Registry, lock: Lock, versions: Mapping[str, str]
) -> Iterator[Model]:
    """Yield the models whose version is another one than before, or that are new."""
    for model in registry.models:
        locked, before = lock.by_name.get(model.name), versions.get(model.name)
        if locked is not None and not (before and same_version(locked.version, before)):
            yield model


def documentation_files(models: Iterable[Model]) -> frozenset[str]:
    """Name the files in which something should be written about models."""
    return frozenset((CHANGELOG, *(model.docs for model in models if model.docs is not None)))


def judge_version_documentation(facts: Facts) -> Iterator[Violation]:
    """Find documentation that does not go with the versions."""
    if facts.earlier is None or facts.registry is None or facts.lock is None:
        return
    for model in find_models_to_document(facts.registry, facts.lock, facts.earlier.versions):
        if found := _undocumented(facts, facts.earlier, model):
            yield found


def _undocumented(facts: Facts, earlier: EarlierFacts, model: Model) -> Violation | None:
    assert facts.lock is not None
    version, before = facts.lock.model(model.name).version, earlier.versions.get(model.name)
    if before is None and model.docs is None and CHANGELOG not in earlier.files:
        return None  # a team that writes nothing about its models need not begin with a new one
    is_own = model.docs is not None and posixpath.normpath(model.docs) != CHANGELOG
    files = [*([model.docs] if model.docs and is_own else []), CHANGELOG]
    if any(
        documents_version(line, model, version)
        for file in files
        for line in earlier.gained.get(file, ())
    ):
        return None
    what = f"is new at {version}" if before is None else f"moved from {before} to {version}"
    gained = f"neither {files[0]} nor {files[1]} gained a" if files[1:] else f"{files[0]} gained no"
    message = (
        f"{model.name}: it {what}, and {gained} line that names both the model and {version}; add "
        f"one, such as `- {model.name} {version}: what changed`"
    )
    return facts.of_model("docs-stale", message, model.name, "version", level="warning")


def documents_version(line: str, model: Model, version: str) -> bool:
    """Tell whether a line names a model and a version of it, with or without a leading v.

    >>> from paddledvc.models.model import Model
    >>> from paddledvc.models.versions import Requirement
    >>> digits = Model(name="digits", requires=Requirement.parse("v1.1.0"))
    >>> lines = ("## digits 1.1.0", "- digits-base v1.1.0")
    >>> [documents_version(line, digits, "v1.1.0") for line in lines]
    [True, False]
    """
    number = re.escape(version.removeprefix("v"))
    numbered = rf"v?{number}(?![a-z0-9+]|\.[0-9]|[-._](?:a|b|c|rc|alpha|beta|pre|post|dev)[0-9])"
    # Tags and files join the two: digits@v1.1.0, digits_v1.1.0.pdparams.
    alone = rf"(?![\w+-]|\.\w)|(?=[-_]{numbered})"
    named = "|".join(re.escape(name) for name in {model.name, model.slug})
    plain = _EMPHASIS.sub(r"\g<text>", line)
    return _has(rf"(?<![\w.+-])(?:{named})(?:{alone})", plain) and _has(
        rf"(?<![a-z0-9.]){numbered}", plain
    )


def _has(pattern: str, line: str) -> bool:
    # No two names differ in case alone. Chinese goes without spaces: its letters end a name.
    return re.search(pattern, line, re.ASCII | re.IGNORECASE) is not None


def _and(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def judge_code_references(facts: Facts) -> Iterator[Violation]:
    """Judge the names of code."""
    for one in facts.misnamed:
        yield _finding(facts, "reference-missing", one, facts.level)


def judge_file_references(facts: Facts) -> Iterator[Violation]:
    """Judge the names of files, which only a release must have."""
    level: Level = "error" if facts.role == facts.policy.production else "warning"
    # Where a stage cannot be worked out without a file, that has been found.
    found_already = {(one.file, one.line) for one in facts.unreadable}
    for one in facts.absent:
        found = _finding(facts, "file-missing", one, level)
        if (found.file, found.line) not in found_already:
            yield found


def _finding(facts: Facts, rule: str, one: Misnamed, level: Level) -> Violation:
    return facts.found(
        rule,
        one.message if one.model is None else f"{one.model}: {one.message}",
        level=level,
        model=one.model,
        file=layout.REGISTRY,
        path=one.path,
    )


def judge_ignored_files(facts: Facts) -> Iterator[Violation]:
    """Find the patterns by which git ignores files that others need."""
    for one in facts.ignored:
        yield Violation(
            rule=RULE,
            level=facts.level,
            message=one.message,
            file=one.file,
            line=one.line if one.file else None,
        )
