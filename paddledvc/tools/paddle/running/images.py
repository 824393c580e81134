"""Images of a folder, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paddledvc.errors import InvalidInput, MissingTool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.comparison.samples import Array

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
DEEP = ("I", "F")
"""Modes of more than 8 bits, which a conversion to RGB would cut; of 16 bits they begin alike."""


def list_images(folder: Path) -> list[Path]:
    """List the images of a folder and the folders in it, in the order of their paths.

    Raises:
        InvalidInput: there are none.
    """
    paths = (path.relative_to(folder) for path in folder.rglob("*"))
    names = sorted(
        path.as_posix()
        for path in paths
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)
    )
    if not names:
        formats = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise InvalidInput(f"it holds no images; expected files of {formats}")
    return [folder / name for name in names]


def read_images(files: list[Path], folder: Path) -> Iterator[tuple[str, Array]]:
    """Read images, upright, as uint8 arrays of shape [height, width, 3] in RGB.

    Yields:
        The path of each in the folder, and the array.

    Raises:
        InvalidInput: one cannot be read, or has more than 8 bits a channel.
        MissingTool: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ModuleNotFoundError as error:
        raise MissingTool("images need Pillow; run `pip install pillow`") from error
    broken = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            with Image.open(file) as image:
                if image.mode.startswith(DEEP):
                    raise InvalidInput(
                        f"{name} has more than 8 bits a channel, which RGB would cut; convert it, "
                        "or let a function make the samples"
                    )
                upright = ImageOps.exif_transpose(image).convert("RGB")
        except broken as error:
            raise InvalidInput(
                f"{name} cannot be read as an image ({error}); replace it or leave it out"
            ) from error
        yield name, np.asarray(upright)
