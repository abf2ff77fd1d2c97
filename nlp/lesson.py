"""What the network learns from: records as targets of each head, varied anew in every epoch, in batches of like length.

The rule to know: stars, marks of names, the company's name and its product are varied at random, because a post in use
may come with or without each of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from nlp.network import padded
from nlp.pair import Framed, Pair, frame
from nlp.records import CLASSES, Record, role_set

PRODUCT_WORDS: Mapping[str, tuple[str, str]] = {
    "debit_card": ("дебетовая карта", "debit card"),
    "credit_card": ("кредитная карта", "credit card"),
    "loan": ("кредит", "loan"),
    "mortgage": ("ипотека", "mortgage"),
    "deposit": ("вклад", "savings account"),
    "transfers_fx": ("переводы и валюта", "transfers"),
    "brokerage": ("брокерский счёт", "brokerage"),
    "insurance": ("страховка", "insurance"),
    "business_account": ("счёт для бизнеса", "business account"),
    "app_online": ("приложение", "app"),
    "branch_support": ("отделения и поддержка", "support"),
    "mobile_network": ("мобильная связь", "mobile network"),
    "home_internet": ("домашний интернет", "home internet"),
    "tariffs": ("тарифы", "tariffs"),
    "jobs": ("работа в компании", "jobs"),
    "flight": ("рейсы", "flights"),
}
"""How a product may be called in front of the text, in Russian and English."""

UNNAMED = ("банк", "компания", "Банк", "оператор", "the company", "bank")
UNASKED = -100
STEP = 16
"""Batches are padded to a multiple of so many tokens."""


@dataclass(frozen=True, slots=True)
class Example:
    """One record as the network sees it in one epoch: tokens and the target of each head (UNASKED: not learned)."""

    framed: Framed
    targets: Mapping[str, int | tuple[float, ...]]


def targets_of(record: Record) -> dict[str, int | tuple[float, ...]]:
    """Number of the right class by head; for products a 0 or 1 per kind."""
    targets: dict[str, int | tuple[float, ...]] = {}
    for name, classes in CLASSES.items():
        answer = record.answers.get(name)
        if name == "products":
            targets[name] = tuple(-1.0 if answer is None else float(kind in answer) for kind in classes)  # type: ignore[operator]
        elif answer is None:
            targets[name] = UNASKED
        else:
            targets[name] = classes.index(role_set(answer) if isinstance(answer, tuple) else answer)
    return targets


def weak_answers(record: Record) -> Record:
    """A review with stars as a record: what stars say of sentiment and stance, and that it is an opinion."""
    stars = record.rating or 3.0
    sentiment = "negative" if stars <= 2 else "positive" if stars >= 4 else "neutral"
    stance = "detractor" if stars <= 2 else "promoter" if stars >= 5 else "passive"
    return replace(record, answers={"genre": "opinion", "sentiment": sentiment, "stance": stance})


def examples(records: Sequence[Record], tokenizer: Tokenizer, window: int, chance: random.Random) -> list[Example]:
    """The records, varied at random."""
    names = [record.target for record in records]
    pairs = [varied(record, chance, names) for record in records]
    return [Example(framed, targets_of(record)) for framed, record in zip(frame(pairs, tokenizer, window), records, strict=True)]


def varied(record: Record, chance: random.Random, names: Sequence[str]) -> Pair:
    """The pair of a record: stars half of the time, marks of names three times out of four, now and then another name."""
    pair = record.pair(rating=chance.random() < 0.5 and "stance" in record.answers)
    if not pair.spans and not pair.reviewed and chance.random() < 0.3:
        pair = replace(pair, target=chance.choice((*UNNAMED, chance.choice(names))))
    if chance.random() < 0.25:
        pair = replace(pair, spans=())
    kinds = record.answers.get("products", ())
    if isinstance(kinds, tuple) and len(kinds) == 1 and kinds[0] in PRODUCT_WORDS and chance.random() < 0.25:
        pair = replace(pair, product=chance.choice(PRODUCT_WORDS[kinds[0]]))
    return pair


def plain(records: Sequence[Record], tokenizer: Tokenizer, window: int) -> list[Example]:
    """The records as they are judged in use, without stars."""
    pairs = [record.pair() for record in records]
    return [Example(framed, targets_of(record)) for framed, record in zip(frame(pairs, tokenizer, window), records, strict=True)]


def batches(lesson: Sequence[Example], tokens: int, most: int, chance: random.Random) -> list[list[int]]:
    """Numbers of examples in batches of like length: at most so many tokens with padding and so many examples.

    Nearly all batches of one padded length have one size: the matrix library compiles its code anew for every new shape,
    which takes longer than the computation.
    """
    order = list(range(len(lesson)))
    chance.shuffle(order)
    by_length: dict[int, list[int]] = {}
    for at in order:
        by_length.setdefault(_steps(len(lesson[at].framed.ids)), []).append(at)
    found: list[list[int]] = []
    left: list[int] = []
    for length in sorted(by_length):
        waiting = left + by_length[length]
        size = max(1, min(most, tokens // length))
        whole = len(waiting) // size * size
        found += [waiting[start : start + size] for start in range(0, whole, size)]
        left = waiting[whole:]
    if left:
        found.append(left)
    chance.shuffle(found)
    return found


def _steps(length: int) -> int:
    return -(-length // STEP) * STEP


def stacked(lesson: Sequence[Example]) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Token ids, kinds and the targets by head, as tensors."""
    ids, kinds = padded([example.framed for example in lesson], STEP)
    return ids, kinds, {name: torch.tensor([example.targets[name] for example in lesson]) for name in CLASSES}
