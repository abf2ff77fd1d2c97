"""Unseen: what networks and baselines that had not learned a labelled record answer to it, out of fold.

The rule to know: a line belongs to the record of its number in the labelled posts, and names its text: other posts, or another
training, need another file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.classifier import Judgement
from nlp.labels import FILES
from nlp.records import CLASSES, Answer, Record, RecordError, answer_of, json_object, read_records, text_hash
from nlp.scores import surest
from nlp.whole import whole

NAME = "unseen.jsonl.gz"
"""The file in a model's folder."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Records with two sets of answers, ours and the baseline's, and how sure our roles are."""

    records: list[Record]
    ours: list[dict[str, Answer]]
    theirs: list[dict[str, Answer]]
    sureness: list[float]

    def surest(self, share: float) -> Answered:
        """The share of those that roles are asked of with the surest roles (see `Judgement.role_sureness`)."""
        return self.chosen(surest(self.records, self.sureness, share))

    def chosen(self, places: Sequence[int]) -> Answered:
        """The records of these numbers."""
        records, sureness = [self.records[at] for at in places], [self.sureness[at] for at in places]
        return Answered(records, [self.ours[at] for at in places], [self.theirs[at] for at in places], sureness)


def answered(records: Sequence[Record], judgements: Sequence[Judgement], theirs: list[dict[str, Answer]]) -> Answered:
    """The answers of judgements beside those of the baseline."""
    return Answered(list(records), [each.answers() for each in judgements], theirs, [each.role_sureness for each in judgements])


def write_unseen(folder: Path, command: str, parts: Sequence[tuple[Sequence[int], Answered]]) -> None:
    """Writes the answers beside a model, after a line with the command that made them. Raises OSError.

    A part has the numbers of its records in the labelled posts.
    """
    lines: list[dict[str, Any]] = [{"command": command}]
    for places, part in parts:
        for at, record, ours, theirs, sureness in zip(places, part.records, part.ours, part.theirs, part.sureness, strict=True):
            lines.append({"at": at, "text_hash": text_hash(record.text), "sureness": sureness, "ours": ours, "theirs": theirs})
    with whole(folder / NAME) as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        packed.writelines(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def read_unseen(folder: Path, labels: Path) -> tuple[str, Answered] | None:
    """The command that made the answers in a model's folder, and they; None where there is no such file, or no labelled posts.

    `labels` is the folder of labelled posts. Raises RecordError for a malformed line, and where they are of other posts.
    """
    path = folder / NAME
    if not path.is_file() or not (labels / FILES[0]).is_file():
        return None
    records = read_records(labels / FILES[0])
    lines = list(_lines(path))
    if not lines or "command" not in lines[0]:
        raise RecordError(path, 1, "command", "is missing")
    found = Answered([], [], [], [])
    for number, line in enumerate(lines[1:], 2):
        try:
            at, named, ours, theirs, sureness = (line[name] for name in ("at", "text_hash", "ours", "theirs", "sureness"))
        except KeyError as error:
            raise RecordError(path, number, str(error.args[0]), "is missing") from error
        if at >= len(records) or named != text_hash(records[at].text):
            raise RecordError(path, number, "text_hash", f"is not that of record {at + 1} of {FILES[0]}: `nlp folds` answers these posts")
        found.records.append(records[at])
        found.ours.append(_answers(path, number, ours))
        found.theirs.append(_answers(path, number, theirs))
        found.sureness.append(float(sureness))
    return str(lines[0]["command"]), found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path) as file:
            yield from map(json_object, file)
    except (OSError, EOFError, ValueError) as error:
        raise RecordError(path, 1, "file", f"can't be read: {error}") from error


def _answers(path: Path, number: int, values: Mapping[str, Any]) -> dict[str, Answer]:
    return {name: answer_of(path, number, name, values[name]) for name in CLASSES if name in values}
