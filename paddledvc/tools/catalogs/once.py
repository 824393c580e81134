"""Work that is done once for all threads that ask, with its failure told to each of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from paddledvc.errors import CatalogFailed

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Once(Generic[Result]):
    """Something that is read when somebody first asks for it.

    A catalog that is down must not be waited for once a model.

    >>> read = Once(lambda: [1])
    >>> read() is read()
    True
    """

    def __init__(self, read: Callable[[], Result]) -> None:
        self._read = read
        self._reading = threading.Lock()
        self._results: list[Result] = []
        self._failure: CatalogFailed | None = None

    def __call__(self) -> Result:
        """Return what was read, or read it now.

        Raises:
            CatalogFailed: it could not be read, now or when somebody asked before.
        """
        with self._reading:
            if self._failure is not None:
                raise self._failure
            if not self._results:
                try:
                    self._results.append(self._read())
                except CatalogFailed as error:
                    self._failure = error
                    raise
            return self._results[0]
