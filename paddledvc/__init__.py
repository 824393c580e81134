"""Cargo.lock for PaddlePaddle model weights, kept by git and DVC.

Every command of the command line is a function here with the same name that returns a typed value;
most take a ``Project``. Nothing heavy is imported until it is used.

>>> import paddledvc
>>> paddledvc.Project.__name__
'Project'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paddledvc import errors
    from paddledvc.core.lock import Lock, LockedModel
    from paddledvc.core.model import Model
    from paddledvc.core.registry import Registry
    from paddledvc.core.reports import VerifyReport
    from paddledvc.locking import Locked, LockUse
    from paddledvc.project import Project
    from paddledvc.tools.paddle.run import Run
    from paddledvc.workflows.add import Added, add
    from paddledvc.workflows.export import ExportedModel, export
    from paddledvc.workflows.generate import Generated, generate
    from paddledvc.workflows.init import Initialised, init
    from paddledvc.workflows.list_models import (
        AvailableRow,
        ModelRow,
        OutdatedRow,
        available,
        list_models,
        outdated,
    )
    from paddledvc.workflows.lock import lock
    from paddledvc.workflows.remove import Removed, remove
    from paddledvc.workflows.schema import schema
    from paddledvc.workflows.show import Shown, show
    from paddledvc.workflows.sync import Probed, Synced, probe, sync
    from paddledvc.workflows.train import Trained, train
    from paddledvc.workflows.verify import verify

_HOMES = {
    "Added": "workflows.add",
    "AvailableRow": "workflows.list_models",
    "ExportedModel": "workflows.export",
    "Generated": "workflows.generate",
    "Initialised": "workflows.init",
    "Lock": "core.lock",
    "LockUse": "locking",
    "Locked": "locking",
    "LockedModel": "core.lock",
    "Model": "core.model",
    "ModelRow": "workflows.list_models",
    "OutdatedRow": "workflows.list_models",
    "Probed": "workflows.sync",
    "Project": "project",
    "Registry": "core.registry",
    "Removed": "workflows.remove",
    "Run": "tools.paddle.run",
    "Shown": "workflows.show",
    "Synced": "workflows.sync",
    "Trained": "workflows.train",
    "VerifyReport": "core.reports",
    "add": "workflows.add",
    "available": "workflows.list_models",
    "export": "workflows.export",
    "generate": "workflows.generate",
    "init": "workflows.init",
    "list_models": "workflows.list_models",
    "lock": "workflows.lock",
    "outdated": "workflows.list_models",
    "probe": "workflows.sync",
    "remove": "workflows.remove",
    "schema": "workflows.schema",
    "show": "workflows.show",
    "sync": "workflows.sync",
    "train": "workflows.train",
    "verify": "workflows.verify",
}
__all__ = [
    "Added",
    "AvailableRow",
    "ExportedModel",
    "Generated",
    "Initialised",
    "Lock",
    "LockUse",
    "Locked",
    "LockedModel",
    "Model",
    "ModelRow",
    "OutdatedRow",
    "Probed",
    "Project",
    "Registry",
    "Removed",
    "Run",
    "Shown",
    "Synced",
    "Trained",
    "VerifyReport",
    "add",
    "available",
    "errors",
    "export",
    "generate",
    "init",
    "list_models",
    "lock",
    "outdated",
    "probe",
    "remove",
    "schema",
    "show",
    "sync",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: numpy alone would cost every command 0.15 s."""
    if name == "errors":
        return import_module("paddledvc.errors")
    if name == "__version__":
        return import_module("importlib.metadata").version("paddledvc")
    if name not in _HOMES:
        raise AttributeError(f"module 'paddledvc' has no attribute {name!r}")
    value = getattr(import_module(f"paddledvc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
