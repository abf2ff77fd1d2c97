"""Real reviews of Russian banks that others have saved, read by targets of kind `files` as an operator would write them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from crawlers.post import Post
from crawlers.run import Run
from tests.recorded_walk import REAL, needs_real
from tests.site import Place

HEAD = "kind: files\nlanguage: ru\ntimezone: Europe/Moscow\nabout: vestarna\n"
BANKI = "site: banki.ru\npath: reviews.csv\ncolumns: {id: ID, title: Review Title, rating: Rating, text: Review Text, date: Date}\n"
OTZOVIK = (
    "site: otzovik.com\npath: reviews.json\ncolumns: {url: url, title: title, author: author, text: text, date: date, rating: rating}\n"
)


def collected(folder: Path, text: str, name: str, content: bytes) -> tuple[Run, list[Post]]:
    place = Place(folder)
    (place.config / name).write_bytes(content)
    target = place.target("reviews", HEAD + text)
    return place.collect(target), place.posts(target)


@needs_real
def test_reviews_of_banki_ru(tmp_path: Path) -> None:
    content = (REAL / "api" / "reviews_ru" / "banki_ru_domrf_reviews_300.csv").read_bytes()
    run, posts = collected(tmp_path, BANKI, "reviews.csv", content)
    assert (run.outcomes["kept"], run.outcomes["rejected"]) == (300, 0)
    assert all(post.title and post.text and post.published and post.rating for post in posts)


@needs_real
def test_reviews_of_otzovik(tmp_path: Path) -> None:
    content = (REAL / "api" / "reviews_ru" / "otzovik_sberbank_60.json").read_bytes()
    run, posts = collected(tmp_path, OTZOVIK, "reviews.json", content)
    assert (run.outcomes["kept"], run.outcomes["rejected"]) == (60, 0)
    assert Counter(post.rating for post in posts) == dict.fromkeys((1, 2, 3, 4, 5), 12)
    assert all(post.author_name and post.author_id is None and post.about == ("vestarna",) for post in posts)
    assert posts[0].published == datetime(2022, 4, 28, 11, tzinfo=UTC)
