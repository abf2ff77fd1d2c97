"""Aspects: posts that speak of several products or companies, as records to learn from, one for each subject.

The rule to know: a subject is asked about exactly as the reader asks (`reader.questions`), so that training and use see the same
words; a subject that the reader does not ask about by itself is left out. `Record.text` is the whole post, `Record.asked` what is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nlp.brands import Finder
from nlp.contrast import expectations
from nlp.reader import questions
from nlp.records import Record, RecordError
from nlp.stream import posts_together, read_brands_of

ANSWERS = ("stance", "sentiment")


def read_aspects(path: Path) -> list[Record]:
    """The records of a file in the form of `labels/contrast.jsonl`; the brands stand beside it, in a .yaml of the same name.

    An expected subject may say its `sentiment` beside its `stance`. Raises RecordError, ConfigError.
    """
    return list(_records(path))


def _records(path: Path) -> Iterator[Record]:
    brands = read_brands_of(path.with_suffix(".yaml"))
    finder = Finder(brands)
    lines = path.read_bytes().splitlines()
    expected = {str(post["id"]): post["expected"] for post in expectations(path, lines)}
    for posts in posts_together(lines, brands):
        if isinstance(posts, str):
            raise RecordError(path, 0, "record", posts)
        for identity, post in posts:
            asked = questions(post, finder.find(post), finder)
            for each in expected[str(identity)]:
                pair = asked.get((each["brand"], each["product"]))
                if pair is not None:
                    answers = {name: each[name] for name in ANSWERS if name in each}
                    yield Record(id=identity, text=post.text, target=pair.target, answers=answers, asked=pair)
