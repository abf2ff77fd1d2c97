"""The end of every spider: its pages go to the sink of the target, and what went wrong goes with them.

The rule to know: what was kept stays; the first error ends the walk and becomes the error of the run.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.utils.defer import deferred_from_coro
from twisted.python.failure import Failure

from crawlers.look import Look
from crawlers.place import config_folder, data_folder
from crawlers.sink import in_zone, open_sink
from crawlers.source import CollectError, Page
from crawlers.spider import TargetSpider
from crawlers.writer import Sink
from crawlers.yamlfile import ConfigError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class ArchivePipeline:
    """Opens the target's sink before the walk, keeps each page in it, and closes it with what went wrong."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.error: str | None = None
        self.taken = 0
        self.sink: Sink | None = None
        listen(untold if crawler.settings.get("MOLVA_RESULT") else brief)
        crawler.signals.connect(self.failed, signal=signals.spider_error)
        crawler.signals.connect(self.failed, signal=signals.item_error)
        crawler.signals.connect(self.closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        return cls(crawler)

    @property
    def spider(self) -> TargetSpider[Any]:
        assert isinstance(self.crawler.spider, TargetSpider)
        return self.crawler.spider

    def open_spider(self) -> None:
        settings, spider = self.crawler.settings, self.spider
        result = settings.get("MOLVA_RESULT")
        self.sink = open_sink(
            spider.target.name,
            data=data_folder(),
            config=config_folder(),
            since=in_zone(datetime.fromisoformat(spider.from_date), spider.target) if spider.from_date else None,
            preview=settings.getint("MOLVA_PREVIEW") or None,
            result=Path(result) if result else None,
            run=settings.get("MOLVA_RUN"),
        )
        spider.begin(self.sink)

    def process_item(self, item: Page) -> Page:
        assert self.sink is not None
        if self.error is not None:
            return item  # a later page's cursor would pass what this run has lost
        deferred = tuple(self.spider.failures_told.get(address, address) for address in item.deferred)
        self.taken += len(self.sink.take(dataclasses.replace(item, deferred=deferred)))
        if self.crawler.settings.get("MOLVA_RESULT"):
            print(f"{self.taken} items", file=sys.stderr, flush=True)  # for the parent, which shows it
        return item

    def failed(self, failure: Failure) -> None:
        """The first error ends the walk; a mistake in the spider itself is named as such."""
        if self.error is None:
            self.spider.has_failed = True
            error = failure.value
            plain = isinstance(error, CollectError | ConfigError | OSError)
            self.error = str(error) if plain else f"the spider {self.spider.name} failed: {type(error).__name__}: {error}"
            assert self.crawler.engine is not None
            deferred_from_coro(self.crawler.engine.close_spider_async(reason="failed"))

    def closed(self, reason: str) -> None:
        if self.sink is None:
            return  # the run could not begin; opening the sink has said why
        if self.error is None and reason != "finished":
            self.error = "interrupted" if reason == "shutdown" else f"the run was ended: {reason}"
        run = self.sink.close(error=self.error)
        print(f"{run.target}: {run}")


class LookPipeline:
    """The end of a spider that looks again: each look becomes a line of the file MOLVA_RESULT, and so does an error; the last line says
    that it has ended."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.seen = 0
        result = Path(crawler.settings["MOLVA_RESULT"])
        self.result = result.open("w", encoding="utf-8", errors="replace")  # until the spider is closed
        listen(untold)
        crawler.signals.connect(self.failed, signal=signals.spider_error)
        crawler.signals.connect(self.closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LookPipeline:
        return cls(crawler)

    def process_item(self, item: Look) -> Look:
        self.seen += 1
        self.write(dataclasses.asdict(item))
        print(f"{self.seen} looked at", file=sys.stderr, flush=True)  # for the parent, which shows it
        return item

    def failed(self, failure: Failure) -> None:
        """The first error ends the looking; what was seen before stays seen."""
        error = failure.value
        plain = isinstance(error, CollectError | ConfigError | OSError)
        self.write({"error": str(error) if plain else f"the look failed: {type(error).__name__}: {error}"})

    def closed(self) -> None:
        self.write({"ended": True})
        self.result.close()

    def write(self, record: dict[str, Any]) -> None:
        self.result.write(json.dumps(record, ensure_ascii=False) + "\n")
        self.result.flush()


def listen(heard: Callable[[logging.LogRecord], bool]) -> None:
    """Let this filter hear what Scrapy logs of errors in a spider."""
    for name in ("scrapy.core.scraper", "scrapy.core.engine"):
        logging.getLogger(name).addFilter(heard)


def brief(record: logging.LogRecord) -> bool:
    """Leave out the traceback of what people are told in a sentence."""
    if record.exc_info and isinstance(record.exc_info[1], CollectError | ConfigError):
        record.msg, record.args, record.exc_info = str(record.exc_info[1]), (), None
    return True


def untold(record: logging.LogRecord) -> bool:
    """Leave out what the process that waits for the result tells people."""
    return not (record.exc_info and isinstance(record.exc_info[1], CollectError | ConfigError))
