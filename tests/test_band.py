"""Which texts repeat each other: reposts with small edits do; short texts, boilerplate and the same complaint in other words do not."""

from __future__ import annotations

import random

import pytest
from tagged_batches import TOLD

from index.band import BANDS, LEAST, alike, bands

RUSSIAN, ENGLISH = TOLD
IN_OTHER_WORDS = (
    "Прошу закрыть карту третий месяц: банк то одно говорит, то другое, кнопки в приложении нет, деньги за обслуживание всё "
    "списывают и возвращать не хотят, хотя в отделении обещали."
)
BOILERPLATE = (
    "Здравствуйте! Спасибо, что оставили отзыв о работе нашего отделения. {} Нам важно мнение каждого клиента. "
    "Если остались вопросы, позвоните на горячую линию. С уважением, команда банка."
)


@pytest.mark.parametrize("text", TOLD)
@pytest.mark.parametrize(
    "repost",
    [
        lambda text: text,
        lambda text: f"Всем привет! {text}",
        lambda text: f"{text} Источник: https://reviews.test/a?b=1 @channel",
        lambda text: text.upper().replace(",", " —").replace(".", "!!!"),
        lambda text: text.rsplit(maxsplit=4)[0] + "…",
        lambda text: text.replace("третий", "второй").replace("three", "four"),
    ],
)
def test_a_repost_with_small_edits_is_alike_and_is_found(text: str, repost: object) -> None:
    other = repost(text)  # type: ignore[operator]
    assert alike(text, other) and alike(other, text)
    assert set(bands(text)) & set(bands(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Отличный банк!", "Отличный банк!"),
        (" ".join(RUSSIAN.split()[: LEAST - 1]), " ".join(RUSSIAN.split()[: LEAST - 1])),
        (RUSSIAN, ENGLISH),
        (RUSSIAN, IN_OTHER_WORDS),
        (BOILERPLATE.format("Рады, что вам понравилось."), BOILERPLATE.format("Простите за очередь в кассу: уже ищем второго кассира.")),
        (RUSSIAN, f"{RUSSIAN} {ENGLISH}"),
    ],
)  # fmt: skip
def test_what_two_people_say_is_two_voices(one: str, other: str) -> None:
    assert not alike(one, other)


def test_a_text_too_short_has_no_bands_and_a_longer_one_has_all() -> None:
    words = RUSSIAN.split()
    assert bands(" ".join(words[: LEAST - 1])) == bands(f"https://a.test/{'x' * 90} @someone") == ()
    assert len(set(bands(" ".join(words[:LEAST])))) == BANDS


def test_the_bands_are_the_ones_that_indices_keep() -> None:
    # Where this fails, a library has changed what it computes: raise the version of both engines, and then these numbers.
    assert bands(RUSSIAN)[:2] == (221828258350190, 111287750190374)
    assert max(map(max, map(bands, TOLD))) < 2**48


def test_nearly_all_that_is_alike_shares_a_band_and_nearly_nothing_else_does() -> None:
    chance = random.Random(3)
    shared: dict[bool, list[bool]] = {True: [], False: []}
    for _ in range(300):
        words = [str(chance.randrange(1000)) for _ in range(60)]
        edited = [word if chance.random() < 0.98 else "другое" for word in words]
        for other in (edited, [word if chance.random() < 0.5 else "другое" for word in words]):
            one, two = " ".join(words), " ".join(other)
            shared[alike(one, two)].append(bool(set(bands(one)) & set(bands(two))))
    assert len(shared[True]) > 200
    assert sum(shared[True]) >= 0.99 * len(shared[True])
    assert sum(shared[False][-100:]) < 60
