"""A real blog, WordPress: what a crawl keeps of it is what its own database holds."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.post import Post, Precision, post_id
from crawlers.run import Outcome
from tests.real_engines import Wordpress, killed_run, wordpress
from tests.site import Place

SITE = "blog.example"
TARGET = """
kind: wordpress
url: {url}
site: blog.example
timezone: Europe/Moscow
allow_private: true
delay: {delay}
"""
FEED = """
kind: feed
url: {url}
site: blog.example
allow_private: true
delay: 0
"""
POSTS = """
SELECT JSON_OBJECT('id', p.ID, 'text', p.post_content, 'title', p.post_title, 'date', p.post_date_gmt, 'changed', p.post_modified_gmt,
                   'author', u.display_name, 'user', u.ID)
FROM wp_posts p JOIN wp_users u ON u.ID = p.post_author
WHERE p.post_type = 'post' AND p.post_status = 'publish' AND p.post_password = ''
"""
COMMENTS = """
SELECT JSON_OBJECT('id', c.comment_ID, 'text', c.comment_content, 'date', c.comment_date_gmt, 'author', c.comment_author, 'user', c.user_id,
                   'post', c.comment_post_ID, 'parent', c.comment_parent)
FROM wp_comments c JOIN wp_posts p ON p.ID = c.comment_post_ID
WHERE c.comment_approved = '1' AND c.comment_type = 'comment' AND p.post_status = 'publish' AND p.post_password = ''
"""
QUOTE = re.compile(r"<blockquote>(.*?)</blockquote>", re.DOTALL)


def said(markup: str) -> str:
    """What was written, without its marks; letters only where WordPress sets other quotation marks and dashes than were typed."""
    words = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?strong>", "", markup)))
    return " ".join(re.sub(r"[\"'«»“”‘’″′–—-]", " ", words).split())


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def held(blog: Wordpress) -> dict[str, dict[str, Any]]:
    """What the blog's database holds, by the id that a post is to have."""
    found = {}
    for row in blog.ask(POSTS):
        native, quote = f"post {row['id']}", QUOTE.search(row["text"])
        found[post_id(SITE, native)] = {
            "text": said(QUOTE.sub("", row["text"])), "quoted": said(quote[1]) if quote else None, "title": said(row["title"]),
            "published": at(row["date"]), "edited": at(row["changed"]) if row["changed"] > row["date"] else None,
            "author": row["author"], "author_id": f"{SITE}:{row['user']}", "thread": post_id(SITE, native), "above": None,
        }  # fmt: skip
    for row in blog.ask(COMMENTS):
        thread = f"post {row['post']}"
        found[post_id(SITE, f"comment {row['id']}")] = {
            "text": said(row["text"]), "quoted": None, "title": None, "published": at(row["date"]), "edited": None,
            "author": html.unescape(row["author"]), "author_id": f"{SITE}:{row['user']}" if row["user"] else None,
            "thread": post_id(SITE, thread), "above": post_id(SITE, f"comment {row['parent']}" if row["parent"] else thread),
        }  # fmt: skip
    return found


def kept(posts: list[Post]) -> dict[str, dict[str, Any]]:
    """The same of what was kept; of a post kept twice the later."""
    assert {post.published_precision for post in posts} == {Precision.MINUTE}
    return {
        post.id: {
            "text": said(post.text), "quoted": said(post.quoted or "") or None, "title": said(post.title or "") or None,
            "published": post.published, "edited": post.edited, "author": post.author_name, "author_id": post.author_id,
            "thread": post.thread_id, "above": post.in_reply_to,
        }
        for post in posts
    }  # fmt: skip


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Wordpress]:
    (tmp_path / "blog").mkdir()
    with wordpress(tmp_path / "blog") as running:
        yield running


@pytest.mark.timeout(900)
def test_the_whole_blog_is_found_also_by_a_run_that_is_killed_and_then_only_what_is_new(blog: Wordpress, tmp_path: Path) -> None:
    place, killed = Place(tmp_path / "whole"), Place(tmp_path / "killed")
    target = place.target("blog", TARGET.format(url=blog.url, delay=0))
    run = place.collect(target)
    expected = held(blog)
    assert run.error is None and +run.counts.outcomes == {Outcome.KEPT: len(expected)}
    assert len(expected) > 1200 and kept(place.posts(target)) == expected
    feeds(blog, expected, Place(tmp_path / "feeds"))

    other = killed.target("blog", TARGET.format(url=blog.url, delay=0.1))
    assert killed_run(killed, "blog")
    assert 0 < len(killed.posts(other)) < len(expected)
    assert killed.collect(other).error is None
    assert kept(killed.posts(other)) == expected and len(killed.posts(other)) == len(expected)

    blog.write("later")
    run, now = place.collect(target), held(blog)
    new, gone = now.keys() - expected.keys(), expected.keys() - now.keys()
    assert (len(new), len(gone)) == (4, 1)
    assert (run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.CHANGED]) == (4, 1)
    latest = kept(place.posts(target))
    assert {id: latest[id] for id in now} == now and latest.keys() - now.keys() == gone


def feeds(blog: Wordpress, expected: dict[str, dict[str, Any]], place: Place) -> None:
    """Its feeds show the newest ten posts and the newest ten comments, with the same words, authors and dates.

    The newest post of all is behind a password: the feed has it without its words.
    """
    newest = sorted(expected.values(), key=lambda each: each["published"], reverse=True)
    for name, address, wanted in [
        ("posts", "/feed/", [each for each in newest if each["title"]]),
        ("comments", "/comments/feed/", [each for each in newest if each["title"] is None]),
    ]:
        target = place.target(name, FEED.format(url=blog.url + address))
        run = place.collect(target)
        assert run.error is None and run.counts.outcomes[Outcome.REJECTED] == (name == "posts")
        found = sorted(place.posts(target), key=lambda post: post.published or datetime.min.replace(tzinfo=UTC), reverse=True)
        assert [(post.author_name, post.published) for post in found] == [
            (each["author"], each["published"]) for each in wanted[: len(found)]
        ]
        assert len(found) == 10 - run.counts.outcomes[Outcome.REJECTED]
        assert [said(post.text) for post in found] == [each["text"] for each in wanted[: len(found)]]
        above = [each["above"] in expected and expected[each["above"]]["title"] is None for each in wanted[: len(found)]]
        assert [post.in_reply_to is not None for post in found] == above, "which comment one answers"
