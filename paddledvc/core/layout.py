"""Where the files of a project are, as paths relative to its root with ``/`` between the parts."""

from __future__ import annotations

from typing import Literal

from paddledvc.core.names import slug

Kind = Literal["sync", "train", "export", "verify"]
"""A stage of a model."""
REGISTRY = "models.yaml"
LOCK = "models.lock"
PARAMS = "params.yaml"
REPORTS = "reports"
STAGES = "dvc.yaml"
OWN = ".paddledvc"
"""Our own folder: schemas for editors, and the embedded remote of a project without a server."""
EXPORT_PREFIX = "inference"
"""Base name of exported files, as PaddleX and FastDeploy look for them."""
DVC_LOCK = "dvc.lock"


def downloaded(name: str, version: str, format: str) -> str:  # noqa: A002
    """Name the file that ``sync`` writes.

    >>> downloaded("resnet50", "v3.3.0", "pdparams")
    'checkpoints/resnet50_v3.3.0.pdparams'
    """
    return f"checkpoints/{name}_{version}.{format}"


def downloaded_folder(name: str, version: str) -> str:
    """Name the folder that ``sync`` writes for a model of several files.

    >>> downloaded_folder("PP-OCRv5", "v1.0")
    'checkpoints/PP-OCRv5_v1.0'
    """
    return f"checkpoints/{name}_{version}"


def parts(name: str) -> dict[str, str]:
    """Say by their paths what stages make of a model, besides what is downloaded.

    >>> parts("PP-OCRv4.1")
    {'checkpoints/PP-OCRv4.1_trained.pdparams': 'trained weights', 'exports/PP-OCRv4-1': 'export'}
    """
    return {trained_of(name): "trained weights", exported_of(name): "export"}


def trained_of(name: str) -> str:
    """Name what ``train`` writes for the model of a name."""
    return f"checkpoints/{name}_trained.pdparams"


def exported_of(name: str) -> str:
    """Name what ``export`` writes for the model of a name."""
    return f"exports/{slug(name)}"


def called(model: str | None, version: str | None, path: str) -> str:
    """Say what people call weights, an export or another output; its path where it is no model's.

    >>> called("resnet50", "v3.3.0", "checkpoints/resnet50_v3.3.0.pdparams")
    'resnet50 v3.3.0'
    >>> called("digits", "v1.0.0", "exports/digits"), called(None, None, "data/a.csv")
    ('digits v1.0.0 (export)', 'data/a.csv')
    """
    if model is None:
        return path
    part = parts(model).get(path)
    return f"{model} {version}" + (f" ({part})" if part else "")


def collision_key(name: str) -> str:
    """Name what two models must not share, also where file systems ignore case.

    >>> collision_key("PP-OCRv4.1") == collision_key("pp-ocrv4-1")
    True
    """
    return slug(name).casefold()
