"""What cards say, put together from the files of a commit."""

from __future__ import annotations

import pytest

from paddledvc.cards.core.card import CardSources, make_card
from paddledvc.models.lockfile import Lock, LockedModel
from paddledvc.models.model import Model
from paddledvc.models.registry import Registry
from paddledvc.models.versions import Requirement


def card_of(name="tuned", *, source="huggingface", released=()):
    one = Requirement.parse("v1.2")
    models = (
        Model(name="det", requires=one, source=source, source_name="PaddlePaddle/det"),
        Model(name="tuned", requires=one, base="det"),
    )
    locked = (
        LockedModel(name="det", version="v1.2", source=source, source_name="PaddlePaddle/det"),
        LockedModel(name="tuned", version="v1.2"),
    )
    registry = Registry(models=models)
    sources = CardSources(registry=registry, lock=Lock(models=locked), built={}, released=released)
    return make_card(sources, registry.model(name))


@pytest.mark.parametrize(
    ("source", "base"), [("huggingface", "PaddlePaddle/det"), ("modelscope", "det")]
)
def test_a_base_is_called_as_the_reader_of_the_header_knows_it(source, base):
    assert card_of(source=source).base == base
    assert card_of("det", source=source).base == ""


@pytest.mark.parametrize(
    ("released", "tag"),
    [
        ((), ""),
        (("det@v1.2.0", "tuned@v1.1.0", "my-tuned@v1.2.0"), ""),
        (("tuned@v1.1.0", "tuned@v1.2.0"), "tuned@v1.2.0"),
        (("models/ocr=tuned@v1.2.0",), "models/ocr=tuned@v1.2.0"),
    ],
)
def test_the_release_is_the_tag_of_this_version(released, tag):
    assert card_of(released=released).release == tag
