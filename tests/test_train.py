"""Training from labelled records to a folder that the classifier loads: a miniature of the real one, by the same code."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from test_aspects import POST, written
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import nn
from transformers import BertConfig, BertModel
from typer.testing import CliRunner

from nlp.__main__ import app
from nlp.calibration import calibrated
from nlp.card import write_card
from nlp.classifier import Classifier, read_config
from nlp.contrast import FILE, Answer
from nlp.course import Recipe, learn, new_course
from nlp.export import reference_network
from nlp.folds import answer_folds
from nlp.lesson import UNASKED, batches, plain, targets_of, weak_answers
from nlp.material import Material, fold_of, read_material
from nlp.network import Network, PooledDropout, blended, class_counts, new_network, padded
from nlp.origin import commands_of, material_of, read_origin
from nlp.pair import Pair, frame
from nlp.records import Record, RecordError, TrainingError, read_records, text_hash, text_key
from nlp.train import train
from nlp.unseen import read_unseen

TINY = Recipe(seed=3, window=32, tokens=256, most=8, stars=12, epochs=2, tweets=10, composed=6, rate=1e-3, head_rate=3e-3)

GOOD = {"genre": "opinion", "sentiment": "positive", "stance": "promoter", "recommend": "yes", "roles": ["client"], "switch": "joined"}
BAD = {"genre": "opinion", "sentiment": "negative", "stance": "detractor", "recommend": "no", "roles": ["ex_client"], "switch": "left"}
NEWS = {"genre": "news", "sentiment": "neutral", "stance": "none", "recommend": "-", "roles": ["none"], "switch": "-"}


def annotated(count: int, *, first: int = 0) -> list[dict[str, Any]]:
    kinds = [
        ("отличный банк Север советую всем номер {}", GOOD | {"products": ["debit_card"]}),
        ("ужасный банк Север ушёл и не советую никому {}", BAD | {"products": ["branch_support", "loan"]}),
        ("банк Север сообщил о прибыли за квартал {}", NEWS | {"products": ["general"]}),
    ]
    return [{"id": f"r{n}", "target": "Север", "text": kinds[n % 3][0].format(n), **kinds[n % 3][1]} for n in range(first, first + count)]


def write(path: Path, records: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


@pytest.fixture(autouse=True)
def short_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For time: every miniature training ends with the measures of its card. Contrasts have tests/test_contrast.py."""
    monkeypatch.setattr("nlp.bootstrap.RESAMPLES", 100)
    answers = [
        Answer("a", "ru", "acme", "app", "promoter", "promoter"),
        Answer("a", "ru", "acme", "card", "detractor", None),
        Answer("b", "en", "acme", "app", "none", "none"),
    ]
    monkeypatch.setattr("nlp.contrast.contrasts", lambda *_: answers)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    tones = [("хвалят банк Юг {}", 1), ("ругают банк Юг {}", -1), ("офис банка Юг {}", 0)]
    write(folder / "train.jsonl", annotated(90))
    write(folder / "written.jsonl", annotated(9))
    write(folder / "test.jsonl", annotated(30, first=300))
    tweets = [{"target": "Юг", "text": tones[n % 3][0].format(n), "tone": tones[n % 3][1]} for n in range(60)]
    write(folder / "tone_train.jsonl.gz", tweets)
    write(folder / "reviews.jsonl.gz", [{"target": "Юг", "text": f"отзыв о банке {n}", "stars": 1 + n % 5} for n in range(20)])
    return folder


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    folder = tmp_path / "encoder"
    others = {"хвалят", "ругают", "офис", "отзыв", "о", "банке"}
    words = sorted(others | {word for record in annotated(90) for word in record["text"].split()})
    vocabulary = {word: at for at, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary) + len(vocabulary) % 2, hidden_size=64, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=128, max_position_embeddings=64, pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def tokenizer_of(encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(encoder / "tokenizer.json"))


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.onnx").read_bytes() + (folder / "config.json").read_bytes()).hexdigest()


def test_training_ends_in_a_folder_that_judges(labels: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    seen: list[Record] = []
    monkeypatch.setattr("nlp.train.calibrated", lambda held, *others: seen.extend(held) or calibrated(held, *others))
    recipe = replace(TINY, epochs=12, rate=3e-3, average=0.5)
    out = train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=recipe, say=said.append)
    classifier = Classifier.load(out, threads=1)
    good, bad = classifier.judge([Pair(text=f"{word} банк Север", target="Север") for word in ("отличный", "ужасный")])
    assert (good.sentiment, good.stance) == ("positive", "promoter")
    assert bad.probabilities["sentiment"]["negative"] > 3 * good.probabilities["sentiment"]["negative"]
    assert bad.probabilities["recommendation"]["warns"] > 3 * good.probabilities["recommendation"]["warns"]
    assert any("epoch 12 of 12" in line for line in said)
    assert not (tmp_path / "course").exists()
    assert {each.text for each in seen} == {each.text for each in read_material(labels, seed=3, stars=12, star_length=700).held}
    still = replace(recipe, start=str(out), epochs=1, rate=1e-9, head_rate=1e-9)
    again = train(labels, encoder, tmp_path / "next", more=(), course=tmp_path / "course", recipe=still, say=said.append)
    assert not any(line.startswith("epoch 0 of 1:") for line in said)
    framed = frame([Pair(text=f"{word} банк Север", target="Север") for word in ("отличный", "ужасный")], tokenizer_of(encoder), 32)
    for name, logits in Classifier.load(again, threads=1).logits(framed).items():
        assert np.allclose(logits, classifier.logits(framed)[name], atol=0.05), name
    assert "The training began with the weights of `mini`" in (again / "README.md").read_text(encoding="utf-8")
    check_card(out, labels, tmp_path)


def check_card(out: Path, labels: Path, tmp_path: Path) -> None:
    """What the card holds, and that the commands which it names make its figures again."""
    made, config = (out / "README.md").read_text(encoding="utf-8"), (out / "config.json").read_bytes()
    ElementTree.parse(out / "reliability.svg")
    for words in (
        "### test.jsonl (30 records)",
        "Confusion of roles",
        "calibration error",
        "| test_brokers.jsonl | stance | 0.70 | not measured",
        "of 3 subjects",
        "1 are not found",
    ):
        assert words in made
    (out / "README.md").unlink()
    command = CliRunner().invoke(app, ["card", str(out), "--labels", str(labels)])
    assert (command.exit_code, (out / "README.md").read_text(encoding="utf-8")) == (0, made), command.output
    assert (out / "config.json").read_bytes() == config
    fitted = CliRunner().invoke(app, ["calibrate", str(out), "--labels", str(labels)])
    assert (fitted.exit_code, (out / "config.json").read_bytes()) == (0, config), fitted.output
    test, theirs = str(labels / "test.jsonl"), str(tmp_path / "baseline.jsonl")
    rival = CliRunner().invoke(app, ["baseline", test, "--model", str(out), "--labels", str(labels), "--predictions", theirs])
    ours = CliRunner().invoke(app, ["evaluate", test, "--model", str(out), "--against", theirs, "--json"])
    assert (rival.exit_code, ours.exit_code) == (0, 0), rival.output + ours.output
    stance = json.loads(ours.output)["differences"]["stance"]
    low, high = stance["interval"]
    assert f"| {stance['theirs']:.3f} | {stance['difference']:+.3f} [{low:+.3f}, {high:+.3f}] |" in made
    origin = json.loads(config)["origin"]
    assert (origin["recipe"]["epochs"], origin["more"], f"{origin['records']['held']} records (a tenth" in made) == (12, [], True)
    fingerprint = read_config(out)["fingerprint"]
    (out / "config.json").write_text(json.dumps({name: value for name, value in json.loads(config).items() if name != "origin"}))
    assert read_config(out)["fingerprint"] == fingerprint
    untold = CliRunner().invoke(app, ["card", str(out), "--labels", str(labels)])
    assert (untold.exit_code, "does not tell how the model was made" in untold.output) == (1, True)


def test_posts_are_answered_out_of_fold_by_networks_that_never_saw_them(
    labels: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def watched(material: Material, *others: Any, **options: Any) -> Any:
        learned = (*material.annotated, *material.tweets, *material.starred, *material.held, *material.aspects)
        seen.append({text_key(record.text) for record in learned})
        return learn(material, *others, **options)

    monkeypatch.setattr("nlp.folds.learn", watched)
    out = train(labels, encoder, tmp_path / "mini", course=tmp_path / "course", recipe=TINY, carded=False)
    options: dict[str, Any] = {"folds": 2, "recipe": replace(TINY, epochs=1), "course": tmp_path / "folds"}

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("nlp.train._make", killed)
        answer_folds(out, labels, encoder, **options)
    seen.clear()
    said: list[str] = []
    answer_folds(out, labels, encoder, **options, say=said.append)
    assert [line for line in said if line.startswith("goes on from step")] == said[1:2], "killed while the first network was written"
    assert not (tmp_path / "folds").exists()
    command, unseen = read_unseen(out, labels) or ("", None)
    assert command.startswith("python -m nlp folds models/mini --folds 2 --seed 3 --composed 6 --epochs 1 --tweets 10")
    records = read_records(labels / "train.jsonl")
    assert unseen and sorted(str(record.id) for record in unseen.records) == sorted(str(record.id) for record in records)
    halves = [{text_key(record.text) for record in records if fold_of(record, 2) == fold} for fold in (0, 1)]
    assert all(halves) and not halves[0] & halves[1]
    [ground, *folds] = seen
    assert not ground & (halves[0] | halves[1]), "what all folds begin with has learned none of the posts"
    assert [half & learned for half, learned in zip(halves, folds, strict=True)] == [set(), set()]
    assert all(other & learned for other, learned in zip(reversed(halves), folds, strict=True))
    write_card(out, labels, material_of(read_origin(out), labels), read_origin(out), lambda _: None)
    made = (out / "README.md").read_text(encoding="utf-8")
    pooled = [line for line in made.splitlines() if line.startswith("| recommend | yes |")]
    assert len(pooled) == 1 and pooled[0].split(" | ")[2] == "10" and int(pooled[0].split(" | ")[4]) == 10 + 30, pooled
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in made.splitlines() if line.startswith("|")]
    [floor] = [row for row in rows if row[:2] == ["test.jsonl", "recommend, rare classes pooled"]]
    [together] = [row for row in rows if row[0] == "recommend" and "yes" in row[1].split(", ") and "[" in row[2]]
    alone = next(row for row in rows if row[0] == "recommend" and row[1].startswith("macro-F1"))
    assert (floor[3], floor[4].split()[0]) == (together[2], alone[2].split()[0]), (floor, together, alone)
    with pytest.raises(TrainingError, match="begin with the bare encoder"):
        answer_folds(out, labels, encoder, folds=2, recipe=replace(TINY, start="models/mini"), course=tmp_path / "folds")


@pytest.mark.parametrize("part", ["test.jsonl", "contrast.jsonl", "aspects_held.jsonl", "written_held.jsonl"])
def test_a_text_that_is_measured_or_chosen_on_is_not_learned(labels: Path, encoder: Path, tmp_path: Path, part: str) -> None:
    [text, *_] = [json.loads(line)["text"] for line in ((labels if part == "test.jsonl" else FILE.parent) / part).read_text().splitlines()]
    more = tmp_path / "more.jsonl"
    write(more, [{"id": "copy", "target": "Север", "text": f"«{text.upper()}»!", "stance": "none"}])
    with pytest.raises(TrainingError, match=f"record copy \\(annotated\\) has a text of {part}"):
        train(labels, encoder, tmp_path / "mini", more=[more], course=tmp_path / "course", recipe=TINY)
    assert not (tmp_path / "mini").exists()


def test_a_stopped_training_goes_on_to_the_same_weights(labels: Path, encoder: Path, tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("epoch 2"):
            raise KeyboardInterrupt

    whole = train(labels, encoder, tmp_path / "a" / "mini", more=(), course=tmp_path / "ca", recipe=TINY, say=lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        train(labels, encoder, tmp_path / "b" / "mini", more=(), course=tmp_path / "cb", recipe=TINY, say=stop)
    said: list[str] = []
    again = train(labels, encoder, tmp_path / "b" / "mini", more=(), course=tmp_path / "cb", recipe=TINY, say=said.append)
    assert said[0].startswith("goes on from step")
    assert digest(whole) == digest(again)


def test_of_several_seeds_the_mean_of_the_weights_ships(labels: Path, encoder: Path, tmp_path: Path) -> None:
    material, quiet = read_material(labels, seed=3, stars=0, star_length=700), lambda line: None
    each = [learn(material, encoder, replace(TINY, seed=seed), checkpoint=None, say=quiet)[0].state_dict() for seed in (3, 4)]
    assert any(not torch.equal(one, each[1][name]) for name, one in each[0].items())
    said: list[str] = []
    out = train(
        labels, encoder, tmp_path / "mean", more=(), course=tmp_path / "course", recipe=replace(TINY, stars=0, seeds=2), carded=False,
        say=said.append,
    )  # fmt: skip
    for name, weights in reference_network(out).state_dict().items():
        mean = (each[0][name] + each[1][name]) / 2
        assert torch.allclose(weights, mean, atol=0.15 * float(mean.abs().max())), name  # 4 and 8 bits
    assert [line for line in said if line.startswith("seed")] == ["seed 3", "seed 4"]
    assert not (out / "README.md").exists()
    assert read_origin(out).command("mean").startswith("python -m nlp train --out models/mean --seed 3 --composed 6 --seeds 2 ")


def test_a_blend_stands_between_two_models_and_tells_how_it_was_made(labels: Path, encoder: Path, tmp_path: Path) -> None:
    def trained(name: str, recipe: Recipe) -> Path:
        return train(labels, encoder, tmp_path / name, course=tmp_path / "course", recipe=recipe, carded=False, say=lambda _: None)

    def run(*words: str | Path) -> Any:
        return CliRunner().invoke(app, ["blend", *map(str, words), "--labels", str(labels), "--encoder", str(encoder)])

    first = trained("first", TINY)
    second = trained("second", replace(TINY, seed=4, start=str(first)))
    out = tmp_path / "blend"
    assert run(first, second, "--share", "0.75", "--out", out).exit_code == 0
    one, other = (reference_network(each).state_dict() for each in (first, second))
    for name, weights in reference_network(out).state_dict().items():
        between = 0.25 * one[name] + 0.75 * other[name]
        assert torch.allclose(weights, between, atol=0.01 * float(between.abs().max())), name  # 8 bits
    commands = commands_of(out)
    assert [command.split()[3] for command in commands] == ["train", "train", "blend"]
    assert commands[-1] == "python -m nlp blend first second --share 0.75 --out models/blend"
    assert Classifier.load(out).judge([Pair(text="отличный банк Север", target="Север")])
    write_card(out, labels, material_of(read_origin(out), labels), read_origin(out), lambda _: None)
    made = (out / "README.md").read_text(encoding="utf-8")
    assert f"{commands[-1]}\n```" in made and "The last of them learned nothing" in made
    refused = run(second, first, "--out", tmp_path / "other")
    assert (refused.exit_code, "did not begin with" in refused.output, (tmp_path / "other").exists()) == (1, True, False)


def test_a_blend_has_a_head_that_the_first_lacks_as_the_second_has_it(encoder: Path) -> None:
    second = new_network(encoder)
    first = Network(second.encoder, {name: count for name, count in class_counts().items() if name != "sarcasm"})
    found, at = blended(first, second, 0.5), second.names.index("sarcasm")
    assert torch.equal(found.heads[at].weight, second.heads[at].weight) and torch.equal(found.queries[at], second.queries[at])  # type: ignore[arg-type]
    tone = (first.names.index("tone"), second.names.index("tone"))
    assert torch.allclose(found.queries[tone[1]], (first.queries[tone[0]] + second.queries[tone[1]]) / 2)


def test_dropout_leaves_out_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(1)
    dropout, ones = PooledDropout(0.25, size=50_000), torch.ones(20, 1_000)
    first, second = dropout(ones), dropout(ones)
    assert first.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert (float((first == 0).float().mean()), float(first.mean())) == (pytest.approx(0.25, abs=0.02), pytest.approx(1, abs=0.03))
    assert not torch.equal(first, second)
    assert torch.equal(dropout.eval()(ones), ones)


def test_the_encoder_has_no_other_dropout_than_the_pooled_one(encoder: Path) -> None:
    parts = [part for part in new_network(encoder, 0.2).modules() if isinstance(part, nn.Dropout | PooledDropout)]
    assert [part for part in parts if isinstance(part, PooledDropout)]
    assert [part.p for part in parts if isinstance(part, nn.Dropout) and part.p] == []


def test_a_course_can_end_before_its_last_epoch(labels: Path, encoder: Path, tmp_path: Path) -> None:
    recipe, said = replace(TINY, epochs=3, until=1), list[str]()
    train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=recipe, say=said.append)
    assert [line.partition(":")[0] for line in said if " of 3:" in line] == ["epoch 0 of 3", "epoch 1 of 3"]


def test_a_course_of_another_recipe_is_not_continued(labels: Path, encoder: Path, tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("epoch 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=TINY, say=stop)
    with pytest.raises(TrainingError, match="another recipe"):
        train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=Recipe(seed=4, window=32), say=stop)
    with pytest.raises(TrainingError, match="another recipe"):
        train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=Recipe(seed=3, window=32), say=stop)


def test_missing_data_and_encoder_are_said(labels: Path, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"config\.json is missing"):
        train(labels, tmp_path / "nothing", tmp_path / "mini", more=(), course=tmp_path / "course", recipe=TINY)
    (labels / "written.jsonl").unlink()
    with pytest.raises(TrainingError, match=r"written\.jsonl is missing"):
        train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=TINY)


def test_frozen_layers_stay_as_they_begin(labels: Path, encoder: Path) -> None:
    recipe = replace(TINY, frozen=1, epochs=1)
    began = new_course(encoder, recipe, 1).network.state_dict()
    network, prior = learn(
        read_material(labels, seed=3, stars=12, star_length=700), encoder, recipe, checkpoint=None, say=lambda line: None
    )
    moved = {name for name, weights in network.state_dict().items() if not torch.equal(weights, began[name])}
    assert prior
    assert not any(name.startswith(("encoder.embeddings.", "encoder.encoder.layer.0.")) for name in moved)
    assert any(name.startswith("encoder.encoder.layer.1.") for name in moved)
    with pytest.raises(TrainingError, match="3 layers of the encoder are to stay frozen, and it has 2"):
        new_course(encoder, replace(TINY, frozen=3), 1)


def test_one_head_can_learn_while_all_others_answer_as_before(labels: Path, encoder: Path, tmp_path: Path) -> None:
    quiet: dict[str, Any] = {"carded": False, "course": tmp_path / "course", "say": lambda _: None}
    first = train(labels, encoder, tmp_path / "first", recipe=TINY, **quiet)
    more = tmp_path / "more.jsonl"
    write(more, [{"id": f"s{n}", "target": "Север", "text": f"спасибо банк Север {n}", "stance": "none"} for n in range(40)])
    said: list[str] = []
    recipe = replace(TINY, only="stance", start=str(first), epochs=1, composed=0)
    second = train(labels, encoder, tmp_path / "second", more=[more], recipe=recipe, **quiet | {"say": said.append})
    before, after = reference_network(first), reference_network(second)
    stance = f"heads.{before.names.index('stance')}."
    moved = {name for name, one in before.state_dict().items() if not torch.allclose(one, after.state_dict()[name], atol=1e-3)}
    assert moved == {f"{stance}weight", f"{stance}bias"}
    annotated = material_of(read_origin(second), labels, [more]).annotated
    assert f"epoch 1 of 1: {sum('stance' in record.answers for record in annotated)} records" in said[0], said


def test_the_head_that_learns_must_be_answered(labels: Path, encoder: Path, tmp_path: Path) -> None:
    first = train(labels, encoder, tmp_path / "first", course=tmp_path / "course", recipe=TINY, carded=False, say=lambda _: None)

    def run(*words: str) -> tuple[int, str]:
        files = ["--labels", str(labels), "--encoder", str(encoder), "--out", str(tmp_path / "second"), "--no-card"]
        result = CliRunner().invoke(app, ["train", *words, *files])
        return result.exit_code, " ".join(result.output.split())

    status, said = run("--start", str(first), "--only", "sarcasm", "--tweets", "0")
    assert (status, "no record answers sarcasm" in said) == (1, True), said
    for words in (("--only", "stance"), ("--only", "irony", "--start", str(first))):
        status, said = run(*words)
        assert (status, "--only: one of genre, sentiment" in said) == (2, True), said
    assert not (tmp_path / "second").exists()


def test_held_out_texts_are_not_learned(labels: Path) -> None:
    copied = read_records(labels / "train.jsonl")
    write(labels / "reviews.jsonl.gz", [{"target": "Север", "text": record.text, "stars": 5} for record in copied])
    material = read_material(labels, seed=3, stars=12, star_length=700)
    held = {record.text for record in material.held}
    assert held
    assert not held & {record.text for record in material.annotated + material.tweets + material.starred}


def test_a_share_of_the_material_is_part_of_a_larger_share(labels: Path) -> None:
    whole = read_material(labels, seed=3, stars=12, star_length=700)
    quarter, half = whole.cut(0.25), whole.cut(0.5)
    assert whole.cut(1.0) == whole
    assert 0 < len(quarter.annotated) < len(half.annotated) < len(whole.annotated)
    assert {each.text for each in quarter.annotated} < {each.text for each in half.annotated}
    assert quarter.held == whole.held
    assert {each.text for each in quarter.tweets} <= {each.text for each in half.tweets}


def test_what_is_not_asked_is_not_learned() -> None:
    targets = targets_of(Record(id="1", text="т", target="Север", answers={"tone": -1}))
    assert targets["tone"] == 0
    assert targets["stance"] == UNASKED
    assert set(targets["products"]) == {-1.0}  # type: ignore[arg-type]


@pytest.mark.parametrize(("stars", "stance"), [(1, "detractor"), (2, "detractor"), (3, "passive"), (4, "passive"), (5, "promoter")])
def test_stars_as_weak_labels(stars: int, stance: str) -> None:
    assert weak_answers(Record(id="1", text="т", target="Север", rating=stars)).answers["stance"] == stance


def test_every_record_stands_in_one_batch_of_bounded_size(labels: Path, encoder: Path) -> None:
    tokenizer = tokenizer_of(encoder)
    lesson = plain(read_records(labels / "train.jsonl"), tokenizer, 32)
    found = batches(lesson, 256, 8, random.Random(1))
    assert sorted(at for batch in found for at in batch) == list(range(len(lesson)))
    assert max(len(batch) for batch in found) == 8
    assert padded([lesson[at].framed for at in found[0]], 16)[0].shape[1] % 16 == 0


def test_a_malformed_record_stops_training(labels: Path, encoder: Path, tmp_path: Path) -> None:
    with (labels / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"text": "т", "target": "Север", "stance": "fan"}\n')
    with pytest.raises(RecordError, match=r"train\.jsonl:91: stance: must be one of"):
        train(labels, encoder, tmp_path / "mini", more=(), course=tmp_path / "course", recipe=TINY)


def test_a_text_can_be_named_by_its_hash(labels: Path, tmp_path: Path) -> None:
    [first, *_] = read_records(labels / "tone_train.jsonl.gz")
    more = tmp_path / "more.jsonl"
    write(more, [{"target": "Юг", "text_hash": text_hash(first.text), "stance": "promoter"}])
    material = read_material(labels, seed=3, stars=12, star_length=700, more=[more])
    assert [each.answers for each in material.annotated if each.text == first.text] == [{"stance": "promoter"}]
    write(more, [{"target": "Юг", "text_hash": "0" * 16, "stance": "promoter"}])
    with pytest.raises(RecordError, match=r"more\.jsonl:1: text_hash"):
        read_material(labels, seed=3, stars=12, star_length=700, more=[more])


def test_corrections_are_learned_from_too(labels: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command, with records that lack most answers, as `export-corrections` writes them."""
    other, corrections, given = tmp_path / "other.jsonl", tmp_path / "corrections.jsonl", []
    write(other, annotated(3))
    said = {"id": "forum.test:1/north", "source": "reviews", "lang": "ru", "target": "Север", "date": "2026-03-01"}
    write(corrections, [said | {"text": "банк Север вернул деньги", "stance": "passive", "tone": 1, "roles": ["ex_client", "employee"]}])
    monkeypatch.setattr("nlp.train.COURSE", tmp_path / "course")
    monkeypatch.setattr("nlp.course.Recipe", lambda **given: replace(TINY, **given))
    read = read_material
    monkeypatch.setattr("nlp.train.read_material", lambda *names, **more: given.append(read(*names, **more)) or given[-1])
    options = ["--labels", str(labels), "--encoder", str(encoder), "--out", str(tmp_path / "mini")]
    aspects = written(tmp_path, POST)
    files = ["--corrections", str(corrections), "--corrections", str(other), "--aspects", str(aspects)]
    done = CliRunner().invoke(app, ["train", *options, *files])
    assert done.exit_code == 0, done.output
    origin = read_origin(tmp_path / "mini")
    assert (origin.more, origin.aspects, origin.records["aspects"]) == (("corrections.jsonl", "other.jsonl"), ("aspects.jsonl",), 3)
    assert origin.command("mini").endswith("--corrections corrections.jsonl --corrections other.jsonl --aspects aspects.jsonl")
    [learned] = [record for record in given[0].annotated if record.id == "forum.test:1/north"]
    assert learned.answers == {"stance": "passive", "tone": 1, "roles": ("ex_client", "employee")}
    assert sum(record.id == "r0" for record in given[0].annotated) >= 2
    missing = CliRunner().invoke(app, ["train", *options, "--corrections", str(tmp_path / "none.jsonl")])
    assert (missing.exit_code, "none.jsonl is missing" in missing.output) == (1, True)
