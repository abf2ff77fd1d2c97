"""Apart: what is measured on is neither learned from nor calibrated on.

The rule to know: near-copies count as the same text (`text_key`); a training that would see one stops and names it.
"""

from __future__ import annotations

from pathlib import Path

from nlp.contrast import FILE
from nlp.material import Material
from nlp.records import TrainingError, json_object, read_records, text_key

TESTS = ("test.jsonl", "test_brokers.jsonl", "tone_etalon.jsonl.gz")
"""The files of a folder of labelled posts that are only measured."""


def check_apart(material: Material, labels: Path) -> None:
    """Raises TrainingError where any part of the material holds a text of a test file of the folder, or of the contrasts."""
    tested = _tested(labels)
    for part in Material.__slots__:
        for record in getattr(material, part):
            if place := tested.get(text_key(record.text)):
                raise TrainingError(
                    f"record {record.id} ({part}) has a text of {place}, which is only measured: take it out of the records to learn from"
                )


def _tested(labels: Path) -> dict[str, str]:
    """Key of a text -> test file that holds it; a text without letters and digits has no key."""
    found = {text_key(json_object(line)["text"]): FILE.name for line in FILE.read_bytes().splitlines()}
    for name in TESTS:
        if (labels / name).is_file():
            found |= {text_key(record.text): name for record in read_records(labels / name)}
    found.pop("", None)
    return found
