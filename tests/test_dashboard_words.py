"""Every word of the interface stands in both languages, and every word that the pages use stands there."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest

from advocacy.correction import HEADS
from advocacy.report import DASH, percent
from dashboard.correct import WORDS as BEGINNINGS
from dashboard.view import COUNTED, PERIODS, SORTS, VIEW_ROLES
from dashboard.words import WORDS, number, say, share
from nlp.explain import HEADS as EXPLAINED
from nlp.explain import By
from nlp.mention import GENRES, STANCES

PAGES = [*sorted(Path(__file__).parents[1].glob("dashboard/*.py")), Path(__file__).parents[1] / "app.py"]


@pytest.mark.parametrize("key", sorted(WORDS))
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    russian, english = WORDS[key]
    assert russian.strip()
    assert english.strip()
    fields = [{name for _, name, _, _ in string.Formatter().parse(words) if name} for words in (russian, english)]
    assert fields[0] == fields[1]


def test_every_word_used_has_a_meaning() -> None:
    used = {key for page in PAGES for key in re.findall(r'say\([\w.]+, "([\w.]+)"', page.read_text(encoding="utf-8"))}
    assert used, "the pattern no longer fits the pages"
    assert used - set(WORDS) == set()


def test_every_value_of_a_choice_has_words() -> None:
    choices = {"period": PERIODS, "counted": COUNTED, "sort": SORTS, "role": VIEW_ROLES, "stance": STANCES, "genre": GENRES}
    choices |= {BEGINNINGS.get(head, head): values for head, values in HEADS.items()} | {"head": tuple(HEADS)}
    choices["head"] = (*choices["head"], *EXPLAINED)
    choices["explain"] = get_args(By)
    missing = {f"{name}.{value}" for name, values in choices.items() for value in values} - set(WORDS)
    assert missing == set()


def test_a_value_without_words_is_shown_as_it_is() -> None:
    assert say("ru", "site.banki.ru") == "banki.ru"


def test_commands_round_a_share_as_the_dashboard_does() -> None:
    for part, whole in ((92, 160), (1, 8), (3, 8), (1, 200), (0, 3), (0, 0)):
        assert percent(part, whole).strip("%") == share("en", part, whole).strip("%").replace("–", DASH), (part, whole)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert number("ru", -12345.6, digits=1) == "\u221212\u202f345,6"
    assert number("en", 12345.6, sign=True, digits=1) == "+12,345.6"
    assert number("ru", -0.4, sign=True) == number("en", 0.4, sign=True) == "0"
    assert share("ru", 1, 4) == "25\u00a0%"
    assert share("en", 1, 0) == "–"
