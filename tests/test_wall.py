"""Walls in the place of articles and lists: a captcha or a login that answers 200, as a page does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.run import Outcome, RunFailed
from crawlers.target import Target
from crawlers.wall import LAST, Walls
from tests.recorded_walk import Walk, walk
from tests.review_board import TARGET, kept, paged
from tests.site import Answer, Place, Site, site
from tests.test_feed import article as blog_article
from tests.test_feed import blog_target, serve
from tests.test_site import HOST, article, page, sitemap

__all__ = ["walk"]

CAPTCHA = "<html><body><main><p>Подтвердите, что вы не робот: введите символы с картинки.</p></main></body></html>"
SAID = r"{} articles show the same text, «Подтвердите, что вы не робот: введите символы с картинки\.»: a wall against robots, or "


@pytest.fixture
def blog() -> Iterator[Site]:
    with site() as running:
        yield running


def news(*numbers: int) -> dict[str, str]:
    """A sitemap of these articles, and the articles."""
    return {"map.xml": sitemap(*((f"{HOST}/news/{n}", "") for n in numbers))} | {f"/news/{n}": article(n) for n in numbers}


def again(walk: Walk, target: Target) -> tuple[int, int]:
    """Kept and changed by collecting again."""
    run = walk.collect(target, since="2026-09-01")
    assert run.error is None, run.error
    return run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.CHANGED]


def test_articles_behind_a_wall_are_not_kept_and_become_whole_once_it_is_gone(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages = news(*range(1, 6)) | {f"/news/{n}": CAPTCHA for n in range(1, 5)}
    run = walk.collect(target)
    assert re.search(SAID.format(4), run.error or "")
    assert (run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (1, 4)
    walk.pages |= {f"/news/{n}": article(n) for n in (1, 2)}
    run = walk.collect(target)
    assert (run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (2, 2), "known for a wall by now"
    walk.pages = news(*range(1, 6))
    assert walk.kept(target) == 2
    assert sorted(str(post.title) for post in walk.posts().values()) == [f"Новость {n}" for n in range(1, 6)]
    assert walk.kept(target) == 0


@pytest.mark.parametrize("limit", ["", "limits: {items: 1}\n"])
def test_what_was_kept_before_a_wall_was_noticed_is_asked_for_again(walk: Walk, limit: str) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n{limit}")
    errors = []
    for n in range(1, 5):  # one new article a run
        walk.pages = news(*range(1, n + 1)) | {f"/news/{each}": CAPTCHA for each in range(1, n + 1)}
        errors.append(walk.collect(target).error)
    assert [bool(error) for error in errors] == [False, False, True, True]
    walk.pages = news(*range(1, 5))
    runs = [walk.collect(target) for _ in range(5)]
    assert [run.error for run in runs] == [None] * 5
    outcomes = [sum(run.counts.outcomes[outcome] for run in runs) for outcome in (Outcome.CHANGED, Outcome.KEPT)]
    assert outcomes == [2, 2], "the first two were kept with the text of the wall"
    last = {post.id: post for batch in Archive(walk.data).batches("walked") for post in batch.posts()}
    assert sorted(str(post.title) for post in last.values()) == [f"Новость {n}" for n in range(1, 5)]


@pytest.mark.usefixtures("at_once")
def test_nothing_behind_a_wall_is_given_up_however_long_it_stands(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\nattempts: 2\n")
    walk.pages = news(1, 2, 3) | {f"/news/{n}": CAPTCHA for n in (1, 2, 3)}
    runs = [walk.collect(target) for _ in range(4)]
    assert [(run.counts.outcomes[Outcome.REJECTED], run.counts.outcomes[Outcome.DEFERRED]) for run in runs] == [(0, 3)] * 4
    walk.pages = news(1, 2, 3, 4) | {"/news/2": CAPTCHA}
    last = walk.collect(target).counts
    assert (last.outcomes[Outcome.KEPT], last.outcomes[Outcome.REJECTED]) == (3, 1), "others are shown, so that it is of the article"
    assert "its page failed in 5 runs: shows the text of other articles" in last.reasons


def test_collecting_again_asks_for_known_articles_too_after_those_that_are_new(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /page/\ndepth: 0\n")
    walk.pages = {"/news/": page("/news/1", "/page/2"), "/page/2": page("/news/2", "/page/3"), "/page/3": page("/news/3")}
    walk.pages |= {"/news/1": CAPTCHA, "/news/2": article(2), "/news/3": article(3)}
    assert walk.kept(target) == 3
    walk.pages |= {"/news/1": article(1), "/page/3": page("/news/3", "/news/4"), "/news/4": article(4)}
    walk.requests.clear()
    assert again(walk, target) == (1, 1)
    assert walk.asked == ["news/", "page/2", "page/3", "news/4", "news/1", "news/2", "news/3"]
    assert again(walk, target) == (0, 0)
    assert walk.kept(target) == 0


def test_short_texts_that_repeat_under_headlines_of_their_own_are_no_wall(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\ntake: {{text: .body}}\n")
    stub = "<meta property='og:title' content='Выпуск {0}'><h1>Выпуск {0}</h1><div class=body><p>Смотрите видео на нашем канале.</p></div>"
    walk.pages = news(1, 2, 3, 4) | {f"/news/{n}": stub.format(n) for n in range(1, 5)}
    assert walk.kept(target) == 4


CHALLENGE = "<html><head><title>x</title></head><body><div id=app></div><script>1</script></body></html>"


def test_articles_of_a_site_that_show_no_text_for_a_while_are_not_lost(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages = news(1)
    assert walk.kept(target) == 1
    walk.pages = news(*range(1, 5)) | {f"/news/{n}": CHALLENGE for n in range(2, 5)}
    run = walk.collect(target)
    assert (run.counts.outcomes[Outcome.DEFERRED], run.counts.outcomes[Outcome.REJECTED]) == (3, 0)
    walk.pages = news(*range(1, 8)) | {f"/news/{n}": CHALLENGE for n in range(2, 8)}
    assert "none of 6 articles could be had" in (walk.collect(target).error or "")
    walk.pages = news(*range(1, 8))
    assert walk.kept(target) == 6


def test_articles_of_a_feed_that_show_no_text_for_a_while_are_had_later(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true"))
    serve(blog, 1, 2)
    blog.pages["/p/2"] = CHALLENGE
    assert str(place.collect(target)).startswith("kept 1, changed 0, repeated 0, rejected 0, deferred 1")
    blog.pages["/p/2"] = blog_article(2)
    assert place.collect(target).outcomes["kept"] == 1
    assert all("Статья" in post.text for post in place.posts(target))


def numbered(n: int) -> str:
    """The page of a wall that tells each request its number."""
    return CAPTCHA.replace("с картинки.", f"с картинки. Код запроса: {n}a7f{n * 31}, время 10:0{n}.")


def test_a_wall_before_a_site_that_tells_each_request_its_number_is_one(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages = news(*range(1, 5)) | {f"/news/{n}": numbered(n) for n in range(1, 5)}
    run = walk.collect(target)
    assert run.error and "4 articles show the same text" in run.error and not run.counts.outcomes[Outcome.KEPT]


def test_a_wall_before_a_feed_that_tells_each_request_its_number_is_one(blog: Site, place: Place) -> None:
    feed = place.target("blog", blog_target(blog, "article: true"))
    serve(blog, 1, 2, 3)
    blog.pages |= {f"/p/{n}": numbered(n) for n in range(1, 4)}
    with pytest.raises(RunFailed, match="3 articles show the same text"):
        place.collect(feed)


def test_dated_news_that_differ_by_their_numbers_are_no_wall(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\ntake: {{text: .body}}\n")
    dated = "<meta property='article:published_time' content='2026-09-0{0}'>"
    rates = dated + "<h1>Курс на {0} сентября</h1><p class=body>Курс доллара 9{0},50 рубля</p>"
    walk.pages = news(1, 2, 3, 4) | {f"/news/{n}": rates.format(n) for n in range(1, 5)}
    assert walk.kept(target) == 4


def test_articles_that_wait_leave_room_for_new_ones(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\npages: 10\n")
    old, new = range(1, 10), range(50, 60)
    walk.pages = news(*old) | {f"/news/{n}": Answer("", 403) for n in old}
    walk.collect(target)
    walk.pages |= news(*new, *old) | {f"/news/{n}": Answer("", 403) for n in old}
    assert walk.collect(target).counts.outcomes[Outcome.KEPT] >= 4


def test_documents_that_a_site_is_followed_to_are_no_wall(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /docs/\n")
    pdf = Answer("%PDF-1.4", headers={"Content-Type": "application/pdf"})
    walk.pages = {"/news/": page(*(f"/docs/{n}.pdf" for n in range(4)), "/docs/list"), "/docs/list": page("/news/2"), "/news/2": article(2)}
    walk.pages |= {f"/docs/{n}.pdf": pdf for n in range(4)}
    assert walk.kept(target) == 1


def changes(blog: Site, text: str) -> str:
    """A feed whose entries all stand on one page, and the page."""
    entry = "<item><title>v{0}</title><link>{1}/changes#v{0}</link><guid>g{0}</guid><description>{2} {0}.</description></item>"
    items = "".join(entry.format(n, blog.url, text) for n in range(1, 5))
    blog.pages["/changes"] = blog_article(1)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Новое</title>{items}</channel></rss>'


def test_entries_of_one_page_are_no_wall_and_without_text_it_replaces_none(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true", "attempts: 1"))
    blog.pages["/feed.xml"] = changes(blog, "Коротко")
    assert place.collect(target).outcomes["kept"] == 4
    blog.pages |= {"/feed.xml": changes(blog, "Иначе"), "/changes": CHALLENGE}
    place.collect(target)
    assert not any("Иначе" in post.text for post in place.posts(target))


def test_one_article_under_several_addresses_is_no_wall(walk: Walk) -> None:
    target = walk.target(f"kind: site\nsitemap: {HOST}/map.xml\n")
    walk.pages = news(1, 2) | {"/news/2": article(1)}
    assert walk.kept(target) == 2, "a text of two addresses"
    whole = article(3).replace("<head>", f'<head><link rel="canonical" href="{HOST}/news/3">')
    others = [f"{HOST}/news/3?replytocom={n}" for n in range(4)]
    walk.pages = {"map.xml": sitemap((f"{HOST}/news/3", ""), *((each, "") for each in others)), "/news/3": whole}
    assert walk.collect(target).error is None
    nowhere = article(4).replace("<head>", f'<head><link rel="canonical" href="{HOST}/login">')
    walk.pages = {"map.xml": sitemap(*((f"{HOST}/news/{n}", "") for n in (4, 5, 6)))} | {f"/news/{n}": nowhere for n in (4, 5, 6)}
    assert "3 articles show the same text" in (walk.collect(target).error or ""), "what they name was never asked for"


def test_texts_are_remembered_from_run_to_run_but_only_the_last_ones() -> None:
    walls = Walls({})
    for n in range(3 * LAST):
        walls.met("стена" if n < 2 else f"текст {n}", f"{HOST}/{n}", str(n))
    assert len(walls.cursor()["texts"]) == LAST
    walls.met("стена", f"{HOST}/new", "new")
    assert walls.is_one("стена") and walls.caught() == ["0", "1", "new"] and walls.caught() == []
    for n in range(3 * LAST):
        walls.met(f"другой {n}", f"{HOST}/other/{n}", "")
    later = Walls(walls.cursor())
    assert later.is_one("стена") and later.told("", from_date="") == [], "a wall is remembered, and told where it is met"
    later.met("стена", f"{HOST}/newer", "newer")
    assert later.told("нет", from_date="")[0].startswith("4 articles show the same text, «стена»")


def test_a_list_of_a_site_that_shows_a_wall_is_told_and_tried_again(walk: Walk) -> None:
    target = walk.target(f"kind: site\nurl: {HOST}/news/\narticles: '/news/\\d+$'\nfollow: /page/\n")
    walk.pages = {"/news/": page("/news/1", "/page/2"), "/page/2": CAPTCHA, "/news/1": article(1)}
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (None, 1, 1)
    walk.pages |= {"/news/": page("/login", "/about"), "/page/2": page("/news/2"), "/news/2": article(2)}
    run = walk.collect(target)
    assert "https://bank.example/news/: links to nothing that `articles` or `follow` mean" in (run.error or "")
    assert run.counts.outcomes[Outcome.KEPT] == 1, "the page that waited is had"


def test_articles_of_a_feed_behind_a_wall_wait_and_so_do_those_that_were_kept_with_it(blog: Site, place: Place) -> None:
    target = place.target("blog", blog_target(blog, "article: true"))
    blog.pages |= {f"/p/{n}": CAPTCHA for n in range(1, 5)}
    serve(blog, 2, 1)
    place.collect(target)
    serve(blog, 4, 3, 2, 1)
    for _ in range(2):
        with pytest.raises(RunFailed, match=SAID.format(r"\d")):
            place.collect(target)
    assert len(place.posts(target)) == 2 and len(Archive(place.data).cursor("blog")["deferred"]) == 4
    blog.pages |= {f"/p/{n}": blog_article(n) for n in range(1, 5)}
    counts = place.collect(target).outcomes
    assert (counts["kept"], counts["changed"], counts["deferred"]) == (2, 2, 0)
    last = {post.id: post for post in place.posts(target)}
    assert all(post.text.startswith("Статья номер") for post in last.values()) and len(last) == 4


@pytest.mark.usefixtures("at_once")
def test_entries_behind_a_wall_are_what_their_feed_says_in_the_end(blog: Site, place: Place) -> None:
    since = datetime(2026, 9, 1, tzinfo=UTC)
    target = place.target("blog", blog_target(blog, "article: true", "attempts: 1"))
    blog.pages |= {f"/p/{n}": CAPTCHA for n in range(1, 4)}
    serve(blog, 3, 2, 1)
    with pytest.raises(RunFailed, match=SAID.format(3)):
        place.collect(target)
    assert [post.text for post in place.posts(target)] == [f"Коротко о записи {n}." for n in (1, 2, 3)]
    blog.pages |= {f"/p/{n}": blog_article(n) for n in range(1, 4)}
    assert collect(target, data=place.data, config=place.config, since=since).outcomes["changed"] == 3
    blog.pages |= {f"/p/{n}": CAPTCHA for n in range(1, 4)}
    with pytest.raises(RunFailed, match=r"3 articles show.*changed 0, repeated 3"):
        collect(target, data=place.data, config=place.config, since=since)


def test_a_page_of_a_review_list_that_shows_a_wall_fails_the_run_and_the_next_one_goes_on_there(blog: Site, place: Place) -> None:
    target = place.target("vestarna", TARGET.format(url=blog.url))
    paged(blog, list(range(20, 0, -1)))
    blog.pages["/vestarna?page=2"] = CAPTCHA
    for _ in range(4):  # one more than the runs in which a list without an end is tried
        with pytest.raises(RunFailed, match=r"page=2 has no items for selector '\.review' though the page before it leads there"):
            place.collect(target)
    assert kept(place, target) == list(range(16, 21))
    del blog.pages["/vestarna?page=2"]
    place.collect(target)
    assert kept(place, target) == list(range(1, 21))
