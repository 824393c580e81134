"""Whether the cards of models say what is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.cards.core.card import CardSources, card_path, make_card
from paddledvc.cards.core.card_page import find_stale_card
from paddledvc.cards.core.parts import read_built_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Violation
    from paddledvc.models.model import Model


def card_sources(facts: Facts) -> CardSources | None:
    """Pick what cards are made from; None where models.yaml or models.lock cannot be read."""
    if facts.registry is None or facts.lock is None:
        return None
    return CardSources(
        registry=facts.registry,
        lock=facts.lock,
        built=read_built_parts(_value(facts, names.STAGES), _value(facts, names.DVC_LOCK)),
        params={model.name: _params(facts, model) for model in facts.registry.models},
        reports=facts.reports,
        records=facts.records,
        measured=facts.measured,
        released=facts.released,
    )


def _value(facts: Facts, file: str) -> Any:
    document = facts.documents.get(file)
    return document.value if document is not None else None


def _params(facts: Facts, model: Model) -> Mapping[str, Any]:
    """Give the hyperparameters of a model: those of its own file, else those of params.yaml."""
    own = model.train.params if model.train is not None else None
    if own is not None:
        found = facts.params_files.get(own)
    else:
        found = facts.params.get(model.params_key, facts.params.get(model.slug))
    return found if isinstance(found, dict) else {}


def judge_cards(facts: Facts) -> Iterator[Violation]:
    """Find cards that say something else than is so."""
    sources = card_sources(facts) if facts.cards and facts.role.versions == "exact" else None
    for model in sources.registry.models if sources is not None else ():
        page = facts.cards.get(model.name)
        card = make_card(sources, model) if page is not None and sources is not None else None
        why = find_stale_card(page, card) if page is not None and card is not None else ""
        if why:
            yield facts.found(
                "card-stale",
                f"{model.name}: {why}; run `paddledvc report --cards`",
                level="warning",
                model=model.name,
                file=card_path(model.slug),
            )
