"""Discourse: its walk over answers of our own making, and what it makes of real ones."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from crawlers.gate import Gate
from crawlers.listing import Listing, Thread
from crawlers.look import Fate, Known
from crawlers.post import Post, post_id
from crawlers.progress import State
from crawlers.run import Outcome
from crawlers.source import CollectError
from crawlers.spiders.discourse import DiscourseSpider, post
from tests.recorded_walk import Page, Walk, needs_real, real, recorded, response
from tests.site import Answer

SITE = "forum.example"
TARGET = f"kind: discourse\nurl: https://{SITE}\n"
COLLECTED = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def pages(**parts: str) -> dict[str, Any]:
    return {part: recorded("discourse", f"{name}.json") for name, part in parts.items()}


def test_documented_topics_are_read_whole_and_later_only_what_came_since(walk: Walk) -> None:
    target = walk.target(TARGET + "since: 2026-01-01\n")
    walk.pages = pages(
        latest="/latest.json", latest_1="/latest.json?page=1", topic_57="/t/57.json", topic_40="/t/40.json",
        posts_5705="post_ids[]=5705", posts_5706="post_ids[]=5706", about="/about.json",
    )  # fmt: skip
    assert walk.kept(target) == 4
    assert "dont_obey_robotstxt" not in walk.requests[0].meta
    assert walk.asked == [
        "latest.json", "t/57.json", "about.json", "t/57/posts.json?post_ids[]=5705", "t/57/posts.json?post_ids[]=5706",
        "latest.json?page=1",
        "t/40.json",
    ]  # fmt: skip  # the rules, still since 2020, are not read
    made = walk.posts()
    first, second, third = made["Кто пробовал Вестарну?"], made["Пробовал, вывод занял неделю."], made["А у меня за день."]
    assert (first.title, first.views, first.likes, first.replies, first.in_reply_to) == ("Тема 57", 340, 4, 5, None)
    assert first.edited == datetime(2026, 9, 1, 11, 1, tzinfo=UTC)
    assert (second.quoted, second.views, second.likes, second.edited) == ("Кто пробовал Вестарну?", 22, 1, None)
    assert (second.in_reply_to, third.in_reply_to, third.thread_id) == (first.id, second.id, first.id)
    assert (second.author_id, second.author_name) == (f"{SITE}:boris", "boris")
    assert third.url == f"https://{SITE}/t/tema-57/57/5"
    assert {post.members for post in made.values()} == {1840}

    assert walk.kept(target) == 0
    assert walk.asked == ["latest.json"]
    grown = json.loads(recorded("discourse", "topic_57.json")) | {"highest_post_number": 7, "chunk_size": 20}
    grown["post_stream"]["stream"].append(5707)
    latest = json.loads(recorded("discourse", "latest.json"))
    latest["topic_list"]["topics"][1]["highest_post_number"] = 7
    walk.pages |= {"/latest.json": latest, "/t/57.json": grown, "post_ids[]=5707": recorded("discourse", "posts_5705.json")}
    walk.pages["/latest.json?page=1"] = walk.pages.pop("/latest.json?page=1")
    assert walk.kept(target) == 0
    assert walk.asked == ["latest.json", "t/57.json", "t/57/posts.json?post_ids[]=5707", "latest.json?page=1"]


def test_documented_members_are_asked_for_once_a_day_and_a_forum_that_hides_them_keeps_its_posts(walk: Walk) -> None:
    walk.pages = pages(
        latest="/latest.json", latest_1="/latest.json?page=1", topic_57="/t/57.json", topic_40="/t/40.json", posts_5705="post_ids"
    )
    walk.pages["/about.json"] = Answer('{"errors": ["hidden"]}', 403)
    target = walk.target(TARGET + "since: 2026-01-01\n")
    assert walk.kept(target) >= 3 and walk.asked.count("about.json") == 1
    assert {post.members for post in walk.posts().values()} == {None}
    grown = json.loads(recorded("discourse", "topic_57.json")) | {"highest_post_number": 9}
    latest = json.loads(recorded("discourse", "latest.json"))
    latest["topic_list"]["topics"][1]["highest_post_number"] = 9
    walk.pages |= {"/t/57.json": grown, "/latest.json": latest}
    walk.kept(target)
    assert "t/57.json" in (again := walk.asked) and "about.json" not in again, "no more on the same day"


def test_a_documented_forum_of_more_topics_than_are_remembered_is_read_to_its_end_and_then_only_what_is_new(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.progress.REMEMBERED", 20)
    target, forum = walk.target(TARGET + "members: 12\npages: 6\n"), list(range(79, 1, -1))
    answered: Any = walk.answered

    async def three_topics_a_page(request: Request) -> Response:
        path, _, page = request.url.partition("?page=")
        first = 3 * int(page or 0)
        shown = [{"id": number, "highest_post_number": 1, "bumped_at": None} for number in forum[first : first + 3]]
        more = {"more_topics_url": "/latest"} if first + 3 < len(forum) else {}
        number = int(found[1]) if (found := re.search(r"/t/(\d+)[.]json", path)) else 0
        only = json.loads(recorded("discourse", "topic_40.json"))["post_stream"]["posts"][0]
        only |= {"topic_id": number, "cooked": f"<p>Вестарна, отзыв номер {number}</p>"}
        walk.pages = {"latest.json": {"topic_list": {"topics": shown} | more}}
        walk.pages["/t/"] = {"id": number, "title": f"Тема {number}", "post_stream": {"posts": [only], "stream": [number]}}
        response: Response = await answered(request)
        return response

    walk.answered = three_topics_a_page  # type: ignore[method-assign]
    runs = [walk.kept(target) for _ in range(6)]
    assert (runs, len(walk.posts())) == ([18, 12, 12, 12, 12, 12], 78)
    walk.requests.clear()
    walk.kept(target)
    assert walk.asked == ["latest.json"]
    forum[:0] = [81, 80]
    assert (walk.kept(target), walk.asked) == (2, ["latest.json", "t/81.json", "t/80.json", "latest.json?page=1"])
    assert (walk.kept(target), walk.asked) == (0, ["latest.json"])


def test_what_is_read_in_one_run_from_the_top_is_remembered_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.progress.REMEMBERED", 4)
    state = State({"threads": {"old": 1, "older": 1}, "lists": {}})
    for number in range(6):
        thread = Thread(str(number), f"https://{SITE}/t/{number}.json", replies=1)
        state.met(thread, above=number // 2)
        state.want(thread)
        state.went_on(thread.id, Listing())
    assert sorted(state.threads) == ["0", "1", "2", "3"]
    assert list(State(state.cursor()).threads) == ["2", "3", "0", "1"], "the last ones are forgotten first"


class Clock:
    """Goes so much ahead."""

    ahead = timedelta(0)

    @classmethod
    def now(cls, zone: tzinfo) -> datetime:
        return datetime.now(zone) + cls.ahead


@pytest.mark.parametrize(
    ("answer", "members"),
    [
        (Answer("busy", 503), 1840),
        ("<html>", 1840),
        ({"about": {"stats": {"user_count": 1850}}}, 1850),
        ({"about": {"stats": {"user_count": 0}}}, None),
    ],
    ids=["trouble", "another form", "another number", "none"],
)
def test_documented_members_stay_what_they_were_while_nothing_else_is_told(
    answer: Page, members: int | None, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.reach.datetime", Clock)
    walk.pages = pages(
        latest="/latest.json", latest_1="/latest.json?page=1", topic_57="/t/57.json", topic_40="/t/40.json", posts_5705="post_ids",
        about="/about.json",
    )  # fmt: skip
    target = walk.target(TARGET + "since: 2026-01-01\n")
    walk.kept(target)
    assert {post.members for post in walk.posts().values()} == {1840}
    monkeypatch.setattr(Clock, "ahead", timedelta(days=1))
    latest = json.loads(recorded("discourse", "latest.json"))
    latest["topic_list"]["topics"][1]["highest_post_number"] = 9
    grown = json.loads(recorded("discourse", "topic_57.json")) | {"highest_post_number": 9}
    walk.pages |= {"/t/57.json": grown, "/latest.json": latest, "/about.json": answer}
    walk.requests.clear()
    changed = walk.collect(target).counts.outcomes[Outcome.CHANGED]
    assert walk.asked.count("about.json") == 1, "asked again on the next day"
    assert (walk.posts()["Кто пробовал Вестарну?"].members, changed > 0) == (members, members != 1840)


def test_documented_members_that_the_file_says_are_not_asked_for(walk: Walk) -> None:
    walk.pages = pages(
        latest="/latest.json", latest_1="/latest.json?page=1", topic_57="/t/57.json", topic_40="/t/40.json", posts_5705="post_ids"
    )
    walk.kept(walk.target(TARGET + "since: 2026-01-01\nmembers: 12\n"))
    assert "about.json" not in walk.asked
    assert {post.members for post in walk.posts().values()} == {12}


def test_documented_searches_and_categories_and_what_a_forum_says_instead(walk: Walk) -> None:
    target = walk.target(TARGET + "search: [вестарна]\ncategories: [support/6]\ncomments: false\n")
    walk.pages = pages(search="/search.json", search_nothing="&page=2", topic_40="/t/40.json")
    walk.pages["/c/support/6.json"] = Answer(recorded("discourse", "too_often.json"), 422)
    run = walk.collect(target)
    assert run.error and "Слишком много запросов. Подождите 18 секунд." in run.error
    assert 15 < Gate(walk.data / "gate").enter(SITE, 0) <= 18
    assert walk.asked == [
        "c/support/6.json",
        "search.json?q=вестарна order:latest",
        "t/40.json",
        "about.json",
        "search.json?q=вестарна+order:latest&page=2",
    ]
    assert list(walk.posts()) == ["Вестарна подняла комиссию."]


def read(name: str, walk: Walk) -> tuple[Listing, list[Post]]:
    target = walk.target(TARGET)
    spider: Any = object.__new__(DiscourseSpider)
    spider.target, spider.state = target, State({})
    answer = json.loads(real(f"api/discourse/{name}.json"))
    listing = DiscourseSpider.read(spider, answer, response(f"https://{SITE}/latest.json"))
    return listing, [post(raw, target, COLLECTED) for raw in listing.raws]


@needs_real
@pytest.mark.parametrize(("name", "posts", "below"), [
    ("perceval_discourse_topic_1148", 20, 1), ("perceval_discourse_topic_1149", 2, 0), ("perceval_discourse_posts", 4, 0),
    ("api_gem_topic", 2, 0), ("api_gem_topic_posts", 1, 0),
])  # fmt: skip
def test_recorded_topics_and_trimmed_ones_of_a_test_forum(name: str, posts: int, below: int, walk: Walk) -> None:
    listing, made = read(name, walk)
    assert (len(made), len(listing.more)) == (posts, below)
    assert all(each.text and each.published and each.author_id and each.views is not None for each in made)
    if name == "perceval_discourse_topic_1148":
        assert [made[at].in_reply_to for at in (0, 1, 3)] == [None, made[0].id, made[2].id]
        assert (made[0].title, made[0].views, made[18].edited is not None) == ("[Support] uBlock Origin", 13372, True)
        assert made[7].quoted and "lightbox" not in made[0].text and "KB" not in made[0].text
        assert not any(each.text.startswith(("gorhill:", "SteveH66:")) for each in made)
    if name == "api_gem_topic":
        assert [each.in_reply_to for each in made] == [None, post_id(SITE, "57/1")], "one is of the staff, one only a picture"


@needs_real
@pytest.mark.parametrize(("name", "topics", "following"), [
    ("perceval_discourse_topics", ["1148", "1149"], None), ("perceval_discourse_topics_pinned", ["1149", "1150", "1148"], None),
    ("api_gem_latest", ["1", "1", "1"], f"https://{SITE}/latest.json?page=1"), ("api_gem_category_latest_topics", ["5", "4"], None),
])  # fmt: skip
def test_recorded_lists_and_trimmed_ones_of_a_test_forum(name: str, topics: list[str], following: str | None, walk: Walk) -> None:
    listing, _ = read(name, walk)
    assert ([thread.id for thread in listing.threads], listing.following) == (topics, following)
    assert all(thread.replies and thread.moment for thread in listing.threads)


@needs_real
def test_trimmed_lists_of_posts_and_a_search_of_long_ago_of_a_test_forum(walk: Walk) -> None:
    target = walk.target(TARGET)
    for name, numbers in (("latest", [15, 14, 10, 2]), ("before", [14, 10, 2])):
        raws = json.loads(real(f"api/discourse/api_gem_posts_{name}.json"))["latest_posts"]
        assert [raw["id"] for raw in raws if post(raw, target, COLLECTED).text] == numbers
    for name in ("api_gem_search", "api_gem_categories", "api_gem_replies"):
        with pytest.raises(CollectError, match="no list of topics"):
            read(name, walk)


@needs_real
def test_a_recorded_post_by_its_id(walk: Walk) -> None:
    target, answer = walk.target(TARGET), json.loads(real("api/discourse/perceval_discourse_post.json"))
    assert post(answer, target, COLLECTED).text
    known = Known(id="a", url=None, content="", raw={"id": answer["id"], "topic": {"title": "Тема"}, "members": 7})
    [look] = DiscourseSpider.fates(object.__new__(DiscourseSpider), answer, [known])
    assert look.fate is Fate.HERE and look.raw and (look.raw["topic"], look.raw["members"]) == ({"title": "Тема"}, 7)
