"""Who praises one product of a company and blames another is passive towards the company."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plain_judge import PlainJudge

from crawlers.post import Post
from nlp.brands import Finder
from nlp.classifier import Classifier, Judgement
from nlp.explain import Explainer
from nlp.mention import Genre, Mention, Recommendation, Stance
from nlp.pair import Pair
from nlp.reader import mentions_of
from nlp.rules import mixed
from nlp.stream import read_brands_of
from nlp.voice import Voice, voice

KNOWN = read_brands_of(Path(__file__).parent / "recorded" / "brands" / "brands.yaml")
TEXT = "Приложение Сбера открывается с утра. Колл-центр ответил вечером. Вчера был дождь."
APP, SUPPORT, ALL = "open", "answered", "all"
Answers = Mapping[str, tuple[Stance, float]]


def _no_model() -> Classifier:
    raise AssertionError("a rule needs no model")


EXPLAINER = Explainer(KNOWN, _no_model)


class Told(PlainJudge):
    """Answers by what the pair speaks of: the app, the support, or the whole post."""

    def __init__(self, answers: Answers, genres: Mapping[str, Genre] | None = None, advice: Recommendation = "none") -> None:
        super().__init__()
        self.answers, self.genres, self.advice = answers, genres or {}, advice

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        return [self._told(pair, judgement) for pair, judgement in zip(pairs, super().judge(pairs), strict=True)]

    def _told(self, pair: Pair, judgement: Judgement) -> Judgement:
        part = ALL if pair.product is None else APP if "открывается" in pair.text else SUPPORT
        stance, confidence = self.answers[part]
        genre = self.genres.get(part, "opinion")
        sure = judgement.confidence | {"stance": confidence}
        return dataclasses.replace(judgement, genre=genre, stance=stance, recommendation=self.advice, confidence=sure)


def post(text: str = TEXT) -> Post:
    return Post(id="1", site="test", source="files", text=text, collected=datetime(2026, 11, 1, tzinfo=UTC))


def read(judge: Told, text: str = TEXT) -> dict[str, Mention]:
    finder = Finder(KNOWN)
    [(_, found)] = mentions_of([(post(text), finder.find(post(text)))], finder, judge)
    return {mention.product: mention for mention in found}


def test_praise_and_blame_make_a_passive_as_sure_as_the_less_sure_of_both() -> None:
    found = read(Told({APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.71), ALL: ("detractor", 0.8)}))
    general, app, support = found["general"], found["app"], found["support"]
    assert (app.stance, support.stance) == ("promoter", "detractor")
    assert (general.stance, general.confidence["stance"]) == ("passive", 0.71)


@pytest.mark.parametrize(
    "answers",
    [
        {APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.59), ALL: ("promoter", 0.8)},  # not clear
        {APP: ("promoter", 0.9), SUPPORT: ("passive", 0.9), ALL: ("promoter", 0.8)},
        {APP: ("detractor", 0.9), SUPPORT: ("detractor", 0.9), ALL: ("promoter", 0.8)},
        {APP: ("none", 0.9), SUPPORT: ("none", 0.9), ALL: ("promoter", 0.8)},
    ],
)
def test_otherwise_the_whole_post_decides(answers: Answers) -> None:
    general = read(Told(answers))["general"]
    assert (general.stance, general.confidence["stance"]) == ("promoter", 0.8)


def test_what_the_post_itself_says_to_be_passive_keeps_its_own_confidence() -> None:
    general = read(Told({APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.9), ALL: ("passive", 0.4)}))["general"]
    assert (general.stance, general.confidence["stance"]) == ("passive", 0.4)


def test_a_complaint_that_quotes_the_companys_answer_stays_one() -> None:
    text = f"Здравствуйте! Благодарим Вас за отзыв. Приносим извинения за доставленные неудобства. {TEXT}"
    assert voice(text) is Voice.ANSWER
    answers: Answers = {APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.9), ALL: ("detractor", 0.9)}
    assert {each.genre for each in read(Told(answers), text).values()} == {"opinion"}
    assert read(Told(answers | {ALL: ("promoter", 0.9)}), text)["general"].genre == "ad", "a company thanks"


@pytest.mark.parametrize(
    ("whole", "app", "stance"),
    [("ad", "ad", "none"), ("news", "news", "none"), ("sarcasm", "sarcasm", "promoter"), ("question", "opinion", "promoter")],
)
def test_what_an_advertisement_says_of_a_product_is_no_opinion_either(whole: Genre, app: Genre, stance: Stance) -> None:
    found = read(Told({APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.9), ALL: ("none", 0.9)}, {ALL: whole}))["app"]
    assert (found.genre, found.stance) == (app, stance)
    why = EXPLAINER.explain(post(), EXPLAINER.finder.find(post()), found, "genre") if whole != "question" else None
    assert why is None or (why.by, why.answer, why.sentences) == ("genre", app, ())


ONE_SENTENCE = "Приложение Сбера открывается с утра, но колл-центр ответил вечером."


def test_praise_beside_blame_in_one_sentence_is_no_mockery_by_that() -> None:
    answers: Answers = {APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.7), ALL: ("detractor", 0.9)}
    found = read(Told(answers, {ALL: "sarcasm"}), ONE_SENTENCE)
    assert {each.genre for each in found.values()} == {"opinion"} and "genre" not in found["general"].confidence
    assert (found["general"].stance, found["general"].confidence["stance"]) == ("passive", 0.7)
    assert {each.genre for each in read(Told(answers, {ALL: "sarcasm"})).values()} == {"sarcasm"}, "more is said than praise and blame"


@pytest.mark.parametrize(
    "answers", [{APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.5)}, {APP: ("detractor", 0.9), SUPPORT: ("none", 0.9)}]
)
def test_what_praises_and_blames_nobody_for_sure_may_be_mockery(answers: Answers) -> None:
    told = Told({**answers, ALL: ("detractor", 0.9)}, {ALL: "sarcasm"})
    assert {each.genre for each in read(told, ONE_SENTENCE).values()} == {"sarcasm"}


def test_who_is_passive_warns_nobody_off_the_company() -> None:
    answers: Answers = {APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.7), ALL: ("detractor", 0.8)}
    assert read(Told(answers, advice="warns"))["general"].recommendation == "none"
    assert read(Told(answers, advice="warns"))["support"].recommendation == "warns"
    assert read(Told(answers, advice="recommends"))["general"].recommendation == "recommends"


@pytest.mark.parametrize("genres", [{ALL: "news"}, {APP: "sarcasm"}, {SUPPORT: "question"}])
def test_only_opinions_are_mixed(genres: dict[str, Genre]) -> None:
    answers: Answers = {APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.9), ALL: ("detractor", 0.9)}
    assert read(Told(answers, genres))["general"].stance == "detractor"


def test_nothing_is_mixed_without_products() -> None:
    [whole] = Told({ALL: ("promoter", 0.9)}).judge([Pair(text=TEXT, target="Сбер")])
    assert mixed(whole, []) is None and mixed(whole, [None, None]) is None and mixed(None, [whole]) is None


def test_a_product_without_sentences_of_its_own_keeps_what_the_whole_post_says() -> None:
    text = "Карта и приложение Сбера: открывается с утра. Карта и колл-центр Сбера: ответили вечером."
    found = read(Told({APP: ("promoter", 0.9), SUPPORT: ("detractor", 0.7), ALL: ("detractor", 0.8)}), text)
    assert (found["general"].stance, found["app"].stance, found["support"].stance) == ("passive", "promoter", "detractor")
    others = {
        product: (each.stance, each.confidence["stance"]) for product, each in found.items() if product not in ("general", "app", "support")
    }
    assert others and set(others.values()) == {("detractor", 0.8)}, others
