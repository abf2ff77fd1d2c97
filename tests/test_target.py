"""Targets: one file each; a broken one is shown and harms no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crawlers.target import BrokenTarget, FeedTarget, ReviewsTarget, read_target, read_targets, target_from_json, target_to_json
from tests.target_folder import TARGET, write_config

FEED = "kind: feed\nurl: https://blog.example/feed.xml\n"
REVIEWS = """\
kind: reviews
url: https://reviews.example/bank
item: article.review
take:
  text: .text::text
  rating: {select: .stars::attr(data-value), max: 10}
next: //a[@rel='next']/@href
about: {selector: h1::text, mapping: {Весты: Вестарна}}
"""


def read(tmp_path: Path, text: str, name: str = "x") -> object:
    return read_target(write_config(tmp_path, **{name: text}) / "targets" / f"{name}.yaml")


def error_of(tmp_path: Path, text: str) -> str:
    found = read(tmp_path, text)
    assert isinstance(found, BrokenTarget)
    return str(found.error)


def test_a_feed_with_what_all_targets_may_say(tmp_path: Path) -> None:
    target = read(
        tmp_path, FEED + "schedule: every 5 minutes\nsince: 2024-01-05\ntimezone: Europe/Moscow\nabout: Вестарна\nlimits: {items: 5}\n"
    )
    assert isinstance(target, FeedTarget)
    assert (target.name, target.brand, target.since) == ("x", "Вестарна", date(2024, 1, 5))
    assert (target.schedule, target.zone.key, target.limits.items, target.limits.rejected) == ("every 5 minutes", "Europe/Moscow", 5, 0.2)


def test_reviews_take_css_and_xpath(tmp_path: Path) -> None:
    target = read(tmp_path, REVIEWS)
    assert isinstance(target, ReviewsTarget)
    assert target.take.rating is not None and target.take.rating.max == 10
    assert target.next is not None and target.next.select.startswith("//a")
    assert target.brand is None


@pytest.mark.parametrize(
    "schedule", ["every 1 minutes", "every 2 hours", "every 3 days", "hourly", "@daily", "0 7 * * 1-5", "*/10 * * * *"]
)
def test_schedules(tmp_path: Path, schedule: str) -> None:
    target = read(tmp_path, FEED + f'schedule: "{schedule}"\n')
    assert isinstance(target, FeedTarget)
    assert target.schedule in (schedule, f"@{schedule}")


@pytest.mark.parametrize("schedule", ["every 0 minutes", "sometimes", "61 * * * *", "* * *", "@reboot", "* * * * * *"])
def test_wrong_schedules(tmp_path: Path, schedule: str) -> None:
    assert ":3: schedule: must be `every 5 minutes`" in error_of(tmp_path, FEED + f'schedule: "{schedule}"\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("url: https://a.example\n", ":1: kind: is missing: one of feed, reviews, reddit, files"),
        (
            "kind: feeds\nurl: https://a.example\n",
            ":1: kind: must be one of feed, reviews, reddit, files, not 'feeds' (did you mean `feed`?)",
        ),
        ("kind: feed\nurl: blog.example\n", ":2: url: must be an address that begins with https:// or http://"),
        ("kind: feed\nurl: https://a:secret@blog.example/\n", ":2: url: must not contain a password"),
        (FEED + "name: y\n", ":3: name: unknown key (a target is named by its file)"),
        (FEED + "timezone: Moscow\n", ":3: timezone: must be a time zone such as Europe/Moscow"),
        (FEED + "about: {column: a, selector: b}\n", ":3: about: must have either `column` (of a file) or `selector` (of a page)"),
        (FEED + "limits: {rejected: 20}\n", ":3: limits.rejected: must be less than or equal to 1, not 20"),
        (FEED + "shedule: '@daily'\n", ":3: shedule: unknown key (did you mean `schedule`?)"),
        (FEED + "since: yesterday\n", ":3: since: must be a valid date"),
        (REVIEWS.replace("article.review", "'article['"), ":3: item: isn't a CSS selector nor an XPath"),
        (REVIEWS.replace("//a[@rel='next']/@href", "//a[@rel="), ":7: next: isn't a CSS selector nor an XPath"),
        ("kind: reddit\n", "must name what to watch: `subreddits`, `search` or `threads`"),
        (
            "kind: reddit\nsubreddits: [a]\nclient_secret_env: Xy-12!\n",
            ":3: client_secret_env: must be the name of an environment variable",
        ),
        (TARGET.format(path="a.csv").replace("site: reviews.example\n", ""), "must say where the posts stood: `site`, or `columns.site`"),
        (TARGET.format(path="a.csv") + "encoding: klingon\n", ":7: encoding: isn't an encoding: 'klingon'"),
        (TARGET.format(path="a.csv") + "about: {selector: h1}\n", "`about` of a file is a brand or a `column`"),
    ],
)
def test_wrong_targets(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in error_of(tmp_path, text)


def test_a_broken_file_leaves_the_others_alone(tmp_path: Path) -> None:
    config = write_config(tmp_path, good=FEED, torn="kind: [", other=REVIEWS)
    (config / "targets" / ".#good.yaml").write_text("an editor's own file", encoding="utf-8")
    (config / "brands.yaml").write_text("brands: broken", encoding="utf-8")
    assert [(target.name, isinstance(target, BrokenTarget)) for target in read_targets(config)] == [
        ("good", False),
        ("other", False),
        ("torn", True),
    ]


def test_names_that_differ_only_by_case_are_doubles(tmp_path: Path) -> None:
    found = read_targets(write_config(tmp_path, Blog=FEED, blog=FEED))
    wrong = [target for target in found if isinstance(target, BrokenTarget)]
    assert len(found) == 2 and len(wrong) == 1
    assert "differs from Blog.yaml only by case" in str(wrong[0].error)


def test_the_file_name_is_a_name(tmp_path: Path) -> None:
    found = read(tmp_path, FEED, name="a b")
    assert isinstance(found, BrokenTarget) and "the file's name is the target's" in str(found.error)


@pytest.mark.parametrize("text", [FEED, REVIEWS, TARGET.format(path="a.csv"), "kind: reddit\nsubreddits: [banks]\n"])
def test_a_manifest_tells_the_target_again(tmp_path: Path, text: str) -> None:
    target = read(tmp_path, text)
    assert not isinstance(target, BrokenTarget)
    again = target_from_json(target_to_json(target) | {"a_key_of_another_release": 1})  # type: ignore[arg-type]
    assert again.model_dump(exclude={"folder"}) == target.model_dump(exclude={"folder"})  # type: ignore[attr-defined]
