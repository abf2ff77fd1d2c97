"""The members of a forum, as its start page tells them: presets against real and made pages, and when the page is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from crawlers.board import members_of
from crawlers.preset import preset_names
from crawlers.run import Outcome
from crawlers.target import BrokenTarget, read_target
from crawlers.trouble import Trouble
from tests.phpbb_site import Phpbb
from tests.recorded_walk import Page, Walk, walk
from tests.recording import selector
from tests.site import Answer, Place, site
from tests.test_discourse import Clock
from tests.test_forum import PAGES, REAL, board, needs_real, topic

__all__ = ["walk"]

FORUM = "https://forum.example"
PAGE = f"kind: forum\npreset: phpbb\nurl: {FORUM}/board\n"
LINK = '<a accesskey="h" href="./index.php?sid=0123456789abcdef0123456789abcdef">Форум</a>'
START = "<p>Сообщений: <strong>979</strong> • Тем: <strong>74</strong> • Пользователей: <strong>{}</strong> • Новый: <strong>R</strong></p>"


def preset_of(name: str, folder: Path) -> Any:
    """A target of a preset."""
    return Place(folder / name).target("board", f"kind: forum\npreset: {name}\nurl: {FORUM}/board\n")


def said(html: str, target: Any) -> int | None:
    return members_of(Selector(html), target.start.members)


@needs_real
@pytest.mark.parametrize(
    ("page", "preset", "members"),
    [
        ("phpbb/index_spinkat_ru.html", "phpbb", 159),
        ("phpbb/index_bsuir_ru.html", "phpbb", 3_690),
        ("vbulletin/index_vb3_seocafe_ru.html", "vbulletin3", 50_472),
        ("vbulletin/index_vb4_civclub_ru.html", "vbulletin4", 55_641),
        ("mybb/index_pokemonpets_en.html", "mybb", 9_505),
        ("smf/index_guerrilla_en.html", "smf1", 41_959),
        ("xenforo/topic_xf1_oneplus_game_en.html", "xenforo1", 406_742),
        ("xenforo/topic_xf1_oneplus_lastpage_en.html", "xenforo1", 819_218),
    ],
)
def test_recorded_pages_say_how_many_members_the_forum_has(page: str, preset: str, members: int, tmp_path: Path) -> None:
    assert members_of(selector(REAL / page), preset_of(preset, tmp_path).start.members) == members


STARTS = {
    "phpbb/phpbbparser/page-1.html": "/index.php",
    "phpbb/phpbbparser/page-4.html": "/community/index.php",
    "phpbb/topic_zoneconcours_fr.html": "/forum/",
    "phpbb/topic_myoos_de.html": "/index.php",
    "phpbb/topic_xentax_en.html": "/index.php",
    "vbulletin/topic_vb4_mazdaworld_en.html": "/",
    "vbulletin/topic_vb4_terraforums_p2_en.html": "/forums/",
    "vbulletin/topic_vb4_askdin_p3_fa.html": "/forum.php",
    "invision/topic_ipb2_hustle_3007_ru.html": "/forum/index.php?act=idx",
    "invision/topic_ipb_grasscity_en.html": "/",
    "xenforo/topic_xf1_oneplus_game_en.html": "/",
    "xenforo/topic_xf2_katzenforum_de.html": "/",
    "xenforo/topic_xf2_villagers_de.html": "/forums/",
    "discuz/thread-1-1-1_zh.html": "/forum.php",
    "smf/bitcointalk_topic_14_en.html": "/index.php",
}
"""Recorded pages of topics -> path of the start page that they lead to, read off by eye."""


@needs_real
@pytest.mark.parametrize("case", [case for case in PAGES if case["page"] in STARTS], ids=lambda case: Path(case["page"]).stem)
def test_recorded_topics_lead_to_the_start_page(case: dict[str, Any], walk: Walk) -> None:
    walk.pages = {"/": "<html/>", case["url"]: (REAL / case["page"]).read_text(encoding="utf-8", errors="replace")}
    walk.collect(walk.target(f"kind: forum\npreset: {case['preset']}\ntopics: {case['url']}\npages: 1\n"))
    asked = [path for path in walk.asked if not case["url"].endswith(path) or not path]
    assert f"/{asked[0]}" == STARTS[case["page"]]


NEWEST = "<a href='?showuser=7'>R</a>"
RECENT = '<br><a href="?action=recent">…</a>'
MADE = {
    "phpbb_subsilver": f"<table><td>{START}</td></table>",
    "ipboard2": f"<td>Всего <b>9,876</b><br>Пользователей <b>{{}}</b><br>Новый <b>{NEWEST}</b><br>Рекорд <b>3</b></td>",
    "ipboard3": "<ul id='board_stats'><li><span class='value'>9</span><li><span class='value'>{}</span> Members</ul>",
    "invision4": "<li data-blockID='app_core_stats_x'><i class='ipsWidget_statsCount'>{}</i><i class='ipsWidget_statsCount'>9</i></li>",
    "xenforo2": '<div data-widget-definition="forum_statistics"><h3>S</h3><dl><dd>8</dl><dl><dd>9</dl><dl><dd>{}</dl><dl><dd>R</dl></div>',
    "discuz": '<div id="chart"><p>今日: <em>1</em>昨日: <em>2</em>帖子: <em>3</em>会员: <em>{}</em>欢迎新会员: <em>R</em></p></div>',
    "smf1": f'<span class="middletext">11 Posts in 2,222 Topics by {{}} Members. Latest: <b>R</b>{RECENT}</span>',
    "smf2": f"<p>12 345 сообщений в 1.234 темах от {{}} пользователей - Последний: <strong>Рита</strong>{RECENT}</p>",
}
"""Start pages of our own making, by what the engines' templates say."""
NUMBERS = {
    "41959": 41_959,
    "41 959": 41_959,
    "41,959": 41_959,
    "41.959": 41_959,
    "41\xa0959": 41_959,
    "1\u202f041\u202f959": 1_041_959,
    "7": 7,
}


@pytest.mark.parametrize("preset", MADE)
def test_made_start_pages_say_it_with_any_separator_of_thousands(preset: str, tmp_path: Path) -> None:
    target = preset_of(preset, tmp_path)
    assert {number: said(MADE[preset].format(number), target) for number in NUMBERS} == NUMBERS
    assert said("<p>Форум закрыт до 12 сентября 2026 года, 1 234 раза</p>", target) is None


@pytest.mark.parametrize("preset", ["vbulletin3", "smf2"])
def test_of_a_line_with_fewer_numbers_none_is_taken_for_the_members(preset: str, tmp_path: Path) -> None:
    line = '<tbody id="collapseobj_forumhome_stats"><tr><td class="smallfont"><div>Тем: 40,533, Сообщений: 244,592,</div></tbody>'
    page = f"<table>{line}</table><p>Тем: 40,533, Сообщений: 244,592 <a href='?action=recent'></a></p>"
    assert said(page, preset_of(preset, tmp_path)) is None


def test_each_preset_of_an_engine_whose_start_page_says_it_knows_how(tmp_path: Path) -> None:
    without = {name for name in preset_names("forum") if preset_of(name, tmp_path).start is None}
    assert without == {"discourse", "pikabu", "spirit", "vanilla"}


# When the page is asked for.


def written(*posts: int) -> str:
    return LINK + topic(*posts)


@pytest.fixture
def forum(walk: Walk) -> Walk:
    walk.pages = {"/board": board((1, "01.09.2026 10:00")), "/t=1": written(11, 12), "/index.php": START.format("1 840")}
    return walk


def members(walk: Walk) -> dict[str, int | None]:
    return {post.text.removeprefix("Запись "): post.members for post in walk.posts().values()}


def test_it_is_asked_for_with_the_first_posts_of_a_day_and_holds_for_all(forum: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.reach.datetime", Clock)
    forum.pages["/board"], forum.pages["/t=2"] = board((1, "01.09.2026 10:00"), (2, "01.09.2026 09:00")), written(21)
    target = forum.target(PAGE)
    assert (forum.kept(target), forum.asked) == (3, ["board", "t=1", "index.php", "t=2"]), "without the number of the visit"
    assert members(forum) == {"11": 1840, "12": 1840, "21": 1840}
    forum.pages |= {"/board": board((3, "02.09.2026 10:00")), "/t=3": written(31)}
    assert (forum.kept(target), forum.asked) == (1, ["board", "t=3"])

    monkeypatch.setattr(Clock, "ahead", timedelta(days=1))
    assert (forum.kept(target), forum.asked) == (0, ["board"]), "nothing new, nothing to know it for"
    forum.pages |= {"/board": board((4, "03.09.2026 10:00")), "/t=4": written(41), "/index.php": START.format("1 850")}
    assert (forum.kept(target), forum.asked) == (1, ["board", "t=4", "index.php"])
    assert (members(forum)["31"], members(forum)["41"]) == (1840, 1850)


def forbidden() -> Page:
    raise Trouble("robots.txt of forum.example forbids it", transient=False)


@pytest.mark.parametrize(
    "answer",
    [Answer("", 403), Answer("", 404), Answer("", 503), forbidden, "<p>Войдите</p>", START.format("0"), START.format("9" * 30)],
    ids=["403", "404", "503", "robots", "a login", "none", "no possible number"],
)
def test_where_it_says_nothing_the_run_goes_on_and_asks_no_more_that_day(
    answer: Page | Callable[[], Page], forum: Walk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crawlers.reach.datetime", Clock)
    started, forum.pages["/index.php"] = forum.pages["/index.php"], answer
    target = forum.target(PAGE)
    assert (forum.kept(target), forum.asked, set(members(forum).values())) == (2, ["board", "t=1", "index.php"], {None})
    assert "the members of the place stay what was known of them" in caplog.text
    for day, shown, known in ((0, started, None), (1, started, 1840), (2, answer, 1840)):
        monkeypatch.setattr(Clock, "ahead", timedelta(days=day))
        forum.pages |= {"/board": board((5 + day, f"0{3 + day}.09.2026 10:00")), f"/t={5 + day}": written(51 + day), "/index.php": shown}
        run = forum.collect(target)
        assert (run.error, run.counts.outcomes[Outcome.KEPT], members(forum)[f"{51 + day}"]) == (None, 1, known)
        assert forum.asked.count("index.php") == bool(day)


@pytest.mark.parametrize(
    ("own", "known"),
    [("members: 12\n", 12), ("board: {members: .people}\n", 77), ("start: null\n", None)],
    ids=["the file says it", "the board says it", "it is switched off"],
)
def test_it_is_not_asked_for_where_nobody_needs_it(own: str, known: int | None, forum: Walk) -> None:
    forum.pages["/board"] = "<p class=people>77</p>" + board((1, "01.09.2026 10:00"))
    assert (forum.kept(forum.target(PAGE + own)), forum.asked) == (2, ["board", "t=1"])
    assert set(members(forum).values()) == {known}


@pytest.mark.parametrize("link", ["https://bank.example/index.php", "javascript:history.back()", "http://[::1/index.php", "#top"])
def test_a_link_that_leads_elsewhere_is_not_followed_and_an_address_of_the_file_is(link: str, forum: Walk) -> None:
    forum.pages["/t=1"] = f'<a accesskey="h" href="{link}">Форум</a>' + topic(11)
    assert (forum.kept(forum.target(PAGE)), forum.asked) == (1, ["board", "t=1"])
    forum.pages |= {"/board": board((2, "02.09.2026 10:00")), "/t=2": topic(21)}
    target = forum.target(PAGE + f"start: {{url: {FORUM}/index.php}}\n")
    assert (forum.kept(target), forum.asked, members(forum)["21"]) == (1, ["board", "t=2", "index.php"], 1840)


def test_topics_named_alone_have_the_members_too(forum: Walk) -> None:
    target = forum.target(f"kind: forum\npreset: phpbb\ntopics: {FORUM}/t=1\n")
    assert (forum.kept(target), forum.asked, set(members(forum).values())) == (2, ["t=1", "index.php"], {1840})


def test_a_start_page_without_a_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    path = tmp_path / "targets" / "x.yaml"
    path.write_text(PAGE + "start: {link: null}\n", encoding="utf-8")
    found = read_target(path)
    assert isinstance(found, BrokenTarget)
    assert "start: must say where it is: `url`, or `link`" in found.error.one_line()


@pytest.mark.parametrize("rules", ["", "User-agent: *\nDisallow: /index.php\n"], ids=["allowed", "forbidden"])
def test_robots_are_asked_in_a_whole_run(rules: str, tmp_path: Path) -> None:
    with site() as running:
        made = Phpbb(running)
        running.pages["/viewtopic.php"] = lambda request: Answer(LINK.encode() + made.topic(request).body.encode())  # type: ignore[union-attr]
        running.pages |= {"/index.php": Answer(START.format("1 840")), "/robots.txt": Answer(rules)}
        place = Place(tmp_path)
        address = f"{running.url}/viewtopic.php?f=7&t=5"
        target = place.target(
            "banks", f"kind: forum\npreset: phpbb\ntopics: {address}\nallow_private: true\ndelay: 0\nsite: forum.example\n"
        )
        run = place.collect(target)
        assert (run.error, [post.members for post in place.posts(target)]) == (None, [None if rules else 1840])
        assert made.asked() == ["t5"] + ([] if rules else ["/index.php"])
