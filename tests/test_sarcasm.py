"""Sarcasm: marked by the hash of a text, learned by a head of its own, told as a genre, measured apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from test_train import TINY, annotated, encoder, labels, short_measures, write
from transformers import BertConfig

from nlp.apart import SARCASM
from nlp.calibration import PRECISION, calibrated
from nlp.classifier import Calibration, Classifier, ModelError, judged, read_config
from nlp.export import onnx_model, reference_network
from nlp.labels import SHARED, texts_of
from nlp.material import read_material
from nlp.network import bare_network
from nlp.pair import Pair
from nlp.records import CLASSES, GENRE_RECORDS, Record, TrainingError, read_records, text_hash, text_key
from nlp.train import train

__all__ = ["encoder", "labels", "short_measures"]


def marks(folder: Path) -> Path:
    """A file of marks on the posts of the folder: who blames mocks."""
    path = folder / "marks.jsonl"
    posts = read_records(folder / "train.jsonl")
    mocking = [int(post.answers["stance"] == "detractor") for post in posts if post.answers["genre"] == "opinion"]
    asked = [post for post in posts if post.answers["genre"] == "opinion"]
    write(
        path,
        [
            {"id": f"s{at}", "target": post.target, "text_hash": text_hash(post.text), "sarcasm": mock}
            for at, (post, mock) in enumerate(zip(asked, mocking, strict=True))
        ],
    )
    return path


def test_marks_of_one_post_in_five_are_kept_out_and_all_else_of_it_is_learned(labels: Path) -> None:
    plain = read_material(labels, seed=3, stars=12, star_length=700)
    material = read_material(labels, seed=3, stars=12, star_length=700, more=[marks(labels)])
    told = [each for each in material.annotated if "sarcasm" in each.answers]
    kept = [each for each in material.held if "sarcasm" in each.answers]
    assert len(told) + len(kept) == 60 and len(told) > len(kept) > 0
    assert not {each.text for each in told} & {each.text for each in kept}
    assert not {each.text for each in told} & {each.text for each in plain.held}
    assert [each for each in material.annotated if "sarcasm" not in each.answers] == plain.annotated


def test_marks_that_are_only_measured_are_not_learned(labels: Path, encoder: Path, tmp_path: Path) -> None:
    text = "Спасибо, банк Север, за прекрасные три часа в очереди"
    write(labels / "reviews.jsonl.gz", [{"target": "Север", "text": text, "stars": 1}])
    measured = tmp_path / "measured.jsonl"
    write(measured, [{"id": "m", "target": "Север", "text_hash": text_hash(text), "sarcasm": 1}])
    more = tmp_path / "more.jsonl"
    write(more, [{"id": "copy", "target": "Север", "text_hash": text_hash(text), "sarcasm": 1}])
    with pytest.MonkeyPatch.context() as patch, pytest.raises(TrainingError, match=r"record copy .* has a text of sarcasm_test\.jsonl"):
        patch.setattr("nlp.apart.SARCASM", measured.rename(tmp_path / SARCASM.name))
        train(labels, encoder, tmp_path / "mini", more=[more], course=tmp_path / "course", recipe=TINY)


def test_a_network_learns_to_tell_sarcasm(labels: Path, encoder: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, epochs=12, rate=3e-3, average=0.5)
    more = [marks(labels)]
    out = train(labels, encoder, tmp_path / "mini", more=more, course=tmp_path / "course", recipe=recipe, carded=False, say=lambda _: None)
    classifier = Classifier.load(out, threads=1)
    assert classifier.calibration.sarcasm_floor < 1
    good, bad, news = classifier.judge([Pair(text=each["text"], target="Север") for each in annotated(3, first=600)])
    assert (good.genre, bad.genre, news.genre) == ("opinion", "sarcasm", "news")
    assert good.confidence["genre"] == round(good.probabilities["genre"]["opinion"], 2)
    assert bad.confidence["genre"] == round(bad.probabilities["genre"]["sarcasm"], 2)
    for judgement in (good, bad, news):
        assert sum(judgement.probabilities["genre"].values()) == pytest.approx(1)
        assert "sarcasm" not in judgement.probabilities | judgement.confidence
        assert judgement.answers().items() >= {"sarcasm": 0, **GENRE_RECORDS[judgement.genre]}.items()
    without = earlier_form(out)
    with pytest.raises(ModelError, match=r"does not tell sarcasm: train one that begins with it"):
        Classifier.load(without)
    still = replace(recipe, start=str(without), epochs=1, rate=1e-9, head_rate=1e-9)
    next_ = train(labels, encoder, tmp_path / "next", more=more, course=tmp_path / "course", recipe=still, carded=False, say=lambda _: None)
    framed = [classifier.framed(Pair(text=annotated(1)[0]["text"], target="Север"))[0]]
    again = Classifier.load(next_, threads=1).logits(framed)
    assert all(np.allclose(values, again[name], atol=0.05) for name, values in classifier.logits(framed).items() if name != "sarcasm")
    assert np.abs(again["sarcasm"]).max() < 0.5, "a head that is new says nothing yet"


def earlier_form(folder: Path) -> Path:
    """The model as it would have been before there was a head for sarcasm."""
    network, config = reference_network(folder), read_config(folder)
    heads = {name: len(classes) for name, classes in CLASSES.items() if name != "sarcasm"}
    less = bare_network(BertConfig(**config["shape"], hidden_act="gelu"), heads)
    state = {name: values for name, values in network.state_dict().items() if not name.startswith(f"heads.{len(heads)}.")}
    less.load_state_dict(state | {"queries": state["queries"][: len(heads)]})
    made = folder.with_name("earlier")
    made.mkdir()
    onnx.save(onnx_model(less), made / "model.onnx")
    (made / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    for part in ("temperature", "lift", "log_prior"):
        config["calibration"][part].pop("sarcasm")
    config["sha256"] = {name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in config["sha256"]}
    (made / "config.json").write_text(json.dumps(config))
    return made


def fitted(shares: list[float], answers: list[int]) -> Calibration:
    """The calibration for logits that give these shares of sarcasm."""
    logits = {name: np.zeros((len(shares), len(classes)), np.float32) for name, classes in CLASSES.items()}
    logits["sarcasm"][:, 1] = np.log(np.array(shares) / (1 - np.array(shares)))
    records = [Record(id=at, text="т", target="Север", answers={"sarcasm": answer}) for at, answer in enumerate(answers)]
    return calibrated(records, logits, {name: [0.0] * len(classes) for name, classes in CLASSES.items()})


def test_the_floor_is_the_least_share_from_which_enough_is_sarcasm() -> None:
    calibration = fitted([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], [1, 1, 0, 1, 1, 0, 0, 0])
    logits = {name: np.zeros((2, len(classes)), np.float32) for name, classes in CLASSES.items()}
    logits["sarcasm"][:, 1] = np.log([0.5 / 0.5, 0.4 / 0.6])
    at_it, below = judged({**logits, "genre": np.tile(np.eye(1, 5, dtype=np.float32) * 9, (2, 1))}, calibration)
    assert PRECISION == 0.8
    assert (at_it.genre, below.genre) == ("sarcasm", "opinion")
    assert fitted([0.9, 0.8, 0.7], [0, 0, 1]).sarcasm_floor == 1, "nothing is taken for it"
    assert fitted([0.9, 0.5, 0.5, 0.5], [1, 1, 0, 0]).sarcasm_floor > 0.5, "of like shares all are taken or none"


@pytest.mark.skipif(not (SHARED / "labels").is_dir(), reason="requires: ../shared/labels")
def test_every_mark_names_a_text_and_no_text_is_marked_on_both_sides() -> None:
    texts = texts_of(SHARED / "labels")
    learned, measured = (read_records(SARCASM.with_name(name), lambda: texts) for name in ("sarcasm.jsonl", SARCASM.name))
    assert all(each.answers.keys() == {"sarcasm"} for each in learned + measured)
    assert len({each.text for each in learned + measured}) == len(learned) + len(measured)
    assert {text_key(each.text) for each in learned}.isdisjoint(text_key(each.text) for each in measured), "near-copies count as the same"
