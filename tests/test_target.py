"""Targets: one file each; a broken one is shown and harms no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crawlers import target as targets
from crawlers.kinds import FeedTarget, FilesTarget, ReviewsTarget
from crawlers.target import KINDS, BrokenTarget, read_target, read_targets, target_from_json, target_to_json
from tests.target_folder import TARGET, write_config

FILE = TARGET.format(path="a.csv")
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
    "schedule",
    ["every 1 minutes", "every 2 hours", "every 366 days", "hourly", "@daily", "0 7 * * 1-5", "*/10 * * * *", "0 0 29 2 *", "0 0 30 2 1"],
)
def test_schedules(tmp_path: Path, schedule: str) -> None:
    target = read(tmp_path, FEED + f'schedule: "{schedule}"\n')
    assert isinstance(target, FeedTarget)
    assert target.schedule in (schedule, f"@{schedule}")


@pytest.mark.parametrize(
    "schedule",
    [
        "every 0 minutes", "every 367 days", "every 8785 hours", "every 200000000 days", "every 9999999999 days", "sometimes", "61 * * * *",
        "* * *", "@reboot", "* * * * * *",
    ],
)  # fmt: skip
def test_wrong_schedules(tmp_path: Path, schedule: str) -> None:
    assert ":3: schedule: must be `every 5 minutes`" in error_of(tmp_path, FEED + f'schedule: "{schedule}"\n')


@pytest.mark.parametrize("schedule", ["0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_a_schedule_that_never_comes(tmp_path: Path, schedule: str) -> None:
    assert f":3: schedule: must name a day that some year has, not '{schedule}'" in error_of(tmp_path, FEED + f'schedule: "{schedule}"\n')


@pytest.mark.parametrize(
    "selector", ["div:visible", ":nth-of-type(2)", "p::before", "x|a", "//p[re:test(., '(')]", "//x:a", "//p[", "a:has("]
)
def test_a_selector_that_can_not_select(tmp_path: Path, selector: str) -> None:
    assert ":3: item: isn't a CSS selector nor an XPath" in error_of(tmp_path, REVIEWS.replace("article.review", f'"{selector}"'))
    assert ":5: take.text.select: isn't a CSS" in error_of(tmp_path, REVIEWS.replace(".text::text", f'{{select: "{selector}"}}'))


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "zlib", "undefined", "idna", "utf-7", "cp037"])
def test_an_encoding_that_no_text_file_has(tmp_path: Path, encoding: str) -> None:
    assert f":7: encoding: isn't an encoding of text files: '{encoding}'" in error_of(tmp_path, FILE + f"encoding: {encoding}\n")


@pytest.mark.parametrize(
    ("encoding", "name"), [("windows-1251", "cp1251"), ("UTF-16", "utf-16"), ("utf-8-sig", "utf-8-sig"), ("koi8-r", "koi8-r")]
)
def test_an_encoding_has_pythons_name(tmp_path: Path, encoding: str, name: str) -> None:
    target = read(tmp_path, FILE + f"encoding: {encoding}\n")
    assert isinstance(target, FilesTarget) and target.encoding == name


def test_a_tab_is_a_delimiter(tmp_path: Path) -> None:
    target = read(tmp_path, FILE + 'delimiter: "\\t"\n')
    assert isinstance(target, FilesTarget) and target.delimiter == "\t"


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y-%m-%dT%H:%M:%S%z", "%d %B %y", "%j/%Y", "Дата: %m/%d/%Y %I:%M %p"])
def test_a_form_of_dates(tmp_path: Path, form: str) -> None:
    target = read(tmp_path, REVIEWS + f'date_formats: ["{form}"]\n')
    assert isinstance(target, ReviewsTarget) and target.date_formats == (form,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("url: https://a.example\n", ":1: kind: is missing: one of feed, reviews, reddit, files"),
        (
            "kind: feeds\nurl: https://a.example\n",
            f":1: kind: must be one of {', '.join(KINDS)}, not 'feeds' (did you mean `feed`?)",
        ),
        ("kind: feed\nurl: blog.example\n", ":2: url: must be an address that begins with https:// or http://"),
        ("kind: feed\nurl: https://a:secret@blog.example/\n", ":2: url: must not contain a password"),
        (FEED + "name: y\n", ":3: name: unknown key (a target is named by its file)"),
        (FEED + "timezone: Moscow\n", ":3: timezone: must be a time zone such as Europe/Moscow"),
        ("kind: [feed]\nurl: x\n", ":1: kind: must be one of feed, reviews, reddit, files"),
        ("kind: {feed: true}\nurl: x\n", ":1: kind: must be one of feed, reviews, reddit, files"),
        ("kind: feed\nurl: &a [*a]\n", ":2: url: has values more than 20 levels deep"),
        (FEED + "about: {selector: h1}\n", ":3: about: must be the name or slug of a brand"),
        ("kind: reddit\nsubreddits: [a]\nabout: {column: a}\n", ":3: about: must be the name or slug of a brand"),
        (REVIEWS.replace("selector: h1::text", "column: h1"), ":8: about.column: unknown key (there are: "),
        (REVIEWS.replace("selector: h1::text, ", ""), ":8: about.selector: is missing"),
        (REVIEWS + 'pages: "10"\n', ":9: pages: must be a whole number, not '10'"),
        (REVIEWS + "day_first: 1\n", ":9: day_first: must be true or false, not 1"),
        (REVIEWS + 'date_formats: ["%Q"]\n', ":9: date_formats[0]: isn't a form of dates as in strptime: '%Q'"),
        (REVIEWS + 'date_formats: ["%d.%m"]\n', ":9: date_formats[0]: must have day, month and year"),
        (REVIEWS.replace("max: 10", "max: 5, min: 5"), ":6: take.rating.min: must be less than `max` (5), not 5"),
        (FEED + "enabled: no\n", ":3: enabled: must be true or false, not 'no'"),
        (FEED + "delay: .inf\n", ":3: delay: must be a finite number, not inf"),
        (FEED + "delay: 100000000\n", ":3: delay: must be less than or equal to 86400"),
        (FEED + "language: russian\n", ":3: language: must be the two letters of a language, as `ru`, not 'russian'"),
        (FILE + "rating_min: 5\n", ":7: rating_min: must be less than `rating_max` (5), not 5"),
        (FILE + "rating_min: 7\nrating_max: 6\n", ":7: rating_min: must be less than `rating_max` (6), not 7"),
        (FILE + "delimiter: ;;\n", ":7: delimiter: must be one character"),
        (FILE.replace("text: text", "text: []"), ":6: columns.text: must not be empty"),
        (FEED + "limits: {rejected: 20}\n", ":3: limits.rejected: must be less than or equal to 1, not 20"),
        (FEED + "shedule: '@daily'\n", ":3: shedule: unknown key (did you mean `schedule`?)"),
        (FEED + "since: yesterday\n", ":3: since: must be a day such as 2026-01-31, not 'yesterday'"),
        (FEED + "since: 0\n", ":3: since: must be a day such as 2026-01-31, not 0"),
        (FEED + "since: 0001-01-01\n", ":3: since: must be a day such as 2026-01-31, not '0001-01-01'"),
        (REVIEWS.replace("article.review", "'article['"), ":3: item: isn't a CSS selector nor an XPath"),
        (REVIEWS.replace("//a[@rel='next']/@href", "//a[@rel="), ":7: next: isn't a CSS selector nor an XPath"),
        ("kind: reddit\n", "must name what to watch: `subreddits`, `search` or `threads`"),
        ("kind: discourse\nurl: https://a.example\ncategories: [support]\n", ":3: categories[0]: must be the end of a category's address"),
        ("kind: appstore\napps: [id12, sber]\n", ":2: apps[1]: must be the number of an app, as `389801252`, not 'sber'"),
        ("kind: hackernews\n", "must name what to watch: `search` or `stories`"),
        ("kind: hackernews\nstories: [12, abc]\n", ":2: stories[1]: must be the number or address of a story, as `8863`, not 'abc'"),
        (
            "kind: reddit\nsubreddits: [a]\nclient_secret_env: Xy-12!\n",
            ":3: client_secret_env: must be the name of an environment variable",
        ),
        (FILE.replace("site: reviews.example\n", ""), "must say where the posts stood: `site`, `columns.site`, or"),
        (FILE + "about: {selector: h1}\n", ":7: about.selector: unknown key"),
    ],
)
def test_wrong_targets(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in error_of(tmp_path, text)


def test_a_wrong_preset_hides_no_other_mistake(tmp_path: Path) -> None:
    wrong = "kind: forum\npreset: phpbb3\nname: y\nschedule: often\nshedule: daily\ntopic: {post: 'p['}\npages: many\n"
    told = [line.partition("x.yaml:")[2].partition(": must")[0].partition(" (")[0] for line in error_of(tmp_path, wrong).splitlines()]
    assert told == ["2: preset", "3: name: unknown key", "4: schedule", "5: shedule: unknown key",
                    "6: topic.post: isn't a CSS selector nor an XPath: 'p['", "7: pages"]  # fmt: skip


def test_what_only_a_preset_would_say_is_not_missed_where_its_name_is_wrong(tmp_path: Path) -> None:
    told = [line.partition("x.yaml:")[2] for line in error_of(tmp_path, "kind: reviews\npreset: banki\npages: 0\n").splitlines()]
    assert [line.partition(": must")[0] for line in told] == ["1: url: is missing", "2: preset", "3: pages"]
    assert "(did you mean `banki_ru`?)" in told[1]


def test_a_broken_file_leaves_the_others_alone(tmp_path: Path) -> None:
    config = write_config(tmp_path, good=FEED, torn="kind: [", other=REVIEWS)
    (config / "targets" / ".#good.yaml").write_text("an editor's own file", encoding="utf-8")
    (config / "brands.yaml").write_text("brands: broken", encoding="utf-8")
    assert [(target.name, isinstance(target, BrokenTarget)) for target in read_targets(config)] == [
        ("good", False),
        ("other", False),
        ("torn", True),
    ]


def test_what_nobody_foresaw_breaks_one_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path) -> object:
        return 1 / 0 if path.stem == "odd" else real(path)

    real = targets.YamlFile
    monkeypatch.setattr(targets, "YamlFile", fails)
    good, odd = read_targets(write_config(tmp_path, good=FEED, odd=FEED))
    assert isinstance(good, FeedTarget) and isinstance(odd, BrokenTarget)
    assert str(odd.error).endswith("odd.yaml: can't be read (ZeroDivisionError: division by zero)")


@pytest.mark.parametrize("ending", ["yml", "YAML", "Yml"])
def test_another_ending_is_told_and_harms_no_other(tmp_path: Path, ending: str) -> None:
    config = write_config(tmp_path, x=FEED, y=FEED)
    (config / "targets" / "y.yaml").rename(config / "targets" / f"x.{ending}")
    found = {isinstance(target, BrokenTarget): target for target in read_targets(config)}
    assert len(found) == 2 and isinstance(found[False], FeedTarget)
    assert isinstance(found[True], BrokenTarget) and found[True].name == "x"
    assert str(found[True].error).endswith(f"x.{ending}: isn't read under this name: rename it to x.yaml")


def test_names_that_differ_only_by_case_are_doubles(tmp_path: Path) -> None:
    found = read_targets(write_config(tmp_path, Blog=FEED, blog=FEED))
    wrong = [target for target in found if isinstance(target, BrokenTarget)]
    assert len(found) == 2 and len(wrong) == 1
    assert "differs from Blog.yaml only by case" in str(wrong[0].error)


def test_the_file_name_is_a_name(tmp_path: Path) -> None:
    for name in ("a b", "a+b", "(a)", "-a", "a" * 101, "\udcff"):
        found = read(tmp_path, FEED, name=name)
        assert isinstance(found, BrokenTarget) and "the file's name is the target's" in str(found.error)
        assert str(found.error).encode() and found.name.encode()
    assert isinstance(read(tmp_path, FEED, name="Обзор_1.2-b"), FeedTarget)


@pytest.mark.parametrize("text", [FEED, REVIEWS, TARGET.format(path="a.csv"), "kind: reddit\nsubreddits: [banks]\n"])
def test_a_manifest_tells_the_target_again(tmp_path: Path, text: str) -> None:
    target = read(tmp_path, text)
    assert not isinstance(target, BrokenTarget)
    again = target_from_json(target_to_json(target) | {"a_key_of_another_release": 1})  # type: ignore[arg-type]
    assert again.model_dump(exclude={"folder"}) == target.model_dump(exclude={"folder"})  # type: ignore[attr-defined]
