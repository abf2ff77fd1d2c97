"""Sentences, tokens, clauses and languages of texts as people type them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.language import language
from nlp.text import Kind, clauses, fold, sentences, tokens


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Плохо.Звонил три раза.Не ответили", ["Плохо.", "Звонил три раза.", "Не ответили"]),
        ("Офис на ул. Ленина 5. Ждал час.", ["Офис на ул. Ленина 5.", "Ждал час."]),
        ("т.е. через 2 мес. сняли 1.5 тыс. руб. Банк молчит", ["т.е. через 2 мес. сняли 1.5 тыс. руб.", "Банк молчит"]),
        ("Хамство!!! Ужас?! Да...", ["Хамство!!!", "Ужас?!", "Да..."]),
        ("ну... не знаю… может быть", ["ну... не знаю… может быть"]),
        ("всё плохо. не советую", ["всё плохо.", "не советую"]),
        ("Спасибо))) Всем рекомендую :) Удачи", ["Спасибо)))", "Всем рекомендую :)", "Удачи"]),
        ("Первая строка\nпродолжается здесь\nНовая строка", ["Первая строка\nпродолжается здесь", "Новая строка"]),
        ("раз\n\nдва", ["раз", "два"]),
        ("И. И. Иванов, г. Москва, в 2014 г. Банк открылся", ["И. И. Иванов, г. Москва, в 2014 г.", "Банк открылся"]),
        ("Mr. Smith waited. Then he left", ["Mr. Smith waited.", "Then he left"]),
        ("Сайт alfabank.ru/help лежит.Звонил", ["Сайт alfabank.ru/help лежит.", "Звонил"]),
        ("Он сказал «Ждите.» Ушёл", ["Он сказал «Ждите.»", "Ушёл"]),
        ("Ура! наконец-то", ["Ура!", "наконец-то"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='абВГ .!?…)(:\n"«»1т.е', max_size=60))
def test_sentences_lose_nothing_and_do_not_overlap(text: str) -> None:
    spans = sentences(text)
    assert (
        "".join(text[start:end] for start, end in spans).split()
        == "".join(text[max(0, start) : end] for start, end in sorted(spans)).split()
    )
    covered = {at for start, end in spans for at in range(start, end)}
    assert {at for at, letter in enumerate(text) if not letter.isspace()} <= covered
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


def test_clauses_turn() -> None:
    text = "Приложение отличное, а поддержка ужасная; офис но рядом"
    assert [text[start:end] for start, end in clauses(text, (0, len(text)))] == [
        "Приложение отличное,",
        "а поддержка ужасная;",
        "офис но рядом",
    ]
    english = "The app is great but support is awful"
    assert [english[start:end] for start, end in clauses(english, (0, len(english)))] == ["The app is great", "but support is awful"]


def test_tokens_are_words_hashtags_handles_and_links() -> None:
    text = "@AlfaBank, #альфа_банк: Alfa’s https://alfabank.ru/x, a.b@vtb.ru и 24!"
    assert [(text[token.start : token.end], token.kind) for token in tokens(text)] == [
        ("AlfaBank", Kind.HANDLE),
        ("альфа_банк", Kind.HASHTAG),
        ("Alfa", Kind.WORD),
        ("https://alfabank.ru/x", Kind.LINK),
        ("a.b@vtb.ru", Kind.LINK),
        ("и", Kind.WORD),
        ("24", Kind.WORD),
    ]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Тинёк", "тинек"),
        ("BTБ", "втб"),
        ("Tеле2", "теле2"),
        ("Telе2", "tele2"),
        ("Сбе\u0301р", "сбер"),
        ("Сбер\u00adбанк", "сбербанк"),
        ("ＶＴＢ", "vtb"),
        ("Йога", "йога"),
        ("Alfa", "alfa"),
        ("HOME", "home"),
        ("ТОP100", "тор100"),
    ],
)
def test_words_are_compared_folded(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Сбербанк опять лежит с утра", "ru"),
        ("Alfa bank app is down again", "en"),
        ("Карта Visa и Apple Pay не работают в приложении", "ru"),
        ("Мені дуже подобається цей банк, але їх підтримка жахлива", "uk"),
        ("Мне вельмі падабаецца гэты банк, але ў іх дрэнная падтрымка", "be"),
        ("Бұл банк өте жақсы қызмет көрсетеді", "kk"),
        ("Das ist nicht gut und die Bank ist sehr schlecht", "de"),
        ("Esta es una buena tarjeta pero el banco no me gusta", "es"),
        ("这家银行很好用非常好", "zh"),
        ("ეს ბანკი ძალიან კარგია", "ka"),
        ("ок", None),
        ("!!! 5 :)", None),
        ("", None),
    ],
)
def test_language(text: str, expected: str | None) -> None:
    assert language(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Сбер не работает, не отвечает, не советую", "ru"),
        ("не от них не от них не дождёшься помощи", "ru"),
        ("Не звонить! Не писать! Не беспокоить!", "ru"),
        ("ми-ми-ми какой банк", "ru"),
        ("Много платил, много ждал, само собой ушёл", "ru"),
        ("ну шо там, сбер лежит?", "ru"),
        ("Съел деньги и не подавился, объявление у подъезда", "ru"),
        ("тинькоф лутше сбера в сто раз", "ru"),
        ("Sber ne rabotaet uzhe tri dnya", "ru"),
        ("ochen dovolen tinkoffom", "ru"),
        ("Alfa luchshe chem sber, ya dovolen", "ru"),
        ("Why do banks do what they do?", "en"),
        ("Do me a favour and avoid VTB", "en"),
        ("Delta canceled my flight", "en"),
        ("It's a no from me, so long", "en"),
        ("VTB refused, Sber approved", "en"),
        ("Die hard fans of this bank, pour more money in", "en"),
        ("Много съм доволен от приложението, препоръчвам", "bg"),
        ("Не ви съветвам да теглите кредит от тази банка", "bg"),
        ("Не раджу цей банк, гроші так і не повернули", "uk"),
        ("Шчыра дзякуй супрацоўнікам за дапамогу", "be"),
        ("Апликација је одлична, све препоруке", "sr"),
        ("Қосымша тағы жұмыс істемейді", "kk"),
        ("Bank znowu nie działa, nie polecam nikomu", "pl"),
        ("Meine Karte wurde ohne Grund gesperrt", "de"),
        ("La aplicación no funciona desde ayer", "es"),
        ("Meu cartão foi bloqueado sem motivo", "pt"),
        ("La banque ne répond pas depuis trois jours", "fr"),
        ("Uygulama sürekli çöküyor", "tr"),
        ("La banca non risponde mai al telefono", "it"),
        ("Kartamni bloklab qo'yishdi, hech kim javob bermayapti", "uz"),
        ("Eng yaxshi bank shu", "uz"),
        ("Sehr gute Bank", "de"),
        ("Kartim calismiyor, para iade edilmedi", "tr"),
        ("Картку заблокували без пояснень", "uk"),
        ("Абдан жакшы банк, баарына сунуштайм", "ky"),
        ("Lumen 这家银行太差了", "zh"),
        ("Oformila kartu onlain, dostavili zavtra", "ru"),
        ("открыть счëт без фотографирования", "ru"),
        ("СКАМ БАНК ЛЮМЕН НЕ ВЕДИТЕСЬ", "ru"),
        ("no cap lumenbank goated", "en"),
    ],
)
def test_russian_and_english_are_not_taken_for_others_nor_others_for_them(text: str, expected: str) -> None:
    assert language(text) == expected


@pytest.mark.parametrize(
    ("text", "stated", "expected"),
    [
        ("Сбер топ", "RU", "ru"),
        ("Сбер топ", "ru-RU", "ru"),
        ("Sber rocks", "EN_us", "en"),
        ("Много съм доволен от банката", "ru", "bg"),
        ("Банката не отговаря на никого", "ru", "ru"),
        ("Bank nie odpowiada na telefon i nie pomaga", "en", "en"),
        ("Bank znowu nie działa, nie polecam", "en", "pl"),
        ("Super App, klappt alles prima", "de", "de"),
        ("Alfa bank app is down again and nobody answers", "ru", "en"),
        ("Сбербанк опять лежит с утра", "uk", "ru"),
        ("", "ru", "ru"),
    ],
)
def test_what_is_stated_is_believed_unless_the_letters_speak_against_it(text: str, stated: str, expected: str) -> None:
    assert language(text, stated) == expected
