"""The errors of the last run of a model, kept to be judged by other tolerances without a run.

They are kept in the user's own folder for state: DVC removes the report before it runs the stage,
a report has three digits of each error, and a branch may write any report. So nothing but what was
measured here, by this user, is ever judged anew.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.models.verify_settings import Tolerance
from paddledvc.names import DVC_LOCK, LOCK, PARAMS, REGISTRY, REPORTS, STAGES
from paddledvc.stages.core.pipeline import list_stage_sample_files
from paddledvc.stages.core.settings_digest import digest_settings, list_settings
from paddledvc.tools.code.source_files import source_files_of_code
from paddledvc.tools.paddle.core.jobs import pick_numeric_variables
from paddledvc.tools.system import atomic, files
from paddledvc.tools.system.hash_cache import name_state_folder
from paddledvc.verification.core.judge_anew import (
    judge_report_anew,
    parse_saved_report,
    render_saved_report,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.hashes import Hashes
    from paddledvc.models.model import Model
    from paddledvc.models.verify_settings import Verify
    from paddledvc.verification.core.verify_report import VerifyReport

WRITTEN = (PARAMS, REGISTRY, LOCK, STAGES, DVC_LOCK)
"""Files whose settings are compared by themselves, or say nothing of numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedErrors:
    """Where the errors of a model are kept, and what they must be of.

    Attributes:
        root: folder of the project.
        file: the file; None where this user has no folder for state.
        settings: digest of all that decides the errors and is no file of the project.
        inputs: the files that decide them.
        around: every file of the project, where a function makes the samples: it may read any.
        seen: which state those were in before anything ran.
    """

    root: Path
    file: Path | None
    settings: str
    inputs: tuple[Path, ...]
    around: tuple[Path, ...]
    seen: tuple[object, ...]

    @classmethod
    def of(
        cls,
        root: Path,
        model: Model,
        settings: Verify,
        binaries: list[Path],
        key: str | None = None,
    ) -> SavedErrors:
        """Look at what the errors of a model depend on.

        Args:
            root: folder of the project.
            model: the model.
            settings: how it is verified.
            binaries: its weights and exported files.
            key: the entry of the weights that is the state dict, if they hold several.
        """
        inputs = tuple(sorted({*binaries, *_inputs(root, model, settings)}))
        around = tuple(_walk(root)) if ":" in (settings.samples or "") else ()
        home = name_state_folder()
        owner = hashlib.sha256(os.fsencode(f"{root.resolve()}\0{model.name}")).hexdigest()
        return cls(
            root=root,
            file=Path(home, "verified", f"{owner[:32]}.json") if home else None,
            settings=_settings(model, settings, key),
            inputs=inputs,
            around=around,
            seen=_states((*inputs, *around)),
        )

    def judge(self, settings: Verify) -> VerifyReport | None:
        """Judge what is saved by the tolerances of today; None where it must be measured."""
        text = "" if self.file is None else atomic.read_atomic_file(self.file)
        saved = parse_saved_report(text) if text else None
        judged = None if saved is None else judge_report_anew(saved[0], settings)
        # Hashed last, for most runs are not about tolerances.
        return judged if saved and judged and saved[1] == self._made_of({}) else None

    def save(self, report: VerifyReport) -> None:
        """Keep the errors of a report, unless an input has changed while they were measured."""
        if self.file is None or _states((*self.inputs, *self.around)) != self.seen:
            return
        known = {self.root / one.path: one.hashes for one in report.files}
        text = render_saved_report(report, self._made_of(known))
        with suppress(OSError):  # nobody misses it but by the time of another run
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            atomic.write_atomically(self.file, text, fsync=False, mode=0o600)

    def _made_of(self, known: Mapping[Path, Hashes]) -> str:
        """Digest all that the errors depend on; some files are hashed already."""
        hashed = hashlib.sha256(f"{self.settings}{_states(self.around)}".encode())
        for file in self.inputs:
            found = known.get(file) or files.hash_file(file)
            hashed.update(os.fsencode(f"\0{file}\0{found.sha256}"))
        return hashed.hexdigest()


def _walk(folder: Path, *, top: bool = True) -> Iterator[Path]:
    """List the files of a project that code may read, without what we and DVC write."""
    folders, others = files.split_folder(folder)
    yield from (folder / name for name in sorted(others) if not (top and name in WRITTEN))
    for name in sorted(folders):
        if not name.startswith((".", "__pycache__")) and not (top and name == REPORTS):
            yield from _walk(folder / name, top=False)


def _states(inputs: tuple[Path, ...]) -> tuple[object, ...]:
    """Tell by what a file is known not to have changed: nobody can set the time of its inode."""
    return tuple(map(_state, inputs))


def _state(file: Path) -> tuple[object, ...]:
    try:
        one = file.stat()
    except OSError:  # a link to nothing
        one = file.lstat()
    return str(file), one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns


def _inputs(root: Path, model: Model, settings: Verify) -> Iterator[Path]:
    """List the files that the stage depends on, beside the weights and the export."""
    for reference in (model.network, *list_stage_sample_files(settings)):
        if reference is not None:
            yield from (root / one for one in source_files_of_code(reference, root))
    for name in (model.config_path, settings.samples):
        if name is None or ":" in name:
            continue
        if (root / name).is_dir():
            yield from (file for _, file in files.walk_files(root / name) if isinstance(file, Path))
        elif (root / name).is_file():
            yield root / name


def _settings(model: Model, settings: Verify, key: str | None) -> str:
    """Digest what decides errors beside files: settings, this machine and what is installed."""
    return digest_settings(
        (
            (version("paddledvc"), sys.version, sys.executable, *_machine()),
            _installed(),
            pick_numeric_variables(os.environ),
            {name: os.environ.get(name) for name in ("CUDA_VISIBLE_DEVICES", "PYTHONPATH")},
            (model.name, model.requires.text, str(model.network), dict(model.network_args), key),
            model.forward,
            [list_settings(one) for one in (*model.inputs, *model.outputs)],
            model.input_size,
            list_settings(replace(settings, tolerance=Tolerance())),
        ),
        length=64,
    )


def _machine() -> tuple[object, ...]:
    found = platform.uname()
    return found.system, found.node, found.release, found.machine, os.cpu_count()


def _installed() -> list[str]:
    """Name the packages that can be imported, with their versions, as their folders do."""
    folders = [Path(one) for one in sys.path if one]
    return sorted(
        f"{folder}/{one.name}"
        for folder in folders
        for one in files.list_folder(folder)
        if one.suffix in (".dist-info", ".egg-info", ".egg-link", ".pth")
    )
