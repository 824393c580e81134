"""Writing the cards of models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from paddledvc.cards.core.card import card_path, make_card
from paddledvc.cards.core.card_page import write_card_page
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput
from paddledvc.gate import read_facts
from paddledvc.gate.core.facts import Facts
from paddledvc.gate.core.releases.card_rules import card_sources
from paddledvc.tools.git.project_files import find_project_file, write_project_text
from paddledvc.tools.system.files import decode_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from paddledvc.cards.core.card import CardSources
    from paddledvc.project import Project, ProjectFiles


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class WrittenCard(Displayed):
    """A card.

    Attributes:
        model: the model.
        file: where the card is, relative to the project.
        changed: whether it was written; False where it said all that already.
    """

    model: str
    file: str
    changed: bool


def write_cards(project: Project, names: Sequence[str] = ()) -> tuple[WrittenCard, ...]:
    """Write ``docs/models/<slug>.md`` of models, from what is stated, locked, built and measured.

    What people wrote in these files stays: their lines outside of the generated part, and their
    keys of the header. The same commit gives the same bytes.

    Args:
        project: the project.
        names: models or groups of models; none for every model.

    Raises:
        InvalidFile: models.yaml, models.lock, or a card or its header cannot be read.
        InvalidInput: a model is not locked.
        UnknownModel: models.yaml has no such model or group.

    Example:
        for card in paddledvc.write_cards(paddledvc.Project.find("."), ["digits"]):
            print(card.file, card.changed)
    """
    pages = render_cards(project, names)
    # All are made before any is written.
    return tuple(
        replace(one, changed=write_project_text(project.root, one.file, text))
        for one, text in pages.items()
    )


def render_cards(
    files: ProjectFiles, names: Sequence[str] = (), tags: Collection[str] = ()
) -> dict[WrittenCard, str]:
    """Give the pages of the cards of models, without writing any.

    Args:
        files: the project, in a work tree or a commit.
        names: as of ``write_cards``, which raises the same errors.
        tags: those of releases that are about to be made.
    """
    sources = read_card_sources(files, tags)
    registry = sources.registry
    wanted = {one for name in names for one in registry.members(name)}
    pages = {}
    for model in registry.models:
        if wanted and model.name not in wanted:
            continue
        card, file = make_card(sources, model), card_path(model.slug)
        if card is None:
            raise InvalidInput(f"{model.name} is not locked; run `paddledvc lock`")
        data = find_project_file(files.folder, file)
        page = None if data is None else decode_text(data, file)
        pages[WrittenCard(model=model.name, file=file, changed=False)] = write_card_page(
            page, card, file
        )
    return pages


def read_card_sources(files: ProjectFiles, tags: Collection[str] = ()) -> CardSources:
    """Read what cards are made from.

    Args:
        files: the project, in a work tree or a commit.
        tags: those of releases that are about to be made.

    Raises:
        InvalidFile: models.yaml or models.lock cannot be read.
        InvalidInput: there is no models.lock.
    """
    opened = read_facts.read_registry_facts(files)
    registry = opened.registry or files.registry()  # which says what is wrong with models.yaml
    facts = Facts(
        branch=None,
        role=opened.policy.roles[-1],
        policy=opened.policy,
        own=opened.policy,
        changed=False,
        today=date.today(),  # noqa: DTZ011 - no rule is judged
        documents=opened.documents,
        registry=registry,
    )
    facts = read_facts.read_facts(files, facts)
    released = (*read_facts.read_released_tags(files), *tags)
    sources = card_sources(replace(facts, released=released))
    if sources is None:
        files.lock()  # which says what is wrong with models.lock
        raise InvalidInput("there is no models.lock; run `paddledvc lock`")
    return sources
