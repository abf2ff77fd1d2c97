"""Where labelled posts lie: the folder beside the project, and the project's own.

The rule to know: records may name a text by its hash instead of repeating it; here is where those texts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from nlp.records import Record, RecordError, json_object, read_records, text_hash

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
FILES = ("train.jsonl", "written.jsonl", "tone_train.jsonl.gz", "reviews.jsonl.gz")
"""The files of a folder of labelled posts."""
HELD_ASPECTS = ROOT / "labels" / "aspects_held.jsonl"
"""Posts about several products that nothing learns from: what is chosen is chosen on them too."""
HELD_WRITTEN = ROOT / "labels" / "written_held.jsonl"
"""Posts about one company that nothing learns from; they show what real ones rarely do, so models are compared on them, not calibrated."""
WRITTEN = ROOT / "labels" / "written.jsonl"
"""The project's own posts."""


def texts_of(labels: Path) -> dict[str, str]:
    """Texts by their `text_hash`, of the folder and of the project's own posts. A file that is missing has none.

    Raises RecordError for a malformed record.
    """
    return by_hash(record for name in FILES if (labels / name).is_file() for record in read_records(labels / name))


def by_hash(records: Iterable[Record]) -> dict[str, str]:
    """The texts of the records, and the project's own, by their `text_hash`."""
    own = read_records(WRITTEN) if WRITTEN.is_file() else []
    return {text_hash(record.text): record.text for record in (*records, *own)}


def unnamed(path: Path, texts: Mapping[str, str]) -> int:
    """How many records of the file name none of the texts: another folder of labelled posts may hold others."""
    return sum(name not in texts for name in hashes_of(path))


def hashes_of(path: Path) -> list[str]:
    """The `text_hash` of each record of the file. Raises RecordError for a line without one."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(str(json_object(line)["text_hash"]))
        except (KeyError, ValueError) as error:
            raise RecordError(path, number, "text_hash", "is missing") from error
    return found
