"""Released versions taken back, and models that are in use no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.releases.promote import Tagged, tag_release
from paddledvc.releases.registered import find_registered, split_version

if TYPE_CHECKING:
    from paddledvc.project import Project


def deprecate_release(
    project: Project, name: str, *, push: bool = False, dry_run: bool = False
) -> Tagged:
    """Withdraw a released version, or deprecate a model as a whole.

    Args:
        project: the project.
        name: ``NAME@V`` for a version, ``NAME`` for the model.
        push: send the tag.
        dry_run: write and send nothing.

    Raises:
        InvalidInput: there is no such release.
        OutsideFailure: git failed, or the git remote rejects the tag.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        print(paddledvc.deprecate_release(project, "detector@v1.2.0").tag)
    """
    model, version = split_version(name)
    found = find_registered(project, model)
    if version is None:
        last = found.standing.deprecated
        newest = found.standing.latest() or found.events[-1]
        wanted = Tagged(
            model=model,
            version=None,
            tag=found.unused(f"{found.artifact}@deprecated") if last is None else last.tag,
            commit=newest.commit,
            made=last is None,
            dry_run=dry_run,
        )
        return tag_release(project.root, found, wanted, f"{model} is deprecated", push=push)
    one = found.version(version)
    wanted = Tagged(
        model=model,
        version=one.version,
        tag=one.cancelled or found.unused(f"{found.artifact}@{one.version}!"),
        commit=one.commit,
        made=one.cancelled is None,
        dry_run=dry_run,
    )
    message = f"{model} {one.version} is withdrawn"
    return tag_release(project.root, found, wanted, message, push=push, also=(one.tag,))
