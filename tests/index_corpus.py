"""A few hundred posts and mentions with what breaks indices: both scripts, no dates, clock changes, equal times, odd ids."""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, datetime, timedelta
from functools import cache

from crawlers.post import Post, Precision, post_id
from index.query import Author, Flip, Standing
from nlp.mention import GENRES, RECOMMENDATIONS, ROLES, SENTIMENTS, STANCES, SWITCHES, TONES, Mention

BRANDS = ("sever", "alfa", "o'brand")
PRODUCTS = ("general", "card", "app/mobile")
KINDS = {"general": "general", "card": "credit_card", "app/mobile": "app_online"}
SITES = ("banki.ru", "vk.com", "форум.рф")
PLACES = (None, "отзывы", "r/banks", 'кавычки "в" имени')
TARGETS = ("banki-sever", "vk, общий", "forum")
WORDS = (
    "ёлка", "елки", "рекомендую", "не", "рекомендовать", "банк", "банком", "карты", "Альфа", "alfa", "Alfa's", "apps", "iPhone12", "кэшбэк",
    "ещё", "еще", "the", "running", "МТС-Банк", "👍🏽", "5%", "за́мок", "«цитата»", "12.5", "ﬁne", "Straße", "co\u00adoperate", "и",
)  # fmt: skip
COLLECTED = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
_MOMENTS = (
    datetime(2026, 3, 29, 0, 59, 59, 999000, tzinfo=UTC),  # the last millisecond before Berlin's clocks go forward
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30 comes twice in Berlin
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
    datetime(2026, 4, 23, 22, 30, tzinfo=UTC),  # Cairo has no midnight on 24 April
    datetime(2025, 12, 31, 21, 0, tzinfo=UTC),  # New Year in Moscow
    datetime(2025, 12, 31, 20, 59, 59, 999000, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, tzinfo=UTC),
)


def _text(dice: random.Random) -> str:
    text = " ".join(dice.choice(WORDS) for _ in range(dice.randrange(1, 12)))
    return text * 400 if dice.random() < 0.02 else text


def _published(dice: random.Random) -> datetime | None:
    kind = dice.random()
    if kind < 0.15:
        return None
    if kind < 0.5:
        return dice.choice(_MOMENTS)
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=dice.randrange(300 * 86_400_000))


def _maybe(dice: random.Random, top: int) -> int | None:
    return dice.choice((None, 0, dice.randrange(top)))


def _post(dice: random.Random, number: int) -> Post:
    site = dice.choice(SITES)
    published = _published(dice)
    return Post(
        id=f"{site}:a/b {number}" if number % 10 == 0 else post_id(site, str(number)),
        site=site,
        place=dice.choice(PLACES),
        source=dice.choice(("feed", "reviews", "files")),
        targets=tuple(sorted(dice.sample(TARGETS, dice.randrange(4)))),
        title=dice.choice((None, _text(dice)[:200])),
        text=_text(dice),
        language=dice.choice(("ru", "en", "uz", None)),
        author_id=None if dice.random() < 0.3 else f"{site}:https://{site}/u/{dice.randrange(25)}/",
        published=published,
        published_precision=Precision.UNKNOWN if published is None else Precision.MINUTE,
        collected=COLLECTED,
        rating=dice.choice((None, 1.0, 4.5)),
        thread_id=dice.choice((None, f"{site}:thread/{dice.randrange(10)}")),
        views=_maybe(dice, 10_000),
        followers=_maybe(dice, 3_000_000_000),
        members=_maybe(dice, 500),
        official=dice.random() < 0.1,
    )


def _mention(dice: random.Random, post: Post, brand: str, product: str) -> Mention:
    roles = dice.choice((None, ("none",), tuple(dice.sample(ROLES, dice.randrange(1, 3)))))
    return Mention(
        post=post.id,
        brand=brand,
        product=product,
        product_kind=KINDS[product],
        found=dice.choice(("text", "target", "thread")),
        genre=dice.choice(GENRES),
        sentiment=dice.choice(SENTIMENTS),
        tone=dice.choice(TONES),
        stance=dice.choice(STANCES),
        recommendation=dice.choice(RECOMMENDATIONS),
        roles=roles,
        switch=dice.choice(SWITCHES),
        confidence={"stance": 0.91, "roles": 1.0},
        names=((0, 4),),
        evidence=((0, 10), (12, 20)),
        model="toy",
    )


def _standing(dice: random.Random, post: Post) -> Standing:
    counts = post.published is not None and dice.random() < 0.7
    later = None
    if counts and post.published is not None:
        later = dice.choice(
            (None, post.published, post.published + timedelta(days=dice.randrange(1, 60)), datetime(2026, 6, 1, tzinfo=UTC))
        )
    roles = dice.choice((("unknown",), ("none",), tuple(dice.sample(ROLES, dice.randrange(1, 3)))))
    role_from = dice.choice((None, "text", "history"))
    copy_of = dice.choice((None, None, None, *(post_id(SITES[0], str(number)) for number in range(1, 4))))
    return Standing(counts=counts, superseded_at=later, roles=roles, role_from=role_from, copy_of=copy_of)


@cache
def corpus(size: int = 300) -> tuple[tuple[Post, ...], tuple[Mention, ...], dict[str, Standing], tuple[Author, ...]]:
    """Posts, their mentions, standings of most of them, and author documents; always the same ones."""
    dice = random.Random(20261124)
    posts = tuple(_post(dice, number) for number in range(size))
    mentions: list[Mention] = []
    for post in posts:
        for brand in dice.sample(BRANDS, dice.choice((0, 1, 1, 2, 3))):
            products = ["general", *dice.sample(PRODUCTS[1:], dice.randrange(3))]
            mentions += [_mention(dice, post, brand, product) for product in products]
    by_id = {post.id: post for post in posts}
    standings = {mention.id: _standing(dice, by_id[mention.post]) for mention in mentions if dice.random() < 0.9}
    return posts, tuple(mentions), standings, _authors(dice, posts)


def _authors(dice: random.Random, posts: tuple[Post, ...]) -> tuple[Author, ...]:
    found = {}
    for post in posts:
        if post.author_id is None:
            continue
        flip = Flip(at=COLLECTED, before="detractor", after="promoter", mention=f"{post.id}/sever/general")
        author = Author(
            author_id=post.author_id,
            brand=dice.choice(BRANDS),
            product=dice.choice(PRODUCTS),
            name=dice.choice((None, "Ёжик 'в' тумане")),
            site=post.site,
            stance=dice.choice((None, *STANCES)),
            stance_since=post.published,
            roles=dice.choice((("unknown",), ("client", "prospect"))),
            followers=dice.choice((None, 0, 7, 3_000_000_000)),
            posts=dice.randrange(1, 9),
            first=post.published,
            flips=dice.choice(((), (flip, dataclasses.replace(flip, after="passive")))),
        )
        found[author.id] = author
    return tuple(found.values())
