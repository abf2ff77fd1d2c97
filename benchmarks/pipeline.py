"""The rival of `benchmarks/tag.py`: a transformers pipeline over the shipped weights, on torch.

The rule to know: nothing is done here to slow it: padding to the longest of a batch, no gradients, the library's fast
attention, its own loader. It frames pairs with our code, because the answers have to be the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, Pipeline, PreTrainedModel, PreTrainedTokenizerFast

from nlp.classifier import Calibration, read_config
from nlp.export import reference_network
from nlp.network import PAD
from nlp.pair import Pair, frame


class ReaderModel(PreTrainedModel):
    """The network as transformers knows models."""

    config_class = BertConfig

    def __init__(self, folder: Path) -> None:
        network = reference_network(folder)
        super().__init__(network.encoder.config)
        fast = BertModel(BertConfig(**network.encoder.config.to_dict() | {"_attn_implementation": "sdpa"}), add_pooling_layer=False)
        fast.load_state_dict(network.encoder.state_dict())
        network.encoder = fast
        self.network = network.eval()

    def forward(self, input_ids: torch.Tensor, token_type_ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits by head."""
        logits: dict[str, torch.Tensor] = self.network(input_ids, token_type_ids)
        return logits


class ReaderPipeline(Pipeline):
    """Pairs in, logits out."""

    calibration: Calibration
    framer: Tokenizer
    window: int

    @classmethod
    def of(cls, folder: Path) -> ReaderPipeline:
        """The pipeline of a model's folder."""
        config = read_config(folder)
        tokens = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>", padding_side="right")
        made = cls(model=ReaderModel(folder), tokenizer=tokens, device="cpu")
        made.framer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        made.window = config["window"]
        made.calibration = Calibration(**config["calibration"])
        return made

    def _sanitize_parameters(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {}, {}, {}

    def preprocess(self, input_: Pair) -> dict[str, torch.Tensor]:
        """One pair as tensors."""
        framed = frame([input_], self.framer, self.window)[0]
        return {"input_ids": torch.tensor([framed.ids]), "token_type_ids": torch.tensor([framed.kinds])}

    def _forward(self, input_tensors: dict[str, torch.Tensor]) -> Any:
        assert self.tokenizer is not None and self.tokenizer.pad_token_id == PAD
        return self.model(**input_tensors)

    def postprocess(self, model_outputs: Any) -> dict[str, torch.Tensor]:
        """The logits of one pair."""
        return {name: values[0].float() for name, values in model_outputs.items()}
