"""What files, stages and slugs are called: paths are relative to the project, with ``/``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

StageKind = Literal["sync", "train", "export", "verify", "evaluate"]
"""A stage of a model."""
REGISTRY = "models.yaml"
LOCK = "models.lock"
PARAMS = "params.yaml"
REPORTS = "reports"
STAGES = "dvc.yaml"
OWN = ".paddledvc"
"""Our own folder: schemas for editors, and the embedded remote of a project without a server."""
SIGNERS = ".paddledvc/allowed_signers"
"""Whose approvals of releases count, as a file of OpenSSH."""
SCRATCH = ".paddledvc/tmp"
"""Locks, logs and notes of ours, which git does not see."""
EXPORT_PREFIX = "inference"
"""Base name of exported files, as PaddleX and FastDeploy look for them."""
DVC_LOCK = "dvc.lock"
PROJECT_FILES = (REGISTRY, LOCK, STAGES, DVC_LOCK, PARAMS)
"""Files that say together what a project's models are, a part of each for each model."""
IMAGE_VARIABLE = "PADDLEDVC_IMAGE"
"""The variable by which a container says the name of its image."""


def name_downloaded_file(name: str, version: str, format: str) -> str:  # noqa: A002
    """Name the file that ``sync`` writes.

    >>> name_downloaded_file("resnet50", "v3.3.0", "pdparams")
    'checkpoints/resnet50_v3.3.0.pdparams'
    """
    return f"checkpoints/{name}_{version}.{format}"


def name_downloaded_folder(name: str, version: str) -> str:
    """Name the folder that ``sync`` writes for a model of several files.

    >>> name_downloaded_folder("PP-OCRv5", "v1.0")
    'checkpoints/PP-OCRv5_v1.0'
    """
    return f"checkpoints/{name}_{version}"


def name_stage_outputs(name: str) -> dict[str, str]:
    """Say by their paths what stages make of a model, besides what is downloaded.

    >>> name_stage_outputs("PP-OCRv4.1")
    {'checkpoints/PP-OCRv4.1_trained.pdparams': 'trained weights', 'exports/PP-OCRv4-1': 'export'}
    """
    return {name_trained_file(name): "trained weights", name_exported_folder(name): "export"}


def name_trained_file(name: str) -> str:
    """Name what ``train`` writes for the model of a name."""
    return f"checkpoints/{name}_trained.pdparams"


def name_exported_folder(name: str) -> str:
    """Name what ``export`` writes for the model of a name."""
    return f"exports/{slug(name)}"


def display_name(model: str | None, version: str | None, path: str) -> str:
    """Say what people call weights, an export or another output; its path where it is no model's.

    >>> display_name("resnet50", "v3.3.0", "checkpoints/resnet50_v3.3.0.pdparams")
    'resnet50 v3.3.0'
    >>> display_name("digits", "v1.0.0", "exports/digits"), display_name(None, None, "data/a.csv")
    ('digits v1.0.0 (export)', 'data/a.csv')
    """
    if model is None:
        return path
    part = name_stage_outputs(model).get(path)
    return f"{model} {version}" + (f" ({part})" if part else "")


def name_collision_key(name: str) -> str:
    """Name what two models must not share, also where file systems ignore case.

    >>> name_collision_key("PP-OCRv4.1") == name_collision_key("pp-ocrv4-1")
    True
    """
    return slug(name).casefold()


def slug(name: str) -> str:
    """Turn a model's name into the form that stages, params keys and tags allow.

    DVC reads a dot in a params key as a step into a mapping, and GTO allows neither dots nor plus
    signs in an artifact's name.

    >>> slug("PP-YOLOE+_L"), slug("PP-OCRv4.1"), slug("resnet50_imagenet")
    ('PP-YOLOEplus_L', 'PP-OCRv4-1', 'resnet50_imagenet')
    """
    return re.sub(r"[^A-Za-z0-9_-]", "-", name.replace("+", "plus"))


def name_params_key(name: str) -> str:
    """Turn a model's name into the key of its hyperparameters in params.yaml.

    It is the slug; ``dvc exp run -S KEY.train.lr=…`` addresses no key that begins with a digit, so
    one of those begins with an underline, as no name does.

    >>> name_params_key("PP-OCRv4.1"), name_params_key("3d-net")
    ('PP-OCRv4-1', '_3d-net')
    """
    key = slug(name)
    return f"_{key}" if key[0].isdigit() else key


def suggest_name(found: str, known: Iterable[str]) -> str:
    """Suggest the known word nearest to ``found``, as the end of a sentence.

    >>> suggest_name("vresion", ["name", "version"])
    "; did you mean 'version'?"
    >>> suggest_name("zzz", ["name", "version"])
    ''
    """
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes only

    close = get_close_matches(found, list(known), n=1, cutoff=0.65)
    return f"; did you mean {close[0]!r}?" if close else ""
