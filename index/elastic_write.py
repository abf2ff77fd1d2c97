"""What writing means in Elasticsearch: which documents change when posts are replaced or forgotten.

The rule to know: the node that runs the tests has neither scripts nor update by query, so changes are ids found by a search
and sent in bulk; the writer's lock keeps them true until they are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crawlers.post import Post
from index.band import bands
from index.elastic_document import document_id, mention_document, post_document
from index.elastic_query import one_of
from index.elastic_search import Reading, portions
from index.query import Standing
from index.standing import first_standing
from nlp.mention import Mention

Action = dict[str, Any]
_IDS = 1_000
"""Ids of one request."""


def replacement(
    reading: Reading,
    posts_index: str,
    mentions_index: str,
    posts: Sequence[Post],
    mentions: Mapping[str, Sequence[Mention]],
    standings: Mapping[str, Standing],
) -> Iterator[Action]:
    """The actions that store each post and put its mentions in the place of the stored ones.

    Mentions are the actions of `mentions_index` with operation `index`.
    """
    old = _mentions_of_posts(reading, mentions_index, [post.id for post in posts])
    for post in posts:
        document = post_document(post)
        whole = document | {"bands": [str(band) for band in bands(post.text)]}
        yield {"_op_type": "index", "_index": posts_index, "_id": document_id(post.id), "_source": whole}
        new = {mention.id: mention for mention in mentions.get(post.id, ())}
        for mention in new.values():
            source = mention_document(mention, document, standings.get(mention.id) or first_standing(mention))
            yield {"_op_type": "index", "_index": mentions_index, "_id": document_id(mention.id), "_source": source}
        for identity in old.get(post.id, set()) - set(new):
            yield {"_op_type": "delete", "_index": mentions_index, "_id": document_id(identity)}


def _mentions_of_posts(reading: Reading, index: str, ids: Iterable[str]) -> dict[str, set[str]]:
    """Ids of the stored mentions by their post."""
    found: dict[str, set[str]] = {}
    for portion in portions(ids, _IDS):
        for (post, mention), _ in reading.groups(
            index, one_of("post.id", portion), [{"terms": {"field": "post.id"}}, {"terms": {"field": "id"}}]
        ):
            found.setdefault(post, set()).add(mention)
    return found


def removal(reading: Reading, posts_index: str, mentions_index: str, ids: Iterable[str]) -> Iterator[Action]:
    """The actions that remove posts and their mentions."""
    stored = [
        str(found["id"])
        for portion in portions(ids, _IDS)
        for found in reading.documents(posts_index, [document_id(identity) for identity in portion])
    ]
    for mentions in _mentions_of_posts(reading, mentions_index, stored).values():
        for identity in mentions:
            yield {"_op_type": "delete", "_index": mentions_index, "_id": document_id(identity)}
    for identity in stored:
        yield {"_op_type": "delete", "_index": posts_index, "_id": document_id(identity)}
