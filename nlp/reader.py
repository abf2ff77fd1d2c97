"""The reader: posts and their subjects -> mentions, each subject judged as a whole and per product.

The rule to know: a brand as a whole is judged on the whole post; a product on the sentences that speak of it, where the
post speaks of several. Role and switch belong to author and brand: a product's mention copies them from the general one.
Who praises one product and blames another is passive towards the brand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from crawlers.post import Post
from nlp.brands import Finder, Subject, document
from nlp.classifier import Judgement
from nlp.judgements import Judge
from nlp.language import language
from nlp.mention import GENERAL, READ, Genre, Mention
from nlp.pair import Pair
from nlp.text import Span
from nlp.voice import Voice, voice

STARS = "stars"
"""`Mention.model` of a rating without a text."""
UNREAD = "unread"
"""`Mention.model` of a text in a language that the model does not read."""
SURE = 0.5
"""Probability from which the head's code of a product stands for an alias that the text lacks."""
BY_BRAND = ("roles", "switch")
"""Heads that belong to author and brand."""
OF_AN_AUTHOR = ("genre", "stance", "recommendation", "roles", "switch")
"""Heads whose answer is known where a company speaks."""
CLEAR = 0.6
"""Confidence from which a product is praised or blamed for sure."""
OPINION = 0.7
"""Confidence of an opinion or a question from which a text that looks like a job ad is none."""


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
    return Pair(
        text=text,
        target=finder.brands[subject.brand].label(_label(draft)),
        spans=subject.marks,
        rating=post.rating if subject.brand in post.about or (alone and not reviewed) else None,
        reviewed=finder.brands[reviewed].label(_label(draft)) if reviewed else None,
    )


def _product_pair(draft: _Draft, finder: Finder, subject: Subject, brand_names: Iterable[Span]) -> Pair:
    """The sentences that speak of the product, and nothing else. The stars stand for the whole post: they are left out."""
    spans: list[Span] = []
    text = ""
    for start, end in subject.sentences:
        shift = len(text) + (1 if text else 0) - start
        text += (" " if text else "") + draft.post.text[start:end]
        spans += [(first + shift, last + shift) for first, last in (*brand_names, *subject.names) if start <= first and last <= end]
    return Pair(
        text=text,
        target=finder.brands[subject.brand].label(_label(draft)),
        product=finder.products[subject.brand, subject.product].label(_label(draft)),
        spans=tuple(sorted(set(spans))),
    )


# What becomes of the answers


def _mentions(draft: _Draft, finder: Finder, judgements: Sequence[Judgement], model: str) -> Iterator[Mention]:
    for brand, subjects in _by_brand(draft.subjects).items():
        at = draft.pairs.get((brand, GENERAL))
        judgement = judgements[at] if at is not None else None
        if judgement is not None and len(subjects) == 1:
            named = {subject.kind for subject in draft.subjects}
            subjects = [*subjects, *_by_head(finder, subjects[0], judgement, named)]
        general = _general(draft, subjects[0], judgement, model)
        places = [draft.pairs.get((brand, subject.product)) for subject in subjects[1:]]
        own = [judgements[place] if place is not None else None for place in places]
        speaks = _speaks(draft, judgement)
        found = [_of_product(draft, subject, general, each) for subject, each in zip(subjects[1:], own, strict=True)]
        if sure := mixed(judgement, own):
            # Only the brand's own: a product without a pair of its own still has what the whole post says.
            general = dataclasses.replace(general, stance="passive", confidence=general.confidence | {"stance": round(sure, 2)})
        found.insert(0, general)
        if draft.post.official:
            found = [_official(mention) for mention in found]
        elif speaks:
            found = [_said(mention, "job_ad" if draft.voice is Voice.JOB_AD else "ad") for mention in found]
        yield from found


def mixed(whole: Judgement | None, products: Iterable[Judgement | None]) -> float | None:
    """How sure it is that of a brand's products one is praised and another blamed; None where it is not, or the whole says so itself.

    Who says both is passive towards the brand: the whole post read at once is often taken for its stronger half. Only opinions count.
    """
    if whole is None or whole.genre != "opinion" or whole.stance == "passive":
        return None
    sure = dict.fromkeys(("promoter", "detractor"), 0.0)
    for each in products:
        if each and each.genre == "opinion" and each.stance in sure:
            sure[each.stance] = max(sure[each.stance], each.confidence["stance"])
    least = min(sure.values())
    return least if least >= CLEAR else None


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


def _general(draft: _Draft, subject: Subject, judgement: Judgement | None, model: str) -> Mention:
    if judgement is None:
        return _unread(draft.post, subject) if draft.unread or draft.post.rating is None else by_stars(draft.post, subject)
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
    return dataclasses.replace(mention, roles=general.roles, switch=general.switch, confidence=confidence)


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


def _speaks(draft: _Draft, whole: Judgement | None) -> bool:
    """Whether a company speaks, though not by its account, of what the model read in the whole post.

    Where the model is sure of an opinion or a question, the author speaks of a job ad; who complains tells what was answered.
    """
    if draft.voice is None or whole is None:
        return False
    opinion = whole.genre in ("opinion", "sarcasm")
    if draft.voice is Voice.ANSWER:
        return not opinion or whole.stance != "detractor"
    # An opinion is one genre with or without sarcasm here: who mocks a job ad is as surely no company.
    shares = whole.probabilities["genre"]
    sure = shares["opinion"] + shares["sarcasm"] if opinion else shares.get(whole.genre, 0.0)
    return sure < OPINION or not (opinion or whole.genre == "question")


def _said(mention: Mention, genre: Genre) -> Mention:
    """What a company says is advertising, whatever it says; it has no stance and shows no client."""
    confidence = {head: share for head, share in mention.confidence.items() if head not in OF_AN_AUTHOR}
    return dataclasses.replace(
        mention, genre=genre, stance="none", recommendation="none", roles=("none",), switch="none", confidence=confidence
    )


def _official(mention: Mention) -> Mention:
    """The same of a post by a watched company's own account: there is no doubt."""
    return dataclasses.replace(_said(mention, "ad"), confidence=mention.confidence | dict.fromkeys(OF_AN_AUTHOR, 1.0))


def by_stars(post: Post, subject: Subject) -> Mention:
    """A rating without a text, read as the scale of recommendation is: 5 promoter, 4 passive, 3 and fewer detractor.

    4 and 5 are positive, 3 neutral, 1 and 2 negative; tenths are rounded to whole stars. Nothing is known of the author.
    """
    stars = int((post.rating or 0) + 0.5)
    tone = 1 if stars >= 4 else -1 if stars <= 2 else 0
    return Mention(
        post=post.id,
        brand=subject.brand,
        product=subject.product,
        product_kind=subject.kind,
        found=subject.found,
        genre="opinion",
        sentiment="positive" if tone > 0 else "negative" if tone < 0 else "neutral",
        tone=tone,
        stance="promoter" if stars >= 5 else "passive" if stars == 4 else "detractor",
        recommendation="none",
        roles=("none",),
        switch="none",
        model=STARS,
    )


def _unread(post: Post, subject: Subject) -> Mention:
    """A text that the model does not read: it is counted as a mention, and nothing is claimed of it."""
    return Mention(
        post=post.id,
        brand=subject.brand,
        product=subject.product,
        product_kind=subject.kind,
        found=subject.found,
        genre="other",
        sentiment="neutral",
        tone=0,
        stance="none",
        recommendation="none",
        roles=None,
        switch="none",
        names=subject.names,
        evidence=subject.sentences,
        model=UNREAD,
    )
