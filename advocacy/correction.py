"""A correction: what a person answers about a mention in the place of the model.

The rule to know: it holds for the text that it was made on, and for no other. It is keyed by post, brand, product and head;
roles and switch belong to author and brand, so theirs always stands under the `general` product and reaches all mentions of
the brand in the post.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crawlers.brand import Brands
from crawlers.post import Post
from nlp.mention import GENERAL, GENRES, RECOMMENDATIONS, ROLES, SENTIMENTS, STANCES, SWITCHES, TONES, Mention
from nlp.reader import BY_BRAND
from nlp.records import GENRE_RECORDS, RECOMMEND_CODES, SWITCH_CODES, text_hash
from nlp.rules import as_itself, as_whole
from nlp.together import contradictions

Value = str | int | tuple[str, ...]

EXISTS = "exists"
"""The head that says whether there is such a mention at all."""
YES = "yes"
"""Of `exists`: the mention is right, or one that the model missed."""
PEOPLE = "people"
"""`Mention.model` of a mention that only people saw."""

HEADS: Mapping[str, tuple[Any, ...]] = {
    EXISTS: (YES, "wrong_brand", "not_about_us"),
    "genre": GENRES,
    "sentiment": SENTIMENTS,
    "tone": TONES,
    "stance": STANCES,
    "recommendation": RECOMMENDATIONS,
    "roles": (*ROLES, "none"),
    "switch": SWITCHES,
}
"""Head -> what can be answered; of roles one or several, `none` alone."""

CODES: Mapping[str, Mapping[str, str]] = {"recommendation": RECOMMEND_CODES, "switch": SWITCH_CODES}
"""Words of a mention -> answers of a record."""
FIELDS: Mapping[str, str] = {"recommendation": "recommend"}
"""Head -> field of a record, where they differ."""


class WrongCorrection(ValueError):
    """A correction that can't be made; one sentence with what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One answer of one person."""

    post: str
    """`Post.id`."""
    brand: str
    product: str = GENERAL
    head: str
    """One of HEADS."""
    value: Value | None
    """None takes back what was said before under the same key."""
    text_hash: str
    """What it was made on (`made_on`)."""
    author: str
    """Who corrects, as they name themselves."""
    made: datetime
    note: str | None = None

    @property
    def mention(self) -> str:
        """Id of the mention."""
        return f"{self.post}/{self.brand}/{self.product}"


def checked(head: str, value: object) -> Value:
    """The value as it is kept: roles in the order of ROLES. Raises WrongCorrection for what the head can't say."""
    if head not in HEADS:
        raise WrongCorrection(f"{head!r} is no head: it is one of {', '.join(HEADS)}.")
    known = HEADS[head]
    if head != "roles":
        if isinstance(value, bool) or value not in known:
            raise WrongCorrection(f"{head} is one of {', '.join(map(str, known))}, not {value!r}.")
        return known[known.index(value)]  # type: ignore[no-any-return]
    given = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
    if not given or any(role not in known for role in given) or ("none" in given and len(set(given)) > 1):
        raise WrongCorrection(f"roles are one or several of {', '.join(ROLES)}, or none alone, not {value!r}.")
    return tuple(role for role in known if role in given)


def written(head: str, text: str) -> Value:
    """The value that a person wrote: a word, a number for tone, roles with commas between. Raises WrongCorrection."""
    if head == "roles":
        return checked(head, [role.strip() for role in text.split(",")])
    if head == "tone":
        return checked(head, next((tone for tone in TONES if str(tone) == text.strip().removeprefix("+")), text))
    return checked(head, text.strip())


def made_on(post: Post) -> str:
    """Hash of what a correction of the post's mentions holds for: its text, or the stars where they are all that it says."""
    return text_hash(post.text if post.text.strip() or post.rating is None else f"{post.rating:g}")


def holds(correction: Correction, post: Post) -> bool:
    """Whether the post still says what the correction was made on. Of stars alone the text was hashed before, and every one holds."""
    return correction.text_hash in (made_on(post), text_hash(post.text))


def applied(post: Post, mentions: Iterable[Mention], corrections: Sequence[Correction], brands: Brands) -> list[Mention]:
    """The post's mentions with people's answers in the place of the model's, by id.

    `corrections` are those in force, in the order in which they were made; those made on another text are passed over. A product
    that has no judgement of its own says what the company as a whole says, corrected too, unless it is corrected itself. One that has
    keeps it, but where a person says what the whole post is: of an advertisement, news or mockery it is made as by the reader, and what
    it had of a mockery that is none goes.
    """
    found = {mention.id: mention for mention in mentions}
    holding = [each for each in corrections if holds(each, post)]
    for each in holding:
        if each.head == EXISTS:
            _exist(found, each, brands)
    said = [each for each in holding if each.head != EXISTS]
    taken = {key: _taken(mention, found.get(_company(mention))) for key, mention in found.items()}
    for each in said:
        if each.product == GENERAL:
            for key, mention in found.items():
                if key == each.mention or (mention.brand == each.brand and (each.head in BY_BRAND or each.head in taken[key])):
                    found[key] = answered(mention, each.head, each.value)
    for key, mention in found.items():
        general = found.get(_company(mention))
        if general is not None and "genre" in general.corrected and key != general.id and not taken[key]:
            found[key] = as_whole(as_itself(mention), general)
    for each in said:
        if each.product != GENERAL and each.mention in found:
            found[each.mention] = answered(found[each.mention], each.head, each.value)
    return [mention for _, mention in sorted(found.items())]


def _company(mention: Mention) -> str:
    """Id of the mention of the company as a whole."""
    return f"{mention.post}/{mention.brand}/{GENERAL}"


def _taken(product: Mention, general: Mention | None) -> Set[str]:
    """Heads that the product has from the company. Of an advertisement's or a news' product, which rules answer, the tone is its own."""
    if general is None or not says_the_same(product, general):
        return frozenset()
    own = {"tone"} if product.confidence.get("tone") != general.confidence.get("tone") else set()
    return HEADS.keys() - own


def says_the_same(product: Mention, general: Mention | None) -> bool:
    """Whether the product has no judgement of its own: every answer is the company's, as sure to two places, or a rule's for it.

    Of a mixed post the company's stance and recommendation are made of its products' (`nlp.rules.passive`).
    """
    if general is None or product.product == GENERAL:
        return False
    if product.genre == general.genre and product.genre not in ("opinion", "sarcasm") and "genre" not in product.confidence:
        return True  # see `nlp.rules.as_whole`
    mixed = {"stance", "recommendation"} if general.stance == "passive" else set()
    sure = [{head: share for head, share in each.confidence.items() if head not in {*mixed, EXISTS}} for each in (product, general)]
    return sure[0] == sure[1] and all(getattr(product, head) == getattr(general, head) for head in HEADS.keys() - mixed - {EXISTS})


def answered(mention: Mention, head: str, value: Value | None) -> Mention:
    """The mention with a head that a person answered."""
    answer = {} if head == EXISTS else {head: value}
    corrected = tuple(known for known in HEADS if known == head or known in mention.corrected)
    return replace(mention, **answer, confidence=mention.confidence | {head: 1.0}, corrected=corrected)  # type: ignore[arg-type]


def contradictions_of(mention: Mention) -> list[tuple[str, str]]:
    """Pairs of heads whose answers contradict each other, a person's and the model's or two of people's (see `nlp.together`)."""
    answers: dict[str, Any] = {"roles": mention.roles}
    for head in ("genre", "sentiment", "stance", "recommendation", "switch"):
        answers |= recorded(head, getattr(mention, head))
    answers.pop("sarcasm", None)
    heads = {field: head for head, field in FIELDS.items()}
    pairs = [(heads.get(one, one), heads.get(other, other)) for one, other in contradictions(**answers)]
    return [pair for pair in pairs if set(pair) & set(mention.corrected)]


def recorded(head: str, value: Any) -> Mapping[str, Any]:
    """What a labelled record says where this is answered."""
    if head == "genre":
        return GENRE_RECORDS[value]
    codes = CODES.get(head)
    return {FIELDS.get(head, head): list(value) if isinstance(value, tuple) else codes[value] if codes else value}


def _exist(found: dict[str, Mention], correction: Correction, brands: Brands) -> None:
    """Take out what is no mention (with a brand as a whole go its products), or put in what is missing."""
    if correction.value != YES:
        for key, mention in list(found.items()):
            if key == correction.mention or (correction.product == GENERAL and mention.brand == correction.brand):
                del found[key]
        return
    brand = brands.by_slug(correction.brand)
    product = brand.product(correction.product) if brand is not None else None
    if correction.mention not in found and (brand is None or (product is None and correction.product != GENERAL)):
        return  # gone from brands.yaml
    whole = f"{correction.post}/{correction.brand}/{GENERAL}"
    general = found.get(whole) or answered(_blank(correction), EXISTS, YES)
    found[whole] = general
    if product is not None and correction.mention not in found:
        found[correction.mention] = replace(general, product=product.slug, product_kind=product.kind, found="text", names=())
    found[correction.mention] = answered(found[correction.mention], EXISTS, YES)


def _blank(correction: Correction) -> Mention:
    """A mention of which nobody has said more than that it exists: an opinion without a stance, which counts nowhere."""
    return Mention(
        post=correction.post,
        brand=correction.brand,
        found="text",
        genre="opinion",
        sentiment="neutral",
        tone=0,
        stance="none",
        recommendation="none",
        roles=None,
        switch="none",
        model=PEOPLE,
    )
