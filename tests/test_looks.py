"""What each interface says of posts that it is asked for by their ids: here, gone, or nothing that can be believed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crawlers.collectors.reddit import second_looks as reddit_looks
from crawlers.kinds import RedditTarget
from crawlers.look import Fate, Known, by_page, fate_of_page
from crawlers.source import CollectError
from tests.recorded_walk import Walk, spider_of
from tests.site import Answer, site

HERE, GONE, UNTOLD = Fate.HERE, Fate.GONE, Fate.UNTOLD
PAGE = Answer("<html>Service is being repaired</html>", 404)
"""What a server in front of an interface may say while the interface is away."""


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def known(*raws: dict[str, Any]) -> list[Known]:
    return [Known(id=str(number), url=f"https://s.example/{number}", content="", raw=raw) for number, raw in enumerate(raws)]


def seen(walk: Walk, text: str, posts: Sequence[Known]) -> list[Fate]:
    """The fate of each post in order."""
    spider = spider_of(walk.target(text))
    spider.answered = walk.answered  # type: ignore[method-assign]

    async def look() -> dict[str, Fate]:
        return {each.id: each.fate async for each in spider.second_looks(posts)}

    fates = asyncio.run(look())
    return [fates[one.id] for one in posts if one.id in fates]


def test_mastodon_as_documented(walk: Walk) -> None:
    walk.pages = {"statuses/1": {"id": "1"}, "statuses/2": Answer('{"error": "Record not found"}', 404), "statuses/3": PAGE}
    walk.pages |= {"statuses/4": Answer('{"error": "This method requires an authenticated user"}', 422), "statuses/5": {"id": "6"}}
    posts = known(*({"id": str(n)} for n in range(1, 6)))
    assert seen(walk, "kind: mastodon\nurl: https://s.example\nhashtags: [a]\n", posts) == [HERE, GONE, UNTOLD, UNTOLD, UNTOLD]


def test_hacker_news_as_documented(walk: Walk) -> None:
    walk.pages = {"item/1.": {"id": 1}, "item/2.": {"id": 2, "deleted": True}, "item/3.": {"id": 3, "dead": True}, "item/4.": "null"}
    posts = known({"objectID": "1"}, {"id": 2}, {"objectID": "3"}, {"id": 4})
    assert seen(walk, "kind: hackernews\nsearch: [a]\n", posts) == [HERE, GONE, GONE, UNTOLD]


def test_habr_as_documented(walk: Walk) -> None:
    author, gone = {"id": "1", "alias": "a"}, {"message": "UFO just landed and posted this here", "author": None}
    walk.pages = {"articles/1/": {"id": "1", "textHtml": "a"}, "articles/2/": Answer('{"code": 404, "message": "Resource not found"}', 404)}
    walk.pages |= {"articles/3/": PAGE, "articles/4/": Answer('{"code": 451, "message": "Unavailable"}', 451)}
    below = {"5": {"id": "5", "message": "a", "author": author}, "6": {"id": "6"} | gone}
    walk.pages |= {"articles/1/comments/": {"comments": below}, "articles/2/comments/": walk.pages["articles/2/"]}
    posts = known(*({"id": str(n)} for n in range(1, 5)), *({"id": str(n), "message": "a", "thread": "articles/1"} for n in range(5, 8)))
    posts += [Known(id="8", url=None, content="", raw={"id": "8", "message": "a", "thread": "companies/a/articles/2"})]
    assert seen(walk, "kind: habr\n", posts) == [HERE, GONE, UNTOLD, UNTOLD, HERE, GONE, UNTOLD, GONE]
    assert len(walk.asked) == 6, "the comments of an article by one question"
    walk.pages["articles/1/comments/"] = {"comments": {"5": {"id": "5", "message": "a", "user": author}}}
    assert seen(walk, "kind: habr\n", posts[4:5]) == [UNTOLD], "the author has another name there"


def test_stack_exchange_as_documented(walk: Walk) -> None:
    walk.pages = {"/posts/": {"items": [{"post_id": 1}, {"post_id": 3}]}, "/comments/": {"items": [{"comment_id": 5}]}}
    posts = known(
        {"question_id": 1}, {"answer_id": 2, "question_id": 1}, {"answer_id": 3, "question_id": 1}, {"comment_id": 4}, {"comment_id": 5}
    )
    text = "kind: stackexchange\ncommunity: s.example\ntags: [a]\n"
    assert seen(walk, text, posts) == [HERE, GONE, HERE, GONE, HERE]
    assert walk.asked == ["2.3/posts/1;2;3?site=s.example&pagesize=100", "2.3/comments/4;5?site=s.example&pagesize=100"]
    walk.pages = {"/posts/": Answer('{"error_id": 502, "error_name": "throttle_violation", "error_message": "in 9 seconds"}', 400)}
    with pytest.raises(CollectError, match="throttle_violation"):
        seen(walk, text, posts[:1])


def test_discourse_as_documented(walk: Walk) -> None:
    shown = {"id": 1, "post_number": 1, "cooked": "<p>a</p>"}
    walk.pages = {"posts/1.": shown, "posts/2.": Answer('{"errors": ["not found"], "error_type": "not_found"}', 404)}
    walk.pages |= {"posts/3.": shown | {"id": 3, "user_deleted": True}, "posts/4.": shown | {"id": 4, "hidden": True}}
    walk.pages |= {"posts/5.": Answer('{"errors": ["no"], "error_type": "invalid_access"}', 403), "posts/6.": PAGE}
    posts = known(*({"id": n} for n in range(1, 7)))
    assert seen(walk, "kind: discourse\nurl: https://s.example\n", posts) == [HERE, GONE, GONE, HERE, UNTOLD, UNTOLD]


def test_wordpress_as_documented(walk: Walk) -> None:
    walk.pages = {"s.example": "<html></html>", "posts/1?": {"id": 1, "content": {}}}
    walk.pages |= {"posts/2?": Answer('{"code": "rest_post_invalid_id", "message": "no"}', 404)}
    walk.pages |= {
        "posts/3?": Answer('{"code": "rest_no_route", "message": "no"}', 404),
        "posts/4?": Answer('{"code": "rest_forbidden"}', 401),
    }
    walk.pages |= {"comments/5?": Answer('{"code": "rest_comment_invalid_id", "message": "no"}', 404)}
    posts = known(*({"id": n} for n in range(1, 5)), {"id": 5, "post": 1})
    assert seen(walk, "kind: wordpress\nurl: https://s.example\n", posts) == [HERE, GONE, UNTOLD, UNTOLD, GONE]


def test_vk_as_documented(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VK", "token")
    text = "kind: vk\nwalls: [a]\ntoken_env: VK\n"
    items = [{"owner_id": -1, "id": 1, "text": "a"}, {"owner_id": -1, "id": 3, "is_deleted": True}]
    walk.pages = {"wall.getById": {"response": {"items": items}}, "comment_id=4": {"response": {"items": [{"id": 4, "deleted": True}]}}}
    walk.pages |= {"comment_id=5": {"error": {"error_code": 15, "error_msg": "Access denied"}}, "comment_id=6": {"response": {"items": []}}}
    walk.pages |= {"comment_id=7": {"response": {"items": [{"id": 7, "text": "a"}]}}}
    posts = known(*({"owner_id": -1, "id": n} for n in (1, 2, 3)), *({"owner_id": -1, "post_id": 1, "id": n} for n in (4, 5, 6, 7)))
    below_video = {"owner_id": -1, "video_id": 1, "id": 4}
    assert seen(walk, text, known(below_video)) == [Fate.UNASKED]
    assert seen(walk, text, posts) == [HERE, GONE, GONE, GONE, UNTOLD, UNTOLD, HERE]
    walk.pages = {"wall.getById": {"error": {"error_code": 5, "error_msg": "User authorization failed"}}}
    with pytest.raises(CollectError, match="isn't valid any more"):
        seen(walk, text, posts)


def test_telegram_as_documented(walk: Walk) -> None:
    def page(*numbers: int) -> str:
        messages = "".join(
            f'<div class="tgme_widget_message" data-post="Vestarna/{n}"><div class="js-message_text">a</div></div>' for n in numbers
        )
        return f'<div class="tgme_channel_history">{messages}</div>'

    walk.pages = {"before=21": page(5, 8, 11, 18, 19), "before=4": page(3)}
    posts = known(*({"post": f"Vestarna/{n}"} for n in (20, 19, 11, 9, 6, 3)))
    text = "kind: telegram\nchannels: [vestarna]\n"
    assert seen(walk, text, posts) == [GONE, HERE, HERE, GONE, GONE, HERE]
    assert walk.asked == ["s/Vestarna?before=21", "s/Vestarna?before=4"]
    walk.pages = {"before=21": page(18), "before=4": "<html>If you have Telegram, you can contact</html>"}
    assert seen(walk, text, posts) == [GONE, GONE, UNTOLD, UNTOLD, UNTOLD, UNTOLD], "below the page's span, and a page of no channel"
    walk.pages = {"before=": page(25)}
    assert seen(walk, text, posts) == [UNTOLD] * 6, "another page than was asked for"


def test_bluesky_as_documented(walk: Walk) -> None:
    walk.pages = {"getPosts": {"posts": [{"uri": "at://a/1"}]}}
    posts = known({"uri": "at://a/1"}, {"uri": "at://a/2"})
    text = "kind: bluesky\naccounts: [a]\n"
    assert seen(walk, text, posts) == [HERE, GONE]
    for answer in ("{}", Answer("[]", 404), Answer('{"error": "InvalidRequest"}', 400)):
        walk.pages = {"getPosts": answer}
        assert seen(walk, text, posts) == [UNTOLD] * 2
    walk.pages = {"getPosts": Answer('{"error": "InternalServerError"}', 500)}
    with pytest.raises(CollectError, match="InternalServerError"):
        seen(walk, text, posts)


def test_youtube_as_documented(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YT", "key")
    walk.pages = {"/comments?": {"items": [{"id": "b", "snippet": {"textDisplay": "a"}}]}}
    walk.pages["/videos?"] = {"items": [{"id": "w", "snippet": {"title": "W", "description": ""}}]}
    videos = [{"id": id, "snippet": {"title": id}} for id in ("v", "w")]
    posts = known({"id": "a", "snippet": {}}, {"id": "b", "snippet": {"videoId": "v"}}, *videos)
    text = "kind: youtube\nvideos: [a]\nkey_env: YT\n"
    assert seen(walk, text, posts) == [GONE, HERE, GONE, HERE]
    walk.pages |= {"/comments?": Answer('{"error": {"errors": [{"reason": "quotaExceeded"}], "message": "no"}}', 403)}
    with pytest.raises(CollectError, match="quota"):
        seen(walk, text, posts)


def test_app_store_tells_nothing(walk: Walk) -> None:
    assert seen(walk, "kind: appstore\napps: [1]\n", known({})) == [Fate.UNASKED] and not walk.requests


def test_livejournal_and_other_made_pages(walk: Walk) -> None:
    walk.pages = {"s.example/0": "a page", "s.example/1": Answer("", 410), "s.example/2": Answer("", 403)}
    assert seen(walk, "kind: livejournal\nurl: https://s.example\n", known({}, {}, {})) == [HERE, GONE, UNTOLD]


def test_reddit_as_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_REDDIT_ID", "id")
    monkeypatch.setenv("MOLVA_REDDIT_SECRET", "secret")
    made = {"created_utc": 1788007200.0, "subreddit": "brokers", "subreddit_id": "t5_1", "link_id": "t3_1"}
    said = [
        {"kind": "t1", "data": {"name": "t1_a", "id": "a", "author": "anna", "body": "Fine", **made}},
        {"kind": "t1", "data": {"name": "t1_b", "id": "b", "author": "[deleted]", "body": "[deleted]", **made}},
        {"kind": "t3", "data": {"name": "t3_c", "id": "c", "author": "anna", "selftext": "", "removed_by_category": "moderator", **made}},
    ]
    with site() as server:
        where = {"reddit_url": server.url, "oauth_url": server.url, "short_url": server.url}
        target = RedditTarget(name="r", kind="reddit", subreddits=("brokers",), allow_private=True, delay=0, **where)  # type: ignore[arg-type]
        headers = {"Content-Type": "application/json"}
        server.pages["/api/v1/access_token"] = Answer('{"access_token": "a", "expires_in": 3600, "scope": "*"}', headers=headers)
        server.pages["/api/info/"] = Answer(json.dumps({"kind": "Listing", "data": {"children": said, "after": None}}), headers=headers)
        posts = known(*({"name": name} for name in ("t1_a", "t1_b", "t3_c", "t1_d")))
        found = {look.id: (look.fate, look.sign) for look in reddit_looks(target, posts, data=tmp_path)}
        assert found == {"0": (HERE, ""), "1": (GONE, "deleted"), "2": (GONE, "moderator"), "3": (UNTOLD, "")}
        server.pages["/api/info/"] = Answer("", 403)
        with pytest.raises(CollectError):
            list(reddit_looks(target, posts, data=tmp_path))


def test_pages() -> None:
    assert fate_of_page(404, "http://www.s.example/a/", "https://s.example/a") == (GONE, "404")
    assert fate_of_page(404, "http://s.example/a", "http://s.example/login?to=a")[0] is UNTOLD
    posts = [
        Known(id=str(n), url=url, content="", raw={})
        for n, url in enumerate(["http://s/t#1", "http://s/t#2", "http://s/u", "http://s/", None])
    ]
    told = [[one.id for one in some] for some in by_page(posts, lists=("http://s",))]
    assert told == [["2"]]
