"""Google Play: the shipped example reads what google-play-scraper writes, of our own making and real."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.post import Post, post_id
from crawlers.run import Outcome, RunFailed
from crawlers.sink import find_target
from tests.recorded_walk import REAL, needs_real, recorded
from tests.target_folder import files_target

EXAMPLE = Path(__file__).parents[1] / "dags" / "targets" / "example-googleplay.yaml"


def collected(folder: Path, export: str) -> tuple[int, list[Post]]:
    """Items that were no posts, and the posts, of an export read by the example."""
    files_target(folder / "config")
    (folder / "config" / "export.csv").write_text(export, encoding="utf-8")
    os.utime(folder / "config" / "export.csv", (1_700_000_000, 1_700_000_000))
    text = EXAMPLE.read_text(encoding="utf-8").replace("exports/googleplay/*.csv", "export.csv").replace("enabled: false", "")
    (folder / "config" / "targets" / "export.yaml").write_text(text, encoding="utf-8")
    run = collect(find_target("export", folder / "config"), data=folder / "data", config=folder / "config")
    posts = [post for batch in Archive(folder / "data").batches("export") for post in batch.posts()]
    return run.counts.outcomes[Outcome.REJECTED], posts


def test_a_made_review_with_the_developers_reply_and_one_with_stars_alone(tmp_path: Path) -> None:
    rejected, [slow, stars] = collected(tmp_path, recorded("googleplay", "reviews.csv"))
    assert rejected == 0
    assert (slow.text, slow.rating, slow.likes) == ("Вестарна тормозит,\nпосле обновления не открывается", 2, 14)
    assert slow.company_reply == "Анна, напишите нам в чат, разберёмся."
    assert (slow.author_name, slow.author_id) == ("Анна", None), "a bare name is no account"
    assert slow.published == datetime(2026, 9, 1, 9, 30, 5, tzinfo=UTC)
    assert (stars.text, stars.rating, stars.company_reply) == ("", 5, None)
    assert {(each.site, each.place, each.language) for each in (slow, stars)} == {("play.google.com", "com.example.bank", "ru")}
    assert slow.id == post_id("play.google.com", "0b6f1c1e-0001-4a00-9a00-000000000001") and stars.likes == 0


def test_a_made_export_without_replies_of_reviews_that_are_known_in_part(tmp_path: Path) -> None:
    """The other form that exports have: no pictures, no replies, times as ISO 8601 writes them."""
    _, before = collected(tmp_path, recorded("googleplay", "reviews.csv"))
    rejected, posts = collected(tmp_path, recorded("googleplay", "reviews_without_replies.csv"))
    assert rejected == 0 and posts[:2] == before
    moved, slow, locked = posts[2:]
    assert moved.text == 'Перешла в Вестарну: перевод ушёл за минуту, поддержка "живая"'
    assert [each.published for each in (moved, locked)] == [
        datetime(2026, 9, 2, 5, 5, tzinfo=UTC),
        datetime(2026, 9, 2, 20, 59, 59, tzinfo=UTC),
    ]
    assert [(each.author_name, each.rating, each.likes) for each in (moved, locked)] == [("Мария", 5, 3), ("Олег", 1, 0)]
    assert (slow.id, slow.likes, slow.company_reply) == (before[0].id, 21, None), "the newest export of a review replaces the older one"
    assert moved.company_reply is None


@pytest.mark.parametrize("column", ["reviewId", "content", "at", "score"])
def test_a_made_export_that_lacks_what_is_needed_is_refused(column: str, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=f"export.csv: has no column '{column}'"):
        collected(tmp_path, re.sub(rf"\b{column}\b", "other", recorded("googleplay", "reviews.csv"), count=1))


@needs_real
@pytest.mark.parametrize(("name", "posts"), [("pnb_bank_reviews", 174), ("youtube_app_reviews_200", 200)])
def test_recorded_reviews_none_of_which_has_a_reply(tmp_path: Path, name: str, posts: int) -> None:
    rejected, made = collected(tmp_path, (REAL / "api" / "googleplay" / f"{name}.csv").read_text(encoding="utf-8"))
    assert (rejected, len(made)) == (0, posts)
    assert all(each.published and each.rating and each.author_name and each.site == "play.google.com" for each in made)
