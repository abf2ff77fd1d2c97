"""Real reviews of Russian banks that others have saved, read by targets of kind `files` as an operator would write them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from crawlers.post import Post
from crawlers.run import Run
from tests.recorded_walk import REAL, needs_real
from tests.recording import own_target
from tests.site import Place


def collected(folder: Path, name: str, recording: str) -> tuple[Run, list[Post]]:
    place = Place(folder)
    (place.config / f"reviews{Path(recording).suffix}").write_bytes((REAL / "api" / "reviews_ru" / recording).read_bytes())
    target = place.target("reviews", own_target(name))
    return place.collect(target), place.posts(target)


@needs_real
def test_recorded_reviews_of_banki_ru(tmp_path: Path) -> None:
    run, posts = collected(tmp_path, "banki_ru", "banki_ru_domrf_reviews_300.csv")
    assert (run.outcomes["kept"], run.outcomes["rejected"]) == (300, 0)
    assert all(post.title and post.text and post.published and post.rating for post in posts)


@needs_real
def test_recorded_reviews_of_otzovik(tmp_path: Path) -> None:
    run, posts = collected(tmp_path, "otzovik", "otzovik_sberbank_60.json")
    assert (run.outcomes["kept"], run.outcomes["rejected"]) == (60, 0)
    assert Counter(post.rating for post in posts) == dict.fromkeys((1, 2, 3, 4, 5), 12)
    assert all(post.author_name and post.author_id is None and post.about == ("vestarna",) for post in posts)
    assert posts[0].published == datetime(2022, 4, 28, 11, tzinfo=UTC)
