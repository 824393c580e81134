"""Whether what runs here is what models.yaml and models.lock state."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.environments.core.chosen import choose_environment
from paddledvc.environments.core.facts import Running, compare_facts
from paddledvc.tools.paddle.running_here import ask_what_runs

if TYPE_CHECKING:
    from paddledvc.environments.core.facts import Fact
    from paddledvc.project import Project


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class EnvironmentCheck(Displayed):
    """What runs here beside what is stated.

    Attributes:
        name: the model or group that it was stated of; None for the project.
        facts: each thing that was compared.
    """

    _table_of = "facts"
    name: str | None
    facts: tuple[Fact, ...]

    @property
    def differing(self) -> tuple[Fact, ...]:
        """The facts that are others here."""
        return tuple(one for one in self.facts if one.state == "differs")

    @property
    def unknown(self) -> tuple[Fact, ...]:
        """The facts that are stated and could not be found out here."""
        return tuple(one for one in self.facts if one.state == "unknown")


def check_environment(project: Project, name: str | None = None) -> EnvironmentCheck:
    """Compare what runs here with the environment that is stated.

    Versions are equal as far as digits are stated: 3.10 is equal to 3.10.12.

    Args:
        project: the project.
        name: a model or group; None for the environment of the project.

    Raises:
        InvalidInput: no container image is stated, or several are.
        UnknownModel: there is no such model.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        for fact in paddledvc.check_environment(project, "detector").differing:
            print(fact.name, fact.stated, fact.found)
    """
    chosen = choose_environment(project.registry(), project.previous_lock(), name)
    image = os.environ.get(names.IMAGE_VARIABLE) or None
    running = Running(**ask_what_runs(project.root), image=image)
    return EnvironmentCheck(name=name, facts=compare_facts(chosen, running))
