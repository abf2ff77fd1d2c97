"""Material: the records that a training learns from, and those kept out of it for calibration.

The rule to know: records are cut by text, so that what is kept out is in no other part; test files are never read here.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nlp.aspects import read_aspects
from nlp.labels import FILES, HELD_ASPECTS, by_hash
from nlp.lesson import weak_answers
from nlp.records import Record, TrainingError, read_records, text_key


@dataclass(frozen=True, slots=True)
class Material:
    """Records by what they are good for; the held-out ones are cut by text."""

    annotated: list[Record]
    tweets: list[Record]
    starred: list[Record]
    held: list[Record]
    """Annotated records, tweets, and subjects of posts about several that are kept for calibration."""
    aspects: list[Record] = field(default_factory=list)
    """Products and companies of posts that speak of several."""

    def cut(self, share: float) -> Material:
        """The same with a share of what is learned, cut by text: a smaller share is part of a larger one, and what is held out stays."""
        learned = ("annotated", "tweets", "starred", "aspects")
        return replace(self, **{name: [each for each in getattr(self, name) if _place(each) < share] for name in learned})


def read_material(labels: Path, *, seed: int, stars: int, star_length: int, more: Sequence[Path] = ()) -> Material:
    """The training files of the folder and `more` files of records, never a test file.

    `stars` reviews of at most `star_length` characters are taken for their stars, those with three or four first.
    Of `more`, a record may give `text_hash` in the place of its text (see `nlp.labels`). Nothing in the folder tells sarcasm, so of
    the records of `more` that answer nothing else one in five is kept out for calibration; what else is known of its text is learned.
    Nor does it tell products apart, so the project's posts about several that nothing learns from are kept out too.
    Raises TrainingError for a missing file, RecordError for a malformed record.
    """
    for path in (*(labels / name for name in FILES), *more):
        if not path.is_file():
            help_ = "" if path in more else ": give the folder of labelled posts with --labels"
            raise TrainingError(f"{path} is missing{help_}")
    annotated, written, tweets, reviews = (read_records(labels / name) for name in FILES)
    texts = by_hash([*annotated, *written, *tweets, *reviews])
    added = [record for path in more for record in read_records(path, lambda: texts)]
    marked = [record for record in added if is_mark(record)]
    added = [record for record in added if not is_mark(record)]
    held = [record for record in annotated if _kept_out(record, 10)] + [record for record in tweets if _kept_out(record, 20)]
    apart = {text_key(record.text) for record in held}
    told = [record for record in marked if not _kept_out(record, 5) and text_key(record.text) not in apart]
    asked = [record for record in marked if _kept_out(record, 5) or text_key(record.text) in apart]
    known = apart | {text_key(record.text) for record in added}
    starred = [
        record for record in reviews
        if record.rating is not None and len(record.text) <= star_length and text_key(record.text) not in known
    ]  # fmt: skip
    rare = [record for record in starred if record.rating in (3, 4)]
    common = [record for record in starred if record.rating not in (3, 4)]
    random.Random(seed).shuffle(common)
    return Material(
        annotated=[each for each in (*annotated, *written, *added) if text_key(each.text) not in apart] + told,
        tweets=[each for each in tweets if text_key(each.text) not in apart],
        starred=[weak_answers(each) for each in (rare + common)[:stars]],
        held=held + asked + read_aspects(HELD_ASPECTS),
    )


def is_mark(record: Record) -> bool:
    """Whether the record is a mark of sarcasm: it answers nothing else, and something else may be known of its text elsewhere."""
    return record.answers.keys() == {"sarcasm"}


def _kept_out(record: Record, one_in: int) -> bool:
    return _number(record) % one_in == 0


def _place(record: Record) -> float:
    """A place between 0 and 1 that is the text's own, and says nothing of whether it is kept out."""
    return _number(record) // 1000 % 1000 / 1000


def fold_of(record: Record, folds: int) -> int:
    """Which of so many parts of the records the text belongs to; says nothing of whether it is kept out, nor of its place."""
    return _number(record) // 1_000_000 % folds


def _number(record: Record) -> int:
    return int(hashlib.blake2b(text_key(record.text).encode(), digest_size=4).hexdigest(), 16)
