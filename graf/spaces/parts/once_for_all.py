"""What the two once-for-all spaces (Cai et al., ICLR 2020) share: units, notation, sampling."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError
from graf.ops import OpSet
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.inverted_residual import InvertedResidual, Layer, divisible
from graf.spaces.parts.mobile import MobileSpace, Slot, Stage
from graf.spaces.parts.notation import counted, listed, literal, shown

__all__ = ["OnceForAllSpace", "Unit", "operations"]

KERNELS, EXPANSIONS, DEPTHS = (3, 5, 7), (3, 4, 6), (2, 3, 4)
BLOCKS = tuple(product(KERNELS, EXPANSIONS))
FIRST_CHANNELS = 16
LISTED_KERNELS = re.compile(r"""["']ks["']\s*:\s*[\[(]([^\])]*)""")


class Unit(NamedTuple):
    """Blocks of one width, the first of which has the stride; a single block has no choice of depth."""

    n_blocks: int
    channels: int
    stride: int
    squeezes: bool = False
    activation: str = "relu6"


def operations(*, squeezes: bool) -> OpSet:
    """The operations of a space; with squeeze-and-excitation, every block comes in both forms."""
    forms = ("", "_se") if squeezes else ("",)
    blocks = (f"mbconv{k}x{k}_e{e}{form}" for form in forms for k, e in BLOCKS)
    return OpSet(("conv3x3", "mbconv3x3_e1", *blocks, "conv1x1", "linear"))


@dataclass(frozen=True)
class OnceForAllSpace(MobileSpace):
    """Units of two to four inverted residual blocks, each with its kernel and expansion.

    Choices are positions among the options: first all kernels, then all expansions, then the
    depths; those of blocks beyond the depth of their unit are 0. Sampling draws depths
    uniformly, then the blocks within them, so small networks are less rare than by count.
    """

    title: ClassVar[str]
    prefix: ClassVar[str]
    units: ClassVar[tuple[Unit, ...]]
    stem_channels: ClassVar[int]
    stem_activation: ClassVar[str]

    @abstractmethod
    def head(self, before: Shape) -> dict[str, list[Layer]]:
        """What follows the blocks."""

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Unit, and number in it, of every block."""
        return [(i, number) for i, unit in enumerate(self.units) for number in range(unit.n_blocks)]

    @property
    def n_blocks(self) -> int:
        """Number of blocks of all units at their greatest depth."""
        return len(self.places)

    @property
    def n_depths(self) -> int:
        """Number of units with a choice of depth; they come first."""
        return sum(unit.n_blocks > 1 for unit in self.units)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Kernels and expansions of all blocks, depths of all units."""
        n = self.n_blocks
        return (len(KERNELS),) * n + (len(EXPANSIONS),) * n + (len(DEPTHS),) * self.n_depths

    @property
    def size(self) -> int:
        """Number of architectures of all depths."""
        n_blocks = [(1,) if unit.n_blocks == 1 else DEPTHS for unit in self.units]
        return prod(sum(len(BLOCKS) ** depth for depth in depths) for depths in n_blocks)

    def choice_name(self, position: int) -> str:
        """The block, or the unit that has a depth, and what is chosen of it."""
        kind, place = self.choice_kind(position), position % self.n_blocks
        return f"unit {place + 1} {kind}" if kind == "depth" else f"{self._place(place)} {kind}"

    def choice_kind(self, position: int) -> str:
        """Kernel, expansion or depth."""
        return ("kernel", "expansion", "depth")[position // self.n_blocks]

    def option_name(self, position: int, option: int) -> str:
        """The number."""
        return str((KERNELS, EXPANSIONS, DEPTHS)[position // self.n_blocks][option])

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it lists as many kernels under "ks" as the space has, or names its blocks."""
        n_blocks = sum(unit.n_blocks for unit in cls.units)
        if isinstance(text, Mapping):
            return len(listed(text.get("ks"))) == n_blocks
        if not isinstance(text, str):
            name = _first(_first(text))
            return isinstance(name, str) and name.startswith(f"{cls.prefix}_")
        kernels = LISTED_KERNELS.search(text)
        if kernels is not None:
            return sum(bool(number.strip()) for number in kernels[1].split(",")) == n_blocks
        return bool(re.match(rf"""\s*[\[(]\s*[\[(]\s*["']{cls.prefix}_""", text))

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a dictionary, of lists of block names, of their text, or of a tuple."""
        if isinstance(architecture, Mapping):
            return self._read_settings(architecture)
        if isinstance(architecture, (list, tuple)) and len(architecture) == len(self.units):
            return self._read_names(architecture)
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of the text of a dictionary or list, in JSON or as Python prints it."""
        value = literal(f"network of {self.title}", text)
        if isinstance(value, (dict, list)):
            return self.parse(value)
        raise self._fault(f"expected a dictionary of ks, e and d, got {shown(value)}")

    def format(self, choices: Sequence[int]) -> str:
        """The dictionary of once-for-all as compact JSON."""
        checked, n = self.check_choices(choices), self.n_blocks
        single = [1] * (len(self.units) - self.n_depths)
        settings = {
            "ks": [KERNELS[choice] for choice in checked[:n]],
            "e": [EXPANSIONS[choice] for choice in checked[n : 2 * n]],
            "d": [DEPTHS[choice] for choice in checked[2 * n :]] + single,
        }
        return json.dumps(settings, separators=(",", ":"))

    def check(self, choices: tuple[int, ...]) -> None:
        """Raise `ArchitectureError` if a block beyond the depth of its unit has choices but 0."""
        given = np.array([choices])
        used = given[0, : 2 * self.n_blocks].reshape(2, -1).any(axis=0)
        for i in np.flatnonzero(used & ~self._active(given)[0])[:1]:
            raise self._fault(f"{self._place(i)} lies beyond the depth of its unit, so its choices must be 0")

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Choices with depths drawn uniformly, and kernels and expansions of the blocks within."""
        drawn = rng.integers(self.cardinalities)
        active = self._active(drawn[None])[0]
        drawn[: 2 * len(active)] *= np.tile(active, 2)
        return tuple(drawn.tolist())

    def _active(self, choices: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which blocks lie within the depth of their unit, (n, blocks)."""
        depths = np.array(DEPTHS)[choices[:, 2 * self.n_blocks :]]
        depths = np.pad(depths, ((0, 0), (0, len(self.units) - self.n_depths)), constant_values=1)
        unit, number = np.array(self.places).T
        active: NDArray[np.bool_] = number < depths[:, unit]
        return active

    def layers(self) -> dict[str, list[Layer]]:
        """Stem, a first block, nine options for each other block, and the head."""
        stem = self.stem(self.stem_channels, 2, self.stem_activation)
        first = InvertedResidual(
            stem.after,
            self.width(FIRST_CHANNELS),
            3,
            expansion=1,
            expands=False,
            activation=self.units[0].activation,
        )
        slots = self.slots(first.after, [Stage(*unit[:3]) for unit in self.units])
        blocks = {s.name: [_block(s, self.units[s.stage], *block) for block in BLOCKS] for s in slots}
        return {"stem": [stem], "first": [first], **blocks, **self.head(slots[-1].after)}

    def selected(self, choices: NDArray[np.int32]) -> NDArray[np.integer]:
        """The block of kernel and expansion up to the depth of a unit, none beyond."""
        kernel, expansion = np.split(choices[:, : 2 * self.n_blocks], 2, axis=1)
        block = np.where(self._active(choices), len(EXPANSIONS) * kernel + expansion, -1)
        return np.pad(block, ((0, 0), (2, len(self.positions) - self.n_blocks - 2)))

    def _read_settings(self, settings: Mapping[Any, Any]) -> tuple[int, ...]:
        self._check_fixed(settings)
        depths = self._listed(settings, "d", (len(self.units), self.n_depths))
        chosen = [self._read_depth(i, depth) for i, depth in enumerate(depths)]
        choices = [0] * 2 * self.n_blocks + chosen[: self.n_depths]
        active = np.tile(self._active(np.array([choices]))[0], 2).tolist()
        for i, key in enumerate(("ks", "e")):
            for j, value in enumerate(self._listed(settings, key, (self.n_blocks,))):
                position, options = i * self.n_blocks + j, (KERNELS, EXPANSIONS)[i]
                is_inert = isinstance(value, (int, np.integer)) and value == 0 and not active[position]
                choice = 0 if is_inert else self._pick(self._place(j), key, value, options)
                choices[position] = choice * active[position]
        return tuple(choices)

    def _read_depth(self, i: int, depth: Any) -> int:
        options = DEPTHS if i < self.n_depths else (*DEPTHS, 1)
        return self._pick(f"unit {i + 1}", "d", depth, options)

    def _check_fixed(self, settings: Mapping[Any, Any]) -> None:
        fixed = {"wid": self.width_percent / 100, "r": self.input_shape[1], "image_size": self.input_shape[1]}
        for key in settings.keys() - {"ks", "e", "d"}:
            if key not in fixed:
                raise self._fault(f"expected the keys ks, e and d, got {shown(key)}")
            value = settings[key]
            value = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
            if value is not None and not (isinstance(value, (int, float)) and value == fixed[key]):
                raise self._fault(f"`{key}` must be {fixed[key]}, as in the settings, got {shown(value)}")

    def _listed(self, settings: Mapping[Any, Any], key: str, lengths: Sequence[int]) -> list[Any]:
        value = settings.get(key)
        if isinstance(value, int):
            return [value] * lengths[0]
        if len(found := listed(value)) in lengths:
            return found
        raise self._fault(f"`{key}` must be a list of {lengths[0]} numbers, got {counted(value)}")

    def _pick(self, place: str, key: str, value: Any, options: tuple[int, ...]) -> int:
        if isinstance(value, (int, np.integer)) and value in options:
            return options.index(int(value))
        one_of = ", ".join(map(str, options))
        raise self._fault(f"{place}: `{key}` must be one of {one_of}, got {shown(value)}")

    def _read_names(self, units: Sequence[Any]) -> tuple[int, ...]:
        pairs: list[tuple[int, int]] = []
        for i, (names, unit) in enumerate(zip(units, self.units, strict=True)):
            if not isinstance(names, (list, tuple)) or not 0 < len(names) <= unit.n_blocks:
                raise self._fault(f"unit {i + 1} must be a list of block names, got {shown(names)}")
            found = [self._read_name(f"block {i + 1}.{j + 1}", name) for j, name in enumerate(names)]
            pairs += found + [(0, 0)] * (unit.n_blocks - len(found))
        expansions, kernels = zip(*pairs, strict=True)
        return self._read_settings({"ks": kernels, "e": expansions, "d": [*map(len, units)]})

    def _read_name(self, place: str, name: Any) -> tuple[int, int]:
        match = re.fullmatch(rf"{self.prefix}_e([0-9])_k([0-9])", name) if isinstance(name, str) else None
        if match is None:
            raise self._fault(f"{place}: expected a name such as {self.prefix}_e6_k3, got {shown(name)}")
        return int(match[1]), int(match[2])

    def _place(self, i: int) -> str:
        unit, number = self.places[i]
        return f"block {unit + 1}.{number + 1}"

    def _fault(self, message: str) -> ArchitectureError:
        return ArchitectureError(f"not a network of {self.title}: {message}")


def _block(slot: Slot, unit: Unit, kernel: int, expansion: int) -> Layer:
    squeezed = divisible(slot.before.channels * expansion // 4) if unit.squeezes else 0
    return InvertedResidual(
        slot.before, slot.c_out, kernel, slot.stride, expansion, squeezed=squeezed, activation=unit.activation
    )


def _first(values: object) -> object:
    return values[0] if isinstance(values, (list, tuple)) and values else None
