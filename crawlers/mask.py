"""One text in the place of every post: a forum that asks guests to log in where the texts would stand.

The rule to know: it is told by topics of several authors, read one after another, in runs one after another too, all of whose posts have
this one text. Any post with another one says that there is no mask.
"""

from __future__ import annotations

from collections.abc import Iterable

from crawlers.post import clean
from crawlers.selection import Fields
from crawlers.source import Cursor
from crawlers.wall import QUOTED

TOPICS = 3
"""Topics whose posts all have one text, from which on it is nobody's."""
REMEMBERED = 100
"""Topics that showed it last and are read again when it is known for a mask."""


class Mask:
    """Which text the topics read last have shown in the place of each of their posts."""

    def __init__(self, cursor: Cursor) -> None:
        self.text: str = cursor.get("text", "")
        self.topics: dict[str, tuple[str, str]] = {id: (address, author) for id, (address, author) in cursor.get("topics", {}).items()}
        """Id of each topic that showed it -> its address, and the author of all its posts; empty where they have several, or tell none."""

    def shows(self, posts: Iterable[Fields], id: str, address: str) -> None:
        """A topic's page shows these posts; a picture without words tells nothing."""
        said = [(clean(words.own), fields.text("author") or "") for fields in posts if (words := fields.words("text"))]
        texts, authors = {text for text, _ in said} - {""}, {author for _, author in said}
        if len(texts) > 1 or (self.text and texts and self.text not in texts):
            self.text, self.topics = "", {}
        if len(texts) == 1:
            self.text = texts.pop()
            self.topics[id] = address, authors.pop() if len(authors) == 1 else ""

    @property
    def why(self) -> str | None:
        """What is wrong, where a mask is on."""
        authors = {author for _, author in self.topics.values()}
        means_it = len(authors) == 1 and "" not in authors  # one who writes the same into several topics
        if len(self.topics) < TOPICS or means_it:
            return None
        return (
            f"all posts of some topics have the same text, «{self.text[:QUOTED]}»: the forum asks for a login, "
            "or the selector of `text` (`topic.take`) finds what is no post's"
        )

    def cursor(self) -> Cursor:
        """What the next run compares with."""
        return {"text": self.text, "topics": dict(list(self.topics.items())[-REMEMBERED:])} if self.text else {}
