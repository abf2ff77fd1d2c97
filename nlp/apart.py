"""Apart: what is measured on is neither learned from nor calibrated on.

The rule to know: near-copies count as the same text (`text_key`); a training that would see one stops and names it.
"""

from __future__ import annotations

from pathlib import Path

from nlp.contrast import FILE
from nlp.labels import HELD_ASPECTS, HELD_WRITTEN, ROOT, hashes_of, texts_of
from nlp.material import Material
from nlp.records import TrainingError, json_object, read_records, text_hash, text_key

TESTS = ("test.jsonl", "test_brokers.jsonl", "tone_etalon.jsonl.gz")
"""The files of a folder of labelled posts that are only measured."""
SARCASM = ROOT / "labels" / "sarcasm_test.jsonl"
"""Posts whose sarcasm is only measured."""


def check_apart(material: Material, labels: Path) -> None:
    """Raises TrainingError where any part of the material holds a text of a test file of the folder, of the contrasts or `HELD_WRITTEN`.

    Of the texts whose sarcasm is measured everything else may be learned, their sarcasm may not. Those of `HELD_ASPECTS` are chosen
    on, so they may be held out, and not learned.
    """
    tested, sarcasm, chosen = _tested(labels), _sarcasm_tested(labels), _keys_of(HELD_ASPECTS)
    for part in Material.__slots__:
        never = tested if part == "held" else chosen | tested
        for record in getattr(material, part):
            marked = "sarcasm" in record.answers and not sarcasm.isdisjoint((text_hash(record.text), text_key(record.text)))
            if place := SARCASM.name if marked else never.get(text_key(record.text)):
                raise TrainingError(
                    f"record {record.id} ({part}) has a text of {place}, which is never learned: take it out of the records to learn from"
                )


def _sarcasm_tested(labels: Path) -> set[str]:
    """Hashes of the texts whose sarcasm is measured, and the keys of those that the folder holds."""
    hashes, texts = set(hashes_of(SARCASM)), texts_of(labels)
    return hashes | {text_key(texts[each]) for each in hashes if each in texts}


def _tested(labels: Path) -> dict[str, str]:
    """Key of a text -> file to measure by that holds it; a text without letters and digits has no key."""
    found = _keys_of(FILE) | _keys_of(HELD_WRITTEN)
    for name in TESTS:
        if (labels / name).is_file():
            found |= {text_key(record.text): name for record in read_records(labels / name)}
    found.pop("", None)
    return found


def _keys_of(path: Path) -> dict[str, str]:
    """The same of a file of the project's own posts."""
    return {text_key(json_object(line)["text"]): path.name for line in path.read_bytes().splitlines()}
