"""The language a text is written in, guessed well enough to know whether the model reads it.

The rule to know: by script; then Cyrillic by letters that Russian lacks, in at least a sixth of the words, and Latin by its
commonest words. Where nothing speaks against it, Cyrillic is Russian and Latin is English.
"""

from __future__ import annotations

from collections import Counter

from nlp.text import Kind, tokens, word_set

READ = frozenset({"ru", "en"})
"""Languages that the model reads."""

LETTERS: tuple[tuple[str, str], ...] = (("uk", "їєґ"), ("be", "ў"), ("kk", "қғұһ"), ("tt", "җ"), ("sr", "ђћџљњј"), ("mk", "ѓќѕ"))
"""Letters of the Cyrillic alphabet that Russian does not have, by language; і is shared by three."""

SCRIPTS: tuple[tuple[str, int, int], ...] = (
    ("el", 0x370, 0x3FF), ("hy", 0x530, 0x58F), ("he", 0x590, 0x5FF), ("ar", 0x600, 0x6FF), ("hi", 0x900, 0x97F),
    ("th", 0xE00, 0xE7F), ("ka", 0x10A0, 0x10FF), ("ja", 0x3040, 0x30FF), ("zh", 0x4E00, 0x9FFF), ("ko", 0xAC00, 0xD7AF),
)  # fmt: skip

COMMON: dict[str, frozenset[str]] = {
    "en": word_set("the and is to of in it my for you was not with that this have they are on be i app bank no"),
    "de": word_set("der die das und ist nicht ich mit ein eine für zu auf wir sie sehr auch den dem bei"),
    "fr": word_set("le la les et est une des pas je avec pour que dans vous sur très ne ce mon"),
    "es": word_set("el los las es una no que con por para muy mi del se lo como pero banco"),
    "it": word_set("il che è non per una sono con di della molto mi si ho gli banca"),
    "pt": word_set("o os uma não que com para muito meu por do da em é um"),
    "pl": word_set("nie jest się na z do i w że to jak mam ale bardzo"),
    "tr": word_set("bir ve bu için çok ile değil ben da de var ama"),
    "uz": word_set("va bu uchun bilan juda emas bank men ham bor"),
}
BULGARIAN = word_set("съм няма това не са беше как ми от които много също няма ще със")


def language(text: str) -> str | None:
    """ISO 639-1 code of the language, None where there is too little to tell by (fewer than 3 words)."""
    words = [token.word for token in tokens(text) if token.kind is Kind.WORD and token.word[0].isalpha()]
    scripts = Counter(_script(word) for word in words)
    if not words:
        return None
    script = scripts.most_common(1)[0][0]
    if script not in ("cyrillic", "latin"):
        return script if len("".join(words)) > 3 else None
    if len(words) < 3:
        return None
    if scripts["cyrillic"] * 2 >= len(words) or script == "cyrillic":
        return _cyrillic([word for word in words if _script(word) == "cyrillic"])
    return _latin(words)


def _script(word: str) -> str:
    code = ord(word[0])
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin"
    if 0x400 <= code < 0x530:
        return "cyrillic"
    return next((name for name, first, last in SCRIPTS if first <= code <= last), "latin")


def _cyrillic(words: list[str]) -> str:
    foreign = [word for word in words if not set(word) <= RUSSIAN]
    if len(foreign) * 6 < len(words):
        bulgarian = sum(word in BULGARIAN for word in words)
        letters = set("".join(words))
        return "bg" if bulgarian * 4 >= len(words) and bulgarian > 2 and not letters & set("ыэё") else "ru"
    marked = Counter("".join(foreign))
    votes = {code: sum(marked[letter] for letter in marks) for code, marks in LETTERS}
    best = max(votes, key=lambda code: votes[code])
    return best if votes[best] else "uk" if marked["і"] and "ы" not in "".join(words) else "be" if marked["і"] else "kk"


RUSSIAN = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяё0123456789abcdefghijklmnopqrstuvwxyz")


def _latin(words: list[str]) -> str:
    votes = {code: sum(word in common for word in words) for code, common in COMMON.items()}
    best = max(votes, key=lambda code: votes[code])
    return best if votes[best] * 8 >= len(words) and votes[best] > votes["en"] + 1 else "en"
