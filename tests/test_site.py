"""Sites without a feed: sitemaps, links, what a page says of its article, and the walk over both."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parsel import Selector
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response

from crawlers.archive import Archive
from crawlers.article import below_headline, facts
from crawlers.article_walk import TOGETHER
from crawlers.collect import preview
from crawlers.frontier import Frontier, State
from crawlers.kinds import SiteTarget
from crawlers.run import Outcome
from crawlers.site_article import identity, read_article
from crawlers.sitemap import LARGEST, Entry, read_sitemap
from crawlers.source import CollectError
from crawlers.spiders.site import post
from crawlers.trouble import trouble
from tests.recorded_walk import REAL, Walk, needs_real, real, silent, walk
from tests.site import Answer, Place, site

__all__ = ["walk"]

ROOT = Path(__file__).parents[1]
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
HOST = "https://bank.example"


def sitemap(*entries: tuple[str, str], index: bool = False) -> str:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    listed = "".join(f"<{inner}><loc>{loc}</loc>{f'<lastmod>{mod}</lastmod>' if mod else ''}</{inner}>" for loc, mod in entries)
    return f"<{outer} {XMLNS}>{listed}</{outer}>"


def article(number: int, *, more: str = "") -> str:
    words = " ".join(f"Вестарна снизила комиссию номер {number}, и клиенты об этом говорят каждый день." for _ in range(6))
    meta = f'<meta property="article:published_time" content="2026-09-{number % 28 + 1:02}T10:00:00+03:00">'
    return f"<html lang='ru'><head>{meta}</head><body><article><h1>Новость {number}</h1><p>{words}</p>{more}</article></body></html>"


def page(*links: str) -> str:
    return "<html><body>" + "".join(f'<a href="{link}">дальше</a>' for link in links) + "</body></html>"


def test_a_made_sitemap_is_read_in_every_form_and_what_is_none_is_told() -> None:
    body = (
        HEAD
        + sitemap((f"{HOST}/a", "2026-08-01"), (f"{HOST}/b", "2026-09-01T10:00:00+03:00"), (f"{HOST}/c", "2026-13"), ("no", "")).encode()
    )
    found = read_sitemap(gzip.compress(body), HOST)
    assert [entry.address[-1] for entry in found.pages] == ["b", "a", "c"]
    assert [str(entry.changed)[:16] for entry in found.pages] == ["2026-09-01 07:00", "2026-08-01 11:00", "None"]
    assert [entry.address for entry in read_sitemap(sitemap((f"{HOST}/1.xml.gz", ""), index=True).encode(), HOST).maps] == [
        f"{HOST}/1.xml.gz"
    ]
    for wrong, told in [(b"<html/>", "begins with"), (b"", "begins with"), (b"<rss/>", "kind: feed"), (b"\x1f\x8bxx", "is damaged")]:
        with pytest.raises(CollectError, match=told):
            read_sitemap(wrong, HOST)
    with pytest.raises(CollectError, match="larger than a sitemap may be"):
        read_sitemap(gzip.compress(b" " * (LARGEST + 1), 1), HOST)
    with pytest.raises(CollectError, match="cut short: its gzip has no end"):
        read_sitemap(gzip.compress(body)[:-12], HOST)


def test_what_a_made_page_says_of_its_article() -> None:
    news = '{"@type": ["NewsArticle"], "headline": "Про &quot;банк&quot;", "datePublished": "2026-09-01"'
    script = f'{{"@graph": [{{"@type": "WebSite"}}, {news}, "author": [{{"@type": "Person", "name": "Рита"}}, {{"name": "Глеб"}}]}}]}}'
    told = facts(Selector(f"<html><script type='application/ld+json'>{script}</script><h1>Другое</h1></html>"))
    assert (told.title, told.author, told.date) == ('Про "банк"', "Рита, Глеб", "2026-09-01")
    head = "<html lang='en-GB'><meta name='author' content='https://fb.example/rita'><script type='application/ld+json'>{broken</script>"
    told = facts(Selector(head + "<h1>One <b>day</b></h1><article><time datetime='2026-09-02'></article></html>"))
    assert (told.title, told.author, told.date, told.language) == ("One day", None, "2026-09-02", "en")
    assert (below_headline("A\nB", "A"), below_headline("A", "A"), below_headline("A\nB", None)) == ("B", "A", "A\nB")


META = '<meta property="article:published_time" content="{}"><meta property="article:modified_time" content="{}">'
DATES = '<script type="application/ld+json">{{"@type": "Article", "datePublished": "{}", "dateModified": "{}"}}</script>'


@pytest.mark.parametrize("form", [META, DATES], ids=["metadata", "JSON-LD"])
@pytest.mark.parametrize(
    ("published", "modified", "edited"),
    [
        ("2026-09-01T10:00:00+03:00", "2026-09-01T12:30:00+03:00", "2026-09-01 09:30"),
        ("2026-09-01T10:00:00+03:00", "2026-09-01T10:00:40+03:00", None),
        ("2026-09-01T10:00:00+03:00", "2026-08-01T10:00:00+03:00", None),
        ("2026-09-01", "2026-09-02T10:00:00+03:00", None),
        ("2026-09-01", "2026-09-03", "2026-09-03 11:00"),
        ("2026-09-01T10:00:00+03:00", "недавно", None),
        ("", "2026-09-01T12:30:00+03:00", None),
    ],
)
def test_a_made_article_says_when_it_was_edited(tmp_path: Path, form: str, published: str, modified: str, edited: str | None) -> None:
    target = Place(tmp_path).target("site", f"kind: site\nsitemap: {HOST}/sitemap.xml\n")
    assert isinstance(target, SiteTarget)
    body = f"<body><article><p>{'Вестарна снизила ставки. ' * 9}</p></article></body>"
    page = f"<html><head>{form.format(published, modified)}</head>{body}</html>"
    raw = read_article(HtmlResponse(f"{HOST}/1.html", body=page, encoding="utf-8"), target)
    found = post(raw, target, datetime(2026, 9, 5, tzinfo=UTC))
    assert (found.edited and str(found.edited)[:16]) == edited


@needs_real
def test_a_recorded_page_in_another_encoding(walk: Walk) -> None:
    target = walk.target("kind: site\nsitemap: https://football.ua/sitemap.xml\n")
    walk.pages["sitemap.xml"] = sitemap(("https://football.ua/germany/news/1.html", "2016-01-01"))
    body = (REAL / "pages/trafilatura/tests/eval/football.ua.podolski.html").read_bytes()
    walk.pages["/news/1.html"] = Answer(body)
    assert walk.kept(target) == 1
    [post] = walk.posts().values()
    assert (post.title, post.site) == ("Подольски завершил карьеру в сборной", "football.ua")
    assert "Германии" in post.text
    judged = json.loads(real("pages/trafilatura/tests/evaldata.json"))
    expected = next(each for each in judged.values() if each["file"] == "football.ua.podolski.html")
    assert all(words in post.text for words in expected["with"])
    assert not any(words in post.text for words in (*expected["without"], *expected["comments"]))


@needs_real
def test_a_made_article_of_habr(walk: Walk) -> None:
    target = walk.target("kind: site\nurl: https://habr.com/ru/news/\narticles: /articles/\n")
    walk.pages["/ru/news/"] = page("/ru/articles/1/")
    walk.pages["/articles/1/"] = Answer((REAL / "api" / "habr" / "made_habr_article.html").read_bytes())
    assert walk.kept(target) == 1
    [post] = walk.posts().values()
    assert (post.title, post.published) == ("Test Article Title", None), "its page tells programs nothing more"


def test_a_made_sitemap_brings_what_is_new_or_has_changed_and_a_long_one_is_taken_in_turns(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\narticles: /news/\nlanguage: ru\npages: 4\nauthor: Банк\n")
    walk.pages["map.xml"] = sitemap((f"{HOST}/old.xml", "2026-08-01"), (f"{HOST}/new.xml", "2026-09-01"), index=True)
    walk.pages["new.xml"] = sitemap((f"{HOST}/news/1", "2026-09-01"), (f"{HOST}/about", "2026-09-02"), (f"{HOST}/news/2", "2026-09-03"))
    walk.pages["old.xml"] = sitemap((f"{HOST}/news/3", ""), (f"{HOST}/news/4", ""))
    for number in range(1, 5):
        walk.pages[f"/news/{number}"] = article(number)
    assert walk.kept(target) == 2
    assert walk.asked == ["map.xml", "new.xml", "news/2", "news/1"]
    assert walk.kept(target) == 2
    assert walk.asked == ["map.xml", "old.xml", "news/3", "news/4"], "the newer one was read to its end"
    posts = {post.title: post for post in walk.posts().values()}
    assert sorted(posts) == [f"Новость {number}" for number in range(1, 5)]
    assert (posts["Новость 2"].author_name, posts["Новость 2"].id) == ("Банк", identity(f"{HOST}/news/2", target))
    assert not posts["Новость 2"].text.startswith("Новость 2")

    walk.pages["map.xml"] = sitemap((f"{HOST}/old.xml", "2026-08-01"), (f"{HOST}/new.xml", "2026-09-05"), index=True)
    walk.pages["new.xml"] = sitemap((f"{HOST}/news/1", "2026-09-05"), (f"{HOST}/news/2", "2026-09-03"))
    walk.pages["/news/1"] = article(1, more="<p>Добавлено: банк отменил её совсем, как сообщили нам вчера вечером.</p>")
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.CHANGED]) == (None, 1)
    assert walk.asked == ["map.xml", "new.xml", "news/1"], "the older one has not changed since it was read to its end"
    assert walk.kept(target) == 0


def test_made_links_are_followed_while_they_bring_new_articles_and_a_calendar_without_end_is_left(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: '/(page|calendar)/'\n")
    walk.pages["/calendar/"] = lambda: page(f"/calendar/{len(walk.requests)}", f"/calendar/next/{len(walk.requests)}", "/news/1")
    walk.pages["/news/"] = page(
        "/news/1", "/news/2#comments", "/news/page/2", "/calendar/2026", "https://other.example/news/7", "mailto:x@y.z"
    )
    walk.pages["/news/page/2"] = page("/news/3", "/news/page/3", "/news/")
    walk.pages["/news/page/3"] = page("/news/4?utm_source=x", "/news/page/2")
    for number in (1, 2, 3):
        walk.pages[f"/news/{number}"] = article(number)
    walk.pages["/news/4"] = Answer("", 410)
    assert walk.kept(target) == 3
    asked = walk.asked
    assert [path for path in asked if "calendar" not in path] == ["news/", "news/1", "news/2", "news/page/2", "news/3", "news/page/3"]
    assert len(asked) - 6 == 3, "the calendar, and what its first page links to"
    walk.pages["/news/page/2"] = page("/news/3", "/news/page/3", "/news/5")
    walk.pages["/news/5"] = article(5)
    assert walk.kept(target) == 1
    assert [path for path in walk.asked if "calendar" not in path] == ["news/", "news/page/2", "news/5", "news/page/3"]


@pytest.mark.usefixtures("at_once")
def test_what_fails_for_now_of_a_made_site_is_tried_again_and_a_run_cut_short_goes_on(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /page/\npages: 3\nattempts: 2\n")
    walk.pages["/news/"] = page("/news/1", "/news/page/2")
    walk.pages["/news/page/2"] = page("/news/2", "/news/3")
    walk.pages["/news/1"], walk.pages["/news/2"], walk.pages["/news/3"] = Answer("", 503), article(2), article(3)
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.DEFERRED], walk.asked) == (None, 1, ["news/", "news/1", "news/page/2"])
    run = walk.collect(target)
    assert (run.counts.outcomes[Outcome.DEFERRED], walk.asked) == (1, ["news/1", "news/", "news/page/2"]), "nothing else was shown"
    walk.pages["/news/1"] = article(1)
    assert (walk.kept(target), walk.asked) == (1, ["news/1", "news/", "news/page/2"])
    assert (walk.kept(target), walk.asked) == (1, ["news/", "news/page/2", "news/2"])
    assert (walk.kept(target), walk.asked) == (1, ["news/", "news/page/2", "news/3"])


@pytest.mark.usefixtures("at_once")
def test_a_made_list_that_fails_for_now_is_tried_again_in_later_runs_and_given_up_after_some(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /page/\nattempts: 2\n")
    walk.pages = {"/news/": page("/news/1", "/news/page/2"), "/news/1": article(1), "/news/2": article(2)}
    walk.pages["/news/page/2"] = Answer("", 503)
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (None, 1, 1)
    walk.pages |= {"/news/": page("/news/1"), "/news/page/2": page("/news/2")}
    assert walk.kept(target) == 1, "though no page leads to the list any more"

    walk.pages |= {"/news/": page("/news/page/3"), "/news/page/3": Answer("", 503)}
    assert walk.collect(target).counts.outcomes[Outcome.DEFERRED] == 1
    run = walk.collect(target)
    assert run.counts.outcomes[Outcome.DEFERRED] == 0
    assert run.counts.places["its links could not be had in 2 runs: bank.example fails (503)"] == "https://bank.example/news/page/3"


def test_a_made_list_that_failed_under_another_form_of_its_address_is_had_by_that_of_the_target() -> None:
    frontier = Frontier({"failing": [["https://www.bank.example/news/", 1, 2]]})
    assert frontier.failed("http://bank.example/news/", 0).runs == 3
    frontier.begin([f"{HOST}/news/"])
    frontier.followed(f"{HOST}/news/")
    assert (frontier.cursor()["failing"], frontier.next_page()) == ([], None)


@pytest.mark.usefixtures("at_once")
def test_made_lists_that_were_given_up_and_fail_again_do_not_end_the_walk(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /page/\nattempts: 2\n")
    walk.pages = {"/news/": page("/page/1", "/page/2"), "/page/": Answer("", 503)}
    assert [walk.collect(target).error for _ in range(2)] == [None, None]
    walk.pages |= {"/news/": page("/page/3", "/page/1", "/page/2", "/page/4"), "/page/4": page("/news/4"), "/news/4": article(4)}
    assert [walk.collect(target).error for _ in range(2)] == [None, None]
    walk.pages |= {"/page/4": page("/news/5"), "/news/5": article(5)}
    assert [walk.collect(target).error for _ in range(6)] == [None] * 6
    assert len(walk.posts()) == 2

    walk.pages["/page/1"] = page("/news/6")
    walk.pages["/news/6"] = article(6)
    assert sum(walk.kept(target) for _ in range(3)) == 1
    walk.pages |= {"/news/": page("/page/1", "/page/7", "/page/8"), "/page/1": Answer("", 503)}
    assert "page/1: bank.example fails (503)" in (walk.collect(target).error or ""), "had since, so that it fails is new"


def test_a_made_page_of_the_target_that_fails_keeps_none_beside_it_from_being_read_and_a_host_that_fails_is_left_alone(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: [{HOST}/gone/, {HOST}/news/]\narticles: '/news/\\d+$'\nfollow: /page/\n")
    walk.pages = {"/gone/": Answer("", 404), "/news/": page("/news/1", *(f"/page/{n}" for n in range(9))), "/news/1": article(1)}
    walk.pages["/page/"] = Answer("", 503)
    run = walk.collect(target)
    told = "https://bank.example/gone/: bank.example has no such page (404); https://bank.example/page/2: bank.example fails (503)"
    assert (run.error, run.counts.outcomes[Outcome.KEPT]) == (told, 1)
    assert walk.asked == ["gone/", "news/", "news/1", "page/0", "page/1", "page/2"]


def test_of_more_made_lists_than_wait_each_has_its_turn(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.frontier.WAITING", 5)
    target = walk.target(f"kind: site\nurl: {HOST}/archive/\narticles: '/news/\\d+$'\nfollow: /archive/\\d\npages: 10\n")
    walk.pages["/archive/"] = page(*(f"/archive/{day}" for day in range(20, 0, -1)))
    for day in range(1, 21):
        walk.pages |= {f"/archive/{day}": page(f"/news/{day}"), f"/news/{day}": article(day)}
    assert sum(walk.kept(target) for _ in range(8)) == 20
    walk.requests.clear()
    walk.pages |= {f"/archive/{day}": page(f"/news/{day + 40}") for day in (1, 20)} | {f"/news/{day}": article(day) for day in (41, 60)}
    assert sum(walk.kept(target) for _ in range(6)) == 2, "those left alone for longest are followed again"


def test_what_many_pages_lead_to_waits_once_and_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.frontier.WAITING", 30)
    frontier = Frontier({"todo": [[f"{HOST}/saved", 1]]})
    frontier.begin([f"{HOST}/news/"])
    for number in range(50):
        listed = frontier.next_page()
        assert listed
        frontier.add((f"{HOST}/page/{each}" for each in range(number, number + 20)), 0)
        assert len(frontier.cursor()["todo"]) <= 30
        frontier.followed(listed[0])
    assert frontier.next_page() == (f"{HOST}/page/48", 0)
    assert len(frontier.cursor()["followed"]) == 50


def test_while_one_made_article_is_read_the_next_ones_are_on_their_way(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages["map.xml"] = sitemap(*((f"{HOST}/news/{number}", "") for number in range(20)))
    walk.pages |= {f"/news/{number}": article(number) for number in range(20)}
    sent, answered = [asyncio.Event() for _ in range(20)], walk.answered

    async def after_the_next_ones(request: Request) -> Response:
        _, _, number = request.url.partition("/news/")
        if number:
            sent[int(number)].set()
            await asyncio.wait_for(sent[min(int(number) + TOGETHER - 1, 19)].wait(), 10)
        return await answered(request)

    walk.answered = after_the_next_ones  # type: ignore[method-assign]
    assert walk.kept(target) == 20


def test_made_articles_on_their_way_where_a_run_is_full_are_kept_and_asked_for_once(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\nlimits: {{items: 3}}\n")
    walk.pages["map.xml"] = sitemap(*((f"{HOST}/news/{number}", "") for number in range(30)))
    walk.pages |= {f"/news/{number}": article(number) for number in range(30)}
    kept = [walk.kept(target) for _ in range(8)]
    assert (sum(kept), max(kept) < 6) == (30, True), kept
    articles = [path for path in walk.asked if path != "map.xml"]
    assert sorted(articles) == sorted(f"news/{number}" for number in range(30))


def test_of_addresses_the_last_ones_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State({"known": {f"old {number}": "" for number in range(9)}})
    monkeypatch.setattr("crawlers.frontier.REMEMBERED", 3)
    for number in range(5):
        state.settle(Entry(f"{HOST}/{number}"))
    assert [state.change(Entry(f"{HOST}/{number}")) for number in range(5)] == [None, None, "", "", ""]
    assert len(state.cursor()["known"]) == 3


def test_a_made_address_that_is_forgotten_is_asked_for_again_where_it_has_changed_since(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.frontier.REMEMBERED", 2)
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    listed = {number: f"2026-09-0{number}" for number in range(1, 6)}

    def collected() -> tuple[int, list[str]]:
        walk.pages["map.xml"] = sitemap(*((f"{HOST}/news/{number}", changed) for number, changed in listed.items()))
        run = walk.collect(target)
        assert run.error is None, run.error
        return run.counts.outcomes[Outcome.KEPT] + run.counts.outcomes[Outcome.CHANGED], walk.asked

    walk.pages |= {f"/news/{number}": article(number) for number in listed}
    assert collected()[0] == 5
    assert collected() == (0, ["map.xml"]), "of those forgotten, none is asked for that says nothing new"
    walk.pages["/news/4"], listed[4] = article(4, more="<p>Вестарна вернула деньги всем, кто об этом писал.</p>"), "2026-09-09"
    assert collected() == (1, ["map.xml", "news/4"])
    assert collected() == (0, ["map.xml"])
    listed[5] = "2036-09-09"
    assert collected() == (0, ["map.xml"]), "nobody knows yet that a page changes in years"


def test_a_made_article_that_waited_is_asked_for_again_where_it_has_changed_since(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages = {"map.xml": sitemap((f"{HOST}/news/1", "2026-09-01"), (f"{HOST}/news/2", "2026-09-01")), "/news/2": article(2)}
    walk.pages["/news/1"] = Answer("", 503)
    assert walk.kept(target) == 1
    walk.pages["/news/1"] = article(1)
    assert walk.kept(target) == 1
    walk.pages["map.xml"] = sitemap((f"{HOST}/news/1", "2026-09-05"), (f"{HOST}/news/2", "2026-09-01"))
    walk.pages["/news/1"] = article(1, more="<p>Добавлено: банк отменил её совсем, как сообщили нам вчера вечером.</p>")
    assert walk.collect(target).counts.outcomes[Outcome.CHANGED] == 1


def test_where_a_made_sitemap_says_that_all_has_changed_just_now_what_is_new_goes_first(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\npages: 4\n")
    walk.pages |= {f"/news/{number}": article(number) for number in range(1, 6)}
    for today, newest in (("2026-09-08", 3), ("2026-09-09", 5)):
        walk.pages["map.xml"] = sitemap(*((f"{HOST}/news/{number}", today) for number in range(1, newest + 1)))
        run = walk.collect(target)
        assert run.error is None
    assert walk.asked == ["map.xml", "news/1", "news/2", "news/3", "map.xml", "news/4", "news/5", "news/1"]


def test_of_a_cursor_of_before_what_was_forgotten_had_changed_when_the_latest_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.frontier.REMEMBERED", 2)
    late, later = (Entry(f"{HOST}/1", datetime(2026, 9, day, tzinfo=UTC)) for day in (2, 3))
    state = State({"known": {"a": "2026-09-02T00:00:00.000Z", "b": ""}})
    assert [state.changed_later(each) for each in (late, later)] == [False, True]
    assert not State({"known": {"a": "2026-09-02T00:00:00.000Z"}}).changed_later(later), "nothing was forgotten"
    never = "2099-01-01T00:00:00.000Z"
    for cursor in ({"known": {"a": "2026-09-02T00:00:00.000Z", "b": never}}, {"forgotten": never}):
        assert State(cursor).cursor().get("forgotten") == ("2026-09-02T00:00:00.000Z" if "known" in cursor else None)


def test_a_made_article_of_a_host_that_lets_nothing_be_asked_for_is_not_given_up(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nattempts: 1\n")
    walk.pages = {"/news/": page("/news/1"), "/news/1": silent}
    assert [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(3)] == [1, 1, 1]
    walk.pages["/news/1"] = article(1)
    assert walk.kept(target) == 1


def test_a_made_site_that_shows_none_of_its_articles_fails_the_run(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages["map.xml"], walk.pages["/a"] = sitemap((f"{HOST}/a", "")), Answer("", 403)
    assert walk.collect(target).error == "none of 1 articles could be had: https://bank.example/a: bank.example refuses to show it (403)"
    walk.pages["map.xml"] = "<html></html>"
    assert "map.xml is no sitemap: it begins with '<html></html>'" in (walk.collect(target).error or "")


def test_a_made_article_that_is_refused_for_now_waits_and_is_counted(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\n")
    walk.pages = {"/news/": page("/news/1", "/news/2"), "/news/1": article(1), "/news/2": Answer("", 403)}
    assert walk.collect(target).counts.outcomes[Outcome.DEFERRED] == 1
    walk.pages["/news/2"] = article(2)
    assert walk.kept(target) == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_made_article_that_the_host_says_it_has_not_may_be_shown_in_the_next_run(status: int, walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\n")
    walk.pages = {"/news/": page(*(f"/news/{number}" for number in range(1, 9)))}
    walk.pages |= {f"/news/{number}": Answer("", status) for number in range(1, 9)}
    assert "none of 8 articles could be had" in (walk.collect(target).error or "")
    walk.pages |= {f"/news/{number}": article(number) for number in range(1, 9)}
    assert walk.kept(target) == 8


@pytest.mark.usefixtures("at_once")
def test_a_made_article_is_given_up_by_a_run_to_which_others_are_shown(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nattempts: 2\n")
    walk.pages = {"/news/": page("/news/1", "/news/2"), "/news/1": Answer("", 404), "/news/2": article(2)}
    walk.collect(target)
    walk.pages |= {"/news/": page("/news/1", "/news/2"), "/news/2": Answer("", 404)}
    assert [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(3)] == [1, 1, 1], "nothing is shown any more"
    walk.pages["/news/2"] = article(2)
    assert "its page failed in 5 runs: bank.example has no such page (404)" in walk.collect(target).counts.reasons
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["news/"])


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("status", [403, 404])
def test_made_articles_that_are_gone_keep_no_others_from_being_read_and_fail_no_quiet_site(status: int, walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\npages: 4\nattempts: 2\n")
    walk.pages = {"/map.xml": sitemap(*((f"{HOST}/news/{number}", "") for number in range(1, 16))), "/news/": Answer("", status)}
    walk.pages |= {f"/news/{number}": article(number) for number in (13, 14, 15)}
    runs = [walk.collect(target) for _ in range(60)]
    assert len(walk.posts()) == 3
    assert runs[-1].error is None and runs[-1].counts.outcomes.total() == 0


@pytest.mark.usefixtures("at_once")
def test_made_articles_that_all_are_gone_for_a_week_are_given_up(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\nattempts: 2\n")
    walk.pages = {"/map.xml": sitemap((f"{HOST}/news/1", "")), "/news/1": article(1)}
    assert walk.kept(target) == 1
    walk.pages = {"/map.xml": sitemap(*((f"{HOST}/news/{n}", "") for n in range(1, 9))), "/news/": Answer("", 404)}
    assert [bool(walk.collect(target).error) for _ in range(3)] == [True] * 3
    monkeypatch.setattr("crawlers.last_shown.BELIEVED", timedelta())
    runs = [walk.collect(target) for _ in range(2)]
    assert [(run.error, run.counts.outcomes[Outcome.REJECTED]) for run in runs] == [(None, 7), (None, 0)]


def test_made_lists_that_robots_txt_forbids_are_no_host_that_fails(walk: Walk) -> None:
    def forbidden() -> Answer:
        raise trouble(IgnoreRequest("Forbidden by robots.txt"), f"{HOST}/tag/1")

    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: '/(tag|page)/'\n")
    walk.pages = {"/news/": page("/news/1", *(f"/tag/{n}" for n in range(9)), "/page/2"), "/page/2": page("/news/2"), "/tag/": forbidden}
    walk.pages |= {"/news/1": article(1), "/news/2": article(2)}
    assert walk.kept(target) == 2


def test_a_made_list_that_cant_be_had_for_now_waits(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /page/\n")
    walk.pages = {
        "/news/": page("/page/1", "/page/2", "/news/1"),
        "/news/1": article(1),
        "/page/1": Answer("", 403),
        "/page/2": Answer("", 410),
    }
    assert walk.collect(target).counts.outcomes[Outcome.DEFERRED] == 2
    walk.pages |= {"/news/": page("/news/1"), "/page/1": page("/news/2"), "/news/2": article(2)}
    walk.pages |= {"/page/2": page("/news/3"), "/news/3": article(3)}
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (2, ["news/", "page/1", "news/2", "page/2", "news/3"])


def test_a_made_broken_sitemap_keeps_none_beside_it_from_being_read(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/index.xml\n")
    walk.pages["index.xml"] = sitemap((f"{HOST}/broken.xml.gz", "2026-09-03"), (f"{HOST}/whole.xml", "2026-09-01"), index=True)
    walk.pages["broken.xml.gz"] = Answer(gzip.compress(sitemap((f"{HOST}/2", "")).encode())[:-9])
    walk.pages["whole.xml"], walk.pages["/1"] = sitemap((f"{HOST}/1", "")), article(1)
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.KEPT]) == ("https://bank.example/broken.xml.gz is cut short: its gzip has no end", 1)


def test_made_lists_of_sitemaps_that_lead_nowhere_are_told(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/index.xml\n")
    walk.pages["index.xml"] = sitemap((f"{HOST}/index.xml", "2026-09-03"), index=True)
    alone = "lists no sitemap but itself, so nothing is found by it"
    assert (walk.collect(target).error, walk.asked) == (f"https://bank.example/index.xml: {alone}", ["index.xml"])
    walk.pages["index.xml"] = sitemap((f"{HOST}/2.xml", ""), index=True)
    walk.pages |= {f"{each}.xml": sitemap((f"{HOST}/{each + 1}.xml", ""), index=True) for each in (2, 3, 4)}
    assert "4.xml: is the last of 4 lists of sitemaps within one another" in (walk.collect(target).error or "")


def test_a_made_long_list_told_to_programs_is_passed_in_one_go() -> None:
    said = f'<script type="application/ld+json">[{"1," * 400_000}{{"@type": "Article", "headline": "Вестарна"}}]</script>'
    assert facts(Selector(f"<html><head>{said}</head></html>", type="html")).title == "Вестарна"


def test_the_real_spider_reads_a_made_packed_sitemap(tmp_path: Path) -> None:
    with site() as running:
        running.pages["/map.xml.gz"] = Answer(
            gzip.compress(sitemap((f"{running.url}/1", "2026-09-01")).encode()), headers={"Content-Type": "application/x-gzip"}
        )
        running.pages["/1"] = article(1)
        place = Place(tmp_path)
        target = place.target("news", f"kind: site\nsitemap: {running.url}/map.xml.gz\nallow_private: true\ndelay: 0\nsite: bank.example\n")
        assert place.collect(target).counts.outcomes[Outcome.KEPT] == 1
        [post] = place.posts(target)
        assert (post.title, post.id, post.language) == ("Новость 1", identity("https://bank.example/1", target), "ru")


@pytest.mark.parametrize("limits", ["", "limits: {items: 50}\n", "limits: {items: 4}\n"])
def test_a_preview_asks_for_the_made_articles_that_it_shows(tmp_path: Path, limits: str) -> None:
    with site() as running:
        running.pages |= {f"/{number}": article(number) for number in range(1, 31)}
        running.pages["/map.xml"] = sitemap(*((f"{running.url}/{number}", "") for number in range(1, 31)))
        place = Place(tmp_path)
        text = f"kind: site\nsitemap: {running.url}/map.xml\nallow_private: true\ndelay: 0\nsite: bank.example\n{limits}"
        assert len(preview(place.target("news", text), data=place.data, config=place.config, limit=10).samples) == 10
        assert len([path for path in running.paths() if path != "/map.xml"]) == 10


def test_of_a_run_of_a_made_site_that_has_failed_nothing_more_is_kept_and_no_more_is_asked_for(tmp_path: Path) -> None:
    with site() as running:
        running.pages["/map.xml"] = sitemap(*((f"{running.url}/news/{number}", "") for number in range(60)))
        running.pages |= {f"/news/{number}": article(number) for number in range(60)}
        place = Place(tmp_path)
        target = place.target("news", f"kind: site\nsitemap: {running.url}/map.xml\nallow_private: true\nlanguage: ru\n")
        command = [sys.executable, "-m", "scrapy", "crawl", "site", "-a", "target=news", "-s", "AUTOTHROTTLE_START_DELAY=0.01"]
        result, failing = (
            tmp_path / "result.json",
            json.dumps({"crawlers.pipelines.ArchivePipeline": None, "tests.failing.FailingPipeline": 300}),
        )
        places = {"MOLVA_DATA": str(place.data), "MOLVA_CONFIG": str(place.config), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
        command += ["-s", f"MOLVA_RESULT={result}", "-s", f"ITEM_PIPELINES={failing}"]
        subprocess.run(command, cwd=ROOT, env=os.environ | places, capture_output=True, check=False)
        assert json.loads(result.read_text())["run"]["error"] == "the spider site failed: ValueError: lost"
        assert (place.posts(target), Archive(place.data).cursor("news")) == ([], {})
        assert len(running.paths()) <= 1 + 3 * TOGETHER
        assert place.collect(target).counts.outcomes[Outcome.KEPT] == 60
