"""What a preview doubts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.doubt import coverage, doubts
from crawlers.post import Post

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
    assert list(doubts([replace(post, author_name=None, published=None) for post in GOOD[:3]], NOW)) == []


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
