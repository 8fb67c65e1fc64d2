"""AutoFormer (Chen et al., ICCV 2021)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graf.exceptions import InputError
from graf.ops import OpSet
from graf.spaces.parts.chain import Block
from graf.spaces.parts.costs import Cost, attention_cost, linear_cost, mlp_cost, norm_cost
from graf.spaces.parts.encoder import EncoderSpace
from graf.spaces.parts.notation import fault, literal

if TYPE_CHECKING:
    import torch

__all__ = ["AutoFormer", "AutoFormerBase", "AutoFormerTiny"]

KEYS = ("mlp_ratio", "num_heads", "embed_dim", "layer_num")
CODE = re.compile(r"[0-9](?:-[0-9])+")
EMBEDDING = re.compile(r"""["']embed_dim["']\s*:\s*[\[(]?\s*([0-9]{1,5})\b""", re.IGNORECASE)


@dataclass(frozen=True)
class AutoFormer(EncoderSpace):
    """Vision transformers of the "small" space: one width, heads and MLP ratio chosen per layer.

    Notation: the numbers of ViTAS-Bench-101 joined by dashes, which are the index of the width,
    the index of the depth, then heads and MLP ratio of each layer counted from 1, and 0 for
    layers beyond the depth. AutoFormer's own configuration is read too, as a dictionary or as
    JSON or Python text: `{"mlp_ratio": [..], "num_heads": [..], "embed_dim": [..],
    "layer_num": d}`, or `DEPTH` and a single `EMBED_DIM` as its YAML files have it. Choices
    are indices of width and depth, then of heads and MLP ratio of each layer.

    A head has a fixed size, so queries, keys and values are `head_dim` times the heads wide,
    whatever the width. Relative positions add a vertical and a horizontal table to keys and to
    values in every layer.

    Parameters
    ----------
    embedding, embedding_step : least width, and what each of the two further options adds.
    depth : least number of layers; there may be one or two more.
    heads : least number of heads; further options count up.
    head_dim : size of a head.
    patch : side of the square patches, in pixels.
    max_relative_position : distance in patches beyond which relative positions are equal.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = AutoFormer()
    >>> config = {"layer_num": 12, "embed_dim": [384] * 12, "num_heads": [6] * 12, "mlp_ratio": [4] * 12}
    >>> space.format(space.parse(config))
    '1-0-2-3-2-3-2-3-2-3-2-3-2-3-2-3-2-3-2-3-2-3-2-3-2-3-0-0-0-0'
    >>> space.graph(config).n_parameters
    22142824
    """

    name: ClassVar[str] = "autoformer"
    kind: ClassVar[str] = "network of AutoFormer"
    ops: ClassVar[OpSet] = OpSet(("patch_embedding", "attention", "mlp", "classifier"))
    carried: ClassVar[tuple[str, ...]] = (
        "channels", "sequence_length", "kernel", "stride", "heads", "head_dim", "mlp_ratio",
    )  # fmt: skip
    n_head_options: ClassVar[int] = 3
    mlp_ratios: ClassVar[tuple[float, ...]] = (3.0, 3.5, 4.0)
    coded: ClassVar[bool] = True

    embedding: int = 320
    embedding_step: int = 64
    depth: int = 12
    heads: int = 5
    head_dim: int = 64
    patch: int = 16
    max_relative_position: int = 14
    input_shape: tuple[int, int, int] = (3, 224, 224)
    n_classes: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch > min(self.input_shape[1:]):
            raise InputError(f"`patch` must be at most the side of an image, got {self.patch}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Three options of the embedding width."""
        return tuple(self.embedding + i * self.embedding_step for i in range(3))

    @property
    def depths(self) -> tuple[int, ...]:
        """Three options of the number of layers."""
        return tuple(self.depth + i for i in range(3))

    @property
    def head_options(self) -> tuple[int, ...]:
        """Options of the number of heads of a layer."""
        return tuple(self.heads + i for i in range(self.n_head_options))

    @property
    def layer_values(self) -> dict[str, tuple[Any, ...]]:
        """Options of heads and MLP ratio."""
        return {"heads": self.head_options, "MLP ratio": self.mlp_ratios}

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.input_shape[1] // self.patch, self.input_shape[2] // self.patch

    @property
    def length(self) -> int:
        """Number of tokens: the patches and the class token."""
        return self.grid[0] * self.grid[1] + 1

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is a code of that length, or a configuration with a width of this space."""
        if isinstance(text, dict):
            text = str(text)
        if not isinstance(text, str):
            return False
        space, match = cls(), EMBEDDING.search(text)
        if match is not None:
            return int(match[1]) in space.widths
        code = "".join(text.split())
        return cls.coded and len(code) == 2 * len(space.cardinalities) - 1 and bool(CODE.fullmatch(code))

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a code or of a configuration as text."""
        return (
            self.parse(literal(self.kind, text))
            if text.startswith(("{", "(", "["))
            else self.parse_code(text)
        )

    def parse_code(self, text: str) -> tuple[int, ...]:
        """The choices of a code; the error shows where it goes wrong."""
        numbers: list[int] = []
        position = 0
        for token in text.split("-"):
            allowed = [str(number) for number in self._codes(numbers)]
            if token.strip() not in allowed:
                raise fault(self.kind, text, position, " or ".join(allowed) or "the end")
            numbers.append(int(token))
            position += len(token) + 1
        if self._codes(numbers):
            missing = len(self.cardinalities) - len(numbers)
            raise fault(self.kind, text, len(text), f"{missing} more numbers, each after a dash")
        return self.check_choices(numbers[:2] + [max(0, number - 1) for number in numbers[2:]])

    def _codes(self, numbers: Sequence[int]) -> range:
        """The numbers that may come next in a code."""
        position, options = len(numbers), self.cardinalities
        if position < 2:
            return range(options[position])
        if position < self.n_active(self.depths[numbers[1]]):
            return range(1, options[position] + 1)
        return range(1 if position < len(options) else 0)

    def parse_config(self, config: dict[Any, Any]) -> tuple[int, ...]:
        """The choices of AutoFormer's configuration; the error names key and layer."""
        given = {key.lower(): value for key, value in config.items() if isinstance(key, str)}
        given.setdefault("layer_num", given.get("depth"))
        if missing := [key for key in KEYS if given.get(key) is None]:
            raise self.fault(f"expected the keys {', '.join(KEYS)}, found no {missing[0]}")
        depth = self.pick("`layer_num`", given["layer_num"], self.depths)
        n = self.depths[depth]
        if not np.iterable(given["embed_dim"]):
            given["embed_dim"] = [given["embed_dim"]] * n
        widths = self._column(given, "embed_dim", self.widths, n)
        if len(set(widths)) > 1:
            raise self.fault("`embed_dim` must be the same in all layers")
        heads = self._column(given, "num_heads", self.head_options, n)
        ratios = self._column(given, "mlp_ratio", self.mlp_ratios, n)
        return self.padded([widths[0], depth, *chain.from_iterable(zip(heads, ratios, strict=True))])

    def _column(self, config: dict[str, Any], key: str, options: Sequence[float], depth: int) -> list[int]:
        """Positions of the values of all layers among the options."""
        values = enumerate(self.per_layer(f"`{key}`", config[key], depth), start=1)
        return [self.pick(f"`{key}` of layer {i}", value, options) for i, value in values]

    def config(self, architecture: Any) -> dict[str, Any]:
        """The configuration that AutoFormer's supernet takes."""
        choices = self.parse(architecture)
        layers = self.layers(choices)
        values = (
            [self.mlp_ratios[ratio] for _, ratio in layers],
            [self.head_options[heads] for heads, _ in layers],
            [self.widths[choices[0]]] * len(layers),
            len(layers),
        )
        return dict(zip(KEYS, values, strict=True))

    def format(self, choices: Sequence[int]) -> str:
        """The code; in the tiny space the configuration."""
        checked = self.check_choices(choices)
        if not self.coded:
            return json.dumps(self.config(checked))
        layers = [choice + 1 for layer in self.layers(checked) for choice in layer]
        return "-".join(map(str, self.padded([*checked[:2], *layers])))

    def ends(self, width: int) -> tuple[Block, Block]:
        """Patch embedding and classifier."""
        classifier = norm_cost(width) + linear_cost(width, self.n_classes, 1)
        return self._patch_embedding(width), Block("classifier", "classifier", classifier, {})

    def layer(self, width: int, options: Sequence[int]) -> tuple[Block, Block]:
        """Attention and MLP."""
        heads, ratio = self.head_options[options[0]], self.mlp_ratios[options[1]]
        cost = mlp_cost(width, int(width * ratio), self.length)
        return self._attention(width, heads), self.block("mlp", "mlp", cost, width, mlp_ratio=ratio)

    def _patch_embedding(self, width: int) -> Block:
        """A strided convolution, the class token, and a vector for each absolute position."""
        name = "patch_embedding"
        convolution = linear_cost(self.input_shape[0] * self.patch**2, width, self.length - 1)
        cost = convolution + Cost((1 + self.length) * width)
        return self.block(name, name, cost, width, kernel=self.patch, stride=self.patch)

    def _attention(self, width: int, heads: int) -> Block:
        """Norm, attention, two products with four tables of relative positions, projection."""
        inner = heads * self.head_dim
        tables = 4 * (2 * self.max_relative_position + 2) * self.head_dim
        cost = norm_cost(width) + attention_cost(width, inner, self.length)
        cost += Cost(tables, 2 * self.length**2 * inner) + linear_cost(inner, width, self.length)
        return self.block("attention", "attention", cost, width, heads=heads, head_dim=self.head_dim)

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network as published: logits (batch, n_classes) from images (batch, *input_shape)."""
        from graf.spaces.torch_models import autoformer

        return autoformer.build(self, self.config(architecture), seed)


@dataclass(frozen=True)
class AutoFormerTiny(AutoFormer):
    """The "tiny" space: widths 192, 216 and 240, 12 to 14 layers, 3 or 4 heads, MLP ratio 3.5 or 4.

    It is written as AutoFormer's configuration, since its code has as many numbers as that of
    the small space; a code is read where the space is named.

    Examples
    --------
    >>> AutoFormerTiny().parse(AutoFormer().format([0] * 30)) == (0,) * 30
    True
    """

    name: ClassVar[str] = "autoformer_tiny"
    kind: ClassVar[str] = "network of AutoFormer-tiny"
    n_head_options: ClassVar[int] = 2
    mlp_ratios: ClassVar[tuple[float, ...]] = (3.5, 4.0)
    coded: ClassVar[bool] = False

    embedding: int = 192
    embedding_step: int = 24
    heads: int = 3


@dataclass(frozen=True)
class AutoFormerBase(AutoFormer):
    """The "base" space: widths 528, 576 and 624, 14 to 16 layers, 8 to 10 heads.

    Examples
    --------
    >>> AutoFormerBase().head_options
    (8, 9, 10)
    """

    name: ClassVar[str] = "autoformer_base"
    kind: ClassVar[str] = "network of AutoFormer-base"

    embedding: int = 528
    embedding_step: int = 48
    depth: int = 14
    heads: int = 8
