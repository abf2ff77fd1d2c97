"""The end of a spider that a page keeps busy without end: markup made to be slow to read takes minutes or hours of processor.

The rule to know: the kernel counts the processor's time and ends the process, because code that is busy inside a library hears no
Python; the parent then writes the line in the run log, what was kept before stays. Which page it was only this process could know, so it
leaves the address of each answer where the parent finds it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from scrapy import signals

from crawlers.child import LATEST
from crawlers.link import hidden

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

BEAT = 1.0
"""Seconds between two signs of life."""


class Watch:
    """Sets the kernel's timer anew as long as the reactor turns; without that it ends the process by SIGPROF."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Watch:
        watch = cls(crawler.settings.getfloat("PAGE_SECONDS"))
        crawler.signals.connect(watch.beat, signal=signals.spider_opened)
        crawler.signals.connect(read_next, signal=signals.response_received)
        return watch

    def beat(self) -> None:
        """A sign of life, and the next one after a while."""
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        asyncio.get_running_loop().call_later(BEAT, self.beat)


def read_next(response: Response, spider: Spider) -> None:
    """Leave the address of the answer that is read next, without the key that it may name, to the parent; by hand there is none.

    That is the latest one, where a spider that has several answers waiting says no other.
    """
    if number := os.environ.get(LATEST):
        address = hidden(response.url, getattr(spider, "secrets", {})).encode()
        os.ftruncate(int(number), 0)
        os.pwrite(int(number), address, 0)
