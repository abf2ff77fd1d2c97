"""What can be asked of the index: the domain's questions, not an engine's language, so that both engines are equals.

The rule to know: a query names its level. `brand` reads only the `general` mentions (one per post x brand), `product` only
the others; no figure ever adds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from crawlers.post import Post
from nlp.mention import Genre, Mention, Recommendation, Role, Sentiment, Stance, Switch

UNKNOWN = "unknown"
"""The role of a mention whose text shows none the model is sure of, and whose author has no remembered role."""
LONGEST = 8_000
"""Characters of a value that can be asked for; crawlers let in none that is longer, and Elasticsearch could not find it."""
HALF_CHARACTER = re.compile("[\ud800-\udfff]")


class Facet(StrEnum):
    """A field of a mention that figures are broken down by."""

    BRAND = "brand"
    PRODUCT = "product"
    KIND = "product_kind"
    STANCE = "stance"
    SENTIMENT = "sentiment"
    TONE = "tone"
    GENRE = "genre"
    ROLE = "role"
    """A mention with two roles counts under both."""
    ROLE_FROM = "role_from"
    RECOMMENDATION = "recommendation"
    SWITCH = "switch"
    FOUND = "found"
    SITE = "site"
    PLACE = "place"
    SOURCE = "source"
    TARGET = "target"
    LANGUAGE = "language"
    COPY_OF = "copy_of"
    """The original of a copy, by `Post.id`; what is no copy has none."""


Level = Literal["brand", "product"]
Sort = Literal["published", "reach", "id"]
Interval = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which mentions: all conditions hold at once; the values of one condition are alternatives; empty means any."""

    level: Level = "brand"
    brands: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    stances: tuple[Stance, ...] = ()
    sentiments: tuple[Sentiment, ...] = ()
    tones: tuple[int, ...] = ()
    genres: tuple[Genre, ...] = ()
    roles: tuple[Role | Literal["unknown"], ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    switches: tuple[Switch, ...] = ()
    sites: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    """`Post.author_key`s: accounts' ids, and `unnamed:…` of single posts."""
    posts: tuple[str, ...] = ()
    """`Post.id`s."""
    since: datetime | None = None
    """Published at or after."""
    until: datetime | None = None
    """Published before."""
    dated: bool | None = None
    """True: only posts whose time is known; False: only the others; None: all. A period excludes the undated anyway."""
    text: str = ""
    """Words, "a phrase", -word; every word must be there. Searched in title and text."""
    counting: bool | None = None
    """True: only what enters the measures (opinions of authors who count); False: only what is left out."""
    last_word: bool = False
    """Only each author's last stance on the subject before `until` (of all, where `until` is None); only what counts has one."""
    named: bool | None = None
    """True: only authors with an account of their own; False: only bare display names."""
    official: bool | None = None
    """True: only posts by accounts of a watched company; False: only the others."""
    read: bool | None = None
    """True: only posts in a language that the model reads, or in an unknown one; False: only the others."""
    copies: bool | None = None
    """True: only copies of earlier posts; False: only the others."""
    groups: tuple[str, ...] = ()
    """`Post.id`s of originals: these and their copies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the author's ledger says of one mention; written by `ledger.refresh`, kept with the mention."""

    counts: bool = False
    """Enters the measures: an opinion with a stance, by an author who counts, not official, not a copy, dated."""
    superseded_at: datetime | None = None
    """When the same author next took a stance on the same subject; None while this is the last word."""
    roles: tuple[str, ...] = (UNKNOWN,)
    """The text's roles, else the author's remembered ones, else ("unknown",) or ("none",)."""
    role_from: Literal["text", "history"] | None = None
    copy_of: str | None = None
    """`Post.id` of the original: the earliest post about the same brand that this one repeats; None where it is no copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One mention found, with the post it stands in and its standing in the author's ledger."""

    mention: Mention
    post: Post
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """A page of mentions: `total` is exact; `after` continues the listing, None at its end."""

    total: int
    hits: tuple[Hit, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Sums of reach over distinct posts, in people, measured and estimated apart; None where no post's value is known.

    A post with a measured value is left out of the estimate, so that no post is in both.
    """

    measured: int | None
    measured_known: int
    """Posts whose views are known."""
    estimated: int | None
    estimated_known: int
    """Posts without views whose author's followers or place's members are known."""
    posts: int
    """Distinct posts in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An author changed their stance on a subject."""

    at: datetime
    before: Stance
    after: Stance
    mention: str
    """The mention that shows the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """An account's relation to one subject: the third kind of document. Unnamed authors have none."""

    author_id: str
    brand: str
    product: str
    name: str | None = None
    url: str | None = None
    site: str
    stance: Stance | None = None
    """The last stance taken; None where the author never took one."""
    stance_since: datetime | None = None
    roles: tuple[str, ...] = (UNKNOWN,)
    roles_since: datetime | None = None
    followers: int | None = None
    posts: int = 0
    """Posts that mention the subject."""
    first: datetime | None = None
    last: datetime | None = None
    flips: tuple[Flip, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.author_id}/{self.brand}/{self.product}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One interval of a trend; `start` is midnight in the reader's zone."""

    start: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    """Facet value -> mentions; {"": n} where no facet was asked."""


class IndexUnavailable(Exception):
    """The index can't answer; the message is one sentence that says what to do."""


def askable(values: Iterable[Any]) -> list[Any]:
    """The values of a condition, each once and in order, without those that no post can have: too long, or no whole characters."""
    return sorted({value for value in values if not isinstance(value, str) or (len(value) <= LONGEST and not HALF_CHARACTER.search(value))})


class Index(Protocol):
    """Posts, mentions and authors. One writer at a time (others wait), any number of readers."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the writer's lock over several calls, as load and ledger do together; other writers wait until it ends."""

    def replace(
        self,
        posts: Sequence[Post],
        mentions: Sequence[Mention],
        batch: str | None = None,
        *,
        standings: Mapping[str, Standing] | None = None,
    ) -> int:
        """Store the posts as they are given, with `mentions` in the place of all they had; the number of mentions stored.

        Making one post of several sightings is the loader's work.
        A mention whose standing is given (by its id) has it from the first; the others start with the roles that the text
        shows and do not count: `ledger.refresh` follows. `batch` is recorded as loaded in the same step; with no posts at
        all it is only recorded. Raises ValueError for a post given twice or a mention without its post.
        """

    def loaded(self) -> frozenset[str]:
        """Batches recorded by `replace`."""

    def forget(self, post_ids: Iterable[str]) -> int:
        """Remove posts and their mentions; the number of posts. What the ledgers make of their authors is not changed."""

    def missing(self) -> str | None:
        """Where nothing was ever written, words that say so and where; else None."""

    def post(self, post_id: str) -> Post | None: ...

    def posts(self) -> Iterator[Post]:
        """Every post, with mentions or without, by id; a consistent view while others write."""

    def thread(self, thread_id: str) -> list[Post]:
        """The post that began it and all posts of the thread, in order of time, undated last, then by id."""

    def search(self, query: Query, *, sort: Sort = "published", descending: bool = True, size: int = 20, after: str | None = None) -> Hits:
        """A page of at most 10,000 mentions.

        Reach is the measured one, else the estimated one. Unknown values stand last in either direction, equal ones in the
        order of the mention's id. Raises ValueError for another size, or an `after` that no page handed out.
        """

    def export(self, query: Query) -> Iterator[Hit]:
        """Every mention of the query, any number, by id; a consistent view while others write."""

    def count(self, query: Query, by: Facet | None = None) -> dict[str, int]:
        """Exact number of mentions per value of the facet; {"": n} without one. Values with no mention are absent.

        A mention whose value is unknown (no place, no language) is under none. The most frequent value comes first.
        """

    def cross(self, query: Query, by: Facet, then: Facet) -> dict[str, dict[str, int]]:
        """`count` by two facets at once: value of `by` -> value of `then` -> mentions."""

    def trend(self, query: Query, every: Interval, zone: ZoneInfo, by: Facet | None = None) -> list[Bucket]:
        """Mentions per interval of `published` in the reader's zone, weeks from Monday, without holes from the first to the last."""

    def distinct_authors(self, query: Query) -> int:
        """Exact number of distinct `Post.author_key`s."""

    def reach(self, query: Query) -> Reach: ...

    def reach_by(self, query: Query, by: Facet) -> dict[str, Reach]: ...

    def posts_with(self, bands: Iterable[int]) -> dict[int, frozenset[str]]:
        """Band (see `index.band`) -> ids of the posts that have it; bands that no post has are absent."""

    def mentions_of(self, author_ids: Iterable[str]) -> Iterator[Hit]:
        """All mentions of both levels by these `Post.author_key`s, for the ledger; by author, then by id."""

    def write_standings(self, standings: Mapping[str, Standing]) -> None:
        """Mention id -> standing; ids that are not there are passed over."""

    def write_authors(self, authors: Sequence[Author], *, of: Iterable[str] = ()) -> None:
        """Store author documents. They are all there is of the author ids in `of`: other documents of these go."""

    def authors(
        self,
        *,
        author_id: str | None = None,
        brands: tuple[str, ...] = (),
        product: str = "general",
        stances: tuple[Stance, ...] = (),
        flipped: bool | None = None,
        size: int = 100,
    ) -> list[Author]:
        """Author documents, most followers first, then by id."""

    def rebuild(self) -> AbstractContextManager[Index]:
        """An empty index to fill; takes this one's place when the block ends well, vanishes when it raises.

        Readers go on reading the old one until the change.
        """

    def close(self) -> None: ...
