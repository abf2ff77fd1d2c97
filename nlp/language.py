"""The language a text is written in, guessed well enough to know whether the model reads it.

The rule to know: to throw out a Russian or English post does more harm than to read a foreign one. A text is foreign by its
script, by letters that Russian and English lack, where py3langid is sure, or where it thinks so of Cyrillic words that the
Russian dictionary lacks too. What is stated of it is believed unless the text speaks against; nothing known, Cyrillic is
Russian and Latin is English.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from nlp.inflection import is_known
from nlp.mention import READ
from nlp.text import Kind, tokens, word_set

SURE = {"cyrillic": 0.9, "latin": 0.8}
"""Script -> probability from which a text of ordinary letters is foreign."""
LIKELY, KNOWN = 0.6, 0.6
"""Probability from which a Cyrillic text is, where the Russian dictionary has at most this part of its words."""
ENOUGH = 3
"""Words from which a language is told by more than letters."""

SCRIPTS: tuple[tuple[str, int, int], ...] = (
    ("el", 0x370, 0x3FF), ("hy", 0x530, 0x58F), ("he", 0x590, 0x5FF), ("ar", 0x600, 0x6FF), ("hi", 0x900, 0x97F),
    ("th", 0xE00, 0xE7F), ("ka", 0x10A0, 0x10FF), ("ja", 0x3040, 0x30FF), ("zh", 0x4E00, 0x9FFF), ("ko", 0xAC00, 0xD7AF),
)  # fmt: skip

CANDIDATES = {
    "cyrillic": ("ru", "ba", "be", "bg", "kk", "ky", "mk", "mn", "sr", "tg", "tt", "uk", "uz"),
    "latin": (
        "en", "az", "cs", "de", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "lt", "lv", "nl", "pl", "pt", "ro", "sq", "sv", "tl", "tr",
        "uz", "vi",
    ),
}  # fmt: skip
"""Languages of each script that are told apart; the one that is read comes first."""

FOREIGN = re.compile(r"[^\Wа-яёëa-z0-9]|ъ(?=[бвгджзклмнпрстфхцчшщ])")
"""Letters that neither Russian nor English has (ë is typed for ё), and ъ where Bulgarian alone has it."""

TRANSLITERATED = word_set(
    "chto eto etot uzhe eshche esche ochen vsem vseh menya mne tebya nelzya tolko kogda pochemu potomu nikogda nikomu nikto bolshe "
    "luchshe huzhe spasibo dengi deneg prilozhenie rabotaet sovetuyu"
)
"""Russian words as people type them in Latin letters."""

TO_CYRILLIC: tuple[tuple[str, str], ...] = (
    ("shch", "щ"), ("sch", "щ"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("yu", "ю"), ("ju", "ю"), ("iu", "ю"),
    ("ya", "я"), ("ja", "я"), ("ia", "я"), ("yo", "е"), ("jo", "е"), ("ye", "е"), ("yi", "ый"), ("yy", "ый"), ("iy", "ий"), ("ay", "ай"),
    ("ey", "ей"), ("oy", "ой"), ("uy", "уй"), *zip("abvgdezijklmnoprstufhcyw", "абвгдезийклмнопрстуфхцыв", strict=True),
)  # fmt: skip
"""Latin letters and the Russian ones that they stand for, the longer ones first."""


def language(text: str, stated: str | None = None) -> str | None:
    """ISO 639-1 code of the language; None where nothing is stated and there is too little to tell by (fewer than 3 words).

    `stated`: what the source says, in any form of the code: "ru", "RU", "ru-RU".
    """
    said = stated.strip().casefold()[:2] if stated else None
    words = [text[token.start : token.end] for token in tokens(text) if token.kind is Kind.WORD and token.word[0].isalpha()]
    if other := _other_script(words):
        return other
    cyrillic = [word for word in words if _script(word) == "cyrillic"]
    if len(words) < ENOUGH and not any(FOREIGN.search(word.casefold()) for word in cyrillic):
        return said
    if len(cyrillic) * 2 >= len(words):
        return _told_apart(cyrillic, "cyrillic", said)
    return _told_apart([word for word in words if _script(word) == "latin"], "latin", said)


def _other_script(words: list[str]) -> str | None:
    """The language of a third of the letters, more than three, where its script is neither Cyrillic nor Latin."""
    letters = Counter[str]()
    for word in words:
        letters[_script(word)] += len(word)
    script, number = next(((script, n) for script, n in letters.most_common() if script not in ("cyrillic", "latin")), ("", 0))
    return script if number > 3 and number * 3 >= letters.total() else None


def _script(word: str) -> str:
    code = ord(word[0])
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin"
    if 0x400 <= code < 0x530:
        return "cyrillic"
    return next((name for name, first, last in SCRIPTS if first <= code <= last), "latin")


def _told_apart(words: list[str], script: str, said: str | None) -> str:
    """The language of words of one script among those written in it; the first of them where nothing speaks for another."""
    folded = [word.casefold() for word in words]
    own, *others = CANDIDATES[script]
    foreign = sum(FOREIGN.search(word) is not None for word in folded) * 6 >= len(words)
    if said == own and not foreign:
        return said
    if sum(word in TRANSLITERATED for word in folded) * 6 >= len(words):
        return "ru"
    among = others if foreign else [own, *others]
    shares = {code: float(share) for code, share in _identifier().rank(" ".join(folded)) if code in among}
    guessed = str(next(iter(shares)))
    share = max(shares.values()) / sum(shares.values())
    if script == "latin" and guessed != own and _is_transliterated(folded):
        return "ru"
    if foreign or share >= SURE[script] or (script == "cyrillic" and share >= LIKELY and _is_unknown(folded)):
        return guessed
    return said if said and said not in READ and guessed not in READ else own


def _is_unknown(words: list[str]) -> bool:
    """Whether the Russian dictionary lacks many of the words."""
    return len(words) >= ENOUGH and sum(map(is_known, words)) <= KNOWN * len(words)


def _is_transliterated(words: list[str]) -> bool:
    """Whether most of the longer words, two at least, are Russian ones in Latin letters; short ones may be of any language."""
    longer = [word for word in words if len(word) > 4]
    return sum(is_known(_in_cyrillic(word)) for word in longer) > max(1, len(longer) / 2)


def _in_cyrillic(word: str) -> str:
    """The word as a Russian would read its Latin letters."""
    for latin, cyrillic in TO_CYRILLIC:
        word = word.replace(latin, cyrillic)
    return word


@cache
def _identifier() -> LanguageIdentifier:
    """py3langid for the languages that are told apart, loaded once (0.5 s, 100 MB)."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(set().union(*CANDIDATES.values())))
    return identifier
