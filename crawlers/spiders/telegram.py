"""Telegram: the public pages of channels, as they are shown to people without the program.

The rule to know: a page shows its messages oldest first and names the page before it; they are taken newest first. Messages
without words, as pictures and polls are, are left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider
from crawlers.look import Fate, Known, Look
from crawlers.moment import parse_moment
from crawlers.page import decode, plain
from crawlers.platforms import TelegramTarget
from crawlers.post import Post
from crawlers.spider import ONCE, content_type
from crawlers.telegram import SITE, account, figure, liked, message_id
from crawlers.trouble import Trouble, refusal

KNOWN_BY = KnownBy(
    engine="channel of Telegram",
    addresses=(
        Address(
            like=r"t(?:elegram)?\.me/(?:joinchat/.*|\+.*|c/.*|addstickers/.*|share/.*|proxy.*|)",
            refused="private groups and channels show no page: export the chat with Telegram Desktop (kind `telegram_export`)",
        ),
        Address(
            like=r"t(?:elegram)?\.me/(?:s/)?(?P<channel>[A-Za-z]\w{3,31})(?:/\d+)*/?(?:\?.*)?",
            says={"channels": ["{channel}"], "schedule": "every 15 minutes"},
            note="a channel that hides its page, a group and a person's account show no posts",
        ),
    ),
)
TOGETHER = 15
"""Numbers of messages that stand on one page, where none of them was removed."""

_PART = ".tgme_widget_message_"
_PUBLIC = re.compile(r"/([A-Za-z]\w{3,31})(?:/|$)")
"""Path of a public name; `/c/1/2` is that of a private channel."""
_SUBSCRIBERS = re.compile("subscriber|member|подписчик|участник")


class TelegramSpider(ListingSpider[TelegramTarget]):
    """Walks channels: `scrapy crawl telegram -a target=NAME`."""

    name = "telegram"
    by_robots = True
    by_pages = True

    async def lists(self) -> dict[str, str]:
        return {name: f"{self.target.url.rstrip('/')}/s/{_name(name)}" for name in self.target.channels}

    def request(self, url: str) -> Request:
        return Request(url, dont_filter=True)

    def content(self, response: Response) -> Selector:
        return Selector(decode(response.body, content_type(response)))

    def complaint(self, answer: Any) -> str | None:
        if not isinstance(answer, Selector) or answer.css(".tgme_channel_info, .tgme_channel_history"):
            return None
        return "shows no channel: check its name; groups, people and channels that are private or hide their page have none"

    def read(self, answer: Any, response: Response) -> Listing:
        counters = {_text(each, ".counter_type") or "": _text(each, ".counter_value") for each in answer.css(".tgme_channel_info_counter")}
        members = next((value for kind, value in counters.items() if _SUBSCRIBERS.match(kind)), None)
        channel = {"title": _text(answer, ".tgme_channel_info_header_title"), "members": members}
        messages = answer.css(".tgme_widget_message[data-post]:not(.service_message)")
        raws = tuple(_raw(message, channel) for message in reversed(messages) if message.css(".js-message_text"))
        before = answer.css("link[rel=prev]::attr(href)").get() or answer.css("a.tme_messages_more[data-before]::attr(href)").get()
        # The page before the first message names no number.
        return Listing(raws, urljoin(response.url, before) if before and re.search(r"before=\d", before) else None)

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """The posts of a channel that can stand on one page, newest first."""
        channels: defaultdict[str, list[Known]] = defaultdict(list)
        for one in sorted(known, key=_number, reverse=True):
            channels[one.raw["post"].partition("/")[0]].append(one)
        for some in channels.values():
            while some:
                page = [one for one in some if _number(some[0]) - _number(one) < TOGETHER]
                some = some[len(page) :]
                yield page

    async def told(self, some: Sequence[Known]) -> Mapping[str, Look]:
        """By the page of the messages before the one after the newest: of those in its span, what it does not show is gone."""
        channel = some[0].raw["post"].partition("/")[0]
        url = f"{self.target.url.rstrip('/')}/s/{channel}?before={_number(some[0]) + 1}"
        response = await self.polite(url, ONCE)
        if wrong := refusal(response):
            raise wrong
        page = self.content(response)
        posts = [each.lower().partition("/") for each in page.css(".tgme_widget_message::attr(data-post)").getall()]
        shown = {int(number) for name, _, number in posts if name == channel.lower() and number.isdigit()}
        if self.complaint(page) or not shown or max(shown) > _number(some[0]):
            raise Trouble(f"{url}: shows no messages of the channel as it did before", transient=False)
        raws = {_at(raw): raw for raw in self.read(page, response).raws}
        looks = {}
        for one in some:
            if _number(one) >= min(shown):
                here, now = _number(one) in shown, raws.get(_number(one))
                looks[one.id] = Look(one.id, Fate.HERE, raw=now) if here else Look(one.id, Fate.GONE, "not on its page")
        return looks


def _number(one: Known) -> int:
    return _at(one.raw)


def _at(raw: dict[str, Any]) -> int:
    """A message's number in its channel."""
    return int(raw["post"].rpartition("/")[2])


def _name(channel: str) -> str:
    """`vestarna` of @vestarna, t.me/vestarna or t.me/s/vestarna."""
    return channel.rstrip("/").rpartition("/")[2].removeprefix("@")


def _text(part: Selector, css: str) -> str | None:
    found = part.css(css).get()
    return plain(found).own or None if found else None


def _raw(message: Selector, channel: dict[str, str | None]) -> dict[str, Any]:
    """What we take of a message, as JSON values; the markup of its text stays."""
    reactions = message.css(".tgme_reaction:not(.tgme_reaction_paid)")
    found = {
        "post": message.attrib["data-post"],
        "html": message.css(".js-message_text").get(),
        "date": message.css(f"{_PART}date time::attr(datetime)").get(),
        "edited": "edited" in (_text(message, f"{_PART}meta") or ""),
        "views": _text(message, f"{_PART}views"),
        "author": _text(message, f"{_PART}owner_name") or channel["title"],
        "signature": _text(message, f"{_PART}from_author"),
        "forwarded": _text(message, f"{_PART}forwarded_from_name"),
        "forwarded_url": message.css(f"{_PART}forwarded_from_name::attr(href)").get(),
        "reply_to": message.css(f"{_PART}reply::attr(href)").get(),
        "reactions": [[_text(each, "b, tg-emoji") or "", "".join(each.xpath("text()").getall()).strip()] for each in reactions],
        "members": channel["members"],
    }
    return {name: value for name, value in found.items() if value}


def post(raw: dict[str, Any], target: TelegramTarget, collected: datetime) -> Post:
    """The post of a message. That it was edited is shown, but not when."""
    channel, _, number = raw["post"].partition("/")
    author = raw.get("forwarded_url") if raw.get("forwarded") else f"https://{SITE}/{channel}"
    named = _PUBLIC.match(urlsplit(author or "").path)
    published = parse_moment(raw["date"], target.zone, now=collected)
    answered = urlsplit(raw.get("reply_to", "")).path.strip("/").split("/")
    return Post(
        id=message_id(channel, number),
        site=SITE,
        place=channel.casefold(),
        source=target.kind,
        url=f"https://{SITE}/{channel}/{number}",
        text=plain(raw["html"]).own,
        author_id=account(named[1]) if named else None,
        author_name=raw.get("forwarded") or raw.get("signature") or raw.get("author"),
        author_url=author,
        published=published.at,
        published_precision=published.precision,
        collected=collected,
        thread_id=None if raw.get("reply_to") else message_id(channel, number),
        in_reply_to=message_id(*answered) if len(answered) == 2 else None,
        views=figure(raw.get("views")),
        members=figure(raw.get("members")),
        likes=liked((emoji, figure(count) or 0) for emoji, count in raw.get("reactions", ())),
    )
