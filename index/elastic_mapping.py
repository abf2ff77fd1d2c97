"""The mapping of the Elasticsearch indices, documented for analysts.

The rule to know: the mapping is strict, so that a field nobody described is an error and never a guess. `tokens` is what
the program searches; `text.ru` and `text.en` are Elasticsearch's own analysis, without stop words, for analysts' queries.
A keyword of more than 8,000 characters is kept but not found, because Elasticsearch would refuse its document; crawlers
let none of that length in.
"""

from __future__ import annotations

from typing import Any, Literal

VERSION = 3
"""Version of the mapping and of the tokens and bands; an index of another version has to be rebuilt."""

Kind = Literal["posts", "mentions", "authors", "loaded"]
KINDS: tuple[Kind, ...] = ("posts", "mentions", "authors", "loaded")

Field = dict[str, Any]

_KEYWORD: Field = {"type": "keyword", "ignore_above": 8_000}
_DATE: Field = {"type": "date", "format": "strict_date_time||epoch_millis"}
_NUMBER: Field = {"type": "long"}
_FLAG: Field = {"type": "boolean"}
_STORED: Field = {"type": "keyword", "index": False, "doc_values": False}
_OFFSETS: Field = {"type": "integer", "index": False, "doc_values": False}

_TEXT: Field = {
    "type": "text",
    "analyzer": "words",
    "fields": {"ru": {"type": "text", "analyzer": "ru"}, "en": {"type": "text", "analyzer": "en"}},
}

_POST: dict[str, Field] = {
    "id": _KEYWORD,
    "site": _KEYWORD,
    "place": _KEYWORD,
    "source": _KEYWORD,
    "targets": _KEYWORD,
    "url": _KEYWORD,
    "title": _TEXT,
    "text": _TEXT,
    "quoted": {"type": "text", "analyzer": "words"},
    "language": _KEYWORD,
    "author_id": _KEYWORD,
    "author_name": _KEYWORD,
    "author_url": _STORED,
    "published": _DATE,
    "published_precision": _KEYWORD,
    "edited": _DATE,
    "collected": _DATE,
    "rating": {"type": "float"},
    "thread_id": _KEYWORD,
    "in_reply_to": _KEYWORD,
    "company_reply": {"type": "text", "analyzer": "words"},
    "product": _KEYWORD,
    "about": _KEYWORD,
    "official": _FLAG,
    "views": _NUMBER,
    "followers": _NUMBER,
    "members": _NUMBER,
    "likes": _NUMBER,
    "shares": _NUMBER,
    "replies": _NUMBER,
    # Computed from the above.
    "tokens": {"type": "text", "analyzer": "whitespace", "norms": False},
    "author_key": _KEYWORD,
    "named": _FLAG,
    "reach_measured": _NUMBER,
    "reach_estimated": _NUMBER,
    "reach": _NUMBER,
}

_MENTION: dict[str, Field] = {
    "id": _KEYWORD,
    "level": _KEYWORD,
    "post": {"properties": _POST},
    "brand": _KEYWORD,
    "product": _KEYWORD,
    "product_kind": _KEYWORD,
    "found": _KEYWORD,
    "genre": _KEYWORD,
    "sentiment": _KEYWORD,
    "tone": {"type": "byte"},
    "stance": _KEYWORD,
    "recommendation": _KEYWORD,
    "switch": _KEYWORD,
    "roles_in_text": _KEYWORD,
    "confidence": {"type": "object", "dynamic": "true"},
    "names": _OFFSETS,
    "evidence": _OFFSETS,
    "model": _KEYWORD,
    "corrected": _KEYWORD,
    # The mention's standing in its author's ledger.
    "counts": _FLAG,
    "superseded_at": _DATE,
    "roles": _KEYWORD,
    "role_from": _KEYWORD,
    "copy_of": _KEYWORD,
}

_AUTHOR: dict[str, Field] = {
    "id": _KEYWORD,
    "author_id": _KEYWORD,
    "brand": _KEYWORD,
    "product": _KEYWORD,
    "name": _KEYWORD,
    "url": _STORED,
    "site": _KEYWORD,
    "stance": _KEYWORD,
    "stance_since": _DATE,
    "roles": _KEYWORD,
    "roles_since": _DATE,
    "followers": _NUMBER,
    "posts": _NUMBER,
    "first": _DATE,
    "last": _DATE,
    "flips": {"properties": {"at": _DATE, "before": _KEYWORD, "after": _KEYWORD, "mention": _KEYWORD}},
    "flipped": _FLAG,
}

_BANDS: dict[str, Field] = {"bands": _KEYWORD}
"""By what posts that nearly repeat each other find each other, see `index.band`."""

_FIELDS: dict[Kind, dict[str, Field]] = {"posts": _POST | _BANDS, "mentions": _MENTION, "authors": _AUTHOR, "loaded": {"batch": _KEYWORD}}

SETTINGS: dict[str, Any] = {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "analysis": {
        "char_filter": {"yo": {"type": "mapping", "mappings": ["ё=>е", "Ё=>Е"]}},
        "filter": {
            "ru_stem": {"type": "stemmer", "language": "russian"},
            "en_stem": {"type": "stemmer", "language": "porter2"},
        },
        "analyzer": {
            "words": {"type": "custom", "char_filter": ["yo"], "tokenizer": "standard", "filter": ["lowercase"]},
            "ru": {"type": "custom", "char_filter": ["yo"], "tokenizer": "standard", "filter": ["lowercase", "ru_stem"]},
            "en": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "en_stem"]},
        },
    },
}


def mapping(kind: Kind) -> dict[str, Any]:
    """The mapping of one kind of document. Only the heads' confidences may grow: each is a number between 0 and 1."""
    number = {"path_match": "confidence.*", "mapping": {"type": "float"}}
    return {
        "dynamic": "strict",
        "_meta": {"version": VERSION},
        "dynamic_templates": [{"confidence": number}],
        "properties": _FIELDS[kind],
    }
