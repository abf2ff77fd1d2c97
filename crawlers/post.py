"""A post: one public message by one author, as published.

The rule to know: `Post.id` is made of the site and the post's own id there, never of how it was fetched, so that the same
post found by an API, a feed or an export of another system is one post.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

MOST = 2**53
"""The largest count that JSON, SQLite and Elasticsearch all keep exactly."""


class Precision(StrEnum):
    """How exactly the time of publication is known."""

    MINUTE = "minute"
    HOUR = "hour"
    """To an hour: «2 часа назад» may be nearly three."""
    DAY = "day"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public message. Unknown is None, never 0 or an empty string.

    Times are aware UTC in whole milliseconds. `published` of precision DAY stands at 11:00 UTC of its date: that is the
    same date from UTC-11 to UTC+12; of precision UNKNOWN it is None.
    """

    id: str
    """`site:hash`, see `post_id`."""
    site: str
    """Host that issued the post's id: `banki.ru`, `vk.com`, a forum's host."""
    place: str | None = None
    """Channel, board, community or page within the site."""
    source: str
    """How it was fetched: the target's kind."""
    targets: tuple[str, ...] = ()
    """Names of the targets that found it."""
    url: str | None = None
    title: str | None = None
    text: str
    """The author's own words; quotes of others are cut out."""
    quoted: str | None = None
    """What the author quoted of others."""
    language: str | None = None
    """ISO 639-1, as the site or target states; None where nobody said."""
    author_id: str | None = None
    """`site:id` of a real account (platform id, profile URL, unique login); None for a bare display name."""
    author_name: str | None = None
    author_url: str | None = None
    published: datetime | None = None
    published_precision: Precision = Precision.UNKNOWN
    edited: datetime | None = None
    collected: datetime
    rating: float | None = None
    """Stars, scaled to 1..5."""
    thread_id: str | None = None
    in_reply_to: str | None = None
    """`Post.id` of the post answered."""
    company_reply: str | None = None
    """The company's public answer that stands with the post."""
    product: str | None = None
    """Product as the site names it."""
    about: tuple[str, ...] = ()
    """Slugs of the brands that the target says this post is about."""
    official: bool = False
    """Published by an account of a watched company."""
    views: int | None = None
    """People who saw it, measured by the place."""
    followers: int | None = None
    """Followers of the author: reach estimated."""
    members: int | None = None
    """Members or visitors of the place: reach estimated."""
    likes: int | None = None
    shares: int | None = None
    replies: int | None = None

    @property
    def reach_measured(self) -> int | None:
        """People who saw the post, as the place counts them."""
        return self.views

    @property
    def reach_estimated(self) -> int | None:
        """People who could have seen it: the author's followers, else the place's members."""
        return self.followers if self.followers is not None else self.members

    @property
    def author_key(self) -> str:
        """Whom the post counts for: its account, or itself where only a bare name is known."""
        return self.author_id or f"unnamed:{self.id}"


def post_id(site: str, native: str | None = None, *, url: str | None = None, otherwise: tuple[str | None, ...] = ()) -> str:
    """Identity of a post: the site and a hash of its native id, else its canonical URL, else what is known of it.

    `otherwise` is author, published and text, for posts that have neither id nor address of their own, and what else tells a post
    whose time of publication does not.
    Raises ValueError when there is nothing to tell the post by.
    """
    if native:
        key = f"id\0{native}"
    elif url:
        key = f"url\0{url}"
    elif any(otherwise):
        key = "\0".join(["text", *(part or "" for part in otherwise)])
    else:
        raise ValueError("a post needs an id, an address or a text of its own")
    return f"{site}:{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"


_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_LINES = re.compile(r" \n ?|\n ")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """A text as it is kept: NFC, without control and invisible characters, one space between words, at most one blank line.

    Cleaning twice changes nothing.
    """
    if _is_clean(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = unicodedata.normalize("NFC", _UNWANTED.sub("", text))
    return _BLANK_LINES.sub("\n\n", _LINES.sub("\n", _SPACES.sub(" ", text))).strip()


def _is_clean(text: str) -> bool:
    """Most texts are: telling so costs a tenth of cleaning them."""
    plain = text.replace("\n", " ").isprintable() and not any(part in text for part in ("  ", " \n", "\n ", "\n\n\n"))
    return plain and not text[:1].isspace() and not text[-1:].isspace() and unicodedata.is_normalized("NFC", text)


def or_headline(text: str, title: str | None) -> tuple[str, str | None]:
    """Text and title of a post; where it has no text its headline is the text, and there is no title."""
    return (text, title) if text else (title or "", None)


def stars(value: float, low: float = 1, high: float = 5) -> float | None:
    """A rating of a site's scale on ours, 1..5; None for 0, which sites write where nobody rated.

    Raises ValueError for a rating outside the scale: the target states another one than the site has.
    """
    if value == 0 and low > 0:
        return None
    if not low <= value <= high:
        raise ValueError(f"rating {value:g} is not between {low:g} and {high:g}")
    return round(1 + (value - low) * 4 / (high - low), 2)


def whole_milliseconds(moment: datetime) -> datetime:
    """The moment in aware UTC, cut to whole milliseconds. A naive moment is an error of the caller.

    Raises ValueError too where the moment has no UTC, as the first hours of the year 1 in Moscow.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} lies outside the calendar") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def day(published: date) -> datetime:
    """The moment that stands for a date known to the day only."""
    return datetime.combine(published, time(11), UTC)


def iso(moment: datetime | None) -> str | None:
    """`2026-11-24T08:15:00.000Z`: sorts as text, and reads the same in JSON, SQLite and Elasticsearch."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def post_to_json(post: Post) -> dict[str, Any]:
    """The post as a JSON object; fields that are None or empty are left out."""
    record: dict[str, Any] = {}
    for field in dataclasses.fields(post):
        value = getattr(post, field.name)
        if isinstance(value, datetime):
            value = iso(value)
        elif isinstance(value, tuple):
            value = list(value)
        if value is None or value == [] or value is False:
            continue
        record[field.name] = value
    return record


def post_from_json(record: dict[str, Any]) -> Post:
    """The inverse of `post_to_json`. Raises TypeError on an unknown field, ValueError on a bad time."""
    values = dict(record)
    for name in ("published", "edited", "collected"):
        if values.get(name) is not None:
            values[name] = datetime.fromisoformat(values[name])
    for name in ("targets", "about"):
        values[name] = tuple(values.get(name, ()))
    values["published_precision"] = Precision(values.get("published_precision", "unknown"))
    return Post(**values)
