"""robots.txt as RFC 9309 has it: where nobody can say what a host forbids, nothing of it is asked for.

The rule to know: what is not there (4xx) forbids nothing; a host that fails (5xx), asks for a pause or can't be reached has said
nothing yet, and forbids everything until the next run asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest

from crawlers.gate import FAILURES
from crawlers.middlewares import HostBusy, Refused

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser


ENDLESS = "max redirections reached"
"""What Scrapy says of redirects without end, which RFC 9309 counts as not there."""


class NoRobots(IgnoreRequest):
    """Nobody knows what the host forbids; `__cause__` is what the download of its robots.txt ended with, where it brought no answer."""


class KnownRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, which takes a robots.txt that could not be had for one that allows everything."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.unknown: dict[str, IgnoreRequest] = {}
        """Host as addresses name it -> why nothing of it may be asked for in this run."""

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if unknown := self.unknown.get(urlsplit(request.url).netloc):
            raise unknown.with_traceback(None)
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status in FAILURES:
            self.unknown[netloc] = NoRobots(f"answered {response.status}")
        if response.status >= 400:
            response = response.replace(body=b"")  # the page of an error is no list of rules
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, HostBusy):
            self.unknown[netloc] = HostBusy(str(exc))  # it was robots.txt that the host failed at, and none of the pages
        elif isinstance(exc, Refused):
            self.unknown[netloc] = exc
        elif str(exc) != ENDLESS:
            self.unknown[netloc] = NoRobots("could not be had")
            self.unknown[netloc].__cause__ = exc
        super()._robots_error(exc, netloc)
