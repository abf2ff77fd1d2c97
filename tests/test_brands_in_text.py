"""Brands and products are found in inflected Russian and English, and companies that only share letters are not."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawlers.brand import read_brands
from crawlers.post import Post
from nlp.brands import Finder, Subject
from nlp.inflection import forms
from nlp.text import word_set

FINDER = Finder(read_brands(Path(__file__).parent / "recorded" / "brands"))
SHIPPED = Finder(read_brands(Path(__file__).parents[1] / "dags"))


def post(text: str, **values: Any) -> Post:
    return Post(id="p", site="test", source="files", text=text, collected=datetime(2026, 11, 1, tzinfo=UTC), **values)


def found(text: str, **values: Any) -> set[str]:
    return {f"{subject.brand}/{subject.product}".removesuffix("/general") for subject in FINDER.find(post(text, **values))}


def subject(text: str, brand: str, slug: str = "general", /, **values: Any) -> Subject:
    [only] = [each for each in FINDER.find(post(text, **values)) if (each.brand, each.product) == (brand, slug)]
    return only


def shown(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in spans]


CASES = [
    # cases of the language
    ("Сбером доволен", "sber"),
    ("перевёл из Сбера в Тинькофф", "sber tbank"),
    ("сбербанке опять очередь", "sber"),
    ("тинькоффа больше не будет", "tbank"),
    ("Тиньку спасибо", "tbank"),
    ("долго звонил в Райффайзен", "raif"),
    ("райфом пользуюсь давно", "raif"),
    ("Банком Москвы я недоволен", "bm"),
    ("в Банке Москвы хамят", "bm"),
    ("в банка москвы", "bm"),
    ("обслуживаюсь в Почте Банке", "pochta"),
    ("взял заём в Почта Банке", "pochta"),
    ("перешёл на Теле2", "tele2"),
    ("в ВТБшном отделе", "vtb"),
    ("сберовский сервис", "sber"),
    ("тинькоффские цены", "tbank"),
    ("МТСом не пользуюсь", "mts"),
    ("ТИНЬКОФФОМ ДОВОЛЕН", "tbank"),
    ("У Т-Банка сбой", "tbank"),
    ("в Тинькофф Инвестициях зависло", "tbank tbank/invest"),
    # English
    ("Alfa's app keeps crashing", "alfa alfa/app"),
    ("Sberbank is down again", "sber"),
    ("I moved to Tinkoff last year", "tbank"),
    ("Tinkoff’s card is fine", "tbank tbank/black"),
    ("bank of moscow closed my branch", "bm"),
    ("Raiffeisen's fees", "raif"),
    ("Delta cancelled my flight", "delta delta/flight"),
    ("I flew with Delta yesterday", "delta"),
    # spelling: hyphens, quotes, case, alphabets, ё, invisible marks
    ("Альфа Банк молодцы", "alfa"),
    ("альфабанк", "alfa"),
    ("АЛЬФА-БАНК", "alfa"),
    ("Альфа-банком недоволен", "alfa"),
    ("«Альфа-Банк» и 'ВТБ'", "alfa vtb"),
    ('банк "Открытие" вернул деньги', "otkritie"),
    ('Альфа "Банк"', "alfa"),
    ("сбер банк лучший", "sber"),
    ("Сбер-банк", "sber"),
    ("Tele 2 и теле 2", "tele2"),
    ("tele2", "tele2"),
    ("ВТБ 24 закрыли", "vtb"),
    ("т банк, тбанк, Т—банк", "tbank"),
    ("BTБ опять лежит", "vtb"),
    ("MTC не ловит", "mts"),
    ("Cбepбaнк с латинскими буквами", "sber"),
    ("Сбе\u0301р с ударением", "sber"),
    ("Сбер\u00adбанк с переносом", "sber"),
    ("тинёк и тинек", "tbank"),
    ("Tinkoffом доволен", "tbank"),
    ("в Tinkoff'е", "tbank"),
    ("tinkoff.Потом", "tbank"),
    ("Плохо.Сбербанк молчит", "sber"),
    ("megafon не работает", "megafon"),
    ("мегафон не работает", "megafon"),
    # hashtags, handles, links
    ("#сбербанк", "sber"),
    ("#AlfaBank #sberbank", "alfa sber"),
    ("#альфа_банк", "alfa"),
    ("#МТСБанк", "mtsbank"),
    ("#СбербанкОнлайн не пускает", "sber sber/app"),
    ("#ТинькоффВрёт", "tbank"),
    ("@alfa_bank ответьте", "alfa"),
    ("@AlfaBank_ru ответьте", "alfa"),
    ("@tele2kz и @by_mts", "tele2 mts"),
    ("@sberbank", "sber"),
    ("https://www.sberbank.ru/ru/person", "sber"),
    ("зайдите на alfabank.ru.", "alfa"),
    ("http://vk.com/alfabank/wall", "alfa"),
    ("пишите на help@vtb.ru", "vtb"),
    ("online.vtb.ru лежит", "vtb"),
    ("t.me/sberbank", "sber"),
    # the longest name
    ("МТС Банк отказал", "mtsbank"),
    ("в МТС-Банке отказали", "mtsbank"),
    ("мтсбанком недоволен", "mtsbank"),
    ("МТС, банк тут ни при чём", "mts"),
    ("МТС. Банк", "mts"),
    ("у МТС и МТС Банка", "mts mtsbank"),
    ("ВТБ Мои Инвестиции зависли", "vtb vtb/invest"),
    ("карта Сбера лучше карты Тинькофф", "sber sber/card tbank tbank/black"),
    ("кредитная карта Сбера", "sber sber/credit"),
    # ordinary words that are meant
    ("карты Альфы", "alfa alfa/card"),
    ("ушёл из альфы в тинёк", "alfa tbank"),
    ("в альфе опять висит перевод", "alfa"),
    ("пользуюсь альфой давно", "alfa"),
    ("ушли в альфу, не жалеем", "alfa"),
    ("про сбер или альфу", "sber alfa"),
    ("говорят, Альфа надёжнее", "alfa"),
    ("вклад в Открытии", "otkritie otkritie/deposit"),
    ("перешёл в «Открытие»", "otkritie"),
    ("банк открытие не отвечает", "otkritie"),
    ("открыл счёт в Точке", "tochka"),
    ("Точка банк", "tochka"),
    ("Альфа заблокировала карту", "alfa alfa/card"),
    ("Альфа-Банк помог. Альфа лучшая!", "alfa"),
    # in lists, short sentences and beside what only companies do
    ("Из всех банков (Сбер, ВТБ, Альфа) лучший — Альфа.", "sber vtb alfa"),
    ("Банки: Сбер, ВТБ, Альфа.", "sber vtb alfa"),
    ("Банки: Альфа, Сбер, ВТБ.", "sber vtb alfa"),
    ("банки: сбер, втб, альфа", "sber vtb alfa"),
    ("сбер, втб и открытие", "sber vtb otkritie"),
    ("Сбер/Альфа/ВТБ", "sber vtb alfa"),
    ("сбер/альфа", "sber alfa"),
    ("Люблю Сбер, Альфа хуже", "sber alfa"),
    ("что лучше: сбер, альфа - кто знает?", "sber alfa"),
    ("Спасибо, Альфа!", "alfa"),
    ("спасибо альфе за терпение", "alfa"),
    ("#Альфа ужас", "alfa"),
    ("Альфу никому не советую", "alfa"),
    ("Альфе не доверяю", "alfa"),
    ("Рекомендую Альфу", "alfa"),
    ("Альфой доволен", "alfa"),
    ("Альфа опять списала 99 рублей", "alfa"),
    ("Открытие лишили лицензии", "otkritie"),
    ("Открытие заблокировало всё", "otkritie"),
    ("Почта Банком недоволен", "pochta"),
    ("вчера почта банком обманут", "pochta"),
    ("перевёл всё в Почта банк", "pochta"),
    ("Alfa rocks!", "alfa"),
    ("Alfa charged me twice", "alfa"),
    ("Alfa, you had one job", "alfa"),
    ("alfa charged me twice", "alfa"),
    # the word bank on either side; sites of reviews; instrumental of a surname
    ("Банк МТС отказал", "mtsbank"),
    ("в Банке МТС хамят, а МТС ни при чём", "mtsbank mts"),
    ("банком мтс недоволен", "mtsbank"),
    ("https://www.banki.ru/services/responses/bank/alfabank/ читайте", "alfa"),
    ("www.sravni.ru/bank/tinkoff-bank/otzyvy", "tbank"),
    # what only shares letters, or means something else
    ("поколение Альфа", ""),
    ("Поколение Альфа не ходит в банки", ""),
    ("дети поколения Альфа пользуются Сбером", "sber"),
    ("Вышла Альфа-версия приложения", ""),
    ("Настоящий Альфа-самец в Сбере", "sber"),
    ("собаку зовут по кличке Альфа", ""),
    ("Кафе «Альфа» закрыли", ""),
    ("Альфа", ""),
    ("НЕНАВИЖУ ЭТУ АЛЬФУ", ""),
    ("Alfa and omega", ""),
    ("Alfa Laval makes pumps", ""),
    ("Alfa version of the app", ""),
    ("Delta variant is spreading", ""),
    ("Открытие магазина Сбером", "sber"),
    ("Открытие прошло отлично", ""),
    ("Сбер, открытие офиса", "sber"),
    ("Открытие ресторана не советую", ""),
    ("Точку в этом споре ставить не советую", ""),
    ("Не верьте Сберу, точка.", "sber"),
    ("Не верю ВТБ, точка.", "vtb"),
    ("Взял акции Сбера, альфа у него выше рынка", "sber"),
    ("поставил точку, заблокировал и ушёл", ""),
    ("Хамят. Банк: Точка.", "tochka"),
    ("Наш банк — точка отсчёта", ""),
    ("почта банка не работает", ""),
    ("https://example.com/alfabank/x", ""),
    ("https://www.banki.ru/bank/unknown/", ""),
    ("альфа и омега всего", ""),
    ("вышла альфа-версия игры", ""),
    ("настоящий альфа-самец", ""),
    ("купил Alfa Romeo", ""),
    ("Альфа Страхование не платит", ""),
    ("альфа, бета и гамма", ""),
    ("Альфа. Бета. Гамма.", ""),
    ("открытие счёта заняло час", ""),
    ("Открытие вклада прошло быстро", ""),
    ("при открытии карты обещали", ""),
    ("предложение об открытии", ""),
    ("стадион Открытие Арена", ""),
    ("с моей точки зрения банк хорош", ""),
    ("Деньги вернули. Точка.", ""),
    ("отправил письмо на почту банка", ""),
    ("сберечь деньги, сбережения, Сбережём", ""),
    ("промтсвязь и автомтс", ""),
    ("Жилстройсбербанк", ""),
    ("матч Единой лиги ВТБ", ""),
    ("Олег Тинькофф дал интервью", ""),
    ("заказал на Сбер Мегамаркете", ""),
    ("вебинар в МТС Линк", ""),
    ("белые альфы стаи", ""),
    ("delta of the river", ""),
    ("the delta between two prices", ""),
    ("и т. банк данных", ""),
    ("http://t.co/sberbankX", ""),
    ("скачать с notsberbank.ru", ""),
    ("@sberbank_hater", ""),
    ("просто текст без компаний", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_finds_what_is_meant_and_nothing_else(text: str, expected: str) -> None:
    assert found(text) == set(expected.split())


def test_there_are_enough_cases_of_both_kinds() -> None:
    assert len(CASES) >= 80
    assert sum(not expected for _, expected in CASES) >= 25


def test_spans_are_the_names_as_written() -> None:
    text = "Перешёл из Сбера в «Альфа-Банк», Alfa's app лучше, чем #СберБанк и sberbank.ru."
    assert shown(text, subject(text, "sber").names) == ["Сбера", "СберБанк", "sberbank.ru"]
    assert shown(text, subject(text, "alfa").names) == ["Альфа-Банк", "Alfa"]


def test_the_longest_of_overlapping_names_is_marked() -> None:
    text = "ВТБ Мои Инвестиции — худшее у ВТБ"
    assert shown(text, subject(text, "vtb").names) == ["ВТБ Мои Инвестиции", "ВТБ"]


def test_target_says_whom_the_post_is_about() -> None:
    told = subject("Хамят и не извиняются.", "sber", about=("sber",))
    assert (told.found, told.names, told.sentences) == ("target", (), ((0, 22),))
    assert subject("Сбер хамит", "sber", about=("sber",)).found == "text"


def test_product_needs_a_brand() -> None:
    assert found("приложение висит, ипотека дорогая") == set()
    assert found("приложение висит, ипотека дорогая", about=("vtb",)) == {"vtb", "vtb/app", "vtb/mortgage"}


def test_brand_of_the_target_stands_beside_the_one_that_is_named() -> None:
    text = "Карта удобная. А вот в ВТБ ипотека дороже. Отделение рядом."
    assert found(text, about=("sber",)) == {"sber", "sber/card", "sber/support", "vtb", "vtb/mortgage"}
    assert shown(text, subject(text, "sber", about=("sber",)).sentences) == ["Карта удобная.", "Отделение рядом."]
    assert shown(text, subject(text, "vtb", about=("sber",)).sentences) == ["А вот в ВТБ ипотека дороже."]


def test_product_belongs_to_the_nearest_brand() -> None:
    text = "Ипотека Сбера дешевле, чем ипотека ВТБ"
    assert shown(text, subject(text, "sber", "mortgage").names) == ["Ипотека"]
    assert subject(text, "vtb", "mortgage").names == ((27, 34),)
    assert found("Сбер рядом, но колл-центр ВТБ лучше") == {"sber", "vtb"}, "ВТБ has no support among its products"


def test_each_product_has_the_clauses_that_speak_of_it() -> None:
    text = "Был в Сбере. Приложение отличное, а колл-центр ужасный. Ждал час."
    assert shown(text, subject(text, "sber", "app").sentences) == ["Приложение отличное,"]
    assert shown(text, subject(text, "sber", "support").sentences) == ["а колл-центр ужасный.", "Ждал час."]
    assert shown(text, subject(text, "sber").sentences) == ["Был в Сбере.", "Приложение отличное, а колл-центр ужасный.", "Ждал час."]


def test_clause_belongs_to_the_brand_it_names() -> None:
    text = "У Сбера ипотека 20%, у ВТБ ипотека 18%."
    assert shown(text, subject(text, "sber", "mortgage").sentences) == ["У Сбера ипотека 20%,"]
    assert shown(text, subject(text, "vtb", "mortgage").sentences) == ["у ВТБ ипотека 18%."]


def test_title_counts_and_spans_are_of_the_text_alone() -> None:
    one = subject("Третий день не отвечают", "sber", title="Сбербанк молчит")
    assert (one.found, one.names, one.sentences) == ("text", (), ((0, 23),))
    text = "Сбербанк молчит третий день"
    assert shown(text, subject(text, "sber", title="Сбербанк молчит").names) == ["Сбербанк"]


def test_product_that_the_site_names() -> None:
    one = subject("Всё плохо", "sber", "mortgage", about=("sber",), product="Ипотека на новостройку")
    assert (one.found, one.names, one.kind) == ("target", (), "mortgage")


def test_answer_inherits_the_brand_it_answers() -> None:
    [inherited] = FINDER.find(post("И у меня так же!"), parents=("vtb",))
    assert (inherited.brand, inherited.found, inherited.sentences) == ("vtb", "thread", ((0, 16),))
    [own] = FINDER.find(post("А у Сбера нормально"), parents=("vtb",))
    assert (own.brand, own.found) == ("sber", "text")


def test_general_stands_before_the_products_of_its_brand() -> None:
    order = [(each.brand, each.product) for each in FINDER.find(post("ВТБ: ипотека и приложение. Сбер: ипотека."))]
    assert order == [("vtb", "general"), ("vtb", "mortgage"), ("vtb", "app"), ("sber", "general"), ("sber", "mortgage")]


def test_official_account_is_known() -> None:
    assert FINDER.official(post("Добрый день!", author_id="vk.com:22522055"))
    assert not FINDER.official(post("Добрый день!", author_id="vk.com:1"))


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("БКС дерёт комиссии", "bcs"),
        ("финама терминал", "finam"),
        ("халва от Совкомбанка", "sovcombank"),
        ("Россельхозом доволен", "rshb"),
        ("псб", "psb"),
        ("Тиньковым доволен", "tbank"),
        ("тинь подвёл", "tbank"),
    ],
)
def test_the_brands_file_that_ships(text: str, brand: str) -> None:
    assert brand in {each.brand for each in SHIPPED.find(post(text))}


@pytest.mark.parametrize("text", ["тинь-тинь, звенит капель", "Тинь-тинь!", "встреча с Олегом Тиньковым"])
def test_what_the_brands_file_that_ships_does_not_mean(text: str) -> None:
    assert SHIPPED.find(post(text)) == []


PIECES = word_set(
    "Сбер сбера ВТБ МТС Банк банка МТС-Банк альфа Альфу карта приложение ипотека в и а . , ! « » # @ - sberbank.ru https://vtb.ru/x "
    "Тинькофф Инвестиции открытие счёта Точка зрения не 24 \u0301 🙂 ((( т.е."
)
WORDS = st.lists(st.sampled_from([*sorted(PIECES), "\n"]), max_size=25)


@settings(max_examples=200, deadline=None)
@given(WORDS, st.sampled_from([" ", ""]), st.sampled_from([None, "Отзыв о Сбере"]), st.sampled_from([(), ("vtb",)]))
@example(["https://vtb.ru/x", "sberbank.ru", "ипотека", "карта", ",", "ипотека"], " ", None, ())
def test_spans_are_within_the_text_and_every_brand_has_one_general(
    words: list[str], glue: str, title: str | None, about: tuple[str, ...]
) -> None:
    text = glue.join(words)
    subjects = FINDER.find(post(text, title=title, about=about))
    for each in subjects:
        for start, end in (*each.names, *each.sentences):
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()
        assert list(each.names) == sorted(each.names)
        assert list(each.sentences) == sorted(each.sentences)
    keys = [(each.brand, each.product) for each in subjects]
    assert len(keys) == len(set(keys))
    assert {brand for brand, _ in keys} == {brand for brand, product in keys if product == "general"}


@settings(max_examples=200, deadline=None)
@given(WORDS)
def test_a_longer_name_of_another_brand_leaves_nothing_within_it(words: list[str]) -> None:
    text = " ".join(words)
    spans = {each.brand: each.names for each in FINDER.find(post(text)) if each.product == "general"}
    for outer in spans.get("mtsbank", ()):
        assert not any(outer[0] <= start and end <= outer[1] for start, end in spans.get("mts", ()))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert all(0 <= start <= end <= len(text) for each in FINDER.find(post(text)) for start, end in (*each.names, *each.sentences))


@pytest.mark.parametrize(
    "text",
    [
        "Сбер " * 20_000,
        ")" * 100_000,
        "a" * 100_000 + " vtb.ru",
        "a." * 50_000,
        "vtb.ru! " * 12_000,
        "Сбер, ВТБ и Альфа карта. " * 4_000,
        "😀" * 100_000,
    ],
    ids=["names", "brackets", "letters", "dots", "links", "list", "emoji"],
)
def test_the_longest_posts_are_read_in_a_moment(text: str) -> None:
    started = time.process_time()
    FINDER.find(post(text))
    assert time.process_time() - started < 5


def test_a_name_written_in_one_with_a_word_of_the_dictionary_is_inflected_as_that_word_is() -> None:
    assert {"сберинвестициями", "сберинвестиций", "сберинвестиции"} <= forms("СберИнвестиции")
    assert {"альфастрахованием", "альфастрахованию"} <= forms("АльфаСтрахование", name=True)
    assert forms("СберБанк") >= {"сбербанк", "сбербанком"}
