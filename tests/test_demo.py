"""The demo's people, pages and clock: what is written is valid, what is published is readable, a restart forgets nothing."""

from __future__ import annotations

import calendar
import dataclasses
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from parsel import Selector

from crawlers.article import main_text
from crawlers.brand import read_brands
from crawlers.kinds import ReviewsTarget
from crawlers.target import BrokenTarget, read_targets
from demo.content import COMPANIES, SPAN, Content, ContentError, read_content
from demo.page import HERE, Answer, address, answer, teaser
from demo.server import Server, publish
from demo.shelf import Published, Shelf, ShelfError
from index.token import tokens

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
HOST = "127.0.0.1:8710"
OUTAGE = 23


@pytest.fixture(scope="module")
def content() -> Content:
    return read_content()


@pytest.fixture
def shelf(content: Content, tmp_path: Path) -> Shelf:
    return Shelf(content, tmp_path / "demo-published.json", NOW)


@pytest.fixture
def server(shelf: Shelf) -> Iterator[Server]:
    server = Server(shelf, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def read(answer: Answer) -> Selector:
    assert answer.status == 200
    return Selector(answer.body.decode())


def walk(shelf: Shelf, path: str) -> list[Selector]:
    """The pages of a list, following its own links to the next page."""
    pages, following = [], path
    while following:
        bare, _, query = following.partition("?page=")
        pages.append(read(answer(shelf.published(), bare, {"page": query} if query else {}, HOST)))
        following = pages[-1].css("a.next::attr(href)").get() or ""
        assert len(pages) < 50
    return pages


def test_the_content_is_large_mixed_and_covers_ninety_days(content: Content) -> None:
    assert 330 <= len(content.archive) <= 420
    assert len(content.reserve) >= 150
    assert {story.days for story in content.archive} >= {1, OUTAGE, SPAN}
    languages = Counter(story.language for story in content.archive)
    assert 0.2 <= languages["en"] / len(content.archive) <= 0.3
    assert Counter(story.site for story in content.archive)["blog"] >= 40
    for posts in (content.archive, content.reserve):
        assert {(story.site, story.company) for story in posts if story.company} == {(s, c) for s in ("reviews", "en") for c in COMPANIES}


def test_no_week_is_silent_and_the_outage_is_the_loudest_day(content: Content) -> None:
    days = Counter(story.days for story in content.archive)
    assert days.most_common(1)[0][0] == OUTAGE
    assert min(sum(days[day] for day in range(first, first + 7)) for first in range(1, SPAN - 6)) >= 10


def test_many_people_write_and_some_change_their_mind(content: Content) -> None:
    accounts = Counter(story.login for story in content.archive if story.login)
    assert len(accounts) >= 60
    assert sum(count >= 3 for count in accounts.values()) >= 25
    assert sum(story.login is None for story in content.archive) >= 80
    stars: dict[tuple[str | None, str | None], set[bool]] = {}
    for story in content.archive:
        if story.login and story.stars in (1, 2, 5):
            stars.setdefault((story.login, story.company), set()).add(story.stars == 5)
    assert sum(len(kinds) == 2 for kinds in stars.values()) >= 8


def test_the_mood_about_us_falls_with_the_outage_and_recovers_in_part(content: Content) -> None:
    def mood(oldest: int, newest: int) -> float:
        stars = [s.stars for s in content.archive if s.company == "vestarna" and s.stars and newest <= (s.days or 0) <= oldest]
        return sum((star == 5) - (star <= 2) for star in stars) / len(stars)

    assert mood(90, 24) > 0.1
    assert mood(23, 14) < -0.4
    assert mood(23, 14) + 0.3 < mood(7, 1) < mood(90, 24)


def test_a_post_that_stands_twice_is_refused(tmp_path: Path) -> None:
    for folder in ("blog", "reviews", "en"):
        (tmp_path / folder).mkdir()
    (tmp_path / "reviews" / "kvotum.yaml").write_text('- {when: 3d 10:00, by: "@a1", text: Всё хорошо}\n', encoding="utf-8")
    (tmp_path / "reserve.yaml").write_text('- {site: reviews, company: kvotum, by: "@b2", text: "всё хорошо!"}\n', encoding="utf-8")
    with pytest.raises(ContentError, match="stands twice"):
        read_content(tmp_path)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('{by: "@a1", text: Хорошо}', "needs `when`"),
        ('{when: 95d 10:00, by: "@a1", text: Хорошо}', "1 to 90"),
        ('{when: 3d 10:00, by: "@a1", text: Хорошо, stars: 6}', "less than or equal to 5"),
        ('{when: 3d 10:00, by: "@a1", text: Хорошо, mood: good}', "Extra inputs"),
    ],
)
def test_a_malformed_post_is_named(tmp_path: Path, entry: str, complaint: str) -> None:
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "dukator.yaml").write_text(f"- {entry}\n", encoding="utf-8")
    (tmp_path / "reserve.yaml").write_text("[]\n", encoding="utf-8")
    with pytest.raises(ContentError, match=complaint):
        read_content(tmp_path)


def test_archive_posts_are_dated_back_from_the_first_start(shelf: Shelf) -> None:
    posts = shelf.published()
    assert shelf.opened == date(2026, 3, 10)
    assert posts[-1].moment.date() == date(2026, 3, 10) - timedelta(days=SPAN)
    assert posts[0].moment < NOW
    assert [post.moment for post in posts] == sorted((post.moment for post in posts), reverse=True)


def test_the_targets_and_brands_of_the_demo_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_DEMO_PORT", "8999")
    targets = read_targets(HERE / "config")
    assert [target.name for target in targets] == ["blog", "reviews-dukator", "reviews-en", "reviews-kvotum", "reviews-vestarna"]
    for target in targets:
        assert not isinstance(target, BrokenTarget), str(target.error)
        assert getattr(target, "url", "").startswith("http://127.0.0.1:8999/")
    brands = read_brands(HERE / "config")
    assert {brand.slug for brand in brands.brands} == set(COMPANIES)
    assert [brand.slug for brand in brands.brands if brand.ours] == ["vestarna"]


@pytest.mark.parametrize("name", ["reviews-vestarna", "reviews-dukator", "reviews-kvotum", "reviews-en"])
def test_every_selector_of_a_target_finds_its_field(shelf: Shelf, name: str) -> None:
    target = next(target for target in read_targets(HERE / "config") if target.name == name)
    assert isinstance(target, ReviewsTarget)
    items = [item for page in walk(shelf, "/" + target.url.split("/", 3)[3]) for item in page.css(target.item)]
    for field in ("id", "url", "text", "author", "date", "likes"):
        take = getattr(target.take, field)
        assert all(item.css(take.select) for item in items), field
    for field in ("title", "author_url", "rating", "reply"):
        take = getattr(target.take, field)
        assert any(item.css(take.select) for item in items), field


def test_pages_are_walked_to_the_end_and_show_every_review_once(shelf: Shelf, content: Content) -> None:
    pages = walk(shelf, "/reviews/vestarna/")
    numbers = [number for page in pages for number in page.css("article.review::attr(data-id)").getall()]
    expected = [str(post.story.number) for post in shelf.published() if (post.story.site, post.story.company) == ("reviews", "vestarna")]
    assert numbers == expected
    assert max(len(page.css("article.review")) for page in pages) == 20
    assert answer(shelf.published(), "/reviews/vestarna/", {"page": str(len(pages) + 1)}, HOST).status == 404
    assert answer(shelf.published(), "/reviews/vestarna/", {"page": "x"}, HOST).status == 404


def test_each_page_writes_dates_its_own_way(shelf: Shelf) -> None:
    def first_date(path: str, selector: str) -> str:
        return read(answer(shelf.published(), path, {}, HOST)).css(selector).get() or ""

    assert re.fullmatch(r"\d+ марта 2026 г\., \d\d:\d\d", first_date("/reviews/vestarna/", ".date::text"))
    assert datetime.fromisoformat(first_date("/reviews/dukator/", ".date::attr(datetime)")).utcoffset() == timedelta(hours=3)
    assert re.fullmatch(r"\d\d\.03\.2026 \d\d:\d\d", first_date("/reviews/kvotum/", ".date::text"))
    assert re.fullmatch(r"Mar \d+, 2026, \d\d:\d\d [AP]M", first_date("/en/", ".date::text"))


def test_every_post_and_author_has_a_page(shelf: Shelf) -> None:
    posts = shelf.published()
    for post in posts[::9]:
        page = read(answer(posts, address(post), {}, HOST))
        shown = " ".join(" ".join(page.css(".text ::text, .body ::text").getall()).split())
        assert " ".join(post.story.text.split())[:80] in shown
        if post.story.login:
            profile = page.css("a.author::attr(href), a[rel=author]::attr(href)").get() or ""
            assert f"/{post.story.login}/" in profile
            assert read(answer(posts, profile, {}, HOST)).css("h1")
    assert answer(posts, "/reviews/user/nobody/", {}, HOST).status == 404


def test_what_people_write_is_escaped(content: Content, tmp_path: Path) -> None:
    evil = dataclasses.replace(
        content.archive[0], site="reviews", company="kvotum", title="<b>x</b>", text="<script>alert(1)</script> & co"
    )
    page = answer([Published(evil, NOW)], "/reviews/kvotum/", {}, HOST).body.decode()
    assert "<script>" not in page
    assert "<b>x</b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page


def test_the_feed_has_every_article_with_author_and_date(shelf: Shelf, content: Content) -> None:
    feed = feedparser.parse(answer(shelf.published(), "/blog/feed.xml", {}, HOST).body)
    articles = [post for post in shelf.published() if post.story.site == "blog"]
    assert not feed.bozo
    assert len(feed.entries) == len(articles) == 45
    for entry, post in zip(feed.entries, articles, strict=True):
        assert entry.link == f"http://{HOST}{address(post)}"
        assert entry.author == post.story.name
        assert calendar.timegm(entry.published_parsed) == post.moment.timestamp()
        assert entry.summary == teaser(post.story.text)
    cut = [len(entry.summary) < len(post.story.text) for entry, post in zip(feed.entries, articles, strict=True)]
    assert sum(cut) > 40


def test_the_main_text_of_every_article_is_what_its_author_wrote(shelf: Shelf) -> None:
    while shelf.release(NOW):
        pass
    for post in [post for post in shelf.published() if post.story.site == "blog"]:
        found = main_text(answer(shelf.published(), address(post), {}, HOST).body.decode())
        assert found is not None, post.story.title
        assert (found.own.split(), found.quoted) == (post.story.text.split(), None), post.story.title


def test_the_server_answers_on_loopback_and_knows_unchanged_pages(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    base = f"http://127.0.0.1:{server.port}"
    with urllib.request.urlopen(f"{base}/") as start:
        assert start.status == 200
    with urllib.request.urlopen(f"{base}/robots.txt") as robots:
        assert b"User-agent: *" in robots.read()
    with urllib.request.urlopen(f"{base}/blog/feed.xml") as feed:
        tag, modified = feed.headers["ETag"], feed.headers["Last-Modified"]
    for header in ({"If-None-Match": tag}, {"If-Modified-Since": modified}):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/blog/feed.xml", headers=header)
        unchanged = connection.getresponse()
        assert (unchanged.status, unchanged.read()) == (304, b"")
    connection.request("HEAD", "/nowhere/")
    missing = connection.getresponse()
    assert (missing.status, missing.read()) == (404, b"")


def test_a_released_post_stands_on_top_and_in_the_feed(shelf: Shelf, content: Content) -> None:
    waiting = shelf.waiting
    article = next(number for number, story in enumerate(content.reserve) if story.site == "blog")
    for _ in range(article + 1):
        released = shelf.release(NOW + timedelta(minutes=1))
    assert released is not None
    assert shelf.waiting == waiting - article - 1
    feed = feedparser.parse(answer(shelf.published(), "/blog/feed.xml", {}, HOST).body)
    assert feed.entries[0].link.endswith(address(released))
    newest = next(post for post in shelf.published() if post.story.company == "vestarna" and post.story.site == "reviews")
    page = read(answer(shelf.published(), "/reviews/vestarna/", {}, HOST))
    assert page.css("article.review::attr(data-id)").get() == str(newest.story.number)
    assert newest.story in content.reserve


def test_a_restart_shows_the_same_posts_and_goes_on(content: Content, tmp_path: Path) -> None:
    path = tmp_path / "demo-published.json"
    before = Shelf(content, path, NOW)
    for minute in range(3):
        before.release(NOW + timedelta(minutes=minute))
    after = Shelf(content, path, NOW + timedelta(days=2))
    assert after.published() == before.published()
    assert after.waiting == before.waiting
    following = after.release(NOW + timedelta(days=2))
    assert following is not None
    assert following.story == content.reserve[3]


def test_a_damaged_state_says_what_to_do(content: Content, tmp_path: Path) -> None:
    path = tmp_path / "demo-published.json"
    path.write_text('{"opened": "yesterday"', encoding="utf-8")
    with pytest.raises(ShelfError, match="delete it"):
        Shelf(content, path, NOW)


def test_publishing_ends_with_the_reserve(content: Content, tmp_path: Path) -> None:
    small = Content(content.archive[:3], content.reserve[:2])
    shelf = Shelf(small, tmp_path / "demo-published.json", NOW)
    told: list[Published | None] = []
    publish(shelf, 0.01, threading.Event(), told.append)
    assert [post.story if post else None for post in told] == [*content.reserve[:2], None]
    assert len(shelf.published()) == 5


def test_the_command_serves_publishes_and_ends_on_a_signal(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "demo", "--port", str(port), "--data", str(tmp_path), "--interval", "0.3"]
    process = subprocess.Popen(command, cwd=HERE.parent, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while (
            not (tmp_path / "demo-published.json").exists()
            or '": "' not in (tmp_path / "demo-published.json").read_text().split("released")[1]
        ):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/reviews/") as page:
            assert page.status == 200
        taken = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, timeout=30, check=False)
        assert taken.returncode == 1
        assert f"Port {port}" in taken.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "posts are out" in out
    assert "published /" in out


def test_the_search_of_the_readme_finds_posts_of_the_archive(content: Content) -> None:
    command = re.search(r'index search "(.+?)"', (HERE.parent / "README.md").read_text(encoding="utf-8"))
    assert command
    words = set(tokens(command[1]))
    assert sum(words <= set(tokens(story.text)) for story in content.archive) >= 10
