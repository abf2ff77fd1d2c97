"""Text as the reader sees it: tokens, sentences and clauses.

The rule to know: everything is a span of character offsets in the text as it was published; the text itself is never
altered. Only a token's `word` is folded (case, ё, stress marks, letters of the other alphabet that look the same).
"""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

Span = tuple[int, int]
"""Character offsets: first, one past the last."""


class Kind(StrEnum):
    """What a token is. Links and handles are one token each, whatever they contain."""

    WORD = "word"
    HASHTAG = "hashtag"
    HANDLE = "handle"
    LINK = "link"


KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, hashtag, @handle or link of a text. The span is of the word itself, without `#`, `@` or `'s`."""

    start: int
    end: int
    word: str
    kind: Kind = Kind.WORD


INVISIBLE = r"\u0300-\u036f\u00ad\u200b-\u200d\ufeff"
LETTERS = rf"[^\W_](?:[^\W_]++|[{INVISIBLE}]++)*+"
ZONES = (
    "ru|su|com|net|org|info|biz|me|io|app|online|by|kz|ua|uz|am|ge|bank|finance|money|co|uk|de|eu|us|tv|ai|dev|site|"
    "shop|store|pro|team|ly|gl|be|xn--p1ai"
)
LINK_LIKE = re.compile(rf"://|www\.|@|\.(?:{ZONES}|рф)\b", re.IGNORECASE)
LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>«»\"]+"
    r"|(?<![\w.+-])[\w.+-]++@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
    rf"|(?<![\w@.])(?:(?:[a-z0-9][a-z0-9-]*\.)+(?:{ZONES})|(?:[а-яё0-9][а-яё0-9-]*\.)+рф)(?![\w@])(?:/[^\s<>«»\"]*)?",
    re.IGNORECASE,
)
TOKEN = re.compile(
    rf"(?<!\w)@(?P<handle>[a-z0-9_][\w.]*\w)|\#(?P<hashtag>(?:{LETTERS}|_)+)|(?P<word>{LETTERS})(?:['’ʼ][^\W_]{{1,3}}(?![^\W_]))?",
    re.IGNORECASE,
)
MARKS = re.compile(r"[\u0300-\u0305\u0307\u0309-\u036f\u00ad\u200b-\u200d\ufeff]")
"""Stress marks and invisible characters; the breve of й and the dots of ё are letters and stay."""

TO_CYRILLIC = str.maketrans("abcehkmoptxy", "авсенкмортху")
TO_LATIN = str.maketrans("авсенкмортху", "abcehkmoptxy")
LATIN, CYRILLIC = re.compile(r"[a-z]"), re.compile(r"[а-яё]")


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written in one line."""
    return frozenset(text.split())


def tokens(text: str) -> list[Token]:
    """Words, hashtags, @handles and links of a text, in order. Digits are words; `alfabank.ru` is a link."""
    if LINK_LIKE.search(text) is None:
        return _words(text, 0, len(text))
    found: list[Token] = []
    past = 0
    for match in LINK.finditer(text):
        link = match[0].rstrip(".,;:!?)'’")
        found += _words(text, past, match.start())
        past = match.start() + len(link)
        found.append(Token(match.start(), past, link.casefold(), Kind.LINK))
    return found + _words(text, past, len(text))


def _words(text: str, start: int, end: int) -> list[Token]:
    found = []
    for match in TOKEN.finditer(text, start, end):
        kind = match.lastgroup or "word"
        first, last = match.span(kind)
        found.append(Token(first, last, fold(match[kind]), KINDS[kind]))
    return found


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """The word as it is compared: lower case, ё as е, without stress marks, in one alphabet where letters only look alike.

    «BTБ» typed with a Latin B and T is «втб», "Telе2" with one Cyrillic letter is "tele2".
    """
    plain = MARKS.sub("", unicodedata.normalize("NFD", word)) if not word.isascii() else word
    plain = unicodedata.normalize("NFKC", plain).casefold().replace("ё", "е")
    return _one_alphabet(plain) if LATIN.search(plain) and CYRILLIC.search(plain) else plain


def _one_alphabet(mixed: str) -> str:
    cyrillic = mixed.translate(TO_CYRILLIC)
    if not LATIN.search(cyrillic):
        return cyrillic
    latin = mixed.translate(TO_LATIN)
    return latin if not CYRILLIC.search(latin) else mixed


ABBREVIATIONS = word_set(
    "т е д п к пр др напр см стр рис ул просп пер пл наб кв корп стр обл р-н г гг им тел моб факс ст руб р коп тыс млн млрд "
    "трлн долл евр мин сек час ч чел шт мес нед сут доп оф отд зам гл акад проф mr mrs ms dr prof st no vs etc approx inc ltd co corp e i g"
)
CAN_END = word_set("руб р коп тыс млн млрд трлн долл евр мин сек час ч чел шт мес нед сут др пр г гг д п etc inc ltd co corp")
"""Abbreviations after which a capital letter begins a new sentence."""

STOP = re.compile(
    r"(?P<mark>[.!?…]+[)\]»”\"']*)(?P<gap>[ \t\u00a0]*)"
    r"|(?P<smile>[:;=][-']?[)(DР]+|(?<![)(])[)(]{2,}+|(?<![\U0001F300-\U0001FAFF\u2600-\u27bf])[\U0001F300-\U0001FAFF\u2600-\u27bf]++)"
    r"(?P<rest>[ \t\u00a0]+)"
    r"|(?P<line>(?<![ \t\u00a0])[ \t\u00a0]*+\n\s*)"
)
PRECEDING = re.compile(r"[^\W_]+(?:-[^\W_]+)*$")


def sentences(text: str, found: list[Token] | None = None) -> list[Span]:
    """Spans of the sentences, without the space around them; together they hold every character that is not a space.

    A full stop ends a sentence with or without a space after it («плохо.Звонил»), but not after an abbreviation, within a
    number or a link; so do emoticons before a capital, and a new line unless the next one goes on in lower case.
    `found` are the tokens of the text, where they are known already.
    """
    links = [(token.start, token.end) for token in (tokens(text) if found is None else found) if token.kind is Kind.LINK]
    spans, start = [], 0
    for match in STOP.finditer(text):
        cut = match.end("mark") if match["mark"] else match.end("smile") if match["smile"] else match.start()
        if cut > start and not _within(links, cut) and _ends(text, match):
            spans.append((start, cut))
            start = cut
    spans.append((start, len(text)))
    return [span for span in (_trimmed(text, *span) for span in spans) if span[0] < span[1]]


def _within(links: list[Span], cut: int) -> bool:
    at = bisect.bisect_left(links, (cut, 0)) - 1
    return at >= 0 and cut < links[at][1]


def _ends(text: str, match: re.Match[str]) -> bool:
    after = text[match.end() : match.end() + 1]
    if not after:
        return False
    if match["line"] is not None:
        before = text[: match.start()].rstrip()[-1:]
        return not (after.islower() and (before.isalnum() or before in ",—–-")) or match["line"].count("\n") > 1
    if match["smile"]:
        return after.isupper() or after in '«"“—-'
    return _mark_ends(text, match, after)


def _mark_ends(text: str, match: re.Match[str], after: str) -> bool:
    mark, spaced = match["mark"].rstrip(")]»”\"'"), bool(match["gap"]) or after == "\n"
    if after == "\n":
        return True
    if len(mark) > 1 or mark != ".":
        lower_goes_on = mark[0] in "…." and (after.islower() or after.isdigit())
        return not lower_goes_on and (spaced or after.isupper())
    word = PRECEDING.search(text[max(0, match.start() - 24) : match.start()])
    before = word[0].casefold() if word else ""
    if not spaced:
        following = text[match.end() : match.end() + 2]
        return after.isupper() and following[-1:].isalpha() and before not in ABBREVIATIONS and (len(before) > 1 or before.isdigit())
    if before in ABBREVIATIONS or (len(before) == 1 and before.isalpha()):
        return before in CAN_END and after.isupper() and (before != "г" or _after_number(text, match.start()))
    return not after.islower() or len(before) > 2 or before.isdigit()


def _after_number(text: str, end: int) -> bool:
    return re.search(r"\d\s*г$", text[max(0, end - 8) : end]) is not None


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


TURN = re.compile(
    r"(?:[,;—–-]|\s-)\s*(?=(?:а|но|зато|однако|хотя|but|while|whereas|however|though|although|yet)\b)|;\s*|[,.]?\s(?=(?:but|зато|however)\b)",
    re.IGNORECASE,
)


COMMA = re.compile(r",\s+")


def clauses(text: str, sentence: Span, *, commas: bool = False) -> list[Span]:
    """The sentence cut where it turns: «приложение отличное, | а поддержка ужасная»; on request at every comma."""
    cuts = [sentence[0], *(match.end() for match in (COMMA if commas else TURN).finditer(text, *sentence)), sentence[1]]
    spans = (_trimmed(text, first, last) for first, last in itertools.pairwise(cuts))
    return [span for span in spans if span[0] < span[1]]
