"""The page of targets, and gaps in the data where the overview shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from dashboard_site import fill, write_brands
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from advocacy.__main__ import app as advocacy
from advocacy.measures import Change, OnlineNps, nps_change
from crawlers.__main__ import app as commands
from crawlers.archive import Archive
from crawlers.brand import read_brands
from crawlers.health import Health
from crawlers.looked import Alike, Held, Rechecked, log
from crawlers.post import Precision
from crawlers.printed import HEALTH_COLUMNS
from crawlers.source import Item, Page
from crawlers.unreadable import Unreadable
from crawlers.writer import Writer
from dashboard import targets
from dashboard.overview import _delta
from dashboard.posts import when
from dashboard.view import View
from dashboard.words import number
from index import open_index
from tests.diary import Diary, zone_of_noon

DAY = timedelta(days=1)
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture(name="silent", scope="module")
def _silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The environment of a dashboard with a target that has been silent since five days, and a broken one."""
    folder, now = tmp_path_factory.mktemp("silent"), datetime.now(UTC).replace(second=0, microsecond=0)
    with pytest.MonkeyPatch.context() as patch:
        diary = Diary(folder, patch, "schedule: every 1 days\nexpect: {newest: 30 hours}\n")
        for back in range(7, -1, -1):
            diary.run(now - back * DAY, *([now - back * DAY] if back > 4 else []))
    write_brands(folder / "config")
    (folder / "config" / "targets" / "wrong.yaml").write_text("kind: <b>\n")
    fill(folder / "data", now, posts=60)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"DATA": folder / "data", "CONFIG": folder / "config", "INDEX": ""}.items():
            patch.setenv(f"MOLVA_{name}", str(value))
        yield
    st.cache_data.clear()
    st.cache_resource.clear()


def test_days_without_data_are_shaded_on_the_trend_and_said_above_it(silent: None) -> None:
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=120).run()
    assert not app.exception
    said = "Цели сбора в порядке: 0 из 2 · не в порядке: export, wrong · дней с пробелами в данных: 5"
    assert said in [caption.value for caption in app.caption]
    assert "Цели сбора" in [link.proto.label for link in app.get("page_link")]
    trend = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert [len(trend["layout"]["shapes"]), trend["data"][-1]["name"]] == [5, "нет данных: сбой или молчание цели"]
    assert trend["data"][-1]["text"] == ["export: молчала"] * 5


def test_a_change_is_not_shown_without_the_days_that_lack_data(silent: None) -> None:
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=120).run()
    russian = "за часть дней нет данных: 5 в этом периоде, 0 в прошлом (export); отличие от прошлого периода может быть из-за них"
    assert russian in [caption.value for caption in app.caption]
    today = datetime.now(UTC).date()
    for name, value in {"lang": "en", "period": "dates", "start": today - 40 * DAY, "end": today - 21 * DAY}.items():
        app.query_params[name] = str(value)
    captions = [caption.value for caption in app.run().caption]
    assert any("authors: " in caption for caption in captions) and not any("data are missing" in caption for caption in captions)


def test_the_command_says_which_days_lack_data_behind_a_change(silent: None) -> None:
    today = datetime.now(MOSCOW).date()
    period = ["--zone", "Europe/Moscow", "--since", str(today - 29 * DAY), "--until", str(today + DAY)]
    told = CliRunner().invoke(advocacy, ["nps", "--brand", "ours", *period, "--json"])
    assert json.loads(told.stdout)["change"]["missing"] == {"now": 5, "before": 0, "targets": ["export"]}
    told = CliRunner().invoke(advocacy, ["nps", "--brand", "ours", *period])
    assert "Data are missing for 5 days of this period and 0 of the one before (export)" in " ".join(told.stdout.split())


def test_the_command_speaks_of_missing_days_only_where_there_is_a_change(silent: None) -> None:
    today = datetime.now(UTC).date()
    period = ["--since", str(today - 2_000 * DAY), "--until", str(today + DAY)]
    told = CliRunner().invoke(advocacy, ["nps", "--brand", "ours", *period, "--json"])
    assert (json.loads(told.stdout)["change"]["value"], json.loads(told.stdout)["change"]["missing"]) == (None, None)
    told = CliRunner().invoke(advocacy, ["nps", "--brand", "ours", *period])
    assert "nothing to compare with" in told.stdout and "Data are missing" not in told.stdout


def test_a_change_over_missing_data_is_neither_a_fall_nor_a_rise() -> None:
    fall = Change(now=OnlineNps(detractors=90, promoters=10), before=OnlineNps(promoters=90, detractors=10))
    assert _delta("en", fall, even=True) == {"delta": "-160 on the period before"}
    assert _delta("en", fall, even=False) == {"delta": "-160 on the period before", "delta_color": "off", "delta_arrow": "off"}
    assert _delta("en", replace(fall, before=fall.now), even=True) == _delta("en", None, even=False) == {}


def test_the_change_stands_with_its_interval_within_the_margin_of_error_or_not(silent: None) -> None:
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=120)
    app.query_params["lang"] = "en"
    captions = [caption.value for caption in app.run().caption]
    change = nps_change(open_index(), View(lang="en", brand="ours").query(datetime.now(UTC), MOSCOW))
    assert change is not None and change.interval is not None and change.value is not None
    low, high = (number("en", bound, sign=True) for bound in change.interval)
    words = "the change, 95%: {}" if change.is_more_than_noise else "change on the period before: within the margin of error (95%: {})"
    assert words.format(f"{low} to {high}") in captions


def test_the_page_of_targets_says_what_is_not_right(silent: None) -> None:
    def page() -> None:
        from zoneinfo import ZoneInfo

        from dashboard import targets
        from dashboard.view import View

        targets.page(View(lang="en", brand="ours"), ZoneInfo("UTC"))

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["Target"]) == ["export", "wrong"]
    assert list(table["State"]) == ["silent", "broken"]
    assert (table["New"][0], table["Lag"][0]) == (2, "0 s, 95%: 0 s")
    said = [html.proto.body for html in app.get("html")]
    assert any("the newest post is 5 d old, at most 30 h are expected (stated)" in body for body in said)
    assert any("&lt;b&gt;" in body for body in said)


@pytest.fixture(name="eventful")
def _eventful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a target of which every number of health is another one."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    diary = Diary(tmp_path, monkeypatch, "expect: {newest: 2 days}\nlimits: {rejected: 1}\n", zone_of_noon(now))
    for back in range(12, 0, -1):
        published = [now - back * DAY - timedelta(hours=3)] * 2
        if back not in (9, 10, 11):  # nothing is told of these days
            diary.run(now - back * DAY, *published)
    diary.run(now, *[now - timedelta(hours=5)] * 3)
    diary.run(now, *[now] * 4, text="")
    row = {"id": "new", "text": "Отзыв", "date": (now - timedelta(hours=6)).isoformat(timespec="minutes")}
    again = [row | {"text": f"Отзыв иначе {edit}"} for edit in range(6)]
    older = [row | {"id": f"o{number}", "date": "2020-01-01"} for number in range(2)]
    with Writer(diary.target, read_brands(tmp_path / "config"), data=diary.data, since=now - 60 * DAY) as writer:
        writer.take(Page(items=tuple(Item(raw=raw) for raw in [*again, *older, *again[-1:] * 7]), cursor={}, deferred=("a",) * 9))
    archive = Archive(diary.data)
    log(archive, Rechecked(target="export", started=now, ended=now, here=20, gone=10, untold=1))
    monkeypatch.setenv("MOLVA_DATA", str(diary.data))
    monkeypatch.setenv("MOLVA_CONFIG", str(tmp_path / "config"))
    st.cache_data.clear()
    yield
    st.cache_data.clear()


def test_the_page_and_the_command_show_the_same_numbers(eventful: None) -> None:
    def page() -> None:
        from zoneinfo import ZoneInfo

        from dashboard import targets
        from dashboard.view import View

        targets.page(View(lang="en", brand="ours"), ZoneInfo("UTC"))

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    shown = {name: value.item() if hasattr(value, "item") else value for name, value in app.dataframe[0].value.iloc[0].items()}
    told = json.loads(CliRunner().invoke(commands, ["health", "--json"]).stdout)
    [_, cells] = [line.split("\t") for line in CliRunner().invoke(commands, ["health"]).stdout.splitlines()]
    table = dict(zip(HEALTH_COLUMNS, cells, strict=True))

    week, recheck, gaps, lag = (told[name] for name in ("week", "recheck", "gaps", "lag"))
    numbers = [shown[name] for name in ("New", "Changed", "Repeated", "Rejected", "Deferred", "Older than wanted")]
    assert numbers == [week[name] for name in ("kept", "changed", "repeated", "rejected", "deferred", "older")]
    assert numbers == [16, 5, 7, 4, 9, 2]
    assert (shown["Why rejected"], week["reasons"]) == ("no text: 4", {"no text": 4})
    assert (shown["Looked at again"], shown["Gone at the source"]) == (recheck["looked"], recheck["gone"]) == (31, 10)
    assert (shown["Days with gaps"], len(gaps)) == (3, 3)
    assert shown["State"] == told["state"] == table["state"]
    median, most = (round(lag[name] / 3600) for name in ("median", "p95"))
    assert (shown["Lag"], table["lag"]) == (f"{median} h, 95%: {most} h", f"{median} hours, 95% {most} hours")
    for name, moment in (("Last success", told["last_success"]), ("Newest post", told["newest"])):
        assert shown[name] == when(datetime.fromisoformat(moment), Precision.MINUTE, "en", ZoneInfo("UTC"))
    assert (table["last success"], table["newest post"]) == (told["last_success"], told["newest"])
    assert table["last 7 days"] == ("kept 16, changed 5, repeated 7, rejected 4 (no text: 4), deferred 9, older 2")
    assert (table["looked at again"], table["gaps"]) == ("31, gone 10", "3 days")


def test_a_target_that_waits_for_its_key_is_not_red_and_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_brands(tmp_path / "config")
    (tmp_path / "config" / "targets" / "wall.yaml").write_text("kind: vk\nwalls: [vestarna]\ntoken_env: MOLVA_TEST_VK\n")
    monkeypatch.setenv("MOLVA_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("MOLVA_TEST_VK", raising=False)

    def page() -> None:
        from zoneinfo import ZoneInfo

        from dashboard import targets
        from dashboard.view import View

        targets.page(View(lang="ru"), ZoneInfo("UTC"))

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert (row["Цель"], row["Состояние"], row["Последний успех"]) == ("wall", "ждёт ключа", "никогда")
    [card] = [html.proto.body for html in app.get("html") if "wall" in html.proto.body]
    assert "не задана переменная окружения MOLVA_TEST_VK" in card
    assert 'class="chip passive"' in card and "detractor" not in card


def test_the_line_above_the_figures_counts_what_waits_for_a_key_apart() -> None:
    found = [Health(target="blog", collected=True), Health(target="wall", unset=("MOLVA_TEST_VK",)), Health(target="new")]
    assert targets.summed(found, 0, "en") == "Targets that do well: 2 of 3 · waiting for a key: 1"
    assert targets.summed(found[:1], 2, "ru") == "Цели сбора в порядке: 1 из 1 · дней с пробелами в данных: 2"


def test_the_line_above_the_figures_names_what_is_not_well() -> None:
    broken = [Health(target=f"broken_{at}", broken=("url: is missing",)) for at in range(5)]
    said = "Targets that do well: 1 of 6 · not well: broken_0, broken_1, broken_2 (+2)"
    assert targets.summed([Health(target="blog", collected=True), *broken], 0, "en") == said


def test_a_target_whose_posts_vanished_at_once_says_so_in_the_readers_language() -> None:
    one = Health(target="blog", collected=True, held=Held(5, 12, 0.34))
    [russian], [english] = targets.why(one, "ru", ZoneInfo("UTC")), targets.why(one, "en", ZoneInfo("UTC"))
    assert russian.startswith("из 12 просмотренных снова сообщений удалёнными кажутся 5, больше 34\u00a0%: скорее сайт сменил адреса")
    assert english == str(one.held) == one.why[0]
    forum = Health(target="forum", collected=True, held=Held(5, 12, 0.34, deep=True), alike=Alike(3, "Войдите"))
    russian, overwritten = targets.why(forum, "ru", ZoneInfo("UTC"))
    assert "скорее форум показывает теперь только начало тем" in russian and "«Войдите»: 3;" in overwritten
    assert targets.why(forum, "en", ZoneInfo("UTC")) == [str(forum.held), str(forum.alike)] == forum.why


def test_a_host_whose_robots_txt_stays_unreadable_is_named_in_the_readers_language() -> None:
    since = datetime(2026, 3, 1, 9, tzinfo=UTC)
    host = Unreadable(host="forum.example", since=since, at=since + 2 * DAY, answer="503", targets={})
    one = Health(target="blog", collected=True, robots=(host, replace(host, host="passing.example", at=since)))
    [russian], [english] = targets.why(one, "ru", ZoneInfo("UTC")), targets.why(one, "en", ZoneInfo("UTC"))
    assert russian.startswith("robots.txt хоста forum.example не читается с 01.03.2026 09:00 (ответ: 503)") and "31.03.2026" in russian
    assert english.startswith("robots.txt of forum.example has been unreadable since 01 Mar 2026 09:00 (answer: 503)")


def test_gaps_fall_into_the_intervals_of_the_trend() -> None:
    moscow = ZoneInfo("Europe/Moscow")
    days = {date(2026, 3, 1): ["b: silent"], date(2026, 3, 2): ["<a>: silent"], date(2026, 3, 4): ["<a>: silent"]}
    weeks = targets.gaps(days, "week", moscow, "en")
    assert [(gap.start.date(), gap.end.date(), gap.text) for gap in weeks] == [
        (date(2026, 2, 23), date(2026, 3, 2), "days without data: 1<br>b: silent"),
        (date(2026, 3, 2), date(2026, 3, 9), "days without data: 2<br>&lt;a&gt;: silent"),
    ]
