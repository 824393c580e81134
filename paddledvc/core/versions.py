"""Versions of models and the requirements that people write for them.

Versions are text, compared by PEP 440; a leading ``v`` is kept for people and ignored when
comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

FLOATING = ("latest", "latest-pre")


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What ``version:`` in models.yaml asks for.

    Attributes:
        text: the requirement as written.
        exact: whether it names one version, so that it needs no catalog to resolve.
    """

    text: str
    exact: bool

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read a requirement: an exact version, a PEP 440 range, a caret or ``latest``.

        Raises:
            ValueError: the text is none of these; its message says what is expected.

        >>> Requirement.parse("v3.3.0").exact, Requirement.parse(">=3.2,<4").exact
        (True, False)
        """
        if is_version(text):
            return cls(text=text, exact=True)
        if text in FLOATING or (text.startswith("^") and is_version(text[1:])):
            return cls(text=text, exact=False)
        try:
            specifiers = SpecifierSet(text)
        except InvalidSpecifier:
            specifiers = SpecifierSet()
        if not specifiers:
            raise ValueError(
                f"{text!r} is not a version; expected one such as v3.3.0, "
                "or a range such as >=3.2,<4 or latest"
            )
        return cls(text=text, exact=False)


def is_version(text: str) -> bool:
    """Tell whether ``text`` is one exact version.

    >>> is_version("v3.3.0"), is_version("3.3.0rc1"), is_version(">=3")
    (True, True, False)
    """
    try:
        Version(text)
    except InvalidVersion:
        return False
    return text == text.strip()


def same_version(left: str, right: str) -> bool:
    """Tell whether two exact versions are equal, whatever their spelling.

    >>> same_version("v3.3.0", "3.3")
    True
    """
    return Version(left) == Version(right)
