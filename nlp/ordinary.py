"""Names that are ordinary words too («Открытие», «Альфа», «Точка»): when is the company meant?

The rule to know: an ordinary word is a company only where something shows it. One of these is enough:
1. it has a capital within a sentence that is otherwise in lower case;
2. it stands in quotes with a capital: «Открытие»;
3. a word for a company stands beside it: «банк открытие», «Точка Банк», or a word for a service right before: «карта альфы»;
4. it stands where a company can (first in the sentence, after a preposition, beside another brand, as a hashtag, or the
   post names the company elsewhere) and the sentence speaks of money, of the brand's products, of being a client or of
   another brand: «в альфе опять висит перевод», «ушли в альфу».
Without a capital of its own (1, 2) it is never meant before a noun in the genitive: «открытие счёта», «точка зрения»; names
of an action («открытие», «возрождение») need one of 1 to 3; words of a longer name stand in one case («почта банка» is mail).
"""

from __future__ import annotations

from dataclasses import dataclass

from nlp.alias import Match
from nlp.inflection import cases, forms, is_genitive
from nlp.text import Kind, Token, fold, tokens, word_set

COMPANY_WORDS = (
    "банк", "брокер", "оператор", "страховая", "компания", "маркетплейс", "авиакомпания", "провайдер", "биржа", "холдинг", "магазин",
    "bank", "broker", "brokerage", "insurance", "airline", "airlines", "company", "group", "store", "finance", "investments",
)  # fmt: skip
SERVICE_WORDS = (
    "карта", "карточка", "счет", "вклад", "кредит", "кредитка", "ипотека", "перевод", "деньги", "приложение", "отделение", "офис",
    "поддержка", "клиент", "банкомат", "тариф", "комиссия", "кэшбэк", "кешбэк", "процент", "процентный", "страховка", "полис", "акция",
    "облигация", "терминал", "чат", "менеджер", "сотрудник", "зарплата", "интернет", "связь", "симка", "смс", "дебетовый", "дебетовка",
    "app", "card", "account", "loan", "mortgage", "deposit", "transfer", "money", "support", "customer", "client", "fee", "fees",
    "branch", "credit", "debit", "insurance", "policy", "flight", "ticket", "delivery",
)  # fmt: skip
CLIENT_VERBS = word_set(
    "пользуюсь пользуемся пользовался пользовалась ушел ушла ушли уйду перешел перешла перешли перейду обслуживаюсь joined switched left"
)
CONJUNCTIONS = word_set("и или либо чем and or vs than")
PREPOSITIONS = word_set("в во из на от у с со к ко про через за о об для без кроме вместо at from with to via by in about for than")
OPENING, CLOSING = "«\"“„'‘", "»\"”“'’"

COMPANY = frozenset().union(*(forms(word) for word in COMPANY_WORDS))
SERVICE = CLIENT_VERBS.union(*(forms(word) for word in SERVICE_WORDS))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an ordinary word stands, and what is known there."""

    text: str
    tokens: list[Token]
    first: int
    """Number of the first token of its sentence."""
    last: int
    """Number of the last token of its sentence."""
    products: frozenset[str]
    """Words of the brand's products, all forms."""
    company_near: bool
    """Another brand is named in the sentence."""
    known: bool
    """The post names the brand elsewhere without doubt, or its target says so."""


def is_company(place: Place, match: Match, written: str) -> bool:
    """Whether the ordinary word at the match means the company. `written`: the alias as the brands file has it."""
    if not _in_one_case(place.tokens[match.first : match.last + 1], written):
        return False
    capital = _has_capital(place, match, written)
    if capital and (_in_quotes(place, match) or _inside_lower_case(place, match)):
        return True
    following = _next_to(place, match, 1)
    before = _next_to(place, match, -1)
    if following is not None and is_genitive(following.word) and not (before is not None and before.word == "у"):
        return False
    if _beside_company(place, before, following) or (place.known and capital):
        return True
    if fold(written).endswith("ие"):
        return False
    hashtag = place.tokens[match.first].kind is Kind.HASHTAG
    preposition = before is not None and before.word in PREPOSITIONS
    among = before is not None and before.word in CONJUNCTIONS and place.company_near
    stands = match.first == place.first or hashtag or preposition or among or place.known
    return stands and (place.company_near or _speaks_of_service(place, match))


def _in_one_case(named: list[Token], written: str) -> bool:
    """Whether the words of a longer name agree, or only its last word is inflected: «Почте Банке», «в почта банке»."""
    base = [token.word for token in tokens(written)]
    if len(named) < 2 or [token.word for token in named[:-1]] == base[:-1]:
        return True
    return bool(frozenset.intersection(*(cases(token.word) for token in named)))


def _has_capital(place: Place, match: Match, written: str) -> bool:
    word = place.text[match.start : match.end]
    return word.isupper() if written.isupper() and len(written) > 1 else word[:1].isupper()


def _in_quotes(place: Place, match: Match) -> bool:
    before, after = place.text[match.start - 1 : match.start], place.text[match.end : match.end + 1]
    return bool(before) and bool(after) and before in OPENING and after in CLOSING


def _inside_lower_case(place: Place, match: Match) -> bool:
    """Whether a capital says something here: not at the beginning, not in a heading, not in a text that shouts."""
    if match.first == place.first or any(mark in place.text[place.tokens[match.first - 1].end : match.start] for mark in ":•\n"):
        return False
    letters = [place.text[token.start] for token in _others(place, match)]
    cased = [letter for letter in letters if letter.isalpha()]
    return sum(letter.islower() for letter in cased) * 2 >= len(cased)


def _others(place: Place, match: Match) -> list[Token]:
    """The other words of the sentence."""
    return place.tokens[place.first : match.first] + place.tokens[match.last + 1 : place.last + 1]


def _next_to(place: Place, match: Match, step: int) -> Token | None:
    """The word right before (-1) or after (1) in the sentence, with no punctuation between but quotes and hyphens."""
    at = match.first - 1 if step < 0 else match.last + 1
    if not place.first <= at <= place.last:
        return None
    token = place.tokens[at]
    between = place.text[token.end : match.start] if step < 0 else place.text[match.end : token.start]
    return token if all(mark.isspace() or mark in OPENING or mark in CLOSING or mark in "-–" for mark in between) else None


def _beside_company(place: Place, before: Token | None, following: Token | None) -> bool:
    if before is not None and (before.word in COMPANY or before.word in SERVICE or before.word in place.products):
        return True
    return following is not None and following.word in COMPANY


def _speaks_of_service(place: Place, match: Match) -> bool:
    return any(token.word in COMPANY or token.word in SERVICE or token.word in place.products for token in _others(place, match))
