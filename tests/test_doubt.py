"""What a preview doubts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.doubt import coverage, doubts, filled
from crawlers.post import Post, Precision

NOW = datetime(2026, 9, 5, 12, tzinfo=UTC)
GOOD = [
    Post(
        id=f"a.example:{number}", site="a.example", source="reviews", text=f"Отзыв номер {number}", author_name=f"Анна {number}",
        published=NOW - timedelta(hours=number), collected=NOW,
    )
    for number in range(1, 7)
]  # fmt: skip


def test_nothing_is_doubted_without_reason() -> None:
    assert list(doubts(GOOD, NOW)) == []
    assert all(list(doubts(GOOD[:few], NOW)) == [] for few in range(4))
    assert list(doubts([replace(post, author_name="Анна", author_id="a.example:1") for post in GOOD[:3]], NOW)) == []
    assert list(doubts([replace(GOOD[0], text="Не советую никому...")], NOW)) == []


@pytest.mark.parametrize(("change", "said"), [
    ({"author_name": None}, "6 of 6 posts have no author"),
    ({"author_name": "Портал"}, "all 6 posts have the author 'Портал'"),
    ({"published": None}, "6 of 6 posts have no date"),
    ({"published": NOW + timedelta(days=1)}, "6 of 6 posts are dated in the future"),
    ({"published": NOW - timedelta(days=1)}, "all dates are 2026-09-04"),
    ({"text": "Вход Регистрация"}, "6 of 6 posts have the same text: 'Вход Регистрация'"),
])  # fmt: skip
def test_what_all_posts_share_is_doubted(change: dict[str, object], said: str) -> None:
    assert said in next(doubts([replace(post, **change) for post in GOOD], NOW))  # type: ignore[arg-type]


@pytest.mark.parametrize(("posts", "change", "said"), [
    (1, {"author_name": None}, "1 of 1 posts has no author"),
    (1, {"published": None}, "1 of 1 posts has no date"),
    (1, {"published": NOW + timedelta(days=1)}, "1 of 1 posts is dated in the future"),
    (2, {"published": NOW - timedelta(days=1)}, "all dates are 2026-09-04"),
    (2, {"text": "Вход Регистрация"}, "2 of 2 posts have the same text"),
    (2, {"text": "Не советую\nСообщений: 120, спасибо: 7"}, "2 of 2 posts have the same text"),
])  # fmt: skip
def test_few_posts_are_doubted_too(posts: int, change: dict[str, object], said: str) -> None:
    [doubt] = doubts([replace(post, **change) for post in GOOD[:posts]], NOW)  # type: ignore[arg-type]
    assert said in doubt


def test_one_post_without_an_author_among_others_is_said() -> None:
    assert next(doubts([replace(GOOD[0], author_name=None), *GOOD[1:]], NOW)).startswith("1 of 6 posts has no author")


def test_lines_that_two_posts_share_are_doubted_and_greetings_are_not() -> None:
    [said] = doubts([replace(post, text=f"{post.text}\n-- \nЖизнь хороша, и жить хорошо") for post in GOOD[:2]], NOW)
    assert said.startswith("2 of 2 texts have the line 'Жизнь хороша, и жить хорошо'")
    assert list(doubts([replace(post, text=f"Здравствуйте!\n{post.text}") for post in GOOD[:2]], NOW)) == []
    [said] = doubts([replace(post, text=f"{post.text}\nОтветить") for post in GOOD], NOW)
    assert said.startswith("6 of 6 texts have the line 'Ответить'")


def test_a_post_shows_every_field_that_it_has() -> None:
    post = replace(GOOD[0], published=NOW, published_precision=Precision.DAY, likes=0, official=True, about=("vestarna", "kvotum"))
    assert dict(filled(post)) == {
        "id": "a.example:1", "site": "a.example", "text": "Отзыв номер 1", "author_name": "Анна 1", "published": "2026-09-05",
        "likes": "0", "official": "True", "about": "vestarna, kvotum",
    }  # fmt: skip


def test_teasers_and_signatures_are_doubted() -> None:
    [said] = doubts([replace(post, text=f"{post.text} в банке…") for post in GOOD], NOW)
    assert said.startswith("6 of 6 texts break off")
    [said] = doubts([replace(post, text=f"{post.text}\nОтправлено с телефона") for post in GOOD], NOW)
    assert "the line 'Отправлено с телефона'" in said


def test_every_field_is_counted() -> None:
    found = {name: (filled, example) for name, filled, example in coverage(GOOD)}
    assert found["author_name"] == (6, "Анна 1")
    assert found["rating"] == (0, "")
    assert "collected" not in found
