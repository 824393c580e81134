"""Versions of models and the requirements that people write for them.

Versions are text, compared by PEP 440; a leading ``v`` is kept for people and ignored when
comparing. A date behind an underscore, as in ``v1.2_20250405``, counts as behind a dash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

FLOATING = ("latest", "latest-pre")
LONGEST = 1000
"""Characters of a version, or range; Python reads no number of more than 4,300 digits."""
_ONE = re.compile(r"==\s*(?P<version>[^\s,*=]+)")
_DIGITS_OF_A_DATE = 6
_DATE = re.compile(rf"(\.\d+)_(\d{{{_DIGITS_OF_A_DATE},}})(?=\s*(?:,|$))")
"""A date behind a version. A dot has to be in that: ``ocr_4_20250405.pdparams`` is of ``ocr_4``."""
_NUMBERS = re.compile(r"v?\d+(?:[._-]\d+)+")
_WILDCARD = re.compile(r"v?\d+(?:\.\d+)*\.[xX*]")
_RELEASES = (
    re.compile(r"(?<![a-z])[vV]\d+(?:\.\d+)*"),
    re.compile(r"(?<![A-Za-z0-9.])\d+(?:\.\d+)*(?![A-Za-z0-9])"),
    re.compile(r"\d+(?:\.\d+)+"),
)
"""The version in a label: behind a ``v``, apart, or with a dot."""
_LABELLED = re.compile(r"[A-Za-z0-9._-]+")
_OF_OTHERS = re.compile(r"(?P<operator>[=~])\s*(?P<version>v?\d+(?:\.\d+)*)")
_BUILD = re.compile(r"(?:[<>]=?|~=|\^)\s*(?P<version>[^\s,+]+)(?P<local>\+[^\s,]*)")
"""A bound of a range with a local part, such as ``+cpu``, which PEP 440 orders by no bound."""
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What ``version:`` in models.yaml asks for.

    Attributes:
        text: the requirement as written.
        version: the one version that it names, as written; None for a range.
    """

    text: str
    version: str | None

    @classmethod
    @lru_cache(maxsize=1 << 12)
    def parse(cls, text: str) -> Requirement:
        """Read a requirement: an exact version, a PEP 440 range, a caret or ``latest``.

        A version alone is that very version; ``==`` before it admits every build, as PEP 440 says.

        Raises:
            ValueError: the text is none of these; its message says what is expected.

        >>> Requirement.parse("v3.3.0").exact, Requirement.parse(">=3.2,<4").exact
        (True, False)
        >>> Requirement.parse("==v3.3.0").version
        'v3.3.0'
        """
        if is_version(text):
            return cls(text=text, version=text)
        if (build := _BUILD.search(text)) and is_version(build["version"]):
            raise ValueError(
                f"{text!r} is a range, which takes no local part {build['local']!r}; leave it "
                f"out, or name one build as {build['version']}{build['local']}"
            )
        if text in FLOATING or (text.startswith("^") and is_version(text[1:])):
            return cls(text=text, version=None)
        if one := _ONE.fullmatch(text):
            if is_version(one["version"]):
                return cls(text=text, version=one["version"])
        elif "===" not in text and _specifiers(text):  # === compares texts, not versions
            return cls(text=text, version=None)
        if works := suggest_version(text):
            raise ValueError(f"{text!r} is not a version; write {works!r}")
        raise ValueError(
            f"{text!r} is not a version; expected one such as v3.3.0, a range such as "
            ">=3.2,<4, ~=3.3.0, ==3.* or ^3.2, latest or latest-pre"
        )

    @property
    def exact(self) -> bool:
        """Whether it names one version."""
        return self.version is not None

    @property
    def names_prerelease(self) -> bool:
        """Whether it asks for pre-releases, which nobody else gets.

        >>> [Requirement.parse(text).names_prerelease for text in (">=3.3", ">=3.3rc1")]
        [False, True]
        """
        if self.version is not None:
            return as_version(self.version).is_prerelease
        return self.text == "latest-pre" or bool(self._range().prereleases)

    def allows(self, version: str, *, prereleases: bool | None = None) -> bool:
        """Tell whether an exact version satisfies this requirement.

        Args:
            version: the exact version.
            prereleases: whether pre-releases will do; by default only where this requirement
                asks for them.

        >>> Requirement.parse("^3.2").allows("v3.9"), Requirement.parse("^0.2").allows("0.3")
        (True, False)
        >>> Requirement.parse("==1.0").allows("1.0+cpu"), Requirement.parse("1.0").allows("1.0+cpu")
        (True, False)
        >>> Requirement.parse("latest").allows("4.0rc1")
        False
        """
        found = as_version(version)
        if self.version == self.text:
            return found == as_version(self.text)
        if self.version is not None:
            return self._range().contains(found, prereleases=True)
        wanted = self.names_prerelease if prereleases is None else prereleases
        if found.is_prerelease and not wanted:
            return False
        return self.text in FLOATING or self._range().contains(found, prereleases=True)

    def _range(self) -> SpecifierSet:
        text = _caret(self.text[1:]) if self.text.startswith("^") else self.text
        return _specifiers(text) if text not in FLOATING else SpecifierSet()


@lru_cache(maxsize=1 << 16)
def as_version(text: str) -> Version:
    """Read an exact version, for comparing.

    Raises:
        InvalidVersion: it is none.

    >>> as_version("v3.10") > as_version("3.9")
    True
    """
    if len(text) > LONGEST:
        raise InvalidVersion(f"{text[:20]}... has {len(text)} characters")
    return Version(_DATE.sub(r"\1-\2", text))


@lru_cache(maxsize=1 << 12)
def _specifiers(text: str) -> SpecifierSet:
    """Read a PEP 440 range; an empty one where the text is none."""
    try:
        return SpecifierSet(_DATE.sub(r"\1-\2", text) if len(text) <= LONGEST else "")
    except InvalidSpecifier:
        return SpecifierSet()


def _caret(text: str) -> str:
    """Write Cargo's caret as a PEP 440 range: what may not break, up to the next that may.

    >>> _caret("1.2.3"), _caret("0.2.3"), _caret("0.0.3"), _caret("0.0"), _caret("0")
    ('>=1.2.3,<2', '>=0.2.3,<0.3', '>=0.0.3,<0.0.4', '>=0.0,<0.1', '>=0,<1')
    """
    version = as_version(text)
    release = version.release
    fixed = next((i for i, part in enumerate(release[:3]) if part), len(release[:3]) - 1)
    upper = (*release[:fixed], release[fixed] + 1)
    epoch = f"{version.epoch}!" if version.epoch else ""
    return f">={version.public},<{epoch}{'.'.join(map(str, upper))}"


def newest_version(versions: Iterable[str]) -> str | None:
    """Return the newest of some versions, whatever their order; None of none.

    Among builds of one version it is the one without a local part.

    >>> newest_version(["v1.9", "v1.10", "1.2"]), newest_version(["1.0+cpu", "1.0"])
    ('v1.10', '1.0')
    """
    return max(versions, key=_newness, default=None)


def _newness(text: str) -> tuple[Version, bool, Version, str]:
    version = as_version(text)
    return as_version(version.public), version.local is None, version, text


def is_version(text: str) -> bool:
    """Tell whether ``text`` is one exact version.

    >>> is_version("v3.3.0"), is_version("3.3.0rc1"), is_version(">=3")
    (True, True, False)
    """
    try:
        as_version(text)
    except InvalidVersion:
        return False
    return text == text.strip()  # Version takes no notice of spaces around it


def suggest_version(text: str) -> str:
    """Write what is nearly a version as one that is; empty where nothing is near.

    >>> suggest_version("ch_v4"), suggest_version("v2_20250405"), suggest_version("3.x")
    ('v4+ch', 'v2-20250405', '==3.*')
    >>> suggest_version("newest")
    ''
    """
    if len(text) > LONGEST:
        return ""
    if text.startswith(("=", "~", "<", ">")) and (spelled := _spell_range(text)):
        return spelled
    if one := _ONE.fullmatch(text):
        nearest = suggest_version(one["version"])
        return f"=={nearest}" if is_version(nearest) else nearest
    if wildcard := _WILDCARD.fullmatch(text):
        return f"=={wildcard.group()[:-1]}*"
    tries = []
    if _NUMBERS.fullmatch(text):
        start, _, last = text.rpartition("_")
        tries += [f"{start}-{last}"] if len(last) >= _DIGITS_OF_A_DATE else []
        tries += [re.sub("[_-]", ".", text)]
    elif _LABELLED.fullmatch(text) and (release := _find_release(text)):
        labels = re.findall("[A-Za-z0-9]+", f"{text[: release.start()]} {text[release.end() :]}")
        tries += [f"{release.group()}+{'.'.join(labels)}"]
    return next((one for one in tries if one != text and is_version(one)), "")


def _spell_range(text: str) -> str:
    """Write a requirement of Cargo, npm or conda as PEP 440 does; empty where it is none."""
    if other := _OF_OTHERS.fullmatch(text):
        version = other["version"]
        if other["operator"] == "=":
            return f"=={version}"
        # Cargo's tilde lets the third number move, and only that one: PEP 440's needs three for it.
        return f"~={version}" if version.count(".") > 1 else f"=={version}.*"
    apart = ",".join(text.split())
    return apart if apart != text and "===" not in apart and _specifiers(apart) else ""


def _find_release(text: str) -> re.Match[str] | None:
    """Find the numbers that are the version; neither those of a name nor of a commit."""
    return next(filter(None, (pattern.search(text) for pattern in _RELEASES)), None)


def is_version_range(text: str) -> bool:
    """Tell whether ``text`` is a PEP 440 range.

    >>> is_version_range(">=3.0,<4"), is_version_range("3.0")
    (True, False)
    """
    return bool(_specifiers(text))


def in_version_range(version: str, text: str) -> bool:
    """Tell whether a PEP 440 range holds a version, pre-releases included.

    >>> in_version_range("3.3.1", ">=3.0,<4")
    True
    """
    return _specifiers(text).contains(as_version(version), prereleases=True)


def canonical_version(text: str) -> str:
    """Write a version as all its spellings are written; what is none stays as it is.

    >>> canonical_version("v1.10.0"), canonical_version("1.10"), canonical_version("?")
    ('1.10', '1.10', '?')
    """
    return canonicalize_version(as_version(text)) if is_version(text) else text


def same_version(left: str, right: str) -> bool:
    """Tell whether two exact versions are equal, whatever their spelling.

    >>> same_version("v3.3.0", "3.3")
    True
    """
    return as_version(left) == as_version(right)


def is_older_version(version: str, than: tuple[int, int]) -> bool:
    """Tell whether a program says that it is older than a version.

    >>> [is_older_version(f"git version {one}", (2, 30)) for one in ("2.39.5", "2.9")]
    [False, True]
    """
    found = _VERSION.search(version)
    return found is not None and (int(found[1]), int(found[2])) < than
