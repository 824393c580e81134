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
    from paddledvc.cards.core.parts import Part
    from paddledvc.catalogs.core.gto import IgnoredTag
    from paddledvc.comparison.agreement import Agreement, OutputAgreement, SampleError
    from paddledvc.comparison.other_measures import Closeness, Ranking
    from paddledvc.comparison.untaken_branches import Branch
    from paddledvc.environments.check import EnvironmentCheck, check_environment
    from paddledvc.environments.core.facts import Fact as EnvironmentFact
    from paddledvc.environments.prepare import PreparedEnvironment, prepare_environment
    from paddledvc.errors import PaddleDVCError, Problem
    from paddledvc.evaluation.report import report
    from paddledvc.gate.check import check
    from paddledvc.gate.core.violations import Verdict, Violation, Waived
    from paddledvc.gate.lock_history import Earlier
    from paddledvc.hashes import Hashes
    from paddledvc.hooks.manage import (
        HookChange,
        HookChanges,
        HooksStatus,
        hooks_status,
        install_hooks,
        uninstall_hooks,
    )
    from paddledvc.inventory.cards import WrittenCard, write_cards
    from paddledvc.inventory.comment import Commented, comment
    from paddledvc.inventory.core.history_rows import HistoryRow
    from paddledvc.inventory.core.metric_changes import MetricChange
    from paddledvc.inventory.core.model_changes import Difference, DocumentationChange, ModelChange
    from paddledvc.inventory.core.model_side import VerifyState
    from paddledvc.inventory.core.models_diff import Answer, ModelsDiff
    from paddledvc.inventory.diff import diff
    from paddledvc.inventory.history import History, history
    from paddledvc.inventory.list_models import (
        AvailableRow,
        ModelRow,
        OutdatedRow,
        available,
        list_models,
        outdated,
    )
    from paddledvc.inventory.show import Asked, Shown, ShownPart, show
    from paddledvc.locking.add import Added, add
    from paddledvc.locking.current import Locked, LockUse
    from paddledvc.locking.lock import lock
    from paddledvc.locking.remove import Removed, remove
    from paddledvc.models.lockfile import Change, Lock, LockedFile, LockedModel
    from paddledvc.models.model import (
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
    from paddledvc.models.policy import Policy, Role, StageRule, Waiver
    from paddledvc.models.registry import Deploy, Registry
    from paddledvc.models.verify_settings import Engine, OutputTolerance, Tolerance, Verify
    from paddledvc.models.versions import Requirement
    from paddledvc.project import Project
    from paddledvc.releases.approve import approve_release
    from paddledvc.releases.bundle.core.manifest import (
        BundledFile,
        BundledModel,
        BundledOutput,
        BundleManifest,
    )
    from paddledvc.releases.bundle.import_bundle import ImportedBundle, import_bundle
    from paddledvc.releases.bundle.make_bundle import Bundled, BundleRow, bundle
    from paddledvc.releases.bundle.read_bundle import VerifiedBundle, verify_bundle
    from paddledvc.releases.core.plan import Release
    from paddledvc.releases.core.rollback_plan import (
        Obstacle,
        Rollback,
        RolledFile,
        RolledModel,
        RolledOutput,
        RolledParam,
        StaleAfter,
    )
    from paddledvc.releases.create import Created, create_release
    from paddledvc.releases.deprecate import deprecate_release
    from paddledvc.releases.promote import Tagged, promote_release
    from paddledvc.releases.rollback import rollback
    from paddledvc.schemas import schema
    from paddledvc.setup.ci.job_image import env_image
    from paddledvc.setup.diagnosis import Check, Diagnosis
    from paddledvc.setup.doctor import doctor
    from paddledvc.setup.init import Initialised, init
    from paddledvc.setup.trust import RemoteTrust, list_trust, revoke_trust, trust
    from paddledvc.stages.core.record import Dataset, Hashed, Record
    from paddledvc.stages.export import ExportedModel, export
    from paddledvc.stages.generate import Entries, Generated, generate
    from paddledvc.stages.sync import Probed, Reached, Synced, probe, sync
    from paddledvc.stages.train import Trained, train
    from paddledvc.tools.dvc.remotes.new_remotes import NewRemote
    from paddledvc.tools.git.blame import Commit
    from paddledvc.tools.git.core.ignored import Pattern
    from paddledvc.tools.git.hook_scripts.state import HookState
    from paddledvc.tools.paddle.building.training import Params, Run
    from paddledvc.tools.paddle.core.jobs import Cost, Latency, Runtime, Wide
    from paddledvc.tools.paddle.core.jobs import Diagnosis as PathDiagnosis
    from paddledvc.verification.assert_equal import assert_equal
    from paddledvc.verification.core.evidence import Latencies
    from paddledvc.verification.core.verify_report import PathReport, VerifyReport
    from paddledvc.verification.verify import Verified, verify, verify_all
    from paddledvc.verification.verify_files import verify_files
    from paddledvc.website.plot_history import plot_history
    from paddledvc.website.write_site import Site, write_site
    from paddledvc.weights.core.outcome import Placed, PlacedOutput
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Arrived, Bad, Inspected, Sent
    from paddledvc.weights.garbage.collect import GcScope
    from paddledvc.weights.gc import Cleaned, Collected, Garbage, Kept, gc
    from paddledvc.weights.pull import Pulled, pull
    from paddledvc.weights.push import Pushed, push
    from paddledvc.weights.status import Here, Looked, RemoteStatus, Status, remote_status, status
    from paddledvc.yaml.document import Document, Position

_HOMES = {
    "Added": "locking.add",
    "Agreement": "comparison.agreement",
    "Answer": "inventory.core.models_diff",
    "Arrived": "weights.core.transfer_results",
    "Asked": "inventory.show",
    "AvailableRow": "inventory.list_models",
    "Bad": "weights.core.transfer_results",
    "Branch": "comparison.untaken_branches",
    "BundleManifest": "releases.bundle.core.manifest",
    "BundleRow": "releases.bundle.make_bundle",
    "Bundled": "releases.bundle.make_bundle",
    "BundledFile": "releases.bundle.core.manifest",
    "BundledModel": "releases.bundle.core.manifest",
    "BundledOutput": "releases.bundle.core.manifest",
    "Caveat": "comparison.caveats",
    "Change": "models.lockfile",
    "Check": "setup.diagnosis",
    "Cleaned": "weights.gc",
    "Closeness": "comparison.other_measures",
    "Collected": "weights.gc",
    "Commented": "inventory.comment",
    "Commit": "tools.git.blame",
    "Cost": "tools.paddle.core.jobs",
    "Created": "releases.create",
    "Dataset": "stages.core.record",
    "Declared": "models.model",
    "Deploy": "models.registry",
    "Diagnosis": "setup.diagnosis",
    "Difference": "inventory.core.model_changes",
    "DifferingParameter": "comparison.parameters",
    "Document": "yaml.document",
    "DocumentationChange": "inventory.core.model_changes",
    "Earlier": "gate.lock_history",
    "Engine": "models.verify_settings",
    "Entries": "stages.generate",
    "Environment": "models.model",
    "EnvironmentCheck": "environments.check",
    "EnvironmentFact": "environments.core.facts:Fact",
    "Evaluate": "models.evaluate_settings",
    "Evaluation": "tools.paddle.evaluating.evaluation",
    "Export": "models.model",
    "ExportedModel": "stages.export",
    "Garbage": "weights.gc",
    "GcScope": "weights.garbage.collect",
    "Generated": "stages.generate",
    "Hashed": "stages.core.record",
    "Hashes": "hashes",
    "Here": "weights.status",
    "History": "inventory.history",
    "HistoryRow": "inventory.core.history_rows",
    "HookChange": "hooks.manage",
    "HookChanges": "hooks.manage",
    "HookState": "tools.git.hook_scripts.state",
    "HooksStatus": "hooks.manage",
    "IgnoredTag": "catalogs.core.gto",
    "ImportedBundle": "releases.bundle.import_bundle",
    "Initialised": "setup.init",
    "Input": "models.model",
    "Inspected": "weights.core.transfer_results",
    "Kept": "weights.gc",
    "Latencies": "verification.core.evidence",
    "Latency": "tools.paddle.core.jobs",
    "Launch": "models.model",
    "Lock": "models.lockfile",
    "LockUse": "locking.current",
    "Locked": "locking.current",
    "LockedFile": "models.lockfile",
    "LockedModel": "models.lockfile",
    "Looked": "weights.status",
    "Measured": "evaluation.core.measured",
    "Metric": "models.model",
    "MetricChange": "inventory.core.metric_changes",
    "MetricGoal": "models.evaluate_settings",
    "Model": "models.model",
    "ModelChange": "inventory.core.model_changes",
    "ModelRow": "inventory.list_models",
    "ModelsDiff": "inventory.core.models_diff",
    "NewRemote": "tools.dvc.remotes.new_remotes",
    "Obstacle": "releases.core.rollback_plan",
    "OutdatedRow": "inventory.list_models",
    "Output": "models.model",
    "OutputAgreement": "comparison.agreement",
    "OutputTolerance": "models.verify_settings",
    "PaddleDVCError": "errors",
    "ParameterComparison": "comparison.parameters",
    "Params": "tools.paddle.building.training",
    "Part": "cards.core.parts",
    "Parts": "evaluation.core.scores",
    "PathDiagnosis": "tools.paddle.core.jobs:Diagnosis",
    "PathReport": "verification.core.verify_report",
    "Pattern": "tools.git.core.ignored",
    "Placed": "weights.core.outcome",
    "PlacedOutput": "weights.core.outcome",
    "Plot": "models.evaluate_settings",
    "Policy": "models.policy",
    "Position": "yaml.document",
    "PreparedEnvironment": "environments.prepare",
    "Probed": "stages.sync",
    "Problem": "errors",
    "Project": "project",
    "Pulled": "weights.pull",
    "Pushed": "weights.push",
    "Ranking": "comparison.other_measures",
    "Reached": "stages.sync",
    "Record": "stages.core.record",
    "Reference": "models.model",
    "Registry": "models.registry",
    "Release": "releases.core.plan",
    "RemoteStatus": "weights.status",
    "RemoteTrust": "setup.trust",
    "Removed": "locking.remove",
    "Requirement": "models.versions",
    "Role": "models.policy",
    "Rollback": "releases.core.rollback_plan",
    "RolledFile": "releases.core.rollback_plan",
    "RolledModel": "releases.core.rollback_plan",
    "RolledOutput": "releases.core.rollback_plan",
    "RolledParam": "releases.core.rollback_plan",
    "Run": "tools.paddle.building.training",
    "Runtime": "tools.paddle.core.jobs",
    "SampleError": "comparison.agreement",
    "Scores": "evaluation.core.scores",
    "Sent": "weights.core.transfer_results",
    "Shown": "inventory.show",
    "ShownPart": "inventory.show",
    "Slice": "evaluation.core.measured",
    "SliceGoal": "models.evaluate_settings",
    "Site": "website.write_site",
    "StageRule": "models.policy",
    "StaleAfter": "releases.core.rollback_plan",
    "Status": "weights.status",
    "Synced": "stages.sync",
    "Tagged": "releases.promote",
    "Tolerance": "models.verify_settings",
    "Tracked": "weights.core.tracked",
    "Train": "models.model",
    "Trained": "stages.train",
    "Verdict": "gate.core.violations",
    "Verified": "verification.verify",
    "VerifiedBundle": "releases.bundle.read_bundle",
    "Verify": "models.verify_settings",
    "VerifyReport": "verification.core.verify_report",
    "VerifyState": "inventory.core.model_side",
    "Violation": "gate.core.violations",
    "Waived": "gate.core.violations",
    "Waiver": "models.policy",
    "Wide": "tools.paddle.core.jobs",
    "WrittenCard": "inventory.cards",
    "add": "locking.add",
    "approve_release": "releases.approve",
    "assert_equal": "verification.assert_equal",
    "available": "inventory.list_models",
    "bundle": "releases.bundle.make_bundle",
    "check": "gate.check",
    "check_environment": "environments.check",
    "comment": "inventory.comment",
    "create_release": "releases.create",
    "deprecate_release": "releases.deprecate",
    "diff": "inventory.diff",
    "doctor": "setup.doctor",
    "env_image": "setup.ci.job_image",
    "evaluate": "evaluation.evaluate",
    "evaluate_baseline": "evaluation.baseline",
    "export": "stages.export",
    "gc": "weights.gc",
    "generate": "stages.generate",
    "history": "inventory.history",
    "hooks_status": "hooks.manage",
    "import_bundle": "releases.bundle.import_bundle",
    "init": "setup.init",
    "install_hooks": "hooks.manage",
    "list_models": "inventory.list_models",
    "list_trust": "setup.trust",
    "lock": "locking.lock",
    "outdated": "inventory.list_models",
    "plot_history": "website.plot_history",
    "prepare_environment": "environments.prepare",
    "probe": "stages.sync",
    "promote_release": "releases.promote",
    "pull": "weights.pull",
    "push": "weights.push",
    "remote_status": "weights.status",
    "remove": "locking.remove",
    "report": "evaluation.report",
    "revoke_trust": "setup.trust",
    "rollback": "releases.rollback",
    "schema": "schemas",
    "show": "inventory.show",
    "status": "weights.status",
    "sync": "stages.sync",
    "train": "stages.train",
    "trust": "setup.trust",
    "uninstall_hooks": "hooks.manage",
    "verify": "verification.verify",
    "verify_all": "verification.verify",
    "verify_bundle": "releases.bundle.read_bundle",
    "verify_files": "verification.verify_files",
    "write_cards": "inventory.cards",
    "write_site": "website.write_site",
}
"""Where each public name is: its module, and its name there if it has another one."""
__all__ = [
    "Added",
    "Agreement",
    "Answer",
    "Arrived",
    "Asked",
    "AvailableRow",
    "Bad",
    "Branch",
    "BundleManifest",
    "BundleRow",
    "Bundled",
    "BundledFile",
    "BundledModel",
    "BundledOutput",
    "Caveat",
    "Change",
    "Check",
    "Cleaned",
    "Closeness",
    "Collected",
    "Commented",
    "Commit",
    "Cost",
    "Created",
    "Dataset",
    "Declared",
    "Deploy",
    "Diagnosis",
    "Difference",
    "DifferingParameter",
    "Document",
    "DocumentationChange",
    "Earlier",
    "Engine",
    "Entries",
    "Environment",
    "EnvironmentCheck",
    "EnvironmentFact",
    "Evaluate",
    "Evaluation",
    "Export",
    "ExportedModel",
    "Garbage",
    "GcScope",
    "Generated",
    "Hashed",
    "Hashes",
    "Here",
    "History",
    "HistoryRow",
    "HookChange",
    "HookChanges",
    "HookState",
    "HooksStatus",
    "IgnoredTag",
    "ImportedBundle",
    "Initialised",
    "Input",
    "Inspected",
    "Kept",
    "Latencies",
    "Latency",
    "Launch",
    "Lock",
    "LockUse",
    "Locked",
    "LockedFile",
    "LockedModel",
    "Looked",
    "Measured",
    "Metric",
    "MetricChange",
    "MetricGoal",
    "Model",
    "ModelChange",
    "ModelRow",
    "ModelsDiff",
    "NewRemote",
    "Obstacle",
    "OutdatedRow",
    "Output",
    "OutputAgreement",
    "OutputTolerance",
    "PaddleDVCError",
    "ParameterComparison",
    "Params",
    "Part",
    "Parts",
    "PathDiagnosis",
    "PathReport",
    "Pattern",
    "Placed",
    "PlacedOutput",
    "Plot",
    "Policy",
    "Position",
    "PreparedEnvironment",
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
    "Release",
    "RemoteStatus",
    "RemoteTrust",
    "Removed",
    "Requirement",
    "Role",
    "Rollback",
    "RolledFile",
    "RolledModel",
    "RolledOutput",
    "RolledParam",
    "Run",
    "Runtime",
    "SampleError",
    "Scores",
    "Sent",
    "Shown",
    "ShownPart",
    "Site",
    "Slice",
    "SliceGoal",
    "StageRule",
    "StaleAfter",
    "Status",
    "Synced",
    "Tagged",
    "Tolerance",
    "Tracked",
    "Train",
    "Trained",
    "Verdict",
    "Verified",
    "VerifiedBundle",
    "Verify",
    "VerifyReport",
    "VerifyState",
    "Violation",
    "Waived",
    "Waiver",
    "Wide",
    "WrittenCard",
    "add",
    "approve_release",
    "assert_equal",
    "available",
    "bundle",
    "check",
    "check_environment",
    "comment",
    "create_release",
    "deprecate_release",
    "diff",
    "doctor",
    "env_image",
    "errors",
    "evaluate",
    "evaluate_baseline",
    "export",
    "gc",
    "generate",
    "history",
    "hooks_status",
    "import_bundle",
    "init",
    "install_hooks",
    "list_models",
    "list_trust",
    "lock",
    "outdated",
    "plot_history",
    "prepare_environment",
    "probe",
    "promote_release",
    "pull",
    "push",
    "remote_status",
    "remove",
    "report",
    "revoke_trust",
    "rollback",
    "schema",
    "show",
    "status",
    "sync",
    "train",
    "trust",
    "uninstall_hooks",
    "verify",
    "verify_all",
    "verify_bundle",
    "verify_files",
    "write_cards",
    "write_site",
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
