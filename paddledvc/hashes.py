"""What a file's bytes must hash to, and short digests of settings."""

from __future__ import annotations

from paddledvc.values import dataclass

PIN_LENGTH = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Hashes:
    """Digests (lower-case hexadecimal) and size (bytes) of a file, as far as they are known.

    >>> Hashes(size=0).first_difference(Hashes(size=1))
    ('size:0', 'size:1')
    """

    md5: str | None = None
    sha256: str | None = None
    size: int | None = None

    @property
    def known(self) -> bool:
        """Whether a digest is known, so that bytes can be checked."""
        return self.md5 is not None or self.sha256 is not None

    def first_difference(self, found: Hashes) -> tuple[str, str] | None:
        """Compare with what was found; None where all that is known on both sides agrees.

        Returns:
            (expected, found), each as ``kind:value``; the size comes first, for it says most about
            a truncated file.
        """
        for kind in ("size", "sha256", "md5"):
            expected, actual = getattr(self, kind), getattr(found, kind)
            if expected is not None and actual is not None and expected != actual:
                return f"{kind}:{expected}", f"{kind}:{actual}"
        return None

    def completed_by(self, other: Hashes) -> Hashes:
        """Fill the gaps from ``other``, where it surely speaks of the same bytes.

        >>> Hashes(md5="a").completed_by(Hashes(md5="a", size=3))
        Hashes(md5='a', sha256=None, size=3)
        >>> Hashes(md5="a").completed_by(Hashes(sha256="b", size=3))
        Hashes(md5='a', sha256=None, size=None)
        """
        shared = {self.md5, self.sha256} & {other.md5, other.sha256} - {None}
        contradicted = Hashes(md5=self.md5, sha256=self.sha256).first_difference(other) is not None
        if contradicted or (self.known and not shared):
            return self
        return Hashes(
            md5=self.md5 or other.md5,
            sha256=self.sha256 or other.sha256,
            size=self.size if self.size is not None else other.size,
        )


def same_hashes(one: Hashes, other: Hashes) -> bool:
    """Tell whether two surely speak of the same bytes.

    >>> same_hashes(Hashes(md5="a"), Hashes(md5="a", size=3)), same_hashes(Hashes(), Hashes())
    (True, False)
    """
    shared = {one.md5, one.sha256} & {other.md5, other.sha256} - {None}
    return bool(shared) and one.first_difference(other) is None
