"""What models.yaml names, compared with the code and files that there are; nothing runs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile
from paddledvc.models.model import Reference
from paddledvc.names import suggest_name
from paddledvc.tools.code.core import namespace
from paddledvc.tools.code.core.namespace import Misnamed
from paddledvc.tools.code.definitions import FoundName, Lookup, Missing, Module

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from paddledvc.errors import Problem
    from paddledvc.models.model import Model
    from paddledvc.models.registry import Registry
    from paddledvc.tools.code.core.namespace import Parameters
    from paddledvc.tools.code.definitions import Target
    from paddledvc.tools.code.file_presence import Presence
    from paddledvc.tools.code.source_files import Sources
    from paddledvc.yaml.document import Path

PLAIN = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.BinOp)
"""Values that nothing can call."""


@dataclass(kw_only=True, slots=True)
class Code:
    """The code that models.yaml names, looked up in its source.

    Attributes:
        unreadable: files of code that are not Python.
    """

    lookup: Lookup
    unreadable: list[Problem] = field(default_factory=list)
    _targets: dict[Reference, Target] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sources) -> Code:
        """Look names up in files, some of which may have been read already."""
        return cls(lookup=Lookup(sources=sources))

    def misnamed(
        self, registry: Registry, models: Collection[str] | None = None
    ) -> Iterator[Misnamed]:
        """List what is wrong with the names of code.

        Args:
            registry: models.yaml.
            models: names of the models that matter; all by default.
        """
        for index, model in enumerate(registry.models):
            if models is None or model.name in models:
                for at, message in self._of_model(model):
                    yield Misnamed(model=model.name, path=("models", index, *at), message=message)

    def _of_model(self, model: Model) -> Iterator[tuple[Path, str]]:
        try:
            yield from self._of_code(model)
        except RecursionError:
            yield (), "its code is nested, or its names lead to others, too deeply to be followed"

    def _of_code(self, model: Model) -> Iterator[tuple[Path, str]]:
        if model.network is not None:
            yield from self._network(model, model.network)
        if model.train is not None and model.train.function is not None:
            called = "is called with one argument, the run"
            yield from self._function(("train", "function"), model.train.function, 1, called)
        if model.evaluate is not None:
            called = "is called with two arguments, the model and the run"
            at = ("evaluate", "function")
            reference = Reference.parse(model.evaluate.function)
            yield from self._function(at, reference, 2, called, "the metrics")
        for key, count, called, result in (
            ("samples", 0, "is called without arguments", "samples"),
            ("preprocess", 1, "is called with one argument, an image", "an array"),
        ):
            text = getattr(model.verify, key)
            if text is not None and ":" in text:
                reference = Reference.parse(text)
                yield from self._function(("verify", key), reference, count, called, result)

    def _find(self, reference: Reference) -> Target:
        if reference not in self._targets:
            self._targets[reference] = None
            try:
                self._targets[reference] = self.lookup.find(reference)
            except InvalidFile as error:
                self.unreadable += error.problems
        return self._targets[reference]

    def _function(
        self, at: Path, reference: Reference, count: int, called: str, result: str = ""
    ) -> Iterator[tuple[Path, str]]:
        target = self._find(reference)
        if why := _not_callable(reference, target, "a function"):
            yield at, why
        elif isinstance(target, FoundName):
            taken = self.lookup.parameters(target)
            if taken is not None and not taken.takes(count):
                yield at, f"{reference} takes {taken}, and {called}"
            elif result and _returns_nothing(target):
                yield at, f"{reference} returns nothing, expected {result}"

    def _network(self, model: Model, reference: Reference) -> Iterator[tuple[Path, str]]:
        target = self._find(reference)
        expected = "a class or a function that builds a layer"
        if why := _not_callable(reference, target, expected):
            yield ("network",), why
            return
        if not isinstance(target, FoundName):
            return
        if self._is_object(target):
            yield ("network",), f"{reference} is a layer that is built already, expected {expected}"
            return
        if _returns_nothing(target):
            yield ("network",), f"{reference} returns nothing, expected a layer"
            return
        if (taken := self.lookup.parameters(target)) is not None:
            yield from _arguments(model, reference, taken)
        built = self.lookup.built(target)
        if built is None:
            return
        if self.lookup.plain(built):
            assert isinstance(built.node, ast.ClassDef)
            where = f"{built.source.name}:{built.node.name}"
            yield ("network",), f"{where} is not a paddle.nn.Layer, because it has no such base"
        elif built.own:
            yield from self._forward(model, target, built)

    def _is_object(self, target: FoundName) -> bool:
        """Tell a value that is a layer, such as ``net = Net()`` of a module."""
        if not isinstance(target.node, ast.Call):
            return False
        made = self.lookup.expression(target.node.func, target.source)
        if not isinstance(made, FoundName) or not isinstance(made.node, ast.ClassDef):
            return False
        return self.lookup.is_layer(made)

    def _forward(
        self, model: Model, made: FoundName, built: FoundName
    ) -> Iterator[tuple[Path, str]]:
        """Compare what ``forward`` takes with the inputs.

        Args:
            model: the model.
            made: the class or factory that models.yaml names.
            built: the class that it builds.
        """
        classes = self.lookup.classes(built)
        if any(
            namespace.sets_attribute(one.source.tree, "forward")
            for one in (made, *classes)
            if one.own
        ):
            return
        forward = self.lookup.method(built, "forward")
        if not isinstance(forward, FoundName) or not isinstance(forward.node, ast.FunctionDef):
            return
        if not forward.own:
            yield from self._no_forward(built, forward)
            return
        taken = _parameters_of(forward)
        # What is stated of the call, the export tries.
        if taken is not None and model.inputs and model.forward is None:
            yield from self._inputs(model, built, taken)

    def _no_forward(self, built: FoundName, forward: FoundName) -> Iterator[tuple[Path, str]]:
        """Judge a class that takes ``forward`` of a base; the one of Layer only raises."""
        layer = self.lookup.classes(built)[-1].source
        call = self.lookup.method(built, "__call__")
        called_as_layer = isinstance(call, FoundName) and call.source is layer
        if self.lookup.is_layer(built) and forward.source is layer and called_as_layer:
            assert isinstance(built.node, ast.ClassDef)
            names = [*namespace.read_namespace(built.node.body).bindings]
            where = f"{built.source.name}:{built.node.name}"
            yield ("network",), f"{where} has no 'forward'{suggest_name('forward', names)}"

    def _inputs(
        self, model: Model, built: FoundName, taken: Parameters
    ) -> Iterator[tuple[Path, str]]:
        assert isinstance(built.node, ast.ClassDef)
        where = f"forward of {built.source.name}:{built.node.name}"
        names = [item.name for item in model.inputs]
        rest = [name for name in names if name not in taken.names]
        free = [name for name in taken.names if name not in names]
        required = [name for name in taken.names[: taken.required] if name in free]
        # More inputs than parameters go into one of these, as a dict or a list.
        if len(rest) > len(free) and not taken.more and len(required or free) == 1:
            rest, required = [], []
        for index, name in enumerate(names):
            why = _wrong_input(index, name, taken) if name in rest else None
            if why is not None:
                yield ("inputs", index, "name"), f"found {name!r}, and {where} takes {taken}{why}"
        missing = required[len(rest) :]
        missing += [key for key, has in taken.keywords.items() if not has and key not in names]
        if missing:
            yield ("inputs",), f"{where} takes {taken}; add {', '.join(missing)}"


def _parameters_of(method: FoundName) -> Parameters | None:
    """Tell what a method takes after ``self``."""
    assert isinstance(method.node, ast.FunctionDef)
    return namespace.read_parameters(method.node, bound=True)


def _not_callable(reference: Reference, target: Target, expected: str) -> str:
    """Say why a reference cannot be called; nothing where it can be, or nobody can tell."""
    match target:
        case Missing(why=why):
            return why
        case Module():
            return f"{reference} is a module, expected {expected}"
        case FoundName(method=True):
            return f"{reference} is a method and needs an object first, expected {expected}"
        case FoundName(node=ast.AsyncFunctionDef()):
            return f"{reference} is async, expected {expected}"
        case FoundName(node=node) if isinstance(node, PLAIN):
            text = ast.unparse(node) if isinstance(node, ast.Constant) else "a value"
            return f"{reference} is {text}, expected {expected}"
    return ""


def _returns_nothing(target: FoundName) -> bool:
    return isinstance(target.node, ast.FunctionDef) and namespace.returns_nothing(target.node)


def _arguments(model: Model, reference: Reference, taken: Parameters) -> Iterator[tuple[Path, str]]:
    """Compare ``network_args`` with what the class or factory takes."""
    known = [*taken.names[taken.unnamed :], *taken.keywords]
    for key in model.network_args:
        if key not in known and not taken.others:
            hint = suggest_name(key, known)
            message = f"{reference} has no argument {key!r}, it takes {taken}{hint}"
            yield ("network_args", key), message
    needed = (*taken.names[: taken.required], *(k for k, has in taken.keywords.items() if not has))
    if missing := [name for name in needed if name not in model.network_args]:
        text = f"{reference} needs {', '.join(missing)}; give it in network_args"
        yield ("network",), text


def _wrong_input(index: int, name: str, taken: Parameters) -> str | None:
    """Say what more there is to say of the wrong name of an input; None where it is right."""
    if index >= len(taken.names) and taken.more:
        return None
    if name in taken.keywords:
        return f"; inputs are passed by position, and {name} is taken by keyword only"
    return suggest_name(name, taken.names)


def check_file_names(registry: Registry, presence: Presence) -> Iterator[Misnamed]:
    """List the files and folders that models.yaml names, and that are not there."""
    for index, model in enumerate(registry.models):
        for at, path in _named_files(model):
            if not presence.has(path):
                message = _say_missing(path, presence)
            elif at == ("docs",) and (presence.root / path).is_dir():
                message = f"{path} is a folder, expected a file"
            else:
                continue
            yield Misnamed(model=model.name, path=("models", index, *at), message=message)
    if registry.deploy is not None and not presence.has(script := registry.deploy.script):
        yield Misnamed(
            model=None, path=("deploy", "script"), message=_say_missing(script, presence)
        )


def _say_missing(path: str, presence: Presence) -> str:
    return f"there is no {path} in the project, and DVC tracks none{presence.near(path)}"


def _named_files(model: Model) -> Iterable[tuple[Path, str]]:
    """List the files and folders that a model names, and where it does."""
    if model.config_path is not None:
        yield ("config_path",), model.config_path
    if model.docs is not None:
        yield ("docs",), model.docs
    if (train := model.train) is not None:
        yield from ((("train", "deps", index), path) for index, path in enumerate(train.deps))
        yield from ((("train", "datasets", name), path) for name, path in train.datasets.items())
        if train.params is not None:
            yield ("train", "params"), train.params
    if model.evaluate is not None:
        yield from ((("evaluate", "deps", at), path) for at, path in enumerate(model.evaluate.deps))
    samples = model.verify.samples
    if samples is not None and ":" not in samples:
        yield ("verify", "samples"), samples
