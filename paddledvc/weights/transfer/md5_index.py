"""What DVC calls bytes that models.lock knows by their SHA-256 only: learned when they come."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import ChecksumMismatch, DownloadFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.core.objects import ListedFile, is_md5, write_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.sources import fetch
from paddledvc.tools.system import files
from paddledvc.weights.transfer.fetch_objects import Need

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.project import Project
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.transfer.fetch_objects import Gathering

LEARNED = "learned.json"
STALE = 86_400.0
"""Seconds after which what a killed process left is removed."""


def learned_md5s(project: Project) -> Mapping[str, str]:
    """Give the MD5 of the bytes that are pinned by their SHA-256 only, as far as it is known."""
    return _read_index(project.scratch() / LEARNED)


class Learning:
    """Finds the MD5 digests of weights, and the listings of folders of weights, that DVC needs."""

    def __init__(self, project: Project, gathering: Gathering) -> None:
        self._scratch, self._gathering = project.scratch(), gathering
        self._file = self._scratch / LEARNED
        self._md5s = _read_index(self._file)

    def completed(self, tracked: Tracked) -> Tracked:
        """Add what was learned before; make the listing of a folder whose files are all known."""
        if tracked.files and not self._is_listed(tracked):
            return self._listed(tracked)
        if tracked.oid is None and not tracked.files:
            return replace(tracked, hashes=self._completed(tracked.hashes))
        return tracked

    def learn(self, outputs: Iterable[Tracked]) -> list[Tracked]:
        """Bring what only its URLs have, and learn its digests."""
        outputs = list(outputs)
        needs = {need.hashes.sha256: need for tracked in outputs for need in self._unknown(tracked)}
        self._gathering.run([partial(self._learn, need) for need in needs.values()])
        if needs:
            files.write_text(self._file, json.dumps(self._md5s, indent=1, sort_keys=True))
        return [self.completed(tracked) for tracked in outputs]

    def _unknown(self, tracked: Tracked) -> list[Need]:
        """Name the files of an output that DVC's names are not known of."""
        if self._is_listed(tracked) or (tracked.oid is not None and not tracked.files):
            return []
        return [need for need in pinned_files(tracked) if self._completed(need.hashes).md5 is None]

    def _learn(self, need: Need) -> None:
        gathering = self._gathering
        _sweep(self._scratch)
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="learning-") as folder:
            file = Path(folder, "bytes")
            file.touch()
            told = gathering.told(need.hashes)
            try:
                fetched = fetch.download_to(gathering.source(need), need.hashes, file, told)
            except (ChecksumMismatch, DownloadFailed) as error:
                gathering.note_urls(need, error)
                return
            md5 = str(fetched.hashes.md5)
            with gathering.cache.receiving(md5) as new:
                shutil.move(file, new)
        gathering.came[md5] = fetched.url, fetched.hashes.size or 0
        self._md5s[str(need.hashes.sha256)] = md5

    def _completed(self, hashes: Hashes) -> Hashes:
        md5 = hashes.md5 or self._md5s.get(hashes.sha256 or "")
        return replace(hashes, md5=md5)

    def _is_listed(self, tracked: Tracked) -> bool:
        return tracked.oid is not None and self._gathering.listing(tracked.oid) is not None

    def _listed(self, tracked: Tracked) -> Tracked:
        """Write the listing of a folder, as DVC will when it sees the folder."""
        known = [(one.path, self._completed(one.hashes).md5) for one in tracked.files]
        listed = [ListedFile(path, md5) for path, md5 in known if md5 is not None]
        if len(listed) < len(known):
            return tracked
        data = write_listing(listed)
        md5 = str(files.hash_chunks([data]).md5)
        if tracked.hashes.md5 not in (None, md5):
            return tracked
        with self._gathering.cache.receiving(f"{md5}{FOLDER_SUFFIX}") as file:
            file.write_bytes(data)
        return replace(tracked, folder=True, hashes=Hashes(md5=md5, size=tracked.hashes.size))


def pinned_files(tracked: Tracked) -> list[Need]:
    """Name the files that models.lock pins, by what it knows of them."""
    whole = (("", tracked.hashes, tracked.urls),) if tracked.urls else ()
    parts = [(f"/{one.path}", one.hashes, one.urls) for one in tracked.files]
    return [
        Need(
            oid=hashes.sha256,
            hashes=hashes,
            title=tracked.title,
            path=f"{tracked.path}{inside}",
            urls=urls,
        )
        for inside, hashes, urls in parts or whole
        if hashes.sha256 is not None
    ]


def _read_index(file: Path) -> dict[str, str]:
    try:
        notes = json.loads(file.read_bytes())
        return {str(sha256): md5 for sha256, md5 in notes.items() if is_md5(md5)}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _sweep(scratch: Path) -> None:
    for folder in scratch.glob("learning-*"):
        if time.time() - folder.stat().st_mtime > STALE:
            shutil.rmtree(folder, ignore_errors=True)
