"""What a rollback changes, what follows from it, and what keeps it from being done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.display.results import Displayed
from paddledvc.gate.core.violations import Verdict  # noqa: TC001 - types of fields are read
from paddledvc.stages.core.pipeline import is_our_stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from paddledvc.models.lockfile import LockedModel

_KINDS = ("sync", "train", "export", "verify", "evaluate")
_ABSENT = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledOutput:
    """Weights, an export or another output of a model.

    Attributes:
        path: where it lies, from the root of the project.
        before: DVC's digest of it, or another one of models.lock; None where there is none.
        after: the same after the rollback.
        size_before: its bytes; None where that is not known.
        size_after: the same after the rollback.
        where: the place that has the bytes: ``cache``, a remote or a URL; empty if none has.
    """

    path: str
    before: str | None = None
    after: str | None = None
    size_before: int | None = None
    size_after: int | None = None
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledParam:
    """A hyperparameter that differs; None where there is none."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class RolledModel(Displayed):
    """A model that is rolled back.

    Attributes:
        before: the version that is locked; None where the model was removed.
        after: the version that it goes back to.
        commit: the commit that its state comes from.
        tag: the release tag that names the commit; None where none does.
        image_before: the container image that is locked, with its digest.
        image_after: the same after the rollback.
        incompatible: why the Paddle of that image cannot load it; None if nothing is in the way.
        stages: the release stages that hold the version of before.
        base: the model whose weights it starts from then.
        dependents: the models that start from it now.
    """

    name: str
    before: str | None
    after: str
    commit: str
    tag: str | None = None
    outputs: tuple[RolledOutput, ...] = ()
    params: tuple[RolledParam, ...] = ()
    image_before: str | None = None
    image_after: str | None = None
    incompatible: str | None = None
    stages: tuple[str, ...] = ()
    base: str | None = None
    dependents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledFile:
    """A file of code or settings that goes back.

    Attributes:
        act: whether its earlier bytes are restored, or it goes because it was not there.
        shared: models that are not rolled back and whose stages read it, and stages of the team.
    """

    path: str
    act: Literal["restore", "remove"]
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StaleAfter:
    """A stage that would run again after the rollback, and would not before.

    Attributes:
        model: the model that it is of; None for a stage of the team.
        why: why, as the end of a sentence about the stage.
    """

    stage: str
    model: str | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """What keeps a rollback from being done.

    Attributes:
        forced: whether ``--force`` does it nevertheless.
    """

    kind: Literal["unclean", "bytes", "unbuilt", "stale", "check", "image"]
    message: str
    forced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Rollback(Displayed):
    """What a rollback changes, or would change.

    Attributes:
        to: what was asked for.
        branch: the branch that is checked out.
        models: the models that go back.
        files: the code and settings of their stages that go back.
        stale: stages that would run again.
        findings: what `check` finds of the branch afterwards.
        obstacles: what kept it from being done, or would.
        commit: the new commit; None where none was made.
        changes: whether there is anything to commit.
        kept: outputs that are not in place, and why, one sentence each.
        steps: the commands that may follow.
    """

    _table_of = "models"
    to: str
    branch: str
    models: tuple[RolledModel, ...]
    files: tuple[RolledFile, ...] = ()
    stale: tuple[StaleAfter, ...] = ()
    findings: Verdict
    obstacles: tuple[Obstacle, ...] = ()
    commit: str | None = None
    changes: bool = True
    kept: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing kept it from being done, and every output is in place."""
        return not self.obstacles and not self.kept


def list_model_stages(slug: str) -> tuple[str, ...]:
    """Name the DVC stages that a model may have.

    >>> list_model_stages("det")[:2]
    ('sync-det', 'train-det')
    """
    return tuple(f"{kind}-{slug}" for kind in _KINDS)


def compare_params(before: object, after: object) -> tuple[RolledParam, ...]:
    """List the hyperparameters that differ, by their keys with dots.

    >>> [(one.key, one.after) for one in compare_params({"train": {"lr": 1}}, {"train": {"lr": 2}})]
    [('train.lr', 2)]
    """
    old, new = dict(_flat(before)), dict(_flat(after))
    keys = sorted(old.keys() | new.keys())
    return tuple(
        RolledParam(key=key, before=old.get(key), after=new.get(key))
        for key in keys
        if repr(old.get(key, _ABSENT)) != repr(new.get(key, _ABSENT))
    )


def _flat(value: object, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from _flat(one, f"{key}.{name}".lstrip("."))
    elif key:
        yield key, value


def describe_image(locked: LockedModel | None) -> str | None:
    """Name the image of a locked model, with its digest where that is locked.

    >>> from paddledvc.models.lockfile import LockedModel
    >>> describe_image(LockedModel(name="a", version="v1", image="b:1", image_digest="sha256:c"))
    'b:1@sha256:c'
    """
    if locked is None or locked.image is None:
        return None
    digest = locked.image_digest
    return locked.image if digest is None or "@" in locked.image else f"{locked.image}@{digest}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stages:
    """The stages of a commit.

    Attributes:
        stated: what dvc.yaml says, by name.
        built: what dvc.lock says, by name.
    """

    stated: Mapping[str, Any]
    built: Mapping[str, Any]

    @classmethod
    def of(cls, stages: object, built: object) -> Stages:
        """Take the values of dvc.yaml and dvc.lock; what is no stage is left out."""
        return cls(stated=_stages(stages), built=_stages(built))

    def reads(self, name: str) -> dict[str, str]:
        """List what a stage read: digests by path."""
        return dict(_digests(self.built.get(name), "deps"))

    def writes(self, name: str) -> dict[str, str]:
        """List what a stage wrote: digests by path."""
        return dict(_digests(self.built.get(name), "outs"))

    def param_files(self, name: str) -> list[str]:
        """Name the files of hyperparameters that a stage read."""
        params = self.built.get(name, {}).get("params")
        return [str(file) for file in params] if isinstance(params, dict) else []

    @property
    def own(self) -> list[str]:
        """Name the stages of the team, which paddledvc did not write."""
        return [name for name, stage in self.stated.items() if not is_our_stage(stage)]


def _stages(value: object) -> dict[str, Any]:
    found = value.get("stages") if isinstance(value, dict) else None
    named = found.items() if isinstance(found, dict) else ()
    return {str(name): stage for name, stage in named if isinstance(stage, dict)}


def _digests(stage: Any, key: str) -> Iterator[tuple[str, str]]:
    entries = stage.get(key) if isinstance(stage, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"path": str() as path, "md5": str() as md5}:
                yield path, md5


def list_following_stages(now: Stages, then: Stages, restored: Collection[str]) -> list[str]:
    """Name the team's stages whose results go back together with those of stages they read.

    That is so where the stage is the same in both commits, and what else it read is as now.

    >>> stage = {"cmd": "pack", "deps": ["w"], "outs": ["e"]}
    >>> def built(w, e):
    ...     train = {"outs": [{"path": "w", "md5": w}]}
    ...     pack = {"deps": [{"path": "w", "md5": w}], "outs": [{"path": "e", "md5": e}]}
    ...     return Stages(stated={"pack": stage}, built={"train-a": train, "pack": pack})
    >>> list_following_stages(built("2", "2"), built("1", "1"), ["train-a"])
    ['pack']
    """
    written = {path for name in restored for path in then.writes(name)}
    found: list[str] = []
    waiting = [
        name for name in then.own if name in now.own and now.stated[name] == then.stated[name]
    ]
    while picked := [name for name in waiting if _follows(now, then, name, written)]:
        found += picked
        waiting = [name for name in waiting if name not in picked]
        written.update(path for name in picked for path in then.writes(name))
    return found


def _follows(now: Stages, then: Stages, name: str, written: Collection[str]) -> bool:
    reads, reads_now = then.reads(name), now.reads(name)
    others = {path: md5 for path, md5 in reads.items() if path not in written}
    return len(others) < len(reads) and all(
        reads_now.get(path) == md5 for path, md5 in others.items()
    )


def list_stale_own(stages: Stages, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Say of each stage of the team that read other bytes than there are now why it is stale.

    Args:
        stages: the stages of a commit.
        known: digests of what is there, by path; of other paths nothing is known.
    """
    for name in stages.own:
        for path, md5 in stages.reads(name).items():
            if known.get(path, md5) != md5:
                yield name, f"ran with a different {path}"
                break


def explain_brought(before: Verdict, after: Verdict) -> Iterator[str]:
    """Say which errors `check` finds afterwards that it does not find before."""
    known = {(one.rule, one.model, one.message) for one in before.errors}
    for one in after.errors:
        if (one.rule, one.model, one.message) not in known:
            yield str(one)


def list_next_steps(models: Iterable[RolledModel]) -> Iterator[str]:
    """Give the commands that may follow a rollback, in their order."""
    every = list(models)
    yield "git push"
    for one in every:
        if one.stages and one.tag is None:
            yield f"paddledvc release create {one.name} --push"
        yield from (
            f"paddledvc release promote {one.name}@{one.after} {stage} --push"
            for stage in one.stages
        )
    for one in every:
        if one.image_after is not None:
            yield f"paddledvc env docker {one.name}@{one.after}  # {one.image_after}"
