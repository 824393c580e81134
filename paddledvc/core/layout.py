"""Where the files of a project are, as paths relative to its root with ``/`` between the parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from paddledvc.core.names import slug

if TYPE_CHECKING:
    from paddledvc.core.lock import Lock
    from paddledvc.core.model import Model
    from paddledvc.core.registry import Registry

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
FORMATS = ("pdparams", "safetensors", "pdmodel", "json", "onnx", "tar.gz", "tar", "zip")


def is_url(location: str) -> bool:
    """Tell a URL from a path of the project.

    >>> is_url("https://host/a.pdparams"), is_url("zoo/a.pdparams")
    (True, False)
    """
    return location.startswith("file:") or is_remote(location)


def is_remote(location: str) -> bool:
    """Tell what other machines hold, or another repository, from files of this one.

    >>> is_remote("s3://models/a.pdparams"), is_remote("file:///a.pdparams")
    (True, False)
    """
    return location.startswith(("http://", "https://", "s3://", "git+"))


def format_of(location: str) -> str | None:
    """Name the format that the suffix of a URL or path stands for.

    >>> format_of("https://host/dir/resnet50.pdparams?x=1")
    'pdparams'
    """
    if location.startswith("git+"):
        path = location.partition("#")[2]
    else:
        path = re.split(r"[?#]", location)[0] if is_url(location) else location
    return next((name for name in FORMATS if path.endswith("." + name)), None)


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


def trained(model: Model) -> str:
    """Name the file that ``train`` writes; it bears no version, for the commit is its version."""
    return trained_of(model.name)


def exported(model: Model) -> str:
    """Name the folder that ``export`` writes."""
    return exported_of(model.name)


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


def reports(model: Model) -> str:
    """Name the folder of a model's metrics and plots."""
    return f"{REPORTS}/{model.slug}"


def collision_key(name: str) -> str:
    """Name what two models must not share, also where file systems ignore case.

    >>> collision_key("PP-OCRv4.1") == collision_key("pp-ocrv4-1")
    True
    """
    return slug(name).casefold()


def stage_name(kind: Kind, model: Model) -> str:
    """Name a stage.

    >>> from paddledvc.core.model import Model
    >>> from paddledvc.core.versions import Requirement
    >>> model = Model(name="PP-YOLOE+_L", requires=Requirement.parse("v1"))
    >>> stage_name("sync", model)
    'sync-PP-YOLOEplus_L'
    """
    return f"{kind}-{model.slug}"


def own_weights(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the weights of a model: trained, else downloaded, else those of its base."""
    if model.train is not None:
        return trained(model)
    return base_weights(registry, lock, model)


def base_weights(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the weights that a training starts from, if any."""
    if (path := lock.model(model.name).path) is not None:
        return path
    if model.base is not None:
        return own_weights(registry, lock, registry.model(model.base))
    return None
