"""The DVC stages that a registry and its lock ask for, as values, beside those of people.

A stage depends on its settings through a short digest in its command: DVC compares commands for
free, while a ``params:`` entry makes it parse the whole file once a stage. Only hyperparameters,
which people tune with ``dvc exp``, are real DVC params.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import (
    Reference,
    exported_model_folder,
    model_reports_folder,
    model_stage_name,
    trained_model_file,
)
from paddledvc.models.registry import base_weights_in_registry, weights_in_registry
from paddledvc.stages.core.settings_digest import (
    evaluate_digest,
    export_digest,
    sync_digest,
    train_digest,
    verify_digest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.models.evaluate_settings import Evaluate, Plot
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.registry import Registry
    from paddledvc.models.verify_settings import Verify

ENGINE = "verify.engine"
"""The part of a model's section in params.yaml by which what is measured runs, too."""
MARK = {"generated_by": "paddledvc"}
"""The ``meta`` by which a stage or artifact is known as ours."""
ERRORS_PLOT = "paddledvc_errors"
"""The template that draws a line for each path, with its tolerance: a file in ``.dvc/plots``."""
KEPT = ("frozen",)
"""Keys that ``dvc freeze`` and people set in a stage of ours and that stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """All that the stages of a project follow from.

    Attributes:
        registry: what is wanted.
        lock: what that resolved to.
        sections: the (key, section) pairs that params.yaml has, such as ``("digits", "train")``.
        code: the project's files behind each reference, imports included.
        commands: the project's files that each training's command line names.
        configs: those files that ``config_path`` names and that are there.
    """

    registry: Registry
    lock: Lock
    sections: frozenset[tuple[str, str]] = frozenset()
    code: Mapping[Reference, tuple[str, ...]] = field(default_factory=dict)
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    configs: frozenset[str] = frozenset()


def build_stages(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """Build every stage, in the order of the registry and of the work."""
    stages: dict[str, dict[str, Any]] = {}
    for model in pipeline.registry.models:
        if pipeline.lock.model(model.name).downloads:
            stages[model_stage_name("sync", model)] = _sync(pipeline, model)
        if model.train is not None:
            stages[model_stage_name("train", model)] = _train(pipeline, model)
        if model.exports:
            stages[model_stage_name("export", model)] = _export(pipeline, model)
            stages[model_stage_name("verify", model)] = _verify(pipeline, model)
        if model.evaluate is not None:
            stages[model_stage_name("evaluate", model)] = _evaluate(pipeline, model, model.evaluate)
    return stages


def build_artifacts(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """Build the ``artifacts:`` entries, by which GTO and ``dvc artifacts`` know the models."""
    artifacts: dict[str, dict[str, Any]] = {}
    for model in pipeline.registry.models:
        path = weights_in_registry(pipeline.registry, pipeline.lock, model)
        if path is None or not (pipeline.lock.model(model.name).downloads or model.train):
            continue
        entry: dict[str, Any] = {"path": path, "type": "model"}
        # Since treeverse/dvc#10359 DVC fills in templates here too.
        if model.description:
            entry["desc"] = model.description.replace("${", "\\${")
        if labels := [*([model.task] if model.task else []), *model.tags]:
            entry["labels"] = [label.replace("${", "\\${") for label in labels]
        artifacts[model.slug] = {**entry, "meta": dict(MARK)}
    return artifacts


def _sync(pipeline: Pipeline, model: Model) -> dict[str, Any]:
    # persist: DVC deletes other outputs before it runs a stage; this one is kept until better
    # bytes have arrived, and left alone when it is already right.
    # No URL among deps: DVC would run the stage whenever its ETag changes, and has no word for the
    # digest that its bytes must have.
    path = pipeline.lock.model(model.name).path
    return {
        "cmd": f"paddledvc sync {model.name} --pin {sync_digest(pipeline.lock, model)}",
        "outs": [{path: {"persist": True}}],
        "meta": dict(MARK),
    }


def _train(pipeline: Pipeline, model: Model) -> dict[str, Any]:
    train = model.train
    assert train is not None
    folder = f"{model_reports_folder(model)}/train"
    stage = {
        "cmd": f"paddledvc train {model.name} "
        f"--pin {train_digest(pipeline.registry, pipeline.lock, model)}",
        **_needs(
            pipeline,
            [
                base_weights_in_registry(pipeline.registry, pipeline.lock, model),
                _config(pipeline, model),
                *train.deps,
                *train.datasets.values(),
                *pipeline.commands.get(train.command or "", ()),
            ],
            [train.function, model.network if train.function else None],
        ),
        **_params(pipeline, model, "train"),
        "outs": [trained_model_file(model), *sorted(train.outs)],
        "metrics": [{f"{folder}/metrics.json": {"cache": False}}],
    }
    if train.function is not None:
        stage["plots"] = [{f"{folder}/plots/metrics": {"cache": False, "x": "step"}}]
    return {**stage, "meta": dict(MARK)}


def _export(pipeline: Pipeline, model: Model) -> dict[str, Any]:
    weights = weights_in_registry(pipeline.registry, pipeline.lock, model)
    return {
        "cmd": f"paddledvc export {model.name} "
        f"--pin {export_digest(pipeline.registry, pipeline.lock, model)}",
        **_needs(pipeline, [weights, _config(pipeline, model)], [model.network]),
        "outs": [exported_model_folder(model)],
        "meta": dict(MARK),
    }


def _verify(pipeline: Pipeline, model: Model) -> dict[str, Any]:
    weights = weights_in_registry(pipeline.registry, pipeline.lock, model)
    folder = model_reports_folder(model)
    samples = model.verify.samples
    files = [weights, exported_model_folder(model), None if ":" in (samples or "") else samples]
    files.append(_config(pipeline, model))
    code = [model.network, *list_stage_sample_files(model.verify)]
    # DVC's own templates draw one line of all paths. It is left to git, like the metrics: `check`
    # and reviewers read them without any remote.
    errors = {"cache": False, "x": "sample", "y": "scaled_error", "template": ERRORS_PLOT}
    return {
        "cmd": f"paddledvc verify {model.name} "
        f"--pin {verify_digest(pipeline.registry, pipeline.lock, model)}",
        **_needs(pipeline, files, code),
        **_params(pipeline, model, "verify"),
        # No metric: it differs at every run, and would fill each `dvc metrics diff`.
        "outs": [{f"{folder}/latency.json": {"cache": False}}],
        "metrics": [{f"{folder}/verify.json": {"cache": False}}],
        "plots": [{f"{folder}/verify.csv": errors}],
        "meta": dict(MARK),
    }


def _evaluate(pipeline: Pipeline, model: Model, settings: Evaluate) -> dict[str, Any]:
    folder = f"{model_reports_folder(model)}/evaluate"
    exported = (
        exported_model_folder(model) if evaluated_paths(settings, exports=model.exports) else None
    )
    files = [weights_in_registry(pipeline.registry, pipeline.lock, model), exported, *settings.deps]
    files.append(_config(pipeline, model))
    plots = [
        {f"{folder}/{one.name}.csv": {"cache": False, **_drawn(one)}} for one in settings.plots
    ]
    if settings.slices:
        plots.append({f"{folder}/slices.csv": {"cache": False, "x": "part"}})
    stage = {
        "cmd": f"paddledvc evaluate {model.name} "
        f"--pin {evaluate_digest(pipeline.registry, pipeline.lock, model)}",
        **_needs(pipeline, files, [Reference.parse(settings.function), model.network]),
        **_evaluate_params(pipeline, model, exported=exported is not None),
        "metrics": [{f"{folder}.json": {"cache": False}}],
    }
    if exported is not None:
        stage["outs"] = [{f"{folder}/changed.csv": {"cache": False}}]
        if settings.pictures:
            plots.append({f"{folder}/changed.svg": {"cache": False}})
    if plots:
        stage["plots"] = plots
    return {**stage, "meta": dict(MARK)}


def _evaluate_params(pipeline: Pipeline, model: Model, *, exported: bool) -> dict[str, Any]:
    sections = ("evaluate", ENGINE) if exported else ("evaluate",)
    found = [one for name in sections for one in _params(pipeline, model, name).get("params", ())]
    return {"params": found} if found else {}


def _drawn(plot: Plot) -> dict[str, str]:
    said = {"template": plot.template, "x": plot.x, "y": plot.y}
    return {key: value for key, value in said.items() if value is not None}


def _config(pipeline: Pipeline, model: Model) -> str | None:
    return model.config_path if model.config_path in pipeline.configs else None


def list_stage_sample_files(settings: Verify) -> list[Reference | None]:
    """List the functions that samples come from."""
    named = (settings.samples, settings.preprocess)
    return [Reference.parse(one) for one in named if one and ":" in one]


def _needs(
    pipeline: Pipeline, files: list[str | None], code: list[Reference | None]
) -> dict[str, Any]:
    """List the files and code that a stage reads, sorted, each once."""
    deps = {path for path in files if path is not None}
    for reference in code:
        deps.update(pipeline.code.get(reference, ()) if reference is not None else ())
    return {"deps": sorted(deps)} if deps else {}


def _params(pipeline: Pipeline, model: Model, section: str) -> dict[str, Any]:
    # A slug that begins with a digit counts too, though `dvc exp run -S` cannot address it.
    keys = [key for key in (model.params_key, model.slug) if (key, section) in pipeline.sections]
    params: list[Any] = [f"{key}.{section}" for key in keys[:1]]
    if section == "train" and model.train is not None and model.train.params is not None:
        # None stands for all of the file.
        params.append({model.train.params: None})
    return {"params": params} if params else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """How one section of dvc.yaml comes to hold what it should.

    Attributes:
        changed: entries of ours that must be written anew, by name.
        added: entries that are not there yet, by name.
        removed: names of entries of ours that nothing asks for any more.
        foreign: names that we need and that an entry of the user's has.
        redrawn: names of changed entries of which DVC only shows something otherwise: how a plot
            is drawn, or what a metric is.
    """

    changed: Mapping[str, Any]
    added: Mapping[str, Any]
    removed: frozenset[str]
    foreign: tuple[str, ...]
    redrawn: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.changed or self.added or self.removed)

    @property
    def differences(self) -> Iterator[tuple[str, str]]:
        """What is not as it should be: each name, and what is wrong with its entry.

        What DVC shows of it is renewed with the rest, and no reason to refuse anything.
        """
        yield from ((name, "is missing") for name in self.added)
        yield from ((name, "is out of date") for name in sorted(self.changed.keys() - self.redrawn))
        yield from ((name, "no longer has a model") for name in sorted(self.removed))


def is_our_stage(entry: object) -> bool:
    """Tell whether an entry bears our mark.

    >>> ours = {"cmd": "x", "meta": {"generated_by": "paddledvc"}}
    >>> is_our_stage(ours), is_our_stage({"cmd": "x"})
    (True, False)
    """
    meta = entry.get("meta") if isinstance(entry, Mapping) else None
    return isinstance(meta, Mapping) and meta.get("generated_by") == MARK["generated_by"]


def merge_pipeline_section(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> Merge:
    """Compare what a section holds with what it should hold."""
    changed = {}
    redrawn = set()
    for name in wanted.keys() & existing.keys():
        if is_our_stage(existing[name]):
            kept = {key: existing[name][key] for key in KEPT if key in existing[name]}
            target = {**wanted[name], **kept}
            if target != existing[name]:
                changed[name] = target
                if _without_showing(target) == _without_showing(existing[name]):
                    redrawn.add(name)
    return Merge(
        changed=changed,
        added={name: entry for name, entry in wanted.items() if name not in existing},
        removed=frozenset(
            name for name, entry in existing.items() if is_our_stage(entry) and name not in wanted
        ),
        foreign=tuple(
            name for name in wanted if name in existing and not is_our_stage(existing[name])
        ),
        redrawn=frozenset(redrawn),
    )


def _without_showing(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out of a stage by which template plots are drawn, and which outputs are metrics."""
    plots, outs, metrics = (_listed(entry, key) for key in ("plots", "outs", "metrics"))
    plots = [
        {path: {key: value for key, value in one.items() if key != "template"}}
        for plot in plots
        if isinstance(plot, Mapping)
        for path, one in plot.items()
        if isinstance(one, Mapping)
    ]
    return {**entry, "plots": plots, "outs": sorted([*outs, *metrics], key=repr), "metrics": []}


def _listed(entry: Mapping[str, Any], key: str) -> list[Any]:
    # DVC refuses anything but a list, and says so.
    found = entry.get(key)
    return found if isinstance(found, list) else []
