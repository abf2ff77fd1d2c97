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
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from tokenizers import Tokenizer
from torch import Tensor

from nlp.apart import check_apart
from nlp.aspects import read_aspects
from nlp.calibration import calibrated
from nlp.card import write_card
from nlp.classifier import FILES, Calibration, Classifier
from nlp.course import Recipe, learn
from nlp.export import onnx_model, reference_network
from nlp.labels import ROOT, SHARED
from nlp.material import Material, is_mark, read_material
from nlp.network import Network, blended, mean_of
from nlp.origin import Origin, commands_of, material_of, named, read_origin
from nlp.pair import frame
from nlp.prior import known_priors
from nlp.records import CLASSES, Record, TrainingError
from nlp.unseen import NAME as UNSEEN
from nlp.whole import whole

COURSE = ROOT / "data" / "training"
SHAPE = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings",
    "layer_norm_eps",
)  # fmt: skip


def train(
    labels: Path | None = None, encoder: Path | None = None, out: Path | None = None, *, more: Sequence[Path] = (),
    aspects: Sequence[Path] = (), course: Path | None = None, recipe: Recipe | None = None, carded: bool = True,
    say: Callable[[str], None] = print,
) -> Path:  # fmt: skip
    """Trains the network and the baseline, measures both, and writes the model's folder; returns it.

    By default the labels and the encoder are those of `../shared` beside the project and the folder is `data/trained`. `more`
    are further files of records, `aspects` of posts that speak of several products. `course` is where a stopped training goes on
    from (`data/training`); it is removed at the end. A network that only begins another training needs no card (`carded`), so
    that the test files are measured for what ships alone.
    Raises TrainingError when something is missing or a text of a test file stands among the records, RecordError for a malformed
    record.
    """
    labels, encoder = labels or SHARED / "labels", encoder or SHARED / "models" / "e5-small-ruen"
    out = out or ROOT / "data" / "trained"
    recipe, course = recipe or Recipe(), course or COURSE
    check_encoder(encoder)
    stars = 0 if recipe.start else recipe.stars
    material = read_material(labels, seed=recipe.seed, stars=stars, star_length=recipe.star_length, more=more)
    material = replace(material, aspects=[record for path in aspects for record in read_aspects(path)]).cut(recipe.share)
    check_apart(material, labels)
    earlier = commands_of(Path(recipe.start)) if recipe.start else ()
    course.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    network, prior = _learned(material, encoder, recipe, course, say)
    origin = _origin(recipe, material, (time.monotonic() - started) / 60, more, aspects, earlier)
    ship(network, prior, material.held, encoder, out, recipe, origin)
    say(f"trained in {origin.minutes} minutes")
    if carded:
        say("now the baseline and the measures")
        write_card(out, labels, material, origin, say)
    shutil.rmtree(course)
    return out


def blend(
    first: Path,
    second: Path,
    out: Path,
    *,
    share: float,
    labels: Path | None = None,
    encoder: Path | None = None,
    more: Sequence[Path] | None = None,
) -> Path:
    """Writes a model between one and another whose training began with it, calibrated as the second was; returns its folder.

    `share` is what it has of the second (see `nlp.network.blended`); `labels`, `encoder` and `more` as in `train` and `nlp.rival`.
    Raises ModelError, TrainingError, RecordError, and OSError where it can't be written.
    """
    labels, encoder = labels or SHARED / "labels", encoder or SHARED / "models" / "e5-small-ruen"
    check_encoder(encoder)
    origin = read_origin(second)
    if commands_of(first)[-1] not in commands_of(second):
        raise TrainingError(f"{second} did not begin with {first}: between two models that have nothing in common lies none")
    material = material_of(origin, labels, more)
    earlier = tuple(dict.fromkeys((*commands_of(first), *commands_of(second))))
    command = f"python -m nlp blend {named(first)} {named(second)} --share {share}"
    network = blended(reference_network(first), reference_network(second), share)
    made = origin.model_copy(update={"earlier": earlier, "blend": command, "minutes": 0})
    ship(network, known_priors(second), material.held, encoder, out, Recipe(**origin.recipe), made)
    return out


def check_encoder(folder: Path) -> None:
    """Raises TrainingError where the folder of the base encoder lacks a file."""
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / name).is_file():
            raise TrainingError(f"{folder / name} is missing: give the folder of the base encoder with --encoder")


def _learned(
    material: Material, encoder: Path, recipe: Recipe, course: Path, say: Callable[[str], None]
) -> tuple[Network, Mapping[str, Tensor]]:
    """The network of the recipe, or the mean of those of its seeds, and the log shares of classes that all of them had."""
    checkpoints = {seed: course / f"checkpoint-{seed}.pt" for seed in range(recipe.seed, recipe.seed + recipe.seeds)}
    if others := sorted(set(course.glob("checkpoint*.pt")) - set(checkpoints.values())):
        raise TrainingError(f"{others[0]} was left by a training of another recipe or other records: delete it to begin anew")
    networks: list[Network] = []
    for seed, checkpoint in checkpoints.items():
        if recipe.seeds > 1:
            say(f"seed {seed}")
        network, prior = learn(material, encoder, replace(recipe, seed=seed, seeds=1), checkpoint=checkpoint, say=say)
        networks.append(network)
    return mean_of(networks), prior


def _origin(
    recipe: Recipe, material: Material, minutes: float, more: Sequence[Path], aspects: Sequence[Path], earlier: tuple[str, ...]
) -> Origin:
    start = named(Path(recipe.start)) if recipe.start else ""
    counts = {name: len(getattr(material, name)) for name in Material.__slots__}
    counts["marks"] = sum(map(is_mark, material.annotated))
    counts["annotated"] -= counts["marks"]
    files = {"more": tuple(map(named, more)), "aspects": tuple(map(named, aspects))}
    return Origin(recipe=asdict(recipe) | {"start": start}, records=counts, minutes=round(minutes), earlier=earlier, **files)


def ship(
    network: Network, prior: Mapping[str, Tensor], held: Sequence[Record], encoder: Path, out: Path, recipe: Recipe, origin: Origin
) -> None:
    """Writes the folder that `Classifier.load` reads; calibrates on the held-out records. What stood there is replaced at the end."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        made = Path(folder)
        _make(network, prior, held, encoder, made, {"name": out.name, "window": recipe.window}, origin)
        for name in (*FILES, "config.json"):
            (made / name).replace(out / name)
    (out / UNSEEN).unlink(missing_ok=True)  # those are of the model that stood there


def _make(
    network: Network,
    prior: Mapping[str, Tensor],
    held: Sequence[Record],
    encoder: Path,
    out: Path,
    named: Mapping[str, object],
    origin: Origin,
) -> None:
    onnx.save(onnx_model(network), out / "model.onnx")
    _write_tokenizer(encoder / "tokenizer.json", out / "tokenizer.json")
    log_prior = {name: [round(float(each), 4) for each in values] for name, values in prior.items()}
    config: dict[str, Any] = {
        **named,
        "shape": {name: getattr(network.encoder.config, name) for name in SHAPE},
        "sha256": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FILES},
        "calibration": asdict(Calibration(
            temperature=dict.fromkeys(CLASSES, 1.0), lift=dict.fromkeys(CLASSES, 0.0), log_prior=log_prior,
            product_threshold=0.5, role_floor=0.0, sarcasm_floor=1.0,
        )),
        "origin": origin.model_dump(mode="json"),
    }  # fmt: skip
    _write_config(out, config)
    _calibrate(out, config, held)


def calibrate(folder: Path, labels: Path | None = None, more: Sequence[Path] | None = None) -> Path:
    """Fits the calibration of a trained model again, on the records that were kept out of its training; returns the folder.

    `labels` and `more` as in `nlp.rival`. Raises ModelError, TrainingError, RecordError, and OSError where it can't be written.
    """
    material = material_of(read_origin(folder), labels or SHARED / "labels", more)
    _calibrate(folder, json.loads((folder / "config.json").read_text(encoding="utf-8")), material.held)
    return folder


def _calibrate(folder: Path, config: Mapping[str, Any], held: Sequence[Record]) -> None:
    framed = frame([record.pair() for record in held], Tokenizer.from_file(str(folder / "tokenizer.json")), config["window"])
    fitted = calibrated(held, Classifier.load(folder).logits(framed), config["calibration"]["log_prior"])
    _write_config(folder, {**config, "calibration": asdict(fitted)})


def _write_tokenizer(source: Path, out: Path) -> None:
    """The tokenizer without indentation: a third of the size."""
    out.write_text(json.dumps(json.loads(source.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _write_config(out: Path, config: Mapping[str, object]) -> None:
    with whole(out / "config.json") as file:
        file.write((json.dumps(config, ensure_ascii=False, indent=1) + "\n").encode())
