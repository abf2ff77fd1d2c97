"""The reader: posts and their subjects -> mentions, each subject judged as a whole and per product.

The rule to know: a brand as a whole is judged on the whole post (of one sentence about several, on its clause); a product on the
sentences that speak of it, where the post speaks of several. Role and switch belong to author and brand: a product's mention copies
them from the general one. What is answered otherwise than by the model stands in `nlp.rules`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from crawlers.post import Post
from nlp.brands import Finder, Subject, document
from nlp.classifier import Judgement
from nlp.judgements import Judge
from nlp.language import language
from nlp.mention import GENERAL, READ, Mention
from nlp.pair import Pair
from nlp.passage import cut
from nlp.rules import TEXTLESS, as_whole, by_stars, mixed, official, passive, said, speaks, unread
from nlp.text import Span, sentences
from nlp.voice import Voice, voice

SURE = 0.5
"""Probability from which the head's code of a product stands for an alias that the text lacks."""
BY_BRAND = ("roles", "switch")
"""Heads that belong to author and brand."""


@dataclass(slots=True)
class _Draft:
    """One post on its way: its subjects, and where their judgements will be found."""

    post: Post
    subjects: list[Subject]
    unread: bool
    voice: Voice | None
    """How a company speaks in it."""
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    """(brand, product) -> number of its pair; a product that is judged as its brand is has none."""


def mentions_of(posts: Iterable[tuple[Post, list[Subject]]], finder: Finder, judge: Judge) -> Iterator[tuple[Post, list[Mention]]]:
    """Posts with their mentions, in order; all pairs are judged in one call. A post without subjects has none."""
    drafts = [_draft(post, subjects, finder) for post, subjects in posts]
    pairs: list[Pair] = []
    for draft in drafts:
        for subject, pair in _questions(draft, finder):
            draft.pairs[subject] = len(pairs)
            pairs.append(pair)
    judgements = judge.judge(pairs)
    for draft in drafts:
        yield draft.post, list(_mentions(draft, finder, judgements, judge.name))


def questions(post: Post, subjects: list[Subject], finder: Finder) -> dict[tuple[str, str], Pair]:
    """What the model is asked of a post: (brand, product) -> pair.

    A product that is judged as its brand is has none, and nothing is asked of a post without words or in another language.
    """
    return dict(_questions(_draft(post, subjects, finder), finder))


def _draft(post: Post, subjects: list[Subject], finder: Finder) -> _Draft:
    text, _ = document(post)
    found = language(text, post.language)
    read = dataclasses.replace(post, language=found, official=finder.official(post))
    unread = bool(text.strip()) and found is not None and found not in READ
    return _Draft(read, subjects, unread, voice=None if unread else voice(text))


# What the model is asked


def _questions(draft: _Draft, finder: Finder) -> Iterator[tuple[tuple[str, str], Pair]]:
    if draft.unread or not draft.post.text.strip():
        return
    by_brand = _by_brand(draft.subjects)
    for brand, subjects in by_brand.items():
        products = subjects[1:]
        yield (brand, GENERAL), _general_pair(draft, finder, subjects[0], alone=len(by_brand) == 1)
        if len(by_brand) == 1 and len(products) == 1:
            continue
        for subject in products:
            if subject.sentences != subjects[0].sentences:
                yield (brand, subject.product), _product_pair(draft, finder, subject, subjects[0].names)


def _by_brand(subjects: Sequence[Subject]) -> dict[str, list[Subject]]:
    """Subjects of each brand, the general one first, as the finder gives them."""
    grouped: dict[str, list[Subject]] = {}
    for subject in subjects:
        grouped.setdefault(subject.brand, []).append(subject)
    return grouped


def _label(draft: _Draft) -> str:
    return "en" if draft.post.language == "en" else "ru"


def _general_pair(draft: _Draft, finder: Finder, subject: Subject, *, alone: bool) -> Pair:
    post = draft.post
    text, _ = document(post)
    others = [slug for slug in post.about if slug in finder.brands and slug != subject.brand]
    reviewed = others[0] if others and subject.brand not in post.about else None
    spans = subject.marks
    if not alone and is_one_sentence(post) and subject.sentences not in ((), tuple(sentences(text))):
        text, spans = cut(text, subject.sentences, subject.names)  # «ВТБ супер, | Сбер отстой»
    return Pair(
        text=text,
        target=finder.brands[subject.brand].label(_label(draft)),
        spans=spans,
        rating=post.rating if _is_rated(post, finder, subject.brand, alone=alone) else None,
        reviewed=finder.brands[reviewed].label(_label(draft)) if reviewed else None,
    )


def _is_rated(post: Post, finder: Finder, brand: str, *, alone: bool) -> bool:
    """Whether the stars are the brand's: the page is about it, or about no company that is known and the post speaks of it alone."""
    return brand in post.about or (alone and finder.brands.keys().isdisjoint(post.about))


def _product_pair(draft: _Draft, finder: Finder, subject: Subject, brand_names: Iterable[Span]) -> Pair:
    """The sentences that speak of the product, and nothing else. The stars stand for the whole post: they are left out."""
    text, spans = cut(draft.post.text, subject.sentences, (*brand_names, *subject.names))
    return Pair(
        text=text,
        target=finder.brands[subject.brand].label(_label(draft)),
        product=finder.products[subject.brand, subject.product].label(_label(draft)),
        spans=spans,
    )


def is_one_sentence(post: Post) -> bool:
    """Whether all that is read of the post is one sentence."""
    return len(sentences(document(post)[0])) == 1


def is_said_of_products(post: Post, subjects: Sequence[Subject], asked: Collection[tuple[str, str]]) -> bool:
    """Whether what is said of a brand's products is all that the post says: in one sentence, of no other brand, each `asked` about."""
    products = [(each.brand, each.product) for each in subjects if each.product != GENERAL]
    alone = len({each.brand for each in subjects}) == 1
    return alone and bool(products) and all(each in asked for each in products) and is_one_sentence(post)


# What becomes of the answers


def _mentions(draft: _Draft, finder: Finder, judgements: Sequence[Judgement], model: str) -> Iterator[Mention]:
    by_brand = _by_brand(draft.subjects)
    for brand, subjects in by_brand.items():
        at = draft.pairs.get((brand, GENERAL))
        judgement = judgements[at] if at is not None else None
        if judgement is not None and len(subjects) == 1:
            named = {subject.kind for subject in draft.subjects}
            subjects = [*subjects, *_by_head(finder, subjects[0], judgement, named)]
        rated = _is_rated(draft.post, finder, brand, alone=len(by_brand) == 1)
        general = _general(draft, subjects[0], judgement, model, rated=rated)
        places = [draft.pairs.get((brand, subject.product)) for subject in subjects[1:]]
        own = [judgements[place] if place is not None else None for place in places]
        sure = mixed(judgement, own, plain=is_said_of_products(draft.post, draft.subjects, draft.pairs))
        # A product that is not judged by itself has what the whole post says, read at once.
        of_brand = passive(general, sure) if sure else general
        found = [_of_product(draft, subject, of_brand if each else general, each) for subject, each in zip(subjects[1:], own, strict=True)]
        found.insert(0, of_brand)
        if draft.post.official:
            found = [official(mention) for mention in found]
        elif speaks(draft.voice, judgement):
            found = [said(mention, "job_ad" if draft.voice is Voice.JOB_AD else "ad") for mention in found]
        yield from found


def _by_head(finder: Finder, general: Subject, judgement: Judgement, named: set[str]) -> list[Subject]:
    """Products that the head reads where the text has no alias of the brand's: its only one of that kind.

    `named` are kinds that the post names as another brand's.
    """
    products = finder.brands[general.brand].products
    found = []
    for kind in judgement.products:
        of_kind = [product for product in products if product.kind == kind]
        if kind not in {GENERAL, *named} and len(of_kind) == 1 and judgement.probabilities["products"][kind] >= SURE:
            found.append(dataclasses.replace(general, product=of_kind[0].slug, kind=kind, names=()))
    return found


def _general(draft: _Draft, subject: Subject, judgement: Judgement | None, model: str, *, rated: bool) -> Mention:
    if judgement is None:
        if draft.unread:
            return unread(draft.post, subject)
        return by_stars(draft.post, subject) if rated and draft.post.rating is not None else unread(draft.post, subject, TEXTLESS)
    return _mention(draft.post, subject, judgement, model)


def _of_product(draft: _Draft, subject: Subject, general: Mention, own: Judgement | None) -> Mention:
    if own is None:
        return dataclasses.replace(
            general,
            product=subject.product,
            product_kind=subject.kind,
            found=subject.found,
            names=subject.names,
            evidence=subject.sentences or general.evidence,
        )
    mention = _mention(draft.post, subject, own, general.model)
    confidence = mention.confidence | {head: general.confidence[head] for head in BY_BRAND}
    return as_whole(dataclasses.replace(mention, roles=general.roles, switch=general.switch, confidence=confidence), general)


def _mention(post: Post, subject: Subject, judgement: Judgement, model: str) -> Mention:
    return Mention(
        post=post.id,
        brand=subject.brand,
        product=subject.product,
        product_kind=subject.kind,
        found=subject.found,
        genre=judgement.genre,
        sentiment=judgement.sentiment,
        tone=judgement.tone,
        stance=judgement.stance,
        recommendation=judgement.recommendation,
        roles=judgement.roles,
        switch=judgement.switch,
        confidence={head: round(share, 2) for head, share in judgement.confidence.items()},
        names=subject.names,
        evidence=subject.sentences,
        model=model,
    )
