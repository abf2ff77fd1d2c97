"""Bluesky: posts of accounts, what its search finds, and the replies below.

The rule to know: reposts were written by somebody else and are left out, and so is who asks not to be shown to people without a
login. Lists name an author, but only their profile says how many follow them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.interface import error_of, groups, parsed, with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Known, Look, by_absence
from crawlers.moment import parse_moment
from crawlers.platforms import BlueskyTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError
from crawlers.trouble import Trouble, refusal

SITE = "bsky.app"
PROFILES = 25
"""Profiles, or posts, of one request."""
HIDDEN = "!no-unauthenticated"
"""Label of accounts that ask not to be shown outside."""
KNOWN_BY = KnownBy(
    engine="Bluesky",
    addresses=(
        Address(
            like=r"bsky\.app/profile/(?P<account>[\w.:-]+)(?:[/?].*)?", says={"accounts": ["{account}"], "schedule": "every 15 minutes"}
        ),
        Address(
            like=r"bsky\.app/search.*",
            refused="a search wants a login: write the file by hand with `search`, `handle` and, as `password_env`, the variable "
            "that holds an app password (MOLVA_BLUESKY_PASSWORD)",
        ),
        Address(like=r"bsky\.app/.*", refused="give the address of a profile (`bsky.app/profile/name`)"),
    ),
)


class BlueskySpider(ListingSpider[BlueskyTarget]):
    """Walks Bluesky: `scrapy crawl bluesky -a target=NAME`. docs.bsky.app/docs/category/http-reference"""

    name = "bluesky"
    together = PROFILES
    session: str | None = None
    """Token of the login."""
    followers: dict[str, int | None]
    """Of each author met in this run, by DID."""

    async def lists(self) -> dict[str, str]:
        self.followers = {}
        if self.target.handle:
            self.session = await self.logged_in()
        found = {}
        for name in self.target.accounts:
            found[name] = self.method("feed.getAuthorFeed", actor=name.removeprefix("@"), limit=100, filter="posts_with_replies")
        for query in self.target.search:
            found[f"search {query}"] = self.method("feed.searchPosts", q=query, sort="latest", limit=100)
        return found

    def method(self, name: str, **parameters: Any) -> str:
        """Address of a method with its parameters."""
        return f"{self.base}/xrpc/app.bsky.{name}?{urlencode(parameters, doseq=True)}"

    @property
    def base(self) -> str:
        return (self.target.login_url if self.session else self.target.url).rstrip("/")

    async def logged_in(self) -> str:
        """Token of a session. Raises Trouble, or CollectError where the login is refused."""
        address = f"{self.target.login_url.rstrip('/')}/xrpc/com.atproto.server.createSession"
        body = json.dumps({"identifier": self.target.handle, "password": self.secret("password_env")})
        headers = {"Content-Type": "application/json"}
        request = Request(address, method="POST", body=body, headers=headers, meta={"dont_obey_robotstxt": True}, dont_filter=True)
        response = await self.answered(request)
        if (wrong := refusal(response)) and response.status not in (400, 401, 403):
            raise wrong
        answer = parsed(response)
        if wrong or not answer.get("accessJwt"):
            raise CollectError(
                f"Bluesky refuses the login of {self.target.handle} ({self.complaint(answer)}): put an app password of that account into "
                f"the environment variable {self.target.password_env}"
            )
        return str(answer["accessJwt"])

    def request(self, url: str) -> Request:
        request = super().request(url)
        if self.session and url.startswith(self.base):
            request.headers["Authorization"] = f"Bearer {self.session}"
        return request

    async def answer(self, url: str) -> Response:
        try:
            return await super().answer(url)
        except Trouble as trouble:
            if trouble.status in (401, 403) and not self.session:
                what = f"{trouble}; it wants a login: state `handle` and `password_env`"
                raise Trouble(what, transient=False, status=trouble.status, closed=trouble.closed) from trouble
            raise

    def complaint(self, answer: Any) -> str | None:
        error = error_of(answer)
        return f"{answer.get('message') or 'no reason given'} ({error})" if error else None

    def closes(self, answer: Any) -> bool:
        """What is said of the session says nothing of a thread."""
        return not str(error_of(answer)).startswith(("Auth", "ExpiredToken", "InvalidToken"))

    def read(self, answer: Any, response: Response) -> Listing:
        if isinstance(answer, dict) and "thread" in answer:
            return Listing(tuple(post for post in _below(answer["thread"]) if _shown(post) and _said(post)))
        posts = answer.get("posts", answer.get("feed")) if isinstance(answer, dict) else None
        if not isinstance(posts, list):
            raise CollectError(f"{response.url} gives no list of posts: is {self.base} a server of Bluesky?")
        if "feed" in answer:
            posts = [each["post"] for each in posts if "Repost" not in each.get("reason", {}).get("$type", "")]
        shown = [post for post in posts if _shown(post)]
        said, silent = [post for post in shown if _said(post)], [post for post in shown if not _said(post)]
        following = None
        # Searches go on only for those who are logged in.
        if answer.get("cursor") and ("feed" in answer or self.session):
            following = with_parameters(response.url, cursor=answer["cursor"])
        return Listing(tuple(said), following, silent=tuple(silent))

    async def filled(self, listing: Listing) -> Listing:
        unknown = list(dict.fromkeys(raw["author"]["did"] for raw in listing.raws if raw["author"]["did"] not in self.followers))
        for some in groups(unknown, PROFILES):
            profiles = parsed(await self.answer(self.method("actor.getProfiles", actors=some)))["profiles"]
            self.followers |= dict.fromkeys(some) | {each["did"]: each.get("followersCount") for each in profiles}
        return replace(listing, raws=tuple(raw | {"followers": self.followers[raw["author"]["did"]]} for raw in listing.raws))

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        if not raw.get("replyCount"):
            return None
        return Thread(raw["uri"], self.method("feed.getPostThread", uri=raw["uri"], depth=1000, parentHeight=0), raw["replyCount"])

    async def second_looks(self, known: Sequence[Known]) -> AsyncIterator[Look]:
        try:
            self.session = await self.logged_in() if self.target.handle else None
        except Trouble as trouble:
            raise CollectError(str(trouble)) from trouble
        async for look in super().second_looks(known):
            yield look

    def inquiry(self, some: Sequence[Known]) -> str:
        return self.method("feed.getPosts", uris=[one.raw["uri"] for one in some])

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """A record of Bluesky can't be edited."""
        there = dict.fromkeys(post["uri"] for post in answer["posts"])
        return by_absence(some, [one.raw["uri"] for one in some], there)


def _below(thread: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The replies of a thread, from the top; what was deleted or blocked has none to show."""
    todo = list(thread.get("replies") or ())
    while todo:
        node = todo.pop(0)
        if "post" in node:
            yield node["post"]
        todo += node.get("replies") or ()


def _shown(post: dict[str, Any]) -> bool:
    """Whether the author lets everybody see it."""
    return all(label.get("val") != HIDDEN for label in post["author"].get("labels") or ())


def _said(post: dict[str, Any]) -> bool:
    """Whether it has words."""
    return bool(post["record"].get("text", "").strip())


def _quoted(embed: dict[str, Any]) -> str | None:
    """Words of a post that is shown within one."""
    shown = embed.get("record", {})
    shown = shown.get("record", shown)
    return shown.get("value", {}).get("text") or None


def post(raw: dict[str, Any], target: BlueskyTarget, collected: datetime) -> Post:
    """The post of a record. Its author's clock says when it was written, but not later than Bluesky saw it."""
    record, author, reply = raw["record"], raw["author"], raw["record"].get("reply", {})
    moments = [parse_moment(said, target.zone, now=collected) for said in (record["createdAt"], raw.get("indexedAt")) if said]
    published = min(moments, key=lambda moment: moment.at or collected)
    languages: list[str] = record.get("langs") or []
    name = author["did"] if author["handle"] == "handle.invalid" else author["handle"]
    return Post(
        id=post_id(SITE, raw["uri"]),
        site=SITE,
        source=target.kind,
        url=f"https://{SITE}/profile/{name}/post/{raw['uri'].rpartition('/')[2]}",
        text=record["text"],
        quoted=_quoted(raw.get("embed", {})),
        language=languages[0][:2] if len(languages) == 1 else None,
        author_id=f"{SITE}:{author['did']}",
        author_name=author.get("displayName") or name,
        author_url=f"https://{SITE}/profile/{name}",
        published=published.at,
        published_precision=published.precision,
        collected=collected,
        thread_id=post_id(SITE, reply["root"]["uri"] if reply else raw["uri"]),
        in_reply_to=post_id(SITE, reply["parent"]["uri"]) if reply else None,
        followers=raw.get("followers"),
        likes=raw.get("likeCount"),
        shares=raw.get("repostCount"),
        replies=raw.get("replyCount"),
    )
