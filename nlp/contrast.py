"""Contrasts: posts that speak of several products, and how often each product gets its own stance.

The rule to know: a subject counts as right only where the reader finds it in the text and judges its stance right; the whole
way is measured, from the names to the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawlers.brand import Brands
from nlp.bootstrap import Interval, rounded, share_interval
from nlp.judgements import Judge
from nlp.mention import SENTIMENTS, STANCES
from nlp.records import RecordError, json_object
from nlp.report import ends
from nlp.stream import tag_lines

LABELS = Path(__file__).parents[1] / "labels"
FILE, BRANDS = LABELS / "contrast.jsonl", LABELS / "contrast_brands.yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """One expected subject and what the reader said of it."""

    post: str
    lang: str
    expected: str
    found: str | None
    """None: the reader did not find the subject."""

    @property
    def right(self) -> bool:
        return self.found == self.expected


def contrasts(path: Path, brands: Brands, judge: Judge) -> list[Answer]:
    """The answers to all expected subjects of the file, in order.

    A line has `id`, `text`, `lang` and `expected`, a list of brand, product and stance. Raises RecordError for another line.
    """
    lines = path.read_bytes().splitlines()
    posts = expectations(path, lines)
    stances: dict[tuple[Any, str, str], str] = {}
    for mention in tag_lines(lines, brands, judge):
        if isinstance(mention, str):
            raise RecordError(path, 0, "record", mention)
        stances[mention["post"], mention["brand"], mention["product"]] = mention["stance"]
    return [
        Answer(str(post["id"]), str(post.get("lang")), each["stance"], stances.get((post["id"], each["brand"], each["product"])))
        for post in posts
        for each in post["expected"]
    ]


def expectations(path: Path, lines: Sequence[bytes]) -> list[Mapping[str, Any]]:
    """The posts of the lines with what is expected of them; each has an id of its own. Raises RecordError."""
    found = [_expected(path, number, line) for number, line in enumerate(lines, 1)]
    ids: set[str] = set()
    for number, post in enumerate(found, 1):
        if post.get("id") in (None, "") or str(post["id"]) in ids:
            raise RecordError(path, number, "id", "must be given, and be that of no other post")
        ids.add(str(post["id"]))
    return found


def _expected(path: Path, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        post = json_object(line)
    except ValueError as error:
        raise RecordError(path, number, "record", str(error)) from error
    try:
        wrong = [each for each in post["expected"] if not _is_answer(each)]
    except (KeyError, TypeError):
        wrong = [post]
    if wrong or not post["expected"]:
        raise RecordError(path, number, "expected", "must be a list of objects with brand, product and stance")
    return post


def _is_answer(each: Mapping[str, Any]) -> bool:
    return each["stance"] in STANCES and each.get("sentiment", SENTIMENTS[0]) in SENTIMENTS and bool(each["brand"] and each["product"])


def accuracy(answers: Sequence[Answer]) -> tuple[float, Interval | None]:
    """Share of the subjects that are right, and its interval; the subjects of a post are drawn together."""
    right = [each.right for each in answers]
    return sum(right) / max(1, len(right)), share_interval(right, [each.post for each in answers])


def lines_of(answers: list[Answer], *, as_json: bool = False) -> str:
    """The accuracy in all, by language and by stance, for people or programs."""
    parts = {"all": answers}
    parts |= {lang: [each for each in answers if each.lang == lang] for lang in sorted({each.lang for each in answers})}
    parts |= {stance: [each for each in answers if each.expected == stance] for stance in STANCES}
    counts = {name: (sum(each.right for each in some), len(some)) for name, some in parts.items() if some}
    if as_json:
        figures = {name: {"right": right, "subjects": of, "accuracy": round(right / of, 4)} for name, (right, of) in counts.items()}
        interval = rounded(accuracy(answers)[1])
        return json.dumps(figures | {"interval": interval, "not_found": sum(each.found is None for each in answers)}, indent=2)
    rows = [f"{name:<10} {right / of:.3f}   {right} of {of}" for name, (right, of) in counts.items()]
    rows.append(f"interval   {ends(accuracy(answers)[1])}   95 %, of all")
    return "\n".join([*rows, f"not found  {sum(each.found is None for each in answers)}"])
