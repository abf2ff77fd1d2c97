"""Judgements kept: what the model once read in a pair is not read again.

The rule to know: it is a cache and nothing else. One file for each model and version of the code around it, keyed by the
whole input of the network, so that a new alias or a moved product is judged anew and nothing else is; what can't be read
back is judged again, and deleting it costs only time.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from nlp.classifier import JUDGING, Judgement
from nlp.pair import FRAMING, Pair

CHUNK = 512
"""Pairs judged before they are kept: what a kill can cost."""
WAIT = 60.0
"""Seconds to wait for another process that is writing."""
STORED = TypeAdapter(Judgement)
"""A judgement as JSON, checked when it is read back."""


class JudgementsError(Exception):
    """The kept judgements can't be read or written; one sentence with what to do."""


class Judge(Protocol):
    """Whoever judges pairs: the classifier, or the classifier behind a cache."""

    name: str

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]: ...


def judgements_path(data: Path, model: str) -> Path:
    """Where the judgements by the model of this fingerprint are kept, as the present code frames pairs and reads answers."""
    return data / "judgements" / f"{model}-{FRAMING}.{JUDGING}.sqlite"


class Judgements:
    """A classifier that keeps what it judged. Any number of processes may use one file."""

    def __init__(self, judge: Judge, path: Path) -> None:
        self.name = judge.name
        self._judge, self._path = judge, path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._file() as file:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("CREATE TABLE IF NOT EXISTS judgements (pair BLOB PRIMARY KEY, judgement TEXT NOT NULL) WITHOUT ROWID")

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """The judgements of the pairs in their order; equal pairs are judged once."""
        keys = [_key(pair) for pair in pairs]
        known = self._known(keys)
        missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        ordered = list(missing)
        for start in range(0, len(ordered), CHUNK):
            chunk = ordered[start : start + CHUNK]
            judged = dict(zip(chunk, self._judge.judge([missing[key] for key in chunk]), strict=True))
            self._keep(judged)
            known |= judged
        return [known[key] for key in keys]

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, Judgement]:
        found: dict[bytes, Judgement] = {}
        unique = list(dict.fromkeys(keys))
        with self._file() as file:
            for start in range(0, len(unique), CHUNK):
                chunk = unique[start : start + CHUNK]
                marks = ",".join("?" * len(chunk))
                rows = file.execute(f"SELECT pair, judgement FROM judgements WHERE pair IN ({marks})", chunk)
                found |= {pair: judgement for pair, text in rows if (judgement := _judgement(text)) is not None}
        return found

    def _keep(self, judged: dict[bytes, Judgement]) -> None:
        with self._file() as file, file:
            rows = [(key, STORED.dump_json(judgement).decode()) for key, judgement in judged.items()]
            file.executemany("INSERT OR REPLACE INTO judgements VALUES (?, ?)", rows)

    @contextmanager
    def _file(self) -> Iterator[sqlite3.Connection]:
        try:
            file = sqlite3.connect(self._path, timeout=WAIT)
            try:
                yield file
            finally:
                file.close()
        except sqlite3.OperationalError as error:
            raise JudgementsError(f"{self._path} can't be used ({error}): check the free space and who may write there") from error
        except sqlite3.DatabaseError as error:
            raise JudgementsError(f"{self._path} is damaged ({error}): delete it, it is only a cache") from error


def _key(pair: Pair) -> bytes:
    return hashlib.blake2b(json.dumps(dataclasses.astuple(pair), ensure_ascii=False).encode(), digest_size=16).digest()


def _judgement(text: str) -> Judgement | None:
    """The judgement as it was kept; None where it is not of today's form."""
    try:
        return STORED.validate_json(text)
    except ValidationError:
        return None
