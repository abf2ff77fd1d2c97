"""Aliases found in a text: every place where a name from the brands file stands, in whatever form it is written.

The rule to know: whole tokens are compared, never parts of words. The words of an alias may be written together, apart,
with a hyphen or in quotes («Альфа-Банк», «альфабанк», «Альфа "Банк"», #AlfaBank), each in any case of the language.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nlp.inflection import forms, in_latin
from nlp.text import Kind, Token, fold, tokens


@dataclass(frozen=True, slots=True)
class Alias:
    """One way to write a name. `owner` says whose it is; two aliases of one owner mean the same."""

    owner: str
    """Slug of the brand."""
    product: str | None
    """Slug of the product; None: the brand itself."""
    text: str
    """As the brands file has it."""
    blocks: bool = False
    """A "not when" phrase: where it stands, the owner is not meant."""
    account: bool = False
    """An account of the brand: matches @handles and links only."""


@dataclass(frozen=True, slots=True)
class Match:
    """One alias at one place."""

    alias: Alias
    first: int
    """Number of its first token."""
    last: int
    """Number of its last token."""
    start: int
    end: int
    """Character offsets."""

    def covers(self, other: Match) -> bool:
        """Whether the other stands within this one, which is longer."""
        return self.start <= other.start and other.end <= self.end and self.end - self.start > other.end - other.start

    def touches(self, other: Match) -> bool:
        """Whether the two share a token."""
        return self.first <= other.last and other.first <= self.last


BETWEEN = re.compile(r"[\s«»\"“”„'’]*(?:[-‐‑–—.&+](?!\s)|(?<!\s)[-‐‑])?[\s«»\"“”„'’]*")
"""What may stand between two words of one name: a space, a quote, a hyphen, a dot without a space after it."""

SHORTEST_SPLIT = 6
"""A name of one word may be written as two («Сбер банк», «Tele 2») where it has this many letters."""

OFFICES = (
    "ru",
    "rus",
    "russia",
    "kz",
    "by",
    "ua",
    "uz",
    "spb",
    "msk",
    "help",
    "support",
    "care",
    "official",
    "bank",
    "news",
    "press",
    "pr",
)
"""What companies add to their name in a handle."""

BANK = frozenset({"банк", "bank"})
"""A word that stands before or after the rest of a name: «МТС Банк», «Банк МТС»."""

DIRECTORY = frozenset({"bank", "banks", "banki", "broker", "brokers", "company", "companies", "organization", "organizations"})
"""What review sites write in an address before the name of a company: banki.ru/services/responses/bank/alfabank/."""

WORD_LIMIT = 6
"""Words of an alias that are read; longer aliases are compared by their first six."""


class Lexicon:
    """All aliases of a brands file, ready to be found."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        self._words: dict[str, list[Alias]] = defaultdict(list)
        self._phrases: dict[str, list[tuple[tuple[frozenset[str], ...], Alias]]] = defaultdict(list)
        self._heads: set[str] = set()
        self._handles: dict[str, list[Alias]] = defaultdict(list)
        self._links: dict[str, list[tuple[str, Alias]]] = defaultdict(list)
        for alias in aliases:
            self._add(alias)

    def _add(self, alias: Alias) -> None:
        found = tokens(alias.text.strip())
        if alias.account or any(token.kind is Kind.LINK for token in found):
            self._add_address(alias)
            return
        words = [part for token in found[:WORD_LIMIT] for part in _parts(alias.text, token)]
        if not words:
            return
        self._add_words(alias, words)
        latin = [in_latin(word) or word for word in words]
        if latin != words:
            self._add_words(alias, latin)
        if len(words) == 2 and fold(words[1]) in BANK and len(words[0]) > 1 and alias.product is None and not alias.blocks:
            bank, name = (forms(word, name=True) for word in reversed(words))
            for form in bank:
                self._phrases[form].append(((name,), alias))

    def _add_words(self, alias: Alias, words: list[str]) -> None:
        name = alias.product is None and not alias.blocks
        for sizes in _compositions(len(words)):
            parts = iter(words)
            joined = ["".join(itertools.islice(parts, size)) for size in sizes]
            sets = [_joined_forms(words, sum(sizes[:at]), size, name=name) for at, size in enumerate(sizes)]
            if len(joined) > 1:
                for form in sets[0]:
                    self._phrases[form].append((tuple(sets[1:]), alias))
                continue
            for form in sets[0]:
                self._words[form].append(alias)
                if len(words) == 1 and (len(form) >= SHORTEST_SPLIT or form[-1].isdigit()):
                    self._heads.update(form[:cut] for cut in range(3, len(form)))
        handle = fold("".join(words))
        if handle.isascii() and len(handle) > 2 and not alias.blocks:
            self._handles[handle].append(alias)

    def _add_address(self, alias: Alias) -> None:
        """A domain, a page of a site (`vk.com/alfabank`) or an account (`vk.com:alfabank`), whose name is a @handle too."""
        address = re.sub(r"^(?:https?://)?(?:www\.)?", "", alias.text.strip().casefold()).rstrip("/")
        host, _, path = (address.replace(":", "/", 1) if alias.account else address).partition("/")
        self._links[host].append((path, alias))
        handle = path.rpartition("/")[2].lstrip("@").replace("_", "")
        if handle and not handle.isdigit():
            self._handles[handle].append(alias)

    def matches(self, text: str, found: list[Token]) -> list[Match]:
        """Every alias at every place, those within longer ones too."""
        words, phrases, heads, plain = self._words, self._phrases, self._heads, Kind.WORD
        return [
            match
            for at, token in enumerate(found)
            if token.kind is not plain or token.word in words or token.word in phrases or token.word in heads
            for match in self._at(text, found, at, token)
        ]

    def _at(self, text: str, found: list[Token], at: int, token: Token) -> Iterator[Match]:
        word = token.word
        if token.kind is Kind.LINK:
            yield from (Match(alias, at, at, token.start, token.end) for alias in self._linked(word))
            return
        if token.kind is Kind.HANDLE:
            yield from (Match(alias, at, at, token.start, token.end) for alias in self._handled(word))
            return
        if token.kind is Kind.HASHTAG:
            yield from self._in_hashtag(text, at, token)
            return
        if _is_doubled(text, found, at):
            return
        for alias in self._words.get(word, ()):
            if not alias.account:
                yield Match(alias, at, at, token.start, token.end)
        for rest, alias in self._phrases.get(word, ()):
            last = at + len(rest)
            if last < len(found) and _follows(text, found, at, rest):
                yield Match(alias, at, last, token.start, found[last].end)
        if word in self._heads and at + 1 < len(found):
            yield from self._split(text, found, at)

    def _split(self, text: str, found: list[Token], at: int) -> Iterator[Match]:
        """One word of the alias written as two: «Сбер банк»."""
        head, tail = found[at], found[at + 1]
        if tail.kind is not Kind.WORD or not (len(tail.word) > 2 or tail.word.isdigit()) or not _close(text, head, tail):
            return
        for alias in self._words.get(head.word + tail.word, ()):
            if len(tokens(alias.text)) == 1:
                yield Match(alias, at, at + 1, head.start, tail.end)

    def _in_hashtag(self, text: str, at: int, token: Token) -> Iterator[Match]:
        """A hashtag is one name («#AlfaBank»), else a phrase of words in capitals or with underscores («#МТС_Банк_врёт»)."""
        whole = self._words.get(token.word.replace("_", ""), ())
        if whole:
            yield from (Match(alias, at, at, token.start, token.end) for alias in whole)
            return
        spaced = re.sub(r"_|(?<=[^\W\d_A-ZА-ЯЁ])(?=[A-ZА-ЯЁ])", " ", text[token.start : token.end])
        parts = tokens(spaced)
        if len(parts) > 1:
            for match in self.matches(spaced, parts):
                yield Match(match.alias, at, at, token.start, token.end)

    def _handled(self, handle: str) -> list[Alias]:
        """A handle is a name or an account, with or without a country or an office: @AlfaBank, @alfa_bank, @tele2kz, @by_mts."""
        whole = handle.replace("_", "").replace(".", "")
        offices = "|".join(OFFICES)
        for name in (whole, re.sub(rf"(?:{offices})+$", "", whole), re.sub(rf"^(?:{offices})_", "", handle).replace("_", "")):
            if name in self._handles:
                return self._handles[name]
        return []

    def _linked(self, link: str) -> Iterator[Alias]:
        address = re.sub(r"^https?://", "", link.rpartition("@")[2] if "://" not in link else link)
        host, _, path = re.split(r"[?#]", address)[0].partition("/")
        labels = host.split(":")[0].removeprefix("www.").split(".")
        for cut in range(len(labels) - 1):
            for wanted, alias in self._links.get(".".join(labels[cut:]), ()):
                if not wanted or path == wanted or path.startswith(wanted + "/"):
                    yield alias
        steps = path.split("/")
        for before, name in itertools.pairwise(steps):
            if before in DIRECTORY:
                yield from (alias for alias in self._handled(name.replace("-", "_")) if alias.product is None)


def _parts(text: str, token: Token) -> list[str]:
    if token.kind is Kind.HASHTAG or token.kind is Kind.HANDLE:
        return [part for part in token.word.split("_") if part]
    return [text[token.start : token.end]]


def _compositions(count: int) -> Iterator[tuple[int, ...]]:
    """Ways to write that many words with some of them joined; all apart only, where they are more than four."""
    if count > 4:
        yield (1,) * count
        return
    for cuts in itertools.product((False, True), repeat=count - 1):
        ends = [at + 1 for at, cut in enumerate(cuts) if cut] + [count]
        yield tuple(end - start for start, end in zip([0, *ends], ends, strict=False))


def _joined_forms(words: list[str], start: int, size: int, *, name: bool) -> frozenset[str]:
    """Forms of words that are written as one: the last of them is inflected."""
    *before, last = words[start : start + size]
    is_last = start + size == len(words)
    stem = "".join(next(iter(tokens(word))).word for word in before)
    return frozenset(stem + form for form in forms(last, name=name and is_last))


def _close(text: str, head: Token, tail: Token) -> bool:
    between = text[head.end : tail.start]
    return len(between) < 5 and "\n" not in between and BETWEEN.fullmatch(between) is not None


def _is_doubled(text: str, found: list[Token], at: int) -> bool:
    """Whether the word is said twice with a hyphen, which makes another word of it: «тинь-тинь»."""
    sides = (pair for pair in ((at - 1, at), (at, at + 1)) if pair[0] >= 0 and pair[1] < len(found))
    return any(found[one].word == found[two].word and text[found[one].end : found[two].start] == "-" for one, two in sides)


def _follows(text: str, found: list[Token], at: int, rest: tuple[frozenset[str], ...]) -> bool:
    for step, wanted in enumerate(rest, 1):
        token = found[at + step]
        if token.word not in wanted or token.kind is not Kind.WORD or not _close(text, found[at + step - 1], token):
            return False
    return True
