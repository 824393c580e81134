"""What a kind of catalog needs, for packages that add one by an entry point.

>>> from paddledvc.catalogs import Listed
>>> Listed(version="v1.0.0").yanked is None
True
"""

from paddledvc.core.catalog import Listed, Query, Release, ReleaseFile
from paddledvc.core.hashes import Hashes
from paddledvc.tools.catalogs.base import Catalog, Context, Kind

__all__ = ["Catalog", "Context", "Hashes", "Kind", "Listed", "Query", "Release", "ReleaseFile"]
