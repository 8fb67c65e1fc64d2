"""The shared passes over a network; each computes those of its quantities that are wanted."""

from __future__ import annotations

from collections.abc import Callable

from graf.proxies.network import Network
from graf.proxies.passes import (
    attention,
    constant,
    costs,
    data,
    gaussian,
    kaiming,
    linear,
    noise,
    samples,
    structure,
)
from graf.proxies.passes.results import Results

__all__ = ["PASSES", "Results"]

Pass = Callable[[Network, frozenset[str], Results], None]
PASSES: dict[str, Pass] = {
    "structure": structure.run,
    "costs": costs.run,
    "data": data.run,
    "samples": samples.run,
    "attention": attention.run,
    "linear": linear.run,
    "gaussian": gaussian.run,
    "kaiming": kaiming.run,
    "constant": constant.run,
    "noise": noise.run,
}
