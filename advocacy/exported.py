"""Corrections as labelled records: what people answered, and beside it what the model predicts of the same in use.

The rule to know: a record holds the corrected answers and no others. Its text is the whole post, so that what is kept apart by text
stays apart; of a product `passage` is what the reader asks about, with its `names`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import groupby
from pathlib import Path
from typing import Any

from advocacy.correct import with_posts
from advocacy.correction import EXISTS, HEADS, YES, Correction, holds, made_on, recorded, says_the_same
from advocacy.desk import Desk
from advocacy.load import keys, sightings_in
from advocacy.sighting import Sighting, one_post
from crawlers.brand import Brands
from crawlers.post import Post, iso
from index.query import Index
from nlp.brands import document
from nlp.mention import GENERAL, READ, Mention
from nlp.passage import cut
from nlp.tag import present_fingerprint

Predicted = Mapping[str, Mention]
"""The mentions of a post as the model predicts them, by id."""

INHERITED = "about products that the model does not judge by themselves: correct the company as a whole too, if it is meant"
UNPREDICTED = "about products whose mention the model has not made of today's text and brands"
NO_FIELD = "that say whether a company is meant at all: a record has no field for that"
REVIEW = "under review: `python -m advocacy corrections --review` lists them"
STARS_ONLY = "about ratings without a text"
NOT_READ = "about texts in a language that the model does not read"
"""Why an answer is in no record."""


def predictions(posts: Set[str], *, data: Path, config: Path) -> dict[str, Sighting]:
    """Post id -> the post and its mentions as the model reads them: without what people answered.

    Of a post that is not tagged with the present brands and model there is none. The caller holds the writer's lock. Raises
    LoadError, ModelError, ConfigError, TagError.
    """
    fingerprint = present_fingerprint(config)
    present = keys(data, fingerprint)
    seen = sightings_in(posts, present, data / "tagged" / fingerprint) if present else {}
    return {post: one_post(versions) for post, versions in seen.items()}


def records(
    index: Index, desk: Desk, brands: Brands, predicted: Mapping[str, Sighting], left_out: Counter[str] | None = None
) -> Iterator[dict[str, Any]]:
    """What people answered, as labelled records for training and evaluation: one for each post x brand x product, by post and brand.

    `predicted` as `predictions` gives it: what the model says of the same text stands under `predicted`, its name under `model`. Of a
    company, `products` are the kinds that remain where a person added or removed one. A product that the model does not judge by
    itself has no record: there is no question of which its answer could be learned. Ratings without a text are left out, and texts in a
    language that the model is never asked about. `left_out` counts, once all is read, the answers in no record by their reason.
    """
    missed = Counter() if left_out is None else left_out
    for post, mentions, every in with_posts(index, desk.in_force()):
        said = [each for each in every if each.head != EXISTS or each.product != GENERAL]
        missed[NO_FIELD] += len(every) - len(said)
        unfit = _unfit(post)
        if post is None or unfit:
            missed[unfit] += len(said)
            continue
        seen, found = predicted.get(post.id, (post, []))
        theirs = {mention.id: mention for mention in found} if made_on(seen) == made_on(post) else {}
        holding = sorted((each for each in said if holds(each, post)), key=lambda each: each.brand)
        missed[REVIEW] += len(said) - len(holding)
        for slug, of_brand in groupby(holding, key=lambda each: each.brand):
            every_of_brand, whole = list(of_brand), f"{post.id}/{slug}/{GENERAL}"
            known = brands.by_slug(slug) is not None and whole in mentions
            answers = [each for each in every_of_brand if known and (each.head == EXISTS or each.mention in mentions)]
            untold = [each for each in every_of_brand if each not in answers]
            taken_out = sum(each.head == EXISTS and each.value != YES for each in untold)  # as it is said, and so under no review
            missed[NO_FIELD] += taken_out
            missed[REVIEW] += len(untold) - taken_out
            if not answers:
                continue
            record = _record(post, slug, brands, alone=len({each.brand for each in mentions.values()}) == 1)
            yield from _answered(record, _of_company(answers, mentions), whole, theirs)
            yield from _of_products(record, post, answers, brands, theirs, missed)


def _unfit(post: Post | None) -> str:
    """Why nothing that was said of the post is a record; empty where it may be one."""
    if post is None:
        return REVIEW
    if not post.text.strip():
        return STARS_ONLY
    return "" if post.language in (None, *READ) else NOT_READ


def _record(post: Post, slug: str, brands: Brands, *, alone: bool) -> dict[str, Any]:
    """The record without answers: what the model is given in use. Stars that may stand for another company are left out."""
    lang = "en" if post.language == "en" else "ru"
    labels = {brand.slug: brand.label(lang) for brand in brands.brands}
    others = [labels[about] for about in post.about if about in labels and about != slug]
    reviewed = others[0] if others and slug not in post.about else None
    rating = post.rating if slug in post.about or (alone and not reviewed) else None
    record = {
        "id": f"{post.id}/{slug}", "source": post.source, "lang": post.language, "target": labels[slug], "reviewed": reviewed,
        "rating": rating, "date": (iso(post.published) or "")[:10] or None, "text": document(post)[0],
    }  # fmt: skip
    return {name: value for name, value in record.items() if value is not None}


def _of_company(answers: Sequence[Correction], mentions: Mapping[str, Mention]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for each in answers:
        if each.product == GENERAL and each.head != EXISTS:
            fields |= recorded(each.head, each.value)
        elif each.product != GENERAL and each.head == EXISTS:
            fields["products"] = _kinds(mentions, each.brand)
    return fields


def _of_products(
    company: Mapping[str, Any], post: Post, answers: Sequence[Correction], brands: Brands, predicted: Predicted, missed: Counter[str]
) -> Iterator[dict[str, Any]]:
    by_mention: dict[str, list[Correction]] = {}
    for each in answers:
        if each.product != GENERAL and each.head != EXISTS:
            by_mention.setdefault(each.mention, []).append(each)
    for key, said in sorted(by_mention.items()):
        mention, general = predicted.get(key), predicted.get(key.rpartition("/")[0] + f"/{GENERAL}")
        brand = brands.by_slug(said[0].brand)
        product = brand.product(said[0].product) if brand else None
        if mention is None or general is None or product is None:
            missed[UNPREDICTED] += len(said)
            continue
        if says_the_same(mention, general):
            missed[INHERITED] += len(said)
            continue
        fields: dict[str, Any] = {}
        for each in said:
            fields |= recorded(each.head, each.value)
        label = product.label("en" if post.language == "en" else "ru")
        passage, names = cut(post.text, mention.evidence, (*general.names, *mention.names))
        about = {"id": key, "about_product": label, "passage": passage, "names": [list(span) for span in names]}
        plain = {name: value for name, value in company.items() if name not in ("rating", "reviewed")}
        yield from _answered(plain | about, fields, key, predicted)


def _answered(record: Mapping[str, Any], fields: Mapping[str, Any], key: str, predicted: Predicted) -> Iterator[dict[str, Any]]:
    """The record with its answers and the model's to the same heads; none where nothing was answered."""
    if not fields:
        return
    mention = predicted.get(key)
    if mention is None:
        yield {**record, **fields}
        return
    theirs = {name: value for name, value in _said(mention, predicted).items() if name in fields}
    yield {**record, **fields, "predicted": theirs, "model": mention.model}


def _said(mention: Mention, predicted: Predicted) -> dict[str, Any]:
    """What a record would say of the model's answers to a mention; nothing of roles that it leaves open."""
    fields: dict[str, Any] = {}
    for head in HEADS:
        value = getattr(mention, head, None)
        if value is not None:
            fields |= recorded(head, value)
    return fields | {"products": _kinds(predicted, mention.brand)}


def _kinds(mentions: Mapping[str, Mention], slug: str) -> list[str]:
    kinds = {each.product_kind for each in mentions.values() if each.brand == slug and each.product != GENERAL}
    return sorted(kinds) or [GENERAL]
