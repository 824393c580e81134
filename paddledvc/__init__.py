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
    from paddledvc.core.agreement import Agreement, OutputAgreement, SampleError
    from paddledvc.core.answers import Cost, Latency, Runtime, Wide
    from paddledvc.core.answers import Diagnosis as PathDiagnosis
    from paddledvc.core.branches import Branch
    from paddledvc.core.changes import Change
    from paddledvc.core.closeness import Closeness, Ranking
    from paddledvc.core.diagnosis import Check, Diagnosis
    from paddledvc.core.document import Document, Position
    from paddledvc.core.hashes import Hashed, Hashes
    from paddledvc.core.ignored import Pattern
    from paddledvc.core.lock import Lock, LockedFile, LockedModel
    from paddledvc.core.model import (
        Declared,
        Environment,
        Export,
        Input,
        Launch,
        Metric,
        Model,
        Output,
        Reference,
        Train,
    )
    from paddledvc.core.newremote import NewRemote
    from paddledvc.core.parts import Part
    from paddledvc.core.path_reports import PathReport
    from paddledvc.core.placed import Placed, PlacedOutput
    from paddledvc.core.policy import Policy, Role, Waiver
    from paddledvc.core.record import Dataset, Record
    from paddledvc.core.registry import Registry
    from paddledvc.core.reports import VerifyReport
    from paddledvc.core.tracked import Tracked
    from paddledvc.core.transfers import Arrived, Bad, Inspected, Sent
    from paddledvc.core.verification import Engine, OutputTolerance, Tolerance, Verify
    from paddledvc.core.versions import Requirement
    from paddledvc.core.violations import Verdict, Violation, Waived
    from paddledvc.current import LockUse
    from paddledvc.errors import PaddleDVCError, Problem
    from paddledvc.gate.past import Earlier
    from paddledvc.locking import Locked
    from paddledvc.project import Project
    from paddledvc.storage.garbage.collecting import GcScope
    from paddledvc.storage.tree.condition import Here
    from paddledvc.tools.blame import Commit
    from paddledvc.tools.hookstate import HookState
    from paddledvc.tools.paddle.run import Params, Run
    from paddledvc.workflows.add import Added, add
    from paddledvc.workflows.assert_equal import assert_equal
    from paddledvc.workflows.check import check
    from paddledvc.workflows.doctor import doctor
    from paddledvc.workflows.export import ExportedModel, export
    from paddledvc.workflows.gc import Cleaned, Collected, Garbage, Kept, gc
    from paddledvc.workflows.generate import Entries, Generated, generate
    from paddledvc.workflows.hooks import (
        HookChange,
        HookChanges,
        HooksStatus,
        hooks_status,
        install_hooks,
        uninstall_hooks,
    )
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
    from paddledvc.workflows.show import Asked, Shown, ShownPart, show
    from paddledvc.workflows.status import Looked, RemoteStatus, Status, remote_status, status
    from paddledvc.workflows.sync import Probed, Reached, Synced, probe, sync
    from paddledvc.workflows.train import Trained, train
    from paddledvc.workflows.verify import Verified, verify, verify_all
    from paddledvc.workflows.verify_files import verify_files

_HOMES = {
    "Added": "workflows.add",
    "Agreement": "core.agreement",
    "Arrived": "core.transfers",
    "Asked": "workflows.show",
    "AvailableRow": "workflows.list_models",
    "Bad": "core.transfers",
    "Branch": "core.branches",
    "Change": "core.changes",
    "Check": "core.diagnosis",
    "Cleaned": "workflows.gc",
    "Closeness": "core.closeness",
    "Collected": "workflows.gc",
    "Commit": "tools.blame",
    "Cost": "core.answers",
    "Dataset": "core.record",
    "Declared": "core.model",
    "Diagnosis": "core.diagnosis",
    "Document": "core.document",
    "Earlier": "gate.past",
    "Engine": "core.verification",
    "Entries": "workflows.generate",
    "Environment": "core.model",
    "Export": "core.model",
    "ExportedModel": "workflows.export",
    "Garbage": "workflows.gc",
    "GcScope": "storage.garbage.collecting",
    "Generated": "workflows.generate",
    "Hashed": "core.hashes",
    "Hashes": "core.hashes",
    "Here": "storage.tree.condition",
    "HookChange": "workflows.hooks",
    "HookChanges": "workflows.hooks",
    "HookState": "tools.hookstate",
    "HooksStatus": "workflows.hooks",
    "Initialised": "workflows.init",
    "Input": "core.model",
    "Inspected": "core.transfers",
    "Kept": "workflows.gc",
    "Latency": "core.answers",
    "Launch": "core.model",
    "Lock": "core.lock",
    "LockUse": "current",
    "Locked": "locking",
    "LockedFile": "core.lock",
    "LockedModel": "core.lock",
    "Looked": "workflows.status",
    "Metric": "core.model",
    "Model": "core.model",
    "ModelRow": "workflows.list_models",
    "NewRemote": "core.newremote",
    "OutdatedRow": "workflows.list_models",
    "Output": "core.model",
    "OutputAgreement": "core.agreement",
    "OutputTolerance": "core.verification",
    "PaddleDVCError": "errors",
    "Params": "tools.paddle.run",
    "Part": "core.parts",
    "PathDiagnosis": "core.answers:Diagnosis",
    "PathReport": "core.path_reports",
    "Pattern": "core.ignored",
    "Placed": "core.placed",
    "PlacedOutput": "core.placed",
    "Policy": "core.policy",
    "Position": "core.document",
    "Probed": "workflows.sync",
    "Problem": "errors",
    "Project": "project",
    "Pulled": "workflows.pull",
    "Pushed": "workflows.push",
    "Ranking": "core.closeness",
    "Reached": "workflows.sync",
    "Record": "core.record",
    "Reference": "core.model",
    "Registry": "core.registry",
    "RemoteStatus": "workflows.status",
    "Removed": "workflows.remove",
    "Requirement": "core.versions",
    "Role": "core.policy",
    "Run": "tools.paddle.run",
    "Runtime": "core.answers",
    "SampleError": "core.agreement",
    "Sent": "core.transfers",
    "Shown": "workflows.show",
    "ShownPart": "workflows.show",
    "Status": "workflows.status",
    "Synced": "workflows.sync",
    "Tolerance": "core.verification",
    "Tracked": "core.tracked",
    "Train": "core.model",
    "Trained": "workflows.train",
    "Verdict": "core.violations",
    "Verified": "workflows.verify",
    "Verify": "core.verification",
    "VerifyReport": "core.reports",
    "Violation": "core.violations",
    "Waived": "core.violations",
    "Waiver": "core.policy",
    "Wide": "core.answers",
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
"""Where each public name is: its module, and its name there if it has another one."""
__all__ = [
    "Added",
    "Agreement",
    "Arrived",
    "Asked",
    "AvailableRow",
    "Bad",
    "Branch",
    "Change",
    "Check",
    "Cleaned",
    "Closeness",
    "Collected",
    "Commit",
    "Cost",
    "Dataset",
    "Declared",
    "Diagnosis",
    "Document",
    "Earlier",
    "Engine",
    "Entries",
    "Environment",
    "Export",
    "ExportedModel",
    "Garbage",
    "GcScope",
    "Generated",
    "Hashed",
    "Hashes",
    "Here",
    "HookChange",
    "HookChanges",
    "HookState",
    "HooksStatus",
    "Initialised",
    "Input",
    "Inspected",
    "Kept",
    "Latency",
    "Launch",
    "Lock",
    "LockUse",
    "Locked",
    "LockedFile",
    "LockedModel",
    "Looked",
    "Metric",
    "Model",
    "ModelRow",
    "NewRemote",
    "OutdatedRow",
    "Output",
    "OutputAgreement",
    "OutputTolerance",
    "PaddleDVCError",
    "Params",
    "Part",
    "PathDiagnosis",
    "PathReport",
    "Pattern",
    "Placed",
    "PlacedOutput",
    "Policy",
    "Position",
    "Probed",
    "Problem",
    "Project",
    "Pulled",
    "Pushed",
    "Ranking",
    "Reached",
    "Record",
    "Reference",
    "Registry",
    "RemoteStatus",
    "Removed",
    "Requirement",
    "Role",
    "Run",
    "Runtime",
    "SampleError",
    "Sent",
    "Shown",
    "ShownPart",
    "Status",
    "Synced",
    "Tolerance",
    "Tracked",
    "Train",
    "Trained",
    "Verdict",
    "Verified",
    "Verify",
    "VerifyReport",
    "Violation",
    "Waived",
    "Waiver",
    "Wide",
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
    module, _, called = _HOMES[name].partition(":")
    value = getattr(import_module(f"paddledvc.{module}"), called or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
