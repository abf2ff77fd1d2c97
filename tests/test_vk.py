"""VK: real and trimmed answers of its interface, and the way through walls, searches and comments on answers of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crawlers.gate import Gate
from crawlers.interface import Ended
from crawlers.platforms import VkTarget
from crawlers.post import Post, post_id
from crawlers.run import Outcome
from crawlers.spiders.vk import MEND, VkSpider, words
from tests.recorded_walk import REAL, Walk, needs_real, read
from tests.site import Answer

API = "https://api.vk.com/method"
TARGET = "kind: vk\nwalls: [vestarna]\ntoken_env: VK_TOKEN\n"
WALL = {"owner_id": -7, "from_id": -7, "post_type": "post", "date": 1788250000, "comments": {"count": 0}}
PEOPLE = {
    "profiles": [{"id": 5, "first_name": "Анна", "last_name": "Иванова", "followers_count": 40}],
    "groups": [{"id": 7, "name": "Вестарна", "screen_name": "vestarna", "members_count": 900}],
}


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    monkeypatch.setenv("VK_TOKEN", "s3cret")
    return Walk(tmp_path, monkeypatch)


def made(answer: Any, query: str) -> list[Post]:
    return read(VkSpider, VkTarget(name="vk", kind="vk", walls=("a",), token_env="VK_TOKEN"), answer, f"{API}/{query}")[1]


def entry(number: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    return WALL | {"id": number, "text": f"Отзыв {number}" if text is None else text} | more


def page(items: list[dict[str, Any]], count: int | None = None, **more: Any) -> dict[str, Any]:
    return {"response": {"items": items, "count": len(items) if count is None else count} | PEOPLE | more}


def answer(name: str) -> Any:
    return json.loads((REAL / "api" / "vk" / name).read_text(encoding="utf-8-sig"))


@needs_real
def test_a_recorded_wall_of_a_hundred_posts() -> None:
    whole = {"response": answer("wall.get_100posts.json")}
    target = VkTarget(name="vk", kind="vk", walls=("live",), token_env="VK_TOKEN")
    listing, posts = read(VkSpider, target, whole, f"{API}/wall.get?domain=live&count=100&offset=0")
    assert (len(posts), len(listing.silent)) == (98, 2), "posts without words are none, but their comments are read"
    assert "offset=100" in (listing.following or "")
    assert {post.author_id for post in posts} == {"vk.com:-2158488"}
    assert {(post.place, post.author_name) for post in posts} == {("live", "LIVE")}
    assert all(post.published and post.likes and post.views and post.thread_id == post.id for post in posts)
    assert not any("[" in post.text and "|" in post.text for post in posts)


@needs_real
@pytest.mark.parametrize(("name", "query", "posts"), [
    ("wall.getById_donut", "wall.get?owner_id=-322", 1), ("wall.get_article_attachment", "wall.get?owner_id=-96493329", 1),
    ("wall.get_extended_repost", "wall.get?owner_id=10", 0), ("wall.get_geo", "wall.get?owner_id=1563369", 0),
    ("newsfeed.search_2", "newsfeed.search?q=a", 2), ("newsfeed.search_next_from", "newsfeed.search?q=a", 3),
    ("wall.getComments_likes", "wall.getComments?owner_id=1&post_id=2", 2),
    ("wall.getComments_thread_deleted", "wall.getComments?owner_id=-69459624&post_id=482121", 2),
    ("wall.getComment_reply", "wall.getComments?owner_id=-1&post_id=2", 1),
    ("video.getComments", "video.getComments?owner_id=1&video_id=2", 2),
])  # fmt: skip
def test_recorded_answers_trimmed_by_hand(name: str, query: str, posts: int) -> None:
    found = made(answer(f"vknet/{name}.json"), query)
    assert len(found) == posts
    assert all(post.text and post.published and post.author_id and "<br" not in post.text and "&#" not in post.text for post in found)
    if "Comment" in name:
        assert all(post.thread_id != post.id and bool(post.in_reply_to) is name.startswith("wall") for post in found)
    if name == "video.getComments":
        assert (found[1].url, found[1].likes) == ("https://vk.com/video1_2?reply=14716", 77)
        assert {post.thread_id for post in found} == {post_id("vk.com", "video1_2")}
    if name == "wall.getComment_reply":
        assert found[0].text.startswith("Дмитрий, я не хочу")
        assert (found[0].author_name, found[0].in_reply_to) == ("Dmitry Sergeev", post_id("vk.com", "-1_73673"))


@needs_real
def test_recorded_errors_trimmed_by_hand_say_what_to_mend_and_never_the_token() -> None:
    spider, said = VkSpider.__new__(VkSpider), {}
    for path in sorted((REAL / "api" / "vk" / "vknet").glob("error_*.json")):
        try:
            said[path.stem] = f"of one address: {spider.complaint(answer(f'vknet/{path.name}'))}"
        except Ended as error:
            said[path.stem] = f"of all: {error}"
    assert {name: text.partition(":")[0] for name, text in said.items()} == {
        "error_100": "of one address", "error_14": "of all", "error_15": "of one address", "error_5": "of all", "error_7": "of one address",
    }  # fmt: skip
    assert "put a new one into the variable that `token_env` names" in said["error_5"]
    assert not any("0000000" in text or "None" in text for text in said.values())


@needs_real
def test_the_community_of_comments_by_recorded_answers_trimmed_by_hand(walk: Walk) -> None:
    target = walk.target("kind: vk\nvideos: [video-637247_5]\ntoken_env: VK_TOKEN\n")
    comments = answer("vknet/video.getComments.json")["response"]
    walk.pages = {"video.getComments?owner_id=-637247&video_id=5&": {"response": comments}, "offset=100": page([])}
    walk.pages["groups.getById?group_ids=637247&"] = answer("vknet/groups.getById_two.json")
    assert walk.kept(target) == 2
    assert {(post.place, post.members) for post in walk.posts().values()} == {("club637247", None)}, "asked for without members"
    walk.pages["video.getComments?owner_id=-637247&video_id=5&"] = {"response": comments | {"count": 2}}
    walk.pages["groups.getById?group_ids=637247&"] = {"response": {"groups": [{"id": 637247, "screen_name": "chuk", "members_count": 7}]}}
    assert walk.collect(target).counts.outcomes[Outcome.CHANGED] == 2
    walk.pages["groups.getById?group_ids=637247&"] = answer("vknet/groups.getById_baninfo.json")
    assert walk.collect(target).error is None, "another community than was asked for"
    refused = {"error": {"error_code": 15, "error_msg": "Access denied"}}
    walk.pages["groups.getById?group_ids=637247&"] = refused
    assert walk.collect(target).error is None, "comments are worth having without what their place is called"


def offset(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["offset"][0])


def methods(walk: Walk) -> list[str]:
    return [path.partition("?")[0].rpartition(".")[2] for path in walk.asked]


def test_a_documented_wall_is_walked_past_a_pinned_post_to_what_is_known_and_its_comments_with_all_answers(walk: Walk) -> None:
    entries = [entry(number, views={"count": number}) for number in range(250, 0, -1)]
    entries[5]["comments"], entries[5]["text"] = {"count": 14}, ""  # a picture that people talk about
    pinned = entry(3, is_pinned=1)

    def wall() -> Any:
        start = offset(walk.requests[-1].url)
        return page([pinned, *entries][start : start + 100], len(entries) + 1)

    def comment(number: int, **more: Any) -> dict[str, Any]:
        return {"id": number, "from_id": 5, "date": 1788250100, "text": f"[id6|Олег], ответ {number}"} | more

    answers = [comment(number, parents_stack=[900]) for number in range(901, 913)]
    gone = {"id": 899, "deleted": True, "thread": {"count": 0, "items": []}}
    top = page([comment(900, thread={"count": 12, "items": answers[:10]}), gone], current_level_count=2)
    walk.pages = {"/wall.get?": wall, "/wall.getComments?owner_id=-7&post_id=245&sort=desc": top, "comment_id=900": page(answers)}
    target = walk.target(TARGET)
    assert walk.kept(target) == 249 + 13
    assert {request.headers["Authorization"] for request in walk.requests} == {b"Bearer s3cret"}
    assert not any("s3cret" in request.url for request in walk.requests)
    assert methods(walk) == ["get", "getComments", "getComments", "get", "get"]
    posts = walk.posts()
    newest, answered = posts["Отзыв 250"], posts["Олег, ответ 912"]
    assert (newest.members, newest.views, newest.followers, newest.place) == (900, 250, 900, "vestarna")
    assert (answered.author_name, answered.followers, answered.url) == ("Анна Иванова", 40, "https://vk.com/wall-7_245?reply=912")
    assert (answered.in_reply_to, answered.thread_id) == (post_id("vk.com", "-7_900"), post_id("vk.com", "-7_245"))

    entries.insert(0, entry(251))
    assert walk.kept(target) == 1
    assert methods(walk) == ["get", "get"], "the page behind what is new shows that nothing is missed"


def test_documented_signed_posts_reposts_and_edits(walk: Walk) -> None:
    repost = {"id": 1, "owner_id": -9, "from_id": -9, "text": "Вклад под [club9|20 %]", "attachments": [{"type": "photo"}]}
    signed = entry(9, "Смешно&#33;", signer_id=5, copy_history=[repost], edited=1788250900, reposts={"count": 2}, attachments=[{}])
    walk.pages = {"wall.get": page([signed, entry(8, "", copy_history=[repost])])}
    assert walk.kept(walk.target(TARGET)) == 1
    post = walk.posts()["Смешно!"]
    assert (post.quoted, post.shares) == ("Вклад под 20 %", 2)
    assert (post.author_id, post.author_name, post.author_url) == ("vk.com:5", "Анна Иванова", "https://vk.com/id5")
    assert post.edited and post.edited.timestamp() == 1788250900
    assert words("[vestarna|Вестарна] и [кредит|вклад], [https://vk.com/@x|тут]") == "Вестарна и [кредит|вклад], тут"


def test_documented_communities_that_write_are_followed_by_their_members(walk: Walk) -> None:
    groups = [*PEOPLE["groups"], {"id": 9, "name": "Дукатор", "screen_name": "dukator", "members_count": 5000}]
    said = [{"id": 44, "from_id": -9, "date": 1788250100, "text": "Гость"}, {"id": 45, "from_id": 5, "date": 1788250100, "text": "Человек"}]
    on_a_wall = entry(5, "Человека стена", owner_id=5, from_id=-9)
    walk.pages = {
        "wall.get?": page([entry(4, comments={"count": 2}), on_a_wall], groups=groups),
        "wall.getComments": page(said, groups=groups),
    }
    below = {"id": 46, "from_id": -7, "date": 1788250100, "text": "Своё видео"}
    walk.pages |= {"video.getComments": {"response": {"items": [below], "count": 1}}, "groups.getById": {"response": PEOPLE}}
    assert walk.kept(walk.target(TARGET + "videos: [video-7_5]\n")) == 5
    assert {text: (post.author_name, post.followers, post.members) for text, post in walk.posts().items()} == {
        "Отзыв 4": ("Вестарна", 900, 900), "Гость": ("Дукатор", 5000, 900), "Человек": ("Анна Иванова", 40, 900),
        "Человека стена": ("Дукатор", 5000, None), "Своё видео": ("Вестарна", 900, 900),
    }  # fmt: skip
    assert walk.posts()["Гость"].reach_estimated == 5000


def error(code: int) -> Any:
    return {"error": {"error_code": code, "error_msg": "No", "request_params": [{"key": "access_token", "value": "s3cret"}]}}


def test_a_documented_search_goes_on_where_vk_says_and_each_error_keeps_what_can_be_kept(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = walk.target(TARGET + "search: [вестарна]\n")
    first = page([entry(6), entry(5)], 1000, next_from="2/-7_5")
    walk.pages = {"newsfeed.search": first, "start_from=2/-7_5": page([entry(1)]), "wall.get?": error(15)}
    run = walk.collect(target)
    assert run.error and "closed to this token: take it out of `walls` or `videos`" in run.error
    assert set(walk.posts()) == {"Отзыв 6", "Отзыв 5", "Отзыв 1"}, "the search is read though a wall is closed"

    paused: list[float | None] = []
    monkeypatch.setattr(Gate, "failed", lambda self, host, asked=None: paused.append(asked))
    walk.pages |= {"wall.get?": page([entry(4, comments={"count": 3})]), "wall.getComments": error(6)}
    counts = walk.collect(target).counts.outcomes
    assert (counts[Outcome.KEPT], counts[Outcome.DEFERRED], paused) == (1, 1, [1.0])
    walk.pages["wall.getComments"] = error(29)
    run = walk.collect(target)
    assert run.error and "the requests of the day are used up" in run.error and "s3cret" not in run.error
    walk.pages["wall.getComments"] = page([{"id": 44, "from_id": 5, "date": 1788250100, "text": "Да"}])
    assert walk.kept(target) == 1, "the thread has waited"
    assert walk.posts()["Да"].thread_id == post_id("vk.com", "-7_4")
    walk.requests.clear()
    assert walk.kept(target) == 0 and "getComments" not in methods(walk)


@pytest.mark.parametrize(("wall", "asked"), [
    ("-12", "owner_id=-12&"), ("'12'", "owner_id=12&"), ("id12", "owner_id=12&"), ("club12", "owner_id=-12&"),
    ("https://vk.com/vestarna", "domain=vestarna&"),
])  # fmt: skip
def test_a_documented_wall_is_named_by_number_or_name(wall: str, asked: str, walk: Walk) -> None:
    walk.pages = {"wall.get": page([])}
    assert walk.kept(walk.target(TARGET.replace("vestarna", wall))) == 0
    assert asked in walk.asked[0]


def test_documented_comments_below_a_video_are_kept_where_their_community_can_not_be_had(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "failed", lambda self, host, asked=None: None)
    target = walk.target("kind: vk\nvideos: [video-7_5]\ntoken_env: VK_TOKEN\n")

    def below(number: int) -> Any:
        said = {"id": number, "from_id": 5, "date": 1788250100, "text": f"Ответ {number}", "thread": {"count": 9, "items": []}}
        return {"response": {"items": [said], "count": 101}}

    walk.pages = {"video.getComments": below(1), "offset=100": below(2), "groups.getById": error(6)}
    assert walk.kept(target) == 2
    assert methods(walk) == ["getComments", "getById", "getComments", "getById"], "what could not be had is asked for again"
    assert {post.place for post in walk.posts().values()} == {"club7"}
    walk.pages |= {"video.getComments": below(3), "offset=100": below(4), "groups.getById": Answer("no", 403)}
    assert walk.kept(target) == 2
    walk.pages |= {"video.getComments": below(5), "groups.getById": error(29)}
    assert "the requests of the day are used up" in (walk.collect(target).error or "")


def test_what_to_mend_names_videos_too_and_folded_answers_are_those_of_a_wall() -> None:
    assert all("`videos`" in MEND[code] for code in (15, 18, 30, 100))
    item = {"id": 1, "from_id": 5, "date": 1788250100, "text": "x", "thread": {"count": 9, "items": []}}
    target = VkTarget(name="vk", kind="vk", walls=("a",), token_env="VK_TOKEN")
    more = [read(VkSpider, target, page([item]), f"{API}/{query}")[0].more for query in (
        "wall.getComments?owner_id=-7&post_id=2", "video.getComments?owner_id=-7&video_id=2")]  # fmt: skip
    assert [len(each) for each in more] == [1, 0]
