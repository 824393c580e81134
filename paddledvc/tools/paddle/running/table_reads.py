"""What a network looks up in tables while it runs eagerly: embeddings, gathers, one-hots."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.reach import TableRead
from paddledvc.tools.paddle.building.runtime import import_paddle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def _of_rows(indices: Any, table: Any, *_: Any, **__: Any) -> tuple[Any, int]:
    return indices, table.shape[0]


def _of_axis(table: Any, indices: Any, axis: Any = 0, *_: Any, **__: Any) -> tuple[Any, int]:
    return indices, table.shape[int(axis)]


def _of_classes(indices: Any, classes: Any, *_: Any, **__: Any) -> tuple[Any, int]:
    return indices, int(classes)


LOOK_UPS: Mapping[str, Callable[..., tuple[Any, int]]] = {
    "embedding": _of_rows,
    "embedding_with_scaled_gradient": _of_rows,
    "gather": _of_axis,
    "index_select": _of_axis,
    "take_along_axis": _of_axis,
    "one_hot": _of_classes,
}
"""Which argument of the operations that look up is the index, and how many rows there are."""


@contextmanager
def watch_table_reads() -> Iterator[list[TableRead]]:
    """Note every look-up meanwhile, and change no result."""
    module = import_paddle()
    tensor, operations = module.Tensor, module._C_ops  # noqa: SLF001 - Paddle's own calls go there
    reads: list[TableRead] = []
    before = {name: getattr(operations, name) for name in LOOK_UPS if hasattr(operations, name)}
    item = vars(tensor)["__getitem__"]

    def note(indices: Any, rows: int) -> None:
        array = indices.numpy()
        if array.dtype.kind in "iu":
            reads.append(TableRead(array.copy(), int(rows)))

    def watched(name: str) -> Any:
        @wraps(before[name])
        def call(*given: Any, **named: Any) -> Any:
            with suppress(
                AttributeError, IndexError, TypeError, ValueError
            ):  # the call itself tells
                note(*LOOK_UPS[name](*given, **named))
            return before[name](*given, **named)

        return call

    @wraps(item)
    def get(self: Any, key: Any) -> Any:
        if isinstance(key, tensor) and self.shape:
            note(key, self.shape[0])
        return item(self, key)

    try:
        for name in before:
            setattr(operations, name, watched(name))
        tensor.__getitem__ = get
        yield reads
    finally:
        for name, operation in before.items():
            setattr(operations, name, operation)
        tensor.__getitem__ = item
