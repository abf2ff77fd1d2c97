"""Names that are ordinary words too («Открытие», «Альфа», «Точка»): when is the company meant?

The rule to know: an ordinary word is a company only where something shows it, and never beside a word for another thing that
is called so («поколение Альфа», «альфа-версия», «кафе "Точка"»). One of these is enough:
1. it has a capital where others have none: within a sentence in lower case, or in each word of a longer name;
2. it stands in quotes with a capital: «Открытие»; or is a Latin spelling with a capital, which is no word in English: "Alfa";
3. a word for a company stands beside it: «банк открытие», «Точка Банк», «Банк: Точка», or a word for a service right before: «карта
   альфы»;
4. it is listed with a company («Сбер, ВТБ, альфа»), or what only a company does comes after it: «Открытие лишили лицензии»;
5. it has a capital, and the post names the company elsewhere, it is a hashtag, or the author advises: «Альфу не советую»;
6. it stands where a company can (first in the sentence, after a preposition, beside another brand, as a hashtag, or the
   post names the company elsewhere) and the sentence speaks of money, of the brand's products, of being a client or of
   another brand: «в альфе опять висит перевод», «ушли в альфу».
Without a capital of its own (1, 2) it is never meant before a noun in the genitive: «открытие счёта», «точка зрения»; names
of an action («открытие», «возрождение») need one of 1 to 4; words of a longer name stand in one case («почта банка» is mail).
"""

from __future__ import annotations

from dataclasses import dataclass

from nlp.alias import Match
from nlp.inflection import cases, forms, is_genitive, is_infinitive, verb_forms
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
OTHER_THINGS = (
    "поколение", "группа", "отряд", "спецназ", "подразделение", "версия", "релиз", "сборка", "тест", "тестер", "тестирование", "канал",
    "тип", "лига", "проект", "позывной", "метод", "стадия", "кафе", "отель", "гостиница", "ресторан", "бар", "клуб", "улица",
    "звезда", "созвездие", "буква", "частица", "излучение", "распад", "ритм", "волна", "самец", "самка", "мужчина", "мужик", "волк",
    "кличка", "имя", "собака",
    "generation", "gen", "male", "version", "release", "channel", "test", "tester", "testing", "wolf", "particle", "wave", "force",
    "variant", "squad", "centauri",
)  # fmt: skip
"""What else is called by such names."""
ACTS = (
    "обмануть", "обманывать", "кинуть", "навязать", "навязывать", "списать", "списывать", "заблокировать", "блокировать", "отказать",
    "отказывать", "одобрить", "украсть", "прислать", "присылать", "названивать", "спамить", "игнорировать", "молчать", "начислить",
    "начислять", "впарить", "впаривать", "лишить", "лишиться", "санировать", "обанкротиться",
)  # fmt: skip
"""What only a company does, or is done to it."""
ENGLISH_ACTS = word_set("charged charges refused refuses blocked refunded declined froze stole scammed cancelled canceled ignores ignored")
ADVICE = word_set(
    "советую советуем рекомендую рекомендуем доверяю доверяем посоветую посоветовал посоветовала порекомендую recommend trust avoid"
)
BETWEEN_ACTS = word_set("не мне меня нам нас опять снова уже просто just has have")
CLIENT_VERBS = word_set(
    "доволен довольна недоволен недовольна разочарован разочарована "
    "пользуюсь пользуемся пользовался пользовалась ушел ушла ушли уйду перешел перешла перешли перейду обслуживаюсь joined switched left"
)
CONJUNCTIONS = word_set("и или либо чем and or vs than")
THANKS = word_set("спасибо thanks thank")
PREPOSITIONS = word_set("в во из на от у с со к ко про через за о об для без кроме вместо at from with to via by in about for than")
OPENING, CLOSING = "«\"“„'‘", "»\"”“'’"

COMPANY = frozenset().union(*(forms(word) for word in COMPANY_WORDS))
SERVICE = CLIENT_VERBS.union(*(forms(word) for word in SERVICE_WORDS))
OTHER = frozenset().union(*(forms(word) for word in OTHER_THINGS))
DOES = ENGLISH_ACTS.union(*(verb_forms(word) for word in ACTS))


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
    names: frozenset[int]
    """Numbers of the tokens that name a company, this one or another, surely or not."""
    company_near: bool
    """Another brand is named in the sentence."""
    listed: bool
    """It stands in a list with another brand."""
    known: bool
    """The post names the brand elsewhere without doubt, or its target says so."""
    latin: frozenset[str]
    """Latin spellings of the brand's Russian names."""


def is_company(place: Place, match: Match, written: str) -> bool:
    """Whether the ordinary word at the match means the company. `written`: the alias as the brands file has it."""
    before, following = _next_to(place, match, -1), _next_to(place, match, 1)
    if not _in_one_case(place.tokens[match.first : match.last + 1], written) or _is_other_thing(place, match, before, following, written):
        return False
    capital = _has_capital(place, match, written)
    if capital and (_in_quotes(place, match) or _inside_lower_case(place, match) or _is_latin_name(place, match, following)):
        return True
    if following is not None and is_genitive(following.word) and not (before is not None and before.word == "у"):
        return False
    if (
        _is_one_name(place.tokens[match.first : match.last + 1], written)
        or _beside_company(place, before, following)
        or (capital and _is_labelled(place, match))
        or place.listed
        or _acts(place, match)
        or (place.known and capital)
    ):
        return True
    if fold(written).endswith("ие"):
        return False
    hashtag = place.tokens[match.first].kind is Kind.HASHTAG
    if capital and (hashtag or _is_advised(place, match)):
        return True
    preposition = before is not None and before.word in PREPOSITIONS
    among = place.company_near and ((before is not None and before.word in CONJUNCTIONS) or _is_paired(place, match))
    stands = match.first == place.first or hashtag or preposition or among or place.known
    return stands and (place.company_near or _speaks_of_service(place, match))


def _in_one_case(named: list[Token], written: str) -> bool:
    """Whether the words of a longer name agree, or only its last word is inflected: «Почте Банке», «в почта банке»."""
    base = [token.word for token in tokens(written)]
    if len(named) < 2 or [token.word for token in named[:-1]] == base[:-1]:
        return True
    return bool(frozenset.intersection(*(cases(token.word) for token in named)))


def _is_one_name(named: list[Token], written: str) -> bool:
    """Whether words that would not stand together otherwise do: «почта банком»."""
    *before, last = [token.word for token in named]
    as_written = before == [token.word for token in tokens(written)][:-1]
    return bool(before) and as_written and "gent" not in cases(last) and not frozenset.intersection(*map(cases, [*before, last]))


def _has_capital(place: Place, match: Match, written: str) -> bool:
    word = place.text[match.start : match.end]
    return word.isupper() if written.isupper() and len(written) > 1 else word[:1].isupper()


def _in_quotes(place: Place, match: Match) -> bool:
    before, after = place.text[match.start - 1 : match.start], place.text[match.end : match.end + 1]
    return bool(before) and bool(after) and before in OPENING and after in CLOSING


def _inside_lower_case(place: Place, match: Match) -> bool:
    """Whether a capital says something here: not at the beginning, not in a heading, not in a text that shouts.

    Neither the first word of the sentence nor names of companies count. A longer name may stand anywhere where each of its
    words has a capital.
    """
    named = place.tokens[match.first : match.last + 1]
    whole = len(named) > 1 and all(place.text[token.start].isupper() for token in named)
    before = place.text[place.tokens[match.first - 1].end : match.start] if match.first > place.first else ":"
    if not whole and any(mark in before for mark in ":•\n"):
        return False
    numbers = (at for at in range(place.first + 1, place.last + 1) if at not in place.names)
    cased = [letter for letter in (place.text[place.tokens[at].start] for at in numbers) if letter.isalpha()]
    if not cased:
        return whole or "," in before
    return sum(letter.islower() for letter in cased) * 2 >= len(cased)


def _is_other_thing(place: Place, match: Match, before: Token | None, following: Token | None, written: str) -> bool:
    """Whether the word beside it says that something else is called so: «альфа-версия», «поколение Альфа»."""
    if following is not None and following.word in OTHER:
        return True
    return before is not None and before.word in OTHER and fold(place.text[match.start : match.end]) == fold(written)


def _is_paired(place: Place, match: Match) -> bool:
    """Whether it stands beside a company after a comma, and the sentence goes on after a mark: «сбер, альфа — кто лучше?»."""
    if match.first - 1 not in place.names or match.first == place.first or match.last == place.last:
        return False
    last = place.tokens[match.first - 1]
    known, own = cases(last.word), cases(place.tokens[match.first].word)
    agree = not known or not own or known & own
    mark = place.text[match.end : place.tokens[match.last + 1].start].strip()
    return bool(agree) and bool(mark) and place.text[last.end : match.start].strip() == ","


def _is_latin_name(place: Place, match: Match, following: Token | None) -> bool:
    """Whether it is the Latin spelling of a Russian name, and no part of another name: "Alfa rocks", but "Alfa Romeo"."""
    word = place.text[match.start : match.end]
    if fold(word) not in place.latin or word.isupper() or place.first == place.last:
        return False
    if following is None or following.word == "i" or match.last + 1 in place.names:
        return True
    return place.text[following.start].islower() and following.word not in CONJUNCTIONS and following.word != "of"


def _acts(place: Place, match: Match) -> bool:
    """Whether what only a company does comes right after: «Альфа опять списала»."""
    end = match.end
    for token in place.tokens[match.last + 1 : place.last + 1]:
        if place.text[end : token.start].strip():
            return False
        if token.word not in BETWEEN_ACTS:
            return token.word in DOES
        end = token.end
    return False


def _is_advised(place: Place, match: Match) -> bool:
    """Whether the author recommends it or warns against it, and not what can be done with it («Точку ставить не советую»)."""
    words = [token.word for token in _others(place, match)]
    return any(word in ADVICE for word in words) and not any(is_infinitive(word) for word in words)


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
    if before is not None and any(before.word in words for words in (COMPANY, SERVICE, THANKS, place.products)):
        return True
    return following is not None and following.word in COMPANY


def _is_labelled(place: Place, match: Match) -> bool:
    """Whether a word for a company and a colon or a dash stand before it: «Банк — Точка»."""
    if match.first == place.first:
        return False
    before = place.tokens[match.first - 1]
    return before.word in COMPANY and place.text[before.end : match.start].strip() in (":", "—", "–", "-")


def _speaks_of_service(place: Place, match: Match) -> bool:
    return any(token.word in COMPANY or token.word in SERVICE or token.word in place.products for token in _others(place, match))
