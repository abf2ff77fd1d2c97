"""Why a mention says what it says: the sentences that carried an answer, or the rule that gave it.

The rule to know: the very pair that the reader judged is explained, made of the post anew; an answer that no sentence carried
(a rule's, a person's, one that today's model would not give) says so, and sentences are never invented for it. What a mixed post
rests on are the sentences about its products.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from crawlers.brand import Brands
from crawlers.post import Post
from nlp.brands import Finder, Subject, document
from nlp.carrier import Answer, Carrier, Erasure, gives
from nlp.classifier import Classifier, Judgement
from nlp.mention import GENERAL, Mention
from nlp.pair import Pair
from nlp.reader import BY_BRAND, is_said_of_products, mentions_of, questions
from nlp.rules import OF_AN_AUTHOR, STARS, TEXTLESS, UNREAD, mixed
from nlp.stream import posts_together
from nlp.text import Span, sentences
from nlp.thread import subjects_of
from nlp.together import JOINT, goes_together
from nlp.voice import voice

HEADS = ("stance", "sentiment", "tone", "genre", "recommendation", "roles", "switch", "products")
"""Heads that can be explained; `products` of mentions of a product: why the post speaks of it."""
KEPT = 64
"""Pairs of which all that was read in them is remembered."""

By = Literal[
    "sentences", "whole", "stars", "nothing", "unsure", "otherwise", "rating", "official", "voice", "unread", "person", "name", "place",
    "gone", "products", "genre", "textless",
]  # fmt: skip
"""What gave the answer. The first four as in `nlp.carrier`; `unsure`: the model abstained; `otherwise`: today's model and brands
read another answer; `rating`: stars without a text; `official`: the account that posted it; `voice`: a company speaks, by its
words; `unread`: the language; `person`: a correction; `name`, `place`: the text or the place names the product; `gone`: by
today's brands the post does not speak of it; `products`: one product of the brand is praised and another blamed; `genre`: of a product,
what the whole post is; `textless`: there is nothing to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence that carried an answer; a clause, where a sentence speaks of several products."""

    start: int
    end: int
    """Character offsets in `Post.text`, in `Post.title` where `in_title`."""
    in_title: bool = False
    weight: float
    alone: float
    """As in `nlp.carrier.Carrier`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Where the answer of one head of a mention comes from."""

    head: str
    answer: Answer | None
    confidence: float | None
    """As the mention has it; None for `products`, where it is that of all kinds together."""
    by: By
    sentences: tuple[Sentence, ...] = ()
    """In the order of the text."""
    stars: bool = False
    alone: float | None = None
    without: float | None = None
    stays: bool = False
    """As in `nlp.carrier.Carried`."""
    of_passage: bool = False
    """Read in the sentences that speak of the product (or the clause, of the company), and nothing else of the post."""
    today: Answer | None = None
    """What is read now, where that is `otherwise`."""
    likelier: Answer | None = None
    """What the head by itself finds likelier, where that contradicts the other answers (see `nlp.together`)."""


BY_MODEL_NAME: Mapping[str, By] = {STARS: "rating", UNREAD: "unread", TEXTLESS: "textless"}
"""`Mention.model` -> what gave its answers, where no model did."""


class Explainer:
    """Explains mentions by one file of brands; `load` gives the classifier, and is called only where it is needed."""

    def __init__(self, brands: Brands, load: Callable[[], Classifier]) -> None:
        self.finder = Finder(brands)
        self._load = load
        self._erasure = lru_cache(maxsize=KEPT)(self._new_erasure)

    def explain(self, post: Post, subjects: list[Subject], mention: Mention, head: str) -> Why:
        """Why the mention of the post answers so; `subjects` are all those of the post. Raises ModelError."""
        answer = _answer(mention, head)
        why = Why(head=head, answer=answer, confidence=None if head == "products" else mention.confidence.get(head), by="gone")
        asked = questions(post, subjects, self.finder)
        key = (mention.brand, mention.product)
        if head in BY_BRAND or head == "products" or key not in asked:
            key = (mention.brand, GENERAL)
        if rule := self._rule(post, subjects, mention, head, known=key in asked):
            return dataclasses.replace(why, by=rule)
        if key not in asked:
            return why
        subject = next(each for each in subjects if (each.brand, each.product) == key)
        why = self._by_model(why, post, subject, asked[key])
        if why.by == "otherwise" and key[1] == GENERAL and _by_products(why):
            return self._of_products(why, post, subjects, key[0], asked) or why
        return why

    def _of_products(
        self, why: Why, post: Post, subjects: Sequence[Subject], brand: str, asked: Mapping[tuple[str, str], Pair]
    ) -> Why | None:
        """The answer as what the reader made of those about the brand's products (see `nlp.rules.mixed`); None where it did not.

        It is carried by what carries the praise of the product praised the surest, and the blame of the one blamed so.
        """
        of_brand = {each.product: each for each in subjects if each.brand == brand and (brand, each.product) in asked}
        judged = dict(zip(of_brand, self._load().judge([asked[brand, product] for product in of_brand]), strict=True))
        whole = judged.pop(GENERAL)
        if mixed(whole, judged.values(), plain=is_said_of_products(post, subjects, asked)) is None:
            return None
        carried: list[Sentence] = []
        for stance in ("promoter", "detractor"):
            opinions = [each for each in judged if judged[each].genre == "opinion" and judged[each].stance == stance]
            product = max(opinions, key=lambda each: judged[each].confidence["stance"])
            answer = dataclasses.replace(why, head="stance", answer=stance)
            carried += self._by_model(answer, post, of_brand[product], asked[brand, product]).sentences
        return dataclasses.replace(why, by="products", sentences=apart(carried), today=None)

    def _rule(self, post: Post, subjects: Sequence[Subject], mention: Mention, head: str, *, known: bool) -> By | None:
        """What gave the answer where it was not the model."""
        if head in mention.corrected or ("exists" in mention.corrected and (head == "products" or not known)):
            return "person"
        if head == "products" and mention.names:
            return "name"
        if head == "products" and any((each.brand, each.product) == (mention.brand, mention.product) for each in subjects):
            return "place"
        if head in OF_AN_AUTHOR and self.finder.official(post):
            return "official"
        if mention.model in BY_MODEL_NAME:
            return BY_MODEL_NAME[mention.model]
        if head in OF_AN_AUTHOR and head not in mention.confidence:
            speaks = mention.genre in ("ad", "job_ad") and voice(document(post)[0]) is not None
            of_whole = mention.product != GENERAL and mention.genre != "opinion"
            return "voice" if speaks else "genre" if of_whole else None
        return None

    def _by_model(self, why: Why, post: Post, subject: Subject, pair: Pair) -> Why:
        why = dataclasses.replace(why, of_passage=_is_passage(post, pair))
        if why.answer is None:
            return dataclasses.replace(why, by="unsure")
        erasure = self._erasure(pair, _units(subject, pair))
        if not gives(erasure.judgement, why.head, why.answer):
            today = erasure.judgement.products if why.head == "products" else getattr(erasure.judgement, why.head)
            return dataclasses.replace(why, by="otherwise", today=today)
        found = erasure.carried(why.head, why.answer)
        return dataclasses.replace(
            why,
            by=found.by,
            sentences=apart(_sentence(post, subject, erasure, carrier) for carrier in found.carriers),
            stars=found.stars,
            alone=found.alone,
            without=found.without,
            stays=found.stays,
            likelier=likelier(erasure.judgement, why.head),
        )

    def _new_erasure(self, pair: Pair, units: tuple[Span, ...]) -> Erasure:
        return Erasure(self._load(), pair, units)


def heads_of(mention: Mention) -> tuple[str, ...]:
    """The heads that can be explained of the mention."""
    return tuple(head for head in HEADS if head != "products" or mention.product != GENERAL)


def likelier(judgement: Judgement, head: str) -> Answer | None:
    """The head's likeliest answer, where it was not given because it contradicts those of the other heads."""
    if head not in ("genre", "sentiment", "stance", "recommendation", "switch") or judgement.genre == "sarcasm":
        return None
    shares = dict(judgement.probabilities[head])
    if head == "genre":
        shares["opinion"] += shares.pop("sarcasm")  # one answer of the head: sarcasm is told beside it
    best = max(shares, key=shares.__getitem__)
    answers = dataclasses.replace(judgement, **{head: best}).answers()  # type: ignore[arg-type]
    return None if goes_together(**{each: answers[each] for each in JOINT}) else best


def _by_products(why: Why) -> bool:
    """Whether the reader may have made the answer of those about the products (`nlp.rules.passive`)."""
    changed = (("recommendation", "none", "warns"), ("genre", "opinion", "sarcasm"))
    return (why.head, why.answer) == ("stance", "passive") or (why.head, why.answer, why.today) in changed


def _answer(mention: Mention, head: str) -> Answer | None:
    answer: Answer | None = mention.product_kind if head == "products" else getattr(mention, head)
    return answer


# Places in the pair -> places in the post


def _units(subject: Subject, pair: Pair) -> tuple[Span, ...]:
    """The sentences of the pair: of a product's those that speak of it, joined by single spaces (see `nlp.reader`)."""
    if pair.product is None:
        return tuple(sentences(pair.text))
    found, at = [], 0
    for start, end in subject.sentences:
        found.append((at, at + end - start))
        at += end - start + 1
    return tuple(found)


def _is_passage(post: Post, pair: Pair) -> bool:
    """Whether a part of the post was read: what it says of a product, or of one company and not of another."""
    return pair.product is not None or pair.text != document(post)[0]


def _sentence(post: Post, subject: Subject, erasure: Erasure, carrier: Carrier) -> Sentence:
    start, end, in_title = carrier.start, carrier.end, False
    if _is_passage(post, erasure.pair):
        start, end = subject.sentences[erasure.sentences.index((start, end))]
    elif offset := document(post)[1]:
        title = post.title or ""
        in_title = start < offset
        shift = len(title) - len(title.lstrip()) if in_title else -offset
        start, end = start + shift, end + shift
    return Sentence(start=start, end=end, in_title=in_title, weight=carrier.weight, alone=carrier.alone)


def apart(found: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """In the order of the text, without those that lie within another: what opens a sentence is read with each of its products."""
    kept: list[Sentence] = []
    for each in sorted(found, key=lambda each: (not each.in_title, each.start, -each.end)):
        if not kept or kept[-1].in_title != each.in_title or each.start >= kept[-1].end:
            kept.append(each)
    return tuple(kept)


# For other programs and the terminal


def explain_lines(
    lines: Iterable[bytes], brands: Brands, load: Callable[[], Classifier], head: str | None = None
) -> Iterator[dict[str, Any] | str]:
    """A record for each mention of the posts in the lines, in order; for a bad line the message that names it.

    `head`: only this one of each mention.
    """
    explainer = Explainer(brands, load)
    for posts in posts_together(lines, brands):
        if isinstance(posts, str):
            yield posts
            continue
        found = subjects_of([post for _, post in posts], explainer.finder)
        asked = [(identity, post, subjects) for (identity, post), subjects in zip(posts, found, strict=True) if subjects]
        read = mentions_of([(post, subjects) for _, post, subjects in asked], explainer.finder, load()) if asked else ()
        for (identity, post, subjects), (_, mentions) in zip(asked, read, strict=True):
            for mention in mentions:
                heads = [each for each in heads_of(mention) if head in (None, each)]
                whys = [_record(explainer.explain(post, subjects, mention, each), post) for each in heads]
                yield {"post": identity, "brand": mention.brand, "product": mention.product, "heads": whys}


def _record(why: Why, post: Post) -> dict[str, Any]:
    """The answer with its sentences quoted; probabilities to three places."""
    record = _rounded(dataclasses.asdict(why))
    for sentence in record["sentences"]:
        text = (post.title or "") if sentence["in_title"] else post.text
        sentence["text"] = text[sentence["start"] : sentence["end"]]
    return record


def _rounded(record: dict[str, Any]) -> dict[str, Any]:
    record = {name: round(value, 3) if isinstance(value, float) else value for name, value in record.items()}
    return record | {"sentences": [_rounded(each) for each in record["sentences"]]} if "sentences" in record else record


SAID: Mapping[By, str] = {
    "sentences": "carried by",
    "whole": "carried by no few sentences; those of most weight are",
    "stars": "given by the stars: the text alone is read otherwise",
    "nothing": "given without any sentence too",
    "unsure": "the model is too unsure to answer",
    "otherwise": "today's model and brands read {today}",
    "rating": "given by the stars: there is no text",
    "official": "a rule: the post is the company's own",
    "voice": "a rule: the text is a company's job ad or answer",
    "unread": "a rule: the model does not read this language",
    "person": "answered by a person",
    "name": "the text names the product",
    "place": "the place names the product",
    "gone": "by today's brands the post does not speak of it",
    "products": "a rule: one product is praised and another blamed",
    "genre": "a rule: the whole post is so",
    "textless": "a rule: there is no text, and the stars are another company's",
}
"""What is said of each `Why.by`."""


def lines_of(record: Mapping[str, Any]) -> str:
    """A record of `explain_lines` for people."""
    rows = [f"{record['post']} · {record['brand']} · {record['product']}"]
    for why in record["heads"]:
        answer, today = map(_in_words, (why["answer"], why["today"]))
        sure = f" ({why['confidence']:.2f})" if why["confidence"] is not None and why["answer"] is not None else ""
        stars = "given by the stars alone; without them " if why["by"] != "stars" and why["stars"] else ""
        rows.append(f"  {why['head']}: {answer}{sure}: {stars}{SAID[why['by']].format(today=today)}")
        for each in why["sentences"]:
            rows.append(f"    {each['weight']:+.2f}  «{each['text']}» (alone {each['alone']:.2f})")
        if why["likelier"] is not None:
            rows.append(f"    by itself {why['likelier']} is likelier, but contradicts the other answers")
        if why["without"] is not None:
            rest = "the rest gives the same answer" if why["stays"] else "the rest gives another answer"
            rows.append(f"    together {why['alone']:.2f}; without them {why['without']:.2f}: {rest}")
    return "\n".join(rows)


def _in_words(answer: Answer | None) -> str:
    """Roles that the model leaves open are unknown, as on the dashboard."""
    if answer is None:
        return "unknown"
    return ", ".join(answer) if isinstance(answer, tuple) else str(answer)
