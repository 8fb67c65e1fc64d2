"""Synaptic flow of logarithmic gradients."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["logsynflow"]


@proxy(
    cost="O(parameters)",
    reference="Cavagnero et al., 2023 (FreeREA)",
    undefined="a gradient is below -1, as behind a layer norm, so that its logarithm does not exist, or is too large",
)
def logsynflow(linear_weights: list[Tensor], linear_gradients: list[Tensor]) -> Tensor:
    """Sum over weights of weight times log(1 + gradient), in the network that `synflow` looks at."""
    pairs = zip(linear_weights, linear_gradients, strict=True)
    return total((w * g.log1p()).abs().sum() for w, g in pairs)
