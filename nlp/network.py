"""The network that judges a pair: one encoder, a head per question.

The rule to know: only training and its tests import this module; in use the same weights run on ONNX (`classifier`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from nlp.pair import NAMED, SUBJECT, Framed
from nlp.records import CLASSES

KINDS = 4
PAD = 1
FAST_BFLOAT16: bool = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
"""Whether the processor computes faster in bfloat16 than in 32 bits: with instructions of its own for it (0.73 s a step in the
place of 1.72 on two cores), not where they are imitated."""


class PooledDropout(nn.Module):
    """Dropout whose masks are pieces of one long random mask, each from a random place.

    PyTorch draws every bit of a mask anew on one core, which takes a third of a step on two cores; a piece costs one multiplication.
    """

    def __init__(self, share: float, size: int = 1 << 24) -> None:
        super().__init__()
        keep = (torch.rand(size) >= share).float() / (1 - share)
        self.masks = {kind: keep.to(kind) for kind in (torch.float32, torch.bfloat16)}

    def forward(self, values: Tensor) -> Tensor:
        """The values with a share of them zero and the others as much larger; as they are where nothing is learned."""
        if not self.training:
            return values
        mask = self.masks[values.dtype]
        start = int(torch.randint(mask.numel() - values.numel(), ()))
        return values * mask[start : start + values.numel()].view(values.shape)


class Network(nn.Module):
    """Encoder, attention over the tokens for each head, and the heads' linear layers.

    A head reads three vectors: the tokens that its own attention picks, the mean of all tokens, and the mean of those
    that name the subject.
    """

    def __init__(self, encoder: BertModel, classes: Mapping[str, int], dropout: float = 0.1) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.names = tuple(classes)
        self.queries = nn.Parameter(torch.randn(len(self.names), width) * 0.02)
        self.dropout = nn.Dropout(dropout)
        linear = [nn.Linear(3 * width, count) for count in classes.values()]
        for head in linear:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        self.heads = nn.ModuleList(linear)

    def forward(self, ids: Tensor, kinds: Tensor) -> dict[str, Tensor]:
        """Logits of each head for token ids and kinds of shape (pairs, tokens); padding is id 1."""
        read = ids != PAD
        tokens = self.encoder(input_ids=ids, attention_mask=read.long(), token_type_ids=kinds).last_hidden_state.float()
        scores = tokens @ self.queries.T / math.sqrt(tokens.shape[-1])
        weights = scores.masked_fill(~read[:, :, None], -1e4).softmax(dim=1)
        picked = weights.transpose(1, 2) @ tokens
        whole = _mean(tokens, read)
        named = _mean(tokens, read & ((kinds == NAMED) | (kinds == SUBJECT)))
        return {
            name: head(self.dropout(torch.cat([picked[:, at], whole, named], dim=-1)))
            for at, (name, head) in enumerate(zip(self.names, self.heads, strict=True))
        }


def _mean(tokens: Tensor, chosen: Tensor) -> Tensor:
    weights = chosen.float()
    total = torch.einsum("bt,btw->bw", weights, tokens)
    return total / weights.sum(dim=1, keepdim=True).clamp(min=1.0)


def class_counts() -> dict[str, int]:
    """Head -> number of its classes."""
    return {name: len(classes) for name, classes in CLASSES.items()}


def new_network(folder: Path, dropout: float = 0.1) -> Network:
    """A network on the pre-trained encoder of the folder: frozen word vectors, kinds of tokens that start equal.

    Attention has no dropout, and is computed plainly in bfloat16 and by the fused kernel in 32 bits: either is a fifth to a
    third faster than the other way round.
    """
    encoder = BertModel.from_pretrained(
        folder, add_pooling_layer=False, attn_implementation="eager" if FAST_BFLOAT16 else "sdpa", attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=dropout, dtype=torch.float32,
    )  # fmt: skip
    network = Network(_with_kinds(encoder), class_counts(), dropout)
    pooled = PooledDropout(dropout)
    for module in list(network.modules()):
        for name, part in module.named_children():
            if isinstance(part, nn.Dropout) and part.p > 0:
                setattr(module, name, pooled)
    return network


def bare_network(config: BertConfig, classes: Mapping[str, int]) -> Network:
    """A network of the configuration's shape with these heads and without trained weights, to load them into."""
    config._attn_implementation = "eager"
    return Network(_with_kinds(BertModel(config, add_pooling_layer=False)), classes)


@torch.no_grad()
def mean_of(networks: Sequence[Network]) -> Network:
    """A network with the mean of the weights of networks that began with the same ones.

    It answers much as all of them together would, at the cost of one (model soups, Wortsman et al. 2022).
    """
    mean = copy.deepcopy(networks[0])
    for ours, *theirs in zip(mean.parameters(), *(network.parameters() for network in networks), strict=True):
        ours.copy_(torch.stack(theirs).mean(dim=0))
    return mean


@torch.no_grad()
def blended(first: Network, second: Network, share: float) -> Network:
    """The second network, moved towards the first until it has `share` of the way from the first to it.

    What was learned last costs some of what was known before; in between most of both is kept (robust fine-tuning, Wortsman et al.
    2022). The second's training must have begun with the first; a head that the first lacks stays that of the second.
    """
    blend, known = copy.deepcopy(second), first.state_dict()
    for name, ours in blend.named_parameters():
        if name.startswith("encoder."):
            ours.lerp_(known[name], 1 - share)
    for at, name in enumerate(first.names):
        place = second.names.index(name)
        blend.queries[place].lerp_(first.queries[at], 1 - share)
        for ours, theirs in zip(blend.heads[place].parameters(), first.heads[at].parameters(), strict=True):
            ours.lerp_(theirs, 1 - share)
    return blend


def _with_kinds(encoder: BertModel) -> BertModel:
    old = encoder.embeddings.token_type_embeddings.weight
    kinds = nn.Embedding(KINDS, old.shape[1])
    with torch.no_grad():
        kinds.weight.copy_(old[:1].expand(KINDS, -1))
    encoder.embeddings.token_type_embeddings = kinds
    encoder.config.type_vocab_size = KINDS
    encoder.embeddings.word_embeddings.weight.requires_grad = False
    return encoder


def padded(framed: Sequence[Framed], step: int = 1) -> tuple[Tensor, Tensor]:
    """Token ids and kinds as two tensors of shape (pairs, longest), rounded up to a multiple of `step` tokens."""
    longest = -(-max(len(each.ids) for each in framed) // step) * step
    ids = torch.full((len(framed), longest), PAD)
    kinds = torch.zeros((len(framed), longest), dtype=torch.long)
    for row, each in enumerate(framed):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        kinds[row, : len(each.kinds)] = torch.tensor(each.kinds)
    return ids, kinds
