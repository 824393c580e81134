"""What must hold in models.yaml beyond its schema: between entries, and between their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc import names as layout
from paddledvc.models.forward import explain_forward_misfit
from paddledvc.models.images import Image
from paddledvc.models.model import BUILT_IN, suggest_catalog
from paddledvc.models.verify_settings import is_verify_folder
from paddledvc.models.versions import Requirement, is_version, is_version_range
from paddledvc.names import suggest_name
from paddledvc.urls import hide_url_secrets, secret_of_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.errors import Problem
    from paddledvc.yaml.document import Document, Path


def check_registry_entries(
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
    yield from _groups(document, {str(entry["name"]) for _, entry in entries}, reported)
    declared = document.value.get("catalogs") if isinstance(document.value, dict) else None
    catalogs = {*BUILT_IN, *(declared if isinstance(declared, dict) else ())}
    for at, message in _secrets(declared):
        problem = document.problem(at, message)
        if problem.path not in reported:
            yield problem
    for path, entry in entries:
        for at, message in (*_within_entry(entry), *_source(entry, catalogs)):
            problem = document.problem((*path, *at), message)
            if problem.path not in reported:
                yield problem
        yield from check_registry_environment(
            document, (*path, "environment"), entry.get("environment"), reported
        )


def _secrets(catalogs: object) -> Iterator[tuple[Path, str]]:
    """Find URLs of catalogs that are keys of their own."""
    for name, settings in catalogs.items() if isinstance(catalogs, dict) else ():
        for key, value in settings.items() if isinstance(settings, dict) else ():
            secret = secret_of_url(value) if isinstance(value, str) and "://" in value else None
            if secret is not None and value.startswith(("http", "s3:")):
                shown, why = hide_url_secrets(value), "because models.yaml is in git"
                message = f"found {shown!r}, expected a URL without {secret}, {why}"
                yield ("catalogs", name, key), message


def check_registry_environment(
    document: Document, path: Path, value: object, reported: set[str]
) -> Iterator[Problem]:
    """Check an ``environment:`` value, of a model or of the file."""
    for at, message in _environment(value):
        problem = document.problem((*path, *at), message)
        if problem.path not in reported:
            yield problem


def _environment(value: object) -> Iterator[tuple[Path, str]]:
    stated = value if isinstance(value, dict) else {}
    paddle = stated.get("paddle")
    if isinstance(paddle, str) and not is_version(paddle):
        yield ("paddle",), f"found {paddle!r}, expected a Paddle version such as 3.3.1"
    named: list[tuple[Path, object]] = [((), value), (("image",), stated.get("image"))]
    mirrors = stated.get("mirrors")
    named += [
        (("mirrors", index), mirror)
        for index, mirror in enumerate(mirrors if isinstance(mirrors, list) else ())
    ]
    for at, image in named:
        if isinstance(image, str):
            try:
                Image.parse(image)
            except ValueError as error:
                yield at, str(error)
    if isinstance(mirrors, list) and not isinstance(stated.get("image"), str):
        yield ("mirrors",), "mirrors are other names of image; state image too"


def _source(entry: Mapping[str, Any], catalogs: set[str]) -> Iterator[tuple[Path, str]]:
    """Check a source against the catalogs that there are."""
    version, source = entry.get("version"), entry.get("source")
    if not isinstance(source, str | None):
        return  # the schema says so
    listed = source in catalogs
    floating = _is_floating(version)
    if floating and _has_urls(entry):
        message = (
            f"{version!r} is a range, but a URL has the bytes of one version; name that version, "
            "or let a source give the versions and leave the URL out"
        )
        yield ("version",), message
    elif floating and not listed:
        known = f"; the catalogs are {', '.join(sorted(catalogs))}"
        hint = suggest_catalog(str(source), catalogs)
        if source is None:
            message = f"{version!r} is a range, and no source says which versions there are{known}"
        else:
            message = f"{version!r} is a range, and no catalog is called {source!r}{hint}"
        yield ("version",), message
    for key in ("md5", "sha256", "size"):
        if floating and key in entry:
            yield (key,), f"{key} is that of one version, and {version!r} is a range; leave it out"
    for key in ("source_name", "revision", "file"):
        if key in entry and (not listed or _has_urls(entry)):
            yield (key,), f"{key} says what to take of a catalog, and this model comes from none"


def _is_floating(version: object) -> bool:
    if not isinstance(version, str):
        return False
    try:
        return not Requirement.parse(version).exact
    except ValueError:
        return False


def _unique_names(
    document: Document, entries: Iterable[tuple[Path, dict[str, Any]]]
) -> Iterator[Problem]:
    names: dict[str, tuple[str, Path]] = {}
    for path, entry in entries:
        name: str = entry["name"]
        at = (*path, "name")
        first, first_at = names.setdefault(layout.name_collision_key(name), (name, at))
        if first_at == at:
            continue
        line = document.position(first_at, False).line
        if first == name:
            message = f"the name {name!r} is taken by the model in line {line}"
        else:
            message = (
                f"{name!r} and {first!r} (line {line}) would share the stage, file and tag "
                f"name {layout.name_collision_key(name)!r}; rename one of them"
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
        stem = layout.name_downloaded_file(entry["name"], entry["version"], "").casefold()
        owner = owners.setdefault(stem, entry["name"])
        if layout.name_collision_key(owner) != layout.name_collision_key(entry["name"]):
            message = (
                f"{entry['name']!r} {entry['version']} and {owner!r} would be downloaded to "
                "files of one name; rename one of them"
            )
            yield document.problem((*path, "name"), message)


def _bases(document: Document, entries: Iterable[tuple[Path, dict[str, Any]]]) -> Iterator[Problem]:
    bases: dict[str, object] = {
        entry["name"]: _base_name(entry.get("base")) for _, entry in entries
    }
    for path, entry in entries:
        base = _base_name(entry.get("base"))
        if not isinstance(base, str):
            continue
        at = (*path, "base", "name") if isinstance(entry["base"], dict) else (*path, "base")
        if base not in bases:
            yield document.problem(
                at, f"no model is called {base!r}{suggest_name(base, map(str, bases))}"
            )
            continue
        chain: list[str] = [entry["name"]]
        while isinstance(base, str) and base not in chain:
            chain.append(base)
            base = bases.get(base)
        if base == entry["name"]:
            circle = " -> ".join((*chain, chain[0]))
            yield document.problem(at, f"the bases form a circle: {circle}")


def _groups(document: Document, known: set[str], reported: set[str]) -> Iterator[Problem]:
    """Check that groups name models, and that no group is called as one."""
    groups = document.value.get("groups") if isinstance(document.value, dict) else None
    for group, members in groups.items() if isinstance(groups, dict) else ():
        if group in known:
            message = f"{group!r} is a model too; give the group a name that no model has"
            yield document.problem(("groups", group), message, at_key=True)
        for index, member in enumerate(members if isinstance(members, list) else ()):
            message = f"no model is called {member!r}{suggest_name(str(member), known)}"
            problem = document.problem(("groups", group, index), message)
            if member not in known and problem.path not in reported:
                yield problem


def _base_name(base: object) -> object:
    return base.get("name") if isinstance(base, dict) else base


def _within_entry(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    yield from _versions(entry)
    yield from _weights(entry)
    yield from _train(entry.get("train"))
    yield from _export(entry)
    yield from _inputs(entry.get("inputs"))
    yield from _forward(entry)
    yield from _samples(entry.get("verify"))
    yield from _evaluate(entry)


def _versions(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    base = entry.get("base")
    of_base = base.get("version") if isinstance(base, dict) else None
    for at, version in ((("version",), entry.get("version")), (("base", "version"), of_base)):
        if isinstance(version, str):
            try:
                Requirement.parse(version)
            except ValueError as error:
                yield at, str(error)
    paddle = entry.get("paddle")
    if isinstance(paddle, str) and not is_version_range(paddle):
        yield ("paddle",), f"found {paddle!r}, expected a PEP 440 range such as >=3.0,<4"


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
        yield ("train", "launch"), "launch needs function; a command starts its own processes"
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


def _forward(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    forward, inputs = entry.get("forward"), entry.get("inputs")
    if isinstance(forward, list | dict):
        items = inputs if isinstance(inputs, list) else ()
        names = [item["name"] for item in items if isinstance(item, dict) and "name" in item]
        if why := explain_forward_misfit(forward, names):
            yield ("forward",), why


def _samples(verify: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(verify, dict):
        return
    samples = verify.get("samples")
    folder = isinstance(samples, str) and is_verify_folder(samples)
    if folder and "preprocess" not in verify:
        message = "a folder of images needs preprocess, a function such as path/file.py:preprocess"
        yield ("verify", "samples"), message
    if "preprocess" in verify and not folder:
        yield ("verify", "preprocess"), "it is for a folder of images; name that as samples"


def _evaluate(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    evaluate = entry.get("evaluate")
    if not isinstance(evaluate, dict):
        return
    if "network" not in entry:
        yield ("evaluate",), "there is no network to measure; add 'network' to the model"
    exports = entry.get("export") not in (None, False)
    if evaluate.get("paths") and not exports:
        yield ("evaluate", "paths"), "nothing is exported to measure; add export, or leave it out"
    metrics = evaluate.get("metrics")
    for name, goal in metrics.items() if isinstance(metrics, dict) else ():
        at = ("evaluate", "metrics", name)
        if isinstance(goal, dict) and {"tolerance", "relative"} <= goal.keys():
            yield (*at, "relative"), "tolerance says the same in another way; leave one of them out"
        if isinstance(goal, dict) and "export" in goal and not exports:
            yield (
                (*at, "export"),
                "nothing is exported to compare with; add export, or leave it out",
            )
