"""What a kind of catalog needs, for packages that add one by an entry point.

>>> from paddledvc.catalogs import Listed
>>> Listed(version="v1.0.0").yanked is None
True
"""

from paddledvc.catalogs.base import Catalog, Context, Kind
from paddledvc.catalogs.core.listing import Listed, Query, Release, ReleaseFile
from paddledvc.hashes import Hashes

__all__ = ["Catalog", "Context", "Hashes", "Kind", "Listed", "Query", "Release", "ReleaseFile"]
