"""The tree in which models are as an earlier commit has them, made without the work tree."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.locking.missing_code import look_for_missing_code
from paddledvc.models.lockfile import Lock, render_lockfile
from paddledvc.project import SnapshotFiles
from paddledvc.releases.core.changelog import add_return
from paddledvc.releases.core.past_blocks import take_past_blocks, take_past_model
from paddledvc.releases.core.rollback_plan import (
    RolledFile,
    Stages,
    list_following_stages,
    list_model_stages,
)
from paddledvc.stages import plan as plans
from paddledvc.stages.generate import render_stages_file
from paddledvc.tools.code.source_files import Sources
from paddledvc.tools.dvc.core.outputs import SUFFIX
from paddledvc.tools.git.database.new_commit import (
    FILE,
    list_commit_files,
    write_blob,
    write_changed_tree,
)
from paddledvc.tools.git.database.tree import TreeEntry
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.system.files import decode_text
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.models.registry import Registry

T = TypeVar("T")


class CommitState:
    """The files of a project in a commit or tree, each read once.

    Args:
        root: folder of the project.
        name: git's name of the commit or tree.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        self.files = SnapshotFiles(Snapshot.tree(root, name))

    @cached_property
    def registry(self) -> Registry:
        """models.yaml."""
        return self._checked(self.files.registry)

    @cached_property
    def lock(self) -> Lock:
        """models.lock."""
        return self._checked(self.files.lock)

    @cached_property
    def stages(self) -> Stages:
        """dvc.yaml and dvc.lock."""
        return Stages.of(self.value(names.STAGES), self.value(names.DVC_LOCK))

    @cached_property
    def entries(self) -> Mapping[str, TreeEntry]:
        """Every file, by path."""
        return list_commit_files(self.root, self.name)

    def text(self, name: str) -> str:
        """Read a file as it is written; empty where there is none."""
        data = self.files.snapshot.read(name)
        return "" if data is None else self._checked(lambda: decode_text(data, name))

    def value(self, name: str) -> Any:
        """Read what a YAML file says; None where there is none."""
        return self._checked(lambda: reader.parse_yaml(self.text(name), name).value)

    def params(self, name: str) -> Any:
        """Read the hyperparameters of a model."""
        value = self.value(names.PARAMS)
        keys = _params_keys(name)
        return next((value[key] for key in keys if isinstance(value, dict) and key in value), None)

    def _checked(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except InvalidInput as error:
            raise InvalidInput(f"at commit {self.name[:7]}: {error}") from error


def _params_keys(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((names.slug(name), names.name_params_key(name))))


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A tree in which models are as before.

    Attributes:
        tree: git's name of it.
        files: the code and settings that go back.
        stages: by model the stages whose results go back; those of the team that read these too.
    """

    tree: str
    files: tuple[RolledFile, ...]
    stages: Mapping[str, tuple[str, ...]]


def restore_models(root: Path, head: CommitState, states: Mapping[str, CommitState]) -> Restored:
    """Write a tree in which some models are as earlier commits have them, and all else as now.

    Args:
        root: folder of the project.
        head: the commit that it is to follow.
        states: the earlier commits, by model.

    Raises:
        InvalidFile: a file cannot be edited block by block.
        InvalidInput: what comes out would be no valid project.
    """
    edited = (names.REGISTRY, names.PARAMS, names.DVC_LOCK, CHANGELOG)
    texts = {name: head.text(name) for name in edited}
    entries: dict[str, TreeEntry | None] = {}
    code: dict[str, TreeEntry | None] = {}
    stages = _list_restored(head, states)
    for name, then in states.items():
        slug = names.slug(name)
        texts[names.REGISTRY] = take_past_model(
            texts[names.REGISTRY], then.text(names.REGISTRY), name, _inherited(head, then, name)
        )
        if keys := [(key,) for key in _params_keys(name) if _has_params(key, head, then)]:
            texts[names.PARAMS] = take_past_blocks(
                texts[names.PARAMS], then.text(names.PARAMS), names.PARAMS, keys
            )
        gone = [one for one in list_model_stages(slug) if one in head.stages.built]
        if built := [("stages", one) for one in dict.fromkeys((*stages[name], *gone))]:
            texts[names.DVC_LOCK] = take_past_blocks(
                texts[names.DVC_LOCK], then.text(names.DVC_LOCK), names.DVC_LOCK, built
            )
        now, version = head.lock.by_name.get(name), then.lock.model(name).version
        before = None if now is None else now.version
        if texts[CHANGELOG] and before != version:
            texts[CHANGELOG] = add_return(texts[CHANGELOG], name, version, before)
        entries.update(_reports(head, then, slug))
        code.update(_code(head, then, [one for one in stages[name] if one not in then.stages.own]))
    for path, text in texts.items():
        if text != head.text(path):
            entries[path] = _blob(head, path, text)
    code = {path: entry for path, entry in code.items() if entry != head.entries.get(path)}
    first = write_changed_tree(root, head.name, {**entries, **code})
    entries[names.LOCK] = _blob(
        head, names.LOCK, render_lockfile(_locked(root, first, head, states))
    )
    second = write_changed_tree(root, head.name, {**entries, **code})
    tree = write_changed_tree(root, second, _generated(root, second))
    return Restored(
        tree=tree,
        files=tuple(_describe_files(root, tree, states, code)),
        stages=stages,
    )


def _list_restored(
    head: CommitState, states: Mapping[str, CommitState]
) -> dict[str, tuple[str, ...]]:
    """List the stages whose results go back; one of the team counts to a model that it reads."""
    own = {
        name: [one for one in list_model_stages(names.slug(name)) if one in then.stages.built]
        for name, then in states.items()
    }
    found = {name: dict.fromkeys(its) for name, its in own.items()}
    for then in dict.fromkeys(states.values()):
        ours = [name for name in states if states[name] is then]
        restored = [stage for name in ours for stage in own[name]]
        for stage in list_following_stages(head.stages, then.stages, restored):
            reads = then.stages.reads(stage).keys()
            readers = [
                name
                for name in ours
                if any(then.stages.writes(one).keys() & reads for one in own[name])
            ]
            found[(readers or ours)[0]][stage] = None
    return {name: tuple(its) for name, its in found.items()}


def _blob(state: CommitState, path: str, text: str) -> TreeEntry:
    """Keep a text in git's database, to be the file that a commit has there."""
    known = state.entries.get(path)
    if known is not None and not known.is_file:
        raise InvalidInput(f"{path} is a symbolic link, expected a file; put the file itself there")
    mode = FILE if known is None else known.mode
    return TreeEntry(mode=mode, name=write_blob(state.root, text.encode()))


def _has_params(key: str, *states: CommitState) -> bool:
    values = (one.value(names.PARAMS) for one in states)
    return any(isinstance(value, dict) and key in value for value in values)


def _inherited(head: CommitState, then: CommitState, name: str) -> Any:
    """Give what a model ran in by the top of models.yaml, where that says something else now."""
    if then.registry.model(name).environment is not None:
        return None
    if then.registry.environment == head.registry.environment:
        return None
    value = then.value(names.REGISTRY)
    return value.get("environment")


def _locked(root: Path, tree: str, head: CommitState, states: Mapping[str, CommitState]) -> Lock:
    """Put the pins of earlier commits into the lock of now."""
    registry = _valid(CommitState(root, tree), states).registry
    pins = {one.name: one for one in head.lock.models}
    for name, then in states.items():
        pin = then.lock.model(name)
        image = registry.environment_of(registry.model(name)).image
        if pin.image != image:  # models.yaml names one at its top now, and named none then
            pin = replace(pin, image=image, image_digest=None, image_mirrors=())
        pins[name] = pin
    return Lock(models=tuple(pins[name] for name in sorted(pins)))


def _valid(state: CommitState, states: Iterable[str]) -> CommitState:
    try:
        state.files.registry()
    except InvalidFile as error:
        raise InvalidInput(
            f"with {', '.join(states)} as before, models.yaml would not be valid; name the models "
            f"or groups that belong to them too:\n{error}"
        ) from error
    return state


def _generated(root: Path, tree: str) -> dict[str, TreeEntry | None]:
    """Write dvc.yaml as `generate` would write it in a tree."""
    state = CommitState(root, tree)
    there = look_for_missing_code(state.files, state.registry, state.lock)
    wanted = plans.plan_entries(
        state.files,
        state.registry,
        state.lock,
        params=state.files.read_optional(names.PARAMS),
        there=there,
        sources=Sources(root=state.files.folder),
    )
    document = reader.parse_yaml(state.text(names.STAGES), names.STAGES)
    merges = plans.plan_changes(document, wanted)
    if not any(merges.values()):
        return {}
    return {names.STAGES: _blob(state, names.STAGES, render_stages_file(document, merges))}


def _reports(
    head: CommitState, then: CommitState, slug: str
) -> Iterator[tuple[str, TreeEntry | None]]:
    """List the reports of a model, as they were; its card too, where there was one."""
    folder = f"{names.REPORTS}/{slug}/"
    yield from ((path, None) for path in head.entries if path.startswith(folder))
    kept = (*(path for path in then.entries if path.startswith(folder)), f"docs/models/{slug}.md")
    yield from ((path, then.entries[path]) for path in kept if path in then.entries)


def _code(
    head: CommitState, then: CommitState, stages: Iterable[str]
) -> Iterator[tuple[str, TreeEntry | None]]:
    """List the files that stages read, as they were: code, settings, and DVC's notes of data."""
    for stage in stages:
        for path in (*then.stages.reads(stage), *then.stages.param_files(stage)):
            if path not in names.PROJECT_FILES:
                yield from _files_of(head, then, path)


def _files_of(
    head: CommitState, then: CommitState, path: str
) -> Iterator[tuple[str, TreeEntry | None]]:
    above = PurePosixPath(path)
    for one in (path, *(f"{folder}{SUFFIX}" for folder in (above, *above.parents[:-1]))):
        if one in then.entries:
            yield one, then.entries[one]
    inside = [one for one in then.entries if one.startswith(f"{path}/")]
    if inside:
        yield from ((one, None) for one in head.entries if one.startswith(f"{path}/"))
        yield from ((one, then.entries[one]) for one in inside)


def _describe_files(
    root: Path,
    tree: str,
    states: Mapping[str, CommitState],
    code: Mapping[str, TreeEntry | None],
) -> Iterator[RolledFile]:
    after = CommitState(root, tree)
    restored = {stage for name in states for stage in list_model_stages(names.slug(name))}
    models = {
        stage: model.name
        for model in after.registry.models
        for stage in list_model_stages(model.slug)
    }
    readers: dict[str, dict[str, None]] = defaultdict(dict)
    for stage, stated in after.stages.stated.items():
        for path in _listed(stated.get("deps")):
            if stage not in restored:
                readers[path][models.get(stage, stage)] = None
    for path, entry in sorted(code.items()):
        plain = path.removesuffix(SUFFIX)
        users = [
            one
            for read, its in readers.items()
            if read in (path, plain) or path.startswith(f"{read}/")
            for one in its
        ]
        yield RolledFile(
            path=path,
            act="remove" if entry is None else "restore",
            shared=tuple(dict.fromkeys(users)),
        )


def _listed(entries: object) -> Sequence[str]:
    return [str(one) for one in entries] if isinstance(entries, list) else []
