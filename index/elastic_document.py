"""Posts, mentions and authors as documents of Elasticsearch, and back.

The rule to know: a mention's document holds its whole post under `post`, so that one request answers with all of a hit and
a listing stays consistent while posts change.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime
from typing import Any

from crawlers.post import Post, iso, post_from_json, post_to_json
from index.author import author_from_json, author_to_json
from index.query import Author, Hit, Standing
from index.token import indexed
from nlp.mention import GENERAL, Mention, mention_from_json, mention_to_json

Document = dict[str, Any]

_POST_FIELDS = frozenset(field.name for field in dataclasses.fields(Post))
_MENTION_FIELDS = frozenset(field.name for field in dataclasses.fields(Mention))
_LONGEST_ID = 512
"""Bytes that Elasticsearch takes as a document's id."""


def document_id(identity: str) -> str:
    """The `_id` of a document: its own id, or a hash where that is too long."""
    raw = identity.encode()
    return identity if len(raw) <= _LONGEST_ID else f"hash:{hashlib.blake2b(raw, digest_size=24).hexdigest()}"


def post_document(post: Post) -> Document:
    """The post, its tokens, and what is computed of it. Title and text are two values, so that no phrase spans them."""
    measured, estimated = post.reach_measured, post.reach_estimated
    computed = {
        "tokens": [indexed(post.title), indexed(post.text)],
        "author_key": post.author_key,
        "named": post.author_id is not None,
        "official": post.official,
        "reach_measured": measured,
        "reach_estimated": estimated if measured is None else None,
        "reach": estimated if measured is None else measured,
    }
    return post_to_json(post) | {name: value for name, value in computed.items() if value is not None}


def post_of(document: Document) -> Post:
    """The inverse of `post_document`."""
    return post_from_json({name: value for name, value in document.items() if name in _POST_FIELDS})


def standing_document(standing: Standing) -> Document:
    """The part of a mention's document that the author's ledger writes."""
    return {
        "counts": standing.counts,
        "superseded_at": iso(standing.superseded_at),
        "roles": list(dict.fromkeys(standing.roles)),
        "role_from": standing.role_from,
        "copy_of": standing.copy_of,
    }


def mention_document(mention: Mention, post: Document, standing: Standing) -> Document:
    """The mention with its post (as `post_document` gave it) and its standing."""
    heads = mention_to_json(mention)
    roles = heads.pop("roles")
    level = "brand" if mention.product == GENERAL else "product"
    return heads | {"id": mention.id, "level": level, "post": post, "roles_in_text": roles} | standing_document(standing)


def hit_of(document: Document) -> Hit:
    """The inverse of `mention_document`."""
    heads = {name: value for name, value in document.items() if name in _MENTION_FIELDS}
    heads |= {"post": document["post"]["id"], "roles": document["roles_in_text"]}
    superseded = document["superseded_at"]
    standing = Standing(
        counts=document["counts"],
        superseded_at=None if superseded is None else datetime.fromisoformat(superseded),
        roles=tuple(document["roles"]),
        role_from=document["role_from"],
        copy_of=document["copy_of"],
    )
    return Hit(mention=mention_from_json(heads), post=post_of(document["post"]), standing=standing)


def author_document(author: Author) -> Document:
    """The author document, with `flipped` for those who changed their stance at least once."""
    return author_to_json(author) | {"id": author.id, "flipped": bool(author.flips)}


def author_of(document: Document) -> Author:
    """The inverse of `author_document`."""
    return author_from_json({name: value for name, value in document.items() if name not in ("id", "flipped")})
