"""Outputs picked by what people call them, and the remotes that they belong in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.models.policy import order_remotes_by_policy
from paddledvc.names import suggest_name
from paddledvc.tools.dvc import configuration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project
    from paddledvc.weights.core.tracked import Tracked


def select_outputs(
    project: Project, outputs: Sequence[Tracked], names: Sequence[str]
) -> tuple[Tracked, ...]:
    """Pick outputs.

    Args:
        project: the project.
        outputs: all that there are.
        names: names of models, or paths of outputs or of folders with outputs in them, from the
            root of the project or from the current folder; all outputs by default.

    Raises:
        InvalidInput: nothing is called so.
    """
    if not names:
        return tuple(outputs)
    picked: dict[str, Tracked] = {}
    for name in names:
        found = [one for one in outputs if _is_called(project, one, name)]
        if not found:
            known = sorted({word for one in outputs for word in (one.model, one.path) if word})
            raise InvalidInput(f"there is no model or output {name!r}{suggest_name(name, known)}")
        picked.update((one.path, one) for one in found)
    return tuple(picked[path] for path in sorted(picked))


def _is_called(project: Project, tracked: Tracked, name: str) -> bool:
    if name == tracked.model:
        return True
    here = os.path.relpath(os.path.abspath(name), project.root)  # noqa: PTH100 - it follows no link
    paths = (os.path.normpath(name), here)
    return any(path in (".", tracked.path) or _holds(path, tracked.path) for path in paths)


def _holds(folder: str, path: str) -> bool:
    return path.startswith(f"{folder}/")


def select_remote(project: Project, role: Role) -> str:
    """Name the remote that the weights of a role belong in.

    Raises:
        InvalidInput: there is no remote at all.
    """
    config = configuration.read_dvc_config(project.root)
    order = order_remotes_by_policy(role, list(config.remotes), config.default)
    if not order:
        raise InvalidInput(
            "there is no DVC remote; set one up by `paddledvc init --remote URL`, where URL is "
            "s3://BUCKET/FOLDER or a path"
        )
    return order[0]


def select_remotes(project: Project, branch: str | None, policy: Policy) -> tuple[str, ...]:
    """Name the DVC remotes of a project, that of the branch's role first."""
    config = configuration.read_dvc_config(project.root)
    return order_remotes_by_policy(policy.role(branch), list(config.remotes), config.default)


def require_selected_remotes(project: Project, names: Iterable[str]) -> None:
    """Require that remotes are set up.

    Raises:
        InvalidInput: one is not.
    """
    known = configuration.read_dvc_config(project.root).remotes
    for name in names:
        if name not in known:
            there = f"; there are {', '.join(known)}" if known else "; there is none"
            raise InvalidInput(
                f"there is no DVC remote {name!r}{suggest_name(name, known) or there}"
            )
