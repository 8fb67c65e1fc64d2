"""Number of parameters."""

from __future__ import annotations

from graf.proxies.registry import proxy

__all__ = ["params"]


@proxy(unit="millions", cost="none", reference="NAS-Bench-Suite-Zero (Krishnakumar et al., 2022)")
def params(n_parameters: int) -> float:
    """Parameters of the network, shared ones once."""
    return n_parameters / 1e6
