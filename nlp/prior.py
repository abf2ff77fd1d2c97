"""Prior: how frequent the classes of a head are, and how far learning lifts the rare ones.

The rule to know: the network learns beside the lift (logit adjustment) and answers without it, so what ships has the lift in its
heads' biases, and a training that begins with such a network takes it out again.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from nlp.classifier import read_config
from nlp.lesson import UNASKED, Example
from nlp.network import Network
from nlp.records import CLASSES

PRIOR_POWER: Mapping[str, float] = {
    "genre": 0.5, "sentiment": 0.3, "stance": 0.5, "recommend": 0.7, "roles": 0.8, "switch": 0.8, "tone": 0.5,
    "sarcasm": 0.5,
}  # fmt: skip
"""How strongly rare classes are lifted while learning (logit adjustment, Menon et al. 2021): 1 treats all classes alike."""


def priors(lesson: Sequence[Example]) -> dict[str, Tensor]:
    """Log share of each class among the asked, by head (not for products)."""
    found: dict[str, Tensor] = {}
    for name in PRIOR_POWER:
        counts = torch.ones(len(CLASSES[name]))
        for example in lesson:
            target = example.targets[name]
            if isinstance(target, int) and target != UNASKED:
                counts[target] += 1
        found[name] = (counts / counts.sum()).log()
    return found


def known_priors(folder: Path) -> dict[str, Tensor]:
    """The log shares of classes that a trained model learned by. Raises ModelError."""
    return {name: torch.tensor(values) for name, values in read_config(folder)["calibration"]["log_prior"].items()}


def natural(network: Network, prior: Mapping[str, Tensor]) -> Network:
    """A copy whose probabilities are those of classes as frequent as they are: the lift goes into the heads' biases."""
    network = copy.deepcopy(network).eval()
    lift(network, prior, 1.0)
    return network


@torch.no_grad()
def lift(network: Network, prior: Mapping[str, Tensor], times: float) -> None:
    """Adds so many times the lift of each head's classes to its biases."""
    for name, head in zip(network.names, network.heads, strict=True):
        if name in PRIOR_POWER and name in prior:
            head.bias += times * PRIOR_POWER[name] * prior[name]  # type: ignore[operator]
