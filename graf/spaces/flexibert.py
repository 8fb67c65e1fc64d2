"""FlexiBERT encoders (Tuli et al., JAIR 2023) as in NAS-Bench-BERT (Serianni & Kalita, ACL 2023)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from graf.exceptions import InputError
from graf.ops import OpSet
from graf.spaces.parts.chain import Block
from graf.spaces.parts.costs import Cost, attention_cost, linear_cost, mlp_cost, norm_cost
from graf.spaces.parts.encoder import EncoderSpace
from graf.spaces.parts.notation import literal

if TYPE_CHECKING:
    import torch

__all__ = ["FlexiBERT"]

MIXERS = ("attention_sdp", "attention_wma", "fourier", "cosine", "span_conv5", "span_conv9")
PARAMETERS: dict[str, tuple[str | int, ...]] = {"SA": ("SDP", "WMA"), "LT": ("DFT", "DCT"), "DSC": (5, 9)}
LAYER_KEYS = (
    "operation_type", "operation_parameter", "num_operation_heads", "feed_forward_dimension", "num_feed_forward",
)  # fmt: skip
SHORT_KEYS = ("l", "o", "h", "n", "f", "p")
SHORT_TYPES = ("sa", "l", "c")  # of PARAMETERS
HEADS, FEED_FORWARDS, MLPS = (2, 4), (1, 3), ("mlp", "mlp3")
JOINED = re.compile(r"([0-9]{1,9})\s*:\s*(?=\[)")
NOTATION = re.compile(
    r"""[0-9]{1,9}\s*:\s*\[\s*\{|\{.*hidden_size.*(?:layers|nas_config)|\{\s*["']l["']\s*:""", re.DOTALL
)


@dataclass(frozen=True)
class FlexiBERT(EncoderSpace):
    """BERT-like encoders of 2 or 4 layers that differ in what mixes positions and in their sizes.

    Each layer has an operation, which is self-attention (SA) with scaled dot products (SDP) or
    weighted multiplicative attention (WMA), a linear transform (LT) by Fourier (DFT) or cosine
    transform (DCT), or span-based dynamic convolution (DSC) with kernel 5 or 9, beside attention
    with half of the heads; 2 or 4 heads; and 1 or 3 feed-forward layers of one dimension.

    Notation: `{"hidden_size": .., "layers": [{"operation_type": .., "operation_parameter": ..,
    "num_operation_heads": .., "feed_forward_dimension": .., "num_feed_forward": ..}, ..]}` as
    dictionary, JSON or Python text; or `nas_config` with `encoder_layers` as NAS-Bench-BERT has
    it in place of `layers`; or `hidden_size:layers`, two columns joined. FlexiBERT's own model
    dictionary is read too, with one hidden size in all layers: `{"l": layers, "o": ["sa", ..],
    "h": [128, ..], "n": [heads, ..], "f": [[512, 512, 512], ..], "p": ["sdp", ..]}`. Choices are
    indices of hidden size and depth, then of operation, heads, feed-forward dimension and number
    of feed-forward layers for each layer.

    The network is NAS-Bench-BERT's in PyTorch: an ELECTRA encoder whose embeddings have a size of
    their own; a linear transform has neither residual nor norm. Fast transforms have no
    multiply-adds by the count used here, which is of convolutions and matrix products.

    Parameters
    ----------
    hidden, feed_forward : the smaller of the two options, the larger is twice as much.
    embedding : size of the embeddings, projected to the hidden size where they differ.
    vocabulary_size : number of different tokens.
    max_positions : number of positions that have an embedding.
    sequence_length : tokens of an example, for multiply-adds.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = FlexiBERT()
    >>> space.parse({"l": 2, "o": ["sa", "c"], "h": [128] * 2, "n": [2, 4], "f": [[512], [1024] * 3],
    ...     "p": ["sdp", 9]})
    (0, 0, 0, 0, 0, 0, 5, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    >>> space.format(space.parse(_))[:70]
    '{"hidden_size":128,"layers":[{"operation_type":"SA","operation_paramet'
    """

    name: ClassVar[str] = "flexibert"
    kind: ClassVar[str] = "FlexiBERT encoder"
    ops: ClassVar[OpSet] = OpSet(("embedding", *MIXERS, *MLPS, "classifier"))
    carried: ClassVar[tuple[str, ...]] = (
        "channels", "sequence_length", "heads", "head_dim", "mlp_ratio", "kernel",
    )  # fmt: skip

    hidden: int = 128
    feed_forward: int = 512
    embedding: int = 128
    vocabulary_size: int = 30522
    max_positions: int = 512
    sequence_length: int = 128
    n_classes: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % max(HEADS):
            raise InputError(f"`hidden` must be a multiple of {max(HEADS)}, got {self.hidden}")
        if self.sequence_length > self.max_positions:
            raise InputError(f"`sequence_length` must be at most `max_positions`, got {self.sequence_length}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Two options of the hidden size."""
        return self.hidden, 2 * self.hidden

    @property
    def depths(self) -> tuple[int, ...]:
        """Two options of the number of layers."""
        return 2, 4

    @property
    def dimensions(self) -> tuple[int, int]:
        """Two options of the feed-forward dimension."""
        return self.feed_forward, 2 * self.feed_forward

    @property
    def layer_values(self) -> dict[str, tuple[Any, ...]]:
        """Options of operation, heads, dimension and number of feed-forward layers."""
        return {
            "operation": MIXERS,
            "heads": HEADS,
            "feed-forward dimension": self.dimensions,
            "feed-forward layers": FEED_FORWARDS,
        }

    @property
    def length(self) -> int:
        """Number of tokens of an example."""
        return self.sequence_length

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it begins like one of the notations, or is a dictionary with their keys."""
        if isinstance(text, dict):
            text = str(text)
        return isinstance(text, str) and bool(NOTATION.match(text.strip()))

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of any of the notations as text; the error shows where it goes wrong."""
        joined = JOINED.match(text)
        if joined is not None:
            layers = literal(self.kind, text, joined.end())
            return self.parse_config({"hidden_size": int(joined[1]), "layers": layers})
        return self.parse(literal(self.kind, text))

    def parse_config(self, config: dict[Any, Any]) -> tuple[int, ...]:
        """The choices of a dictionary; the error names layer and key."""
        if all(key in config for key in SHORT_KEYS):
            config = self._spelt_out(config)
        nested = config.get("nas_config")
        layers = config.get("layers", nested.get("encoder_layers") if isinstance(nested, dict) else None)
        if "hidden_size" not in config or not isinstance(layers, (list, tuple)):
            raise self.fault(f"expected the keys hidden_size and layers, or {', '.join(SHORT_KEYS)}")
        width = self.pick("`hidden_size`", config["hidden_size"], self.widths)
        depth = self.pick("the number of layers", len(layers), self.depths)
        chosen = chain.from_iterable(self._layer(i, layer) for i, layer in enumerate(layers, start=1))
        return self.padded([width, depth, *chosen])

    def _layer(self, i: int, layer: object) -> list[int]:
        """The choices of one layer."""
        if not isinstance(layer, dict) or not all(key in layer for key in LAYER_KEYS):
            raise self.fault(f"layer {i} must have the keys {', '.join(LAYER_KEYS)}")
        kind = self.pick(f"operation_type of layer {i}", layer["operation_type"], tuple(PARAMETERS))
        options = (tuple(PARAMETERS.values())[kind], HEADS, self.dimensions, FEED_FORWARDS)
        parameter, *sizes = (
            self.pick(f"{key} of layer {i}", layer[key], values)
            for key, values in zip(LAYER_KEYS[1:], options, strict=True)
        )
        return [2 * kind + parameter, *sizes]

    def _spelt_out(self, short: dict[Any, Any]) -> dict[str, Any]:
        """FlexiBERT's model dictionary in the words of the other notation."""
        depth = self.depths[self.pick("`l`", short["l"], self.depths)]
        columns = (self.per_layer(f"`{key}`", short[key], depth) for key in ("h", "o", "p", "n", "f"))
        layers = []
        for i, (hidden, kind, parameter, heads, dimensions) in enumerate(zip(*columns, strict=True), start=1):
            if hidden != short["h"][0]:
                raise self.fault(f"the hidden size must be the same in all layers, differs in layer {i}")
            if not isinstance(dimensions, (list, tuple)) or any(d != dimensions[0] for d in dimensions):
                raise self.fault(f"`f` of layer {i} must be a list of equal dimensions")
            values = (
                tuple(PARAMETERS)[self.pick(f"`o` of layer {i}", kind, SHORT_TYPES)],
                parameter.upper() if isinstance(parameter, str) else parameter,
                heads,
                dimensions[0] if dimensions else None,
                len(dimensions),
            )
            layers.append(dict(zip(LAYER_KEYS, values, strict=True)))
        return {"hidden_size": short["h"][0], "layers": layers}

    def config(self, architecture: Any) -> dict[str, Any]:
        """The architecture as a dictionary with `hidden_size` and `layers`."""
        choices = self.parse(architecture)
        layers = [
            (kind, parameter, HEADS[heads], self.dimensions[dimension], FEED_FORWARDS[count])
            for mixer, heads, dimension, count in self.layers(choices)
            for kind, parameter in [_operation(mixer)]
        ]
        named = [dict(zip(LAYER_KEYS, layer, strict=True)) for layer in layers]
        return {"hidden_size": self.widths[choices[0]], "layers": named}

    def format(self, choices: Sequence[int]) -> str:
        """The dictionary as JSON without blanks."""
        return json.dumps(self.config(self.check_choices(choices)), separators=(",", ":"))

    def ends(self, width: int) -> tuple[Block, Block]:
        """Embedding and classifier."""
        classifier = linear_cost(width, width, 1) + linear_cost(width, self.n_classes, 1)
        return self._embedding(width), Block("classifier", "classifier", classifier, {})

    def layer(self, width: int, options: Sequence[int]) -> tuple[Block, Block]:
        """Operation and feed-forward part."""
        mixer, heads, dimension, count = options
        inner, n_inner = self.dimensions[dimension], FEED_FORWARDS[count]
        cost = mlp_cost(width, inner, self.length, n_inner)
        return (
            self._mixer(MIXERS[mixer], width, HEADS[heads]),
            self.block("mlp", MLPS[count], cost, width, mlp_ratio=inner / width),
        )

    def _embedding(self, width: int) -> Block:
        """Vectors of tokens, positions and two token types, norm, projection."""
        rows = self.vocabulary_size + self.max_positions + 2
        cost = Cost(rows * self.embedding) + norm_cost(self.embedding)
        if self.embedding != width:
            cost += linear_cost(self.embedding, width, self.length)
        return self.block("embedding", "embedding", cost, width)

    def _mixer(self, op: str, width: int, heads: int) -> Block:
        """Attention or convolution with projection and norm, or a projection before a transform."""
        cost, kernel = linear_cost(width, width, self.length), {}
        if op.startswith("span_conv"):
            kernel = {"kernel": int(op[-1])}
            cost += norm_cost(width) + self._span_convolution(width, heads, int(op[-1]))
        elif op.startswith("attention"):
            cost += norm_cost(width) + attention_cost(width, width, self.length)
        if op == "attention_wma":
            cost += linear_cost(width, width, self.length, bias=False)
        return self.block("mixer", op, cost, width, heads=heads, head_dim=width // heads, **kernel)

    def _span_convolution(self, width: int, heads: int, kernel: int) -> Cost:
        """Half of the heads attend; the others convolve with kernels that depend on the position."""
        inner, length = width // 2, self.length
        separable = Cost(kernel * width, length * kernel * width) + linear_cost(width, inner, length)
        kernels = linear_cost(inner, heads // 2 * kernel, length)
        use = linear_cost(width, inner, length) + Cost(0, length * inner * kernel)
        return attention_cost(width, inner, length) + separable + kernels + use

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The encoder and a classifier of its first token: logits (batch, n_classes) from token
        numbers (batch, length) of at most `max_positions` tokens.
        """
        from graf.spaces.torch_models import flexibert

        return flexibert.build(self, self.config(architecture), seed)


def _operation(mixer: int) -> tuple[str, str | int]:
    """Type and parameter of an operation."""
    kind, parameter = divmod(mixer, 2)
    return tuple(PARAMETERS)[kind], tuple(PARAMETERS.values())[kind][parameter]
