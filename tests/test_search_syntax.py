"""Words, "a phrase", -word: what search compares and what people may type."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.post import Post
from index.embedded import EmbeddedIndex
from index.query import Query
from index.token import LONGEST, indexed, tokens
from index.words import MOST_TERMS, Term, parse
from nlp.mention import Mention

TEXTS = {
    "first": "Не рекомендую! Ёлки-палки, карта МТС-Банка съела 5% кэшбэка.",
    "second": "Рекомендую банк: the app is running well, don't worry. Обслуживали в отделении на 1-й Тверской.",
    "third": "Банк рекомендую не всем… 👍🏽 iPhone12, за́мок и ﬁn",
    "fourth": "!!! ??? 👍",
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ёлка", "елка"), ("ЁЛКИ", "елка"), ("рекомендую", "рекомендует"), ("картой", "карты"), ("running", "runs"), ("Apps", "app"),
        ("за́мок", "замок"), ("й", "и\u0306"), ("co\u00adoperate", "cooperate"), ("ﬁne", "fine"), ("Ｂａｎｋ", "bank"), ("м²", "м2"),
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one_token(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)
    assert len(tokens(one)) == 1


@pytest.mark.parametrize(("one", "other"), [("банк", "банка́нка"), ("не", "ни"), ("альфа", "alfa"), ("12", "13"), ("й", "и")])
def test_different_words_are_different_tokens(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)


def test_no_word_is_dropped_and_marks_split() -> None:
    assert len(tokens("и не в на the a of")) == 7
    assert tokens("МТС-Банк, 5% (ё)") == ["мтс", "банк", "5", "е"]
    assert tokens("👍🏽 — … _ \n") == []
    assert indexed(None) == indexed("…") == ""


def test_long_runs_are_cut() -> None:
    assert tokens("x" * 5000) == ["x" * LONGEST]
    assert tokens("x" * 5000) == tokens("x" * 4000)


@given(st.text(max_size=60))
def test_tokens_survive_engines_that_split_at_spaces(text: str) -> None:
    found = tokens(text)
    assert indexed(text).split(" ") == found if found else indexed(text) == ""
    for token in found:
        assert token and not any(letter.isspace() or unicodedata.category(letter)[0] in "PSZC" for letter in token)
        assert not any(letter in "_\"'*^" for letter in token)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", []),
        ("  \n ", []),
        ("!!! — … 👍", []),
        ("-", []),
        ('-"', []),
        ("банк", [Term(("банк",))]),
        ("банки БАНК", [Term(("банк",))]),
        ("-банк", [Term(("банк",), True)]),
        ("банк -банк", [Term(("банк",)), Term(("банк",), True)]),
        ("--банк", [Term(("банк",), True)]),
        ("банк - карта", [Term(("банк",)), Term(("карт",))]),
        ("банк — карта", [Term(("банк",)), Term(("карт",))]),
        ('"не рекомендую"', [Term(("не", "рекоменд"))]),
        ("«не рекомендую» “не рекомендую”", [Term(("не", "рекоменд"))]),
        ('-"не рекомендую" карта', [Term(("не", "рекоменд"), True), Term(("карт",))]),
        ('карта "не рекомендую', [Term(("карт",)), Term(("не", "рекоменд"))]),
        ('"" ""', []),
        ("МТС-Банк", [Term(("мтс", "банк"))]),
        ("-banki.ru", [Term(("banki", "ru"), True)]),
        ("банк OR карта AND NOT *", [Term(("банк",)), Term(("or",)), Term(("карт",)), Term(("and",)), Term(("not",))]),
        ("text:банк NEAR(a b)", [Term(("text", "банк")), Term(("near", "a")), Term(("b",))]),
    ],
)
def test_the_syntax(query: str, terms: list[Term]) -> None:
    assert list(parse(query)) == terms


def test_a_pasted_article_is_a_query() -> None:
    assert len(parse(" ".join(f"слово{number}" for number in range(5000)))) == MOST_TERMS
    (phrase,) = parse('"' + " ".join(f"слово{number}" for number in range(5000)) + '"')
    assert len(phrase.tokens) == MOST_TERMS


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedIndex]:
    found = EmbeddedIndex(Path(tmp_path_factory.mktemp("syntax")) / "index")
    posts = [
        Post(id=name, site="s", source="feed", title="О банке", text=text, collected=datetime.now(UTC)) for name, text in TEXTS.items()
    ]
    judgement = {
        "brand": "b", "found": "text", "genre": "opinion", "sentiment": "neutral", "tone": 0, "stance": "none", "recommendation": "none",
        "roles": None, "switch": "none",
    }  # fmt: skip
    found.replace(posts, [Mention(post=post.id, **judgement) for post in posts])  # type: ignore[arg-type]
    yield found
    found.close()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "first second third fourth"),
        ("!!!", "first second third fourth"),
        ("рекомендует", "first second third"),
        ('"не рекомендую"', "first"),
        ('рекомендую -"не рекомендую"', "second third"),
        ("-рекомендую", "fourth"),
        ("-рекомендую -палка", "fourth"),
        ("рекомендую -рекомендую", ""),
        ("елка", "first"),
        ("мтс-банк", "first"),
        ('"палки карта"', "first"),
        ('"карта палки"', ""),
        ("банки", "first second third fourth"),
        ('"банке не"', ""),
        ("runs app", "second"),
        ("don't", "second"),
        ("iphone12", "third"),
        ("iphone", ""),
        ("5", "first"),
    ],
)
def test_what_is_found(index: EmbeddedIndex, query: str, names: str) -> None:
    found = {hit.post.id for hit in index.search(Query(text=query)).hits}
    assert found == set(names.split())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.text(max_size=10), st.sampled_from(['"', "-", "*", "(", ")", "AND", "NEAR", "title:", "банк", "«", "\x00", "'"])),
        max_size=8,
    )
)
def test_any_input_is_a_query(index: EmbeddedIndex, pieces: list[str]) -> None:
    for query in ("".join(pieces), " ".join(pieces)):
        assert 0 <= index.count(Query(text=query))[""] <= len(TEXTS)
