"""The view and the address say the same, and wrong addresses harm nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from dashboard_site import COPIES, REPEATED, fill
from hypothesis import given
from hypothesis import strategies as st

from advocacy import measures
from advocacy.measures import previous
from crawlers.post import Precision
from dashboard.copies import chips, copies_of
from dashboard.posts import when
from dashboard.view import COUNTED, LEFT_OUT, NAMED, PERIODS, SORTS, VIEW_ROLES, View, from_address
from index import open_index
from index.query import Index
from nlp.mention import GENRES, STANCES

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_the_time_of_a_post_is_shown_as_exactly_as_it_is_known() -> None:
    shown = [when(NOW, precision, "ru", MOSCOW) for precision in (Precision.DAY, Precision.HOUR, Precision.MINUTE)]
    assert shown == ["05.03.2026", "05.03.2026 ≈ 15:00", "05.03.2026 15:00"]
    assert when(NOW, Precision.HOUR, "en", MOSCOW) == "05 Mar 2026 ≈ 15:00"


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=3).map(tuple)


views = st.builds(
    View,
    lang=st.sampled_from(("ru", "en")),
    brand=st.sampled_from(("alpha", "beta")),
    period=st.sampled_from([period for period in PERIODS if period != "dates"]),
    product=st.sampled_from(("general", "app")),
    roles=some(VIEW_ROLES),
    sites=st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=2).map(tuple),
    stances=some(STANCES),
    genres=some(GENRES),
    counted=st.sampled_from(COUNTED),
    named=st.sampled_from(tuple(NAMED)),
    last_word=st.booleans(),
    text=st.text(max_size=20),
    group=st.sampled_from(("", "reviews.test:0f")),
    sort=st.sampled_from(SORTS),
)


@given(views)
def test_an_address_gives_back_the_view_it_was_made_of(view: View) -> None:
    parameters = {name: value if isinstance(value, list) else [value] for name, value in view.address().items()}
    assert from_address(parameters, brand=view.brand) == view


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3), max_size=5))
def test_any_address_means_some_view(parameters: dict[str, list[str]]) -> None:
    view = from_address(parameters)
    assert view.query(datetime(2026, 3, 5, tzinfo=UTC), MOSCOW).level in ("brand", "product")


def test_what_means_nothing_is_named_and_left_at_its_default() -> None:
    view = from_address({"period": ["yesterday"], "stances": ["detractor", "angry"], "colour": ["red"], "start": ["2026-13-01"]})
    assert view.period == "28"
    assert view.stances == ("detractor",)
    assert set(view.ignored) == {"period=yesterday", "stances=angry", "colour", "start=2026-13-01"}


def test_a_second_value_of_a_choice_of_one_and_an_empty_one_are_named() -> None:
    view = from_address({"brand": ["a", "b"], "last_word": ["yes"], "sites": ["", "x", "x"], "period": ["7", "7"]})
    assert (view.brand, view.last_word, view.sites, view.period) == ("a", False, ("x",), "7")
    assert set(view.ignored) == {"brand=b", "last_word=yes", "sites="}


def test_dates_at_the_ends_of_the_calendar_are_named_and_harm_nothing() -> None:
    view = from_address({"period": ["dates"], "start": ["0001-01-01"], "end": ["9999-12-31"]})
    assert set(view.ignored) == {"period=dates", "start=0001-01-01", "end=9999-12-31"}
    view = from_address({"period": ["dates"], "start": ["1970-01-01"], "end": ["2099-12-31"]})
    since, until = view.bounds(datetime(2026, 3, 5, tzinfo=UTC), MOSCOW)
    assert since and until and since < until
    assert previous(view.query(datetime(2026, 3, 5, tzinfo=UTC), MOSCOW))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    data = tmp_path_factory.mktemp("filled")
    fill(data, NOW)
    index = open_index(str(data / "index"))
    yield index
    index.close()


@pytest.mark.parametrize("period", ["28", "all"])
@pytest.mark.parametrize("product", ["general", "app"])
def test_each_kind_left_out_has_a_view_that_finds_as_many(index: Index, period: str, product: str) -> None:
    view = View(brand="ours", period=period, product=product)
    out = measures.left_out(index, view.query(NOW, MOSCOW))
    found = {kind: index.search(view.with_(counted=kind).query(NOW, MOSCOW)).total for kind in LEFT_OUT}
    assert found == {kind: getattr(out, kind) for kind in LEFT_OUT}
    assert all(found[kind] for kind in ("official", "copies", "ads", "news", "unread", "employees", "undated"))


def test_a_group_is_an_original_and_its_copies_at_any_time(index: Index) -> None:
    copy = index.search(View(brand="ours", period="7", counted="copies").query(NOW, MOSCOW)).hits[0]
    assert copy.standing.copy_of is not None
    group = View(brand="ours", period="all", group=copy.standing.copy_of)
    hits = index.search(group.query(NOW, MOSCOW)).hits
    assert {hit.post.text for hit in hits} == {REPEATED}
    copies = copies_of(index, group.query(NOW, MOSCOW), hits)
    assert copies == {copy.standing.copy_of: COPIES}
    assert len(hits) == COPIES + 1
    labels = [chips(hit, copies, group) for hit in hits]
    assert all("копия сообщения с " in label for label in labels[:-1]) and f"копий: {COPIES}" in labels[-1]
    (link,) = re.findall('href="([?][^"]*)"', labels[-1])
    assert from_address(parse_qs(unescape(link)[1:]), brand="ours") == group


def test_a_kind_left_out_and_a_choice_hold_both(index: Index) -> None:
    view = View(brand="ours", period="all", counted="employees")
    by_stance = {stance: index.search(view.with_(stances=(stance,)).query(NOW, MOSCOW)).total for stance in STANCES}
    assert sum(by_stance.values()) == index.search(view.query(NOW, MOSCOW)).total
    assert by_stance["detractor"] > by_stance["none"] == 0
    assert index.search(view.with_(genres=("news",)).query(NOW, MOSCOW)).total == 0


def test_dates_that_run_backwards_are_left_out() -> None:
    view = from_address({"period": ["dates"], "start": ["2026-02-02"], "end": ["2026-02-01"]})
    assert view.period == "28"
    assert "period=dates" in view.ignored


def test_days_begin_at_midnight_of_the_reader_and_today_is_in() -> None:
    now = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)  # already the 6th in Moscow
    since, until = View(period="7").bounds(now, MOSCOW)
    assert since == datetime(2026, 2, 27, 21, tzinfo=UTC)
    assert until == datetime(2026, 3, 6, 21, tzinfo=UTC)


def test_a_day_without_a_spring_hour_is_a_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    view = View(period="dates", start=date(2026, 3, 29), end=date(2026, 3, 29))
    since, until = view.bounds(datetime(2026, 4, 1, tzinfo=UTC), berlin)
    assert since is not None
    assert until is not None
    assert (until.astimezone(UTC) - since.astimezone(UTC)).total_seconds() == 23 * 3600


def test_the_period_before_begins_at_midnight_too_when_the_clocks_change_between() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    query = View(brand="ours", period="28").query(datetime(2026, 4, 10, 12, tzinfo=UTC), berlin)
    before = previous(query)
    assert before is not None
    assert before.since == datetime(2026, 2, 14, tzinfo=berlin)
