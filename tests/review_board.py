"""A review site on loopback: its target, its reviews, and what was kept of them."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.site import Answer, Place, Request, Site

CARDS = """
kind: reviews
url: https://reviews.example/vestarna
timezone: Europe/Moscow
item: .review
take: {text: p, author: b, date: time}
"""
LOOKED_AT = {day: datetime(2026, 5, day, 17, 30, tzinfo=UTC) for day in (12, 13, 20)}

TARGET = """
kind: reviews
url: {url}/vestarna
allow_private: true
delay: 0
language: ru
about: Вестарна
site: reviews.example
item: .review
take:
  text: p
  author: {{select: b}}
  date: time
  url: a::attr(href)
  rating: {{select: i, count: true}}
next: a.next
"""


def review(number: int) -> str:
    text = f"Отзыв номер {number}: деньги вернули через {number} дней."
    return (
        f'<div class="review"><b>Клиент {number}</b><time>{number % 28 + 1:02}.09.2026 10:00</time><a href="/r/{number}">#</a>'
        f"{'<i></i>' * (number % 5 + 1)}<p>{text}</p></div>"
    )


def paged(board: Site, numbers: list[int], per_page: int = 5) -> None:
    """The site shows these reviews, newest first; the last page has no way on."""

    def answer(request: Request) -> Answer:
        page = int(request.path.partition("page=")[2] or 1)
        shown = numbers[(page - 1) * per_page : page * per_page]
        more = f'<a class="next" href="/vestarna?page={page + 1}">дальше</a>' if page * per_page < len(numbers) else ""
        return Answer(f"<html><body><h1>Вестарна</h1>{''.join(map(review, shown))}{more}</body></html>")

    board.pages["/vestarna"] = answer


def kept(place: Place, target: object) -> list[int]:
    return sorted(int((post.url or "").rpartition("/")[2]) for post in place.posts(target))  # type: ignore[arg-type]
