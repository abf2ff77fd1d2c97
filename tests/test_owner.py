"""A product goes to the company that the author speaks of, not to the one that only stands nearest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.brand import Brands
from crawlers.post import Post
from nlp.brands import Finder, Subject

PRODUCTS = [
    {"slug": "app", "name": {"ru": "Приложение", "en": "App"}, "kind": "app_online", "aliases": ["mobile app"]},
    {"slug": "deposit", "name": {"ru": "Вклад", "en": "Deposit"}, "kind": "deposit"},
    {"slug": "loan", "name": {"ru": "Кредит", "en": "Loan"}, "kind": "loan"},
    {"slug": "mortgage", "name": {"ru": "Ипотека", "en": "Mortgage"}, "kind": "mortgage"},
    {"slug": "card", "name": {"ru": "Карта", "en": "Card"}, "kind": "debit_card"},
]
NAMES = {"sber": {"ru": "Сбер", "en": "Sber"}, "vtb": {"ru": "ВТБ", "en": "VTB"}, "alfa": {"ru": "Альфа-Банк", "en": "Alfa-Bank"}}
FINDER = Finder(Brands.model_validate({"brands": [{"slug": slug, "name": name, "products": PRODUCTS} for slug, name in NAMES.items()]}))


def products(text: str, **values: Any) -> dict[str, Subject]:
    post = Post(id="p", site="test", source="files", text=text, collected=datetime(2026, 11, 1, tzinfo=UTC), **values)
    return {f"{each.brand}/{each.product}": each for each in FINDER.find(post) if each.product != "general"}


def said(text: str, key: str) -> list[str]:
    return [text[start:end] for start, end in products(text)[key].sentences]


CONTRASTS = [
    # a clause each
    ("У Сбера отличное приложение, а у ВТБ ужас", "sber/app"),
    ("Кредит брал в ВТБ, вклад в Сбере", "vtb/loan sber/deposit"),
    ("В ВТБ взял ипотеку, Сбер отказал", "vtb/mortgage"),
    ("В Сбере хороший вклад, Альфа-Банк хуже", "sber/deposit"),
    ("I like Sber's mobile app, VTB is worse", "sber/app"),
    ("Сбер отказал в ипотеке, ВТБ дал", "sber/mortgage"),
    ("Сбер отказал, ипотеку дал ВТБ", "vtb/mortgage"),
    ("У Сбера ипотека 20%, у ВТБ ипотека 18%", "sber/mortgage vtb/mortgage"),
    ("ВТБ закрыл мне вклад, зато Сбер дал карту", "vtb/deposit sber/card"),
    ("Приложение у ВТБ лагает, у Сбера карта удобная", "vtb/app sber/card"),
    ("Сбер: приложение супер, ВТБ: вклад так себе", "sber/app vtb/deposit"),
    ("Держу вклад в Альфа-Банке; в Сбере только карта", "alfa/deposit sber/card"),
    ("Вклад — Сбер, ипотека — ВТБ", "sber/deposit vtb/mortgage"),
    ("Ипотека в Сбере, карта и вклад в ВТБ", "sber/mortgage vtb/card vtb/deposit"),
    ("Сбер закрыл мне карту, а вклад и ипотека в ВТБ остались", "sber/card vtb/deposit vtb/mortgage"),
    ("Взял кредит в Сбере и вклад в ВТБ открыл", "sber/loan vtb/deposit"),
    ("В Сбере взял кредит и в ВТБ открыл вклад", "sber/loan vtb/deposit"),
    ("Кредит в ВТБ вклад в Сбере", "vtb/loan sber/deposit"),
    ("В ВТБ вклад в Сбере карта", "vtb/deposit sber/card"),
    ("Не в Сбере, а в ВТБ взял ипотеку", "vtb/mortgage"),
    ("Ипотеку взял в ВТБ, а не в Сбере", "vtb/mortgage"),
    # compared with
    ("Приложение Сбера лучше, чем у ВТБ", "sber/app"),
    ("Приложение ВТБ лучше Сбера", "vtb/app"),
    ("Сбер лучше ВТБ по вкладам", "sber/deposit"),
    ("Сбер лучше, чем ВТБ, приложение удобнее", "sber/app"),
    ("Сбер удобнее ВТБ. Приложение не виснет.", "sber/app"),
    ("В отличие от ВТБ, у Сбера приложение работает", "sber/app"),
    ("Сбер, в отличие от ВТБ, приложение обновляет", "sber/app"),
    ("По сравнению со Сбером приложение ВТБ летает", "vtb/app"),
    ("Вклад в ВТБ выгоднее чем карта в Сбере", "vtb/deposit sber/card"),
    ("Ипотека Сбера дешевле, чем ипотека ВТБ", "sber/mortgage vtb/mortgage"),
    ("Перешёл в ВТБ. Приложение лучше, чем у Сбера", "vtb/app"),
    ("Карта тормозит как в Сбере, так что ВТБ минус", "vtb/card"),
    ("VTB has a better app than Sber", "vtb/app"),
    ("The app of VTB is faster than Sber", "vtb/app"),
    ("Sber is better than VTB, the app never crashes", "sber/app"),
    ("Unlike Sber, VTB has a good app", "vtb/app"),
    ("Compared to Sber the VTB app is a joke", "vtb/app"),
    ("VTB's mortgage is cheaper than Sber's loan", "vtb/mortgage sber/loan"),
    # English
    ("Sber gave me a loan, VTB refused", "sber/loan"),
    ("VTB gave me a mortgage after Sber refused", "vtb/mortgage"),
    ("I took a mortgage at VTB because Sber refused", "vtb/mortgage"),
    ("VTB gave me a mortgage Sber refused", "vtb/mortgage"),
    ("My card is from Sber and my mortgage is with VTB", "sber/card vtb/mortgage"),
    ("Sber closed my VTB card", "vtb/card"),
    ("Deposit at Sber, loan at VTB", "sber/deposit vtb/loan"),
    ("Sber has a great app but VTB is awful", "sber/app"),
    ("Sber is fine while the VTB app keeps crashing", "vtb/app"),
    ("I moved my deposit from Sber to VTB, the app is better", "sber/deposit vtb/app"),
    # participles, relative clauses, topics
    ("Сбер отказал, а ипотека, взятая в ВТБ, дорогая", "vtb/mortgage"),
    ("В Сбере плохо, а вклад, который открыл в ВТБ, работает", "vtb/deposit"),
    ("Сбер, у которого приложение лучше, чем у ВТБ, победил", "sber/app"),
    ("Я в Сбере, но что касается ипотеки, ВТБ выгоднее", "vtb/mortgage"),
    ("По ипотеке, думаю, ВТБ выгоднее Сбера", "vtb/mortgage"),
    ("Был клиентом Сбера. Приложение тупит, ушёл в ВТБ", "sber/app"),
    ("As for the mortgage, VTB is cheaper than Sber", "vtb/mortgage"),
    ("Сбер не принимает карту ВТБ", "vtb/card"),
    ("В приложении Сбера карта ВТБ не добавляется", "sber/app vtb/card"),
    ("Ушёл из Сбера в ВТБ, вклад там выгоднее", "vtb/deposit"),
    # lists
    ("У Сбера и ВТБ отличные приложения", "sber/app vtb/app"),
    ("Сбер, ВТБ и Альфа-Банк подняли ставки по вкладам", "sber/deposit vtb/deposit alfa/deposit"),
    ("Карты Сбера, ВТБ и Альфа-Банка не работают", "sber/card vtb/card alfa/card"),
    ("Сбер/ВТБ: вклады под 20%", "sber/deposit vtb/deposit"),
    ("Сбер или ВТБ — где ипотека дешевле?", "sber/mortgage vtb/mortgage"),
    ("Both Sber and VTB have awful apps", "sber/app vtb/app"),
    ("Кредит в Сбере, ВТБ и Альфа-Банк отказали", "sber/loan"),
    ("Ушёл из Сбера, ВТБ лучше: вклад выгоднее", "vtb/deposit"),
    # more word orders
    ("Карта ВТБ мне нравится больше, чем карта Сбера", "vtb/card sber/card"),
    ("Мне нравится приложение ВТБ, Сбер в этом плане отстаёт", "vtb/app"),
    ("Сбер снизил ставку по вкладу, ВТБ поднял", "sber/deposit"),
    ("Закрыл карту в Сбере и ушёл в ВТБ", "sber/card"),
    ("Ушёл в ВТБ из-за приложения Сбера", "sber/app"),
    ("ВТБ одобрил ипотеку за день, Сбер думал неделю", "vtb/mortgage"),
    ("Сбер думал неделю, ВТБ одобрил ипотеку за день", "vtb/mortgage"),
    ("Хотел взять кредит в Сбере, но ВТБ предложил ставку ниже", "sber/loan"),
    ("Если сравнивать вклады, то ВТБ выгоднее Сбера", "vtb/deposit"),
    ("Вклады в ВТБ и Сбере одинаковые", "vtb/deposit sber/deposit"),
    ("Ипотека, оформленная в Сбере, дешевле, чем в ВТБ", "sber/mortgage"),
    ("ВТБ — карта, Сбер — вклад, Альфа-Банк — кредит", "vtb/card sber/deposit alfa/loan"),
    ("вклад сбер ипотека втб", "sber/deposit vtb/mortgage"),
    ("сбер вклад, втб ипотека", "sber/deposit vtb/mortgage"),
    ("Перевёл вклад из Сбера в ВТБ", "sber/deposit"),
    ("Сберовское приложение лучше втбшного", "sber/app"),
    ("Приложение сберовское лучше втбшного", "sber/app"),
    ("У меня карта Сбера, кредит ВТБ и вклад в Альфа-Банке", "sber/card vtb/loan alfa/deposit"),
    ("В Сбере мне отказали в кредите, пошёл в ВТБ, там дали", "sber/loan"),
    ("ВТБ хорош всем, кроме приложения, у Сбера оно лучше", "vtb/app"),
    ("Сбер и приложение у него норм, ВТБ фу", "sber/app"),
    ("Приложение — единственное, что лучше у ВТБ, чем у Сбера", "vtb/app"),
    ("Вместо Сбера выбрал ВТБ, ипотека там дешевле", "vtb/mortgage"),
    ("Кредит не в Сбере, а в ВТБ", "vtb/loan"),
    ("Ни Сбер, ни ВТБ не дали ипотеку", "sber/mortgage vtb/mortgage"),
    ("И у Сбера, и у ВТБ приложения тупят", "sber/app vtb/app"),
    ("My VTB loan was cheap, Sber's is not", "vtb/loan"),
    ("Sber has the worst app, VTB the best deposit", "sber/app vtb/deposit"),
    ("I prefer VTB's app to Sber's", "vtb/app"),
    ("I prefer the app of VTB to the app of Sber", "vtb/app sber/app"),
    ("Sber rejected my mortgage so I went to VTB", "sber/mortgage"),
    ("Went to VTB for a mortgage, Sber was too slow", "vtb/mortgage"),
    ("Neither Sber nor VTB gave me a loan", "sber/loan vtb/loan"),
    ("The VTB card works, the Sber card does not", "vtb/card sber/card"),
    ("Between Sber and VTB, VTB has a nicer app", "vtb/app"),
    ("Sber's app, unlike VTB's, is fast", "sber/app"),
    ("Loans are cheaper at VTB than at Sber", "vtb/loan"),
    ("At Sber I have a card, at VTB a deposit", "sber/card vtb/deposit"),
    ("VTB app > Sber app", "vtb/app sber/app"),
    ("Sber app sucks. VTB? Great card.", "sber/app vtb/card"),
]


@pytest.mark.parametrize(("text", "expected"), CONTRASTS)
def test_a_product_goes_to_the_company_that_is_meant(text: str, expected: str) -> None:
    assert set(products(text)) == set(expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Приложение висит, уйду в ВТБ", "sber/app"),
        ("Приложение хуже, чем у ВТБ", "sber/app"),
        ("Приложение хуже ВТБ", "sber/app"),
        ("Карту закрыл, а в ВТБ открыл вклад", "sber/card vtb/deposit"),
        ("По ипотеке, думаю, ВТБ выгоднее", "vtb/mortgage"),
    ],
)
def test_a_post_about_one_company_speaks_of_its_products(text: str, expected: str) -> None:
    assert set(products(text, about=("sber",))) == set(expected.split())


def test_a_product_is_judged_on_what_is_said_of_its_company() -> None:
    assert said("У Сбера отличное приложение, а у ВТБ ужас", "sber/app") == ["У Сбера отличное приложение,"]
    assert said("Ушёл из Сбера, в ВТБ вклад выгоднее", "vtb/deposit") == ["в ВТБ вклад выгоднее"]
    assert said("Ипотека, оформленная в Сбере, дешевле, чем в ВТБ", "sber/mortgage") == ["Ипотека, оформленная в Сбере, дешевле,"]
    assert said("Сбер, ВТБ и Альфа-Банк подняли вклады, ура", "sber/deposit") == ["Сбер, ВТБ и Альфа-Банк подняли вклады, ура"]
    assert said("Сбер закрыл вклад, ВТБ нет, пишу жалобу", "sber/deposit") == ["Сбер закрыл вклад,", "пишу жалобу"]
    mixed = "Карта Сбера ок, ВТБ нет, жаль, зато карты Сбера и ВТБ ок"
    assert said(mixed, "sber/card") == ["Карта Сбера ок,", "жаль,", "зато карты Сбера и ВТБ ок"]
