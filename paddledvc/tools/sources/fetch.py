"""Weights from their sources into the project: only the pinned bytes get in."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from paddledvc.errors import ChecksumMismatch, DownloadFailed, InvalidInput
from paddledvc.paths import find_path_fault
from paddledvc.tools.git.project_files import require_beneath
from paddledvc.tools.sources import http
from paddledvc.tools.sources.first_bytes import HEAD, describe_no_weights
from paddledvc.tools.system import files
from paddledvc.tools.system.network.asking import ask_within, read_within
from paddledvc.tools.system.network.errors import Silent, Unreadable
from paddledvc.tools.system.network.patience import PATIENCE, Patience, usual_patience
from paddledvc.tools.system.network.retry import PAUSES, ask_with_retries, sleep_before_retry
from paddledvc.urls import GitFile, hide_url_secrets, is_remote_url

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from paddledvc.hashes import Hashes
    from paddledvc.tools.system.progress import ByteProgress

MAX_DOWNLOAD = "PADDLEDVC_MAX_DOWNLOAD"
"""The setting for how many GiB may come of what nobody stated the size of."""
MOST = 64 << 30
"""Bytes that may come without it."""
ROOM = 256 << 20
"""Bytes after which such a download looks again whether the disk has room for as many."""
logger = logging.getLogger(__name__)


class Attempt(Protocol):
    """Reads a URL, after which there are others, unless it is the last."""

    def __call__(self, url: str, *, last: bool) -> Hashes:
        """Say what the bytes hash to."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where the bytes of one model are.

    Attributes:
        model: name of the model, for messages.
        urls: URLs, and paths relative to ``root``, in the order to try.
        root: folder of the project.
        offline: what forbids to use the network; None if nothing does.
        patience: how long all servers together may keep somebody waiting.
        hurried: whether somebody waits who did not ask for it, so that nothing is tried twice.
    """

    model: str
    urls: Sequence[str]
    root: Path
    offline: str | None = None
    patience: Patience = field(default_factory=lambda: Patience(PATIENCE))
    hurried: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What arrived, and from where."""

    url: str
    hashes: Hashes


def _local_path(url: str, root: Path) -> Path | None:
    """Name the file behind a ``file:`` URL or a path of the project; None for anything else."""
    if is_remote_url(url):
        return None
    return root / (unquote(urlsplit(url).path) if url.startswith("file:") else url)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """What reads URLs of one kind; both functions raise ``Unreadable``.

    Attributes:
        chunks: reads the bytes of a URL as they come.
        size: asks for the size in bytes without reading them; None if that is kept back.
        left_behind: whether somebody who reads may be left behind when a server stalls. Programs
            are not; git has limits of its own.
    """

    chunks: Callable[[str, ByteProgress | None], Generator[bytes, None, None]]
    size: Callable[[str], int | None]
    left_behind: bool = True


def _reader(url: str) -> Reader:
    """Import what reads a URL; most projects need one kind only."""
    if url.startswith("s3:"):
        from paddledvc.tools.sources import s3  # noqa: PLC0415 - it imports botocore

        return Reader(chunks=s3.read_s3_chunks, size=s3.ask_s3_size)
    if url.startswith("git+"):
        from paddledvc.tools.sources import git_files  # noqa: PLC0415 - as above, git and DVC

        return Reader(
            chunks=git_files.read_git_chunks, size=git_files.ask_git_size, left_behind=False
        )
    return Reader(chunks=http.read_http_chunks, size=http.ask_http_size)


def _rooted(url: str, root: Path) -> str:
    """Let the path of a repository, which may be relative to the project, hold anywhere."""
    if not url.startswith("git+"):
        return url
    return str(_git_file(url).from_root(str(root)))


def _chunks(
    url: str, source: Source, expected: Hashes, progress: ByteProgress | None, *, last: bool
) -> Iterator[bytes]:
    """Read a source, but not much beyond the size that it is to have."""
    done, most = 0, _most(expected)
    source.patience.begin()
    seconds = source.patience.share(last=last)
    for chunk in _all_chunks(url, source.root, progress, seconds, source.patience.seconds):
        yield chunk
        done += len(chunk)
        if done > most:
            if expected.size is None:
                raise Unreadable(
                    f"it has more than {most:,} bytes, and its size is not stated; "
                    f"{MAX_DOWNLOAD}={2 * most >> 30} allows twice as much"
                )
            return


@dataclass(slots=True)
class _Beginning:
    """How bytes begin that go by."""

    head: bytes = b""

    def note(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if len(self.head) < HEAD:
                self.head += chunk[: HEAD - len(self.head)]
            yield chunk

    def require_weights(self, url: str, expected: Hashes, found: Hashes) -> None:
        """Refuse what is something else; what has the digests that are stated is what is wanted.

        Raises:
            Unreadable: it is.
        """
        stated = expected.md5 is not None or expected.sha256 is not None
        if stated and expected.first_difference(found) is None:
            return
        if not found.size:
            raise Unreadable("it is empty, and no weights")
        if what := describe_no_weights(self.head, url):
            raise Unreadable(what)


def _most(expected: Hashes) -> int:
    """Say how many bytes may come: as many as are stated, else as a setting says."""
    if expected.size is not None:
        return expected.size
    said = os.environ.get(MAX_DOWNLOAD, "")
    if said and not (said.isdecimal() and said.isascii() and int(said)):
        raise InvalidInput(f"{MAX_DOWNLOAD}={said}: expected a number of GiB, such as 64")
    return int(said) << 30 if said else MOST


def _all_chunks(
    url: str, root: Path, progress: ByteProgress | None, seconds: float, patience: float
) -> Iterator[bytes]:
    path = _regular_file(url, root)
    if path is None:
        reader = _reader(url)
        read = partial(reader.chunks, _rooted(url, root), progress)
        yield from read_within(read, seconds, patience) if reader.left_behind else read()
        return
    try:
        total, done = path.stat().st_size, 0
        for chunk in files.read_file_chunks(path):
            done += len(chunk)
            if progress is not None:
                progress(done, total)
            yield chunk
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def is_elsewhere(url: str, root: Path) -> bool:
    """Tell whether a source is a file of this machine that is not one of the project's."""
    path = _local_path(url, root)
    return path is not None and not path.resolve().is_relative_to(root.resolve())


def _source_fault(url: str, path: Path, root: Path) -> str | None:
    """Find why a file gives no weights: those of git's and DVC's own folders hold tokens."""
    if not url.startswith("file:") and (fault := find_path_fault(url)):
        return fault
    end, top = path.resolve(), root.resolve()  # a link may lead there
    if end.is_relative_to(top / ".dvc" / "cache"):
        return None  # as those of DVC do
    return find_path_fault(end.relative_to(top).as_posix()) if end.is_relative_to(top) else None


def _regular_file(url: str, root: Path) -> Path | None:
    """Name the file behind a URL; None for one of another kind.

    Raises:
        Unreadable: there is no file, or what is there never ends, such as a device.
    """
    try:
        path = _local_path(url, root)
        if path is not None and (fault := _source_fault(url, path, root)):
            raise Unreadable(f"no weights may lie there: {fault}")
        if path is not None and not url.startswith("file:"):
            require_beneath(root, url)
        if path is not None and not path.is_file():
            raise Unreadable("not a file" if path.exists() else "No such file or directory")
    except (OSError, ValueError, InvalidInput) as error:
        raise Unreadable(str(error)) from error
    return path


def source_size(url: str, root: Path) -> int | None:
    """Ask for the size of a source in bytes without reading it; None if it keeps that back.

    Raises:
        Unreadable: the source is not there.
    """
    path = _regular_file(url, root)
    if path is not None:
        with path.open("rb") as file:
            if what := describe_no_weights(file.read(HEAD), url):
                raise Unreadable(what)
        return path.stat().st_size
    reader = _reader(url)
    ask = partial(reader.size, _rooted(url, root))
    return ask_within(ask, usual_patience()) if reader.left_behind else ask()


def read_source(url: str, root: Path, limit: int, timeout: float) -> bytes:
    """Read a small file whole, as ``find_source`` does."""
    return find_source(url, root, limit, timeout)[0]


def find_source(url: str, root: Path, limit: int, timeout: float) -> tuple[bytes, str]:
    """Read a small file whole, trying again what may pass; tell where it was after redirects.

    Args:
        url: where it is.
        root: folder of the project.
        limit: how many bytes it may have.
        timeout: seconds in which a server must have sent it.

    Raises:
        Unreadable: it cannot be read, or has more than ``limit`` bytes.
    """
    return ask_with_retries(
        partial(_read_once, url, root, limit, timeout), PAUSES, title=hide_url_secrets(url)
    )


def _read_once(url: str, root: Path, limit: int, timeout: float) -> tuple[bytes, str]:
    if url.startswith(("http://", "https://")):
        return http.find_http_document(url, limit, timeout)
    data = bytearray()
    for chunk in _all_chunks(url, root, None, timeout, timeout):
        data += chunk
        if len(data) > limit:
            raise Unreadable(f"it has more than {limit:,} bytes")
    return bytes(data), url


def hash_source(source: Source, expected: Hashes, progress: ByteProgress | None = None) -> Hashes:
    """Read the bytes once to learn their hashes and size, and keep nothing.

    Raises:
        ChecksumMismatch: the bytes contradict what is expected of them.
        DownloadFailed: no source could be read.
    """

    def read(url: str, *, last: bool) -> Hashes:
        begins = _Beginning()
        chunks = begins.note(_chunks(url, source, expected, progress, last=last))
        found = files.hash_file_chunks(chunks)
        begins.require_weights(url, expected, found)
        _require_same(source.model, url, expected, found)
        return found

    return _first_good(source, read)[1]


def fetch_source(
    source: Source, expected: Hashes, target: Path, progress: ByteProgress | None = None
) -> Fetched:
    """Bring the pinned bytes to ``target``, or leave it as it is.

    The bytes go to a temporary file beside the target and are hashed on the way; only when they
    are the pinned ones does that file take the target's place.

    Raises:
        ChecksumMismatch: sources answered, but none with the pinned bytes.
        DownloadFailed: no source could be read.
    """

    def receive(url: str, *, last: bool) -> Hashes:
        with files.replace_file(target) as new:
            begins = _Beginning()
            chunks = begins.note(_chunks(url, source, expected, progress, last=last))
            found = _write(chunks, expected, new)
            begins.require_weights(url, expected, found)
            kept = f"{target.name} is still what it was" if target.exists() else ""
            _require_same(source.model, url, expected, found, kept)
        return found

    url, found = _first_good(source, receive)
    return Fetched(url=url, hashes=found)


def fetch_to_file(
    source: Source, expected: Hashes, file: Path, progress: ByteProgress | None = None
) -> Fetched:
    """Write the pinned bytes to a file that is there for them, such as one of a cache.

    Raises:
        ChecksumMismatch: sources answered, but none with the pinned bytes.
        DownloadFailed: no source could be read.
    """

    def receive(url: str, *, last: bool) -> Hashes:
        begins = _Beginning()
        chunks = begins.note(_chunks(url, source, expected, progress, last=last))
        found = _write(chunks, expected, file)
        begins.require_weights(url, expected, found)
        _require_same(source.model, url, expected, found)
        return found

    url, found = _first_good(source, receive)
    return Fetched(url=url, hashes=found)


def _write(chunks: Iterator[bytes], expected: Hashes, file: Path) -> Hashes:
    descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)
    try:
        if expected.size is None:
            chunks = _leaving_room(chunks, file.parent)
        return files.hash_file_chunks(chunks, write=descriptor)
    finally:
        os.close(descriptor)


def _leaving_room(chunks: Iterator[bytes], folder: Path) -> Iterator[bytes]:
    """Stop before bytes of which nobody stated how many there are have filled the disk."""
    left = ROOM
    for chunk in chunks:
        left -= len(chunk)
        if left <= 0:
            if (free := shutil.disk_usage(folder).free) < ROOM:
                raise Unreadable(
                    f"it fills the disk: {free:,} bytes are left in {folder}, and its size is "
                    "not stated"
                )
            left = ROOM
        yield chunk


def _require_same(model: str, url: str, expected: Hashes, found: Hashes, hint: str = "") -> None:
    if difference := expected.first_difference(found):
        raise ChecksumMismatch(
            model=model,
            url=hide_url_secrets(url),
            expected=difference[0],
            found=difference[1],
            hint=hint,
        )


def _first_good(source: Source, attempt: Attempt) -> tuple[str, Hashes]:
    """Try every source in turn, then those again that may have recovered."""
    causes: dict[str, str] = {}
    mismatch: ChecksumMismatch | None = None
    waiting = list(source.urls)
    for pause in (None,) if source.hurried else (*PAUSES, None):
        wait = 0.0
        for url in tuple(waiting):
            try:
                require_fetch_allowed(url, source.offline)
                with _timed(source.patience):
                    found = attempt(url, last=url == waiting[-1])
            except ChecksumMismatch as error:
                mismatch = mismatch or error
                waiting.remove(url)
                causes[url] = f"{hide_url_secrets(url)}: has {error.found}"
            except Unreadable as error:
                causes[url] = f"{hide_url_secrets(url)}: {error}"
                wait = max(wait, error.wait)
                if not error.again:
                    waiting.remove(url)
                logger.info("%s: %s", source.model, causes[url])
            else:
                if mismatch is not None:
                    logger.warning("%s", mismatch)
                return url, found
        if not waiting or pause is None:
            break
        sleep_before_retry(max(wait, pause), source.model)
    if mismatch is not None:
        raise mismatch.with_others(
            cause for url, cause in causes.items() if hide_url_secrets(url) != mismatch.url
        )
    raise DownloadFailed(source.model, list(causes.values()))


@contextmanager
def _timed(patience: Patience) -> Iterator[None]:
    """See that only silence, within, takes of the time that there is for all servers."""
    try:
        yield
    except Silent:
        raise
    except (Unreadable, ChecksumMismatch):
        patience.answered()
        raise
    patience.rest()


def require_fetch_allowed(url: str, offline: str | None) -> None:
    """Refuse to read from elsewhere where that is forbidden.

    Raises:
        Unreadable: it is.
    """
    if offline is not None and is_remote_url(url) and not _is_local_repository(url):
        raise Unreadable(f"it needs the network, which {offline} forbids")


def _is_local_repository(url: str) -> bool:
    return url.startswith("git+") and _git_file(url).is_local


def _git_file(url: str) -> GitFile:
    try:
        return GitFile.parse(url)
    except ValueError as error:
        raise Unreadable(str(error)) from error
