"""Copies: a post that repeats an earlier one about the same brand is the same voice once more.

The rule to know: a post is the copy of its original, the earliest post that is alike (see `index.band`), speaks of the same
brand and is earlier than the post itself. Order is publication, undated last, then `Post.id`; who wrote it and where does not
matter. So what is a copy depends on which posts there are and not on the order of loading. A copy can itself be the original
of a third post that is alike to it and not to the first: each post is compared, and no similarity is handed on.

Where posts come, change or go, all that can change is whether they are copies, what was a copy of theirs, and later posts
that are alike to them: these are judged again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from itertools import islice

from crawlers.post import Post
from index.band import alike, bands
from index.query import Hit, Index, Query
from index.standing import first_standing
from nlp.mention import Mention

AT_ONCE = 5_000
"""Posts asked for at a time."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Voice:
    """A post that may repeat another or be repeated, and the brands that it speaks of."""

    post: Post
    brands: frozenset[str]

    @property
    def order(self) -> tuple[datetime, str]:
        return self.post.published or _NEVER, self.post.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What is a copy of what, after posts came, changed or went."""

    originals: Mapping[tuple[str, str], str | None]
    """(post id, brand) -> the original, None where it is no copy: of the posts given and of the stored ones judged again."""
    authors: frozenset[str]
    """`Post.author_key`s of the stored ones."""

    def told(self, hit: Hit) -> Hit:
        """The mention with its original as it is now."""
        original = self.originals.get((hit.post.id, hit.mention.brand), hit.standing.copy_of)
        return hit if original == hit.standing.copy_of else replace(hit, standing=replace(hit.standing, copy_of=original))


Bands = Mapping[int, Sequence[Voice]]
"""Band -> the voices that have it, the earliest first."""


def copies(index: Index, posts: Sequence[Post], mentions: Sequence[Mention]) -> Copies:
    """What becomes of copies when these posts are stored with these mentions in the place of all that they had."""
    given = {post.id for post in posts}
    brands: defaultdict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        brands[mention.post].add(mention.brand)
    new = [Voice(post, frozenset(brands[post.id])) for post in posts if post.id in brands and bands(post.text)]
    freed = {hit.post.id for hit in _copies_of(index, given)} - given
    stored = {voice.post.id: voice for voice in _stored(index, freed | (_near(index, new) - given))}
    among_new = _by_band(new)
    again = [
        voice
        for voice in stored.values()
        if voice.post.id in freed or any(original(voice, brand, among_new) is not None for brand in voice.brands)
    ]
    others = _stored(index, _near(index, again) - given - stored.keys())
    by_band = _by_band([*new, *stored.values(), *others])
    return Copies(
        originals={(voice.post.id, brand): original(voice, brand, by_band) for voice in (*new, *again) for brand in voice.brands},
        authors=frozenset(voice.post.author_key for voice in again),
    )


def original(voice: Voice, brand: str, by_band: Bands) -> str | None:
    """The earliest of these voices that is earlier than this one, alike to it and of the same brand; None where there is none."""
    compared: set[str] = set()
    for other in merge(*(by_band.get(band, ()) for band in bands(voice.post.text)), key=lambda voice: voice.order):
        if other.order >= voice.order:
            return None
        if brand in other.brands and other.post.id not in compared:
            if alike(voice.post.text, other.post.text):
                return other.post.id
            compared.add(other.post.id)
    return None


def store(index: Index, posts: Sequence[Post], mentions: Sequence[Mention]) -> int:
    """Store posts and mentions with what is a copy of what, without ledgers: `ledger.refresh` follows; the number of mentions."""
    by_id = {post.id: post for post in posts}
    found = copies(index, posts, mentions)
    new = [found.told(Hit(mention=mention, post=by_id[mention.post], standing=first_standing(mention))) for mention in mentions]
    written = index.replace(posts, mentions, standings={hit.mention.id: hit.standing for hit in new})
    again = [(hit, found.told(hit)) for hit in index.mentions_of(sorted(found.authors))] if found.authors else []
    index.write_standings({told.mention.id: told.standing for hit, told in again if told is not hit})
    return written


def _copies_of(index: Index, posts: Collection[str]) -> Iterator[Hit]:
    """A mention of each stored post and brand whose original is one of the posts."""
    for some in _portions(posts):
        for hit in index.export(Query(groups=some, copies=True)):
            if hit.standing.copy_of in posts:
                yield hit


def _near(index: Index, voices: Iterable[Voice]) -> set[str]:
    """Ids of the stored posts that share a band with any of these."""
    having = index.posts_with({band for voice in voices for band in bands(voice.post.text)})
    return {post for posts in having.values() for post in posts}


def _stored(index: Index, posts: Collection[str]) -> list[Voice]:
    """The stored posts of these that any mention stands for."""
    found: dict[str, Post] = {}
    brands: defaultdict[str, set[str]] = defaultdict(set)
    for some in _portions(posts):
        for hit in index.export(Query(posts=some)):
            found[hit.post.id] = hit.post
            brands[hit.post.id].add(hit.mention.brand)
    return [Voice(post, frozenset(brands[post.id])) for post in found.values()]


def _portions(posts: Collection[str]) -> Iterator[tuple[str, ...]]:
    every = iter(sorted(posts))
    while some := tuple(islice(every, AT_ONCE)):
        yield some


def _by_band(voices: Iterable[Voice]) -> Bands:
    found: defaultdict[int, list[Voice]] = defaultdict(list)
    for voice in sorted(voices, key=lambda voice: voice.order):
        for band in bands(voice.post.text):
            found[band].append(voice)
    return found
