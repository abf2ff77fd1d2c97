"""WordPress: its walk over answers of our own making, and what it makes of real ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawlers.feed_document import read_feed
from crawlers.listing import Listing
from crawlers.post import Post, post_id
from crawlers.spiders.wordpress import WordpressSpider, post, root
from tests.recorded_walk import REAL, Walk, needs_real, real, recorded, response
from tests.site import Answer

SITE = "blog.example"
TARGET = f"kind: wordpress\nurl: https://{SITE}\n"
COLLECTED = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def page(name: str, pages: int = 1) -> Answer:
    return Answer(recorded("wordpress", f"{name}.json"), headers={"X-WP-TotalPages": str(pages)})


def test_documented_posts_and_comments_are_two_lists_wherever_the_interface_stands(walk: Walk) -> None:
    target = walk.target(TARGET)
    walk.pages = {
        SITE: Answer("<html>", headers={"Link": f'<https://{SITE}/?rest_route=/>; rel="https://api.w.org/"'}),
        "/wp/v2/posts": page("posts", 2), "page=2": page("posts_2", 2), "/wp/v2/comments": page("comments"),
    }  # fmt: skip
    assert walk.kept(target) == 4
    home, posts, more, comments = walk.asked
    assert (home, posts[:38]) == ("", "?rest_route=/wp/v2/posts&per_page=100&")
    assert more.startswith("?rest_route=/wp/v2/posts&per_page=100&_embed=author&") and more.endswith("&page=2")
    assert comments.startswith("?rest_route=/wp/v2/comments&")
    made = walk.posts()
    first, answer, reply = made["Комиссия выросла."], made["У меня не выросла."], made["И у меня выросла."]
    assert (first.title, first.quoted, first.author_name) == ("Тарифы «Вестарны» — обзор", "Ничего не изменилось", "Анна")
    assert (first.published, first.edited) == (datetime(2026, 9, 3, 10, tzinfo=UTC), datetime(2026, 9, 4, 9, tzinfo=UTC))
    assert first.author_id == answer.author_id == f"{SITE}:2"
    assert (reply.author_id, reply.author_name) == (None, "Борис"), "a guest"
    assert (answer.in_reply_to, reply.in_reply_to, reply.thread_id) == (first.id, answer.id, first.id)
    assert made["Остановился на Вестарне."].author_name is None

    # The site has become shorter than where a run stopped.
    target = walk.target(TARGET + "search: [вестарна]\npages: 1\n")
    walk.pages["/wp/v2/posts"] = page("posts", 9)
    assert walk.kept(target) == 0
    walk.pages["page=2"] = Answer(recorded("wordpress", "invalid_page.json"), 400)
    target = walk.target(TARGET + "search: [вестарна]\n")
    assert walk.kept(target) == 0
    assert next(each for each in walk.asked if "page=2" in each).endswith("&search=вестарна&page=2")


def test_what_a_site_says_instead_as_documented_and_where_its_interface_stands(walk: Walk) -> None:
    target = walk.target(TARGET)
    walk.pages = {
        SITE: "<html>", "/wp-json/wp/v2/posts": Answer(recorded("wordpress", "forbidden.json"), 401),
        "/wp-json/wp/v2/comments": Answer(recorded("wordpress", "no_route.json"), 404),
    }  # fmt: skip
    error = walk.collect(target).error or ""
    assert "rest_forbidden: Извините, вам не разрешено" in error
    assert "rest_no_route: Подходящий маршрут" in error
    assert root(response("https://a.example", "<link rel='https://api.w.org/' href='https://a.example/?x=1&#038;rest_route=/' />")) == (
        "https://a.example/?x=1&rest_route=/"
    )


def read(name: str, walk: Walk) -> tuple[Listing, list[Post]]:
    target = walk.target(TARGET)
    answer = json.loads(real(f"api/wordpress/{name}.json"))
    spider: Any = SimpleNamespace(target=target)
    listing = WordpressSpider.read(spider, answer if isinstance(answer, list) else [answer], response("https://a.example/posts?page=1"))
    return listing, [post(raw, target, COLLECTED) for raw in listing.raws]


@needs_real
@pytest.mark.parametrize(("name", "authors"), [
    ("wp_v2_posts-from-category-7", ["Reyes Martinez", "Luis Herranz", "Luis Herranz", "Alan Martin", "Reyes Martinez"]),
    ("wp_v2_post-60", ["Alan Martin"]),
])  # fmt: skip
def test_recorded_posts(name: str, authors: list[str], walk: Walk) -> None:
    _, made = read(name, walk)
    assert [each.author_name for each in made] == authors
    assert all(each.text and each.title and each.published and each.author_id and each.url for each in made)
    assert all("<" not in (each.title or "") and "&#" not in each.text for each in made)


@needs_real
def test_recorded_comments_and_made_posts(walk: Walk) -> None:
    _, made = read("wp_v2_post-60-comments", walk)
    assert [each.text for each in made] == ["Hola Mario", "Hola David", "Nice post, Alan! Iceland must be amazing. Thanks for sharing 🙂"]
    assert [each.in_reply_to for each in made] == [post_id(SITE, above) for above in ("comment 124", "post 60", "post 60")]
    assert [each.author_id for each in made] == [f"{SITE}:4", None, f"{SITE}:2"]
    assert made[0].published == datetime(2019, 2, 8, 15, 28, 33, tzinfo=UTC)
    assert {each.thread_id for each in made} == {post_id(SITE, "post 60")}
    assert len(read("wp_v2_posts", walk)[1]) == 3
    for name in ("wp_v2_author-list", "wp_v2_categories-list"):
        with pytest.raises(KeyError):
            read(name, walk)


@needs_real
@pytest.mark.parametrize(("name", "entries"), [
    ("feed_doyler", 10), ("feed_huoding", 20), ("feed_laod", 10), ("feed_manrepeller", 10), ("comments_feed_seozac", 10),
])  # fmt: skip
def test_recorded_feeds_of_wordpress_which_are_not_well_formed(name: str, entries: int) -> None:
    body = (REAL / "api" / "wordpress" / f"rss_{name}.xml").read_bytes()
    assert len(read_feed(body, "text/xml", "https://a.example/feed").entries) == entries
