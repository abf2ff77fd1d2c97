"""Sightings: a post collected several times, by one target or by many, is one post.

The rule to know: the post is always made anew out of all its sightings, never out of what the index holds and one more, so
that it is the same whatever the order of loading.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crawlers.post import Post, Precision, iso, post_to_json
from nlp.mention import Mention, mention_to_json
from nlp.tag import read_tagged

Sighting = tuple[Post, list[Mention]]
PRECISIONS = (Precision.UNKNOWN, Precision.DAY, Precision.HOUR, Precision.MINUTE)
OF_THE_TEXT = ("text", "quoted", "edited", "language")
"""What another text, its beginning too, says nothing of: by the language a text is read, or kept unread."""
NEWEST_KNOWN = (
    "place", "url", "title", "author_id", "author_name", "author_url", "rating", "thread_id", "in_reply_to",
    "company_reply", "product", "views", "followers", "members", "likes", "shares", "replies",
)  # fmt: skip
"""What a sighting does not know it does not take away."""
IDS_AT_ONCE = 500
SCHEMA = """
CREATE TABLE IF NOT EXISTS sighting (
    post TEXT NOT NULL, shape TEXT NOT NULL, collected TEXT NOT NULL, batch TEXT NOT NULL,
    PRIMARY KEY (post, shape, batch)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sighting_batch ON sighting (batch);
CREATE TABLE IF NOT EXISTS batch (batch TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def one_post(sightings: Iterable[Sighting]) -> Sighting:
    """The post and its mentions that all its sightings make together, in whatever order they are given.

    The newest text holds, but a teaser (the beginning of a longer text) never takes the place of the text. The time of
    publication is the most exact one known, of other fields the newest known value. `targets` and `about` unite.
    """
    newest = sorted(sightings, key=lambda sighting: (sighting[0].collected, _as_text(sighting)), reverse=True)
    posts = [post for post, _ in newest]
    content = next(post for post in posts if not any(is_teaser(post.text, of=other.text) for other in posts))
    same_text = [post for post in posts if post.text == content.text]
    dated = max(posts, key=lambda post: PRECISIONS.index(post.published_precision))
    known: dict[str, Any] = {name: _first_known(same_text, name) for name in OF_THE_TEXT}
    known |= {name: _first_known(posts, name) for name in NEWEST_KNOWN}
    known |= {name: tuple(sorted({value for post in posts for value in getattr(post, name)})) for name in ("targets", "about")}
    known |= {"published": dated.published, "published_precision": dated.published_precision}
    post = dataclasses.replace(posts[0], **known, official=any(post.official for post in posts))
    return post, mentions_of_all(newest, content.text)


def mentions_of_all(newest: Sequence[Sighting], text: str) -> list[Mention]:
    """What the sightings of this text were judged to say, one mention per subject, by id.

    A company that only the target of another sighting named keeps the mention judged of the text which that target saw;
    its places in that text are dropped, because they would point to wrong words.
    """
    found: dict[str, Mention] = {}
    for post, mentions in newest:
        if post.text == text:
            for mention in mentions:
                found.setdefault(mention.id, mention)
    brands = {mention.brand for mention in found.values()}
    for post, mentions in newest:
        for mention in mentions:
            if post.text != text and mention.found == "target" and mention.brand not in brands:
                found.setdefault(mention.id, dataclasses.replace(mention, names=(), evidence=()))
    return [mention for _, mention in sorted(found.items())]


def is_teaser(text: str, *, of: str) -> bool:
    """Whether the text is only the beginning of the longer one, with or without dots at its end."""
    words = _beginning(text)
    return len(words) < len(_beginning(of)) and of.startswith(words)


def _beginning(text: str) -> str:
    """The text without the dots that stand for what was cut off."""
    return text.rstrip().removesuffix("[…]").removesuffix("[...]").rstrip(" .…")


def _as_text(sighting: Sighting) -> str:
    post, mentions = sighting
    return json.dumps([post_to_json(post), [mention_to_json(mention) for mention in mentions]], sort_keys=True, ensure_ascii=False)


def _first_known(posts: Iterable[Post], name: str) -> object:
    return next((value for post in posts if (value := getattr(post, name)) is not None), None)


def shape(sighting: Sighting) -> str:
    """What a sighting says but for its values: two of one shape differ in numbers and names, of which the newest hold.

    So of all the sightings of one shape the newest alone makes the same post as all of them.
    """
    post, mentions = sighting
    known = [field.name for field in dataclasses.fields(post) if getattr(post, field.name) is not None]
    said = [post.text, post.author_id, post.official, post.published_precision, post.targets, post.about]
    subjects = sorted((mention.id, mention.found) for mention in mentions)
    return hashlib.blake2b(json.dumps([known, said, subjects]).encode(), digest_size=16).hexdigest()


class Sightings:
    """Which tagged batches hold what is to know of a post: a cache beside them, made again when it is missing or damaged.

    Of the sightings of one shape only the newest is kept, so that a post seen a thousand times with other numbers of views
    is read from one batch.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = self._opened(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            self._db = self._opened(path)

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path)
        try:
            db.executescript(SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def register(self, batches: Mapping[str, Path]) -> None:
        """Read the batches (key -> file) that are not registered yet, each in one step; where one is gone, read all again."""
        known = {batch for (batch,) in self._db.execute("SELECT batch FROM batch")}
        if not known <= batches.keys():
            with self._db:
                self._db.execute("DELETE FROM sighting")
                self._db.execute("DELETE FROM batch")
            known = set()
        for key, path in batches.items():
            if key not in known:
                with self._db:
                    for sighting in read_tagged(path):
                        self._register(key, sighting)
                    self._db.execute("INSERT INTO batch VALUES (?)", (key,))

    def _register(self, key: str, sighting: Sighting) -> None:
        """Keep the sighting unless a newer one of its shape is known; those just as new stand side by side."""
        row = (sighting[0].id, shape(sighting), iso(sighting[0].collected), key)
        self._db.execute("DELETE FROM sighting WHERE post = ? AND shape = ? AND collected < ?", row[:3])
        self._db.execute(
            "INSERT OR IGNORE INTO sighting SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
            " (SELECT 1 FROM sighting WHERE post = ?1 AND shape = ?2 AND collected > ?3)",
            row,
        )

    def posts_of(self, batch: str) -> set[str]:
        """The posts of which a registered batch holds something to know."""
        return {post for (post,) in self._db.execute("SELECT DISTINCT post FROM sighting WHERE batch = ?", (batch,))}

    def batches_of(self, posts: Sequence[str]) -> dict[str, set[str]]:
        """Batch -> of which of the posts it holds something to know."""
        found: dict[str, set[str]] = {}
        for start in range(0, len(posts), IDS_AT_ONCE):
            some = posts[start : start + IDS_AT_ONCE]
            places = ",".join("?" * len(some))
            for post, batch in self._db.execute(f"SELECT DISTINCT post, batch FROM sighting WHERE post IN ({places})", some):
                found.setdefault(batch, set()).add(post)
        return found

    def close(self) -> None:
        self._db.close()
