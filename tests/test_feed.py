"""Feeds: recorded ones of every form and encoding, and whole runs against a site on loopback."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crawlers.__main__ import app
from crawlers.archive import Archive
from crawlers.collect import collect, preview
from crawlers.feed_document import UNCHANGED, Feed, fingerprint, read_feed
from crawlers.kinds import FeedTarget
from crawlers.page import decode, plain
from crawlers.patience import InVain
from crawlers.post import Post, post_id
from crawlers.run import RunFailed
from crawlers.sink import open_sink
from crawlers.source import CollectError, Item
from crawlers.spiders.feed import REMEMBERED, Entry, State, post
from tests.recording import cases, compare, outcomes, recorded_target
from tests.site import Answer, Place, Request, Site, site

REAL = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "pages" / "chardet_ru_encodings" / "tests"
HABR = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "api" / "habr"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/pages")
CUT_BEFORE_AN_ENTRY = {"IBM866/intertat.ru.xml", "windows-1251-russian/intertat.ru.xml"}
COMMON = re.compile(r"\b(?:и|в|на|не|что|с|по|для|из|за|как|это)\b", re.IGNORECASE)


@pytest.fixture
def blog() -> Iterator[Site]:
    with site() as running:
        yield running


@pytest.mark.parametrize("case", cases("feed"), ids=lambda case: case.name)
def test_made_feed(case: Path, tmp_path: Path) -> None:
    target = recorded_target(case, tmp_path)
    feed = read_feed((case / "page.xml").read_bytes(), "text/xml", target.url)
    compare(case, outcomes(feed.entries, target))


@needs_real
def test_recorded_feeds_of_every_encoding_are_read_as_russian(tmp_path: Path) -> None:
    titles: dict[str, set[str]] = {}
    read = 0
    for path in sorted(REAL.glob("*/*.xml")):
        name = f"{path.parent.name}/{path.name}"
        if name in CUT_BEFORE_AN_ENTRY:
            with pytest.raises(CollectError, match="damaged feed without a whole entry"):
                read_feed(path.read_bytes(), None, "https://a.example/")
            continue
        feed = read_feed(path.read_bytes(), None, "https://a.example/")
        text = " ".join(plain(raw.get("title", "") + " " + raw.get("html", "")).own for raw in feed.entries)
        assert "\ufffd" not in text, name
        assert len(re.findall("[а-яё]", text)) > 2 * len(re.findall("[А-ЯЁ]", text)), f"{name}: {text[:80]}"
        assert COMMON.search(text) or len(text) < 400, f"{name}: {text[:80]}"
        titles.setdefault(path.name, set()).add(plain(feed.entries[-1].get("title", "")).own)
        read += 1
    assert read == 50
    # The same feed in three encodings says the same.
    assert {name: found for name, found in titles.items() if len(found) > 1} == {}


@pytest.mark.skipif(not HABR.is_dir(), reason="requires: ../shared/fixtures/api")
def test_a_made_feed_of_habr_is_told_without_its_campaigns_and_a_made_page_is_refused() -> None:
    target = FeedTarget(name="habr", kind="feed", url="https://habr.com/ru/rss/hubs/python/articles/all/", language="ru")
    feed = read_feed((HABR / "made_habr_rss.xml").read_bytes(), "text/xml", target.url)
    made = [post(raw, target, datetime(2026, 9, 5, tzinfo=UTC)) for raw in feed.entries]
    assert [each.title for each in made] == ["Еженедельный Дайджест новостей", "Статья 2: Про asyncio", "Статья 1: Про Python"]
    assert made[2].id == post_id("habr.com", url="https://habr.com/ru/articles/100001/")
    assert made[2].published == datetime(2025, 10, 24, 10, tzinfo=UTC)
    with pytest.raises(CollectError, match="is a page, not a feed"):
        read_feed((HABR / "made_habr_hub_page.html").read_bytes(), "text/html", target.url)


@needs_real
@pytest.mark.parametrize("path", sorted(REAL.glob("*/*_encoding_specified.html")), ids=lambda path: path.name)
def test_a_recorded_page_is_not_taken_for_a_feed(path: Path) -> None:
    with pytest.raises(CollectError, match="is a page, not a feed; give the address of its feed"):
        read_feed(path.read_bytes(), "text/html", "https://a.example/")


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_a_made_empty_answer_is_no_feed(body: bytes) -> None:
    with pytest.raises(CollectError, match=r"^https://a\.example/ is empty$"):
        read_feed(body, "application/rss+xml", "https://a.example/")


@needs_real
@pytest.mark.parametrize("path", sorted(REAL.glob("*/_ude_1.txt")), ids=lambda path: path.parent.name)
def test_recorded_text_without_any_declaration_is_decoded_and_is_no_feed(path: Path) -> None:
    assert decode(path.read_bytes()).startswith("В гимназии он не был в числе первых учеников")
    with pytest.raises(CollectError, match="is not a feed: it begins with 'В гимназии"):
        read_feed(path.read_bytes(), None, "https://a.example/")


@pytest.mark.parametrize("claimed", ["utf-8", "iso-8859-1", "koi8-r", "no-such-encoding"])
def test_a_wrong_charset_of_a_made_feed_is_not_believed(claimed: str) -> None:
    text = "<rss><channel><title>Новости</title><item><title>Клиенты уходят из банка из-за комиссий</title></item></channel></rss>"
    feed = read_feed(text.encode("windows-1251"), f"text/xml; charset={claimed}", "https://a.example/")
    assert feed.entries[0]["title"] == "Клиенты уходят из банка из-за комиссий"


def test_a_made_page_that_names_its_feeds_says_which() -> None:
    page = '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss.xml"></head><body>Привет</body></html>'
    with pytest.raises(CollectError, match=r"is a page, not a feed; the page names these feeds: https://a\.example/rss\.xml"):
        read_feed(page.encode(), "text/html", "https://a.example/blog/")


def test_a_made_login_in_the_place_of_a_feed_is_told_with_where_it_leads() -> None:
    page = f'<!doctype html><title>{"Вход " * 20}</title><form><input type="password"></form>'
    with pytest.raises(CollectError) as told:
        read_feed(page.encode(), "text/html", "https://a.example/login", asked="https://a.example/rss.xml")
    title = ("Вход " * 20)[:60]
    assert str(told.value) == (
        "https://a.example/rss.xml, which leads to https://a.example/login, is a page, not a feed; it asks for a login; "
        f"its title is «{title}…»"
    )


def test_a_made_xml_bomb_is_not_blown_up() -> None:
    levels = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "boom">{levels}]><rss version="2.0"><channel><title>&a9;</title></channel></rss>'
    )
    started = time.monotonic()
    try:
        entries = read_feed(bomb.encode(), None, "https://a.example/").entries
    except CollectError:
        entries = ()
    assert not entries
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(("date", "hour"), [
    ("05 May 2026 10:00:00 GMT", 10), ("Tue, 05 May 26 10:00:00 GMT", 10), ("05 May 2026 10:00:00 MSK", 7), ("05 May 2026 10:00:00", 7),
])  # fmt: skip
def test_a_zone_that_a_made_entry_names_goes_before_the_targets(date: str, hour: int) -> None:
    text = f"<rss version='2.0'><channel><item><link>https://a.example/1</link><pubDate>{date}</pubDate></item></channel></rss>"
    target = FeedTarget(name="a", kind="feed", url="https://a.example/rss", timezone="Europe/Moscow")
    (raw,) = read_feed(text.encode(), None, target.url).entries
    assert post(raw, target, datetime(2026, 9, 5, tzinfo=UTC)).published == datetime(2026, 5, 5, hour, tzinfo=UTC)


def article(number: int, words: int = 60) -> str:
    body = f"Статья номер {number}: клиент рассказывает, почему ушёл из Вестарны и куда перевёл деньги. " * (words // 12)
    main = f"<article><h1>Запись {number}</h1><p>{body}</p></article>"
    return f"<html><head><title>Блог</title></head><body><nav>Меню Главная Вход</nav>{main}</body></html>"


def feed(blog: Site, *numbers: int, text: str = "Коротко о записи {}.") -> str:
    items = "".join(
        f"<item><title>Запись {number}</title><link>{blog.url}/p/{number}</link><guid>g{number}</guid>"
        f"<pubDate>Tue, {number % 28 + 1:02} Sep 2026 10:00:00 +0300</pubDate><description>{text.format(number)}</description></item>"
        for number in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Блог</title>{items}</channel></rss>'


def serve(blog: Site, *numbers: int) -> None:
    """The blog with these entries, newest first, which answers 304 to who has seen them."""
    etag = f'"{"-".join(map(str, numbers))}"'

    def answer(request: Request) -> Answer:
        if request.headers.get("If-None-Match") == etag:
            return Answer(status=304)
        return Answer(feed(blog, *numbers), headers={"ETag": etag, "Content-Type": "application/rss+xml"})

    blog.pages["/feed.xml"] = answer
    for number in numbers:
        blog.pages.setdefault(f"/p/{number}", article(number))


def blog_target(blog: Site, *more: str) -> str:
    return "\n".join([f"kind: feed\nurl: {blog.url}/feed.xml\nallow_private: true\nsite: blog.example\nlanguage: ru\ndelay: 0", *more])


def test_made_articles_are_fetched_once_and_a_second_run_takes_only_what_is_new(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true"))
    serve(blog, 3, 2, 1)
    blog.pages["/p/2"] = "<html><body><p>Читать далее</p></body></html>"  # a teaser never replaces a text

    assert place.collect(target).outcomes["kept"] == 3
    posts = place.posts(target)
    assert [post.title for post in posts] == ["Запись 1", "Запись 2", "Запись 3"]
    assert posts[0].text.startswith("Статья номер 1: клиент рассказывает")
    assert "Меню" not in posts[0].text
    assert posts[1].text == "Коротко о записи 2."
    assert posts[0].published == datetime(2026, 9, 2, 7, tzinfo=UTC)
    assert blog.asked[0].path == "/robots.txt"

    blog.asked.clear()
    assert sum(place.collect(target).outcomes.values()) == 0  # 304: nothing was met
    assert blog.paths() == ["/feed.xml"]

    serve(blog, 4, 3, 2, 1)
    blog.asked.clear()
    assert place.collect(target).outcomes == {"kept": 1, "changed": 0, "repeated": 3, "rejected": 0, "deferred": 0, "older": 0}
    assert blog.paths() == ["/feed.xml", "/p/4"]
    assert len(Archive(place.data).batches("blog")) == 2


def test_a_made_entry_is_changed_once_where_it_is_edited_and_one_that_was_taken_before_is_not(blog: Site, place: Place) -> None:
    def serve(updated: str) -> None:
        entry = f"<id>1</id><link href='{blog.url}/1'/><published>2026-09-02T07:00:00Z</published><updated>{updated}</updated>"
        words = "<content type='text'>Комиссия выросла.</content>"
        blog.pages["/feed.xml"] = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Блог</title><entry>{entry}{words}</entry></feed>"

    target = place.target("blog", blog_target(blog))
    serve("2026-09-02T10:00:00Z")
    assert place.collect(target).outcomes["kept"] == 1
    # As the feed's reader before kept it: without the time of the edit in the hash of its content.
    (seen,) = (place.data / "seen").glob("blog.sqlite")
    with closing(sqlite3.connect(seen)) as db:
        db.execute("UPDATE seen SET content = 'before'")
        db.commit()
    assert place.collect(target).outcomes["repeated"] == 1, "an entry in the same wording is not read again"
    serve("2026-09-03T10:00:00Z")
    assert place.collect(target).outcomes["changed"] == 1
    assert place.posts(target)[-1].edited == datetime(2026, 9, 3, 10, tzinfo=UTC)
    assert place.collect(target).outcomes["repeated"] == 1


def test_a_made_feed_that_tells_its_date_alone_is_asked_for_what_came_since(blog: Site, place: Place) -> None:
    changed = "Tue, 08 Sep 2026 10:00:00 GMT"

    def answer(request: Request) -> Answer:
        assert "If-None-Match" not in request.headers
        if request.headers.get("If-Modified-Since") == changed:
            return Answer(status=304)
        return Answer(feed(blog, 2, 1), headers={"Last-Modified": changed, "Content-Type": "application/rss+xml"})

    blog.pages["/feed.xml"] = answer
    target = place.target("blog", blog_target(blog))
    assert place.collect(target).outcomes["kept"] == 2
    before = Archive(place.data).cursor("blog")
    assert before["modified"] == changed and "etag" not in before

    blog.asked.clear()
    assert place.collect(target).items == 0
    assert [request.headers.get("If-Modified-Since") for request in blog.asked if request.path == "/feed.xml"] == [changed]
    assert Archive(place.data).cursor("blog") == before

    changed = "Wed, 09 Sep 2026 10:00:00 GMT"
    assert place.collect(target).outcomes["repeated"] == 2, "a feed of another date is read"
    assert Archive(place.data).cursor("blog")["modified"] == changed


@pytest.mark.parametrize("number", ["xD800", "55300", "x110000", "99999999999", "x" + "F" * 30, "9" * 5000])
def test_a_made_feed_that_names_a_character_which_is_none_is_read(number: str) -> None:
    item = "<item><title>До &#{0}; после &#x436;</title><link>https://a.example/1</link></item>"
    document = f"<rss version='2.0'><channel><title>a</title>{item.format(number)}</channel></rss>"
    [entry] = read_feed(document.encode(), "text/xml", "https://a.example/").entries
    assert entry["title"] == "До \ufffd после ж"


@pytest.mark.usefixtures("at_once")
def test_a_made_article_that_fails_is_deferred_then_taken_or_left_out(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true", "attempts: 2"))
    serve(blog, 3, 2, 1)
    blog.pages["/p/1"] = Answer("busy", 503, {"Retry-After": "0"})
    blog.pages["/p/2"] = Answer("busy", 503, {"Retry-After": "0"})
    blog.pages["/p/3"] = Answer("gone", 404)

    first = place.collect(target)
    why = "127.0.0.1 fails (503): 2, 127.0.0.1 has no such page (404): 1"
    assert str(first) == f"kept 0, changed 0, repeated 0, rejected 0, deferred 3 ({why})"
    assert first.counts.places["127.0.0.1 fails (503)"] == f"{blog.url}/p/1"
    assert blog.paths().count("/p/1") == 4  # asked, and three times again

    blog.pages["/p/1"] = article(1)
    serve(blog, 4, 3, 2, 1)
    second = place.collect(target)
    assert str(second) == "kept 4, changed 0, repeated 0, rejected 0, deferred 0, without article 2"
    assert {post.text for post in place.posts(target) if "Коротко" in post.text} == {"Коротко о записи 3.", "Коротко о записи 2."}
    blog.asked.clear()
    assert sum(place.collect(target).outcomes.values()) == 0
    assert blog.paths() == ["/feed.xml"]


@pytest.mark.usefixtures("at_once")
def test_a_made_article_that_is_refused_for_now_waits_and_is_taken_whole(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true"))
    serve(blog, 3, 2, 1)
    blog.pages |= {"/p/1": Answer("no robots", 403), "/p/2": Answer("log in", 401), "/p/3": Answer("withheld", 451)}
    why = "127.0.0.1 refuses to show it (403): 1, 127.0.0.1 wants a login (401): 1, 127.0.0.1 fails (451): 1"
    assert str(place.collect(target)) == f"kept 0, changed 0, repeated 0, rejected 0, deferred 3 ({why})"
    blog.pages |= {"/p/1": article(1), "/p/2": article(2), "/p/3": article(3)}
    assert str(place.collect(target)) == "kept 3, changed 0, repeated 0, rejected 0, deferred 0"
    assert all(post.text.startswith("Статья") for post in place.posts(target))


@pytest.mark.usefixtures("at_once")
def test_a_made_entry_kept_without_its_article_becomes_whole_and_stays_so(blog: Site, place: Place) -> None:
    since = datetime(2026, 9, 1, tzinfo=UTC)
    target = place.target("blog", blog_target(blog, "article: true", "attempts: 1"))
    serve(blog, 1)
    blog.pages["/p/1"] = Answer("no robots", 403)
    assert str(place.collect(target)) == "kept 1, changed 0, repeated 0, rejected 0, deferred 0, without article 1"
    blog.pages["/p/1"] = article(1)
    assert collect(target, data=place.data, config=place.config, since=since).outcomes["changed"] == 1

    blog.pages["/p/1"] = Answer("no robots", 403)
    again = collect(target, data=place.data, config=place.config, since=since)
    assert str(again) == "kept 0, changed 0, repeated 1, rejected 0, deferred 0", "a teaser never replaces a text"
    blog.pages["/feed.xml"] = feed(blog, 1, text="Запись {} исправлена.").replace("<title>Запись 1", "<title>Исправление")
    assert place.collect(target).outcomes["changed"] == 1
    assert [(post.title, "Коротко" in post.text) for post in place.posts(target)] == [
        ("Запись 1", True),
        ("Запись 1", False),
        ("Исправление", False),
    ]


def test_a_made_page_instead_of_the_feed_fails_the_run_and_the_cursor_stays(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog))
    serve(blog, 2, 1)
    place.collect(target)
    before = Archive(place.data).cursor("blog")
    blog.pages["/feed.xml"] = article(1)
    with pytest.raises(RunFailed, match="is a page, not a feed"):
        place.collect(target)
    blog.pages["/feed.xml"] = Answer("no", 404)
    with pytest.raises(RunFailed, match=r"has no such page \(404\)"):
        place.collect(target)
    assert Archive(place.data).cursor("blog") == before
    assert len(place.posts(target)) == 2


def test_killed_in_the_middle_of_a_made_feed_nothing_is_lost_and_nothing_doubled(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true"))
    numbers = range(24, 0, -1)
    serve(blog, *numbers)
    places = {"MOLVA_DATA": str(place.data), "MOLVA_CONFIG": str(place.config)}
    for asked in (6, 15):
        command = [sys.executable, "-m", "scrapy", "crawl", "feed", "-a", "target=blog"]
        child = subprocess.Popen(command, env=os.environ | places, cwd=Path(__file__).parents[1], stderr=subprocess.DEVNULL)
        while len([path for path in blog.paths() if path.startswith("/p/")]) < asked and child.poll() is None:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    place.collect(target)
    assert sorted(post.title or "" for post in place.posts(target)) == sorted(f"Запись {number}" for number in numbers)
    assert sum(place.collect(target).outcomes.values()) == 0


def test_made_entries_that_share_a_link_are_told_apart() -> None:
    text = (
        "<rss><channel><item><link>https://a.example/status</link><guid>1</guid><description>Сбой</description></item>"
        "<item><link>https://a.example/status</link><guid>2</guid><description>Починили</description></item></channel></rss>"
    )
    target = FeedTarget(name="a", kind="feed", url="https://a.example/rss")
    posts = [post(raw, target, datetime.now(UTC)) for raw in read_feed(text.encode(), None, target.url).entries]
    assert len({post.id for post in posts}) == 2


def test_a_made_entry_without_id_and_link_is_told_by_its_moment_however_its_date_is_written() -> None:
    def made(date: str, zone: str = "Europe/Moscow") -> str:
        text = f"<rss version='2.0'><channel><item><pubDate>{date}</pubDate><description>Сбой</description></item></channel></rss>"
        target = FeedTarget(name="a", kind="feed", url="https://a.example/rss", timezone=zone)
        [raw] = read_feed(text.encode(), None, target.url).entries
        return post(raw, target, datetime(2026, 9, 5, tzinfo=UTC)).id

    told = {made(date) for date in ("Tue, 12 May 2026 14:05:00 +0300", "Tue, 12 May 2026 11:05:00 GMT", "2026-05-12T14:05:00+03:00")}
    assert told == {made("Tue, 12 May 2026 11:05:00 GMT", "UTC")} and made("Tue, 12 May 2026 14:05:00 GMT") not in told
    assert made("12.05.2026 14:05") == made("12 мая 2026, 14:05") == made("12.05.2026 14:05", "UTC")


def answering(*answers: str, link: str = "https://a.example/{}", id: str = "urn:{}") -> list[Post]:
    """The posts of a feed in which entry 1 answers none, and each one after it what is given; newest first, as feeds are."""
    made = [
        f"<entry><id>{id.format(n)}</id><link href='{link.format(n)}'/><title>{n}</title>{answer}</entry>"
        for n, answer in enumerate(["", *answers], 1)
    ]
    names = "xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'"
    target = FeedTarget(name="a", kind="feed", url="https://a.example/atom")
    found = read_feed(f"<feed {names}><title>t</title>{''.join(reversed(made))}</feed>".encode(), None, target.url)
    return [post(raw, target, datetime(2026, 9, 5, tzinfo=UTC)) for raw in found.entries]


def to(ref: str, more: str = "") -> str:
    return f"<thr:in-reply-to ref='{ref}' {more}/>"


def test_made_entries_that_answer_others_of_their_feed_know_them_and_their_thread() -> None:
    first, second, third = answering(to("urn:1"), to("urn:2"))
    assert (first.in_reply_to, first.thread_id) == (None, None)
    assert (second.in_reply_to, second.thread_id) == (first.id, first.id)
    assert (third.in_reply_to, third.thread_id) == (second.id, first.id)
    shared = answering(to("urn:1"), link="https://a.example/status")
    assert (shared[1].in_reply_to, shared[1].thread_id) == (shared[0].id, shared[0].id), "told apart by their ids"


def test_what_stands_no_more_in_the_made_feed_is_known_by_its_address_alone() -> None:
    _, left, below, named = answering(to("urn:0"), to("urn:2"), to("urn:0", "href='https://a.example/0'"))
    assert (left.in_reply_to, left.thread_id) == (None, None), "nothing tells its link"
    assert (below.in_reply_to, below.thread_id) == (left.id, None)
    assert (named.in_reply_to, named.thread_id) == (post_id("a.example", url="https://a.example/0"), None)
    _, by_link = answering(to("https://a.example/0"), id="https://a.example/{}")
    assert (by_link.in_reply_to, by_link.thread_id) == (post_id("a.example", url="https://a.example/0"), None)
    _, *circle = answering(to("urn:3"), to("urn:2"))
    assert [each.thread_id for each in circle] == [None, None]


def entries(count: int, first: int = 0) -> tuple[dict[str, str], ...]:
    return tuple({"id": str(number), "link": f"https://a.example/{number}", "html": "текст"} for number in range(first, first + count))


def test_what_was_taken_is_known_although_a_feed_is_long_or_says_that_nothing_is_new() -> None:
    long = Feed(entries(900), {"etag": '"1"'})
    state = State({})
    for raw in long.entries:
        state.settle(Entry(raw), Item(raw=raw))
    state.finish(long)
    unchanged = State(state.cursor())
    unchanged.finish(UNCHANGED)
    assert unchanged.cursor() == state.cursor()
    assert all(fingerprint(raw) in unchanged.known for raw in long.entries)
    moved = State(state.cursor())
    moved.finish(Feed(entries(10, first=895)))
    assert len(moved.known) == 10 + REMEMBERED
    assert "etag" not in moved.cursor()


def test_a_made_deferred_entry_gives_way_to_its_new_wording() -> None:
    (raw,) = entries(1)
    state = State({})
    state.settle(Entry(raw), Entry(raw, InVain(1)))
    assert [entry.tries for entry in State(state.cursor()).waiting([])] == [InVain(1)]
    newer = State(state.cursor())
    assert newer.waiting([Entry(raw | {"html": "текст исправлен"})]) == []
    assert "deferred" not in newer.cursor()


def test_made_entries_that_share_a_link_wait_on_their_own() -> None:
    (raw,) = entries(1)
    state = State({})
    state.settle(Entry(raw), Entry(raw, InVain(1)))
    assert [entry.raw["id"] for entry in State(state.cursor()).waiting([Entry(raw | {"id": "another"})])] == ["0"]


@pytest.mark.parametrize("more", ["article: true", "article: false"])
def test_a_limit_of_items_is_kept_in_a_made_feed_and_the_next_run_goes_on(blog: Site, place: Place, more: str) -> None:
    target = place.target("blog", blog_target(blog, more, "limits: {items: 10}"))
    serve(blog, *range(24, 0, -1))
    assert [place.collect(target).outcomes["kept"] for _ in range(4)] == [10, 10, 4, 0]
    assert len({post.id for post in place.posts(target)}) == 24


def test_a_preview_asks_for_the_made_articles_that_it_shows(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true"))
    serve(blog, *range(24, 0, -1))
    assert len(preview(target, data=place.data, config=place.config, limit=10).samples) == 10
    assert len([path for path in blog.paths() if path.startswith("/p/")]) == 10


@pytest.mark.parametrize(("answer", "why"), [
    (Answer("", 403), "127.0.0.1 refuses to show it (403); a run puts it off at first"),
    (Answer("", 404), "127.0.0.1 has no such page (404); a run puts it off at first"),
    (Answer("", 302, {"Location": "/p/1"}), "leads from redirect to redirect without end"),
])  # fmt: skip
def test_a_preview_says_which_made_articles_could_not_be_had_and_why(blog: Site, place: Place, answer: Answer, why: str) -> None:
    place.target("blog", blog_target(blog, "article: true"))
    serve(blog, 3, 2, 1)
    blog.pages |= {f"/p/{number}": answer for number in (1, 2)}
    told = CliRunner().invoke(app, ["preview", "blog", "--config", str(place.config), "--data", str(place.data)])
    assert (told.exit_code, told.stdout.splitlines().count("kept")) == (0, 3)
    assert told.stderr.splitlines()[0] == f"look: 2 of 3 posts come without article ({why})"


def test_made_entries_before_the_wanted_date_are_counted_and_their_articles_not_fetched(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true", "since: 2026-09-03"))
    serve(blog, 3, 2, 1)
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["older"]) == (2, 1)
    assert blog.paths() == ["/feed.xml", "/p/2", "/p/3"]


def test_two_runs_of_one_made_feed_at_once_are_impossible(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog))
    serve(blog, 1)
    with closing(open_sink("blog", data=place.data, config=place.config)), pytest.raises(CollectError, match="collected"):
        place.collect(target)
    assert blog.paths() == []
    assert place.collect(target).outcomes["kept"] == 1
