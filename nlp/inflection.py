"""How people write the words of a name: all cases of a Russian word, adjectives made of it, its Latin spelling.

The rule to know: words of the dictionary are inflected by it (pymorphy3); names that it does not know, abbreviations and
Latin names take the endings that Russian speakers give them («ВТБшный», «Тинькоффом», «Tinkoffом»).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import pymorphy3
from pymorphy3.analyzer import Parse

from nlp.text import TO_LATIN, fold

HARD = ("", "а", "у", "ом", "е", "ы", "и", "ов", "ам", "ами", "ах")
HUSHING = (*HARD, "ем", "ей", "ев")
SOFT = ("ь", "я", "ю", "ем", "е", "и", "ью", "ей", "ям", "ями", "ях")
IOT = ("й", "я", "ю", "ем", "е", "и", "ев", "ям", "ями", "ях")
FEMININE = ("а", "ы", "и", "е", "у", "ой", "ою", "ам", "ами", "ах", "")
FEMININE_SOFT = ("я", "и", "е", "ю", "ей", "ею", "ь", "ям", "ями", "ях")
ADJECTIVE = ("ий", "ого", "ому", "им", "ом", "ая", "ой", "ую", "ое", "ие", "их", "ими")
ADJECTIVE_HARD = ("ый", "ого", "ому", "ым", "ом", "ая", "ой", "ую", "ое", "ые", "ых", "ыми")
SURNAMES = ("ов", "ев", "ин", "ын")
"""Endings of names that are surnames too: «Тиньковым»."""
PROPER = frozenset({"Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Abbr", "Init"})

PREDICATES = ("VERB", "INFN", "ADJS", "PRTS", "PRED", "COMP")
"""Parts of speech that say something of a noun."""

LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch",
    "ш": "sh", "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip


@cache
def analyzer() -> pymorphy3.MorphAnalyzer:
    """The dictionary, opened once (0.1 s, 20 MB)."""
    return pymorphy3.MorphAnalyzer(lang="ru")


def is_cyrillic(word: str) -> bool:
    """Whether the folded word is written in Russian letters alone."""
    return all("а" <= letter <= "я" for letter in word)


@lru_cache(maxsize=50_000)
def is_known(word: str) -> bool:
    """Whether the dictionary has the word in some form; it is folded or not."""
    return bool(analyzer().word_is_known(word))


@lru_cache(maxsize=50_000)
def is_ordinary(word: str) -> bool:
    """Whether the dictionary knows the word as something else than a name: «открытие», «точку», but not «ВТБ» or «Тинькофф».

    Compounds of «банк» are names although the dictionary has some of them as common nouns.
    """
    if not is_cyrillic(word) or "банк" in word[2:]:
        return False
    dictionary = analyzer()
    return dictionary.word_is_known(word) and any(not _is_proper(parse) for parse in dictionary.parse(word))


def _is_proper(parse: Parse) -> bool:
    return bool(PROPER & parse.tag.grammemes)


@lru_cache(maxsize=50_000)
def is_genitive(word: str) -> bool:
    """Whether the likeliest reading of the word is a noun or adjective in the genitive: «(открытие) счёта»."""
    if not is_cyrillic(word) or len(word) < 3:
        return False
    best = analyzer().parse(word)[0].tag
    return best.POS in ("NOUN", "ADJF", "PRTF") and best.case in ("gent", "gen2")


@lru_cache(maxsize=10_000)
def is_comparative(word: str) -> bool:
    """Whether the word compares: «лучше (ВТБ)»."""
    return any("COMP" in parse.tag for parse in analyzer().parse(word))


@lru_cache(maxsize=10_000)
def is_participle(word: str) -> bool:
    """Whether the likeliest reading of the word is a full participle: «(ипотека,) взятая»."""
    return str(analyzer().parse(word)[0].tag.POS) == "PRTF"


@lru_cache(maxsize=10_000)
def is_infinitive(word: str) -> bool:
    """Whether the likeliest reading of the word is an infinitive."""
    return str(analyzer().parse(word)[0].tag.POS) == "INFN"


@lru_cache(maxsize=20_000)
def is_predicate(word: str) -> bool:
    """Whether the word says something of another: «летает», «доволен», «не дозвониться», «нет», «лучше».

    By its likeliest reading; a word that the dictionary lacks («глючила») by any.
    """
    if not is_cyrillic(word):
        return False
    parses = analyzer().parse(word)
    return any(str(parse.tag.POS) in PREDICATES for parse in (parses[:1] if is_known(word) else parses))


@lru_cache(maxsize=20_000)
def is_past(word: str) -> bool:
    """Whether the likeliest reading of the word is a verb in the past: «разблокировали»."""
    return is_cyrillic(word) and str(analyzer().parse(word)[0].tag.tense) == "past"


@lru_cache(maxsize=20_000)
def is_nominative(word: str) -> bool:
    """Whether the word can be an adjective in the nominative, or is likeliest a noun in it: «(вклад) выгодный», «(поддержка) дно»."""
    if not is_cyrillic(word):
        return False
    best, *others = [parse.tag for parse in analyzer().parse(word)]
    adjective = any(str(tag.POS) in ("ADJF", "PRTF") and tag.case == "nomn" for tag in (best, *others))
    return adjective or (str(best.POS), best.case) == ("NOUN", "nomn")


@lru_cache(maxsize=20_000)
def is_noun(word: str) -> bool:
    """Whether the likeliest reading of the word is a noun."""
    return str(analyzer().parse(word)[0].tag.POS) == "NOUN"


@lru_cache(maxsize=20_000)
def is_adjective(word: str) -> bool:
    """Whether the likeliest reading of the word stands before a noun: «новое (приложение)», «их (поддержка)»."""
    best = analyzer().parse(word)[0].tag
    return is_cyrillic(word) and (str(best.POS) in ("ADJF", "PRTF") or "Apro" in best or word in ("их", "его", "ее"))


def verb_forms(infinitive: str) -> frozenset[str]:
    """Every folded form of a verb but its participles."""
    parse = next(parse for parse in analyzer().parse(infinitive) if parse.tag.POS == "INFN")
    return frozenset(fold(form.word) for form in parse.lexeme if form.tag.POS in ("INFN", "VERB"))


@lru_cache(maxsize=10_000)
def cases(word: str) -> frozenset[str]:
    """The grammatical cases that the word can stand in; empty where it has none."""
    return frozenset(str(parse.tag.case) for parse in analyzer().parse(word) if parse.tag.case)


def forms(word: str, *, name: bool = False) -> frozenset[str]:
    """Every folded form of one word of an alias. `name`: a company's name, of which adjectives are made too.

    A word that stands in another case than the nominative stays as it is: «Москвы» in «Банк Москвы».
    """
    folded = fold(word)
    if len(folded) == 1 or folded.isdigit():
        return frozenset({folded})
    if not is_cyrillic(folded):
        endings = () if not folded[-1].isalpha() else HARD if name else (*HARD, "s")
        return frozenset({folded, *(fold(folded + ending) for ending in endings)})
    inflected = _compound(word) or _from_dictionary(word.casefold(), folded) or frozenset(_by_ending(folded))
    if word.isupper() and len(word) > 2:
        inflected |= _lookalike(folded)
    return inflected | _adjectives(folded) if name and len(inflected) > 1 else inflected


def _compound(word: str) -> frozenset[str] | None:
    """A name written in one with a word of the dictionary: «СберИнвестициями», «АльфаСтрахованием»."""
    parts = re.fullmatch("(.*[а-яё])([А-ЯЁ][а-яё]{3,})", word)
    if parts is None or not is_known(parts[2]):
        return None
    return frozenset(fold(parts[1]) + form for form in forms(parts[2]))


def _from_dictionary(written: str, folded: str) -> frozenset[str] | None:
    dictionary = analyzer()
    if not dictionary.word_is_known(folded):
        return None
    parses = [parse for parse in dictionary.parse(written) if "Fixd" not in parse.tag and parse.tag.POS in ("NOUN", "ADJF", "PRTF")]
    if not parses:
        return None if any("Fixd" in parse.tag for parse in dictionary.parse(written)) else frozenset({folded})
    nominative = [parse for parse in parses if parse.tag.case == "nomn"]
    if not nominative:
        return frozenset({folded})
    lexemes = {fold(form.word) for parse in nominative for form in parse.lexeme if form.tag.POS == parse.tag.POS}
    return frozenset(lexemes | {folded} | (_by_ending(folded) if folded.endswith("банк") else set()))


def _lookalike(abbreviation: str) -> frozenset[str]:
    """An abbreviation typed in Latin letters that look the same: MTC for «МТС»."""
    latin = abbreviation.translate(TO_LATIN)
    return frozenset({latin}) if latin.isascii() else frozenset()


def _by_ending(word: str) -> set[str]:
    """Forms of a word by its ending alone."""
    last, stem = word[-1], word[:-1]
    if word.endswith(("ый", "ий")) and len(word) > 4:
        return {word} | {word[:-2] + ending for ending in (*ADJECTIVE, *ADJECTIVE_HARD)}
    if word.endswith(("ая", "яя")):
        return {word} | {word[:-2] + ending for ending in (*ADJECTIVE, *ADJECTIVE_HARD)}
    if last == "а":
        return {stem + ending for ending in FEMININE} - {stem if len(stem) < 4 else ""}
    if last == "я":
        return {stem + ending for ending in FEMININE_SOFT}
    if last == "ь":
        return {stem + ending for ending in SOFT}
    if last == "й":
        return {stem + ending for ending in IOT}
    if last in "жшщчц":
        return {word + ending for ending in HUSHING}
    if last in "оеиуыэю":
        return {word}
    whole = {word + ending for ending in HARD} | ({word + "ым"} if word.endswith(SURNAMES) else set())
    return whole | {word[:-2] + middle + ending for middle in _fleeting(word) for ending in HARD[1:]}


def _fleeting(word: str) -> tuple[str, ...]:
    """«Тинёк»: «Тинька»; «Совок»: «Совка»."""
    if len(word) > 4 and word.endswith("ек"):
        return ("ьк",) if word[-3] in "лн" else ("к",)
    return ("к",) if len(word) > 4 and word.endswith("ок") else ()


def _adjectives(word: str) -> frozenset[str]:
    """«сберовский», «тинькоффский», «ВТБшный»; not those that the dictionary has as words of their own («мирский»)."""
    stem = word[:-1] if word[-1] in "аяоейь" and len(word) > 3 else word
    made = [stem + middle + ending for middle in ("ск", "овск") for ending in ADJECTIVE]
    made += [stem + "шн" + ending for ending in ADJECTIVE_HARD]
    return frozenset(each for each in made if not analyzer().word_is_known(each))


def in_latin(word: str) -> str | None:
    """The Latin spelling of a Russian word of four letters or more; shorter ones mean something else («ОТП», "OTP")."""
    folded = fold(word)
    if len(folded) < 4 or not is_cyrillic(folded):
        return None
    return "".join(LATIN[letter] for letter in folded)
