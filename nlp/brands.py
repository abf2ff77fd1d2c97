"""Brands and products found in posts: what each post is about.

The rule to know: the longest name wins («МТС» within «МТС Банк» is not МТС), a "not when" phrase rules a name out, and a
product speaks of a brand only where the post names the brand or its target says whom it is about.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from crawlers.brand import Brand, Brands, Product
from crawlers.post import Post
from nlp.alias import Alias, Lexicon, Match
from nlp.inflection import forms, in_latin, is_ordinary
from nlp.mention import GENERAL, Found
from nlp.ordinary import Place, is_company
from nlp.owner import Owners, lists
from nlp.parallel import Named
from nlp.passage import passages
from nlp.text import Kind, Span, Token, fold, sentences, tokens

MOST = 1000
"""Names of a post that are looked at; what comes after them in a post that is a list of names is left out."""

NEAR = 3
"""Words within which a "not when" phrase rules a name out, where it does not contain the name itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a post speaks of: a brand as a whole (`general`) or one of its products."""

    brand: str
    product: str = GENERAL
    kind: str = GENERAL
    found: Found
    names: tuple[Span, ...] = ()
    """Where the text names it: offsets in `Post.text`."""
    marks: tuple[Span, ...] = ()
    """Where the words that are read name it, the title's too: offsets in `document`."""
    sentences: tuple[Span, ...] = ()
    """Where the text speaks of it: offsets in `Post.text`; a clause, where a sentence speaks of several."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A post cut into tokens and sentences; its title, where it is not the beginning of the text, stands in front."""

    text: str
    offset: int
    """Where `Post.text` begins in it."""
    tokens: list[Token]
    sentences: list[Span]

    def sentence_of(self, match: Match) -> int:
        """Number of the sentence that the match begins in."""
        return bisect.bisect_right(self.sentences, (match.start, len(self.text) + 1)) - 1


def document(post: Post) -> tuple[str, int]:
    """The words that are read, and where `Post.text` begins in them: the title is the author's word too."""
    title = (post.title or "").strip()
    if not title or post.text.lstrip().startswith(title.rstrip("….")):
        return post.text, 0
    return f"{title}\n\n{post.text}", len(title) + 2


class Finder:
    """Finds the subjects of posts by a brands file."""

    def __init__(self, brands: Brands) -> None:
        self.brands: dict[str, Brand] = {brand.slug: brand for brand in brands.brands}
        self.products: dict[tuple[str, str], Product] = {
            (brand.slug, product.slug): product for brand in brands.brands for product in brand.products
        }
        self._lexicon = Lexicon(alias for brand in brands.brands for alias in aliases(brand))
        everything = [alias for brand in brands.brands for alias in aliases(brand)]
        self._containing = {alias for alias in everything if alias.blocks and self._names_owner(alias)}
        self._naming = {alias for alias in everything if alias.product and not alias.blocks and self._names_brand(alias)}
        self._product_words = {brand.slug: _product_words(brand) for brand in brands.brands}
        self._latin = {brand.slug: frozenset(latin for name in brand.names() if (latin := in_latin(name))) for brand in brands.brands}
        self._accounts = brands.official

    def official(self, post: Post) -> bool:
        """Whether the post was published by an account of a watched company."""
        return post.official or post.author_id in self._accounts

    def find(self, post: Post, parents: Sequence[str] = ()) -> list[Subject]:
        """The subjects of a post, each brand's `general` before its products.

        `parents`: brands of the post that this one answers, which it inherits where it names none itself.
        """
        text, offset = document(post)
        found = tokens(text)
        matches = self._lexicon.matches(text, found)[:MOST]
        about = [slug for slug in post.about if slug in self.brands]
        if not matches and not about and not parents:
            return []
        reading = Reading(text, offset, found, sentences(text, found))
        names = self._brand_matches(reading, matches, about)
        present = list(dict.fromkeys([*about, *(match.alias.owner for match in names)]))
        if not present:
            return [_inherited(reading, slug) for slug in parents if slug in self.brands]
        spoken = self._product_matches(reading, matches, names, present, about)
        return self._subjects(post, reading, present, names, spoken, about)

    # Which names stand

    def _brand_matches(self, reading: Reading, matches: list[Match], about: list[str]) -> list[Match]:
        standing = [match for match in matches if match.alias.product is None and not match.alias.blocks]
        standing += [replace(match, alias=replace(match.alias, product=None)) for match in matches if match.alias in self._naming]
        standing = [match for match in standing if not self._beaten(match, matches) and not self._blocked(reading, match, matches)]
        doubtful = [match for match in standing if self._is_ordinary(reading, match)]
        if not doubtful:
            return sorted(standing, key=_place)
        sure = [match for match in standing if match not in doubtful]
        known = {*about, *(match.alias.owner for match in sure)}
        named = frozenset(number for match in standing for number in range(match.first, match.last + 1))
        together = [group for group in lists(reading.text, sorted(standing, key=_place)) if len(group.brands) > 1]
        listed = [(group.start, group.end) for group in together if any(group.start <= match.start < group.end for match in sure)]
        meant = [match for match in doubtful if self._is_meant(reading, match, sure, known, named, listed)]
        return sorted([*sure, *meant], key=_place)

    def _beaten(self, match: Match, matches: list[Match]) -> bool:
        """Whether a longer name of another brand covers it."""
        owner = match.alias.owner
        return any(
            other.alias.owner != owner and not other.alias.blocks and other.covers(match) and self._names_itself(other) for other in matches
        )

    def _names_itself(self, match: Match) -> bool:
        """Whether the alias names its brand: every brand's does, and a product's that contains one («Сбербанк Онлайн»)."""
        return match.alias.product is None or match.alias in self._naming

    def _blocked(self, reading: Reading, match: Match, matches: list[Match]) -> bool:
        """Whether a "not when" phrase of its owner rules it out: it overlaps or, not containing the name itself, is near."""
        for other in matches:
            if not other.alias.blocks or other.alias.owner != match.alias.owner or other.alias.product not in (None, match.alias.product):
                continue
            if match.touches(other):
                return True
            apart = other.first - match.last if other.first > match.last else match.first - other.last
            if apart <= NEAR and other.alias not in self._containing and reading.sentence_of(match) == reading.sentence_of(other):
                return True
        return False

    def _is_ordinary(self, reading: Reading, match: Match) -> bool:
        named = reading.tokens[match.first : match.last + 1]
        if match.alias.account or named[0].kind in (Kind.LINK, Kind.HANDLE):
            return False
        listed = self.brands[match.alias.owner].ordinary
        if listed is not None:
            return fold(match.alias.text) in {fold(each) for each in listed}
        return all(is_ordinary(token.word) for token in named)

    def _is_meant(
        self, reading: Reading, match: Match, sure: list[Match], known: set[str], named: frozenset[int], listed: list[Span]
    ) -> bool:
        at = reading.sentence_of(match)
        first, last = _token_range(reading, at)
        owner = match.alias.owner
        place = Place(
            text=reading.text,
            tokens=reading.tokens,
            first=first,
            last=last,
            products=self._product_words[owner],
            names=named,
            company_near=any(other.alias.owner != owner and reading.sentence_of(other) == at for other in sure),
            listed=any(start <= match.start < end for start, end in listed),
            known=owner in known,
            latin=self._latin[owner],
        )
        return is_company(place, match, match.alias.text)

    # Which products are spoken of, and whose

    def _product_matches(
        self, reading: Reading, matches: list[Match], names: list[Match], present: list[str], about: list[str]
    ) -> list[Match]:
        standing = [
            match
            for match in matches
            if match.alias.product is not None and not match.alias.blocks and match.alias.owner in present
            and not self._beaten(match, names) and not self._blocked(reading, match, matches)
            and not any(name.covers(match) for name in names)
        ]  # fmt: skip
        standing = [
            match for match in standing if not any(other.alias.owner == match.alias.owner and other.covers(match) for other in standing)
        ]
        if len(present) == 1:
            return standing
        owners = Owners(reading.text, reading.sentences, names, standing, about)
        return [match for match in standing if match.alias.owner in owners.of(match)]

    # What is said of each

    def _subjects(
        self, post: Post, reading: Reading, present: list[str], names: list[Match], spoken: list[Match], about: list[str]
    ) -> list[Subject]:
        named = [Named(match.start, match.end, match.alias.owner, match.alias.product) for match in [*names, *spoken]]
        said = passages(reading.text, reading.sentences, named, present)
        subjects = []
        for brand in present:
            brand_names = [match for match in names if match.alias.owner == brand]
            found: Found = "text" if brand_names else "target"
            general = _in_text(reading, said[brand, None])
            marks = tuple(_spans(brand_names))
            subjects.append(Subject(brand=brand, found=found, names=_in_text(reading, marks), marks=marks, sentences=general))
            mine = [match for match in spoken if match.alias.owner == brand]
            for slug in dict.fromkeys(match.alias.product for match in mine):
                spans = _spans(match for match in mine if match.alias.product == slug)
                passage = _in_text(reading, said[brand, slug]) or general
                subjects.append(self._product(brand, str(slug), "text", _in_text(reading, spans), passage))
            of_site = self._product_of_site(post, brand) if post.product and (brand in about or len(present) == 1) else None
            if of_site and not any(match.alias.product == of_site for match in mine):
                subjects.append(self._product(brand, of_site, "target", (), general))
        return subjects

    def _product(self, brand: str, slug: str, found: Found, names: tuple[Span, ...], passage: tuple[Span, ...]) -> Subject:
        kind = self.products[brand, slug].kind
        return Subject(brand=brand, product=slug, kind=kind, found=found, names=names, sentences=passage)

    def _product_of_site(self, post: Post, brand: str) -> str | None:
        """The brand's product that the site says the post is about."""
        matches = self._own(post.product or "", brand)
        slugs = {match.alias.product for match in matches if match.alias.product and not any(other.covers(match) for other in matches)}
        return slugs.pop() if len(slugs) == 1 else None

    def _names_owner(self, alias: Alias) -> bool:
        return any(match.alias.product in (None, alias.product) for match in self._own(alias.text, alias.owner))

    def _names_brand(self, alias: Alias) -> bool:
        """Whether a product's alias contains a name of its brand, as a word or as a beginning («СберКарта»)."""
        if any(match.alias.product is None for match in self._own(alias.text, alias.owner)):
            return True
        names = (fold(name) for name in self.brands[alias.owner].names())
        return fold(alias.text).startswith(tuple(name for name in names if len(name) > 3 and not is_ordinary(name)))

    def _own(self, text: str, brand: str) -> list[Match]:
        """Aliases of one brand and its products in a short text."""
        found = self._lexicon.matches(text, tokens(text))
        return [match for match in found if match.alias.owner == brand and not match.alias.blocks]


def aliases(brand: Brand) -> list[Alias]:
    """All aliases of a brand: its names, its accounts, its products', and the phrases that rule them out."""
    own = [Alias(brand.slug, None, text) for text in brand.names()]
    own += [Alias(brand.slug, None, account, account=True) for account in brand.accounts]
    own += [Alias(brand.slug, None, text, blocks=True) for text in brand.not_when]
    for product in brand.products:
        own += [Alias(brand.slug, product.slug, text) for text in dict.fromkeys([*_labels(product), *product.aliases])]
        own += [Alias(brand.slug, product.slug, text, blocks=True) for text in product.not_when]
    return own


def _labels(product: Product) -> list[str]:
    return [product.label("ru"), product.label("en")]


def _product_words(brand: Brand) -> frozenset[str]:
    words = (token.word for product in brand.products for text in (*_labels(product), *product.aliases) for token in tokens(text))
    return frozenset(form for word in words if len(word) > 3 for form in forms(word))


def _token_range(reading: Reading, sentence: int) -> tuple[int, int]:
    """Numbers of the first and the last token of a sentence."""
    start, end = reading.sentences[sentence]
    first = bisect.bisect_left(reading.tokens, start, key=lambda token: token.start)
    return first, bisect.bisect_left(reading.tokens, end, key=lambda token: token.start) - 1


def _place(match: Match) -> Span:
    return match.start, match.end


def _spans(matches: Iterable[Match]) -> list[Span]:
    """Spans of the matches in order, of overlapping ones the longest."""
    spans: list[Span] = []
    for start, end in sorted({(match.start, match.end) for match in matches}, key=lambda span: (span[0] - span[1], span[0])):
        if not any(first < end and start < last for first, last in spans):
            spans.append((start, end))
    return sorted(spans)


def _in_text(reading: Reading, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans of the reading as spans of `Post.text`; those in the title are left out."""
    return tuple((start - reading.offset, end - reading.offset) for start, end in spans if start >= reading.offset)


def _inherited(reading: Reading, slug: str) -> Subject:
    return Subject(brand=slug, found="thread", sentences=_in_text(reading, reading.sentences))
