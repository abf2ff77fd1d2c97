"""By what a site tells its posts apart, ids of their own or else their addresses, and whether a changed layout hides that.

The rule to know: without it each post has another id here and would be taken a second time. So what lacks it, unlike what was kept before,
is taken only where another page of the site shows that it is still there: then this page lacks it honestly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any

from crawlers.archive import Archive
from crawlers.kinds import ForumTarget, ReviewsTarget
from crawlers.link import opened
from crawlers.mapping import mapped_again
from crawlers.page import site_of
from crawlers.place import data_folder
from crawlers.rejection import FEW, RECENT
from crawlers.run import Outcome
from crawlers.selection import Fields, Takes, takes
from crawlers.source import CollectError, Rejected
from crawlers.target import Target, target_from_json
from crawlers.trouble import Trouble

BY = ("id", "url")
"""Fields that tell a post, the first of them before the other."""
USUAL = 0.9
"""Share of the posts kept before from which on they are told by a field."""
OTHERS = 3
"""Other pages asked for at most."""

Raws = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A post that was kept before: which fields tell it, and its page."""

    found: frozenset[str]
    page: str

    def told(self, by: Iterable[str]) -> bool:
        """Whether one of these fields tells it."""
        return not self.found.isdisjoint(by)


class Identity:
    """Whether the posts of a run are told by what those kept before are told by; these are read only where one lacks it."""

    def __init__(self, target: ForumTarget | ReviewsTarget, seen: Callable[[str], bool]) -> None:
        self.target = target
        self.seen = seen
        self.takes = _takes(target)
        self.by = [name for name in BY if name in self.takes]
        self.told: deque[bool] = deque(maxlen=RECENT)
        """Of the last posts of this run, but for known ones that lack it as ever."""
        self.wrong = ""
        """What the run fails by."""

    async def check(
        self, raws: Raws, items: list[Fields], url: str, read: Callable[[str], Awaitable[Raws]], others: Iterable[str] = ()
    ) -> None:
        """Count the posts of a page before it is kept. Raises CollectError where what tells posts is not found any more.

        `read` gives the raw items of another page, or raises Trouble; `others` are asked for before those of posts kept before.
        """
        if not self.by or not (bare := self.bare(raws, items)) or not self.lost():
            return
        if not self.wrong and await self.elsewhere(url, read, others):
            self.told = deque(filter(None, self.told), RECENT)
            return
        self.wrong = self.wrong or f"{url}: {self.why(f'{bare} of {len(raws)} posts')}"
        raise CollectError(self.wrong)

    def bare(self, raws: Raws, items: list[Fields]) -> int:
        """Count a page; how many of its posts lack what tells those kept before and would be new."""
        without = [raw for raw, fields in zip(raws, items, strict=True) if not self.has(fields)]
        new = sum(map(self.new, without)) if without and self.usual else 0
        self.told.extend([True] * (len(raws) - len(without)) + [False] * new)
        return new

    def has(self, fields: Fields) -> bool:
        """Whether a post is told by what those kept before are told by."""
        return fields.has(self.by[0]) or any(fields.has(name) for name in self.usual)

    def new(self, raw: dict[str, Any]) -> bool:
        """Whether an item would be a post that is not known."""
        try:
            return not self.seen(mapped_again(raw, self.target, datetime.now(UTC), (), False).id)
        except Rejected:
            return False

    def lost(self) -> bool:
        """Whether fewer than half of the last posts of this run are told, together with those before it where they are few."""
        before = [each.told(self.usual) for each in self.before[-FEW:]]
        judged = self.told if len(self.told) >= FEW else [*before, *self.told][-FEW:]
        return 2 * sum(judged) < len(judged)

    async def elsewhere(self, url: str, read: Callable[[str], Awaitable[Raws]], others: Iterable[str]) -> bool:
        """Whether one of a few other pages shows posts that are told as before."""
        kept = (opened(each.page, self.target.secrets) for each in reversed(self.before) if each.told(self.usual))
        pages = dict.fromkeys([*others, *kept])
        pages.pop(url, None)
        for page in islice(pages, OTHERS):
            try:
                shown = [self.has(Fields(raw, self.takes)) for raw in await read(page)]
            except Trouble:
                continue
            if shown and 2 * sum(shown) >= len(shown):
                return True
        return False

    @cached_property
    def usual(self) -> list[str]:
        """The fields by one of which nearly all posts kept before are told, the newest of them aside; none where not."""
        kept = self.before if len(self.before) < 2 * FEW else self.before[:-FEW]
        for number in range(1, len(self.by) + 1):
            names = self.by[:number]
            if len(kept) >= FEW and sum(each.told(names) for each in kept) >= USUAL * len(kept):
                return names
        return []

    @cached_property
    def before(self) -> list[Kept]:
        """The last posts of the site that were kept, the newest last, each read as its target was then."""
        return list(islice(self._kept(), RECENT))[::-1]

    def _kept(self) -> Iterator[Kept]:
        addresses = [self.target.url] if isinstance(self.target, ReviewsTarget) else [*self.target.url, *self.target.topics]
        site = site_of(self.target.site, addresses[0])
        for batch in reversed(Archive(data_folder()).batches(self.target.name)):
            snapshot = batch.manifest["snapshot"]
            if not batch.of_collecting or snapshot["kind"] != self.target.kind:
                continue
            wanted = _takes(target_from_json(snapshot))
            for line in reversed(list(batch.lines())):
                raw = line["raw"]
                if line["outcome"] != Outcome.REJECTED and line.get("id", "").startswith(f"{site}:") and {"html", "page"} <= raw.keys():
                    fields = Fields(raw, wanted)
                    yield Kept(frozenset(name for name in BY if fields.has(name)), raw["page"])

    def why(self, share: str) -> str:
        """What is wrong, and how to mend it."""
        take = "topic.take" if isinstance(self.target, ForumTarget) else "take"
        selectors = " and ".join(f"`{name}` ({self.takes[name].select!r})" for name in self.usual)
        none = ", ".join(f"{name}: null" for name in self.usual)
        return (
            f"in {share} the selector of {selectors} finds nothing, while those kept before had it: the layout has changed, or the "
            f"selector is wrong, and each post would be taken a second time, so none of the page is kept; mend it in the target's "
            f"`{take}`, or, where the site has none of it any more, say `{none}` there: then posts are told without it, and those still "
            f"shown are taken once more"
        )


def _takes(target: Target) -> Takes:
    """The selectors of a post's fields."""
    assert isinstance(target, ForumTarget | ReviewsTarget)
    return takes(target.topic.take if isinstance(target, ForumTarget) else target.take)
