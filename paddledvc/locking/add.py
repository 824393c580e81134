"""A model of a catalog into models.yaml and models.lock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.catalogs.core.listing import Query
from paddledvc.catalogs.opening import Catalogs
from paddledvc.display.results import Displayed
from paddledvc.errors import CatalogFailed, InvalidInput, Unresolvable
from paddledvc.locking.core.resolution import plan_resolution
from paddledvc.locking.current import UPDATE, LockUse, make_lock_current
from paddledvc.models.model import HUBS, OTHER_NAMES, TABLE_CATALOGS
from paddledvc.models.versions import Requirement, as_version, is_version
from paddledvc.names import suggest_name
from paddledvc.project import Inputs
from paddledvc.tools.git.worktree import worktree_branch
from paddledvc.yaml import reader
from paddledvc.yaml.edit.lists import EditableList

if TYPE_CHECKING:
    from paddledvc.locking.current import Locked
    from paddledvc.models.lockfile import Change
    from paddledvc.models.policy import Role, RoleName
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress

_SPEC = re.compile(r"(?P<name>[^\s<>=!~^]+)\s*(?P<version>[<>=!~^].*)?")
_MODEL = re.compile(r"[^/:=]+$")
"""The part of a catalog's name that says which model it is: ``owner/NAME``, ``folder:NAME``."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Added(Displayed):
    """What adding a model did.

    Attributes:
        name: its name in models.yaml.
        requires: what models.yaml asks for now.
        source: the catalog.
        exact_for: the role whose branches take exact versions only, where that is why it is one.
        settings: what else models.yaml says of a new model, such as ``network``.
        changes: what moved in models.lock, sorted by name.
        trusted: names of the models whose bytes were hashed for the first time.
    """

    _table_of = "changes"
    name: str
    requires: str
    source: str
    exact_for: RoleName | None = None
    settings: tuple[str, ...] = ()
    changes: tuple[Change, ...]
    trusted: tuple[str, ...]


def add(  # noqa: PLR0913
    project: Project,
    model: str,
    *,
    source: str | None = None,
    name: str | None = None,
    file: str | None = None,
    revision: str | None = None,
    use: LockUse = UPDATE,
    progress: NamedProgress | None = None,
) -> Added:
    """Add a model of a catalog to models.yaml, or change the version that it asks for, and lock it.

    The rest of models.yaml keeps every byte. Where the model cannot be locked nothing is written.
    A new model gets what its catalog knows of it besides: network, inputs and an export section.
    On branches that take exact versions only, models.yaml asks for the one that is locked.

    Args:
        project: the project.
        model: the model's name in the catalog, and the versions to ask for: ``NAME``,
            ``NAME==V``, ``NAME>=1,<2`` or ``NAME^1``; by default those that models.yaml asks for,
            or for a new model those from the newest one on.
        source: the catalog; by default the only one that lists the model, of those that
            models.yaml declares and that installed packages carry. ``paddleocr`` is ``paddlex``.
        name: its name in models.yaml, where that is to differ.
        file: the one file to take of a model that has several.
        revision: branch, tag or commit of the source to look at.
        use: what may be done; where the lock is frozen, only models.yaml is changed.
        progress: told how bytes arrive that nobody has hashed yet.

    Raises:
        InvalidInput: no catalog lists the model, or several do, or the branch may not have what
            is asked for.
        UnknownCatalog: there is no such catalog.
        InvalidFile: models.yaml breaks its rules, or would.
        Unresolvable: no version satisfies all that is asked.
        CatalogFailed: the catalog could not answer.

    Example:
        project = paddledvc.Project.find()
        paddledvc.add(project, "resnet50", source="paddle.vision").changes
    """
    if use.locked:
        raise InvalidInput(f"adding a model changes models.lock, which {use.locked} forbids")
    spec = _SPEC.fullmatch(model.strip())
    if spec is None:
        raise InvalidInput(f"{model!r}: expected NAME, NAME==V or a range such as 'NAME>=1,<2'")
    with project.exclusive():
        called, _, version = spec["name"].rpartition("@")
        if called and is_version(version):
            raise InvalidInput(f"{model}: expected NAME==V; write '{called}=={version}'")
        inputs = Inputs(project)
        registry = inputs.registry
        if source is not None and source not in registry.catalogs:
            source = OTHER_NAMES.get(source, source)
        if source is not None:
            registry.declared(source)
        entry = _entry(registry, spec["name"], name, file=file, revision=revision)
        asked = _asked(model, spec["version"], source)
        role = registry.policy.role(worktree_branch(project.root))
        if asked is not None and asked.names_prerelease and not role.prereleases:
            raise InvalidInput(
                f"{model}: {role.name} branches take no pre-releases; ask for a final release, "
                "or add the model on another branch"
            )
        entry["source"] = source or _only_source(inputs, entry, use.offline)
        return _write(inputs, entry, asked, role, use, progress)


def _entry(
    registry: Registry, found: str, name: str | None, **fields: str | None
) -> dict[str, Any]:
    """Write down a model; one that models.yaml has may be called by its name there."""
    known = registry.by_name.get(name or found)
    if known is not None and known.urls:
        raise InvalidInput(
            f"{known.name} has a URL in models.yaml, which fixes its bytes; take that out first, "
            "or add the model under another name with --as"
        )
    if known is not None and name is None:
        found, name = known.source_name or found, found
    match = _MODEL.search(found)
    entry: dict[str, Any] = {"name": name or (match.group() if match else found)}
    taken = registry.by_name.get(entry["name"])
    if taken is not None and (taken.source_name or taken.name) != found:
        raise InvalidInput(
            f"{taken.name} in models.yaml is {taken.source_name or taken.name} of {taken.source}; "
            f"give {found} another name with --as"
        )
    if entry["name"] != found:
        entry["source_name"] = found
    return {**entry, **{key: value for key, value in fields.items() if value is not None}}


def _asked(model: str, version: str | None, source: str | None) -> Requirement | None:
    if version is None:
        return None
    try:
        return Requirement.parse(version.strip())
    except ValueError as error:
        tags = ", or name a branch or tag of the hub with --revision" if source in HUBS else ""
        raise InvalidInput(f"{model}: {error}{tags}") from error


def _only_source(inputs: Inputs, entry: dict[str, Any], offline: str | None) -> str:
    """Find the catalog that lists a model, if that is a matter of course."""
    registry = inputs.registry
    known = registry.by_name.get(entry["name"])
    if known is not None and known.source is not None:
        return known.source
    catalogs = Catalogs(inputs.project.root, registry, offline)
    query = Query(name=entry.get("source_name", entry["name"]), file=entry.get("file"))
    found = []
    for source in dict.fromkeys((*registry.catalogs, *TABLE_CATALOGS)):
        try:
            if catalogs.open(source).versions(query):
                found.append(source)
        except CatalogFailed:
            if source in registry.catalogs:  # a package that is not installed lists nothing
                raise
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInput(
            f"{query.name}: {' and '.join(found)} list it; say which one with --from"
        )
    names = [one for source in registry.catalogs for one in catalogs.open(source).names()]
    hint = suggest_name(query.name, names) or (
        "; look for it with `paddledvc list --available`, or name a hub with --from"
    )
    raise InvalidInput(f"{query.name}: no catalog lists it{hint}")


def _write(  # noqa: PLR0913, PLR0917
    inputs: Inputs,
    entry: dict[str, Any],
    asked: Requirement | None,
    role: Role,
    use: LockUse,
    progress: NamedProgress | None,
) -> Added:
    project, text = inputs.project, inputs.models.text
    known = inputs.registry.by_name.get(entry["name"])
    settings: dict[str, Any] = {}
    if known is None:
        catalog = Catalogs(project.root, inputs.registry, use.offline).open(entry["source"])
        query = Query(name=entry.get("source_name", entry["name"]))
        entry |= (settings := {**catalog.find_settings(query)})
    elif asked is None:
        asked = known.requires
    wanted = asked.text if asked else "latest"
    exact = asked is not None and asked.exact
    exact_for = role.name if role.versions == "exact" and not exact else None
    if use.frozen is not None and exact_for is not None:
        raise InvalidInput(
            f"{entry['name']}: {role.name} branches take exact versions only, and {use.frozen} "
            f"asks no catalog for one; name it, as {entry['name']}==V"
        )
    edited = _edited(text, {**entry, "version": wanted})
    done: Locked | None = None
    if use.frozen is None:
        planned = plan_resolution(project.parse_registry(edited), project.previous_lock())
        try:
            done = make_lock_current(project, planned, offline=use.offline, progress=progress)
        except Unresolvable as error:
            raise _in_own_words(error, entry["name"]) from error
        locked = done.lock.model(entry["name"]).version
        if exact or exact_for is not None:
            wanted = locked
        elif asked is None:
            # A range takes no local part, such as +cu118.
            wanted = f">={as_version(locked).public}"
        edited = _edited(text, {**entry, "version": wanted})
        project.parse_registry(edited)
    if done is None:
        project.write(names.REGISTRY, edited)
    else:
        project.write_registry(edited, done.lock)
    return Added(
        name=entry["name"],
        requires=wanted,
        source=entry["source"],
        exact_for=exact_for,
        settings=tuple(settings),
        changes=done.changes if done else (),
        trusted=done.trusted if done else (),
    )


def _in_own_words(error: Unresolvable, name: str) -> Unresolvable:
    """Tell whoever adds a model that it is they who ask, not a file that says nothing yet."""
    if error.model != name:
        return error
    reasons = [reason.replace("models.yaml asks", "you ask") for reason in error.reasons]
    return Unresolvable(error.model, error.summary, reasons)


def _edited(text: str, entry: dict[str, Any]) -> str:
    """Put a model into the text of models.yaml, or change the fields of the one that is there."""
    name = entry["name"]
    document: Any = reader.parse_yaml(text, names.REGISTRY).value
    known = next((one for one in document["models"] or () if one["name"] == name), None)
    if known is None:
        first = {key: entry[key] for key in ("name", "version", "source")}
        return EditableList(text, names.REGISTRY, "models").append({**first, **entry})
    for key, value in entry.items():
        if known.get(key) != value:
            text = EditableList(text, names.REGISTRY, "models").set_scalar(name, key, value)
    return text
