"""Operations as NAS-Bench-Suite-Zero counts them."""

from __future__ import annotations

from graf.proxies.registry import proxy

__all__ = ["flops"]


@proxy(
    unit="millions",
    cost="one forward of one input",
    reference="NAS-Bench-Suite-Zero (Krishnakumar et al., 2022), after tensorwatch",
)
def flops(layer_operations: list[int]) -> float:
    """Operations of layers for one input, in the convention of NAS-Bench-Suite-Zero.

    Multiply-adds of convolutions, with one more per output for a bias, and of linear layers; two
    per element of a batch norm (one without scale), one per element of a ReLU, the size of the
    window per output of a pooling, H + 1 by W + 1 of a global one. Sums and other operations count
    nothing. `macs` counts multiply-adds alone.
    """
    return sum(layer_operations) / 1e6
