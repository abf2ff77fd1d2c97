"""Posts composed of two."""

from __future__ import annotations

import random

from nlp.composed import LONGEST, composed
from nlp.naming import name_spans
from nlp.records import Record


def opinion(number: int, target: str, text: str, stance: str) -> Record:
    answers = {"genre": "opinion", "stance": stance, "roles": ("client",), "products": ("app_online",), "switch": "-"}
    return Record(id=number, text=text, target=target, rating=5.0, answers=answers)


RECORDS = [
    opinion(1, "Север", "Банк Север меня радует.", "promoter"),
    opinion(2, "Юг", "В банке Юг одни очереди.", "detractor"),
    opinion(3, "Юг", "Банк Юг хуже, чем Север.", "detractor"),
    opinion(4, "North", "North is great.", "promoter"),
    opinion(5, "South", "South never answers.", "detractor"),
    opinion(6, "Запад", "Запад " + "тянет время " * 40, "detractor"),
]


def test_each_company_keeps_its_own_answers_in_a_text_that_names_both() -> None:
    found = composed(RECORDS, random.Random(1), 40)
    assert len(found) == 40
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert one.text == other.text
        assert {one.answers["stance"], other.answers["stance"]} == {"promoter", "detractor"}
        for record in (one, other):
            [source] = [each for each in RECORDS if each.id == record.id]
            assert source.text in record.text and name_spans(record.text, record.target)
            assert record.answers == {name: source.answers[name] for name in ("stance", "products")}
            assert record.rating is None
    assert {frozenset(each.id for each in pair) for pair in zip(found[::2], found[1::2], strict=True)} == {
        frozenset({1, 2}),
        frozenset({4, 5}),
    }
    assert all(len(record.text) <= 2 * LONGEST + 12 for record in found)


def test_nothing_is_composed_of_what_does_not_fit() -> None:
    assert composed(RECORDS[:1], random.Random(1), 10) == []
    assert composed([RECORDS[1], RECORDS[5]], random.Random(1), 10) == []
    assert composed(RECORDS, random.Random(1), 0) == []
