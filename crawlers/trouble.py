"""Why a page could not be had, in plain words: what a failed download means, and an answer that is no page.

The rule to know: `transient` is what may be had when it is asked for again; what comes of that is judged by who walks.
"""

from __future__ import annotations

import zlib
from urllib.parse import urlsplit

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

from crawlers.gate import FAILURES
from crawlers.look import CLOSED_STATUSES
from crawlers.middlewares import NOBODY, HostBusy, NoRobots, Refused

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
