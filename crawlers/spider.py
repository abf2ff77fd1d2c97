"""What every source reached by HTTP shares: its target, its cursor, its requests and its second looks.

The rule to know: a spider walks and yields pages; the pipeline keeps them. What can't go on is raised as CollectError.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from parsel import Selector
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers import unfolded
from crawlers.every_target import TargetModel
from crawlers.gate import FAILURES
from crawlers.link import opened
from crawlers.look import PATIENCE, Fate, Known, Look, by_page, fate_of_page, read_known
from crawlers.mapping import as_its_source_says
from crawlers.page import decode
from crawlers.place import config_folder
from crawlers.sink import find_target
from crawlers.source import CollectError, Cursor, Rejected
from crawlers.trouble import DOWNLOAD_ERRORS, Trouble, refusal, trouble
from crawlers.writer import Sink

T = TypeVar("T", bound=TargetModel)

ONCE = {"dont_retry": True}
"""Of a second look: what fails now is asked for again in an hour, and not at once."""


def content_type(response: Response) -> str | None:
    """What the answer says it is."""
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None


def page_of(response: Response) -> Selector:
    """The page of an answer, for selectors: JSON and XML too, see `crawlers/unfolded.py`; an empty one where it holds nothing."""
    return unfolded.parsed_page(decode(response.body, content_type(response)))


class AskingSpider(Spider):
    """A spider that waits for answers in the middle of its walk."""

    async def fetch(self, url: str) -> Response:
        """A page in the middle of a walk. Raises Trouble."""
        response = await self.answered(Request(url, dont_filter=True))
        if wrong := refusal(response):
            raise wrong
        return response

    async def answered(self, request: Request) -> Response:
        """What the host answers, be it a refusal. Raises Trouble where there is no answer."""
        assert self.crawler.engine is not None
        try:
            return await self.crawler.engine.download_async(request)
        except DOWNLOAD_ERRORS as error:
            raise trouble(error, request.url) from error


class TargetSpider(AskingSpider, Generic[T]):
    """A spider of one target: `-a target=NAME`, and `-a since=2026-01-31` to collect again from a date."""

    target: T
    cursor: Cursor
    """Where the run before ended; set before the walk starts."""
    since: datetime | None
    """Nothing published before is wanted."""
    from_date = ""
    """From when the target is collected again, as `-a since` says it; empty in a run that goes on where the last one ended."""
    is_preview = False
    """Whether nothing of the run is kept."""
    has_failed = False
    """Whether the run has failed: nothing more of it is kept."""
    failures_told: dict[str, str]
    """Address of a page that could not be had -> the same with why."""

    def __init__(self, target: str = "", since: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.from_date = since
        self.failures_told = {}
        self.target = _read(target, self.name)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """With the setting MOLVA_LOOK the spider does not walk: it looks again at the posts that this file names."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.is_preview = bool(crawler.settings.getint("MOLVA_PREVIEW"))
        if asked := crawler.settings.get("MOLVA_LOOK"):
            spider.start = lambda: spider.second_looks(read_known(Path(asked)))  # type: ignore[method-assign]
        return spider

    def begin(self, sink: Sink) -> None:
        """Take up the walk where the sink says."""
        self._sink = sink
        self.cursor = sink.cursor
        self.since = sink.since

    async def fetch(self, url: str) -> Response:
        try:
            return await super().fetch(url)
        except Trouble as wrong:
            self.not_had_now(url, str(wrong))
            raise

    def not_had_now(self, url: str, why: str) -> None:
        """Remember why a page could not be had: where it is deferred, that is told with it."""
        self.failures_told[url] = f"{url}: {why.removeprefix(f'{url}: ')}"

    def put_off(self, url: str, wrong: Trouble) -> None:
        """Say that a page which could not be had is asked for again in the next run."""
        self.logger.warning("%s; tried again next time", wrong)
        self.not_had_now(url, str(wrong))

    def told_in_preview(self, wrong: Trouble) -> str:
        """Why a page could not be had, and that a run, which keeps a cursor, would not yet take what belongs to it."""
        return str(wrong) if wrong.closed else f"{wrong}; a run puts it off at first"

    def full(self) -> bool:
        """Whether the run has taken all it may; the walk stops, and the next run goes on."""
        return self.has_failed or self._sink.full

    def few(self, most: int) -> int:
        """How many items, at least one, may be asked for together: none that the run could not take any more."""
        left = self._sink.left
        return most if left is None else max(min(most, left), 1)

    def seen(self, post_id: str) -> bool:
        """Whether this post was taken before."""
        return self._sink.seen(post_id)

    def ask(self, url: str, callback: Callable[..., Any], **kwargs: Any) -> Request:
        """A request whose failure ends the run with what is to be mended."""
        return Request(url, callback=callback, errback=self.stop, dont_filter=True, **kwargs)

    def stop(self, failure: Failure) -> None:
        error, request = failure.value, failure.request  # type: ignore[attr-defined]  # Scrapy adds the request
        raise CollectError(str(trouble(error or OSError("no answer"), request.url))) from error

    async def second_looks(self, known: Sequence[Known]) -> AsyncIterator[Look]:
        """What became of posts that were taken before; those whose host does not answer now are left out.

        Raises CollectError where the host does not answer several times in a row, or not once.
        """
        failed, answered, last = 0, False, None
        questions = list(self.questions(known))
        asked = {one.id for some in questions for one in some}
        for one in known:
            if one.id not in asked:
                yield Look(one.id, Fate.UNASKED)
        for some in questions:
            try:
                told = await self.told(some)
            except Trouble as trouble:
                failed = failed + 1 if trouble.transient else 0
                if failed == PATIENCE:
                    raise CollectError(str(trouble)) from trouble
                if trouble.transient:
                    last = trouble
                    continue
                told = {one.id: Look(one.id, Fate.UNTOLD, str(trouble)) for one in some}
            else:
                failed = 0
            answered = True
            for one in some:
                yield told.get(one.id) or Look(one.id, Fate.UNTOLD)
        if last is not None and not answered:
            raise CollectError(str(last))

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """The posts that one request tells of, together. By default those of one page."""
        walked = getattr(self.target, "url", ())
        return by_page(known, lists=(walked,) if isinstance(walked, str) else walked)

    async def told(self, some: Sequence[Known]) -> Mapping[str, Look]:
        """What one request tells of them, by their ids. Raises Trouble."""
        address = opened(some[0].url or "", self.target.secrets)
        response = await self.asked_once(address)
        fate, sign = fate_of_page(response.status, address, response.url)
        return {one.id: Look(one.id, fate, sign, self.as_shown(one, response) if fate is Fate.HERE else None) for one in some}

    def as_shown(self, one: Known, response: Response) -> dict[str, Any] | None:
        """The raw item of a post as its own page shows it now; None where that does not hold it whole, as by default."""
        return None

    async def asked_once(self, address: str) -> Response:
        """The answer of a page at a second look, be it a refusal. Raises Trouble where it fails for now."""
        response = await self.answered(Request(address, dont_filter=True, meta=ONCE))
        if response.status in FAILURES:
            raise Trouble(f"{address}: {response.status}", transient=True, status=response.status)
        return response

    def look(self, raws: Iterable[dict[str, Any]]) -> tuple[dict[str, bool], bool]:
        """Whether each post of a page was taken before, and whether all of them are older than what is wanted."""
        now, known, old = datetime.now(UTC), {}, []
        for raw in raws:
            try:
                made = as_its_source_says(raw, self.target, now)  # type: ignore[arg-type]  # every target is one of a kind
            except Rejected:
                continue
            known[made.id] = self.seen(made.id)
            old.append(bool(self.since and made.published and made.published < self.since))
        return known, bool(old) and all(old)


def _read(name: str, kind: str) -> Any:
    """The target of this name. Raises ConfigError, or CollectError where it is of another kind."""
    if not name:
        raise CollectError(f"say which target: scrapy crawl {kind} -a target=NAME")
    target = find_target(name, config_folder())
    if target.kind != kind:
        raise CollectError(f"{name} is a target of kind {target.kind}, not {kind}: scrapy crawl {target.kind} -a target={name}")
    return target
