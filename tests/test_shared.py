"""The shared recordings: each is read by a test, or it is said why none does (`tests/reading.py` sees to it that they are opened)."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from tests.reading import ORIGINS, SHARED, TABLE, UNREAD, WORDS, Reading, files, opened, origins, passed_over, readers, said_of

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="requires: ../shared/fixtures")


OF_PLATFORMS = (
    "appstore", "bluesky", "discourse", "feed", "forum", "googleplay", "habr", "hackernews", "listing", "livejournal", "looks",
    "monitoring_exports", "phpbb", "real_reviews", "reddit", "reviews", "site", "stackexchange", "telegram", "telegram_export", "vk",
    "wordpress", "youtube",
)  # fmt: skip
"""Modules whose tests run against answers of platforms and pages of sites that no machine here can reach."""
WITHOUT_ANSWERS = {
    "discourse": ("test_what_is_read_in_one_run_from_the_top_is_remembered_from_there",),
    "feed": ("test_what_was_taken_is_known_although_a_feed_is_long_or_says_that_nothing_is_new",),
    "forum": (
        "test_the_number_of_a_visit_is_taken_out_of_an_address",
        "test_a_topic_is_read_again_where_what_its_board_says_has_changed_and_from_the_page_read_last",
        "test_of_many_topics_those_deep_in_a_board_are_forgotten_first",
        "test_whatever_is_cut_short_and_written_between_no_new_post_is_missed",
        "test_a_busy_board_is_not_walked_to_its_end_where_all_that_was_known_on_top_has_gone_up",
        "test_pages_of_a_cursor_of_before_that_were_not_read_yet_show_nothing_known",
        "test_a_preset_is_kept_in_full_in_the_snapshot_and_the_file_goes_before_it",
        "test_an_unknown_preset_and_a_board_without_a_sign_of_new_posts",
    ),
    "listing": ("test_the_page_of_a_source_has_its_keys_and_there_is_an_example",),
    "looks": ("test_app_store_tells_nothing", "test_pages"),
    "monitoring_exports": (
        "test_presets_and_their_page",
        "test_a_preset_is_kept_in_full_in_the_snapshot_and_the_file_goes_before_it",
        "test_values_of_cells",
    ),
    "reddit": (
        "test_a_missing_key_is_named",
        "test_reddit_behind_a_private_address_is_refused_before_a_byte_is_sent",
        "test_a_proxy_of_the_environment_is_not_asked_for_reddit_as_it_would_reach_behind_our_wall",
        "test_reddit_with_a_certificate_that_nobody_vouches_for_is_refused",
        "test_quotes_and_links_of_markdown",
        "test_nothing_but_a_quote_is_the_authors_own",
    ),
    "reviews": (
        "test_pages_with_numbers_and_no_link_between_them",
        "test_presets_and_their_page",
        "test_a_walk_ends_at_a_page_that_is_known",
        "test_a_walk_cut_short_leaves_an_interval_that_the_next_run_closes",
        "test_a_post_that_stands_on_top_of_every_page_does_not_end_the_walk",
        "test_a_list_without_an_end_that_is_said_counts_as_ended_after_some_runs",
        "test_whatever_is_cut_short_and_published_between_nothing_is_missed",
    ),
    "site": (
        "test_what_many_pages_lead_to_waits_once_and_only_so_many",
        "test_of_addresses_the_last_ones_are_remembered",
        "test_of_a_cursor_of_before_what_was_forgotten_had_changed_when_the_latest_had",
    ),
    "vk": ("test_what_to_mend_names_videos_too_and_folded_answers_are_those_of_a_wall",),
}
"""Their tests that use no answer."""


def names_in(path: Path) -> list[str]:
    """Names of a module's tests."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    return [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@needs_shared
def test_every_shared_recording_has_its_line() -> None:
    said = readers()
    assert [file for file in files() if not said.get(file)] == [], f"name a test in {TABLE.name}, or say why none reads it"
    assert {file: names for file, names in said.items() if len(names) > 1 and any(name.startswith(UNREAD) for name in names)} == {}


@needs_shared
def test_every_line_means_a_recording_and_a_test_that_is_there() -> None:
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    assert [pattern for patterns in table.values() for pattern in patterns if not list(SHARED.glob(pattern))] == []
    tests = {f"{path.name}::{name}" for path in Path(__file__).parent.glob("test_*.py") for name in names_in(path)}
    assert [reader for reader in table if not reader.startswith(UNREAD) and reader not in tests] == []
    assert all(len(reader) > len("unread: ") + 10 for reader in table if reader.startswith(UNREAD))


@needs_shared
def test_a_test_that_opens_less_than_its_lines_say_is_told() -> None:
    file, [reader, *_] = next((file, names) for file, names in readers().items() if not names[0].startswith(UNREAD))
    with opened() as found:
        (SHARED / file).read_bytes()
    assert found == {file}
    assert any(line == f"{file} is not opened by {reader}" for line in passed_over({reader: set()}))
    assert passed_over({"test_other.py::test": set()}) == []


def true_of(said: set[str], words: set[str]) -> bool:
    """What was trimmed by hand was recorded before, and may be called so; else the words are the same."""
    return said == words or (said == words | {"recorded"} and "trimmed" in words)


def test_a_name_is_true_of_its_answers_or_not() -> None:
    assert said_of("test_x.py::test_recorded_answers_trimmed_by_hand[made]") == {"recorded", "trimmed", "made"}
    assert true_of({"recorded"}, {"recorded"}) and true_of({"recorded", "trimmed"}, {"trimmed"}) and true_of({"made"}, {"made"})
    assert not true_of(set(), {"recorded"}) and not true_of({"recorded"}, {"made"}) and not true_of({"recorded"}, {"trimmed"})


@needs_shared
def test_a_test_that_reads_recordings_says_in_its_name_what_they_are() -> None:
    known, answered = origins(), defaultdict(set)
    for file, names in readers().items():
        for name in names:
            answered[name].add(known[file])
    wrong = {name: sorted(words) for name, words in answered.items() if not name.startswith(UNREAD) and not true_of(said_of(name), words)}
    assert wrong == {}, "what they are, but their names don't say"
    said = yaml.safe_load(ORIGINS.read_text(encoding="utf-8"))
    assert set(said) < set(WORDS) and [each for patterns in said.values() for each in patterns if not list(SHARED.glob(each))] == []


@pytest.mark.parametrize("module", OF_PLATFORMS)
def test_a_test_of_a_platform_says_in_its_name_what_the_answers_are(module: str) -> None:
    unsaid = [name for name in names_in(Path(__file__).with_name(f"test_{module}.py")) if not said_of(name)]
    assert sorted(unsaid) == sorted(WITHOUT_ANSWERS.get(module, ())), f"one of {WORDS}, or without answers"


def test_a_test_is_judged_where_all_its_parameters_ran() -> None:
    reading = Reading()
    for _ in range(2):
        reading.note("tests/test_x.py::test[1]", {"opened": ["a.json"], "collected": 2})
        reading.note("tests/test_x.py::test_alone", {"opened": ["c.json"], "collected": 1})
    assert reading.whole() == {"test_x.py::test_alone": {"c.json"}}
    reading.note("tests/test_x.py::test[2]", {"opened": ["b.json"], "collected": 2})
    assert reading.whole() == {"test_x.py::test": {"a.json", "b.json"}, "test_x.py::test_alone": {"c.json"}}
