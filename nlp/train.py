"""Training: the labelled records -> a folder of weights that ships, with its card.

The rule to know: whatever is chosen (temperatures, thresholds) is chosen on texts kept out of training; the test files
are only measured at the end.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import onnx
from tokenizers import Tokenizer
from torch import Tensor

from nlp.baseline import Baseline
from nlp.calibration import calibrated
from nlp.card import Comparison, card
from nlp.classifier import FILES, MODEL, Calibration, Classifier
from nlp.course import Recipe, learn
from nlp.evaluate import Report, report
from nlp.export import onnx_model
from nlp.material import Material, TrainingError, read_material
from nlp.network import Network
from nlp.pair import frame
from nlp.records import CLASSES, Record, read_records
from nlp.scores import scored

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
COURSE = ROOT / "data" / "training"
SHAPE = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings",
    "layer_norm_eps",
)  # fmt: skip
TESTS = ("test.jsonl", "test_brokers.jsonl", "tone_etalon.jsonl.gz")

__all__ = ["Recipe", "TrainingError", "train"]


def train(
    labels: Path | None = None, encoder: Path | None = None, out: Path | None = None, *, more: Sequence[Path] = (),
    course: Path | None = None, recipe: Recipe | None = None, say: Callable[[str], None] = print,
) -> Path:  # fmt: skip
    """Trains the network and the baseline, measures both, and writes the model's folder; returns it.

    By default the labels and the encoder are those of `../shared` beside the project and the folder is the shipped
    model's. `more` are further files of records. `course` is where a stopped training goes on from (`data/training`); it is
    removed at the end.
    Raises TrainingError when something is missing, RecordError for a malformed record.
    """
    labels, encoder, out = labels or SHARED / "labels", encoder or SHARED / "models" / "e5-small-ruen", out or MODEL
    recipe, course = recipe or Recipe(), course or COURSE
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (encoder / name).is_file():
            raise TrainingError(f"{encoder / name} is missing: give the folder of the base encoder with --encoder")
    stars = 0 if recipe.start else recipe.stars
    material = read_material(labels, seed=recipe.seed, stars=stars, star_length=recipe.star_length, more=more)
    course.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    network, prior = learn(material, encoder, recipe, checkpoint=course / "checkpoint.pt", say=say)
    minutes = (time.monotonic() - started) / 60
    ship(network, prior, material.held, encoder, out, recipe)
    say(f"trained in {minutes:.0f} minutes; now the baseline and the measures")
    text = card(out, asdict(recipe), _counts(material), minutes, compare(out, labels, material, recipe.seed))
    (out / "README.md").write_text(text, encoding="utf-8")
    shutil.rmtree(course)
    return out


def _counts(material: Material) -> dict[str, int]:
    return {name: len(getattr(material, name)) for name in Material.__slots__}


def ship(network: Network, prior: Mapping[str, Tensor], held: Sequence[Record], encoder: Path, out: Path, recipe: Recipe) -> None:
    """Writes the folder that `Classifier.load` reads; calibrates on the held-out records."""
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(network), out / "model.onnx")
    _write_tokenizer(encoder / "tokenizer.json", out / "tokenizer.json")
    log_prior = {name: [round(float(each), 4) for each in values] for name, values in prior.items()}
    config = {
        "name": out.name,
        "window": recipe.window,
        "shape": {name: getattr(network.encoder.config, name) for name in SHAPE},
        "sha256": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FILES},
        "calibration": asdict(Calibration(
            temperature=dict.fromkeys(CLASSES, 1.0), lift=dict.fromkeys(CLASSES, 0.0), log_prior=log_prior,
            product_threshold=0.5, role_floor=0.0,
        )),
    }  # fmt: skip
    _write_config(out, config)
    framed = frame([record.pair() for record in held], Tokenizer.from_file(str(out / "tokenizer.json")), recipe.window)
    logits = Classifier.load(out).logits(framed)
    _write_config(out, config | {"calibration": asdict(calibrated(held, logits, log_prior))})


def _write_tokenizer(source: Path, out: Path) -> None:
    """The tokenizer without indentation: a third of the size."""
    out.write_text(json.dumps(json.loads(source.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _write_config(out: Path, config: Mapping[str, object]) -> None:
    (out / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def compare(model: Path, labels: Path, material: Material, seed: int) -> list[Comparison]:
    """Model and baseline on each test file that is there. The baseline also learns from what was kept out for calibration."""
    tests = {name: read_records(labels / name) for name in TESTS if (labels / name).is_file()}
    if not tests:
        return []
    annotated = Baseline(seed).fit(material.annotated + [each for each in material.held if "tone" not in each.answers])
    tweets = Baseline(seed).fit(material.tweets + [each for each in material.held if "tone" in each.answers])
    classifier = Classifier.load(model)
    found = []
    for name, records in tests.items():
        rival = tweets if "tone" in records[0].answers else annotated
        found += [_compared(part, some, classifier, rival) for part, some in _parts(name, records).items()]
    return found


def _parts(name: str, records: Sequence[Record]) -> dict[str, list[Record]]:
    """The records of a file; those of the tone etalon by their source: banks and operators are scored apart."""
    if "tone" not in records[0].answers:
        return {name: list(records)}
    sources = sorted({each.source for each in records})
    return {f"{name}, {source}": [each for each in records if each.source == source] for source in sources}


def _compared(part: str, records: Sequence[Record], classifier: Classifier, rival: Baseline) -> Comparison:
    ours: Report = report(part, classifier.name, records, classifier.judge([record.pair() for record in records]))
    asked = [replace(each, answers={name: answer for name, answer in each.answers.items() if name in rival.heads}) for each in records]
    return Comparison(ours, {name: head.main for name, head in scored(asked, rival.answers(asked)).items()})
