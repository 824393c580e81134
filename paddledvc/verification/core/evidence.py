"""The report of a verification, read back: whether it passes, and which bytes it is of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.hashes import Hashed, Hashes
from paddledvc.models.model import Output
from paddledvc.tools.dvc.core.objects import folder_oid
from paddledvc.verification.core.report import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a report proves.

    Attributes:
        verdict: what it says of itself.
        failures: what did not pass, a few words a thing.
        paths: the ways to run the exported files that agree with the network.
        files: the weights and exported files that it is of.
        paddles: the versions of Paddle that computed, the network's first.
        outputs: what the exported program gives; nothing where that is unknown.
    """

    verdict: str
    failures: tuple[str, ...]
    paths: tuple[str, ...]
    files: tuple[Hashed, ...]
    paddles: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether everything that was compared agrees."""
        return self.verdict == "pass" and not self.failures

    def hashes(self, path: str) -> Hashes | None:
        """Give what a file hashed to when it was verified; None if it was not."""
        return next((one.hashes for one in self.files if one.path == path), None)

    def md5(self, path: str) -> str | None:
        """Give DVC's MD5 of a file or folder, as it was verified; None if it was not."""
        hashes = self.hashes(path)
        return self.folder(path) if hashes is None else hashes.md5

    def folder(self, path: str) -> str | None:
        """Give DVC's MD5 of a folder, as it was when its files were verified; None if unknown."""
        start = f"{path}/"
        files = {
            one.path.removeprefix(start): one.hashes.md5
            for one in self.files
            if one.path.startswith(start)
        }
        known = {name: md5 for name, md5 in files.items() if md5 is not None}
        return folder_oid(known) if known and len(known) == len(files) else None


def parse(text: str) -> Evidence:
    """Read a report.

    Raises:
        ValueError: it is none; the message says why, as the end of a sentence about it.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} in line {error.lineno}") from error
    except RecursionError as error:
        raise ValueError("is JSON of too many lists in lists") from error
    try:
        evidence = value["evidence"][0]
        version = evidence["version"]
        if version != VERSION:
            raise ValueError(f"has the format {version!r}, this paddledvc reads {VERSION}")
        verdict = str(value["verdict"])
        return Evidence(
            verdict=verdict,
            failures=tuple(_failures(evidence["paths"])) or _nothing(verdict, evidence["paths"]),
            paths=tuple(str(path["path"]) for path in evidence["paths"] if path["passed"]),
            files=tuple(_hashed(file) for file in evidence["files"]),
            paddles=tuple(dict.fromkeys(_paddles(evidence))),
            outputs=tuple(map(_output, evidence.get("outputs", ()))),
        )
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError("is no report of `paddledvc verify`") from error


def paddle_of(text: str, path: str, md5: str | None) -> str | None:
    """Say which Paddle a folder was verified by; None where the report is not of these bytes.

    Args:
        text: the report.
        path: the folder.
        md5: DVC's MD5 of it.
    """
    try:
        proof = parse(text)
    except ValueError:
        return None
    return next(iter(proof.paddles), None) if md5 and proof.folder(path) == md5 else None


def _failures(paths: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for path in paths:
        if not path["passed"] and not path.get("skipped", False):
            yield ": ".join((str(path["path"]), *map(str, path["findings"][:1])))


def _nothing(verdict: str, paths: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Doubt a report that passes because it is of no path."""
    compared = any(path["passed"] for path in paths)
    return () if compared or verdict != "pass" else ("nothing was compared",)


def _paddles(evidence: Mapping[str, Any]) -> Iterator[str]:
    for part in (evidence, *evidence["paths"]):
        runtime = part.get("runtime")
        if runtime is not None:
            yield str(runtime["paddle"])


def _output(value: Mapping[str, Any]) -> Output:
    shape = None if value["shape"] is None else tuple(value["shape"])
    return Output(name=str(value["name"]), shape=shape, dtype=value["dtype"])


def _hashed(file: Mapping[str, Any]) -> Hashed:
    hashes = Hashes(md5=file["md5"], sha256=file["sha256"], size=file["size"])
    return Hashed(path=str(file["path"]), hashes=hashes)
