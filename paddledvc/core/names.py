"""Model names, and the slugs that DVC, GTO and file systems can carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def slug(name: str) -> str:
    """Turn a model's name into the form that stages, params keys and tags allow.

    DVC reads a dot in a params key as a step into a mapping, and GTO allows neither dots nor plus
    signs in an artifact's name.

    >>> slug("PP-YOLOE+_L"), slug("PP-OCRv4.1"), slug("resnet50_imagenet")
    ('PP-YOLOEplus_L', 'PP-OCRv4-1', 'resnet50_imagenet')
    """
    return re.sub(r"[^A-Za-z0-9_-]", "-", name.replace("+", "plus"))


def params_key(name: str) -> str:
    """Turn a model's name into the key of its hyperparameters in params.yaml.

    It is the slug; ``dvc exp run -S KEY.train.lr=…`` addresses no key that begins with a digit, so
    one of those begins with an underline, as no name does.

    >>> params_key("PP-OCRv4.1"), params_key("3d-net")
    ('PP-OCRv4-1', '_3d-net')
    """
    key = slug(name)
    return f"_{key}" if key[0].isdigit() else key


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Suggest the known word nearest to ``found``, as the end of a sentence.

    >>> did_you_mean("vresion", ["name", "version"])
    "; did you mean 'version'?"
    >>> did_you_mean("zzz", ["name", "version"])
    ''
    """
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes only

    close = get_close_matches(found, list(known), n=1, cutoff=0.65)
    return f"; did you mean {close[0]!r}?" if close else ""
