"""The object that an evaluation function gets, and what it tells of samples and tables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.errors import UserCodeFailed
from paddledvc.tools.paddle.building import runtime

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.comparison.samples import Array
    from paddledvc.tools.paddle.building.training import Params

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""What tables and properties of samples may be called."""


@dataclass(kw_only=True)
class Evaluation:
    """One measurement of one model, as its evaluation function sees it.

    The function is called once for the network and once for each way to run the exported files,
    each time in a process of its own, and is not told which of them it measures.

    Attributes:
        model: name of the model.
        params: the section ``<slug>.evaluate`` of params.yaml.
        root: folder of the project.
        seed: what the random generators were seeded with.
        device: ``cpu``, ``gpu`` or ``gpu:N``.

    An evaluation function::

        def evaluate(model, run: paddledvc.Evaluation) -> dict[str, float]:
            images, labels = load(run.root / "data/val.npz")
            right = run.predict(model, images).argmax(axis=1) == labels
            run.samples(range(len(labels)), accuracy=right)
            return {"accuracy": right.mean()}
    """

    model: str
    params: Params
    root: Path
    seed: int
    device: str
    _ids: list[str] = field(default_factory=list, repr=False)
    _scores: dict[str, list[float]] = field(default_factory=dict, repr=False)
    _slices: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _tables: dict[str, dict[str, list[Any]]] = field(default_factory=dict, repr=False)
    _pictures: list[tuple[int, Sequence[Any]]] = field(default_factory=list, repr=False)

    def predict(self, model: Any, *inputs: Array, batch_size: int = 64, **named: Array) -> Any:
        """Call the model on arrays of many samples, a batch at a time.

        Args:
            model: what the function was given.
            inputs: arrays, the samples along the first axis of each.
            batch_size: samples in a call; the last has what is left.
            named: arrays, by the names of the arguments.

        Returns:
            What the model returns, with arrays of all samples in the place of tensors.
        """
        arrays: list[Any] = [*inputs, *named.values()]
        lengths = {len(array) for array in arrays}
        if len(lengths) != 1:
            found = ", ".join(map(str, sorted(lengths))) or "no arrays"
            raise UserCodeFailed(
                f"run.predict() got arrays of {found} samples, expected one number"
            )
        tensor = runtime.import_paddle().to_tensor
        parts = []
        for start in range(0, lengths.pop(), batch_size):
            part = slice(start, start + batch_size)
            given = {name: tensor(array[part]) for name, array in named.items()}
            parts.append(_as_arrays(model(*(tensor(one[part]) for one in inputs), **given)))
        if not parts:
            raise UserCodeFailed("run.predict() got no samples, expected at least one")
        return _joined(parts)

    def samples(
        self,
        ids: Sequence[Any],
        *,
        slices: Mapping[str, Sequence[Any]] | None = None,
        pictures: Sequence[Any] | None = None,
        **scores: Sequence[float],
    ) -> None:
        """Tell the scores of samples, for which the noise of a metric can be known.

        May be called several times, each with further samples.

        Args:
            ids: what the samples are called, each differently, such as the names of their files.
            slices: a property of every sample, by its name: the parts are measured too.
            pictures: a picture of every sample, as an array of height x width, with 1 or 3 colours
                or none, or as the path of an image file; those of samples that change are kept
                where models.yaml says ``pictures: true``.
            scores: a number for every sample, by metric; their mean is to be the metric.
        """
        names = [_text(one) for one in ids]
        given: dict[str, list[float]] = {name: _numbers(name, one) for name, one in scores.items()}
        parts = {name: [_text(one) for one in values] for name, values in (slices or {}).items()}
        if not given:
            raise UserCodeFailed("run.samples() got no scores, expected one such as accuracy=right")
        if bad := [name for name in parts if NAME.fullmatch(name) is None]:
            raise UserCodeFailed(f"run.samples() got slices by {bad[0]!r}, expected letters and _")
        told: dict[str, list[Any]] = {**given, **parts}
        for name, values in told.items():
            if len(values) != len(names):
                raise UserCodeFailed(
                    f"run.samples() got {len(values)} values of {name} for {len(names)} samples"
                )
        if self._ids and (given.keys(), parts.keys()) != (self._scores.keys(), self._slices.keys()):
            raise UserCodeFailed("run.samples() got other scores or slices than the call before")
        self._add_pictures(pictures, len(names))
        self._ids += names
        for name, one in given.items():
            self._scores.setdefault(name, []).extend(one)
        for name, texts in parts.items():
            self._slices.setdefault(name, []).extend(texts)

    def _add_pictures(self, pictures: Sequence[Any] | None, count: int) -> None:
        if pictures is not None and len(pictures) != count:
            raise UserCodeFailed(f"run.samples() got {len(pictures)} pictures for {count} samples")
        if self._ids and (pictures is not None) != bool(self._pictures):
            raise UserCodeFailed("run.samples() got pictures in some of its calls, expected in all")
        if pictures is not None and count:
            self._pictures.append((len(self._ids), pictures))

    def table(self, name: str, **columns: Sequence[Any]) -> None:
        """Add rows to a table that ``dvc plots`` draws.

        Args:
            name: as under ``plots`` in models.yaml.
            columns: values of every row, by the name of the column.
        """
        rows = {column: [_plain(one) for one in values] for column, values in columns.items()}
        if NAME.fullmatch(name) is None:
            raise UserCodeFailed(f"run.table() got the name {name!r}, expected letters and _")
        if not rows or len({len(values) for values in rows.values()}) != 1:
            found = ", ".join(f"{len(values)} of {column}" for column, values in rows.items())
            raise UserCodeFailed(
                f"run.table() got {found or 'no columns'}, expected as many values of each column"
            )
        table = self._tables.setdefault(name, {column: [] for column in rows})
        if table.keys() != rows.keys():
            raise UserCodeFailed(
                f"run.table() got the columns {', '.join(rows)} of {name}, and "
                f"{', '.join(table)} before"
            )
        for column, values in rows.items():
            table[column] += values

    @property
    def told(self) -> tuple[list[str], dict[str, list[float]], dict[str, list[str]]]:
        """What the function told of samples: ids, scores and slices."""
        return self._ids, self._scores, self._slices

    @property
    def pictured(self) -> bool:
        """Whether the function gave pictures of its samples."""
        return bool(self._pictures)

    def picture(self, number: int) -> Any:
        """Give the picture of a sample.

        Args:
            number: which one, in the order of ``ids``.
        """
        start, given = next(one for one in reversed(self._pictures) if one[0] <= number)
        return given[number - start]

    @property
    def tables(self) -> dict[str, dict[str, list[Any]]]:
        """The tables, by name: their columns."""
        return self._tables


def _numbers(name: str, values: Sequence[float]) -> list[float]:
    if hasattr(values, "numpy"):
        values = values.numpy()
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise UserCodeFailed(
            f"run.samples() got {name} of shape {list(array.shape)} and type {array.dtype}, "
            "expected one number a sample"
        )
    found: list[float] = array.astype(np.float64).tolist()
    if bad := [at for at, one in enumerate(found) if not math.isfinite(one)]:
        raise UserCodeFailed(
            f"run.samples() got the {name} {found[bad[0]]} of sample {bad[0]}, expected a finite "
            "number"
        )
    return found


def _plain(value: Any) -> Any:
    """Turn a number of numpy or Paddle into one of Python."""
    plain = value.item() if hasattr(value, "item") else value
    return _text(plain) if isinstance(plain, str) else plain


def _text(value: Any) -> str:
    """Write a name as text; what stands for bytes of a file's name that are no UTF-8 is none."""
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserCodeFailed(f"found the name {text!a}, expected text of UTF-8") from error
    return text


def _as_arrays(result: Any) -> Any:
    if isinstance(result, Mapping):
        return {key: _as_arrays(one) for key, one in result.items()}
    if isinstance(result, list | tuple):
        return [_as_arrays(one) for one in result]
    return result.numpy() if hasattr(result, "numpy") else result


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, Mapping):
        return {key: _joined([part[key] for part in parts]) for key in first}
    if isinstance(first, list):
        return [_joined([part[at] for part in parts]) for at in range(len(first))]
    if isinstance(first, np.ndarray) and first.ndim:
        return np.concatenate(parts)
    return first
