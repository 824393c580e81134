"""The text of a pipeline: a template, with what a project says of branches and deployment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.setup.ci.core.actions import ACTIONS, pin_action

if TYPE_CHECKING:
    from paddledvc.models.policy import Policy
    from paddledvc.models.registry import Deploy

PYTHON_IMAGE = "python:3.12"
"""What jobs run in that no image is locked for."""
_PLACE = re.compile(r"<<([\w/-]+)>>")
_PLAIN = re.compile(r"[\w./-]+", re.ASCII)
_DEPLOY = re.compile(r"# deploy:begin\n(.*?)# deploy:end\n", re.DOTALL)


def render_pipeline(
    template: str, *, policy: Policy, default: str | None, deploy: Deploy | None, requirement: str
) -> str:
    """Fill in a template.

    Args:
        template: the text, with ``<<name>>`` where something is to be filled in.
        policy: says which branches pipelines run for.
        default: the branch that a clone of the server checks out, if that is known.
        deploy: what is run to deploy; without it there is no such job.
        requirement: what pip installs to have this paddledvc.

    Raises:
        InvalidInput: no branch is named that releases come from.
    """
    values = {
        "branches": json.dumps([one.replace("*", "**") for one in _patterns(policy)]),
        "expression": "|".join(map(_expression, _patterns(policy))),
        "main": find_release_branch(policy, default),
        "image": PYTHON_IMAGE,
        "paddledvc": requirement,
        "deploy": deploy.script if deploy is not None else "",
        **{name: pin_action(name) for name in ACTIONS},
    }
    text = _DEPLOY.sub("" if deploy is None else r"\1", template)
    return _PLACE.sub(lambda found: values[found[1]], text)


def find_release_branch(policy: Policy, default: str | None) -> str:
    """Name the branch that releases come from: the default one, if it is for production.

    >>> from paddledvc.models.policy import DEFAULT
    >>> [find_release_branch(DEFAULT, one) for one in (None, "master", "develop")]
    ['main', 'master', 'main']

    Raises:
        InvalidInput: none is named.
    """
    if default is not None and policy.production.covers(default) and _PLAIN.fullmatch(default):
        return default
    named = (one for one in policy.production.branches if _PLAIN.fullmatch(one))
    if (found := next(named, None)) is None:
        raise InvalidInput(
            "policy.production.branches in models.yaml names patterns only, expected the branch "
            "that releases come from, such as main"
        )
    return found


def _patterns(policy: Policy) -> list[str]:
    """List the branches of production and integration, as far as forges have such patterns."""
    named = (one for role in policy.roles if role.name != "feature" for one in role.branches)
    return [one for one in named if _PLAIN.fullmatch(one.replace("*", ""))]


def _expression(pattern: str) -> str:
    r"""Write a pattern as a regular expression of GitLab's.

    >>> _expression("release/*")
    'release\\/.*'
    """
    return ".*".join(re.escape(part).replace("/", r"\/") for part in pattern.split("*"))
