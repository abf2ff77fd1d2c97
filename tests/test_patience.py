"""Something that fails is given up after some runs, and not before some hours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crawlers.patience import OUTAGE, InVain
from tests.target_folder import at

NOW = at("2026-09-01T12:00")


@pytest.mark.parametrize(
    ("every", "given_up"), [(timedelta(minutes=5), OUTAGE), (timedelta(hours=1), OUTAGE), (timedelta(days=1), timedelta(days=4))]
)
def test_it_is_given_up_when_the_runs_and_the_hours_are_over(every: timedelta, given_up: timedelta) -> None:
    tried, now = InVain(), NOW
    while not (tried := tried.once_more(now)).enough(5, now):
        now += every
    assert now - NOW == given_up and tried.runs >= 5


def test_a_run_that_could_not_ask_is_none_and_begins_no_time() -> None:
    waited = InVain().once_more(NOW, counted=False)
    assert waited == InVain() and not waited.enough(1, NOW + OUTAGE)
    once = InVain().once_more(NOW)
    assert once.once_more(NOW + OUTAGE, counted=False) == once and once.enough(1, NOW + OUTAGE)


def test_a_clock_that_was_ahead_makes_nothing_wait_for_ever() -> None:
    tried = InVain().once_more(NOW + timedelta(days=20_000)).once_more(NOW)
    assert tried == InVain(2, NOW) and tried.once_more(NOW + OUTAGE).enough(3, NOW + OUTAGE)


def test_a_cursor_without_the_moment_begins_the_time_anew_and_keeps_its_runs() -> None:
    old = InVain.from_json({"tries": 4})
    assert not old.enough(4, NOW)
    tried = old.once_more(NOW)
    assert tried == InVain(5, NOW) and not tried.enough(5, NOW + OUTAGE - timedelta(seconds=1)) and tried.enough(5, NOW + OUTAGE)
    assert InVain.from_json(tried.to_json("failed"), "failed") == tried
    assert InVain.from_json({}) == InVain() and InVain().to_json() == {"tries": 0}
