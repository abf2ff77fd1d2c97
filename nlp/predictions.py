"""Predictions: answers to the records of a file as lines of JSON, written by one reader and compared with another's.

The rule to know: a line belongs to the record of its id; of records that share an id, to the next one.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from nlp.classifier import Judgement
from nlp.records import CLASSES, Answer, Record, RecordError, answer_of, json_object


def write_predictions(
    file: IO[bytes], records: Sequence[Record], answers: Sequence[Mapping[str, Answer]], judgements: Sequence[Judgement] | None = None
) -> None:
    """A line for each record: its id, every head's answer under the record's field name, and the confidences of a judgement."""
    for at, (record, answer) in enumerate(zip(records, answers, strict=True)):
        line: dict[str, Any] = {"id": record.id, **answer}
        if judgements is not None:
            line["confidence"] = dict(judgements[at].confidence)
            line["confidence"]["recommend"] = line["confidence"].pop("recommendation")
        file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def read_predictions(path: Path, records: Sequence[Record]) -> list[dict[str, Answer]]:
    """The answers of the file to each of the records; lines of other records are passed over.

    Raises RecordError for a line that can't be read, and where a record has none.
    """
    waiting: dict[str, deque[dict[str, Answer]]] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RecordError(path, 1, "file", f"can't be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            identity, answers = _prediction(path, number, line)
            waiting.setdefault(identity, deque()).append(answers)
    found = [waiting[key].popleft() if waiting.get(key := json.dumps(record.id)) else None for record in records]
    missing = [str(record.id) for record, answers in zip(records, found, strict=True) if answers is None]
    if missing:
        raise RecordError(path, len(lines), "id", f"{len(missing)} of {len(records)} records have no line here, first {missing[0]}")
    return [answers for answers in found if answers is not None]


def _prediction(path: Path, number: int, line: bytes) -> tuple[str, dict[str, Answer]]:
    try:
        values = json_object(line)
    except ValueError as error:
        raise RecordError(path, number, "record", str(error)) from error
    return json.dumps(values.get("id")), {name: answer_of(path, number, name, values[name]) for name in CLASSES if name in values}
