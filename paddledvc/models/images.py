"""Names of container images: where one is, what its tag says of it, and whether it may move."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc.models.versions import as_version, is_version

if TYPE_CHECKING:
    from collections.abc import Iterable

Sameness = Literal["equal", "differs", "unknown"]
"""Whether two are known to be the same."""
PADDLE = "paddle"
"""Last part of the repositories, mirrors and a team's own among them, whose tags begin with one."""
_DIGEST = "sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    r"(?:(?P<registry>localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9.-]+(?=:[0-9]+/)"
    r"|[a-z0-9-]*[A-Z][A-Za-z0-9-]*|\[[0-9A-Fa-f:]+\])(?P<port>:[0-9]+)?/)?"
    rf"(?P<repository>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    rf"(?:@(?P<digest>{_DIGEST}))?"
)
# 3.0.0b1 is a beta; 3.3.1-b200 is for a GPU.
_SUFFIX = (
    r"(?:[-_.]?(?:alpha|beta|rc)[-_.]?[0-9]+|[ab][0-9]+)?"
    r"(?:\.post[0-9]+)?(?:\.dev[0-9]*)?(?=$|[-_])"
)
# Dates and the numbers of builds have more digits than the first number of a Paddle.
_VERSION = re.compile(rf"v?(?P<version>[0-9](?:\.[0-9]+)*{_SUFFIX})", re.IGNORECASE)
_PART_VERSION = re.compile(
    rf"(?:^|[-_])paddle(?:paddle)?[-_]?v?(?P<version>[0-9](?:\.[0-9]+)+{_SUFFIX})", re.IGNORECASE
)
"""As in paddlex3.3.11-paddlepaddle3.2.0-cpu, which is a tag of PaddleX."""
_LIBRARY = re.compile(r"(?P<name>cuda|cudnn|trt)(?P<version>[0-9]+(?:\.[0-9]+)*)")
_MOVING = frozenset(("latest", "dev", "nightly"))
"""Parts of tags that are moved to every new image."""
_BRANCHES = frozenset(("develop", "edge", "main", "master", "stable"))
"""Tags that follow a branch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A name of a container image, taken apart.

    Attributes:
        registry: the server, with its port; None for the one that Docker takes by itself.
        repository: the path on the server.
        tag: what may be moved to other bytes.
        digest: what never is, as ``sha256:…``.
    """

    registry: str | None = None
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Image:
        """Take the name of an image apart.

        Raises:
            ValueError: it is none; the message says what is expected.

        >>> Image.parse("registry:5000/team/paddle:3.3.1").registry
        'registry:5000'
        """
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise ValueError(
                f"found {text!r}, expected a container image such as paddlepaddle/paddle:3.3.1"
            )
        host = match["registry"]
        return cls(
            registry=None if host is None else f"{host}{match['port'] or ''}",
            repository=match["repository"],
            tag=match["tag"],
            digest=match["digest"],
        )

    @property
    def paddle(self) -> str | None:
        """The version of Paddle that the tag names, maybe without its last numbers.

        None where the tag names none. That of an image which is not called ``paddle`` has to say
        that it means Paddle.

        >>> Image.parse("paddlepaddle/paddle:2.6-gpu-cuda11.8").paddle
        '2.6'
        >>> Image.parse("paddlex/paddlex:paddlex3.3.11-paddlepaddle3.2.0-cpu").paddle
        '3.2.0'
        """
        tag = self.tag or ""
        ours = self.repository.rpartition("/")[2] == PADDLE
        match = (_VERSION.match(tag) if ours else None) or _PART_VERSION.search(tag)
        return match["version"] if match and is_version(match["version"]) else None

    @property
    def cuda(self) -> str | None:
        """The version of CUDA that the tag names, which images for developers write without dot.

        >>> Image.parse("paddlepaddle/paddle:cuda126-dev").cuda
        '12.6'
        """
        found = self._library("cuda")
        return f"{found[:-1]}.{found[-1]}" if found and re.fullmatch("[0-9]{3}", found) else found

    @property
    def cudnn(self) -> str | None:
        """The version of cuDNN that the tag names."""
        return self._library("cudnn")

    @property
    def tensorrt(self) -> str | None:
        """The version of TensorRT that the tag names."""
        return self._library("trt")

    def _library(self, name: str) -> str | None:
        parts = (_LIBRARY.fullmatch(part) for part in (self.tag or "").split("-"))
        return next((part["version"] for part in parts if part and part["name"] == name), None)

    @property
    def floating(self) -> bool:
        """Whether it is other bytes from time to time by intent; a digest holds it.

        >>> [Image.parse(f"paddle:{tag}").floating for tag in ("3.3.1", "latest", "cuda126-dev")]
        [False, True, True]
        """
        if self.digest is not None:
            return False
        if self.tag is None:
            return True
        tag = self.tag.casefold()
        return tag in _BRANCHES or not _MOVING.isdisjoint(re.split("[-_]", tag))


def is_image_digest(text: str) -> bool:
    """Tell whether a text is what registries call an image's bytes by.

    >>> [is_image_digest(text) for text in (f"sha256:{'0a' * 32}", "sha256:0a", "latest")]
    [True, False, False]
    """
    return re.fullmatch(_DIGEST, text) is not None


def matches_image_paddle(found: str, named: str) -> bool:
    """Tell whether a Paddle is one that an image's tag or ``paddle:`` names.

    What is named may leave the last numbers out. What follows a ``+``, and ``.post117``, say how a
    Paddle was built, not which one it is.

    Args:
        found: a version of Paddle, as it says itself.
        named: the version that is named.

    >>> found = ("2.6.2.post117", "2.6.0+gpu", "2.6.0rc1", "2.5.2")
    >>> [matches_image_paddle(one, "2.6") for one in found]
    [True, True, False, False]
    """
    if not (is_version(found) and is_version(named)):
        return found == named
    ours, wanted = as_version(found), as_version(named)
    release = ours.release + (0,) * (len(wanted.release) - len(ours.release))
    same_build = (ours.pre, ours.dev) == (wanted.pre, wanted.dev)
    return same_build and release[: len(wanted.release)] == wanted.release


def images_agree(one: str, other: str) -> bool:
    """Tell whether two namings of a Paddle can mean the same one, as 2.6 and 2.6.2 can."""
    return matches_image_paddle(one, other) or matches_image_paddle(other, one)


def pin_image(image: str, digest: str | None) -> str:
    """Name an image by its digest too, unless it is named so already.

    >>> pin_image("paddle:3.3.1", "sha256:…")
    'paddle:3.3.1@sha256:…'
    """
    return image if digest is None or "@" in image else f"{image}@{digest}"


def compare_images(found: str, locked: str, mirrors: Iterable[str] = ()) -> Sameness:
    """Tell whether an image that something ran in is the one that is locked.

    A digest decides wherever both have one, and a mirror may have another digest of its own. A tag
    alone does not say which bytes it named, so of one it is unknown whether it is a digest.

    Args:
        found: what ran, as it was named to Docker.
        locked: what is locked, with its digest where that is known.
        mirrors: the same image in other registries, each with its digest.

    >>> digest = "sha256:" + "0" * 64
    >>> locked = f"paddlepaddle/paddle:3.3.1@{digest}"
    >>> found = f"mirror.example/paddle@{digest}", "docker.io/paddlepaddle/paddle:3.3.1", "paddle:2"
    >>> [compare_images(one, locked) for one in found]
    ['equal', 'unknown', 'differs']
    """
    try:
        ours = Image.parse(found)
        wanted = [Image.parse(one) for one in (locked, *mirrors)]
    except ValueError:
        return "equal" if found == locked else "differs"
    if ours.digest is not None and any(one.digest is not None for one in wanted):
        return "equal" if ours.digest in {one.digest for one in wanted} else "differs"
    same = [one for one in wanted if _named(one) == _named(ours)]
    if not same:
        # A digest of the same repository may well be what the tag names.
        unsure = ours.digest is not None and ours.tag is None
        there = any(_repository(one) == _repository(ours) for one in wanted)
        return "unknown" if unsure and there else "differs"
    return "unknown" if any(one.digest for one in same) else "equal"


def _repository(image: Image) -> str:
    """Name the repository as Docker does in full."""
    registry = image.registry or "docker.io"
    if registry in {"index.docker.io", "registry-1.docker.io"}:
        registry = "docker.io"
    plain = registry == "docker.io" and "/" not in image.repository
    return f"{registry}/{'library/' if plain else ''}{image.repository}"


def _named(image: Image) -> str:
    return f"{_repository(image)}:{image.tag or 'latest'}"
