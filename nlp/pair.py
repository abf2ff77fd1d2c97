"""A pair: one post and the subject it is judged about, in the form that the network reads.

The rule to know: the same code frames a pair in training and in use. The subject's name stands in front of the text, and
every token carries a kind that tells where the text names the subject; the words of the text itself are never altered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer

FRAMING = "1"
"""Version of this module. Raise it with any change of it that gives some pair other tokens or kinds: all pairs are judged anew."""

TEXT, NAMED, SUBJECT, HINT = range(4)
"""Kinds of tokens: the text, the subject's name within the text, its name in front, what else is known of the post."""

START, END = 0, 2
"""Ids of `<s>` and `</s>` in the encoder's vocabulary."""

WINDOW = 256
"""Tokens of a pair. Of a longer post its beginning, its end and the surroundings of the subject's names are read."""

AROUND = 16
"""Tokens kept on either side of a name in a post that is longer than the window, at most an eighth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One text and the subject that it is judged about."""

    text: str
    target: str
    """Name of the company, in the language of the text where it has several."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where the text names the subject: character offsets."""
    product: str | None = None
    """Name of the product, where the subject is one."""
    rating: float | None = None
    """Stars, 1..5."""
    reviewed: str | None = None
    """The company on whose page the post stands, where that is another one."""


@dataclass(frozen=True, slots=True)
class Framed:
    """The tokens of a pair and their kinds, of equal length."""

    ids: tuple[int, ...]
    kinds: tuple[int, ...]


def frame(pairs: Sequence[Pair], tokenizer: Tokenizer, window: int = WINDOW) -> list[Framed]:
    """The pairs as tokens: `<s> subject, hints </s> text </s>`, never more than `window` of them."""
    texts = tokenizer.encode_batch([pair.text for pair in pairs], add_special_tokens=False)
    names = tokenizer.encode_batch([pair.target for pair in pairs], add_special_tokens=False)
    hints = tokenizer.encode_batch([_hints(pair) for pair in pairs], add_special_tokens=False)
    return [
        _joined(pair.spans, text, name.ids[: window // 8], hint.ids[: window // 8], window)
        for pair, text, name, hint in zip(pairs, texts, names, hints, strict=True)
    ]


def places(pair: Pair, tokenizer: Tokenizer, window: int = WINDOW) -> list[tuple[int, int] | None]:
    """Where in the text each token of the framed pair stands; None for the subject, the hints and the marks around them."""
    text, name, hint = (tokenizer.encode(words, add_special_tokens=False) for words in (pair.text, pair.target, _hints(pair)))
    before = len(name.ids[: window // 8]) + len(hint.ids[: window // 8]) + 2
    kept = _kept(_named(text.offsets, pair.spans), window - before - 1)
    return [*[None] * before, *(text.offsets[at] for at in kept), None]


def _hints(pair: Pair) -> str:
    product = f": {pair.product}" if pair.product else ""
    rating = f" ★ {pair.rating:.0f}/5" if pair.rating is not None else ""
    reviewed = f" @ {pair.reviewed}" if pair.reviewed else ""
    return f"{product}{rating}{reviewed}".strip()


def _joined(spans: Sequence[tuple[int, int]], text: Encoding, name: list[int], hint: list[int], window: int) -> Framed:
    named = _named(text.offsets, spans)
    kept = _kept(named, window - len(name) - len(hint) - 3)
    ids = [START, *name, *hint, END, *(text.ids[at] for at in kept), END]
    kinds = [HINT, *[SUBJECT] * len(name), *[HINT] * len(hint), HINT, *(NAMED if named[at] else TEXT for at in kept), TEXT]
    return Framed(tuple(ids), tuple(kinds))


def _named(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[bool]:
    """Whether each token stands within a name of the subject."""
    named = [False] * len(offsets)
    for start, end in spans:
        for at, (first, last) in enumerate(offsets):
            if first < end and last > start:
                named[at] = True
    return named


def _kept(named: Sequence[bool], room: int) -> Sequence[int]:
    """Positions of the tokens that are read: all, else the beginning, the end and the surroundings of the names."""
    count = len(named)
    if count <= room:
        return range(count)
    tail, around = room // 4, min(AROUND, room // 8)
    kept = set(range(count - tail, count)) | set(range(room // 4))
    for at in (position for position, inside in enumerate(named) if inside):
        near = set(range(max(0, at - around), min(count, at + around + 1)))
        if len(kept | near) > room:
            break
        kept |= near
    for at in range(count):
        if len(kept) >= room:
            break
        kept.add(at)
    return sorted(kept)
