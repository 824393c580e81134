"""models.yaml as a frozen value: read from a checked document, all problems at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc.core import layout
from paddledvc.core.entries import read_image, read_model
from paddledvc.core.names import did_you_mean
from paddledvc.core.versions import Requirement
from paddledvc.errors import InvalidFile, Problem, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.core.document import Document, Path
    from paddledvc.core.model import Model
    from paddledvc.core.schema import Schema


@dataclass(frozen=True, kw_only=True)
class Registry:
    """What a team wants: the models of models.yaml, in its order.

    >>> registry = Registry(models=())
    >>> len(registry.models)
    0
    """

    models: tuple[Model, ...]
    image: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    catalogs: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, Model]:
        """The models by name."""
        return {model.name: model for model in self.models}

    def lineage(self, name: str) -> tuple[str, ...]:
        """Name a model and the models whose weights it starts from, nearest first.

        Raises:
            UnknownModel: there is no such model.
        """
        model = self.model(name)
        return (name, *self.lineage(model.base)) if model.base is not None else (name,)

    def model(self, name: str) -> Model:
        """Return the model called ``name``.

        Raises:
            UnknownModel: there is none; the message suggests the nearest name.
        """
        try:
            return self.by_name[name]
        except KeyError:
            known = f"; it has {', '.join(sorted(self.by_name))}" if self.models else ""
            hint = did_you_mean(name, self.by_name) or known
            raise UnknownModel(f"models.yaml has no model {name!r}{hint}") from None


def parse(document: Document, schema: Schema) -> Registry:
    """Check a document against the schema and the rules between entries, and read it.

    Raises:
        InvalidFile: with every problem of the file.
    """
    problems = schema.problems(document)
    value: Any = document.value
    entries = (value.get("models") if isinstance(value, dict) else None) or []
    if isinstance(entries, list):
        problems += _between_entries(document, entries, {problem.path for problem in problems})
    if problems:
        raise InvalidFile(problems)
    return Registry(
        models=tuple(read_model(entry) for entry in entries),
        image=read_image(value.get("environment")),
        policy=value.get("policy", {}),
        catalogs=value.get("catalogs", {}),
    )


def _between_entries(
    document: Document, models: list[Any], reported: set[str]
) -> Iterator[Problem]:
    """Check what a schema cannot say, of the entries that are whole enough to be checked."""
    entries = [
        (("models", index), entry)
        for index, entry in enumerate(models)
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]
    yield from _unique_names(document, entries)
    yield from _bases(document, entries)
    yield from _unique_files(document, entries)
    for path, entry in entries:
        for at, message in _within_entry(entry):
            problem = document.problem((*path, *at), message)
            if problem.path not in reported:
                yield problem


def _unique_names(
    document: Document, entries: Iterable[tuple[Path, dict[str, Any]]]
) -> Iterator[Problem]:
    names: dict[str, tuple[str, Path]] = {}
    for path, entry in entries:
        name: str = entry["name"]
        at = (*path, "name")
        first, first_at = names.setdefault(layout.collision_key(name), (name, at))
        if first_at == at:
            continue
        line = document.position(first_at, False).line
        if first == name:
            message = f"the name {name!r} is taken by the model in line {line}"
        else:
            message = (
                f"{name!r} and {first!r} (line {line}) would share the stage, file and tag "
                f"name {layout.collision_key(name)!r}; rename one of them"
            )
        yield document.problem(at, message)


def _unique_files(
    document: Document, entries: Iterable[tuple[Path, dict[str, Any]]]
) -> Iterator[Problem]:
    """See that no two downloads get one file: ``a_1`` at ``2`` and ``a`` at ``1_2`` would."""
    owners: dict[str, str] = {}
    for path, entry in entries:
        if not _has_urls(entry) or not isinstance(entry.get("version"), str):
            continue
        stem = layout.downloaded(entry["name"], entry["version"], "").casefold()
        owner = owners.setdefault(stem, entry["name"])
        if layout.collision_key(owner) != layout.collision_key(entry["name"]):
            message = (
                f"{entry['name']!r} {entry['version']} and {owner!r} would be downloaded to "
                "files of one name; rename one of them"
            )
            yield document.problem((*path, "name"), message)


def _bases(document: Document, entries: Iterable[tuple[Path, dict[str, Any]]]) -> Iterator[Problem]:
    bases = {entry["name"]: entry.get("base") for _, entry in entries}
    for path, entry in entries:
        base = entry.get("base")
        if not isinstance(base, str):
            continue
        at = (*path, "base")
        if base not in bases:
            yield document.problem(
                at, f"no model is called {base!r}{did_you_mean(base, map(str, bases))}"
            )
            continue
        chain = [entry["name"]]
        while isinstance(base, str) and base not in chain:
            chain.append(base)
            base = bases.get(base)
        if base == entry["name"]:
            yield document.problem(at, f"the bases form a circle: {' -> '.join([*chain, base])}")


def _within_entry(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    yield from _version(entry)
    yield from _weights(entry)
    yield from _train(entry.get("train"))
    yield from _export(entry)
    yield from _inputs(entry.get("inputs"))


def _version(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    version = entry.get("version")
    if isinstance(version, str):
        try:
            Requirement.parse(version)
        except ValueError as error:
            yield ("version",), str(error)


def _weights(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if "source" in entry or _has_urls(entry):
        return
    for key in ("md5", "sha256", "size", "format"):
        if key in entry:
            yield (key,), f"{key} is given, but nothing says where the weights are; add weights_url"


def _has_urls(entry: Mapping[str, Any]) -> bool:
    return any(key in entry for key in ("weights_url", "hub_url", "urls"))


def _train(train: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(train, dict):
        return
    if ("function" in train) == ("command" in train):
        yield ("train",), "expected either function or command"
    launch = train.get("launch")
    if not isinstance(launch, dict):
        return
    if launch.get("nodes", 1) != 1 and "master" not in launch:
        yield ("train", "launch"), "more than one node needs master: host:port"
    if "command" in train:
        yield ("train", "launch"), "launch goes with function; a command starts its own processes"
    if str(train.get("device", "")).startswith("gpu:"):
        yield ("train", "device"), "launch gives each process a GPU of its own; write device: gpu"


def _export(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if entry.get("export") in (None, False):
        return
    for key in ("network", "inputs"):
        if key not in entry:
            yield ("export",), f"an export needs {key!r}; add it to the model"
    if not _has_urls(entry) and not {"source", "train", "base"} & entry.keys():
        yield ("export",), "nothing gives the weights to export; add weights_url, train or base"


def _inputs(inputs: Any) -> Iterator[tuple[Path, str]]:
    names: dict[str, int] = {}
    for index, item in enumerate(inputs if isinstance(inputs, list) else ()):
        match item:
            case {"range": [int() | float() as low, int() | float() as high]} if low >= high:
                message = f"found [{low}, {high}], expected [low, high] with low < high"
                yield ("inputs", index, "range"), message
        match item:
            case {"name": str() as name} if names.setdefault(name, index) != index:
                message = f"the name {name!r} is taken by input {names[name]}"
                yield ("inputs", index, "name"), message
