"""LiveJournal: the entries of a journal by its feed, and the comments below them by the calls of LiveJournal's own pages.

The rule to know: a page of comments leaves long branches folded up; each is then asked for by itself. An account whose style
prints pages as XML reads the same comments there.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from scrapy import Request
from scrapy.http import Response

from crawlers.feed_document import read_feed
from crawlers.interface import of_its_form, parsed, with_parameters
from crawlers.kinds import FeedTarget
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Fate, Known, Look
from crawlers.moment import parse_moment
from crawlers.page import at_site, plain, site_with_www
from crawlers.platforms import LivejournalTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError
from crawlers.spider import ONCE, content_type
from crawlers.spiders import feed
from crawlers.trouble import Trouble, refusal

ACCOUNTS = "livejournal.com"
"""Where logins are given: an author is one in all journals."""
OF_MANY = frozenset({f"users.{ACCOUNTS}", f"community.{ACCOUNTS}"})
"""Hosts of many journals: the login is the first part of the path, since no name of a host may begin with `_`."""
FRIENDS = "https://www.livejournal.com/misc/fdata.bml"
KNOWN_BY = KnownBy(
    engine="LiveJournal",
    addresses=(
        Address(
            like=r"(?:users|community)\.livejournal\.com/(?P<journal>[\w-]+)(?:/.*)?",
            says={"url": "https://users.livejournal.com/{journal}", "schedule": "every 1 hour"},
        ),
        Address(
            like=r"(?P<journal>[a-z\d][\w-]*)\.livejournal\.com/.*",
            says={"url": "https://{journal}.livejournal.com", "schedule": "every 1 hour"},
        ),
        Address(like=r"livejournal\.com/.*", refused="give the address of a journal (`https://name.livejournal.com`)"),
    ),
)


class LivejournalSpider(ListingSpider[LivejournalTarget]):
    """Walks one journal: `scrapy crawl livejournal -a target=NAME`."""

    name = "livejournal"
    by_robots = True
    by_pages = True

    async def lists(self) -> dict[str, str]:
        self.shown: defaultdict[str, dict[int, bool]] = defaultdict(dict)  # of each entry the comments met, and whether one still stands
        name = "entries"
        if urlsplit(self.target.url).hostname in OF_MANY:
            name = "entries of a path"
            if before := self.state.lists.pop("entries", None):  # comments were asked for at a wrong address then, and taken for read
                self.state.lists[name], self.state.threads, self.state.waiting = before, {}, {}
        return {name: f"{self.target.url.rstrip('/')}/data/rss"}

    async def members(self) -> int | None:
        """Those who read the journal, by the list of friends that LiveJournal offers to programs: `< login`, in communities `P< login`."""
        if not f".{urlsplit(self.target.url).hostname}".endswith(f".{ACCOUNTS}"):
            return None
        for how in ("", "&comm=1"):
            answer = await self.answer(f"{FRIENDS}?user={journal(self.target)}{how}")
            if readers := len(re.findall(rb"^P?< \w", answer.body, re.MULTILINE)):
                return readers
        return None

    def request(self, url: str) -> Request:
        request = super().request(url)
        cookie = self.secret("cookie_env")
        if cookie and not url.startswith(FRIENDS):
            request.headers["Cookie"] = cookie
        return request

    def content(self, response: Response) -> Any:
        return None if response.body.lstrip()[:1] == b"<" else parsed(response)

    def read(self, answer: Any, response: Response) -> Listing:
        if answer is not None:
            return self.comments(answer["comments"], answer.get("replycount", 0), response.url)
        if b"<entrypage" not in response.body[:1_000]:
            entries = read_feed(response.body, content_type(response), response.url).entries
            return Listing(tuple(reversed(entries)))
        page = etree.fromstring(response.body, etree.XMLParser(recover=True, resolve_entities=False))
        found = list(printed(page))
        pages = page.find("commentpages")
        more = pages is not None and int(pages.get("current")) < int(pages.get("total"))
        following = with_parameters(response.url, page=int(pages.get("current")) + 1) if more else None
        return Listing(tuple(raw for raw in found if written(raw)), following, more=tuple(folded(found, response.url)))

    def comments(self, found: list[dict[str, Any]], replies: int, url: str) -> Listing:
        """A page of comments, or a branch of them. Behind the last page LiveJournal shows the last one again."""
        query = parse_qs(urlsplit(url).query)
        shown = self.shown[query["itemid"][0]]
        new = {raw["dtalkid"]: not raw.get("deleted") for raw in found if raw["dtalkid"] not in shown}
        shown |= new
        following = None
        if new and sum(shown.values()) < replies and "thread" not in query:
            following = with_parameters(url, page=int(query.get("page", ["1"])[0]) + 1)
        return Listing(tuple(raw for raw in found if written(raw)), following, more=tuple(folded(found, url)))

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        number = re.search(r"/(\d+)\.html", raw.get("link", ""))
        if not number or not str(raw.get("replies", "")).isdigit() or not int(raw["replies"]):
            return None
        return Thread(number[1], self.below_entry(number[1]), int(raw["replies"]))

    def below_entry(self, number: str) -> str:
        """Where the comments of an entry begin."""
        base = self.target.url.rstrip("/")
        if self.target.cookie_env:
            return f"{base}/{number}.html?style=mine"
        address = urlsplit(base)
        calls = base if address.hostname in OF_MANY else f"{base}/{(address.hostname or '').split('.')[0]}"
        return f"{calls}/__rpc_get_thread?journal={journal(self.target)}&itemid={number}&expand_all=1"

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """An entry by its own page; comments together with all that are looked at of their entry."""
        below: defaultdict[str, list[Known]] = defaultdict(list)
        for one in known:
            if "dtalkid" in one.raw:
                below[one.raw["thread"]].append(one)
        return [*super().questions([one for one in known if "dtalkid" not in one.raw]), *below.values()]

    async def told(self, some: Sequence[Known]) -> Mapping[str, Look]:
        """A comment is gone where LiveJournal names it as deleted; or by its own page.

        That as many others are named as LiveJournal counts is no sign: it counts neither removed comments nor hidden ones.
        """
        if "dtalkid" not in some[0].raw:
            return await super().told(some)
        named: dict[int, dict[str, Any]] = {}
        try:
            await self.note(some[0].raw["thread"], {one.raw["dtalkid"] for one in some}, named)
        except (CollectError, Trouble) as wrong:
            if isinstance(wrong, Trouble) and wrong.transient:
                raise
        looks: dict[str, Look] = {}
        for one in some:
            raw = named.get(one.raw["dtalkid"])
            if raw is None:
                looks |= {id: look for id, look in (await super().told([one])).items() if look.fate is not Fate.HERE}
            elif raw.get("deleted"):
                looks[one.id] = Look(one.id, Fate.GONE, "deleted")
            elif written(raw):
                beside = {name: one.raw[name] for name in ("thread", "members") if name in one.raw}
                looks[one.id] = Look(one.id, Fate.HERE, raw=raw | beside)
        return looks

    async def note(self, entry: str, wanted: set[int], named: dict[int, dict[str, Any]]) -> None:
        """Note each comment of an entry under its number, on as many pages as a run may read.

        Raises Trouble, or CollectError for an answer of another form.
        """
        self.shown = defaultdict(dict)
        start = self.below_entry(entry)
        address: str | None = start
        branches = set[int]()
        for _ in range(self.target.pages):
            if address is None:
                return
            response = await self.polite(address, ONCE)
            if wrong := refusal(response):
                raise wrong
            with of_its_form(address):
                answer = self.content(response)
                listing = self.read(answer, response)
                found = answer["comments"] if answer else listing.raws
                # What is folded up on one page stands in full on that of its branch.
                named |= {raw["dtalkid"]: raw for raw in found if raw["dtalkid"] not in named or written(raw)}
            folded_up = [number for number in sorted(wanted - branches) if number in named and named[number].get("loaded", 1) == 0]
            address = listing.following
            if address is None and folded_up:
                branches.add(folded_up[0])
                address = with_parameters(start, thread=folded_up[0])


def journal(target: LivejournalTarget) -> str:
    """The login of a journal; addresses may have `-` for its `_`."""
    address = urlsplit(target.url)
    name = address.path.strip("/").split("/")[0] if address.hostname in OF_MANY else (address.hostname or "").split(".")[0]
    return name.replace("-", "_")


def native(number: int, target: LivejournalTarget) -> str:
    """What a comment is called at its site: each journal has numbers of its own, so on a host of many they need its login."""
    whose = f"{journal(target)} " if urlsplit(target.url).hostname in OF_MANY else ""
    return f"{whose}comment {number}"


def readers(raw: dict[str, Any], login: str | None, target: LivejournalTarget) -> int | None:
    """Followers of an account: those who read its journal, which is known of the one that is watched."""
    return raw.get("members") if login == journal(target) else None


def profile(login: str) -> str:
    """The address of an account's own journal."""
    if login.startswith("_") or login.endswith("_"):
        return f"https://users.{ACCOUNTS}/{login}/"
    return f"https://{login.replace('_', '-')}.{ACCOUNTS}/"


def written(raw: dict[str, Any]) -> bool:
    """Whether a comment is shown with a text: not removed, not hidden, not folded up."""
    gone = raw.get("deleted") or raw.get("suspended") or raw.get("shown") == 0
    return not gone and raw.get("loaded", 1) != 0 and bool(plain(raw.get("article") or "").own)


def folded(found: list[dict[str, Any]], url: str) -> Iterator[str]:
    """Addresses of the branches that a page leaves folded up, by their topmost comments."""
    closed = {raw["dtalkid"] for raw in found if raw.get("loaded", 1) == 0 and not raw.get("deleted")}
    asked = parse_qs(urlsplit(url).query).get("thread", [""])[0]
    for raw in found:
        if raw["dtalkid"] in closed and raw.get("parent") not in closed and str(raw["dtalkid"]) != asked:
            yield with_parameters(url, page=None, thread=raw["dtalkid"])


def printed(page: Any) -> Iterator[dict[str, Any]]:
    """The comments of a page printed as XML, under the names that the calls have."""
    for comment in page.iter("comment"):
        said = {part.tag: (part.text or "").strip() for part in comment if part.tag != "comments"}
        above = re.search(r"thread=(\d+)", said.get("parent", ""))
        user = comment.find("user")
        yield {
            "dtalkid": int(comment.get("id")),
            "parent": int(above[1]) if above else 0,
            "loaded": 0 if comment.get("full") == "false" else 1,
            "uname": user.get("username"),
            "dname": user.get("name"),
            "username": [{"is_identity": int(user.get("type") == "I")}],
            "subject": said.get("subject"),
            "article": said.get("text"),
            "ctime": said["date"],
            "thread_url": said.get("url"),
        }


def post(raw: dict[str, Any], target: LivejournalTarget, collected: datetime) -> Post:
    """The post of an entry of the feed, or of a comment."""
    site = site_with_www(target.site, target.url)
    if "dtalkid" not in raw:
        return of_entry(raw, target, collected)
    words, login = plain(raw["article"]), raw.get("uname")
    # An account of another site has no login here: its name is shown in the place of one.
    known = login and not any(name.get("is_identity") for name in raw.get("username") or ())
    published = parse_moment(raw.get("ctime_ts") or raw["ctime"], target.zone, formats=("%Y-%m-%d %H:%M:%S",))
    edited = parse_moment(raw["etime_ts"], target.zone).at if raw.get("etime_ts") else None
    entry = post_id(site, url=at_site(f"{target.url.rstrip('/')}/{raw['thread']}.html", target.url, site))
    return Post(
        id=post_id(site, native(raw["dtalkid"], target)),
        site=site,
        source=target.kind,
        url=raw.get("thread_url"),
        title=plain(raw.get("subject") or "").own or None,
        text=words.own,
        quoted=words.quoted,
        author_id=f"{ACCOUNTS}:{login}" if known else None,
        author_name=raw.get("dname") or login or None,
        author_url=raw.get("commenter_journal_base"),
        published=published.at,
        published_precision=published.precision,
        edited=edited,
        collected=collected,
        followers=readers(raw, login, target) if known else None,
        members=raw.get("members"),
        thread_id=entry,
        in_reply_to=post_id(site, native(raw["parent"], target)) if raw.get("parent") else entry,
    )


def of_entry(raw: dict[str, Any], target: LivejournalTarget, collected: datetime) -> Post:
    """An entry is what the feed says it is; its author is who keeps the journal, or posts in a community."""
    known = {name: getattr(target, name) for name in ("name", "url", "site", "place", "language", "timezone")}
    entry = feed.post(raw, FeedTarget(kind="feed", **known), collected)
    login = raw.get("author") or journal(target)
    return dataclasses.replace(
        entry,
        source=target.kind,
        author_id=f"{ACCOUNTS}:{login}",
        author_name=login,
        author_url=profile(login),
        thread_id=entry.id,
        followers=readers(raw, login, target),
        members=raw.get("members"),
    )
