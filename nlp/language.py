"""The language a text is written in, guessed well enough to know whether the model reads it.

The rule to know: to throw out a Russian or English post does more harm than to read a foreign one. A text is foreign by its
script, by letters that Russian and English lack, or where py3langid is sure. What is stated of it is believed unless the
text speaks against; nothing known, Cyrillic is Russian and Latin is English.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from nlp.mention import READ
from nlp.text import Kind, tokens, word_set

SURE = 0.9
"""Probability from which a text of ordinary letters is foreign."""

SCRIPTS: tuple[tuple[str, int, int], ...] = (
    ("el", 0x370, 0x3FF), ("hy", 0x530, 0x58F), ("he", 0x590, 0x5FF), ("ar", 0x600, 0x6FF), ("hi", 0x900, 0x97F),
    ("th", 0xE00, 0xE7F), ("ka", 0x10A0, 0x10FF), ("ja", 0x3040, 0x30FF), ("zh", 0x4E00, 0x9FFF), ("ko", 0xAC00, 0xD7AF),
)  # fmt: skip

CYRILLIC = ("ru", "be", "bg", "kk", "sr", "uk")
LATIN = ("en", "de", "es", "fr", "it", "pl", "pt", "tr")
"""Languages of each script that are told apart; the one that is read comes first."""

FOREIGN = re.compile(r"[^\Wа-яёa-z0-9]|ъ(?=[бвгджзклмнпрстфхцчшщ])")
"""Letters that neither Russian nor English has, and ъ where Bulgarian alone has it."""

TRANSLITERATED = word_set(
    "chto eto etot uzhe eshche esche ochen vsem vseh menya mne tebya nelzya tolko kogda pochemu potomu nikogda nikomu nikto bolshe "
    "luchshe huzhe spasibo dengi deneg prilozhenie rabotaet sovetuyu"
)
"""Russian words as people type them in Latin letters."""


def language(text: str, stated: str | None = None) -> str | None:
    """ISO 639-1 code of the language; None where nothing is stated and there is too little to tell by (fewer than 3 words).

    `stated`: what the source says, in any form of the code: "ru", "RU", "ru-RU".
    """
    said = stated.strip().casefold()[:2] if stated else None
    words = [text[token.start : token.end] for token in tokens(text) if token.kind is Kind.WORD and token.word[0].isalpha()]
    scripts = Counter(_script(word) for word in words)
    script = "cyrillic" if scripts["cyrillic"] * 2 >= len(words) else scripts.most_common(1)[0][0]
    if script not in ("cyrillic", "latin"):
        return script if len("".join(words)) > 3 else said
    if len(words) < 3:
        return said
    return _told_apart([word for word in words if _script(word) == script], CYRILLIC if script == "cyrillic" else LATIN, said)


def _script(word: str) -> str:
    code = ord(word[0])
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin"
    if 0x400 <= code < 0x530:
        return "cyrillic"
    return next((name for name, first, last in SCRIPTS if first <= code <= last), "latin")


def _told_apart(words: list[str], candidates: tuple[str, ...], said: str | None) -> str:
    """The language of words of one script among those written in it; the first of them where nothing speaks for another."""
    folded = [word.casefold() for word in words]
    foreign = sum(FOREIGN.search(word) is not None for word in folded) * 6 >= len(words)
    if said == candidates[0] and not foreign:
        return said
    if sum(word in TRANSLITERATED for word in folded) * 6 >= len(words):
        return "ru"
    among = candidates[1:] if foreign else candidates
    guessed, share = next((code, share) for code, share in _identifier().rank(" ".join(words)) if code in among)
    if foreign or share >= SURE:
        return str(guessed)
    return said if said and said not in READ and guessed not in READ else candidates[0]


@cache
def _identifier() -> LanguageIdentifier:
    """py3langid for the languages that are told apart, loaded once (0.5 s, 100 MB)."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*CYRILLIC, *LATIN])
    return identifier
