"""What writing means in the embedded index, one transaction at a time.

The rule to know: `mentions` repeats the fields of the post that queries ask for, so that a figure reads one narrow table;
both are written here and nowhere else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from crawlers.post import Post, post_to_json
from index.author import author_to_json
from index.band import bands
from index.embedded_query import several
from index.period import milliseconds
from index.query import Author, Standing
from index.standing import first_standing
from index.token import indexed
from nlp.mention import GENERAL, Mention, mention_to_json

_HEADS = ("brand", "product", "product_kind", "stance", "sentiment", "tone", "genre", "recommendation", "switch", "found")
_MENTION = (
    "id", "post", "general", *_HEADS, "site", "place", "source", "targets", "language", "author_key", "named", "official", "published",
    "reach", "measured", "estimated", "counts", "superseded_at", "roles", "role_from",
    "copy_of",
)  # fmt: skip
_INSERT_MENTION = f"INSERT INTO mentions ({', '.join(_MENTION)}) VALUES ({', '.join('?' * len(_MENTION))}) RETURNING number"


def replace(
    connection: sqlite3.Connection,
    posts: Sequence[Post],
    mentions: Mapping[str, Sequence[Mention]],
    standings: Mapping[str, Standing],
) -> int:
    """Store each post and put its mentions in the place of the stored ones; number of mentions."""
    written = 0
    for post in posts:
        row = connection.execute("SELECT number FROM posts WHERE id = ?", (post.id,)).fetchone()
        number = _write_post(connection, None if row is None else row[0], post)
        _remove_mentions(connection, number)
        for mention in mentions.get(post.id, ()):
            _write_mention(connection, number, post, mention, standings.get(mention.id) or first_standing(mention))
            written += 1
    return written


def _write_post(connection: sqlite3.Connection, number: int | None, post: Post) -> int:
    published = None if post.published is None else milliseconds(post.published)
    document = json.dumps(post_to_json(post), ensure_ascii=False)
    values = (post.id, post.thread_id, post.author_key, published, document)
    if number is None:
        number = connection.execute(
            "INSERT INTO posts (id, thread, author_key, published, document) VALUES (?, ?, ?, ?, ?) RETURNING number", values
        ).fetchone()[0]
    else:
        connection.execute(
            "UPDATE posts SET id = ?, thread = ?, author_key = ?, published = ?, document = ? WHERE number = ?", (*values, number)
        )
        connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
        connection.execute("DELETE FROM bands WHERE post = ?", (number,))
    connection.execute("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", (number, indexed(post.title), indexed(post.text)))
    connection.executemany("INSERT OR IGNORE INTO bands (post, band) VALUES (?, ?)", [(number, band) for band in bands(post.text)])
    return int(number)


def _of_post(post: Post) -> dict[str, object]:
    """The fields of the post that stand in its mentions."""
    measured, estimated = post.reach_measured, post.reach_estimated
    return {
        "site": post.site,
        "place": post.place,
        "source": post.source,
        "targets": several(post.targets),
        "language": post.language,
        "author_key": post.author_key,
        "named": int(post.author_id is not None),
        "official": int(post.official),
        "published": None if post.published is None else milliseconds(post.published),
        "reach": estimated if measured is None else measured,
        "measured": measured,
        "estimated": estimated if measured is None else None,
    }


def _of_standing(standing: Standing) -> dict[str, object]:
    return {
        "counts": int(standing.counts),
        "superseded_at": None if standing.superseded_at is None else milliseconds(standing.superseded_at),
        "roles": several(standing.roles),
        "role_from": standing.role_from,
        "copy_of": standing.copy_of,
    }


def _write_mention(connection: sqlite3.Connection, number: int, post: Post, mention: Mention, standing: Standing) -> None:
    heads = {head: getattr(mention, head) for head in _HEADS}
    row = {"id": mention.id, "post": number, "general": int(mention.product == GENERAL), **heads}
    row |= _of_post(post) | _of_standing(standing)
    written = connection.execute(_INSERT_MENTION, [row[name] for name in _MENTION]).fetchone()[0]
    judgement = json.dumps(mention_to_json(mention), ensure_ascii=False)
    connection.execute("INSERT INTO judgements (number, document) VALUES (?, ?)", (written, judgement))


def _remove_mentions(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("DELETE FROM judgements WHERE number IN (SELECT number FROM mentions WHERE post = ?)", (number,))
    connection.execute("DELETE FROM mentions WHERE post = ?", (number,))


def forget(connection: sqlite3.Connection, post_ids: Iterable[str]) -> int:
    """Remove the posts and their mentions; number of posts."""
    forgotten = 0
    for post_id in dict.fromkeys(post_ids):
        row = connection.execute("SELECT number FROM posts WHERE id = ?", (post_id,)).fetchone()
        if row is None:
            continue
        _remove_mentions(connection, row[0])
        connection.execute("DELETE FROM words WHERE rowid = ?", (row[0],))
        connection.execute("DELETE FROM bands WHERE post = ?", (row[0],))
        connection.execute("DELETE FROM posts WHERE number = ?", (row[0],))
        forgotten += 1
    return forgotten


def write_standings(connection: sqlite3.Connection, standings: Mapping[str, Standing]) -> None:
    """Set the standings; ids of mentions that are not there are passed over."""
    rows = [(*_of_standing(standing).values(), mention) for mention, standing in standings.items()]
    connection.executemany("UPDATE mentions SET counts = ?, superseded_at = ?, roles = ?, role_from = ?, copy_of = ? WHERE id = ?", rows)


def write_authors(connection: sqlite3.Connection, authors: Sequence[Author], of: Iterable[str]) -> None:
    """Store author documents in the place of all those of the author ids in `of`, and of those with the same id."""
    connection.executemany("DELETE FROM authors WHERE author_id = ?", [(author,) for author in of])
    rows = []
    for author in authors:
        text = json.dumps(author_to_json(author), ensure_ascii=False)
        subject = (author.author_id, author.brand, author.product)
        rows.append((author.id, *subject, author.stance, int(bool(author.flips)), author.followers, text))
    connection.executemany("INSERT OR REPLACE INTO authors VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
