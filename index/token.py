"""Tokens: what search compares, the same on both engines.

The rule to know: the engines index these tokens and only split them at spaces, so that no analyser of theirs can make a
difference. There are no stop words: «не рекомендую» is not «рекомендую».
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer  # type: ignore[import-untyped]

LONGEST = 100
"""Characters of a token that count; longer runs are addresses and noise, and engines cut them each in its own way."""

_RUN = re.compile(r"[^\W_]+")
_UNSEEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
"""Soft hyphens, stress marks, joiners and variation selectors: part of a word's dress, not of the word."""
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[a-z\u00df-\u024f]")

_stemming = threading.Lock()
_russian = snowballstemmer.stemmer("russian")
_english = snowballstemmer.stemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of one lowercase word: Cyrillic by Snowball Russian, Latin by Porter2, digits and the rest as they are.

    The script decides, not the language of the post: a Russian text keeps its English words and the other way round.
    """
    if _CYRILLIC.search(word):
        stemmer = _russian
    elif _LATIN.search(word):
        stemmer = _english
    else:
        return word
    with _stemming:  # a stemmer keeps the word it works on in itself
        return str(stemmer.stemWord(word)) or word


def tokens(text: str) -> list[str]:
    """The text's runs of letters and digits, lowercase, ё as е, cut to LONGEST and stemmed, in their order."""
    return list(_tokens(text))


@lru_cache(maxsize=2_000)
def _tokens(text: str) -> tuple[str, ...]:
    """A post's text is asked for twice as it is stored: for search, and to find what it repeats."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    return tuple(stem(run[:LONGEST]) for run in _RUN.findall(_UNSEEN.sub("", plain)))


def indexed(text: str | None) -> str:
    """The tokens as an engine gets them: joined by single spaces; empty where there is no text."""
    return " ".join(tokens(text)) if text else ""
