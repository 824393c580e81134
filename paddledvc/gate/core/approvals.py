"""Approvals of a release: which of them count, and whose they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.names import SIGNERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.catalogs.core.release_statements import Statement

PREFIX = "approval/"
"""What the names of approvals begin with; GTO reads no such tag."""
_FORM = re.compile(rf"{PREFIX}(?P<artifact>.+)/(?P<version>v[0-9][^/]*)/[^/]+")
_LINE = re.compile(r'^\s*(?:"(?P<quoted>[^"\n]+)"|(?P<plain>[^\s#"][^\s"]*))\s+(?P<rest>.*)$')
_KEY = re.compile(r"(?:^|\s)(AAAA[A-Za-z0-9+/]+=*)")
_SHORT = 7


def name_approval(artifact: str, version: str, email: str) -> str:
    """Name the tag by which someone approves a release.

    >>> name_approval("det", "v1.2.0", "bo@example.com")
    'approval/det/v1.2.0/bo-example-com'
    """
    who = re.sub(r"[^A-Za-z0-9]+", "-", email).strip("-")
    return f"{PREFIX}{artifact}/{version}/{who or 'someone'}"


def find_approved_release(tag: str) -> str | None:
    """Name the release that a tag approves; None for one that is no approval.

    >>> find_approved_release("approval/models/ocr=det/v1.2.0/bo-example-com")
    'models/ocr=det@v1.2.0'
    """
    form = _FORM.fullmatch(tag)
    return None if form is None else f"{form['artifact']}@{form['version']}"


def group_signers(signers: str) -> Mapping[str, frozenset[str]]:
    r"""Read which principals are one person: those of one line, of one key, or that share a name.

    Args:
        signers: a file of allowed signers of ``ssh-keygen``.

    >>> found = group_signers("bo@home,bo@work ssh-ed25519 AAAA1\nbo@work ssh-rsa AAAA2\n")
    >>> sorted(found["bo@home"])
    ['bo@home', 'bo@work']
    """
    groups: list[set[str]] = []
    for line in signers.splitlines():
        form = _LINE.match(line)
        if form is None:
            continue
        names = {one.casefold() for one in (form["quoted"] or form["plain"]).split(",") if one}
        one = names | set(_KEY.findall(form["rest"]))
        touched = [group for group in groups if group & one]
        groups = [group for group in groups if not group & one]
        groups.append(one.union(*touched))
    people = [frozenset(one for one in group if not one.startswith("AAAA")) for group in groups]
    return {name: group for group in people for name in group}


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A tag that approves a release, or seems to.

    Attributes:
        name: its name.
        made_as: the name that it was made under, which its signature covers.
        object: git's name of the tag itself.
        commit: the commit that it names; None where it is not annotated, or names something else.
        stated: what its message states; None where that is no release.
        by: the address of who made it, as they say.
        signed: how it is signed: ``ssh``, ``other``, or empty for not at all.
        principal: whose signature it is; None where that is not known.
        key: fingerprint of the key; empty where the signature does not verify.
    """

    name: str
    made_as: str = ""
    object: str = ""
    commit: str | None = None
    stated: Statement | None = None
    by: str = ""
    signed: str = ""
    principal: str | None = None
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approvals:
    """The approvals of a release, and what they are judged by.

    Attributes:
        artifact: the model, as its tags call it.
        version: the version, likewise; None for a commit that is no release.
        commit: the commit.
        stated: what the tag of the release states; None where that is none of ours.
        tagger: the address of who made it, as they say.
        authors: addresses of who made the change, in small letters.
        given: all tags that approve it, or seem to.
        people: the principals that are one person, by each, in small letters.
        stages: the release stages that the version holds.
    """

    artifact: str
    version: str | None
    commit: str | None
    stated: Statement | None = None
    tagger: str = ""
    authors: frozenset[str] = frozenset()
    given: tuple[Approval, ...] = ()
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stages: tuple[str, ...] = ()

    @property
    def release(self) -> str:
        """The tag of the release, or which commit is none."""
        at = "@" if self.version is not None else " at "
        return f"{self.artifact}{at}{self.version or _short(self.commit)}"

    @property
    def counted(self) -> Mapping[str, str]:
        """The tags that count, one for each person, by the principal."""
        found: dict[frozenset[str], tuple[str, str]] = {}
        for one in self.given:
            if one.principal is not None and not self.explain_flaw(one):
                found.setdefault(self.addresses(one.principal), (one.principal, one.name))
        return dict(sorted(found.values()))

    @property
    def refused(self) -> Iterable[tuple[str, str]]:
        """The tags that do not count, each with why."""
        flaws = ((one.name, self.explain_flaw(one)) for one in self.given)
        return [(name, why) for name, why in flaws if why]

    def addresses(self, principal: str) -> frozenset[str]:
        """Give all principals of the person who is one of them."""
        name = principal.casefold()
        return self.people.get(name, frozenset()) | {name}

    def explain_author(self, *addresses: str) -> str:
        """Say why someone must not approve, as the end of a sentence about them; empty if not."""
        every = frozenset().union(*map(self.addresses, addresses))
        if every & self.authors:
            return "is an author of the change"
        return "made the tag of the release" if self.tagger.casefold() in every else ""

    def explain_flaw(self, one: Approval) -> str:
        """Say why a tag does not count, as the end of a sentence about it; empty if it does."""
        author = self.explain_author(one.principal or "", one.by)
        flaws = (
            (not one.signed, "it is not signed"),
            (one.signed != "ssh", "it is signed by OpenPGP or X.509, expected an SSH key"),
            (not one.key, "its signature does not verify"),
            (
                one.principal is None,
                f"its key {one.key} is not one of {SIGNERS}, or was not at that time",
            ),
            (one.made_as != one.name, f"it was made as {one.made_as}, and renamed"),
            (
                one.commit is None or one.commit != self.commit,
                f"it approves {_short(one.commit)}, and the release is {_short(self.commit)}",
            ),
            (
                one.stated is None or one.stated != self.stated,
                f"it states another version or other bytes than {self.release}",
            ),
            (bool(author), f"{one.principal} {author}"),
        )
        return next((why for wrong, why in flaws if wrong), "")


def _short(commit: str | None) -> str:
    return "no commit" if commit is None else f"commit {commit[:_SHORT]}"
