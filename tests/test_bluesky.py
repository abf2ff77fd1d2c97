"""Bluesky: real answers of its interface, and the way through feeds, searches and threads on answers of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawlers.platforms import BlueskyTarget
from crawlers.post import post_id
from crawlers.spiders.bluesky import BlueskySpider
from tests.recorded_walk import REAL, Walk, needs_real, read
from tests.site import Answer
from tests.tapes import body, exchanges

API = "https://public.api.bsky.app/xrpc/app.bsky"
ANSWERS = REAL / "api" / "bluesky"
TARGET = BlueskyTarget(name="b", kind="bluesky", accounts=("a.example",))


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    monkeypatch.setenv("APP_PASSWORD", "s3cret")
    return Walk(tmp_path, monkeypatch)


def said(name: str) -> str:
    """The one answer of a tape."""
    (exchange,) = exchanges(ANSWERS / f"bskyr_{name}.yml")
    return body(exchange).decode()


@needs_real
@pytest.mark.parametrize(("name", "posts"), [
    ("getAuthorFeed", 43), ("getFeed", 7), ("getPostThread", 0), ("getPosts", 1), ("getQuotes", 2), ("searchPosts", 21),
])  # fmt: skip
def test_recorded_answers(name: str, posts: int) -> None:
    listing, found = read(BlueskySpider, TARGET, json.loads(said(name)), f"{API}.feed.{name}?limit=100")
    assert len(found) == posts, "reposts are left out, and authors who ask not to be shown"
    assert bool(listing.following) is (name in ("getAuthorFeed", "getFeed")), "a search goes on only with a login"
    assert all(post.text and post.published and post.author_id and post.author_name and post.likes is not None for post in found)
    assert all((post.thread_id == post.id) is (post.in_reply_to is None) for post in found)
    if name == "getAuthorFeed":
        assert found[0].url == "https://bsky.app/profile/chriskenny.bsky.social/post/3lof7sovfok2h"
        assert (found[0].language, found[0].author_id) == ("en", "bsky.app:did:plc:wpe35pganb6d4pg4ekmfy6u5")
        assert listing.following == f"{API}.feed.getAuthorFeed?limit=100&cursor=2024-03-21T23%3A36%3A16.378Z"
    if name == "getQuotes":
        assert found[0].quoted and found[0].quoted not in found[0].text


@needs_real
def test_a_recorded_profile_tells_the_followers(walk: Walk) -> None:
    walk.pages = {"getAuthorFeed": said("getAuthorFeed"), "cursor=": {"feed": []}, "getProfiles": said("getProfile")}
    assert walk.kept(walk.target("kind: bluesky\naccounts: [chriskenny.bsky.social]\ncomments: false\n")) == 43
    followers = {post.followers for post in walk.posts().values() if post.author_id == "bsky.app:did:plc:wpe35pganb6d4pg4ekmfy6u5"}
    assert followers == {554}


@needs_real
def test_a_recorded_thread_whose_only_post_has_no_words() -> None:
    _, found = read(
        BlueskySpider,
        TARGET,
        json.loads((ANSWERS / "atproto_threadViewPost.json").read_text()),
        f"{API}.feed.getPostThread",
    )
    assert found == []


def entry(number: int, text: str = "Вестарна", *, to: int | None = None, **more: Any) -> dict[str, Any]:
    def uri(of: int) -> str:
        return f"at://did:plc:anna/app.bsky.feed.post/{of}"

    author = {"did": "did:plc:anna", "handle": "anna.example", "displayName": "Анна"} | more.pop("author", {})
    reply = {} if to is None else {"reply": {"parent": {"uri": uri(to)}, "root": {"uri": uri(1)}}}
    record = {"text": text, "createdAt": f"2026-09-01T10:{number:02}:00Z", "langs": ["ru"]} | reply
    figures = {"replyCount": 0, "repostCount": 2, "likeCount": 3, "indexedAt": "2026-09-01T10:30:00.123Z"}
    return {"uri": uri(number), "author": author, "record": record} | figures | more


def methods(walk: Walk) -> list[str]:
    return [path.partition("?")[0].rpartition(".")[2] for path in walk.asked]


def test_a_documented_feed_with_a_thread_and_the_followers_of_its_authors(walk: Walk) -> None:
    deep = {"post": entry(3, "Глубоко", to=2), "replies": [{"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://x", "blocked": True}]}
    answer = {"post": entry(2, "Ответ", to=1), "replies": [deep]}
    shy = entry(4, author={"did": "did:plc:shy", "labels": [{"val": "!no-unauthenticated"}]})
    repost = {"post": entry(5), "reason": {"$type": "app.bsky.feed.defs#reasonRepost"}}
    quoting = entry(40, embed={"record": {"record": {"value": {"text": "Тариф"}}}, "media": {}})
    walk.pages = {
        "getAuthorFeed?actor=vestarna.example&": {"feed": [{"post": shy}, repost, {"post": quoting}], "cursor": "c1"},
        "cursor=c1": {"feed": [{"post": entry(1, "", replyCount=1)}]},
        "getPostThread": {"thread": {"post": entry(1, ""), "replies": [answer, {"$type": "app.bsky.feed.defs#notFoundPost"}]}},
        "getProfiles?actors=did:plc:anna": {"profiles": [{"did": "did:plc:anna", "followersCount": 12}]},
    }
    target = walk.target('kind: bluesky\naccounts: ["@vestarna.example"]\n')
    assert walk.kept(target) == 3
    assert methods(walk) == ["getAuthorFeed", "getProfiles", "getAuthorFeed", "getPostThread"]
    posts = walk.posts()
    first, reply, nested = posts["Вестарна"], posts["Ответ"], posts["Глубоко"]
    assert (first.quoted, first.followers, first.likes, first.shares) == ("Тариф", 12, 3, 2)
    assert first.published and first.published.isoformat() == "2026-09-01T10:30:00.123000+00:00", "no later than Bluesky saw it"
    root = post_id("bsky.app", "at://did:plc:anna/app.bsky.feed.post/1")
    assert (reply.in_reply_to, reply.thread_id, nested.in_reply_to, nested.thread_id) == (root, root, reply.id, root)
    assert walk.kept(target) == 0
    assert methods(walk) == ["getAuthorFeed", "getProfiles"]


def test_a_documented_search_without_a_login_and_with_one(walk: Walk) -> None:
    text = "kind: bluesky\nsearch: [вестарна]\n"
    walk.pages = {"searchPosts": Answer("<html>403 Forbidden</html>", 403)}
    assert "it wants a login: state `handle` and `password_env`" in (walk.collect(walk.target(text)).error or "")

    target = walk.target(text + "handle: we.example\npassword_env: APP_PASSWORD\n")
    refused = Answer('{"error": "AuthenticationRequired", "message": "Invalid identifier or password"}', 401)
    walk.pages = {"com.atproto.server.createSession": refused}
    told = walk.collect(target).error or ""
    assert "put an app password of that account into the environment variable APP_PASSWORD" in told and "s3cret" not in told

    walk.requests.clear()
    walk.pages = {"createSession": {"accessJwt": "jwt"}, "getProfiles": {"profiles": []}}
    walk.pages |= {"searchPosts": {"posts": [entry(9, "Девять")], "cursor": "100"}, "cursor=100": {"posts": [entry(8)]}}
    assert walk.kept(target) == 2
    assert [request.headers.get("Authorization") for request in walk.requests] == [None, *[b"Bearer jwt"] * 3]
    assert json.loads(walk.requests[0].body) == {"identifier": "we.example", "password": "s3cret"}
    assert not any(key in request.url for request in walk.requests for key in ("jwt", "s3cret"))
    kept = [path.read_bytes() for path in walk.data.rglob("*") if path.is_file()]
    assert kept and not any(key in each for each in kept for key in (b"jwt", b"s3cret"))
