"""Correcting: a person answers heads of a mention; what was said waits for review where the text has changed since.

The rule to know: the desk keeps the answer first, then the post is made anew in the index, so that a correction killed at any
moment is finished by the next load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from advocacy.caught_up import check_desk
from advocacy.correction import EXISTS, YES, Correction, Value, WrongCorrection, checked, holds, made_on
from advocacy.desk import Desk, DeskUnavailable, open_desk
from advocacy.forget import TombstoneError, forget_said
from advocacy.load import LoadError, finish_correcting
from crawlers.brand import Brands, read_brands
from crawlers.post import Post, clean, whole_milliseconds
from crawlers.yamlfile import ConfigError
from index.query import Index, IndexUnavailable, Level, Query, askable
from nlp.mention import GENERAL, Mention
from nlp.reader import BY_BRAND
from nlp.tag import TagError

LEVELS: tuple[Level, ...] = ("brand", "product")
POSTS_AT_ONCE = 500


class NotShown(Exception):
    """What was said is kept, but the index can't show it now: the next load does. The message is one sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A correction that is not applied, and why."""

    correction: Correction
    why: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a post of which somebody says something."""

    post: Post | None
    """None where the index has lost it."""
    mentions: Mapping[str, Mention]
    """By id."""
    said: Mapping[tuple[str, str, str], Correction]
    """(brand, product, head) -> the correction in force."""


def correct(
    index: Index, answers: Mapping[str, Mapping[str, Value | None]], *, by: str, note: str | None = None, data: Path, config: Path
) -> bool:
    """Keep these answers (id of a mention -> head -> value; None takes back), all of them or none, and apply them.

    False where they are kept but a post's tagged batch is missing: they are applied once it is tagged and loaded again.
    Raises WrongCorrection, DeskUnavailable, IndexUnavailable and ConfigError where nothing is kept, NotShown where all is.
    """
    author, note = clean(by), clean(note or "") or None
    if not author:
        raise WrongCorrection("A correction needs the name of whoever makes it.")
    if not all(answers.values()) or not answers:
        raise WrongCorrection("There is nothing to correct: answer at least one head.")
    brands = read_brands(config)
    with closing(open_desk(data)) as desk:
        check_desk(index, desk)
        made = []
        for mention, heads in answers.items():
            known = _known(index, desk, mention, heads, brands)
            made += [_made(mention, head, value, known, author, note) for head, value in heads.items()]
        desk.append(made)
        try:
            with index.writing():
                finish_correcting(index, data=data, config=config)
                _check_forgotten(index, desk, {each.post for each in made}, data)
                return _stand(made, {each.id: each for each in mentions_of(index, sorted({each.post for each in made}))})
        except (DeskUnavailable, IndexUnavailable, LoadError, TagError, TombstoneError, ConfigError, OSError) as error:
            raise NotShown(str(error)) from error


def _known(index: Index, desk: Desk, mention: str, heads: Mapping[str, Value | None], brands: Brands) -> _Known:
    """What is known of the mention's post. Raises WrongCorrection where these heads of it can't be answered or taken back."""
    post_id = parts(mention)[0]
    post = index.post(post_id) if (can_be := askable((post_id,))) else None
    answers = any(value is not None for value in heads.values())
    if post is None and (not can_be or answers):
        raise WrongCorrection(f"The index has no post {post_id}: the id of a mention is POST/BRAND/PRODUCT, as `index search` shows it.")
    mentions = {each.id: each for each in mentions_of(index, [post_id])}
    if answers:
        _check_subject(mention, mentions.keys(), brands, adds=heads.get(EXISTS) == YES)
    said = {(each.brand, each.product, each.head): each for each in desk.of([post_id]).get(post_id, ())}
    return _Known(post, mentions, said)


def _made(mention: str, head: str, value: Value | None, known: _Known, author: str, note: str | None) -> Correction:
    """What the person says of one head, now. Raises WrongCorrection."""
    post, brand, product = parts(mention)
    subject = (brand, GENERAL if head in BY_BRAND else product, head)
    if value is not None:
        value = checked(head, value)
    elif subject not in known.said:
        raise WrongCorrection(f"There is no correction of {head} of {mention} to take back{_elsewhere(mention, head, known)}.")
    return Correction(
        post=post,
        brand=brand,
        product=subject[1],
        head=head,
        value=value,
        text_hash=made_on(known.post) if known.post is not None else known.said[subject].text_hash,
        author=author,
        made=whole_milliseconds(datetime.now(UTC)),
        note=note,
    )


def _check_forgotten(index: Index, desk: Desk, posts: Set[str], data: Path) -> None:
    """Raises WrongCorrection where a post was forgotten while something was said of it, which is then kept nowhere."""
    lost = {post for post in posts if index.post(post) is None}
    if lost and (forgotten := forget_said(desk, lost, data=data)):
        raise WrongCorrection(f"{', '.join(sorted(forgotten))} was forgotten meanwhile: nothing that is said of it is kept.")


def parts(mention: str) -> tuple[str, str, str]:
    """Post, brand and product of a mention's id. Raises WrongCorrection."""
    found = mention.rsplit("/", 2)
    if len(found) != 3 or not all(found):
        raise WrongCorrection(f"{mention!r} is no id of a mention: it is POST/BRAND/PRODUCT, as `index search` shows it.")
    return found[0], found[1], found[2]


def mentions_of(index: Index, posts: Sequence[str]) -> list[Mention]:
    """All mentions of the posts, of both levels."""
    return [hit.mention for level in LEVELS for hit in index.export(Query(level=level, posts=tuple(posts)))] if posts else []


def _elsewhere(mention: str, head: str, known: _Known) -> str:
    """Where to take back what a mention has of the company as a whole, or a company of a product that was added; empty where nowhere."""
    post, brand, product = parts(mention)
    if (brand, GENERAL, head) in known.said:
        return f": it was made on {post}/{brand}/{GENERAL}, take it back there"
    here = known.mentions.get(mention)
    if product != GENERAL or head != EXISTS or here is None or EXISTS not in here.corrected:
        return ""
    added = [each.mention for each in known.said.values() if each.brand == brand and each.head == EXISTS and each.value == YES]
    return f": it came with {added[0]}, take that back" if added else ""


def _check_subject(mention: str, known: Set[str], brands: Brands, *, adds: bool) -> None:
    """Raises WrongCorrection where the mention is not there, or can't be added."""
    post, slug, product = parts(mention)
    if mention in known:
        return
    if not adds:
        there = ", ".join(sorted(known)) or "none"
        raise WrongCorrection(f"There is no mention {mention}; the post has {there}. A missing one is added by exists = yes.")
    brand = brands.by_slug(slug)
    if brand is None or (product != GENERAL and brand.product(product) is None):
        raise WrongCorrection(f"{slug}/{product} can't be added to {post}: it is no brand and product of brands.yaml.")


def _stand(made: Sequence[Correction], mentions: Mapping[str, Mention]) -> bool:
    """Whether the index shows what was said. Of a mention that a person took out nothing else is shown."""
    gone = {each.mention for each in made if each.head == EXISTS and each.value not in (None, YES)}
    for each in made:
        mention = mentions.get(each.mention)
        if each.head != EXISTS and mention is None and each.mention in gone:
            continue
        if each.value is None:
            general = mentions.get(f"{each.post}/{each.brand}/{GENERAL}")
            of_company = general is not None and each.product != GENERAL and each.head in general.corrected
            shown = mention is None or each.head not in mention.corrected or of_company
        elif each.head == EXISTS:
            shown = (mention is not None) == (each.value == YES)
        else:
            shown = mention is not None and each.head in mention.corrected and getattr(mention, each.head) == each.value
        if not shown:
            return False
    return True


def review(index: Index, corrections: Sequence[Correction]) -> list[Review]:
    """Those of the corrections that are not applied, with the reason: the text changed, or the mention or post is gone."""
    found = []
    for post, mentions, said in with_posts(index, corrections):
        for each in said:
            if post is None:
                found.append(Review(correction=each, why="the index has no such post"))
            elif not holds(each, post):
                found.append(Review(correction=each, why="the text has changed"))
            elif each.mention not in mentions and (each.head != EXISTS or each.value == YES):
                found.append(Review(correction=each, why="the mention is not there"))
    return found


def with_posts(index: Index, corrections: Sequence[Correction]) -> Iterator[tuple[Post | None, dict[str, Mention], list[Correction]]]:
    """Posts (None where the index has it no more), their mentions by id, and what was said of them; by the post's id."""
    by_post: dict[str, list[Correction]] = {}
    for each in corrections:
        by_post.setdefault(each.post, []).append(each)
    ids = sorted(by_post)
    for start in range(0, len(ids), POSTS_AT_ONCE):
        some = ids[start : start + POSTS_AT_ONCE]
        mentions: dict[str, dict[str, Mention]] = {}
        for mention in mentions_of(index, some):
            mentions.setdefault(mention.post, {})[mention.id] = mention
        for post in some:
            yield index.post(post), mentions.get(post, {}), by_post[post]
