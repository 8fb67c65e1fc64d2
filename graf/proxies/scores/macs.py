"""Multiply-adds."""

from __future__ import annotations

from graf.proxies.registry import proxy

__all__ = ["macs"]


@proxy(unit="millions", cost="one forward of one input", reference="counts of torch.utils.flop_counter")
def macs(n_macs: int) -> float:
    """Multiply-adds of convolutions and matrix products for one input, and of nothing else."""
    return n_macs / 1e6
