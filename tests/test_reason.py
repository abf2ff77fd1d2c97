"""Reasons add up, whichever page they are of."""

from __future__ import annotations

from collections import Counter

import pytest

from crawlers.reason import OTHER_REASONS, REASONS, told, without_addresses
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


def test_a_few_reasons_are_told_the_most_frequent_first() -> None:
    assert told(Counter(a=1, b=3, c=2), 2) == f"b: 3, c: 2, {OTHER_REASONS}: 1"
    assert told(Counter()) == ""
