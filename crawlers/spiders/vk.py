"""VK: walls of communities and people, what it finds by words, and the comments below posts and videos.

The rule to know: posts and comments of a wall share one row of numbers, so that wall and number tell each of them; comments below a
video are told by the video besides. What a repost carries was written by somebody else: it is quoted, and a repost without words of
its own is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrapy.http import Response

from crawlers.interface import Ended, error_of, parsed, with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Fate, Known, Look, by_absence
from crawlers.moment import parse_moment
from crawlers.platforms import VkTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError

SITE = "vk.com"
COUNT = 100
"""Posts or comments of one page, the most that VK gives."""
BACK = timedelta(days=30)
"""How far a search goes back; VK itself would go back a day."""
WITH: dict[str, str | int] = {"extended": 1, "fields": "screen_name,followers_count,members_count", "v": "5.199"}
BELOW = ("post_id", "video_id")
"""By what a comment names that below which it stands."""
BULKY = {"attachments", "post_source", "copy_history", "thread", "track_code"}
"""What of an item is not kept as it is."""

_HOST = r"vk\.(?:com|ru)"
_GIVE = "give the address of a wall (`vk.com/name`), of a video (`vk.com/video-7_456`) or of a search (`vk.com/search?q=…`)"
_KEY = {"token_env": "MOLVA_VK_TOKEN", "schedule": "every 15 minutes"}
KNOWN_BY = KnownBy(
    engine="VK",
    addresses=(
        Address(like=_HOST + r"/(?:wall|(?:[\w.]+\?w=wall))(?P<wall>-?\d+)(?:_.*)?", says={"walls": ["{wall}"]} | _KEY),
        Address(
            like=_HOST + r"/(?:search|feed)(?:/[^?]*)?\?(?:.*&)?(?:c%5Bq%5D|c\[q\]|q)=(?P<query>[^&]+).*",
            says={"search": ["{query}"]} | _KEY,
        ),
        Address(like=_HOST + r"/(?:[^?]*\?(?:.*&)?z=)?(?P<video>(?:video|clip)-?\d+_\d+)(?:\D.*)?", says={"videos": ["{video}"]} | _KEY),
        Address(like=r"vkvideo\.ru/(?P<video>(?:video|clip)-?\d+_\d+)(?:\D.*)?", says={"videos": ["{video}"]} | _KEY),
        Address(
            like=_HOST + r"/(?:feed|im|video|clips?|audios?|photo|market|topic|board|app|login|search|away|docs?)(?:[-\d/?].*|\.php.*)?",
            refused=_GIVE,
        ),
        Address(like=_HOST + r"/(?P<wall>[A-Za-z][\w.]{1,31})/?(?:\?.*)?", says={"walls": ["{wall}"]} | _KEY),
        Address(like=_HOST + "/.*", refused=_GIVE),
    ),
)

_MENTION = re.compile(r"\[(?:[A-Za-z0-9_.]+(?::[\w-]+)?|https?://[^\s|\]]+)\|([^\[\]|]+)\]")
"""`[id1|Name]`, `[club1|Name]`, `[https://vk.com/…|Name]`."""
_NUMBERED = re.compile(r"(id|club|public|event)?(-?\d+)")
_VIDEO = re.compile(r"(?:video|clip)(-?\d+)_(\d+)")

MEND = {
    5: "the token isn't valid any more: put a new one into the variable that `token_env` names",
    6: "too many requests in a second: state a greater `delay`",
    7: "the token may not do this: use a person's token or an app's service token",
    9: "too many requests alike: it is asked again later",
    14: "it wants a captcha answered, which only a person can: ask less often, or use an app's service token",
    15: "closed to this token: take it out of `walls` or `videos`, or use the token of a member",
    18: "the page was deleted or blocked: take it out of `walls` or `videos`",
    29: "the requests of the day are used up: the next run asks again; a rarer `schedule` asks less",
    30: "the profile is private: take it out of `walls` or `videos`",
    100: "there is no such wall or video, or VK doesn't take the query: check `walls`, `videos` and `search`",
}
"""What to do about an error, by its number. dev.vk.com/reference/errors"""
PAUSES = {1: 5.0, 6: 1.0, 9: 30.0, 10: 5.0}
"""Seconds to wait after an error that says nothing about what was asked for."""
ENDING = {5, 14, 29}
"""Errors that every other request would meet too."""
OF_THE_TOKEN = {7, 17, 27}
"""Errors that say what the token may not do, and nothing of what was asked for."""


class VkSpider(ListingSpider[VkTarget]):
    """Walks VK: `scrapy crawl vk -a target=NAME`. dev.vk.com/method"""

    name = "vk"
    together = COUNT
    walls: dict[int, dict[str, Any]]
    """Each wall met in this run, by its number; empty where VK doesn't tell."""

    async def lists(self) -> dict[str, str]:
        self.walls = {}
        begin = int((self.since or datetime.now(UTC) - BACK).timestamp())
        found = {name: self.method("wall.get", **_wall(name), count=COUNT, offset=0) for name in self.target.walls}
        for name in self.target.videos:
            [(owner, video)] = _VIDEO.findall(name)[:1]
            how = {"sort": "desc", "count": COUNT, "offset": 0, "need_likes": 1}
            found[f"video{owner}_{video}"] = self.method("video.getComments", owner_id=owner, video_id=video, **how)
        for query in self.target.search:
            found[f"search {query}"] = self.method("newsfeed.search", q=query, count=COUNT, start_time=begin)
        return found

    def method(self, name: str, **parameters: Any) -> str:
        """Address of a method with its parameters."""
        address = f"{self.target.url.rstrip('/')}/method/{name}"
        return with_parameters(address, **parameters, **WITH)

    def complaint(self, answer: Any) -> str | None:
        error = error_of(answer)
        if not isinstance(error, dict):
            return super().complaint(answer)
        code = error.get("error_code")
        told = f"VK says {error.get('error_msg')!r} ({code})" + (f": {MEND[code]}" if code in MEND else "")
        if code in ENDING:
            raise Ended(told)
        return told

    def closes(self, answer: Any) -> bool:
        error = error_of(answer)
        return not isinstance(error, dict) or error.get("error_code") not in OF_THE_TOKEN

    def pause(self, answer: Any) -> float | None:
        error = error_of(answer)
        return PAUSES.get(error.get("error_code", 0)) if isinstance(error, dict) else None

    def read(self, answer: Any, response: Response) -> Listing:
        page = answer.get("response") if isinstance(answer, dict) else None
        if not isinstance(page, dict) or not isinstance(page.get("items"), list):
            raise CollectError(f"{response.url} gives no list of posts: is {self.target.url} the interface of VK?")
        asked = dict(parse_qsl(urlsplit(response.url).query))
        known = _accounts(page)
        if not response.url.partition("?")[0].endswith(".getComments"):
            found = [_kept(item, known) for item in page["items"]]
            said, silent = [raw for raw in found if raw.get("text")], [raw for raw in found if not raw.get("text")]
            return Listing(tuple(said), _following(response.url, asked, page), silent=tuple(silent))
        below = {name: int(asked[name]) for name in ("owner_id", *BELOW) if name in asked}
        comments = [each for item in page["items"] for each in (item, *item.get("thread", {}).get("items", ()))]
        folded = page["items"] if "post_id" in asked else ()  # comments below a video are a list, whose pages have no others beside them
        more = [item["id"] for item in folded if (thread := item.get("thread")) and thread["count"] > len(thread["items"])]
        return Listing(
            tuple(_kept(below | each, known) for each in comments if each.get("text")),
            _following(response.url, asked, page),
            more=tuple(with_parameters(response.url, comment_id=number, offset=0) for number in more),
        )

    async def filled(self, listing: Listing) -> Listing:
        """Each item with its community, of which an answer with comments says nothing."""
        self.walls |= {raw["owner_id"]: raw["wall"] for raw in (*listing.raws, *listing.silent) if "wall" in raw}
        owners = {owner for raw in listing.raws if isinstance(owner := raw.get("owner_id"), int) and owner < 0}
        if unknown := sorted(owners - self.walls.keys()):
            self.walls |= {owner: {} for owner in unknown} | await self.communities(unknown)
        return replace(listing, raws=tuple(raw | _of_wall(self.walls, raw.get("owner_id")) for raw in listing.raws))

    async def communities(self, owners: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Names and members of communities; none where VK won't tell. Raises Trouble where it can't be had."""
        url = self.method("groups.getById", group_ids=",".join(str(-owner) for owner in owners))
        response = await self.answer(url)
        answer = parsed(response)
        if (wrong := self.wrong_with(response, answer, url)) and wrong.transient:
            raise wrong
        found = answer.get("response") or ()
        return _accounts(found if isinstance(found, dict) else {"groups": found})  # before 5.139 it was a list

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        replies = raw.get("comments", {}).get("count")
        if not replies or any(name in raw for name in BELOW):
            return None
        of = {"owner_id": raw["owner_id"], "post_id": raw["id"]}
        # The newest first: of more than one run reads, the newest matter most.
        how = {"sort": "desc", "count": COUNT, "offset": 0, "thread_items_count": 10, "need_likes": 1, "preview_length": 0}
        return Thread(f"{raw['owner_id']}_{raw['id']}", self.method("wall.getComments", **of, **how), replies)

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """Posts together; comments, which VK tells of one at a time, after them. Of those below videos it tells nothing."""
        yield from super().questions([one for one in known if not any(name in one.raw for name in BELOW)])
        yield from ([one] for one in known if "post_id" in one.raw)

    def inquiry(self, some: Sequence[Known]) -> str:
        if "post_id" in some[0].raw:
            return self.method("wall.getComment", owner_id=some[0].raw["owner_id"], comment_id=some[0].raw["id"])
        return self.method("wall.getById", posts=",".join(map(_number, some)))

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        page = answer["response"]
        known = _accounts(page)
        if "post_id" not in some[0].raw:
            there = {f"{item['owner_id']}_{item['id']}": _kept(item, known) for item in page["items"] if not item.get("is_deleted")}
            yield from by_absence(some, [_number(one) for one in some], there)
            return
        for item in page["items"]:
            if item["id"] == some[0].raw["id"]:
                yield Look(some[0].id, Fate.GONE, "deleted") if item.get("deleted") else Look(some[0].id, Fate.HERE)


def _number(one: Known) -> str:
    return f"{one.raw['owner_id']}_{one.raw['id']}"


def _wall(name: str) -> dict[str, str]:
    """How VK is told of a wall."""
    if numbered := _NUMBERED.fullmatch(name):
        return {"owner_id": ("" if numbered[1] in (None, "id") else "-") + numbered[2]}
    return {"domain": name.removeprefix("https://").removeprefix("vk.com/").lstrip("@")}


def _accounts(page: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """People and communities of an answer; a community's number is negative, as everywhere but in its own record."""
    people = {person["id"]: person for person in page.get("profiles", ())}
    return people | {-group["id"]: group for group in page.get("groups", ())}


def _kept(item: dict[str, Any], known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """An item with its author and its wall, without pictures and the like."""
    raw = {name: value for name, value in item.items() if name not in BULKY}
    raw["text"] = (item.get("text") or "").strip()
    if quoted := [each["text"] for each in item.get("copy_history", ()) if each.get("text")]:
        raw["quoted"] = quoted
    if "thread" in item:
        raw["answers"] = item["thread"]["count"]
    author, wall = known.get(item.get("signer_id") or item.get("from_id", 0)), known.get(item.get("owner_id", 0))
    return raw | ({"author": author} if author else {}) | ({"wall": wall} if wall else {})


def _of_wall(walls: dict[int, dict[str, Any]], owner: Any) -> dict[str, Any]:
    return {"wall": wall} if isinstance(owner, int) and (wall := walls.get(owner)) else {}


def _following(url: str, asked: dict[str, str], page: dict[str, Any]) -> str | None:
    """Address of the next page: searches name it, all else is counted."""
    if url.partition("?")[0].endswith("newsfeed.search"):
        return with_parameters(url, start_from=page["next_from"]) if page.get("next_from") and page["items"] else None
    offset = int(asked.get("offset", 0)) + COUNT
    total = page.get("current_level_count", page.get("count", 0))
    return with_parameters(url, offset=offset) if page["items"] and offset < total else None


def words(text: str) -> str:
    """A text as people see it: mentions by their names, no markup."""
    return _MENTION.sub(r"\1", unescape(re.sub(r"<br\s*/?>", "\n", text)))


def _spot(raw: dict[str, Any]) -> tuple[str, str, str]:
    """The row in which an item has its number, what begins its thread, and its address."""
    wall, number, under, video = raw["owner_id"], raw["id"], raw.get("post_id"), raw.get("video_id")
    if video:
        begun = f"video{wall}_{video}"
        return begun, begun, f"https://vk.com/{begun}?reply={number}"
    begun = f"{wall}_{under or number}"
    return str(wall), begun, f"https://vk.com/wall{begun}?reply={number}" if under else f"https://vk.com/wall{begun}"


def post(raw: dict[str, Any], target: VkTarget, collected: datetime) -> Post:
    """The post of an item. A community's post that is signed has its signer as author; who follows a community is its member."""
    wall, (row, begun, url) = raw["owner_id"], _spot(raw)
    account, place = raw.get("signer_id") or raw["from_id"], raw.get("wall", {})
    author = raw.get("author") or (place if account == wall else {})
    answered = raw.get("reply_to_comment") or next(reversed(raw.get("parents_stack") or ()), raw.get("post_id"))
    name = author.get("name") or " ".join(filter(None, (author.get("first_name"), author.get("last_name"))))
    published = parse_moment(raw["date"], target.zone)
    return Post(
        id=post_id(SITE, f"{row}_{raw['id']}"),
        site=SITE,
        place=place.get("screen_name") or (f"id{wall}" if wall > 0 else f"club{-wall}"),
        source=target.kind,
        url=url,
        text=words(raw["text"]),
        quoted=words("\n\n".join(raw.get("quoted", ()))) or None,
        author_id=f"{SITE}:{account}",
        author_name=name or None,
        author_url=f"https://vk.com/id{account}" if account > 0 else f"https://vk.com/club{-account}",
        published=published.at,
        published_precision=published.precision,
        edited=parse_moment(raw["edited"], target.zone).at if raw.get("edited") else None,
        collected=collected,
        thread_id=post_id(SITE, begun),
        in_reply_to=post_id(SITE, f"{row}_{answered}") if answered else None,
        views=raw.get("views", {}).get("count"),
        followers=author.get("members_count") if account < 0 else author.get("followers_count"),
        members=place.get("members_count"),
        likes=raw.get("likes", {}).get("count"),
        shares=raw.get("reposts", {}).get("count"),
        replies=raw["answers"] if "answers" in raw else raw.get("comments", {}).get("count"),
    )
