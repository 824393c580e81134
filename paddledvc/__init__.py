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
    from paddledvc.workflows.export import ExportedModel, export
    from paddledvc.workflows.generate import Generated, generate
    from paddledvc.workflows.init import Initialised, init
    from paddledvc.workflows.lock import lock
    from paddledvc.workflows.schema import schema
    from paddledvc.workflows.sync import Probed, Synced, probe, sync
    from paddledvc.workflows.train import Trained, train
    from paddledvc.workflows.verify import verify

_HOMES = {
    "ExportedModel": "workflows.export",
    "Generated": "workflows.generate",
    "Initialised": "workflows.init",
    "Lock": "core.lock",
    "LockUse": "locking",
    "Locked": "locking",
    "LockedModel": "core.lock",
    "Model": "core.model",
    "Probed": "workflows.sync",
    "Project": "project",
    "Registry": "core.registry",
    "Run": "tools.paddle.run",
    "Synced": "workflows.sync",
    "Trained": "workflows.train",
    "VerifyReport": "core.reports",
    "export": "workflows.export",
    "generate": "workflows.generate",
    "init": "workflows.init",
    "lock": "workflows.lock",
    "probe": "workflows.sync",
    "schema": "workflows.schema",
    "sync": "workflows.sync",
    "train": "workflows.train",
    "verify": "workflows.verify",
}
__all__ = [
    "ExportedModel",
    "Generated",
    "Initialised",
    "Lock",
    "LockUse",
    "Locked",
    "LockedModel",
    "Model",
    "Probed",
    "Project",
    "Registry",
    "Run",
    "Synced",
    "Trained",
    "VerifyReport",
    "errors",
    "export",
    "generate",
    "init",
    "lock",
    "probe",
    "schema",
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
