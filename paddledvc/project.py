"""The files of a project as typed values, and a project on the disk: where they are written.

What reads them is imported when it is needed: a hook of git needs the folder, and no time.
"""

from __future__ import annotations

import os
import posixpath
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.errors import Finding, InvalidFile, InvalidInput, NotAProject
from paddledvc.values import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model, Output
    from paddledvc.models.policy import Policy
    from paddledvc.models.registry import Registry
    from paddledvc.models.verify_settings import Verify
    from paddledvc.tools.git.snapshot import FolderSnapshot, Snapshot
    from paddledvc.tools.system.files import FilePath
    from paddledvc.yaml.document import Document

WRITING = f"{names.SCRATCH}/writing.json"
"""The note of files that are written together."""
PARAMS_SECTIONS = ("train", "verify", "evaluate")
"""Sections of a model in params.yaml, each for the stage of its name."""
PARAMS_SUFFIXES = (".yaml", ".yml", ".json")
"""How the name of a model's own file of hyperparameters ends."""


def _join_sections(word: str) -> str:
    return f"{', '.join(PARAMS_SECTIONS[:-1])} {word} {PARAMS_SECTIONS[-1]}"


class ProjectFiles:
    """The files of a project, read and checked, wherever they are."""

    __slots__ = ()

    @property
    def folder(self) -> FilePath:
        """The folder that they are in."""
        raise NotImplementedError

    @property
    def snapshot(self) -> FolderSnapshot:
        """The files as they are written; by default those of a work tree."""
        from paddledvc.tools.git.snapshot import Snapshot  # noqa: PLC0415

        assert isinstance(self.folder, Path)
        return Snapshot.work_tree(self.folder)

    def read(self, name: str) -> Document:
        """Read one of the project's YAML files."""
        from paddledvc.tools.git import project_files  # noqa: PLC0415
        from paddledvc.yaml import reader  # noqa: PLC0415

        return reader.parse_yaml(project_files.read_project_text(self.folder, name), name)

    def read_optional(self, name: str) -> Document:
        """Read one of the project's YAML files, as empty where it does not exist."""
        from paddledvc.yaml import reader  # noqa: PLC0415

        return self.read(name) if (self.folder / name).exists() else reader.parse_yaml("", name)

    def registry(self) -> Registry:
        """Read models.yaml.

        Raises:
            InvalidFile: with every problem of the file.
        """
        return _parse_registry(self.read(names.REGISTRY))

    def parse_registry(self, text: str) -> Registry:
        """Read what is to become models.yaml.

        Raises:
            InvalidFile: with every problem of the text.
        """
        from paddledvc.yaml import reader  # noqa: PLC0415

        return _parse_registry(reader.parse_yaml(text, names.REGISTRY))

    def lock(self) -> Lock:
        """Read models.lock.

        Raises:
            NotAProject: there is none yet.
            InvalidFile: it is not a lock.
        """
        if not (self.folder / names.LOCK).exists():
            raise NotAProject(f"there is no {names.LOCK} yet; run `paddledvc lock`")
        with _advising():
            return _parse_lock(self.read(names.LOCK))

    def parse_lock(self, text: str) -> Lock:
        """Read what is, was or is to become models.lock.

        Raises:
            InvalidFile: it is not a lock.
        """
        from paddledvc.yaml import reader  # noqa: PLC0415

        with _advising():
            return _parse_lock(reader.parse_yaml(text, names.LOCK))

    def params(self, model: Model, document: Document | None = None) -> Mapping[str, Any]:
        """Read the sections of a model in params.yaml; empty where there are none.

        Args:
            model: the model.
            document: params.yaml, for those who have read it already.

        Raises:
            InvalidFile: they are under another key than the model's slug, or are no sections.
        """
        document = document or self.read_optional(names.PARAMS)
        value = {} if document.value is None else document.value
        if not isinstance(value, dict):
            problem = document.problem((), "expected a mapping of a model's slug to its sections")
            raise InvalidFile([problem])
        if model.name != model.slug and model.name in value:
            message = (
                f"write it as {model.params_key!r}; DVC's params allow no other form of the name"
            )
            raise InvalidFile([document.problem((model.name,), message, at_key=True)])
        if model.params_key != model.slug and {model.params_key, model.slug} <= value.keys():
            message = f"{model.params_key!r} is there too; keep that one"
            raise InvalidFile([document.problem((model.slug,), message, at_key=True)])
        key = self.params_key(model, document)
        sections = value.get(key) or {}
        if not isinstance(sections, dict):
            message = f"expected a mapping with {_join_sections('and')}, found {sections!r}"
            raise InvalidFile([document.problem((key,), message)])
        for name, section in sections.items():
            self._check_section(document, (key, name), section)
        return sections

    def params_key(self, model: Model, document: Document | None = None) -> str:
        """Name the key of a model in params.yaml: its slug, where an older project has that still.

        Args:
            model: the model.
            document: params.yaml, for those who have read it already.
        """
        if model.params_key == model.slug:
            return model.slug
        value = (document or self.read_optional(names.PARAMS)).value
        is_old = isinstance(value, dict) and model.slug in value
        return model.slug if is_old else model.params_key

    def _check_section(self, document: Document, at: tuple[str, str], section: object) -> None:
        from paddledvc.names import suggest_name  # noqa: PLC0415

        if at[1] not in PARAMS_SECTIONS:
            hint = suggest_name(at[1], PARAMS_SECTIONS) or f"; expected {_join_sections('or')}"
            message = f"no stage reads a section {at[1]!r}{hint}"
            raise InvalidFile([document.problem(at, message, at_key=True)])
        if not isinstance(section, dict | None):
            message = f"expected a mapping of hyperparameters, found {section!r}"
            raise InvalidFile([document.problem(at, message)])

    def section(
        self, model: Model, name: str, document: Document | None = None
    ) -> Mapping[str, Any]:
        """Read one section of a model's params: ``train`` or ``verify``.

        Args:
            model: the model.
            name: the section.
            document: params.yaml, for those who have read it already.
        """
        section: Mapping[str, Any] = self.params(model, document).get(name) or {}
        return section

    def hyperparameters(self, model: Model, document: Document | None = None) -> Mapping[str, Any]:
        """Read what a training gets: the model's own file, and over it its part of params.yaml.

        Args:
            model: the model.
            document: params.yaml, for those who have read it already.

        Raises:
            InvalidFile: a file is not there, or holds no hyperparameters.
        """
        return {**self.own_params(model), **self.section(model, "train", document)}

    def own_params(self, model: Model) -> Mapping[str, Any]:
        """Read the file of hyperparameters that a model has to itself; empty where it has none.

        Raises:
            InvalidFile: it is not there, or holds no mapping; the first at its line of models.yaml.
        """
        name = model.train.params if model.train is not None else None
        if name is None:
            return {}
        if not name.endswith(PARAMS_SUFFIXES):
            raise self._wrong_params(model, f"expected one of {', '.join(PARAMS_SUFFIXES)}")
        if (self.folder / name).is_dir():
            raise self._wrong_params(model, f"{name} is a folder, expected a file")
        if not (self.folder / name).is_file():
            raise self._wrong_params(model, f"there is no file {name}{self._hint(name)}")
        document = self.read(name)
        value = {} if document.value is None else document.value
        if not isinstance(value, dict):
            message = f"expected a mapping of hyperparameters, found {value!r}"
            raise InvalidFile([document.problem((), message)])
        return value

    def _wrong_params(self, model: Model, message: str) -> InvalidFile:
        at = self._entry(model, "train", "params")
        return InvalidFile([self.read(names.REGISTRY).problem(at, message)])

    def _entry(self, model: Model, *keys: str | int) -> tuple[str | int, ...]:
        """Name a place in the entry of a model in models.yaml."""
        names = [one.name for one in self.registry().models]
        return ("models", names.index(model.name), *keys)

    def _hint(self, name: str) -> str:
        """Ask whether a file beside the one that is missing is meant."""
        from paddledvc.names import suggest_name  # noqa: PLC0415

        above, folder = posixpath.dirname(name), (self.folder / name).parent
        beside = folder.iterdir() if folder.is_dir() else ()
        return suggest_name(name, [posixpath.join(above, one.name) for one in beside])

    def verify_settings(self, model: Model, document: Document | None = None) -> Verify:
        """Read how a model is verified: its own settings, and over them those of params.yaml.

        Args:
            model: the model.
            document: params.yaml, for those who have read it already.
        """
        from paddledvc import schemas  # noqa: PLC0415
        from paddledvc.models.verify_settings import override_verify_settings  # noqa: PLC0415

        document = document or self.read_optional(names.PARAMS)
        section = self.section(model, "verify", document)
        if not section:
            return model.verify
        at = (self.params_key(model, document), "verify")
        problems = schemas.schema_part("models", "verify").problems(document, at)
        for key, them in (("samples", "samples are"), ("preprocess", "preprocess is")):
            if key in section:
                name = "them" if key == "samples" else "it"
                message = f"{them} a dependency of the stage; name {name} in models.yaml"
                problems.append(document.problem((*at, key), message, at_key=True))
        if problems:
            raise InvalidFile(problems)
        return override_verify_settings(model.verify, section)


class SnapshotFiles(ProjectFiles):
    """The files of a project as they are in a snapshot.

    Args:
        snapshot: where they are.
    """

    __slots__ = ("_snapshot",)

    def __init__(self, snapshot: FolderSnapshot) -> None:
        self._snapshot = snapshot

    @property
    def snapshot(self) -> FolderSnapshot:
        """The files as they are written."""
        return self._snapshot

    @property
    def folder(self) -> FilePath:
        """The folder that they are in."""
        return self._snapshot.folder


@dataclass(frozen=True, slots=True)
class Project(ProjectFiles):
    """A folder with a models.yaml.

    Attributes:
        root: the folder, absolute.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text("models: []")
    >>> Project.find(root).registry().models
    ()
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))  # people write it as text

    @classmethod
    def find(cls, start: str | os.PathLike[str] = ".") -> Project:
        """Find the project that a folder belongs to: the nearest one above with a models.yaml.

        Args:
            start: the folder; the current one by default.

        Raises:
            NotAProject: there is none.
        """
        folder = Path(start).resolve()
        for candidate in (folder, *folder.parents):
            found = candidate / names.REGISTRY
            # Of one that is no file it is said what it is, rather than that there is none.
            if os.path.lexists(found) and not found.is_dir():
                return cls(candidate)
        raise NotAProject(
            f"no {names.REGISTRY} in {folder} or above; run `paddledvc init` to start a project"
        )

    @property
    def folder(self) -> Path:
        """The folder that they are in."""
        return self.root

    def policy(self) -> Policy:
        """Read the rules of the branches; the usual ones where they cannot be read."""
        from paddledvc.models.policy import DEFAULT  # noqa: PLC0415

        return read_project_policy(self.snapshot) or DEFAULT

    def previous_lock(self) -> Lock:
        """Read models.lock, or an empty lock where there is none yet."""
        return Inputs(self).lock

    def write_lock(self, new: Lock) -> bool:
        """Write models.lock in one step; tell whether it changed."""
        from paddledvc.models import lockfile  # noqa: PLC0415

        return self.write(names.LOCK, lockfile.render_lockfile(new))

    def write(self, name: str, text: str) -> bool:
        """Write one of the project's files in one step; tell whether it changed.

        Args:
            name: the file, from the project's folder.
            text: what it is to hold.

        Raises:
            InvalidInput: a link that a commit brings leads out of the project.
            OutsideFailure: it cannot be written.
        """
        from paddledvc.tools.git import project_files  # noqa: PLC0415

        return project_files.write_project_text(self.root, name, text)

    def make_folder(self, name: str) -> Path:
        """Make a folder of the project; name it as it is behind links that may be followed.

        Raises:
            InvalidInput: a link that a commit brings leads out of the project.
            OutsideFailure: it cannot be made.
        """
        from paddledvc.tools.git import project_files  # noqa: PLC0415

        return project_files.make_project_folder(self.root, name)

    def require_outputs(self, model: Model, found: Sequence[Output]) -> None:
        """See that an exported program gives what models.yaml states of its outputs.

        Args:
            model: the model.
            found: the outputs of the program; nothing where they are unknown.

        Raises:
            Finding: it gives others.
        """
        from paddledvc.tools.paddle.core.program_outputs import list_output_mismatches  # noqa: PLC0415

        if not model.outputs or not found:
            return
        for wrong in list_output_mismatches(model.outputs, found):
            at = self._entry(model, "outputs", wrong.number)
            line = self.read(names.REGISTRY).position(at, False).line
            raise Finding(
                f"{model.name}: the exported program gives {wrong.found}, "
                f"{names.REGISTRY}:{line} states {wrong.stated}"
            )

    def weights(self, path: str, model: Model) -> Path:
        """Name the file of weights that a stage of a model needs.

        Raises:
            InvalidInput: it is not there yet.
        """
        if (self.root / path).is_dir():
            raise InvalidInput(
                f"{path} is a folder, and {model.name} needs one file of weights; name it with "
                "`file:` in models.yaml, then run `paddledvc lock`"
            )
        if not (self.root / path).is_file():
            raise InvalidInput(
                f"{model.name} needs {path}, which is missing; run `dvc repro` to make it, or "
                "`dvc pull` to get it"
            )
        return self.root / path

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold models.yaml and models.lock against other processes of ours that change them."""
        from paddledvc.tools.system import files  # noqa: PLC0415

        with files.hold_file_lock(self.scratch() / f"{names.LOCK}.lock"):
            self._finish()
            yield

    def write_registry(self, text: str, new: Lock) -> None:
        """Write models.yaml and models.lock; whoever is killed in between leaves a note of both.

        The caller is alone: see `exclusive`.
        """
        from paddledvc.models import lockfile  # noqa: PLC0415
        from paddledvc.tools.git import journal  # noqa: PLC0415

        texts = {names.REGISTRY: text, names.LOCK: lockfile.render_lockfile(new)}
        journal.write_files_together(self.root, texts, WRITING)

    def finish_begun(self) -> None:
        """Finish what a killed process began to write, and remove what it left at the top."""
        from paddledvc.tools.system import atomic  # noqa: PLC0415

        atomic.sweep_atomic_parts(f"{self.root}")
        if self._is_begun:
            with self.exclusive():
                pass

    def _finish(self) -> None:
        if self._is_begun:
            from paddledvc.tools.git import journal  # noqa: PLC0415

            journal.finish_files(self.root, (names.REGISTRY, names.LOCK), WRITING)

    @property
    def _is_begun(self) -> bool:
        return (self.root / WRITING).exists()

    def scratch(self) -> Path:
        """Make a folder for locks and logs that git does not see."""
        from paddledvc.tools.git import project_files  # noqa: PLC0415

        project_files.require_own_folders(self.root)
        folder = self.root / names.SCRATCH
        if not (folder / ".gitignore").exists():
            self.write(f"{names.SCRATCH}/.gitignore", "*\n")
        return folder


def read_project_policy(*snapshots: Snapshot) -> Policy | None:
    """Read the policy of the first of some snapshots that has a models.yaml.

    It counts as long as it is right itself, whatever else is wrong with that file.

    Returns:
        The default where none of them has one; None where it breaks its rules.
    """
    from paddledvc.models.policy import DEFAULT  # noqa: PLC0415
    from paddledvc.yaml import reader  # noqa: PLC0415

    try:
        texts = (one.text(names.REGISTRY) for one in snapshots)
        text = next((text for text in texts if text is not None), "")
        if "policy" not in text:
            return DEFAULT
        return parse_project_policy(reader.parse_yaml(text, names.REGISTRY))
    except (InvalidFile, InvalidInput):
        return None


def parse_project_policy(document: Document) -> Policy | None:
    """Read the policy of a models.yaml alone; None where it breaks its rules."""
    from paddledvc import schemas  # noqa: PLC0415
    from paddledvc.models import policy  # noqa: PLC0415

    section = document.value.get("policy") if isinstance(document.value, dict) else None
    if section is None:
        return policy.DEFAULT
    wrong = schemas.schema_part("models", "policy").problems(document, ("policy",))
    return None if [*wrong, *policy.find_policy_problems(document)] else policy.read_policy(section)


def _parse_registry(document: Document) -> Registry:
    from paddledvc import schemas  # noqa: PLC0415
    from paddledvc.models import registry  # noqa: PLC0415

    return registry.parse_registry(document, schemas.read_schema("models"))


def _parse_lock(document: Document) -> Lock:
    from paddledvc import schemas  # noqa: PLC0415
    from paddledvc.models import lockfile  # noqa: PLC0415

    return lockfile.parse_lockfile(document, schemas.read_schema("lock"))


@contextmanager
def _advising() -> Iterator[None]:
    """Say of a models.lock that is none how to get one that is."""
    try:
        yield
    except InvalidFile as error:
        first, *others = error.problems
        if "; run" in first.message or "; upgrade" in first.message:
            raise
        advice = "restore it with `git checkout`, or delete it and run `paddledvc lock`"
        told = replace(first, message=f"{first.message}; {advice}")
        raise InvalidFile([told, *others]) from error


class Inputs:
    """The files that a command works from: each is read when it is first needed, and only then.

    Args:
        project: where they are.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def models(self) -> Document:
        """models.yaml as it is written."""
        return self.project.read(names.REGISTRY)

    @cached_property
    def registry(self) -> Registry:
        """What models.yaml asks for."""
        return _parse_registry(self.models)

    @cached_property
    def locked(self) -> Document:
        """models.lock as it is written, empty where there is none yet."""
        with _advising():
            return self.project.read_optional(names.LOCK)

    @cached_property
    def lock(self) -> Lock:
        """What models.lock holds, which is nothing where there is none yet."""
        from paddledvc.models import lockfile  # noqa: PLC0415

        if not (self.project.root / names.LOCK).exists():
            return lockfile.Lock(models=())
        with _advising():
            return _parse_lock(self.locked)

    @cached_property
    def params(self) -> Document:
        """params.yaml, empty where there is none."""
        return self.project.read_optional(names.PARAMS)

    @cached_property
    def stages(self) -> Document:
        """dvc.yaml, empty where there is none."""
        return self.project.read_optional(names.STAGES)

    @cached_property
    def built(self) -> Document:
        """dvc.lock, empty where there is none."""
        return self.project.read_optional(names.DVC_LOCK)
