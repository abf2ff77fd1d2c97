"""Pages of a host that were shown last: by them a wall before all of it is told from pages that are refused or gone by themselves.

The rule to know: whatever is refused is laid to the page only where one of these is still shown. Where all of them are said to be no
more, that is believed after a week: no maintenance takes so long.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from crawlers.post import iso
from crawlers.source import Cursor

SHOWN = 3
"""Pages kept, each of another topic or article."""
BELIEVED = timedelta(days=7)
"""How long all of them have to be said to be no more."""


class LastShown:
    """The pages, out of a cursor and into it."""

    def __init__(self, cursor: Cursor) -> None:
        self._pages: dict[str, str] = dict(cursor.get("last_shown", {}))
        since = cursor.get("removed_since")
        self._removed_since = datetime.fromisoformat(since) if since else None

    @property
    def pages(self) -> list[str]:
        """Their addresses, the newest first."""
        return list(reversed(self._pages.values()))

    def shows(self, name: str, page: str) -> None:
        """Note a page that is shown; `name` is that of its topic or article."""
        self._removed_since = None
        self._pages.pop(name, None)
        self._pages[name] = page
        for forgotten in list(self._pages)[:-SHOWN]:
            del self._pages[forgotten]

    def forget(self, pages: Collection[str]) -> None:
        """Note pages that are no more, where another one is shown."""
        self._removed_since = None
        self._pages = {name: each for name, each in self._pages.items() if each not in pages}

    def walled(self, removed: Collection[str], now: datetime) -> bool:
        """Whether a wall stands before the host, as none of them is shown; `removed` are those that are said to be no more."""
        if not self._pages or len(removed) < len(self._pages):
            self._removed_since = None
            return True
        self._removed_since = min(self._removed_since or now, now)
        return now - self._removed_since < BELIEVED

    def cursor(self) -> Cursor:
        """What the next run knows."""
        since = {"removed_since": iso(self._removed_since)} if self._removed_since else {}
        return ({"last_shown": dict(self._pages)} if self._pages else {}) | since
