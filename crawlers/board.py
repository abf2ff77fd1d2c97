"""Pages of a forum, read by selectors: the topics of a board and the posts of a topic; and what is remembered of both.

The rule to know: a topic is read again when what its board says of it (number of replies, last post) has changed, and then
from the last page that was read; from its first one where that page shows nothing that was taken, as posts above it were removed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from parsel import Selector

from crawlers.kinds import ForumTarget
from crawlers.last_shown import LastShown
from crawlers.link import hidden, is_link, within
from crawlers.mask import Mask
from crawlers.page import canonical
from crawlers.patience import NEVER, InVain
from crawlers.post import MOST
from crawlers.selection import Fields, counted, pieces, select, takes, value
from crawlers.source import Cursor
from crawlers.taken import TakeModel

REMEMBERED = 3_000
"""Topics whose marks are kept."""
MARKS = 3
"""Marks kept of a topic: boards that show the same one, as where it was moved to another, say different things of it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as a line of a board has it."""

    id: str
    address: str
    mark: str = ""
    """Another one with each new post; empty where nothing tells."""
    title: str | None = None
    board: str | None = None
    replies: int | None = None
    views: int | None = None
    members: int | None = None
    """Of the place, as its board says."""


@dataclass(frozen=True, slots=True)
class Line:
    """A topic of a board's page, and what matters for the walk only."""

    topic: Topic
    active: datetime | None
    """When the last post was published, as far as the board tells."""
    pinned: bool


def read_board(page: Selector, target: ForumTarget, url: str, now: datetime) -> Iterator[Line]:
    """The topics of a board's page, in order."""
    board, wanted = target.board, takes(target.board.take)
    name = value(page, board.name) if board.name else None
    members = members_of(page, board.members) if board.members else None
    for raw in pieces(page, board.topic, wanted, url):
        fields = Fields(raw, wanted)
        address = _address(fields)
        if address is None:
            continue
        active = fields.lenient("date", target, now).at
        topic = Topic(
            id=topic_id(address, target),
            address=address,
            mark=_mark(fields.text("replies"), fields.text("last")) or _mark(active.isoformat() if active else None),
            title=fields.text("title") or fields.text("link"),
            board=name.own if name else None,
            replies=_figure(fields, "replies"),
            views=_figure(fields, "views"),
            members=members,
        )
        yield Line(topic, active, pinned=bool(board.pinned and select(fields.node, board.pinned)))


def read_posts(page: Selector, target: ForumTarget, url: str, topic: Topic, *, opening: bool) -> Iterator[dict[str, Any]]:
    """The raw items of a topic's page. `opening`: it is the topic's first page, so that its first post opened it."""
    title = value(page, target.topic.title) if target.topic.title else None
    # A topic that was moved has the id of where the page stands now.
    number = topic_id(url, target) if re.search(target.topic.id, url) else topic.id
    about = {
        "id": number,
        "title": topic.title or (title.own if title else None),
        "board": topic.board,
        "replies": topic.replies,
        "views": topic.views,
        "members": topic.members,
    }
    head = {name: found for name, found in about.items() if found is not None}
    for raw in pieces(page, target.topic.post, takes(target.topic.take), url):
        raw["topic"] = head
        raw["first"] = topic.address
        if opening:
            raw["opening"], opening = True, False
        yield within(raw, hidden, target.secrets)


def topic_id(address: str, target: ForumTarget) -> str:
    """The topic's own id by its address, which stands for it where it holds none."""
    found = re.search(target.topic.id, address)
    if found is None:
        return canonical(address)
    return next((group for group in found.groups() if group), found[0])


def native_id(target: ForumTarget, topic: str, id: str | None) -> str | None:
    """The id of a post on its whole site, by that of its topic and by what its page says."""
    return filled(target.topic.identity or "{id}", topic, id)


def filled(form: str | None, topic: str, id: str | None) -> str | None:
    """A form with the ids of a topic and of a post; None where either the form or the post's id is not known."""
    return form.replace("{topic}", topic).replace("{id}", id) if form and id else None


def members_of(page: Selector, take: TakeModel) -> int | None:
    """What a page says of the members of its place; None for what is no possible number of them."""
    found = value(page, take)
    number = counted(found.own) if found else None
    return number if number is not None and 0 < number <= MOST else None


def _address(fields: Fields) -> str | None:
    try:
        link = fields.link("link")
    except ValueError:
        return None
    address = (link or "").partition("#")[0]
    return address if is_link(address) else None


def _figure(fields: Fields, name: str) -> int | None:
    """A figure that the walk can do without."""
    try:
        return fields.count(name)
    except ValueError:
        return None


def _mark(*parts: str | None) -> str:
    said = [part for part in parts if part]
    return hashlib.blake2b("\0".join(said).encode(), digest_size=5).hexdigest() if said else ""


def _told(waiting: Cursor) -> dict[str, Any]:
    """What a topic that waits is, without how it was asked for."""
    return {name: said for name, said in waiting.items() if name not in ("tries", "since", "refused", "met")}


class State:
    """The cursor of a forum while it is walked."""

    def __init__(self, cursor: Cursor) -> None:
        self.boards: dict[str, Cursor] = dict(cursor.get("boards", {}))
        self._topics: dict[str, list[str]] = dict(cursor.get("topics", {}))
        """Id -> the page to go on from (empty: the first), and marks, the newest last."""
        waiting = cursor.get("waiting", {})
        self._waiting: dict[str, Cursor] = {
            name: {key: said for key, said in each.items() if key != "met"} for name, each in waiting.items()
        }
        """Topics that are not read to their end."""
        self._unmet: dict[str, None] = dict.fromkeys(cursor.get("unmet", [name for name, each in waiting.items() if not each.get("met")]))
        """Topics whose page to go on from was not read yet, or showed nothing that could be taken: nothing on it will be known again."""
        self.last_shown = LastShown(cursor)
        self.mask = Mask(cursor.get("mask", {}))
        self.members: dict[str, Any] = dict(cursor.get("members", {}))
        """Of the forum, as its start page says: see `crawlers/reach.py`."""

    def passed(self, topic: Topic) -> bool:
        """Whether the topic has been read as its board shows it, or waits for that already."""
        waits = self._waiting.get(topic.id, {}).get("mark") == topic.mark
        return bool(topic.mark) and (waits or topic.mark in self._topics.get(topic.id, [""])[1:])

    def waiting(self) -> list[Topic]:
        """The topics not read to their end: those that failed or were cut short, then those that were refused; the least tried first."""
        kept = sorted(self._waiting.items(), key=lambda each: (each[1].get("refused", False), each[1].get("tries", 0)))
        return [Topic(id=name, **_told(said)) for name, said in kept]

    def resumed(self, topic: Topic) -> Topic:
        """The topic with what was known of it where less is known now."""
        now = {name: found for name, found in asdict(topic).items() if found not in (None, "")}
        return Topic(**_told(self._waiting.get(topic.id, {})) | now)

    def tries(self, topic: Topic) -> InVain:
        """The runs that have asked for the topic in vain, whatever its board says of it now."""
        return InVain.from_json(self._waiting.get(topic.id, {}))

    def refused(self, topic: Topic) -> bool:
        """Whether the topic was refused the last time."""
        return bool(self._waiting.get(topic.id, {}).get("refused"))

    def waits(self, topic: Topic) -> bool:
        """Whether the topic is not read to its end."""
        return topic.id in self._waiting

    def wait(self, topic: Topic, tries: InVain = NEVER, *, refused: bool = False) -> None:
        """The topic is to be read, behind all others of its kind; whether it was `refused` and did not fail."""
        self._waiting.pop(topic.id, None)
        said = {name: found for name, found in asdict(topic).items() if found and name != "id"}
        self._waiting[topic.id] = said | (tries.to_json() if tries.runs else {}) | ({"refused": True} if refused else {})

    def met(self, topic: Topic) -> bool:
        """Whether the page that a topic is gone on with, a later one than its first, showed something that was taken."""
        return bool(self._topics.get(topic.id, [""])[0]) and topic.id not in self._unmet

    def page(self, topic: Topic) -> str:
        """Where the topic is to be gone on with."""
        return self._topics.get(topic.id, [""])[0] or topic.address

    def reached(self, topic: Topic, page: str, *, met: bool = False) -> None:
        """Note the page to go on from; `met`, where it was read and showed something that was taken."""
        marks = self._topics.get(topic.id, [""])[1:]
        self._topics[topic.id] = ["" if page == topic.address else page, *marks]
        self._unmet.pop(topic.id, None)
        if not met:
            self._unmet[topic.id] = None

    def unmask(self) -> None:
        """What topics have shown of a mask is to be read again, from their first pages."""
        for id, (address, _) in self.mask.topics.items():
            topic = Topic(id=id, address=address)
            self.reached(topic, address)
            if not self.waits(topic):
                self.wait(topic)

    def settle(self, topic: Topic, *, deep: bool = False) -> None:
        """The topic is read to its end. `deep`: far down its board, where it is the first to be forgotten."""
        self._waiting.pop(topic.id, None)
        page, *marks = self._topics.pop(topic.id, [""])
        marks = [mark for mark in marks if mark != topic.mark][1 - MARKS :] + ([topic.mark] if topic.mark else [])
        if deep:
            self._topics = {topic.id: [page, *marks]} | self._topics
        else:
            self._topics[topic.id] = [page, *marks]
        for forgotten in list(self._topics)[:-REMEMBERED]:
            del self._topics[forgotten]

    def cursor(self) -> Cursor:
        unmet = [name for name in self._unmet if self._topics.get(name, [""])[0]]
        cursor: Cursor = {"boards": dict(self.boards), "topics": dict(self._topics), "unmet": unmet} | self.last_shown.cursor()
        more = {"waiting": dict(self._waiting), "mask": self.mask.cursor(), "members": dict(self.members)}
        return cursor | {name: each for name, each in more.items() if each}
