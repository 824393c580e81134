"""What a bundle holds, as its ``manifest.json`` says: values, their text, and what may be wrong."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.display.results import Displayed
from paddledvc.hashes import Hashes
from paddledvc.paths import find_listing_fault, find_output_fault, find_path_fault
from paddledvc.tools.dvc.core.objects import folder_object_name, is_object_name
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.yaml.formats import find_newer_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
MOST = 64 << 20
"""Bytes of a manifest, which is read whole: those of some 200,000 files."""
LARGEST = 1 << 53
"""Bytes that JSON can count for every reader."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DIGITS = {"md5": 32, "sha256": 64}


class InvalidManifest(ValueError):
    """A text is no manifest of a bundle; the message is the end of a sentence about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledFile:
    """A file in the archive, or a part of the archive.

    Attributes:
        path: from the root of the project; of a part its name beside the manifest.
        size: its bytes.
    """

    path: str
    size: int
    md5: str
    sha256: str

    @property
    def hashes(self) -> Hashes:
        """What the bytes must hash to."""
        return Hashes(md5=self.md5, sha256=self.sha256, size=self.size)


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledOutput:
    """An output of DVC, all of whose files are in the archive.

    Attributes:
        path: from the root of the project.
        md5: DVC's name of its bytes; it ends in ``.dir`` for a folder.
    """

    path: str
    md5: str

    @property
    def folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(FOLDER_SUFFIX)


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledModel:
    """A model of the bundle.

    Attributes:
        image: the container image that models.lock names; None where it names none.
        image_digest: what that image was when it was locked.
        image_mirrors: the same image in other registries, with digests.
    """

    name: str
    version: str
    image: str | None = None
    image_digest: str | None = None
    image_mirrors: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class BundleManifest(Displayed):
    """What a bundle holds.

    Attributes:
        name: of the bundle, such as ``digits_v1.2_20250405``.
        commit: the commit that all of it is of.
        committed: when that was committed, in seconds since 1970.
        models: the models that it was made of.
        outputs: what DVC tracks of them.
        files: every file in the archive, sorted by path.
        parts: the archive, in the order in which its parts follow each other.
    """

    _table_of = "files"
    name: str
    commit: str
    committed: int
    models: tuple[BundledModel, ...]
    outputs: tuple[BundledOutput, ...]
    files: tuple[BundledFile, ...]
    parts: tuple[BundledFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)

    @property
    def digest(self) -> str:
        """SHA-256 of all that the manifest says: two bundles with the same one are the same."""
        return hashlib.sha256(_render(_value(self)).encode()).hexdigest()

    def files_of_outputs(self) -> Mapping[str, Mapping[str, BundledFile]]:
        """Give the files of each output: by path from its folder, a file itself as ``""``."""
        found: dict[str, dict[str, BundledFile]] = {one.path: {} for one in self.outputs}
        for file in self.files:
            for path in _above(file.path):
                if path in found:
                    found[path][file.path[len(path) + 1 :]] = file
        return found

    def committed_files(self) -> tuple[BundledFile, ...]:
        """List the files that git has, and no output of DVC."""
        paths = {one.path for one in self.outputs}
        return tuple(one for one in self.files if paths.isdisjoint(_above(one.path)))


def _above(path: str) -> Iterator[str]:
    """Yield a path, and those of the folders that it lies in."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def name_part(name: str, number: int, count: int) -> str:
    """Name a part of an archive, numbered from 1.

    >>> name_part("digits_v1.2_20250405", 2, 3), name_part("digits_v1.2_20250405", 1, 1)
    ('digits_v1.2_20250405.tar.002', 'digits_v1.2_20250405.tar')
    """
    return f"{name}.tar" if count == 1 else f"{name}.tar.{number:03}"


def render_manifest(manifest: BundleManifest) -> str:
    """Write a manifest; the same text for the same values, always."""
    return _render({**_value(manifest), "digest": manifest.digest})


def _value(manifest: BundleManifest) -> dict[str, Any]:
    return {"version": FORMAT_VERSION, **asdict(manifest)}


def _render(value: Mapping[str, Any]) -> str:
    return f"{json.dumps(value, indent=1, ensure_ascii=False)}\n"


def parse_manifest(data: bytes) -> BundleManifest:
    """Read a manifest, in the very bytes that `render_manifest` writes.

    Raises:
        InvalidManifest: it is none, it was changed, or it names what no bundle may hold.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidManifest("it is damaged: it is no JSON") from error
    if newer := find_newer_format(value, FORMAT_VERSION):
        raise InvalidManifest(f"it has the {newer}")
    if not isinstance(value, dict) or value.get("version") != FORMAT_VERSION:
        raise InvalidManifest("it is damaged: it has no number of a format")
    try:
        manifest, digest = _read(value), _text(value["digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidManifest("it is damaged: a field is missing, or of another kind") from error
    if digest != manifest.digest:
        raise InvalidManifest(
            f"it is damaged: expected sha256:{digest}, found sha256:{manifest.digest}"
        )
    if render_manifest(manifest).encode() != data:
        raise InvalidManifest("it is damaged: its text is not as `release bundle` writes it")
    if (fault := next(_find_faults(manifest), None)) is not None:
        raise InvalidManifest(fault)
    return manifest


def _read(value: Mapping[str, Any]) -> BundleManifest:
    return BundleManifest(
        name=_text(value["name"]),
        commit=_text(value["commit"]),
        committed=_number(value["committed"]),
        models=tuple(_read_model(one) for one in value["models"]),
        outputs=tuple(
            BundledOutput(path=_text(one["path"]), md5=_text(one["md5"]))
            for one in value["outputs"]
        ),
        files=tuple(map(_read_file, value["files"])),
        parts=tuple(map(_read_file, value["parts"])),
    )


def _read_file(value: Mapping[str, Any]) -> BundledFile:
    return BundledFile(
        path=_text(value["path"]),
        size=_number(value["size"]),
        md5=_text(value["md5"]),
        sha256=_text(value["sha256"]),
    )


def _read_model(value: Mapping[str, Any]) -> BundledModel:
    return BundledModel(
        name=_text(value["name"]),
        version=_text(value["version"]),
        image=_optional_text(value["image"]),
        image_digest=_optional_text(value["image_digest"]),
        image_mirrors=tuple(map(_text, value["image_mirrors"])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()  # a lone surrogate is no text
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < LARGEST:
        raise TypeError(value)
    return value


def _find_faults(manifest: BundleManifest) -> Iterator[str]:
    if _NAME.fullmatch(manifest.name) is None:
        yield f"its name {manifest.name!a} is no name of a bundle"
    if _COMMIT.fullmatch(manifest.commit) is None:
        yield f"its commit {manifest.commit!a} is no name of a commit"
    for one in (*manifest.files, *manifest.parts):
        for kind, digits in _DIGITS.items():
            found = getattr(one, kind)
            if re.fullmatch(f"[0-9a-f]{{{digits}}}", found) is None:
                yield f"{one.path!a} has the {kind} {found!a}, which is none"
    count = len(manifest.parts)
    names = [name_part(manifest.name, number, count) for number in range(1, count + 1)]
    if any(not one.size for one in manifest.parts):
        yield "it has a part without bytes"
    if not count or names != [one.path for one in manifest.parts]:
        yield f"its parts are not called {manifest.name}.tar, or .tar.001 and so on"
    if (fault := find_bundle_path_fault([one.path for one in manifest.files])) is not None:
        yield fault
    yield from _find_output_faults(manifest)


def find_bundle_path_fault(paths: list[str]) -> str | None:
    r"""Find why files may not be in a bundle, which is unpacked on systems of every kind.

    >>> find_bundle_path_fault(["exports/A/x", "exports/a/x"])
    "it names 'exports/a/x': it and 'exports/A/x' would be one file"
    >>> find_bundle_path_fault(["../x"])
    "it names '../x': it has the part '..'"
    """
    for path in paths:
        fault = find_output_fault(path) or find_path_fault(path, windows=True)
        if fault is not None:
            return f"it names {path!a}: {fault}"
    if paths != sorted(set(paths)):
        return "it names a file twice, or its files are not sorted"
    if (found := find_listing_fault(paths, folded=True)) is not None:
        return f"it names {found[0]!a}: {found[1]}"
    return None


def _find_output_faults(manifest: BundleManifest) -> Iterator[str]:
    """Find outputs whose files, by the manifest's own word, are not theirs."""
    paths = [one.path for one in manifest.outputs]
    if paths != sorted(set(paths)):
        yield "it names an output twice, or its outputs are not sorted"
    known, files = set(paths), manifest.files_of_outputs()
    for output in manifest.outputs:
        if not known.isdisjoint([*_above(output.path)][1:]):
            yield f"it names the output {output.path!a}, which lies in another one"
        if fault := find_output_fault(output.path):
            yield f"it names the output {output.path!a}: {fault}"
        if not is_object_name(output.md5):
            yield f"the output {output.path!a} has the md5 {output.md5!a}, which is none"
        elif (found := name_output_object(output, files[output.path])) != output.md5:
            yield f"the files of {output.path!a} are md5:{found}, and it states md5:{output.md5}"


def name_output_object(output: BundledOutput, files: Mapping[str, BundledFile]) -> str | None:
    """Compute DVC's name of an output from its files; None where it has none."""
    if output.folder:
        return folder_object_name({path: one.md5 for path, one in files.items()})
    return files[""].md5 if set(files) == {""} else None
