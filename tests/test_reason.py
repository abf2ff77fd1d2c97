"""Reasons add up, whichever page they are of."""

from __future__ import annotations

from collections import Counter

import pytest

from crawlers.reason import OTHER_REASONS, PLACED, REASONS, each_once, told, without_addresses
from crawlers.run import Counts


@pytest.mark.parametrize(
    ("reason", "bare", "address"),
    [
        ("no text", "no text", ""),
        ("its page failed in 5 runs: https://a.example/1?p=2: a.example fails (503)", "its page failed in 5 runs: a.example fails (503)",
         "https://a.example/1?p=2"),
        ("https://a.example:8080/t=1: no answer in time", "no answer in time", "https://a.example:8080/t=1"),
        ("page https://a.example/1 has no posts", "page … has no posts", "https://a.example/1"),
        ("'http://a.example/я' is no date, see https://b.example.", "'…' is no date, see ….", "http://a.example/я"),
    ],
)  # fmt: skip
def test_a_reason_is_counted_without_its_addresses(reason: str, bare: str, address: str) -> None:
    assert without_addresses(reason) == (bare, address)


def test_the_same_reason_of_many_pages_is_one_with_one_of_its_pages() -> None:
    counts, later = Counts(), Counts()
    for page in range(REASONS + 2):
        counts.reject(f"its page failed in 5 runs: https://a.example/{page}: a.example fails (503)", f"https://a.example/{page}")
    later.reject("its page failed in 5 runs: https://a.example/x: a.example fails (503)", "")
    later.reject("no text", "line 7")
    counts.add(later)
    bare = "its page failed in 5 runs: a.example fails (503)"
    assert counts.reasons == {bare: REASONS + 3, "no text": 1}
    assert counts.places == {bare: "https://a.example/0", "no text": "line 7"}
    assert counts.examples[1] == f"https://a.example/1: {bare.replace('runs: ', 'runs: https://a.example/1: ')}"
    assert Counts.from_json(counts.to_json()) == counts


def test_where_a_reason_was_met_is_its_address_else_its_line_and_never_nothing() -> None:
    counts, later = Counts(), Counts(reasons=Counter({"no text": 2, "old": 1}), places={"old": ""})
    counts.add(later)
    assert counts.places == {}
    counts.reject("no text", "")
    counts.reject("https://a.example/1: fails", "line 3")
    counts.reject("no text", "line 7")
    assert counts.places == {"fails": "https://a.example/1", "no text": "line 7"}


def test_reasons_beyond_those_that_are_counted_by_name_are_told_once_and_what_was_given_up_is_of_them() -> None:
    counts, later = Counts(), Counts()
    for number in range(REASONS):
        counts.reject(f"rating {number}", f"line {number}")
    for number in range(3):
        later.reject("refused", "https://a.example/1", given_up=True)
        later.reject(f"no date {number}", "")
    counts.add(later)
    counts.reject("refused", "https://a.example/2", given_up=True)
    assert (counts.reasons[OTHER_REASONS], counts.given_up) == (7, {OTHER_REASONS: 4})
    assert (counts.reasons - counts.given_up).total() == REASONS + 3
    assert told(counts.reasons, 2) == f"rating 0: 1, rating 1: 1, {OTHER_REASONS}: {REASONS + 5}"
    assert counts.places[OTHER_REASONS] == "https://a.example/1"


def test_the_line_of_a_run_has_the_places_of_what_is_frequent_and_nothing_empty() -> None:
    counts = Counts()
    for number in range(2 * REASONS):
        counts.reject(f"rating {number}", f"line {number}")
        counts.defer(f"https://a.example/{number}: status {number}")
    record = counts.to_json()
    assert record["places"] == {f"rating {n}": f"line {n}" for n in range(PLACED)} | {
        f"status {n}": f"https://a.example/{n}" for n in range(PLACED)
    }
    assert not Counts().to_json().keys() & {"given_up", "waiting", "places"}
    assert Counts.from_json(Counts().to_json()) == Counts()


def test_a_few_reasons_are_told_the_most_frequent_first() -> None:
    assert told(Counter(a=1, b=3, c=2), 2) == f"b: 3, c: 2, {OTHER_REASONS}: 1"
    assert told(Counter()) == ""


def test_reasons_that_differ_in_addresses_alone_are_told_once_with_where_they_hold() -> None:
    refused = [f"https://a.example/{number}: refused" for number in (1, 2, 3, 4, 5, 2)]
    assert each_once([refused[0], "no date", refused[0], "no date"]) == [refused[0], "no date"]
    assert each_once(["no date", *refused]) == [
        "no date",
        "https://a.example/1: refused; the same at https://a.example/2, https://a.example/3, https://a.example/4 and 1 more",
    ]
