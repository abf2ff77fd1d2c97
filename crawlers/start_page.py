"""A forum's start page, where most engines tell how many members the forum has.

The rule to know: pages of topics lead to it, so it is asked for only where there are posts that the number is for.
"""

from __future__ import annotations

from typing import Any

from parsel import Selector
from scrapy import Request

from crawlers.board import State, members_of
from crawlers.kinds import ForumTarget
from crawlers.link import hidden, host_of, is_link
from crawlers.reach import members_of_today
from crawlers.selection import next_page
from crawlers.source import CollectError
from crawlers.spider import ONCE, TargetSpider, page_of
from crawlers.taken import StartModel
from crawlers.trouble import Trouble, refusal


class StartPage(TargetSpider[ForumTarget]):
    """Adds the members of the forum to its posts."""

    state: State

    async def with_members(self, raws: list[dict[str, Any]], page: Selector, url: str) -> list[dict[str, Any]]:
        """The posts of a topic's page with what its forum's start page says, where neither the target's file nor the board says it."""
        start = self.target.start
        if start is None or self.target.members is not None or "members" in raws[0]["topic"]:
            return raws
        members = self.state.members.get("many")
        if address := start.url or _linked(page, start, url):
            members = await members_of_today(self.state.members, lambda: self._counted(address, start), self._in_vain)
        return [raw | {"topic": raw["topic"] | {"members": members}} for raw in raws] if members else raws

    async def _counted(self, address: str, start: StartModel) -> int:
        """What a start page says. Raises Trouble where it can't be had, or says nothing."""
        response = await self.answered(Request(address, meta=ONCE, dont_filter=True))
        if wrong := refusal(response):
            raise wrong
        members = members_of(page_of(response), start.members)
        if members is None:
            raise Trouble(f"{address} says no number of members for selector {start.members.select!r}", transient=False)
        return members

    def _in_vain(self, why: str) -> None:
        self.logger.warning("%s", hidden(why, self.target.secrets))


def _linked(page: Selector, start: StartModel, url: str) -> str | None:
    """The start page that a topic's page leads to. One of another host is no part of the forum."""
    try:
        address = next_page(page, start.link, url)
    except CollectError:
        return None
    return address if address and is_link(address) and host_of(address) == host_of(url) else None
