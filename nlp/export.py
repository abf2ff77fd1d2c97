"""Export: the trained network -> an ONNX graph with 8-bit weights and 4-bit word vectors, and back for reference.

The rule to know: weights are stored in blocks that each have their own scale and activations are scaled row by row, so
that a text's answer does not depend on its batch. The word vectors were 4-bit before training and frozen in it: their
4-bit form loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from transformers import BertConfig

from nlp.classifier import read_config
from nlp.network import PAD, Network, bare_network
from nlp.pair import NAMED, SUBJECT

BLOCK = 32
"""Weights that share a scale."""
WORD_BLOCK = 32
"""The same for word vectors: the blocks in which the base encoder was quantised."""
CONTRIB = "com.microsoft"


class Graph:
    """An ONNX graph in the making."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def put(self, op: str, *inputs: str, out: str = "", domain: str = "", **attributes: Any) -> str:
        """Adds a node with one output; returns the output's name."""
        out = out or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], domain=domain, **attributes))
        return out

    def keep(self, name: str, values: NDArray[Any]) -> str:
        """Adds weights."""
        self.weights.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def linear(self, name: str, weight: NDArray[np.float32], inputs: str, bias: NDArray[np.float32] | None = None) -> str:
        """A product with 8-bit weights of shape (outputs, inputs), computed in 8 bits."""
        packed, scales = packed_rows(weight, BLOCK)
        names = [inputs, self.keep(f"{name}.q8", packed), self.keep(f"{name}.scale", scales.reshape(-1))]
        if bias is not None:
            names += ["", "", self.keep(f"{name}.bias", bias)]
        return self.put(
            "MatMulNBits", *names, domain=CONTRIB, K=weight.shape[1], N=weight.shape[0], bits=8, block_size=BLOCK, accuracy_level=4
        )


def packed_rows(weight: NDArray[np.float32], block: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Weights in blocks along the inputs as bytes around 128, and the blocks' scales."""
    blocks = weight.reshape(weight.shape[0], -1, block).astype(np.float32)
    scales = np.maximum(np.abs(blocks).max(axis=2) / 127, 1e-12).astype(np.float32)
    return (np.rint(blocks / scales[:, :, None]) + 128).astype(np.uint8), scales


def unpacked_rows(packed: NDArray[np.uint8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `packed_rows`."""
    blocks = (packed.astype(np.float32) - 128) * scales.reshape(packed.shape[0], -1, 1)
    return blocks.reshape(packed.shape[0], -1)


def packed_words(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Word vectors as whole numbers -8..7 and the scales of their blocks. The value farthest from 0 in a block is -8 scales."""
    blocks = vectors.reshape(vectors.shape[0], -1, WORD_BLOCK)
    farthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[:, :, None], axis=2)[:, :, 0]
    scales = (farthest / -8).astype(np.float32)
    divisors = np.where(scales == 0, 1, scales)
    return np.clip(np.rint(blocks / divisors[:, :, None]), -8, 7).astype(np.int8).reshape(vectors.shape), scales


def onnx_model(network: Network) -> onnx.ModelProto:
    """The network as an ONNX model: inputs `ids` and `kinds` of shape (pairs, tokens), an output of logits per head."""
    graph = Graph()
    state = {name: values.detach().float().numpy() for name, values in network.state_dict().items()}
    for name, values in {"pad": PAD, "named": NAMED, "subject": SUBJECT, "zero": 0, "one": 1}.items():
        graph.keep(name, np.array(values if name not in ("zero", "one") else [values], np.int64))
    _masks(graph)
    tokens = _embedded(graph, state, network.encoder.config)
    for layer in range(network.encoder.config.num_hidden_layers):
        tokens = _layer(graph, state, f"encoder.encoder.layer.{layer}.", tokens, network.encoder.config)
    outputs = _answered(graph, state, network, tokens)
    shapes = [helper.make_tensor_value_info(name, TensorProto.INT64, ["pairs", "tokens"]) for name in ("ids", "kinds")]
    made = helper.make_graph(graph.nodes, "reader", shapes, outputs, graph.weights)
    sets = [helper.make_opsetid("", 20), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(made, opset_imports=sets, ir_version=10, producer_name="molva")


def _masks(graph: Graph) -> None:
    read = graph.put("Not", graph.put("Equal", "ids", "pad"))
    named = graph.put("And", read, graph.put("Or", graph.put("Equal", "kinds", "named"), graph.put("Equal", "kinds", "subject")))
    graph.put("Cast", read, out="read", to=TensorProto.INT32)
    graph.put("Cast", read, out="whole", to=TensorProto.FLOAT)
    graph.put("Cast", named, out="about", to=TensorProto.FLOAT)


def _embedded(graph: Graph, state: dict[str, NDArray[np.float32]], config: BertConfig) -> str:
    prefix = "encoder.embeddings."
    numbers, scales = packed_words(state[f"{prefix}word_embeddings.weight"])
    graph.weights.append(helper.make_tensor("words.q4", TensorProto.INT4, numbers.shape, _nibbles(numbers), raw=True))
    graph.keep("words.scale", scales)
    words = graph.put(
        "GatherBlockQuantized", "words.q4", "ids", "words.scale", domain=CONTRIB, gather_axis=0, quantize_axis=1, block_size=WORD_BLOCK
    )
    graph.keep("places", state[f"{prefix}position_embeddings.weight"])
    graph.keep("kinds.weight", state[f"{prefix}token_type_embeddings.weight"])
    length = graph.put("Shape", "ids", start=1, end=2)
    places = graph.put("Slice", "places", "zero", length, "zero")
    total = graph.put("Add", graph.put("Add", words, graph.put("Gather", "kinds.weight", "kinds")), places)
    gamma = graph.keep(f"{prefix}LayerNorm.weight", state[f"{prefix}LayerNorm.weight"])
    beta = graph.keep(f"{prefix}LayerNorm.bias", state[f"{prefix}LayerNorm.bias"])
    return graph.put("LayerNormalization", total, gamma, beta, axis=-1, epsilon=config.layer_norm_eps)


def _nibbles(numbers: NDArray[np.int8]) -> bytes:
    """Two numbers a byte, the first in the low half."""
    flat = numbers.reshape(-1).view(np.uint8) & 15
    return (flat[0::2] | (flat[1::2] << 4)).tobytes()


def _layer(graph: Graph, state: dict[str, NDArray[np.float32]], prefix: str, tokens: str, config: BertConfig) -> str:
    parts = [f"{prefix}attention.self.{name}" for name in ("query", "key", "value")]
    weight = np.concatenate([state[f"{part}.weight"] for part in parts])
    bias = np.concatenate([state[f"{part}.bias"] for part in parts])
    joined = graph.linear(f"{prefix}attention.self", weight, tokens, bias)
    split = [f"{prefix}{name}" for name in ("q", "k", "v")]
    graph.nodes.append(helper.make_node("Split", [joined], split, axis=-1, num_outputs=3))
    seen = graph.put("MultiHeadAttention", *split, "", "read", domain=CONTRIB, num_heads=config.num_attention_heads)
    tokens = _added(graph, state, f"{prefix}attention.output", seen, tokens, config)
    name = f"{prefix}intermediate.dense"
    wide = graph.linear(name, state[f"{name}.weight"], tokens)
    wide = graph.put("BiasGelu", wide, graph.keep(f"{name}.bias", state[f"{name}.bias"]), domain=CONTRIB)
    return _added(graph, state, f"{prefix}output", wide, tokens, config)


def _added(graph: Graph, state: dict[str, NDArray[np.float32]], prefix: str, inputs: str, skipped: str, config: BertConfig) -> str:
    """A linear layer, the way around it, and the normalisation of their sum."""
    made = graph.linear(f"{prefix}.dense", state[f"{prefix}.dense.weight"], inputs)
    names = [graph.keep(f"{prefix}.{name}", state[f"{prefix}.{name}"]) for name in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")]
    return graph.put("SkipLayerNormalization", made, skipped, *names, domain=CONTRIB, epsilon=config.layer_norm_eps)


def _answered(graph: Graph, state: dict[str, NDArray[np.float32]], network: Network, tokens: str) -> list[onnx.ValueInfoProto]:
    queries = state["queries"].T / np.sqrt(state["queries"].shape[1])
    scores = graph.put("MatMul", tokens, graph.keep("queries", queries.astype(np.float32)))
    padding = graph.put("Sub", "whole", graph.keep("all", np.array(1, np.float32)))
    hidden = graph.put("Unsqueeze", padding, graph.keep("last", np.array([2], np.int64)))
    scores = graph.put("Add", scores, graph.put("Mul", hidden, graph.keep("far", np.array(1e4, np.float32))))
    weights = graph.put("Transpose", graph.put("Softmax", scores, axis=1), perm=[0, 2, 1])
    picked = graph.put("MatMul", weights, tokens)
    means = [_mean(graph, mask, tokens) for mask in ("whole", "about")]
    outputs = []
    for at, name in enumerate(network.names):
        own = graph.put("Gather", picked, graph.keep(f"head.{name}", np.array(at, np.int64)), axis=1)
        joined = graph.put("Concat", own, *means, axis=-1)
        weight = graph.keep(f"heads.{at}.weight", state[f"heads.{at}.weight"])
        bias = graph.keep(f"heads.{at}.bias", state[f"heads.{at}.bias"])
        graph.put("Gemm", joined, weight, bias, out=name, transB=1)
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["pairs", len(state[f"heads.{at}.bias"])]))
    return outputs


def _mean(graph: Graph, mask: str, tokens: str) -> str:
    total = graph.put("Squeeze", graph.put("MatMul", graph.put("Unsqueeze", mask, "one"), tokens), "one")
    count = graph.put("ReduceSum", mask, "one", keepdims=1)
    return graph.put("Div", total, graph.put("Max", count, graph.keep(f"{mask}.least", np.array(1, np.float32))))


def reference_network(folder: Path) -> Network:
    """The shipped weights, dequantised, in the torch network: the engine that the tests hold ONNX against.

    It has the heads of those weights, which may be fewer than today's. Raises ModelError as `Classifier.load` does.
    """
    shape, model = read_config(folder)["shape"], onnx.load(folder / "model.onnx")
    heads = {output.name: output.type.tensor_type.shape.dim[1].dim_value for output in model.graph.output}
    network = bare_network(BertConfig(**shape, hidden_act="gelu"), heads).eval()
    network.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in _state(model)})
    return network


def _state(model: onnx.ModelProto) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Names and values of the network's weights, from those of the graph."""
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    words, scales = kept["words.q4"].astype(np.float32), kept["words.scale"]
    yield "encoder.embeddings.word_embeddings.weight", (words.reshape(*scales.shape, -1) * scales[:, :, None]).reshape(words.shape)
    yield "encoder.embeddings.position_embeddings.weight", kept["places"]
    yield "encoder.embeddings.token_type_embeddings.weight", kept["kinds.weight"]
    yield "queries", (kept["queries"].T * np.sqrt(kept["queries"].shape[0])).astype(np.float32)
    for name, values in kept.items():
        if name.endswith(".q8"):
            weight, layer = unpacked_rows(values, kept[name.replace(".q8", ".scale")]), name.removesuffix(".q8")
            if layer.endswith("attention.self"):
                for part, rows in zip(("query", "key", "value"), np.split(weight, 3), strict=True):
                    yield f"{layer}.{part}.weight", rows
            else:
                yield f"{layer}.weight", weight
        elif name.endswith("attention.self.bias"):
            for part, rows in zip(("query", "key", "value"), np.split(values, 3), strict=True):
                yield name.replace(".bias", f".{part}.bias"), rows
        elif name.startswith(("encoder.", "heads.")) and not name.endswith(".scale"):
            yield name, values
