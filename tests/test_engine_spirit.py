"""A real forum, Spirit: what a crawl keeps of it is what its own database holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from conftest import get
from parsel import Selector

from crawlers.archive import Archive
from crawlers.looked import gone_posts
from crawlers.moment import parse_moment
from crawlers.post import Post, Precision, post_id
from crawlers.recheck import recheck
from crawlers.run import Outcome
from tests.real_engines import Spirit, killed_run, spirit
from tests.site import Place

SITE = "forum.example"
NOW = datetime.now(UTC).replace(microsecond=0)
TARGET = """
kind: forum
preset: spirit
url: [{boards}]
site: forum.example
timezone: Europe/Moscow
allow_private: true
delay: {delay}
"""
PUBLIC = """
SELECT c.id, c.comment, c.date, c.user_id, c.topic_id, p.nickname, t.title, t.comment_count, k.title AS board,
       c.id = (SELECT f.id FROM spirit_comment_comment f
               WHERE f.topic_id = t.id AND f.action = 0 AND NOT f.is_removed ORDER BY f.date LIMIT 1) AS opens
FROM spirit_comment_comment c
JOIN spirit_topic_topic t ON t.id = c.topic_id
JOIN spirit_category_category k ON k.id = t.category_id
JOIN spirit_user_userprofile p ON p.user_id = c.user_id
WHERE c.action = 0 AND NOT c.is_removed AND NOT t.is_removed AND NOT k.is_removed AND NOT k.is_private AND k.id != 1
"""
"""Comments that everybody may read; moderators' actions are comments to Spirit as well."""
COMMENTS = "spirit_comment_comment"
EDITED = f"SELECT id, date, modified_count FROM {COMMENTS} WHERE modified_count > 0 AND NOT is_removed"
NAMES = "SELECT u.username, p.nickname FROM auth_user u JOIN spirit_user_userprofile p ON p.user_id = u.id"


def words(markdown: str, names: dict[str, str]) -> tuple[str, str | None]:
    """The author's words and those that are quoted, as the forum shows what was typed: a mention with the name of who is meant."""
    shown = re.sub(r"@([\w.@+-]+)", lambda name: f"@{names.get(name[1].lower(), name[1])}", markdown)
    lines = shown.replace("**", "").splitlines()
    quoted = " ".join(line.removeprefix("> ") for line in lines if line.startswith(">"))
    return " ".join(" ".join(line for line in lines if not line.startswith(">")).split()), quoted or None


def held(forum: Spirit) -> dict[str, dict[str, Any]]:
    """What the forum's database holds, by the id that a post is to have."""
    found = {}
    names = {row["username"]: row["nickname"] for row in forum.ask(NAMES)}
    for row in forum.ask(PUBLIC):
        text, quoted = words(row["comment"], names)
        published = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC, second=0, microsecond=0)
        found[post_id(SITE, str(row["id"]))] = {
            "text": text, "quoted": quoted, "published": published, "author_id": f"{SITE}:{row['user_id']}", "author": row["nickname"],
            "thread": post_id(SITE, f"topic {row['topic_id']}"), "title": row["title"] if row["opens"] else None,
            "replies": row["comment_count"] - 1 if row["opens"] else None,
            # Whom a comment answers the database doesn't hold; when it was edited and who likes it is for those who log in.
            "in_reply_to": None, "edited": None, "likes": None,
        }  # fmt: skip
    return found


def kept(posts: list[Post]) -> dict[str, dict[str, Any]]:
    """The same of what was kept; of a post kept twice the later."""
    assert {post.published_precision for post in posts} == {Precision.MINUTE}
    return {
        post.id: {
            "text": " ".join(post.text.split()), "quoted": " ".join(post.quoted.split()) if post.quoted else None,
            "published": post.published, "author_id": post.author_id, "author": post.author_name,
            "thread": post.thread_id, "title": post.title, "replies": post.replies,
            "in_reply_to": post.in_reply_to, "edited": post.edited, "likes": post.likes,
        }
        for post in posts
    }  # fmt: skip


def comment_on(url: str, number: int) -> Selector:
    """A comment on the page to which its address leads."""
    [found] = Selector(get(url) or "", type="html").css(f"[data-pk='{number}']")
    return found


def when(said: str) -> datetime:
    """The minute of a date, as the forum shows it or holds it."""
    at = parse_moment(said, UTC if "-" in said else ZoneInfo("Europe/Moscow")).at
    assert at is not None
    return at.replace(second=0, microsecond=0)


def boards(forum: Spirit, url: str) -> str:
    rows = forum.ask("SELECT id FROM spirit_category_category WHERE id > 2 AND NOT is_removed")
    return ", ".join(f"{url}/category/{row['id']}/" for row in rows)


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Spirit:
    return spirit(tmp_path_factory.mktemp("spirit"))


def test_of_answers_edits_and_likes_it_shows_nobody_what_it_holds(forum: Spirit) -> None:
    tables = [row["name"] for row in forum.ask("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'spirit_comment%'")]
    answers = {name: [key for key in forum.ask(f"PRAGMA foreign_key_list({name})") if key["table"] == COMMENTS] for name in tables}
    assert answers.pop(COMMENTS) == [] and all(len(keys) <= 1 for keys in answers.values()), "no comment knows which it answers"

    edited, liked = forum.ask(EDITED), forum.ask(f"SELECT id, topic_id FROM {COMMENTS} WHERE likes_count > 0")
    assert sorted(row["modified_count"] for row in edited) == [1, 2] and len(liked) > 40
    with forum.serve("en") as url:
        for row in edited:
            shown = comment_on(f"{url}/comment/{row['id']}/find/", row["id"])
            assert shown.xpath("string(.//li[a/i[contains(@class, 'fa-pencil')]])").get("").strip() == str(row["modified_count"])
            said = shown.css(".comment__info__date [title]::attr(title)").getall()
            assert len(said) == 1 and when(said[0]) == when(row["date"]), "how often it was edited, and when it was written"
            history = shown.css(".comment__info__date a::attr(href)").get("")
            answer = requests.get(url + history, allow_redirects=False, timeout=30)
            assert answer.status_code == 302 and f"/login/?next={history}" in answer.headers["Location"], "its history wants a login"
        assert comment_on(f"{url}/comment/{liked[0]['id']}/find/", liked[0]["id"]).css(".comment-like, .fa-heart, .js-like").getall() == []


@pytest.mark.timeout(900)
def test_the_whole_forum_is_found_also_by_a_run_that_is_killed_and_then_only_what_is_new(forum: Spirit, tmp_path: Path) -> None:
    place, killed = Place(tmp_path / "whole"), Place(tmp_path / "killed")
    with forum.serve("ru") as russian, forum.serve("en") as english:
        target = place.target("board", TARGET.format(boards=boards(forum, russian), delay=0))
        run = place.collect(target)
        expected = held(forum)
        assert run.error is None and +run.counts.outcomes == {Outcome.KEPT: len(expected)}
        assert len(expected) > 1000 and kept(place.posts(target)) == expected
        names = {row["board"] for row in forum.ask(PUBLIC)}
        assert {post.place for post in place.posts(target)} <= names
        assert len({post.url for post in place.posts(target)}) == len(expected)

        other = killed.target("board", TARGET.format(boards=boards(forum, english), delay=0.05))
        assert killed_run(killed, "board")
        assert 0 < len(killed.posts(other)) < len(expected)
        assert killed.collect(other).error is None
        assert kept(killed.posts(other)) == expected and len(killed.posts(other)) == len(expected)

        forum.write("later")
        outcomes = place.collect(target).counts.outcomes
    now = held(forum)
    new, gone = now.keys() - expected.keys(), expected.keys() - now.keys()
    assert (len(new), len(gone)) == (6, 1)
    assert outcomes[Outcome.KEPT] == len(new)
    latest = kept(place.posts(target))
    # The first page of a long topic is not read again: the count of replies on it stays.
    assert {id: latest[id] | {"replies": row["replies"]} for id, row in now.items()} == now and latest.keys() - now.keys() == gone


@pytest.mark.timeout(900)
def test_what_moderators_take_away_is_gone_and_what_moved_is_not(forum: Spirit, tmp_path: Path) -> None:
    place = Place(tmp_path)
    with forum.serve("ru") as url:
        again = "recheck: {age: 5000 days, most: 5000}\n"
        target = place.target("board", TARGET.format(boards=boards(forum, url), delay=0) + again)
        place.collect(target)
        before = held(forum)
        forum.write("tidy")
        gone = before.keys() - held(forum).keys()
        first = recheck(target, data=place.data, config=place.config, now=NOW)
        second = recheck(target, data=place.data, config=place.config, now=NOW + timedelta(hours=13))
    assert (first.looked, first.suspected, first.untold, first.held, first.error) == (len(before), len(gone), 0, None, None)
    assert (second.looked, second.gone) == (len(gone), len(gone))
    assert gone_posts(Archive(place.data), "board") == gone and len(gone) > 20
    marks = [json.loads(line)["sign"] for line in (place.data / "raw" / "board" / "gone.jsonl").read_text().splitlines()]
    assert Counter(marks) == {"removed": 2, "404": len(gone) - 2}
