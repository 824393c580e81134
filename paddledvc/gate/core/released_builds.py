"""What was built of released versions: trained weights and exports, found in many dvc.lock files.

A version keeps the bytes that it had first. So the oldest states that had it are looked at, and
later ones only as long as they do not tell: of a thousand commits, a few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.gate.core.released_locks import (
    Contents,
    Released,
    State,
    describe_released_contents,
    is_conflicted_lock,
    released_contents_of,
)
from paddledvc.models.model import exported_model_folder, model_stage_name, trained_model_file
from paddledvc.tools.dvc.core import builds
from paddledvc.tools.dvc.core.objects import folder_object_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.registry import Registry
    from paddledvc.tools.dvc.core.builds import Built

_STAGE = re.compile(
    rb"""^  (?P<quote>["']?)(?P<name>(?:train|export)-[^:"'\n]+)(?P=quote):[ ]*\n"""
    rb"(?:(?:    [^\n]*|[ ]*)\n)*",
    re.MULTILINE,
)
"""A stage as DVC writes it."""
_NAMED = re.compile(rb"""(?:^|[\s{,"'])(?:train|export)-[^\s:"']+["']?:""")
"""A stage as anybody may write it, and some that is none."""
_PIN = re.compile(r" --pin (\S+)")
_WEIGHTS = "checkpoints/"
Origin = Literal["trained", "locked", "base"]
"""Where weights come from: a training, models.lock, or the model that this one starts from."""

_ORDER: tuple[Origin, ...] = ("trained", "locked", "base")
_BASE_ORDER: tuple[Origin, ...] = ("base", "locked", "trained")


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """What is built now of a model, at the version that is locked.

    Attributes:
        origin: where its weights come from.
        train: name of the stage that trains it.
        export: name of the stage that exports it.
        trained_path: what that training writes.
        exported_path: what that export writes.
        trained: MD5 of the trained weights; None where there are none.
        read: MD5 of the weights that the export read.
        exported: MD5 of the exported folder.
        pin: digest of the settings of the export.
        downloads: whether it has weights in models.lock.
        locked: MD5 of these.
    """

    name: str
    origin: Origin
    train: str
    export: str
    trained_path: str
    exported_path: str
    downloads: bool
    locked: str | None
    trained: str | None = None
    read: str | None = None
    exported: str | None = None
    pin: str | None = None

    @property
    def weights(self) -> str | None:
        """MD5 of its weights; None where that is not known."""
        known = {"trained": self.trained, "locked": self.locked, "base": self.read}
        return known[self.origin]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What was built before of a version that is locked now.

    Attributes:
        state: where that was.
        contents: what was locked of it there.
        trained: as in ``Making``, and so the others.
    """

    name: str
    state: State
    contents: Contents
    trained: str | None
    read: str | None
    exported: str | None
    pin: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What was released before.

    Attributes:
        released: by name of the model, how its version of now was locked earlier, oldest first.
        now: by name of the model, what is built now.
        made: by name of the model, what was built of that version, oldest first, tags last.
        reports: texts of the reports beside some of that, by its state and name.
        complete: whether all of the history could be looked at.
    """

    released: Mapping[str, Sequence[Released]] = field(default_factory=dict)
    now: Mapping[str, Making] = field(default_factory=dict)
    made: Mapping[str, Sequence[Made]] = field(default_factory=dict)
    reports: Mapping[tuple[State, str], str] = field(default_factory=dict)
    complete: bool = True


def list_released_makings(
    registry: Registry, lock: Lock, built: Mapping[str, Built]
) -> Iterator[tuple[str, Making]]:
    """Say what is built of every locked model, by its name.

    Args:
        registry: models.yaml.
        lock: models.lock.
        built: dvc.lock.
    """
    for model in registry.models:
        locked = lock.by_name.get(model.name)
        if locked is None:
            continue
        train, export = (
            model_stage_name("train", model),
            model_stage_name("export", model),
        )
        origin: Origin = "locked" if locked.downloads else "base"
        making = Making(
            name=model.name,
            origin="trained" if model.train is not None else origin,
            train=train,
            export=export,
            trained_path=trained_model_file(model),
            exported_path=exported_model_folder(model),
            downloads=locked.downloads,
            locked=_digest(released_contents_of(locked)),
        )
        trained = built.get(train) if model.train is not None else None
        exported = built.get(export) if model.exports else None
        yield model.name, replace(making, **_outcome(making, trained, exported))


def _outcome(making: Making, train: Built | None, export: Built | None) -> dict[str, Any]:
    """Tell what stages made of a model; of hashes that are not DVC 3's nothing is known."""
    pin = _PIN.search(export.command) if export is not None else None
    return {
        "trained": train.outs.get(making.trained_path) if train is not None else None,
        "read": _weights_of(export) if export is not None else None,
        "exported": export.outs.get(making.exported_path) if export is not None else None,
        "pin": pin[1] if pin is not None else None,
    }


def _weights_of(export: Built) -> str | None:
    """Give the MD5 of the weights that an export read: all else that it reads is code."""
    read = (md5 for path, md5 in export.deps.items() if path.startswith(_WEIGHTS))
    return next(read, None)


class Search:
    """Looks for what was built of models in the dvc.lock of earlier states.

    Attributes:
        made: what was found so far, by name of the model.

    Args:
        now: what is built now, of the models that are looked for.
        stood: the states in which each stood at the version of today, oldest first, tags last.
        text: dvc.lock as it is now.
        built: the same, read.
        read: reads YAML; gives None for what is none.
        carried: tells whether a commit had the outputs of a stage from the one before, though its
            files asked for others.
    """

    def __init__(  # noqa: PLR0913
        self,
        now: Mapping[str, Making],
        stood: Mapping[str, Sequence[tuple[State, Contents]]],
        text: bytes,
        built: Mapping[str, Built],
        read: Callable[[str], object],
        *,
        carried: Callable[[str, str], bool] = lambda _revision, _stage: False,
    ) -> None:
        self.made: dict[str, list[Made]] = {}
        self._now, self._read, self._carried = now, read, carried
        self._known = {block: built.get(name) for name, block in released_stages_in(text).items()}
        comparable = (name for name, one in now.items() if one.weights or one.exported)
        self._left = {name: list(stood[name]) for name in comparable if name in stood}
        self._stride = 1

    def choose(self) -> dict[State, list[tuple[str, Contents]]]:
        """Choose the states to look at next, with the models to look for; none at the end.

        Who has found nothing is looked for in twice as many next time.
        """
        chosen: dict[State, list[tuple[str, Contents]]] = {}
        for name, left in self._left.items():
            branches = [one for one in left if not one[0].tag]
            taken = branches[: self._stride] or left
            self._left[name] = left[len(taken) :]
            for state, contents in taken:
                chosen.setdefault(state, []).append((name, contents))
        self._stride *= 2
        return chosen

    def look(self, state: State, data: bytes, asked: Sequence[tuple[str, Contents]]) -> None:
        """Look for models in the dvc.lock of a state."""
        stages = {} if is_conflicted_lock(data) else self._stages(data)
        for name, contents in asked:
            now = self._now[name]
            train, export = self._built(stages, now.train), self._built(stages, now.export)
            one = Made(name=name, state=state, contents=contents, **_outcome(now, train, export))
            one = one if state.tag else self._without_carried(one, now)
            self.made.setdefault(name, []).append(one)
            if not state.tag and _is_settled(one, now):
                self._left[name] = [item for item in self._left[name] if item[0].tag]

    def _without_carried(self, made: Made, now: Making) -> Made:
        """Leave out what stages had made for the version before; asked where it matters only."""
        before = released_weights_before(made, now)
        if before is not None and before[0] == "trained" and before[1] != now.weights:
            if self._carried(made.state.revision, now.train):
                return replace(made, trained=None, read=None, exported=None)
        elif is_rival_build(made, now) and self._carried(made.state.revision, now.export):
            return replace(made, exported=None)
        return made

    def rivals(self) -> Iterator[Made]:
        """Pick the exports of the same weights, with the same settings, that are other bytes."""
        for name, made in self.made.items():
            yield from (one for one in made if is_rival_build(one, self._now[name]))

    def _stages(self, data: bytes) -> Mapping[str, bytes]:
        stages = released_stages_in(data)
        if names_released_stages(data, stages):
            return stages
        # Somebody else wrote it, or it says such a name elsewhere.
        whole = builds.read_built_outputs(self._read(data.decode(errors="replace")))
        keyed = {name: name.encode() for name in whole}
        self._known.update({keyed[name]: one for name, one in whole.items()})
        return keyed

    def _built(self, stages: Mapping[str, bytes], name: str) -> Built | None:
        block = stages.get(name)
        if block is None:
            return None
        if block not in self._known:
            value = self._read(block.decode(errors="replace"))
            self._known[block] = builds.read_built_outputs({"stages": value}).get(name)
        return self._known[block]


def released_stages_in(data: bytes) -> dict[str, bytes]:
    """Find the stages of trainings and exports in a dvc.lock as DVC writes it."""
    text = data.replace(b"\r\n", b"\n")
    ended = text if text.endswith(b"\n") else text + b"\n"
    return {one["name"].decode(errors="replace"): one[0] for one in _STAGE.finditer(ended)}


def names_released_stages(data: bytes, stages: Collection[str]) -> bool:
    """Tell whether a dvc.lock names no more trainings and exports than were found in it."""
    said = data.count(b"train-") + data.count(b"export-")  # which takes next to no time
    return len(stages) == said or len(stages) == len(_NAMED.findall(data))


def is_same_released_stage(name: str, before: str, now: str) -> bool:
    """Tell whether two dvc.lock, as DVC writes it, say the same of a stage."""
    block = released_stages_in(now.encode()).get(name)
    return block is not None and released_stages_in(before.encode()).get(name) == block


def describe_released_build(
    model: Model, contents: Contents, data: bytes, read: Callable[[str], object]
) -> dict[str, str]:
    """Write which weights and export a model had, by the models.lock and dvc.lock of a commit."""
    names = [model_stage_name("train", model), model_stage_name("export", model)]
    stages = {} if is_conflicted_lock(data) else released_stages_in(data)
    texts = (stages.get(name, b"").decode(errors="replace") for name in names)
    values = ({"stages": read(text) if text else None} for text in texts)
    train, export = (
        builds.read_built_outputs(value).get(name)
        for name, value in zip(names, values, strict=True)
    )
    trained = train.outs.get(trained_model_file(model)) if train is not None else None
    exported = export.outs.get(exported_model_folder(model)) if export is not None else None
    return {
        "weights": f"md5:{trained}" if trained else describe_released_contents(contents),
        "export": f"md5:{exported}" if exported else "",
    }


def _is_settled(made: Made, now: Making) -> bool:
    """Tell whether no later state can say more of what a version had to be from then on."""
    before = released_weights_before(made, now)
    if before is not None and before[1] != now.weights:
        return True  # then its export need not be the same either
    compared = now.weights is None or (now.origin == "locked" and made.contents)
    exported = now.exported is None or now.exported == made.exported
    return exported and (bool(compared) or before is not None)


def is_rival_build(made: Made, now: Making) -> bool:
    """Tell whether an export is of the same weights and settings as that of now, in other bytes."""
    alike = (made.pin, made.read) == (now.pin, now.read) and None not in (made.pin, made.read)
    return alike and None not in (made.exported, now.exported) and made.exported != now.exported


def released_weights_before(made: Made, now: Making) -> tuple[Origin, str] | None:
    """Say where the weights of a version came from, and their MD5; None where that is unknown.

    What models.lock says then and now is compared elsewhere, file by file.
    """
    if now.origin == "locked" and made.contents:
        return None
    known: dict[Origin, str | None] = {"trained": made.trained, "base": made.read}
    if not now.downloads:  # else it may be what is fine-tuned, before that was done
        known["locked"] = _digest(made.contents)
    order = _BASE_ORDER if now.origin == "base" else _ORDER
    found = ((origin, md5) for origin in order if (md5 := known.get(origin)) is not None)
    return next(found, None)


def _digest(contents: Contents) -> str | None:
    """Give what DVC calls the bytes; None where that is not known."""
    known = {path: hashes.md5 for path, hashes in contents.items() if hashes.md5 is not None}
    if not known or len(known) != len(contents):
        return None
    return known[""] if "" in known else folder_object_name(known)
