"""What belongs into a bundle of some models, and what the bundle is called."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.outputs import STAGES_FILE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

LONGEST = 80
"""Characters of a bundle's name before its version."""


def name_bundle(title: str, versions: Collection[str], commit: str, day: str) -> str:
    """Name a bundle.

    Args:
        title: a model, a group or the folder of a project.
        versions: those of its models.
        commit: the commit that it is of; it stands for the version where models have several.
        day: when that was committed, as ``2025-04-05``.

    >>> name_bundle("PP-YOLOE+", ["v1.2"], "ab" * 20, "2025-04-05")
    'PP-YOLOEplus_v1.2_20250405'
    >>> name_bundle("ocr", ["v1", "v2"], "ab" * 20, "2025-04-05")
    'ocr_abababa_20250405'
    """
    several = set(versions)
    version = next(iter(several)) if len(several) == 1 else commit[:7]
    title = names.slug(title).lstrip("-_")[:LONGEST] or "models"
    return f"{title}_{re.sub(r'[^A-Za-z0-9.-]', '-', version)}_{day.replace('-', '')}"


def list_needed_paths(records: Mapping[str, Any], stages: Iterable[str]) -> frozenset[str]:
    """List what some stages read and write, and the stages whose outputs they read, and so on.

    Args:
        records: the values of every dvc.yaml and dvc.lock, by path.
        stages: names of stages in the dvc.yaml of the project.

    >>> stages = {"a": {}, "b": {}, "c": {}}
    >>> ran = {
    ...     "a": {"outs": [{"path": "x"}]},
    ...     "b": {"deps": [{"path": "x/1"}], "outs": [{"path": "y"}]},
    ...     "c": {"outs": [{"path": "z"}]},
    ... }
    >>> records = {"dvc.yaml": {"stages": stages}, "dvc.lock": {"stages": ran}}
    >>> sorted(list_needed_paths(records, ["b"]))
    ['x', 'x/1', 'y']
    """
    known = dict(_list_stages(records))
    needed: set[str] = set()
    asked = [known[name] for name in stages if name in known]
    seen = {id(one) for one in asked}
    while asked:
        deps, outs = asked.pop()
        needed.update(deps, outs)
        for one in known.values():
            if id(one) not in seen and any(lies_with(dep, out) for dep in deps for out in one[1]):
                seen.add(id(one))
                asked.append(one)
    return frozenset(needed)


def lies_with(one: str, other: str) -> bool:
    """Tell whether two paths are one, or one lies in the other.

    >>> lies_with("a/b", "a"), lies_with("a", "ab")
    (True, False)
    """
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _list_stages(
    records: Mapping[str, Any],
) -> Iterator[tuple[str, tuple[Sequence[str], Sequence[str]]]]:
    """Yield every stage that has run: its name, what it read and what it wrote."""
    for file, value in records.items():
        folder, name = posixpath.split(file)
        if name != names.DVC_LOCK:
            continue
        declared = _stages_of(records.get(posixpath.join(folder, STAGES_FILE)))
        for stage, ran in _stages_of(value).items():
            said = declared.get(stage.partition("@")[0])
            said = said.get("do", said) if isinstance(said, dict) else None
            if isinstance(said, dict) and isinstance(ran, dict):
                at = outputs.join_output_folder(folder, str(said.get("wdir", "")))
                title = stage if not folder else f"{file}:{stage}"
                yield title, (_paths(at, ran.get("deps")), _paths(at, ran.get("outs")))


def _stages_of(value: object) -> Mapping[str, Any]:
    stages = value.get("stages") if isinstance(value, dict) else None
    return stages if isinstance(stages, dict) else {}


def _paths(folder: str, entries: object) -> list[str]:
    return [
        outputs.join_output_folder(folder, one["path"])
        for one in (entries if isinstance(entries, list) else ())
        if isinstance(one, dict) and isinstance(one.get("path"), str)
    ]
