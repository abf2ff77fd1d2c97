"""Traps of whole sites, by the real spiders in processes of their own: a bomb of XML, a calendar and a topic without end.

The rule to know: each trap is crawled while an honest target is, which has to come through unharmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from crawlers.run import Run
from crawlers.target import Target
from tests.site import Answer, Place, Request, Site, serving, site

COMMON = "language: ru\ndelay: 0\nallow_private: true\n"
FEED = (
    '<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>Блог</title><item><title>Запись</title>'
    "<link>https://blog.example/1</link><description>Вестарна подняла комиссию.</description></item>{more}</channel></rss>"
)
LEVELS = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
"""Each is ten of the one before: the last is four gigabytes."""
ARTICLE = "<html><head><title>{name}</title></head><body><article><h1>{name}</h1><p>{text}</p></article>{links}</body></html>"
TEXT = "Брокер Вестарна снова подняла комиссию за обслуживание счёта, и клиенты уходят от неё к другим брокерам. " * 4


@pytest.fixture
def trap() -> Iterator[Site]:
    with site() as running:
        yield running


def beside_an_honest_one(place: Place, target: Target) -> Run:
    """The run of a target that is collected while another one is, which comes through."""
    with site() as blog, ThreadPoolExecutor(1) as other:
        blog.pages["/feed.xml"] = FEED.format(doctype="", more="")
        honest = other.submit(place.collect, place.target("honest", f"kind: feed\nurl: {blog.url}/feed.xml\n{COMMON}"))
        run = place.collect(target)
        assert honest.result().outcomes["kept"] == 1
    return run


def test_a_feed_with_a_bomb_in_it_has_that_entry_rejected(trap: Site, place: Place) -> None:
    bomb = f"<item><title>Бомба</title><link>https://blog.example/2</link><description>{'&a9;' * 20_000}</description></item>"
    trap.pages["/feed.xml"] = FEED.format(doctype=f'<!DOCTYPE rss [<!ENTITY a0 "boom">{LEVELS}]>', more=bomb)
    target = place.target("bomb", f"kind: feed\nurl: {trap.url}/feed.xml\n{COMMON}")
    run = beside_an_honest_one(place, target)
    assert (run.outcomes["kept"], run.outcomes["rejected"]) == (1, 1)
    assert [post.title for post in place.posts(target)] == ["Запись"]


def test_a_sitemap_with_a_bomb_in_it_leads_to_its_honest_addresses(trap: Site, place: Place) -> None:
    doctype = f'<!DOCTYPE urlset [<!ENTITY a0 "{trap.url}/news/2">{LEVELS}]>'
    urls = f"<url><loc>{trap.url}/news/1</loc></url><url><loc>&a9;</loc></url>"
    trap.pages |= {
        "/map.xml": f'<?xml version="1.0"?>{doctype}<urlset>{urls}</urlset>',
        "/news/1": ARTICLE.format(name="Новость", text=TEXT, links=""),
    }
    run = beside_an_honest_one(place, place.target("bomb", f"kind: site\nsitemap: {trap.url}/map.xml\n{COMMON}"))
    assert (run.outcomes["kept"], trap.paths()) == (1, ["/map.xml", "/news/1"])


def day_page(request: Request) -> Answer:
    """A day of a calendar that has another before and behind each, and links them all."""
    day = date.fromisoformat(request.path.rpartition("/")[2])
    links = "".join(f'<a href="/calendar/{day + timedelta(back)}">{back}</a>' for back in range(-7, 8))
    return Answer(ARTICLE.format(name=f"События {day}", text=f"{day}: {TEXT}", links=f"{links}<a href='/news/1'>Новость</a>"))


class Calendar(Site):
    """A site with one article and a calendar of every day there is."""

    def answer(self, request: Request) -> Answer:
        return day_page(request) if request.path.startswith("/calendar/") else super().answer(request)


@pytest.fixture
def calendar() -> Iterator[Site]:
    with serving(Calendar()) as running:
        running.pages["/news/1"] = ARTICLE.format(name="Новость", text=TEXT, links="")
        yield running


def test_a_calendar_without_end_that_brings_nothing_is_left(calendar: Site, place: Place) -> None:
    text = f"kind: site\nurl: {calendar.url}/calendar/2026-01-15\narticles: /news/\nfollow: /calendar/\n{COMMON}"
    run = beside_an_honest_one(place, place.target("calendar", text))
    assert (run.outcomes["kept"], run.error) == (1, None)
    assert len(calendar.paths()) <= 40, "the days that the first two rows of links lead to"


def test_a_calendar_whose_days_are_all_articles_ends_a_run_at_its_pages(calendar: Site, place: Place) -> None:
    text = f"kind: site\nurl: {calendar.url}/calendar/2026-01-15\narticles: /calendar/\nfollow: /calendar/\npages: 12\n{COMMON}"
    target = place.target("calendar", text)
    run = beside_an_honest_one(place, target)
    assert (run.outcomes["kept"], len(calendar.paths())) == (11, 12)
    again = place.collect(target)
    assert again.outcomes["kept"] <= 11 and len(calendar.paths()) <= 24
    assert len({post.url for post in place.posts(target)}) == run.outcomes["kept"] + again.outcomes["kept"]


TOPIC = (
    "board: {topic: .t, take: {link: a, replies: i}}\n"
    "topic: {id: '(topic)', post: .p, take: {id: 'a::attr(id)', text: p, date: time}, next: '.next::attr(href)'}\n"
)
LAST = 30


def topic_page(request: Request) -> Answer:
    """A page of a topic that has three posts and one more page behind each, but for the last: a walk without a bound is told so in time."""
    page = int(request.path.rpartition("=")[2])
    posts = "".join(
        f'<div class="p"><a id="{page}-{n}"></a><p>Отзыв {page}-{n} о брокере Вестарна</p><time>01.02.2026</time></div>' for n in range(3)
    )
    return Answer(posts + (f'<a class="next" href="/topic?page={page + 1}">Дальше</a>' if page < LAST else ""))


def test_a_topic_without_end_is_read_some_pages_in_each_run(trap: Site, place: Place) -> None:
    trap.pages["/topic"] = topic_page
    target = place.target("topic", f"kind: forum\ntopics: {trap.url}/topic?page=1\npages: 4\n{TOPIC}{COMMON}")
    assert beside_an_honest_one(place, target).outcomes["kept"] == 12
    assert trap.paths() == [f"/topic?page={page}" for page in range(1, 5)]
    trap.asked.clear()
    assert place.collect(target).outcomes["kept"] == 12
    assert trap.paths() == [f"/topic?page={page}" for page in range(5, 9)], "where the run before ended"


def test_a_topic_that_shows_the_same_posts_for_ever_ends_by_itself(trap: Site, place: Place) -> None:
    def answer(request: Request) -> Answer:
        first = topic_page(Request("GET", "/topic?page=1", {}))
        return Answer(str(first.body).replace("page=2", f"page={len(trap.asked) + 1}"))

    trap.pages["/topic"] = answer
    run = beside_an_honest_one(place, place.target("topic", f"kind: forum\ntopics: {trap.url}/topic?page=1\n{TOPIC}{COMMON}"))
    assert (run.outcomes["kept"], run.error) == (3, None)
    assert run.outcomes["repeated"] >= 3 and len(trap.paths()) <= 3
