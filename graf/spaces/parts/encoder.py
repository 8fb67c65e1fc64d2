"""Stacks of encoder layers, shared by the transformer spaces."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError
from graf.spaces.parts.chain import Block, ChainSpace
from graf.spaces.parts.costs import Cost
from graf.spaces.parts.notation import counted, listed, shown

__all__ = ["EncoderSpace"]


@dataclass(frozen=True)
class EncoderSpace(ChainSpace):
    """A chain of encoder layers of one width, each with the same kinds of choices.

    Choices are the width, the depth, then those of every layer up to the greatest depth; the
    choices of layers beyond the depth are 0. The graph is a chain with two nodes per layer, one
    for what mixes positions and one for the feed-forward part, with their residuals and norms.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def widths(self) -> tuple[int, ...]:
        """Options of the width."""

    @property
    @abstractmethod
    def depths(self) -> tuple[int, ...]:
        """Options of the number of layers."""

    @property
    @abstractmethod
    def layer_values(self) -> dict[str, tuple[Any, ...]]:
        """Options of each choice of a layer, by what is chosen."""

    @property
    def layer_options(self) -> tuple[int, ...]:
        """Number of options of each choice of a layer."""
        return tuple(map(len, self.layer_values.values()))

    @property
    @abstractmethod
    def length(self) -> int:
        """Number of tokens."""

    @abstractmethod
    def ends(self, width: int) -> tuple[Block, Block]:
        """The first node and the last."""

    @abstractmethod
    def layer(self, width: int, options: Sequence[int]) -> tuple[Block, Block]:
        """The nodes of a layer by its choices: what mixes positions, and the feed-forward part."""

    @abstractmethod
    def parse_config(self, config: dict[Any, Any]) -> tuple[int, ...]:
        """The choices of a dictionary as the field writes it."""

    @cached_property
    def cardinalities(self) -> tuple[int, ...]:
        """Options of width and depth, then of the choices of each layer."""
        return len(self.widths), len(self.depths), *self.layer_options * max(self.depths)

    def choice_name(self, position: int) -> str:
        """The width, the depth, or a layer, counted from 1, and what is chosen of it."""
        kind = self.choice_kind(position)
        return kind if position < 2 else f"layer {(position - 2) // len(self.layer_values) + 1} {kind}"

    def choice_kind(self, position: int) -> str:
        """The width, the depth, or what is chosen of each layer."""
        names = list(self.layer_values)
        return ("width", "depth")[position] if position < 2 else names[(position - 2) % len(names)]

    def option_name(self, position: int, option: int) -> str:
        """The number or operation; of layers beyond the depth the first one."""
        kind = self.choice_kind(position)
        known = {"width": self.widths, "depth": self.depths, **self.layer_values}
        return str(known[kind][option])

    @property
    def size(self) -> int:
        """Number of architectures of all widths and depths."""
        return len(self.widths) * sum(prod(self.layer_options) ** depth for depth in self.depths)

    def check(self, choices: tuple[int, ...]) -> None:
        """Raise `ArchitectureError` if a layer beyond the depth has a choice other than 0."""
        depth = self.depths[choices[1]]
        if any(choices[self.n_active(depth) :]):
            raise self.fault(f"choices of layers beyond the depth of {depth} must be 0, got {choices}")

    def n_active(self, depth: int) -> int:
        """Number of choices that matter at a depth."""
        return 2 + len(self.layer_options) * depth

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Choices with width, depth and what its layers choose drawn uniformly.

        An architecture of few layers is therefore more likely than one of many.
        """
        depth = int(rng.integers(len(self.depths)))
        drawn = rng.integers(self.cardinalities[: self.n_active(self.depths[depth])]).tolist()
        return self.padded([drawn[0], depth, *drawn[2:]])

    def padded(self, active: Sequence[int]) -> tuple[int, ...]:
        """The choices that matter, followed by 0 for the layers beyond the depth."""
        return (*active, *[0] * (len(self.cardinalities) - len(active)))

    def layers(self, choices: Sequence[int]) -> list[tuple[int, ...]]:
        """The choices of each layer up to the depth."""
        step, end = len(self.layer_options), self.n_active(self.depths[choices[1]])
        return [tuple(choices[start : start + step]) for start in range(2, end, step)]

    def block(self, name: str, op: str, cost: Cost, width: int, **attributes: float) -> Block:
        """A node whose output is a sequence of tokens of some width."""
        return Block(name, op, cost, {"channels": width, "sequence_length": self.length, **attributes})

    def candidates(self) -> list[list[Block]]:
        """The ends for each width; the two nodes of a layer for each width and kind of layer."""
        kinds = list(product(*map(range, self.layer_options)))
        pairs = [self.layer(width, options) for width in self.widths for options in kinds]
        inner = [
            [block._replace(name=f"{block.name}{i}") for block in nodes]
            for i in range(1, max(self.depths) + 1)
            for nodes in zip(*pairs, strict=True)
        ]
        first, last = zip(*map(self.ends, self.widths), strict=True)
        return [list(first), *inner, list(last)]

    def selected(self, choices: NDArray[np.int32]) -> NDArray[np.integer]:
        """Width and kind of the layers up to the depth, none beyond."""
        width, depth = choices[:, :1], np.array(self.depths)[choices[:, 1:2]]
        layers = choices[:, 2:].reshape(len(choices), max(self.depths), len(self.layer_options))
        kind = np.ravel_multi_index(tuple(np.moveaxis(layers, 2, 0)), self.layer_options)
        number = np.where(np.arange(max(self.depths)) < depth, width * prod(self.layer_options) + kind, -1)
        return np.hstack([width, np.repeat(number, 2, axis=1), width])

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a dictionary, a string of either notation, or a tuple of choices."""
        if isinstance(architecture, dict):
            return self.parse_config(architecture)
        return super().parse(architecture)

    def pick(self, place: str, value: object, options: Sequence[Any]) -> int:
        """Position of a value among the options; the error names the place."""
        if not isinstance(value, bool) and isinstance(value, (str, Real)) and value in options:
            return options.index(value)
        raise self.fault(f"{place} must be one of {', '.join(map(str, options))}, got {shown(value)}")

    def per_layer(self, name: str, values: object, depth: int) -> Sequence[Any]:
        """The values, if they are a list of one for each layer."""
        if len(found := listed(values)) == depth:
            return found
        raise self.fault(f"{name} must be a list of {depth} values, one per layer, got {counted(values)}")

    def fault(self, message: str) -> ArchitectureError:
        """The error that names the space."""
        return ArchitectureError(f"not a {self.kind}: {message:.220}")
