"""Posts as JSON Lines in, mentions as JSON Lines out: the reader for other programs.

The rule to know: a line that can't be read is told by its number and the rest goes on; only `id` and `text` are needed, and
of the other fields one that can't be used is left out and told as a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawlers.brand import Brands, read_brands
from crawlers.post import Post, Precision, whole_milliseconds
from crawlers.yamlfile import ConfigError, read_yaml
from nlp.brands import Finder
from nlp.judgements import Judge
from nlp.mention import Mention
from nlp.records import HALF_CHARACTER, json_object, optional, rating_of, text_of
from nlp.tag import tag_posts

TOGETHER = 256
"""Posts read before they are judged in one call; answers inherit a brand only among these."""


class BadLine(Exception):
    """A line that is no post; says why."""


def read_brands_of(path: Path) -> Brands:
    """The brands of a file of any name. Raises ConfigError."""
    if path.name == "brands.yaml":
        return read_brands(path.parent)
    if not path.exists():
        raise ConfigError(path, None, "", "there is no such file")
    return read_yaml(path, Brands)


def tag_lines(lines: Iterable[bytes], brands: Brands, judge: Judge) -> Iterator[dict[str, Any] | str]:
    """A record for each mention of the posts, in order; for a bad line the message that names it."""
    finder = Finder(brands)
    for posts in posts_together(lines, brands):
        if isinstance(posts, str):
            yield posts
        else:
            yield from _records(posts, finder, judge)


def posts_together(lines: Iterable[bytes], brands: Brands) -> Iterator[list[tuple[Any, Post]] | str]:
    """The posts of the lines, TOGETHER at once, each with its id as it was given; for a bad line the message that names it."""
    posts: list[tuple[Any, Post]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            posts.append(_post(line, brands, f"line {number}"))
        except BadLine as error:
            yield f"line {number}: {error}"
        if len(posts) == TOGETHER:
            yield posts
            posts = []
    yield posts


def _records(posts: list[tuple[Any, Post]], finder: Finder, judge: Judge) -> Iterator[dict[str, Any]]:
    together = [post for _, post in posts]
    for (identity, _), (post, mentions) in zip(posts, tag_posts(together, finder, judge), strict=True):
        for mention in mentions:
            yield _record(identity, post, mention)


def _record(identity: Any, post: Post, mention: Mention) -> dict[str, Any]:
    def quote(start: int, end: int) -> dict[str, Any]:
        return {"start": start, "end": end, "text": post.text[start:end]}

    return {
        "post": identity,
        "brand": mention.brand,
        "product": mention.product,
        "product_kind": mention.product_kind,
        "found": mention.found,
        "genre": mention.genre,
        "sentiment": mention.sentiment,
        "tone": mention.tone,
        "stance": mention.stance,
        "recommendation": mention.recommendation,
        "roles": None if mention.roles is None else list(mention.roles),
        "switch": mention.switch,
        "confidence": mention.confidence,
        "names": [quote(*span) for span in mention.names],
        "evidence": [quote(*span) for span in mention.evidence],
        "model": mention.model,
    }


def _post(line: bytes, brands: Brands, where: str) -> tuple[Any, Post]:
    """The post's id as it was given, and the post."""
    try:
        record = json_object(line)
    except ValueError as error:
        raise BadLine(str(error)) from error
    identity = record.get("id")
    try:
        native = _identity(identity)
    except ValueError as error:
        raise BadLine(f"`id` {error}") from error
    text, rating = _words(record), rating_of(record, where)
    if not text.strip() and rating is None:
        raise BadLine("`text` must be a text that is not empty")
    site, published = optional(record, "url", _host, where), optional(record, "published", _moment, where)
    return identity, Post(
        id=native,
        site=site or "stdin",
        source="stdin",
        url=None if site is None else record["url"],
        title=optional(record, "title", text_of, where),
        text=text,
        language=optional(record, "language", text_of, where),
        author_id=optional(record, "author_id", _identity, where),
        thread_id=optional(record, "thread_id", _identity, where),
        product=optional(record, "product", text_of, where),
        rating=rating,
        about=_about(record, brands, where),
        published=published,
        published_precision=Precision.MINUTE if published else Precision.UNKNOWN,
        collected=whole_milliseconds(datetime.now(UTC)),
        in_reply_to=optional(record, "in_reply_to", _identity, where),
        official=record.get("official") is True,
    )


def _words(record: dict[str, Any]) -> str:
    """The text; empty where only stars are given."""
    try:
        return text_of("" if record.get("text") is None else record["text"])
    except ValueError as error:
        raise BadLine(f"`text` {error}") from error


def _identity(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "" or HALF_CHARACTER.search(str(value)):
        raise ValueError("must be a text or a whole number")
    return str(value)


def _host(value: Any) -> str:
    return urlsplit(text_of(value)).hostname or "stdin"


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text_of(value))
        return whole_milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"must be a time as 2026-11-24T08:15:00Z, not {value!r}") from error


def _about(record: dict[str, Any], brands: Brands, where: str) -> tuple[str, ...]:
    """Slugs of the brands that the record names, one name or a list of them; a name that is of none is left out."""

    def slug(name: Any) -> str:
        if (brand := brands.by_name(text_of(name))) is None:
            raise ValueError(f"must name brands of the brands file, not {name!r}")
        return brand.slug

    value = record.get("about")
    names = value if isinstance(value, list) else [value]
    found = (optional({"about": name}, "about", slug, where) for name in names)
    return tuple(dict.fromkeys(each for each in found if each is not None))
