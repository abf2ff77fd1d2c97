"""A judge of a few words instead of a network, for tests of what stands around it: the same pairs, the same judgements."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

from nlp.classifier import Judgement
from nlp.mention import PRODUCT_KINDS, Role, Sentiment, Stance
from nlp.pair import Pair

GOOD = ("отличн", "супер", "доволен", "рекомендую", "great", "love", "лучш")
BAD = ("ужас", "плохо", "хамств", "лежит", "висит", "awful", "terrible", "не работает")
HEADS = ("genre", "sentiment", "tone", "stance", "recommendation", "roles", "switch", "products")
KINDS = {"ипотеч": "mortgage", "кредитк": "credit_card", "вклад": "deposit", "приложен": "app_online"}


class PlainJudge:
    """Counts good and bad words. `asked` remembers every pair."""

    name = "plain"
    fingerprint = "plain-1"

    def __init__(self) -> None:
        self.asked: list[Pair] = []

    @classmethod
    def load(cls, folder: object = None, *, threads: int = 1) -> PlainJudge:
        return cls()

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        self.asked += pairs
        return [_judgement(pair) for pair in pairs]


def _judgement(pair: Pair) -> Judgement:
    text = pair.text.casefold()
    score = sum(word in text for word in GOOD) - sum(word in text for word in BAD)
    sentiment: Sentiment = "positive" if score > 0 else "negative" if score < 0 else "neutral"
    stance: Stance = "promoter" if score > 0 else "detractor" if score < 0 else "none"
    tone: Literal[-1, 0, 1] = 1 if score > 0 else -1 if score < 0 else 0
    roles: tuple[Role, ...] | None = ("client",) if " я " in f" {text} " else None if "?" in text else ("none",)
    kinds = tuple(kind for part, kind in KINDS.items() if part in text) or ("general",)
    share = 0.5 + zlib.crc32(repr(pair).encode()) % 50 / 100
    answers = dict.fromkeys(HEADS, share)
    return Judgement(
        genre="opinion",
        sentiment=sentiment,
        tone=tone,
        stance=stance,
        recommendation="none",
        roles=roles,
        surest_roles=roles or ("client",),
        role_sureness=share,
        switch="left" if "ушел" in text or "ушёл" in text else "none",
        products=kinds,
        confidence=answers,
        probabilities={
            "products": {kind: 0.9 if kind in kinds else 0.1 for kind in PRODUCT_KINDS},
            "stance": {stance: share},
            "genre": {"opinion": share, "sarcasm": 0.0},
        },
    )
