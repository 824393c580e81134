"""Models as an earlier release has them, in one new commit."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidInput
from paddledvc.gate import read_facts
from paddledvc.gate.core.facts import Facts
from paddledvc.gate.core.freshness_rules import explain_outdated_stage
from paddledvc.gate.judge_subject import judge_tree
from paddledvc.models.compatibility import explain_incompatibility, program_format_of
from paddledvc.names import slug
from paddledvc.releases.core.rollback_plan import (
    Obstacle,
    Rollback,
    RolledModel,
    RolledOutput,
    StaleAfter,
    compare_params,
    describe_image,
    explain_brought,
    list_model_stages,
    list_next_steps,
    list_stale_own,
)
from paddledvc.releases.find_bytes import find_bytes
from paddledvc.releases.find_state import StateFinder
from paddledvc.releases.restore import CommitState, restore_models
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.linked_tree import share_with_main_tree
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.git import project_files, refs, repository, worktree
from paddledvc.tools.git.database import new_commit
from paddledvc.weights.checkout import checkout
from paddledvc.weights.core.tracked import PATTERNS
from paddledvc.weights.expected import read_expected
from paddledvc.weights.status import status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.releases.find_bytes import Found
    from paddledvc.releases.find_state import PastState
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked

NOTE = f"{names.SCRATCH}/rollback.json"
"""Which commits a rollback moves the branch between, until the work tree has followed."""
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHORT = 7


def rollback(  # noqa: PLR0913 - each is an option
    project: Project,
    name: Sequence[str] | str,
    *,
    to: str,
    dry_run: bool = False,
    force: bool = False,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> Rollback:
    """Bring models back to an earlier state by one new commit, with their bytes.

    Entries, pins, results of stages, hyperparameters, reports and the code of the stages go back;
    everything else stays. Nothing is written where something keeps it from being done.

    Args:
        project: the project.
        name: models, also removed ones, and groups; or one of these.
        to: a version, a day or time such as ``2026-11-30``, or a revision.
        dry_run: only say what would change.
        force: do it although other stages become stale or `check` finds errors.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how the bytes arrive.

    Returns:
        What changed, or would; ``obstacles`` is empty where nothing keeps it from being done.

    Raises:
        InvalidInput: there is no such state, no branch is checked out, or a merge is under way.
        UnknownModel: no commit of the branch and no tag knows a model.
        ToolFailed: git failed.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.rollback(project, "detector", to="v1.2.0", dry_run=True).obstacles)
    """
    branch, head = _require_branch(project)
    if dry_run:
        return _Rolling(project, name, to, branch, head).plan(offline, force=force)
    approve_first(project.root)
    share_with_main_tree(project.root)
    with project.exclusive():
        branch, head = _require_branch(project)  # as the one that we waited for has left it
        _finish(project, head)
        rolling = _Rolling(project, name, to, branch, head)
        made = rolling.plan(offline, force=force, fetch=True, progress=progress)
        if made.obstacles:
            return made
        commit = rolling.commit(made) if made.changes else None
    return replace(made, commit=commit, kept=tuple(rolling.place(head)))


def _require_branch(project: Project) -> tuple[str, str]:
    root = project.root
    if repository.find_repository_root(root) is None:
        raise InvalidInput(f"{root} is in no git repository, expected one with earlier commits")
    branch, head = worktree.worktree_branch(root), worktree.resolve_worktree_commit(root, "HEAD")
    if branch is None or head is None:
        raise InvalidInput("no branch with a commit is checked out; run `git switch BRANCH`")
    if refs.pending_commits(root):
        raise InvalidInput(
            "a merge, rebase, revert or the like is under way; finish it, or end it with --abort"
        )
    return branch, head


def _finish(project: Project, head: str) -> None:
    """Bring the work tree to the commit of a rollback that was killed behind it."""
    text = project_files.find_project_text(project.root, NOTE)
    if text is None:
        return
    try:
        old, new = (str(one) for one in json.loads(text))
    except (ValueError, TypeError):
        old = new = ""
    if new == head and _COMMIT.fullmatch(old):
        new_commit.bring_worktree(project.root, old, new)
    (project.root / NOTE).unlink(missing_ok=True)


class _Rolling:
    """A rollback of some models to one state."""

    def __init__(
        self, project: Project, name: Sequence[str] | str, to: str, branch: str, head: str
    ) -> None:
        self.project, self.root, self._to, self._branch = project, project.root, to, branch
        self._head = CommitState(self.root, head)
        self._finder = StateFinder(self.root, branch, head)
        asked = [name] if isinstance(name, str) else list(name)
        models = dict.fromkeys(one for group in asked for one in self._members(group))
        self._found: dict[str, PastState] = {one: self._finder.find(one, to) for one in models}
        commits = {one.commit for one in self._found.values()}
        states = {commit: CommitState(self.root, commit) for commit in commits}
        self._then = {one: states[found.commit] for one, found in self._found.items()}
        for one in models:
            self._require_known(one)
        self._restored = restore_models(self.root, self._head, self._then)
        self._after = CommitState(self.root, self._restored.tree)
        self._needed: tuple[Tracked, ...] = ()

    def _members(self, name: str) -> tuple[str, ...]:
        registry = self._head.registry
        known = name in registry.groups or name in registry.by_name
        return registry.members(name) if known else (name,)

    def _require_known(self, name: str) -> None:
        then, commit = self._then[name], self._found[name].commit
        if name not in then.registry.by_name or name not in then.lock.by_name:
            raise InvalidInput(
                f"{name} is not in {names.REGISTRY} and {names.LOCK} of commit {commit[:_SHORT]}; "
                f"`paddledvc history {name}` lists the states that it had"
            )

    def plan(
        self,
        offline: str | None,
        *,
        force: bool,
        fetch: bool = False,
        progress: NamedProgress | None = None,
    ) -> Rollback:
        """Say what changes, and what keeps it from being done; look for the bytes."""
        head, tree = self._head.name, self._restored.tree
        before = judge_tree(self.project, head, branch=self._branch, before=head)
        findings = judge_tree(self.project, tree, branch=self._branch, before=head)
        stale = tuple(self._list_stale())
        outputs = {name: self._outputs(self._after, name) for name in self._then}
        self._needed = tuple(
            {one.path: one for its in outputs.values() for one in its.values()}.values()
        )
        obstacles = [
            *self._list_unclean(),
            *self._list_unbuilt(),
            *(self._of_stale(one) for one in stale),
            *(
                Obstacle(kind="check", message=one, forced=True)
                for one in explain_brought(before, findings)
            ),
        ]
        blocking = any(not (one.forced and force) for one in obstacles)
        found = find_bytes(
            self.project,
            self._needed,
            branch=self._branch,
            fetch=fetch and not blocking,
            offline=offline,
            progress=progress,
        )
        models = tuple(self._describe(name, outputs[name], found) for name in self._then)
        obstacles += [
            Obstacle(kind="bytes", message=why) for one in found.values() for why in one.lacking
        ]
        obstacles += [
            Obstacle(
                kind="image", message=f"{one.name} {one.after} {one.incompatible}", forced=True
            )
            for one in models
            if one.incompatible
        ]
        return Rollback(
            to=self._to,
            branch=self._branch,
            models=models,
            files=self._restored.files,
            stale=stale,
            findings=findings,
            obstacles=tuple(one for one in obstacles if not (one.forced and force)),
            changes=bool(new_commit.list_changed_files(self.root, head, tree)),
            steps=tuple(list_next_steps(models)),
        )

    def commit(self, made: Rollback) -> str:
        """Make the commit, move the branch to it, and bring the work tree after it."""
        head = self._head.name
        new = new_commit.write_commit(self.root, self._restored.tree, head, _message(made))
        self.project.write(NOTE, json.dumps([head, new]))
        new_commit.move_branch(self.root, new, head, f"paddledvc rollback to {self._to}")
        new_commit.bring_worktree(self.root, head, new)
        (self.root / NOTE).unlink(missing_ok=True)
        return new

    def place(self, before: str) -> Iterator[str]:
        """Put the outputs into the work tree, read every byte, and say what is not in place."""
        checkout(self.project, before=before, offline="rollback")
        paths = [one.path for one in self._needed]
        for here in status(self.project, paths, deep=True).outputs if paths else ():
            if here.state != "ok":
                yield f"{here.tracked.path}: {here.problem}; {here.mend}"

    def _list_unclean(self) -> Iterator[Obstacle]:
        prefix = worktree.prefix_in_worktree(self.root)
        changed = new_commit.list_changed_files(self.root, self._head.name, self._restored.tree)
        paths = dict.fromkeys((*(f"{prefix}{one}" for one in names.PROJECT_FILES), *changed))
        for path in new_commit.list_unclean_files(self.root, list(paths)):
            yield Obstacle(
                kind="unclean",
                message=f"{path} is not as in the last commit; commit it, or move it away",
            )

    def _list_unbuilt(self) -> Iterator[Obstacle]:
        """Say which bytes no commit knows: those of a stage that had not run then."""
        for name, then in self._then.items():
            stages = [one for one in list_model_stages(slug(name)) if one in then.stages.stated]
            for stage in stages:
                kind = stage.partition("-")[0]
                if kind in ("train", "export") and stage not in then.stages.built:
                    yield Obstacle(
                        kind="unbuilt",
                        message=f"{stage} had not run at commit {then.name[:_SHORT]}, so that no "
                        "bytes of it are known; choose another commit",
                    )

    def _list_stale(self) -> Iterator[StaleAfter]:
        """Say which stages would run again that would not before."""
        before = dict(self._outdated(self._head))
        models = {
            stage: model.name
            for model in self._after.registry.models
            for stage in list_model_stages(model.slug)
        }
        for stage, why in self._outdated(self._after):
            if stage not in before:
                yield StaleAfter(stage=stage, model=models.get(stage), why=why)

    def _outdated(self, state: CommitState) -> Iterator[tuple[str, str]]:
        opened = read_facts.read_registry_facts(state.files)
        role = replace(opened.policy.role(self._branch), evidence="required")
        facts = Facts(
            branch=self._branch,
            role=role,
            policy=opened.policy,
            own=opened.policy,
            changed=False,
            today=date.today(),  # noqa: DTZ011 - no waiver is asked
            documents=opened.documents,
            registry=opened.registry,
            unreadable=opened.unreadable,
        )
        facts = read_facts.read_facts(state.files, facts)
        for stage in facts.stages or {}:
            if whys := list(explain_outdated_stage(facts, stage)):
                yield stage, whys[0]
        pins = {one.path: one.md5 for one in state.lock.models if one.path and one.md5}
        written = {path: one.md5 for path, one in facts.written.items()}
        yield from list_stale_own(state.stages, {**pins, **written, **self._file_digests(state)})

    def _file_digests(self, state: CommitState) -> dict[str, str]:
        """Hash the files that go back, which stages of the team may read."""
        paths = [one.path for one in self._restored.files]
        data = {path: state.files.snapshot.read(path) for path in paths if path in state.entries}
        return {path: _md5(one) for path, one in data.items() if one is not None}

    def _of_stale(self, stale: StaleAfter) -> Obstacle:
        """Say what to do about a stage that becomes stale: what belongs together goes together."""
        also = stale.model
        if stale.model in self._then:
            also = self._after.registry.model(stale.model).base
        roll = f"roll {also} back too, or " if also is not None and also not in self._then else ""
        of = f"{stale.model}: " if stale.model is not None else ""
        message = f"{of}{stale.stage} {stale.why} and becomes stale; {roll}use --force and rerun it"
        return Obstacle(kind="stale", message=message, forced=True)

    def _outputs(self, state: CommitState, name: str) -> dict[str, Tracked]:
        """List what lies in the work tree of a model, by path, as a commit or tree says it."""
        if name not in state.lock.by_name:
            return {}
        expected = read_expected(state.files, state.files.snapshot.texts(PATTERNS))
        stages = self._restored.stages[name]
        if state is self._head:
            stages = (*list_model_stages(slug(name)), *stages)
        own = {path for stage in stages for path in state.stages.writes(stage)}
        own |= {state.lock.model(name).path or ""}
        return {one.path: one for one in expected if one.path in own}

    def _describe(
        self, name: str, outputs: Mapping[str, Tracked], found: Mapping[str, Found]
    ) -> RolledModel:
        head, then, state = self._head, self._then[name], self._found[name]
        was, pin = head.lock.by_name.get(name), self._after.lock.model(name)
        old = self._outputs(head, name)
        model = self._after.registry.model(name)
        exported = next((one for one in outputs.values() if one.folder), None)
        listing = None
        if exported is not None and exported.oid is not None:
            listing = Cache.of(self.root).listing(exported.oid)
        version = was.version if was is not None else None
        return RolledModel(
            name=name,
            before=version,
            after=pin.version,
            commit=state.commit,
            tag=state.tag,
            outputs=tuple(
                RolledOutput(
                    path=path,
                    before=_digest(old.get(path)),
                    after=_digest(outputs.get(path)),
                    size_before=old[path].hashes.size if path in old else None,
                    size_after=outputs[path].hashes.size if path in outputs else None,
                    where=found[path].where if path in found else "",
                )
                for path in sorted({**old, **outputs})
            ),
            params=compare_params(head.params(name), then.params(name)),
            image_before=describe_image(was),
            image_after=describe_image(pin),
            incompatible=explain_incompatibility(
                self._after.registry.environment_of(model),
                (pin.paddle, model.paddle),
                program_format_of(one.path for one in listing or ()),
            ),
            stages=() if version == pin.version else self._finder.stages_of(name, version),
            base=model.base,
            dependents=tuple(one.name for one in head.registry.models if one.base == name),
        )


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _digest(tracked: Tracked | None) -> str | None:
    if tracked is None:
        return None
    if tracked.oid is not None:
        return f"md5:{tracked.oid}"
    return f"sha256:{tracked.hashes.sha256}" if tracked.hashes.sha256 is not None else None


def _message(made: Rollback) -> str:
    who = ", ".join(one.name for one in made.models)
    lines = [
        f"{one.name} {one.before or '(removed)'} -> {one.after}, as in "
        f"{f'{one.tag}, ' if one.tag else ''}commit {one.commit[:_SHORT]}"
        for one in made.models
    ]
    return "\n".join((f"Roll {who} back to {made.to}", "", *lines, ""))
