"""YouTube: videos that are named or that a search finds, and the comments below them and below all videos of a channel.

The rule to know: a video is a post of its channel, as a comment is one of its author. Each request costs units of a day's quota, so
that what a page of comments already holds is never asked for again: few replies stand beside their comment, more of them are a thread
of their own. The subscribers of its authors are remembered from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.interface import Closed, Ended, error_of, groups, parsed, with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Known, Look, by_absence
from crawlers.moment import parse_moment
from crawlers.page import plain
from crawlers.platforms import YoutubeTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError
from crawlers.trouble import Trouble

SITE = "youtube.com"
MEND = {
    "quotaExceeded": "the day's quota is used up and begins anew at midnight Pacific time: a rarer `schedule`, fewer `search` or a smaller "
    "`found` ask less",
    "rateLimitExceeded": "too many requests in a minute: it is asked again later",
    "keyInvalid": "the key isn't valid: put a right one into the variable that `key_env` names",
    "accessNotConfigured": "switch the YouTube Data API v3 on in the project of the key",
    "videoNotFound": "there is no such video: check `videos`",
    "channelNotFound": "there is no such channel: check `channels`",
}
"""What to do about an error, by its reason. developers.google.com/youtube/v3/docs/errors"""
SAME = {"dailyLimitExceeded": "quotaExceeded", "API_KEY_INVALID": "keyInvalid", "SERVICE_DISABLED": "accessNotConfigured"}
A_MINUTE = 60.0
"""Seconds after which its requests of a minute are counted anew."""
ENDING = {"quotaExceeded", "keyInvalid", "accessNotConfigured"}
"""Errors that every other request would meet too."""

_VIDEO = re.compile(r"(?:^|[/=])([\w-]{11})(?=$|[?&#/])")
_GIVE = "give the address of a video, of a channel (`/@name`, `/channel/UC…`) or of a search (`/results?search_query=…`)"
_KEY = {"key_env": "MOLVA_YOUTUBE_KEY", "schedule": "every 2 hours"}
KNOWN_BY = KnownBy(
    engine="YouTube",
    addresses=(
        Address(like=r"youtube\.com/watch\?(?:.*&)?v=(?P<video>[\w-]{11})(?:&.*)?", says={"videos": ["{video}"]} | _KEY),
        Address(like=r"youtu\.be/(?P<video>[\w-]{11})(?:\?.*)?", says={"videos": ["{video}"]} | _KEY),
        Address(like=r"youtube\.com/(?:shorts|live|embed)/(?P<video>[\w-]{11})(?:[/?].*)?", says={"videos": ["{video}"]} | _KEY),
        Address(like=r"youtube\.com/(?:channel/)?(?P<channel>@[^/?]+|UC[\w-]{22})(?:[/?].*)?", says={"channels": ["{channel}"]} | _KEY),
        Address(like=r"youtube\.com/results\?(?:.*&)?search_query=(?P<query>[^&]+).*", says={"search": ["{query}"]} | _KEY),
        Address(like=r"(?:youtube\.com|youtu\.be)/.*", refused=_GIVE),
    ),
)


class YoutubeSpider(ListingSpider[YoutubeTarget]):
    """Walks videos and comments: `scrapy crawl youtube -a target=NAME`. developers.google.com/youtube/v3/docs"""

    name = "youtube"
    together = 50
    channels: dict[str, dict[str, Any]]
    """Name and subscribers of each channel asked for in this run, by its id."""

    async def lists(self) -> dict[str, str]:
        self.channels = {}
        how = {"part": "snippet,replies", "order": "time", "maxResults": 100}
        found = {}
        for name in self.target.channels:
            if channel := await self.tried(self.channel(name)):
                found[name] = self.method("commentThreads", allThreadsRelatedToChannelId=channel, **how)
        videos = [video_id(name) for name in self.target.videos]
        for query in self.target.search:
            videos += await self.tried(self.found_by(query)) or ()
        videos = list(dict.fromkeys(videos))
        found |= {f"videos from {number * self.together}": self.videos(some) for number, some in enumerate(groups(videos, self.together))}
        return found | {f"video {id}": self.method("commentThreads", videoId=id, **how) for id in videos}

    def videos(self, ids: Sequence[str]) -> str:
        """Address of what YouTube tells of videos, for one unit."""
        return self.method("videos", part="snippet,statistics", id=",".join(ids))

    def method(self, name: str, **parameters: Any) -> str:
        """Address of a method with its parameters."""
        return f"{self.target.url.rstrip('/')}/youtube/v3/{name}?{urlencode(parameters)}"

    async def found_by(self, query: str) -> list[str]:
        """Ids of the newest videos that a search finds. Raises Trouble."""
        address = self.method("search", part="snippet", type="video", order="date", maxResults=self.target.found, q=query)
        return [each["id"]["videoId"] for each in parsed(await self.answer(address))["items"]]

    async def channel(self, name: str) -> str:
        """Id of a channel. Raises Trouble where a handle is nobody's."""
        name = name.rstrip("/").rpartition("/")[2]
        if not name.startswith("@"):
            return name
        answer = parsed(await self.answer(self.method("channels", part="id", forHandle=name)))
        if not answer.get("items"):
            raise Trouble(f"{name}: {MEND['channelNotFound']}", transient=False)
        return str(answer["items"][0]["id"])

    def request(self, url: str) -> Request:
        request = super().request(url)
        request.headers["X-Goog-Api-Key"] = self.secret("key_env")
        return request

    def complaint(self, answer: Any) -> str | None:
        reasons = _reasons(answer)
        if not reasons:
            return None
        if "commentsDisabled" in reasons:
            raise Closed("comments are switched off")
        reason = next((reason for reason in reasons if reason in MEND), None)
        said = f"YouTube says {plain(answer['error'].get('message', '')).own!r} ({', '.join(reasons)})"
        said += f": {MEND[reason]}" if reason else ""
        if reason in ENDING:
            raise Ended(said)
        return said

    def pause(self, answer: Any) -> float | None:
        return A_MINUTE if "rateLimitExceeded" in _reasons(answer) else None

    def read(self, answer: Any, response: Response) -> Listing:
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise CollectError(f"{response.url} gives no list of videos or comments: is {self.target.url} the interface of YouTube?")
        raws = [raw for item in items for raw in _posts(item) if is_video(raw) or raw["snippet"].get("textDisplay", "").strip()]
        following = None
        if token := answer.get("nextPageToken"):
            following = with_parameters(response.url, pageToken=token)
        return Listing(tuple(raws), following)

    async def filled(self, listing: Listing) -> Listing:
        """Each item with its channel, and each comment with its author's subscribers: those are asked for once while he is remembered."""
        authors = {author for raw in listing.raws if (author := author_of(raw))} - self.state.followers.keys()
        places = {raw["snippet"].get("channelId", "") for raw in listing.raws}
        for some in groups(sorted((authors | places) - {"", *self.channels}), 50):
            answer = parsed(await self.answer(self.method("channels", part="snippet,statistics", maxResults=50, id=",".join(some))))
            self.channels |= {id: {} for id in some} | {each["id"]: channel_of(each) for each in answer.get("items", ())}
        self.state.followers |= {author: self.channels[author].get("subscribers") for author in authors}
        return replace(listing, raws=tuple(raw | self.known_of(raw) for raw in listing.raws))

    def known_of(self, raw: dict[str, Any]) -> dict[str, Any]:
        """What is known of an item's channel and author."""
        followers = self.state.followed_by(author) if (author := author_of(raw)) else None
        return self.channels.get(raw["snippet"].get("channelId"), {}) | ({} if followers is None else {"followers": followers})

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        if raw.get("answers", 0) <= raw.get("beside", 0):
            return None
        address = self.method("comments", part="snippet", parentId=raw["id"], maxResults=100)
        # Replies don't say below which video they stand.
        return Thread(f"{raw['snippet'].get('videoId', '')}/{raw['id']}", address, raw["answers"])

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """Videos together, and comments together."""
        yield from super().questions([one for one in known if is_video(one.raw)])
        yield from super().questions([one for one in known if not is_video(one.raw)])

    def inquiry(self, some: Sequence[Known]) -> str:
        if is_video(some[0].raw):
            return self.videos([one.raw["id"] for one in some])
        return self.method("comments", part="snippet", id=",".join(one.raw["id"] for one in some), maxResults=self.together)

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """What stands with a post in its list, as the channel, or the video of a comment, stays with it."""
        items = {item["id"]: item for item in answer["items"]}
        there: dict[str, dict[str, Any] | None] = {}
        for one in some:
            if item := items.get(one.raw["id"]):
                there[one.raw["id"]] = one.raw | (_of_video(item) if is_video(one.raw) else _kept(item, one.raw["snippet"]))
        return by_absence(some, [one.raw["id"] for one in some], there)


def _reasons(answer: Any) -> list[str]:
    """What an error says is wrong, each by one name; nothing where an answer is no error."""
    error = error_of(answer)
    if not isinstance(error, dict):
        return []
    told = [each.get("reason", "") for each in (*error.get("errors", ()), *error.get("details", ()))] or [error.get("status", "unknown")]
    return [SAME.get(reason, reason) for reason in told]


def video_id(name: str) -> str:
    """Id of a video by its id or address."""
    found = _VIDEO.search(name)
    return found[1] if found else name


def is_video(raw: dict[str, Any]) -> bool:
    """Whether a raw item is a video: a comment has no title."""
    return "title" in raw["snippet"]


def author_of(raw: dict[str, Any]) -> str | None:
    """Whose channel a comment was written from; None of a video, and of whom YouTube doesn't name."""
    said = raw["snippet"].get("authorChannelId")
    author = said.get("value") if isinstance(said, dict) else None
    return author if isinstance(author, str) else None


def _posts(item: dict[str, Any]) -> list[dict[str, Any]]:
    """A video; or a comment and, where an item is a thread, the replies that stand beside it."""
    if is_video(item):
        return [_of_video(item)]
    if "topLevelComment" not in item["snippet"]:
        return [_kept(item, {})]
    whole, replies = item["snippet"], item.get("replies", {}).get("comments", [])
    where = {name: whole[name] for name in ("channelId", "videoId") if name in whole}
    comment = _kept(whole["topLevelComment"], where) | {"answers": whole["totalReplyCount"], "beside": len(replies)}
    return [comment, *(_kept(reply, where) for reply in replies)]


def _kept(comment: dict[str, Any], where: dict[str, str]) -> dict[str, Any]:
    snippet = {name: value for name, value in comment["snippet"].items() if name not in ("authorProfileImageUrl", "textOriginal")}
    return {"id": comment["id"], "snippet": where | snippet}


def _of_video(item: dict[str, Any]) -> dict[str, Any]:
    said = {name: item["snippet"].get(name) for name in ("publishedAt", "channelId", "channelTitle", "title", "description")}
    return {"id": item["id"], "snippet": said, "statistics": item.get("statistics", {})}


def channel_of(found: dict[str, Any]) -> dict[str, Any]:
    """What each video and comment is told of its channel."""
    said, counted = found["snippet"], found.get("statistics", {})
    subscribers = None if counted.get("hiddenSubscriberCount") else counted.get("subscriberCount")
    return {"channel": said.get("customUrl") or said.get("title")} | ({"subscribers": int(subscribers)} if subscribers else {})


def post(raw: dict[str, Any], target: YoutubeTarget, collected: datetime) -> Post:
    """The post of a video or of a comment."""
    return _video(raw, target, collected) if is_video(raw) else _comment(raw, target, collected)


def _video(raw: dict[str, Any], target: YoutubeTarget, collected: datetime) -> Post:
    said, counted, id = raw["snippet"], raw["statistics"], post_id(SITE, raw["id"])
    published = parse_moment(said["publishedAt"], target.zone, now=collected)
    views, likes, replies = (int(counted[name]) if name in counted else None for name in ("viewCount", "likeCount", "commentCount"))
    return Post(
        id=id,
        site=SITE,
        place=raw.get("channel") or said["channelId"],
        source=target.kind,
        url=f"https://www.youtube.com/watch?v={raw['id']}",
        title=said["title"] if said["description"] else None,
        text=said["description"] or said["title"],
        author_id=f"{SITE}:{said['channelId']}",
        author_name=said["channelTitle"],
        author_url=f"https://www.youtube.com/channel/{said['channelId']}",
        published=published.at,
        published_precision=published.precision,
        collected=collected,
        thread_id=id,
        views=views,
        followers=raw.get("subscribers"),
        members=raw.get("subscribers"),
        likes=likes,
        replies=replies,
    )


def _comment(raw: dict[str, Any], target: YoutubeTarget, collected: datetime) -> Post:
    said, parent = raw["snippet"], raw["snippet"].get("parentId")
    author = author_of(raw)
    video = said.get("videoId") or raw.get("thread", "").partition("/")[0]
    published, changed = (parse_moment(said[name], target.zone, now=collected) for name in ("publishedAt", "updatedAt"))
    return Post(
        id=post_id(SITE, raw["id"]),
        site=SITE,
        place=raw.get("channel") or said.get("channelId"),
        source=target.kind,
        url=f"https://www.youtube.com/watch?v={video}&lc={raw['id']}" if video else None,
        text=plain(said["textDisplay"]).own,
        author_id=f"{SITE}:{author}" if author else None,
        author_name=said.get("authorDisplayName") or None,
        author_url=said.get("authorChannelUrl"),
        published=published.at,
        published_precision=published.precision,
        edited=changed.at if changed.at != published.at else None,
        collected=collected,
        thread_id=post_id(SITE, parent or raw["id"]),
        in_reply_to=post_id(SITE, parent) if parent else None,
        followers=raw.get("followers"),
        members=raw.get("subscribers"),
        likes=said.get("likeCount"),
        replies=raw.get("answers"),
    )
