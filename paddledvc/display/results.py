"""How values look that functions return: one line each, and a table in a notebook."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from paddledvc.display.escaping import escape_text

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 40
"""Characters of one value that a line shows."""
SHOWN = 3
"""Rows of a table that a line names."""
Row_co = TypeVar("Row_co", covariant=True)
_UNIT = 1000


class Displayed:
    """A base of dataclasses that functions return; they are declared with ``repr=False``."""

    __slots__ = ()
    _table_of: ClassVar[str] = ""
    """The field whose values are the rows of the table; empty where there is none."""

    def _summary(self) -> str:
        """Say in some words what it holds."""
        values = {name: value for name, value in _fields(self).items() if value not in _NOTHING}
        return ", ".join(f"{name} {_short(value)}" for name, value in values.items())

    def _cells(self) -> Mapping[str, object]:
        """Give the cells of its row in a table, by the names of their columns."""
        return _fields(self)

    def _rows(self) -> Iterable[object]:
        """List the rows of its table."""
        rows: Iterable[object] = getattr(self, self._table_of) if self._table_of else ()
        return rows

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {escape_text(self._summary())}>"

    def _repr_html_(self) -> str | None:
        rows = list(self._rows())
        return _table(rows) if rows else None


class Table(tuple[Row_co, ...]):
    """Rows that functions return.

    >>> Table([1, 2, 3, 4])
    <Table of 4: 1, 2, 3, ...>
    """

    __slots__ = ()

    def __repr__(self) -> str:
        named = [_short(one) for one in self[:SHOWN]]
        more = ["..."] if len(self) > SHOWN else []
        shown = escape_text(", ".join([*named, *more]))
        return f"<Table of {len(self)}{': ' * bool(self)}{shown}>"

    def _repr_html_(self) -> str:
        return _table(self)


_NOTHING = (None, "", (), False)


def _table(rows: Iterable[object]) -> str:
    from html import escape  # noqa: PLC0415 - for notebooks only

    cells = [row._cells() if isinstance(row, Displayed) else _fields(row) for row in rows]  # noqa: SLF001
    head = list(cells[0]) if cells else []
    lines = [[f"<td>{escape(_cell(row[name]))}</td>" for name in head] for row in cells]
    body = "".join(f"<tr>{''.join(line)}</tr>" for line in lines)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><tr>{names}</tr>{body}</table></div>'


def _fields(value: object) -> dict[str, object]:
    from dataclasses import fields, is_dataclass  # noqa: PLC0415 - for notebooks only

    if isinstance(value, Mapping):
        return dict(value)
    if not is_dataclass(value):
        return {"": value}
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _cell(value: object) -> str:
    if value is None or value == ():
        return ""
    return value if isinstance(value, str) else _short(value)


def _short(value: Any) -> str:
    """Show a value in a few words: a collection by its size, another value of ours by its name."""
    from dataclasses import is_dataclass  # noqa: PLC0415 - as above

    if isinstance(value, Displayed) or is_dataclass(value):
        named = (getattr(value, name, None) for name in ("name", "path", "model"))
        value = next((one for one in named if isinstance(one, str)), type(value).__name__)
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        if len(value) <= 1 and all(isinstance(one, str) for one in value):
            return "".join(value) or "none"
        return str(len(value))
    text = str(value) if isinstance(value, str | PurePath) else f"{value}"
    line = text.partition("\n")[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def display_size(size: int) -> str:
    """Say a size as people do.

    >>> display_size(97_800_000), display_size(5), display_size(1_250_000_000)
    ('98 MB', '5 B', '1.2 GB')
    """
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if round(value) < _UNIT:
            break
        value, unit = value / _UNIT, larger
    return f"{value:.1f} {unit}" if unit in ("GB", "TB") else f"{value:.0f} {unit}"
