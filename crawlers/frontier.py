"""How far a walk through a site has come: its articles, its sitemaps, and its pages whose links are followed.

The rule to know: a page that was never followed goes before those that were, and of these the one left alone for longest goes first, so
that each has its turn. One that fails for now is tried again in later runs, whatever leads to it by then, until it is given up; it then
has its turn as the others do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from crawlers.last_shown import LastShown
from crawlers.page import canonical
from crawlers.patience import NEVER, InVain
from crawlers.post import iso
from crawlers.sitemap import Entry
from crawlers.source import Cursor
from crawlers.wall import Walls

REMEMBERED = 5_000
"""Addresses whose last change is kept (what was collected is known besides), sitemaps, and pages whose links were followed."""
WAITING = 1_000
"""Pages kept whose links are still to be followed; what is left out is linked to again by the page that led there."""


class Frontier:
    """Pages whose links are followed. Ask `next_page`, then tell what came of it by the other methods."""

    def __init__(self, cursor: Cursor) -> None:
        failing = cursor.get("failing", ())
        self._failing: dict[str, tuple[str, int, InVain]] = {mark(each[0]): (each[0], each[1], _tries(each[2])) for each in failing}
        """Mark -> address of a page that could not be had for now, the pages before it that brought nothing new, and the runs in which it
        failed."""
        self._followed: dict[str, None] = dict.fromkeys(cursor.get("followed", ()))
        """Marks of pages that were followed, the last one last."""
        self._given_up: dict[str, None] = dict.fromkeys(cursor.get("given_up", ()))
        """Marks of pages that were given up and not had since, the last one last."""
        self._todo: dict[str, tuple[str, int]] = {}
        """Mark -> address of a page, and the pages before it that brought nothing new."""
        for address, barren in [*((address, barren) for address, barren, _ in self._failing.values()), *cursor.get("todo", ())]:
            self._todo.setdefault(mark(address), (address, barren))
        self._own: frozenset[str] = frozenset()
        self._asked: set[str] = set()

    def begin(self, own: Iterable[str]) -> None:
        """The target's own pages are followed in every run, before all others."""
        first = {mark(address): (address, 0) for address in own}
        self._own = frozenset(first)
        self._todo = first | {name: each for name, each in self._todo.items() if name not in first}

    def next_page(self) -> tuple[str, int] | None:
        """The page to be followed next, and the pages before it that brought nothing new. It waits until told of."""
        return next(iter(self._todo.values()), None)

    def add(self, links: Iterable[str], barren: int) -> None:
        """Note pages that one page leads to, once in a run."""
        new = {name: (link, barren) for link in links if (name := mark(link)) not in self._asked and name not in self._todo}
        if not new:
            return
        turn = {name: place for place, name in enumerate(self._followed, 1)} | dict.fromkeys(self._own, -1)
        in_turn = sorted((self._todo | new).items(), key=lambda each: turn.get(each[0], 0))
        self._todo = dict(in_turn[:WAITING])

    def followed(self, address: str) -> None:
        """Note a page whose links and articles were taken."""
        name = self.left_out(address)
        self._given_up.pop(name, None)
        self._followed.pop(name, None)
        self._followed[name] = None
        forget(self._followed)

    def put_back(self, address: str, barren: int) -> None:
        """Note a page of whose articles perhaps not all were taken: the next run begins with it."""
        name = self.left_out(address)
        self._given_up.pop(name, None)
        self._followed.pop(name, None)
        self._todo = {name: (address, barren)} | self._todo

    def failed(self, address: str, barren: int, *, counted: bool = True) -> InVain:
        """Keep a page that could not be had for now; the runs in which it failed itself (`counted`)."""
        before = self._failing.get(mark(address))
        tries = (before[2] if before else NEVER).once_more(datetime.now(UTC), counted=counted)
        self._failing[self.left_out(address)] = (address, barren, tries)
        return tries

    def give_up(self, address: str) -> None:
        """Note a page that failed in too many runs: it is followed again in its turn, and that it fails again is nothing new."""
        self.followed(address)
        self._given_up[mark(address)] = None
        forget(self._given_up)

    def gave_up(self, address: str) -> bool:
        """Whether a page was given up before, and not had since."""
        return mark(address) in self._given_up

    def left_out(self, address: str) -> str:
        """Ask for a page no more in this run; its mark."""
        self._failing.pop(name := mark(address), None)
        self._todo.pop(name, None)
        self._asked.add(name)
        return name

    def cursor(self) -> Cursor:
        marks = {"followed": list(self._followed), "given_up": list(self._given_up)}
        failing = [[address, barren, tries.to_json()] for address, barren, tries in self._failing.values()]
        return {"todo": list(self._todo.values()), "failing": failing} | marks


class State:
    """The cursor of a site while it is walked."""

    def __init__(self, cursor: Cursor) -> None:
        self.frontier = Frontier(cursor)
        self._known: dict[str, str] = dict(cursor.get("known", {}))
        """Mark of an address -> when it had changed as it was asked for; empty where the site doesn't tell."""
        full = len(self._known) >= REMEMBERED
        forgotten = [cursor["forgotten"]] if "forgotten" in cursor else self._known.values() if full else ()
        self._forgotten: str = max((changed for changed in forgotten if changed <= _now()), default="")
        """The latest change that an address which is not remembered any more had as it was taken; empty where none was forgotten."""
        self._deferred: dict[str, InVain] = {address: _tries(said) for address, said in cursor.get("deferred", {}).items()}
        self._maps: dict[str, str] = dict(cursor.get("maps", {}))
        """Mark of a sitemap read to its end -> when it had changed then."""
        self.walls = Walls(cursor)
        self.last_shown = LastShown(cursor)

    def change(self, entry: Entry) -> str | None:
        """When an address had changed as it was taken; None for one that is not remembered."""
        return self._known.get(mark(entry.address))

    def changed_later(self, entry: Entry) -> bool:
        """Whether an address has changed later than all those that were forgotten: so later than it was taken, if it is one of them."""
        return bool(self._forgotten and entry.changed and self._forgotten < (iso(entry.changed) or "") <= _now())

    def settled(self, entries: Iterable[Entry]) -> bool:
        """Whether all of these were asked for."""
        return all(self.change(entry) == (iso(entry.changed) or "") or self.waits(entry) for entry in entries)

    def settle(self, entry: Entry) -> None:
        """Note an address that was asked for."""
        self._deferred.pop(entry.address, None)
        self._remember(entry)

    def _remember(self, entry: Entry) -> None:
        """What waits is asked for by its address alone: when it had changed is what was told before."""
        before = self._known.pop(name := mark(entry.address), "")
        self._known[name] = iso(entry.changed) or before
        for changed in forget(self._known):
            if changed <= _now():
                self._forgotten = max(self._forgotten, changed)

    def defer(self, entry: Entry, *, counted: bool = True) -> InVain:
        """Keep an address that could not be had for now; the runs in which it failed itself (`counted`)."""
        before = self._deferred.pop(entry.address, NEVER)  # each has its turn
        self._deferred[entry.address] = before.once_more(datetime.now(UTC), counted=counted)
        if entry.changed:
            self._remember(entry)
        return self._deferred[entry.address]

    def waits(self, entry: Entry) -> bool:
        """Whether an address has failed and is tried again."""
        return entry.address in self._deferred

    def deferred_entries(self) -> list[Entry]:
        """Addresses that failed in earlier runs."""
        return [Entry(address) for address in self._deferred]

    def unread_first(self, maps: Iterable[Entry]) -> list[Entry]:
        """Sitemaps that may have something new: those never read to their end, then the others, the longest unread first."""
        order = {mark: place for place, mark in enumerate(self._maps, 1)}
        left = [each for each in maps if not each.changed or self._maps.get(mark(each.address)) != iso(each.changed)]
        return sorted(left, key=lambda each: order.get(mark(each.address), 0))

    def read_map(self, address: str, changed: datetime | None) -> None:
        """Note a sitemap that was read to its end."""
        self._maps.pop(mark(address), None)
        self._maps[mark(address)] = iso(changed) or ""
        forget(self._maps)

    def cursor(self) -> Cursor:
        deferred = {address: tries.to_json() for address, tries in self._deferred.items()}
        cursor = {"known": dict(self._known), "forgotten": self._forgotten, "deferred": deferred, "maps": dict(self._maps)}
        return {
            name: each for name, each in (self.frontier.cursor() | cursor | self.walls.cursor() | self.last_shown.cursor()).items() if each
        }


def forget(remembered: dict[str, Any]) -> list[Any]:
    """Keep the last of what is remembered; what was known of the others."""
    forgotten = []
    while len(remembered) > REMEMBERED:
        forgotten.append(remembered.pop(next(iter(remembered))))
    return forgotten


def _tries(said: Any) -> InVain:
    """Out of a cursor; older ones have the number of runs alone."""
    return InVain(said) if isinstance(said, int) else InVain.from_json(said)


def _now() -> str:
    """A site may say that a page changes in the future: that tells nothing."""
    return iso(datetime.now(UTC)) or ""


def mark(address: str) -> str:
    """What an address is remembered by."""
    return hashlib.blake2b(canonical(address).encode(), digest_size=6).hexdigest()
