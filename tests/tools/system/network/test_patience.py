from __future__ import annotations

import pytest

from paddledvc.errors import InvalidInput
from paddledvc.tools.system.network.patience import LEAST_RATE, VARIABLE, Patience


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def patience(clock):
    patience = Patience(4, clock)
    patience.begin()
    return patience


def test_the_clock_begins_with_the_first_question(clock):
    patience = Patience(4, clock)
    clock.now += 50
    assert patience.exceeded() is None

    patience.begin()
    clock.now += 3
    patience.begin()
    assert patience.left == 1
    clock.now += 1
    assert patience.exceeded() == "no answer within 4 s"


def test_places_share_the_time_and_the_last_has_all_that_is_left(patience, clock):
    assert patience.share(last=False) == 2
    clock.now += 2
    assert (patience.share(last=False), patience.share(last=True)) == (1, 2)


def test_an_answer_starts_the_clock_again(patience, clock):
    clock.now += 3
    patience.answered()
    clock.now += 3
    assert patience.exceeded() is None
    clock.now += 1
    assert patience.exceeded() == "no answer within 4 s"


def test_bytes_may_take_their_time_as_long_as_enough_come(patience, clock):
    for _ in range(20):
        patience.moved(LEAST_RATE)
        clock.now += 1
        assert patience.exceeded() is None


def test_bytes_that_drip_are_not_waited_for(patience, clock):
    for _ in range(8):
        patience.moved(1)
        clock.now += 0.5
    assert patience.exceeded() == "only 8 bytes in 4 s"


def test_the_time_that_was_really_waited_is_told(clock):
    patience = Patience(0.3, clock)
    patience.begin()
    patience.moved(5)
    clock.now += 0.46
    assert patience.exceeded() == "only 5 bytes in 0.5 s"


def test_a_fast_beginning_is_no_licence_to_drip(patience, clock):
    patience.moved(10_000_000)
    clock.now += 4
    assert patience.exceeded() is None
    patience.moved(1)
    clock.now += 4
    assert patience.exceeded() == "only 1 byte in 4 s"


def test_a_setting_changes_how_long_people_wait(monkeypatch):
    monkeypatch.setenv(VARIABLE, "2.5")
    assert Patience(5).seconds == 2.5


@pytest.mark.parametrize("said", ["soon", "0", "-1", "inf", "nan"])
def test_a_setting_that_is_no_time_is_refused(monkeypatch, said):
    monkeypatch.setenv(VARIABLE, said)
    with pytest.raises(InvalidInput, match=f"PADDLEDVC_PATIENCE={said}: expected a number of"):
        Patience(5)
