"""What a commit says lies in the work tree: weights, exports and every other output of DVC."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.hashes import Hashes
from paddledvc.paths import find_listing_fault, find_output_fault
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.objects import is_object_name
from paddledvc.values import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.errors import Problem
    from paddledvc.models.lockfile import Lock, LockedFile, LockedModel
    from paddledvc.tools.dvc.core.outputs import DvcOutput
    from paddledvc.yaml.document import Document

PATTERNS = (names.REGISTRY, names.LOCK, names.STAGES, names.DVC_LOCK, f"*{outputs.SUFFIX}")
"""Names of the files that say what lies in the work tree, and the policy that says from where."""
LISTING_PATTERNS = tuple(one for one in PATTERNS if one != names.REGISTRY)
"""Names of the files that say what lies in the work tree."""
_DECLARING = ("outs", "metrics", "plots")
_TEMPLATE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracked:
    """A file or folder whose bytes git does not hold, only their hashes.

    Attributes:
        path: where it lies, from the root of the project.
        hashes: of a file, all that models.lock and DVC know of its bytes; of a folder, the md5 of
            DVC's listing of it and the size of all its files.
        folder: whether it is a folder that DVC listed.
        model: name of the model in models.lock whose weights or export it is; None for others.
        version: the version of that model.
        urls: where its bytes were first taken from, in the order to try.
        files: the files of a folder that models.lock lists, with paths from the folder.
        remote: the one DVC remote that its stage names for it.
        pushed: whether it belongs in remotes at all: not with ``push: false``, and not what nobody
            has hashed as DVC does.
        exact: whether the md5 is one of the bytes; DVC 1 and 2 changed line ends first, and keep
            what they hashed elsewhere.
        record: the file of DVC that names it; empty where none does.
        contradiction: what models.lock pins, and what DVC's file says of the same bytes, each as
            ``kind:value``; None where neither states what the other denies. Then it is as
            models.lock says.
    """

    path: str
    hashes: Hashes
    folder: bool = False
    # The same bytes under two versions are one thing to bring or to send.
    model: str | None = field(default=None, compare=False)
    version: str | None = field(default=None, compare=False)
    urls: tuple[str, ...] = ()
    files: tuple[LockedFile, ...] = ()
    remote: str | None = None
    pushed: bool = True
    exact: bool = True
    record: str = field(default="", compare=False)
    contradiction: tuple[str, str] | None = field(default=None, compare=False)

    @property
    def oid(self) -> str | None:
        """DVC's name of its object in caches and remotes; None as long as nobody has hashed it.

        >>> Tracked(path="exports/a", hashes=Hashes(md5="ab" * 16), folder=True).oid[-6:]
        'ab.dir'
        """
        if self.hashes.md5 is None:
            return None
        return f"{self.hashes.md5}{outputs.FOLDER_SUFFIX}" if self.folder else self.hashes.md5

    @property
    def title(self) -> str:
        """What people call it: ``resnet50 v3.3.0``, ``digits v1.0.0 (export)``, or its path.

        >>> Tracked(path="a.bin", hashes=Hashes(), model="a", version="v1").title
        'a v1'
        """
        return names.display_name(self.model, self.version, self.path)

    @property
    def pinned(self) -> bool:
        """Whether models.lock says what it is, and not dvc.lock alone."""
        return self.model is not None and self.path not in names.name_stage_outputs(self.model)


def list_tracked(lock: Lock | None, records: Mapping[str, Any]) -> tuple[Tracked, ...]:
    """List what a commit, or the work tree, says lies in the work tree, sorted by path.

    What models.lock and DVC both know of becomes one: all digests, and the model's name.

    Args:
        lock: models.lock; None where there is none.
        records: the values of every dvc.yaml, dvc.lock and .dvc file, by path from the root.
    """
    found: dict[str, Tracked] = {}
    options = dict(_declared(records))
    for output in outputs.list_outputs(records):
        option = _option(options, output.path)
        if option.get("cache", True) and not find_output_fault(output.path):
            found[output.path] = Tracked(
                path=output.path,
                hashes=Hashes(md5=output.md5.removesuffix(outputs.FOLDER_SUFFIX), size=output.size),
                folder=output.folder,
                remote=option.get("remote"),
                pushed=option.get("push", True),
                exact=output.exact,
                record=output.file,
            )
    for model in lock.models if lock is not None else ():
        for path in names.name_stage_outputs(model.name):
            if path in found:
                found[path] = replace(found[path], model=model.name, version=model.version)
        if model.downloads and model.path is not None:
            found[model.path] = _joined(model, found.get(model.path))
    return tuple(found[path] for path in sorted(found))


def find_tracked_problems(document: Document) -> list[Problem]:
    """Find the hashes in a file of DVC that are none; as names of objects they lead anywhere."""
    value: Any = document.value
    stages = value.get("stages") if isinstance(value, dict) else None
    places: dict[tuple[str, ...], Any] = {(): value}
    if isinstance(stages, dict):
        places = {("stages", name): stage for name, stage in stages.items()}
    return [
        document.problem(
            (*place, "outs", index, "md5"),
            f"found {out['md5']!r}, expected 32 hexadecimal digits, and `.dir` for a folder",
        )
        for place, entry in places.items()
        for index, out in enumerate(_outs(entry))
        if "md5" in out and not is_object_name(str(out["md5"]))
    ]


def find_output_faults(
    records: Mapping[str, Any],
) -> Iterator[tuple[DvcOutput, str]]:
    """Find the outputs of DVC that lie where none may, and one of two that are in one place.

    What dvc.lock has of before, and dvc.yaml declares no more, may lie in another one.

    Args:
        records: as for ``list_tracked``.

    Returns:
        Each such output, and what is wrong with its path.

    >>> outs = [{"md5": "0cc175b9c0f1b6a831c399e269772661", "path": ".git/config"}]
    >>> [fault for _, fault in find_output_faults({"a.dvc": {"outs": outs}})]
    ["'.git' is the folder of a program's own files"]
    """
    options, sound = dict(_declared(records)), {}
    declared = {*options, *_declared_plainly(records)}
    for output in outputs.list_outputs(records):
        if not _option(options, output.path).get("cache", True):
            continue  # whoever runs its stage writes it
        if fault := find_output_fault(output.path):
            yield output, fault
        elif output.path in declared:
            sound[output.path] = output
    if (found := find_listing_fault(list(sound))) is not None:
        path, why = found
        yield sound[path], why


def _outs(entry: Any) -> list[Any]:
    outs = entry.get("outs") if isinstance(entry, dict) else None
    return [one if isinstance(one, dict) else {} for one in outs] if isinstance(outs, list) else []


def _joined(model: LockedModel, output: Tracked | None) -> Tracked:
    """Add what models.lock knows of weights to what DVC knows; models.lock is right."""
    alone = Tracked(
        path=str(model.path),
        hashes=Hashes(size=model.total_size) if model.files else model.hashes,
        model=model.name,
        version=model.version,
        urls=model.urls,
        files=model.files,
        pushed=not model.files and model.md5 is not None,
    )
    if output is None or not output.exact:
        return alone
    alone = replace(alone, record=output.record)
    if output.folder != bool(model.files):
        told = ("a file", "a folder") if output.folder else ("a folder", "a file")
        return replace(alone, contradiction=told)
    difference = None if model.files else model.hashes.first_difference(output.hashes)
    if difference is not None:  # the stage has not run since the lock moved, or somebody lies
        return replace(alone, contradiction=difference)
    hashes = output.hashes if model.files else model.hashes.completed_by(output.hashes)
    if hashes.md5 is None:
        hashes = replace(hashes, md5=output.hashes.md5)
    return replace(
        alone, hashes=hashes, folder=output.folder, remote=output.remote, pushed=output.pushed
    )


def _declared(records: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what is said of outputs beyond their hashes; templates stay templates."""
    for file, value in records.items():
        for folder, stage in outputs.list_output_stages(file, value):
            for entry in (one for one in _entries(stage) if isinstance(one, dict)):
                if isinstance(path := entry.get("path"), str):  # as in .dvc files
                    yield outputs.join_output_folder(folder, path), entry
                    continue
                for path, option in entry.items():
                    if isinstance(option, dict):
                        yield outputs.join_output_folder(folder, str(path)), option


def _declared_plainly(records: Mapping[str, Any]) -> Iterator[str]:
    """Yield the outputs of which nothing is said but their paths."""
    for file, value in records.items():
        for folder, stage in outputs.list_output_stages(file, value):
            for one in _entries(stage):
                if isinstance(one, str):
                    yield outputs.join_output_folder(folder, one)


def _entries(stage: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what is declared; what is no list says nothing, as DVC takes it for none."""
    for key in _DECLARING:
        listed = stage.get(key)
        yield from listed if isinstance(listed, list) else ()


def _option(options: Mapping[str, Mapping[str, Any]], path: str) -> Mapping[str, Any]:
    if path in options:
        return options[path]
    templates = (one for one in options if "${" in one)
    fitting = next((one for one in templates if re.fullmatch(_pattern(one), path)), None)
    return {} if fitting is None else options[fitting]


def _pattern(template: str) -> str:
    return ".*".join(map(re.escape, _TEMPLATE.split(template)))


def tracked_cells(tracked: Tracked) -> dict[str, object]:
    """Name an output in the first cells of a row."""
    return {"output": tracked.title, "path": tracked.path}


def label_tracked(tracked: Tracked) -> str:
    """Name an output for people: ``resnet50 v3.3.0: checkpoints/resnet50_v3.3.0.pdparams``."""
    return tracked.path if tracked.model is None else f"{tracked.title}: {tracked.path}"
