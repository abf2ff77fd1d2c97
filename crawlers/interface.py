"""Interfaces for programs: a request with its key, what an answer means by its status and by its own words, and looks by ids.

The rule to know: an interface answers in JSON and says in it what is wrong; what it says goes before what its status means, and a
pause that it asks for is kept in all processes. A page that says there is nothing comes from a wall or a proxy before it.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from scrapy import Request
from scrapy.http import Response

from crawlers.gate import LONGEST_REQUEST, Gate
from crawlers.hostfile import host_of
from crawlers.link import hidden
from crawlers.look import GONE_STATUSES, Fate, Known, Look
from crawlers.page import decode
from crawlers.place import data_folder
from crawlers.platforms import PlatformTarget
from crawlers.source import CollectError
from crawlers.spider import ONCE, TargetSpider, content_type
from crawlers.trouble import Trouble, refusal

P = TypeVar("P", bound=PlatformTarget)
T = TypeVar("T")

WRONG_FORM = (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError, RecursionError)
"""What reading an answer ends with that has another form than the interface states."""
WANTS_LOGIN = 401
"""The status of an answer that speaks of the key, and not of what was asked for."""


class Closed(Trouble):
    """There is nothing to read, and nothing wrong with the target: comments are switched off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, transient=False, closed=True)


class Ended(CollectError):
    """No other address can be had either: the key is refused, the day's requests are used up."""


class InterfaceSpider(TargetSpider[P], Generic[P]):
    """Asks an interface for programs. A source overrides `request`, `pause`, `complaint` where its interface has ways of its own."""

    by_robots: ClassVar[bool] = False
    """Whether robots.txt is asked: it speaks of pages; an interface made for programs has rules of its own."""

    by_pages: ClassVar[bool] = False
    """Whether what is asked for are pages, whose refusals are pages too."""

    together: ClassVar[int] = 0
    """Posts that one answer of the interface tells of by their ids; 0 where only their own pages do."""

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Keys that were asked for, by the names of their variables: no message may show what they hold."""
        return {}

    def pause(self, answer: Any) -> float | None:
        """Seconds for which an answer asks to be left alone, in its own words instead of Retry-After."""

    def over(self, response: Response) -> bool:
        """Whether an answer says that the list has no such page any more: it ends before."""
        return False

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
        error = error_of(answer)
        return str(error) if error else None

    def closes(self, answer: Any) -> bool:
        """Whether a complaint says that what was asked for can't be had, so that there is nothing to come back for."""
        return True

    async def polite(self, url: str, how: Mapping[str, Any] | None = None) -> Response:
        """Whatever the host answers, `how` being meta of the request. Raises Trouble where it answers nothing."""
        try:
            request = self.request(url)
        except ValueError:  # what an answer gave as an id holds half a character
            raise Trouble(f"{url!a} is no address", transient=False, closed=True) from None
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
            if wrong.final and not self.by_pages:
                raise Trouble(f"{wrong}, in an answer that is no JSON", transient=False) from None
            raise wrong from None
        with of_its_form(url):
            told = self.wrong_with(response, answer, url)
        raise told or wrong

    def wrong_with(self, response: Response, answer: Any, url: str) -> Trouble | None:
        """What keeps an answer from being one, by its status and by its own words; where it asks for a pause, that is kept."""
        wrong, asked = refusal(response), self.heed(answer, url)
        if told := self.complaint(answer):
            transient, status = asked or (wrong is not None and wrong.transient), wrong.status if wrong else None
            closed = status != WANTS_LOGIN and self.closes(answer)
            return Trouble(f"{url}: {told}", transient=transient, status=status, closed=closed)
        return wrong

    def heed(self, answer: Any, url: str) -> bool:
        """Leave the host alone for as long as an answer asks, in all processes. Whether it asks."""
        if not (seconds := self.pause(answer)):
            return False
        # Whatever stands there is compared first: NaN is no time either.
        asked = min(float(seconds), LONGEST_REQUEST) if seconds > 0 else 0.0
        Gate(data_folder() / "gate").failed(host_of(url), asked)
        return True

    async def second_looks(self, known: Sequence[Known]) -> AsyncIterator[Look]:
        try:
            async for look in super().second_looks(known):
                yield look
        except CollectError as error:
            raise CollectError(hidden(str(error), self.secrets)) from None

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        if not self.together:
            return super().questions(known)
        return groups(known, self.together)

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


@contextmanager
def of_its_form(url: str) -> Iterator[None]:
    """Raises CollectError where what is read of an answer isn't there, or is something else."""
    try:
        yield
    except WRONG_FORM as error:
        raise CollectError(f"{url} gives an answer of another form ({type(error).__name__}: {error})") from error


def error_of(answer: Any) -> Any:
    """What stands under `error` in an answer; None where nothing does."""
    return answer.get("error") if isinstance(answer, dict) else None


def groups(many: Sequence[T], size: int) -> Iterator[list[T]]:
    """So many at a time, as one request may ask for."""
    return (list(many[start : start + size]) for start in range(0, len(many), size))


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
