"""Rules: what a mention says where the model is not asked, or where what is known besides outweighs its answer.

The rule to know: a rule leaves no confidence behind for a head that it answers, but where there is no doubt; the explanation of
such an answer names the rule (`nlp.explain`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from crawlers.post import Post
from nlp.brands import Subject
from nlp.classifier import Judgement
from nlp.mention import Genre, Mention
from nlp.voice import Voice

STARS = "stars"
"""`Mention.model` of a rating without a text."""
UNREAD = "unread"
"""`Mention.model` of a text in a language that the model does not read."""
TEXTLESS = "textless"
"""`Mention.model` where there is no text, and no stars for this brand either."""
OF_AN_AUTHOR = ("genre", "sentiment", "stance", "recommendation", "roles", "switch")
"""Heads whose answer is known where a company speaks."""
CLEAR = 0.6
"""Confidence from which a product is praised or blamed for sure."""
OPINION = 0.7
"""Confidence of an opinion or a question from which a text that looks like a job ad is none."""


def mixed(whole: Judgement | None, products: Iterable[Judgement | None], *, plain: bool = False) -> float | None:
    """How sure it is that of a brand's products one is praised and another blamed; None where it is not, or the whole says so itself.

    Who says both is passive towards the brand: the whole post read at once is often taken for its stronger half. Only opinions count.
    `plain`: the products' parts are all that the post says. Where each says plainly what it says, so does the whole: praise beside blame
    looks like mockery, and is none by that.
    """
    mocks = whole is not None and whole.genre == "sarcasm"
    if whole is None or (mocks and not plain) or (not mocks and (whole.genre != "opinion" or whole.stance == "passive")):
        return None
    sure = dict.fromkeys(("promoter", "detractor"), 0.0)
    for each in products:
        if each and each.genre == "opinion" and each.stance in sure:
            sure[each.stance] = max(sure[each.stance], each.confidence["stance"])
    least = min(sure.values())
    return least if least >= CLEAR else None


def passive(general: Mention, sure: float) -> Mention:
    """The brand's own mention of a mixed post. Who is passive warns nobody off the brand: that was said of the product."""
    confidence = general.confidence | {"stance": round(sure, 2)}
    if general.genre == "sarcasm":
        del confidence["genre"]
        general = dataclasses.replace(general, genre="opinion")
    if general.recommendation == "warns":
        del confidence["recommendation"]
        general = dataclasses.replace(general, recommendation="none")
    return dataclasses.replace(general, stance="passive", confidence=confidence)


def speaks(voice: Voice | None, whole: Judgement | None) -> bool:
    """Whether a company speaks, though not by its account, of what the model read in the whole post.

    Where the model is sure of an opinion or a question, the author speaks of a job ad; who complains tells what was answered.
    """
    if voice is None or whole is None:
        return False
    opinion = whole.genre in ("opinion", "sarcasm")
    if voice is Voice.ANSWER:
        return not opinion or whole.stance != "detractor"
    # An opinion is one genre with or without sarcasm here: who mocks a job ad is as surely no company.
    shares = whole.probabilities["genre"]
    sure = shares["opinion"] + shares["sarcasm"] if opinion else shares.get(whole.genre, 0.0)
    return sure < OPINION or not (opinion or whole.genre == "question")


def as_whole(product: Mention, general: Mention) -> Mention:
    """A product's mention in a post that is no plain opinion as a whole: a passage of an advertisement or a mocking post looks like one."""
    if general.genre in ("ad", "job_ad", "news"):
        found = said(product, general.genre)
        of_brand = {head: general.confidence[head] for head in ("roles", "switch") if head in general.confidence}
        return dataclasses.replace(found, roles=general.roles, switch=general.switch, confidence=found.confidence | of_brand)
    if general.genre == "sarcasm" and product.genre == "opinion":
        confidence = {head: share for head, share in product.confidence.items() if head != "genre"}
        return dataclasses.replace(product, genre="sarcasm", confidence=confidence)
    return product


def as_itself(product: Mention) -> Mention:
    """A product's mention without the mockery that it has of the whole post alone (see `as_whole`): by itself it is an opinion."""
    of_whole = product.genre == "sarcasm" and "genre" not in product.confidence
    return dataclasses.replace(product, genre="opinion") if of_whole else product


def said(mention: Mention, genre: Genre) -> Mention:
    """What a company says, or is told as news, is no author's opinion: it has no stance and shows no client."""
    confidence = {head: share for head, share in mention.confidence.items() if head not in OF_AN_AUTHOR}
    return dataclasses.replace(
        mention,
        genre=genre,
        sentiment="neutral",
        stance="none",
        recommendation="none",
        roles=("none",),
        switch="none",
        confidence=confidence,
    )


def official(mention: Mention) -> Mention:
    """The same of a post by a watched company's own account: there is no doubt."""
    return dataclasses.replace(said(mention, "ad"), confidence=mention.confidence | dict.fromkeys(OF_AN_AUTHOR, 1.0))


def by_stars(post: Post, subject: Subject) -> Mention:
    """A rating without a text, read as the scale of recommendation is: 5 promoter, 4 passive, 3 and fewer detractor.

    4 and 5 are positive, the others negative: so people read six of ten reviews with 3 stars. Tone is 0 for 3. Tenths are rounded to
    whole stars. Nothing is known of the author.
    """
    stars = int((post.rating or 0) + 0.5)
    return dataclasses.replace(
        unread(post, subject, STARS),
        genre="opinion",
        sentiment="positive" if stars >= 4 else "negative",
        tone=1 if stars >= 4 else -1 if stars <= 2 else 0,
        stance="promoter" if stars >= 5 else "passive" if stars == 4 else "detractor",
        roles=("none",),
    )


def unread(post: Post, subject: Subject, model: str = UNREAD) -> Mention:
    """A text that the model does not read, or none: it is counted as a mention, and nothing is claimed of it."""
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
        model=model,
    )
