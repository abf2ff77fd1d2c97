"""How far a walk through lists and threads has come: the cursor while the lists are walked.

The rule to know: a thread that was not read to its end waits here, wherever its post stands by then; the number of replies is noted
only once all of them were read. Of more threads than are remembered those on top of their lists are: a walk from there ends at them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from crawlers.patience import InVain
from crawlers.source import Cursor

if TYPE_CHECKING:
    from crawlers.listing import Listing, Thread

REMEMBERED = 2_000
"""Threads whose number of replies is kept."""
AUTHORS = 1_000
"""Authors whose followers are kept: some forty kilobytes of cursor."""
TRIES = 5
"""Runs in which a page of a thread that fails for now is asked for at least, before it is given up."""
BEFORE = 1_000_000
"""Pages that would stand above what only earlier runs met: more than any list has."""
LISTS = 100
"""Lists whose cursor is kept though the target has them no longer: what a search finds goes and comes again."""
UNTOLD = 2_000
"""The same in a run that could not be told where all lists begin: most of these are the target's still."""


class State:
    """Lists and threads of one target."""

    def __init__(self, cursor: Cursor) -> None:
        self.lists: dict[str, Cursor] = dict(cursor.get("lists", {}))
        self.threads: dict[str, int] = dict(cursor.get("threads", {}))
        self.waiting: dict[str, dict[str, Any]] = dict(cursor.get("waiting", {}))
        """Threads not read to their end: the number of `replies` counted, the `pages` left, how often the first of them `failed` and
    `since` when, and whether the post above the replies is still `unread`, which a list names only."""
        self.members: dict[str, Any] = dict(cursor.get("members", {}))
        """The `day` on which the members of the place were asked for, and how `many` they were when that was last told."""
        self.followers: dict[str, int | None] = dict(cursor.get("followers", {}))
        """Followers of authors, where only an address of their own tells them; None where it does not."""
        self._authors: dict[str, None] = {}
        """Authors met in this run, in their order."""
        self._met: dict[str, float] = {}
        """Threads met in this run -> how many pages of their list stand above; without end below what an earlier run left open."""

    def keep(self, names: Iterable[str], *, all_told: bool = True) -> None:
        """Forget lists that the target has no longer, but for the last of them; `all_told`, where these are all that it has."""
        present = [name for name in names if name in self.lists]
        others = [name for name in self.lists if name not in present]
        self.lists = {name: self.lists[name] for name in [*others[-(LISTS if all_told else UNTOLD) :], *present]}

    def settled(self, thread: Thread) -> bool:
        """Whether all replies that a thread counts were read."""
        return self.threads.get(thread.id, 0) == thread.replies

    def met(self, thread: Thread, above: float) -> None:
        """Note a thread that a list shows, with so many pages `above` it: what stands on top is remembered longest."""
        self._met[thread.id] = min(above, self._met.get(thread.id, above))

    def want(self, thread: Thread, *, whole: bool = False) -> None:
        """Note a thread that has to be read, `whole` with its post; one that is being read already is first read to its end."""
        if thread.id not in self.waiting and not self.settled(thread):
            unread = {"unread": True} if whole and thread.id not in self.threads else {}
            self.waiting[thread.id] = {"replies": thread.replies, "pages": [thread.address], "failed": 0} | unread

    def next_page(self, id: str) -> str | None:
        """The page of a thread to be read next; None where none is left."""
        return self.waiting[id]["pages"][0] if id in self.waiting else None

    def failed(self, id: str, *, counted: bool = True) -> bool:
        """Note that a page of a thread failed, itself (`counted`) or with all of its host. Whether it is worth another run."""
        now = datetime.now(UTC)
        tried = InVain.from_json(self.waiting[id], "failed").once_more(now, counted=counted)
        self.waiting[id] = self.waiting.pop(id) | tried.to_json("failed")  # behind the others: a run may end with a few that are refused
        return not tried.enough(TRIES, now)

    def gave_up(self, id: str) -> None:
        """Pass over a page of a thread. Where that holds the post itself nothing was read: it is wanted anew while a list names it."""
        if self.waiting[id].get("unread"):
            del self.waiting[id]
        else:
            self.went_on(id, None)

    def went_on(self, id: str, page: Listing | None) -> None:
        """Note a page of a thread that was read; None where there is nothing to read."""
        thread = self.waiting.pop(id)
        pages = thread["pages"][1:]
        if page:
            pages += [*([page.following] if page.following else []), *page.more]
        if pages:
            self.waiting[id] = {"replies": thread["replies"], "pages": pages, "failed": 0}
            return
        self.threads.pop(id, None)
        deep = self._met.get(id) == inf
        self.threads = {id: thread["replies"]} | self.threads if deep else self.threads | {id: thread["replies"]}
        self.threads = dict(self._in_turn()[-REMEMBERED:])

    def _in_turn(self) -> list[tuple[str, int]]:
        """Threads in the order in which they are forgotten: deep ones, those of earlier runs, those of this one from the bottom up."""
        return sorted(self.threads.items(), key=lambda each: -self._met.get(each[0], BEFORE))

    def followed_by(self, author: str) -> int | None:
        """The followers of an author who is met, None where they are not known; who is not met is forgotten first."""
        self._authors[author] = None
        return self.followers.get(author)

    def cursor(self) -> Cursor:
        # Of more authors than are kept the first ones are: the next run meets them in the same order.
        authors = [each for each in dict.fromkeys([*self._authors, *self.followers]) if each in self.followers][:AUTHORS]
        followers = {each: self.followers[each] for each in authors}
        sometimes = {"waiting": dict(self.waiting), "members": dict(self.members), "followers": followers}
        return {"lists": dict(self.lists), "threads": dict(self._in_turn())} | {name: held for name, held in sometimes.items() if held}
