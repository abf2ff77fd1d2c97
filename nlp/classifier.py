"""The classifier: pairs of post and subject -> judgements with calibrated probabilities, on ONNX.

The rule to know: a judgement does not depend on what stands beside it in a batch, and nothing falls back silently: a
model that is missing or damaged is a ModelError.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError, model_validator
from tokenizers import Tokenizer

from nlp.mention import Genre, Recommendation, Role, Sentiment, Stance, Switch
from nlp.pair import Framed, Pair, frame, places
from nlp.records import CLASSES, GENRE_RECORDS, RECOMMEND_CODES, RECOMMEND_WORDS, SWITCH_CODES, SWITCH_WORDS, Answer
from nlp.together import JOINT, likeliest

MODEL = Path(__file__).parents[1] / "models" / "reader-5"
FILES = ("model.onnx", "tokenizer.json")
PAD = 1
JUDGING = "5"
"""Version of `judged`. Raise it with any change that makes other judgements of the same logits: all pairs are judged anew."""
EVENED = 0.5
"""Power of the classes' frequency that the sureness of roles takes out. By the plain share of its answer a model abstains from the
rare roles first, and among those it is surest of hardly any is left; this was chosen on records kept out of training."""
BY_THRESHOLD = ("products", "sarcasm")
"""Heads that are answered by a threshold, each by itself."""
BATCH = 8
CHUNK = 512
"""Pairs framed at once: what stands in memory of a long list."""

Logits = Mapping[str, NDArray[np.float32]]


class ModelError(Exception):
    """The model can't be used; one sentence with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the model reads in one pair."""

    genre: Genre
    sentiment: Sentiment
    tone: int
    stance: Stance
    recommendation: Recommendation
    roles: tuple[Role, ...] | None
    """None: too unsure, the model abstains."""
    surest_roles: tuple[Role, ...]
    """The roles of the likeliest answers, even where the model abstains."""
    role_sureness: float
    """How sure the roles are, for deciding where to abstain; no probability, see `Calibration.sureness`."""
    switch: Switch
    products: tuple[str, ...]
    """Kinds of products, the likeliest first."""
    confidence: dict[str, float]
    """Head -> calibrated probability of its answer, two places."""
    probabilities: dict[str, dict[str, float]]
    """Head -> answer -> calibrated probability. Roles and products: each on its own; else they add up to 1."""

    def answers(self) -> dict[str, Answer]:
        """Every head's answer in the words of labelled records; the likeliest roles where the model abstains."""
        return {
            "sentiment": self.sentiment, "stance": self.stance,
            "recommend": RECOMMEND_CODES[self.recommendation], "roles": self.surest_roles,
            "switch": SWITCH_CODES[self.switch], "products": self.products, "tone": self.tone,
            "sarcasm": 0, **GENRE_RECORDS[self.genre],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How logits become probabilities and answers; fitted on texts kept out of training."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    temperature: Mapping[str, PositiveFloat]
    lift: Mapping[str, float]
    """Head -> power of the classes' frequency that the decision takes out: 0 nothing, 1 all classes alike."""
    log_prior: Mapping[str, Sequence[float]]
    product_threshold: Annotated[float, Field(ge=0, le=1)]
    role_floor: Annotated[float, Field(ge=0, le=1)]
    """Sureness of the roles below which the model abstains."""
    sarcasm_floor: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share from which an opinion is taken for sarcasm."""

    def probabilities(self, head: str, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probabilities for logits of shape (pairs, classes)."""
        scaled = logits.astype(np.float64) / self.temperature[head]
        if head == "products":
            return 1 / (1 + np.exp(-scaled))
        scaled -= scaled.max(axis=1, keepdims=True)
        weights = np.exp(scaled)
        return cast(NDArray[np.float64], weights / weights.sum(axis=1, keepdims=True))

    def decided(self, probabilities: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.int64]]:
        """Head -> number of the answer's class for each pair, of the heads that are not answered by a threshold."""
        scores = {
            head: np.log(shares + 1e-12) - self.lift[head] * np.asarray(self.log_prior[head])
            for head, shares in probabilities.items()
            if head not in BY_THRESHOLD
        }
        return likeliest(scores) | {head: scores[head].argmax(axis=1) for head in scores.keys() - set(JOINT)}

    def sureness(self, probabilities: NDArray[np.float64], decided: NDArray[np.int64]) -> NDArray[np.float64]:
        """How sure the decided roles of each pair are: their share where frequent roles are not as frequent (`EVENED`)."""
        weights = probabilities * np.exp(-EVENED * np.asarray(self.log_prior["roles"]))
        shares = weights / weights.sum(axis=1, keepdims=True)
        return cast(NDArray[np.float64], shares[np.arange(len(shares)), decided])


class Classifier:
    """A loaded model."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, config: Mapping[str, Any]) -> None:
        self._session, self._tokenizer = session, tokenizer
        self.name: str = config["name"]
        self.fingerprint: str = config["fingerprint"]
        self.window: int = config["window"]
        self.calibration = Calibration(**config["calibration"])

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int = 2) -> Classifier:
        """The model of the folder (the shipped one by default). Raises ModelError when it is missing or damaged."""
        folder = folder or MODEL
        config = read_config(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:
            raise ModelError(f"the model in {folder} does not load ({error}): {_MEND}") from error
        if missing := CLASSES.keys() - {output.name for output in session.get_outputs()}:
            raise ModelError(f"the model in {folder} does not tell {', '.join(sorted(missing))}: train one that begins with it (--start)")
        if missing := CLASSES.keys() - config["calibration"]["temperature"].keys():
            raise ModelError(f"{folder / 'config.json'} is damaged, its calibration lacks {', '.join(sorted(missing))}: {_MEND}")
        return cls(session, tokenizer, config)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """The judgements of the pairs, in their order. A post is read up to `window` tokens (see `nlp.pair`)."""
        judgements: list[Judgement] = []
        for start in range(0, len(pairs), CHUNK):
            judgements += self.judge_framed(frame(pairs[start : start + CHUNK], self._tokenizer, self.window))
        return judgements

    def judge_framed(self, framed: Sequence[Framed]) -> list[Judgement]:
        """The judgements of pairs that are tokens already, in their order."""
        return judged(self.logits(framed), self.calibration)

    def framed(self, pair: Pair) -> tuple[Framed, list[tuple[int, int] | None]]:
        """The tokens that are read of the pair, and where in its text each of them stands (see `nlp.pair.places`)."""
        return frame([pair], self._tokenizer, self.window)[0], places(pair, self._tokenizer, self.window)

    def logits(self, framed: Sequence[Framed]) -> Logits:
        """Raw outputs by head, of shape (pairs, classes): pairs of like length go through the network together."""
        found = {name: np.zeros((len(framed), len(classes)), np.float32) for name, classes in CLASSES.items()}
        order = sorted(range(len(framed)), key=lambda at: len(framed[at].ids))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            outputs = self._session.run(list(found), _padded([framed[at] for at in chosen]))
            for name, output in zip(found, outputs, strict=True):
                found[name][chosen] = output
        return found


_MEND = "restore it with `git checkout -- models`, or make it again with `python -m nlp train`"


class _Config(BaseModel):
    """What has to stand in config.json; other keys are the maker's."""

    model_config = ConfigDict(strict=True)
    name: str
    window: int = Field(ge=32)
    shape: dict[str, float]
    sha256: dict[str, str]
    calibration: Calibration

    @model_validator(mode="after")
    def _is_whole(self) -> _Config:
        if not self.sha256.keys() >= set(FILES):
            raise ValueError("`sha256` lacks a file")
        if self.window > self.shape.get("max_position_embeddings", 0):
            raise ValueError("`window` is longer than the network reads")
        fitted = self.calibration
        for name in fitted.temperature.keys() | fitted.lift.keys() | fitted.log_prior.keys():
            classes = CLASSES.get(name, ())
            decides = name in BY_THRESHOLD or (name in fitted.lift and len(fitted.log_prior.get(name, ())) == len(classes))
            if not decides or name not in fitted.temperature:
                raise ValueError(f"`calibration` lacks something of {name}")
        return self


def read_config(folder: Path) -> dict[str, Any]:
    """The model's config.json, its files checked against the hashes in it. Raises ModelError."""
    try:
        text = (folder / "config.json").read_bytes()
        hashes = _Config.model_validate_json(text).sha256
        config: dict[str, Any] = json.loads(text)
        for name in FILES:
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != hashes[name]:
                raise ModelError(f"{folder / name} is damaged: {_MEND}")
    except FileNotFoundError as error:
        raise ModelError(f"the model is missing ({error.filename}): {_MEND}") from error
    except ValidationError as error:
        first = error.errors()[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
        raise ModelError(f"the model's {folder / 'config.json'} is damaged ({why}): {_MEND}") from error
    except (ValueError, OSError) as error:
        raise ModelError(f"the model in {folder} can't be read ({error}): {_MEND}") from error
    judging = {name: value for name, value in config.items() if name != "origin"}
    config["fingerprint"] = hashlib.sha256(json.dumps(judging, sort_keys=True).encode()).hexdigest()[:16]
    return config


def _padded(framed: Sequence[Framed]) -> dict[str, NDArray[np.int64]]:
    longest = max(len(each.ids) for each in framed)
    ids = np.full((len(framed), longest), PAD, np.int64)
    kinds = np.zeros((len(framed), longest), np.int64)
    for row, each in enumerate(framed):
        ids[row, : len(each.ids)] = each.ids
        kinds[row, : len(each.kinds)] = each.kinds
    return {"ids": ids, "kinds": kinds}


def judged(logits: Logits, calibration: Calibration) -> list[Judgement]:
    """Logits of the heads -> judgements; the same for every engine that computed them."""
    shares = {name: calibration.probabilities(name, logits[name]) for name in CLASSES}
    return list(_judgements(shares, calibration.decided(shares), calibration))


def _judgements(
    shares: Mapping[str, NDArray[np.float64]], decided: Mapping[str, NDArray[np.int64]], calibration: Calibration
) -> Iterator[Judgement]:
    sureness = calibration.sureness(shares["roles"], decided["roles"])
    for row in range(len(shares["genre"])):
        answers = {name: CLASSES[name][numbers[row]] for name, numbers in decided.items()}
        probabilities = _probabilities(shares, row)
        is_sarcasm = answers["genre"] == "opinion" and shares["sarcasm"][row, 1] >= calibration.sarcasm_floor
        genre: Genre = "sarcasm" if is_sarcasm else answers["genre"]
        confidence = {name: _two_places(shares[name][row, numbers[row]]) for name, numbers in decided.items()}
        products = _products(shares["products"][row], calibration.product_threshold)
        confidence["products"] = _two_places(min(shares["products"][row, CLASSES["products"].index(kind)] for kind in products))
        confidence["recommendation"] = confidence.pop("recommend")
        confidence["genre"] = _two_places(probabilities["genre"][genre])
        yield Judgement(
            genre=genre,
            sentiment=answers["sentiment"],
            tone=answers["tone"],
            stance=answers["stance"],
            recommendation=cast(Recommendation, RECOMMEND_WORDS[answers["recommend"]]),
            roles=answers["roles"] if sureness[row] >= calibration.role_floor else None,
            surest_roles=answers["roles"],
            role_sureness=round(float(sureness[row]), 4),
            switch=cast(Switch, SWITCH_WORDS[answers["switch"]]),
            products=products,
            confidence=confidence,
            probabilities=probabilities,
        )


def _products(shares: NDArray[np.float64], threshold: float) -> tuple[str, ...]:
    """Kinds above the threshold, three at most, the likeliest first; always the likeliest one."""
    order = np.argsort(-shares)[:3]
    return tuple(CLASSES["products"][at] for rank, at in enumerate(order) if rank == 0 or shares[at] >= threshold)


def _probabilities(shares: Mapping[str, NDArray[np.float64]], row: int) -> dict[str, dict[str, float]]:
    words = {"recommend": RECOMMEND_WORDS, "switch": SWITCH_WORDS}
    found: dict[str, dict[str, float]] = {}
    for name, classes in CLASSES.items():
        if name == "roles":
            found[name] = {}
            for roles, share in zip(classes, shares[name][row], strict=True):
                for role in roles:
                    found[name][role] = found[name].get(role, 0.0) + float(share)
        else:
            known = words.get(name, {})
            found[name] = {str(known.get(each, each)): float(share) for each, share in zip(classes, shares[name][row], strict=True)}
    found["recommendation"] = found.pop("recommend")
    plain, sarcastic = found.pop("sarcasm").values()
    opinion = found["genre"]["opinion"]
    found["genre"] |= {"opinion": opinion * plain, "sarcasm": opinion * sarcastic}
    return found


def _two_places(share: float) -> float:
    return round(float(share), 2)
