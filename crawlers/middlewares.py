"""What stands between the spiders and the network: the gate of each host, and the wall around private addresses.

The rule to know: addresses are judged after the name is resolved and before a connection is made, so that neither a
redirect nor a changed DNS answer reaches the own network.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError, IgnoreRequest
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from crawlers.address import is_public
from crawlers.gate import ASKING, FAILURES, Gate, asked_for
from crawlers.hostfile import host_of
from crawlers.place import data_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.base import ReactorBase

NOBODY = (CannotResolveHostError, DownloadConnectionRefusedError, ConnectError)
"""What a request ends with that reached nobody (ConnectError: no way leads to the host); it does so at once."""


class Refused(IgnoreRequest):
    """The request may never be sent."""


class HostBusy(IgnoreRequest):
    """The host is left alone for longer than a run waits, as it asked to be or answers nothing; the next run asks again.

    `by_itself`: it was this very request that the host answered so, or failed at.
    """

    def __init__(self, reason: str, *, by_itself: bool = False) -> None:
        super().__init__(reason)
        self.by_itself = by_itself


class NoRobots(IgnoreRequest):
    """Nobody knows what the host forbids; `__cause__` is what the download of its robots.txt ended with, where it brought no answer."""


@implementer(IHostnameResolver)
class PublicResolver:
    """Resolves names to public addresses only; a host of a target with `allow_private` is let through."""

    def __init__(self, reactor: ReactorBase) -> None:
        self.reactor = reactor
        self.original: Any = reactor.nameResolver
        self.permitted: set[str] = set()
        self.refused: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> PublicResolver:
        return cls(reactor)

    def install_on_reactor(self) -> None:
        self.reactor.installNameResolver(cast(IHostnameResolver, self))

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        receiver = resolutionReceiver if hostName.lower() in self.permitted else PublicReceiver(resolutionReceiver, hostName, self.refused)
        found: IHostResolution = self.original.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
        return found


@implementer(IResolutionReceiver)
class PublicReceiver:
    """Passes on what a name resolves to, less private addresses, which it notes."""

    def __init__(self, receiver: Any, host: str, refused: dict[str, str]) -> None:
        self.receiver = receiver
        self.host = host
        self.refused = refused

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        self.refused.pop(self.host, None)
        self.receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: Any) -> None:
        if is_public(address.host):
            self.receiver.addressResolved(address)
        else:
            self.refused[self.host] = address.host

    def resolutionComplete(self) -> None:
        self.receiver.resolutionComplete()


class PrivateAddressMiddleware:
    """Tells the resolver which hosts a target may reach privately, and says in plain words why a request was refused."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PrivateAddressMiddleware:
        return cls(crawler)

    @property
    def resolver(self) -> PublicResolver:
        from twisted.internet import reactor

        resolver = reactor.nameResolver
        if not isinstance(resolver, PublicResolver):
            raise RuntimeError("TWISTED_DNS_RESOLVER is not crawlers.middlewares.PublicResolver: private addresses could be reached")
        return resolver

    def process_request(self, request: Request) -> None:
        target = getattr(self.crawler.spider, "target", None)
        if target is not None and target.allow_private:
            self.resolver.permitted.add(urlsplit(request.url).hostname or "")

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = urlsplit(request.url).hostname or ""
        if address := self.resolver.refused.get(host):
            raise Refused(f"{host} is at the private address {address}; if that is meant, set allow_private: true") from exception


class WholeBodyMiddleware:
    """Refuses packed answers that are cut short: Scrapy unpacks what came and would take the beginning of a page for all of it."""

    def __init__(self, crawler: Crawler) -> None:
        self.largest = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> WholeBodyMiddleware:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """The answer as it came. Raises EOFError where its gzip has no end, OSError where it is damaged."""
        packed = response.headers.get(b"Content-Encoding") or b""
        if b"gzip" in packed.lower() and response.body.startswith(b"\x1f\x8b"):
            unpacking, rest, size = zlib.decompressobj(wbits=31), response.body, 0
            while rest and not unpacking.eof and size <= self.largest:
                try:
                    size += len(unpacking.decompress(rest, 1 << 20))
                except zlib.error as error:
                    raise OSError(f"the answer is damaged: {error}") from error
                rest = unpacking.unconsumed_tail
            if not unpacking.eof and size <= self.largest:
                raise EOFError("the answer is cut short: its gzip has no end")
        return response


class GateMiddleware:
    """Waits at the gate of the host before each request, and closes it when the host fails or asks for a pause."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.patience = crawler.settings.getfloat("GATE_PATIENCE")
        self.gate = Gate(data_folder() / "gate", back_off=crawler.settings.getfloat("GATE_BACK_OFF"))
        self.crawl_delay: dict[str, float] = {}
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        crawler.signals.connect(self.robots_parsed, signal=signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GateMiddleware:
        return cls(crawler)

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Remember the Crawl-delay of a host."""
        if isinstance(robotparser, ProtegoRobotParser):
            delay = robotparser.rp.crawl_delay(self.crawler.settings["ROBOTSTXT_USER_AGENT"])
            if delay:
                self.crawl_delay[host_of(request.url)] = float(delay)

    async def process_request(self, request: Request) -> None:
        host = host_of(request.url)
        # One request of a host at a time asks; the others stand behind it in order.
        async with self.turns[host]:
            while (wait := self.gate.enter(host, self.delay(request, host))) > 0:
                if wait > max(self.patience, self.crawl_delay.get(host, 0.0)):
                    raise HostBusy(self.gate.why(host, wait), by_itself="retry_times" in request.meta)
                await asyncio.sleep(wait)

    def delay(self, request: Request, host: str) -> float:
        """Seconds between this request and the next one to the host: what AutoThrottle found, at least what the target (or its source, for
        some requests: `delay` of their meta) and robots.txt want."""
        target = getattr(self.crawler.spider, "target", None)
        wanted = request.meta.get("delay", getattr(target, "delay", None))
        return max(self.pace(request), wanted or 0.0, self.crawl_delay.get(host, 0.0))

    def pace(self, request: Request) -> float:
        """What AutoThrottle found in this process so far."""
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        return slot.delay if slot else self.crawler.settings.getfloat("AUTOTHROTTLE_START_DELAY")

    def process_response(self, request: Request, response: Response) -> Response:
        host = host_of(request.url)
        said = {name: header.decode("latin-1") for name in ASKING if (header := response.headers.get(name))}
        asked = asked_for(response.status, said, time.time())
        if response.status in FAILURES:
            self.gate.failed(host, asked)
        else:
            if request.method != "GET":
                asked = None  # how many more logins a platform allows says nothing of reading
            self.gate.answered(host, self.pace(request), of_robots=urlsplit(request.url).path == "/robots.txt", asked=asked)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if "certificate verify failed" in str(exception):
            request.meta["dont_retry"] = True  # it will be no better in a minute
        elif isinstance(exception, NOBODY):
            if self.gate.unreached(host_of(request.url)) > self.patience:
                request.meta["dont_retry"] = True  # the gate would not let it pass; so the run says why
        elif isinstance(exception, DownloadTimeoutError):
            self.gate.in_vain(host_of(request.url))
        elif not isinstance(exception, IgnoreRequest):
            self.gate.failed(host_of(request.url))


class KeptMiddleware:
    """Has a walk end when its last page is kept.

    Scrapy looks whether a spider is done when its `start` ends, but not when an item of `start` has been through the pipelines: a walk
    whose last page is still being kept when `start` ends would go on until the engine's next beat, up to five seconds.
    """

    TURN = 0.01
    """Seconds between two looks at what is being kept: nothing tells that an item is not counted any more."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeptMiddleware:
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for each in start:
            yield each
        assert self.crawler.engine is not None
        scraper = self.crawler.engine.scraper
        while scraper.slot is not None and scraper.slot.itemproc_size:
            await asyncio.sleep(self.TURN)
