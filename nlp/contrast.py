"""Contrasts: posts that speak of several products, and how often each product gets its own stance.

The rule to know: a subject counts as right only where the reader finds it in the text and judges its stance right; the whole
way is measured, from the names to the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from crawlers.brand import Brands
from nlp.bootstrap import Interval, rounded, share_difference, share_interval
from nlp.judgements import Judge
from nlp.mention import SENTIMENTS, STANCES
from nlp.records import RecordError, json_object
from nlp.report import ends
from nlp.stream import tag_lines

LABELS = Path(__file__).parents[1] / "labels"
FILE, BRANDS = LABELS / "contrast.jsonl", LABELS / "contrast_brands.yaml"


Subject = tuple[str, str, str]
"""Post, brand and product."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One expected subject and what the reader said of it."""

    post: str
    lang: str
    brand: str
    product: str
    expected: str
    found: str | None
    """None: the reader did not find the subject."""

    @property
    def subject(self) -> Subject:
        return self.post, self.brand, self.product

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
    return [_answer(post, each, stances.get((post["id"], each["brand"], each["product"]))) for post in posts for each in post["expected"]]


def _answer(post: Mapping[str, Any], subject: Mapping[str, Any], found: str | None) -> Answer:
    return Answer(str(post["id"]), str(post.get("lang")), str(subject["brand"]), str(subject["product"]), subject["stance"], found)


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


def write_answers(file: IO[bytes], answers: Sequence[Answer]) -> None:
    """A line for each subject: its post, brand and product, and the stance that was found."""
    for each in answers:
        line = {"post": each.post, "brand": each.brand, "product": each.product, "stance": each.found}
        file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def read_answers(path: Path) -> dict[Subject, str | None]:
    """What `write_answers` wrote: (post, brand, product) -> stance. Raises RecordError, OSError."""
    found: dict[Subject, str | None] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json_object(line)
        except ValueError as error:
            raise RecordError(path, number, "record", str(error)) from error
        if missing := [name for name in ("post", "brand", "product", "stance") if name not in values]:
            raise RecordError(path, number, missing[0], "is missing")
        if values["stance"] not in (None, *STANCES):
            raise RecordError(path, number, "stance", f"must be null or one of {', '.join(STANCES)}, not {values['stance']!r}")
        subject = str(values["post"]), str(values["brand"]), str(values["product"])
        if subject in found:
            raise RecordError(path, number, "post", f"the subject {', '.join(subject)} stands in an earlier line too")
        found[subject] = values["stance"]
    return found


def answered_by(path: Path, theirs: Mapping[Subject, str | None], asked: Sequence[Answer]) -> list[Answer]:
    """The asked subjects with what others, read of that file, said of them. Raises RecordError where they lack one."""
    if missing := [each.subject for each in asked if each.subject not in theirs]:
        first = ", ".join(missing[0])
        raise RecordError(path, len(theirs), "post", f"{len(missing)} of {len(asked)} subjects have no line here, first {first}")
    return [replace(each, found=theirs[each.subject]) for each in asked]


def accuracy(answers: Sequence[Answer]) -> tuple[float, Interval | None]:
    """Share of the subjects that are right, and its interval; the subjects of a post are drawn together."""
    right = [each.right for each in answers]
    return sum(right) / max(1, len(right)), share_interval(right, [each.post for each in answers])


def gain(ours: Sequence[Answer], theirs: Sequence[Answer]) -> tuple[float, Interval | None]:
    """By how much more of the subjects ours are right than theirs, and its interval; both answer the same posts of each draw."""
    right, others = ([each.right for each in answers] for answers in (ours, theirs))
    return (sum(right) - sum(others)) / max(1, len(right)), share_difference(right, others, [each.post for each in ours])


def lines_of(answers: list[Answer], theirs: Sequence[Answer] | None = None, *, as_json: bool = False) -> str:
    """The accuracy in all, by language and by stance, and the difference to other answers, for people or programs."""
    parts = {"all": answers}
    parts |= {lang: [each for each in answers if each.lang == lang] for lang in sorted({each.lang for each in answers})}
    parts |= {stance: [each for each in answers if each.expected == stance] for stance in STANCES}
    counts = {name: (sum(each.right for each in some), len(some)) for name, some in parts.items() if some}
    if as_json:
        figures = {name: {"right": right, "subjects": of, "accuracy": round(right / of, 4)} for name, (right, of) in counts.items()}
        others: dict[str, Any] = {"interval": rounded(accuracy(answers)[1]), "not_found": sum(each.found is None for each in answers)}
        if theirs is not None:
            value, interval = gain(answers, theirs)
            others["difference"] = {"theirs": round(accuracy(theirs)[0], 4), "difference": round(value, 4), "interval": rounded(interval)}
        return json.dumps(figures | others, indent=2)
    rows = [f"{name:<10} {right / of:.3f}   {right} of {of}" for name, (right, of) in counts.items()]
    rows.append(f"interval   {ends(accuracy(answers)[1])}   95 %, of all")
    rows.append(f"not found  {sum(each.found is None for each in answers)}")
    if theirs is not None:
        value, interval = gain(answers, theirs)
        rows.append(f"difference {value:+.3f} {ends(interval, '+.3f')}   paired by post, theirs {accuracy(theirs)[0]:.3f}")
    return "\n".join(rows)
