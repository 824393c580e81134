"""A merge never makes up a pin: what two branches may have done, drawn at random."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from paddledvc import schemas
from paddledvc.errors import InvalidFile
from paddledvc.hooks.merge_file import merge_file
from paddledvc.locking.core.resolution import list_stale_resolutions, plan_resolution
from paddledvc.models import lockfile as locks
from paddledvc.models import registry as registries
from paddledvc.models.lockfile import Lock
from paddledvc.yaml import reader
from paddledvc.yaml.merge.rules import VERSION, Sides

NAMES = ("alpha", "beta", "gamma")
FIELDS = {
    "version": st.sampled_from(["v1.0", "v2.0", "v3.0"]),
    "weights_url": st.sampled_from(["https://host/x", "https://host/y"]),
    "md5": st.sampled_from([None, "a" * 32, "b" * 32]),
    "base": st.sampled_from([None, *NAMES, {"name": "alpha", "version": ">=2"}]),
    "paddle": st.sampled_from([None, ">=3.0"]),
    "environment": st.sampled_from([None, "paddle:3.1.0", "paddle:2.6.2"]),
    "task": st.sampled_from([None, "detection", "ocr"]),
    "description": st.sampled_from([None, "one", "two"]),
}
models = st.fixed_dictionaries(FIELDS)


class Branch(NamedTuple):
    """What a branch says: its models by name, their order, and what it knows of their bytes."""

    models: dict[str, dict[str, Any]]
    order: list[str]
    image: str | None
    in_braces: bool
    seen: str


@st.composite
def started(draw: Any) -> Branch:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    return Branch(
        models={name: draw(models) for name in names},
        order=names,
        image=draw(st.sampled_from([None, "paddle:3.1.0"])),
        in_braces=draw(st.booleans()),
        seen="base",
    )


@st.composite
def changed(draw: Any, branch: Branch, seen: str) -> Branch:
    """Move, remove and add some models, as people do on a branch."""
    entries, order = dict(branch.models), list(branch.order)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)):
        if name not in entries:
            entries[name] = draw(models)
            order.insert(draw(st.integers(0, len(order))), name)
        elif draw(st.integers(0, 5)) == 5:
            del entries[name]
            order.remove(name)
        else:
            field = draw(st.sampled_from(list(FIELDS)))
            entries[name] = {**entries[name], field: draw(FIELDS[field])}
    return branch._replace(
        models=entries,
        order=order,
        image=draw(st.sampled_from([branch.image, branch.image, None, "paddle:2.6.2"])),
        seen=draw(st.sampled_from([branch.seen, seen])),
    )


@st.composite
def histories(draw: Any) -> Sides[Branch]:
    base = draw(started())
    return Sides(base=base, ours=draw(changed(base, "ours")), theirs=draw(changed(base, "theirs")))


def written(branch: Branch) -> str:
    lines = ["# the models", "models:" if branch.order else "models: []"]
    for name in branch.order:
        entry = {"name": name, **branch.models[name]}
        if not _can_start_from(entry["base"], name, branch):
            del entry["base"]
        fields = [f"{key}: {json.dumps(v)}" for key, v in entry.items() if v is not None]
        if branch.in_braces:
            lines.append(f"  - {{{', '.join(fields)}}}")
        else:
            lines += ["", f"  # of {name}", f"  - {fields[0]}", *(f"    {f}" for f in fields[1:])]
    if branch.image:
        lines += ["", f"environment: {branch.image}"]
    return "\n".join(lines) + "\n"


def _can_start_from(base: Any, name: str, branch: Branch) -> bool:
    of = base["name"] if isinstance(base, dict) else base
    return of in branch.models and NAMES.index(of) < NAMES.index(name)


def read_registry(text: str) -> registries.Registry:
    return registries.parse_registry(
        reader.parse_yaml(text, "models.yaml"), schemas.read_schema("models")
    )


def read_lock(text: str) -> Lock:
    return locks.parse_lockfile(reader.parse_yaml(text, "models.lock"), schemas.read_schema("lock"))


def locked(branch: Branch, previous: Lock) -> Lock:
    """Lock a branch; bytes that nobody hashed are hashed as the branch saw them."""
    entries = []
    for entry in plan_resolution(read_registry(written(branch)), previous).entries:
        what = f"{branch.seen} {entry.version} {entry.urls}".encode()
        learnt = hashlib.md5(what).hexdigest()
        entries.append(entry if entry.hashed else replace(entry, md5=learnt))
    return Lock(models=tuple(entries))


def merged(texts: Sides[str], name: str, folder: Any) -> str | None:
    paths = [folder / side for side in ("base", "ours", "theirs")]
    for path in paths:
        path.write_text(getattr(texts, path.name))
    done = merge_file(*paths, name)
    assert done.clean == ("<<<<<<<" not in done.text)
    return done.text if done.clean else None


def unit(text: str, name: str) -> dict[str, Any]:
    value: Any = reader.parse_yaml(text, "models.yaml").value
    entries = {entry["name"]: entry for entry in value["models"] or ()}
    return {key: field for key, field in entries.get(name, {}).items() if key in VERSION}


def bytes_of(lock: Lock, name: str) -> object:
    entry = lock.by_name.get(name)
    return entry and (entry.version, entry.urls, entry.hashes)


@given(histories())
def test_merging_pairs_nothing_that_no_branch_has_paired(tmp_path_factory, history):
    folder = tmp_path_factory.mktemp("merge")
    base = locked(history.base, Lock(models=()))
    pins = Sides(base=base, ours=locked(history.ours, base), theirs=locked(history.theirs, base))
    texts = history.map(written)
    registry_text = merged(texts, "models.yaml", folder)
    lock_text = merged(pins.map(locks.render_lockfile), "models.lock", folder)

    if lock_text is not None:
        lock = read_lock(lock_text)
        assert set(lock.models) <= {*pins.ours.models, *pins.theirs.models}
        assert lock_text == locks.render_lockfile(lock)
    if registry_text is None or lock_text is None:
        return
    try:
        registry = read_registry(registry_text)
    except InvalidFile:
        return
    if list_stale_resolutions(registry, lock):
        return
    assert plan_resolution(registry, lock).entries == lock.models
    for name in lock.by_name:
        assert any(
            unit(registry_text, name) == unit(getattr(texts, side), name)
            and bytes_of(lock, name) == bytes_of(getattr(pins, side), name)
            for side in ("ours", "theirs")
        )


@given(histories())
def test_merging_loses_no_model_and_mixes_no_versions(tmp_path_factory, history):
    texts = history.map(written)
    text = merged(texts, "models.yaml", tmp_path_factory.mktemp("merge"))
    if text is None:
        return
    added = {**history.ours.models, **history.theirs.models}.keys() - history.base.models.keys()
    kept = history.ours.models.keys() & history.theirs.models.keys()
    value: Any = reader.parse_yaml(text, "models.yaml").value

    assert sorted(entry["name"] for entry in value["models"] or ()) == sorted(added | kept)
    for name in added | kept:
        assert unit(text, name) in (unit(texts.ours, name), unit(texts.theirs, name))
