"""The file systems of fsspec behind DVC's remotes."""

from __future__ import annotations

import math
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.tools.dvc.remotes.failures import Broken, translate_failures
from paddledvc.tools.system import atomic, files

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
    from concurrent.futures import Future

PART = 8 << 20
"""Bytes that are asked for, or sent, at a time."""
PARTS = 10_000
"""Parts of which an object may be sent to S3."""
WINDOW = 3
"""Parts of one object that are on their way at a time; memory holds so many."""
ASKED = 16
"""Questions on their way at a time."""
S3_TRIES = 2
"""How often a server of S3 is asked the same."""
CLOSING = 5.0
"""Seconds that connections get to end themselves."""
HTTP = ("http", "https")
AsyncCall = Literal["cat_file", "put_file", "info"]
"""Calls whose coroutines, such as ``_info``, fsspec asks of every asynchronous file system."""
OBJECT_STORES = ("s3", "gs", "azure", "oss")
"""Where parts of an object can be read at once, and what is written is seen whole or not at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteFile:
    """A file of a remote.

    Attributes:
        path: its path there.
        size: in bytes.
        modified: seconds since 1970 at which it came there; None where that is not told.
    """

    path: str
    size: int
    modified: float | None


class System:
    """A file system, of which every failure is a ``Broken``; threads may share it.

    Attributes:
        folder: where the remote is.
        listable: whether it tells what is in a folder.

    Args:
        system: the file system of fsspec.
        folder: where the remote is.
        patience: seconds that a server may be silent.
        mode: what new folders on this machine get; None for what the umask leaves.
    """

    def __init__(
        self, system: Any, folder: str, patience: float, *, mode: int | None = None
    ) -> None:
        self._mode = mode
        self.folder, self.listable = folder, bool(system.CAN_TRAVERSE)
        self._system, self._patience = system, patience
        self._pending: set[Future[Any]] = set()
        self._uploads: set[Task[Any]] = set()
        self._stopped = False

    def join(self, *parts: str) -> str:
        """Join the parts of a path."""
        path: str = self._system.join(*parts)
        return path

    def size(self, path: str) -> int | None:
        """Tell the size of a file in bytes; None if there is none."""
        return self._size_of(path, lambda: self._info(path))

    def sizes(
        self, paths: Sequence[str], answered: Callable[[], None] | None = None
    ) -> list[int | None]:
        """Tell the sizes of many files, after a first one that finds out whether nobody answers.

        Args:
            paths: the files.
            answered: called when that is known.
        """
        self._forget()
        first = [self.size(path) for path in paths[:1]]
        if answered is not None:
            answered()
        options = {"batch_size": ASKED, "return_exceptions": True}
        answers = self._system.info(list(paths[1:]), **options) if paths[1:] else []
        rest = zip(paths[1:], answers, strict=True)
        return [*first, *(self._size_of(path, partial(_value, answer)) for path, answer in rest)]

    def _size_of(self, path: str, ask: Callable[[], Any]) -> int | None:
        try:
            with translate_failures(path, self._patience):
                answer = ask()
        except Broken as error:
            if error.absent:
                return None
            raise
        return int(answer["size"]) if answer["type"] == "file" else None

    def find(self, folder: str) -> Iterator[RemoteFile]:
        """Yield every file below a folder; there are none if it is not there."""
        self._forget()
        try:
            with translate_failures(folder, self._patience):
                if self._system.protocol == "local":
                    yield from _walk(folder)
                    return
                found = self._system.fs.find(folder, detail=True)
        except Broken as error:
            if error.absent:
                return
            raise
        for path, info in found.items():
            yield RemoteFile(path=path, size=info["size"], modified=_modified(info))

    def read(self, path: str, size: int) -> Iterator[bytes]:
        """Read the bytes of a file, some megabytes at a time."""
        protocol = self._system.protocol
        if protocol in HTTP:
            yield from self._stream(path, size=size)
        elif protocol == "s3":
            yield from self._stream_or_parts(path, size)
        elif protocol in OBJECT_STORES:
            yield from self._parts(path, 0, size)
        else:
            with translate_failures(path, self._patience), self._system.open(path, "rb") as file:
                while chunk := file.read(files.CHUNK):
                    self._require_going()
                    yield chunk

    def _stream_or_parts(self, path: str, size: int) -> Iterator[bytes]:
        """Read an object by one question, and take it up again where the answer breaks off.

        Some servers look through all of an object for every part of it.
        """
        done = 0
        try:
            for chunk in self._stream(path):
                done += len(chunk)
                yield chunk
        except Broken:
            if not done:
                raise
        yield from self._parts(path, done, size)

    def _stream(self, path: str, **options: Any) -> Iterator[bytes]:
        with translate_failures(path, self._patience):
            file = self._begin(self._system.fs.open_async(path, **options)).result()
        coming = self._begin(_filled(file))
        try:
            while True:
                with translate_failures(path, self._patience):
                    chunk = coming.result()
                if not chunk:
                    return
                coming = self._begin(_filled(file))
                yield chunk
        finally:
            coming.cancel()
            self._system.fs.loop.call_soon_threadsafe(_close, file)

    def _parts(self, path: str, done: int, size: int) -> Iterator[bytes]:
        """Read what is left of an object in parts, the next ones on their way already."""
        coming: deque[Future[bytes]] = deque()
        starts = iter(range(done, size, PART))
        try:
            while True:
                while len(coming) < WINDOW and (start := next(starts, None)) is not None:
                    limits = {"start": start, "end": min(start + PART, size)}
                    coming.append(self._call("cat_file", path, **limits))
                if not coming:
                    return
                with translate_failures(path, self._patience):
                    chunk = coming.popleft().result()
                yield chunk
        finally:
            for one in coming:
                one.cancel()

    def write(self, source: Path, path: str, told: Any) -> None:
        """Send a file, which is seen by others whole or not at all."""
        with translate_failures(path, self._patience):
            protocol = self._system.protocol
            if protocol in OBJECT_STORES:
                options = {}
                if protocol == "s3":
                    part = _part(source.stat().st_size)
                    options = {"chunksize": part, "max_concurrency": WINDOW}
                    _abort_stopped_uploads(self._system.fs, self._uploads)
                self._call("put_file", str(source), path, callback=told, **options).result()
            elif protocol in HTTP:
                self._system.put_file(str(source), path, callback=told)
            else:
                self._write_aside(source, path, told)
        self._forget()

    def _write_aside(self, source: Path, path: str, told: Any) -> None:
        """Send a file under another name first, where a half one would be seen."""
        parent = self._system.parent(path)
        if self._system.protocol == "local":
            atomic.make_folder(parent, self._mode)
            atomic.sweep_atomic_parts(parent)
        else:
            self._system.makedirs(parent)
        aside = self.join(parent, f"{atomic.make_atomic_name('.')}{atomic.PART}")
        try:
            self._system.put_file(str(source), aside, callback=told)
            self._require_going()
            if self._system.protocol == "local":
                Path(aside).chmod(0o444)  # as DVC leaves them
                Path(aside).replace(path)
            else:
                self._system.mv(aside, path)
        except BaseException:
            with suppress(Exception):  # what failed first is told
                self._system.rm_file(aside)
            raise

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""
        try:
            with translate_failures(path, self._patience):
                self._system.rm_file(path)
        except Broken as error:
            if not error.absent:
                raise
        self._forget()

    def stop(self) -> None:
        """Break off what other threads are doing."""
        self._stopped = True
        for one in tuple(self._pending):
            one.cancel()

    def close(self) -> None:
        """Close what connections there are, if any were opened."""
        system = self._system.__dict__.get("fs")
        if getattr(system, "async_impl", False):
            import asyncio  # noqa: PLC0415 - not for remotes that are folders

            # fsspec's own way to close gives up after 0.1 s and leaves it open then.
            with suppress(Exception):  # the process may go on without
                ending = _end_session(system, self._uploads)
                asyncio.run_coroutine_threadsafe(ending, system.loop).result(CLOSING)

    def _info(self, path: str) -> Any:
        """Ask about a file, and do not wait for the answer for ever."""
        system = self._system.fs
        if system.async_impl:
            return self._call("info", path).result(self._patience)
        self._require_going()
        return system.info(path)

    def _call(self, name: AsyncCall, *arguments: Any, **options: Any) -> Future[Any]:
        """Begin a call of an asynchronous file system that ``stop`` can break off.

        The public method of the same name cannot be broken off: ^C then ended a download in parts,
        an upload or a question only when a slow server was done, after 40 s instead of one.
        """
        return self._begin(getattr(self._system.fs, f"_{name}")(*arguments, **options))

    def _begin(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Begin something that an asynchronous file system does in a thread of its own."""
        import asyncio  # noqa: PLC0415 - not for remotes that are folders

        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._system.fs.loop)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        if self._stopped:
            future.cancel()
        return future

    def _require_going(self) -> None:
        if self._stopped:
            raise Broken("it was stopped")

    def _forget(self) -> None:
        """Let the file system look anew: others write to the remote too."""
        if invalidate := getattr(self._system.fs, "invalidate_cache", None):
            invalidate()


def _part(size: int) -> int:
    """Say how large the parts of an upload are, of which S3 takes no more than so many.

    >>> _part(1 << 30) == PART, _part(1 << 40)
    (True, 109951163)
    """
    return max(PART, math.ceil(size / PARTS))


def _abort_stopped_uploads(system: Any, uploads: set[Task[Any]]) -> None:
    """Let a file system of S3 abort what it sends in parts also where that is stopped.

    By itself it does so after errors alone, and S3 bills the parts that it has.

    Args:
        system: the file system.
        uploads: those that are under way.
    """
    import asyncio  # noqa: PLC0415 - not for remotes that are folders

    if "_upload_file_part_concurrent" in vars(system):
        return
    send = system._upload_file_part_concurrent  # noqa: SLF001 - it has nothing of the kind

    async def send_or_abort(bucket: str, key: str, upload: Any, *rest: Any, **options: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        uploads.add(task)
        try:
            return await send(bucket, key, upload, *rest, **options)
        except asyncio.CancelledError:
            await system._abort_mpu(bucket, key, upload["UploadId"])  # noqa: SLF001 - as above
            raise
        finally:
            uploads.discard(task)

    system._upload_file_part_concurrent = send_or_abort  # noqa: SLF001 - as above


async def _end_session(system: Any, uploads: set[Task[Any]]) -> None:
    """Close the connections of a file system of S3 or HTTP, or one that is made as these are."""
    if uploads:
        import asyncio  # noqa: PLC0415 - as above

        await asyncio.wait(tuple(uploads))
    if (opened := getattr(system, "set_session", None)) is not None:
        await (await opened()).close()
    elif (session := getattr(system, "session", None)) is not None:
        await session.close()


async def _filled(file: Any) -> bytes:
    """Read about a megabyte; a stream gives what it has, in crumbs."""
    data = bytearray()
    while len(data) < files.CHUNK and (crumb := await file.read(files.CHUNK - len(data))):
        data += crumb
    return bytes(data)


def _close(file: Any) -> None:
    file.closed = True  # or it would begin to close itself, and nobody would wait for that
    if (body := getattr(file, "r", None)) is not None:
        body.close()


def _value(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _walk(folder: str) -> Iterator[RemoteFile]:
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at, name)
            with suppress(FileNotFoundError):  # removed since
                found = path.stat()
                # Whoever moves or links a file leaves it the time of its last byte.
                came = max(found.st_mtime, found.st_ctime)
                yield RemoteFile(path=str(path), size=found.st_size, modified=came)


def _modified(info: Mapping[str, Any]) -> float | None:
    for key in ("LastModified", "last_modified", "mtime", "created"):
        match info.get(key):
            case datetime() as moment:
                return moment.timestamp()
            case int() | float() as seconds:
                return float(seconds)
    return None
