"""Posts as JSON Lines in, mentions as JSON Lines out: the reader for other programs.

The rule to know: a line that can't be read is told by its number and the rest goes on; only `id` and `text` are needed.
"""

from __future__ import annotations

import json
import re
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
from nlp.tag import tag_posts

TOGETHER = 256
"""Posts read before they are judged in one call; answers inherit a brand only among these."""


HALF_CHARACTER = re.compile("[\ud800-\udfff]")


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
    posts: list[tuple[Any, Post]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            posts.append(_post(line, brands))
        except BadLine as error:
            yield f"line {number}: {error}"
        if len(posts) == TOGETHER:
            yield from _records(posts, finder, judge)
            posts = []
    yield from _records(posts, finder, judge)


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


def _post(line: bytes, brands: Brands) -> tuple[Any, Post]:
    """The post's id as it was given, and the post."""
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadLine("is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadLine(f"is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise BadLine("must be a JSON object")
    identity, text = record.get("id"), _text(record, "text") or ""
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "" or HALF_CHARACTER.search(str(identity)):
        raise BadLine("`id` must be a text or a whole number")
    rating = _rating(record)
    if not text.strip() and rating is None:
        raise BadLine("`text` must be a text that is not empty")
    url, published = _text(record, "url"), _published(record)
    answered = record.get("in_reply_to")
    return identity, Post(
        id=str(identity),
        site=_host(url),
        source="stdin",
        url=url,
        title=_text(record, "title"),
        text=text,
        language=_text(record, "language"),
        author_id=_text(record, "author_id"),
        thread_id=_text(record, "thread_id"),
        product=_text(record, "product"),
        rating=rating,
        about=_about(record, brands),
        published=published,
        published_precision=Precision.MINUTE if published else Precision.UNKNOWN,
        collected=whole_milliseconds(datetime.now(UTC)),
        in_reply_to=None if answered in (None, "") else str(answered),
        official=record.get("official") is True,
    )


def _text(record: dict[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise BadLine(f"`{name}` must be a text, not {value!r}")
    if value and HALF_CHARACTER.search(value):
        raise BadLine(f"`{name}` has half of a character (a lone surrogate)")
    return value or None


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or "stdin"
    except ValueError as error:
        raise BadLine(f"`url` is no address: {error}") from error


def _rating(record: dict[str, Any]) -> float | None:
    value = record.get("rating")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 5:
        raise BadLine(f"`rating` must be a number from 1 to 5, not {value!r}")
    return float(value)


def _published(record: dict[str, Any]) -> datetime | None:
    value = _text(record, "published")
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return whole_milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError as error:
        raise BadLine(f"`published` must be a time as 2026-11-24T08:15:00Z, not {value!r}") from error


def _about(record: dict[str, Any], brands: Brands) -> tuple[str, ...]:
    value = record.get("about") or []
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadLine("`about` must be the name of a brand, or a list of names")
    found = []
    for name in names:
        brand = brands.by_name(name)
        if brand is None:
            raise BadLine(f"`about`: {name!r} is not in the brands file")
        found.append(brand.slug)
    return tuple(dict.fromkeys(found))
