"""A first look at an address, for `python -m crawlers new`: the page, and the few addresses beside it that can tell what it is.

The rule to know: it is no source. It keeps nothing but its answers, and asks only for what the page itself or robots.txt leads to.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser, RobotParser

from crawlers.recognise import wanted
from crawlers.spider import AskingSpider, content_type
from crawlers.trouble import Trouble
from crawlers.visit import Answer, Visit, visit_to_json


@dataclass(frozen=True, slots=True)
class Unknown:
    """What stands for the target, of which nothing is known yet: how its host may be asked."""

    allow_private: bool
    delay: float | None = None


class LookSpider(AskingSpider):
    """Looks at one address: `scrapy crawl look -a url=URL -a result=FILE`."""

    name = "look"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012  as Scrapy declares it

    def __init__(self, url: str = "", result: str = "", allow_private: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.url, self.result = url, Path(result)
        self.target = Unknown(allow_private=bool(allow_private))
        self.sitemaps: list[str] = []

    async def start(self) -> AsyncIterator[Any]:
        self.crawler.signals.connect(self.robots, signal=signals.robots_parsed)
        try:
            told = visit_to_json(await self.looked())
        except Trouble as trouble:
            told = {"error": str(trouble)}
        part = self.result.with_name(self.result.name + ".part")
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(self.result)
        for nothing in list[Any]():  # a walk is a generator, also one that has nothing to keep
            yield nothing

    async def looked(self) -> Visit:
        """The page and what it leads to. Raises Trouble where the page itself can't be had."""
        first = _answer(await self.fetch(self.url))
        seen = Visit(first, tuple(self.sitemaps))
        others: dict[str, Answer | str] = {}
        for url in wanted(seen):
            try:
                others[url] = _answer(await self.fetch(url))
            except Trouble as trouble:
                others[url] = str(trouble)
        return replace(seen, others=others)

    def robots(self, robotparser: RobotParser) -> None:
        """Note the sitemaps that the host's robots.txt names."""
        if isinstance(robotparser, ProtegoRobotParser):
            self.sitemaps += [url for url in robotparser.rp.sitemaps if url not in self.sitemaps]


def _answer(response: Response) -> Answer:
    cookies = [line.decode("latin-1").partition("=")[0].strip() for line in response.headers.getlist("Set-Cookie")]
    return Answer(response.url, response.body, content_type(response), tuple(cookies))
