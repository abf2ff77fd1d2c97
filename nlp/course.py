"""A course: the network learns from the records, first tone and stars, then all heads.

The rule to know: everything is drawn from one seed, in an order that does not depend on where a stopped course goes on. A
course that begins with the weights of a trained model goes straight to the second stage.
"""

from __future__ import annotations

import copy
import hashlib
import math
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from nlp.composed import composed
from nlp.export import reference_network
from nlp.lesson import UNASKED, Example, batches, examples, plain, stacked
from nlp.material import Material, is_mark
from nlp.network import FAST_BFLOAT16, Network, new_network
from nlp.prior import PRIOR_POWER, known_priors, lift, natural, priors
from nlp.records import TrainingError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How long and how fast the network learns."""

    seed: int = 20
    seeds: int = 1
    """Networks trained one after another, with this seed and the next ones; what ships has the mean of their weights."""
    share: float = 1.0
    """Of the records that there are, for a learning curve."""
    start: str = ""
    """Folder of a trained model whose weights it begins with; nothing: the bare encoder."""
    window: int = 256
    tokens: int = 2048
    """Tokens of a batch, with padding."""
    most: int = 48
    """Pairs of a batch."""
    stars: int = 1000
    """Reviews with stars in the first stage, beside all tweets."""
    star_length: int = 700
    """Characters of the longest such review."""
    epochs: int = 5
    """Over the annotated records, in the second stage; the learning rate falls to nothing at the end of the last."""
    until: int | None = None
    """The epoch after which the course ends, where it is not the last: what the running average has by then is taken."""
    tweets: int = 2000
    """Tweets in each epoch of the second stage."""
    composed: int = 2000
    """Composed posts in each epoch of the second stage (see `nlp.composed`)."""
    aspects: int = 2
    """How often each subject of a post about several is learned in such an epoch (see `nlp.aspects`)."""
    marks: int = 1
    """How often each mark of sarcasm is learned in such an epoch: there are few, and only what is learned often enough is told apart."""
    frozen: int = 0
    """Layers, from the lowest, that stay as they begin: a step over records added to a trained model then costs less."""
    only: str = ""
    """A head that learns while all else stays as it begins, from the records that answer it; nothing: all learn."""
    rate: float = 1e-4
    """Learning rate of the top layer."""
    decay: float = 0.93
    """Each layer below learns by this factor slower."""
    head_rate: float = 1e-3
    dropout: float = 0.1
    warmup: float = 0.06
    average: float = 0.997
    """Share of the running average of weights that a step keeps."""


HEAD_WEIGHTS: Mapping[str, float] = {
    "genre": 0.5, "sentiment": 1.0, "stance": 1.5, "recommend": 1.0, "roles": 1.5, "switch": 1.0, "products": 4.0, "tone": 1.0,
    "sarcasm": 3.0,
}  # fmt: skip


def loss_of(logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], prior: Mapping[str, Tensor]) -> Tensor:
    """Weighted sum over the heads; what was not asked counts nothing."""
    total = torch.zeros(())
    for name, weight in HEAD_WEIGHTS.items():
        if name == "products":
            asked = (targets[name] >= 0).float()
            each = torch.nn.functional.binary_cross_entropy_with_logits(
                logits[name], targets[name].clamp(min=0), reduction="none", pos_weight=torch.tensor(2.0)
            )
            total = total + weight * (each * asked).mean()
        else:
            lifted = logits[name] + PRIOR_POWER[name] * prior[name]
            each = torch.nn.functional.cross_entropy(lifted, targets[name], ignore_index=UNASKED, reduction="sum")
            total = total + weight * each / len(targets[name])
    return total


def groups(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Parameters with their learning rates: heads fast, encoder layers slower the deeper they lie."""
    layers = len(network.encoder.encoder.layer)
    found: list[dict[str, object]] = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        layer = re.match(r"encoder\.encoder\.layer\.(\d+)\.", name)
        if layer:
            rate = recipe.rate * recipe.decay ** (layers - 1 - int(layer[1]))
        elif name.startswith("encoder.") and "token_type" not in name:
            rate = recipe.rate * recipe.decay**layers
        else:
            rate = recipe.head_rate
        found.append({"params": [parameter], "lr": rate, "weight_decay": 0.01 if parameter.dim() > 1 else 0.0})
    return found


def lesson_of(epoch: int, material: Material, tokenizer: Tokenizer, recipe: Recipe) -> tuple[list[Example], list[list[int]]]:
    """What is learned in an epoch and in which batches; epoch 0 is the first stage. The same for the same seed."""
    chance = random.Random(f"{recipe.seed}/{epoch}")
    if epoch == 0:
        records = material.tweets + material.starred
    else:
        tweets = chance.sample(material.tweets, min(recipe.tweets, len(material.tweets)))
        several = composed(material.annotated, chance, recipe.composed) + recipe.aspects * material.aspects
        marked = [each for each in material.annotated if is_mark(each)]
        records = material.annotated + (recipe.marks - 1) * marked + tweets + several
    if recipe.only:
        records = [each for each in records if recipe.only in each.answers]
    lesson = examples(records, tokenizer, recipe.window, chance)
    return lesson, batches(lesson, recipe.tokens, recipe.most, chance)


class Averaged:
    """The running average of the trained weights: steadier than the weights of the last step."""

    def __init__(self, network: Network) -> None:
        self.network = copy.deepcopy(network)
        self.steps = 0

    @torch.no_grad()
    def follow(self, network: Network, keep: float) -> None:
        """Moves the average a little towards the network."""
        self.steps += 1
        keep = min(keep, self.steps / (10 + self.steps))
        both = zip(self.network.parameters(), network.parameters(), strict=True)
        trained = [(ours.data, theirs.data) for ours, theirs in both if theirs.requires_grad]
        torch._foreach_lerp_([ours for ours, _ in trained], [theirs for _, theirs in trained], 1 - keep)


@dataclass(slots=True)
class Course:
    """The state of a training: where it stands and what it has learned."""

    network: Network
    averaged: Averaged
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LambdaLR
    recipe: Recipe
    mark: str
    """Of all that it learns from: a course that was stopped goes on with the same alone."""
    step: int = 0

    def save(self, path: Path) -> None:
        """Writes the whole state, so that a stopped training goes on from here."""
        part = path.with_suffix(".part")
        torch.save({
            "mark": self.mark, "step": self.step, "network": self.network.state_dict(),
            "averaged": self.averaged.network.state_dict(), "followed": self.averaged.steps,
            "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict(),
            "chance": torch.get_rng_state(),
        }, part)  # fmt: skip
        part.replace(path)

    def resume(self, path: Path) -> None:
        """Takes the state that `save` wrote. Raises TrainingError where it was learned by another recipe or from other records."""
        state = torch.load(path, weights_only=True)
        if state.get("mark") != self.mark:
            raise TrainingError(f"{path} was left by a training of another recipe or other records: delete it to begin anew")
        self.step, self.averaged.steps = state["step"], state["followed"]
        self.network.load_state_dict(state["network"])
        self.averaged.network.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["chance"])


def mark_of(material: Material, encoder: Path, recipe: Recipe) -> str:
    """What tells a training from every other: its recipe, its records and the encoder that it begins with."""
    digest = hashlib.sha256(repr(recipe).encode())
    for part in Material.__slots__:
        digest.update(repr(getattr(material, part)).encode("utf-8", "surrogatepass"))
    digest.update((encoder / "model.safetensors").read_bytes())
    return digest.hexdigest()


def new_course(encoder: Path, recipe: Recipe, steps: int, mark: str = "") -> Course:
    """A course at its beginning."""
    # A head that the trained model lacks begins alike for every seed: of heads that began apart the mean is neither.
    torch.manual_seed(0 if recipe.start else recipe.seed)
    network = new_network(encoder, recipe.dropout)
    torch.manual_seed(recipe.seed)
    if recipe.start:
        _go_on_from(Path(recipe.start), network)
    _freeze(network, recipe.frozen, recipe.only)
    optimizer = torch.optim.AdamW(groups(network, recipe), fused=True)
    warm = max(1, int(steps * recipe.warmup))

    def speed(step: int) -> float:
        return min(1.0, (step + 1) / warm) * (0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))) * 0.98 + 0.02)

    return Course(network, Averaged(network), optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, speed), recipe, mark)


def _freeze(network: Network, layers: int, only: str) -> None:
    """Keeps this many layers of the encoder, from the lowest, and the embeddings below them as they are; or all but one head."""
    if only:
        network.requires_grad_(False)
        network.heads[network.names.index(only)].requires_grad_(True)
    there = network.encoder.encoder.layer
    if layers > len(there):
        raise TrainingError(f"{layers} layers of the encoder are to stay frozen, and it has {len(there)}")
    for part in (network.encoder.embeddings, *there[:layers]) if layers else ():
        part.requires_grad_(False)


def _go_on_from(folder: Path, network: Network) -> None:
    """Gives the network the weights of a trained model, the lift of rare classes put back into its heads (see `natural`)."""
    _take_over(reference_network(folder), network)
    lift(network, known_priors(folder), -1.0)


@torch.no_grad()
def _take_over(known: Network, network: Network) -> None:
    """Copies the encoder and the heads that the known one has; a head that is new since then stays as it begins."""
    network.encoder.load_state_dict(known.encoder.state_dict())
    for at, name in enumerate(known.names):
        ours = network.names.index(name)
        network.queries[ours] = known.queries[at]
        network.heads[ours].load_state_dict(known.heads[at].state_dict())


def learn(material: Material, encoder: Path, recipe: Recipe, *, checkpoint: Path | None, say: Say) -> tuple[Network, dict[str, Tensor]]:
    """Both stages; the averaged network, the lift of rare classes taken back out of its answers, and the log shares of classes."""
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    prior = _priors(material, tokenizer, recipe)
    epochs = range(1 if recipe.start else 0, recipe.epochs + 1)
    steps = sum(len(lesson_of(epoch, material, tokenizer, recipe)[1]) for epoch in epochs)
    if not steps:
        raise TrainingError(f"no record answers {recipe.only or 'anything'}: give some with --corrections")
    course = new_course(encoder, recipe, steps, mark_of(material, encoder, recipe) if checkpoint else "")
    if checkpoint and checkpoint.is_file():
        course.resume(checkpoint)
        say(f"goes on from step {course.step}")
    done, started = 0, time.monotonic()
    for epoch in epochs[: recipe.until and epochs.index(recipe.until) + 1]:
        lesson, order = lesson_of(epoch, material, tokenizer, recipe)
        say(f"epoch {epoch} of {recipe.epochs}: {len(lesson)} records in {len(order)} batches")
        for loss in _epoch(course, lesson, order[max(0, course.step - done) :], prior, recipe):
            if course.step % 50 == 0:
                say(f"epoch {epoch}/{recipe.epochs}, step {course.step}/{steps}, loss {loss:.3f}, {time.monotonic() - started:.0f} s")
            if checkpoint and course.step % 200 == 0:
                course.save(checkpoint)
        done += len(order)
        if checkpoint:
            course.save(checkpoint)
    return natural(course.averaged.network, prior), prior


def _priors(material: Material, tokenizer: Tokenizer, recipe: Recipe) -> dict[str, Tensor]:
    """The log shares of classes; of heads that do not learn those that they have, so that they answer as before."""
    found = priors(plain(material.annotated + material.tweets, tokenizer, recipe.window))
    if recipe.only and recipe.start:
        known = known_priors(Path(recipe.start))
        found |= {name: values for name, values in known.items() if name != recipe.only}
    return found


def _epoch(
    course: Course, lesson: Sequence[Example], order: Sequence[Sequence[int]], prior: Mapping[str, Tensor], recipe: Recipe
) -> Iterator[float]:
    course.network.train()
    for batch in order:
        ids, kinds, targets = stacked([lesson[at] for at in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=FAST_BFLOAT16):
            logits = course.network(ids, kinds)
        loss = loss_of({name: each.float() for name, each in logits.items()}, targets, prior)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(course.network.parameters(), 1.0)
        course.optimizer.step()
        course.schedule.step()
        course.optimizer.zero_grad()
        course.averaged.follow(course.network, recipe.average)
        course.step += 1
        yield float(loss.detach())
