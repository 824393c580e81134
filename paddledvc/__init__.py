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
    from paddledvc.core.diagnosis import Diagnosis
    from paddledvc.core.lock import Lock, LockedModel
    from paddledvc.core.model import Model
    from paddledvc.core.policy import Policy
    from paddledvc.core.registry import Registry
    from paddledvc.core.reports import VerifyReport
    from paddledvc.core.violations import Verdict, Violation
    from paddledvc.locking import Locked, LockUse
    from paddledvc.project import Project
    from paddledvc.storage.garbage.collecting import GcScope
    from paddledvc.tools.paddle.run import Run
    from paddledvc.workflows.add import Added, add
    from paddledvc.workflows.assert_equal import assert_equal
    from paddledvc.workflows.check import check
    from paddledvc.workflows.doctor import doctor
    from paddledvc.workflows.export import ExportedModel, export
    from paddledvc.workflows.gc import Collected, gc
    from paddledvc.workflows.generate import Generated, generate
    from paddledvc.workflows.hooks import HooksStatus, hooks_status, install_hooks, uninstall_hooks
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
    from paddledvc.workflows.pull import Pulled, pull
    from paddledvc.workflows.push import Pushed, push
    from paddledvc.workflows.remove import Removed, remove
    from paddledvc.workflows.report import report
    from paddledvc.workflows.schema import schema
    from paddledvc.workflows.show import Shown, show
    from paddledvc.workflows.status import RemoteStatus, Status, remote_status, status
    from paddledvc.workflows.sync import Probed, Synced, probe, sync
    from paddledvc.workflows.train import Trained, train
    from paddledvc.workflows.verify import Verified, verify, verify_all
    from paddledvc.workflows.verify_files import verify_files

_HOMES = {
    "Added": "workflows.add",
    "AvailableRow": "workflows.list_models",
    "Collected": "workflows.gc",
    "Diagnosis": "core.diagnosis",
    "ExportedModel": "workflows.export",
    "GcScope": "storage.garbage.collecting",
    "Generated": "workflows.generate",
    "HooksStatus": "workflows.hooks",
    "Initialised": "workflows.init",
    "Lock": "core.lock",
    "LockUse": "locking",
    "Locked": "locking",
    "LockedModel": "core.lock",
    "Model": "core.model",
    "ModelRow": "workflows.list_models",
    "OutdatedRow": "workflows.list_models",
    "Policy": "core.policy",
    "Probed": "workflows.sync",
    "Project": "project",
    "Pulled": "workflows.pull",
    "Pushed": "workflows.push",
    "Registry": "core.registry",
    "RemoteStatus": "workflows.status",
    "Removed": "workflows.remove",
    "Run": "tools.paddle.run",
    "Shown": "workflows.show",
    "Status": "workflows.status",
    "Synced": "workflows.sync",
    "Trained": "workflows.train",
    "Verdict": "core.violations",
    "Verified": "workflows.verify",
    "VerifyReport": "core.reports",
    "Violation": "core.violations",
    "add": "workflows.add",
    "assert_equal": "workflows.assert_equal",
    "available": "workflows.list_models",
    "check": "workflows.check",
    "doctor": "workflows.doctor",
    "export": "workflows.export",
    "gc": "workflows.gc",
    "generate": "workflows.generate",
    "hooks_status": "workflows.hooks",
    "init": "workflows.init",
    "install_hooks": "workflows.hooks",
    "list_models": "workflows.list_models",
    "lock": "workflows.lock",
    "outdated": "workflows.list_models",
    "probe": "workflows.sync",
    "pull": "workflows.pull",
    "push": "workflows.push",
    "remote_status": "workflows.status",
    "remove": "workflows.remove",
    "report": "workflows.report",
    "schema": "workflows.schema",
    "show": "workflows.show",
    "status": "workflows.status",
    "sync": "workflows.sync",
    "train": "workflows.train",
    "uninstall_hooks": "workflows.hooks",
    "verify": "workflows.verify",
    "verify_all": "workflows.verify",
    "verify_files": "workflows.verify_files",
}
__all__ = [
    "Added",
    "AvailableRow",
    "Collected",
    "Diagnosis",
    "ExportedModel",
    "GcScope",
    "Generated",
    "HooksStatus",
    "Initialised",
    "Lock",
    "LockUse",
    "Locked",
    "LockedModel",
    "Model",
    "ModelRow",
    "OutdatedRow",
    "Policy",
    "Probed",
    "Project",
    "Pulled",
    "Pushed",
    "Registry",
    "RemoteStatus",
    "Removed",
    "Run",
    "Shown",
    "Status",
    "Synced",
    "Trained",
    "Verdict",
    "Verified",
    "VerifyReport",
    "Violation",
    "add",
    "assert_equal",
    "available",
    "check",
    "doctor",
    "errors",
    "export",
    "gc",
    "generate",
    "hooks_status",
    "init",
    "install_hooks",
    "list_models",
    "lock",
    "outdated",
    "probe",
    "pull",
    "push",
    "remote_status",
    "remove",
    "report",
    "schema",
    "show",
    "status",
    "sync",
    "train",
    "uninstall_hooks",
    "verify",
    "verify_all",
    "verify_files",
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
