"""Days without data behind a figure and behind its change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from advocacy.missing import Uneven, missing, uneven
from crawlers.brand import Brands, read_brands
from crawlers.gap import Gap
from crawlers.health import Health
from index.query import Query
from tests.target_folder import write_config

MOSCOW = ZoneInfo("Europe/Moscow")
MARCH = Query(brands=("vestarna",), since=datetime(2026, 2, 28, 21, tzinfo=UTC), until=datetime(2026, 3, 31, 21, tzinfo=UTC))


@pytest.fixture
def brands(tmp_path: Path) -> Brands:
    return read_brands(write_config(tmp_path))


def target(name: str, *days: date, brand: str | None = None, site: str | None = None) -> Health:
    return Health(target=name, brand=brand, site=site, gaps=tuple(Gap(day, True) for day in days))


def test_days_of_both_periods_are_counted_once_and_their_targets_named(brands: Brands) -> None:
    found = [
        target("wall", date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)),
        target("blog", date(2026, 3, 1), date(2026, 2, 28)),
        target("well"),
        target("older", date(2026, 1, 28)),
    ]
    assert uneven(found, MARCH, brands, MOSCOW) == Uneven(now=2, before=1, targets=("blog", "wall"))
    assert [(each.target, each.gap.day.day) for each in missing(found, MARCH, brands, MOSCOW)] == [("wall", 1), ("wall", 31), ("blog", 1)]


def test_a_gap_of_the_period_before_alone_is_said_too(brands: Brands) -> None:
    assert uneven([target("blog", date(2026, 2, 10))], MARCH, brands, MOSCOW) == Uneven(now=0, before=1, targets=("blog",))


def test_without_gaps_or_without_a_period_before_nothing_is_said(brands: Brands) -> None:
    gap = date(2026, 3, 5)
    assert uneven([target("blog"), target("late", date(2026, 4, 1))], MARCH, brands, MOSCOW) is None
    assert uneven([target("blog", gap)], replace(MARCH, since=None), brands, MOSCOW) is None
    assert uneven([], MARCH, brands, MOSCOW) is None


def test_only_targets_that_could_have_brought_the_posts_matter(brands: Brands) -> None:
    gap = date(2026, 3, 5)
    found = [
        target("rival", gap, brand="Дукатор"),
        target("ours", gap, brand="Вестарна", site="a.example"),
        target("other", gap, site="b.example"),
        target("any", gap),
    ]

    def named(query: Query) -> list[str]:
        return [each.target for each in missing(found, query, brands, MOSCOW)]

    assert named(MARCH) == ["ours", "other", "any"]
    assert named(replace(MARCH, sites=("a.example",))) == ["ours", "any"]
    assert named(replace(MARCH, brands=())) == ["rival", "ours", "other", "any"]
