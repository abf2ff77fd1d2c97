"""Sightings: how a post that was seen before takes in what was seen now.

The rule to know: the sighting collected later wins, whichever was loaded first; what it doesn't know is kept from the
other; `targets` and `about` unite.
"""

from __future__ import annotations

import dataclasses
import json

from crawlers.post import Post, Precision, post_to_json
from index.query import Standing
from nlp.mention import Mention

_UNITED = ("targets", "about")
_KEPT = (
    "place", "url", "title", "quoted", "language", "author_id", "author_name", "author_url", "edited", "rating", "thread_id",
    "in_reply_to", "company_reply", "product", "views", "followers", "members", "likes", "shares", "replies",
)  # fmt: skip


def newer(stored: Post, seen: Post) -> bool:
    """Whether `seen` is at least as late as `stored`: its words and its mentions are the ones to keep."""
    return seen.collected >= stored.collected


def unite(stored: Post | None, seen: Post) -> Post:
    """One post out of two sightings of it. Equally late ones: `seen` wins, because a post is loaded again to be mended."""
    if stored is None:
        return seen
    late, early = (seen, stored) if newer(stored, seen) else (stored, seen)
    changes: dict[str, object] = {name: getattr(early, name) for name in _KEPT if getattr(late, name) is None}
    changes.update({name: tuple(sorted({*getattr(late, name), *getattr(early, name)})) for name in _UNITED})
    if late.published is None and early.published is not None and late.published_precision is Precision.UNKNOWN:
        changes.update(published=early.published, published_precision=early.published_precision)
    return dataclasses.replace(late, **changes)  # type: ignore[arg-type]


def first_standing(mention: Mention) -> Standing:
    """The standing of a mention before its author's ledger is known: only what the text shows."""
    if mention.roles is None:
        return Standing()
    return Standing(roles=tuple(mention.roles), role_from=None if mention.roles == ("none",) else "text")


def document(post: Post) -> str:
    """The post as one line of JSON."""
    return json.dumps(post_to_json(post), ensure_ascii=False)
