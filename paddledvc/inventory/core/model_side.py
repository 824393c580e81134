"""What one side of a comparison says of its models: a branch before a change, or after it."""

from __future__ import annotations

import hashlib
import math
import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.cards.core.parts import judge_report_standing, list_parts, read_built_parts
from paddledvc.gate.core.metrics.metric_rules import training_report
from paddledvc.models.model import Environment
from paddledvc.tools.dvc.core.outputs import join_output_folder
from paddledvc.verification.core.evidence import Evidence, Latencies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.cards.core.parts import Part, Standing
    from paddledvc.gate.core.facts import Baseline, EarlierFacts, Facts
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Model
    from paddledvc.tools.dvc.core.outputs import DvcOutput

DIGESTS = ("md5", "sha256")
DIGEST = "digest"
SIZE = "size"


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyState:
    """What a report of `verify` says of an export.

    Attributes:
        standing: what the report is worth, such as ``pass`` or ``of other bytes``.
        error: the largest scaled error, on the path that is nearest to its tolerance; None where
            nothing was compared, or no error is finite.
        share: the same as a share of its tolerance, above 1 where the path fails.
        path: that path; empty where nothing was compared.
    """

    standing: Standing
    error: float | None = None
    share: float | None = None
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Side:
    """A project on one side of a comparison.

    Attributes:
        where: what people call it.
        facts: what the gate reads of it.
        stages: value of dvc.yaml.
        params: params.yaml.
        own_params: the files of hyperparameters that models have to themselves, by model.
        latencies: texts of the latencies that `verify` measured, by model.
        docs: digests of the files that document models, by path.
        readers: what each stage of any dvc.yaml reads, by the name of the stage.
    """

    where: str
    facts: Facts
    stages: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    own_params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    latencies: Mapping[str, str] = field(default_factory=dict)
    docs: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The models of models.yaml, by name."""
        return self.facts.registry.by_name if self.facts.registry is not None else {}

    @cached_property
    def _built(self) -> Mapping[str, DvcOutput]:
        document = self.facts.documents.get(names.DVC_LOCK)
        return read_built_parts(self.stages, document.value if document else None)

    def locked(self, model: Model) -> LockedModel | None:
        """Give what models.lock has of a model."""
        return self.facts.lock.by_name.get(model.name) if self.facts.lock is not None else None

    def parts(self, model: Model) -> list[Part]:
        """List the weights of a model, and its export, as far as it has such."""
        return list_parts(model, self.locked(model), self._built)

    def properties(self, model: Model) -> dict[str, str | int]:
        """List what identifies a model and what it needs, as far as it is known."""
        locked = self.locked(model)
        known: dict[str, str | int | None] = {
            "version": locked.version if locked else model.requires.text,
        }
        for part in self.parts(model):
            kind = "md5" if part.md5 is not None else "sha256"
            known[f"{part.what} {kind}"] = getattr(part, kind)
            known[f"{part.what} {SIZE}"] = part.size
        registry = self.facts.registry
        environment = registry.environment_of(model) if registry is not None else Environment()
        known |= {
            "licence": model.license,
            "format": locked.format if locked else model.format,
            "Paddle": (locked.paddle if locked else None) or model.paddle,
            "image": (locked.image if locked else None) or environment.image,
            f"image {DIGEST}": locked.image_digest if locked else None,
            "Paddle of the image": environment.paddle,
            "source": model.source,
            "source commit": locked.commit if locked else None,
            "base": model.base,
        }
        return {what: value for what, value in known.items() if value is not None}

    def hyperparameters(self, model: Model) -> dict[str, str]:
        """List the hyperparameters of a model, by key; those of its own file by that file too."""
        found = self.params.get(model.params_key, self.params.get(model.slug))
        own = self.own_params.get(model.name)
        file = model.train.params if model.train is not None else None
        return dict(
            (
                *_flatten("", found if isinstance(found, dict) else {}),
                *((f"{file}: {key}", value) for key, value in _flatten("", own or {})),
            )
        )

    def verification(self, model: Model) -> VerifyState | None:
        """Say what the report of a model is worth; None for a model that is not exported."""
        facts, text = self.facts, self.facts.reports.get(model.name)
        if facts.registry is None or facts.lock is None:
            return None
        standing = judge_report_standing(facts.registry, facts.lock, model, self._built, text)
        if standing is None or text is None or standing in ("invalid", "of other bytes"):
            return None if standing is None else VerifyState(standing=standing)
        proof = Evidence.from_json(text)
        shares = proof.tolerance_used or proof.scaled_error
        if not shares:
            return VerifyState(standing=standing)
        path = max(shares, key=lambda one: shares[one])
        return VerifyState(
            standing=standing,
            error=_finite(proof.scaled_error.get(path)),
            share=_finite(proof.tolerance_used.get(path)),
            path=path,
        )

    def latency(self, model: Model) -> Mapping[str, float]:
        """Give the median time of a call in milliseconds, by path; empty where it is unknown."""
        try:
            found = Latencies.from_json(self.latencies.get(model.name, "")).median_ms
        except ValueError:
            return {}
        return {path: time for path, time in found if math.isfinite(time)}

    def find_other_training(self, model: Model) -> str:
        """Say that the metrics of a training are of another one than the weights; else nothing."""
        path = training_report(model)
        written, text = self.facts.written.get(path), self.facts.trained.get(model.name)
        if text is None:
            return f"there is no {path}"
        md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        if written is not None and written.md5 != md5:
            return f"{path} is of another training: dvc.lock has md5:{written.md5} of it"
        return ""

    def list_groups(self, name: str) -> tuple[str, ...]:
        """Name the groups of models that one is in."""
        return () if self.facts.registry is None else self.facts.registry.groups_of(name)

    def list_derived(self, name: str) -> tuple[str, ...]:
        """Name the models that start from the weights of one, or from those of such a model."""
        found: list[str] = []
        new = [name]
        while new:
            new = [
                one.name
                for one in self.models.values()
                if one.base in new and one.name not in (name, *found)
            ]
            found += new
        return tuple(found)

    def list_readers(self, model: Model, parts: Iterable[Part]) -> tuple[str, ...]:
        """Name the stages, but for a model's own ones, that read its weights or its export."""
        paths = [part.path for part in parts]
        own = {f"{kind}-{model.slug}" for kind in ("sync", "train", "export", "verify", "evaluate")}
        return tuple(
            name
            for name, deps in self.readers.items()
            if name not in own and any(_overlap(path, dep) for path in paths for dep in deps)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Both sides of a comparison.

    Attributes:
        baseline: what the gate compares with.
        earlier: what was locked before, and which lines the documentation gained.
    """

    before: Side
    after: Side
    baseline: Baseline
    earlier: EarlierFacts | None = None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _overlap(path: str, other: str) -> bool:
    return f"{other}/".startswith(f"{path}/") or f"{path}/".startswith(f"{other}/")


def _flatten(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flatten(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", str(value)


def list_stage_deps(files: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the stages of all pipelines, and what each reads; of a template as it was run.

    Args:
        files: values of the dvc.yaml and dvc.lock files, by path.

    >>> repeated = {"foreach": [1], "do": {"deps": ["${item}"]}}
    >>> stages = {"a": {"deps": ["b", {"c": {}}]}, "e": repeated}
    >>> ran = {"e@1": {"deps": [{"path": "1"}]}}
    >>> dict(list_stage_deps({"x/dvc.yaml": {"stages": stages}, "x/dvc.lock": {"stages": ran}}))
    {'x/dvc.yaml:a': ('x/b', 'x/c'), 'x/dvc.yaml:e@1': ('x/1',)}
    """
    for file, value in files.items():
        folder, name = posixpath.split(file)
        if name != names.STAGES:
            continue
        ran = _stages_of(files.get(posixpath.join(folder, names.DVC_LOCK)))
        for stage, entry in _stages_of(value).items():
            title = f"{file}:{stage}" if folder else stage
            if not isinstance(entry, dict):
                continue
            if "do" not in entry and "matrix" not in entry:
                yield title, _deps(folder, entry, entry.get("deps"))
                continue
            body = entry.get("do", entry)
            for done, locked in ran.items():
                if done.startswith(f"{stage}@") and isinstance(locked, dict):
                    deps = _deps(folder, body if isinstance(body, dict) else {}, locked.get("deps"))
                    yield f"{title}{done[len(stage) :]}", deps


def _stages_of(value: Any) -> Mapping[str, Any]:
    stages = value.get("stages") if isinstance(value, dict) else None
    return {str(name): one for name, one in stages.items()} if isinstance(stages, dict) else {}


def _deps(folder: str, stage: Mapping[str, Any], deps: Any) -> tuple[str, ...]:
    at = join_output_folder(folder, str(stage.get("wdir", "")))
    paths = []
    for one in deps if isinstance(deps, list) else ():
        path = one.get("path", next(iter(one), "")) if isinstance(one, dict) else one
        paths.append(join_output_folder(at, str(path)))
    return tuple(paths)
