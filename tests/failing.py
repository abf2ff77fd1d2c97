"""A run that fails in its middle: what `scrapy crawl -s ITEM_PIPELINES={"tests.failing.FailingPipeline": 300}` makes of the first page."""

from __future__ import annotations

from crawlers.pipelines import ArchivePipeline
from crawlers.run import Outcome
from crawlers.source import Page


class FailingPipeline(ArchivePipeline):
    """Loses the first page that it is given; all later ones could be kept."""

    def open_spider(self) -> None:
        super().open_spider()
        assert self.sink is not None
        take = self.sink.take

        def lose(page: Page) -> list[Outcome]:
            self.sink.take = take
            raise ValueError("lost")

        self.sink.take = lose
