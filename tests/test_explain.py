"""Why a mention is read so: the sentences that carried an answer are the right ones, and none are invented for a rule."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plain_judge import PlainJudge
from typer.testing import CliRunner

from crawlers.post import Post
from nlp import __main__ as command
from nlp.carrier import HOLDS, MOST, ROOM, Erasure
from nlp.classifier import Classifier, Judgement, ModelError
from nlp.explain import Explainer, Sentence, Why, apart, likelier, lines_of
from nlp.mention import Mention
from nlp.naming import name_spans
from nlp.pair import WINDOW, Framed, Pair
from nlp.reader import mentions_of
from nlp.stream import read_brands_of
from nlp.text import sentences

BRANDS = Path(__file__).parent / "recorded" / "brands" / "brands.yaml"
KNOWN = read_brands_of(BRANDS)
RUSSIAN = "Приложение Сбера отличное, пользуюсь каждый день. Но колл-центр ужасный: час держали на линии и нахамили. Вчера был дождь."
ENGLISH = "The Sber app is great and fast. But their call centre is terrible: an hour on hold and they were rude. It was raining."
WARNING = "Открыл счёт в Сбере в марте. Обходите этот банк стороной, никому не советую. Карту привезли через неделю."


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(threads=1)


@cache
def explainer(classifier: Classifier) -> Explainer:
    return Explainer(KNOWN, lambda: classifier)


def _no_model() -> Classifier:
    raise ModelError("the model is missing")


WITHOUT_MODEL = Explainer(KNOWN, _no_model)


class Explained:
    """A post read by a judge, and explained by the shipped model; without it only rules can be."""

    def __init__(self, judge: Classifier | PlainJudge, text: str, **values: Any) -> None:
        self.post = Post(id="1", site="test", source="files", text=text, collected=datetime(2026, 11, 1, tzinfo=UTC), **values)
        self._explainer = WITHOUT_MODEL if isinstance(judge, PlainJudge) else explainer(judge)
        self._subjects = self._explainer.finder.find(self.post)
        read = mentions_of([(self.post, self._subjects)], self._explainer.finder, judge)
        self._mentions = {each.product: each for _, found in read for each in found}

    def why(self, head: str, product: str = "general", **changes: Any) -> Why:
        """Why the mention answers so; `changes` are made to it since it was read."""
        mention: Mention = dataclasses.replace(self._mentions[product], **changes)
        return self._explainer.explain(self.post, self._subjects, mention, head)

    def carried(self, head: str, product: str = "general") -> list[str]:
        """The sentences that carried the answer."""
        found = self.why(head, product).sentences
        return [((self.post.title or "") if each.in_title else self.post.text)[each.start : each.end] for each in found]


@pytest.mark.parametrize("text", [RUSSIAN, ENGLISH])
def test_praise_and_blame_each_carry_the_answer_about_their_own_product(classifier: Classifier, text: str) -> None:
    praise, blame, _ = (text[start:end] for start, end in sentences(text))
    read = Explained(classifier, text)
    assert (read.why("stance", "app").answer, read.carried("stance", "app")) == ("promoter", [praise])
    assert (read.why("sentiment", "support").answer, read.carried("tone", "support")) == ("negative", [blame])
    assert read.carried("roles", "support") == [praise], "a role belongs to the brand, and is read in the whole post"
    assert read.why("stance", "app").of_passage and not read.why("roles", "app").of_passage


def test_who_praises_one_product_and_blames_another_is_carried_by_both(classifier: Classifier) -> None:
    """The whole post by itself is read as blame; the rule for mixed posts makes a passive of it."""
    text = "Колл-центр Сбера кошмар: хамят, врут, не советую этот банк. Зато приложение супер, лучшее на рынке!"
    blame, praise = (text[start:end] for start, end in sentences(text))
    read = Explained(classifier, text)
    stance = read.why("stance")
    assert (stance.by, stance.answer, read.carried("stance"), stance.today) == ("products", "passive", [blame, praise], None)
    assert (read.why("recommendation").by, read.why("recommendation").answer) == ("products", "none")
    assert read.why("stance", stance="promoter").by == "otherwise", "what no rule gives is not explained by one"
    plain = Explained(classifier, WARNING)
    assert plain.why("stance", stance="passive").by == "otherwise", "a passive of before that nothing mixes today"
    record: dict[str, Any] = {"post": "1", "brand": "sber", "product": "general", "heads": [dataclasses.asdict(stance)]}
    record["heads"][0]["sentences"] = [each | {"text": "…"} for each in record["heads"][0]["sentences"]]
    assert "a rule: one product is praised and another blamed" in lines_of(record)


def test_an_answer_that_lost_against_the_others_is_named() -> None:
    """Where a head by itself would answer what contradicts the other heads."""
    [plain] = PlainJudge().judge([Pair(text="Банк ужас", target="Сбер")])
    told = dataclasses.replace(plain, probabilities=plain.probabilities | {"stance": {"promoter": 0.5, "detractor": 0.4, "passive": 0.1}})
    assert likelier(told, "stance") == "promoter", "it is blame by all other heads"
    mild = dataclasses.replace(plain, probabilities=plain.probabilities | {"stance": {"promoter": 0.1, "detractor": 0.4, "passive": 0.5}})
    assert likelier(mild, "stance") is None, "passive would go with them: the rarer answer was preferred"
    assert likelier(plain, "stance") is None
    genres = {"opinion": 0.25, "sarcasm": 0.35, "question": 0.3, "news": 0.1, "ad": 0.0, "other": 0.0}
    split = dataclasses.replace(plain, probabilities=plain.probabilities | {"genre": genres})
    assert likelier(split, "genre") is None, "an opinion is one answer, with or without sarcasm"


def test_an_act_of_speech_is_found_in_the_text_and_in_the_title(classifier: Classifier) -> None:
    read = Explained(classifier, WARNING)
    warning = "Обходите этот банк стороной, никому не советую."
    assert (read.why("recommendation").answer, read.carried("recommendation")) == ("warns", [warning])
    assert not read.why("recommendation").stays
    titled = Explained(classifier, "Открыл счёт в марте. Погода хорошая.", title=" Не советую Сбер!", about=("sber",))
    assert titled.carried("recommendation") == ["Не советую Сбер!"]
    assert titled.why("recommendation").sentences[0].start == 1
    left = "После пяти лет закрыл все счета в Сбере и ушёл в другой банк."
    gone = Explained(classifier, f"Вчера ходил в кино. {left} Потом ужинали дома.")
    assert (gone.why("switch").answer, gone.carried("switch")) == ("left", [left])


def test_stars_are_named_where_they_gave_the_answer(classifier: Classifier) -> None:
    plain = Explained(classifier, "Кассир спросила паспорт. Карту сделали за неделю.", rating=1, about=("sber",))
    assert (plain.why("sentiment").answer, plain.why("sentiment").by) == ("negative", "stars")


def test_what_is_explained_is_what_the_model_read(classifier: Classifier) -> None:
    text = "Открыл счёт в ВТБ в марте. Карту привезли через неделю. Деньги списали дважды! " * 40
    pair = Pair(text=text, target="ВТБ", spans=name_spans(text, "ВТБ"), rating=2)
    framed, places = classifier.framed(pair)
    assert len(framed.ids) == len(places) == WINDOW
    assert Erasure(classifier, pair, sentences(text)).judgement == classifier.judge([pair])[0]
    assert all(place is None or text[slice(*place)] in text for place in places)


# Answers that no sentence carried


@pytest.mark.parametrize(
    ("text", "values", "head", "changes", "by"),
    [
        ("Сбер ужасен.", {}, "stance", {"corrected": ("stance",)}, "person"),
        ("Сбер ужасен.", {"official": True}, "genre", {}, "official"),
        (
            "Вакансия в Сбер! Требуется кассир. Зарплата 50 000 руб, график 2/2.",
            {},
            "genre",
            {"genre": "job_ad", "confidence": {}},
            "voice",
        ),
        ("", {"rating": 5, "about": ("sber",)}, "stance", {}, "rating"),
        ("Сбер е най-лошата банка, която някога съм виждал в живота си, ъгъл", {"language": "bg"}, "tone", {}, "unread"),
        ("Сбер ужасен.", {}, "roles", {"roles": None}, "unsure"),
        ("Сбер ужасен.", {}, "products", {"corrected": ("exists",)}, "person"),
        ("Сбер ужасен.", {}, "stance", {"brand": "vtb"}, "gone"),
        ("Сбер ужасен.", {}, "stance", {"brand": "vtb", "corrected": ("exists",)}, "person"),
    ],
)
def test_a_rule_says_so_without_the_model(text: str, values: dict[str, Any], head: str, changes: dict[str, Any], by: str) -> None:
    why = Explained(PlainJudge(), text, **values).why(head, **changes)
    assert (why.by, why.sentences) == (by, ())


def test_a_product_is_there_by_its_name_by_its_place_or_by_what_is_said(classifier: Classifier) -> None:
    named = Explained(PlainJudge(), "Приложение Сбера висит", product="Ипотека", about=("sber",))
    assert (named.why("products", "app").by, named.why("products", "mortgage").by) == ("name", "place")
    read = Explained(classifier, "Вчера был дождь. Кассир в Сбере вежливая и быстрая. Потом ужинали.")
    assert (read.why("products", "support").by, read.carried("products", "support")) == (
        "sentences",
        ["Кассир в Сбере вежливая и быстрая."],
    )


def test_of_an_opinion_the_whole_post_gave_nothing(classifier: Classifier) -> None:
    """A product of a mockery that a person takes for none is an opinion as the model reads it by itself."""
    read = Explained(classifier, RUSSIAN)
    assert read.why("genre", "app", genre="sarcasm", confidence={}).by == "genre"
    assert read.why("genre", "app", confidence={}).by in ("sentences", "whole", "nothing")


def test_what_the_model_answers_anyway_or_would_not_answer_today_has_no_sentences(classifier: Classifier) -> None:
    read = Explained(classifier, WARNING)
    assert read.why("switch").by == "nothing"
    why = read.why("recommendation", recommendation="recommends")
    assert (why.by, why.today, why.sentences) == ("otherwise", "warns", ())


# The rule by which sentences are chosen


class Words:
    """A classifier of four words, whose readings are counted in tokens. Good and bad together, or what is odd, are `mixed`."""

    KNOWN: ClassVar = {"плохо": 1, "хорошо": 2, "странно": 3, "очень": 4}

    def __init__(self) -> None:
        self.read = 0

    def framed(self, pair: Pair) -> tuple[Framed, list[tuple[int, int] | None]]:
        found = [(match[0], match.span()) for match in re.finditer(r"\w+", pair.text)][:WINDOW]
        ids = [self.KNOWN.get(word.lower(), 9) for word, _ in found]
        return Framed((0, *ids), (0,) * (len(ids) + 1)), [None, *(span for _, span in found)]

    def judge_framed(self, framed: Sequence[Framed]) -> list[Judgement]:
        self.read += sum(len(each.ids) for each in framed)
        return [self._judgement(*(each.ids.count(word) for word in self.KNOWN.values())) for each in framed]

    def _judgement(self, bad: int, good: int, odd: int, very: int) -> Judgement:
        mixed = (0.9 if very else 0.6) if bad and good else 0.55 if odd else 0.0
        shares = {"negative": 1 - 0.5**bad, "positive": (1 - 0.5**good) * 0.5**bad, "neutral": 0.5 ** (bad + good)}
        shares = {"mixed": mixed} | {name: (1 - mixed) * each for name, each in shares.items()}
        return cast(Judgement, SimpleNamespace(sentiment=max(shares, key=lambda each: shares[each]), probabilities={"sentiment": shares}))


def erasure(text: str) -> tuple[Words, Erasure]:
    words = Words()
    return words, Erasure(cast(Classifier, words), Pair(text=text, target="Банк"), sentences(text))


SAID = ["Это плохо.", "Тут хорошо.", "Плохо, очень плохо!", "Всё странно.", "Был дождь."]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=9))
@example(["Это плохо."] * 5 + ["Тут хорошо."] * 2)
def test_the_first_sentences_that_give_the_answer_stand_in_the_order_of_the_text(said: list[str]) -> None:
    text = " ".join(said)
    read = erasure(text)[1]
    answer = read.judgement.sentiment
    found = read.carried("sentiment", answer)
    spans = [(each.start, each.end) for each in found.carriers]
    assert set(spans) <= set(sentences(text)) and spans == sorted(spans)
    if found.by == "nothing":
        assert answer == "neutral" and spans == []
        return
    assert found.by == "sentences" and 1 <= len(spans) <= MOST

    def gives(of: list[tuple[int, int]]) -> bool:
        judgement = erasure(" ".join(text[slice(*span)] for span in of))[1].judgement
        sure = judgement.probabilities["sentiment"][answer] >= HOLDS * read.judgement.probabilities["sentiment"][answer]
        return judgement.sentiment == answer and sure

    assert gives(spans)
    assert not any(gives([span for span in spans if span != without]) for without in spans)
    rest = " ".join(text[slice(*span)] for span in sentences(text) if span not in spans)
    assert found.stays == (erasure(rest)[1].judgement.sentiment == answer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Всё странно. Это плохо. Тут хорошо.", ["Это плохо.", "Тут хорошо."]),  # the odd alone is enough, and changes nothing
        ("Это плохо. И плохо. Тут хорошо. Очень.", ["Это плохо.", "Тут хорошо."]),  # `Очень` weighs more than one that is needed
    ],
)
def test_what_the_answer_loses_without_a_sentence_counts_first(text: str, expected: list[str]) -> None:
    found = erasure(text)[1].carried("sentiment", "mixed")
    assert [text[each.start : each.end] for each in found.carriers] == expected


def test_of_spans_one_within_another_the_longer_stands() -> None:
    spans = [(20, 25), (0, 12), (0, 5)]  # the opening of a sentence is read with each of its products
    found = apart(Sentence(start=start, end=end, weight=0, alone=0) for start, end in spans)
    assert [(each.start, each.end) for each in found] == [(0, 12), (20, 25)]


class Stars(Words):
    """A classifier to which five stars are as good as three good words."""

    def framed(self, pair: Pair) -> tuple[Framed, list[tuple[int, int] | None]]:
        framed, places = super().framed(pair)
        good = (self.KNOWN["хорошо"],) * 3 if pair.rating else ()
        return Framed((*good, *framed.ids), (*(0 for _ in good), *framed.kinds)), [*(None for _ in good), *places]


@pytest.mark.parametrize(("text", "by", "carried"), [("Тут хорошо. Был дождь.", "sentences", ["Тут хорошо."]), ("Был дождь.", "stars", [])])
def test_of_stars_and_words_that_say_the_same_both_are_named(text: str, by: str, carried: list[str]) -> None:
    read = Erasure(cast(Classifier, Stars()), Pair(text=text, target="Банк", rating=5), sentences(text))
    found = read.carried("sentiment", "positive")
    assert (found.by, found.stars, [text[each.start : each.end] for each in found.carriers]) == (by, True, carried)


class Many(Words):
    """A classifier that answers `negative` where six things are bad."""

    def _judgement(self, bad: int, good: int, odd: int, very: int) -> Judgement:
        return super()._judgement(bad // 6, good, odd, very)


class Odd(Words):
    """A classifier that answers `mixed` wherever something is odd; what is bad makes it a little surer."""

    def _judgement(self, bad: int, good: int, odd: int, very: int) -> Judgement:
        shares = {"mixed": 0.6 + 0.06 * bad if odd else 0.0}
        shares["neutral"] = 1 - shares["mixed"]
        return cast(Judgement, SimpleNamespace(sentiment=max(shares, key=lambda each: shares[each]), probabilities={"sentiment": shares}))


def test_of_sentences_that_repeat_each_other_one_is_found_though_none_is_missed() -> None:
    text = "Всё странно. Да, странно. " + "Тут плохо. " * 6
    read = Erasure(cast(Classifier, Odd()), Pair(text=text, target="Банк"), sentences(text))
    found = read.carried("sentiment", "mixed")
    assert (found.by, [text[each.start : each.end] for each in found.carriers]) == ("sentences", ["Всё странно."])


def test_an_answer_that_five_sentences_do_not_give_is_carried_by_the_whole() -> None:
    text = " ".join([*("Тут плохо.", "Был дождь.") * 6, "И там плохо."])
    read = Erasure(cast(Classifier, Many()), Pair(text=text, target="Банк"), sentences(text))
    found = read.carried("sentiment", "negative")
    assert (found.by, len(found.carriers)) == ("whole", MOST)
    assert found.alone is not None and found.without is not None and found.stays is False


def test_a_long_post_is_read_no_more_than_a_dozen_times() -> None:
    words, read = erasure("Это плохо. Был дождь. " * 100)
    assert read.carried("sentiment", "negative").by == "sentences"
    assert ROOM / 2 < words.read < ROOM + 4 * WINDOW
    every = erasure(" ".join(f"Слово{number}." for number in range(200)) + " Плохо.")[1]
    assert len(every.whole) <= WINDOW


# The command


def test_the_command_prints_sentences_for_people_and_for_programs(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "load", lambda: classifier)
    given = json.dumps({"id": 7, "text": WARNING}, ensure_ascii=False) + "\n"
    run = CliRunner().invoke(command.app, ["explain", "--brands", str(BRANDS), "--head", "recommendation", "--json"], input=given)
    first = json.loads(run.stdout.splitlines()[0])
    assert (run.exit_code, first["post"], first["brand"], first["product"]) == (0, 7, "sber", "general")
    (why,) = first["heads"]
    assert [each["text"] for each in why["sentences"]] == ["Обходите этот банк стороной, никому не советую."]
    assert why["sentences"][0]["start"] == WARNING.index("Обходите")
    told = CliRunner().invoke(command.app, ["explain", "--brands", str(BRANDS), "--head", "switch"], input=given + "junk\n")
    assert "switch: none" in told.stdout and "given without any sentence too" in told.stdout
    assert (told.exit_code, "line 2: is not JSON" in told.stderr) == (1, True)
    assert CliRunner().invoke(command.app, ["explain", "--head", "mood"]).exit_code == 2
    silent = CliRunner().invoke(command.app, ["explain", "--brands", str(BRANDS)], input='{"id": 1, "text": "просто день"}\n')
    assert (silent.exit_code, silent.stdout) == (0, "") and "no post here names a company" in silent.stderr


def test_roles_that_are_left_open_are_unknown() -> None:
    why = Why(head="roles", answer=None, confidence=0.3, by="unsure")
    rows = lines_of({"post": 1, "brand": "sber", "product": "general", "heads": [dataclasses.asdict(why)]})
    assert rows.splitlines()[1] == "  roles: unknown: the model is too unsure to answer"
