"""Signatures of tags, as git verifies them against signers that the caller names."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.tools.git.command import ask_git, try_git

if TYPE_CHECKING:
    from collections.abc import Sequence

_GOOD = re.compile(
    r'^Good "git" signature (?:for (?P<principal>.+) )?with \S+ key (?P<key>SHA256:\S+)$',
    re.MULTILINE,
)
_BAD = ("Could not verify signature", "Signature verification failed", "no signature found")


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """What git says of the SSH signature of a tag.

    Attributes:
        principal: whose it is, by the list of signers; None where that does not have the key.
        key: fingerprint of the key; empty where the signature is not of these bytes.
    """

    principal: str | None = None
    key: str = ""


def verify_ssh_signatures(root: Path, tags: Sequence[str], signers: bytes) -> list[Signature]:
    """Verify tags that are signed by SSH keys.

    Args:
        root: folder of the repository.
        tags: git's names of the tags' objects, for their other names may move.
        signers: whose keys count, as a file of allowed signers of ``ssh-keygen``. No setting of
            this clone counts beside it.

    Raises:
        OutsideFailure: nothing verifies them here.
    """
    if not tags:
        return []
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as scratch:
        file = Path(scratch) / "allowed_signers"
        file.write_bytes(signers)
        return [_verify(root, tag, file) for tag in tags]


def _verify(root: Path, tag: str, signers: Path) -> Signature:
    done = try_git(root, "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", "--raw", tag)
    good = _GOOD.search(done.errors)
    if good is not None:
        principal = None if done.returncode else good["principal"]
        return Signature(principal=principal, key=good["key"])
    if not any(one in done.errors for one in _BAD) or "cannot run" in done.errors:
        why = done.errors.strip() or f"git verify-tag ended with {done.returncode}"
        raise OutsideFailure(
            f"git cannot verify signatures here: {why}\nInstall git 2.34 or newer, and OpenSSH's "
            "ssh-keygen 8.2 or newer"
        )
    return Signature()


def require_ssh_signing(root: Path) -> None:
    """Require that git signs by an SSH key.

    Raises:
        InvalidInput: it does not.
    """
    said = ask_git(root, "config", "--get", "gpg.format") or "openpgp"
    keys = ("user.signingKey", "gpg.ssh.defaultKeyCommand")
    if said != "ssh" or not any(ask_git(root, "config", "--get", key) for key in keys):
        found = f"gpg.format is {said}" if said != "ssh" else "user.signingKey is not set"
        raise InvalidInput(
            f"{found}, expected an SSH key to sign with; run `git config gpg.format ssh` and `git "
            "config user.signingKey ~/.ssh/id_ed25519.pub`"
        )
