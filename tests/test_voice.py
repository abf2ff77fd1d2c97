"""Job ads and companies' answers are told from what people say of vacancies and of answers."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from plain_judge import PlainJudge

from crawlers.brand import Brand, Brands, Names
from crawlers.post import Post, Precision
from nlp.brands import Finder
from nlp.classifier import Judgement
from nlp.mention import Mention
from nlp.pair import Pair
from nlp.tag import tag_posts
from nlp.voice import Voice, voice


@pytest.mark.parametrize(
    "text",
    [
        "В отделение Люменбанка на Ленина, 5 требуется операционист. График 5/2, оформление по ТК. Тел. 8-900-123-45-67",
        "#вакансия Специалист контакт-центра Люменбанка, з/п от 45000 руб",
        "Ищем iOS-разработчика в Люменбанк (Москва/удалёнка). От нас: до 400к, премии. Откликайтесь",
        "Моя команда в Люменбанке растёт: ищу двух тестировщиков, белая зарплата. Кто хочет, пишите",
        "Lumenbank is hiring! Senior Java Developer, remote, EUR 80-95k",
        "Come work with us at Lumenbank! Mortgage advisors wanted, full training provided, OTE 60k",
    ],
)
def test_a_job_ad_is_recognised(text: str) -> None:
    assert voice(text) is Voice.JOB_AD


@pytest.mark.parametrize(
    "text",
    [
        "Добрый день, Анна! Благодарим за отзыв о Люменбанке. Ваше обращение передано в профильный отдел.",
        "@anna Здравствуйте! Нам очень жаль, что так вышло. Пришлите, пожалуйста, номер обращения в личные сообщения.",
        "Спасибо за высокую оценку! С уважением, команда Люменбанка",
        "Thank you for your feedback! We are glad you enjoy the app. Best regards, Lumenbank Customer Care",
        "Hi Tom, sorry about the wait! Could you DM your postcode? Lumenbank Support",
    ],
)
def test_a_companys_answer_is_recognised(text: str) -> None:
    assert voice(text) is Voice.ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "Откликнулся на вакансию в Люменбанке, обещали зарплату 80 тысяч, график 5/2, а мне предложили 35",
        "Люменбанк набирает сотрудников? Какой график и зарплата, нужен ли опыт?",
        "Ищу работу в Люменбанке, опыт есть, резюме отправил",
        "Для ипотеки требуется справка. Люменбанк, зачем она?",
        "Is Lumenbank hiring? What salary and shifts do they offer?",
        "I applied: Lumenbank is hiring tellers, salary as promised, good training",
        "Спасибо за обслуживание, Люменбанк! Рады, что выбрали вас, всей семьёй советуем.",
        "Добрый день! Отвечают одно и то же: «Благодарим за обращение, приносим извинения». Люменбанк, вы роботы?",
        "Здравствуйте! Третий час на линии. С уважением, бывший клиент Люменбанка",
        "Hello, my card never came, and all I hear is thank you for your patience, we are sorry for the delay",
        "Thank you Lumenbank team! Best app, best support.",
        "Dear Lumenbank, please send the card already. Have a nice day.",
    ],
)
def test_what_people_say_of_vacancies_and_answers_is_theirs(text: str) -> None:
    assert voice(text) is None


class Surely(PlainJudge):
    """Is as sure of its genre as it was told."""

    share = 0.9
    mocking = 0.0

    def judge(self, pairs: list[Pair]) -> list[Judgement]:  # type: ignore[override]
        shares = {"genre": {"opinion": self.share - self.mocking, "sarcasm": self.mocking}}
        return [
            dataclasses.replace(each, genre="sarcasm" if self.mocking else "opinion", probabilities=each.probabilities | shares)
            for each in super().judge(pairs)
        ]


def read(text: str, share: float, mocking: float = 0.0) -> Mention:
    """The mention of the bank in a post, by a judge that takes everything for an opinion, `share` sure; `mocking` of that is sarcasm."""
    judge = Surely()
    judge.share, judge.mocking = share, mocking
    finder = Finder(Brands(brands=(Brand(slug="lumen", name=Names(ru="Люменбанк", en="Lumenbank")),)))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    post = Post(id="1", site="x", source="feed", text=text, published=now, published_precision=Precision.MINUTE, collected=now)
    ((_, (mention,)),) = tag_posts([post], finder, judge)
    return mention


def test_who_speaks_for_a_company_has_no_stance() -> None:
    answer = read("Здравствуйте! Благодарим за отзыв. Отличный выбор, Люменбанк всегда рад! Ваше обращение передано.", 0.9)
    assert (answer.genre, answer.stance, answer.roles) == ("ad", "none", ("none",))
    assert not {"genre", "stance", "roles"} & answer.confidence.keys(), "nobody calibrated a rule"


def test_the_model_has_the_last_word_where_it_is_sure_of_an_author() -> None:
    vacancy = "В Люменбанке вечно требуется операционист, график 5/2, оклад 30 тысяч. Ужас"
    assert (read(vacancy, 0.6).genre, read(vacancy, 0.9).genre) == ("job_ad", "opinion")
    assert read(vacancy, 0.9, mocking=0.5).genre == "sarcasm", "who mocks a vacancy is no company, however unsure the mockery"
    told = read("Добрый день. Люменбанк ответил: приносим извинения, ваше обращение передано. Хамство", 0.9)
    assert (told.genre, told.stance) == ("opinion", "detractor")
