"""The levels of DVC's configuration, in a work tree and in a commit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from paddledvc.errors import PaddleDVCError
from paddledvc.tools.dvc import configuration, library
from paddledvc.tools.dvc.core.config import parse_plain_level
from paddledvc.tools.dvc.trust.core.levels import Levels
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.tools.dvc.trust.core.levels import Sections

CONFIG = ".dvc/config"
_FOLDER = ".dvc"


class Read(NamedTuple):
    """A configuration, read once.

    Attributes:
        levels: what its files say.
        merged: what DVC makes of them, before it looks whether it knows all of that.
    """

    levels: Levels
    merged: dict[str, Any]


def read_levels(root: Path) -> Levels:
    """Read what each level says of a project.

    Raises:
        InvalidInput: DVC refuses it.
        MissingTool: it is not plainly written, and there is no DVC that works.
    """
    configuration.require_dvc_config(root)
    texts = configuration.read_level_texts(root)
    try:
        if texts is not None:
            return _sort({one: parse_plain_level(*texts[one]) for one in texts}, root)
    except ValueError:
        pass
    try:
        return read_levels_by_dvc(root).levels
    except PaddleDVCError:
        raise
    except Exception as error:
        raise configuration.explain_dvc_refusal(root, error) from error


def read_levels_by_dvc(root: Path) -> Read:
    """Let DVC read its files, each once, so that what is judged is what is used.

    It raises whatever DVC raises.
    """
    configuration.require_dvc_config(root)
    dvc = library.import_dvc("dvc.config")
    config = dvc.Config(dvc_dir=str(root / _FOLDER), validate=False)
    found = {level: config.load_one(level) for level in configuration.LEVELS}
    merged: dict[str, Any] = {}
    for one in found.values():
        dvc.merge(merged, _copy(one))
    levels = _sort({level: _sections(said) for level, said in found.items()}, root)
    return Read(levels, merged)


def _copy(said: Mapping[str, Any]) -> dict[str, Any]:
    """Copy sections, which ``merge`` changes, and not values; DVC's paths let nobody copy them."""
    return {key: _copy(one) if isinstance(one, dict) else one for key, one in said.items()}


def read_levels_at(root: Path, commit: str, here: Levels) -> Levels:
    """Read what a commit says, with what this clone says itself."""
    text = Snapshot.tree(root, commit).text(CONFIG) or ""
    text = "" if "\0" in text else text  # as what DVC refuses
    folder = os.path.abspath(root / _FOLDER)  # noqa: PTH100 - as DVC, which follows no links
    try:
        versioned: Sections = parse_plain_level(folder, text)
    except ValueError:
        versioned = _parse_by_dvc(root, text)
    return Levels(shared=here.shared, versioned=versioned, local=here.local)


def read_versioned_text(root: Path) -> str:
    """Read ``.dvc/config`` as it is, to point to a line of it; empty where it cannot be read."""
    texts = configuration.read_level_texts(root)
    return "" if texts is None else texts["repo"][1]


def _parse_by_dvc(root: Path, text: str) -> Sections:
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - as above

    config = library.import_dvc("dvc.config").Config
    with TemporaryDirectory() as folder:
        file = Path(folder, "config")
        file.write_text(text, encoding="utf-8")
        try:
            said = config.load_file(str(file))
            return _sections(config._load_paths(said, str(root / CONFIG)))  # noqa: SLF001
        except Exception:  # noqa: BLE001 - what DVC refuses names no remote
            return {}


def _sections(said: Mapping[str, Any]) -> Sections:
    named = {("", name): options for name, options in said.get("remote", {}).items()}
    others = {(name, ""): said.get(name, {}) for name in ("core", "cache")}
    return {
        section: {key: str(value) for key, value in options.items()}
        for section, options in {**named, **others}.items()
    }


def _sort(found: Mapping[str, Sections], root: Path) -> Levels:
    shared = _merge(found["system"], found["global"])
    if found["local"] and is_local_tracked(root):
        versioned = _merge(found["repo"], found["local"])
        return Levels(shared=shared, versioned=versioned, local={})
    return Levels(shared=shared, versioned=found["repo"], local=found["local"])


def _merge(below: Sections, above: Sections) -> Sections:
    return {one: {**below.get(one, {}), **above.get(one, {})} for one in {**below, **above}}


def is_local_tracked(root: Path) -> bool:
    """Tell whether ``.dvc/config.local`` comes with the branch, so that nobody here wrote it."""
    # On disks that do not tell a from A, git would write .DVC into the same folder.
    if (root / _FOLDER).is_symlink():
        return True
    asked = (
        f":(icase){_FOLDER}/{configuration.LOCAL}",
        f":(icase){_FOLDER}/{configuration.LOCAL}/**",
    )
    return bool(ask_git(root, "ls-files", "--", *asked))
