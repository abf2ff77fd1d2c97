"""What comes in: the standing of a new mention, and a post as it is stored.

The rule to know: a post is stored as it is given. Several sightings of it are made one before, by whoever loads.
"""

from __future__ import annotations

import json

from crawlers.post import Post, post_to_json
from index.query import Standing
from nlp.mention import Mention


def first_standing(mention: Mention) -> Standing:
    """The standing of a mention before its author's ledger is known: only what the text shows."""
    if mention.roles is None:
        return Standing()
    return Standing(roles=tuple(mention.roles), role_from=None if mention.roles == ("none",) else "text")


def document(post: Post) -> str:
    """The post as one line of JSON."""
    return json.dumps(post_to_json(post), ensure_ascii=False)
