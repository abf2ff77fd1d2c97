"""The classifier on ONNX: the same answers as the reference engine on torch, in any batch, and clear errors."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from nlp.classifier import MODEL, Classifier, Judgement, ModelError, judged, read_config
from nlp.export import packed_rows, packed_words, reference_network, unpacked_rows
from nlp.mention import GENRES, PRODUCT_KINDS, RECOMMENDATIONS, ROLES, SENTIMENTS, STANCES, SWITCHES
from nlp.naming import name_spans
from nlp.network import padded
from nlp.pair import NAMED, SUBJECT, Pair, frame
from nlp.records import CLASSES

TEXTS: tuple[tuple[str, str], ...] = (
    ("Сбербанк", "Пользуюсь Сбером десять лет, ни разу не подвёл. Всем рекомендую!"),
    ("Сбербанк", "Ужасная поддержка у Сбера: час висел на линии и так ничего не решили. Обходите стороной."),
    ("Т-Банк", "Ушёл из Сбера в Т-Банк и ни капли не жалею: приложение летает."),
    ("Сбербанк", "Ушёл из Сбера в Т-Банк и ни капли не жалею: приложение летает."),
    ("Сбербанк", "Сбер ужасен, приложение глючит. Зато Альфа — отличный банк, всё быстро и вежливо."),
    ("Альфа-Банк", "Сбер ужасен, приложение глючит. Зато Альфа — отличный банк, всё быстро и вежливо."),
    ("ВТБ", "ВТБ отчитался о росте прибыли на 12 % за квартал."),
    ("ВТБ", "А кто знает, какая сейчас ставка по вкладу в ВТБ?"),
    ("МТС", "Опять не ловит мтс в центре города, сколько можно!!!"),
    ("МТС", "Работаю в МТС второй год. Зарплата так себе, зато коллектив хороший"),
    ("Альфа-Банк", "Подал заявку на кредит в Альфу, отказали без объяснений."),
    ("Альфа-Банк", "Оформи карту Альфа-Банка по ссылке и получи 500 рублей! Промокод ВЕСНА"),
    ("Билайн", "Билайн, если ещё раз спишете деньги за подписку, уйду к конкурентам"),
    ("Райффайзенбанк", "Норм банк. Не лучше и не хуже других."),
    ("Southwest", "@SouthwestAir thank you for the amazing crew on today's flight to Denver!"),
    ("United", "Two hours on the tarmac and not a single update. Never flying United again."),
    ("Delta", "Is Delta flying to Lisbon this winter?"),
    ("Revolut", "I used to work at Revolut: great pay, brutal hours."),
    ("Monzo", "Switched from HSBC to Monzo last month, best decision this year."),
    ("HSBC", "Switched from HSBC to Monzo last month, best decision this year."),
    ("Финам", "Торгую через Финам третий год, терминал виснет на открытии, но комиссии терпимые"),
    ("СОГАЗ", "СОГАЗ тянет с выплатой по ОСАГО уже второй месяц"),
    ("Почта Банк", "спасибо"),
    ("Почта Банк", "😡😡😡"),
    ("Газпромбанк", "Ну конечно, «технические работы» в день зарплаты. Браво, Газпромбанк, так держать"),
    ("Газпромбанк", "Взяли ипотеку в Газпромбанке, одобрили за день, менеджер Ольга — золото. Но страховка дорогая."),
    ("Tele2", "Перешла на теле2 с мегафона, пока довольна, тариф дешевле вдвое"),
    ("МегаФон", "Перешла на теле2 с мегафона, пока довольна, тариф дешевле вдвое"),
    ("Росбанк", "RT @news: Росбанк оштрафован на 300 тысяч рублей http://example.com/1"),
    ("Ростелеком", "Интернет от Ростелекома отваливается каждый вечер. Мастер приходил трижды."),
    ("Совкомбанк", "Халва удобная, но навязали страховку на 20 тысяч, теперь не вернуть. " * 12),
    ("Уралсиб", "Вклад закрыл, деньги выдали сразу, вопросов нет. " + "Офис на Ленина, очереди нет, сотрудники вежливые. " * 30),
    ("Открытие Брокер", "смотрю в сторону Открытие Брокер, сейчас счёт у БКС — стоит ли переходить?"),
    ("Россельхозбанк", "В отделении РСХБ хамят, кассир кинула паспорт. Жалобу написал"),
    ("Beeline", "beeline app keeps crashing after the update"),
    ("Wise", "Wise is okay. Fees went up, still cheaper than my bank."),
    ("Chase", "Chase denied my application twice."),
    ("Сбербанк", "12345"),
    ("Тинькофф", "Тинькофф прислал карту за два дня, кешбэк 5 % на кафе"),
    ("Тинькофф", "не дай бог связаться с тинькофф"),
    ("Банк Москвы", "Акции Банка Москвы упали на 3 %"),
    ("Промсвязьбанк", "Уволился из ПСБ месяц назад, расчёт задержали"),
)


def pair(target: str, text: str) -> Pair:
    return Pair(text=text, target=target, spans=name_spans(text, target))


PAIRS = [pair(target, text) for target, text in TEXTS]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(threads=2)


@pytest.fixture(scope="module")
def judgements(classifier: Classifier) -> list[Judgement]:
    return classifier.judge(PAIRS)


def test_torch_gives_the_same_answers(classifier: Classifier, judgements: list[Judgement]) -> None:
    network = reference_network(MODEL)
    framed = frame(PAIRS, Tokenizer.from_file(str(MODEL / "tokenizer.json")), classifier.window)
    with torch.no_grad():
        outputs = [network(*padded([each])) for each in framed]
    logits = {name: np.concatenate([each[name].numpy() for each in outputs]) for name in CLASSES}
    reference = judged(logits, classifier.calibration)
    same = [ours.answers()[head] == theirs.answers()[head] for ours, theirs in zip(judgements, reference, strict=True) for head in CLASSES]
    assert sum(same) / len(same) >= 0.99  # near ties may fall either way: activations are rounded to 8 bits
    apart = np.array([
        abs(share - theirs.probabilities[head][answer])
        for ours, theirs in zip(judgements, reference, strict=True)
        for head, shares in ours.probabilities.items()
        for answer, share in shares.items()
    ])  # fmt: skip
    assert np.quantile(apart, 0.99) < 0.02 and apart.max() < 0.1, "a near tie may move further than all others"


def test_a_judgement_does_not_depend_on_its_batch(classifier: Classifier, judgements: list[Judgement]) -> None:
    assert [classifier.judge([each])[0].answers() for each in PAIRS] == [each.answers() for each in judgements]
    alone, backwards = classifier.judge(PAIRS[:1])[0], classifier.judge(PAIRS[::-1])[::-1]
    assert alone.confidence == judgements[0].confidence
    assert [each.confidence for each in backwards] == [each.confidence for each in judgements]


def test_answers_are_words_of_mentions(judgements: list[Judgement]) -> None:
    for each in judgements:
        assert each.genre in GENRES and each.sentiment in SENTIMENTS and each.stance in STANCES and each.tone in (-1, 0, 1)
        assert each.recommendation in RECOMMENDATIONS and each.switch in SWITCHES
        assert set(each.surest_roles) <= {*ROLES, "none"} and (each.roles is None or each.roles == each.surest_roles)
        assert 1 <= len(each.products) <= 3 and set(each.products) <= set(PRODUCT_KINDS)
        assert set(each.confidence) == {"genre", "sentiment", "tone", "stance", "recommendation", "roles", "switch", "products"}
        for head in ("genre", "sentiment", "tone", "stance", "recommendation", "switch"):
            assert sum(each.probabilities[head].values()) == pytest.approx(1)


def test_plain_cases_are_read(judgements: list[Judgement]) -> None:
    read = dict(zip(TEXTS, judgements, strict=True))
    assert read[TEXTS[0]].stance == "promoter"
    assert read[TEXTS[1]].stance == "detractor" and read[TEXTS[1]].recommendation == "warns"
    assert read[TEXTS[6]].genre == "news" and read[TEXTS[6]].stance == "none"
    assert read[TEXTS[9]].surest_roles == ("employee",)
    assert read[TEXTS[10]].surest_roles == ("prospect",)


def test_the_company_that_is_asked_about_matters(judgements: list[Judgement]) -> None:
    about = {target: each for (target, text), each in zip(TEXTS, judgements, strict=True) if text.startswith("Сбер ужасен")}
    assert about["Альфа-Банк"].stance == "promoter" and about["Сбербанк"].stance != "promoter"
    assert (about["Альфа-Банк"].sentiment, about["Сбербанк"].sentiment) == ("positive", "negative")
    assert (about["Альфа-Банк"].tone, about["Сбербанк"].tone) == (1, -1)


def test_nothing_and_blank_texts(classifier: Classifier) -> None:
    assert classifier.judge([]) == []
    assert len(classifier.judge([Pair(text="", target="Сбербанк"), Pair(text=" \n", target="")])) == 2


def test_a_long_post_keeps_its_ends_and_the_names() -> None:
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    text = "начало " + "вода " * 3000 + "Сбер подвёл " + "вода " * 3000 + "конец"
    framed = frame([Pair(text=text, target="Сбербанк", spans=name_spans(text, "Сбербанк"))], tokenizer, 64)[0]
    assert len(framed.ids) == len(framed.kinds) == 64
    read = tokenizer.decode(list(framed.ids))
    assert "начало" in read and "конец" in read and "Сбер подвёл" in read
    assert {SUBJECT, NAMED} <= set(framed.kinds)


def test_names_are_marked_and_the_text_is_not_altered() -> None:
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    marked, unmarked = frame([pair(*TEXTS[0]), Pair(text=TEXTS[0][1], target=TEXTS[0][0])], tokenizer)
    assert marked.ids == unmarked.ids
    named = tokenizer.decode([token for token, kind in zip(marked.ids, marked.kinds, strict=True) if kind == NAMED])
    assert named.strip() == "Сбером"
    assert NAMED not in unmarked.kinds


def test_a_missing_and_a_damaged_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"the model is missing .*git checkout"):
        Classifier.load(tmp_path / "nothing")
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    with (folder / "model.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    with pytest.raises(ModelError, match=r"model\.onnx is damaged"):
        Classifier.load(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match="is missing"):
        Classifier.load(folder)
    for text in ("{", "{}", "[]"):
        (folder / "config.json").write_text(text)
        with pytest.raises(ModelError, match=r"config\.json is damaged"):
            Classifier.load(folder)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("name", None), ("name", 5), ("window", "256"), ("window", 0), ("window", 513), ("window", 1.5), ("sha256", {}), ("shape", []),
        ("calibration", {}), ("calibration.temperature", {}), ("calibration.temperature.stance", "1.0"),
        ("calibration.temperature.stance", 0), ("calibration.temperature.stance", math.nan), ("calibration.lift.roles", None),
        ("calibration.lift", []), ("calibration.log_prior.tone", [0.1, 0.2]), ("calibration.log_prior.tone", "abc"),
        ("calibration.log_prior.tone", [0.1, 0.2, "x"]), ("calibration.log_prior", {}), ("calibration.role_floor", 2),
        ("calibration.product_threshold", math.inf), ("calibration.unknown", 1),
    ],
)  # fmt: skip
def test_a_damaged_part_of_the_configuration_is_named(tmp_path: Path, where: str, value: object) -> None:
    config = json.loads((MODEL / "config.json").read_text(encoding="utf-8"))
    *above, last = where.split(".")
    part = config
    for name in above:
        part = part[name]
    part[last] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"config\.json is damaged \(.*\): restore it with `git checkout -- models`") as caught:
        read_config(tmp_path)
    assert where.split(".")[0] in str(caught.value) and "\n" not in str(caught.value)


def test_a_rare_role_is_not_unsure_for_being_rare(classifier: Classifier) -> None:
    prior = np.array(classifier.calibration.log_prior["roles"])
    common, rare = int(prior.argmax()), int(prior.argmin())
    sixty_to_forty = np.zeros((2, len(prior)))
    sixty_to_forty[0, [common, rare]] = sixty_to_forty[1, [rare, common]] = 0.6, 0.4
    sure_of_common, sure_of_rare = classifier.calibration.sureness(sixty_to_forty, np.array([common, rare]))
    assert 0 < sure_of_common < 0.6 < sure_of_rare < 1
    one = np.eye(len(prior))
    assert np.allclose(classifier.calibration.sureness(one, np.arange(len(prior))), 1)


def test_the_fingerprint_is_of_weights_and_thresholds(tmp_path: Path, classifier: Classifier) -> None:
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    assert Classifier.load(folder, threads=1).fingerprint == classifier.fingerprint
    config = json.loads((folder / "config.json").read_text())
    config["calibration"]["role_floor"] = 0.99
    (folder / "config.json").write_text(json.dumps(config))
    other = Classifier.load(folder, threads=1)
    assert other.fingerprint != classifier.fingerprint
    assert any(each.roles is None for each in other.judge(PAIRS))


def test_use_needs_neither_torch_nor_transformers() -> None:
    code = (
        "import sys, nlp.classifier; nlp.classifier.Classifier.load(threads=1); "
        "print(sorted({'torch', 'transformers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=MODEL.parents[1])
    assert done.stdout.strip() == "[]"


def test_weights_fit_into_git() -> None:
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 45e6
    assert set(read_config(MODEL)["sha256"]) == {"model.onnx", "tokenizer.json"}


def test_packed_weights_come_back() -> None:
    chance = np.random.default_rng(1)
    weight = chance.normal(size=(8, 64)).astype(np.float32)
    packed, scales = packed_rows(weight, 32)
    assert np.abs(unpacked_rows(packed, scales) - weight).max() < np.abs(weight).max() / 127
    scale = chance.normal(size=(5, 2, 1)).astype(np.float32)
    numbers = chance.integers(-7, 8, size=(5, 2, 32))
    numbers[:, :, 3] = -8
    again, scales = packed_words((numbers * scale).reshape(5, 64).astype(np.float32))
    assert np.array_equal(again, numbers.reshape(5, 64))
    assert np.allclose(scales, scale[:, :, 0])
