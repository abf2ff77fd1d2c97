"""Places with an interface for programs: lists of posts in JSON, newest first, page after page, and the threads below posts.

The rule to know: a source says where its lists begin, what a page of one holds and what a post is; the way through the pages,
the cursor and the threads are the same for all. A thread is read again when its post stands on a page that is walked and
counts another number of replies than were read; one that a run could not read to its end stays in the cursor, and the next
run goes on there.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from scrapy import Request
from scrapy.http import Response

from crawlers.gate import LONGEST_REQUEST, Gate, host_of
from crawlers.interval import Descent
from crawlers.link import hidden
from crawlers.look import GONE_STATUSES, Fate, Known, Look
from crawlers.page import decode
from crawlers.place import data_folder
from crawlers.platforms import PlatformTarget
from crawlers.progress import State
from crawlers.source import CollectError, Item, Page
from crawlers.spider import ONCE, TargetSpider, Trouble, content_type, refusal

P = TypeVar("P", bound=PlatformTarget)

WRONG_FORM = (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError, RecursionError)
"""What reading an answer ends with that has another form than the interface states."""


class Closed(Trouble):
    """There is nothing to read, and nothing wrong with the target: comments are switched off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, transient=False)


class Ended(CollectError):
    """No other address can be had either: the key is refused, the day's requests are used up."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The replies to a post."""

    id: str
    """The post's own id; each reply has it as `thread` in its raw item."""
    address: str
    """Where they begin."""
    replies: int
    """How many there are by the post's own count."""
    moment: datetime | None = None
    """When it was last written in, where that is told; one that has been still since before the wanted date is not read."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list or of a thread."""

    raws: tuple[dict[str, Any], ...] = ()
    following: str | None = None
    """Address of the page after it."""
    threads: tuple[Thread, ...] = ()
    """Threads that the page names without showing what they begin with: that is read with the replies."""
    silent: tuple[dict[str, Any], ...] = ()
    """Posts without words, as pictures are: no posts to us, though the threads below them are read."""
    more: tuple[str, ...] = ()
    """More pages of the same thread, as of a branch that is folded up."""


class ListingSpider(TargetSpider[P], Generic[P]):
    """Walks the lists of a place. A source overrides `lists`, `read` and, where there are threads, `thread`."""

    by_robots: ClassVar[bool] = False
    """Whether robots.txt is asked: it speaks of pages; an interface made for programs has rules of its own."""

    together: ClassVar[int] = 0
    """Posts that one answer of the interface tells of by their ids; 0 where only their own pages do."""

    async def lists(self) -> dict[str, str]:
        """Name of each list of the target -> address of its first page. Raises Trouble."""
        raise NotImplementedError

    def read(self, answer: Any, response: Response) -> Listing:
        """What a page of a list or of a thread holds. Raises CollectError for what the interface never says."""
        raise NotImplementedError

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        """The thread below a post; None where it has none, or is one's reply itself."""

    def content(self, response: Response) -> Any:
        """What an answer holds, for `read`. Raises CollectError for what it can't be."""
        return parsed(response)

    def over(self, response: Response) -> bool:
        """Whether an answer says that the list has no such page any more: it ends before."""
        return False

    async def filled(self, listing: Listing) -> Listing:
        """The page with what only other addresses tell of its posts, as the followers of their authors.

        Raises Trouble where they don't: the posts are then kept without.
        """
        return listing

    async def _told_more(self, listing: Listing) -> Listing:
        try:
            return await self.filled(listing)
        except Ended:
            raise
        except (Trouble, CollectError) as wrong:
            self.logger.warning("%s; the posts of this page are kept without what it tells", hidden(str(wrong), self.secrets))
            return listing

    def pause(self, answer: Any) -> float | None:
        """Seconds for which an answer asks to be left alone, in its own words instead of Retry-After."""

    def request(self, url: str) -> Request:
        """The request of an address. The key is added here, so that neither cursor nor batch ever holds it: the token of `token_env`,
        another one where a source says so."""
        token = self.secret("token_env")
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return Request(url, headers=headers, dont_filter=True)

    def secret(self, key: str) -> str | None:
        """What the variable that the target's `key` names holds; None where the target names none. Raises CollectError."""
        variable = self.target.keys.get(key)
        if variable is None:
            return None
        if not (value := os.environ.get(variable)):
            raise CollectError(f"the environment variable {variable} isn't set: it holds the key of this target")
        self.secrets[variable] = value
        return value

    def complaint(self, answer: Any) -> str | None:
        """What an answer says instead of what was asked for; None where it complains of nothing. Raises Closed, or Ended."""
        error = answer.get("error") if isinstance(answer, dict) else None
        return str(error) if error else None

    async def start(self) -> AsyncIterator[Page]:
        self.state = State(self.cursor)
        self.secrets: dict[str, str] = {}
        self.visited: set[str] = set()
        try:
            async for page in self.walk():
                yield page
                await asyncio.sleep(0)  # the page is kept before `full` is asked again
        except CollectError as error:
            raise CollectError(hidden(str(error), self.secrets)) from None

    async def walk(self) -> AsyncIterator[Page]:
        """All lists in turn; one that fails does not keep the others from being walked."""
        failed = []
        try:
            lists = await self.lists()
        except Trouble as trouble:
            raise CollectError(str(trouble)) from trouble
        except WRONG_FORM as error:
            raise CollectError(f"where the lists begin is told in another form ({type(error).__name__}: {error})") from error
        self.state.keep(lists)
        for name, start in lists.items():
            try:
                async for page in self.descend(name, start):
                    yield page
            except Trouble as trouble:
                failed.append(str(trouble))
            if self.full():
                return
        if failed:
            raise CollectError("; ".join(failed))

    async def descend(self, name: str, start: str) -> AsyncIterator[Page]:
        """One list down to what is known, each page with the threads of its posts."""
        descent = Descent(self.state.lists.get(name, {}), start)
        left = self.target.pages
        while descent.address and left > 0 and not self.full():
            left -= 1
            address = descent.address
            listing, old = await self.step(descent)
            self.state.lists[name] = descent.cursor()
            if not old:
                self.want(listing)
            yield self.page(listing.raws, address)
            async for page in self.threads():
                yield page

    async def step(self, descent: Descent) -> tuple[Listing, bool]:
        """The page that a descent stands at, which is told of it, and whether all of the page is too old. Raises Trouble."""
        assert descent.address is not None
        try:
            listing = await self.get(descent.address)
        except Closed:
            listing = Listing()
        except Trouble as trouble:
            if descent.from_top or trouble.transient:
                raise
            descent.nothing()  # marks of pages lapse: the interval is walked from the top next time
            return Listing(), False
        if not (listing.raws or listing.threads or listing.following):
            descent.nothing(honest=True)
            return listing, False
        known, old = self.met(listing)
        descent.took(known, listing.following, old=old)
        return listing, old

    def met(self, listing: Listing) -> tuple[dict[str, bool], bool]:
        """Whether each post and thread of a page was taken before, and whether all of them are older than what is wanted."""
        known, old = self.look(listing.raws)
        if not listing.threads:
            return known, old
        still = [self.still(thread) for thread in listing.threads]
        read = {thread.id: each or self.state.settled(thread) for thread, each in zip(listing.threads, still, strict=True)}
        return known | read, all(still) and (old or not known)

    def still(self, thread: Thread) -> bool:
        """Whether nothing was written in a thread since the wanted date."""
        return bool(self.since and thread.moment and thread.moment < self.since)

    def want(self, listing: Listing) -> None:
        """Note the threads of a page whose number of replies has changed."""
        below = [self.below(raw) for raw in (*listing.raws, *listing.silent)] if self.target.comments else []
        for thread in (*listing.threads, *below):
            if thread and not self.still(thread):
                self.state.want(thread)

    def below(self, raw: dict[str, Any]) -> Thread | None:
        """The thread below a post; none where the post has another form than it should: it is rejected besides."""
        try:
            return self.thread(raw)
        except WRONG_FORM:
            return None

    async def threads(self) -> AsyncIterator[Page]:
        """The replies of the threads that wait, of each so many pages in a run."""
        for id in [each for each in self.state.waiting if each not in self.visited]:
            self.visited.add(id)
            left, before = self.target.pages, None
            while (address := self.state.next_page(id)) and left > 0 and not self.full():
                left -= 1
                try:
                    replies = await self.get(address)
                except Ended:
                    raise
                except (Trouble, CollectError) as error:
                    wrong = error if isinstance(error, Trouble) else None
                    gone = wrong and not wrong.transient  # closed or removed: nothing to come back for
                    if not gone and self.state.failed(id, counted=not (wrong and wrong.of_host)):
                        self.logger.warning("%s; tried again next time", hidden(str(error), self.secrets))
                        yield Page(items=(), cursor=self.state.cursor(), deferred=(address,))
                        break
                    replies = Listing()
                raws = tuple(raw | {"thread": id} for raw in replies.raws)
                if replies.following and raws == before:
                    self.logger.warning("%s shows the replies of the page before it again: the thread ends there", address)
                    replies = replace(replies, following=None)
                before = raws
                self.state.went_on(id, replies)
                yield self.page(raws, address)

    def page(self, raws: tuple[dict[str, Any], ...], address: str) -> Page:
        return Page(items=tuple(Item(raw=raw, address=address) for raw in raws), cursor=self.state.cursor())

    async def get(self, url: str) -> Listing:
        """A page of the interface. Raises Trouble, or CollectError for an answer that is none."""
        response = await self.answer(url)
        if self.over(response):
            return Listing()
        with _of_its_form(url):
            answer = self.content(response)
            asked = self.heed(answer, url)
            if told := self.complaint(answer):
                raise Trouble(f"{url}: {told}", transient=asked)
            return await self._told_more(self.read(answer, response))

    async def second_looks(self, known: Sequence[Known]) -> AsyncIterator[Look]:
        self.secrets = {}
        try:
            async for look in super().second_looks(known):
                yield look
        except CollectError as error:
            raise CollectError(hidden(str(error), self.secrets)) from None

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        if not self.together:
            return super().questions(known)
        return (list(known[start : start + self.together]) for start in range(0, len(known), self.together))

    async def told(self, some: Sequence[Known]) -> Mapping[str, Look]:
        """What the interface tells of posts. Raises Trouble, also where its answer is of another form."""
        if not self.together:
            return await super().told(some)
        url = self.inquiry(some)
        response = await self.polite(url, ONCE)
        try:
            answer = parsed(response)
        except CollectError as error:
            raise refusal(response) or Trouble(str(error), transient=False) from None
        try:
            if response.status in GONE_STATUSES and self.missing(answer):
                return {one.id: Look(one.id, Fate.GONE, str(response.status)) for one in some}
            if wrong := self.wrong_with(response, answer, url):
                raise wrong
            return {look.id: look for look in self.fates(answer, some)}
        except WRONG_FORM as error:
            raise Trouble(f"{url} gives an answer of another form ({type(error).__name__}: {error})", transient=False) from error

    def inquiry(self, some: Sequence[Known]) -> str:
        """The address that tells of these posts, by the raw item of each."""
        raise NotImplementedError

    def missing(self, answer: Any) -> bool:
        """Whether an answer with 404 or 410 is the interface's own word that there is no such post."""
        return False

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """What an answer says of the posts asked for. Raises KeyError and the like where it is of another form."""
        raise NotImplementedError

    async def polite(self, url: str, how: Mapping[str, Any] | None = None) -> Response:
        """Whatever the host answers, `how` being meta of the request. Raises Trouble where it answers nothing."""
        request = self.request(url)
        request.meta.update(how or {})
        if not self.by_robots:
            request.meta["dont_obey_robotstxt"] = True
        return await self.answered(request)

    async def answer(self, url: str) -> Response:
        """The answer to an address. Raises Trouble with what the interface says of its refusal."""
        response = await self.polite(url)
        wrong = refusal(response)
        if wrong is None or self.over(response):
            return response
        try:
            answer = parsed(response)
        except CollectError:
            raise wrong from None
        with _of_its_form(url):
            told = self.wrong_with(response, answer, url)
        raise told or wrong

    def wrong_with(self, response: Response, answer: Any, url: str) -> Trouble | None:
        """What keeps an answer from being one, by its status and by its own words; where it asks for a pause, that is kept."""
        wrong, asked = refusal(response), self.heed(answer, url)
        if told := self.complaint(answer):
            transient = asked or (wrong is not None and wrong.transient)
            return Trouble(f"{url}: {told}", transient=transient, status=wrong.status if wrong else None)
        return wrong

    def heed(self, answer: Any, url: str) -> bool:
        """Leave the host alone for as long as an answer asks, in all processes. Whether it asks."""
        if not (seconds := self.pause(answer)):
            return False
        # Whatever stands there is compared first: NaN is no time either.
        asked = min(float(seconds), LONGEST_REQUEST) if seconds > 0 else 0.0
        Gate(data_folder() / "gate").failed(host_of(url), asked)
        return True


@contextmanager
def _of_its_form(url: str) -> Iterator[None]:
    """Raises CollectError where what is read of an answer isn't there, or is something else."""
    try:
        yield
    except WRONG_FORM as error:
        raise CollectError(f"{url} gives an answer of another form ({type(error).__name__}: {error})") from error


def with_parameters(url: str, **values: str | int | None) -> str:
    """The address with these parameters in its query; None takes one out."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | values
    kept = {name: value for name, value in query.items() if value is not None}
    return parts._replace(query=urlencode(kept, safe="/;,()")).geturl()


def parsed(response: Response) -> Any:
    """The JSON of an answer. Raises CollectError for what is none, a page above all."""
    text = decode(response.body, content_type(response))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "a page" if text.lstrip()[:1] == "<" else "an answer"
        raise CollectError(f"{response.url} gives {what} that is no JSON: it begins with {text.strip()[:40]!r}") from error
