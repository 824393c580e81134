"""What DVC is given of another repository: its files, and a configuration that we wrote."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile, ToolFailed
from paddledvc.tools.dvc import command, configuration
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.foreign_config import (
    UPSTREAM,
    ForeignConfig,
    keep_foreign_outputs,
    take_foreign_config,
)
from paddledvc.tools.git import foreign
from paddledvc.tools.system import files
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.tools.git.database.tree import TreeEntry
    from paddledvc.tools.git.foreign import Repository

CONFIG = ".dvc/config"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


@dataclass(frozen=True, kw_only=True, slots=True)
class DvcCopy:
    """A repository for DVC to read.

    Attributes:
        root: its folder.
        commit: its only commit.
        empty: an empty folder to start DVC in.
        env: variables for DVC; None removes one.
    """

    root: Path
    commit: str
    empty: Path
    env: Mapping[str, str | None]


@contextmanager
def open_dvc_copy(where: Repository, commit: str, path: str) -> Iterator[DvcCopy]:
    """Give a commit for DVC to read, as far as it says what is at a path and where the bytes are.

    DVC does what a configuration says, and follows a ``.dvc`` file to wherever it was imported
    from. So it reads neither of those of others, nor the user's, of which it would merge what has
    the same name.

    Raises:
        Unreadable: the configuration says what it must not, or DVC, run within, failed.
    """
    with files.scratch_folder() as folder, files.scratch_folder() as empty:
        there = foreign.list_repository_files(where, commit)
        altered: dict[str, str | None] = dict(_outputs(where, there, path))
        hidden: dict[str, str | None] = {}
        for name in _configs(there):
            config = _config(where, there, name)
            hidden.update(config.hidden)
            altered[name] = configuration.write_dvc_config(config.sections)
        local = {"DVC_GLOBAL_CONFIG_DIR": str(empty), "DVC_SYSTEM_CONFIG_DIR": str(empty)}
        new = foreign.make_altered_commit(where, commit, folder, altered)
        try:
            yield DvcCopy(root=folder, commit=new, empty=empty, env={**hidden, **local})
        except ToolFailed as error:
            reason = command.reason_of_dvc(error)
            missing = reason == command.MISSING
            raise Unreadable(why_git_file_missing(where, commit) if missing else reason) from error


def _configs(there: Mapping[str, TreeEntry]) -> Iterator[str]:
    """Name the configurations of all DVC projects in a commit, after a look at what is there.

    Raises:
        Unreadable: DVC would read something else there than we.
    """
    for name, entry in there.items():
        folder, _, last = name.rpartition("/")
        if f"/{folder}".lower().endswith("/.dvc") and last.lower() in ("config", "config.local"):
            if not entry.is_file or last != "config" or not f"/{folder}".endswith("/.dvc"):
                raise Unreadable(f"its {name} must not be in a commit")
            yield name
        elif last.lower() == ".dvc":
            raise Unreadable(f"its {name} is no folder")


def _config(where: Repository, there: Mapping[str, TreeEntry], name: str) -> ForeignConfig:
    """Take over what a configuration says of remotes; without one, the repository's cache is it."""
    said = configuration.parse_dvc_config(foreign.read_repository_blob(where, there[name]))
    if said is None:
        raise Unreadable(f"DVC refuses its {name}")
    tree = None if where.tree is None else where.tree / Path(name).parent
    endpoints = [url for one in ENDPOINTS if (url := os.environ.get(one))]
    own = configuration.read_user_remotes()
    try:
        taken = take_foreign_config(said, own, endpoints, None if tree is None else str(tree))
    except ValueError as error:
        raise Unreadable(f"its {name}: {error}") from error
    if tree is None or taken.sections["core"]:
        return taken
    cache = configuration.configured_foreign_cache(tree.parent)
    remotes = {**taken.sections["remote"], UPSTREAM: {"url": str(cache)}}
    sections: dict[str, Mapping[str, object]] = {
        "core": {"remote": UPSTREAM},
        "remote": remotes,
    }
    return ForeignConfig(sections=sections, hidden=taken.hidden)


def _outputs(
    where: Repository, there: Mapping[str, TreeEntry], path: str
) -> Iterator[tuple[str, str | None]]:
    """Leave of the ``.dvc`` files those that say what is at a path, and in those what they say."""
    telling = outputs.list_output_files(path)
    for name, entry in there.items():
        if not name.endswith(outputs.SUFFIX):
            continue
        kept = None
        if entry.is_file and (name in telling or name.startswith(f"{path}/")):
            try:
                said = reader.parse_yaml(foreign.read_repository_blob(where, entry), name).value
                kept = json.dumps(keep_foreign_outputs(said), ensure_ascii=False)
            except InvalidFile as error:
                raise Unreadable(f"{name} is no file of DVC") from error
        yield name, kept


def why_git_file_missing(where: Repository, commit: str) -> str:
    """Say why DVC does not bring something that it tracks."""
    if where.tree is not None:
        return command.MISSING
    config = foreign.find_repository_entries(where, commit, [CONFIG]).get(CONFIG)
    remote = (
        configuration.configured_default_remote(foreign.read_repository_blob(where, config))
        if config
        else None
    )
    if remote is None:
        return "it has no DVC remote, so that only its own clone has the bytes"
    if "://" in remote or remote.startswith(("/", "~")):
        return command.MISSING
    return f"its DVC remote is the path {remote} from its own clone; others need one on a server"
