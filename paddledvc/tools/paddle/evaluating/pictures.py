"""Samples as small pictures: JPEG in base64, of arrays and of image files."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.errors import UserCodeFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from paddledvc.comparison.samples import Array

MOST_PICTURES = 48
"""Samples that pictures are kept of."""
SIDE = 96
"""Pixels along the longer side of a picture."""
_CHANNELS = (1, 3)
_BRIGHTEST = 255


def encode_changed_pictures(
    ids: Sequence[str],
    scores: Mapping[str, Sequence[float]],
    outcomes: Mapping[str, Mapping[str, float]],
    picture: Callable[[int], Any],
    root: Path,
) -> dict[str, str]:
    """Encode the pictures of the samples whose outcome is another one, the first of them.

    Args:
        ids: of the samples.
        scores: of every sample, by metric.
        outcomes: the network's outcomes by metric, of every sample.
        picture: gives that of a sample, an array or the path of an image file.
        root: the folder that relative paths begin at.

    Raises:
        UserCodeFailed: one of them is no picture.
    """
    changed: dict[str, int] = {}
    for metric, before in outcomes.items():
        for at, (known, value) in enumerate(zip(ids, scores[metric], strict=True)):
            if before.get(known) != value:
                changed.setdefault(known, at)
    first = list(changed.items())[:MOST_PICTURES]
    return {known: encode_picture(picture(at), known, root) for known, at in first}


def encode_picture(picture: Any, sample: str, root: Path) -> str:
    """Encode a picture, made as small as a page needs it.

    Args:
        picture: an array of height x width, height x width x 1 or 3, or 1 or 3 x height x width;
            or the path of an image file. Numbers are 0 to 255 where they are whole, 0 to 1 where
            they are not; others are stretched between the least and the largest.
        sample: what the sample is called, for messages.
        root: the folder that a relative path begins at.

    Returns:
        The bytes of a JPEG file, in base64.

    Raises:
        UserCodeFailed: it is no picture.
    """
    from PIL import Image

    try:
        if isinstance(picture, str | Path):
            opened = Image.open(root / picture).convert("RGB")
        else:
            opened = Image.fromarray(_as_bytes(picture))
    except (OSError, ValueError, TypeError) as error:
        raise UserCodeFailed(
            f"run.samples() got no picture of the sample {sample!r}: {error}"
        ) from error
    scale = SIDE / max(opened.size)
    size = tuple(max(1, round(side * scale)) for side in opened.size)
    # What has few pixels is to show them.
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    written = io.BytesIO()
    opened.resize((size[0], size[1]), how).save(written, "JPEG", quality=90)
    return base64.b64encode(written.getvalue()).decode()


def _as_bytes(picture: Any) -> Array:
    """Give an array as rows of 8-bit pixels, gray or of three colours."""
    array = np.asarray(picture.numpy() if hasattr(picture, "numpy") else picture)
    if array.ndim == 3:  # noqa: PLR2004 - height, width and colours
        if array.shape[0] in _CHANNELS and array.shape[2] not in _CHANNELS:
            array = array.transpose(1, 2, 0)
        if array.shape[2] == 1:
            array = array[:, :, 0]
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] != _CHANNELS[-1]):  # noqa: PLR2004
        raise ValueError(
            f"found an array of shape {list(array.shape)}, expected height x width, or that "
            "with 1 or 3 colours"
        )
    if not array.size or array.dtype.kind not in "buif":
        raise ValueError(f"found {array.size} numbers of type {array.dtype}, expected some")
    least, largest = float(array.min()), float(array.max())
    if not np.isfinite(least) or not np.isfinite(largest):
        raise ValueError("found NaN or infinity, expected finite numbers")
    brightest = _BRIGHTEST if array.dtype.kind in "ui" else 1
    if least < 0 or largest > brightest:
        span = largest - least or 1.0
        return np.round((array.astype(np.float64) - least) / span * _BRIGHTEST).astype(np.uint8)
    return np.round(array.astype(np.float64) / brightest * _BRIGHTEST).astype(np.uint8)
