"""Stack Exchange: its walk over answers of our own making, and what it makes of real ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.gate import Gate
from crawlers.post import Post, post_id
from crawlers.run import Outcome
from crawlers.source import CollectError
from crawlers.spiders.stackexchange import StackexchangeSpider, post
from tests.recorded_walk import Walk, needs_real, real, recorded, response
from tests.site import Answer

SITE = "money.stackexchange.com"
TARGET = f"kind: stackexchange\ncommunity: {SITE}\n"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def closed_for(walk: Walk) -> float:
    return Gate(walk.data / "gate").enter("api.stackexchange.com", 0)


def test_documented_questions_come_with_answers_and_comments_and_waits_are_heeded(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SE_KEY", "s3cret(key")
    target = walk.target(TARGET + "tags: [broker]\nkey_env: SE_KEY\n")
    walk.pages = {part: recorded("stackexchange", name) for part, name in {
        "/filters/create": "filter.json", "/questions?": "questions.json", "&page=2": "questions_2.json", "/info?": "info.json",
    }.items()}  # fmt: skip
    assert walk.kept(target) == 5
    assert 8 < closed_for(walk) <= 10, "`backoff`"
    listed = f"2.3/questions?site={SITE}&order=desc&sort=activity&pagesize=100&filter=!own)made*filter&tagged=broker"
    info = f"2.3/info?site={SITE}&key=s3cret(key"
    assert walk.asked[1:] == [f"{listed}&key=s3cret(key", info, f"{listed}&page=2&key=s3cret(key"]
    assert {post.members for post in walk.posts().values()} == {52_300}
    posts = walk.posts()
    question, answer, reply = posts["They ask for a scan."], posts["I left Vestarna after that."], posts["So did I."]
    assert (question.title, question.quoted, question.author_name) == ('Is "Vestarna" safe?', "Send it today", "Anna & Co")
    assert (question.views, question.likes, question.replies, question.thread_id) == (1240, -1, 1, question.id)
    assert question.edited and question.published and (question.edited - question.published).seconds == 60
    assert (answer.thread_id, answer.in_reply_to, answer.author_id, answer.title) == (question.id, question.id, f"{SITE}:3", None)
    assert (reply.thread_id, reply.in_reply_to, reply.author_id, reply.author_name) == (question.id, answer.id, None, "user77")
    assert posts["What does the contract say?"].in_reply_to == question.id

    walk.pages["/questions?"] = Answer(recorded("stackexchange", "throttled.json"), 400)
    run = walk.collect(target)
    assert run.error and "throttle_violation: too many requests from this IP, more requests available in 33635 seconds" in run.error
    assert closed_for(walk) > 33_000
    walk.pages["/questions?"] = "<html>Maintenance"
    assert "no JSON" in (walk.collect(target).error or "")
    assert "key=${SE_KEY}" in (walk.collect(target).error or "")
    kept = [path.read_bytes() for path in walk.data.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"s3cret" in each for each in kept)


def test_documented_questions_without_comments_and_with_the_quota_used_up(walk: Walk) -> None:
    target = walk.target(TARGET + "search: [fees]\ncomments: false\n")
    last = json.loads(recorded("stackexchange", "questions.json")) | {"has_more": False, "quota_remaining": 0}
    walk.pages = {"/filters/create": recorded("stackexchange", "filter.json"), "/search/advanced": last}
    assert walk.collect(target).counts.outcomes[Outcome.KEPT] == 1
    assert closed_for(walk) > 3_500, "an hour"
    walk.pages["/search/advanced"] = "null"
    assert "gives an answer of another form" in (walk.collect(target).error or "")
    walk.pages["/filters/create"] = {"items": []}
    assert "where the lists begin is told in another form (IndexError" in (walk.collect(target).error or "")


def made(answer: dict[str, Any], walk: Walk) -> tuple[list[Post], str | None]:
    target = walk.target(TARGET + "tags: [broker]\n")
    spider: Any = type("Spider", (), {"target": target})
    listing = StackexchangeSpider.read(spider, answer, response("https://api.example/questions?site=x&key=k&page=1"))
    return [post(raw, target, datetime(2026, 11, 28, tzinfo=UTC)) for raw in listing.raws], listing.following


@needs_real
@pytest.mark.parametrize(("name", "posts", "more"), [
    ("question", 3, False), ("question_page", 6, True), ("question_page_2", 6, False), ("question_backoff_page", 6, True),
])  # fmt: skip
def test_recorded_questions_trimmed_of_their_texts(name: str, posts: int, more: bool, walk: Walk) -> None:
    found, following = made(json.loads(real(f"api/stackexchange/perceval_{name}.json")), walk)
    assert len(found) == posts
    assert following == ("https://api.example/questions?site=x&page=2" if more else None)
    assert all(each.published and each.author_id and each.author_name for each in found)
    question, answer, comment = found[0], next(each for each in found if each.in_reply_to), found[-1]
    assert (question.views, question.replies, answer.thread_id) == (17, 1, question.id)
    assert comment.in_reply_to and comment.thread_id and comment.replies is None


@needs_real
def test_recorded_questions_of_a_search_without_bodies(walk: Walk) -> None:
    found, following = made(json.loads(real("api/stackexchange/search_advanced_stackapi.json"))["stackapi_results"], walk)
    assert (len(found), following) == (50, None)
    assert found[0].text == "Does Notepad++ show all hidden characters?"
    assert (found[0].id, found[0].views, found[0].likes) == (post_id(SITE, "767545"), 367473, 267)
    assert "How does IPython's magic %paste work?" in [each.text for each in found]
    assert [each.author_name for each in found if each.author_id is None] == ["user248237"]
    with pytest.raises(CollectError, match="no list of questions"):
        made({}, walk)
