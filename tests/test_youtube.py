"""YouTube: real answers of its interface, and the way through comments on answers of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawlers.interface import Ended
from crawlers.platforms import YoutubeTarget
from crawlers.post import post_id
from crawlers.run import Outcome
from crawlers.spiders.youtube import YoutubeSpider, channel_of, video_id
from tests.recorded_walk import REAL, Walk, needs_real, read
from tests.site import Answer

ANSWERS = REAL / "api" / "youtube"
TARGET = "kind: youtube\nvideos: [aaaaaaaaaaa]\nkey_env: YOUTUBE_KEY\n"
SEARCH = "kind: youtube\nsearch: [вестарна]\nkey_env: YOUTUBE_KEY\n"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    monkeypatch.setenv("YOUTUBE_KEY", "s3cret")
    return Walk(tmp_path, monkeypatch)


@needs_real
@pytest.mark.parametrize("path", sorted(ANSWERS.glob("comment*.json")), ids=lambda path: path.stem)
def test_recorded_comments(path: Path) -> None:
    answer = json.loads(path.read_text(encoding="utf-8"))
    listing, posts = read(YoutubeSpider, _spider().target, answer, "https://www.googleapis.com/youtube/v3/x?maxResults=5")
    assert len(posts) == len(answer["items"])
    assert bool(listing.following) is ("nextPageToken" in answer)
    assert all(post.text and post.published and post.author_id and post.author_name and post.likes is not None for post in posts)
    replies = [post for post in posts if post.in_reply_to]
    assert len(replies) == (len(posts) if path.stem.startswith("comments_by_parent") else 0)
    assert all(post.thread_id == post.in_reply_to for post in replies)
    threads = [thread for raw in listing.raws if (thread := YoutubeSpider.thread(_spider(), raw))]
    assert [thread.replies for thread in threads] == {
        "comment_threads_all_to_me": [1], "comment_threads_by_video_paged_1": [2], "comment_threads_by_video_paged_2": [2],
    }.get(path.stem, [])  # fmt: skip
    if path.stem == "comment_threads_by_video_paged_1":
        assert (posts[0].text, posts[0].edited) == ("Google.com", None)
        assert posts[0].url == "https://www.youtube.com/watch?v=F1UP7wRCPH8&lc=UgyZ1jqkHKYvi1-ruOZ4AaABAg"


def _spider() -> YoutubeSpider:
    spider = YoutubeSpider.__new__(YoutubeSpider)
    spider.target = YoutubeTarget(name="y", kind="youtube", videos=("aaaaaaaaaaa",), key_env="YOUTUBE_KEY")
    return spider


@needs_real
def test_recorded_channels_searches_and_errors(walk: Walk) -> None:
    channels = json.loads((ANSWERS / "info_multiple.json").read_text(encoding="utf-8"))["items"]
    assert channel_of(channels[0]) == {"channel": "@google", "subscribers": 10_700_000}
    [alone] = json.loads((ANSWERS / "info.json").read_text(encoding="utf-8"))["items"]
    assert channel_of(alone) == {"channel": "@googledevelopers"}, "asked for without figures"
    nothing: Any = {"items": []}
    found = (ANSWERS / "search_by_keywords_p1.json").read_text(encoding="utf-8")
    walk.pages = {"v3/search": found, "v3/commentThreads": nothing, "v3/videos": nothing}
    assert walk.kept(walk.target(SEARCH)) == 0
    asked = walk.asked
    assert len(asked) == 1 + 1 + 25 and "commentThreads?videoId=gQ_1zX-F_No&" in asked[2]
    assert asked[1].startswith("youtube/v3/videos?part=snippet,statistics&id=gQ_1zX-F_No,")
    walk.pages["v3/search"] = (ANSWERS / "search_videos_by_channel.json").read_text(encoding="utf-8")
    assert walk.kept(walk.target(SEARCH)) == 0
    assert "videoId=LrQWzOkC0XQ" in "".join(walk.asked)
    with pytest.raises(Ended, match="put a right one into the variable that `key_env` names"):
        _spider().complaint(json.loads((ANSWERS / "error_response.json").read_text(encoding="utf-8")))
    refused = _spider().complaint(json.loads((ANSWERS / "error_permission_resp.json").read_text(encoding="utf-8")))
    assert refused == "YouTube says 'The caller does not have permission' (SERVICE_UNAVAILABLE)"


@needs_real
def test_recorded_videos() -> None:
    made = {}
    for name in ("videos_info_multi", "videos_info_single", "videos_chart_paged_1"):
        answer = json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))
        _, made[name] = read(YoutubeSpider, _spider().target, answer, "https://www.googleapis.com/youtube/v3/videos?id=x")
        assert all(post.text and post.title and post.published and post.author_id and post.thread_id == post.id for post in made[name])
    assert {name: len(posts) for name, posts in made.items()} == {
        "videos_info_multi": 2, "videos_info_single": 1, "videos_chart_paged_1": 5,
    }  # fmt: skip
    [video] = made["videos_info_single"]
    assert (video.title, video.url) == ("What are Actions on Google (Assistant on Air)", "https://www.youtube.com/watch?v=D-lhorsDlUQ")
    assert (video.author_id, video.author_name) == ("youtube.com:UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google Developers")
    assert {post.views for posts in made.values() for post in posts} == {None}, "they were asked for without figures"


def comment(id: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    moments = {"publishedAt": "2026-09-01T10:00:00Z", "updatedAt": "2026-09-01T10:00:00Z"}
    said = {"authorDisplayName": "@anna", "authorChannelId": {"value": "UCanna"}, "textDisplay": text or id, "likeCount": 4} | moments
    return {"id": id, "snippet": said | more}


def thread(id: str, replies: int = 0, *, beside: int = 0, text: str | None = None) -> dict[str, Any]:
    shown = {"replies": {"comments": [comment(f"{id}.{number}", parentId=id) for number in range(beside)]}} if beside else {}
    where = {"videoId": "aaaaaaaaaaa", "channelId": "UCvest"}
    return {"id": id, "snippet": where | {"topLevelComment": comment(id, text), "totalReplyCount": replies}} | shown


def video(id: str = "aaaaaaaaaaa", description: str = "Разбор тарифов", **figures: str) -> dict[str, Any]:
    said = {"publishedAt": "2026-09-01T09:00:00Z", "channelId": "UCvest", "channelTitle": "Вестарна", "title": f"Ролик {id}"}
    return {"id": id, "snippet": said | {"description": description}, "statistics": figures}


def error(reason: str, code: int = 403) -> Answer:
    message = f"The request <code><a href='#'>{reason}</a></code>"
    return Answer(json.dumps({"error": {"code": code, "message": message, "errors": [{"reason": reason, "domain": "youtube"}]}}), code)


def methods(walk: Walk) -> list[str]:
    return [path.partition("?")[0].rpartition("/")[2] for path in walk.asked]


def test_documented_replies_are_asked_for_only_where_more_are_there_than_stand_beside_their_comment(walk: Walk) -> None:
    many = [comment(f"b.{number}", parentId="b", updatedAt="2026-09-02T10:00:00Z") for number in range(7)]
    channel = {"id": "UCvest", "snippet": {"title": "Вестарна", "customUrl": "@vestarna"}, "statistics": {"subscriberCount": "900"}}
    first_page = [thread("b", 7, beside=5, text="Вестарна &amp; банк<br>не платит"), thread("a", 2, beside=2)]
    walk.pages = {
        "commentThreads?videoId=aaaaaaaaaaa&": {"items": first_page, "nextPageToken": "more"}, "pageToken=more": {"items": [thread("c")]},
        "v3/comments?": {"items": many}, "v3/channels?": {"items": [channel]}, "v3/videos?": {"items": [video(viewCount="5000")]},
    }  # fmt: skip
    target = walk.target(TARGET)
    assert walk.kept(target) == 1 + 1 + 7 + 1 + 2 + 1
    assert {request.headers["X-Goog-Api-Key"] for request in walk.requests} == {b"s3cret"}
    assert not any("s3cret" in request.url for request in walk.requests)
    assert methods(walk) == ["videos", "channels", "commentThreads", "channels", "comments", "commentThreads"]
    posts = walk.posts()
    first, reply = posts["Вестарна & банк\nне платит"], posts["b.6"]
    assert (first.replies, first.members, first.place, first.edited) == (7, 900, "@vestarna", None)
    assert (reply.in_reply_to, reply.thread_id, reply.url) == (first.id, first.id, "https://www.youtube.com/watch?v=aaaaaaaaaaa&lc=b.6")
    assert first.id == post_id("youtube.com", "b") and reply.edited and reply.edited.day == 2
    shown = posts["Разбор тарифов"]
    assert (shown.title, shown.place, shown.author_id) == ("Ролик aaaaaaaaaaa", "@vestarna", "youtube.com:UCvest")
    assert (shown.views, shown.followers, shown.likes, shown.replies) == (5000, 900, None, None)
    assert walk.kept(target) == 0
    assert methods(walk) == ["videos", "channels", "commentThreads"], "a unit for the video, one for the comments, one for the channel"
    walk.pages["v3/videos?"] = {"items": [video(viewCount="6000")]}
    assert walk.collect(target).counts.outcomes[Outcome.CHANGED] == 1


def by(author: str | None, id: str) -> dict[str, Any]:
    """A thread that was begun from a channel."""
    said = thread(id)
    said["snippet"]["topLevelComment"]["snippet"]["authorChannelId"] = {"value": author} if author else None
    return said


def channel(id: str, **figures: Any) -> dict[str, Any]:
    return {"id": id, "snippet": {"title": id}, "statistics": figures}


def asked_of(walk: Walk) -> list[str]:
    """The channels that each request for some named."""
    return [path.rpartition("&id=")[2] for path in walk.asked if "/channels?" in path]


def test_documented_subscribers_of_commenters_are_asked_for_together_and_not_again(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = [by("UCanna", "a"), by("UChidden", "b"), by("UCgone", "c"), by("UCvest", "d"), by(None, "e")]
    hidden = channel("UChidden", hiddenSubscriberCount=True, subscriberCount="0")
    known = [channel("UCvest", subscriberCount="900"), channel("UCanna", subscriberCount="40"), hidden]
    walk.pages = {"commentThreads": {"items": page}, "v3/videos": {"items": []}, "v3/channels?": {"items": known}}
    target = walk.target(TARGET)
    assert walk.kept(target) == 5
    assert asked_of(walk) == ["UCanna,UCgone,UChidden,UCvest"], "a unit for all of them"
    assert {text: post.followers for text, post in walk.posts().items()} == {"a": 40, "b": None, "c": None, "d": 900, "e": None}
    assert walk.posts()["a"].reach_estimated == 40 and walk.posts()["b"].reach_estimated == 900

    walk.pages["commentThreads"] = {"items": [by("UColeg", "f"), *page]}
    counts = walk.collect(target).counts.outcomes
    assert (counts[Outcome.KEPT], counts[Outcome.CHANGED]) == (1, 0), "who is remembered has the followers that he had"
    assert asked_of(walk) == ["UColeg,UCvest"]

    monkeypatch.setattr("crawlers.progress.AUTHORS", 3)
    assert walk.kept(target) == 0 and asked_of(walk) == ["UCvest"]
    assert walk.kept(target) == 0 and asked_of(walk) == ["UCgone,UCvest"], "of more than are remembered the first are"


def test_comments_that_are_switched_off_and_a_quota_that_is_used_up_as_documented(walk: Walk) -> None:
    found = {"items": [{"id": {"videoId": f"video{number:06}"}} for number in (1, 2)]}
    walk.pages = {
        "v3/videos": {"items": []},
        "v3/search": found,
        "v3/channels": {},
        "video000001": error("commentsDisabled"),
        "video000002": {"items": [thread("a", 9)]},
    }
    walk.pages["v3/comments?"] = error("quotaExceeded")
    target = walk.target(SEARCH)
    run = walk.collect(target)
    assert run.error and "used up and begins anew at midnight Pacific time" in run.error and "commentsDisabled" not in run.error
    assert set(walk.posts()) == {"a"}
    walk.pages |= {"v3/comments?": {"items": [comment("a.1", parentId="a")]}, "video000002": {"items": []}}
    assert walk.kept(target) == 1, "the thread has waited"
    walk.pages = {"commentThreads": error("videoNotFound", 404), "v3/videos": {"items": []}}
    assert "there is no such video: check `videos`" in (walk.collect(walk.target(TARGET)).error or "")


def test_a_documented_video_and_channel_are_named_in_several_ways(walk: Walk) -> None:
    ways = ("{}", "https://youtu.be/{}?t=1", "https://www.youtube.com/watch?v={}&t=1", "youtube.com/shorts/{}")
    assert {video_id(way.format("dQw4w9WgXcQ")) for way in ways} == {"dQw4w9WgXcQ"}
    walk.pages = {"v3/channels": {"items": [{"id": "UCvest"}]}, "commentThreads": {"items": []}}
    target = walk.target(TARGET.replace("videos: [aaaaaaaaaaa]", 'channels: ["https://www.youtube.com/@vestarna", UCother]'))
    assert walk.kept(target) == 0
    handle, *threads = walk.asked
    assert handle == "youtube/v3/channels?part=id&forHandle=@vestarna"
    assert [path.partition("&")[0].partition("=")[2] for path in threads] == ["UCvest", "UCother"]
    walk.pages["v3/channels"] = {"pageInfo": {"totalResults": 0}}
    assert "@vestarna: there is no such channel" in (walk.collect(target).error or "")


@pytest.mark.parametrize("refused", [error("forbidden"), Answer("no", 403)])
def test_documented_comments_are_kept_where_their_channel_can_not_be_had(walk: Walk, refused: Answer) -> None:
    walk.pages = {
        "commentThreads?videoId=aaaaaaaaaaa&": {"items": [thread("a")], "nextPageToken": "more"},
        "pageToken=more": {"items": [thread("b")]}, "v3/channels?": refused, "v3/videos?": {"items": [video()]},
    }  # fmt: skip
    assert walk.kept(walk.target(TARGET)) == 3
    assert {post.place for post in walk.posts().values() if post.members is None} == {"UCvest"}


def test_documented_channels_and_searches_that_fail_keep_no_other_from_being_read(walk: Walk) -> None:
    target = walk.target("kind: youtube\nchannels: ['@gone', '@vestarna']\nsearch: [банк]\nkey_env: YOUTUBE_KEY\n")
    walk.pages = {"forHandle=@gone": {"items": []}, "forHandle=@vestarna": {"items": [{"id": "UCvest"}]}, "v3/search": {"found": 0}}
    walk.pages |= {"commentThreads": {"items": [thread("a")]}, "part=snippet,statistics": {"items": []}}
    run = walk.collect(target)
    assert run.counts.outcomes[Outcome.KEPT] == 1
    assert run.error and "@gone: " in run.error and "told in another form (KeyError: 'items')" in run.error

    walk.pages["forHandle=@gone"] = error("keyInvalid", 400)
    walk.requests.clear()
    walk.collect(target)
    assert methods(walk) == ["channels"], "of a key that is refused nothing else can be had"
