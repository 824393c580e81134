"""Another try where that may help, and only there."""

from __future__ import annotations

import logging

import pytest

from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.tools.system.network.retry import PAUSES, ask_with_retries


class Busy(Unreadable):
    """Something that passes."""


def failing(*errors):
    """Make a question that fails so often, and then is answered."""
    waiting = list(errors)

    def ask():
        if waiting:
            raise waiting.pop(0)
        return "answer"

    return ask


def passing(wait=0.0):
    return Unreadable("busy", again=True, wait=wait)


def test_what_is_answered_is_asked_once(naps):
    assert ask_with_retries(failing()) == "answer"
    assert naps == []


def test_what_may_pass_is_asked_three_times(naps):
    assert ask_with_retries(failing(passing(), passing())) == "answer"
    with pytest.raises(Unreadable, match="busy"):
        ask_with_retries(failing(passing(), passing(), passing()))

    assert naps == [0.5, 1.0, 0.5, 1.0]


def test_a_source_is_read_four_times(naps):
    assert ask_with_retries(failing(passing(), passing(), passing()), PAUSES) == "answer"
    assert naps == [0.5, 1.0, 2.0]


def test_what_does_not_pass_is_not_asked_again(naps):
    with pytest.raises(Unreadable, match="gone"):
        ask_with_retries(failing(Unreadable("gone")))

    assert naps == []


def test_only_what_passes_for_this_question_is_asked_again(naps):
    with pytest.raises(Unreadable, match="busy"):
        ask_with_retries(failing(passing()), passing=Busy)

    assert ask_with_retries(failing(Busy("busy", again=True)), passing=Busy) == "answer"
    assert naps == [0.5]


def test_a_server_may_ask_for_a_longer_wait_which_is_explained(naps, caplog):
    with caplog.at_level(logging.WARNING):
        ask_with_retries(failing(passing(wait=4), passing(wait=6)), title="net")

    assert naps == [4, 6]
    assert caplog.messages == ["net: waiting 6 s, as the server asked"]


def test_nobody_waits_beyond_the_timeout(naps):
    with pytest.raises(Unreadable, match="busy"):
        ask_with_retries(failing(passing(wait=6)), timeout=5)

    assert naps == []
