"""Which errors of the last run may be judged again."""

from __future__ import annotations

import pytest

from paddledvc.verification.saved_errors import SavedErrors
from tests.gated import EXPORTED, Gated


@pytest.fixture
def made(project):
    gated = Gated(project)
    gated.models(EXPORTED)
    return gated.project


def test_errors_of_another_entry_of_the_weights_are_never_judged_again(made):
    """A checkpoint of several networks is one file: which of them it was must be told apart."""
    model = made.registry().model("resnet50")
    settings = made.verify_settings(model, None)
    of = [SavedErrors.of(made.root, model, settings, [], key) for key in (None, "ema", "model")]

    assert len({one.settings for one in of}) == 3
    assert len({one.file for one in of}) == 1
