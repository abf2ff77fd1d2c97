"""robots.txt as RFC 9309 has it: where nobody can say what a host forbids, nothing of it is asked for.

The rule to know: what is not there (4xx) forbids nothing; a host that fails (5xx), asks for a pause or can't be reached has said
nothing yet, and forbids everything until the next run asks again. How long that has gone on outlives the run (`crawlers/unreadable.py`).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest

from crawlers.gate import FAILURES
from crawlers.hostfile import host_of
from crawlers.middlewares import HostBusy, NoRobots, Refused
from crawlers.place import data_folder
from crawlers.trouble import reason
from crawlers.unreadable import note, readable

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser


ENDLESS = "max redirections reached"
"""What Scrapy says of redirects without end, which RFC 9309 counts as not there."""


def no_error(record: logging.LogRecord) -> bool:
    """Leave out Scrapy's traceback of a robots.txt that could not be had: the requests that it keeps from being sent say so in a line."""
    return record.levelno < logging.ERROR


class KnownRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, which takes a robots.txt that could not be had for one that allows everything."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(no_error)
        self.data = data_folder()
        self.unknown: dict[str, IgnoreRequest] = {}
        """Host as addresses name it -> why nothing of it may be asked for in this run."""

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if unknown := self.unknown.get(urlsplit(request.url).netloc):
            raise unknown.with_traceback(None)
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status in FAILURES:
            self._unread(netloc, NoRobots(f"answered {response.status}"), str(response.status))
        else:
            self._read(netloc)
        if response.status >= 400:
            response = response.replace(body=b"")  # the page of an error is no list of rules
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, HostBusy):
            busy = HostBusy(str(exc))  # it was robots.txt that the host failed at, and none of the pages
            if exc.by_itself:
                self._unread(netloc, busy, str(exc))
            else:  # nobody asked
                self.unknown[netloc] = busy
        elif isinstance(exc, Refused):
            self.unknown[netloc] = exc
        elif str(exc) == ENDLESS:
            self._read(netloc)
        else:
            absent = NoRobots("could not be had")
            absent.__cause__ = exc
            self._unread(netloc, absent, reason(exc, f"//{netloc}/robots.txt"))
        super()._robots_error(exc, netloc)

    def _unread(self, netloc: str, why: IgnoreRequest, answer: str) -> None:
        """Ask for nothing of the host in this run, unless its robots.txt has been unreadable for so long that it counts as not there."""
        target = getattr(self.crawler.spider, "target", None)
        self.unknown[netloc] = why
        with suppress(OSError):  # a full disk is told by the archive; here it would leave those waiting that ask for the host too
            if note(self.data, host_of(f"//{netloc}"), answer, datetime.now(UTC), getattr(target, "name", None)).is_absent:
                del self.unknown[netloc]

    def _read(self, netloc: str) -> None:
        with suppress(OSError):
            readable(self.data, host_of(f"//{netloc}"))
