"""A sentence that praises one and blames another in one clause: where it is cut, and what is read of each side."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.post import Post
from nlp.brands import Finder
from nlp.classifier import Classifier
from nlp.explain import Explainer
from nlp.mention import Mention
from nlp.opposed import sides
from nlp.pair import Pair
from nlp.parallel import Named
from nlp.reader import mentions_of
from nlp.stream import read_brands_of

KNOWN = read_brands_of(Path(__file__).parent / "recorded" / "brands" / "brands.yaml")
FINDER = Finder(KNOWN)


def post(text: str, **values: str) -> Post:
    return Post(id="1", site="test", source="files", text=text, collected=datetime(2026, 11, 1, tzinfo=UTC), **values)  # type: ignore[arg-type]


def parts(text: str) -> dict[str, str]:
    """What the text says of each brand and product, with a bar between passages."""
    found = FINDER.find(post(text))
    return {f"{each.brand} {each.product}": "|".join(text[start:end] for start, end in each.sentences) for each in found}


@pytest.mark.parametrize(
    ("praise", "blame", "text"),
    [
        ("card", "support", "В Сбере классная карта | и хамское отделение."),
        ("app", "support", "Приложение Сбера быстрое и понятное, просто супер, | колл-центр — сплошное разочарование."),
        ("card", "app", "Карта Сбера понравилась, | чего нельзя сказать о приложении."),
        ("app", "card", "Приложение у Сбера огонь + | карта отстой"),
        ("card", "support", "Невзирая на бестолковое отделение, | карту Сбера обожаю"),
        ("support", "app", "Вежливое отделение | при вечно тормозящем приложении Сбера"),
        ("support", "app", "У Сбера не самое удобное приложение | и приятный колл-центр."),
        ("card", "app", "Карта Сбера, которую привезли в среду, отличная, | приложение, которое к ней дали, ужасное."),
        ("mortgage", "card", "Ипотека у Сбера хорошая, | карта и приложение ужасны"),
        ("app", "card", "Sber's app is lovely | and the card is a joke."),
        ("card", "support", "An excellent card | with a hopeless call centre, Sber."),
        ("app", "support", "In spite of a rude call centre, | I adore the Sber app."),
        ("app", "card", "The Sber app isn't bad at all | and their card is rubbish"),
        ("card", "app", "Sber card: brilliant, | app: dreadful."),
    ],
)
def test_praise_and_blame_are_parted(praise: str, blame: str, text: str) -> None:
    first, _, second = text.partition("| ")
    found = parts(first + second)
    sides = {found[f"sber {praise}"].strip(), found[f"sber {blame}"].split("|")[-1]}
    assert sides == {first.strip(), second}


@pytest.mark.parametrize(
    "text",
    [
        "У Сбера отличное приложение и классная карта.",  # one judgement for both
        "Не люблю ни карту, ни приложение Сбера.",
        "Удалил хорошее приложение Сбера, потому что карта ужасная",  # the second clause is the reason of the first
        "Приложение Сбера лучше, чем ужасная карта.",
        "Не только отличное приложение, и карта у Сбера супер",
        "Отличное приложение, карта, ипотека и ужасное отделение у Сбера.",  # a list
        "Отличное приложение Сбера, ипотека, карта ужасная.",  # whose is the one in the middle?
        "Приложение Сбера (карта отличная, ужасная ипотека) так себе",
        "Great app, great card, Sber.",
        "The Sber app that replaced the awful card is great",
        "Ужасно удобное приложение и карта Сбера",
        "Карта отличная и приложение Сбера перестало глючить",  # trouble that is over
        "The Sber card is great and support fixed a terrible mess",
        "У Сбера карта хорошая и приложение плохое?",
        "Лучше бы карту Сбера сделали, и приложение ужасное поправили",
        "Хорошо, что закрыл карту Сбера, приложение ужасное",
        "Не сказал бы, что карта Сбера хорошая и приложение ужасное",
        "Отличная карта и поддержка Сбера, зависит от отделения",
        "Плохая карта, приложение Сбера показывает радугу",
        f"В Сбере отличная карта, {'пришёл утром за ней, ' * 15}и ужасное отделение.",  # a story
    ],
)
def test_what_is_not_clearly_opposed_is_judged_whole(text: str) -> None:
    assert set(parts(text).values()) == {text}


@pytest.mark.parametrize(
    ("text", "sber", "vtb"),
    [
        ("Обожаю Сбер, ненавижу ВТБ.", "Обожаю Сбер,", "ненавижу ВТБ."),
        ("Сбер — позор, ВТБ — огонь!", "Сбер — позор,", "ВТБ — огонь!"),
        ("VTB is wonderful and Sber is a nightmare", "and Sber is a nightmare", "VTB is wonderful"),
        ("Ужасный Сбер, ВТБ лучше", None, None),  # judged by each other
        ("Сбер и ВТБ отличные, Альфа-Банк ужасный", None, None),  # one side is of two
        ("Сбер отличный, ВТБ ужасный. Так и живём", "Сбер отличный, ВТБ ужасный.", "Сбер отличный, ВТБ ужасный."),
    ],
)
def test_companies_are_parted_where_that_is_all_that_is_said(text: str, sber: str | None, vtb: str | None) -> None:
    found = parts(text)
    assert (found["sber general"], found["vtb general"]) == (sber or text, vtb or text)


def test_a_name_is_no_judgement() -> None:
    for text in ("Best Bank: card and app are terrible", "Карта Супер и приложение ужасны"):
        words = [Named(match.start(), match.end(), "b", None) for match in re.finditer("Best Bank|Супер", text)]
        names = [Named(match.start(), match.end(), "b", match[0]) for match in re.finditer("(?i)card|app|карта|приложение", text)]
        clause = (0, len(text))
        assert sides(text, clause, names, [*words, *names]) == [clause] != sides(text, clause, names, names)


# What the shipped model says of the sides


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(threads=1)


def read(classifier: Classifier, text: str) -> dict[str, Mention]:
    [(_, found)] = mentions_of([(post(text), FINDER.find(post(text)))], FINDER, classifier)
    return {f"{each.brand} {each.product}": each for each in found}


OPPOSED = [
    ("card", "support", "В Сбере классная карта и хамское отделение."),
    ("card", "support", "Сбер радует картой, чего нельзя сказать о колл-центре."),
    ("card", "support", "Невзирая на бестолковое отделение, карту Сбера обожаю"),
    ("support", "app", "У Сбера неудобное приложение и приятный колл-центр."),
    ("card", "app", "Шикарная карта и отвратительное, глючное приложение у Сбера"),
    ("mortgage", "app", "Сбер: ипотека удобная, приложение тормозит жутко"),
    ("app", "card", "Sber's app is lovely and the card is useless."),
    ("card", "support", "An excellent card with a hopeless call centre, Sber."),
    ("app", "support", "In spite of a rude call centre, I adore the Sber app."),
    ("card", "app", "Sber: superb card, horrible app."),
    ("support", "app", "Awful app and a very friendly call centre at Sber"),
    ("mortgage", "card", "I enjoy the Sber mortgage although their card sucks"),
]
"""The product praised, the one blamed, and the text."""


def test_each_product_has_its_own_stance_and_the_company_both(classifier: Classifier) -> None:
    """Not of every sentence: which words the network knows changes with its weights."""
    wrong = []
    for praised, blamed, text in OPPOSED:
        found = read(classifier, text)
        stances = [found[f"sber {each}"].stance for each in (praised, blamed, "general")]
        if stances != ["promoter", "detractor", "passive"] or {each.genre for each in found.values()} != {"opinion"}:
            wrong.append((text, stances))
    assert len(wrong) <= 2, wrong


def test_praise_beside_blame_is_no_mockery_by_that_and_is_explained_by_both(classifier: Classifier) -> None:
    text = "Сбер: шикарное приложение, отвратительная карта."
    [alone] = classifier.judge([Pair(text=text, target="Сбер", spans=((0, 4),))])
    assert alone.genre == "sarcasm", "the model by itself: a case that shows the rule"
    found = read(classifier, text)["sber general"]
    assert (found.genre, found.stance) == ("opinion", "passive") and "genre" not in found.confidence
    why = Explainer(KNOWN, lambda: classifier).explain(post(text), FINDER.find(post(text)), found, "genre")
    carried = [text[each.start : each.end] for each in why.sentences]
    assert (why.by, why.answer, carried) == ("products", "opinion", ["Сбер: шикарное приложение,", "отвратительная карта."])


def test_a_company_is_explained_by_its_own_clause(classifier: Classifier) -> None:
    text = "ВТБ отличный, Сбер ужасный"
    found = read(classifier, text)
    assert (found["vtb general"].stance, found["sber general"].stance) == ("promoter", "detractor")
    why = Explainer(KNOWN, lambda: classifier).explain(post(text), FINDER.find(post(text)), found["sber general"], "stance")
    assert why.of_passage and [text[each.start : each.end] for each in why.sentences] == ["Сбер ужасный"]
