"""Where a text names a company, for labelled records that give only the company's name.

The rule to know: this is an approximation for training and measuring; in use the names come from the brands file.
"""

from __future__ import annotations

import re
from functools import lru_cache

ALIASES: tuple[tuple[str, ...], ...] = (
    ("сбербанк", "сбер банк", "сбер", "sberbank", "sber", "сбербанк онлайн", "сбербанка", "сбербанку", "сбербанке"),
    ("втб", "втб24", "втб 24", "vtb", "vtb24", "банк втб (беларусь)"),
    ("альфа-банк", "альфа банк", "альфабанк", "альфа", "alfa-bank", "alfa bank", "alfabank", "alfa"),
    ("газпромбанк", "газпром банк", "гпб", "gazprombank", "gpb"),
    ("россельхозбанк", "рсхб", "россельхоз", "rosselkhozbank", "rshb"),
    ("райффайзенбанк", "райффайзен", "райфайзен", "райфайзенбанк", "райф", "rajffajzenbank", "raiffeisen", "raiffeisenbank"),
    ("т-банк", "тинькофф", "тинькоф", "тинька", "т банк", "tinkoff", "t-bank", "т-инвестиции"),
    ("совкомбанк", "совком", "халва", "sovcombank"),
    ("банк москвы", "bank of moscow", "бм"),
    ("уралсиб", "uralsib"),
    ("росбанк", "rosbank"),
    ("промсвязьбанк", "псб", "promsvjazbank", "promsvyazbank"),
    ("бинбанк", "binbank"),
    ("точка", "tochka"),
    ("ситибанк", "сити", "citibank"),
    ("рнкб", "rnkb"),
    ("экспобанк", "expobank"),
    ("мтс", "mts"),
    ("билайн", "beeline", "билаин", "вымпелком"),
    ("мегафон", "megafon", "мегафончик"),
    ("теле2", "tele2", "теле 2", "tele 2", "т2"),
    ("ростелеком", "rostelecom", "ртк"),
    ("беларусбанк", "белорусбанк"),
    ("мтбанк", "мтб", "мтб банк"),
    ("белвэб", "банк белвэб"),
    ("southwest", "southwestair", "swa"),
    ("united", "united airlines"),
    ("delta", "delta airlines", "delta air lines"),
    ("jetblue", "jet blue"),
    ("us airways", "usairways"),
    ("american", "americanair", "american airlines"),
    ("virgin america", "virginamerica"),
)
"""Groups of names of one company, as its clients write them."""

CASE_ENDINGS = r"(?:а|у|ом|е|ы|ой|ою|и|ов|ам|ами|ах|я|ю|ем|ей|'s|s)?"
ENDING = re.compile(r"[аеёиоуыэюяьй]+$")
NOISE = re.compile(r"\b(?:банк|bank|страхование|insurance|брокер|broker|ооо|оао|пао|ао|зао|inc|ltd|group)\b|[«»\"'()]")


def name_spans(text: str, target: str) -> tuple[tuple[int, int], ...]:
    """Character offsets of what looks like a name of the company in the text, inflected or not."""
    pattern = _pattern(target)
    return tuple(match.span() for match in pattern.finditer(text.replace("ё", "е").replace("Ё", "Е")))


@lru_cache(maxsize=4096)
def _pattern(target: str) -> re.Pattern[str]:
    name = target.lower().replace("ё", "е").strip()
    names = {name}
    for group in ALIASES:
        if name in group:
            names.update(group)
    core = NOISE.sub(" ", name).strip(" -–—")
    if len(core) > 3:
        names.add(core)
    ordered = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(_inflected(each) for each in ordered)})(?![^\W_])", re.IGNORECASE)


def _inflected(name: str) -> str:
    """The name with any case ending of its last word; hyphens and spaces are the same."""
    if re.search(r"[а-я]$", name) and len(name) > 3:
        name = ENDING.sub("", name) if len(ENDING.sub("", name)) > 3 else name
    parts = re.split(r"[\s_-]+", name)
    return r"[\s_-]?".join(re.escape(part) for part in parts) + CASE_ENDINGS
