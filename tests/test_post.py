"""Posts, their identity, their texts, and the moments of their publication."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.moment import parse_moment
from crawlers.post import Post, Precision, clean, day, iso, post_from_json, post_id, post_to_json, stars

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_identity_is_of_the_site_and_the_native_id_then_the_address_then_what_is_known() -> None:
    assert post_id("a.example", "1", url="https://a.example/1") == post_id("a.example", "1", url="https://a.example/other")
    assert post_id("a.example", "1") != post_id("b.example", "1")
    assert post_id("a.example", None, url="u") != post_id("a.example", "u")
    assert post_id("a.example", otherwise=("x", None, "text")) != post_id("a.example", otherwise=(None, "x", "text"))
    with pytest.raises(ValueError, match="needs an id"):
        post_id("a.example")


def test_a_post_survives_json() -> None:
    post = Post(
        id="a:1", site="a", source="files", text="т", collected=NOW, published=day(date(2024, 5, 1)), published_precision=Precision.DAY,
        about=("vestarna",), targets=("x",), rating=4.5, official=True, likes=0,
    )  # fmt: skip
    record = post_to_json(post)
    assert record["published"] == "2024-05-01T11:00:00.000Z" and record["likes"] == 0 and "title" not in record
    assert post_from_json(record) == post


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip() and "\r" not in once and "\x00" not in once and "  " not in once


def test_cleaning_keeps_words_lines_and_emoji() -> None:
    assert clean("\ufeff Хоро\u00adший \u00a0банк\x00 \r\n\r\n\n\n й 👨‍👩‍👧\u200b ") == "Хороший банк\n\nй 👨‍👩‍👧"
    assert clean("и\u0306") == "й"


@pytest.mark.parametrize(
    ("given_stars", "low", "high", "expected"),
    [(5, 1, 5, 5), (10, 1, 10, 5), (5.5, 1, 10, 3), (0, 1, 5, None), (0, 0, 100, 1), (50, 0, 100, 3)],
)
def test_stars_of_any_scale(given_stars: float, low: float, high: float, expected: float | None) -> None:
    assert stars(given_stars, low, high) == expected


def test_stars_outside_the_scale_are_an_error() -> None:
    with pytest.raises(ValueError, match="rating 7 is not between 1 and 5"):
        stars(7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-12-04", "2024-12-04T11:00:00.000Z day"),
        ("04 апр, 2022", "2022-04-04T11:00:00.000Z day"),
        ("25 февр, 2022", "2022-02-25T11:00:00.000Z day"),
        ("10 сент. 2021 г. в 12:30", "2021-09-10T09:30:00.000Z minute"),
        ("11.01.2024", "2024-01-11T11:00:00.000Z day"),
        ("11.01.24 15:20", "2024-01-11T12:20:00.000Z minute"),
        ("2024-12-04T10:00:00", "2024-12-04T07:00:00.000Z minute"),
        ("2024-12-04 10:00:00+00:00", "2024-12-04T10:00:00.000Z minute"),
        ("Tue, 03 Jun 2003 09:39:21 GMT", "2003-06-03T09:39:21.000Z minute"),
        ("March 4, 2022 at 4:05 PM", "2022-03-04T13:05:00.000Z minute"),
        ("Пятница, 6 июня 2025", "2025-06-06T11:00:00.000Z day"),
        ("Sept. 5, 2016, 1 p.m.", "2016-09-05T10:00:00.000Z minute"),
        ("Sept. 5, 2016, noon", "2016-09-05T09:00:00.000Z minute"),
        ("May 15, 2015 7:54AM", "2015-05-15T04:54:00.000Z minute"),
        ("Понедельник в 18:20", "None unknown"),
        ("1700000000", "2023-11-14T22:13:20.000Z minute"),
        (1700000000123, "2023-11-14T22:13:20.123Z minute"),
        ("3 мая", "None unknown"),
        ("15 сентябр", "None unknown"),
        ("вчера в 12:30", "None unknown"),
        ("2 часа назад", "None unknown"),
        ("", "None unknown"),
    ],
)
def test_dates_of_an_export(text: str | int, expected: str) -> None:
    moment = parse_moment(text, MOSCOW)
    assert f"{iso(moment.at)} {moment.precision}" == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 мая", "2026-05-03T11:00:00.000Z day"),
        ("31 дек", "2025-12-31T11:00:00.000Z day"),
        ("29 февраля", "2024-02-29T11:00:00.000Z day"),
        ("вчера в 12:30", "2026-11-23T09:30:00.000Z minute"),
        ("сегодня, 05:10", "2026-11-24T02:10:00.000Z minute"),
        ("2 часа назад", "2026-11-24T01:00:00.000Z hour"),
        ("an hour ago", "2026-11-24T02:00:00.000Z hour"),
        ("5 минут назад", "2026-11-24T02:55:00.000Z minute"),
        ("1 час 20 минут назад", "2026-11-24T01:40:00.000Z minute"),
        ("опубликовано 1 day, 2 hours and 5 minutes ago", "2026-11-23T00:55:00.000Z minute"),
        ("3 отзыва, 2 часа назад", "2026-11-24T01:00:00.000Z hour"),
        ("3 days ago", "2026-11-21T11:00:00.000Z day"),
        ("неделю и 2 дня назад", "2026-11-15T11:00:00.000Z day"),
        ("a day and 2 hours ago", "2026-11-23T01:00:00.000Z hour"),
        ("полчаса назад", "2026-11-24T02:30:00.000Z hour"),
        ("час назад", "2026-11-24T02:00:00.000Z hour"),
        ("пару часов назад", "2026-11-24T01:00:00.000Z hour"),
        ("Пара часов назад", "2026-11-24T01:00:00.000Z hour"),
        ("пару минут назад", "2026-11-24T02:58:00.000Z minute"),
        ("пару дней назад", "2026-11-22T11:00:00.000Z day"),
        ("пару недель назад", "2026-11-10T11:00:00.000Z day"),
        ("пару дней и 2 часа назад", "2026-11-22T01:00:00.000Z hour"),
        ("a couple of hours ago", "2026-11-24T01:00:00.000Z hour"),
        ("posted a couple minutes ago", "2026-11-24T02:58:00.000Z minute"),
        ("a couple of days ago", "2026-11-22T11:00:00.000Z day"),
        ("Couple of hours ago", "2026-11-24T01:00:00.000Z hour"),
        ("пару лет назад", "None unknown"),
        ("a couple of months ago", "None unknown"),
        ("полтора часа назад", "2026-11-24T01:30:00.000Z hour"),
        ("2 дня и полтора часа назад", "2026-11-22T01:30:00.000Z hour"),
        ("полторы недели назад", "2026-11-13T11:00:00.000Z day"),
        ("полгода назад", "None unknown"),
        ("полтора года назад", "None unknown"),
        ("месяц назад", "None unknown"),
        ("2 года 3 недели назад", "None unknown"),
        ("1 месяц 2 дня назад", "None unknown"),
        ("год и 3 недели назад", "None unknown"),
        ("5 лет, 1 неделю и 2 дня назад", "None unknown"),
        ("2 г. 3 нед. назад", "None unknown"),
        ("2 years 3 weeks ago", "None unknown"),
        ("a month and 2 days ago", "None unknown"),
        ("1 yr, 2 days ago", "None unknown"),
        ("Понедельник в 18:20", "2026-11-23T15:20:00.000Z minute"),
        ("Tuesday at 6:20 PM", "2026-11-17T15:20:00.000Z minute"),
    ],
)
def test_dates_of_a_live_crawl_are_completed(text: str, expected: str) -> None:
    moment = parse_moment(text, MOSCOW, now=NOW)
    assert f"{iso(moment.at)} {moment.precision}" == expected


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("05 May 2026 10:00:00 GMT", "Europe/Moscow", "10:00"),
        ("05.05.2026 10:00 UTC", "Europe/Moscow", "10:00"),
        ("2026/05/05 10:00 GMT", "Europe/Moscow", "10:00"),
        ("Tuesday, 05 May 2026 10:00:00 GMT", "Europe/Moscow", "10:00"),
        ("May 5, 2026 at 1 p.m. GMT", "Europe/Moscow", "13:00"),
        ("2026-05-05 10:00 GMT", "Europe/Moscow", "10:00"),
        ("2026-05-05 10:00:00.5 UTC", "Europe/Moscow", "10:00"),
        ("05.05.2026 10:00Z", "Europe/Moscow", "10:00"),
        ("10:00 UTC, 05.05.2026", "Europe/Moscow", "10:00"),
        ("5 мая 2026 в 10:00 мск", "UTC", "07:00"),
        ("5 мая 2026 в 10:00 (МСК)", "Asia/Yekaterinburg", "07:00"),
        ("5 мая 2026 в 10:00 (МСК+2)", "UTC", "05:00"),
        ("2026-05-05 10:00 MSK", "UTC", "07:00"),
        ("Tue, 05 May 2026 10:00:00 MSK", "UTC", "07:00"),
        ("Tue, 05 May 2026 10:00:00 +0300 (MSK)", "UTC", "07:00"),
        ("Tue, 05 May 2026 10:00:00 -0000", "Europe/Moscow", "10:00"),
        ("05.05.2026 10:00 МСК +0300", "UTC", "07:00"),
        ("05.05.2026 10:00 MSK +0300", "UTC", "07:00"),
        ("05.05.2026 10:00 (МСК +03:00)", "UTC", "07:00"),
        ("05.05.2026 10:00 MSK+03", "UTC", "07:00"),
        ("05.05.2026 10:00 МСК-1", "UTC", "08:00"),
        ("05.05.2026 10:00 МСК+0", "UTC", "07:00"),
        ("05.05.2026 10:00 +0300", "UTC", "07:00"),
        ("05.05.2026 10:00+03", "UTC", "07:00"),
        ("05.05.2026 12:00 +1030", "Europe/Moscow", "01:30"),
        ("05.05.2026 10:00:00-12", "Europe/Moscow", "22:00"),
        ("2026-05-05 10:00:00-12", "Europe/Moscow", "22:00"),
        ("05.05.2026 10:00-12", "UTC", None),
        ("05.05.2026 10:00 +10", "UTC", None),
        ("05.05.2026 10:00 +03:00", "UTC", "07:00"),
        ("05.05.2026 10:00 (UTC+3)", "UTC", "07:00"),
        ("05.05.2026 10:00 GMT-03:30", "UTC", "13:30"),
        ("5 May 2026, 10:00 AM EST", "UTC", "15:00"),
        ("10:00 - 05.05.2026", "UTC", "10:00"),
        ("05.05.2026 10:00 UTC+99", "UTC", None),
        ("05.05.2026 10:00 Томск", "UTC", None),
    ],
)
def test_a_zone_beside_the_time_goes_before_the_targets(text: str, zone: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="no date"):
            parse_moment(text, ZoneInfo(zone))
        return
    found = parse_moment(text, ZoneInfo(zone))
    assert found.at is not None and (f"{found.at:%d %H:%M}", found.precision) == (f"05 {expected}", Precision.MINUTE)


def test_a_zone_beside_a_time_is_read_in_stated_forms_and_beside_a_word_for_the_day_too() -> None:
    assert iso(parse_moment("вчера в 12:30 МСК", ZoneInfo("UTC"), now=NOW).at) == "2026-11-23T09:30:00.000Z"
    assert iso(parse_moment("20240403 1015 UTC", MOSCOW, formats=("%Y%m%d %H%M %Z",)).at) == "2024-04-03T10:15:00.000Z"
    assert iso(parse_moment("03.04.2013 10:00 MSK", ZoneInfo("UTC")).at) == "2013-04-03T06:00:00.000Z", "Moscow was four hours ahead"
    assert parse_moment("05.05.2026 GMT", MOSCOW).precision is Precision.DAY


@pytest.mark.parametrize(
    "text",
    ["сегодня, 14:05", "вчера в 14:05", "12.05.2026 14:05", "2026-05-12T14:05:00", "12 мая", "2026-05-12", "12.05.2026 14:05 МСК",
     "1778583900", "2026-05-12T14:05:00+03:00", "12.05.2026 14:05 +0300"],
)  # fmt: skip
def test_what_a_post_is_told_by_does_not_depend_on_the_zone_of_its_target(text: str) -> None:
    noon = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
    zones = ("UTC", "Europe/Moscow", "Asia/Yekaterinburg", "America/New_York")
    [identity] = {parse_moment(text, ZoneInfo(zone), now=noon).identity for zone in zones}
    assert identity


def test_a_post_is_told_by_one_moment_however_its_date_is_written() -> None:
    noon = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
    for zone in (MOSCOW, ZoneInfo("UTC")):
        for forms in (("Сегодня, 14:05", "12.05.2026 14:05", "12 мая, 14:05", "May 12, 2026 2:05 PM", "2026-05-12 14:05:00"),
                      ("сегодня", "12.05.26", "2026-05-12", "Вторник, 12 мая 2026"),
                      ("12.05.2026 14:05 МСК", "12.05.2026 11:05 UTC", "2026-05-12T14:05:00+03:00", "1778583900")):  # fmt: skip
            found = {parse_moment(form, zone, now=noon).identity for form in forms}
            assert len(found) == 1 and None not in found
    assert {parse_moment(text, MOSCOW, now=noon).identity for text in ("только что", "2 часа назад", "3 дня назад", "год назад")} == {None}


@pytest.mark.parametrize(
    "text", ["30.02.2024", "2024-13-01", "31 июня", "foo", "12", "12 мая 2024, 25:10", "99.99.9999", "3 мая и ещё что-то"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="no date"):
        parse_moment(text, MOSCOW)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("0001-01-01 00:00:00", "Europe/Moscow"),
        ("9999-12-31 23:59:59", "America/New_York"),
        ("9999-12-31T23:59:59-05:00", "UTC"),
        ("Mon, 01 Jan 2024 10:00:00 +99999999999999999999", "UTC"),
        ("99999999999999 days ago", "UTC"),
        ("900000 days ago", "UTC"),
    ],
)
def test_a_moment_outside_the_calendar_is_no_date(text: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"outside the calendar|is no date"):
        parse_moment(text, ZoneInfo(zone), now=NOW)


def test_stated_forms_come_first_and_the_month_may_come_first() -> None:
    assert iso(parse_moment("04/03/2024", MOSCOW, day_first=False).at) == "2024-04-03T11:00:00.000Z"
    assert iso(parse_moment("20240403 1015", MOSCOW, formats=("%Y%m%d %H%M",)).at) == "2024-04-03T07:15:00.000Z"


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001
def test_the_forms_of_one_moment_agree(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    expected = moment.replace(tzinfo=MOSCOW).astimezone(UTC)
    for form in ("%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%d %B %Y, %H:%M", "%B %d, %Y %I:%M %p"):
        found = parse_moment(moment.strftime(form), MOSCOW)
        assert (found.at, found.precision) == (expected, Precision.MINUTE), form
