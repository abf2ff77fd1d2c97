"""Feeds: RSS, RDF and Atom in any encoding, and the articles they announce.

The rule to know: the feed's validators (ETag, Last-Modified) enter the cursor only with its last entry, so that a run that
is killed before is answered in full again; entries taken are told by their fingerprints.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.archive import Archive
from crawlers.article import below_headline, main_text
from crawlers.entry import edited_at, own_words, published_at
from crawlers.feed_document import UNCHANGED, Feed, fingerprint, read_feed
from crawlers.kinds import FeedTarget
from crawlers.link import is_link, opened, within
from crawlers.mapping import as_its_source_says
from crawlers.page import Text, at_site, decode, plain, site_of
from crawlers.patience import NEVER, InVain
from crawlers.place import data_folder
from crawlers.post import Post, clean, post_id
from crawlers.source import CollectError, Cursor, Item, Page, Rejected
from crawlers.spider import TargetSpider, content_type
from crawlers.trouble import Trouble, refusal
from crawlers.wall import Walls, without_numbers
from crawlers.watch import read_next

TOGETHER = 8
"""Articles fetched side by side, and kept together with one cursor."""
REMEMBERED = 500
"""Fingerprints kept of entries that have left the feed, for sites whose servers answer differently in turn."""
TELLING = 4
"""Letters of a word of a title that tells something."""
_WORD = re.compile(r"[^\W\d_]+")
VALIDATORS = {"etag": ("ETag", "If-None-Match"), "modified": ("Last-Modified", "If-Modified-Since")}
"""Name in the cursor: the header that brings a validator, and the one that asks with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to take, and the runs that have asked for its article in vain."""

    raw: dict[str, Any]
    tries: InVain = NEVER


class FeedSpider(TargetSpider[FeedTarget]):
    """Walks one feed: `scrapy crawl feed -a target=NAME`."""

    name = "feed"

    async def start(self) -> AsyncIterator[Request]:
        headers = {asked: self.cursor[name] for name, (_, asked) in VALIDATORS.items() if name in self.cursor}
        yield self.ask(self.target.url, self.parse, headers=headers)

    async def parse(self, response: Response) -> AsyncIterator[Page]:
        feed = self.answer(response)
        state = State(self.cursor)
        state.wait(self.kept(state.again))
        marks = {fingerprint(raw): raw for raw in feed.entries}
        fresh = [Entry(raw) for mark, raw in marks.items() if mark not in state.known]
        waiting = fresh + state.waiting(fresh)  # where a host stays silent, its entries keep no others from being taken
        todo = waiting[: self.target.limits.items]
        later = len(waiting) - len(todo)
        repeated = len(feed.entries) - len(fresh) - sum(mark in state.deferred for mark in marks)
        while True:
            size = self.few(TOGETHER) if self.target.article else len(todo)
            group, todo = todo[:size], todo[size:]
            taken = self.judged(group, await asyncio.gather(*(self.take(entry) for entry in group)), state)
            for entry, found in zip(group, taken, strict=True):
                state.settle(entry, found)
            if not (todo or later):
                state.finish(feed)
            items = tuple(each for each in taken if isinstance(each, Item))
            deferred = tuple(each.raw["link"] for each in taken if isinstance(each, Entry))
            yield Page(items=items, cursor=state.cursor(), deferred=deferred, repeated=repeated)
            await asyncio.sleep(0)  # the page is kept before it is asked how many more the run may take
            repeated = 0
            if not todo or self.full():
                break
        if walls := state.walls.told("what all links of the feed lead to", from_date=self.from_date):
            raise CollectError("; ".join(walls))

    def answer(self, response: Response) -> Feed:
        """The feed, or nothing new. Raises CollectError."""
        if response.status == 304:
            return UNCHANGED
        if wrong := refusal(response):
            raise CollectError(str(wrong))
        headers = {name: response.headers.get(given) for name, (given, _) in VALIDATORS.items()}
        validators = {name: value.decode("latin-1") for name, value in headers.items() if value}
        return read_feed(response.body, content_type(response), response.url, validators, self.target.url)

    def older(self, raw: dict[str, Any]) -> bool:
        """Whether the entry lies before what the run is to take: its article is not fetched."""
        try:
            published = published_at(raw, self.target, datetime.now(UTC)).at
        except ValueError:
            return False
        return self.since is not None and published is not None and published < self.since

    async def take(self, entry: Entry) -> Item | Entry:
        """The entry with its article, if the target wants it; the entry to try again where the article fails for now."""
        raw, link = entry.raw, str(entry.raw.get("link", ""))
        if not self.target.article or self.older(raw):
            return Item(raw=raw, address=link or None)
        if not link.startswith(("http://", "https://")):
            return Item(raw=raw, address=link or None, without=("article",))
        try:
            response = await self.fetch(link)
        except Trouble as wrong:
            return self.not_had(entry, wrong)
        read_next(response, self)
        found = main_text(decode(response.body, content_type(response)))
        if found is None:
            return self.not_had(entry, Trouble(f"{response.url}: has no text", transient=True))
        return Item(raw=raw | {"article": {"text": found.own, "quoted": found.quoted, "url": response.url}}, address=link)

    def not_had(self, entry: Entry, wrong: Trouble) -> Item | Entry:
        """What becomes of an entry whose article fails: it is tried again, else taken with what the feed itself says."""
        tries = entry.tries.once_more(now := datetime.now(UTC), counted=not wrong.of_host)
        last = tries.enough(self.target.attempts, now) or self.from_date or self.is_preview  # of which no cursor is kept
        if not (wrong.unasked or last):
            self.put_off(entry.raw["link"], wrong)
            return Entry(entry.raw, tries)
        self.logger.warning("%s; the entry is taken without it", wrong)
        raw = entry.raw | {"article_missing": str(wrong)}
        return Item(raw=raw, address=entry.raw["link"], without=("article",), why_without=self.told_in_preview(wrong))

    def judged(self, group: Sequence[Entry], taken: Sequence[Item | Entry], state: State) -> list[Item | Entry]:
        """What is taken of some entries: no article with the text of a wall. Those wait, and so do those that were kept with it before."""
        texts = [article_text(each) for each in taken]
        names = [self.id_of(entry.raw) if text else "" for entry, text in zip(group, texts, strict=True)]
        for entry, text, name in zip(group, texts, names, strict=True):
            if text:
                state.walls.met(text, entry.raw["link"], name)
        state.again += [name for name in state.walls.caught() if name not in names]
        found = [
            self.not_had(entry, Trouble(f"{entry.raw['link']}: shows the text of other articles", transient=True))
            if state.walls.is_one(text)
            else each
            for entry, text, each in zip(group, texts, taken, strict=True)
        ]
        return self.with_known(found, state.walls)

    def with_known(self, taken: Sequence[Item | Entry], walls: Walls) -> list[Item | Entry]:
        """The same, where an article could not be had with what is kept of it: a teaser never replaces a text."""
        lacking = [self.id_of(each.raw) if isinstance(each, Item) and "article_missing" in each.raw else "" for each in taken]
        kept = {name: raw["article"] for name, raw in self.kept(lacking).items() if "article" in raw}
        whole = [
            replace(each, raw=each.raw | {"article": kept[name]}, without=()) if isinstance(each, Item) and name in kept else each
            for name, each in zip(lacking, taken, strict=True)
        ]
        return [each if walls.is_one(article_text(found)) else found for each, found in zip(taken, whole, strict=True)]

    def kept(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The raw items of posts that were taken before."""
        raws = Archive(data_folder()).raws(self.target.name, {id for id in ids if id and self.seen(id)})
        return {id: within(raw, opened, self.target.secrets) for id, raw in raws.items()}

    def id_of(self, raw: dict[str, Any]) -> str:
        """`Post.id` of an entry; nothing where it can be no post."""
        try:
            return as_its_source_says(raw, self.target, datetime.now(UTC)).id
        except Rejected:
            return ""


def article_text(taken: Item | Entry) -> str:
    """The text that an entry's article is told by; nothing where that was not asked for, or could not be had.

    Where it has no word of the entry's title, as a wall has none, without numbers: walls tell each request its own.
    """
    if not isinstance(taken, Item) or "article" not in taken.raw:
        return ""
    text: str = taken.raw["article"]["text"]
    named = {word for word in _WORD.findall((taken.raw.get("title") or "").casefold()) if len(word) >= TELLING}
    return text if named & set(_WORD.findall(text.casefold())) else without_numbers(text)


class State:
    """The cursor of a feed while its entries are taken."""

    def __init__(self, cursor: Cursor) -> None:
        self.validators: dict[str, str] = {name: cursor[name] for name in VALIDATORS if name in cursor}
        self.known: dict[str, None] = dict.fromkeys(cursor.get("known", ()))
        self.deferred: dict[str, dict[str, Any]] = dict(cursor.get("deferred", {}))
        self.walls = Walls(cursor)
        self.again: list[str] = list(cursor.get("again", ()))
        """Ids of posts that were kept with the text of a wall."""

    def wait(self, kept: Mapping[str, dict[str, Any]]) -> None:
        """These entries are to be asked for again."""
        for raw in kept.values():
            plain = {name: said for name, said in raw.items() if name not in ("article", "article_missing")}
            self.deferred.setdefault(fingerprint(plain), NEVER.to_json() | {"raw": plain})
        self.again = []

    def waiting(self, fresh: list[Entry]) -> list[Entry]:
        """Entries whose article failed before, but for those that the feed now words anew."""
        anew = {(entry.raw.get("id"), entry.raw.get("link")) for entry in fresh}
        self.deferred = {mark: each for mark, each in self.deferred.items() if (each["raw"].get("id"), each["raw"].get("link")) not in anew}
        return [Entry(each["raw"], InVain.from_json(each)) for each in self.deferred.values()]

    def settle(self, entry: Entry, found: Item | Entry) -> None:
        """Note what became of an entry: taken, or to be tried again."""
        mark = fingerprint(entry.raw)
        self.known.setdefault(mark)
        if isinstance(found, Entry):
            self.deferred[mark] = found.tries.to_json() | {"raw": found.raw}
        else:
            self.deferred.pop(mark, None)

    def finish(self, feed: Feed) -> None:
        """All entries have been seen: from now on the feed may answer that nothing is new."""
        if feed is UNCHANGED:
            return
        self.validators = feed.validators
        present = dict.fromkeys(fingerprint(raw) for raw in feed.entries)
        left = [mark for mark in self.known if mark not in present]
        self.known = present | dict.fromkeys(left[:REMEMBERED])

    def cursor(self) -> Cursor:
        cursor: Cursor = {**self.validators, "known": list(self.known)} | self.walls.cursor()
        more = {"deferred": dict(self.deferred), "again": list(self.again)}
        return cursor | {name: each for name, each in more.items() if each}


def post(raw: dict[str, Any], target: FeedTarget, collected: datetime) -> Post:
    """The post an entry stands for: the article's text, or the feed's own where that is longer (a teaser never replaces a text)."""
    raw = own_words(raw)
    link = raw.get("link")
    site = site_of(target.site, link or target.url)
    words, title = _words(raw, plain(raw.get("title", "")).own or None)
    published = published_at(raw, target, collected)
    author_url = at_site(profile, target.url, site) if is_link(profile := str(raw.get("author_url") or "")) else None
    language = raw.get("feed", {}).get("language", "")[:2].lower()
    otherwise = (raw.get("author"), published.identity, clean(words.own))
    answered = raw.get("above") or {"link": raw.get("reply_to")}
    return Post(
        id=entry_id(raw, target, site, otherwise),
        site=site,
        place=target.place or raw.get("feed", {}).get("title"),
        source=target.kind,
        url=link,
        title=title,
        text=words.own,
        quoted=words.quoted,
        language=target.language or (language if language.isalpha() and len(language) == 2 else None),
        author_id=f"{site}:{author_url}" if author_url else None,
        author_name=html.unescape(raw.get("author", "")) or target.author,  # feedparser gives a name as markup
        author_url=raw.get("author_url"),
        published=published.at,
        published_precision=published.precision,
        edited=edited_at(raw, target, published, collected),
        collected=collected,
        thread_id=entry_id(raw["thread"], target, site) if raw.get("thread") else None,
        in_reply_to=entry_id(answered, target, site) if any(answered.values()) else None,
        replies=int(raw["replies"]) if str(raw.get("replies", "")).isdigit() else None,
    )


def entry_id(raw: dict[str, Any], target: FeedTarget, site: str, otherwise: tuple[str | None, ...] = ()) -> str:
    """`Post.id` of an entry: by its link, by the feed's own id where the link is none of its own."""
    link = raw.get("link")
    native = raw.get("id") if raw.get("link_shared") or not link else None
    return post_id(site, native, url=at_site(link, target.url, site), otherwise=otherwise)


def _words(raw: dict[str, Any], title: str | None) -> tuple[Text, str | None]:
    """Text and title: the longer of article and feed; a bare headline is itself the text."""
    own = plain(raw.get("html", ""))
    article = raw.get("article")
    if article and len(article["text"]) >= len(own.own):
        own = Text(below_headline(article["text"], title), article.get("quoted"))
    return (own, title) if own.own or not title else (Text(title), None)
