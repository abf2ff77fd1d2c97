"""The cursor of a place that shows the newest first, page after page: a list of open intervals, not a position.

The rule to know: a walk from the top that is cut short leaves an interval open, from its last page down to what was known
before. The next run walks from the top again and then closes it, so that nothing between is ever missed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from crawlers.source import Cursor

PATIENCE = 3
"""Runs that must find nothing below the last page before a list counts as ended there."""
MANY = 8
"""Open intervals kept apart; more are joined into one."""


@dataclass(slots=True)
class Interval:
    """Pages still to be walked."""

    address: str
    """Last page taken; the walk resumes there."""
    until: list[str]
    """Posts that were the newest known ones when the interval was opened; empty: down to the end of the list."""
    empty: int = 0
    """Runs in a row that found nothing below the last page."""


class Descent:
    """One run's way through a place: from the top, then through the intervals left open.

    Ask `address`, then tell what was there by `took` or `nothing`; both move on to the next address, None at the end.
    `moving`: what changes goes to the top of the list again, under another name, as topics with new posts do.
    """

    def __init__(self, cursor: Cursor, start: str, *, moving: bool = False) -> None:
        self.start = start
        self.moving = moving
        self.top: list[str] = list(cursor.get("top", ()))
        self.open = [Interval(start, list(self.top)), *(Interval(**each) for each in cursor.get("open", ()))]
        self.later = list(self.open)
        self.linked = True
        self._next_walk()
        self.from_top = True

    def _next_walk(self) -> str | None:
        """Begin the next interval."""
        self.from_top = False
        self.interval: Interval | None = self.later.pop(0) if self.later else None
        self.address = self.interval.address if self.interval else None
        self.pages = 0
        self.visited: set[str] = set()
        self.shown: list[frozenset[str]] = []
        return self.address

    def took(self, known: dict[str, bool], following: str | None, *, old: bool = False, linked: bool = True) -> str | None:
        """A page was taken: whether each of its posts was known before, the page after it, and whether all of it is too old.

        `linked`: the page itself leads to the one after it, which is only tried otherwise.
        """
        interval, address = self._walked()
        self.linked = linked
        shown = frozenset(known)
        repeats = bool(shown) and shown in self.shown
        self.pages += 1
        self.visited.add(address)
        self.shown.append(shown)
        interval.address = address
        if not all(known.values()):
            interval.empty = 0
        if self.from_top and self.pages <= 2:
            self._remember(known)
        at_end = following is None or following in self.visited or repeats
        if at_end and self.from_top:
            # The whole list has been walked, and every open interval with it.
            self.open, self.later = [], []
        if at_end or old or self._reached(interval, known):
            return self._close(interval)
        self.address = following
        return following

    def nothing(self, *, honest: bool = False) -> str | None:
        """There was no post at the address. `honest`: the page says so itself."""
        interval, _ = self._walked()
        interval.empty += 1
        if honest or (self.pages and interval.empty >= PATIENCE):
            return self._close(interval)
        if not self.pages:
            # The list has become shorter than where the walk stopped.
            interval.address = self.start
        return self._next_walk()

    def repeated_at_once(self, known: dict[str, bool]) -> bool:
        """Whether the second page from the top, to which the first one leads, shows just what that did: the way on leads nowhere."""
        return self.linked and self.from_top and self.pages == 1 and bool(known) and self.shown == [frozenset(known)]

    def cursor(self) -> Cursor:
        """What the next run resumes with."""
        apart = list({(each.address, *each.until): each for each in self.open}.values())  # walks cut short on one page leave the same
        intervals = apart if len(apart) <= MANY else [Interval(self.start, apart[-1].until)]
        return {"top": self.top, "open": [asdict(each) for each in intervals]}

    def _walked(self) -> tuple[Interval, str]:
        if self.interval is None or self.address is None:
            raise ValueError("the descent has ended")
        return self.interval, self.address

    def _close(self, interval: Interval) -> str | None:
        self.open = [each for each in self.open if each is not interval]
        return self._next_walk()

    def _reached(self, interval: Interval, known: dict[str, bool]) -> bool:
        """Whether the page is part of what was known when the interval was opened.

        A page that stands at the top of every page ("pinned") is no proof, nor is the first page of an interval left open: it
        was taken before, or holds what has moved down since. In a moving list all the names remembered may be gone; but what is new
        stands on its top without a gap, so that there a page without anything new is proof enough.
        """
        if self.moving and self.from_top and known and all(known.values()):
            return True
        return all(known.values()) and not set(known).isdisjoint(interval.until) and (self.from_top or self.pages > 1)

    def _remember(self, known: dict[str, bool]) -> None:
        """Two pages of names and those remembered before are enough to meet one whole page of them, however pages shift."""
        names = list(known)
        first = self.shown[0]
        ahead = [name for name in self.top if name in first] if self.pages == 2 else []
        rest = [name for name in self.top if name not in first or self.pages == 1]
        self.top = list(dict.fromkeys([*ahead, *names, *rest]))[: max(30, 3 * len(first))]
