"""Labelled records: a post, the company it is judged about, and the answers that people gave.

The rule to know: a record may lack any answer; None means "not asked" and is neither learned from nor scored. A field that is
not needed and can't be used is left out and told as a warning; `nlp.stream` reads its posts by the same rules.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from crawlers.post import stars
from nlp.mention import PRODUCT_KINDS, ROLES, SENTIMENTS, STANCES
from nlp.naming import name_spans
from nlp.pair import Pair

T = TypeVar("T")
Answer = str | int | tuple[str, ...]
Texts = Callable[[], Mapping[str, str]]
"""Texts by their `text_hash`, read only where a record needs one."""
log = logging.getLogger(__name__)
HALF_CHARACTER = re.compile("[\ud800-\udfff]")

RECOMMEND_WORDS: Mapping[str, str] = {"yes": "recommends", "no": "warns", "-": "none"}
"""Answer of a record -> word of a mention."""
SWITCH_WORDS: Mapping[str, str] = {"left": "left", "threatens": "threatens", "joined": "joined", "-": "none"}
RECOMMEND_CODES: Mapping[str, str] = {word: code for code, word in RECOMMEND_WORDS.items()}
SWITCH_CODES: Mapping[str, str] = {word: code for code, word in SWITCH_WORDS.items()}
"""Words of a mention -> answers of a record."""

ROLE_SETS: tuple[tuple[str, ...], ...] = (
    ("client",), ("none",), ("ex_client",), ("prospect",), ("employee",), ("ex_employee",), ("competitor_client",),
    ("ex_client", "competitor_client"), ("competitor_client", "prospect"), ("ex_client", "prospect"),
    ("client", "employee"), ("client", "ex_employee"),
)  # fmt: skip
"""The sets of roles that people gave: the network chooses among whole sets, so that `none` always stands alone."""

CLASSES: Mapping[str, tuple[Any, ...]] = {
    "genre": ("opinion", "question", "news", "ad", "other"),
    "sentiment": SENTIMENTS,
    "stance": STANCES,
    "recommend": ("-", "yes", "no"),
    "roles": ROLE_SETS,
    "switch": ("-", "left", "threatens", "joined"),
    "products": PRODUCT_KINDS,
    "tone": (-1, 0, 1),
    "sarcasm": (0, 1),
}
"""Field of a record -> what it can say. `products` is any number of them, the others are one.

Of a mention `genre` says more: an opinion with sarcasm is `sarcasm` there (see `GENRE_RECORDS`)."""

GENRE_RECORDS: Mapping[str, Mapping[str, Answer]] = {
    "opinion": {"genre": "opinion", "sarcasm": 0},
    "sarcasm": {"genre": "opinion", "sarcasm": 1},
    "job_ad": {"genre": "ad"},
    **{genre: {"genre": genre} for genre in ("question", "news", "ad", "other")},
}
"""Genre of a mention -> what a record says of it."""

READ_FIELDS = (*CLASSES, "rating", "stars", "reviewed", "source", "date", "predicted", "model", "passage", "about_product")
"""Fields that a record may lack: one that was meant to be one of these and is spelt otherwise would be passed over."""
LIKE = 0.8
"""How like one of these another name has to be to be taken for a slip; `recommendation`, the word of a mention, is less like."""
OTHER_FIELDS = frozenset(
    {
        "id",
        "text",
        "target",
        "text_hash",
        "names",
        "lang",
        "hard",
        "official",
        "product",
        "expected",
        "confidence",
        "review",
        "reviewer",
        "start",
        "stats",
        "mode",
        "source_id",
        "sources",
        "resource",
    }
)
"""Fields of labelled files that are none of these: never slips, however like one they look."""

LISTS: Mapping[str, tuple[str, ...]] = {"roles": (*ROLES, "none"), "products": PRODUCT_KINDS}


class RecordError(Exception):
    """A record that can't be read; says which file, line and field."""

    def __init__(self, path: Path, line: int, field: str, message: str) -> None:
        super().__init__(f"{path}:{line}: {field}: {message}")
        self.path, self.line, self.field = path, line, field


class TrainingError(Exception):
    """A training, or a baseline, can't be made of the records; says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One labelled (post, company)."""

    id: Any
    """Its own id as the file gives it, else the number of its line."""
    text: str
    target: str
    reviewed: str | None = None
    rating: float | None = None
    source: str = ""
    date: str = ""
    """When it was published, as the file writes it."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """Field -> answer, only those that were given; roles and products are tuples."""
    predicted: Mapping[str, Answer] | None = None
    """What a model answers in use, where the record tells: field -> answer, without what it leaves open."""
    model: str = ""
    """Which model that is."""
    asked: Pair | None = None
    """What the reader asks, where it is known: of a product it is asked by the sentences that speak of it."""

    def pair(self, *, rating: bool = False) -> Pair:
        """What the network is given; the stars only where asked for. Names are found approximately, where it is not known."""
        if self.asked:
            return self.asked
        return Pair(
            text=self.text,
            target=self.target,
            spans=name_spans(self.text, self.target),
            rating=self.rating if rating else None,
            reviewed=self.reviewed,
        )


def read_records(path: Path, texts: Texts | None = None) -> list[Record]:
    """The records of a .jsonl or .jsonl.gz file. Raises RecordError at the first that can't be read.

    A record may give `text_hash` (see there) in the place of its text, which is then looked up in `texts`.
    """
    return list(_records(path, texts))


def text_hash(text: str) -> str:
    """The name of a text in files that do not repeat it: 16 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def text_key(text: str) -> str:
    """What near-copies of a text have in common: the first 110 letters, digits and single spaces between them."""
    return re.sub(r"\W+", " ", text.lower().replace("ё", "е")).strip()[:110]


def _records(path: Path, texts: Texts | None) -> Iterator[Record]:
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _record(path, number, line, texts)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(path, number + 1, "file", f"can't be read: {error}") from error


def _record(path: Path, number: int, line: bytes, texts: Texts | None) -> Record:
    try:
        values = json_object(line)
    except ValueError as error:
        raise RecordError(path, number, "record", str(error)) from error
    _check_names(path, number, values)
    if texts and "text_hash" in values and "text" not in values:
        values["text"] = texts().get(str(values["text_hash"]))
        if values["text"] is None:
            raise RecordError(path, number, "text_hash", "is of no text in the folder of labelled posts")
    for name in ("text", "target"):
        try:
            given = text_of(values.get(name)).strip()
        except ValueError as error:
            raise RecordError(path, number, name, str(error)) from error
        if not given:
            raise RecordError(path, number, name, "must be a text that is not empty")
    identity = values.get("id")
    if HALF_CHARACTER.search(str(identity)):
        raise RecordError(path, number, "id", "has half of a character (a lone surrogate)")
    where = f"{path}:{number}"
    return Record(
        id=number if identity is None else identity,
        text=values["text"],
        target=values["target"],
        reviewed=optional(values, "reviewed", text_of, where),
        rating=rating_of(values, where),
        source=str(values.get("source", "")),
        date=str(values.get("date", "")),
        answers=_answers(path, number, values),
        predicted=_predicted(path, number, values),
        model=str(values.get("model", "")),
        asked=_asked(values, where) if values.get("passage") else None,
    )


def _answers(path: Path, number: int, values: Mapping[str, Any]) -> dict[str, Answer]:
    return {name: answer_of(path, number, name, values[name]) for name in CLASSES if values.get(name) is not None}


def _predicted(path: Path, number: int, values: Mapping[str, Any]) -> dict[str, Answer] | None:
    found = values.get("predicted")
    if found is not None and not isinstance(found, dict):
        raise RecordError(path, number, "predicted", f"must be a JSON object of answers, not {found!r}")
    _check_names(path, number, found or {})
    return None if found is None else _answers(path, number, found)


def _check_names(path: Path, number: int, values: Mapping[str, Any]) -> None:
    """Raises RecordError for a field whose name is nearly that of one that is read; all others that are not read are the file's own."""
    for name in (each for each in values if each not in READ_FIELDS and each not in OTHER_FIELDS):
        near = ["recommend"] if name == "recommendation" else get_close_matches(name.lower(), READ_FIELDS, 1, LIKE)
        if near:
            raise RecordError(path, number, name, f"is no field of a record: write `{near[0]}`, or take it out")


def _asked(values: Mapping[str, Any], where: str) -> Pair | None:
    """A product, as the reader asks about it: by the sentences that speak of it, with the names in them."""
    passage, product = (optional(values, name, text_of, where) for name in ("passage", "about_product"))
    if passage is None or product is None:
        return None
    names = optional(values, "names", lambda value: _spans(value, len(passage)), where) or ()
    return Pair(text=passage, target=values["target"], product=product, spans=names)


def _spans(value: Any, length: int) -> tuple[tuple[int, int], ...]:
    try:
        found = tuple((int(start), int(end)) for start, end in value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"must be a list of pairs of numbers, not {value!r}") from error
    if any(not 0 <= start < end <= length for start, end in found):
        raise ValueError("has a name beyond the passage")
    return found


def json_object(line: bytes) -> dict[str, Any]:
    """The object of a line of JSON Lines. Raises ValueError that says why it is none."""
    try:
        values = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ValueError("must be a JSON object")
    return values


def text_of(value: Any) -> str:
    """The value, if it is a text. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {value!r}")
    if HALF_CHARACTER.search(value):
        raise ValueError("has half of a character (a lone surrogate)")
    return value


def optional(values: Mapping[str, Any], name: str, read: Callable[[Any], T], where: str) -> T | None:
    """A field that is not needed, as `read` takes it; None where it is not given, or where `read` raises ValueError: that is told."""
    value = values.get(name)
    if value is None or value == "":
        return None
    try:
        return read(value)
    except ValueError as error:
        log.warning("%s: %s is left out: it %s", where, name, error)
        return None


def rating_of(values: Mapping[str, Any], where: str) -> float | None:
    """The stars, 1 to 5, that `rating` or `stars` gives, as a number or as text; None also for 0, which means that nobody rated."""
    return optional(values, "rating" if values.get("rating") not in (None, "") else "stars", _stars, where)


def _stars(value: Any) -> float | None:
    try:
        if isinstance(value, bool):
            raise TypeError
        return stars(float(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"must be a number of stars from 1 to 5, not {value!r}") from error


def answer_of(path: Path, number: int, name: str, value: Any) -> Answer:
    """The answer of a field, lists as tuples. Raises RecordError where the field can't say it."""
    known = LISTS.get(name)
    if known is None:
        if isinstance(value, bool) or value not in CLASSES[name]:
            raise RecordError(path, number, name, f"must be one of {_listed(CLASSES[name])}, not {value!r}")
        return CLASSES[name][CLASSES[name].index(value)]  # type: ignore[no-any-return]
    if not isinstance(value, list) or any(item not in known for item in value):
        raise RecordError(path, number, name, f"must be a list out of {_listed(known)}, not {value!r}")
    if name == "roles" and (not value or ("none" in value and len(value) > 1)):
        raise RecordError(path, number, name, "must name at least one role, or `none` alone")
    return tuple(value)


def _listed(words: tuple[Any, ...]) -> str:
    return ", ".join(str(word) for word in words)


def role_set(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The nearest of ROLE_SETS: the same set, else the largest that it contains."""
    given = set(roles)
    return max(ROLE_SETS, key=lambda known: (set(known) == given, set(known) <= given, len(given & set(known))))
