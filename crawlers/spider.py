"""What every source reached by HTTP shares: its target, its cursor, and plain words for what went wrong on the way.

The rule to know: a spider walks and yields pages; the pipeline keeps them. What can't go on is raised as CollectError.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

from parsel import Selector
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.python.failure import Failure

from crawlers import unfolded
from crawlers.gate import FAILURES
from crawlers.kinds import TargetModel
from crawlers.link import opened
from crawlers.look import CLOSED_STATUSES, PATIENCE, Fate, Known, Look, by_page, fate_of_page, read_known
from crawlers.mapping import as_its_source_says
from crawlers.middlewares import NOBODY, HostBusy, NoRobots, Refused
from crawlers.page import decode
from crawlers.place import config_folder
from crawlers.sink import find_target
from crawlers.source import CollectError, Cursor, Rejected
from crawlers.writer import Sink

T = TypeVar("T", bound=TargetModel)

DOWNLOAD_ERRORS = (
    IgnoreRequest,
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
    ConnectError,  # no way leads to the host
    ConnectionClosed,
    OSError,
    ValueError,  # what is no address at all
    EOFError,  # compression that is cut short
    zlib.error,
)
"""What a download can end with instead of an answer."""

UNREACHABLE = (*NOBODY, DownloadTimeoutError)
"""Of a host that answers nothing at all, whatever it is asked for."""

ONCE = {"dont_retry": True}
"""Of a second look: what fails now is asked for again in an hour, and not at once."""


REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""What Scrapy follows, but for what leads to another protocol or nowhere."""
QUOTED = 80
"""Characters of a wrong address that are told."""


class Trouble(Exception):
    """A page that could not be had; `transient` where asking again later may help.

    `of_host`: the page itself was not asked for, as nothing of its host may be for now. That is no try of the page.
    `closed`: an interface says in its own words that this can't be had, or no asking again would make it one that can be read.
    """

    def __init__(self, reason: str, *, transient: bool, status: int | None = None, of_host: bool = False, closed: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient
        self.status = status
        self.of_host = of_host
        self.closed = closed

    @property
    def final(self) -> bool:
        """Whether there is nothing to come back for. A refusal alone, of a wall against robots or by robots.txt, says nothing of a page."""
        return not self.transient and (self.closed or self.status in CLOSED_STATUSES)

    @property
    def unasked(self) -> bool:
        """Whether the page is not to be asked for, as robots.txt says, or as it stands elsewhere than a page of its kind may."""
        return not self.transient and self.status is None


def trouble(error: BaseException, url: str) -> Trouble:
    """What a failed download means."""
    host = urlsplit(url).hostname
    if isinstance(error, Refused):
        return Trouble(f"{url}: {error}", transient=False)
    if isinstance(error, HostBusy):
        # A page that closes its host each time it is asked for must be given up some day, or it would keep the others from being read.
        return Trouble(f"{url}: {error}", transient=True, of_host=not error.by_itself)
    if isinstance(error, NoRobots):
        return Trouble(f"{url}: {_no_robots(error, url)}", transient=True, of_host=True)
    if isinstance(error, IgnoreRequest):
        if "by robots.txt" in str(error):
            return Trouble(f"{url}: robots.txt of {host} forbids it", transient=False)
        return Trouble(f"{url}: {_limit(error)}", transient=False, closed=True)
    if isinstance(error, DownloadCancelledError):
        return Trouble(f"{url}: {_limit(error)}", transient=False, closed=True)
    if isinstance(error, CannotResolveHostError):
        return Trouble(f"{url}: no address is known for the name {host}", transient=True)
    if isinstance(error, DownloadTimeoutError):
        return Trouble(f"{url}: no answer in time", transient=True)
    if isinstance(error, UnsupportedURLSchemeError | ValueError):
        return Trouble(f"{url}: is not an address that can be collected", transient=False, closed=True)
    return Trouble(f"{url}: {_broken(error)}", transient=True)


def reason(error: BaseException, url: str) -> str:
    """The same, without the address."""
    return str(trouble(error, url)).removeprefix(f"{url}: ")


def _no_robots(error: NoRobots, url: str) -> str:
    """What keeps a host from being asked: that it can't be reached at all, or that its robots.txt alone can't be had."""
    cause = error.__cause__
    if isinstance(cause, UNREACHABLE):
        return f"{reason(cause, url)} (asked for robots.txt first)"
    why = f" ({reason(cause, url)})" if cause else ""
    return f"robots.txt of {urlsplit(url).hostname} {error}{why}, so nothing there is asked for; the next run tries it again"


def _broken(error: BaseException) -> str:
    """What went wrong on the way, in plain words where the program's own are none."""
    told = str(error)
    if isinstance(error, ResponseDataLossError) or "DataLoss" in told:
        return "the answer was cut short"
    if any(name in told for name in ("ConnectionDone", "ConnectionLost", "ConnectionAborted")):
        return "the connection was closed before the whole answer had come"
    return told or type(error).__name__


def _limit(error: BaseException) -> str:
    if "redirect" in str(error):
        return "leads from redirect to redirect without end"
    return "the answer is larger than a page may be" if "size" in str(error).lower() else str(error)


def refusal(response: Response) -> Trouble | None:
    """What an answer that is not a page means; None for a page."""
    if response.status < 300:
        return None
    transient = response.status in FAILURES
    answers = {401: "wants a login", 403: "refuses to show it", 404: "has no such page", 410: "has removed it", 429: "is asked too often"}
    host = urlsplit(response.url).hostname
    if response.status in REDIRECTS:
        where = (response.headers.get("Location") or b"").decode("latin-1")[:QUOTED]
        leads = f"leads to {where!r}, which is not an address that can be collected" if where else "leads elsewhere and doesn't say where"
        return Trouble(f"{response.url}: {host} {leads} ({response.status})", transient=False, status=response.status)
    return Trouble(
        f"{response.url}: {host} {answers.get(response.status, 'fails')} ({response.status})", transient=transient, status=response.status
    )


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
