"""Hacker News: its walk over answers of our own making, and what it makes of real ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.post import Post, post_id
from crawlers.run import Outcome
from crawlers.source import CollectError
from crawlers.spiders import hackernews
from crawlers.spiders.hackernews import SITE, HackernewsSpider, post
from tests.recorded_walk import REAL, Walk, needs_real, real, recorded, response

TARGET = "kind: hackernews\nsearch: [vestarna]\n"
COLLECTED = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def id_of(number: int) -> str:
    return post_id(SITE, str(number))


def read(body: str, walk: Walk) -> list[Post]:
    target: Any = walk.target(TARGET)
    nobody: Any = None  # `read` asks nothing of its spider
    listing = HackernewsSpider.read(nobody, json.loads(body), response("https://hn.example/search_by_date"))
    return [post(raw, target, COLLECTED) for raw in listing.raws]


def test_documented_answers_to_a_query_are_walked_by_time_and_stories_with_their_comments(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hackernews, "TOGETHER", 2)
    target = walk.target(TARGET + "stories: ['https://news.ycombinator.com/item?id=500']\n")
    walk.pages = {part: recorded("hackernews", name) for part, name in {
        "query=vestarna": "search.json", "created_at_i<=1788256200": "search_older.json", "created_at_i<=1788249600": "search_last.json",
        "story_500": "comments.json", "created_at_i<=1788256860": "search_last.json", "/item/500.json": "item.json",
    }.items()}  # fmt: skip
    assert walk.kept(target) == 5
    first = "api/v1/search_by_date?hitsPerPage=2&tags=(story,comment)&query=vestarna"
    comments = "api/v1/search_by_date?hitsPerPage=2&tags=comment,story_500"
    assert walk.asked[:4] == [
        first, comments, f"{comments}&numericFilters=created_at_i<=1788256860", f"{first}&numericFilters=created_at_i<=1788256200",
    ]  # fmt: skip
    posts = walk.posts()
    story, reply = posts["Is Vestarna any good?\nI hold two funds."], posts["No: Vestarna charged me twice."]
    assert (story.title, story.likes, story.replies, story.thread_id) == ("Ask HN: a broker for a small portfolio?", 9, 2, story.id)
    assert (reply.thread_id, reply.in_reply_to, reply.author_id) == (story.id, story.id, f"{SITE}:dora")
    mention = posts["Vestarna. Support answers in an hour."]
    assert (mention.quoted, mention.thread_id, mention.in_reply_to) == ("which broker?", id_of(400), id_of(440))
    assert posts["Vestarna raises its fee"].title is None

    assert walk.kept(target) == 0
    assert walk.asked == [first, "v0/item/500.json"]


def test_a_documented_story_that_does_not_exist_keeps_no_other_from_being_read(walk: Walk) -> None:
    walk.pages = {"/item/400.json": "null", "/item/500.json": recorded("hackernews", "item.json")}
    run = walk.collect(walk.target("kind: hackernews\nstories: ['400', '500']\ncomments: false\n"))
    assert run.counts.outcomes[Outcome.KEPT] == 1
    assert run.error and run.error.endswith("/item/400.json: there is no such story")


@needs_real
@pytest.mark.parametrize(("name", "posts"), [
    ("trimmed", ["The path to open-sourcing the DeepSeek inference engine", "DeepSeek 4 Flash local inference engine for Metal",
                 "We rewrote the scheduler; p99 dropped 4x."]),
    ("by_author_made", ["Simpler until you profile", "The gate's threshold belongs", "Show HN: A gate that", "This should never"]),
    ("comments_made", ["I've been writing changelogs", "The problem with conventional-changelog"]),
])  # fmt: skip
def test_hits_of_algolia_trimmed_and_made_ones(name: str, posts: list[str], walk: Walk) -> None:
    made = read(real(f"api/hackernews/algolia_search_{name}.json"), walk)
    assert [each.text.startswith(text) for each, text in zip(made, posts, strict=True)] == [True] * len(posts)
    assert all(each.author_id and each.published and each.published.year >= 2024 for each in made)
    if name == "by_author_made":
        assert (made[0].thread_id, made[0].in_reply_to, made[1].in_reply_to) == (id_of(4000), id_of(4002), id_of(4000))
        assert (made[2].thread_id, made[2].likes) == (made[2].id, 42)


@needs_real
def test_recorded_items_of_firebase(walk: Walk) -> None:
    found: dict[str, list[Post]] = {}
    for path in sorted((REAL / "api" / "hackernews" / "firebase").glob("item_*.json")):
        if path.stem == "item_3000":
            with pytest.raises(CollectError, match="no such story"):
                read(path.read_text(), walk)
        else:
            found[path.stem] = read(path.read_text(), walk)
    assert len(found) == 9
    assert found.pop("item_21501055") == [], "deleted"
    assert all(len(posts) == 1 and posts[0].text and posts[0].author_name and posts[0].published for posts in found.values())
    [comment], [ask] = found["item_21500829"], found["item_21301382"]
    assert (comment.in_reply_to, comment.author_id) == (id_of(21500569), f"{SITE}:vanniv")
    assert (ask.title, ask.text, ask.likes, ask.replies) == (
        "Ask HN: How to deal with seasonal affective disorder?",
        "Every winter",
        27,
        42,
    )
